//! One module per command: turns arguments into a library call and prints the result.

pub mod caches;
pub mod calibrate;
pub mod compare;
pub mod dataset;
pub mod designs;
pub mod energy;
pub mod estimate;
pub mod evaluate;
pub mod explain;
pub mod fabric;
pub mod install;
pub mod ir;
pub mod label;
mod learning;
pub mod memory;
pub mod optimize;
pub mod predict;
pub mod report;
pub mod reproduce;
pub mod serve;
pub mod simulate;
pub mod sweep;
pub mod train;
pub mod workload;
