//! `hardwire sweep`: computes the points of a sweep file, resumable, and reports the frontier and sensitivities.

mod diff;
mod names;
mod summary;
mod threads;

use std::path::Path;
use std::process::ExitCode;

use explore::folder::{self, Folder, FolderError, JOURNAL};
use explore::run::{self, Kept};
use explore::summary::shown;
use explore::tables::{Kind, Tables};
use sweep::exploration::Exploration;
use sweep::{Method, Plan};

use crate::cli::TableFormat;
use crate::cli::sweep::{Common, Run, Sweep, SweepAction};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::{input, output};
use threads::Threads;

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

/// The plan of a run or merge, whose summary has the form that is asked for.
fn summarised(file: &str, common: &Common) -> Result<Plan, Failure> {
    let plan = plan(file)?;
    if common.format == TableFormat::Csv && plan.objectives.is_empty() {
        let message = format!(
            "--format csv prints the frontier, and `{file}` has no [objectives]; all points are in results.csv of the folder"
        );
        return Err(Failure::Request(message));
    }
    Ok(plan)
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

fn whole(run: &Run, file: &str, out: &str) -> Result<ExitCode, Failure> {
    let plan = summarised(file, &run.common)?;
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
    going_on(exploration.screen(shard, &mut computer), out)?;
    if shard.1 > 1 {
        let (i, n) = shard;
        let text =
            format!("shard {i} of {n} is complete in {out}; `hardwire sweep merge` makes the whole of all shards\n");
        return output::text(&text).map(|()| ExitCode::SUCCESS);
    }
    going_on(finish(exploration, computer, out, &run.common), out)
}

/// After a failed write: prints that the journal is kept and the sweep can be resumed.
fn going_on<T>(result: Result<T, Failure>, out: &str) -> Result<T, Failure> {
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
) -> Result<(Exploration<'a>, Kept<Threads>), Failure> {
    let (folder, exploration, found) = Folder::open(plan, Path::new(out), shard, fresh)?;
    if found.dropped > 0 {
        message!("{out}: the last {} bytes of the journal were incomplete; dropped", found.dropped);
    }
    if found.points > 0 {
        message!("{out}: going on after {} points", found.points);
    }
    Ok((exploration, Kept { engine: Threads::new(threads), folder: Some(folder) }))
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        let advice = match &error {
            FolderError::IsFile(_) => "; --out names a folder".to_owned(),
            FolderError::OtherShard { shard: (_, 1), .. } => "; name another folder".to_owned(),
            FolderError::OtherShard { shard: (i, n), .. } => format!("; give --shard {i}/{n}, or another folder"),
            FolderError::Other(_) => "; name another folder, or discard it with --fresh".to_owned(),
            _ => String::new(),
        };
        match error {
            FolderError::File { path, error } => Self::File { path, error },
            other => Self::Request(format!("{other}{advice}")),
        }
    }
}

/// Confirms the best points, then writes verdict, tables and plots.
fn finish(
    exploration: Exploration<'_>,
    mut computer: Kept<Threads>,
    out: &str,
    common: &Common,
) -> Result<ExitCode, Failure> {
    let plan = exploration.plan;
    let finished = run::finish(exploration, &mut computer, !common.no_plots)?;
    match common.format {
        TableFormat::Json => output::raw(&finished.summary)?,
        TableFormat::Csv => {
            let mut text = Vec::new();
            let tables = Tables::new(&finished.exploration, &finished.verdict);
            tables.write_csv(Kind::Frontier, &mut text).map_err(|error| Failure::Request(error.to_string()))?;
            output::raw(&String::from_utf8_lossy(&text))?;
        }
        TableFormat::Table => output::text(&summary::render(plan, &finished.verdict, out, &finished.files))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `hardwire sweep merge`.
fn merge(file: &str, shards: &[String], out: &str, common: &Common) -> Result<ExitCode, Failure> {
    let plan = summarised(file, common)?;
    let mut parts = Vec::new();
    for shard in shards {
        let path = Path::new(shard).join(JOURNAL);
        let opened = input::open(&path);
        let journal = opened.map_err(|e| Failure::Request(format!("cannot read `{}`: {e}", path.display())))?;
        let Some(batches) = folder::shard(&plan, Path::new(shard), &journal)? else {
            let message = format!("`{shard}` holds another sweep than `{file}`, or this one before it was changed");
            return Err(Failure::Request(message));
        };
        parts.push(batches);
    }
    let (mut exploration, mut computer) = open(&plan, out, (0, 1), false, threads(common)?)?;
    for batch in parts.into_iter().flatten() {
        exploration.adopt(batch, &mut computer)?;
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
