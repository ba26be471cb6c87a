//! Quantities with their unit in the type.
//!
//! Each quantity is built by a constructor that names its unit and read by a getter that names it again. There is no
//! `From<f64>` and no `Deref`: a number takes or loses its unit where the code says so. Arithmetic keeps units: sums
//! and multiples of a quantity are that quantity, the ratio of two is a number, and products exist where they mean
//! something (`Watts * Seconds` is `Joules`). An operation on a quantity is the same operation on its number, so
//! adding types to a formula leaves its result the same to the bit.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($repr:ty), $new:ident, $get:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($repr);

        impl $name {
            #[doc = concat!("A quantity of `value` ", $unit, ".")]
            #[must_use]
            pub const fn $new(value: $repr) -> Self {
                Self(value)
            }

            #[doc = concat!("The quantity in ", $unit, ".")]
            #[must_use]
            pub const fn $get(self) -> $repr {
                self.0
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
                Self(terms.map(|term| term.0).sum())
            }
        }

        impl Mul<$repr> for $name {
            type Output = Self;
            fn mul(self, factor: $repr) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$name> for $repr {
            type Output = $name;
            fn mul(self, quantity: $name) -> $name {
                $name(self * quantity.0)
            }
        }
    };
}

/// A quantity held as a real number: also multiples by fractions, and ratios.
macro_rules! real {
    ($(#[$doc:meta])* $name:ident, $new:ident, $get:ident, $unit:literal) => {
        quantity!($(#[$doc])* $name(f64), $new, $get, $unit);

        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }

        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
    };
}

/// `$a * $b = $product`, and the two quotients.
macro_rules! product {
    ($a:ident * $b:ident = $product:ident) => {
        impl Mul<$b> for $a {
            type Output = $product;
            fn mul(self, other: $b) -> $product {
                $product(self.0 * other.0)
            }
        }

        impl Mul<$a> for $b {
            type Output = $product;
            fn mul(self, other: $a) -> $product {
                $product(self.0 * other.0)
            }
        }

        impl Div<$b> for $product {
            type Output = $a;
            fn div(self, other: $b) -> $a {
                $a(self.0 / other.0)
            }
        }

        impl Div<$a> for $product {
            type Output = $b;
            fn div(self, other: $a) -> $b {
                $b(self.0 / other.0)
            }
        }
    };
}

quantity!(
    /// A count of clock cycles of a stated domain.
    Cycles(u64), new, get, "cycles");
quantity!(
    /// A clock frequency, a whole number of hertz.
    Hertz(u64), from_hz, hz, "Hz");
quantity!(
    /// An amount of data.
    Bytes(u64), new, get, "bytes");
quantity!(
    /// A data rate, a whole number of bytes per second.
    BytesPerSecond(u64), new, get, "bytes per second");
real!(
    /// A length of time.
    Seconds, from_s, s, "seconds");
real!(
    /// An amount of energy.
    Joules, from_j, j, "joules");
real!(
    /// A power.
    Watts, from_w, w, "watts");
real!(
    /// A supply voltage.
    Volts, from_v, v, "volts");
real!(
    /// The power of a system.
    Kilowatts, from_kw, kw, "kilowatts");
real!(
    /// The power of a facility.
    Megawatts, from_mw, mw, "megawatts");
real!(
    /// An amount of electricity.
    KilowattHours, from_kwh, kwh, "kilowatt hours");
real!(
    /// An area of silicon.
    SquareMm, from_mm2, mm2, "square millimetres");
real!(
    /// An area of a wafer.
    SquareCm, from_cm2, cm2, "square centimetres");
real!(
    /// An amount of money, US dollars of the price year its provenance states.
    Usd, from_usd, usd, "US dollars");
real!(
    /// A price of electricity.
    UsdPerKwh, new, get, "US dollars per kilowatt hour");
real!(
    /// A price of facility power.
    UsdPerMw, new, get, "US dollars per megawatt");
real!(
    /// A mass of greenhouse gas in carbon dioxide equivalents.
    KgCo2e, from_kg, kg, "kilograms of CO2 equivalent");
real!(
    /// Greenhouse gas by electricity.
    KgPerKwh, new, get, "kilograms of CO2 equivalent per kilowatt hour");
real!(
    /// Greenhouse gas by area of processed wafer.
    KgPerSquareCm, new, get, "kilograms of CO2 equivalent per square centimetre");
real!(
    /// A large mass of greenhouse gas in carbon dioxide equivalents.
    TonnesCo2e, from_t, t, "tonnes of CO2 equivalent");

product!(Watts * Seconds = Joules);
product!(UsdPerKwh * KilowattHours = Usd);
product!(UsdPerMw * Megawatts = Usd);
product!(KgPerKwh * KilowattHours = KgCo2e);
product!(KgPerSquareCm * SquareCm = KgCo2e);

impl Div<BytesPerSecond> for Bytes {
    type Output = Seconds;
    fn div(self, rate: BytesPerSecond) -> Seconds {
        Seconds(self.0 as f64 / rate.0 as f64)
    }
}

impl Div<Hertz> for Cycles {
    type Output = Seconds;
    fn div(self, clock: Hertz) -> Seconds {
        Seconds(self.0 as f64 / clock.0 as f64)
    }
}

impl Seconds {
    /// The number of whole cycles of a clock at `clock` that cover this time, rounded up.
    ///
    /// A relative slack of 1e-9 keeps `100 ns` at 1 GHz at exactly 100 cycles.
    #[must_use]
    pub fn cycles_at(self, clock: Hertz) -> Cycles {
        let exact = self.0 * clock.hz() as f64;
        Cycles::new((exact * (1.0 - 1e-9)).ceil() as u64)
    }
}

impl Kilowatts {
    /// The same power in megawatts.
    #[must_use]
    pub fn megawatts(self) -> Megawatts {
        Megawatts(self.0 / 1e3)
    }
}

impl Megawatts {
    /// The electricity used in `hours` hours.
    #[must_use]
    pub fn over_hours(self, hours: f64) -> KilowattHours {
        KilowattHours(self.0 * 1e3 * hours)
    }
}

impl SquareMm {
    /// The same area in square centimetres.
    #[must_use]
    pub fn square_cm(self) -> SquareCm {
        SquareCm(self.0 / 100.0)
    }
}

impl KgCo2e {
    /// The same mass in tonnes.
    #[must_use]
    pub fn tonnes(self) -> TonnesCo2e {
        TonnesCo2e(self.0 / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![-1e12..1e12f64, -1.0..1.0f64, Just(0.0)]
    }

    proptest! {
        #[test]
        fn operations_are_those_of_the_numbers(a in number(), b in number(), c in number(), terms in prop::collection::vec(number(), 0..9)) {
            let usd = Usd::from_usd;
            let bits = |usd: Usd| usd.usd().to_bits();
            prop_assert_eq!(bits(usd(a) + usd(b) * c), (a + b * c).to_bits());
            prop_assert_eq!(bits(usd(a) - c * usd(b)), (a - c * b).to_bits());
            prop_assert_eq!(bits(usd(a) / c), (a / c).to_bits());
            prop_assert_eq!((usd(a) / usd(b)).to_bits(), (a / b).to_bits());
            prop_assert_eq!(bits(terms.iter().copied().map(usd).sum()), terms.iter().sum::<f64>().to_bits());
            let mut total = usd(a);
            total += usd(b);
            total -= usd(c);
            prop_assert_eq!(bits(total), (a + b - c).to_bits());
        }

        #[test]
        fn products_are_commutative_and_undone_by_quotients(a in 1e-6..1e9f64, b in 1e-6..1e9f64) {
            let (power, time) = (Watts::from_w(a), Seconds::from_s(b));
            let energy = power * time;
            prop_assert_eq!(energy, time * power);
            prop_assert_eq!(energy.j().to_bits(), (a * b).to_bits());
            prop_assert!(((energy / time).w() / a - 1.0).abs() < 1e-15);
            prop_assert!(((energy / power).s() / b - 1.0).abs() < 1e-15);
            let (price, used) = (UsdPerKwh::new(a), KilowattHours::from_kwh(b));
            prop_assert_eq!((price * used).usd().to_bits(), (b * a).to_bits());
        }

        #[test]
        fn counts_divide_by_rates_to_times(count in 1u64..1 << 50, rate in 1u64..1 << 50) {
            let time = Bytes::new(count) / BytesPerSecond::new(rate);
            prop_assert!((time.s() * rate as f64 / count as f64 - 1.0).abs() < 1e-15);
            prop_assert_eq!(Cycles::new(count) / Hertz::from_hz(rate), time);
        }
    }

    #[test]
    fn conversions_of_units() {
        assert_eq!(Kilowatts::from_kw(483.0).megawatts(), Megawatts::from_mw(0.483));
        assert_eq!(Megawatts::from_mw(2.0).over_hours(3.0), KilowattHours::from_kwh(6000.0));
        assert_eq!(SquareMm::from_mm2(827.0).square_cm(), SquareCm::from_cm2(8.27));
        assert_eq!(KgCo2e::from_kg(1500.0).tonnes(), TonnesCo2e::from_t(1.5));
        assert_eq!(Seconds::from_s(100e-9).cycles_at(Hertz::from_hz(1_000_000_000)), Cycles::new(100));
    }
}
