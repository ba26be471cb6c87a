//! Which functions to measure next, so that the lines of [`adaptation`](crate::adaptation) err least.
//!
//! The criterion is the mean squared error over all functions that is to be expected of the fitted line: variance of the fit plus the
//! bias of its prior (criterion J of Box and Draper, "A basis for the selection of a response surface design", JASA 54, 1959). The
//! unit is the variance of a function around its line, so that quantities can be averaged. The expectation is over the prior of the
//! fit: slope 1 with the certainty of `PRIOR` rows of the variance of all functions. It needs predictions, not labels.
//! Functions are chosen one after the other, each the one that lowers the criterion most, the first of equal ones.

use crate::adaptation::{FLAT, PRIOR};

/// Predictions for one output of a known target, on the scale of the fit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Of the functions that are measured.
    pub measured: Vec<f64>,
    /// Of the functions that can be.
    pub candidates: Vec<f64>,
}

/// A function to measure, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suggestion {
    /// Index of the candidate.
    pub candidate: usize,
    /// Distance of its prediction from the mean of what is measured before it, in deviations of all functions; root of the mean square
    /// over outputs. `None` where nothing is.
    pub distance: Option<f64>,
    /// The criterion before the measurement; `None` where nothing is measured.
    pub before: Option<f64>,
    /// The criterion after it.
    pub after: f64,
}

/// The `count` candidates to measure next, best first; fewer if there are fewer.
#[must_use]
pub fn suggest(outputs: &[Predictions], count: usize) -> Vec<Suggestion> {
    let mut lines: Vec<Line<'_>> = outputs.iter().map(Line::new).collect();
    let mut left: Vec<usize> = (0..outputs.first().map_or(0, |output| output.candidates.len())).collect();
    let mut chosen = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        let after = |candidate: usize| mean(&lines, |line| line.with(candidate).error());
        let first = left.iter().enumerate().map(|(place, &candidate)| (place, candidate, after(candidate)));
        let Some((place, candidate, after)) = first.min_by(|a, b| a.2.total_cmp(&b.2)) else { break };
        let known = lines.iter().all(|line| line.measured.count > 0.0);
        chosen.push(Suggestion {
            candidate,
            distance: known.then(|| libm::sqrt(mean(&lines, |line| line.distance(candidate)))),
            before: known.then(|| mean(&lines, |line| line.error())),
            after,
        });
        lines.iter_mut().for_each(|line| *line = line.with(candidate));
        left.remove(place);
    }
    chosen
}

fn mean(lines: &[Line<'_>], of: impl Fn(&Line<'_>) -> f64) -> f64 {
    lines.iter().map(of).sum::<f64>() / lines.len() as f64
}

/// Number, mean and sum of squared deviations of predictions.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn of<'a>(values: impl Iterator<Item = &'a f64>) -> Self {
        values.fold(Self::default(), |moments, &value| moments.with(value))
    }

    /// One more value (Welford's update).
    fn with(self, value: f64) -> Self {
        let count = self.count + 1.0;
        let mean = self.mean + (value - self.mean) / count;
        Self { count, mean, squares: self.squares + (value - self.mean) * (value - mean) }
    }
}

/// The line of one output: what is measured, and the functions it is for.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    candidates: &'a [f64],
    all: Moments,
    measured: Moments,
}

impl<'a> Line<'a> {
    fn new(output: &'a Predictions) -> Self {
        let all = Moments::of(output.measured.iter().chain(&output.candidates));
        Self { candidates: &output.candidates, all, measured: Moments::of(output.measured.iter()) }
    }

    fn with(self, candidate: usize) -> Self {
        Self { measured: self.measured.with(self.candidates[candidate]), ..self }
    }

    fn variance(&self) -> f64 {
        self.all.squares / self.all.count
    }

    /// Expected squared error of the line, mean over all functions.
    ///
    /// The fitted slope is `(Sxy + B) / (S + B)` with `B = PRIOR S / n` ([`adaptation`](crate::adaptation)), so its error is
    /// `(sum of (x - mean) e + B (1 - slope)) / (S + B)`, where the deviations `e` have variance 1 and the slope `1 / (PRIOR V)`.
    fn error(&self) -> f64 {
        let Moments { count, mean, squares } = self.measured;
        let variance = self.variance();
        if variance <= FLAT {
            return 1.0 / count;
        }
        let slope = if squares > FLAT {
            (count * count / squares + PRIOR / variance) / ((count + PRIOR) * (count + PRIOR))
        } else {
            // The fit keeps the slope of the prior.
            1.0 / (PRIOR * variance)
        };
        let offset = self.all.mean - mean;
        1.0 / count + (variance + offset * offset) * slope
    }

    /// Squared distance of a candidate from the mean of what is measured, in variances of all functions.
    fn distance(&self, candidate: usize) -> f64 {
        let away = self.candidates[candidate] - self.measured.mean;
        if self.variance() > FLAT { away * away / self.variance() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adaptation::{FEWEST, Pair, fit};
    use crate::random::Random;

    const SPREAD: [f64; 12] = [3.0, 9.5, 4.0, 5.0, 0.5, 5.5, 2.0, 8.0, 6.0, 1.0, 5.2, 7.0];

    fn of(measured: &[f64], candidates: &[f64]) -> Predictions {
        Predictions { measured: measured.to_vec(), candidates: candidates.to_vec() }
    }

    fn order(outputs: &[Predictions], count: usize) -> Vec<usize> {
        suggest(outputs, count).into_iter().map(|one| one.candidate).collect()
    }

    /// The criterion is the mean squared error of what [`fit`] fits, for slopes and deviations drawn as it assumes.
    #[test]
    fn the_criterion_is_the_error_of_the_fit() {
        let output = of(&[], &SPREAD);
        let chosen = suggest(std::slice::from_ref(&output), FEWEST + 1);
        let mut random = Random::new(5);
        let deviation = 1.0 / (PRIOR * Line::new(&output).variance()).sqrt();
        for count in [FEWEST, FEWEST + 1] {
            let draws = 20_000;
            let mut total = 0.0;
            for _ in 0..draws {
                let slope = 1.0 + deviation * random.normal();
                let pair = |one: &Suggestion| {
                    let predicted = SPREAD[one.candidate];
                    Pair { predicted, truth: slope * predicted + random.normal(), kernel: one.candidate as u32 }
                };
                let line = fit(&chosen[..count].iter().map(pair).collect::<Vec<_>>()).unwrap();
                let error = |x: &f64| (f64::from(line.at(*x as f32)) - slope * x).powi(2);
                total += SPREAD.iter().map(error).sum::<f64>() / SPREAD.len() as f64 / f64::from(draws);
            }
            let expected = chosen[count - 1].after;
            assert!((total / expected - 1.0).abs() < 0.03, "{count}: {total}, expected {expected}");
        }
    }

    #[test]
    fn the_first_is_an_average_one_and_the_next_lie_apart() {
        // The mean is 4.725.
        let chosen = suggest(&[of(&[], &SPREAD)], 4);
        assert_eq!(SPREAD[chosen[0].candidate], 5.0);
        assert_eq!((chosen[0].before, chosen[0].distance), (None, None));
        let (second, third) = (SPREAD[chosen[1].candidate], SPREAD[chosen[2].candidate]);
        assert!(second <= 1.0 && third >= 8.0, "{chosen:?}");
        assert!(chosen.windows(2).all(|pair| pair[1].before == Some(pair[0].after) && pair[1].after < pair[0].after));
    }

    #[test]
    fn what_is_measured_counts() {
        // Where one end is measured, the other is next.
        assert_eq!(SPREAD[order(&[of(&[0.4, 0.5, 0.6], &SPREAD)], 1)[0]], 9.5);
        assert_eq!(SPREAD[order(&[of(&[9.4, 9.5, 9.6], &SPREAD)], 1)[0]], 0.5);
        let [one] = suggest(&[of(&[1.0, 1.0], &[1.0, 3.0])], 1)[..] else { panic!("one is asked for") };
        assert_eq!(one.candidate, 1);
        // Mean 1 of the measured, deviation of the four sqrt(3)/2.
        assert!((one.distance.unwrap() - 2.0 / (0.75f64).sqrt()).abs() < 1e-12, "{one:?}");
    }

    #[test]
    fn equal_ones_come_in_order_and_none_comes_twice() {
        assert_eq!(order(&[of(&[], &[2.0; 5])], 3), [0, 1, 2]);
        let mut all = order(&[of(&[3.0], &SPREAD), of(&[], &SPREAD)], 50);
        all.sort_unstable();
        assert_eq!(all, (0..SPREAD.len()).collect::<Vec<_>>());
        assert!(order(&[], 3).is_empty() && order(&[of(&[1.0], &[])], 3).is_empty());
    }
}
