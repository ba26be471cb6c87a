//! NVIDIA's ptxas, run with PTX on its standard input, and the device library that comes with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::labels::gpu::GpuTarget;
use crate::labels::{Failure, Phase};

/// The installed tool.
pub(super) struct Ptxas {
    program: PathBuf,
    /// Line of its version.
    pub(super) version: String,
    /// Bitcode of mathematical functions, if it lies beside the tool.
    pub(super) library: Option<Vec<u8>>,
}

/// What the tool writes.
pub(super) struct Assembled {
    /// What it says about resources.
    pub(super) messages: String,
    /// The object file.
    pub(super) object: Vec<u8>,
}

impl Ptxas {
    /// The tool at a path.
    ///
    /// # Errors
    /// It cannot be run.
    pub(super) fn at(path: &str) -> Result<Self, String> {
        let unusable = |error: std::io::Error| format!("ptxas cannot be run ({path}): {error}");
        // The device library lies beside the tool itself, not beside a link to it.
        let program = std::fs::canonicalize(path).map_err(unusable)?;
        let output = Command::new(&program).arg("--version").output().map_err(unusable)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().find(|line| line.contains("release"));
        let version = version.ok_or_else(|| format!("{path} states no version of ptxas"))?.trim().to_owned();
        let library = program.parent().and_then(Path::parent).map(|root| root.join("nvvm/libdevice/libdevice.10.bc"));
        Ok(Self { program, version, library: library.and_then(|file| std::fs::read(file).ok()) })
    }

    /// Machine code of a text in PTX.
    ///
    /// # Errors
    /// The tool refuses the text or cannot be run.
    pub(super) fn assemble(&self, target: GpuTarget, text: &str) -> Result<Assembled, Failure> {
        let failure = |reason: String| Failure { phase: Phase::Generate, reason };
        let lost = |error: std::io::Error| failure(format!("ptxas: {error}"));
        let mut child = Command::new(&self.program)
            .args(["-v", "-O3", &format!("-arch={target}"), "-o", "/dev/stdout", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(lost)?;
        let input = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Reading and writing at once, because either side may wait for the other.
            scope.spawn(move || input.map(|mut input| input.write_all(text.as_bytes())));
            child.wait_with_output()
        });
        let output = output.map_err(lost)?;
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            let first = messages.lines().find(|line| !line.contains("info")).unwrap_or("no reason is given");
            return Err(failure(first.chars().take(500).collect()));
        }
        Ok(Assembled { messages, object: output.stdout })
    }
}
