//! Axes: positions of values and ticks.

/// A linear or logarithmic axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// An axis over all finite `values` with a margin of 5 %; logarithmic if `log` and all values are positive.
    pub fn over(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Self { low: 0.0, high: 1.0, log: false };
        }
        if log && low > 0.0 {
            // Widen a narrow range so that a few ticks fit.
            let (l, h) = (libm::log10(low), libm::log10(high));
            let room = if h - l < 0.2 { 0.15 } else { (h - l) * 0.05 };
            return Self { low: libm::pow(10.0, l - room), high: libm::pow(10.0, h + room), log: true };
        }
        let room = if high > low { (high - low) * 0.05 } else { (low.abs() * 0.1).max(0.5) };
        Self { low: low - room, high: high + room, log: false }
    }

    /// This axis starting at zero, unless it is logarithmic or values are below zero.
    pub fn starting_at_zero(self) -> Self {
        if self.log || self.high <= 0.0 || self.low < -0.06 * self.high {
            return self;
        }
        Self { low: 0.0, ..self }
    }

    /// This axis starting at zero if that costs little of its length; for marks whose position counts and not their length.
    pub fn near_zero(self) -> Self {
        if self.low < 0.35 * self.high { self.starting_at_zero() } else { self }
    }

    /// Whether `value` has a place on the axis.
    pub fn holds(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// Lower and upper end.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Position of `value` on the axis: 0 at the lower end, 1 at the upper end.
    pub fn share(&self, value: f64) -> f64 {
        let position = |v: f64| if self.log { libm::log10(v) } else { v };
        (position(value) - position(self.low)) / (position(self.high) - position(self.low))
    }

    /// Round values within the axis, usually four to ten.
    pub fn ticks(&self) -> Vec<f64> {
        if self.log {
            let decades = libm::log10(self.high) - libm::log10(self.low);
            let steps: &[f64] = if decades < 0.8 {
                &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
            } else if decades < 2.5 {
                &[1.0, 2.0, 5.0]
            } else {
                &[1.0]
            };
            let first = libm::floor(libm::log10(self.low)) as i32;
            let last = libm::ceil(libm::log10(self.high)) as i32;
            let all = (first..=last)
                .flat_map(|decade| steps.iter().map(move |step| step * libm::pow(10.0, f64::from(decade))));
            return all.filter(|v| (self.low..=self.high).contains(v)).collect();
        }
        let span = self.high - self.low;
        let magnitude = libm::pow(10.0, libm::floor(libm::log10(span)));
        let step =
            [0.1, 0.2, 0.5, 1.0].into_iter().map(|s| s * magnitude).find(|s| span / s <= 8.0).unwrap_or(magnitude);
        let first = (self.low / step).ceil() as i64;
        (first..).map(|i| i as f64 * step).take_while(|v| *v <= self.high).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let linear = Scale::over([0.0, 100.0].into_iter(), false);
        assert_eq!(linear.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        let log = Scale::over([1.0, 1000.0].into_iter(), true);
        assert_eq!(log.ticks().iter().map(|t| t.round()).collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1000.0]);
        assert!(Scale::over(std::iter::empty(), true).ticks().len() > 3);
        assert!(Scale::over([5.0].into_iter(), true).ticks().len() > 1);
        assert!((linear.share(50.0) - 0.5).abs() < 1e-12);
    }
}
