//! Values with their origins, and table cells: a value, a word, or the reason why there is none.

use serde::Serialize;

use crate::number::{fixed, separated, significant};

/// How a value was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Input of the models: published, third-party, assumed or given by the user; see [`Origin::grade`].
    Input,
    /// Fitted to a published figure.
    Calibrated,
    /// Computed by a model.
    Derived,
    /// Claimed by the vendor; no other source.
    VendorClaim,
}

impl Support {
    /// The name as printed.
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

/// Origin of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// How it was obtained.
    pub kind: Support,
    /// Strength of the evidence, the name of a `designs::Grade`, e.g. "published".
    pub grade: String,
    /// Publication, file, rule or command.
    pub source: String,
    /// Year of the source or of the price.
    pub year: Option<u16>,
}

impl Origin {
    /// Origin of a value computed by a model; `source` names the model and the command that computes it.
    #[must_use]
    pub fn derived(source: impl Into<String>) -> Self {
        Self { kind: Support::Derived, grade: "derived".to_owned(), source: source.into(), year: None }
    }

    /// Origin of a value given by the user.
    #[must_use]
    pub fn asked(source: impl Into<String>) -> Self {
        Self { kind: Support::Input, grade: "user".to_owned(), source: source.into(), year: None }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number or a range.
    Value(Value),
    /// A word from a source.
    Word {
        /// The word.
        word: String,
        /// Its origin.
        #[serde(flatten)]
        origin: Origin,
    },
    /// No value, with the reason.
    Missing {
        /// The reason.
        missing: String,
    },
}

/// Relation of a number to the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The quantity equals the number.
    Exact,
    /// The quantity is at most the number.
    AtMost,
    /// The quantity is at least the number.
    AtLeast,
}

/// A number or a range with its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Value {
    /// The number, or the lower end.
    pub low: f64,
    /// The number, or the upper end.
    pub high: f64,
    /// Unit as printed, e.g. "tokens/s"; empty for counts and for shares from 0 to 1.
    pub unit: &'static str,
    /// Relation of the number to the quantity.
    pub bound: Bound,
    /// Significant digits printed: 0 prints all digits, 1 is for counts, which print as whole numbers.
    #[serde(skip)]
    pub digits: usize,
    /// Decimals printed; overrides `digits`.
    #[serde(skip)]
    pub decimals: Option<usize>,
    /// Whether positive numbers print with a plus sign.
    #[serde(skip)]
    pub signed: bool,
    /// Its origin.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Value {
    /// A number.
    #[must_use]
    pub fn new(value: f64, unit: &'static str, origin: Origin) -> Self {
        Self::range(value, value, unit, origin)
    }

    /// A range; the order of the ends does not matter.
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

    /// This value as a bound.
    #[must_use]
    pub fn bound(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    /// This value with another number of significant digits.
    #[must_use]
    pub fn digits(self, digits: usize) -> Self {
        Self { digits, ..self }
    }

    /// This value with a fixed number of decimals.
    #[must_use]
    pub fn decimals(self, decimals: usize) -> Self {
        Self { decimals: Some(decimals), ..self }
    }

    /// This value with the sign of positive numbers printed.
    #[must_use]
    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// The number as printed, without unit: thousands separated; from a million on with the prefix M, G or T, unless
    /// it is a count.
    #[must_use]
    pub fn number(&self) -> String {
        let largest = self.low.abs().max(self.high.abs());
        // Counts print all digits.
        let (size, name) = match self.digits {
            1 => (1.0, ""),
            _ => [(1e12, " T"), (1e9, " G"), (1e6, " M")].into_iter().find(|m| largest >= m.0).unwrap_or((1.0, "")),
        };
        let show = |value: f64| {
            let text = match (self.decimals, self.digits) {
                (Some(decimals), _) => fixed(value / size, decimals),
                (None, 0) => separated(&(value / size).to_string()),
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
    /// A missing value.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { missing: reason.into() }
    }

    /// The origin; `None` for a missing value.
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
