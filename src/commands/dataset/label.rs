//! `hardwire dataset label`: labels rows in worker processes, with a journal; writes the corpus.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use corpus::design_labels::DESIGN;
use corpus::labels::Outcome;
use corpus::table::Entry;
use ir::labels::Settings;
use labelling::folder::{Folder, Labelled};
use labelling::jobs::{self, Labelling, batches};
use labelling::pool::{Pool, workers};
use labelling::task::LONGEST_S;
use serde::Serialize;

use super::file;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::output;
use crate::progress::Progress;

/// Result of labelling, with its time.
#[derive(Debug, Serialize)]
struct LabellingReport {
    #[serde(flatten)]
    labelled: Labelled,
    seconds: f64,
    texts_per_second: f64,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetLabel) -> Result<ExitCode, Failure> {
    let timeout = timeout(arguments.timeout)?;
    let (mut folder, dropped) = Folder::open(&arguments.dir, arguments.rows)?;
    let seconds = label(folder.todo().len(), dropped, arguments.minutes, |more| {
        file::needs_llvm("labelling")?;
        Ok(folder.label_here(&pool(arguments.workers, timeout)?, more)?)
    })?;

    // Rows without an outcome are left out only if a part was requested.
    let partial = arguments.rows.is_some() || arguments.minutes.is_some();
    let labelled = folder.finish(partial, &crate::input::design(DESIGN, &[])?)?;
    let texts_per_second = labelled.labelled_this_time as f64 / seconds.max(1e-9);
    print(&LabellingReport { labelled, seconds, texts_per_second }, arguments.format)?;
    Ok(ExitCode::SUCCESS)
}

/// Labels `todo` texts with progress for at most so many minutes; returns the seconds it took. `label_here` calls its argument after
/// each text and goes on while that is true. `dropped` is the number of bytes that the journal lost.
pub fn label(
    todo: usize,
    dropped: u64,
    minutes: Option<u64>,
    label_here: impl FnOnce(&mut dyn FnMut() -> bool) -> Result<(), Failure>,
) -> Result<f64, Failure> {
    if dropped > 0 {
        message!("the journal's last {dropped} bytes were damaged and are dropped");
    }
    let mut progress = Progress::new("labelling", "texts", todo as u64, 0);
    let limit = minutes.map(|minutes| Duration::from_secs(60 * minutes));
    if todo > 0 && limit != Some(Duration::ZERO) {
        label_here(&mut || {
            progress.add(1);
            limit.is_none_or(|limit| progress.elapsed() < limit)
        })?;
    }
    if progress.done() > 0 {
        progress.finish();
    }
    Ok(progress.elapsed().as_secs_f64())
}

/// The longest time for one text.
pub fn timeout(seconds: u64) -> Result<Duration, Failure> {
    if seconds == 0 || seconds > LONGEST_S {
        return Err(Failure::Request(format!("--timeout is 1 to {LONGEST_S} seconds, not {seconds}")));
    }
    Ok(Duration::from_secs(seconds))
}

/// The workers that label, with `timeout` for one text.
fn pool(asked: Option<usize>, timeout: Duration) -> Result<Pool, Failure> {
    Ok(jobs::pool(file::this_command()?, workers(asked), timeout))
}

/// Labels some rows again, without a journal; outcomes in the order of `chosen`.
pub fn again(entries: &[Entry], chosen: &[usize]) -> Result<Vec<Outcome>, Failure> {
    let text = |index: usize| entries[index].row.text.as_str();
    let mut progress = Progress::new("labelling again", "texts", chosen.len() as u64, 0);
    let mut outcomes = BTreeMap::new();
    let labelling = Labelling { text: &text, settings: &Settings::default() };
    pool(None, Duration::from_secs(60))?.run(&labelling, batches(&text, chosen), |job, outcome| {
        outcomes.insert(job, outcome);
        progress.add(1);
        Ok(true)
    })?;
    progress.finish();
    Ok(chosen.iter().filter_map(|job| outcomes.remove(job)).collect())
}

fn print(report: &LabellingReport, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return output::json(report);
    }
    let Labelled { rows, labelled, failed, without_outcome, .. } = report.labelled;
    let mut out = format!("{rows} rows: {labelled} labelled, {failed} failed, {without_outcome} without an outcome\n");
    out += &format!(
        "{} texts this time in {:.0} s, {:.1} a second\n",
        report.labelled.labelled_this_time, report.seconds, report.texts_per_second
    );
    if !report.labelled.failures_by_reason.is_empty() {
        out.push('\n');
        out += &super::summary::counted("failure", &report.labelled.failures_by_reason);
    }
    match &report.labelled.file {
        Some(file) => out += &format!("\nwritten: {file}\n"),
        None => out += "\nnot complete: run the same command again to go on\n",
    }
    output::text(&out)
}
