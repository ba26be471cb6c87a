//! Assumptions: numbers that a text does not state.
//!
//! `trip=%n:1024` says that the value `%n` is 1024, or, if `%n` is a variable or result of a loop, that the loop has 1024
//! iterations. `shape=%a.0:512` says that dimension 0 of `%a` has extent 512, `shape=%a:512` that every dynamic one has,
//! `shape=?:512` that every dynamic extent of the text is 512. What the text does state stays as it is. Give a list to
//! [`Analysis::assuming`](super::Analysis::assuming). A range, `trip=%n:16..64`, gives ranges; for a number at each end,
//! analyse with both of [`Assumptions::ends`].

use std::fmt;
use std::str::FromStr;

use super::range::Range;
use crate::tree::Tree;

/// What an assumption is about. Names are without `%`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The value of that name; of a loop's variable or result, the trip count of the loop.
    Trips(String),
    /// A dynamic extent: of the value of that name or of any, in that dimension or in every one.
    Extent {
        /// Name of the tensor or memref; `None` for all.
        value: Option<String>,
        /// Dimension, from 0; `None` for all.
        dimension: Option<usize>,
    },
}

/// A number that the text does not state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// What it is.
    pub subject: Subject,
    /// The number, or its bounds, which are known.
    pub range: Range,
}

/// Why a text is no assumption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssumptionError {
    /// Not of the form `kind=name:number`.
    #[error("`{0}` is no assumption; write `trip=%n:1024`, `shape=?:512` or `shape=%a.0:512`")]
    Form(String),
    /// Not a number or range.
    #[error("`{0}` is no number; write `1024`, or `16..64` for a range")]
    Number(String),
    /// A range that ends below its start.
    #[error("the range `{0}` is empty")]
    Empty(String),
}

/// Largest number that an assumption may state: products of a few stay below 128 bits.
const LARGEST: u128 = 1 << 40;

impl FromStr for Assumption {
    type Err = AssumptionError;

    fn from_str(text: &str) -> Result<Self, AssumptionError> {
        let form = || AssumptionError::Form(text.to_owned());
        let (left, number) = text.rsplit_once(':').ok_or_else(form)?;
        let (kind, name) = left.split_once('=').ok_or_else(form)?;
        let (kind, name) = (kind.trim(), name.trim());
        let named = |name: &str| name.strip_prefix('%').filter(|n| !n.is_empty()).map(str::to_owned).ok_or_else(form);
        let subject = match kind {
            "trip" => Subject::Trips(named(name)?),
            "shape" => {
                let (value, dimension) = match name.rsplit_once('.') {
                    Some((value, dimension)) => (value, Some(dimension.parse().map_err(|_| form())?)),
                    None => (name, None),
                };
                let value = if value == "?" { None } else { Some(named(value)?) };
                Subject::Extent { value, dimension }
            }
            _ => return Err(form()),
        };
        Ok(Self { subject, range: range(number.trim())? })
    }
}

fn range(text: &str) -> Result<Range, AssumptionError> {
    let number = |part: &str| {
        let number: Option<u128> = part.trim().parse().ok();
        number.filter(|&n| n <= LARGEST).ok_or_else(|| AssumptionError::Number(text.to_owned()))
    };
    let (low, high) = match text.split_once("..") {
        Some((low, high)) => (number(low)?, number(high)?),
        None => (number(text)?, number(text)?),
    };
    if low > high {
        return Err(AssumptionError::Empty(text.to_owned()));
    }
    Ok(Range { low, high: Some(high) })
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Trips(name) => write!(f, "trip=%{name}:")?,
            Subject::Extent { value, dimension } => {
                match value {
                    Some(name) => write!(f, "shape=%{name}")?,
                    None => f.write_str("shape=?")?,
                }
                if let Some(dimension) = dimension {
                    write!(f, ".{dimension}")?;
                }
                f.write_str(":")?;
            }
        }
        match (self.range.value(), self.range.high) {
            (None, Some(high)) => write!(f, "{}..{high}", self.range.low),
            _ => write!(f, "{}", self.range.low),
        }
    }
}

/// What is assumed of a text; a later assumption about the same subject replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions(Vec<Assumption>);

impl Assumptions {
    /// Nothing is assumed.
    pub const NONE: Self = Self(Vec::new());

    /// Whether nothing is assumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The assumptions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Assumption> {
        self.0.iter()
    }

    /// The lower ends of all ranges, and the upper ends, as exact numbers.
    #[must_use]
    pub fn ends(&self) -> [Self; 2] {
        let at = |end: fn(Range) -> u128| {
            let exact = |a: &Assumption| Assumption { subject: a.subject.clone(), range: Range::exact(end(a.range)) };
            Self(self.0.iter().map(exact).collect())
        };
        [at(|range| range.low), at(|range| range.high.unwrap_or(range.low))]
    }

    /// The assumptions about names that no value of the text has. `source` is the text of the tree.
    #[must_use]
    pub fn unmatched(&self, tree: &Tree, source: &str) -> Vec<&Assumption> {
        let is_named = |wanted: &str| tree.values().any(|value| tree.value(value).name.text(source) == wanted);
        self.0
            .iter()
            .filter(|assumption| match &assumption.subject {
                Subject::Trips(name) | Subject::Extent { value: Some(name), .. } => !is_named(name),
                Subject::Extent { value: None, .. } => false,
            })
            .collect()
    }
}

impl FromIterator<Assumption> for Assumptions {
    fn from_iter<I: IntoIterator<Item = Assumption>>(items: I) -> Self {
        let mut all: Vec<Assumption> = Vec::new();
        for item in items {
            match all.iter_mut().find(|known| known.subject == item.subject) {
                Some(known) => known.range = item.range,
                None => all.push(item),
            }
        }
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumptions_are_read_as_they_are_written() {
        for text in ["trip=%n:1024", "trip=%arg0:16..64", "shape=?:512", "shape=%a:8", "shape=%a.1:8..9", "shape=?.0:3"]
        {
            assert_eq!(text.parse::<Assumption>().unwrap().to_string(), text);
        }
        for text in ["", "trip=%n", "trip=n:3", "trip=%:3", "shape=a:3", "depth=%n:3", "shape=%a.x:3"] {
            assert_eq!(text.parse::<Assumption>(), Err(AssumptionError::Form(text.to_owned())), "{text}");
        }
        let error = |text: &str| text.parse::<Assumption>().unwrap_err();
        assert_eq!(error("trip=%n:-1"), AssumptionError::Number("-1".to_owned()));
        assert_eq!(error("trip=%n:99999999999999"), AssumptionError::Number("99999999999999".to_owned()));
        assert_eq!(error("trip=%n:5..4"), AssumptionError::Empty("5..4".to_owned()));
    }

    #[test]
    fn ends_are_exact_and_later_assumptions_win() {
        let all: Assumptions =
            ["trip=%n:3", "shape=?:2..5", "trip=%n:4"].map(|a| a.parse().unwrap()).into_iter().collect();
        let spelled = |a: &Assumptions| a.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(spelled(&all), ["trip=%n:4", "shape=?:2..5"]);
        let [low, high] = all.ends();
        assert_eq!(
            (spelled(&low), spelled(&high)),
            (vec!["trip=%n:4".into(), "shape=?:2".into()], vec!["trip=%n:4".into(), "shape=?:5".into()])
        );
    }
}
