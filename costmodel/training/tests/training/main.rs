//! The crate from outside.

mod evaluation;
mod gpu;
mod models;
mod predictor;
mod shipped;
mod suggestion;
mod support;
