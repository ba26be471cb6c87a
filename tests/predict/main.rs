//! `hardwire predict`, `explain`, `serve` and `calibrate`: invalid model files, checks in texts, clients that disconnect,
//! oversized requests, closed pipes.

mod check;
mod pipes;
mod serve;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
        let expected = [
            "file",
            "function",
            "in_distribution",
            "model",
            "ood_score",
            "predictions",
            "provider",
            "reasons",
            "target",
            "warnings",
        ];
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        let names: &[&str] = if row["target"] == "hnlpu" { &DESIGN } else { &PROCESSOR };
        let predictions = row["predictions"].as_object().expect("an object");
        assert_eq!(predictions.len(), names.len());
        for name in names {
            let p = &predictions[*name];
            assert!(p["unit"].is_string());
            let numbers =
                ["low", "value", "high"].map(|key| p[key].as_f64().expect("everything is known of the kernel"));
            assert!(numbers.is_sorted(), "{name}: {p}");
        }
    }
}

/// A text of which nothing, or not everything, is known.
const OPEN: &str = "func.func private @outside(f32) -> f32
func.func @open(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %0 = memref.load %a[%i] : memref<?xf32>
    memref.store %0, %a[%i] : memref<?xf32>
  }
  return
}
func.func @strange(%x: f32) -> f32 {
  %0 = \"other.thing\"(%x) : (f32) -> f32
  %1 = \"other.thing\"(%0) : (f32) -> f32
  return %1 : f32
}
";

#[test]
fn what_is_unknown_is_null_with_reasons_in_every_output() {
    let folder = folder("unknown");
    let file = folder.join("open.mlir");
    std::fs::write(&file, OPEN).expect("written");
    let path = file.to_str().expect("text");
    let run = |more: &[&str]| hardwire(&[&["predict", path, "--target", "znver4"], more].concat());
    let rows = json(&run(&["--format", "json"]));
    let (declared, open, strange) = (&rows[0], &rows[1], &rows[2]);
    for row in [declared, strange] {
        let predictions = row["predictions"].as_object().expect("an object");
        assert!(predictions.values().all(|p| p["value"].is_null() && p["low"].is_null() && p["high"].is_null()));
        assert_eq!(row["reasons"][0]["quantities"].as_array().map(Vec::len), Some(predictions.len()));
    }
    assert_eq!(declared["reasons"][0]["kind"], "declaration");
    let reason = &strange["reasons"][0];
    assert_eq!((reason["kind"].as_str(), reason["operation"].as_str()), (Some("operation"), Some("other.thing")));
    assert_eq!([&reason["line"], &reason["column"], &reason["count"]].map(Value::as_u64), [12, 3, 2].map(Some));
    let reason = &open["reasons"][0];
    assert_eq!((reason["kind"].as_str(), reason["value"].as_str()), (Some("trip_count"), Some("%n")));
    assert_eq!(reason["assume"], "trip=%n:_");
    assert!(open["predictions"]["cycles"]["value"].is_null() && open["predictions"]["spills"]["value"].is_number());
    // The same in the other formats, in explanations and in checks.
    let text = |output: Output| String::from_utf8(output.stdout).expect("text");
    let why = "line 5, column 3: scf.for: the loop's bounds are known only at run time (%n)";
    assert!(text(run(&[])).contains(why));
    assert!(text(run(&["--format", "comment"])).contains(why));
    let explain = ["explain", path, "--function", "open", "--target", "znver4"];
    let explained = hardwire(&explain);
    assert!(explained.status.success());
    let explained = text(explained);
    assert!(explained.contains("cycles on znver4 is unknown:") && explained.contains(why), "{explained}");
    let explained = json(&hardwire(&[&explain[..], &["--format", "json"]].concat()));
    assert!(explained["value"].is_null() && explained["reasons"][0]["kind"] == "trip_count");
    std::fs::write(&file, format!("// hardwire-check(znver4) @open: cycles > 0\n{OPEN}")).expect("written");
    let checked = run(&["--check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(checked).contains("+ cycles is unknown:\n+   line 6, column 3: scf.for: "));
    // Assumptions state what is open.
    for (assumption, code) in [("trip=%n:1024", 0), ("trip=%n:16..4096", 0), ("shape=?:512", 1)] {
        let checked = run(&["--check", "--assume", assumption]);
        assert_eq!(checked.status.code(), Some(code), "{assumption}: {checked:?}");
    }
    assert!(
        message(&run(&["--assume", "trip=%m:1024"])).contains("no value of the name in the assumption `trip=%m:1024`")
    );
    assert!(message(&run(&["--assume", "trips=%n:1024"])).contains("is no assumption"));
    std::fs::remove_dir_all(folder).expect("removed");
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
    let mut changed = shipped.clone();
    changed[2_644_736] ^= 1;
    assert!(refusal(&changed).contains("do not match its checksum"), "{}", refusal(&changed));
    // A file of an older layout, before the checksum.
    let header = 8 + u64::from_le_bytes(shipped[..8].try_into().expect("eight bytes")) as usize;
    let layout = br#"\"schema\":"#;
    let at = shipped[..header].windows(layout.len()).position(|piece| piece == layout).expect("the layout's number");
    let mut old = shipped.clone();
    old[at + layout.len()] = b'3';
    let message = refusal(&old);
    assert!(message.contains("the model has layout 3, this program 5: train again or take a model"), "{message}");
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
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let code: String = kernel.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
    assert_eq!(without, code);
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
    // The checks stand in the text that is annotated, and are not matched by themselves.
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    let own = |expected: &str| {
        std::fs::write(&checks, format!("{expected}{kernel}")).expect("written");
        let path = checks.to_str().expect("text");
        let annotated = hardwire(&["predict", path, "--target", "skylake-avx512", "--format", "comment"]).stdout;
        let mut child = Command::new(&filecheck).arg(&checks).stdin(Stdio::piped()).spawn().expect("FileCheck runs");
        let _ = child.stdin.take().expect("piped").write_all(&annotated);
        child.wait().expect("it ends").success()
    };
    assert!(own(spills));
    assert!(!own("// CHECK: spills = 999\n"));
    std::fs::remove_dir_all(folder).expect("removed");
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
