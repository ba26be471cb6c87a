//! The native half of the Python package `hardwire`. The classes that users see are written in Python over it.
//!
//! Requests arrive as JSON with the names of the command's options, answers leave as the JSON that the command prints, so that
//! both have the same keys and numbers. Columns of sweeps leave as Arrow buffers. No call holds the interpreter while it
//! computes.

mod engine;
mod faults;
mod labels;
mod options;
mod prediction;
mod sources;
mod studies;
mod sweeps;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use faults::Fault;

/// Runs `work` without holding the interpreter. A panic is an exception of its own, and ends neither interpreter nor thread.
fn outside<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Fault> + Send) -> PyResult<T> {
    let result = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    match result {
        Ok(result) => result.map_err(|fault| fault.raise(py)),
        Err(panic) => match panic.downcast::<Interrupted>() {
            Ok(interrupted) => Err(interrupted.0),
            Err(_) => {
                Err(PyRuntimeError::new_err("internal error: hardwire panicked; the message is on standard error"))
            }
        },
    }
}

/// A signal that arrived during a computation which cannot return early.
struct Interrupted(PyErr);

/// Lets Python handle signals; their exception, such as `KeyboardInterrupt`, unwinds to [`outside`].
fn check_signals_or_unwind() {
    if let Err(error) = Python::attach(|py| py.check_signals()) {
        resume_unwind(Box::new(Interrupted(error)));
    }
}

/// The compiled part of `hardwire`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::engine::Tasks;
    #[pymodule_export]
    use super::labels::{label_folder, label_task};
    #[pymodule_export]
    use super::prediction::Predictor;
    #[pymodule_export]
    use super::studies::{all_presets, compare, design_lines, estimate, model_lines, reproduce, simulate};
    #[pymodule_export]
    use super::sweeps::Plan;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
