//! Cell-Embedding (CE): a constant multiplier for every weight, then an adder tree per output.
//!
//! Stages: multiply, ceil(log2(inputs)) adder levels, output register; all outputs in parallel. Words are as wide as
//! the exact sum. Left out: constant multipliers that a synthesiser would drop (weights 0 and powers of two).

use super::error::ArithmeticError;
use super::events::Pass;
use super::pipeline::AdderTree;
use super::timing::{CeTiming, tree_levels};
use super::weights::{WeightMatrix, check_activation_bits, half_unit_pass};

/// A matrix whose weights are cells.
#[derive(Debug, Clone)]
pub struct CellEmbedding {
    weights: WeightMatrix,
    activation_bits: u32,
}

impl CellEmbedding {
    /// The array for one matrix and inputs of `activation_bits` (1 to 32) bits.
    pub fn new(weights: WeightMatrix, activation_bits: u32) -> Result<Self, ArithmeticError> {
        check_activation_bits(activation_bits)?;
        Ok(Self { weights, activation_bits })
    }

    /// The closed form that equals the cycles of [`Self::run`].
    pub fn timing(&self) -> CeTiming {
        CeTiming
    }

    /// One product, clocked until every output register holds its sum. `inputs` has shape `[inputs]`.
    pub fn run(&self, inputs: &[i32]) -> Result<Pass, ArithmeticError> {
        self.weights.check_inputs(inputs, self.activation_bits)?;
        let mut pass = half_unit_pass(self.weights.outputs());
        for output in 0..self.weights.outputs() {
            let row = self.weights.row(output).iter();
            let mut products: Option<Vec<i64>> =
                Some(row.zip(inputs).map(|(w, &x)| w.doubled() * i64::from(x)).collect());
            let mut cycles = 1; // the edge that loads the product registers
            let mut tree = AdderTree::new(tree_levels(inputs.len() as u64));
            let sum = loop {
                cycles += 1;
                if let Some(sum) = tree.clock(products.take()) {
                    break sum;
                }
            };
            assert_eq!(sum.len(), 1, "the tree has a level for every halving of the inputs");
            pass.sums.push(sum[0]);
            // The outputs run in parallel: their work adds up, their cycles do not.
            pass.events.cycles = pass.events.cycles.max(cycles);
            pass.events.multiplies += inputs.len() as u64;
            pass.events.adder_ops += tree.additions;
        }
        Ok(pass)
    }
}
