//! Labelling of a corpus: its texts in worker processes here, or on an engine of Python's.

use std::path::Path;
use std::time::Duration;

use corpus::design_labels::DESIGN;
use designs::Unreadable;
use labelling::folder::Folder;
use labelling::{jobs, task};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::engine;
use crate::faults::Fault;
use crate::outside;

/// Most worker processes of this machine.
const MAX_WORKERS: usize = 256;
/// The stage that progress is of.
const STAGE: &str = "label";

/// Labels the texts of a task by a process of `labeller`. Task and outcomes are bytes of this version.
#[pyfunction]
pub fn label_task<'py>(py: Python<'py>, labeller: &str, task: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = outside(py, || Ok(task::evaluate(Path::new(labeller), task)?))?;
    Ok(PyBytes::new(py, &bytes))
}

/// Labels the folder of a corpus and writes its file, from the journal on. `engine` takes an iterator of tasks and returns an
/// iterable of their outcomes in any order; without it `workers` processes of `labeller` run here. Returns counts as JSON.
#[pyfunction]
#[pyo3(signature = (folder, rows, timeout_s, labeller, workers, engine, progress, opened))]
#[allow(clippy::too_many_arguments)]
pub fn label_folder(
    py: Python<'_>,
    folder: &str,
    rows: Option<usize>,
    timeout_s: u64,
    labeller: &str,
    workers: usize,
    engine: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
    opened: Py<PyAny>,
) -> PyResult<String> {
    outside(py, || {
        let (mut found, _) = Folder::open(Path::new(folder), rows)?;
        engine::opened(&opened, found.journal())?;
        let total = found.todo().len() as u64;
        if total > 0 {
            engine::report(progress.as_ref(), STAGE, 0, total)?;
            match &engine {
                Some(engine) => on_engine(&mut found, engine, timeout_s, progress.as_ref(), total)?,
                None => here(&mut found, labeller, workers, timeout_s, progress.as_ref(), total)?,
            }
        }
        let design = designs::load::design(DESIGN, &[], &|path| Err(Unreadable(format!("no file {path}"))))?;
        let labelled = found.finish(rows.is_some(), &design)?;
        Ok(serde_json::to_string(&labelled).expect("counts serialize"))
    })
}

fn on_engine(
    folder: &mut Folder,
    engine: &Py<PyAny>,
    timeout_s: u64,
    progress: Option<&Py<PyAny>>,
    total: u64,
) -> Result<(), Fault> {
    let mut open = task::Open::new(folder);
    engine::outcomes(engine, task::Tasks::new(folder, timeout_s), |payload| {
        let outcomes = open.take(payload).map_err(|error| Fault::request(error.to_string()))?;
        for (index, outcome) in outcomes {
            folder.keep(index, outcome)?;
        }
        engine::report(progress, STAGE, total - open.left() as u64, total)
    })?;
    match open.left() {
        0 => Ok(()),
        left => Err(Fault::request(format!("the engine returned no outcome of {left} texts"))),
    }
}

fn here(
    folder: &mut Folder,
    labeller: &str,
    workers: usize,
    timeout_s: u64,
    progress: Option<&Py<PyAny>>,
    total: u64,
) -> Result<(), Fault> {
    task::check(Path::new(labeller))?;
    let pool = jobs::pool(labeller.into(), workers.clamp(1, MAX_WORKERS), Duration::from_secs(timeout_s));
    let (mut done, mut raised) = (0, None);
    folder.label_here(&pool, || {
        done += 1;
        raised = engine::report(progress, STAGE, done, total).err();
        raised.is_none()
    })?;
    raised.map_or(Ok(()), Err)
}
