//! The starting point of the trees: a linear function of counts of work.
//!
//! Trees cannot extrapolate: a function longer than all of the training set falls into the leaves of shorter ones. Quantities
//! that grow with the work therefore start from a linear function of the counts with non-negative coefficients, which the
//! trees correct. A share of time is the quotient of two such sums.

use crate::features::WORK;
use crate::input::Input;
use crate::kernels::KERNEL_WORK;
use crate::quantity::{Output, Quantity, TargetKind};

/// The counts that the sum of an output is over: those of the kernels for a GPU, else those of the function.
#[must_use]
pub fn counts<'a>(output: &Output, input: &'a Input) -> &'a [f32] {
    match output.quantity.target_kind() {
        TargetKind::Gpu => &input.kernels.work,
        TargetKind::Processor | TargetKind::Design => &input.work,
    }
}

/// Coefficients by output, in the order of its [`counts`] followed by a constant term; empty for outputs without such a sum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkSums(pub Vec<Vec<f32>>);

impl WorkSums {
    /// Number of coefficients of an output.
    #[must_use]
    pub fn coefficients(output: &Output) -> usize {
        match output.quantity {
            Quantity::Instructions | Quantity::Cycles | Quantity::XpuLatencyCycles | Quantity::XpuUtilization => {
                WORK + 1
            }
            Quantity::GpuInstructions | Quantity::GpuRooflineUs => KERNEL_WORK + 1,
            _ => 0,
        }
    }

    /// No coefficients for any of the outputs.
    #[must_use]
    pub fn none(outputs: &[Output]) -> Self {
        Self(vec![vec![]; outputs.len()])
    }

    /// The sum of each output, on its scale; 0 for outputs without one.
    #[must_use]
    pub fn scaled(&self, outputs: &[Output], input: &Input) -> Vec<f32> {
        // Most functions do few kinds of work.
        let positive = |counts: &[f32]| -> Vec<(usize, f64)> {
            let positive = counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
            positive.map(|(at, &count)| (at, f64::from(count))).chain([(counts.len(), 1.0)]).collect()
        };
        let (work, kernels) = (positive(&input.work), positive(&input.kernels.work));
        let sum = |output: &Output, coefficients: &[f32]| {
            let work = if output.quantity.target_kind() == TargetKind::Gpu { &kernels } else { &work };
            work.iter().map(|&(at, count)| f64::from(coefficients[at]) * count).sum::<f64>()
        };
        let sums: Vec<Option<f64>> = outputs
            .iter()
            .zip(&self.0)
            .map(|(output, coefficients)| (!coefficients.is_empty()).then(|| sum(output, coefficients)))
            .collect();
        let start = |(output, own): (usize, &Option<f64>)| {
            let own = (*own)?;
            let value = match total_time(outputs, output).and_then(|total| sums[total]) {
                Some(total) => (own / total.max(f64::MIN_POSITIVE)).min(1.0),
                None => own,
            };
            Some(outputs[output].quantity.scale().to(value) as f32)
        };
        sums.iter().enumerate().map(|each| start(each).unwrap_or(0.0)).collect()
    }
}

/// For a share of the time, the output that is the time.
#[must_use]
pub fn total_time(outputs: &[Output], output: usize) -> Option<usize> {
    let Output { quantity, target } = &outputs[output];
    let is_time = |o: &Output| o.quantity == Quantity::XpuLatencyCycles && o.target == *target;
    if *quantity == Quantity::XpuUtilization { outputs.iter().position(is_time) } else { None }
}
