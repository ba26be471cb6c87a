//! Comparisons of the area model with published figures: inputs per port, Fig. 12, and Taalas HC1.

use serde::Serialize;

use super::array::ArrayShape;
use super::chip::{ChipArea, ChipAreaRequest, HnReading, chip_area};
use super::error::{AreaError, between};
use super::format::WeightFormat;
use super::inputs::AreaInputs;
use super::neuron::{Embedding, NeuronDesign, neuron_um2};
use super::node::NodeDensities;
use super::published;
use super::sram::SramShape;
use crate::arithmetic::HnTiming;

/// Fewest inputs per port with which neurons of `fan_in` take no more than `um2`; `None` if no sharing does.
pub fn inputs_per_port_for_area(
    design: &NeuronDesign,
    fan_in: f64,
    um2: f64,
    node: &NodeDensities,
    inputs: &AreaInputs,
) -> Option<u32> {
    (1..=fan_in as u32)
        .find(|&inputs_per_port| neuron_um2(&NeuronDesign { inputs_per_port, ..*design }, fan_in, node, inputs) <= um2)
}

/// Inputs per port with which a pass over `fan_in` inputs comes closest to `cycles`.
pub fn inputs_per_port_for_cycles(activation_bits: u32, fan_in: u64, cycles: u64) -> u32 {
    let miss = |inputs_per_port| HnTiming { activation_bits, inputs_per_port }.pass_cycles(fan_in).abs_diff(cycles);
    let limit = u32::try_from(fan_in).unwrap_or(u32::MAX).max(1);
    // A pass grows with sharing, so the miss falls, then rises.
    let mut best = 1;
    while best < limit && miss(best + 1) < miss(best) {
        best += 1;
    }
    best
}

/// Areas of the benchmark operator over that of a 64 KB SRAM (Fig. 12).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OperatorRatios {
    /// MAC array with its SRAM; published 1.0.
    pub mac_array: f64,
    /// Cell-Embedding; published 14.3.
    pub cell_embedding: f64,
    /// Metal-Embedding; published 0.95.
    pub metal_embedding: f64,
}

/// Fig. 12 from structure, for neurons as `design` but for their embedding.
pub fn operator_ratios(design: &NeuronDesign, node: &NodeDensities, inputs: &AreaInputs) -> OperatorRatios {
    let sram_um2 = SramShape::BENCHMARK.area_mm2(node, inputs) * 1e6;
    let ratio = |embedding| {
        let design = NeuronDesign { embedding, ..*design };
        published::OPERATOR.neurons * neuron_um2(&design, published::OPERATOR.fan_in(), node, inputs) / sram_um2
    };
    OperatorRatios {
        mac_array: ratio(Embedding::MacArray),
        cell_embedding: ratio(Embedding::CellEmbedding),
        metal_embedding: ratio(Embedding::MetalEmbedding),
    }
}

/// Die of Taalas HC1 in mm2: a vendor's claim.
pub const HC1_MM2: f64 = 815.0;

/// Llama-3.1-8B as one array: 32 layers of Q, O 4096 x 4096, K, V 4096 x 1024, gate and up 4096 x 14336, down 14336 x
/// 4096, an unembedding of 4096 x 128,256, and the input embedding, as large, held in the same way.
pub const LLAMA_3_1_8B: ArrayShape = ArrayShape {
    weights: 32.0 * (4096.0 * (2.0 * 4096.0 + 2.0 * 1024.0) + 3.0 * 4096.0 * 14_336.0) + 2.0 * 4096.0 * 128_256.0,
    neurons: 32.0 * (3.0 * 4096.0 + 2.0 * 1024.0 + 2.0 * 14_336.0) + 2.0 * 128_256.0,
};

/// Array of Taalas HC1 from HNLPU's readings: 3-bit weights but for `six_bit_share` of 6 bits. Its SRAM, vector unit and
/// interfaces are not public and are left out, so the result is the array alone, to be compared with the die.
pub fn hc1_array_mm2(six_bit_share: f64, n6: &NodeDensities, inputs: &AreaInputs) -> Result<f64, AreaError> {
    between("share of 6-bit weights", six_bit_share, 0.0, 1.0)?;
    let with = |format| -> Result<ChipArea, AreaError> {
        let neuron = NeuronDesign { format, ..NeuronDesign::HNLPU };
        let request =
            ChipAreaRequest { array: LLAMA_3_1_8B, neuron, reading: HnReading::Published, ..ChipAreaRequest::HNLPU };
        chip_area(&request, n6, inputs)
    };
    let three = with(WeightFormat::Int3)?.blocks.hn_array.mm2;
    let six = with(WeightFormat::Int6)?.blocks.hn_array.mm2;
    Ok(three * (1.0 - six_bit_share) + six * six_bit_share)
}
