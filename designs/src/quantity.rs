//! Quantities with their unit in the type.
//!
//! A bare number never crosses a public boundary where a unit matters: each newtype is built by a
//! constructor that names the unit and read by a getter that names it again. There is no `From<f64>`
//! and no `Deref`, so `Bytes` never silently becomes a count of something else.

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
quantity!(
    /// A length of time.
    Seconds(f64), from_s, s, "seconds");
quantity!(
    /// An amount of energy.
    Joules(f64), from_j, j, "joules");
quantity!(
    /// A power.
    Watts(f64), from_w, w, "watts");
quantity!(
    /// An area of silicon.
    SquareMm(f64), from_mm2, mm2, "square millimetres");
quantity!(
    /// An amount of money, US dollars of the price year its provenance states.
    Usd(f64), from_usd, usd, "US dollars");
quantity!(
    /// A mass of greenhouse gas in carbon dioxide equivalents.
    KgCo2e(f64), from_kg, kg, "kilograms of CO2 equivalent");

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
