//! Ridge regression on logarithms of counts: `W = (X'X + n l I)^-1 X'Y`, columns standardised.
//!
//! By default the columns are counts of operations. The model is linear in logarithms, so it extrapolates to larger sizes.

use costmodel::columns::{Columns, MAX_WORDS};
use costmodel::input::{Input, Scheme, logarithm};
use costmodel::model::Predict;
use costmodel::quantity::Output;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::columns::choose;
use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, ParameterError, Rows, Run, require};

/// Hyper-parameters, unchecked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RidgeParameters {
    /// Weight of the penalty per row, on standardised columns.
    pub penalty: f64,
    /// Tokenizer scheme of the words.
    pub scheme: Scheme,
    /// Maximum number of words counted.
    pub words: usize,
    /// Whether features are columns as well.
    pub features: bool,
}

impl Default for RidgeParameters {
    fn default() -> Self {
        Self { penalty: 1e-3, scheme: Scheme::Ops, words: 256, features: false }
    }
}

impl RidgeParameters {
    /// Validates them.
    ///
    /// # Errors
    /// If one is out of range.
    pub fn check(self) -> Result<Ridge, ParameterError> {
        require(self.penalty > 0.0 && self.penalty.is_finite(), "penalty", self.penalty, "more than 0")?;
        require(self.words <= MAX_WORDS, "words", self.words as f64, "at most 4096")?;
        require(self.words > 0 || self.features, "words", 0.0, "at least 1 without features")?;
        Ok(Ridge(self))
    }
}

/// Fits by checked hyper-parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge(RidgeParameters);

/// A fitted ridge regression. It predicts on the quantity's fitting scale (linear or logarithmic).
#[derive(Debug, Clone, PartialEq)]
pub struct RidgeModel {
    pub(crate) columns: Columns,
    pub(crate) outputs: Vec<Output>,
    /// Outputs x columns, for columns that are not standardised.
    pub(crate) weights: DMatrix<f32>,
    pub(crate) bias: Vec<f32>,
    /// Range that predictions are clamped to, by output: that of the training labels, extended by its width on both sides.
    pub(crate) bounds: Vec<(f32, f32)>,
}

impl Fit for Ridge {
    type Model = RidgeModel;

    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<RidgeModel, FitError> {
        let parameters = &self.0;
        let training = &rows.training;
        if training.is_empty() {
            return Err(FitError::NoRows);
        }
        let columns =
            choose(data, training, parameters.scheme, parameters.features, parameters.words, training.len() / 1000);
        let width = columns.len();
        let mut x = DMatrix::<f64>::zeros(training.len(), width);
        for (i, &row) in training.iter().enumerate() {
            for (j, value) in logarithms(&columns, &data.samples()[row].input).into_iter().enumerate() {
                x[(i, j)] = f64::from(value);
            }
        }
        let (means, deviations) = standardise(&mut x);
        let solvable = by_labelled_rows(data, training)?;
        let fitted = costmodel::parallel::map(run.threads, solvable.len(), |i| {
            let (labelled, outputs) = &solvable[i];
            solve(data, training, labelled, outputs, &x, parameters.penalty)
        });
        let count = data.outputs().len();
        let mut model = RidgeModel {
            columns,
            outputs: data.outputs().to_vec(),
            weights: DMatrix::zeros(count, width),
            bias: vec![0.0; count],
            bounds: vec![(0.0, 0.0); count],
        };
        for ((_, outputs), fitted) in solvable.iter().zip(fitted) {
            let (weights, intercepts, bounds) = fitted?;
            for (k, &output) in outputs.iter().enumerate() {
                let mut bias = intercepts[k];
                for j in 0..width {
                    let weight = weights[(j, k)] / deviations[j];
                    bias -= weight * means[j];
                    model.weights[(output, j)] = weight as f32;
                }
                model.bias[output] = bias as f32;
                model.bounds[output] = bounds[k];
            }
        }
        if model.weights.iter().chain(&model.bias).any(|w| !w.is_finite()) {
            return Err(FitError::Diverged("the ridge regression"));
        }
        Ok(model)
    }
}

/// A row with the logarithm of 1 + each number that is not negative.
fn logarithms(columns: &Columns, input: &Input) -> Vec<f32> {
    let mut row = columns.row(input);
    row.iter_mut().for_each(|value| *value = logarithm(*value));
    row
}

/// Subtracts means and divides by deviations, column by column; a constant column becomes zero.
fn standardise(x: &mut DMatrix<f64>) -> (Vec<f64>, Vec<f64>) {
    let count = x.nrows() as f64;
    x.column_iter_mut()
        .map(|mut column| {
            let mean = column.sum() / count;
            column.add_scalar_mut(-mean);
            let deviation = (column.norm_squared() / count).sqrt();
            let deviation = if deviation > 1e-9 { deviation } else { 1.0 };
            column /= deviation;
            (mean, deviation)
        })
        .unzip()
}

type Solution = (DMatrix<f64>, DVector<f64>, Vec<(f32, f32)>);

/// Indices of training rows, and the outputs that exactly these are labelled with.
type Shared = (Vec<usize>, Vec<usize>);

/// Groups outputs by the training rows that are labelled with them: outputs of a group share the normal matrix.
fn by_labelled_rows(data: &Dataset, training: &[usize]) -> Result<Vec<Shared>, FitError> {
    let mut outputs_of: std::collections::BTreeMap<Vec<usize>, Vec<usize>> = std::collections::BTreeMap::new();
    for output in 0..data.outputs().len() {
        let labelled = |&place: &usize| data.samples()[training[place]].labels[output].is_some();
        let places: Vec<usize> = (0..training.len()).filter(labelled).collect();
        if places.is_empty() {
            return Err(FitError::unlabelled(&data.outputs()[output..=output]));
        }
        outputs_of.entry(places).or_default().push(output);
    }
    Ok(outputs_of.into_iter().collect())
}

/// Weights (columns x outputs), intercepts and bounds of outputs that share their labelled rows.
fn solve(
    data: &Dataset,
    training: &[usize],
    labelled: &[usize],
    outputs: &[usize],
    x: &DMatrix<f64>,
    penalty: f64,
) -> Result<Solution, FitError> {
    let label = |place: usize, output: usize| data.scaled_label(training[place], output).expect("a labelled row");
    let y = DMatrix::from_fn(labelled.len(), outputs.len(), |i, k| label(labelled[i], outputs[k]));
    let chosen;
    let x = if labelled.len() == training.len() {
        x
    } else {
        chosen = x.select_rows(labelled);
        &chosen
    };
    let count = labelled.len() as f64;
    let x_means = DVector::from_iterator(x.ncols(), x.column_iter().map(|c| c.sum() / count));
    let y_means = DVector::from_iterator(y.ncols(), y.column_iter().map(|c| c.sum() / count));
    let transposed = x.transpose();
    let mut normal = &transposed * x - &x_means * x_means.transpose() * count;
    for j in 0..normal.ncols() {
        normal[(j, j)] += penalty * count;
    }
    let right = &transposed * &y - &x_means * y_means.transpose() * count;
    let weights = normal.cholesky().ok_or(FitError::Diverged("the ridge regression"))?.solve(&right);
    let intercepts = &y_means - weights.transpose() * &x_means;
    let bounds = y.column_iter().map(|c| {
        let margin = c.max() - c.min();
        ((c.min() - margin) as f32, (c.max() + margin) as f32)
    });
    Ok((weights, intercepts, bounds.collect()))
}

impl RidgeModel {
    /// Predictions on the scale of the fit.
    pub(crate) fn scaled(&self, input: &Input) -> Vec<f32> {
        let row = logarithms(&self.columns, input);
        let mut sums = self.bias.clone();
        for (j, value) in row.into_iter().enumerate().filter(|(_, value)| *value != 0.0) {
            for (sum, weight) in sums.iter_mut().zip(self.weights.column(j).iter()) {
                *sum += weight * value;
            }
        }
        sums.iter_mut().zip(&self.bounds).for_each(|(sum, (low, high))| *sum = sum.clamp(*low, *high));
        sums
    }
}

impl Predict for RidgeModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let scaled = self.scaled(input);
        scaled
            .iter()
            .zip(&self.outputs)
            .map(|(value, output)| Some(output.quantity.scale().from(f64::from(*value))))
            .collect()
    }
}
