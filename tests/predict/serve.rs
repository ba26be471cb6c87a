//! `hardwire serve`: mistakes, clients that disconnect or stall, signals, many clients at once, bounded memory.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{KERNEL, command, folder, hardwire, message};

/// Sends requests through standard input and reads one answer a line.
fn serve(input: &[u8]) -> Vec<Value> {
    let mut child = command(&["serve", "--max-request-mib", "1", "--target", "skylake-avx512"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipe = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().expect("it ends with its input");
    writer.join().expect("the writer ends");
    assert!(output.status.success());
    output
        .stdout
        .split(|&b| b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("JSON"))
        .collect()
}

#[test]
fn requests_are_answered_in_order_and_mistakes_are_named() {
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let mut input = Vec::new();
    for request in [
        json!({"id": 1, "text": kernel}),
        json!({"id": "two", "texts": [kernel, "module {}", "func.func @f() {"]}),
        json!({"id": 3, "text": kernel, "targets": ["znver"]}),
        json!({"id": 4, "text": kernel, "designs": ["hnlpu"]}),
        json!({"id": 5}),
        json!({"id": 6, "text": "x", "txt": 1}),
    ] {
        input.extend(request.to_string().into_bytes());
        input.push(b'\n');
    }
    input.extend(b"{\"id\": 7, \"text\": \"");
    input.extend(std::iter::repeat_n(b' ', 3 << 20));
    input.extend(b"\"}\nnonsense\n\n");
    input.extend(json!({"id": 9, "text": kernel}).to_string().into_bytes());
    let answers = serve(&input);
    assert_eq!(answers.len(), 10);
    assert_eq!(answers[0]["predictions"][0]["target"], "skylake-avx512");
    let many = answers[1]["answers"].as_array().expect("an answer a text");
    assert_eq!((answers[1]["id"].as_str(), many.len()), (Some("two"), 3));
    assert_eq!(many[0]["predictions"][0]["predictions"], answers[0]["predictions"][0]["predictions"]);
    assert_eq!(many[1]["error"]["code"], "no_function");
    assert_eq!((many[2]["error"]["code"].as_str(), many[2]["error"]["line"].as_u64()), (Some("text"), Some(1)));
    assert_eq!(answers[2]["error"]["code"], "unknown_target");
    assert!(answers[2]["error"]["message"].as_str().expect("text").contains("did you mean `znver4`?"));
    assert_eq!(answers[3]["predictions"][0]["target"], "hnlpu");
    // The id is repeated wherever it can be read.
    for (at, id, code) in [
        (4, Some(5), "request"),
        (5, Some(6), "request"),
        (6, Some(7), "too_large"),
        (7, None, "request"),
        (8, None, "request"),
    ] {
        assert_eq!(
            (answers[at]["id"].as_u64(), answers[at]["error"]["code"].as_str()),
            (id, Some(code)),
            "{}",
            answers[at]
        );
    }
    assert!(answers[8]["error"]["message"].as_str().expect("text").starts_with("an empty line"));
    assert_eq!(
        (answers[9]["id"].as_u64(), answers[9]["predictions"][0]["provider"].as_str()),
        (Some(9), Some("cache"))
    );
}

/// A server process that is killed when the value is dropped.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    fn start(name: &str, more: &[&str]) -> Self {
        let folder = folder(name);
        let socket = folder.join("socket");
        let path = socket.to_str().expect("text");
        let child = command(&["serve", "--socket", path]).args(more).stderr(Stdio::null()).spawn().expect("it runs");
        let server = Self { child, folder };
        for _ in 0..1000 {
            if UnixStream::connect(server.socket()).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not listen");
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    fn ask(&self, request: &Value) -> Value {
        let mut stream = UnixStream::connect(self.socket()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        writeln!(stream, "{request}").expect("written");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_server_outlives_clients_that_vanish_stall_or_say_too_much() {
    let log = folder("log").join("queries.jsonl");
    let more = ["--timeout-s", "1", "--max-request-mib", "1", "--log", log.to_str().expect("text")];
    let server = Server::start("server", &more);
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let request = json!({"id": 1, "text": kernel, "targets": ["neoverse-v1"]});
    // One client disconnects within a request, another before the answer.
    let mut half = UnixStream::connect(server.socket()).expect("it listens");
    half.write_all(b"{\"id\": 1, \"te").expect("written");
    drop(half);
    let mut gone = UnixStream::connect(server.socket()).expect("it listens");
    writeln!(gone, "{request}").expect("written");
    drop(gone);
    // Half a request, then nothing: the server disconnects after its time limit.
    let mut stalled = UnixStream::connect(server.socket()).expect("it listens");
    stalled.write_all(b"{\"id\": 1, \"te").expect("written");
    stalled.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    assert_eq!(std::io::Read::read(&mut stalled, &mut [0; 8]).expect("the end"), 0);
    // A request of one gigabyte without a line end.
    let mut flood = UnixStream::connect(server.socket()).expect("it listens");
    let reader = flood.try_clone().expect("a second handle");
    let piece = vec![b'x'; 1 << 20];
    let sent = std::thread::spawn(move || (0..1024).try_for_each(|_| flood.write_all(&piece)).is_ok());
    // Writing may fail: the server disconnects at its time limit. It must still answer the next client.
    let _ = sent.join().expect("the writer ends");
    drop(reader);
    let answer = server.ask(&request);
    assert_eq!((answer["id"].as_u64(), answer["predictions"][0]["target"].as_str()), (Some(1), Some("neoverse-v1")));
    let lines = std::fs::read_to_string(&log).expect("the log");
    let last: Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    assert_eq!((last["text"].as_str(), &last["predictions"]), (Some(kernel.as_str()), &answer["predictions"]));
    // A second server on the same path fails.
    let again = hardwire(&["serve", "--socket", server.socket().to_str().expect("text")]);
    assert!(message(&again).contains("a server listens there already"));
    std::fs::remove_dir_all(log.parent().expect("its folder")).expect("removed");
}

#[test]
fn memory_stays_bounded_under_a_gigabyte_of_request() {
    let mut child = command(&["serve", "--max-request-mib", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipe = child.stdin.take().expect("piped");
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..1024 {
        pipe.write_all(&piece).expect("it goes on reading");
    }
    let peak = peak_memory_kib(child.id());
    writeln!(pipe).expect("written");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends with its input");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one answer");
    assert_eq!(answer["error"]["code"], "too_large");
    assert!(peak.is_none_or(|kib| kib < 300 << 10), "{peak:?} KiB");
}

/// Resident memory of a process now, if the system reports it.
fn memory_kib(process: u32) -> Option<u64> {
    status_kib(process, "VmRSS:")
}

/// Peak resident memory of a process, if the system reports it.
fn peak_memory_kib(process: u32) -> Option<u64> {
    status_kib(process, "VmHWM:")
}

fn status_kib(process: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A client that reads one reply after the other.
struct Client {
    stream: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = UnixStream::connect(server.socket()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        let replies = BufReader::new(stream.try_clone().expect("a second handle"));
        Self { stream, replies }
    }

    fn send(&mut self, request: &Value) {
        writeln!(self.stream, "{request}").expect("written");
    }

    /// The next reply; `None` at the end.
    fn reply(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.replies.read_line(&mut line).expect("a reply or the end");
        (!line.is_empty()).then(|| serde_json::from_str(&line).expect("JSON"))
    }
}

impl Server {
    /// Sends a signal by name, e.g. "TERM".
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end.
    fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

/// A text that takes long enough to be in flight while something else happens.
fn long_batch(texts: usize) -> Vec<String> {
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    (0..texts).map(|i| kernel.replace("affine_mm", &format!("f{i}"))).collect()
}

#[test]
fn signals_end_the_server_after_the_requests_in_flight() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(signal, &["--target", "znver4"]);
        let mut idle = Client::connect(&server);
        let mut busy = Client::connect(&server);
        let mut expected = 0;
        for id in 0..8 {
            busy.send(&json!({"id": id, "texts": long_batch(40)}));
            expected += 1;
        }
        // All requests have been written; one reply shows that the first is read.
        let first = busy.reply().expect("a reply");
        assert_eq!(first["answers"].as_array().map(Vec::len), Some(40));
        server.signal(signal);
        let mut replies = vec![first];
        while let Some(reply) = busy.reply() {
            replies.push(reply);
        }
        let ids: Vec<_> = replies.iter().map(|reply| reply["id"].as_u64()).collect();
        assert_eq!(ids, (0..expected).map(Some).collect::<Vec<_>>());
        assert!(idle.reply().is_none());
        assert_eq!(server.end().code(), Some(0));
        assert!(!server.socket().exists(), "the socket file is removed");
    }
}

#[test]
fn a_signal_ends_a_server_on_standard_input() {
    let mut child = command(&["serve", "--target", "znver4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipe = child.stdin.take().expect("piped");
    let mut replies = BufReader::new(child.stdout.take().expect("piped"));
    writeln!(pipe, "{}", json!({"id": 1, "health": true})).expect("written");
    let mut line = String::new();
    replies.read_line(&mut line).expect("a reply");
    let sent = Command::new("kill").args(["-TERM".to_owned(), child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    // The pipe stays open.
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    drop(pipe);
}

#[test]
fn a_log_that_cannot_be_written_costs_no_client_its_answer() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let mut child = command(&["serve", "--target", "znver4", "--log", "/dev/full"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let mut pipe = child.stdin.take().expect("piped");
    for id in 0..3 {
        writeln!(pipe, "{}", json!({"id": id, "text": kernel})).expect("written");
    }
    writeln!(pipe, "{}", json!({"id": 3, "health": true})).expect("written");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("text");
    let replies: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(replies.len(), 4);
    assert!(replies[..3].iter().all(|reply| reply["predictions"][0]["target"] == "znver4"));
    assert_eq!(replies[3]["health"]["log_failures"], 3);
    let warnings = String::from_utf8(output.stderr).expect("text");
    assert_eq!(warnings.matches("/dev/full").count(), 1, "{warnings}");
}

#[test]
fn requests_are_cancelled_by_their_id() {
    let server = Server::start("cancel", &["--target", "znver4"]);
    let mut client = Client::connect(&server);
    // The first request is too long to be done before the others are read.
    client.send(&json!({"id": "long", "texts": long_batch(4000)}));
    client.send(&json!({"id": [2], "texts": long_batch(1)}));
    client.send(&json!({"id": "c1", "cancel": [2]}));
    client.send(&json!({"id": "c2", "cancel": "long"}));
    client.send(&json!({"id": "c3", "cancel": "never sent"}));
    client.send(&json!({"id": 4, "texts": long_batch(1)}));
    let mut reply = || client.reply().expect("a reply");
    let (long, second) = (reply(), reply());
    for (reply, id) in [(&long, json!("long")), (&second, json!([2]))] {
        assert_eq!((&reply["id"], reply["error"]["code"].as_str()), (&id, Some("cancelled")), "{reply}");
    }
    assert_eq!(reply(), json!({"id": "c1", "cancelled": true}));
    assert_eq!(reply(), json!({"id": "c2", "cancelled": true}));
    assert_eq!(reply(), json!({"id": "c3", "cancelled": false}));
    assert_eq!(reply()["answers"].as_array().map(Vec::len), Some(1));
    let health = server.ask(&json!({"id": 5, "health": true}));
    assert_eq!((health["health"]["cancelled"].as_u64(), health["id"].as_u64()), (Some(2), Some(5)));
}

#[test]
fn health_names_version_and_model_and_counts() {
    let server = Server::start("health", &["--target", "znver4"]);
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let mut client = Client::connect(&server);
    for request in
        [json!({"text": kernel}), json!({"txt": 1}), json!({"texts": [kernel, "x"]}), json!({"health": true})]
    {
        client.send(&request);
    }
    let health = (0..4).map(|_| client.reply().expect("a reply")).last().expect("four")["health"].clone();
    let file = std::fs::read("costmodel/model/hardwire-cost-model-v1.safetensors").expect("it ships");
    let checksum = u128::from_le_bytes(file[file.len() - 16..].try_into().expect("16 bytes"));
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["model"].as_str().expect("text").starts_with("hardwire-cost-model-v1+"));
    assert_eq!(health["model_checksum"], format!("{checksum:032x}"));
    let counts = ["replies", "errors", "cancelled", "texts", "log_failures"].map(|key| health[key].as_u64());
    assert_eq!(counts, [3, 1, 0, 3, 0].map(Some));
    assert_eq!(health["stopping"], false);
    // The connection that found the server listening may still be counted.
    assert!(health["clients"].as_u64().is_some_and(|clients| (1..=2).contains(&clients)), "{health}");
}

/// Requests of a hostile client: each is a line, and whether its reply has an error.
fn hostile(client: usize, kernel: &str) -> Vec<(Vec<u8>, bool)> {
    let own = kernel.replace("affine_mm", &format!("c{client}"));
    let deep = "[".repeat(2000);
    let nested = format!("func.func @f() {{ {} return }}", "scf.execute_region {".repeat(600));
    let line = |value: Value| value.to_string().into_bytes();
    vec![
        (line(json!({"id": client, "text": own})), false),
        (b"\xff\xfe{".to_vec(), true),
        (deep.clone().into_bytes(), true),
        (format!("{{\"id\": {client}, \"text\": {deep}").into_bytes(), true),
        (line(json!({"id": client, "text": nested})), true),
        (line(json!({"id": client, "text": "func.func @f() { \"\u{0}\" return }"})), true),
        (line(json!({"id": client, "texts": []})), false),
        (line(json!({"id": client, "cancel": client})), false),
        (line(json!({"id": client, "texts": vec!["x"; 300]})), false),
        (format!("{{\"id\": {client}, \"text\": \"{}\"}}", "x".repeat((1 << 20) + 1)).into_bytes(), true),
        (b"".to_vec(), true),
        (line(json!({"id": client, "text": own, "targets": ["z80"]})), true),
        (line(json!({"id": client, "text": own})), false),
    ]
}

/// Lets 64 clients send hostile requests `rounds` times each, and returns the number of replies.
fn storm(server: &Server, rounds: usize) -> usize {
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let (server, kernel) = (&server, &kernel);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|client| {
                scope.spawn(move || {
                    let requests = hostile(client, kernel);
                    let mut connected = Client::connect(server);
                    let mut replies = 0;
                    for _ in 0..rounds {
                        for (line, fails) in &requests {
                            connected.stream.write_all(&[line.as_slice(), b"\n"].concat()).expect("written");
                            let reply = connected.reply().expect("a reply");
                            assert_eq!(reply["error"].is_object(), *fails, "{reply}");
                            assert!(
                                reply["id"].is_null() || reply["id"] == client,
                                "the reply of another client: {reply}"
                            );
                            replies += 1;
                        }
                    }
                    replies
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("every request is answered")).sum()
    })
}

fn stormy(name: &str) -> Server {
    // One connection more than clients, to ask for the health meanwhile.
    Server::start(name, &["--max-request-mib", "1", "--connections", "65", "--target", "znver4"])
}

#[test]
fn sixty_four_hostile_clients_are_all_answered() {
    let server = stormy("storm");
    let replies = storm(&server, 2);
    assert_eq!(replies, 64 * 13 * 2);
    assert_eq!(server.ask(&json!({"health": true}))["health"]["replies"].as_u64(), Some(replies as u64));
}

/// `make test-serve` runs this test.
#[test]
#[ignore = "takes minutes"]
fn memory_stays_flat_over_a_hundred_thousand_requests() {
    let server = stormy("flat");
    // The cache is full and every thread has its buffers after this.
    let mut replies = storm(&server, 12);
    let before = memory_kib(server.child.id());
    while replies < 110_000 {
        replies += storm(&server, 12);
    }
    let after = memory_kib(server.child.id());
    println!("{replies} requests: {before:?} KiB, then {after:?} KiB");
    if let Some((before, after)) = before.zip(after) {
        assert!(after < before + before / 4, "{before} KiB, then {after} KiB after {replies} requests");
    }
}

/// A client that is served: a connection that was just closed may still take its place.
fn admitted(server: &Server) -> Client {
    for _ in 0..1000 {
        let mut client = Client::connect(server);
        let mut line = String::new();
        let sent = writeln!(client.stream, "{}", json!({"health": true})).is_ok();
        if sent && client.replies.read_line(&mut line).is_ok() && line.contains("\"health\"") {
            return client;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no place becomes free");
}

#[test]
fn a_client_beyond_the_most_is_told_so_and_a_free_place_is_given_away() {
    let server = Server::start("busy", &["--connections", "2"]);
    let (first, _second) = (admitted(&server), admitted(&server));
    let mut third = Client::connect(&server);
    assert_eq!(third.reply().expect("a reply")["error"]["code"], "busy");
    assert!(third.reply().is_none());
    drop(first);
    admitted(&server);
}
