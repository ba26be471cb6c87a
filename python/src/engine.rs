//! Engines of Python that compute tasks elsewhere: a callable that takes an iterator of tasks and returns an iterable of their
//! outcomes in any order. Tasks and outcomes are bytes.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::faults::Fault;

/// Tasks, each made when an engine asks for it.
#[pyclass(frozen)]
pub struct Tasks(Mutex<Box<dyn Iterator<Item = Vec<u8>> + Send>>);

#[pymethods]
impl Tasks {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).next();
        task.map(|task| PyBytes::new(py, &task))
    }
}

/// Passes tasks to an engine and its outcomes to `sink`.
pub fn outcomes(
    engine: &Py<PyAny>,
    tasks: impl Iterator<Item = Vec<u8>> + Send + 'static,
    mut sink: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let tasks = Tasks(Mutex::new(Box::new(tasks)));
    let outcomes: Py<PyAny> =
        Python::attach(|py| Ok::<_, PyErr>(engine.call1(py, (tasks,))?.bind(py).try_iter()?.into_any().unbind()))?;
    loop {
        let next: Option<Vec<u8>> = Python::attach(|py| {
            let mut outcomes = outcomes.bind(py).try_iter()?;
            outcomes.next().transpose()?.map(|bytes| bytes.extract()).transpose()
        })?;
        let Some(payload) = next else { return Ok(()) };
        sink(&payload)?;
    }
}

/// Tells Python the descriptor of a journal, which forked processes close.
pub fn opened(tell: &Py<PyAny>, journal: &File) -> Result<(), Fault> {
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        let descriptor = journal.as_raw_fd();
        Python::attach(|py| tell.call1(py, (descriptor,)))?;
    }
    #[cfg(not(unix))]
    let _ = (tell, journal);
    Ok(())
}

/// Reports progress, and lets Python handle signals.
pub fn report(progress: Option<&Py<PyAny>>, stage: &str, done: u64, total: u64) -> Result<(), Fault> {
    Python::attach(|py| {
        py.check_signals()?;
        if let Some(progress) = progress {
            progress.call1(py, (stage, done, total))?;
        }
        Ok(())
    })
}
