//! A fitted set of forests, one per quantity, over shared columns.

use super::forest::Forest;
use super::work::WorkSums;
use ir::labels::gpu::GpuTarget;

use crate::columns::Columns;
use crate::input::Input;
use crate::model::Predict;
use crate::quantity::{Output, Quantity};

/// Fewer functions than this are walked one by one.
const FEWEST_TOGETHER: usize = 6;

/// Trees for all outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct TreesModel {
    /// Columns of a row of numbers.
    pub columns: Columns,
    /// Starting point of the trees, by output.
    pub work_sums: WorkSums,
    /// What is predicted, quantity by quantity.
    pub outputs: Vec<Output>,
    /// One per quantity, in the order of the outputs.
    pub forests: Vec<Forest>,
    /// Forests of the logarithm of the expected absolute error, one per quantity, on the scale of the labels; none in a model that
    /// does not know how wrong it is.
    pub doubts: Vec<Forest>,
    /// By column: how much its splits reduced the error, as a share, added over the quantities.
    pub gains: Vec<f64>,
}

impl TreesModel {
    /// Predictions on the scale of the fit.
    #[must_use]
    pub fn scaled(&self, input: &Input) -> Vec<f32> {
        self.scaled_all(&[input]).remove(0)
    }

    /// Predictions for many functions on the scale of the fit: the same as of [`Self::scaled`], in less time.
    #[must_use]
    pub fn scaled_all(&self, inputs: &[&Input]) -> Vec<Vec<f32>> {
        let rows = self.rows(inputs);
        self.answers(inputs, &rows)
    }

    /// Predictions on the scale of the fit, each with its expected absolute error (0 if the model does not know it).
    #[must_use]
    pub fn doubted_all(&self, inputs: &[&Input]) -> Vec<Vec<(f32, f32)>> {
        let rows = self.rows(inputs);
        let answers = self.answers(inputs, &rows);
        if self.doubts.is_empty() {
            return answers.into_iter().map(|own| own.into_iter().map(|answer| (answer, 0.0)).collect()).collect();
        }
        let mut doubts = vec![vec![0f32; self.outputs.len()]; inputs.len()];
        self.add_all(&self.doubts, &rows, &mut doubts);
        let with = |(answers, doubts): (Vec<f32>, Vec<f32>)| {
            answers.into_iter().zip(doubts).map(|(answer, doubt)| (answer, libm::expf(doubt))).collect()
        };
        answers.into_iter().zip(doubts).map(with).collect()
    }

    /// Numbers of the columns, function by function.
    fn rows(&self, inputs: &[&Input]) -> Vec<f32> {
        inputs.iter().flat_map(|input| self.columns.row(input)).collect()
    }

    fn answers(&self, inputs: &[&Input], rows: &[f32]) -> Vec<Vec<f32>> {
        let mut all: Vec<Vec<f32>> = inputs.iter().map(|input| self.work_sums.scaled(&self.outputs, input)).collect();
        self.add_all(&self.forests, rows, &mut all);
        for (output, name) in self.outputs.iter().enumerate() {
            if name.quantity == Quantity::GpuWavesPerSimd {
                let all = all.iter_mut().zip(inputs);
                all.for_each(|(own, input)| own[output] = nearest_waves(&name.target, input, own[output]));
            }
        }
        all
    }

    /// Adds what forests, one per quantity, predict for each row.
    fn add_all(&self, forests: &[Forest], rows: &[f32], all: &mut [Vec<f32>]) {
        let width = self.columns.len();
        let mut first = 0;
        for forest in forests {
            let own = first..first + forest.width();
            first = own.end;
            if all.len() < FEWEST_TOGETHER {
                for (row, out) in rows.chunks_exact(width).zip(&mut *all) {
                    forest.add(row, &mut out[own.clone()]);
                }
            } else {
                let mut outs: Vec<&mut [f32]> = all.iter_mut().map(|out| &mut out[own.clone()]).collect();
                forest.add_all(rows, width, &mut outs);
            }
        }
    }

    /// What is predicted.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Number of trees of all quantities.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.forests.iter().map(Forest::trees).sum()
    }
}

impl Predict for TreesModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let scaled = self.scaled(input);
        scaled.iter().zip(&self.outputs).map(|(v, output)| Some(output.quantity.scale().from(f64::from(*v)))).collect()
    }
}

/// The possible number of resident waves that is nearest to a prediction, on the scale of the fit. Possible are the numbers that the
/// GPU's rule gives for the function's blocks and some number of registers.
fn nearest_waves(target: &str, input: &Input, scaled: f32) -> f32 {
    let Some(target) = GpuTarget::from_cpu(target) else { return scaled };
    let scale = Quantity::GpuWavesPerSimd.scale();
    let possible = input.kernels.possible_waves(target);
    let possible = possible.into_iter().map(|waves| scale.to(f64::from(waves)) as f32);
    possible.min_by(|a, b| (a - scaled).abs().total_cmp(&(b - scaled).abs())).unwrap_or(scaled)
}
