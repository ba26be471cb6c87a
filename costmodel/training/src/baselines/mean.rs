//! The mean of the training labels on the scale of the fit, for every function.

use costmodel::input::Input;
use costmodel::model::Predict;

use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, Rows, Run};

/// Fits the mean. It has no hyper-parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean;

/// The mean of each output, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanModel(Vec<Option<f64>>);

impl Fit for Mean {
    type Model = MeanModel;

    fn fit(&self, data: &Dataset, rows: &Rows, _: &Run<'_>) -> Result<MeanModel, FitError> {
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        let mean = |output: usize| {
            let labels = || rows.training.iter().filter_map(|&row| data.scaled_label(row, output));
            let count = labels().count();
            (count > 0).then(|| data.outputs()[output].quantity.scale().from(labels().sum::<f64>() / count as f64))
        };
        Ok(MeanModel((0..data.outputs().len()).map(mean).collect()))
    }
}

impl Predict for MeanModel {
    fn predict(&self, _: &Input) -> Vec<Option<f64>> {
        self.0.clone()
    }
}
