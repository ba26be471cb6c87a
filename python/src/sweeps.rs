//! Sweeps: a plan, its points on threads or on an engine of Python's, and the results.

use std::collections::BTreeMap;
use std::path::Path;

use explore::folder::Folder;
use explore::run::{self, Engine, Kept};
use explore::summary::Hashes;
use explore::tables::{Kind, Tables};
use explore::{pool, task};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sim::Fidelity;
use storage::columnar::{Column, Frame};
use sweep::exploration::{Exploration, Job, Stage};
use sweep::record::Batch;
use sweep::rows::Rows;

use crate::engine;
use crate::faults::Fault;
use crate::outside;
use crate::sources::Sources;

/// Most threads of a run.
const MAX_THREADS: usize = 1024;

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
        let bytes = outside(py, || Ok(task::evaluate(&self.plan, task)?))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Runs the sweep. `engine` takes an iterator of tasks and returns an iterable of their outcomes in any order; without it
    /// points run on `threads` threads. `progress` is called with stage, points done and points in all, `opened` with the descriptor of the journal. `out` is the folder of
    /// the sweep, from whose journal it goes on; `fresh` discards what is in it.
    #[pyo3(signature = (threads, engine, progress, opened, out, fresh, draw))]
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        py: Python<'_>,
        threads: usize,
        engine: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
        opened: Py<PyAny>,
        out: Option<String>,
        fresh: bool,
        draw: bool,
    ) -> PyResult<Results> {
        let threads = threads.clamp(1, MAX_THREADS);
        let (summary, frames, drawn) = outside(py, || {
            let computer = Computer { threads, engine, progress, opened, total: 0, done: 0, stage: "" };
            self.explore(computer, out.as_deref(), fresh, draw)
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
    fn explore(&self, engine: Computer, out: Option<&str>, fresh: bool, draw: bool) -> Result<Explored, Fault> {
        let plan = &self.plan;
        let (mut exploration, folder) = match out {
            Some(out) => {
                let (folder, exploration, _) = Folder::open(plan, Path::new(out), (0, 1), fresh)?;
                engine::opened(&engine.opened, folder.journal())?;
                (exploration, Some(folder))
            }
            None => {
                let rows = Rows::new(plan.points as usize, plan.columns.len());
                (Exploration::new(plan, rows, BTreeMap::new()), None)
            }
        };
        let mut kept = Kept { engine, folder };
        exploration.screen((0, 1), &mut kept)?;
        let finished = run::finish(exploration, &mut kept, draw)?;
        let tables = Tables::new(&finished.exploration, &finished.verdict);
        let frame = |kind| (kind, tables.frame(kind, 0, tables.len(kind), BTreeMap::new()));
        let frames = tables.kinds().into_iter().map(frame).collect();
        let drawn = finished.plots.into_iter().map(|plot| (plot.name, plot.svg)).collect();
        Ok((finished.summary, frames, drawn))
    }
}

/// Runs points on threads or on an engine, and reports progress.
struct Computer {
    threads: usize,
    engine: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
    opened: Py<PyAny>,
    stage: &'static str,
    total: u64,
    done: u64,
}

impl Computer {
    /// Counts finished points, and lets Python handle signals.
    fn report(&mut self, more: usize) -> Result<(), Fault> {
        self.done += more as u64;
        engine::report(self.progress.as_ref(), self.stage, self.done, self.total)
    }

    /// Passes tasks to the engine and its outcomes to `sink`.
    fn on_engine(
        &mut self,
        engine: &Py<PyAny>,
        job: &Job<'_>,
        sink: &mut dyn FnMut(Batch) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut open = task::Open::new(job);
        engine::outcomes(engine, task::Tasks::new(job), |payload| {
            let batch = open.take(payload);
            let batch = batch.ok_or_else(|| Fault::request("the engine returned outcomes of another version"))?;
            let points = batch.len();
            sink(batch)?;
            self.report(points)
        })?;
        match open.left() {
            None => Ok(()),
            Some((count, first)) => {
                let message = format!("the engine returned no outcome of {count} points, the first is {first}");
                Err(Fault::request(message))
            }
        }
    }
}

impl Engine for Computer {
    type Error = Fault;

    fn begin(&mut self, stage: Stage, _: Fidelity, total: u64, done: u64) {
        self.stage = if stage == Stage::Confirm { "confirm" } else { "screen" };
        (self.total, self.done) = (total, done);
    }

    fn compute(&mut self, job: &Job<'_>, sink: &mut dyn FnMut(Batch) -> Result<(), Fault>) -> Result<(), Fault> {
        if job.indices.is_empty() {
            return Ok(());
        }
        if let Some(engine) = self.engine.take() {
            let result = self.on_engine(&engine, job, sink);
            self.engine = Some(engine);
            return result;
        }
        pool::evaluate(job, self.threads, &mut |batch| {
            let points = batch.len();
            sink(batch)?;
            self.report(points)
        })
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
