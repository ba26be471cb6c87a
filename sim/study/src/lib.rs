//! Studies of hardwired designs: simulated ([`simulation`]), powered ([`energy`]), priced ([`price`]), beside other machines ([`comparison`]), and
//! beside published figures ([`reproduction`]).
//!
//! All call the simulator and the price model of `sim` and return plain values; those of the last two have origins, the cells
//! of `reports`. Files are read through a [`Loader`](designs::load::Loader) that the caller passes in.

mod build;
mod changes;
pub mod comparison;
pub mod energy;
mod error;
mod numbers;
pub mod price;
pub mod references;
pub mod reproduction;
pub mod simulation;

pub use changes::changes;
pub use error::StudyError;
