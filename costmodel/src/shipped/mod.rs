//! The model file: trees with intervals, a novelty score, and analytical models to fall back on.
//!
//! [`CostModel`] adds to the trees what makes their predictions safe to act on: intervals and a novelty score,
//! calibrated on families that the fits of the calibration had left out, so that they hold for functions unlike those of the
//! corpus. The crate `training` makes one; this module reads, writes and evaluates it.

mod adaptation;
mod answer;
mod card;
mod checksum;
mod conformal;
mod embedded;
mod error;
mod file;
mod novelty;
mod parts;
mod tensors;

pub use adaptation::{Adaptation, Line};
pub use answer::Estimate;
pub use card::{Card, ErrorRow, TrainingSet, is_of_gpus, name_of};
pub use checksum::{checksum, seal};
pub use conformal::{NOMINAL, RatioTable, Widths};
pub use embedded::{embedded, embedded_for_gpus};
pub use error::{MAX_BYTES, ModelFileError};
pub use file::{CostModel, SCHEMA};
pub use novelty::Novelty;
