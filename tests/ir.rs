//! `hardwire ir`: standard input, hostile texts, drawings.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

fn hardwire(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hardwire"))
        .arg("ir")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipe = child.stdin.take().expect("standard input is piped");
    let input = input.to_vec();
    // A command that rejects its input early may close the pipe before all is written.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    output
}

fn message(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

const COMMANDS: [&[&str]; 5] = [&["parse", "-"], &["print", "-"], &["graph", "-"], &["stats", "-"], &["tokens", "-"]];

#[test]
fn standard_input_is_a_file() {
    let text = include_bytes!("fixtures/mlir/matmul.affine.mlir");
    let output = hardwire(&["stats", "-", "--format", "json"], text);
    let value: Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
    assert_eq!(value["file"], "<stdin>");
    assert_eq!(value["functions"][0]["flops"], 2 * 64 * 64 * 64);
    let canonical = hardwire(&["print", "-"], text).stdout;
    assert_eq!(hardwire(&["print", "-"], &canonical).stdout, canonical, "printing what was printed changes nothing");
}

#[test]
fn a_line_of_ten_megabytes_is_read() {
    let body = "%a = arith.addf %x, %x : f32 ".repeat(345_000);
    let text = format!("func.func @f(%x: f32) {{ {body} return }}");
    assert!(text.len() > 10_000_000);
    // Every result has the same name: one error with a location on the single line, which is too long to quote.
    let said = message(&hardwire(&["parse", "-"], text.as_bytes()));
    assert!(said.contains("<stdin>:1:") && said.len() < 20_000, "{}", &said[..said.len().min(500)]);
    let tokens = hardwire(&["tokens", "-", "--scheme", "ops"], text.as_bytes());
    assert!(tokens.status.success());
}

#[test]
#[allow(clippy::disallowed_types, reason = "the test is about time")]
fn nesting_of_a_hundred_thousand_levels_is_refused_in_time() {
    let depth = 100_000;
    let regions = "scf.execute_region { ".repeat(depth) + &"}".repeat(depth);
    let types = format!("func.func @f(%x: {}f32{}) {{ return }}", "tuple<".repeat(depth), ">".repeat(depth));
    let generic = "\"a.b\"() ({ ".repeat(depth);
    let started = std::time::Instant::now();
    for text in [&regions, &types, &generic] {
        for command in COMMANDS {
            let output = hardwire(command, text.as_bytes());
            if command[0] == "tokens" {
                assert!(output.status.success(), "words can be had of any text");
            } else {
                assert!(message(&output).contains("<stdin>:1:"), "{output:?}");
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn bytes_that_are_no_text_are_located() {
    for command in COMMANDS {
        let said = message(&hardwire(command, b"module {\n \xff\n}\n"));
        assert_eq!(
            said.trim_end(),
            "error: <stdin>: line 2, column 2: byte 0xFF (at 10) is not valid UTF-8; MLIR text is UTF-8"
        );
    }
}

#[test]
fn pictures_of_real_files_are_well_formed() {
    for (file, function) in [("transformer.stablehlo", "main"), ("resnet.scf", "main"), ("matmul_clamp.tosa", "t")] {
        let path = format!("tests/fixtures/mlir/{file}.mlir");
        let output = hardwire(&["graph", &path, "--function", function, "--format", "svg"], b"");
        let picture = String::from_utf8(output.stdout).expect("a picture is text");
        // Every element is closed, by an end tag or by itself.
        let (mut open, mut closed) = (0, 0);
        for tag in picture.split('<').skip(1) {
            if tag.starts_with('/') {
                closed += 1;
            } else if !tag.split('>').next().is_some_and(|t| t.ends_with('/')) {
                open += 1;
            }
        }
        assert!(open > 10 && open == closed, "{file}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{file}");
    }
}
