//! Records as CSV: the keys of their JSON as heads, numbers as JSON writes them.
//!
//! A key within a record is joined by a dot, a list stays JSON, null is an empty cell. Heads stand in the order of the keys.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Column name and text of each cell of a record.
type Cells = Vec<(String, String)>;

/// The records as CSV with a line of heads; an empty text without records.
pub fn csv<T: Serialize>(records: impl IntoIterator<Item = T>) -> String {
    let (mut heads, mut columns) = (Vec::new(), BTreeMap::new());
    let mut rows: Vec<Cells> = Vec::new();
    for record in records {
        let json = serde_json::to_string(&record).expect("results serialize");
        let mut cells = Vec::new();
        flatten(&json, "", &mut cells);
        for (name, _) in &cells {
            columns.entry(name.clone()).or_insert_with(|| {
                heads.push(name.clone());
                heads.len() - 1
            });
        }
        rows.push(cells);
    }
    if heads.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|cells| {
            let mut row = vec![String::new(); heads.len()];
            cells.into_iter().for_each(|(name, text)| row[columns[&name]] = text);
            row
        })
        .collect();
    // A record that is missing in some places has the columns of where it is not.
    let is_record =
        |head: &str| heads.iter().any(|other| other.strip_prefix(head).is_some_and(|rest| rest.starts_with('.')));
    let kept: Vec<usize> = (0..heads.len())
        .filter(|&index| !is_record(&heads[index]) || rows.iter().any(|row| !row[index].is_empty()))
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(&heads).chain(&rows) {
        writer.write_record(kept.iter().map(|&index| &row[index])).expect("memory can be written");
    }
    String::from_utf8(writer.into_inner().expect("memory can be written")).expect("JSON is UTF-8")
}

/// Adds the cells of a JSON value.
fn flatten(json: &str, name: &str, cells: &mut Cells) {
    match json.as_bytes().first() {
        Some(b'{') => {
            let members: Members<'_> = serde_json::from_str(json).expect("JSON of a value");
            for (key, value) in members.0 {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                flatten(value.get(), &name, cells);
            }
        }
        Some(b'"') => cells.push((name.to_owned(), serde_json::from_str(json).expect("JSON of a text"))),
        _ => cells.push((name.to_owned(), if json == "null" { String::new() } else { json.to_owned() })),
    }
}

/// The members of a JSON object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        value: Option<f64>,
        at: serde_json::Value,
    }

    #[test]
    fn keys_are_heads_and_numbers_are_raw() {
        let rows = [
            Row { name: "a, \"b\"", value: Some(1_234_567.25), at: json!({ "x": 1, "list": [1, 2] }) },
            Row { name: "c", value: None, at: json!({ "y": true }) },
        ];
        let expected = "name,value,at.list,at.x,at.y\n\"a, \"\"b\"\"\",1234567.25,\"[1,2]\",1,\nc,,,,true\n";
        assert_eq!(csv(&rows), expected);
        let missing = [json!({ "name": "a", "at": null }), json!({ "name": "b", "at": { "x": 1 } })];
        assert_eq!(csv(&missing), "name,at.x\na,\nb,1\n");
        assert_eq!(csv([0.0; 0]), "");
    }
}
