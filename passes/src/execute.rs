//! Runs a transformed module against the original on random inputs, in a process of its own: generated code could crash.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ir::mlir::bridge::{Bridge, Form, ParseOptions, print};

use crate::boundary::comparison;
use crate::optimize::{READ, messages};
use crate::terms::{Checked, PassError};

/// From the dialects of both modules to the LLVM dialect.
const LOWERING: &str = "builtin.module(func.func(convert-linalg-to-affine-loops),lower-affine,\
func.func(lower-vector-multi-reduction,convert-vector-to-scf),lower-affine,convert-scf-to-cf,expand-strided-metadata,\
lower-affine,func.func(arith-expand),convert-math-to-llvm,convert-math-to-libm,convert-vector-to-llvm,convert-ub-to-llvm,\
convert-arith-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,\
reconcile-unrealized-casts)";

/// Runs the functions that two modules share on the same random inputs and compares all buffers and results: bits if
/// `tolerance` is 0, else with that relative difference. With `alias`, arguments of one type are one buffer.
///
/// # Errors
/// A text does not parse; the program does not compile, or mlir-runner of LLVM 22 is not installed or fails.
pub fn check(original: &str, result: &str, seed: u64, alias: bool, tolerance: f64) -> Result<Vec<Checked>, PassError> {
    let bridge = Bridge::new();
    let before = bridge.parse(original, READ).map_err(messages)?;
    let after = bridge.parse(result, READ).map_err(messages)?;
    let (functions, program) = comparison(&before, &after, seed, alias, tolerance);
    let mut program = bridge.parse(&program, ParseOptions::default()).map_err(run_error)?;
    bridge.run_passes(&mut program, LOWERING).map_err(run_error)?;
    let counts = run(&print(&program, Form::Custom).map_err(run_error)?)?;
    let expected = functions.iter().filter(|(_, why)| why.is_none()).count();
    if counts.len() != expected {
        return Err(PassError::Run(format!("{expected} functions were run, and {} answered", counts.len())));
    }
    let mut counts = counts.into_iter();
    let checked = functions.into_iter().map(|(function, why)| {
        let differing = if why.is_none() { counts.next() } else { None };
        Checked { function, differing, why }
    });
    Ok(checked.collect())
}

fn run_error(diagnostics: Vec<ir::mlir::bridge::Diagnostic>) -> PassError {
    PassError::Run(diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// Runs `@main` of a module in the LLVM dialect and returns the numbers that it prints.
fn run(module: &str) -> Result<Vec<u64>, PassError> {
    let refuse = |why: String| PassError::Run(why);
    let prefix = std::env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".to_owned());
    let (program, libraries) = tools(Path::new(&prefix))
        .ok_or_else(|| refuse(format!("mlir-runner of LLVM 22 is not in {prefix}/bin (make deps-mlir)")))?;
    let mut child = Command::new(program)
        .args(["-e", "main", "--entry-point-result=void", "-O1"])
        .arg(format!("--shared-libs={libraries}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| refuse(format!("mlir-runner: {error}")))?;
    let sent = child.stdin.take().map(|mut input| input.write_all(module.as_bytes()));
    let output = child.wait_with_output().map_err(|error| refuse(format!("mlir-runner: {error}")))?;
    if !output.status.success() || sent.is_some_and(|sent| sent.is_err()) {
        let message = String::from_utf8_lossy(&output.stderr).chars().take(500).collect::<String>();
        return Err(refuse(format!("mlir-runner ended with {}: {}", output.status, message.trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace()
        .map(|word| word.parse().map_err(|_| refuse(format!("mlir-runner printed `{word}`"))))
        .collect()
}

/// mlir-runner and the libraries that the program calls.
fn tools(prefix: &Path) -> Option<(PathBuf, String)> {
    let program = prefix.join("bin/mlir-runner");
    let libraries: Vec<String> = ["libmlir_runner_utils.so", "libmlir_c_runner_utils.so"]
        .iter()
        .map(|name| prefix.join("lib").join(name).display().to_string())
        .collect();
    program.is_file().then(|| (program, libraries.join(",")))
}
