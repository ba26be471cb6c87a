//! Sweeps: a plan, its points on threads or on an engine of Python's, and the results.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use explore::summary::{Hashes, Summary, metadata};
use explore::tables::{Kind, Tables};
use explore::{plots, pool};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Serialize};
use sim::Fidelity;
use storage::columnar::{Column, Frame};
use sweep::exploration::{Executor, Exploration, Job, Stage};
use sweep::record::{decode, encode};
use sweep::rows::Rows;
use sweep::verdict::Verdict;
use sweep::{Outcome, Value, Worker};

use crate::faults::Fault;
use crate::outside;
use crate::sources::Sources;
use crate::studies::json;

/// Most threads of a run.
const MAX_THREADS: usize = 1024;
/// Most points of a task in closed form; a task from events is one point.
const MAX_PART: usize = 2048;
/// Tasks per worker that keep workers with slow points from holding up the others.
const PARTS: usize = 64;

/// A sweep file that was read, with the files that it names.
#[pyclass(frozen)]
pub struct Plan {
    plan: sweep::Plan,
    files: BTreeMap<String, String>,
}

/// A column as Arrow lays it out: name, type, buffers (validity first), number of nulls.
type Columns = Vec<(String, &'static str, Vec<Py<PyBytes>>, usize)>;

/// What a run gives to Python: summary as JSON, tables by name, number of rows of each, plots as SVG by name.
type Results = (String, Vec<(&'static str, usize, Columns)>, Vec<(String, String)>);

#[pymethods]
impl Plan {
    /// Reads the sweep file called `name`; `texts` are files by name, others are read.
    #[new]
    fn new(py: Python<'_>, name: &str, text: &str, texts: BTreeMap<String, String>) -> PyResult<Self> {
        outside(py, || {
            let sources = Sources::new(texts).beside(name);
            let plan = sweep::read::plan(name, text, &|path| sources.text(path))?;
            Ok(Self { plan, files: sources.into_read() })
        })
    }

    /// Number of points.
    fn points(&self) -> u64 {
        self.plan.points
    }

    /// Method, and points that are confirmed from events.
    fn method(&self) -> (&'static str, usize) {
        (self.plan.method.name(), self.plan.confirm)
    }

    /// Column and number of values of every axis; none for an interval.
    fn axes(&self) -> Vec<(String, Option<u64>)> {
        self.plan.axes.iter().map(|axis| (axis.name.column(), axis.levels())).collect()
    }

    /// Names of the results.
    fn columns(&self) -> Vec<String> {
        self.plan.columns.iter().map(|column| column.name().to_owned()).collect()
    }

    /// Hash of everything that decides the results: file, design, version.
    fn identity(&self) -> String {
        Hashes::of(&self.plan).sweep
    }

    /// The files that were read, by name: a plan made from them elsewhere is the same.
    fn files(&self) -> BTreeMap<String, String> {
        self.files.clone()
    }

    /// Computes the points of a task on this thread. Task and outcomes are bytes of this version.
    fn evaluate<'py>(&self, py: Python<'py>, task: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = outside(py, || {
            let task: Task =
                serde_json::from_slice(task).map_err(|error| Fault::request(format!("the task: {error}")))?;
            let (stage, fidelity) = task.what();
            let mut worker = Worker::new(&self.plan);
            let mut one = |(index, values): &(u64, Vec<Cell>)| {
                let values: Vec<Value> = values.iter().map(Cell::value).collect();
                if values.len() != self.plan.axes.len() {
                    return Err(Fault::request("the task is of another plan"));
                }
                Ok((*index, worker.evaluate(&values, fidelity)))
            };
            let batch: Vec<(u64, Outcome)> = task.points.iter().map(&mut one).collect::<Result<_, _>>()?;
            Ok(encode(stage, &batch))
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Runs the sweep. `engine` takes a list of tasks and returns an iterable of their outcomes in any order; without it points
    /// run on `threads` threads. `progress` is called with stage, points done and points in all. `out` is a folder for the files
    /// that `hardwire sweep` writes.
    #[pyo3(signature = (threads, engine, progress, out, draw))]
    fn run(
        &self,
        py: Python<'_>,
        threads: usize,
        engine: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
        out: Option<String>,
        draw: bool,
    ) -> PyResult<Results> {
        let threads = threads.clamp(1, MAX_THREADS);
        let (summary, frames, drawn) = outside(py, || {
            let mut computer = Computer { threads, engine, progress, total: 0, done: 0, stage: "" };
            self.explore(&mut computer, out.as_deref(), draw)
        })?;
        let table = |(kind, frame): (Kind, Frame)| {
            let rows = frame.rows();
            let columns = frame.columns.into_iter().map(|(name, column)| {
                let (kind, buffers, nulls) = arrow(column);
                (name, kind, buffers.iter().map(|buffer| PyBytes::new(py, buffer).unbind()).collect(), nulls)
            });
            (kind.name(), rows, columns.collect())
        };
        Ok((summary, frames.into_iter().map(table).collect(), drawn))
    }
}

/// Summary, tables and plots of a run.
type Explored = (String, Vec<(Kind, Frame)>, Vec<(String, String)>);

impl Plan {
    fn explore(&self, computer: &mut Computer, out: Option<&str>, draw: bool) -> Result<Explored, Fault> {
        let plan = &self.plan;
        let rows = Rows::new(plan.points as usize, plan.columns.len());
        let mut exploration = Exploration::new(plan, rows, BTreeMap::new());
        exploration.screen((0, 1), computer)?;
        let feasible = exploration.feasible();
        exploration.confirm(&feasible, computer)?;
        let verdict = Verdict::new(&exploration, feasible);
        let tables = Tables::new(&exploration, &verdict);
        let mut drawn = Vec::new();
        let mut images = Vec::new();
        for (name, plot) in if draw { plots::plots(&exploration, &verdict) } else { Vec::new() } {
            let refuse = |error: reports::plot::PlotError| Fault::request(format!("{name}: {error}"));
            let svg = plot.svg(reports::plot::Form::Wide).map_err(refuse)?;
            if out.is_some() {
                images.push((format!("{name}.svg"), svg.clone().into_bytes()));
                images.push((format!("{name}.png"), plot.png().map_err(refuse)?));
            }
            drawn.push((name, svg));
        }
        let tabled = tables.kinds().into_iter().flat_map(|kind| [format!("{kind}.parquet"), format!("{kind}.csv")]);
        let names = images.iter().map(|(name, _)| name.clone()).chain(["summary.json".to_owned()]);
        let files: Vec<String> = if out.is_some() { tabled.chain(names).collect() } else { Vec::new() };
        let hashes = Hashes::of(plan);
        let summary = Summary::new(plan, &verdict, &hashes, files);
        if let Some(folder) = out {
            write_files(Path::new(folder), &tables, &metadata(plan, &hashes), &images, &summary, &plan.text)?;
        }
        let frames = tables.kinds().into_iter();
        let frames = frames.map(|kind| (kind, tables.frame(kind, 0, tables.len(kind), BTreeMap::new()))).collect();
        Ok((json(&summary)?, frames, drawn))
    }
}

/// Writes what `hardwire sweep` writes, but for its journal.
fn write_files(
    folder: &Path,
    tables: &Tables<'_>,
    metadata: &BTreeMap<String, String>,
    images: &[(String, Vec<u8>)],
    summary: &Summary,
    text: &str,
) -> Result<(), Fault> {
    let refuse = |name: &str, error: &dyn std::fmt::Display| {
        Fault::request(format!("cannot write `{}`: {error}", folder.join(name).display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| refuse("", &error))?;
    // A file appears whole or not at all.
    let whole = |name: &str, write: &dyn Fn(&mut BufWriter<std::fs::File>) -> Result<(), String>| {
        let temporary = folder.join(format!("{name}.tmp"));
        let attempt = || -> Result<(), String> {
            let mut out = BufWriter::new(std::fs::File::create(&temporary).map_err(|e| e.to_string())?);
            write(&mut out)?;
            out.flush().map_err(|e| e.to_string())?;
            std::fs::rename(&temporary, folder.join(name)).map_err(|e| e.to_string())
        };
        attempt().map_err(|error| {
            let _ = std::fs::remove_file(&temporary);
            refuse(name, &error)
        })
    };
    for kind in tables.kinds() {
        whole(&format!("{kind}.parquet"), &|out| {
            tables.write_parquet(kind, metadata, out).map_err(|error| error.to_string())
        })?;
        whole(&format!("{kind}.csv"), &|out| tables.write_csv(kind, out).map_err(|error| error.to_string()))?;
    }
    let bytes = |bytes: &[u8], out: &mut BufWriter<std::fs::File>| out.write_all(bytes).map_err(|e| e.to_string());
    for (name, image) in images {
        whole(name, &|out| bytes(image, out))?;
    }
    let body = serde_json::to_string_pretty(summary).map_err(|error| refuse("summary.json", &error))? + "\n";
    whole("summary.json", &|out| bytes(body.as_bytes(), out))?;
    whole("sweep.toml", &|out| bytes(text.as_bytes(), out))
}

/// Points for a worker that has the plan.
#[derive(Serialize, Deserialize)]
struct Task {
    confirm: bool,
    events: bool,
    points: Vec<(u64, Vec<Cell>)>,
}

impl Task {
    fn what(&self) -> (Stage, Fidelity) {
        let stage = if self.confirm { Stage::Confirm } else { Stage::Screen };
        (stage, if self.events { Fidelity::Event } else { Fidelity::Analytic })
    }
}

/// A value of an axis.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Number(f64),
    Word(String),
}

impl Cell {
    fn of(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(*number),
            Value::Word(word) => Self::Word(word.to_string()),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Word(word) => Value::Word(word.as_str().into()),
        }
    }
}

/// Runs points on threads or on an engine, and reports progress.
struct Computer {
    threads: usize,
    engine: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
    stage: &'static str,
    total: u64,
    done: u64,
}

impl Computer {
    /// Counts finished points, and lets Python handle signals.
    fn report(&mut self, more: usize) -> Result<(), Fault> {
        self.done += more as u64;
        Python::attach(|py| {
            py.check_signals()?;
            if let Some(progress) = &self.progress {
                progress.call1(py, (self.stage, self.done, self.total))?;
            }
            Ok(())
        })
    }

    /// Passes tasks to the engine and its outcomes to `sink`.
    fn on_engine(
        &mut self,
        engine: &Py<PyAny>,
        job: &Job<'_>,
        sink: &mut dyn FnMut(u64, &Outcome),
    ) -> Result<(), Fault> {
        let events = job.fidelity == Fidelity::Event;
        let size = if events { 1 } else { (job.indices.len() / PARTS).clamp(1, MAX_PART) };
        let mut open: std::collections::BTreeSet<u64> = job.indices.iter().copied().collect();
        let tasks = job.indices.chunks(size).map(|part| {
            let point = |&index: &u64| (index, (job.values)(index).iter().map(Cell::of).collect());
            let points = part.iter().map(point).collect();
            serde_json::to_vec(&Task { confirm: job.stage == Stage::Confirm, events, points })
        });
        let tasks: Result<Vec<Vec<u8>>, _> = tasks.collect();
        let tasks = tasks.map_err(|error| Fault::request(format!("the task: {error}")))?;
        let outcomes: Py<PyAny> = Python::attach(|py| {
            let tasks: Vec<_> = tasks.iter().map(|task| PyBytes::new(py, task)).collect();
            Ok::<_, PyErr>(engine.call1(py, (tasks,))?.bind(py).try_iter()?.into_any().unbind())
        })?;
        loop {
            let next: Option<Vec<u8>> = Python::attach(|py| {
                let mut outcomes = outcomes.bind(py).try_iter()?;
                outcomes.next().transpose()?.map(|bytes| bytes.extract()).transpose()
            })?;
            let Some(payload) = next else { break };
            let Some((_, batch)) = decode(&payload, job.plan.columns.len()) else {
                return Err(Fault::request("the engine returned outcomes of another version"));
            };
            for (index, outcome) in &batch {
                // A retried task may return twice.
                if open.remove(index) {
                    sink(*index, outcome);
                }
            }
            self.report(batch.len())?;
        }
        match open.first() {
            None => Ok(()),
            Some(first) => Err(Fault::request(format!(
                "the engine returned no outcome of {} points, the first is {first}",
                open.len()
            ))),
        }
    }
}

impl Executor for Computer {
    type Error = Fault;

    fn begin(&mut self, stage: Stage, _: Fidelity, total: u64, done: u64) {
        self.stage = if stage == Stage::Confirm { "confirm" } else { "screen" };
        (self.total, self.done) = (total, done);
    }

    fn execute(&mut self, job: Job<'_>, sink: &mut dyn FnMut(u64, &Outcome)) -> Result<(), Fault> {
        if job.indices.is_empty() {
            return Ok(());
        }
        if let Some(engine) = self.engine.take() {
            let result = self.on_engine(&engine, &job, sink);
            self.engine = Some(engine);
            return result;
        }
        pool::evaluate(&job, self.threads, &mut |batch| {
            batch.iter().for_each(|(index, outcome)| sink(*index, outcome));
            self.report(batch.len())
        })
    }

    fn store(&mut self, _: Stage, _: &[(u64, Outcome)]) -> Result<(), Fault> {
        Ok(())
    }
}

/// Type, buffers and number of nulls of a column, as Arrow lays it out.
fn arrow(column: Column) -> (&'static str, Vec<Vec<u8>>, usize) {
    match column {
        Column::Int(cells) => {
            let (validity, nulls) = validity(cells.iter().map(Option::is_some));
            ("int64", vec![validity, cells.iter().flat_map(|c| c.unwrap_or_default().to_le_bytes()).collect()], nulls)
        }
        Column::Float(cells) => {
            let (validity, nulls) = validity(cells.iter().map(Option::is_some));
            ("float64", vec![validity, cells.iter().flat_map(|c| c.unwrap_or_default().to_le_bytes()).collect()], nulls)
        }
        Column::Bool(cells) => {
            let (validity, nulls) = validity(cells.iter().map(Option::is_some));
            ("bool", vec![validity, bits(cells.iter().map(|c| c.unwrap_or_default()))], nulls)
        }
        Column::Text(cells) => {
            let (validity, nulls) = validity(cells.iter().map(Option::is_some));
            let mut offsets = 0i64.to_le_bytes().to_vec();
            let mut text = Vec::new();
            for cell in &cells {
                text.extend_from_slice(cell.as_deref().unwrap_or_default().as_bytes());
                offsets.extend_from_slice(&(text.len() as i64).to_le_bytes());
            }
            ("large_string", vec![validity, offsets, text], nulls)
        }
    }
}

fn validity(valid: impl Iterator<Item = bool> + Clone) -> (Vec<u8>, usize) {
    (bits(valid.clone()), valid.filter(|valid| !valid).count())
}

/// One bit for each flag, the lowest first.
fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, flag) in flags.enumerate() {
        if index % 8 == 0 {
            bytes.push(0u8);
        }
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(flag) << (index % 8);
        }
    }
    bytes
}
