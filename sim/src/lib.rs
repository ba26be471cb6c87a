//! Event engine, chip units, mapping and schedules of a hardwired-weight machine; rooflines of the machines it is
//! compared with.

pub mod arithmetic;
pub mod calibration;
pub mod checker;
pub mod constants;
pub mod cycle;
pub mod dram;
pub mod economics;
pub mod energy;
pub mod engine;
pub mod fabric;
pub mod ids;
pub mod mapping;
mod mappings;
pub mod roofline;
pub mod schedule;
pub mod settle;
mod simulation;
pub mod timeline;
pub mod units;

pub use mappings::{Mapped, Mappings};
pub use schedule::machine::Phase;
pub use simulation::*;
