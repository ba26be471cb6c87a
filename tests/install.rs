//! What an installation consists of: version, completions, manual pages.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn hardwire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardwire")).args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = hardwire(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that the help lists.
fn commands() -> BTreeSet<String> {
    let help = stdout(&["--help"]);
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("hardwire-install-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

#[test]
fn the_version_names_commit_model_and_checksum() {
    let text = stdout(&["--version"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], concat!("hardwire ", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("commit: ") && lines[1].len() > "commit: ".len(), "{text}");
    let (model, checksum) = lines[2].strip_prefix("cost model: ").unwrap().split_once(", checksum ").unwrap();
    assert!(model.starts_with("hardwire-cost-model-v1+"), "{text}");
    assert_eq!(checksum.len(), 32, "{text}");
    assert!(checksum.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
    assert!(lines[3].starts_with("cost model of GPUs: hardwire-gpu-model-v1+"), "{text}");
    assert_eq!(stdout(&["-V"]), format!("{}\n", lines[0]));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = folder("man");
    stdout(&["man", folder.to_str().unwrap()]);
    let commands = commands();
    assert!(commands.contains("simulate") && commands.len() > 15, "{commands:?}");
    for command in &commands {
        let page = std::fs::read_to_string(folder.join(format!("hardwire-{command}.1"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(&format!("hardwire\\-{command}")), "{command}: {page}");
    }
    assert!(folder.join("hardwire.1").is_file() && folder.join("hardwire-sweep-merge.1").is_file());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn completions_know_the_commands_and_are_valid_bash() {
    let commands = commands();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
        assert!(script.contains("two-metal") || script.contains("lockstep"), "{shell} completes values of options");
    }
    let script = folder("bash").with_extension("sh");
    std::fs::write(&script, stdout(&["completions", "bash"])).unwrap();
    if let Ok(status) = Command::new("bash").arg("-n").arg(&script).stderr(Stdio::null()).status() {
        assert!(status.success());
    }
    std::fs::remove_file(script).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let file = folder("file").with_extension("txt");
    std::fs::write(&file, "").unwrap();
    let output = hardwire(&["man", file.join("below").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write `"));
    std::fs::remove_file(file).unwrap();
}
