//! The model that is shipped: trees and a network blended, with intervals, a novelty score and analytical models to
//! fall back on, in one file.
//!
//! [`Blend`] is the learned part and fits like any other model. [`CostModel`] adds what makes its answers safe to act
//! on: intervals and the limits of what is familiar are calibrated on families that the fits of the calibration had
//! left out, so that they hold for functions unlike those of the corpus.

mod adaptation;
mod answer;
mod blend;
mod card;
mod conformal;
mod embedded;
mod file;
mod novelty;
mod parts;
mod tensors;

pub use adaptation::{Adaptation, FEWEST, Line, Pair};
pub use blend::{Blend, BlendParameters, Blends};
pub use card::{Card, ErrorRow, NAME, TrainingSet};
pub use conformal::{HeldOut, NOMINAL, Widths};
pub use embedded::embedded;
pub use file::{CostModel, MAX_BYTES, ModelFileError, SCHEMA};
pub use novelty::Novelty;
