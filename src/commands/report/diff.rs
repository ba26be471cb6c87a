//! What changed between two reports: values by section, old and new, each with its cause.
//!
//! A value has a name that does not change when values do: section, table or figure, row and column. The cause is found from the
//! fingerprints of the inputs of both reports and from the program that wrote them.

use std::collections::{BTreeMap, BTreeSet};

use reports::document::InputKind;
use reports::{Align, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::diagnostics::Failure;
use crate::input;

/// Sections whose values come from the learned cost model.
const LEARNED: &str = "accuracy";

/// A difference of two reports.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// Program that wrote the old report.
    pub old: String,
    /// Program that writes the new one.
    pub new: String,
    /// Inputs that differ.
    pub inputs: Vec<InputChange>,
    /// Values that differ, in the order of the new report.
    pub changes: Vec<Change>,
}

/// An input that differs.
#[derive(Debug, Serialize)]
pub struct InputChange {
    /// Its kind.
    pub kind: InputKind,
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: &'static str,
}

/// A value that differs.
#[derive(Debug, Serialize)]
pub struct Change {
    /// Section; "first screen" for what stands above the sections.
    pub section: String,
    /// Table or figure, row and column.
    pub place: String,
    /// Old value; `None` if it is new.
    pub old: Option<String>,
    /// New value; `None` if it has gone.
    pub new: Option<String>,
    /// What can have caused it: `input`, `model`, `code`.
    pub causes: Vec<&'static str>,
}

#[derive(Deserialize)]
struct Known {
    kind: InputKind,
    name: String,
    fingerprint: String,
}

/// Values of a report by name, and their order.
#[derive(Default)]
struct Values {
    order: Vec<(String, String)>,
    values: BTreeMap<(String, String), (String, bool)>,
}

impl Values {
    /// Adds a value under a name; a second one of that name gets a number.
    fn add(&mut self, section: &str, place: String, text: String, fed: bool) {
        let mut key = (section.to_owned(), place.clone());
        let mut count = 1;
        while self.values.contains_key(&key) {
            count += 1;
            key.1 = format!("{place} ({count})");
        }
        self.order.push(key.clone());
        self.values.insert(key, (text, fed));
    }
}

/// Reads the report at `path`: a `report.json`, or a folder with one.
///
/// # Errors
/// When there is no report.
pub fn read(path: &str) -> Result<Json, Failure> {
    let file = if std::path::Path::new(path).is_dir() { format!("{path}/report.json") } else { path.to_owned() };
    let text = input::read(&file).map_err(|error| Failure::Request(format!("cannot read {file}: {error}")))?;
    let json: Json = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Request(format!("{file}:{line}:{column}: no report: {error}"))
    })?;
    if !json["sections"].is_array() || !json["origins"].is_array() || !json["generator"].is_string() {
        return Err(Failure::Request(format!("{file}: no report; --diff takes a report.json or its folder")));
    }
    Ok(json)
}

/// Compares two reports.
#[must_use]
pub fn diff(old: &Json, new: &Json) -> Diff {
    let (before, after) = (values(old), values(new));
    let inputs = changed_inputs(old, new);
    let program = |report: &Json| {
        let commit = report["stamp"]["commit"].as_str().map_or(String::new(), |c| format!(", commit {c}"));
        format!("{}{commit}", report["generator"].as_str().unwrap_or("unknown"))
    };
    let same_program = program(old) == program(new);
    let keys: Vec<&(String, String)> =
        after.order.iter().chain(before.order.iter().filter(|k| !after.values.contains_key(*k))).collect();
    let mut changes = Vec::new();
    for key in keys {
        let (was, is) = (before.values.get(key), after.values.get(key));
        if was.map(|v| &v.0) == is.map(|v| &v.0) {
            continue;
        }
        let fed = is.or(was).is_some_and(|v| v.1);
        changes.push(Change {
            section: key.0.clone(),
            place: key.1.clone(),
            old: was.map(|v| v.0.clone()),
            new: is.map(|v| v.0.clone()),
            causes: causes(&key.0, fed, &inputs, same_program),
        });
    }
    Diff { old: program(old), new: program(new), inputs, changes }
}

/// Causes of a change in a section; `fed` tells that the value itself is an input.
fn causes(section: &str, fed: bool, inputs: &[InputChange], same_program: bool) -> Vec<&'static str> {
    let learned = section == LEARNED;
    let of =
        |kind: InputKind| inputs.iter().any(|i| i.kind == kind && (i.name == super::inputs::COST_MODEL) == learned);
    let mut causes = Vec::new();
    if of(InputKind::Input) {
        causes.push("input");
    }
    if of(InputKind::Model) {
        causes.push("model");
    }
    // Equal inputs give other values only if the code differs, whatever its version says.
    if causes.is_empty() || (!same_program && !fed) {
        causes.push("code");
    }
    causes
}

fn changed_inputs(old: &Json, new: &Json) -> Vec<InputChange> {
    let known = |report: &Json| -> BTreeMap<String, Known> {
        let all: Vec<Known> = serde_json::from_value(report["inputs"].clone()).unwrap_or_default();
        all.into_iter().map(|i| (i.name.clone(), i)).collect()
    };
    let (before, after) = (known(old), known(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| match (before.get(name), after.get(name)) {
        (Some(a), Some(b)) if a.fingerprint == b.fingerprint => None,
        (Some(_), Some(b)) => Some((b.kind, "changed")),
        (None, Some(b)) => Some((b.kind, "added")),
        (Some(a), None) => Some((a.kind, "removed")),
        (None, None) => None,
    };
    let all = names.into_iter().filter_map(|name| {
        let (kind, change) = change(name)?;
        Some(InputChange { kind, name: name.clone(), change })
    });
    all.collect()
}

/// All values of a report.
fn values(report: &Json) -> Values {
    let origins = report["origins"].as_array().cloned().unwrap_or_default();
    let fed = |value: &Json| {
        let id = value["origin"].as_u64().unwrap_or(0);
        let origin = origins.iter().find(|o| o["id"].as_u64() == Some(id));
        origin.is_some_and(|o| matches!(o["kind"].as_str(), Some("input" | "vendor_claim")))
    };
    let mut values = Values::default();
    let first = "first screen";
    text(&mut values, first, "title", &report["claim"], &fed);
    for point in report["points"].as_array().into_iter().flatten() {
        let section = point["section"].as_str().unwrap_or_default();
        text(&mut values, first, &format!("point on {section}"), &point["text"], &fed);
    }
    for section in report["sections"].as_array().into_iter().flatten() {
        let id = section["id"].as_str().unwrap_or_default();
        for block in section["blocks"].as_array().into_iter().flatten() {
            if let Some(table) = block.get("table") {
                self::table(&mut values, id, table, &fed);
            } else if let Some(figure) = block.get("figure") {
                self::table(&mut values, id, &figure["data"], &fed);
            } else if let Some(paragraph) = block.get("paragraph") {
                text(&mut values, id, "text", paragraph, &fed);
            }
        }
    }
    values
}

/// The words of a text, with `gap` for each value.
fn words(text: &Json, gap: &str) -> String {
    let pieces = text.as_array().into_iter().flatten().filter_map(|piece| {
        let gap = piece.get("value").map(|_| gap);
        piece["plain"].as_str().or(piece["code"].as_str()).or(piece["design"]["name"].as_str()).or(gap)
    });
    pieces.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as printed in a difference.
fn shown(value: &Json) -> Option<String> {
    if let Some(word) = value["word"].as_str() {
        return Some(word.to_owned());
    }
    if let Some(reason) = value["missing"].as_str() {
        return Some(format!("missing: {reason}"));
    }
    let (low, high) = (value["low"].as_f64()?, value["high"].as_f64()?);
    let bound = match value["bound"].as_str() {
        Some("at_most") => "\u{2264} ",
        Some("at_least") => "\u{2265} ",
        _ => "",
    };
    let number = |v: f64| match reports::number::significant(v, 6) {
        text if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        text => text,
    };
    let unit = value["unit"].as_str().filter(|u| !u.is_empty()).map_or(String::new(), |u| format!(" {u}"));
    let range = if low == high { number(low) } else { format!("{} to {}", number(low), number(high)) };
    Some(format!("{bound}{range}{unit}"))
}

/// Adds the values of a running text, named by the words before them.
fn text(values: &mut Values, section: &str, name: &str, text: &Json, fed: &dyn Fn(&Json) -> bool) {
    let mut before = String::new();
    for piece in text.as_array().into_iter().flatten() {
        let Some(value) = piece.get("value") else {
            before = words(&Json::Array(vec![piece.clone()]), "");
            continue;
        };
        let tail: Vec<&str> = before.split_whitespace().collect();
        let tail = tail[tail.len().saturating_sub(4)..].join(" ");
        if let Some(shown) = shown(value) {
            values.add(section, format!("{name}: \u{2026} {tail}"), shown, fed(value));
        }
    }
}

fn table(values: &mut Values, section: &str, table: &Json, fed: &dyn Fn(&Json) -> bool) {
    let caption = words(&table["caption"], "\u{2026}");
    let columns: Vec<String> = table["columns"].as_array().into_iter().flatten().map(head).collect();
    for row in table["rows"].as_array().into_iter().flatten() {
        let name = head(&row["name"]);
        for (index, cell) in row["cells"].as_array().into_iter().flatten().enumerate() {
            let Some(shown) = shown(cell) else { continue };
            let column = columns.get(index + 1).map_or("", String::as_str);
            values.add(section, format!("{caption} / {name} / {column}"), shown, fed(cell));
        }
    }
}

/// The words and values of a head.
fn head(text: &Json) -> String {
    let words = words(text, "");
    let values = text.as_array().into_iter().flatten().filter_map(|piece| shown(piece.get("value")?));
    [words].into_iter().chain(values).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Diff {
    /// The difference as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("old: {}\nnew: {}\n", self.old, self.new);
        for input in &self.inputs {
            let kind = if input.kind == InputKind::Model { "model" } else { "input" };
            out.push_str(&format!("{kind} {}: {}\n", input.change, input.name));
        }
        if self.changes.is_empty() {
            out.push_str("no value differs\n");
            return out;
        }
        let mut sections: Vec<&str> = Vec::new();
        for change in &self.changes {
            if !sections.contains(&change.section.as_str()) {
                sections.push(&change.section);
            }
        }
        for section in sections {
            let of: Vec<&Change> = self.changes.iter().filter(|c| c.section == section).collect();
            out.push_str(&format!("\n{section}: {} changed\n\n", of.len()));
            let heads = [("value", Align::Left), ("old", Align::Right), ("new", Align::Right), ("cause", Align::Left)];
            let mut table = Table::new(&heads);
            for change in of {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
                table.row([change.place.clone(), shown(&change.old), shown(&change.new), change.causes.join(" or ")]);
            }
            out.push_str(&table.render());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::diff;

    fn report(low: f64, fingerprint: &str, generator: &str) -> serde_json::Value {
        json!({
            "generator": generator, "stamp": {"commit": null},
            "inputs": [{"kind": "input", "name": "hnlpu", "fingerprint": fingerprint}],
            "claim": [], "points": [],
            "origins": [{"id": 1, "kind": "derived"}],
            "sections": [{"id": "cost", "blocks": [{"table": {
                "caption": [{"plain": "Cost"}], "columns": [[{"plain": "part"}], [{"plain": "USD"}]],
                "rows": [{"name": [{"plain": "die"}], "cells": [{"low": low, "high": low, "unit": "", "bound": "exact", "origin": 1}]}]
            }}]}]
        })
    }

    #[test]
    fn a_change_has_its_cause() {
        let old = report(1.0, "a", "hardwire 1");
        let causes = |new: &serde_json::Value| diff(&old, new).changes.first().map(|c| c.causes.clone());
        assert_eq!(causes(&old), None);
        assert_eq!(causes(&report(2.0, "b", "hardwire 1")), Some(vec!["input"]));
        assert_eq!(causes(&report(2.0, "a", "hardwire 1")), Some(vec!["code"]));
        assert_eq!(causes(&report(2.0, "b", "hardwire 2")), Some(vec!["input", "code"]));
        let change = &diff(&old, &report(2.0, "b", "hardwire 1")).changes[0];
        assert_eq!((change.place.as_str(), change.old.as_deref()), ("Cost / die / USD", Some("1")));
    }
}
