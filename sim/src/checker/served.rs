//! A request to a server, as recorded.

use crate::units::Unit;

/// A request that was served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub unit: Unit,
    pub index: usize,
    pub asked: u64,
    pub work: u64,
    pub end: u64,
    pub done: u64,
}
