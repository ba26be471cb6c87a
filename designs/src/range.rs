//! An uncertain number: a point, a range, or a range with a most likely value.
//!
//! Written as `5`, `{ low = 3, high = 5 }`, `{ low = 3, mode = 4, high = 5 }`, or, on the command line, `3..5`. `low`
//! is the optimistic end and `high` the pessimistic one of every cost. As a distribution a range is uniform, one with
//! a mode triangular; other distributions are left out.

use serde::Serialize;

use crate::form::{Form, float};
use crate::slot::{Limits, Slot};
use crate::tree::{Kind, Node};
use crate::units::Reason;

/// An uncertain number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Range {
    /// Optimistic end.
    pub low: f64,
    /// Most likely value of a triangular distribution; uniform without.
    pub mode: Option<f64>,
    /// Pessimistic end.
    pub high: f64,
}

impl Range {
    /// A number known exactly.
    #[must_use]
    pub const fn point(value: f64) -> Self {
        Self { low: value, mode: None, high: value }
    }

    /// Every value multiplied by `factor`.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, mode: self.mode.map(|mode| mode * factor), high: self.high * factor }
    }

    /// The value at `share` of the probability below it, 0 to 1.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let width = self.high - self.low;
        match self.mode {
            _ if width == 0.0 => self.low,
            None => self.low + share * width,
            Some(mode) if share * width < mode - self.low => self.low + (share * width * (mode - self.low)).sqrt(),
            Some(mode) => self.high - ((1.0 - share) * width * (self.high - mode)).sqrt(),
        }
    }
}

impl Slot for Range {
    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        let text = match &node.kind {
            Kind::Table(_) => return self.set_table(node, limits),
            Kind::Text(text) if text.contains("..") => text.clone(),
            _ => {
                let mut value = 0.0;
                value.set(node, limits)?;
                *self = Self::point(value);
                return Ok(());
            }
        };
        let (low, high) = text.split_once("..").expect("the text holds `..`");
        let mut ends = [0.0; 2];
        for (end, written) in ends.iter_mut().zip([low, high]) {
            end.set(&crate::tree::parse_argument(written.trim(), node.at.source, node.at.span.start), limits)?;
        }
        *self = Self { low: ends[0], mode: None, high: ends[1] };
        self.ordered()
    }

    fn show(&self) -> Option<String> {
        Some(match self.mode {
            None if self.low == self.high => self.low.to_string(),
            None => format!("{} to {}", self.low, self.high),
            Some(mode) => format!("{} to {}, most likely {mode}", self.low, self.high),
        })
    }

    fn number(&self) -> Option<f64> {
        (self.low == self.high).then_some(self.low)
    }

    fn toml(&self) -> Option<String> {
        let (low, high) = (float(self.low), float(self.high));
        Some(match self.mode {
            None if self.low == self.high => low,
            None => format!("{{ low = {low}, high = {high} }}"),
            Some(mode) => format!("{{ low = {low}, mode = {}, high = {high} }}", float(mode)),
        })
    }

    fn form(&self) -> Form {
        Form::Range
    }
}

impl Range {
    fn set_table(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        let Kind::Table(entries) = &node.kind else { unreachable!("the caller saw a table") };
        if let Some(key) = entries.keys().find(|key| !matches!(key.as_str(), "low" | "mode" | "high")) {
            return Err((format!("has the unknown key `{key}`"), Some("known here: low, mode, high".into())));
        }
        let end = |key: &str| -> Result<f64, Reason> {
            let mut value = 0.0;
            let node = entries.get(key).ok_or_else(|| (format!("lacks `{key}`"), None))?;
            value.set(node, limits)?;
            Ok(value)
        };
        let (low, high) = (end("low")?, end("high")?);
        let mode = if entries.contains_key("mode") { Some(end("mode")?) } else { None };
        *self = Self { low, mode, high };
        self.ordered()
    }

    fn ordered(&self) -> Result<(), Reason> {
        let Self { low, mode, high } = *self;
        if high < low {
            let help = format!("write the smaller end first: {high} to {low}");
            return Err((format!("runs from {low} down to {high}"), Some(help)));
        }
        match mode {
            Some(mode) if !(low..=high).contains(&mode) => {
                Err((format!("has its mode {mode} outside {low} to {high}"), None))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Range, String> {
        let root = crate::tree::parse(text, 0).unwrap();
        let mut range = Range::default();
        let result = range.set(&root.section().unwrap()["x"], Limits::positive(100.0));
        result.map(|()| range).map_err(|(message, _)| message)
    }

    #[test]
    fn ranges_are_numbers_tables_or_two_ends() {
        assert_eq!(read("x = 5"), Ok(Range::point(5.0)));
        assert_eq!(read("x = { low = 3, high = 5 }"), Ok(Range { low: 3.0, mode: None, high: 5.0 }));
        assert_eq!(read("x = \"3..5\""), Ok(Range { low: 3.0, mode: None, high: 5.0 }));
        assert_eq!(read("x = \"5..3\"").unwrap_err(), "runs from 5 down to 3");
        assert_eq!(read("x = { low = 5, high = 3 }").unwrap_err(), "runs from 5 down to 3");
        assert_eq!(read("x = { low = 5 }").unwrap_err(), "lacks `high`");
        assert_eq!(read("x = { low = 1, mode = 9, high = 3 }").unwrap_err(), "has its mode 9 outside 1 to 3");
        assert_eq!(read("x = \"-1..3\"").unwrap_err(), "is -1; it must be above 0 and at most 100");
        assert_eq!(read("x = \"1..b\"").unwrap_err(), "must be a number, not a text");
    }

    #[test]
    fn quantiles_of_uniform_and_triangular() {
        let uniform = Range { low: 2.0, mode: None, high: 4.0 };
        assert_eq!([0.0, 0.5, 1.0].map(|s| uniform.quantile(s)), [2.0, 3.0, 4.0]);
        let triangular = Range { low: 0.0, mode: Some(1.0), high: 2.0 };
        assert_eq!([0.0, 0.125, 0.5, 1.0].map(|s| triangular.quantile(s)), [0.0, 0.5, 1.0, 2.0]);
    }
}
