//! The crate from outside.

mod features;
mod models;
mod predictor;
mod shipped;
mod support;
