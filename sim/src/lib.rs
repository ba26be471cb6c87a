//! Event engine, chip units, mapping and schedules of a hardwired-weight machine.

pub mod fabric;
