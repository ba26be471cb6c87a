//! Files that commands write on request.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("files-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn hardwire(folder: &Path, arguments: &str) -> Output {
    let arguments = arguments.split(' ');
    Command::new(env!("CARGO_BIN_EXE_hardwire")).current_dir(folder).args(arguments).output().expect("the command runs")
}

fn run(folder: &Path, arguments: &str) -> Output {
    let output = hardwire(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The message of a command that is refused.
fn refused(folder: &Path, arguments: &str) -> String {
    let output = hardwire(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments}");
    String::from_utf8(output.stderr).unwrap()
}

/// Names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_template_is_written_once_and_read_back() {
    let folder = folder("template");
    run(&folder, "designs init -o mine.toml");
    let checked = run(&folder, "designs check mine.toml").stdout;
    assert_eq!(String::from_utf8(checked).unwrap(), "design mine.toml: 51 values, no problems\n");
    let simulate = |design: &str| run(&folder, &format!("simulate {design} --sequences 1 --format json")).stdout;
    let result = |design: &str| {
        let mut result: Value = serde_json::from_slice(&simulate(design)).unwrap();
        result["design"] = Value::Null;
        result
    };
    assert_eq!(result("mine.toml"), result("hnlpu"));
    assert!(refused(&folder, "designs init -o mine.toml").contains("exists"));
    assert!(refused(&folder, "designs init -o missing/mine.toml").contains("cannot write"));
    // A file elsewhere still finds its base.
    std::fs::create_dir(folder.join("other")).unwrap();
    run(&folder, "designs init --like mine.toml -o other/derived.toml");
    run(&folder.join("other"), "designs check derived.toml");
    assert_eq!(files(&folder), ["mine.toml", "other"]);
}

#[test]
fn a_timeline_is_written_whole_or_not_at_all() {
    let folder = folder("timeline");
    let small = "simulate hnlpu --sequences 1 --context 64";
    let output = run(&folder, &format!("{small} --trace run.json --trace-spans 3000"));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("the limit of 3000 spans ended it before 4 tokens had finished"), "{message}");
    let text = std::fs::read_to_string(folder.join("run.json")).unwrap();
    let trace: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(trace["otherData"]["truncated"], true);
    assert_eq!(trace["otherData"]["model"], "gpt-oss-120b");
    assert!(trace["traceEvents"].as_array().unwrap().len() > 3000);
    // The result is that of a run without a timeline.
    assert_eq!(output.stdout, run(&folder, small).stdout);
    for (more, message) in [
        ("--fidelity analytic", "needs the events"),
        ("--discipline serial", "needs the events"),
        ("--phase prefill --context 8192", "at most 4096 tokens"),
        ("--trace-spans 0", "trace-spans"),
    ] {
        let small = if more.contains("--context") { "simulate hnlpu --sequences 1" } else { small };
        let refusal = refused(&folder, &format!("{small} --trace other.json {more}"));
        assert!(refusal.contains(message), "{refusal}");
    }
    assert!(refused(&folder, &format!("{small} --trace missing/run.json")).contains("cannot write"));
    assert_eq!(files(&folder), ["run.json"]);
}

const SWEEP: &str = "confirm = 0
[axes]
hbm.stacks = [2, 4, 8]
interconnect.link_bandwidth = [\"64 GB/s\", \"128 GB/s\"]
[objectives]
maximise = [\"throughput_tokens_per_s\"]
minimise = [\"system_power_kw\"]
";

#[test]
fn two_sweeps_are_compared_point_by_point() {
    let folder = folder("diff");
    let sweep = |name: &str, text: &str| {
        std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
        run(&folder, &format!("sweep {name}.toml --out {name} --no-plots"));
    };
    sweep("first", SWEEP);
    sweep("same", SWEEP);
    sweep("clock", &format!("set = {{ chip.clock = \"0.5 GHz\" }}\n{SWEEP}"));
    sweep("wider", &SWEEP.replace("[2, 4, 8]", "[2, 4, 16]"));
    let diff = |arguments: &str, code: i32| {
        let output = hardwire(&folder, &format!("sweep diff {arguments}"));
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(diff("first same", 0).contains("no input and no result differs"));
    let clock: Value = serde_json::from_str(&diff("first clock --format json", 1)).unwrap();
    let inputs: Vec<&str> = clock["inputs"].as_array().unwrap().iter().map(|i| i["input"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["chip.clock"]);
    assert_eq!((&clock["inputs"][0]["before"], &clock["inputs"][0]["after"]), (&"1 GHz".into(), &"500 MHz".into()));
    assert_eq!(clock["points"]["compared"], 6);
    let power = clock["results"].as_array().unwrap().iter().find(|r| r["result"] == "system_power_kw");
    let largest = &power.unwrap()["largest"];
    let (before, after) = (largest["before"].as_f64().unwrap(), largest["after"].as_f64().unwrap());
    assert!(after < before, "half the clock");
    assert_eq!(largest["change"].as_f64().unwrap(), after - before);
    assert_eq!(largest["change_pct"].as_f64().unwrap(), (after - before) / before * 100.0);
    let wider = diff("first wider", 1);
    assert!(wider.contains("4 points in both, 2 only before, 2 only after"), "{wider}");
    assert!(wider.contains("axis hbm.stacks"), "{wider}");
    assert!(refused(&folder, "sweep diff first missing").contains("name the folder of a finished sweep"));
    std::fs::write(folder.join("same/summary.json"), "{}").unwrap();
    assert!(refused(&folder, "sweep diff first same").contains("is no summary of a sweep"));
}

/// A checkpoint of a run that was stopped in the middle, taken from a run that has not ended.
fn interrupted(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    for _ in 0..5 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hardwire"));
        let mut child = command.current_dir(folder).args(arguments).stdout(Stdio::null()).spawn().unwrap();
        let mut found = None;
        while found.is_none() && child.try_wait().unwrap().is_none() {
            found = std::fs::read(folder.join("run.state")).ok();
        }
        let _ = child.kill();
        child.wait().unwrap();
        if let Some(found) = found {
            return found;
        }
    }
    panic!("no checkpoint was written");
}

#[test]
fn a_simulation_goes_on_from_its_checkpoint() {
    let folder = folder("checkpoint");
    let request = "simulate hnlpu --sequences 24 --fidelity cycle --format json";
    let kept = format!("{request} --checkpoint run.state");
    let eager = format!("{kept} --checkpoint-every 0");
    let state = interrupted(&folder, &eager.split(' ').collect::<Vec<_>>());
    let write = |state: &[u8]| std::fs::write(folder.join("run.state"), state).unwrap();
    write(&state);
    let resumed = run(&folder, &kept);
    let told = String::from_utf8(resumed.stderr).unwrap();
    assert!(told.contains("run.state: going on after "), "{told}");
    assert_eq!(resumed.stdout, run(&folder, request).stdout);
    assert_eq!(files(&folder), Vec::<String>::new(), "a run that has ended needs no checkpoint");

    write(&state);
    let other = refused(&folder, "simulate hnlpu --sequences 25 --fidelity cycle --checkpoint run.state");
    assert!(other.contains("it is of another request, or of another version of this program"), "{other}");
    let mut damaged = state.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for bad in [&damaged[..], &state[..middle], &state[..100], b"", b"{}\n", &[0xff; 4000]] {
        write(bad);
        let message = refused(&folder, &kept);
        let told = message.contains("it is damaged") || message.contains("it is no checkpoint of a simulation");
        assert!(told || message.contains("UTF-8"), "{message}");
        assert_eq!(std::fs::read(folder.join("run.state")).unwrap(), bad, "the file is left as it is");
    }
    for (without, why) in [
        ("simulate hnlpu --fidelity analytic --checkpoint a", "keeps decode under dataflow from events or cycles"),
        ("simulate hnlpu --phase prefill --checkpoint a", "keeps decode under dataflow from events or cycles"),
        ("simulate hnlpu --checkpoint none/a", "there is no folder `none`"),
    ] {
        let message = refused(&folder, without);
        assert!(message.contains(why), "{message}");
    }
}
