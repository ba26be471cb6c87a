//! JSON Schema (draft 7) of a file, for editors.
//!
//! It accepts every file that is read, and refuses unknown keys, wrong types, numbers out of bounds and unknown words. Bounds of
//! quantities, which are texts, and rules over several keys are left to the reader.

use std::collections::BTreeMap;

use names::Named;
use serde_json::{Map, Value, json};

use super::{ANY, Entry, FileKind, blank};
use crate::form::{Form, Limits};
use crate::provenance::Grade;
use crate::units::Dimension;

/// The keys of a section.
#[derive(Default)]
struct Section {
    keys: BTreeMap<String, Entry>,
    sections: BTreeMap<String, Section>,
}

impl Section {
    fn insert(&mut self, path: &str, entry: &Entry) {
        match path.split_once('.') {
            Some((section, rest)) => self.sections.entry(section.to_owned()).or_default().insert(rest, entry),
            None => {
                self.keys.insert(path.to_owned(), entry.clone());
            }
        }
    }

    /// What its keys accept.
    fn accepts(&self) -> Map<String, Value> {
        let keys = self.keys.iter().map(|(key, entry)| (key.clone(), leaf(entry)));
        let named = self.sections.iter().filter(|(name, _)| *name != ANY);
        let sections = named.map(|(name, section)| (name.clone(), Value::Object(section.accepts())));
        let properties: Map<String, Value> = keys.chain(sections).collect();
        let others = self.sections.get(ANY).map_or(json!(false), |any| Value::Object(any.accepts()));
        let mut schema = object(json!({ "type": "object", "additionalProperties": others }));
        if !properties.is_empty() {
            schema.insert("properties".into(), Value::Object(properties));
        }
        schema
    }

    /// What a file that extends none must state; `None` where nothing.
    fn demands(&self) -> Option<Value> {
        let mut required: Vec<&str> =
            self.keys.iter().filter(|(_, entry)| entry.required).map(|(key, _)| key.as_str()).collect();
        let mut properties = Map::new();
        let mut others = None;
        for (name, section) in &self.sections {
            let Some(demands) = section.demands() else { continue };
            if name == ANY {
                others = Some(demands);
            } else {
                // A section of names that the user chooses may be missing.
                if !section.sections.contains_key(ANY) {
                    required.push(name);
                }
                properties.insert(name.clone(), demands);
            }
        }
        let mut schema = Map::new();
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        if !properties.is_empty() {
            schema.insert("properties".into(), Value::Object(properties));
        }
        if let Some(others) = others {
            schema.insert("additionalProperties".into(), others);
        }
        (!schema.is_empty()).then_some(Value::Object(schema))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => unreachable!("called on objects"),
    }
}

/// A number within bounds.
fn number(kind: &str, limits: Limits) -> Value {
    let mut schema = object(json!({ "type": kind }));
    let bound =
        |value: f64| if value.abs() < 9e15 && value.fract() == 0.0 { json!(value as i64) } else { json!(value) };
    let (low, above) = limits.low();
    if low.is_finite() {
        schema.insert(if above { "exclusiveMinimum" } else { "minimum" }.into(), bound(low));
    }
    if limits.high().is_finite() {
        schema.insert("maximum".into(), bound(limits.high()));
    }
    Value::Object(schema)
}

/// A number with a unit of the dimension.
fn quantity(dimension: Dimension) -> Value {
    let units: Vec<&str> = dimension.units().collect();
    json!({
        "type": "string",
        "pattern": format!(r"^\s*[-+]?[0-9._]+([eE][-+]?[0-9]+)?\s*({})\s*$", units.join("|")),
    })
}

/// A number, or a table of ends, all within bounds.
fn ends(limits: Limits, required: &[&str], optional: &[&str], text: bool) -> Vec<Value> {
    let keys = required.iter().chain(optional).map(|key| ((*key).to_owned(), number("number", limits)));
    let mut accepted = vec![
        number("number", limits),
        json!({
            "type": "object",
            "properties": keys.collect::<Map<_, _>>(),
            "required": required,
            "additionalProperties": false,
        }),
    ];
    if text {
        accepted.push(json!({ "type": "string", "pattern": r"\.\." }));
    }
    accepted
}

/// What a field accepts without its origin.
fn values(entry: &Entry) -> Vec<Value> {
    let limits = entry.limits;
    match &entry.form {
        Form::Text => vec![json!({ "type": "string", "pattern": r"\S" })],
        Form::Flag => vec![json!({ "type": "boolean" })],
        Form::Choice(words) => vec![json!({ "enum": words })],
        Form::Count => vec![number("integer", limits)],
        Form::Number => vec![number("number", limits)],
        Form::Whole(dimension) | Form::Quantity(dimension) => vec![quantity(*dimension)],
        Form::Interval => ends(limits, &["low"], &["high"], false),
        Form::Range => ends(limits, &["low", "high"], &["mode"], true),
        Form::Curve => vec![json!({
            "type": "array",
            "minItems": 2,
            "items": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number", "exclusiveMinimum": 0 } },
        })],
    }
}

/// A field: its value, or a table of its value and origin.
fn leaf(entry: &Entry) -> Value {
    let values = values(entry);
    let value = if let [one] = values.as_slice() { one.clone() } else { json!({ "anyOf": values }) };
    let annotated = json!({
        "type": "object",
        "properties": {
            "value": value,
            "source": { "type": "string", "pattern": r"\S" },
            "grade": { "enum": Grade::ALL.map(Grade::name) },
            "year": { "type": "integer", "minimum": 1900, "maximum": 2100 },
        },
        "required": ["value"],
        "additionalProperties": false,
    });
    let accepted: Vec<Value> = values.into_iter().chain([annotated]).collect();
    json!({ "description": format!("{}; {}.", entry.doc, entry.form.describe(entry.limits)), "anyOf": accepted })
}

/// The JSON Schema of a kind of file, as indented text with a final newline.
///
/// # Panics
/// Never: the schema is plain JSON.
#[must_use]
pub fn json_schema(kind: FileKind) -> String {
    let mut root = Section::default();
    for entry in &blank(kind) {
        root.insert(&entry.path, entry);
    }
    let mut schema = root.accepts();
    let complete = root.demands().unwrap_or_else(|| json!({}));
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".into(), json!(format!("Hardwire: {}", kind.about().to_lowercase())));
    let extends =
        json!({ "type": "string", "description": "The file or preset whose values hold where this file states none." });
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("extends".into(), extends);
    }
    schema.insert("anyOf".into(), json!([{ "required": ["extends"] }, complete]));
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}
