//! The benchmark operator of the publication (Sec. 6.3), a 1x1024 input by 1024x128 FP4 weights, run on each model.
//!
//! Weights and inputs are uniform over their codes, from a fixed seed; cycles and event counts do not depend on them.
//! The MAC array has 1024 multipliers, a 64 KB SRAM with a 512-byte port (all MACs fed) and 3 cycles of latency (as
//! published for the attention buffer); the port and its latency are assumptions. Fig. 13 puts MA far above CE and
//! ME on an axis that ends at 150 cycles. With one input per port and 16-bit activations ME is far below MA; where
//! more than 8 inputs share a port, ME is the slowest, so Fig. 13 speaks against strong sharing in the benchmarked
//! operator.

use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64;
use serde::Serialize;

use super::block_scales::BlockScales;
use super::cell_embedding::CellEmbedding;
use super::error::ArithmeticError;
use super::events::Events;
use super::fp4::Fp4;
use super::hardwired_neuron::HardwiredNeurons;
use super::mac_array::MacArray;
use super::timing::{HnTiming, MaTiming};
use super::weights::WeightMatrix;

/// Inputs of the operator.
pub const BENCHMARK_INPUTS: usize = 1024;
/// Outputs of the operator.
pub const BENCHMARK_OUTPUTS: usize = 128;
/// Hardwired neurons of [`benchmark`]: 16-bit activations, a port for every input.
pub const BENCHMARK_HN: HnTiming = HnTiming { activation_bits: 16, inputs_per_port: 1 };
/// MAC array of the benchmark.
pub const BENCHMARK_MA: MaTiming = MaTiming { macs: 1024, sram_port_bytes: 512, sram_latency: 3 };
/// SRAM of the MAC array; the operator fills it exactly.
pub const BENCHMARK_SRAM_BYTES: u64 = 64 * 1024;

/// Events of the benchmark operator on each model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Benchmark {
    /// Parameters of the hardwired neurons.
    pub hn: HnTiming,
    /// Parameters of the MAC array.
    pub ma: MaTiming,
    /// MAC array (MA).
    pub mac_array: Events,
    /// Cell-Embedding (CE).
    pub cell_embedding: Events,
    /// Metal-Embedding (ME): hardwired neurons.
    pub metal_embedding: Events,
}

/// The benchmark with [`BENCHMARK_HN`].
pub fn benchmark() -> Benchmark {
    benchmark_with(BENCHMARK_HN).expect("the constants of the benchmark are valid")
}

/// The benchmark with other widths or sharing of ports.
pub fn benchmark_with(hn: HnTiming) -> Result<Benchmark, ArithmeticError> {
    hn.check()?;
    let mut random = Pcg64::seed_from_u64(1024);
    let weights = (0..BENCHMARK_INPUTS * BENCHMARK_OUTPUTS).map(|_| Fp4::from_low_bits(random.next_u32() as u8));
    let weights = WeightMatrix::new(BENCHMARK_INPUTS, BENCHMARK_OUTPUTS, weights.collect())?;
    // An arithmetic shift of 32 random bits is uniform over two's complement of the remaining width.
    let inputs: Vec<i32> =
        (0..BENCHMARK_INPUTS).map(|_| random.next_u32() as i32 >> (32 - hn.activation_bits)).collect();

    let bits = hn.activation_bits;
    let mac_array = MacArray::new(weights.clone(), bits, BENCHMARK_MA, BENCHMARK_SRAM_BYTES)?.run(&inputs)?;
    let cell_embedding = CellEmbedding::new(weights.clone(), bits)?.run(&inputs)?;
    let metal_embedding = HardwiredNeurons::new(weights, &BlockScales::None, hn)?.run(&inputs)?;
    assert_eq!(mac_array.sums, cell_embedding.sums, "both models are exact");
    assert_eq!(mac_array.sums, metal_embedding.sums, "both models are exact");
    Ok(Benchmark {
        hn,
        ma: BENCHMARK_MA,
        mac_array: mac_array.events,
        cell_embedding: cell_embedding.events,
        metal_embedding: metal_embedding.events,
    })
}
