//! The TOML of a sweep file: entries with their dotted paths and places, and the mistakes found so far.

use std::ops::Range;

use designs::problem::{cap, did_you_mean, shorten};
use designs::{Location, Problem, Problems, Source};
use names::number::separated;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest sweep file.
const MAX_TEXT: usize = 1 << 20;

/// One key with its value.
#[derive(Debug, Clone)]
pub struct Entry<'t> {
    /// Dotted path within its section.
    pub path: String,
    /// Where the key stands.
    pub key: Location,
    /// Where the value stands.
    pub at: Location,
    /// The value.
    pub value: DeValue<'t>,
}

/// A file and what is wrong with it.
pub struct File<'t> {
    table: DeTable<'t>,
    /// Problems so far.
    pub problems: Vec<Problem>,
    /// Places of sections and of fields, for problems found later.
    places: Vec<(String, Location)>,
}

fn location(span: Range<usize>) -> Location {
    Location { source: 0, span }
}

/// Name of a kind of value for messages, with its article.
pub fn kind_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The number of a numeric value.
pub fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => i128::from_str_radix(integer.as_str(), integer.radix()).ok().map(|i| i as f64),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

impl<'t> File<'t> {
    /// Parses `text`, which is that of `source`.
    pub fn parse(text: &'t str, source: &Source) -> Result<Self, Problems> {
        let refuse = |problems| Err(Problems { sources: vec![source.clone()], problems });
        if text.len() > MAX_TEXT {
            let message = format!("the text has {} bytes; at most {MAX_TEXT} are read", text.len());
            return refuse(vec![Problem::at(location(0..0), message)]);
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Self { table: table.into_inner(), problems: Vec::new(), places: Vec::new() });
        }
        let mut problems = errors
            .iter()
            .map(|e| Problem::at(location(e.span().unwrap_or(0..0)), format!("not valid TOML: {}", e.message())))
            .collect();
        cap(&mut problems);
        refuse(problems)
    }

    /// Records a problem.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All problems in the order of the text.
    pub fn finish(&mut self, source: Source) -> Problems {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|p| p.at.as_ref().map(|at| (at.source, at.span.start, at.span.end)));
        problems.dedup();
        cap(&mut problems);
        Problems { sources: vec![source], problems }
    }

    /// Refuses keys other than `known`.
    pub fn known(&mut self, known: &[&str]) {
        for (key, _) in &self.table {
            if !known.contains(&key.get_ref().as_ref()) {
                let name = key.get_ref().as_ref();
                let problem = Problem::at(location(key.span()), format!("unknown key `{}`", shorten(name)));
                self.problems.push(problem.help(did_you_mean(name, known)));
            }
        }
    }

    /// Takes the top-level value of `key`.
    pub fn take(&mut self, key: &str) -> Option<Entry<'t>> {
        let (key, value) = self.table.remove_entry(key)?;
        let entry = entry(key.get_ref().to_string(), &key, value);
        self.places.push((entry.path.clone(), entry.key.clone()));
        Some(entry)
    }

    /// Takes the entries of section `name` in the order of the text, its keys joined by dots; tables with one of the keys
    /// `leaf` are values.
    pub fn entries(&mut self, name: &str, leaf: &[&str]) -> Vec<Entry<'t>> {
        let Some(section) = self.take(name) else { return Vec::new() };
        let DeValue::Table(table) = section.value else {
            let problem = Problem::at(section.at, format!("`{name}` is a section, not {}", kind_name(&section.value)));
            self.problem(problem.help(format!("write [{name}] and a line for each entry")));
            return Vec::new();
        };
        let mut entries = Vec::new();
        flatten(table, "", leaf, &mut entries);
        entries.sort_by_key(|entry| entry.key.span.start);
        self.places.extend(entries.iter().map(|entry| (entry.path.clone(), entry.key.clone())));
        entries
    }

    /// The same where only the keys `known` are allowed.
    pub fn section(&mut self, name: &str, known: &[&str]) -> Vec<Entry<'t>> {
        let mut entries = self.entries(name, &[]);
        entries.retain(|entry| {
            let fine = known.contains(&entry.path.as_str());
            if !fine {
                let message = format!("unknown key `{name}.{}`", shorten(&entry.path));
                self.problems.push(Problem::at(entry.key.clone(), message).help(did_you_mean(&entry.path, known)));
            }
            fine
        });
        entries
    }

    /// Where a section or an entry was read.
    pub fn place_of(&self, path: &str) -> Option<Location> {
        self.places.iter().find(|(known, _)| known == path).map(|(_, at)| at.clone())
    }

    fn wrong(&mut self, entry: &Entry<'_>, wanted: &str) {
        let message = format!("`{}` must be {wanted}, not {}", entry.path, kind_name(&entry.value));
        self.problem(Problem::at(entry.at.clone(), message));
    }

    /// A text.
    pub fn text(&mut self, entry: &Entry<'_>) -> Option<String> {
        match &entry.value {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(entry, "a text");
                None
            }
        }
    }

    /// A list of texts with their places.
    pub fn texts(&mut self, entry: &Entry<'_>, most: usize) -> Option<Vec<(String, Location)>> {
        let DeValue::Array(array) = &entry.value else {
            self.wrong(entry, "a list of texts");
            return None;
        };
        if array.len() > most {
            let message = format!("`{}` has {} entries; at most {most}", entry.path, array.len());
            self.problem(Problem::at(entry.at.clone(), message));
            return None;
        }
        let mut texts = Vec::new();
        for value in array.iter() {
            match value.get_ref() {
                DeValue::String(text) => texts.push((text.to_string(), location(value.span()))),
                other => {
                    let message = format!("`{}` lists texts, not {}", entry.path, kind_name(other));
                    self.problem(Problem::at(location(value.span()), message));
                }
            }
        }
        Some(texts)
    }

    /// A whole number within bounds.
    pub fn count(&mut self, entry: &Entry<'_>, least: u64, most: u64) -> Option<u64> {
        let found = match &entry.value {
            DeValue::Integer(integer) => i128::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => {
                self.wrong(entry, "a whole number");
                return None;
            }
        };
        let fits = found.and_then(|n| u64::try_from(n).ok()).filter(|n| (least..=most).contains(n));
        if fits.is_none() {
            let shown = found.map_or_else(|| "too large".to_owned(), |n| separated(&n.to_string()));
            let [least, most] = [least, most].map(|n| separated(&n.to_string()));
            let message = format!("`{}` is {shown}; it must be at least {least} and at most {most}", entry.path);
            self.problem(Problem::at(entry.at.clone(), message));
        }
        fits
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, entry: &Entry<'_>, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(entry)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` is \"{}\", which is not known", entry.path, shorten(&text));
            self.problem(Problem::at(entry.at.clone(), message).help(did_you_mean(&text, &names)));
        }
        found
    }
}

fn entry<'t>(path: String, key: &Spanned<impl Sized>, value: Spanned<DeValue<'t>>) -> Entry<'t> {
    Entry { path, key: location(key.span()), at: location(value.span()), value: value.into_inner() }
}

fn flatten<'t>(table: DeTable<'t>, prefix: &str, leaf: &[&str], entries: &mut Vec<Entry<'t>>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let entry = entry(path, &key, value);
        match entry.value {
            DeValue::Table(inner) if !inner.iter().any(|(key, _)| leaf.contains(&key.get_ref().as_ref())) => {
                flatten(inner, &entry.path, leaf, entries);
            }
            _ => entries.push(entry),
        }
    }
}
