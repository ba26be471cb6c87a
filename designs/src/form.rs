//! What values a field accepts: their form and bounds, in words, as TOML and as a value for example.

use crate::units::{Dimension, Reason};

/// Inclusive bounds in base units; the lower one may be excluded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    low: f64,
    low_excluded: bool,
    high: f64,
}

impl Limits {
    /// No bounds; for words and texts.
    pub(crate) const NONE: Self = Self::between(f64::NEG_INFINITY, f64::INFINITY);

    /// The lower bound, and whether the value must be above it.
    pub(crate) const fn low(self) -> (f64, bool) {
        (self.low, self.low_excluded)
    }

    /// The upper bound.
    pub(crate) const fn high(self) -> f64 {
        self.high
    }

    /// From `low` to `high`.
    pub(crate) const fn between(low: f64, high: f64) -> Self {
        Self { low, low_excluded: false, high }
    }

    /// Above zero, up to `high`.
    pub(crate) const fn positive(high: f64) -> Self {
        Self { low: 0.0, low_excluded: true, high }
    }

    /// Refuses a value out of bounds; the error continues a sentence that starts with the key.
    pub(crate) fn check(self, value: f64, written: &str, show: impl Fn(f64) -> String) -> Result<(), Reason> {
        let above = if self.low_excluded { value > self.low } else { value >= self.low };
        if above && value <= self.high {
            return Ok(());
        }
        let low = if self.low_excluded { "above" } else { "at least" };
        Err((format!("is {written}; it must be {low} {} and at most {}", show(self.low), show(self.high)), None))
    }
}

/// What the numbers of a field count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Nothing: the field is a word, a text or a flag.
    Word,
    /// Things, in whole numbers.
    Count,
    /// A plain number, whose unit is in the field's name if it has one.
    Number,
    /// A quantity in whole base units of this name.
    Whole(&'static str),
    /// A quantity in base units of this name.
    Quantity(&'static str),
}

/// What values a field accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text that is not empty.
    Text,
    /// True or false.
    Flag,
    /// One of these words.
    Choice(Vec<&'static str>),
    /// A whole number.
    Count,
    /// A number.
    Number,
    /// A number with its unit, kept in whole base units.
    Whole(Dimension),
    /// A number with its unit.
    Quantity(Dimension),
    /// A number, or a table of `low` and `high`, where `high` may be missing.
    Interval,
    /// A number, or a table of `low` and `high`, with `mode` or without.
    Range,
    /// Pairs of a voltage and a speed.
    Curve,
}

impl Form {
    /// What its numbers count.
    pub(crate) fn measure(&self) -> Measure {
        match self {
            Self::Text | Self::Flag | Self::Choice(_) | Self::Curve => Measure::Word,
            Self::Count => Measure::Count,
            Self::Number | Self::Interval | Self::Range => Measure::Number,
            Self::Whole(dimension) => Measure::Whole(dimension.base_unit()),
            Self::Quantity(dimension) => Measure::Quantity(dimension.base_unit()),
        }
    }

    /// What is accepted within `limits`, as the rest of a sentence.
    pub(crate) fn describe(&self, limits: Limits) -> String {
        let bounds = self.bounds(limits);
        match self {
            Self::Text => "a text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Count => format!("a whole number{bounds}"),
            Self::Number => format!("a number{bounds}"),
            Self::Whole(dimension) | Self::Quantity(dimension) => {
                format!("{} with its unit{bounds}, e.g. {}", dimension.name(), dimension.example())
            }
            Self::Interval => format!("a number{bounds}, or {{ low = .., high = .. }}, or {{ low = .. }} alone"),
            Self::Range => format!("a number{bounds}, or {{ low = .., high = .. }}, with mode = .. or without"),
            Self::Curve => "pairs of a voltage and a speed, [[volts, speed], ...], both rising".to_owned(),
        }
    }

    fn bounds(&self, limits: Limits) -> String {
        let show = |value: f64| match self {
            Self::Whole(dimension) | Self::Quantity(dimension) => dimension.show(value),
            _ if value.abs() >= 1e6 => format!("{value:e}"),
            _ => value.to_string(),
        };
        let (low, above) = limits.low();
        match (low.is_finite(), above) {
            (false, _) => String::new(),
            (true, true) => format!(", above {} up to {}", show(low), show(limits.high())),
            (true, false) => format!(", {} to {}", show(low), show(limits.high())),
        }
    }

    /// A value within `limits`, as TOML.
    pub(crate) fn example(&self, limits: Limits) -> String {
        let one = if limits.low().0.is_finite() { 1.0_f64.clamp(limits.low().0, limits.high()) } else { 1.0 };
        match self {
            Self::Text => quoted("..."),
            Self::Flag => "true".to_owned(),
            Self::Choice(words) => quoted(words[0]),
            Self::Count | Self::Number | Self::Interval | Self::Range => float(one),
            Self::Whole(dimension) | Self::Quantity(dimension) => quoted(&dimension.show(one)),
            Self::Curve => "[[0.5, 0.7], [1.2, 3.3]]".to_owned(),
        }
    }
}

/// A number as TOML that reads back to the same bits.
pub(crate) fn float(value: f64) -> String {
    // Integers of TOML have 64 bits.
    if value == 0.0 || (1e-6..9e15).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

/// A text as TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Kind, parse};
    use proptest::prelude::*;

    fn read(value: &str) -> Kind {
        let root = parse(&format!("x = {value}"), 0).unwrap_or_else(|problems| panic!("{value}: {problems:?}"));
        root.section().unwrap()["x"].kind.clone()
    }

    proptest! {
        #[test]
        fn texts_read_back(text in "\\PC{0,20}|[\\x00-\\x7f\u{80}-\u{a0}\u{2028}]{0,20}") {
            prop_assert!(matches!(read(&quoted(&text)), Kind::Text(read) if read == text));
        }

        #[test]
        fn numbers_read_back(value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            match read(&float(value)) {
                Kind::Float(read) => prop_assert_eq!(read.to_bits(), value.to_bits()),
                // A whole number; TOML's integers have no negative zero.
                Kind::Integer(Some(read)) => prop_assert_eq!(read as f64, value),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn forms_say_what_they_accept() {
        let hertz = Form::Whole(Dimension::Frequency);
        assert_eq!(
            hertz.describe(Limits::between(1e6, 10e9)),
            "a frequency with its unit, 1 MHz to 10 GHz, e.g. \"1.0 GHz\""
        );
        assert_eq!(Form::Number.describe(Limits::positive(1.0)), "a number, above 0 up to 1");
        assert_eq!(Form::Count.describe(Limits::between(1.0, 64.0)), "a whole number, 1 to 64");
        assert_eq!(Form::Count.example(Limits::between(25.0, 64.0)), "25");
    }
}
