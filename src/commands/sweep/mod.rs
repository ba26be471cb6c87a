//! `hardwire sweep`: computes the points of a sweep file, resumable, and reports the frontier and sensitivities.

mod computer;
mod diff;
mod files;
mod journal;
mod names;
mod summary;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use explore::summary::{Hashes, Summary, metadata, shown};
use storage::hash::ContentHash;
use sweep::exploration::{Exploration, Stage};
use sweep::record::Identity;
use sweep::rows::Rows;
use sweep::verdict::Verdict;
use sweep::{Method, Outcome, Plan};

use crate::cli::Format;
use crate::cli::sweep::{Common, Run, Sweep, SweepAction};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::replace::replace;
use crate::{input, output};
use computer::Computer;
use files::SUMMARY;
use journal::{Journal, JournalError};

/// Files of a results folder beside tables and plots.
const JOURNAL: &str = "journal";
const COPY: &str = "sweep.toml";

/// Runs the command.
pub fn run(arguments: &Sweep) -> Result<ExitCode, Failure> {
    match &arguments.action {
        Some(SweepAction::Merge { file, shards, out, common }) => merge(file, shards, out, common),
        Some(SweepAction::Diff { before, after, format }) => diff::run(before, after, *format),
        Some(SweepAction::Names { filter, format }) => names::run(filter.as_deref(), *format),
        None => {
            let Run { file: Some(file), out: Some(out), .. } = &arguments.run else {
                unreachable!("the command line requires both unless there is an action")
            };
            whole(&arguments.run, file, out)
        }
    }
}

/// Reads a sweep file; paths in it are relative to its folder.
fn plan(file: &str) -> Result<Plan, Failure> {
    let text = input::read(file).map_err(|reason| Failure::Request(format!("cannot read `{file}`: {reason}")))?;
    let beside = |path: &str| match Path::new(file).parent() {
        Some(folder) => input::read(&folder.join(path).to_string_lossy()),
        None => input::read(path),
    };
    Ok(sweep::read::plan(file, &text, &beside)?)
}

/// `I/N`.
fn shard(text: Option<&str>) -> Result<(u32, u32), Failure> {
    let Some(text) = text else { return Ok((0, 1)) };
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts.filter(|(i, n)| i < n).ok_or_else(|| {
        Failure::Request(format!(
            "--shard is `{text}`; write I/N with I from 0 to N - 1, e.g. 0/16 for the first of 16"
        ))
    })
}

fn threads(common: &Common) -> Result<usize, Failure> {
    match common.threads {
        Some(n) if !(1..=1024).contains(&n) => {
            Err(Failure::Request(format!("--threads is {n}; it must be at least 1 and at most 1024")))
        }
        Some(n) => Ok(n),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

fn hash(text: &str) -> u128 {
    ContentHash::of(text.as_bytes())
}

fn whole(run: &Run, file: &str, out: &str) -> Result<ExitCode, Failure> {
    let plan = plan(file)?;
    let shard = shard(run.shard.as_deref())?;
    let threads = threads(&run.common)?;
    if shard.1 > 1 && plan.method == Method::Nsga2 {
        let message = "nsga2 chooses points by the results of those before: it has no shards; use more threads instead";
        return Err(Failure::Request(message.into()));
    }
    for path in sweep::idle(&plan) {
        let mode = designs::mode::acts(&path).map_or(String::new(), |mode| format!(": it acts {mode}"));
        message!("note: `{path}` changes no column at the points tried{mode}");
    }
    if run.dry_run {
        return output::text(&outline(&plan)).map(|()| ExitCode::SUCCESS);
    }
    let (mut exploration, mut computer) = open(&plan, out, shard, run.fresh, threads)?;
    kept(exploration.screen(shard, &mut computer), out)?;
    if shard.1 > 1 {
        let (i, n) = shard;
        let text =
            format!("shard {i} of {n} is complete in {out}; `hardwire sweep merge` makes the whole of all shards\n");
        return output::text(&text).map(|()| ExitCode::SUCCESS);
    }
    kept(finish(exploration, computer, out, &run.common), out)
}

/// After a failed write: prints that the journal is kept and the sweep can be resumed.
fn kept<T>(result: Result<T, Failure>, out: &str) -> Result<T, Failure> {
    if matches!(result, Err(Failure::File { .. })) {
        message!("{out}: what was finished is kept; the same command goes on from there");
    }
    result
}

/// Outline of a sweep, for `--dry-run`.
fn outline(plan: &Plan) -> String {
    let mut text = format!(
        "{}: {} by {} on {}",
        plan.name,
        summary::points(plan.points),
        plan.method.name(),
        plan.state.design.name
    );
    text.push_str(&format!(
        ", {} results per point, then {} confirmed from events\n",
        plan.columns.len(),
        plan.confirm
    ));
    for axis in &plan.axes {
        let values = axis.levels().map_or("any".to_owned(), |n| n.to_string());
        let ends = [0.0, 1.0 - f64::EPSILON].map(|share| shown(axis, &axis.at(share)));
        text.push_str(&format!("  {}: {values} values, {} to {}\n", axis.name.path, ends[0], ends[1]));
    }
    text
}

/// Opens or creates the folder of a sweep and reads its journal.
fn open<'a>(
    plan: &'a Plan,
    out: &str,
    shard: (u32, u32),
    fresh: bool,
    threads: usize,
) -> Result<(Exploration<'a>, Computer), Failure> {
    let folder = Path::new(out);
    let failure = |path: &Path| {
        let path = path.display().to_string();
        move |error| Failure::File { path, error }
    };
    if folder.is_file() {
        return Err(Failure::Request(format!("`{out}` is a file; --out names a folder")));
    }
    std::fs::create_dir_all(folder).map_err(failure(folder))?;
    let path = folder.join(JOURNAL);
    let empty = std::fs::read_dir(folder).map_err(failure(folder))?.next().is_none();
    if !empty && !path.exists() {
        let message = format!("`{out}` is not empty and holds no sweep: name a new folder");
        return Err(Failure::Request(message));
    }
    if fresh && path.exists() {
        Journal::unused(&path).map_err(|error| refuse(error, out, plan, &path))?;
        discard(folder).map_err(failure(folder))?;
    }
    let identity = Identity { sweep: hash(&plan.identity()), columns: plan.columns.len() as u32, shard };
    let mut rows = Rows::new(plan.points as usize, plan.columns.len());
    let mut confirmed = BTreeMap::new();
    let mut sink = |stage: Stage, index: u64, outcome: Outcome| match stage {
        _ if index >= plan.points => {}
        Stage::Screen => rows.set(index as usize, &outcome),
        Stage::Confirm => drop(confirmed.insert(index, outcome)),
    };
    let (journal, found) =
        Journal::open(&path, identity, &mut sink).map_err(|error| refuse(error, out, plan, &path))?;
    if found.dropped > 0 {
        message!("{out}: the last {} bytes of the journal were incomplete; dropped", found.dropped);
    }
    if found.points > 0 {
        message!("{out}: going on after {} points", found.points);
    }
    let copy = folder.join(COPY);
    replace(&copy, |out| out.write_all(plan.text.as_bytes())).map_err(failure(&copy))?;
    Ok((Exploration::new(plan, rows, confirmed), Computer::new(journal, out, threads)))
}

/// Removes what an earlier sweep wrote to its folder.
fn discard(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let of = |names: &[&str], part: Option<&std::ffi::OsStr>| {
            part.and_then(|part| part.to_str()).is_some_and(|part| names.contains(&part))
        };
        let own =
            of(&[JOURNAL, SUMMARY, COPY], path.file_name()) || of(&["csv", "parquet", "svg", "png"], path.extension());
        if own && path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn refuse(error: JournalError, out: &str, plan: &Plan, path: &Path) -> Failure {
    match error {
        JournalError::Io(error) => Failure::File { path: path.display().to_string(), error },
        JournalError::Foreign => Failure::Request(format!("`{}` is no journal of a sweep", path.display())),
        JournalError::Locked => Failure::Request(format!("`{out}` is in use by another sweep that is running")),
        JournalError::Other(other) if other.sweep == hash(&plan.identity()) => Failure::Request(match other.shard {
            (_, 1) => format!("`{out}` holds this sweep as a whole, not a shard of it; name another folder"),
            (i, n) => format!("`{out}` holds shard {i} of {n} of this sweep; give --shard {i}/{n}, or another folder"),
        }),
        JournalError::Other(_) => Failure::Request(format!(
            "`{out}` holds another sweep, or this one before its file, design or version changed; name another folder, \
             or discard it with --fresh"
        )),
    }
}

/// Confirms the best points, then writes verdict, tables and plots.
fn finish(
    mut exploration: Exploration<'_>,
    mut computer: Computer,
    out: &str,
    common: &Common,
) -> Result<ExitCode, Failure> {
    let plan = exploration.plan;
    let feasible = exploration.feasible();
    exploration.confirm(&feasible, &mut computer)?;
    let verdict = Verdict::new(&exploration, feasible);
    let hashes = Hashes::of(plan);
    let folder = Path::new(out);
    let mut files = files::write_tables(&exploration, &verdict, folder, &metadata(plan, &hashes))?;
    if !common.no_plots {
        files.extend(files::write_plots(&exploration, &verdict, folder)?);
    }
    files.push(SUMMARY.to_owned());
    let summary = Summary::new(plan, &verdict, &hashes, files.clone());
    let mut body = serde_json::to_string_pretty(&summary).expect("results serialize");
    body.push('\n');
    let path = folder.join(SUMMARY);
    replace(&path, |out| out.write_all(body.as_bytes()))
        .map_err(|error| Failure::File { path: path.display().to_string(), error })?;
    match common.format {
        Format::Json => output::text(&body)?,
        Format::Table => output::text(&summary::render(plan, &verdict, out, &files))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `hardwire sweep merge`.
fn merge(file: &str, shards: &[String], out: &str, common: &Common) -> Result<ExitCode, Failure> {
    let plan = plan(file)?;
    let wanted = hash(&plan.identity());
    let mut parts = Vec::new();
    for shard in shards {
        let path = Path::new(shard).join(JOURNAL);
        let opened = input::open(&path);
        let journal = opened.map_err(|e| Failure::Request(format!("cannot read `{}`: {e}", path.display())))?;
        match journal::read(&journal).map_err(|error| refuse(error, shard, &plan, &path))? {
            Some((identity, batches)) if identity.sweep == wanted => parts.push(batches),
            _ => {
                let message = format!("`{shard}` holds another sweep than `{file}`, or this one before it was changed");
                return Err(Failure::Request(message));
            }
        }
    }
    let (mut exploration, mut computer) = open(&plan, out, (0, 1), false, threads(common)?)?;
    for (stage, batch) in parts.into_iter().flatten() {
        if stage == Stage::Screen {
            exploration.adopt(batch, &mut computer)?;
        }
    }
    let missing: Vec<u64> = (0..plan.points).filter(|&i| !exploration.rows.has(i as usize)).collect();
    if let Some(first) = missing.first() {
        let message = format!(
            "{} of {} points are in none of the folders, the first is {first}: finish or add the shards that have them",
            missing.len(),
            plan.points
        );
        return Err(Failure::Request(message));
    }
    finish(exploration, computer, out, common)
}
