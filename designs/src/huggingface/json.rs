//! A JSON object whose values keep their place in the text.
//!
//! `serde_json` splits the object into raw values, which borrow from the text: the distance of a raw
//! value from the start of the text is its byte offset. Nested values are only looked at where the
//! schema asks for them, so depth costs nothing. Problems are collected, never returned one by one.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Location, Problem, shorten};

/// Key and raw value in the order of the text, duplicates included.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of keys and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// A JSON object being read.
pub(super) struct Object<'a> {
    /// The whole text, of which the object may be a part.
    text: &'a str,
    /// Where the object begins in the text.
    start: usize,
    entries: Vec<(String, &'a RawValue)>,
    /// Which entries were read.
    asked: Vec<Cell<bool>>,
    /// What stands in for absent keys.
    defaults: &'static [(&'static str, u64)],
    pub(super) problems: Vec<Problem>,
}

impl<'a> Object<'a> {
    /// Splits `text`; the problem is a syntax error.
    pub(super) fn parse(text: &'a str) -> Result<Self, Problem> {
        match serde_json::from_str::<Entries<'a>>(text) {
            Ok(entries) => Ok(Self::new(text, 0, entries)),
            Err(error) => {
                let at = byte_offset(text, error.line(), error.column());
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                let message = format!("not a valid config.json: {message}");
                Err(Problem::at(Location { source: 0, span: at..at }, message))
            }
        }
    }

    /// The object that is the value of `key`; `None` where it is absent, `null` or no object.
    pub(super) fn nested(&mut self, key: &str) -> Option<Self> {
        let value = self.get(key)?;
        match serde_json::from_str::<Entries<'a>>(value.get()) {
            Ok(entries) => Some(Self::new(self.text, place(self.text, value).span.start, entries)),
            Err(_) => {
                self.problem(key, format!("`{key}` must be an object"));
                None
            }
        }
    }

    /// The object that an element of a list or a value of an object is.
    pub(super) fn inner(&self, value: &'a RawValue) -> Option<Self> {
        let entries = serde_json::from_str::<Entries<'a>>(value.get()).ok()?;
        Some(Self::new(self.text, place(self.text, value).span.start, entries))
    }

    fn new(text: &'a str, start: usize, Entries(entries): Entries<'a>) -> Self {
        let asked = vec![Cell::new(false); entries.len()];
        let mut object = Self { text, start, entries, asked, defaults: &[], problems: Vec::new() };
        let mut seen = BTreeSet::new();
        for (key, value) in &object.entries {
            if !seen.insert(key.as_str()) {
                let message = format!("`{}` is given twice", shorten(key));
                object.problems.push(Problem::at(place(text, value), message));
            }
        }
        object
    }

    /// Where a value of this object stands in the text.
    pub(super) fn place(&self, value: &RawValue) -> Location {
        place(self.text, value)
    }

    /// Gives absent keys a value in [`Self::count`].
    pub(super) fn set_defaults(&mut self, defaults: &'static [(&'static str, u64)]) {
        self.defaults = defaults;
    }

    /// Key and value of all entries in the order of the text.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), *value))
    }

    /// Entries that were not read.
    pub(super) fn unread(&self) -> Vec<(String, &'a RawValue)> {
        let unread = self.entries.iter().zip(&self.asked).filter(|(_, asked)| !asked.get());
        unread.map(|(entry, _)| entry.clone()).collect()
    }

    /// Marks keys as read that have no effect here.
    pub(super) fn pass_over(&self, keys: &[&str]) {
        for key in keys {
            self.raw(key);
        }
    }

    /// The value of `key` unless it is absent; `null` is a value.
    pub(super) fn raw(&self, key: &str) -> Option<&'a RawValue> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        self.asked[index].set(true);
        Some(self.entries[index].1)
    }

    /// The default of an absent key.
    fn default_of(&self, key: &str) -> Option<u64> {
        let (_, value) = self.defaults.iter().find(|(name, _)| *name == key)?;
        self.raw(key).is_none().then_some(*value)
    }

    /// The value of `key` unless it is absent or `null`.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.raw(key).filter(|value| value.get() != "null")
    }

    /// Records a problem at the value of `key`, or at the start of the text where it is absent.
    pub(super) fn problem(&mut self, key: &str, message: impl Into<String>) -> &mut Problem {
        let start = Location { source: 0, span: self.start..self.start };
        let at = self.raw(key).map_or(start, |value| place(self.text, value));
        self.problems.push(Problem::at(at, message));
        self.problems.last_mut().expect("one was just pushed")
    }

    /// A whole number from `low` to `high`; `None` where `null`, wrong, or absent without a default.
    pub(super) fn count(&mut self, key: &str, low: u64, high: u64) -> Option<u64> {
        let Some(value) = self.get(key) else { return self.default_of(key) };
        match whole(value, low, high) {
            Ok(number) => Some(number),
            Err(reason) => {
                self.problem(key, format!("`{key}` {reason}"));
                None
            }
        }
    }

    /// [`Self::count`] of a key that must be there; `low` stands in after a problem was recorded.
    pub(super) fn need(&mut self, key: &str, low: u64, high: u64) -> u64 {
        if self.get(key).is_none() && self.default_of(key).is_none() {
            self.problem(key, format!("`{key}` is missing"));
        }
        self.count(key, low, high).unwrap_or(low)
    }

    /// Like [`Self::need`] with several names for the same thing, which must agree.
    pub(super) fn need_any(&mut self, keys: &[&str], low: u64, high: u64) -> u64 {
        let found: Vec<(&str, Option<u64>)> = keys
            .iter()
            .filter(|key| self.get(key).is_some())
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|key| (key, self.count(key, low, high)))
            .collect();
        let Some((first, value)) = found.first().copied() else { return self.need(keys[0], low, high) };
        if let Some((other, _)) = found.iter().find(|(_, other)| other.is_some() && value.is_some() && *other != value)
        {
            self.problem(other, format!("`{other}` and `{first}` mean the same and differ"));
        }
        value.unwrap_or(low)
    }

    /// True or false; `default` where absent or `null`.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.get(key).map(RawValue::get) {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                self.problem(key, format!("`{key}` must be true or false"));
                default
            }
        }
    }

    /// A number of at least 0; `None` where absent, `null` or wrong.
    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        match value.get().parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Some(number),
            _ => {
                self.problem(key, format!("`{key}` is {}; it must be a number of at least 0", shorten(value.get())));
                None
            }
        }
    }

    /// A text; `None` where absent, `null` or wrong.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        let text = serde_json::from_str(value.get()).ok();
        if text.is_none() {
            self.problem(key, format!("`{key}` must be a text"));
        }
        text
    }

    /// The elements of a list with their places; `None` where absent, `null` or wrong.
    pub(super) fn list(&mut self, key: &str, longest: usize) -> Option<Vec<&'a RawValue>> {
        let value = self.get(key)?;
        match serde_json::from_str::<Vec<&'a RawValue>>(value.get()) {
            Ok(list) if list.len() <= longest => Some(list),
            Ok(list) => {
                self.problem(key, format!("`{key}` has {} elements; at most {longest}", list.len()));
                None
            }
            Err(_) => {
                self.problem(key, format!("`{key}` must be a list"));
                None
            }
        }
    }

    /// The texts of a list; elements that are none are problems.
    pub(super) fn texts(&mut self, key: &str, longest: usize) -> Option<Vec<String>> {
        let values = self.list(key, longest)?;
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match serde_json::from_str::<String>(value.get()) {
                Ok(text) => texts.push(text),
                Err(_) => self.problem_at(value, format!("an entry of `{key}` must be a text")),
            }
        }
        Some(texts)
    }

    /// Records a problem at an element of a list.
    pub(super) fn problem_at(&mut self, value: &RawValue, message: String) {
        self.problems.push(Problem::at(place(self.text, value), message));
    }
}

/// A whole number within bounds, or the reason why not.
pub(super) fn whole(value: &RawValue, low: u64, high: u64) -> Result<u64, String> {
    let text = value.get();
    match text.parse::<u64>() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!("is {}; it must be a whole number from {low} to {high}", shorten(text))),
    }
}

/// Where a raw value stands in the text that it borrows from.
fn place(text: &str, value: &RawValue) -> Location {
    let start = (value.get().as_ptr() as usize)
        .checked_sub(text.as_ptr() as usize)
        .filter(|start| start + value.get().len() <= text.len())
        .expect("a raw value borrows from the text it was read from");
    Location { source: 0, span: start..start + value.get().len() }
}

/// Byte offset of a line and column (both from 1, columns in bytes) of `serde_json`.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}
