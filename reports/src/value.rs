//! Values with where they come from: what tables and pages print, and what they say where a value is missing.

use serde::Serialize;

use crate::number::{fixed, separated, significant};

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
    /// Decimals for people, where a difference is told to a fixed unit; then significant digits do not count.
    #[serde(skip)]
    pub decimals: Option<usize>,
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
        Self {
            low: a.min(b),
            high: a.max(b),
            unit,
            bound: Bound::Exact,
            digits: 3,
            decimals: None,
            signed: false,
            origin,
        }
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

    /// The same with a fixed number of decimals.
    #[must_use]
    pub fn decimals(self, decimals: usize) -> Self {
        Self { decimals: Some(decimals), ..self }
    }

    /// The same with its sign shown.
    #[must_use]
    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// The number for people, without its unit: thousands separated, from a million on as a multiple of M, G or T.
    #[must_use]
    pub fn number(&self) -> String {
        let largest = self.low.abs().max(self.high.abs());
        // Counts keep all their digits.
        let (size, name) = match self.digits {
            1 => (1.0, ""),
            _ => [(1e12, " T"), (1e9, " G"), (1e6, " M")].into_iter().find(|m| largest >= m.0).unwrap_or((1.0, "")),
        };
        let show = |value: f64| {
            let text = match (self.decimals, self.digits) {
                (Some(decimals), _) => fixed(value / size, decimals),
                (None, 0) => separated(&(value / size).to_string()),
                // Whole numbers are exact when they count.
                (None, digits) => significant(value / size, digits),
            };
            let positive = value > 0.0 && text.contains(|c: char| ('1'..='9').contains(&c));
            if self.signed && positive { format!("+{text}") } else { text }
        };
        let (low, high) = (show(self.low), show(self.high));
        let bound = match self.bound {
            Bound::Exact => "",
            Bound::AtMost => "\u{2264} ",
            Bound::AtLeast => "\u{2265} ",
        };
        if low == high { format!("{bound}{low}{name}") } else { format!("{bound}{low} to {high}{name}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_for_people() {
        let origin = Origin::derived("a test");
        assert_eq!(Value::new(249_960.0, "tokens/s", origin.clone()).text(), "249,960 tokens/s");
        assert_eq!(Value::range(5.0, 2.5, "", origin.clone()).text(), "2.50 to 5.00");
        assert_eq!(Value::new(0.5, "kW", origin.clone()).bound(Bound::AtMost).digits(1).text(), "\u{2264} 0.5 kW");
        assert_eq!(Value::new(59_250_657.4, "USD", origin.clone()).text(), "59.3 M USD");
        assert_eq!(Value::range(360_000.0, 2_280_000.0, "", origin.clone()).digits(4).number(), "0.3600 to 2.280 M");
        assert_eq!(Value::new(7.276e9, "weights", origin.clone()).digits(4).text(), "7.276 G weights");
        assert_eq!(Value::new(1e-14, "%", origin.clone()).decimals(2).signed().number(), "0.00");
        assert_eq!(Value::new(-1e-14, "%", origin.clone()).decimals(2).signed().number(), "0.00");
        assert_eq!(Value::new(0.126, "%", origin.clone()).decimals(2).signed().number(), "+0.13");
        assert_eq!(Value::new(59_250_657.0, "", origin.clone()).digits(1).number(), "59,250,657");
        assert_eq!(Value::new(0.3, "kW", origin.clone()).digits(0).number(), "0.3");
        assert_eq!(Value::range(2e6, 2.5e6, "USD", origin.clone()).digits(0).number(), "2 to 2.5 M");
        assert_eq!(Value::new(80.0, "GB", origin.clone()).digits(0).signed().number(), "+80");
        let missing = serde_json::to_string(&Cell::missing("not public")).unwrap();
        assert_eq!(missing, r#"{"missing":"not public"}"#);
        assert_eq!(Cell::from(Value::new(1.0, "", origin)).origin().unwrap().kind, Support::Derived);
    }
}
