//! Event engine, chip units, mapping and schedules of a hardwired-weight machine.

pub mod arithmetic;
pub mod engine;
pub mod mapping;
pub mod schedule;
pub mod units;
