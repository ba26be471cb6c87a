//! Numbers with units as text: `1.0 GHz`, `320 MB`, `4 cycles`.
//!
//! Decimal prefixes are powers of 1,000 (KB, MB, GB, TB), binary ones powers of 1,024 (KiB, MiB, GiB,
//! TiB). Every dimension is converted to its base unit: hertz, bytes, bytes per second, seconds,
//! cycles, square millimetres, watts, joules, volts. Compound units other than bytes per second are left out.

use crate::problem::{did_you_mean, shorten};

/// What a quantity measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Frequency,
    Data,
    DataRate,
    Time,
    Cycles,
    Area,
    Power,
    Energy,
    Voltage,
}

use Dimension::{Area, Cycles, Data, DataRate, Energy, Frequency, Power, Time, Voltage};

/// Every unit: name, dimension, size in the base unit, whether it is used for printing. Within a
/// dimension from large to small.
const UNITS: &[(&str, Dimension, f64, bool)] = &[
    ("GHz", Frequency, 1e9, true),
    ("MHz", Frequency, 1e6, true),
    ("kHz", Frequency, 1e3, true),
    ("Hz", Frequency, 1.0, true),
    ("TiB", Data, 1_099_511_627_776.0, false),
    ("TB", Data, 1e12, true),
    ("GiB", Data, 1_073_741_824.0, false),
    ("GB", Data, 1e9, true),
    ("MiB", Data, 1_048_576.0, false),
    ("MB", Data, 1e6, true),
    ("KiB", Data, 1024.0, false),
    ("KB", Data, 1e3, true),
    ("kB", Data, 1e3, false),
    ("B", Data, 1.0, true),
    ("TiB/s", DataRate, 1_099_511_627_776.0, false),
    ("TB/s", DataRate, 1e12, true),
    ("GiB/s", DataRate, 1_073_741_824.0, false),
    ("GB/s", DataRate, 1e9, true),
    ("MiB/s", DataRate, 1_048_576.0, false),
    ("MB/s", DataRate, 1e6, true),
    ("KiB/s", DataRate, 1024.0, false),
    ("KB/s", DataRate, 1e3, true),
    ("kB/s", DataRate, 1e3, false),
    ("B/s", DataRate, 1.0, true),
    ("s", Time, 1.0, true),
    ("ms", Time, 1e-3, true),
    ("us", Time, 1e-6, true),
    ("µs", Time, 1e-6, false),
    ("ns", Time, 1e-9, true),
    ("ps", Time, 1e-12, true),
    ("cycles", Cycles, 1.0, true),
    ("cycle", Cycles, 1.0, false),
    ("cm2", Area, 100.0, false),
    ("mm2", Area, 1.0, true),
    ("um2", Area, 1e-6, false),
    ("kW", Power, 1e3, true),
    ("W", Power, 1.0, true),
    ("mW", Power, 1e-3, true),
    ("uW", Power, 1e-6, true),
    ("J", Energy, 1.0, true),
    ("mJ", Energy, 1e-3, true),
    ("uJ", Energy, 1e-6, true),
    ("nJ", Energy, 1e-9, true),
    ("pJ", Energy, 1e-12, true),
    ("fJ", Energy, 1e-15, true),
    ("V", Voltage, 1.0, true),
    ("mV", Voltage, 1e-3, true),
];

impl Dimension {
    /// For messages: what it is called, with its article.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Frequency => "a frequency",
            Data => "an amount of data",
            DataRate => "a data rate",
            Time => "a time",
            Cycles => "a number of cycles",
            Area => "an area",
            Power => "a power",
            Energy => "an energy",
            Voltage => "a voltage",
        }
    }

    /// Name of the unit in which numbers are kept.
    pub(crate) fn base_unit(self) -> &'static str {
        let base = UNITS.iter().find(|(_, dimension, size, _)| *dimension == self && *size == 1.0);
        base.expect("every dimension has a base unit").0
    }

    /// The dimension whose base unit is called `name`.
    pub(crate) fn of_base_unit(name: &str) -> Option<Self> {
        UNITS.iter().find(|(unit, _, size, _)| *unit == name && *size == 1.0).map(|(_, dimension, ..)| *dimension)
    }

    /// Names of its units.
    pub(crate) fn units(self) -> impl Iterator<Item = &'static str> {
        UNITS.iter().filter(move |(_, dimension, ..)| *dimension == self).map(|(name, ..)| *name)
    }

    /// For messages: a well-formed value.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Frequency => "\"1.0 GHz\"",
            Data => "\"320 MB\"",
            DataRate => "\"128 GB/s\"",
            Time => "\"100 ns\"",
            Cycles => "\"4 cycles\"",
            Area => "\"573.16 mm2\"",
            Power => "\"76.92 W\"",
            Energy => "\"1.2 pJ\"",
            Voltage => "\"0.675 V\"",
        }
    }

    /// `value` base units as text that [`parse`] reads back to the same number.
    pub(crate) fn show(self, value: f64) -> String {
        let printable = || UNITS.iter().filter(|(_, dimension, _, print)| *dimension == self && *print);
        // Twelve digits hide the rounding of the division; all digits where twelve do not suffice.
        let exact = |size: f64, name: &str| {
            let scaled = value / size;
            let rounded: f64 = format!("{scaled:.12e}").parse().expect("a formatted number");
            [rounded, scaled]
                .map(|number| format!("{number} {name}"))
                .into_iter()
                .find(|text| parse(text, self) == Ok(value))
        };
        // The largest unit that leaves at least one, then smaller ones, then larger ones from small to
        // large, until a text reads back: 0.67 pJ and 670 fJ may be neighbouring floats.
        let base = printable().filter(|(_, _, size, _)| value == 0.0 && *size == 1.0);
        base.chain(printable().filter(|(_, _, size, _)| value.abs() >= *size))
            .chain(printable().rev())
            .find_map(|(name, _, size, _)| exact(*size, name))
            .unwrap_or_else(|| {
                let (name, _, size, _) = printable().next_back().expect("every dimension has a printable unit");
                format!("{} {name}", value / size)
            })
    }
}

/// Why a text is not a quantity of the wanted dimension; the text of the message after the key.
pub(crate) type Reason = (String, Option<String>);

/// Splits a text into its leading number and the rest.
fn split(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let exponent = |i: usize| {
        matches!(bytes[i], b'e' | b'E')
            && (digit(i + 1) || matches!(bytes.get(i + 1), Some(b'+' | b'-')) && digit(i + 2))
    };
    let end = (0..bytes.len())
        .find(|&i| !(matches!(bytes[i], b'0'..=b'9' | b'+' | b'-' | b'.' | b'_') || exponent(i)))
        .unwrap_or(bytes.len());
    text.split_at(end)
}

/// A text such as `1.2 GHz` in base units of `dimension`.
pub(crate) fn parse(text: &str, dimension: Dimension) -> Result<f64, Reason> {
    let text = text.trim();
    let (number, unit) = split(text);
    let unit = unit.trim();
    let shown = shorten(text);
    let Ok(value) = number.replace('_', "").parse::<f64>() else {
        return Err((
            format!("is \"{shown}\", which does not start with a number"),
            Some(format!("write {}, e.g. {}", dimension.name(), dimension.example())),
        ));
    };
    if unit.is_empty() {
        return Err(("needs a unit".into(), Some(format!("e.g. {}", dimension.example()))));
    }
    let of_dimension = || UNITS.iter().filter(|(_, d, _, _)| *d == dimension);
    if let Some((_, _, size, _)) = of_dimension().find(|(name, ..)| *name == unit) {
        let base = scale(value, *size);
        return if base.is_finite() { Ok(base) } else { Err((format!("is \"{shown}\", which is too large"), None)) };
    }
    if let Some((_, other, ..)) = UNITS.iter().find(|(name, ..)| *name == unit) {
        return Err((
            format!("must be {}, and \"{shown}\" is {}", dimension.name(), other.name()),
            Some(format!("e.g. {}", dimension.example())),
        ));
    }
    let names: Vec<&str> = of_dimension().map(|(name, ..)| *name).collect();
    Err((format!("has the unknown unit `{}`", shorten(unit)), Some(did_you_mean(unit, &names))))
}

/// `value * size`, by division where the unit is a fraction: 0.1 and 1e-1 are not the same float as
/// 1/10 of something, and `100 ns` must be the float nearest to 1e-7.
fn scale(value: f64, size: f64) -> f64 {
    if size < 1.0 { value / (1.0 / size).round() } else { value * size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_base_units() {
        assert_eq!(parse("1.0 GHz", Frequency), Ok(1e9));
        assert_eq!(parse("1.2GHz", Frequency), Ok(1.2e9));
        assert_eq!(parse("320 MB", Data), Ok(320e6));
        assert_eq!(parse("1 KiB", Data), Ok(1024.0));
        assert_eq!(parse("16 kB", Data), Ok(16e3));
        assert_eq!(parse("128 GB/s", DataRate), Ok(128e9));
        assert_eq!(parse("100 ns", Time), Ok(100e-9));
        assert_eq!(parse("1e2 ns", Time), Ok(100e-9));
        assert_eq!(parse(" 4 cycles ", Cycles), Ok(4.0));
        assert_eq!(parse("1 cm2", Area), Ok(100.0));
        assert_eq!(parse("1.2 pJ", Energy), Ok(1.2e-12));
        assert_eq!(parse("1_000 W", Power), Ok(1e3));
    }

    #[test]
    fn wrong_quantities_say_what_would_be_right() {
        let reason = |text, dimension| {
            let (message, help) = parse(text, dimension).unwrap_err();
            format!("{message}; {}", help.unwrap_or_default())
        };
        assert_eq!(reason("12", Frequency), "needs a unit; e.g. \"1.0 GHz\"");
        assert_eq!(reason("10 ns", Frequency), "must be a frequency, and \"10 ns\" is a time; e.g. \"1.0 GHz\"");
        assert_eq!(reason("1 Ghz", Frequency), "has the unknown unit `Ghz`; did you mean `GHz`?");
        assert_eq!(reason("320 XQ", Data).split(';').next(), Some("has the unknown unit `XQ`"));
        for text in ["", "GHz", "nan GHz", "inf GHz", "-inf GHz", "1.2.3 GHz", "--1 GHz", "e9 Hz"] {
            assert!(reason(text, Frequency).contains("does not start with a number"), "{text}");
        }
        assert!(reason("1e999 GHz", Frequency).contains("too large"));
    }

    #[test]
    fn printing_and_reading_are_inverse() {
        for (value, dimension, text) in [
            (1e9, Frequency, "1 GHz"),
            (1.2e9, Frequency, "1.2 GHz"),
            (320e6, Data, "320 MB"),
            (0.0, Data, "0 B"),
            (819e9, DataRate, "819 GB/s"),
            (100e-9, Time, "100 ns"),
            (573.16, Area, "573.16 mm2"),
            (0.02, Area, "0.02 mm2"),
            (1.2e-12, Energy, "1.2 pJ"),
            (0.67 / 1e12, Energy, "0.67 pJ"),
            (0.0, Energy, "0 J"),
            (72.0, Cycles, "72 cycles"),
        ] {
            assert_eq!(dimension.show(value), text);
            assert_eq!(parse(text, dimension), Ok(value));
        }
        assert_eq!(parse(&Frequency.show(1_234_567_891.0), Frequency), Ok(1_234_567_891.0));
    }
}
