//! Clients of the library: C programs, linked shared and static, and Python. Needs `cc` and `python3`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use costmodel::predictor::{Answer, Predictor, Settings};
use costmodel::shipped::{CostModel, embedded, seal};
// Makes cargo build the library before this test.
use hardwire as _;

/// The folder of the libraries: that of the test or its parent, depending on cargo's version.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its file");
    let deps = test.parent().expect("it lies in a folder");
    let newest = [deps, deps.parent().expect("so does that")]
        .into_iter()
        .filter(|folder| folder.join(shared()).exists())
        .max_by_key(|folder| folder.join(shared()).metadata().and_then(|m| m.modified()).expect("it has a time"));
    newest.unwrap_or_else(|| panic!("no {} near {}", shared(), test.display())).to_owned()
}

fn shared() -> String {
    format!("{}hardwire{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A temporary folder, removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hardwire-capi-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder is made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{text}{}", String::from_utf8_lossy(&stderr));
    text
}

/// Compiles a C program with the header and a library; returns the command that runs it.
fn compiled(folder: &Folder, file: &str, is_static: bool) -> Command {
    let (libraries, program) = (libraries(), folder.0.join("program"));
    let mut compile = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
    compile.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1"]).arg(source(file));
    compile.arg("-I").arg(source("include")).arg("-o").arg(&program);
    if is_static {
        compile.arg(libraries.join("libhardwire.a"));
    } else {
        compile.arg("-L").arg(&libraries).arg("-lhardwire");
    }
    output(compile.args(["-lpthread", "-lm", "-ldl"]));
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", &libraries).env("DYLD_LIBRARY_PATH", &libraries);
    command
}

fn predictor() -> Predictor {
    Predictor::new(CostModel::from_bytes(embedded()).expect("the shipped model"), Settings::default())
}

fn kernel() -> PathBuf {
    source("../docs/costmodel-example.mlir")
}

fn answer(predictor: &Predictor) -> Answer {
    predictor.predict(&std::fs::read_to_string(kernel()).expect("it is there")).expect("it is right")
}

/// The lines that the C program prints for the first target, computed in Rust.
fn expected_of_c() -> Vec<String> {
    let predictor = predictor();
    let (answer, target) = (answer(&predictor), predictor.model().targets().remove(0));
    let mut lines = Vec::new();
    for reply in answer.replies.iter() {
        let (function, provider) = (&reply.function, reply.provider.name());
        lines.push(format!("{function} on {target}, {provider}, score {:.2}", reply.ood_score));
        for (output, estimate) in predictor.outputs().iter().zip(&reply.estimates) {
            if let (true, Some(e)) = (output.target == target, estimate) {
                let (name, unit) = (output.quantity.name(), output.quantity.unit());
                lines.push(format!("  {name} {:.3} [{:.3}, {:.3}] {unit}", e.value, e.low, e.high));
            }
        }
    }
    lines.push("batch: TEXT: line 1, column 16: the text ends before the `}` for this bracket".to_owned());
    lines
        .extend(["text 0: OK, 1 functions", "text 1: TEXT, 0 functions", "text 2: OK, 1 functions"].map(str::to_owned));
    lines
}

#[test]
fn a_c_program_gets_the_numbers_of_rust() {
    for is_static in [false, true] {
        let folder = Folder::new(if is_static { "static" } else { "shared" });
        let text = output(compiled(&folder, "examples/client.c", is_static).arg(kernel()));
        assert_eq!(text.lines().collect::<Vec<_>>(), expected_of_c());
    }
}

#[test]
fn mistakes_of_c_programs_have_names_and_messages() {
    let folder = Folder::new("mistakes");
    let shipped = embedded();
    // A truncated file, a weight that is not a number, a changed vocabulary, a changed bit, a file of another program.
    let header = 8 + u64::from_le_bytes(shipped[..8].try_into().expect("eight bytes")) as usize;
    let place = |name: &str| {
        let text = std::str::from_utf8(&shipped[8..header]).expect("a header is text");
        let entry = text.split(&format!("\"{name}\":")).nth(1).expect("the tensor is there");
        let offsets = entry.split("\"data_offsets\":[").nth(1).expect("it has a place");
        header + offsets.split(',').next().and_then(|n| n.parse::<usize>().ok()).expect("a number")
    };
    let mut poisoned = shipped.to_vec();
    poisoned[place("trees.0.values")..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    seal(&mut poisoned);
    let mut changed = shipped.to_vec();
    changed[header + 1000] ^= 4;
    let mut renamed = shipped.to_vec();
    let vocabulary = place("vocabulary");
    let word = String::from_utf8_lossy(&shipped[vocabulary..]).find("arith.").expect("a word of arith");
    renamed[vocabulary + word] = b'x';
    seal(&mut renamed);
    let mut foreign = 2u64.to_le_bytes().to_vec();
    foreign.extend(b"{}");
    let mut command = compiled(&folder, "tests/c/mistakes.c", false);
    let files: [(&str, &[u8]); 6] = [
        ("whole", shipped),
        ("cut", &shipped[..shipped.len() / 2]),
        ("poisoned", &poisoned),
        ("renamed", &renamed),
        ("changed", &changed),
        ("foreign", &foreign),
    ];
    for (name, bytes) in files {
        let path = folder.0.join(name);
        std::fs::write(&path, bytes).expect("the file is written");
        command.arg(path);
    }
    let text = output(&mut command);
    for message in [
        "NULL_ARGUMENT: `out` is null",
        "OUT_OF_RANGE: no choice 7; they are 0 to 2",
        "MODEL_FILE: not a whole model file: ",
        "MODEL_FILE: the model is inconsistent: `trees.0.values` holds a number that is not finite",
        "MODEL_FILE: the model's vocabulary: the hash of the words is ",
        "MODEL_FILE: a safetensors file, but not a cost model: it has no card",
        "NOT_UTF8: byte 3 of the text is not UTF-8",
        "TOO_LARGE: the text has 1073741824 bytes; at most ",
        "TEXT: line 1, column 40: ",
        "MODEL_FILE: the model file is damaged: its contents do not match its checksum",
        "NO_FUNCTION: the text has no function",
        "UNKNOWN: cycles on skylake-avx512 is unknown: line 1, column ",
        "ASSUMPTION: `trip=n:3` is no assumption; ",
        "ASSUMPTION: the text has no value of the name in the assumption `trip=%m:3`",
        "OUT_OF_RANGE: no reason 1; there are 1",
        "UNKNOWN_TARGET: the model has no target or design `z80`; it has skylake-avx512, ",
        "UNKNOWN: xpu_utilization on skylake-avx512 is not predicted",
    ] {
        assert!(text.lines().any(|line| line.starts_with(message)), "no `{message}` in\n{text}");
    }
}

#[test]
fn python_gets_the_numbers_of_rust() {
    let mut python = Command::new("python3");
    let client = source("examples/client.py");
    let text = output(python.arg("-B").arg(client).arg(libraries().join(shared())).arg(kernel()));
    let predictor = predictor();
    let mut expected = Vec::new();
    for reply in answer(&predictor).replies.iter() {
        for (output, estimate) in predictor.outputs().iter().zip(&reply.estimates) {
            if let Some(e) = estimate {
                let name = format!("{} {} {}", reply.function, output.target, output.quantity.name());
                expected.push((name, [e.value, e.low, e.high]));
            }
        }
    }
    // Both print the shortest digits that parse back to the number, but in different notations.
    let mut found: Vec<(String, [f64; 3])> = text
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            (words[..3].join(" "), [3, 4, 5].map(|at| words[at].parse().expect("a number")))
        })
        .collect();
    let by_name = |a: &(String, [f64; 3]), b: &(String, [f64; 3])| a.0.cmp(&b.0);
    found.sort_by(by_name);
    expected.sort_by(by_name);
    assert_eq!(found, expected);
}
