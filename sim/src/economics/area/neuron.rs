//! Transistors of one output neuron, by how it holds its weights.
//!
//! Metal-Embedding, per digit of the weight and group of inputs (the whole vector, or blocks of 32):
//! - slots = inputs (1 + slack); ports = max(ceil(slots / inputs_per_port), regions); selection = slots * leg where a
//!   port serves more than one input. One select signal per turn is shared by all neurons and not counted.
//! - POPCNT of k = ports / regions one-bit ports: k - log2(k + 1) full adders (compressing k bits to a number).
//! - Constants: one full adder per bit for each adder of the format's 4-bit constants; tree: regions - 1 adders.
//! - Accumulation over bit planes and turns: in every region before the constants, as the functional model does,
//!   or once after the tree, where the words are still short. Cycles are the same, area is not.
//! - Registers: after every level (as the cycle counts assume), or only where state is kept.
//!
//! Cell-Embedding: a constant multiplier per weight, averaged over equally likely codes, and a word-parallel adder
//! tree as wide as the exact sum. MAC array: SRAM of the stored bits and one multiplier per 128 weights.
//! Cells do not depend on the weights: every neuron is built for any of them, and slack is not released.

use serde::{Deserialize, Serialize};

use super::error::{AreaError, between};
use super::format::{FormatTraits, WeightFormat};
use super::inputs::AreaInputs;
use super::node::NodeDensities;
use super::sram;
use crate::arithmetic::{BLOCK_INPUTS, ScaleFolding};

/// Weights that share one multiplier of a MAC array: 1024 multipliers for 1024 x 128, as in the benchmark operator.
pub const WEIGHTS_PER_MAC: f64 = 128.0;

/// Bits that the second and later digits of a weight are shifted by, each.
const DIGIT_BITS: f64 = 4.0;

/// Bits by which a sum grows inside a constant multiplier before its largest shift.
const CONSTANT_GROWTH_BITS: f64 = 2.0;

/// Longest fan-in.
const MAX_FAN_IN: f64 = (1u64 << 20) as f64;

/// How a neuron holds its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embedding {
    /// Weights in SRAM, shared multipliers.
    MacArray,
    /// One constant multiplier per weight.
    CellEmbedding,
    /// Wires to one region per weight value.
    MetalEmbedding,
}

/// Where bit planes and turns are accumulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accumulation {
    /// In every region, before its constant.
    PerRegion,
    /// Once, after the constants and their tree.
    AfterTree,
}

/// Which levels hold a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registers {
    /// All, as the cycle counts of the functional models assume.
    EveryLevel,
    /// Accumulators and the output.
    StateOnly,
}

/// Structure of the neurons of an array.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NeuronDesign {
    /// How weights are held.
    pub embedding: Embedding,
    /// Number format of the weights.
    pub format: WeightFormat,
    /// How block scales are folded in (Metal-Embedding).
    pub folding: ScaleFolding,
    /// Width of activations, bits.
    pub activation_bits: u32,
    /// Inputs that take turns on a port (Metal-Embedding).
    pub inputs_per_port: u32,
    /// Where bit planes are accumulated (Metal-Embedding).
    pub accumulation: Accumulation,
    /// Which levels hold a register.
    pub registers: Registers,
}

impl NeuronDesign {
    /// HNLPU as the rest of the simulator has it: FP4, 16-bit activations, 41 inputs per port, a register after every
    /// level. Accumulated after the tree: the only organisation here whose area comes near the published one.
    pub const HNLPU: Self = Self {
        embedding: Embedding::MetalEmbedding,
        format: WeightFormat::Fp4,
        folding: ScaleFolding::None,
        activation_bits: 16,
        inputs_per_port: 41,
        accumulation: Accumulation::AfterTree,
        registers: Registers::EveryLevel,
    };

    /// The same neurons accumulated in every region, as the functional model does it.
    pub const PER_REGION: Self = Self { accumulation: Accumulation::PerRegion, ..Self::HNLPU };

    /// Rejects activations outside 1..=32 bits and ports that serve no input.
    pub fn check(&self) -> Result<(), AreaError> {
        between("activation_bits", f64::from(self.activation_bits), 1.0, 32.0)?;
        between("inputs_per_port", f64::from(self.inputs_per_port), 1.0, MAX_FAN_IN)?;
        if let ScaleFolding::PreShift { span_bits } = self.folding {
            between("span_bits", f64::from(span_bits), 0.0, 255.0)?;
        }
        Ok(())
    }
}

/// Transistors of one neuron by function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct NeuronTransistors {
    /// Turns of the inputs on shared ports.
    pub selection: f64,
    /// POPCNT trees.
    pub popcount: f64,
    /// Accumulators over bit planes and turns, with their state.
    pub accumulators: f64,
    /// Constant multipliers.
    pub constants: f64,
    /// Adder tree over regions, digits and blocks, or over weights.
    pub tree: f64,
    /// Registers between levels and at the output.
    pub registers: f64,
}

impl NeuronTransistors {
    /// All functions.
    pub fn total(&self) -> f64 {
        self.selection + self.popcount + self.accumulators + self.constants + self.tree + self.registers
    }
}

/// Rejects fan-ins below 1 or above 2^20.
pub fn check_fan_in(fan_in: f64) -> Result<f64, AreaError> {
    between("fan-in", fan_in, 1.0, MAX_FAN_IN)
}

/// Transistors of one neuron of `fan_in` inputs; zero for a MAC array, which has no neurons (see [`neuron_um2`]).
pub fn neuron_transistors(design: &NeuronDesign, fan_in: f64, inputs: &AreaInputs) -> NeuronTransistors {
    match design.embedding {
        Embedding::MetalEmbedding => metal_embedding(design, &design.format.traits(), fan_in, inputs),
        Embedding::CellEmbedding => cell_embedding(design, fan_in, inputs),
        Embedding::MacArray => NeuronTransistors::default(),
    }
}

/// Area of one neuron of `fan_in` inputs with its weights, um2.
pub fn neuron_um2(design: &NeuronDesign, fan_in: f64, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    let density = node.transistors_mtr_per_mm2 * inputs.array_utilization;
    if design.embedding == Embedding::MacArray {
        let stored_bits = fan_in * design.format.traits().stored_bits;
        let logic = fan_in / WEIGHTS_PER_MAC * mac_transistors(design, fan_in, inputs);
        return stored_bits * sram::bit_um2(1, node, inputs) + logic / density;
    }
    neuron_transistors(design, fan_in, inputs).total() / density
}

/// Bits that hold every number up to `largest`.
fn bits(largest: f64) -> f64 {
    libm::ceil(libm::log2(largest + 1.0))
}

/// Bits by which all digits of a weight widen a sum.
fn product_bits(format: &FormatTraits) -> f64 {
    format.product_bits + DIGIT_BITS * (format.digits - 1.0)
}

/// Full adders of the tree that counts `ports` one-bit ports.
fn popcount_adders(ports: f64) -> f64 {
    (ports - libm::log2(ports + 1.0)).max(0.0)
}

/// Register bits behind the levels of that tree: ports/2^l words of l+1 bits behind level l.
fn popcount_register_bits(ports: f64) -> f64 {
    let (mut sum, mut words, mut width) = (0.0, ports, 1.0);
    while words > 1.0 {
        words /= 2.0;
        width += 1.0;
        sum += words * width;
    }
    sum
}

fn metal_embedding(
    design: &NeuronDesign,
    format: &FormatTraits,
    fan_in: f64,
    inputs: &AreaInputs,
) -> NeuronTransistors {
    let (group, groups, plane_span, block_span) = match design.folding {
        ScaleFolding::None => (fan_in, 1.0, 0.0, 0.0),
        ScaleFolding::PreShift { span_bits } => (fan_in, 1.0, f64::from(span_bits), 0.0),
        ScaleFolding::PerBlockRegions => {
            let block = fan_in.min(BLOCK_INPUTS as f64);
            (block, libm::ceil(fan_in / block), 0.0, inputs.block_scale_span)
        }
    };
    let every_level = if design.registers == Registers::EveryLevel { inputs.flip_flop } else { 0.0 };
    let (adder, state) = (inputs.full_adder, inputs.full_adder + inputs.flip_flop);
    let planes = f64::from(design.activation_bits) + plane_span;
    let copies = format.digits * groups;

    let slots = group * (1.0 + inputs.slice_slack);
    let turns = f64::from(design.inputs_per_port).min(group);
    let ports = libm::ceil(slots / turns).max(format.regions);
    let region_ports = ports / format.regions;
    let count_bits = bits(region_ports);
    let region_bits = planes + bits(slots / format.regions);

    // Words that enter the constants: one turn's count, or the region's whole sum.
    let per_region = design.accumulation == Accumulation::PerRegion;
    let word = if per_region { region_bits } else { count_bits };
    let tree_word = word + format.product_bits + 1.0;
    let out_bits = planes + bits(fan_in) + product_bits(format) + block_span;
    // Digits and blocks are added up before the last accumulator, so in short words where that comes after.
    let combined_word = if per_region { out_bits } else { out_bits - region_bits + count_bits };
    let accumulators = if per_region { copies * format.regions * region_bits } else { out_bits };

    let constant_bits = word + CONSTANT_GROWTH_BITS;
    let tree_bits = copies * (format.regions - 1.0) * tree_word + (copies - 1.0) * combined_word;
    NeuronTransistors {
        selection: if turns > 1.0 { copies * slots * inputs.select_leg } else { 0.0 },
        popcount: copies * format.regions * popcount_adders(region_ports) * adder,
        accumulators: accumulators * state,
        constants: copies * format.constant_adders * constant_bits * adder,
        tree: tree_bits * adder,
        registers: out_bits * inputs.flip_flop
            + every_level
                * (copies * format.regions * (popcount_register_bits(region_ports) + constant_bits) + tree_bits),
    }
}

fn cell_embedding(design: &NeuronDesign, fan_in: f64, inputs: &AreaInputs) -> NeuronTransistors {
    let format = design.format.traits();
    let every_level = if design.registers == Registers::EveryLevel { inputs.flip_flop } else { 0.0 };
    let scale_bits = if design.format == WeightFormat::Mxfp4 { inputs.block_scale_span } else { 0.0 };
    let activation = f64::from(design.activation_bits);
    let product = activation + product_bits(&format) + scale_bits;
    let constant_bits = format.digits * format.constant_adders / format.codes * (activation + CONSTANT_GROWTH_BITS)
        + (format.digits - 1.0) * product;
    let tree_bits = (fan_in - 1.0) * (product + 1.0);
    NeuronTransistors {
        constants: fan_in * constant_bits * inputs.full_adder,
        tree: tree_bits * inputs.full_adder,
        registers: (product + bits(fan_in)) * inputs.flip_flop + every_level * (fan_in * product + tree_bits),
        ..NeuronTransistors::default()
    }
}

/// Transistors of one multiplier of a MAC array with its share of adder tree and registers: an array multiplier of
/// activation by largest magnitude.
pub fn mac_transistors(design: &NeuronDesign, fan_in: f64, inputs: &AreaInputs) -> f64 {
    let format = design.format.traits();
    let activation = f64::from(design.activation_bits);
    let magnitude = product_bits(&format);
    let product = activation + magnitude;
    let multiplier =
        activation * magnitude * inputs.and_gate + (magnitude - 1.0) * (activation + 1.0) * inputs.full_adder;
    let every_level = if design.registers == Registers::EveryLevel { inputs.flip_flop } else { 0.0 };
    let accumulator = (product + bits(fan_in)) * (inputs.full_adder + 2.0 * inputs.flip_flop) / fan_in;
    multiplier + (product + 1.0) * (inputs.full_adder + every_level) + every_level * product + accumulator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_cheaper_than_a_region_per_fp8_code() {
        // E4M3 without digits: 252 finite nonzero codes. Constants 8 to 15 of 15 exponents take 9 adders (one less where
        // the largest code is not-a-number), subnormals 1 to 7 take 4, each twice for the sign.
        let adders = 2.0 * (15.0 * 9.0 - 1.0 + 4.0);
        let direct = FormatTraits {
            digits: 1.0,
            codes: 256.0,
            regions: 252.0,
            constant_adders: adders,
            product_bits: 18.0,
            stored_bits: 8.0,
        };
        let inputs = AreaInputs::default();
        let digits = metal_embedding(&NeuronDesign::HNLPU, &WeightFormat::Fp8.traits(), 2880.0, &inputs).total();
        let direct = metal_embedding(&NeuronDesign::HNLPU, &direct, 2880.0, &inputs).total();
        assert!(digits < 0.7 * direct, "{digits} against {direct}");
    }

    #[test]
    fn trees_count_as_their_closed_forms() {
        // 7 bits compress to a 3-bit number in 4 full adders; 8 ports have 4 + 2 + 1 words of 2, 3 and 4 bits.
        assert_eq!(popcount_adders(7.0), 4.0);
        assert_eq!(popcount_register_bits(8.0), 4.0 * 2.0 + 2.0 * 3.0 + 4.0);
        assert_eq!([bits(1.0), bits(7.0), bits(8.0)], [1.0, 3.0, 4.0]);
    }
}
