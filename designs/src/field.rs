//! The schema as a walk over fields: the same walk reads a tree into a struct, prints a struct, and
//! tells which keys exist. Each field is named once, with its documentation and bounds.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Problem, Source, SourceKind, cap, did_you_mean, nearest, shorten};
use crate::provenance::{Grade, Provenance};
use crate::slot::{Limits, Slot, choice};
use crate::tree::{Kind, Node};

/// The one-line description of a file.
const SUMMARY: &str = "summary";

/// An operation on every field of a schema.
pub(crate) trait Visitor {
    /// Visits the field at the dotted `path`.
    fn field(&mut self, path: &str, slot: &mut dyn Slot, limits: Limits, doc: &'static str);
}

/// Reads fields from a merged tree and collects every problem.
pub(crate) struct Reader<'a> {
    root: &'a Node,
    sources: &'a [Source],
    known: BTreeSet<String>,
    missing: BTreeMap<String, Vec<String>>,
    problems: Vec<Problem>,
    /// Provenance of every field that was found.
    pub(crate) provenance: BTreeMap<String, Provenance>,
}

enum Found<'a> {
    Leaf(&'a Node),
    Missing,
    /// The path leads through a value that is not a section.
    NoSection(&'a Node, &'a str),
}

fn find<'a>(root: &'a Node, path: &'a str) -> Found<'a> {
    let mut node = root;
    for (start, key) in path.match_indices('.').map(|(dot, _)| dot).chain([path.len()]).map(|end| (end, &path[..end])) {
        let Some(entries) = node.section() else {
            let parent = key.rfind('.').unwrap_or(0);
            return Found::NoSection(node, &path[..parent]);
        };
        let name = &path[key.rfind('.').map_or(0, |dot| dot + 1)..start];
        match entries.get(name) {
            Some(child) => node = child,
            None => return Found::Missing,
        }
    }
    Found::Leaf(node)
}

/// Whether a tree has a value at `path`.
pub(crate) fn states(root: &Node, path: &str) -> bool {
    matches!(find(root, path), Found::Leaf(_))
}

impl<'a> Reader<'a> {
    pub(crate) fn new(root: &'a Node, sources: &'a [Source]) -> Self {
        Self {
            root,
            sources,
            known: BTreeSet::new(),
            missing: BTreeMap::new(),
            problems: Vec::new(),
            provenance: BTreeMap::new(),
        }
    }

    /// Adds a problem that concerns several fields; it points at `path`.
    pub(crate) fn problem(&mut self, path: &str, message: String, help: Option<String>) {
        let at = match find(self.root, path) {
            Found::Leaf(node) => node.at.clone(),
            _ => self.root.at.clone(),
        };
        self.problems.push(Problem { message, help, at: Some(at) });
    }

    /// Whether every field so far was read without a problem; checks across fields need this.
    pub(crate) fn clean(&self) -> bool {
        self.problems.is_empty() && self.missing.is_empty()
    }

    /// Reports missing and unknown keys. Returns the provenance, or all problems in the order of the files, the user's file first.
    pub(crate) fn finish(mut self) -> Result<BTreeMap<String, Provenance>, Vec<Problem>> {
        for (section, keys) in std::mem::take(&mut self.missing) {
            let at = match find(self.root, &section) {
                Found::Leaf(node) => node.key.clone(),
                _ => self.root.at.clone(),
            };
            let plural = if keys.len() == 1 { "key" } else { "keys" };
            let wanted = format!("missing {plural} `{}`", keys.join("`, `"));
            let message = if section.is_empty() { wanted } else { format!("section `{section}`: {wanted}") };
            self.problems.push(Problem::at(at, message).help("a file that says `extends` need not repeat them"));
        }
        self.unknown_keys(self.root, "");
        if self.problems.is_empty() {
            return Ok(self.provenance);
        }
        self.problems.sort_by_key(|problem| problem.at.as_ref().map(|at| (at.source, at.span.start, at.span.end)));
        cap(&mut self.problems);
        Err(self.problems)
    }

    fn unknown_keys(&mut self, node: &Node, prefix: &str) {
        let Some(entries) = node.section() else { return };
        for (key, child) in entries {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            if self.known.contains(&path) {
                continue;
            }
            if self.known.iter().any(|known| known.starts_with(&format!("{path}."))) {
                if child.section().is_some() {
                    self.unknown_keys(child, &path);
                }
                continue;
            }
            let problem = Problem::at(child.key.clone(), format!("unknown key `{}`", shorten(&path)));
            let help = self.advice(prefix, key);
            self.problems.push(problem.help(help));
        }
    }

    /// Suggestion for an unknown key: a similar key of its section, or the same key in another section.
    fn advice(&self, prefix: &str, key: &str) -> String {
        let mut here: Vec<&str> = self
            .known
            .iter()
            .filter_map(|known| {
                if prefix.is_empty() { Some(known.as_str()) } else { known.strip_prefix(prefix)?.strip_prefix('.') }
            })
            .map(|rest| rest.split('.').next().unwrap_or(rest))
            .collect();
        here.dedup();
        let elsewhere = self.known.iter().find(|known| known.rsplit('.').next() == Some(key));
        match (nearest(key, here.iter().copied()), elsewhere) {
            (None, Some(path)) => format!("did you mean `{path}`?"),
            _ => did_you_mean(key, &here),
        }
    }

    /// The value and provenance of a leaf, which is bare or `{ value = ..., source = ..., ... }`.
    fn leaf<'n>(&mut self, path: &str, node: &'n Node) -> (&'n Node, Provenance) {
        let Kind::Table(entries) = &node.kind else { return (node, self.own_provenance(node)) };
        // A table without `value` is left to the field, which may be an interval.
        let Some(value) = entries.get("value") else { return (node, self.own_provenance(node)) };
        let mut provenance = self.own_provenance(value);
        for (key, node) in entries {
            let result = match key.as_str() {
                "value" => Ok(()),
                "source" => provenance.source.set(node, Limits::NONE),
                "grade" => choice(node, &names::choices::<Grade>()).map(|grade| provenance.grade = grade),
                "year" => {
                    let mut year = 0_u32;
                    let result = year.set(node, Limits::between(1900.0, 2100.0));
                    provenance.year = u16::try_from(year).ok().filter(|_| result.is_ok());
                    result
                }
                _ => {
                    let help = did_you_mean(key, &["value", "source", "grade", "year"]);
                    self.problems.push(
                        Problem::at(node.key.clone(), format!("unknown key `{path}.{}`", shorten(key))).help(help),
                    );
                    continue;
                }
            };
            if let Err((message, help)) = result {
                let problem = Problem::at(node.at.clone(), format!("`{path}.{key}` {message}"));
                self.problems.push(Problem { help, ..problem });
            }
        }
        (value, provenance)
    }

    /// Provenance of a value without annotation: the place where it is written.
    fn own_provenance(&self, node: &Node) -> Provenance {
        let source = &self.sources[node.at.source];
        let source = match source.kind {
            SourceKind::Argument => "--set".to_owned(),
            SourceKind::File | SourceKind::Preset => {
                format!("{}:{}", source.name, source.line_column(node.at.span.start).0)
            }
        };
        Provenance { source, grade: Grade::User, year: None }
    }
}

impl Visitor for Reader<'_> {
    fn field(&mut self, path: &str, slot: &mut dyn Slot, limits: Limits, _: &'static str) {
        self.known.insert(path.to_owned());
        let node = match find(self.root, path) {
            Found::Leaf(node) => node,
            Found::Missing => {
                if slot.required() {
                    let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
                    self.missing.entry(section.to_owned()).or_default().push(key.to_owned());
                }
                return;
            }
            Found::NoSection(node, section) => {
                let message = format!("`{section}` is a section, not {}", node.kind_name());
                let problem = Problem::at(node.at.clone(), message).help(format!("write e.g. `{path} = ...`"));
                if !self.problems.iter().any(|known| known.message == problem.message) {
                    self.problems.push(problem);
                }
                return;
            }
        };
        let (value, provenance) = self.leaf(path, node);
        match slot.set(value, limits) {
            // A summary has no provenance.
            Ok(()) if path == SUMMARY => {}
            Ok(()) => {
                self.provenance.insert(path.to_owned(), provenance);
            }
            Err((message, help)) => {
                let problem = Problem::at(value.at.clone(), format!("`{path}` {message}"));
                self.problems.push(Problem { help, ..problem });
            }
        }
    }
}
