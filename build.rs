//! Sets `HARDWIRE_COMMIT` for `hardwire --version`.
//!
//! It is the commit of the source, `unknown` where there is no git repository of it, or what the environment variable
//! `HARDWIRE_COMMIT` says. Development builds leave it out, because they would be linked again after every commit.

use std::path::Path;
use std::process::Command;

/// Folders whose changes are changes of the program.
const SOURCES: [&str; 9] = ["src", "designs", "sim", "ir", "costmodel", "reports", "sweep", "passes", "Cargo.lock"];

fn main() {
    println!("cargo::rerun-if-env-changed=HARDWIRE_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let stated = std::env::var("HARDWIRE_COMMIT").ok().filter(|commit| !commit.is_empty());
    let development = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let commit = match stated {
        Some(commit) => Some(commit),
        None if development => Some("unknown, a build for development".to_owned()),
        None => commit(),
    };
    println!("cargo::rustc-env=HARDWIRE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// The commit of this folder, if it is the root of a git repository, and whether files differ from it.
fn commit() -> Option<String> {
    let root = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    // A repository further up is that of someone who has copied these files.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&root).canonicalize().ok()? {
        return None;
    }
    for path in ["HEAD", "index", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", path])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    SOURCES.iter().for_each(|path| println!("cargo::rerun-if-changed={path}"));
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|status| !status.is_empty());
    Some(if changed { format!("{commit}, with changes") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
