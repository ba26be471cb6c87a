//! What the command and the Python package share of a sweep: points on threads ([`pool`]) or as tasks for workers ([`task`]),
//! the steps of a run ([`run`]), its folder with the journal ([`folder`]), results as tables ([`tables`]), plots ([`plots`]) and a
//! summary ([`summary`]).
//!
//! Nothing here prints, and only [`folder`] opens files. Where points are computed and who is told of progress is the caller's
//! ([`run::Engine`]).

pub mod folder;
pub mod journal;
pub mod label;
pub mod plots;
pub mod pool;
pub mod run;
pub mod summary;
pub mod tables;
pub mod task;
