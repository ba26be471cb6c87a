//! A fitted set of forests, one per quantity, over shared columns.

use super::forest::Forest;
use super::work::WorkSums;
use crate::columns::Columns;
use crate::input::Input;
use crate::model::Predict;
use crate::quantity::Output;

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
    /// By column: how much its splits reduced the error, as a share, added over the quantities.
    pub gains: Vec<f64>,
}

impl TreesModel {
    /// Predictions on the scale of the fit.
    #[must_use]
    pub fn scaled(&self, input: &Input) -> Vec<f32> {
        let row = self.columns.row(input);
        let mut out = self.work_sums.scaled(&self.outputs, input);
        let mut rest = &mut out[..];
        for forest in &self.forests {
            let (own, others) = rest.split_at_mut(forest.width());
            forest.add(&row, own);
            rest = others;
        }
        out
    }

    /// Predictions for many functions on the scale of the fit: the same as of [`Self::scaled`], in less time.
    #[must_use]
    pub fn scaled_all(&self, inputs: &[&Input]) -> Vec<Vec<f32>> {
        if inputs.len() < FEWEST_TOGETHER {
            return inputs.iter().map(|input| self.scaled(input)).collect();
        }
        let rows: Vec<f32> = inputs.iter().flat_map(|input| self.columns.row(input)).collect();
        let mut all: Vec<Vec<f32>> = inputs.iter().map(|input| self.work_sums.scaled(&self.outputs, input)).collect();
        let mut first = 0;
        for forest in &self.forests {
            let own = first..first + forest.width();
            first = own.end;
            let mut outs: Vec<&mut [f32]> = all.iter_mut().map(|out| &mut out[own.clone()]).collect();
            forest.add_all(&rows, self.columns.len(), &mut outs);
        }
        all
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
