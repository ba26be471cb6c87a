//! MAC array (MA): multipliers and an adder tree fed with weights from an SRAM, one output after the other.
//!
//! Stages: address register, SRAM latency, multiply, ceil(log2(macs)) adder levels, accumulate, output register. The
//! SRAM is read once per cycle for as many weights of one output as the multipliers take and the port delivers, two
//! weights per byte, byte enables for a short last read. Inputs sit in registers. Left out: loading the SRAM.

use super::error::ArithmeticError;
use super::events::Pass;
use super::pipeline::{AdderTree, Delay};
use super::timing::{MaTiming, tree_levels};
use super::weights::{WeightMatrix, check_activation_bits, half_unit_pass};

/// A matrix in the SRAM of a MAC array.
#[derive(Debug, Clone)]
pub struct MacArray {
    weights: WeightMatrix,
    activation_bits: u32,
    timing: MaTiming,
}

/// One SRAM read: the weights of `output` from input `first` on.
#[derive(Clone, Copy)]
struct Read {
    output: usize,
    first: usize,
}

impl MacArray {
    /// The array for one matrix, which must fit `sram_bytes`, each row starting on a byte.
    pub fn new(
        weights: WeightMatrix,
        activation_bits: u32,
        timing: MaTiming,
        sram_bytes: u64,
    ) -> Result<Self, ArithmeticError> {
        check_activation_bits(activation_bits)?;
        timing.check()?;
        let needed = weights.inputs().div_ceil(2) as u128 * weights.outputs() as u128;
        if needed > u128::from(sram_bytes) {
            return Err(ArithmeticError::SramCapacity { needed, capacity: sram_bytes });
        }
        Ok(Self { weights, activation_bits, timing })
    }

    /// The closed form that equals the cycles of [`Self::run`].
    pub fn timing(&self) -> MaTiming {
        self.timing
    }

    /// One product, clocked until the output register has taken the last sum. `inputs` has shape `[inputs]`.
    pub fn run(&self, inputs: &[i32]) -> Result<Pass, ArithmeticError> {
        self.weights.check_inputs(inputs, self.activation_bits)?;
        let mut pass = half_unit_pass(self.weights.outputs());
        let step = self.timing.weights_per_cycle().min(inputs.len() as u64) as usize;
        let reads_per_output = inputs.len().div_ceil(step);
        let mut reads = (0..self.weights.outputs())
            .flat_map(|output| (0..inputs.len()).step_by(step).map(move |first| Read { output, first }));

        let mut address = None;
        let mut sram = Delay::new(self.timing.sram_latency);
        let mut products = None;
        let mut tree = AdderTree::new(tree_levels(u64::from(self.timing.macs)));
        let (mut accumulator, mut accumulated) = (0, 0);
        while pass.sums.len() < self.weights.outputs() {
            let data = sram.clock(std::mem::replace(&mut address, reads.next()));
            let multiplied = data.map(|read| self.multiply(read, step, inputs, &mut pass));
            let partial = tree.clock(std::mem::replace(&mut products, multiplied));
            if accumulated == reads_per_output {
                pass.sums.push(accumulator);
                (accumulator, accumulated) = (0, 0);
            }
            if let Some(partial) = partial {
                assert_eq!(partial.len(), 1, "the tree has a level for every halving of the multipliers");
                accumulator += partial[0];
                accumulated += 1;
                pass.events.adder_ops += 1;
            }
            pass.events.cycles += 1;
        }
        pass.events.adder_ops += tree.additions;
        Ok(pass)
    }

    /// Products of one read, counting the bytes and the multiplies.
    fn multiply(&self, read: Read, step: usize, inputs: &[i32], pass: &mut Pass) -> Vec<i64> {
        let end = (read.first + step).min(inputs.len());
        let weights = &self.weights.row(read.output)[read.first..end];
        pass.events.sram_read_bytes += weights.len().div_ceil(2) as u64;
        pass.events.multiplies += weights.len() as u64;
        weights.iter().zip(&inputs[read.first..end]).map(|(w, &x)| w.doubled() * i64::from(x)).collect()
    }
}
