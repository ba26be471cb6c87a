//! Clock domains related to the reference clock by exact ratios.
//!
//! A domain may be a real clock, or the "byte clock" of a link or memory: a link of 128 GB/s is a domain
//! of 128 GHz in which one cycle moves one byte, so a transfer of `b` bytes lasts exactly `b` cycles.
//! Crossing to the reference clock rounds up to the next edge; state stays in the domain's own cycles,
//! so rounding never accumulates.

use serde::{Deserialize, Serialize};

/// One domain: a domain cycle lasts `num / den` reference cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDomain {
    num: u64,
    den: u64,
}

impl ClockDomain {
    /// The domain that ticks with the reference clock.
    pub const REFERENCE: Self = Self { num: 1, den: 1 };

    /// A domain of `hz` cycles per second beside a reference of `reference_hz`.
    ///
    /// # Panics
    /// When either frequency is zero; designs are validated before they reach the engine.
    #[must_use]
    pub fn new(hz: u64, reference_hz: u64) -> Self {
        assert!(hz > 0 && reference_hz > 0, "a clock needs a frequency above zero");
        let divisor = gcd(hz, reference_hz);
        Self { num: reference_hz / divisor, den: hz / divisor }
    }

    /// First reference edge at or after domain cycle `cycles`.
    #[inline]
    #[must_use]
    pub fn to_reference(self, cycles: u64) -> u64 {
        scale_up(cycles, self.num, self.den)
    }

    /// [`Self::to_reference`], `None` beyond 64 bits.
    #[must_use]
    pub fn checked_to_reference(self, cycles: u64) -> Option<u64> {
        u64::try_from((u128::from(cycles) * u128::from(self.num)).div_ceil(u128::from(self.den))).ok()
    }

    /// First domain edge at or after reference cycle `cycles`.
    #[inline]
    #[must_use]
    pub fn from_reference(self, cycles: u64) -> u64 {
        scale_up(cycles, self.den, self.num)
    }
}

/// A clock domain that knows its frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Its cycles beside those of the reference.
    pub domain: ClockDomain,
    /// Cycles per second.
    pub hz: u64,
}

#[inline]
fn scale_up(value: u64, mul: u64, div: u64) -> u64 {
    if let Some(product) = value.checked_mul(mul) {
        return if div == 1 { product } else { product.div_ceil(div) };
    }
    let exact = (u128::from(value) * u128::from(mul)).div_ceil(u128::from(div));
    u64::try_from(exact).expect("simulated time exceeds 64 bits of cycles")
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_link_of_128_gb_per_s_moves_128_bytes_per_ns() {
        let link = ClockDomain::new(128_000_000_000, 1_000_000_000);
        assert_eq!(link.to_reference(2048), 16);
        assert_eq!(link.to_reference(2049), 17);
        assert_eq!(link.from_reference(16), 2048);
    }

    proptest! {
        #[test]
        fn crossing_there_and_back_never_gains_a_cycle(
            hz in 1u64..10_000_000_000, reference in 1u64..10_000_000_000, at in 0u64..1_000_000_000_000,
        ) {
            let domain = ClockDomain::new(hz, reference);
            let there = domain.from_reference(at);
            prop_assert!(domain.to_reference(there) >= at);
            if there > 0 {
                prop_assert!(domain.to_reference(there - 1) <= at + domain.num.div_ceil(domain.den));
            }
        }
    }
}
