//! Studies of hardwired designs: beside other machines ([`comparison`]), and beside published figures ([`reproduction`]).
//!
//! Both call the simulator and the price model of `sim` and return plain values with origins, the cells of `reports`. Files
//! are read through a [`Loader`](designs::load::Loader) that the caller passes in.

pub mod comparison;
mod error;
pub mod references;
pub mod reproduction;

pub use error::StudyError;
