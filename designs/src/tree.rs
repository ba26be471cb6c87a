//! A TOML document as a tree whose every node remembers where it was written, and how trees merge.
//!
//! Merging happens before validation: a table laid over a table merges key by key, anything else
//! replaces what it covers. `{ value = ..., source = ... }` is a leaf, so a new value never keeps the
//! provenance of the old one.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::problem::{Location, Problem, cap};

/// Largest TOML text that is read.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The key, or the value itself where there is none.
    pub(crate) key: Location,
    /// The value.
    pub(crate) at: Location,
    pub(crate) kind: Kind,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Table(BTreeMap<String, Node>),
    Text(String),
    /// `None` beyond 128 bits.
    Integer(Option<i128>),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    /// A date, which no schema here uses; its name for messages.
    Other(&'static str),
}

impl Node {
    /// The entries of a section, i.e. of a table that is not an annotated leaf.
    pub(crate) fn section(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.kind {
            Kind::Table(entries) if !entries.contains_key("value") => Some(entries),
            _ => None,
        }
    }

    /// Name of the kind for messages, with its article.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Table(_) => "a table",
            Kind::Text(_) => "a text",
            Kind::Integer(_) | Kind::Float(_) => "a number",
            Kind::Boolean(_) => "true or false",
            Kind::List(_) => "an array",
            Kind::Other(name) => name,
        }
    }

    /// Lays `over` on top of this node. A merged section stays where it was first written.
    pub(crate) fn merge(&mut self, over: Node) {
        if self.section().is_none() || over.section().is_none() {
            *self = over;
            return;
        }
        let (Kind::Table(entries), Kind::Table(new)) = (&mut self.kind, over.kind) else {
            unreachable!("both were found to be sections");
        };
        for (key, node) in new {
            match entries.get_mut(&key) {
                Some(existing) => existing.merge(node),
                None => {
                    entries.insert(key, node);
                }
            }
        }
    }
}

/// Reads a TOML document; `source` is the index that locations carry.
pub(crate) fn parse(text: &str, source: usize) -> Result<Node, Vec<Problem>> {
    let whole = Location { source, span: 0..0 };
    if text.len() > MAX_TEXT {
        return Err(vec![Problem::at(
            whole,
            format!("the text has {} bytes; at most {MAX_TEXT} are read", text.len()),
        )]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { key: whole.clone(), at: whole, kind: table_kind(table.get_ref(), source) });
    }
    let mut problems = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            Problem::at(Location { source, span }, format!("not valid TOML: {}", error.message()))
        })
        .collect();
    cap(&mut problems);
    Err(problems)
}

/// A value written on the command line: a TOML scalar where it parses as one, else the text itself.
/// `offset` is where `text` starts within the source.
pub(crate) fn parse_argument(text: &str, source: usize, offset: usize) -> Node {
    let at = Location { source, span: offset..offset + text.len() };
    let kind = match DeValue::parse(text) {
        Ok(value) => match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) | DeValue::Datetime(_) => Kind::Text(text.to_owned()),
            scalar => kind(scalar, source),
        },
        Err(_) => Kind::Text(text.to_owned()),
    };
    Node { key: at.clone(), at, kind }
}

fn table_kind(table: &DeTable<'_>, source: usize) -> Kind {
    let entry = |span| Location { source, span };
    Kind::Table(
        table
            .iter()
            .map(|(key, value)| {
                let node =
                    Node { key: entry(key.span()), at: entry(value.span()), kind: kind(value.get_ref(), source) };
                (key.get_ref().to_string(), node)
            })
            .collect(),
    )
}

/// Recursion is bounded: the parser refuses nesting beyond 80 levels.
fn kind(value: &DeValue<'_>, source: usize) -> Kind {
    match value {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(integer) => Kind::Integer(i128::from_str_radix(integer.as_str(), integer.radix()).ok()),
        DeValue::Float(float) => Kind::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(boolean) => Kind::Boolean(*boolean),
        DeValue::Datetime(_) => Kind::Other("a date"),
        DeValue::Array(items) => Kind::List(
            items
                .iter()
                .map(|item| {
                    let at = Location { source, span: item.span() };
                    Node { key: at.clone(), at, kind: kind(item.get_ref(), source) }
                })
                .collect(),
        ),
        DeValue::Table(table) => table_kind(table, source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf<'a>(root: &'a Node, path: &str) -> &'a Node {
        path.split('.').fold(root, |node, key| &node.section().expect("a section")[key])
    }

    #[test]
    fn every_node_knows_its_span() {
        let text = "[chip]\nclock = \"1 GHz\"\n";
        let root = parse(text, 3).unwrap();
        let clock = leaf(&root, "chip.clock");
        assert_eq!(&text[clock.key.span.clone()], "clock");
        assert_eq!(&text[clock.at.span.clone()], "\"1 GHz\"");
        assert_eq!(clock.at.source, 3);
    }

    #[test]
    fn tables_merge_and_leaves_replace() {
        let mut base = parse("[a]\nx = { value = 1, source = \"s\" }\ny = 2", 0).unwrap();
        base.merge(parse("a.x = 5", 1).unwrap());
        assert!(matches!(leaf(&base, "a.x").kind, Kind::Integer(Some(5))));
        assert_eq!(leaf(&base, "a.x").at.source, 1);
        assert!(matches!(leaf(&base, "a.y").kind, Kind::Integer(Some(2))));
    }

    #[test]
    fn bad_texts_are_refused_with_bounded_reports() {
        assert!(parse("a = ", 0).is_err());
        assert!(parse(&"= \n".repeat(1000), 0).unwrap_err().len() < 100);
        assert!(parse(&" ".repeat(MAX_TEXT + 1), 0).unwrap_err()[0].message.contains("at most"));
        assert!(parse(&format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)), 0).is_err());
        assert!(parse(&format!("[{}a]", "a.".repeat(50_000)), 0).is_err());
        assert!(parse(&format!("{}a = 1", "a.".repeat(50_000)), 0).is_err());
    }

    #[test]
    fn arguments_are_scalars_or_texts() {
        let kind = |text| parse_argument(text, 0, 0).kind;
        assert!(matches!(kind("4"), Kind::Integer(Some(4))));
        assert!(matches!(kind("0.5"), Kind::Float(f) if f == 0.5));
        assert!(matches!(kind("true"), Kind::Boolean(true)));
        assert!(matches!(kind("1.2GHz"), Kind::Text(t) if t == "1.2GHz"));
        assert!(matches!(kind("\"1 GHz\""), Kind::Text(t) if t == "1 GHz"));
        assert!(matches!(kind(""), Kind::Text(t) if t.is_empty()));
    }
}
