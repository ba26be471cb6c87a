//! Errors of building and running a weight matrix, each with the limit or the expected value.
//!
//! Indices count from 0. Internal faults are asserts, not errors.

use super::fp4::{Fp4, Fp4Error};

/// A rejected matrix, input vector or machine parameter.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArithmeticError {
    /// A size that must be at least one is zero.
    #[error("{what} is zero; it must be at least 1")]
    Zero {
        /// Which size.
        what: &'static str,
    },
    /// A list has the wrong number of elements.
    #[error("{what} has {found} elements, expected {expected} by its shape")]
    Shape {
        /// Which list.
        what: &'static str,
        /// Elements of the shape.
        expected: u128,
        /// Elements given.
        found: usize,
    },
    /// A size is beyond what a model holds.
    #[error("{what} is {value}; at most {limit} is supported")]
    TooLarge {
        /// Which size.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Largest value allowed.
        limit: u64,
    },
    /// Activation width outside 1..=32.
    #[error("activations of {bits} bits; two's complement activations have 1 to 32 bits")]
    ActivationBits {
        /// Width given, bits.
        bits: u32,
    },
    /// An activation does not fit its stated width.
    #[error("input {input} is {value}, outside {min}..={max} of {bits}-bit two's complement", min = -(1i64 << (bits - 1)), max = (1i64 << (bits - 1)) - 1)]
    ActivationRange {
        /// Index of the input.
        input: usize,
        /// Its value.
        value: i32,
        /// Stated width, bits.
        bits: u32,
    },
    /// A weight that FP4 does not encode.
    #[error(transparent)]
    Weight(#[from] Fp4Error),
    /// The E8M0 code 255 means not-a-number.
    #[error("block {block} of output {output} has scale code 255, which is NaN in E8M0; codes are 0 to 254")]
    NanScale {
        /// Index of the output.
        output: usize,
        /// Index of the block of inputs.
        block: usize,
    },
    /// The scales of one neuron spread too far for an exact 64-bit accumulator.
    #[error(
        "output {output} needs a {needed_bits}-bit accumulator (its block scales span 2^{span}); exact sums have at most 64 bits"
    )]
    AccumulatorOverflow {
        /// Index of the output.
        output: usize,
        /// Largest minus smallest scale exponent of its blocks that hold a non-zero weight.
        span: u32,
        /// Width that exact sums need, bits.
        needed_bits: u32,
    },
    /// The weights do not fit the SRAM of the MAC array.
    #[error("the weights take {needed} bytes; the SRAM holds {capacity}")]
    SramCapacity {
        /// Bytes of packed weights.
        needed: u128,
        /// Bytes of SRAM.
        capacity: u64,
    },
    /// A POPCNT region has more inputs than accumulator ports.
    #[error("neuron {neuron}: region {region} needs {needed_slices} accumulator slices, {available_slices} are left")]
    SliceOverflow {
        /// Index of the neuron.
        neuron: usize,
        /// Weight value of the region.
        region: Fp4,
        /// Slices that the region needs.
        needed_slices: u64,
        /// Slices that remain for it.
        available_slices: u64,
    },
}
