//! Requests, one JSON object each.

use std::cell::RefCell;
use std::fmt;

use ir::analysis::{Assumption, Assumptions};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::reply::{Id, Problem};

/// What a client asks for.
#[derive(Debug)]
pub enum Asked {
    /// Predictions.
    Predict(Predict),
    /// To drop the request with this id.
    Cancel(Box<RawValue>),
    /// The state of the server.
    Health,
}

/// Texts to predict for.
#[derive(Debug)]
pub struct Predict {
    pub texts: Vec<String>,
    /// Whether the reply has `answers`, one per text.
    pub many: bool,
    pub targets: Vec<String>,
    pub designs: Vec<String>,
    pub assumptions: Assumptions,
}

impl Predict {
    /// Bytes of the texts.
    pub fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    id: Id,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    texts: Option<Vec<String>>,
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    designs: Vec<String>,
    #[serde(default)]
    assume: Vec<String>,
    #[serde(default)]
    cancel: Option<Box<RawValue>>,
    #[serde(default)]
    health: bool,
}

/// Reads a request. The id is found even in most requests that are wrong.
pub fn read(line: &[u8]) -> (Id, Result<Asked, Problem>) {
    if line.trim_ascii().is_empty() {
        return (None, Err(wrong("an empty line; a request is a JSON object on one line")));
    }
    // The derived reader would take an array as the fields in order.
    if !line.trim_ascii().starts_with(b"{") {
        return (None, Err(wrong("a request is a JSON object")));
    }
    match serde_json::from_slice::<Fields>(line) {
        Ok(mut fields) => (fields.id.take(), asked(fields)),
        Err(error) => (id_of(line), Err(wrong(format!("not a request: {error}")))),
    }
}

fn asked(fields: Fields) -> Result<Asked, Problem> {
    let Fields { text, texts, targets, designs, assume, cancel, health, .. } = fields;
    let assumptions: Result<Assumptions, _> = assume.iter().map(|one| one.parse::<Assumption>()).collect();
    let assumptions = assumptions.map_err(|error| Problem::new("assumption", error.to_string()))?;
    let predict = |texts, many| Asked::Predict(Predict { texts, many, targets, designs, assumptions });
    match (text, texts, cancel, health) {
        (Some(text), None, None, false) => Ok(predict(vec![text], false)),
        (None, Some(texts), None, false) => Ok(predict(texts, true)),
        (None, None, Some(id), false) => Ok(Asked::Cancel(id)),
        (None, None, None, true) => Ok(Asked::Health),
        _ => Err(wrong("a request has one of `text`, `texts`, `cancel` and `health`")),
    }
}

/// Id and error of a request beyond the limit, from its first bytes.
pub fn too_long(start: &[u8], limit: usize) -> (Id, Problem) {
    let message = format!("the request has more than {} MiB, the most that is read", limit >> 20);
    (id_of(start), Problem::new("too_large", message))
}

fn wrong(message: impl Into<String>) -> Problem {
    Problem::new("request", message)
}

/// The id of a request that is cut short or otherwise wrong; `None` if the mistake comes before it.
fn id_of(line: &[u8]) -> Id {
    struct Search<'a>(&'a RefCell<Id>);

    impl<'de> Visitor<'de> for Search<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    *self.0.borrow_mut() = Some(map.next_value()?);
                    break;
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }

    let found = RefCell::new(None);
    // It fails where the request is wrong; what was found before that counts.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Search(&found));
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_survives_mistakes_that_come_after_it() {
        for (line, id) in [
            (r#"{"id": 7, "text": "unfinished"#, Some("7")),
            (r#"{"id": {"a": [1]}, "txt": 1}"#, Some(r#"{"a": [1]}"#)),
            (r#"{"text": 5, "id": "x"}"#, Some(r#""x""#)),
            (r#"{"id": 1, "id": 2}"#, Some("1")),
            (r#"{"text": "no end, "id": 1}"#, None),
            ("[1]", None),
            ("", None),
        ] {
            let (found, asked) = read(line.as_bytes());
            assert!(asked.is_err(), "{line}");
            assert_eq!(found.as_ref().map(|id| id.get()), id, "{line}");
        }
        assert_eq!(too_long(br#"{"id": 3, "text": "aaaa"#, 1 << 20).0.unwrap().get(), "3");
    }
}
