//! `hardwire dataset label`: labels rows in worker processes, with a journal; writes the corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use corpus::design_labels::{self, DESIGN};
use corpus::labels::{self, Outcome};
use corpus::normal::digest;
use corpus::table::{self, Entry};
use designs::Design;
use ir::labels::{Batch, BatchReply, Failure as LabelFailure, Job, Phase, Reply, Settings, Target};
use serde::Serialize;
use storage::columnar::{ColumnarError, Frame, Writer};

use super::file;
use super::journal::{Header, Journal};
use super::pool::{Loss, Pool, Protocol, workers};
use super::xpu;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::output;
use crate::progress::Progress;
use files::replace;

/// Texts of a batch at most.
const BATCH_JOBS: usize = 32;
/// Bytes of a batch's texts at most.
const BATCH_BYTES: usize = 96 << 10;
/// Texts after which a worker is replaced.
const JOBS_PER_WORKER: usize = 1500;
/// Rows of a row group of the corpus.
const ROW_GROUP: usize = 8192;

struct Labelling<'a> {
    entries: &'a [Entry],
    settings: &'a Settings,
}

impl Protocol for Labelling<'_> {
    type Answer = Outcome;

    fn request(&self, jobs: &[usize]) -> String {
        let jobs = jobs.iter().map(|&id| Job { id: id as u64, text: self.entries[id].row.text.clone() }).collect();
        let batch = Batch { jobs, targets: Target::ALL.to_vec(), settings: self.settings.clone() };
        serde_json::to_string(&batch).expect("text serializes")
    }

    fn answers(&self, jobs: &[usize], line: &str) -> Result<Vec<Outcome>, String> {
        let reply: BatchReply = serde_json::from_str(line).map_err(|e| e.to_string())?;
        if !reply.replies.iter().map(|r| r.id as usize).eq(jobs.iter().copied()) {
            return Err("replies to other jobs".into());
        }
        Ok(reply.replies.into_iter().map(outcome).collect())
    }

    fn lost(&self, _job: usize, loss: Loss) -> Outcome {
        let phase = if matches!(loss, Loss::TimedOut(_)) { Phase::Timeout } else { Phase::Crash };
        Outcome::Failure(LabelFailure { phase, reason: loss.to_string() })
    }
}

/// A row is one function: a module with several public ones has no single label.
fn outcome(reply: Reply) -> Outcome {
    let several = |count: usize| LabelFailure {
        phase: Phase::Parse,
        reason: format!("the module has {count} public functions, a row is one"),
    };
    match (reply.failure, reply.functions.len()) {
        (Some(failure), _) => Outcome::Failure(failure),
        (None, 1) => Outcome::Function(reply.functions.into_iter().next().expect("there is one")),
        (None, count) => Outcome::Failure(several(count)),
    }
}

/// Result of labelling.
#[derive(Debug, Serialize)]
struct LabellingReport {
    rows: usize,
    labelled: usize,
    failed: usize,
    without_outcome: usize,
    failures_by_reason: BTreeMap<String, usize>,
    labelled_this_time: usize,
    seconds: f64,
    texts_per_second: f64,
    file: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetLabel) -> Result<ExitCode, Failure> {
    if arguments.timeout == 0 || arguments.timeout > 86_400 {
        return Err(Failure::Request(format!("--timeout is 1 to 86400 seconds, not {}", arguments.timeout)));
    }
    let path = arguments.dir.join("rows.parquet");
    let frame = file::read(&path)?;
    let entries = table::entries(&frame).map_err(|error| file::refuse(&path, error))?;
    let seed = frame.metadata.get("seed").and_then(|s| s.parse().ok()).unwrap_or(0);
    drop(frame);

    let settings = Settings::default();
    let hashes: Vec<&str> = entries.iter().map(|e| e.row.hash.as_str()).collect();
    let header = Header { rows: digest(&hashes.join(" ")), targets: Target::ALL.to_vec(), settings: settings.clone() };
    let (mut journal, mut outcomes, dropped) = Journal::open(&arguments.dir.join("labels.journal"), &header)?;
    if dropped > 0 {
        message!("the journal's last {dropped} bytes were damaged and are dropped");
    }

    let chosen = choose(&entries, seed, arguments.rows);
    let todo: Vec<usize> = chosen.iter().copied().filter(|&i| !outcomes.contains_key(&entries[i].row.hash)).collect();
    let mut progress = Progress::new("labelling", "texts", todo.len() as u64, 0);
    let pool = pool(arguments.workers, arguments.timeout);
    let limit = arguments.minutes.map(|m| Duration::from_secs(60 * m));
    let mut failed = None;
    let batches = if limit == Some(Duration::ZERO) { Vec::new() } else { batches(&entries, &todo) };
    if !batches.is_empty() {
        file::needs_llvm("labelling")?;
    }
    pool.run(&Labelling { entries: &entries, settings: &settings }, batches, |job, outcome| {
        let hash = entries[job].row.hash.clone();
        if let Err(error) = journal.append(&hash, &outcome) {
            failed = Some(error);
            return Ok(false);
        }
        outcomes.insert(hash, outcome);
        progress.add(1);
        Ok(limit.is_none_or(|limit| progress.elapsed() < limit))
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if progress.done() > 0 {
        progress.finish();
    }
    let seconds = progress.elapsed().as_secs_f64();

    // Rows without an outcome are left out only if a part was requested.
    let done: Vec<&Entry> = entries.iter().filter(|e| outcomes.contains_key(&e.row.lowered)).collect();
    let complete = done.len() == entries.len();
    let partial = arguments.rows.is_some() || arguments.minutes.is_some();
    let file = arguments.dir.join("corpus.parquet");
    if complete || partial {
        let design = crate::input::design(DESIGN, &[])?;
        write(&file, &done, &outcomes, seed, &design)?;
    }
    let mut failures_by_reason = BTreeMap::new();
    for entry in &done {
        if let Some(reason) = labels::failure(&outcomes[&entry.row.lowered]) {
            *failures_by_reason.entry(reason).or_default() += 1;
        }
    }
    let failures: usize = failures_by_reason.values().sum();
    let report = LabellingReport {
        rows: entries.len(),
        labelled: done.len() - failures,
        failed: failures,
        without_outcome: entries.len() - done.len(),
        failures_by_reason,
        labelled_this_time: progress.done() as usize,
        seconds,
        texts_per_second: progress.done() as f64 / seconds.max(1e-9),
        file: (complete || partial).then(|| file.display().to_string()),
    };
    print(&report, arguments.format)?;
    Ok(ExitCode::SUCCESS)
}

/// The workers that label, with `timeout` seconds for one text.
fn pool(asked: Option<usize>, timeout: u64) -> Pool {
    Pool {
        action: "worker",
        workers: workers(asked),
        timeout: Duration::from_secs(timeout),
        jobs_per_worker: JOBS_PER_WORKER,
    }
}

/// Labels some rows again, without a journal; outcomes in the order of `chosen`.
pub fn again(entries: &[Entry], chosen: &[usize]) -> Result<Vec<Outcome>, Failure> {
    let settings = Settings::default();
    let pool = pool(None, 60);
    let mut progress = Progress::new("labelling again", "texts", chosen.len() as u64, 0);
    let mut outcomes = BTreeMap::new();
    pool.run(&Labelling { entries, settings: &settings }, batches(entries, chosen), |job, outcome| {
        outcomes.insert(job, outcome);
        progress.add(1);
        Ok(true)
    })?;
    progress.finish();
    Ok(chosen.iter().filter_map(|job| outcomes.remove(job)).collect())
}

/// The texts to lower, kernel by kernel in an order shuffled by the seed, so that every prefix is a representative sample.
fn choose(entries: &[Entry], seed: u64, rows: Option<usize>) -> Vec<usize> {
    let index: BTreeMap<&str, usize> = entries.iter().enumerate().map(|(i, e)| (e.row.hash.as_str(), i)).collect();
    let mut order: Vec<(String, usize)> = (0..entries.len())
        .map(|i| (digest(&format!("{seed}/order/{}/{}", entries[i].row.family, entries[i].row.kernel)), i))
        .collect();
    order.sort_unstable();
    let mut taken = BTreeSet::new();
    let chosen = order.into_iter().take(rows.unwrap_or(usize::MAX));
    let lowered = chosen.filter_map(|(_, i)| index.get(entries[i].row.lowered.as_str()).copied());
    lowered.filter(|i| taken.insert(*i)).collect()
}

/// Consecutive texts in batches that are bounded in number and bytes.
fn batches(entries: &[Entry], todo: &[usize]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &index in todo {
        let length = entries[index].row.text.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_JOBS && bytes + length <= BATCH_BYTES => {
                batch.push(index);
                bytes += length;
            }
            _ => {
                batches.push(vec![index]);
                bytes = length;
            }
        }
    }
    batches
}

/// Writes the corpus: rows in the order of the table, the same bytes for the same outcomes.
fn write(
    path: &std::path::Path,
    entries: &[&Entry],
    outcomes: &BTreeMap<String, Outcome>,
    seed: u64,
    design: &Design,
) -> Result<(), Failure> {
    let frame = |part: &[&Entry]| {
        let owned: Vec<Entry> = part.iter().map(|e| (*e).clone()).collect();
        let of: Vec<&Outcome> = part.iter().map(|e| &outcomes[&e.row.lowered]).collect();
        let mut columns = table::columns(&owned);
        columns.extend(labels::columns(&of));
        let placed: Vec<_> = part.iter().map(|e| xpu::label(&e.row.text, design)).collect();
        columns.extend(design_labels::columns(&placed));
        Frame { columns, metadata: table::metadata(seed) }
    };
    replace(path, |out| {
        let mut writer = Writer::new(out, &frame(&[]))?;
        for part in entries.chunks(ROW_GROUP) {
            writer.append(&frame(part))?;
        }
        writer.finish().map(|_| ())
    })
    .map_err(|e: ColumnarError| Failure::Request(format!("{}: {e}", path.display())))
}

fn print(report: &LabellingReport, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return output::json(report);
    }
    let LabellingReport { rows, labelled, failed, without_outcome, .. } = report;
    let mut out = format!("{rows} rows: {labelled} labelled, {failed} failed, {without_outcome} without an outcome\n");
    out += &format!(
        "{} texts this time in {:.0} s, {:.1} a second\n",
        report.labelled_this_time, report.seconds, report.texts_per_second
    );
    if !report.failures_by_reason.is_empty() {
        out.push('\n');
        out += &super::summary::counted("failure", &report.failures_by_reason);
    }
    match &report.file {
        Some(file) => out += &format!("\nwritten: {file}\n"),
        None => out += "\nnot complete: run the same command again to go on\n",
    }
    output::text(&out)
}
