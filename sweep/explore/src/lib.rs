//! What the command and the Python package share of a sweep: points on threads ([`pool`]), results as tables ([`tables`]),
//! plots ([`plots`]) and a summary ([`summary`]).
//!
//! Nothing here opens files or prints. Outcomes go to a sink of the caller, which may keep them in a journal, send them to
//! another machine, or stop the run.

pub mod label;
pub mod plots;
pub mod pool;
pub mod summary;
pub mod tables;
