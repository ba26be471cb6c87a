//! Fits that are judged: which rows are learned from and which are held back, by which models, and what these answer.
//!
//! `hardwire evaluate` measures the answers; `hardwire train` calibrates intervals and novelty on those of the shipped
//! model. Both keep them in one folder, so that neither repeats a fit of the other.

pub mod models;
pub mod splits;
pub mod store;

pub use models::Model;
pub use splits::{Cell, Split};
pub use store::{Answers, Work};
