//! The learned cost model for compilers: what is predicted, from what, by which models, and how well.
//!
//! [`corpus`] says what it learns from, [`quantity`] what is predicted, [`sample`] what a model sees ([`features`]
//! and words), [`model`] what all models share. [`baselines`] are what has to be beaten; [`trees`] and [`network`]s learn,
//! [`shipped`] puts them into one file with intervals, [`query`] reads texts for them,
//! and a [`predictor`] answers with them. [`metrics`] and [`bootstrap`]
//! judge. Nothing here knows a back end, the simulator or a file: text and labels come in,
//! predictions go out.

#[cfg(feature = "mlir")]
pub mod annotate;
pub mod baselines;
pub mod bootstrap;
pub mod columns;
pub mod corpus;
pub mod features;
pub mod metrics;
pub mod model;
pub mod network;
pub mod parallel;
pub mod predictor;
pub mod quantity;
pub mod query;
pub mod random;
pub mod sample;
pub mod shipped;
pub mod trees;
