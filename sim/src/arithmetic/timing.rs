//! Cycle counts of the three models as closed forms: pure functions that a timing simulation calls per pass.
//!
//! A pass is one input vector through one matrix. `serial` is how long it occupies the inputs of the array, hence
//! the initiation interval; `depth` is what passes from then to the last output register; a pass takes both.
//! The functional models count exactly these cycles edge by edge. Every register level costs one cycle: that any
//! level settles within a clock period, at whatever word width, is an assumption. Left out: getting inputs to the
//! array and outputs away from it.

use serde::{Deserialize, Serialize};

use super::error::ArithmeticError;
use super::fp4::BLOCK_INPUTS;
use super::weights::check_activation_bits;

/// Levels of the adder tree over the 16 region products.
pub(super) const REGION_TREE_LEVELS: u32 = 4;

/// Longest SRAM latency, cycles: the functional model keeps a register for each.
const MAX_SRAM_LATENCY: u32 = 1024;

/// Levels of a tree of two-input nodes over `terms` terms: ceil(log2(terms)); 0 for none or one.
pub(super) fn tree_levels(terms: u64) -> u32 {
    terms.max(1).next_power_of_two().trailing_zeros()
}

/// Hardwired neurons: bit-serial inputs, LSB first.
///
/// Zero in either field counts as one in the cycle functions; [`HnTiming::check`] rejects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HnTiming {
    /// Width of an activation, bits of two's complement, 1 to 32.
    pub activation_bits: u32,
    /// Inputs that take turns on one accumulator port; each bit plane then takes that many cycles.
    pub inputs_per_port: u32,
}

impl HnTiming {
    /// Rejects widths outside 1..=32 and ports that serve no input.
    pub fn check(self) -> Result<(), ArithmeticError> {
        check_activation_bits(self.activation_bits)?;
        if self.inputs_per_port == 0 {
            return Err(ArithmeticError::Zero { what: "inputs_per_port" });
        }
        Ok(())
    }

    /// Cycles that a pass occupies the array: bits times turns, where turns = min(inputs_per_port, fan_in).
    pub fn serial_cycles(self, fan_in: u64) -> u64 {
        self.scaled(ScaleFolding::None).serial_cycles(fan_in)
    }

    /// Cycles from the last bit to the output: ceil(log2(ports)) POPCNT levels for ports =
    /// ceil(fan_in / inputs_per_port), 1 accumulate, 1 multiply, 4 adder levels, 1 output register.
    ///
    /// The POPCNT trees are as deep as the worst wiring needs, all inputs in one region: the cells do not depend on
    /// the weights.
    pub fn depth_cycles(self, fan_in: u64) -> u64 {
        self.scaled(ScaleFolding::None).depth_cycles(fan_in)
    }

    /// Cycles of a whole pass: serial + depth.
    pub fn pass_cycles(self, fan_in: u64) -> u64 {
        self.serial_cycles(fan_in) + self.depth_cycles(fan_in)
    }

    /// The same neurons with block scales folded in as stated.
    pub fn scaled(self, folding: ScaleFolding) -> ScaledHnTiming {
        ScaledHnTiming { unscaled: self, folding }
    }
}

/// How hardwired neurons account for one power-of-two scale per block of 32 inputs (MXFP4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleFolding {
    /// The weights have no block scales.
    None,
    /// Inputs are shifted left before the serial feed, by up to `span_bits`: that many more bit planes per pass.
    PreShift {
        /// Largest minus smallest scale exponent within a neuron, maximum over the neurons.
        span_bits: u32,
    },
    /// Sixteen regions per block; block sums are shifted by wiring and added in a further tree. A port serves inputs
    /// of one block only, so no more than 32 inputs share one.
    PerBlockRegions,
}

/// [`HnTiming`] with block scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaledHnTiming {
    /// Timing parameters of the array.
    pub unscaled: HnTiming,
    /// How the scales are folded in.
    pub folding: ScaleFolding,
}

impl ScaledHnTiming {
    /// Cycles that a pass occupies the array: bit planes times turns per port.
    pub fn serial_cycles(self, fan_in: u64) -> u64 {
        let extra_bits = if let ScaleFolding::PreShift { span_bits } = self.folding { span_bits } else { 0 };
        let planes = u64::from(self.unscaled.activation_bits.max(1)) + u64::from(extra_bits);
        planes * self.inputs_per_port().min(self.group_inputs(fan_in))
    }

    /// Cycles from the last bit to the output, with ceil(log2(blocks)) more adder levels for per-block regions.
    pub fn depth_cycles(self, fan_in: u64) -> u64 {
        let group = self.group_inputs(fan_in);
        let popcount_levels = tree_levels(group.div_ceil(self.inputs_per_port()));
        let block_levels = if group == 0 { 0 } else { tree_levels(fan_in.div_ceil(group)) };
        let (accumulate, multiply, output_register) = (1, 1, 1);
        u64::from(popcount_levels + accumulate + multiply + REGION_TREE_LEVELS + block_levels + output_register)
    }

    /// Cycles of a whole pass: serial + depth.
    pub fn pass_cycles(self, fan_in: u64) -> u64 {
        self.serial_cycles(fan_in) + self.depth_cycles(fan_in)
    }

    /// Inputs that one set of 16 regions sums over.
    fn group_inputs(self, fan_in: u64) -> u64 {
        match self.folding {
            ScaleFolding::PerBlockRegions => fan_in.min(BLOCK_INPUTS as u64),
            ScaleFolding::None | ScaleFolding::PreShift { .. } => fan_in,
        }
    }

    fn inputs_per_port(self) -> u64 {
        u64::from(self.unscaled.inputs_per_port.max(1))
    }
}

/// Cell-Embedding: all inputs at once, word-parallel.
///
/// Assumes adders as wide as the exact sum (activation bits + 4 + ceil(log2(fan_in))), so that the width of an
/// activation costs area but no cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeTiming;

impl CeTiming {
    /// Cycles that a pass occupies the multipliers: 1.
    pub fn serial_cycles(self, _fan_in: u64) -> u64 {
        1
    }

    /// Cycles after the multiply: ceil(log2(fan_in)) adder levels and 1 output register.
    pub fn depth_cycles(self, fan_in: u64) -> u64 {
        u64::from(tree_levels(fan_in)) + 1
    }

    /// Cycles of a whole pass: serial + depth.
    pub fn pass_cycles(self, fan_in: u64) -> u64 {
        self.serial_cycles(fan_in) + self.depth_cycles(fan_in)
    }
}

/// MAC array: one output after the other, weights from SRAM, inputs in registers.
///
/// Assumes one SRAM read per cycle, pipelined, two weights per byte; multipliers beyond what the port delivers idle.
/// Zero in `macs` or `sram_port_bytes` counts as one here; [`MaTiming::check`] rejects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaTiming {
    /// Multipliers, and leaves of the adder tree.
    pub macs: u32,
    /// Width of the SRAM read port, bytes per cycle.
    pub sram_port_bytes: u32,
    /// Cycles from address to data.
    pub sram_latency: u32,
}

impl MaTiming {
    /// Rejects arrays without multipliers, SRAMs without a port and latencies above 1024 cycles.
    pub fn check(self) -> Result<(), ArithmeticError> {
        match self {
            Self { macs: 0, .. } => Err(ArithmeticError::Zero { what: "macs" }),
            Self { sram_port_bytes: 0, .. } => Err(ArithmeticError::Zero { what: "sram_port_bytes" }),
            Self { sram_latency, .. } if sram_latency > MAX_SRAM_LATENCY => Err(ArithmeticError::TooLarge {
                what: "sram_latency",
                value: u64::from(sram_latency),
                limit: u64::from(MAX_SRAM_LATENCY),
            }),
            _ => Ok(()),
        }
    }

    /// Weights multiplied per cycle: the smaller of the multipliers and two per byte of port.
    pub fn weights_per_cycle(self) -> u64 {
        u64::from(self.macs.max(1)).min(2 * u64::from(self.sram_port_bytes.max(1)))
    }

    /// Cycles that a pass occupies the SRAM port: ceil(fan_in / weights per cycle) * outputs.
    pub fn serial_cycles(self, fan_in: u64, outputs: u64) -> u64 {
        fan_in.div_ceil(self.weights_per_cycle()) * outputs
    }

    /// Cycles from the last address to the last output: SRAM latency, 1 multiply, ceil(log2(macs)) adder levels,
    /// 1 accumulate, 1 output register.
    pub fn depth_cycles(self) -> u64 {
        let (multiply, accumulate, output_register) = (1, 1, 1);
        u64::from(self.sram_latency)
            + multiply
            + u64::from(tree_levels(u64::from(self.macs)))
            + accumulate
            + output_register
    }

    /// Cycles of a whole pass: serial + depth.
    pub fn pass_cycles(self, fan_in: u64, outputs: u64) -> u64 {
        self.serial_cycles(fan_in, outputs) + self.depth_cycles()
    }
}
