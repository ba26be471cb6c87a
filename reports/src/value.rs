//! Values with where they come from: what tables and pages print, and what they say where a value is missing.

use serde::Serialize;

use crate::number::{separated, significant};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Fed to the models: published, by third parties, assumed or given by the user; the grade tells which.
    Input,
    /// Fitted to a published figure.
    Calibrated,
    /// Comes out of a model.
    Derived,
    /// A vendor's word alone.
    VendorClaim,
}

impl Support {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Calibrated => "calibrated",
            Self::Derived => "derived",
            Self::VendorClaim => "vendor claim",
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// What it is.
    pub kind: Support,
    /// How well it is supported, in the words of the designs' grades.
    pub grade: String,
    /// Publication, file, rule or command.
    pub source: String,
    /// Year of the source or of the price.
    pub year: Option<u16>,
}

impl Origin {
    /// A value that a model gives; `source` says which and how to get it again.
    #[must_use]
    pub fn derived(source: impl Into<String>) -> Self {
        Self { kind: Support::Derived, grade: "derived".to_owned(), source: source.into(), year: None }
    }

    /// A value that the caller chose.
    #[must_use]
    pub fn asked(source: impl Into<String>) -> Self {
        Self { kind: Support::Input, grade: "user".to_owned(), source: source.into(), year: None }
    }
}

/// What is printed in one place of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number or a range.
    Value(Value),
    /// A word from a source.
    Word {
        /// The word.
        word: String,
        /// Where it comes from.
        #[serde(flatten)]
        origin: Origin,
    },
    /// Nothing, and why.
    Missing {
        /// The reason.
        missing: String,
    },
}

/// What a number says about the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It is the number.
    Exact,
    /// It is no more.
    AtMost,
    /// It is no less.
    AtLeast,
}

/// A number or a range with its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Value {
    /// The number, or the lower end.
    pub low: f64,
    /// The number, or the upper end.
    pub high: f64,
    /// Unit; empty for counts and shares of one.
    pub unit: &'static str,
    /// Whether it is the quantity or bounds it.
    pub bound: Bound,
    /// Significant digits for people: 0 as given, 1 for counts, whose whole numbers are exact.
    #[serde(skip)]
    pub digits: usize,
    /// Whether people see the sign of positive numbers as well.
    #[serde(skip)]
    pub signed: bool,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Value {
    /// A number.
    #[must_use]
    pub fn new(value: f64, unit: &'static str, origin: Origin) -> Self {
        Self::range(value, value, unit, origin)
    }

    /// A range; the ends may come in any order.
    #[must_use]
    pub fn range(a: f64, b: f64, unit: &'static str, origin: Origin) -> Self {
        Self { low: a.min(b), high: a.max(b), unit, bound: Bound::Exact, digits: 3, signed: false, origin }
    }

    /// The same as a bound.
    #[must_use]
    pub fn bound(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    /// The same with another number of significant digits.
    #[must_use]
    pub fn digits(self, digits: usize) -> Self {
        Self { digits, ..self }
    }

    /// The same with its sign shown.
    #[must_use]
    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// The number for people, without its unit.
    #[must_use]
    pub fn number(&self) -> String {
        let show = |value: f64| {
            let text = match self.digits {
                0 => separated(&value.to_string()),
                // Whole numbers are exact when they count.
                1 => significant(value, 1),
                digits => significant(rounded(value), digits),
            };
            if self.signed && value > 0.0 { format!("+{text}") } else { text }
        };
        let (low, high) = (show(self.low), show(self.high));
        let bound = match self.bound {
            Bound::Exact => "",
            Bound::AtMost => "\u{2264} ",
            Bound::AtLeast => "\u{2265} ",
        };
        if low == high { format!("{bound}{low}") } else { format!("{bound}{low} to {high}") }
    }

    /// The number with its unit.
    #[must_use]
    pub fn text(&self) -> String {
        let number = self.number();
        if self.unit.is_empty() { number } else { format!("{number} {}", self.unit) }
    }
}

impl Cell {
    /// Nothing, and why.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { missing: reason.into() }
    }

    /// The origin, where there is something.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Value(value) => Some(&value.origin),
            Self::Word { origin, .. } => Some(origin),
            Self::Missing { .. } => None,
        }
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

/// Millions and more to four significant digits: more are noise to people.
fn rounded(value: f64) -> f64 {
    if !value.is_finite() || value.abs() < 1e6 {
        return value;
    }
    let unit = libm::pow(10.0, libm::floor(libm::log10(value.abs())) - 3.0);
    (value / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_for_people() {
        let origin = Origin::derived("a test");
        assert_eq!(Value::new(249_960.0, "tokens/s", origin.clone()).text(), "249,960 tokens/s");
        assert_eq!(Value::range(5.0, 2.5, "", origin.clone()).text(), "2.50 to 5.00");
        assert_eq!(Value::new(0.5, "kW", origin.clone()).bound(Bound::AtMost).digits(1).text(), "\u{2264} 0.5 kW");
        assert_eq!(Value::new(59_250_657.4, "USD", origin.clone()).number(), "59,250,000");
        assert_eq!(Value::new(59_250_657.0, "", origin.clone()).digits(1).number(), "59,250,657");
        assert_eq!(Value::new(0.3, "kW", origin.clone()).digits(0).number(), "0.3");
        assert_eq!(Value::new(80.0, "GB", origin.clone()).digits(0).signed().number(), "+80");
        let missing = serde_json::to_string(&Cell::missing("not public")).unwrap();
        assert_eq!(missing, r#"{"missing":"not public"}"#);
        assert_eq!(Cell::from(Value::new(1.0, "", origin)).origin().unwrap().kind, Support::Derived);
    }
}
