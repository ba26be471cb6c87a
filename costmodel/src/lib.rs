//! The learned cost model for compilers: what functions cost, from their text alone.
//!
//! [`quantity`] says what is predicted, [`query`] turns texts into [`input`]s ([`features`] and words), [`columns`] these
//! into rows of numbers for [`trees`]; [`analytical`] models answer for what is too novel. [`shipped`] holds all of it in
//! one file with intervals, and a [`predictor`] answers with it, [`rows`] turns answers into JSON. Nothing here knows a back end, the simulator, a file, or
//! how models are made: the crate `training` fits them, the crate `corpus` draws what they learn from.

pub mod analytical;
#[cfg(feature = "mlir")]
pub mod annotate;
pub mod bounds;
pub mod columns;
pub mod compare;
pub mod features;
pub mod input;
pub mod kernels;
mod linear;
pub mod model;
pub mod parallel;
pub mod predictor;
pub mod quantity;
pub mod query;
pub mod reason;
pub mod rows;
pub mod shipped;
pub mod trees;
pub mod warning;
