//! `hardwire predict --check`: conditions in the comments of a text.

use std::path::PathBuf;

use serde_json::Value;

use crate::{KERNEL, folder, hardwire, json, message};

/// A file with conditions above the kernel, removed with its folder.
struct Checked(PathBuf);

impl Checked {
    fn new(name: &str, conditions: &str) -> Self {
        let folder = folder(name);
        let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
        std::fs::write(folder.join("kernel.mlir"), format!("{conditions}{kernel}")).expect("written");
        Self(folder)
    }

    fn path(&self) -> String {
        self.0.join("kernel.mlir").to_str().expect("text").to_owned()
    }

    fn run(&self, more: &[&str]) -> std::process::Output {
        hardwire(&[&["predict", "--check", &self.path()], more].concat())
    }
}

impl Drop for Checked {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn conditions_that_hold_pass_and_others_fail_with_what_was_predicted() {
    let file = Checked::new(
        "check",
        "// hardwire-check: cycles > 1\n// hardwire-check(znver4) @affine_mm: spills.high >= 0\n// hardwire-check(hnlpu): xpu_latency_cycles > 0\n",
    );
    let output = file.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // The first one is checked on four processors.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "6 of 6 checks passed\n");
    let file = Checked::new("check-fails", "// hardwire-check: cycles > 1\n  // hardwire-check(znver4): cycles < 10\n");
    let output = file.run(&["--target", "znver4"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    let place = format!("{}:2:3: @affine_mm on znver4: check failed\n- cycles < 10.0 cycles\n+ cycles = ", file.path());
    assert!(text.starts_with(&place), "{text}");
    assert!(text.ends_with("1 of 2 checks passed\n"), "{text}");
    let output = file.run(&["--target", "znver4", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let predicted = json(&hardwire(&["predict", &file.path(), "--target", "znver4", "--format", "json"]));
    let cycles = &predicted[0]["predictions"]["cycles"];
    assert_eq!((checks[0]["passed"].as_bool(), checks[1]["passed"].as_bool()), (Some(true), Some(false)));
    for key in ["value", "low", "high", "unit"] {
        assert_eq!(checks[1][key], cycles[key], "{key}");
    }
    assert_eq!((checks[1]["line"].as_u64(), checks[1]["condition"].as_str()), (Some(2), Some("cycles < 10")));
}

#[test]
fn a_check_that_cannot_be_made_is_an_error_with_its_place() {
    for (conditions, expected) in [
        ("", "no `// hardwire-check: ...` line, so the check cannot fail"),
        ("// hardwire-check: cycle < 10\n", "did you mean `cycles`?"),
        ("// hardwire-check(zen4): cycles < 10\n", "did you mean `znver4` (AMD Zen 4)?"),
        ("// hardwire-check(hnlpu): cycles < 10\n", "cycles is not predicted for hnlpu"),
        ("// hardwire-check @affine: cycles < 10\n", "no function `@affine`"),
        ("// hardwire-check: cycles < ten\n", "expected a number"),
    ] {
        let file = Checked::new("check-errors", conditions);
        let message = message(&file.run(&[]));
        assert!(message.contains(expected), "{message}");
        assert!(conditions.is_empty() || message.contains("kernel.mlir:1:"), "{message}");
    }
    // After the last function there is none that it could be about.
    let file = Checked::new("check-end", "");
    let text = std::fs::read_to_string(file.path()).expect("read") + "// hardwire-check: cycles < 10\n";
    std::fs::write(file.path(), text).expect("written");
    assert!(message(&file.run(&[])).contains("no function follows this check"));
}
