//! Running a sweep, for the command and the Python package: computing points on threads ([`pool`]) or as tasks for workers
//! ([`task`]), the steps of a run ([`run`]), the output folder and its journal ([`folder`]), tables ([`tables`]), plots ([`plots`]) and
//! the summary ([`summary`]).
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
