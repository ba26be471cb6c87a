//! `hardwire predict`, `explain`, `serve` and `calibrate`: invalid model files, clients that disconnect, oversized
//! requests.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

const KERNEL: &str = "tests/fixtures/mlir/matmul.affine.mlir";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardwire"));
    command.args(arguments);
    command
}

fn hardwire(arguments: &[&str]) -> Output {
    command(arguments).stdin(Stdio::null()).output().expect("the command runs")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

fn message(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hardwire-predict-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

const PROCESSOR: [&str; 8] = [
    "vector_register_pressure",
    "general_register_pressure",
    "spills",
    "reloads",
    "instructions",
    "cycles",
    "ipc",
    "port_utilization",
];
const DESIGN: [&str; 2] = ["xpu_utilization", "xpu_latency_cycles"];

#[test]
fn json_has_every_target_and_quantity_by_name() {
    let answer = json(&hardwire(&["predict", KERNEL, "--format", "json"]));
    let rows = answer.as_array().expect("an array");
    let targets: Vec<&str> = rows.iter().map(|row| row["target"].as_str().expect("a name")).collect();
    assert_eq!(targets, ["skylake-avx512", "znver4", "neoverse-v1", "sifive-x280", "hnlpu"]);
    for row in rows {
        let keys: Vec<&str> = row.as_object().expect("an object").keys().map(String::as_str).collect();
        let expected =
            ["file", "function", "in_distribution", "model", "ood_score", "predictions", "provider", "target"];
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        let names: &[&str] = if row["target"] == "hnlpu" { &DESIGN } else { &PROCESSOR };
        let predictions = row["predictions"].as_object().expect("an object");
        assert_eq!(predictions.len(), names.len());
        for name in names {
            let p = &predictions[*name];
            assert!(p["unit"].is_string());
            if let (Some(low), Some(value), Some(high)) = (p["low"].as_f64(), p["value"].as_f64(), p["high"].as_f64()) {
                assert!(low <= value && value <= high, "{name}: {p}");
            } else {
                assert!(row["provider"] == "analytical" && p["value"].is_null());
            }
        }
    }
}

#[test]
fn a_repeated_file_comes_from_the_cache_with_the_same_numbers() {
    let answer = json(&hardwire(&["predict", KERNEL, KERNEL, "--target", "znver4", "--format", "json"]));
    assert_eq!(
        (answer[1]["provider"].as_str(), answer[0]["provider"].as_str() == Some("cache")),
        (Some("cache"), false)
    );
    assert_eq!(answer[0]["predictions"], answer[1]["predictions"]);
    assert_eq!(answer[0]["model"], answer[1]["model"]);
}

#[test]
fn model_files_that_are_wrong_are_refused_with_what_differs() {
    let folder = folder("models");
    let shipped = std::fs::read("costmodel/model/hardwire-cost-model-v1.safetensors").expect("it ships");
    let refusal = |bytes: &[u8]| {
        let path = folder.join("model.safetensors");
        std::fs::write(&path, bytes).expect("written");
        message(&hardwire(&["predict", KERNEL, "--cost-model", path.to_str().expect("text")]))
    };
    assert!(refusal(&shipped[..shipped.len() / 2]).contains("not a whole model file"));
    assert!(refusal(b"not a model").contains("not a whole model file"));
    // A NaN in a vector of f32 among the tensors after the header.
    let header = 8 + u64::from_le_bytes(shipped[..8].try_into().expect("eight bytes")) as usize;
    let layout: Value = serde_json::from_slice(&shipped[8..header]).expect("a header");
    let at = |name: &str| header + layout[name]["data_offsets"][0].as_u64().expect("a place") as usize;
    let mut poisoned = shipped.clone();
    poisoned[at("trees.0.values")..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(refusal(&poisoned).contains("not finite"));
    // A word of the vocabulary replaced by another of the same length.
    let mut renamed = shipped.clone();
    let place = at("vocabulary");
    let words = String::from_utf8_lossy(&shipped[place..]).find("arith.").expect("a word of arith");
    renamed[place + words] = b'x';
    assert!(refusal(&renamed).contains("vocabulary"), "{}", refusal(&renamed));
    assert!(refusal(&[]).contains("not a whole model file"));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_pass_can_be_tested_with_comments() {
    let output = hardwire(&["predict", KERNEL, "--target", "skylake-avx512", "--format", "comment"]);
    let text = String::from_utf8(output.stdout).expect("text");
    let spills = "// hardwire-predict: @affine_mm skylake-avx512: spills = ";
    assert!(text.lines().any(|line| line.trim_start().starts_with(spills)), "{text}");
    let without: String = text.lines().filter(|l| !l.contains("hardwire-predict")).map(|l| format!("{l}\n")).collect();
    assert_eq!(without, std::fs::read_to_string(KERNEL).expect("the kernel"));
}

/// Runs LLVM's FileCheck on the comments; `make test-mlir` runs this test.
#[test]
#[ignore = "needs FileCheck of LLVM 22"]
fn filecheck_matches_the_comments_and_misses_others() {
    let folder = folder("filecheck");
    let checks = folder.join("checks.mlir");
    let filecheck = std::env::var("FILECHECK").unwrap_or_else(|_| "/usr/lib/llvm-22/bin/FileCheck".to_owned());
    let annotated = hardwire(&["predict", KERNEL, "--target", "skylake-avx512", "--format", "comment"]).stdout;
    let matches = |expected: &str| {
        std::fs::write(&checks, expected).expect("written");
        let mut child = Command::new(&filecheck).arg(&checks).stdin(Stdio::piped()).spawn().expect("FileCheck runs");
        // FileCheck may exit before it has read everything.
        let _ = child.stdin.take().expect("piped").write_all(&annotated);
        child.wait().expect("it ends").success()
    };
    let spills = "// CHECK: hardwire-predict: @affine_mm skylake-avx512: spills = {{[0-9]+ \\[[0-9]+, [0-9]+\\]}} instructions\n";
    let function = "// CHECK: func.func @affine_mm\n";
    assert!(matches(&format!("{spills}{function}")));
    assert!(!matches(&format!("{function}{spills}")), "comments stand above their function");
    assert!(!matches(&spills.replace("spills", "spoils")));
    std::fs::remove_dir_all(folder).expect("removed");
}

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
    input.extend(b"\"}\nnonsense\n");
    input.extend(json!({"id": 9, "text": kernel}).to_string().into_bytes());
    let answers = serve(&input);
    assert_eq!(answers.len(), 9);
    assert_eq!(answers[0]["predictions"][0]["target"], "skylake-avx512");
    let many = answers[1]["answers"].as_array().expect("an answer a text");
    assert_eq!((answers[1]["id"].as_str(), many.len()), (Some("two"), 3));
    assert_eq!(many[0]["predictions"][0]["predictions"], answers[0]["predictions"][0]["predictions"]);
    assert_eq!(many[1]["error"]["code"], "no_function");
    assert_eq!((many[2]["error"]["code"].as_str(), many[2]["error"]["line"].as_u64()), (Some("text"), Some(1)));
    assert_eq!(answers[2]["error"]["code"], "unknown_target");
    assert!(answers[2]["error"]["message"].as_str().expect("text").contains("did you mean `znver4`?"));
    assert_eq!(answers[3]["predictions"][0]["target"], "hnlpu");
    for (at, code) in [(4, "request"), (5, "request"), (6, "too_large"), (7, "request")] {
        assert_eq!(answers[at]["error"]["code"], code, "{}", answers[at]);
    }
    assert_eq!(
        (answers[8]["id"].as_u64(), answers[8]["predictions"][0]["provider"].as_str()),
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

/// Peak resident memory of a process, if the system reports it.
fn peak_memory_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_new_processor_is_calibrated_from_labelled_functions() {
    let folder = folder("calibrate");
    let labelled = folder.join("measured.jsonl");
    let model = folder.join("model.safetensors");
    let known = |text: &str| {
        let path = folder.join("kernel.mlir");
        std::fs::write(&path, text).expect("written");
        let path = path.to_str().expect("text").to_owned();
        let answer =
            json(&hardwire(&["predict", &path, "--target", "znver4", "--provider", "learned", "--format", "json"]));
        answer[0]["predictions"]["cycles"]["value"].as_f64().expect("a number")
    };
    let kernel = |trips: usize| {
        format!(
            "func.func @k(%a: memref<{trips}xf32>) {{\n  affine.for %i = 0 to {trips} {{\n    %0 = affine.load %a[%i] : memref<{trips}xf32>\n    %1 = arith.mulf %0, %0 : f32\n    affine.store %1, %a[%i] : memref<{trips}xf32>\n  }}\n  return\n}}\n"
        )
    };
    let mut lines = String::new();
    for step in 0..12 {
        let text = kernel(100 * (step + 1));
        // A processor that takes twice as long.
        lines += &json!({"text": text, "labels": {"cycles": 2.0 * known(&text) + 1.0}}).to_string();
        lines.push('\n');
    }
    std::fs::write(&labelled, &lines).expect("written");
    let path = |path: &Path| path.to_str().expect("text").to_owned();
    let arguments =
        ["calibrate", &path(&labelled), "--target", "half-speed", "--base", "znver4", "--out", &path(&model)];
    let report = json(&hardwire(&[&arguments[..], &["--format", "json"]].concat()));
    let cycles = &report["quantities"][0];
    assert_eq!((report["base"].as_str(), cycles["quantity"].as_str()), (Some("znver4"), Some("cycles")));
    assert!(cycles["mean_error_after"].as_f64() < cycles["mean_error_before"].as_f64());
    let text = kernel(777);
    let kernel = folder.join("new.mlir");
    std::fs::write(&kernel, &text).expect("written");
    let arguments =
        ["predict", &path(&kernel), "--cost-model", &path(&model), "--target", "half-speed", "--provider", "learned"];
    let answer = json(&hardwire(&[&arguments[..], &["--format", "json"]].concat()));
    let found = answer[0]["predictions"]["cycles"]["value"].as_f64().expect("a number");
    let expected = 2.0 * known(&text) + 1.0;
    assert!((found / expected - 1.0).abs() < 0.02, "{found} for {expected}");
    // With too few labels or an unknown name, no file is written.
    std::fs::remove_file(&model).expect("removed");
    let refusal = |lines: &str| {
        std::fs::write(&labelled, lines).expect("written");
        let arguments = ["calibrate", &path(&labelled), "--target", "new", "--out", &path(&model)];
        let message = message(&hardwire(&arguments));
        assert!(!model.exists());
        message
    };
    let some: String = lines.lines().take(7).map(|line| format!("{line}\n")).collect();
    assert!(refusal(&some).contains("no quantity has 8 labels"));
    assert!(refusal(&lines.replace("cycles", "cycle")).contains("did you mean `cycles`?"));
    assert!(refusal(&lines.replace("func.func @k", "func.func @k(")).contains(":1: text: "));
    std::fs::remove_dir_all(folder).expect("removed");
}
