//! The crate from outside.

mod features;
mod models;
mod shipped;
mod support;
