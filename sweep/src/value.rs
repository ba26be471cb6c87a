//! Values of the fields that a sweep varies, and their checks.

use std::sync::Arc;

use designs::Measure;
use designs::edit::Scalar;
use names::number::separated;

/// A value of a field: a number of base units, or a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Base units.
    Number(f64),
    /// A word, a text, a flag, a range.
    Word(Arc<str>),
}

impl Value {
    /// The number; NaN for a word.
    #[must_use]
    pub fn number(&self) -> f64 {
        if let Self::Number(number) = self { *number } else { f64::NAN }
    }

    /// The value as a sweep file would state it, a number without its unit.
    #[must_use]
    pub fn show(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Word(word) => word.to_string(),
        }
    }

    /// The value as a field of a design or of prices takes it.
    pub(crate) fn scalar(&self, measure: Measure) -> Scalar {
        match self {
            Self::Number(number) => Scalar::of(*number, measure),
            Self::Word(word) => match word.as_ref() {
                "true" => Scalar::Flag(true),
                "false" => Scalar::Flag(false),
                word => Scalar::Text(word.to_owned()),
            },
        }
    }
}

/// An error, phrased to follow the path of the field, and a suggestion.
pub type Reason = (String, Option<String>);

/// A count within bounds.
pub(crate) fn count(value: &Value, least: u64, most: u64) -> Result<u64, Reason> {
    match value {
        Value::Number(n) if *n == n.trunc() && (least as f64..=most as f64).contains(n) => Ok(*n as u64),
        Value::Number(n) if *n != n.trunc() => Err((format!("must be a whole number, not {n}"), None)),
        Value::Number(n) => {
            let [n, least, most] = [n.to_string(), least.to_string(), most.to_string()].map(|n| separated(&n));
            Err((format!("is {n}; it must be at least {least} and at most {most}"), None))
        }
        Value::Word(_) => Err(("must be a whole number, not a text".to_owned(), None)),
    }
}

/// A number within bounds.
pub(crate) fn between(value: &Value, least: f64, most: f64) -> Result<f64, Reason> {
    match value {
        Value::Number(n) if (least..=most).contains(n) => Ok(*n),
        Value::Number(n) => Err((format!("is {n}; it must be at least {least} and at most {most}"), None)),
        Value::Word(_) => Err(("must be a number, not a text".to_owned(), None)),
    }
}

/// The choice that a word names.
pub(crate) fn word<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, Reason> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let Value::Word(word) = value else {
        return Err((
            "must be one of the words below, not a number".to_owned(),
            Some(format!("known here: {}", names.join(", "))),
        ));
    };
    choices.iter().find(|(name, _)| *name == word.as_ref()).map(|(_, choice)| *choice).ok_or_else(|| {
        let help = designs::problem::did_you_mean(word, &names);
        (format!("is \"{}\", which is not known", designs::problem::shorten(word)), Some(help))
    })
}
