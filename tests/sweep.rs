//! `hardwire sweep` as a process: killed and resumed, sharded and merged, with different numbers of threads; the files
//! must be the same to the byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value::Null;

const SWEEP: &str = r#"
confirm = 3
constraints = ["workload.sequences + 0 <= 6"]
[set]
model = "llama-3-1-8b"
[axes]
interconnect.link_bandwidth = { from = "32 GB/s", to = "512 GB/s", points = 40, scale = "log" }
workload.sequences = [1, 2, 3, 4, 5, 6, 7, 8]
hbm.stacks = [1, 2, 4, 8]
chip.clock = ["0.5 GHz", "0.7 GHz", "1 GHz", "1.3 GHz"]
grid = ["1x2", "2x1", "1x3"]
[objectives]
maximise = ["throughput_tokens_per_s"]
minimise = ["estimate.tco_dynamic_usd.mid", "system_power_kw"]
"#;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("hardwire-sweep-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn hardwire(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardwire"));
    command.current_dir(folder).args(arguments.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &str) -> String {
    let output = hardwire(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &str) -> String {
    let output = hardwire(folder, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// All files of a sweep but the journal, whose order depends on the threads.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.file_name().unwrap() != "journal");
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())).collect()
}

/// Starts a command and kills it (SIGKILL) after a time; returns whether it was still running.
fn kill(folder: &Path, arguments: &str, after: Duration) -> bool {
    let mut child = hardwire(folder, arguments).spawn().unwrap();
    std::thread::sleep(after);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn killed_sharded_or_threaded_the_files_are_the_same() {
    let folder = folder("same");
    std::fs::write(folder.join("a.toml"), SWEEP).unwrap();
    run(&folder, "sweep a.toml --out whole --threads 1");
    let whole = files(&folder.join("whole"));
    for name in ["frontier-system_power_kw.png", "parallel.svg", "heat-map-throughput_tokens_per_s.png"] {
        assert!(whole.contains_key(name), "{name}");
    }
    for name in ["results.csv", "results.parquet", "confirmed.csv", "frontier.parquet", "summary.json", "sweep.toml"] {
        assert!(whole.contains_key(name), "{name}");
    }
    assert!(whole["results.csv"].starts_with(b"point,interconnect.link_bandwidth_bytes_per_s,workload.sequences,"));

    run(&folder, "sweep a.toml --out threads --threads 4");
    assert!(files(&folder.join("threads")) == whole, "four threads");

    // One kill early, one in the middle, one late.
    for milliseconds in [20, 90, 180] {
        kill(&folder, "sweep a.toml --out killed --threads 2", Duration::from_millis(milliseconds));
    }
    run(&folder, "sweep a.toml --out killed --threads 2");
    assert!(files(&folder.join("killed")) == whole, "killed three times");
    // A sweep also resumes from a truncated journal.
    let journal = folder.join("killed/journal");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() / 3]).unwrap();
    run(&folder, "sweep a.toml --out killed");
    assert!(files(&folder.join("killed")) == whole, "a third of the journal");

    for shard in 0..3 {
        run(&folder, &format!("sweep a.toml --out part-{shard} --shard {shard}/3"));
    }
    let missing = refused(&folder, "sweep merge a.toml part-0 part-2 --out half");
    assert!(missing.contains("5120 of 15360 points are in none of the folders, the first is 1"), "{missing}");
    run(&folder, "sweep merge a.toml part-0 part-1 part-2 --out merged");
    assert!(files(&folder.join("merged")) == whole, "three shards");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Columns of a CSV file, by name.
fn columns(file: &[u8]) -> BTreeMap<String, Vec<String>> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    names
        .iter()
        .enumerate()
        .map(|(i, name)| ((*name).to_owned(), rows.iter().map(|row| row[i].to_owned()).collect()))
        .collect()
}

#[test]
fn every_value_of_an_axis_has_its_own_confirmed_frontier() {
    let folder = folder("branches");
    let text = SWEEP.replace("confirm = 3", "confirm = 4").replace("points = 40", "points = 3");
    std::fs::write(folder.join("a.toml"), text + "[plots]\nfrontier_by = \"grid\"\n").unwrap();
    run(&folder, "sweep a.toml --out out --no-plots");
    let files = files(&folder.join("out"));
    let (confirmed, results) = (columns(&files["confirmed.csv"]), columns(&files["results.csv"]));
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    let objectives = ["throughput_tokens_per_s", "estimate.tco_dynamic_usd.mid", "system_power_kw"];
    let costs = |table: &BTreeMap<String, Vec<String>>, row: usize| {
        let cost = |name: &&str| table[*name][row].parse::<f64>().unwrap();
        let mut costs: Vec<f64> = objectives.iter().map(cost).collect();
        costs[0] = -costs[0];
        costs
    };
    let beats = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a <= b);
    let branches = summary["frontier_by"].as_array().unwrap();
    assert_eq!(branches.iter().map(|b| b["value"].as_str().unwrap()).collect::<Vec<_>>(), ["1x2", "2x1", "1x3"]);
    // The model's heads do not divide by three columns: a branch without valid points gets no confirmed points.
    assert_eq!((branches[2]["points"].as_array().unwrap().len(), &branches[2]["objectives"][0]["best"]), (0, &Null));
    let mut rivals = 0;
    for branch in &branches[..2] {
        assert_eq!(branch["axis"], "grid");
        let value = branch["value"].as_str().unwrap();
        let own: Vec<usize> = (0..confirmed["point"].len()).filter(|&row| confirmed["grid"][row] == value).collect();
        assert_eq!(own.len(), 2, "half of the confirmed points");
        let unbeaten = |&&row: &&usize| {
            let mine = costs(&confirmed, row);
            !own.iter().any(|&other| other != row && beats(&costs(&confirmed, other), &mine))
        };
        let front: Vec<usize> = own.iter().filter(unbeaten).copied().collect();
        let points: Vec<String> = branch["points"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(points, front.iter().map(|&row| confirmed["point"][row].clone()).collect::<Vec<_>>(), "{value}");
        let fastest = front.iter().map(|&row| -costs(&confirmed, row)[0]).fold(0.0, f64::max);
        assert_eq!(branch["objectives"][0]["best"].as_f64(), Some(fastest));
        let others = (0..results["point"].len()).filter(|&row| {
            results["grid"][row] == value
                && results["status"][row] == "ok"
                && !confirmed["point"].contains(&results["point"][row])
        });
        // Designs within 1 % count as equal.
        let shifted = |row: usize| costs(&results, row).iter().map(|cost| cost + 0.01 * cost.abs()).collect::<Vec<_>>();
        let open = others.filter(|&row| !front.iter().any(|&best| beats(&costs(&confirmed, best), &shifted(row))));
        rivals += open.count();
    }
    assert!(rivals > 0, "two points each leave some out");
    assert_eq!(summary["unconfirmed_rivals"].as_u64(), Some(rivals as u64));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_optimiser_resumes_and_another_sweep_is_refused() {
    let folder = folder("optimiser");
    let text = SWEEP.to_owned() + "[sample]\nmethod = \"nsga2\"\npoints = 2000\nseed = 3\n";
    std::fs::write(folder.join("a.toml"), &text).unwrap();
    std::fs::write(folder.join("b.toml"), SWEEP).unwrap();
    run(&folder, "sweep a.toml --out whole --threads 1");
    let whole = files(&folder.join("whole"));
    for milliseconds in [15, 35, 55] {
        kill(&folder, "sweep a.toml --out killed", Duration::from_millis(milliseconds));
    }
    run(&folder, "sweep a.toml --out killed");
    assert!(files(&folder.join("killed")) == whole);
    let error = refused(&folder, "sweep b.toml --out whole");
    assert!(error.contains("`whole` holds another sweep"), "{error}");
    let error = refused(&folder, "sweep a.toml --out part --shard 0/2");
    assert!(error.contains("has no shards"), "{error}");
    run(&folder, "sweep b.toml --out whole --fresh");
    std::fs::remove_dir_all(folder).unwrap();
}

/// `make test-kill`: kills at random times a run that is long enough to be killed ten times.
#[test]
#[ignore = "takes a minute; `make test-kill`"]
fn killed_ten_times_at_random_moments_the_files_are_the_same() {
    let folder = folder("random");
    let text = SWEEP.replace("points = 40", "points = 1600");
    std::fs::write(folder.join("a.toml"), text).unwrap();
    // The keys of the standard hasher are the source of random numbers.
    let random = |bound: u128| {
        use std::hash::{BuildHasher, Hasher};
        u128::from(std::hash::RandomState::new().build_hasher().finish()) % bound
    };
    #[expect(clippy::disallowed_types, reason = "kills are spread over the time that a run takes")]
    let start = std::time::Instant::now();
    run(&folder, "sweep a.toml --out whole");
    let whole = start.elapsed();
    let mut kills = 0;
    while kills < 10 {
        let after = Duration::from_micros(random(whole.as_micros() / 12) as u64);
        let running = kill(&folder, "sweep a.toml --out killed", after);
        assert!(running, "finished after {kills} kills: the sweep is too short");
        kills += 1;
        let journal = std::fs::metadata(folder.join("killed/journal")).map_or(0, |file| file.len());
        println!("kill {kills} after {after:?}: {journal} bytes of journal");
    }
    run(&folder, "sweep a.toml --out killed");
    assert!(files(&folder.join("killed")) == files(&folder.join("whole")));
    std::fs::remove_dir_all(folder).unwrap();
}

/// Runs a sweep with a limit on file sizes, as on a full disk; returns its exit code and standard error.
#[cfg(unix)]
fn limited(folder: &Path, kib: u32, arguments: &str) -> (Option<i32>, String) {
    // SIGXFSZ would kill the process; if it is ignored, writing fails as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec {} {arguments}", env!("CARGO_BIN_EXE_hardwire"));
    let output = Command::new("bash").current_dir(folder).args(["-c", &script]).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_an_error_that_loses_nothing() {
    let folder = folder("full");
    std::fs::write(folder.join("a.toml"), SWEEP.replace("points = 40", "points = 8")).unwrap();
    run(&folder, "sweep a.toml --out whole");
    let whole = files(&folder.join("whole"));
    // Space for a part of the journal.
    let (code, error) = limited(&folder, 32, "sweep a.toml --out full");
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("error: cannot write `full/journal`: File too large"), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    run(&folder, "sweep a.toml --out full");
    assert!(files(&folder.join("full")) == whole);
    // No space for a table: the existing one is kept, without a partial file beside it.
    std::os::unix::fs::symlink("/dev/full", folder.join("full/results.csv.tmp")).unwrap();
    let error = refused(&folder, "sweep a.toml --out full");
    assert!(error.contains("error: cannot write `full/results.csv`: No space left on device"), "{error}");
    assert!(files(&folder.join("full")) == whole);
    std::fs::remove_dir_all(folder).unwrap();
}
