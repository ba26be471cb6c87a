//! A matrix of FP4 weights and its plain integer product, the reference that every model must equal.
//!
//! Layout: one row of `inputs` weights per output. Sums are in half units (twice the value), at most
//! 2^31 * 12 * [`MAX_INPUTS`], which fits `i64` with room to spare.

use super::error::ArithmeticError;
use super::events::Pass;
use super::fp4::Fp4;

/// Largest fan-in of an output: 2^20 inputs (32-bit activations then need a 56-bit accumulator).
pub const MAX_INPUTS: usize = 1 << 20;

/// FP4 weights, shape `[outputs][inputs]`, neither of them zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightMatrix {
    inputs: usize,
    outputs: usize,
    weights: Vec<Fp4>,
}

impl WeightMatrix {
    /// A matrix from `outputs` rows of `inputs` weights each, row after row.
    pub fn new(inputs: usize, outputs: usize, weights: Vec<Fp4>) -> Result<Self, ArithmeticError> {
        if inputs == 0 {
            return Err(ArithmeticError::Zero { what: "the number of inputs" });
        }
        if outputs == 0 {
            return Err(ArithmeticError::Zero { what: "the number of outputs" });
        }
        if inputs > MAX_INPUTS {
            let (what, limit) = ("the number of inputs", MAX_INPUTS as u64);
            return Err(ArithmeticError::TooLarge { what, value: inputs as u64, limit });
        }
        let expected = inputs as u128 * outputs as u128;
        if weights.len() as u128 != expected {
            return Err(ArithmeticError::Shape { what: "the weight list", expected, found: weights.len() });
        }
        Ok(Self { inputs, outputs, weights })
    }

    /// Inputs per output.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The weights of one output, shape `[inputs]`. Panics if `output` is not below [`Self::outputs`].
    pub fn row(&self, output: usize) -> &[Fp4] {
        &self.weights[output * self.inputs..][..self.inputs]
    }

    /// The integer product in half units, shape `[outputs]`: `2 * sum_i x[i] * w[o][i]`.
    pub fn product(&self, inputs: &[i32]) -> Result<Vec<i64>, ArithmeticError> {
        self.check_length(inputs)?;
        let dot = |o| self.row(o).iter().zip(inputs).map(|(w, &x)| w.doubled() * i64::from(x)).sum();
        Ok((0..self.outputs).map(dot).collect())
    }

    /// Checks length and range of an input vector of `bits`-bit two's complement integers.
    pub(super) fn check_inputs(&self, inputs: &[i32], bits: u32) -> Result<(), ArithmeticError> {
        self.check_length(inputs)?;
        let half = 1i64 << (bits - 1);
        match inputs.iter().position(|&x| !(-half..half).contains(&i64::from(x))) {
            Some(input) => Err(ArithmeticError::ActivationRange { input, value: inputs[input], bits }),
            None => Ok(()),
        }
    }

    fn check_length(&self, inputs: &[i32]) -> Result<(), ArithmeticError> {
        if inputs.len() == self.inputs {
            return Ok(());
        }
        Err(ArithmeticError::Shape { what: "the input vector", expected: self.inputs as u128, found: inputs.len() })
    }
}

/// An empty result whose sums are in half units, to be filled by an unscaled model.
pub(super) fn half_unit_pass(outputs: usize) -> Pass {
    Pass { sums: Vec::with_capacity(outputs), exponents: vec![-1; outputs], ..Pass::default() }
}

/// Rejects activation widths outside 1..=32.
pub(super) fn check_activation_bits(bits: u32) -> Result<(), ArithmeticError> {
    if (1..=32).contains(&bits) { Ok(()) } else { Err(ArithmeticError::ActivationBits { bits }) }
}
