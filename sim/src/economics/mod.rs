//! What a hardwired machine costs: area from structure.

pub mod area;
