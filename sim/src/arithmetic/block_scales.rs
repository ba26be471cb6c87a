//! MXFP4 block scales: one power of two (E8M0, `2^(code - 127)`) per output and block of 32 inputs.
//!
//! The 16 regions of a hardwired neuron sum over all its inputs and so cannot apply a scale per block by themselves.
//! [`BlockScales`] has two exact ways to do it. Within neuron `o`, block `b` is
//! shifted left by `code[o][b] - min_b code[o][b]`, and the sum has the exponent `min - 127 - 1`. A block of zero
//! weights contributes nothing, so its scale does not count in minimum and maximum. There is no rounding: a
//! neuron whose exact sum needs more than 64 bits is rejected.

use super::error::ArithmeticError;
use super::fp4::BLOCK_INPUTS;
use super::timing::{ScaleFolding, tree_levels};
use super::weights::WeightMatrix;

/// E8M0 exponent bias.
const BIAS: i32 = 127;
/// E8M0 code of not-a-number.
const NAN_CODE: u8 = 255;
/// Bits of the widest exact sum.
const ACCUMULATOR_BITS: u32 = 64;
/// Twice a weight is below 2^4 in magnitude.
const WEIGHT_BITS: u32 = 4;

/// E8M0 codes, shape `[outputs][ceil(inputs / 32)]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleTable {
    blocks: usize,
    codes: Vec<u8>,
}

impl ScaleTable {
    /// The scales of a matrix of `inputs` by `outputs` weights, output after output.
    pub fn new(inputs: usize, outputs: usize, codes: Vec<u8>) -> Result<Self, ArithmeticError> {
        let blocks = inputs.div_ceil(BLOCK_INPUTS);
        let expected = blocks as u128 * outputs as u128;
        if codes.len() as u128 != expected {
            return Err(ArithmeticError::Shape { what: "the scale table", expected, found: codes.len() });
        }
        if let Some(at) = codes.iter().position(|&code| code == NAN_CODE) {
            return Err(ArithmeticError::NanScale { output: at / blocks, block: at % blocks });
        }
        Ok(Self { blocks, codes })
    }

    /// Scale codes of one output, shape `[ceil(inputs / 32)]`. Panics if there is no such output.
    pub fn row(&self, output: usize) -> &[u8] {
        &self.codes[output * self.blocks..][..self.blocks]
    }

    /// Shift of every block and the exponent of the sum in half units, for one output.
    fn shifts(&self, weights: &WeightMatrix, output: usize) -> BlockShifts {
        let live: Vec<Option<u8>> = (weights.row(output).chunks(BLOCK_INPUTS).zip(self.row(output)))
            .map(|(block, &code)| block.iter().any(|w| w.doubled() != 0).then_some(code))
            .collect();
        let min = live.iter().flatten().min().copied().unwrap_or(BIAS as u8);
        let shifts = live.iter().map(|code| code.map_or(0, |code| u32::from(code - min))).collect();
        BlockShifts { shifts, exponent: i32::from(min) - BIAS - 1 }
    }
}

/// How an array of hardwired neurons applies block scales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockScales {
    /// The weights are plain FP4.
    None,
    /// Inputs are shifted before the serial feed: a neuron taps the bit stream of an input as many bit times late as
    /// its block's shift. Costs that many registers per input and one more bit plane per step of the widest span.
    PreShift(ScaleTable),
    /// Sixteen regions per block of 32, block sums shifted by wiring, one more adder tree over the blocks. Costs
    /// regions and ceil(log2(blocks)) levels, but no bit planes.
    PerBlockRegions(ScaleTable),
}

/// Shifts of the blocks of one neuron.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BlockShifts {
    /// Left shift of each block, bits.
    pub(super) shifts: Vec<u32>,
    /// Exponent of the neuron's integer sum.
    pub(super) exponent: i32,
}

impl BlockScales {
    /// Shifts for every output, after checks of shape and of the accumulator's width.
    pub(super) fn shifts(
        &self,
        weights: &WeightMatrix,
        activation_bits: u32,
    ) -> Result<Vec<BlockShifts>, ArithmeticError> {
        let blocks = weights.inputs().div_ceil(BLOCK_INPUTS);
        let table = match self {
            Self::None => return Ok(vec![BlockShifts { shifts: vec![0; blocks], exponent: -1 }; weights.outputs()]),
            Self::PreShift(table) | Self::PerBlockRegions(table) => table,
        };
        let expected = blocks as u128 * weights.outputs() as u128;
        if table.blocks != blocks || table.codes.len() as u128 != expected {
            return Err(ArithmeticError::Shape { what: "the scale table", expected, found: table.codes.len() });
        }
        let all: Vec<_> = (0..weights.outputs()).map(|output| table.shifts(weights, output)).collect();
        for (output, neuron) in all.iter().enumerate() {
            let span = neuron.span();
            let needed_bits = activation_bits + WEIGHT_BITS + tree_levels(weights.inputs() as u64) + span;
            if needed_bits > ACCUMULATOR_BITS {
                return Err(ArithmeticError::AccumulatorOverflow { output, span, needed_bits });
            }
        }
        Ok(all)
    }

    /// The timing side of this choice for the shifts that it led to.
    pub(super) fn folding(&self, shifts: &[BlockShifts]) -> ScaleFolding {
        match self {
            Self::None => ScaleFolding::None,
            Self::PreShift(_) => {
                ScaleFolding::PreShift { span_bits: shifts.iter().map(BlockShifts::span).max().unwrap_or(0) }
            }
            Self::PerBlockRegions(_) => ScaleFolding::PerBlockRegions,
        }
    }
}

impl BlockShifts {
    /// Largest shift; the smallest is 0.
    fn span(&self) -> u32 {
        self.shifts.iter().max().copied().unwrap_or(0)
    }
}
