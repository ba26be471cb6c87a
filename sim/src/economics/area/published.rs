//! Area per weight as two published figures of HNLPU imply it.
//!
//! Two readings, two unknowns: `area = neurons * per_neuron + weights * per_weight` for the array (573.16 mm2, Table 1)
//! and for the benchmark operator (0.95 of a 64 KB SRAM for 1024 x 128, Fig. 12). The area of that SRAM is not
//! published: it is taken from the model's cell and macro efficiency, so the fit moves with them.

use serde::Serialize;

use super::array::ArrayShape;
use super::inputs::AreaInputs;
use super::node::NodeDensities;
use super::sram::SramShape;

/// Neurons and weights of the benchmark operator.
pub const OPERATOR: ArrayShape = ArrayShape { weights: 1024.0 * 128.0, neurons: 128.0 };

/// A part per neuron and a part per weight that meet both readings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReadingsFit {
    /// um2 per neuron.
    pub per_neuron_um2: f64,
    /// um2 per weight.
    pub per_weight_um2: f64,
}

impl ReadingsFit {
    /// Solves both readings, at 5 nm.
    pub fn solve(inputs: &AreaInputs) -> Self {
        let array = inputs.published_array * 1e6 / ArrayShape::HNLPU.neurons;
        let operator = operator_um2(inputs) / OPERATOR.neurons;
        let per_weight_um2 = (array - operator) / (ArrayShape::HNLPU.fan_in() - OPERATOR.fan_in());
        Self { per_neuron_um2: array - per_weight_um2 * ArrayShape::HNLPU.fan_in(), per_weight_um2 }
    }

    /// Area of an array, um2, at 5 nm.
    pub fn area_um2(&self, shape: &ArrayShape) -> f64 {
        shape.neurons * self.per_neuron_um2 + shape.weights * self.per_weight_um2
    }
}

/// Area of the benchmark operator as Fig. 12 has it, um2.
pub fn operator_um2(inputs: &AreaInputs) -> f64 {
    inputs.published_operator_ratio * SramShape::BENCHMARK.area_mm2(&NodeDensities::N5, inputs) * 1e6
}
