//! Bit-exact functional models, with cycle counts, of three ways to hold an FP4 weight matrix in silicon.
//!
//! | model | weights are | order of work | result after |
//! | --- | --- | --- | --- |
//! | [`HardwiredNeurons`] (Metal-Embedding, ME) | wires to one of 16 POPCNT regions per neuron | accumulate, multiply, accumulate | [`HnTiming`] |
//! | [`CellEmbedding`] (CE) | one constant multiplier per weight | multiply, accumulate | [`CeTiming`] |
//! | [`MacArray`] (MA) | words of an SRAM | read, multiply, accumulate | [`MaTiming`] |
//!
//! All three compute `y[o] = sum_i x[i] * w[o][i]` for one vector of signed integers `x` (shape `[inputs]`) and an
//! E2M1 matrix `w` (shape `[outputs][inputs]`), exactly: a weight is held as twice its value, an integer, so sums are
//! integers in half units and [`Pass::exponents`] carries the scale. Each model is stepped clock edge by clock edge;
//! [`timing`] gives the same cycle counts as closed forms, which a timing model can call without running anything.
//!
//! Source: "Hardwired-Neuron Language Processing Units as General-Purpose Cognitive Substrates", ASPLOS '26, for the
//! three organisations and the benchmark operator; assumptions that it does not state are named where they are made.
//! Left out: area and energy (only their events are counted), carry-save encoding of the accumulators (the value
//! held is the same), and the quantiser that made the weights and activations.

mod benchmark;
mod block_scales;
mod cell_embedding;
mod error;
mod events;
mod fp4;
mod hardwired_neuron;
mod mac_array;
mod pipeline;
mod port_layout;
mod slices;
pub mod timing;
mod weights;

pub use benchmark::{
    BENCHMARK_HN, BENCHMARK_INPUTS, BENCHMARK_MA, BENCHMARK_OUTPUTS, BENCHMARK_SRAM_BYTES, Benchmark, benchmark,
    benchmark_with,
};
pub use block_scales::{BlockScales, ScaleTable};
pub use cell_embedding::CellEmbedding;
pub use error::ArithmeticError;
pub use events::{Events, Pass, Stream};
pub use fp4::{BLOCK_INPUTS, Fp4, Fp4Error};
pub use hardwired_neuron::HardwiredNeurons;
pub use mac_array::MacArray;
pub use slices::{SliceFit, SlicePlan, SliceSharing, code_counts};
pub use timing::{CeTiming, HnTiming, MaTiming, ScaleFolding, ScaledHnTiming};
pub use weights::{MAX_INPUTS, WeightMatrix};
