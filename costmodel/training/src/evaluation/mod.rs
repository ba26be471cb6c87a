//! Evaluation: fits with rows held back, and their errors on these rows.
//!
//! ```text
//! splits   which rows are learned from and which are held back
//! models   which models are compared, with their hyper-parameters
//! fits     predictions of fits, cached in a store
//! measure  figures of predictions; variants and ratio_coverage: those of variants of a kernel
//! run      all of it for a list of splits and models
//! document the figures as a file
//! ```
//!
//! `hardwire evaluate` measures; `hardwire train` calibrates intervals and novelty on the predictions of the shipped model. Both
//! use one store, so that neither repeats a fit of the other.

mod aims;
pub mod answers;
mod dialects;
pub mod document;
pub mod fits;
pub mod measure;
pub mod measured;
pub mod models;
mod outputs;
mod ratio_coverage;
mod result_row;
pub mod run;
mod slices;
pub mod splits;
mod variants;
mod withholding;

pub use answers::Answers;
pub use fits::{Fits, FitsError, Store};
pub use measured::Measured;
pub use models::Model;
pub use result_row::ResultRow;
pub use splits::{Cell, Split};
