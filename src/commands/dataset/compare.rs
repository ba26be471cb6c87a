//! `hardwire dataset compare-parsers`: compares the parser of `ir` with that of upstream MLIR on texts of rows or graphs.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use corpus::table;
use ir::mlir::differential::{Difference, Outcome, Text};
use labelling::pool::{Loss, Pool, Protocol, workers};
use serde::{Deserialize, Serialize};

use super::file;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::output;
use crate::progress::Progress;

/// Texts of a batch.
const BATCH: usize = 16;
/// Texts after which a worker is replaced: upstream never frees types and attributes.
const JOBS_PER_WORKER: usize = 4000;
/// Longest line of a file of graphs, in bytes.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Texts of a file of graphs at most.
const MAX_TEXTS: usize = 1_000_000;
/// Texts with differences that a table shows.
const SHOWN: usize = 20;

/// A line of a file of graphs, as `scripts/corpus` writes it.
#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    generic: Option<String>,
}

struct Texts {
    names: Vec<String>,
    texts: Vec<Text>,
}

impl Protocol for Texts {
    type Answer = Outcome;

    fn request(&self, jobs: &[usize]) -> String {
        let texts: Vec<&Text> = jobs.iter().map(|&job| &self.texts[job]).collect();
        serde_json::to_string(&texts).expect("text serializes")
    }

    fn answers(&self, _: &[usize], line: &str) -> Result<Vec<Outcome>, String> {
        serde_json::from_str(line).map_err(|e| e.to_string())
    }

    fn lost(&self, _: usize, loss: Loss) -> Outcome {
        Outcome::Lost { reason: loss.to_string() }
    }
}

#[derive(Debug, Default, Serialize)]
struct ParserComparison {
    texts: usize,
    operations: usize,
    same: usize,
    different: usize,
    refused_by_both: usize,
    /// Parsed by `ir` only, without a generic form to compare with.
    unread_by_upstream: usize,
    lost: usize,
    /// Texts that are not the same.
    complaints: Vec<Complaint>,
}

#[derive(Debug, Serialize)]
struct Complaint {
    text: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetCompareParsers) -> Result<ExitCode, Failure> {
    file::needs_llvm("comparing with upstream's parser")?;
    let mut texts = Texts { names: Vec::new(), texts: Vec::new() };
    if arguments.files.is_empty() {
        read(&file::file_or_default(None), &mut texts)?;
    }
    for file in &arguments.files {
        read(file, &mut texts)?;
    }
    let chosen: Vec<usize> = (0..texts.texts.len()).step_by(arguments.every.get()).collect();
    let pool = Pool {
        command: file::this_command()?,
        action: "compare",
        workers: workers(arguments.workers),
        timeout: Duration::from_secs(60),
        jobs_per_worker: JOBS_PER_WORKER,
    };
    let mut progress = Progress::new("comparing", "texts", chosen.len() as u64, 0);
    let mut outcomes: Vec<(usize, Outcome)> = Vec::with_capacity(chosen.len());
    let batches = chosen.chunks(BATCH).map(<[usize]>::to_vec).collect();
    pool.run(&texts, batches, |job, outcome| {
        outcomes.push((job, outcome));
        progress.add(1);
        Ok(true)
    })
    .map_err(|e| Failure::Request(format!("a worker could not be started: {e}")))?;
    progress.finish();
    outcomes.sort_by_key(|(job, _)| *job);
    let report = report(&texts, outcomes);
    if arguments.format == Format::Json {
        output::json(&report)?;
    } else {
        output::text(&report_table(&report))?;
    }
    Ok(ExitCode::from(u8::from(report.different + report.lost > 0)))
}

fn report(texts: &Texts, outcomes: Vec<(usize, Outcome)>) -> ParserComparison {
    let mut report = ParserComparison { texts: outcomes.len(), ..ParserComparison::default() };
    for (job, outcome) in outcomes {
        match &outcome {
            Outcome::Same { operations } => {
                report.same += 1;
                report.operations += operations;
                continue;
            }
            Outcome::Different { .. } => report.different += 1,
            Outcome::BothRefuse { .. } => report.refused_by_both += 1,
            Outcome::Unread { .. } => report.unread_by_upstream += 1,
            Outcome::Lost { .. } => report.lost += 1,
        }
        report.complaints.push(Complaint { text: texts.names[job].clone(), outcome });
    }
    report
}

fn report_table(report: &ParserComparison) -> String {
    let mut out = format!(
        "{} texts: {} the same as upstream reads them ({} operations), {} different, {} refused by both,\n\
         {} read by us alone, {} lost with their worker\n",
        report.texts,
        report.same,
        report.operations,
        report.different,
        report.refused_by_both,
        report.unread_by_upstream,
        report.lost
    );
    let grave = |c: &&Complaint| matches!(c.outcome, Outcome::Different { .. } | Outcome::Lost { .. });
    for complaint in report.complaints.iter().filter(grave).take(SHOWN) {
        match &complaint.outcome {
            Outcome::Different { differences } => {
                for Difference { line, operation, what, ours, other } in differences {
                    let text = &complaint.text;
                    out.push_str(&format!("{text}:{line}: {operation}: {what}: here {ours}, upstream {other}\n"));
                }
            }
            Outcome::Lost { reason } => out.push_str(&format!("{}: {reason}\n", complaint.text)),
            _ => {}
        }
    }
    out
}

/// Adds the texts of a file: rows (Parquet), or graphs (a JSON object a line).
fn read(path: &Path, texts: &mut Texts) -> Result<(), Failure> {
    if path.extension().is_some_and(|e| e == "parquet") {
        let frame = file::read(path)?;
        for entry in table::entries(&frame).map_err(|error| file::refuse(path, error))? {
            texts.names.push(entry.row.hash);
            texts.texts.push(Text { text: entry.row.text, generic: None });
        }
        return Ok(());
    }
    let refuse = |reason: String| Failure::Request(format!("{}: {reason}", path.display()));
    let mut file = BufReader::new(crate::input::open(path).map_err(|e| refuse(e.to_string()))?);
    for number in 1.. {
        let mut line = String::new();
        let count = file.by_ref().take(MAX_LINE_BYTES).read_line(&mut line).map_err(|e| refuse(e.to_string()))?;
        if count == 0 {
            break;
        }
        if count as u64 == MAX_LINE_BYTES || texts.texts.len() >= MAX_TEXTS {
            return Err(refuse(format!("line {number}: lines of 64 MiB and a million texts are the most")));
        }
        let Line { id, text, generic } = serde_json::from_str(&line).map_err(|e| {
            refuse(format!("line {number}: {e}; a line is a JSON object with `id`, `text` and perhaps `generic`"))
        })?;
        texts.names.push(id);
        texts.texts.push(Text { text, generic });
    }
    Ok(())
}

/// Answers batches until standard input ends.
#[cfg(feature = "mlir")]
pub fn serve() -> Result<ExitCode, Failure> {
    use std::io::Write;

    let bridge = ir::mlir::bridge::Bridge::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Failure::Output)?;
        let texts: Vec<Text> =
            serde_json::from_str(&line).map_err(|e| Failure::Request(format!("not texts to compare: {e}")))?;
        let outcomes: Vec<Outcome> = texts.iter().map(|text| ir::mlir::differential::compare(&bridge, text)).collect();
        serde_json::to_writer(&mut out, &outcomes).map_err(|e| Failure::Output(e.into()))?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails: this build has no upstream parser.
#[cfg(not(feature = "mlir"))]
pub fn serve() -> Result<ExitCode, Failure> {
    file::needs_llvm("comparing with upstream's parser").map(|()| ExitCode::SUCCESS)
}
