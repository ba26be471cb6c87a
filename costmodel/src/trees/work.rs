//! Where trees start: sums of counts of work, each count times a coefficient.
//!
//! Work adds up and trees do not: a function twice as long falls into other leaves, and one longer than all of the
//! training into none of its own. Quantities that grow with the work are therefore a linear function of the counts with
//! non-negative coefficients, and trees correct it. A share of time is the quotient of two such sums.

use crate::features::WORK;
use crate::input::Input;
use crate::quantity::{Output, Quantity};

/// Coefficients by output, in the order of [`Input::work`] and a constant term behind them; none for outputs that trees
/// answer alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkSums(pub Vec<Vec<f32>>);

impl WorkSums {
    /// How many coefficients an output has.
    #[must_use]
    pub fn coefficients(output: &Output) -> usize {
        match output.quantity {
            Quantity::Instructions | Quantity::Cycles | Quantity::XpuLatencyCycles | Quantity::XpuUtilization => {
                WORK + 1
            }
            _ => 0,
        }
    }

    /// No coefficients for any of the outputs.
    #[must_use]
    pub fn none(outputs: &[Output]) -> Self {
        Self(vec![vec![]; outputs.len()])
    }

    /// Where the trees of each output start, on its scale.
    #[must_use]
    pub fn scaled(&self, outputs: &[Output], input: &Input) -> Vec<f32> {
        // Most functions do few kinds of work.
        let counts = || input.work.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let work: Vec<(usize, f64)> =
            counts().map(|(at, &count)| (at, f64::from(count))).chain([(WORK, 1.0)]).collect();
        let sum =
            |coefficients: &[f32]| work.iter().map(|&(at, count)| f64::from(coefficients[at]) * count).sum::<f64>();
        let sums: Vec<Option<f64>> =
            self.0.iter().map(|coefficients| (!coefficients.is_empty()).then(|| sum(coefficients))).collect();
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
