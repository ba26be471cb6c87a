//! Standard output and standard error whose reader has gone: no command panics or changes its exit code.

use std::process::Stdio;

use crate::{KERNEL, command};

/// A pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

const MISTAKES: [&[&str]; 8] = [
    &["simulate", "hnlpu", "--set", "grid.rows=0"],
    &["estimate", "hnlpu", "--set", "grid.rows=0"],
    &["compare", "hnlpu", "nothing"],
    &["designs", "show", "nothing"],
    &["sweep", "nothing.toml"],
    &["predict", "nothing.mlir"],
    &["ir", "parse", "nothing.mlir"],
    &["serve", "--target", "nothing"],
];

const RESULTS: [&[&str]; 6] = [
    &["designs", "list"],
    &["predict", KERNEL],
    &["predict", KERNEL, "--format", "json"],
    &["ir", "tokens", KERNEL],
    &["explain", KERNEL],
    &["fabric", "--help"],
];

#[test]
fn mistakes_exit_with_2_when_standard_error_is_closed() {
    for arguments in MISTAKES {
        let both = command(arguments).stdin(Stdio::null()).stdout(unread()).stderr(unread()).status();
        let one = command(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(unread()).status();
        for status in [both, one] {
            assert_eq!(status.expect("it runs").code(), Some(2), "{arguments:?}");
        }
    }
}

#[test]
fn results_exit_with_0_when_standard_output_is_closed() {
    for arguments in RESULTS {
        let status = command(arguments).stdin(Stdio::null()).stdout(unread()).stderr(unread()).status();
        assert_eq!(status.expect("it runs").code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_failed_check_exits_with_1_when_nobody_reads_it() {
    let folder = crate::folder("pipes");
    let file = folder.join("kernel.mlir");
    let kernel = std::fs::read_to_string(KERNEL).expect("the kernel");
    std::fs::write(&file, format!("// hardwire-check: cycles < 0\n{kernel}")).expect("written");
    let status =
        command(&["predict", "--check", file.to_str().expect("text")]).stdout(unread()).stderr(unread()).status();
    assert_eq!(status.expect("it runs").code(), Some(1));
    std::fs::remove_dir_all(folder).expect("removed");
}
