//! Predictions of a fitted model for rows that were held back.

use costmodel::input::Input;
use costmodel::model::Predict;

use super::splits::Cell;
use crate::dataset::Dataset;
use crate::intervals::HeldOut;

/// Predictions of a fit for its test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Number of training rows.
    pub training_rows: usize,
    /// The test rows.
    pub rows: Vec<usize>,
    /// Prediction and expected error by row and output, on the scale of the quantity; NaN without a prediction.
    pub scaled: Vec<(f32, f32)>,
}

impl Answers {
    /// The predictions of a model for the test rows of a cell.
    #[must_use]
    pub fn of(data: &Dataset, cell: &Cell, training_rows: usize, model: &dyn Predict) -> Self {
        Self::scaled(data, cell, training_rows, |input| {
            let answers = model.predict(input).into_iter().zip(data.outputs());
            answers.map(|(v, o)| (v.map_or(f32::NAN, |v| o.quantity.scale().to(v) as f32), 0.0)).collect()
        })
    }

    /// The same from predictions on the scale.
    #[must_use]
    pub fn scaled(
        data: &Dataset,
        cell: &Cell,
        training_rows: usize,
        answer: impl Fn(&Input) -> Vec<(f32, f32)>,
    ) -> Self {
        let scaled = cell.test.iter().flat_map(|&row| answer(&data.samples()[row].input)).collect();
        Self { training_rows, rows: cell.test.clone(), scaled }
    }

    /// Concatenates the predictions of several cells.
    #[must_use]
    pub fn joined(parts: &[Self]) -> Self {
        Self {
            training_rows: parts.iter().map(|p| p.training_rows).sum::<usize>() / parts.len().max(1),
            rows: parts.iter().flat_map(|p| p.rows.iter().copied()).collect(),
            scaled: parts.iter().flat_map(|p| p.scaled.iter().copied()).collect(),
        }
    }

    /// Prediction and expected error of a test row; `None` without a prediction.
    #[must_use]
    pub fn at(&self, place: usize, output: usize, outputs: usize) -> Option<(f32, f32)> {
        let answer = self.scaled[place * outputs + output];
        (!answer.0.is_nan()).then_some(answer)
    }

    /// In the form that calibration takes; `outputs` is the number of outputs.
    #[must_use]
    pub fn held_out(&self, outputs: usize) -> HeldOut {
        let of = |place: usize| (0..outputs).map(|output| self.at(place, output, outputs)).collect();
        HeldOut { rows: self.rows.clone(), answers: (0..self.rows.len()).map(of).collect() }
    }
}
