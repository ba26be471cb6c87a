//! Training and evaluation of the learned cost model: data sets, fits, baselines, networks, metrics.
//!
//! A [`dataset`] is functions with labels. Checked hyper-parameters [`fit`] a model: [`baselines`], [`trees`], [`network`]s, or a
//! [`blend`] of the last two. [`intervals`], [`novelty`] and [`adaptation`] calibrate
//! what a model file holds beside its trees; [`suggestion`] chooses what to measure for an adaptation. [`metrics`] and [`bootstrap`] measure errors. [`corpus_rows`] makes a data set of the
//! corpus, [`evaluation`] compares models on it, [`train`] makes the model file. Predicting is the crate `costmodel`'s.

pub mod adaptation;
pub mod baselines;
pub mod blend;
pub mod bootstrap;
mod columns;
pub mod corpus_rows;
pub mod dataset;
pub mod evaluation;
pub mod fit;
pub mod intervals;
mod least_squares;
pub mod metrics;
pub mod network;
pub mod novelty;
pub mod random;
pub mod ratios;
pub mod suggestion;
pub mod train;
pub mod trees;
