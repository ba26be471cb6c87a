//! Predictions of the model for one function, learned or analytical, with intervals. Adapted targets follow the trained ones.

use super::adaptation::{Adaptation, Line};
use super::conformal::Widths;
use super::file::CostModel;
use crate::input::Input;
use crate::model::Predict;
use crate::quantity::Output;

/// A predicted number and its interval, in the quantity's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The prediction; a whole number for quantities that count.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Expected absolute error on the scale of the fit, which the width of the interval grows with; 0 where it is not known.
    pub doubt: f64,
}

impl Estimate {
    /// The same with each number changed.
    #[must_use]
    pub(crate) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self { value: change(self.value), low: change(self.low), high: change(self.high), ..self }
    }
}

impl CostModel {
    /// Predicted outputs: trained ones first, then adapted ones.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        let adapted = self.adaptations.iter().map(|adaptation| adaptation.output.clone());
        self.trees.outputs().iter().cloned().chain(adapted).collect()
    }

    /// Names of the processors and designs without duplicates, trained targets first.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let mut targets: Vec<String> = Vec::new();
        for output in self.outputs() {
            if !targets.contains(&output.target) {
                targets.push(output.target);
            }
        }
        targets
    }

    /// The learned predictions, one per output.
    #[must_use]
    pub fn learned(&self, input: &Input) -> Vec<Option<Estimate>> {
        self.learned_all(&[input]).remove(0)
    }

    /// The learned predictions for many functions: the same as of [`Self::learned`], in less time.
    #[must_use]
    pub fn learned_all(&self, inputs: &[&Input]) -> Vec<Vec<Option<Estimate>>> {
        let all = self.trees.doubted_all(inputs).into_iter().map(|answers| {
            let known: Vec<Option<(f32, f32)>> = answers.into_iter().map(Some).collect();
            self.estimates(&known, &self.widths, |adaptation| Some(adaptation.learned))
        });
        all.collect()
    }

    /// The analytical predictions, one per output; `None` for outputs without an analytical model.
    #[must_use]
    pub fn analytical(&self, input: &Input) -> Vec<Option<Estimate>> {
        let known = self.analytical_scaled(input);
        self.estimates(&known, &self.analytical_widths, |adaptation| adaptation.analytical)
    }

    /// Analytical predictions on the scale of the fit, with a distance of 0 between models. [`Self::analytical_widths`] is
    /// calibrated on these.
    #[must_use]
    pub fn analytical_scaled(&self, input: &Input) -> Vec<Option<(f32, f32)>> {
        let answers = self.roofline.predict(input).into_iter().zip(self.liveness.predict(input));
        answers
            .zip(self.trees.outputs())
            .map(|((time, registers), output)| {
                time.or(registers).map(|value| (output.quantity.scale().to(value) as f32, 0.0))
            })
            .collect()
    }

    fn estimates(
        &self,
        known: &[Option<(f32, f32)>],
        widths: &Widths,
        line: impl Fn(&Adaptation) -> Option<Line>,
    ) -> Vec<Option<Estimate>> {
        let outputs = self.trees.outputs();
        let trained = known.iter().zip(outputs).enumerate().map(|(index, (answer, output))| {
            let answer = (*answer)?;
            Some(estimate(output, answer, widths.interval(output, index, answer)))
        });
        let adapted = self.adaptations.iter().map(|adaptation| {
            let output = &adaptation.output;
            let is_base = |o: &Output| o.target == adaptation.base && o.quantity == output.quantity;
            let line = line(adaptation)?;
            let (answer, _) = known[outputs.iter().position(is_base)?]?;
            let value = line.at(answer);
            Some(estimate(output, (value, 0.0), line.interval(output.quantity.scale(), value)))
        });
        trained.chain(adapted).collect()
    }
}

fn estimate(output: &Output, (scaled, doubt): (f32, f32), (low, high): (f64, f64)) -> Estimate {
    let value = output.quantity.scale().from(f64::from(scaled));
    let (low, high) = output.quantity.counted_interval(low, high);
    Estimate { value: output.quantity.counted(value), low, high, doubt: f64::from(doubt) }
}
