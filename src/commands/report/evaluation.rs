//! Reads an evaluation of the learned cost model and reduces it to what the report shows.

use training::evaluation::document::SCHEMA;
pub use training::evaluation::document::{Aim, Decision, Evaluation, Family, Interval, Quantity};

use crate::diagnostics::Failure;
use crate::input;

/// Entries of a list read of one file.
const MOST: usize = 1024;
/// Points read of one quantity.
const MOST_SAMPLES: usize = 100_000;

/// Reads the evaluation at `path`, which must be of the model of version `embedded`, and reduces it.
///
/// # Errors
/// When it is no evaluation, of another layout, or of another model.
pub fn read(path: &str, embedded: &str) -> Result<Evaluation, Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    let text = input::read(path).map_err(|error| Failure::Request(format!("cannot read {path}: {error}")))?;
    let mut evaluation: Evaluation = match serde_json::from_str(&text) {
        Ok(evaluation) => evaluation,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            return refuse(format!(
                "{path}:{line}:{column}: no evaluation: {error}; `hardwire evaluate --format json` prints one"
            ));
        }
    };
    if evaluation.schema != SCHEMA {
        return refuse(format!("{path}: layout `{}`, but this version reads `{SCHEMA}`", evaluation.schema));
    }
    let e = &evaluation;
    let lists = [
        e.aims.len(),
        e.quantities.len(),
        e.comparisons.len(),
        e.intervals.len(),
        e.dialects_left_out.len(),
        e.decisions.len(),
    ];
    if lists.into_iter().chain(e.quantities.iter().map(|q| q.by_family.len())).any(|size| size > MOST) {
        return refuse(format!("{path}: a list of more than {MOST} entries"));
    }
    if e.quantities.iter().any(|q| q.samples.len() > MOST_SAMPLES) {
        return refuse(format!("{path}: more than {MOST_SAMPLES} samples of a quantity"));
    }
    if evaluation.model_version != embedded {
        return refuse(format!(
            "{path}: an evaluation of the model {}, but the embedded one is {embedded}; evaluate that one",
            evaluation.model_version
        ));
    }
    evaluation.reduce();
    Ok(evaluation)
}
