//! Results of one run of a model: exact sums, and counts of the events that take time and energy.
//!
//! Units: cycles, bytes, operations. Left out: energy per event, which depends on the process and is applied elsewhere.

use serde::Serialize;

/// Events of one matrix-vector product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Clock cycles from the first input (or address) to the last output register.
    pub cycles: u64,
    /// Bytes of weights read from SRAM (inputs sit in registers in every model and are not counted).
    pub sram_read_bytes: u64,
    /// Multiplications; constant multipliers for hardwired weights, full ones in a MAC array.
    pub multiplies: u64,
    /// One-bit ports evaluated by POPCNT trees.
    pub popcount_bit_ops: u64,
    /// Word-wide additions: in adder trees and into accumulators.
    pub adder_ops: u64,
}

/// Result of several input vectors fed without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Exact integer sums, shape `[vectors][outputs]`.
    pub sums: Vec<Vec<i64>>,
    /// Binary exponent of each output's sums, shape `[outputs]`.
    pub exponents: Vec<i32>,
    /// Events of all vectors together; `cycles` lasts from the first input to the last output register.
    pub events: Events,
}

/// Result of one matrix-vector product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pass {
    /// Exact integer sums, shape `[outputs]`; output `o` is `sums[o] * 2^exponents[o]`.
    pub sums: Vec<i64>,
    /// Binary exponent of each sum, shape `[outputs]`; -1 without block scales, as weights are held in halves.
    pub exponents: Vec<i32>,
    /// Events of the product.
    pub events: Events,
}
