//! What trees start from: sums of counts of work, each at a price.
//!
//! Work adds up and trees do not add: a function twice as long needs other leaves, and one longer than all that were learned
//! from finds none. Quantities that grow with the work are therefore a sum of counts at prices that are not negative, fitted
//! on the logarithmic scale of the labels, and trees correct it. A share of time is the quotient of two such sums.

use crate::features::{WORK, work_of};
use crate::model::{Rows, Run};
use crate::quantity::{Output, Quantity};
use crate::sample::{Dataset, Input};

/// Rounds of the fit: each prices the counts again, with the errors that the prices before left.
const ROUNDS: usize = 12;

/// Errors below this, as differences of logarithms, count alike; larger ones count by their size, not its square, so that
/// functions whose work is not understood do not decide.
const ALIKE: f64 = 0.1;

/// Added to the diagonal of the equations, as a share of it: counts that always come together share their price.
const RIDGE: f64 = 1e-4;

/// Sweeps of the solver at most, and the change of all prices at which it ends.
const SWEEPS: usize = 2000;
/// See [`SWEEPS`].
const SETTLED: f64 = 1e-7;

/// Prices by output, in the order of [`Input::work`] and one more that is always paid; none for outputs that trees answer
/// alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Bases(pub Vec<Vec<f32>>);

impl Bases {
    /// How many prices an output has.
    pub fn prices(output: &Output) -> usize {
        match output.quantity {
            Quantity::Instructions | Quantity::Cycles | Quantity::XpuLatencyCycles | Quantity::XpuUtilization => {
                WORK + 1
            }
            _ => 0,
        }
    }

    /// No prices for as many outputs.
    pub fn none(outputs: &[Output]) -> Self {
        Self(vec![vec![]; outputs.len()])
    }

    /// Fits the prices of all outputs to the training rows.
    pub fn fit(data: &Dataset, rows: &Rows, run: &Run<'_>) -> Self {
        let outputs = data.outputs();
        Self(crate::parallel::map(run.threads, outputs.len(), |output| {
            if Self::prices(&outputs[output]) == 0 {
                return vec![];
            }
            let whole = whole(outputs, output);
            let counts = work_of(outputs[output].quantity.is_of_design());
            let bills = rows.training.iter().filter_map(|&row| {
                let sample = &data.samples()[row];
                // A share of the time: busy time is what adds up.
                let paid = sample.labels[output]? * whole.map_or(Some(1.0), |whole| sample.labels[whole])?;
                (paid > 0.0).then(|| Bill::new(&sample.input.work, counts.clone(), paid))
            });
            prices(&bills.collect::<Vec<Bill>>())
        }))
    }

    /// Where the trees of each output start, on its scale.
    pub fn scaled(&self, outputs: &[Output], input: &Input) -> Vec<f32> {
        // Most functions do few kinds of work.
        let counts = || input.work.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let work: Vec<(usize, f64)> =
            counts().map(|(at, &count)| (at, f64::from(count))).chain([(WORK, 1.0)]).collect();
        let sum = |prices: &[f32]| work.iter().map(|&(at, count)| f64::from(prices[at]) * count).sum::<f64>();
        let sums: Vec<Option<f64>> = self.0.iter().map(|prices| (!prices.is_empty()).then(|| sum(prices))).collect();
        let start = |(output, own): (usize, &Option<f64>)| {
            let own = (*own)?;
            let value = match whole(outputs, output).and_then(|whole| sums[whole]) {
                Some(whole) => (own / whole.max(f64::MIN_POSITIVE)).min(1.0),
                None => own,
            };
            Some(outputs[output].quantity.scale().to(value) as f32)
        };
        sums.iter().enumerate().map(|each| start(each).unwrap_or(0.0)).collect()
    }
}

/// For a share of the time, the output that is the time.
fn whole(outputs: &[Output], output: usize) -> Option<usize> {
    let Output { quantity, target } = &outputs[output];
    let is_whole = |o: &Output| o.quantity == Quantity::XpuLatencyCycles && o.target == *target;
    if *quantity == Quantity::XpuUtilization { outputs.iter().position(is_whole) } else { None }
}

/// Work of one function that is not none, and what it came to.
struct Bill {
    counts: Vec<(usize, f64)>,
    paid: f64,
}

impl Bill {
    fn new(work: &[f32], of: std::ops::Range<usize>, paid: f64) -> Self {
        let counts = of.map(|at| (at, f64::from(work[at]))).filter(|(_, count)| *count > 0.0);
        Self { counts: counts.chain([(WORK, 1.0)]).collect(), paid }
    }

    fn at(&self, prices: &[f64]) -> f64 {
        self.counts.iter().map(|&(at, count)| prices[at] * count).sum::<f64>().max(1e-3)
    }
}

/// Prices at which bills come near to what was paid, from the better of two starts.
fn prices(bills: &[Bill]) -> Vec<f32> {
    // All work at one price, that of the function in the middle.
    let mut each: Vec<f64> =
        bills.iter().map(|b| b.paid / b.counts.iter().map(|(_, count)| count).sum::<f64>()).collect();
    each.sort_by(f64::total_cmp);
    let alike = vec![each.get(each.len() / 2).copied().unwrap_or(0.0); WORK + 1];
    // Least squares of what is too little or too much, as a share of what was paid.
    let mut equations = Equations::new(WORK + 1);
    bills.iter().for_each(|bill| equations.add(&bill.counts, bill.paid, 1.0, 1.0));
    let [(one, error), (other, other_error)] = [alike, equations.solve()].map(|start| settle(bills, start));
    let best = if error <= other_error { one } else { other };
    best.into_iter().map(|price| price as f32).collect()
}

/// Gauss and Newton's steps on logarithms, errors weighed so that their size counts; the prices and the mean size of the
/// errors that they leave.
fn settle(bills: &[Bill], mut prices: Vec<f64>) -> (Vec<f64>, f64) {
    let error = |bill: &Bill, prices: &[f64]| libm::log(bill.paid / bill.at(prices));
    for _ in 0..ROUNDS {
        let mut equations = Equations::new(WORK + 1);
        for bill in bills {
            let error = error(bill, &prices);
            equations.add(&bill.counts, bill.at(&prices), 1.0 + error.clamp(-1.0, 1.0), 1.0 / error.abs().max(ALIKE));
        }
        prices = equations.solve();
    }
    let errors: f64 = bills.iter().map(|bill| error(bill, &prices).abs()).sum();
    (prices, errors / bills.len().max(1) as f64)
}

/// Normal equations of weighted least squares.
struct Equations {
    size: usize,
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Equations {
    fn new(size: usize) -> Self {
        Self { size, matrix: vec![0.0; size * size], right: vec![0.0; size] }
    }

    /// Counts, each over `unit`, should come to `sum`.
    fn add(&mut self, counts: &[(usize, f64)], unit: f64, sum: f64, weight: f64) {
        for &(i, a) in counts {
            self.right[i] += weight * a / unit * sum;
            for &(j, b) in counts {
                self.matrix[i * self.size + j] += weight * (a / unit) * (b / unit);
            }
        }
    }

    /// The solution without negative numbers, by going down one coordinate after the other (Franc, Hlavac and Navara,
    /// "Sequential Coordinate-Wise Algorithm for the Non-negative Least Squares Problem", 2005).
    fn solve(&self) -> Vec<f64> {
        let size = self.size;
        // Columns of length 1: sweeps then move all by about as much.
        let length: Vec<f64> = (0..size).map(|i| self.matrix[i * size + i].sqrt()).collect();
        let used: Vec<usize> = (0..size).filter(|&i| length[i] > 0.0).collect();
        let mut x = vec![0.0; size];
        // What is left over of the right side, by column.
        let mut left: Vec<f64> =
            (0..size).map(|i| if length[i] > 0.0 { self.right[i] / length[i] } else { 0.0 }).collect();
        for _ in 0..SWEEPS {
            let mut moved = 0.0;
            for &i in &used {
                let step = ((left[i] - RIDGE * x[i]) / (1.0 + RIDGE)).max(-x[i]);
                if step == 0.0 {
                    continue;
                }
                x[i] += step;
                moved += step.abs();
                for &j in &used {
                    left[j] -= step * self.matrix[i * size + j] / (length[i] * length[j]);
                }
            }
            if moved <= SETTLED * x.iter().sum::<f64>() {
                break;
            }
        }
        (0..size).map(|i| if length[i] > 0.0 { x[i] / length[i] } else { 0.0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn bills(random: &mut Random, count: usize, paid: impl Fn(&[f64; 3], &mut Random) -> f64) -> Vec<Bill> {
        (0..count)
            .map(|_| {
                // Sizes far apart, as those of functions are.
                let work = [0; 3].map(|_| if random.unit() < 0.3 { 0.0 } else { libm::exp(12.0 * random.unit()) });
                let paid = paid(&work, random);
                let counts = work.iter().copied().enumerate().filter(|(_, count)| *count > 0.0).chain([(WORK, 1.0)]);
                Bill { counts: counts.collect(), paid }
            })
            .collect()
    }

    #[test]
    fn prices_are_found_however_far_apart_the_sizes_are() {
        let exact = bills(&mut Random::new(3), 400, |w, _| 2.0 * w[0] + 0.25 * w[2] + 30.0);
        let prices = prices(&exact);
        for (at, price) in [(0, 2.0), (1, 0.0), (2, 0.25), (WORK, 30.0)] {
            assert!((prices[at] - price).abs() <= 0.01 * price.max(0.01), "price {at} is {}", prices[at]);
        }
    }

    #[test]
    fn a_few_that_are_far_off_do_not_decide() {
        let paid = |w: &[f64; 3], random: &mut Random| {
            let factor = if random.unit() < 0.1 { 1000.0 } else { 1.0 };
            factor * (2.0 * w[0] + 0.25 * w[2] + 30.0)
        };
        let prices = prices(&bills(&mut Random::new(4), 1000, paid));
        for (at, price) in [(0, 2.0), (2, 0.25)] {
            assert!((prices[at] / price - 1.0).abs() < 0.2, "price {at} is {}", prices[at]);
        }
    }

    #[test]
    fn no_bills_no_prices() {
        assert_eq!(prices(&[]), vec![0.0; WORK + 1]);
    }
}
