//! The crate from outside.

mod models;
mod predictor;
mod shipped;
mod support;
