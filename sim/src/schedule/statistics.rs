//! Statistics of a simulated steady state: end of the warm-up (MSER-5), and confidence intervals by batch means.
//!
//! Sources: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69
//! (1997), for MSER-5; A. M. Law, "Simulation Modeling and Analysis", 5th ed. (2015), section 9.5, for batch means of a
//! ratio; the correction for correlated batches is the effective sample size of a first-order autoregressive process.

/// Observations that MSER-5 averages before it looks for the end of the warm-up.
pub const GROUP: usize = 5;

/// Fewest batches that give an interval.
pub const MIN_BATCHES: usize = 10;

/// Most batches that a measurement is divided into.
pub const MAX_BATCHES: usize = 20;

/// Quantile 0.975 of Student's t-distribution with 1 to 30 degrees of freedom.
const T_975: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004, 2.262_157, 2.228_139,
    2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905, 2.109_816, 2.100_922, 2.093_024, 2.085_963,
    2.079_614, 2.073_873, 2.068_658, 2.063_899, 2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// Largest correlation of neighbouring batches that is corrected for.
const MAX_CORRELATION: f64 = 0.9;

/// Residuals of batches below this share of their counts are rounding.
const ROUNDING: f64 = 1e-12;

/// A piece of a ratio estimate: what was counted, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Piece {
    /// Numerator, e.g. tokens.
    pub count: f64,
    /// Denominator, e.g. cycles.
    pub over: f64,
}

/// End of the warm-up of a series by MSER: the number of leading values whose removal gives the least standard error of the
/// mean of the rest. At most half of the values are removed; `None` if removing still more would be better, which means
/// that the series has not become stationary, or if there are fewer than two batches of values.
#[must_use]
pub fn warm_up(values: &[f64]) -> Option<usize> {
    if values.len() < 2 * MIN_BATCHES {
        return None;
    }
    let half = values.len() / 2;
    // From the end, so that sums of the remaining values are at hand. Moments about the last value, for numerical accuracy.
    let about = *values.last()?;
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (index, value) in values.iter().enumerate().rev() {
        let value = value - about;
        sum += value;
        squares += value * value;
        // Removing all but a few values leaves a spuriously small error.
        if values.len() - index < MIN_BATCHES {
            continue;
        }
        let left = (values.len() - index) as f64;
        let error = (squares - sum * sum / left).max(0.0) / (left * left);
        // At equal errors, as in a series without noise, less is removed.
        if error <= best.0 {
            best = (error, index);
        }
    }
    (best.1 <= half).then_some(best.1)
}

/// Joins pieces into at most [`MAX_BATCHES`] batches of nearly equal numbers of pieces.
#[must_use]
pub fn batches(pieces: &[Piece]) -> Vec<Piece> {
    let number = pieces.len().min(MAX_BATCHES);
    let cut = |batch: usize| batch * pieces.len() / number.max(1);
    let join = |sum: Piece, piece: &Piece| Piece { count: sum.count + piece.count, over: sum.over + piece.over };
    (0..number).map(|batch| pieces[cut(batch)..cut(batch + 1)].iter().fold(Piece::default(), join)).collect()
}

/// Half-width of the 95 % confidence interval of `sum of counts / sum of overs`, in the unit of the ratio. `None` for fewer than
/// [`MIN_BATCHES`] batches.
///
/// Batches that are positively correlated with their neighbours count as fewer.
#[must_use]
pub fn half_width(batches: &[Piece]) -> Option<f64> {
    if batches.len() < MIN_BATCHES {
        return None;
    }
    let number = batches.len() as f64;
    let over = batches.iter().map(|b| b.over).sum::<f64>() / number;
    let ratio = batches.iter().map(|b| b.count).sum::<f64>() / number / over;
    let residuals: Vec<f64> = batches.iter().map(|b| b.count - ratio * b.over).collect();
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    // Batches that are equal but for rounding have no spread.
    if squares <= ROUNDING * ROUNDING * batches.iter().map(|b| b.count * b.count).sum::<f64>() {
        return Some(0.0);
    }
    let products: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let correlation = (products / squares).clamp(0.0, MAX_CORRELATION);
    let independent = number * (1.0 - correlation) / (1.0 + correlation);
    let error = (squares / (number - 1.0) / independent).sqrt() / over;
    Some(t_quantile(independent - 1.0) * error)
}

/// Quantile 0.975 of Student's t-distribution; degrees of freedom are rounded down, to at least 1.
fn t_quantile(degrees: f64) -> f64 {
    let degrees = degrees.floor().max(1.0);
    if degrees <= T_975.len() as f64 {
        return T_975[degrees as usize - 1];
    }
    // Expansion in 1/degrees about the normal quantile (Abramowitz and Stegun 26.7.5).
    let z: f64 = 1.959_964;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    z + first / degrees + second / (degrees * degrees)
}

#[cfg(test)]
mod tests {
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    /// Normally distributed within 4 %: the sum of 12 uniform numbers.
    fn noise(random: &mut rand_pcg::Pcg64) -> f64 {
        (0..12).map(|_| (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        for (degrees, expected) in [(1.9, 12.7062), (9.0, 2.2622), (19.0, 2.0930), (40.0, 2.0211), (120.0, 1.9799)] {
            assert!((t_quantile(degrees) - expected).abs() < 1e-4, "{degrees}: {}", t_quantile(degrees));
        }
    }

    #[test]
    fn a_decaying_start_is_warm_up() {
        let mut random = rand_pcg::Pcg64::seed_from_u64(3);
        let values: Vec<f64> =
            (0..400).map(|i| 10.0 + 20.0 * libm::exp(-f64::from(i) / 15.0) + noise(&mut random)).collect();
        let removed = warm_up(&values).expect("becomes stationary");
        assert!((25..120).contains(&removed), "{removed} removed");
    }

    #[test]
    fn a_series_that_keeps_falling_never_warms_up() {
        let values: Vec<f64> = (0..200).map(|i| 100.0 - 0.5 * f64::from(i)).collect();
        assert_eq!(warm_up(&values), None);
        assert_eq!(warm_up(&values[..19]), None);
    }

    #[test]
    fn constant_values_have_neither_warm_up_nor_width() {
        assert_eq!(warm_up(&[7.0; 60]), Some(0));
        assert_eq!(half_width(&[Piece { count: 3.0, over: 2.0 }; 12]), Some(0.0));
        assert_eq!(half_width(&[Piece { count: 3.0, over: 2.0 }; 9]), None);
        // Equal ratios of numbers that are not exact in binary.
        let rounded: Vec<Piece> =
            (1..=12).map(|i| Piece { count: 0.1 * f64::from(i), over: f64::from(i) / 3.0 }).collect();
        assert_eq!(half_width(&rounded), Some(0.0));
    }

    /// Independent and autocorrelated noise: at least 90 % of the intervals hold the true mean of 5.
    #[test]
    fn intervals_cover_the_mean() {
        for (memory, least) in [(0.0, 92), (0.8, 90)] {
            let mut random = rand_pcg::Pcg64::seed_from_u64(11);
            let mut covered = 0;
            for _ in 0..100 {
                let mut state = 0.0;
                let pieces: Vec<Piece> = (0..400)
                    .map(|_| {
                        state = memory * state + noise(&mut random);
                        Piece { count: 5.0 + state, over: 1.0 }
                    })
                    .collect();
                let mean = pieces.iter().map(|p| p.count).sum::<f64>() / 400.0;
                let half = half_width(&batches(&pieces)).expect("enough batches");
                covered += u32::from((mean - 5.0).abs() <= half);
            }
            assert!(covered >= least, "memory {memory}: {covered} of 100 intervals hold the mean");
        }
    }
}
