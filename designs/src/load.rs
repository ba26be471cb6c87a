//! From a name, files and overrides to a validated [`Design`], [`ProcessNode`] or [`Model`].
//!
//! A design is a chain of files: each `extends` the next, the last extends none. They are merged from the last to the
//! first, then the overrides, and only the result is validated. This crate does not open files: the caller passes a
//! [`Loader`].

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::comparison::{self, Comparison};
use crate::design::Design;
use crate::dram::{self, Dram};
use crate::economics::{self, Economics};
use crate::field::{Reader, Visitor, states};
use crate::masks::{self, MaskStack};
use crate::model::Model;
use crate::presets::{self, Preset};
use crate::problem::{Location, Problem, Problems, Source, SourceKind, did_you_mean, shorten};
use crate::process::{self, ProcessNode};
use crate::provenance::Provenance;
use crate::schema;
use crate::slot::{Limits, Slot};
use crate::supply::supply;
use crate::tree::{self, Kind, Node};

/// Reads the text of the file at a path.
pub type Loader<'a> = dyn Fn(&str) -> Result<String, Unreadable> + 'a;

/// Why the text of a file is not available: the reason, without the path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A [`Loader`] that has no files: only presets can be named.
///
/// # Errors
/// Always.
pub fn no_files(_: &str) -> Result<String, Unreadable> {
    Err(Unreadable("no files can be read here".to_owned()))
}

/// Size limit of a text, bytes.
const MAX_BYTES: u64 = 8 << 20;

/// The text of an open file, for a [`Loader`].
///
/// # Errors
/// If it cannot be read, is larger than 8 MiB, or is not UTF-8.
pub fn text(file: impl Read) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|reason| Unreadable(reason.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Unreadable(format!("the file is larger than {} MiB", MAX_BYTES >> 20)));
    }
    String::from_utf8(bytes)
        .map_err(|e| Unreadable(format!("not UTF-8 text: byte {} is invalid", e.utf8_error().valid_up_to() + 1)))
}

/// Most texts in a chain of `extends`.
const MAX_CHAIN: usize = 16;
/// Longest dotted path of an override, in keys.
const MAX_KEYS: usize = 16;

/// One `--set PATH=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    text: String,
    equals: usize,
}

impl Override {
    /// Parses `chip.clock=1.2GHz`: the value is a TOML scalar where it parses as one, else the text itself.
    ///
    /// # Errors
    /// Where there is no `=`, or the path before it is no dotted path of keys.
    pub fn parse(argument: &str) -> Result<Self, Problems> {
        let source =
            Source { name: format!("--set {argument}"), text: argument.to_owned(), kind: SourceKind::Argument };
        let refuse = |span, message: &str| {
            let problem =
                Problem::at(Location { source: 0, span }, message).help("write e.g. `--set chip.clock=1.2GHz`");
            Err(Problems { sources: vec![source.clone()], problems: vec![problem] })
        };
        let Some(equals) = argument.find('=') else {
            return refuse(0..argument.len(), "an override needs a `=` between path and value");
        };
        let path = argument[..equals].trim();
        if path.split('.').any(|key| key.trim().is_empty()) {
            return refuse(0..equals, "an override needs a dotted path of keys before the `=`");
        }
        if path.split('.').count() > MAX_KEYS {
            return refuse(0..equals, "the path of the override has too many keys");
        }
        if path == "extends" {
            return refuse(0..equals, "`extends` cannot be overridden: give the other design instead");
        }
        Ok(Self { text: argument.to_owned(), equals })
    }

    /// First key of the path.
    #[must_use]
    pub fn section(&self) -> &str {
        let path = &self.text[..self.equals];
        path.split('.').next().unwrap_or(path).trim()
    }

    /// The dotted path, without blanks.
    #[must_use]
    pub fn path(&self) -> String {
        self.text[..self.equals].split('.').map(str::trim).collect::<Vec<_>>().join(".")
    }

    /// The argument as a tree that holds one value.
    fn tree(&self, source: usize) -> Node {
        let value = &self.text[self.equals + 1..];
        let offset = self.equals + 1 + (value.len() - value.trim_start().len());
        let mut node = tree::parse_argument(value.trim(), source, offset);
        let path = &self.text[..self.equals];
        // From the innermost key outwards; `end` is the end of the current key in the argument.
        let mut end = path.len();
        for key in path.split('.').rev() {
            let start = end - key.len();
            let at = Location { source, span: start..end };
            node.key = at.clone();
            let entries = [(key.trim().to_owned(), node)].into();
            node = Node { key: at.clone(), at, kind: Kind::Table(entries) };
            end = start.saturating_sub(1);
        }
        node
    }
}

/// Whether a reference is written as a path rather than as the name of a preset.
fn is_path(reference: &str, extension: &str) -> bool {
    reference.contains('/') || reference.contains('\\') || reference.ends_with(extension)
}

/// `reference` as seen from the file `from`.
fn resolve(reference: &str, from: Option<&str>) -> String {
    match from.and_then(|from| Path::new(from).parent()) {
        Some(parent) => parent.join(reference).to_string_lossy().into_owned(),
        None => reference.to_owned(),
    }
}

/// A path without `.` and, where they cancel out, `..`: tells whether two paths are the same file.
fn normal(path: &str) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Looks up the text of a preset by name.
type Catalogue<'a> = dyn Fn(&str) -> Option<&'static str> + 'a;

/// A chain of texts on its way to one tree.
struct Chain<'a> {
    loader: &'a Loader<'a>,
    catalogue: &'a Catalogue<'a>,
    names: &'a [&'static str],
    sources: Vec<Source>,
    /// Names of the chain as shown in messages, and their identity.
    visited: Vec<(String, PathBuf)>,
}

impl Chain<'_> {
    /// The text that `reference` names; `asked` is where it is written.
    fn open(&mut self, reference: &str, from: Option<&str>, asked: Option<Location>) -> Result<usize, Problem> {
        let problem = |message: String| Problem { message, help: None, at: asked.clone() };
        let preset = (self.catalogue)(reference);
        let (shown, identity) = match preset {
            Some(_) => (reference.to_owned(), PathBuf::from(format!("preset {reference}"))),
            None if is_path(reference, ".toml") => {
                let path = resolve(reference, from);
                let identity = normal(&path);
                (path, identity)
            }
            None => {
                let near = did_you_mean(reference, self.names);
                let help = format!("{near}; a file is given as a path that ends in .toml");
                return Err(problem(format!("there is no preset `{}`", shorten(reference))).help(help));
            }
        };
        let mut names: Vec<&str> = self.visited.iter().map(|(name, _)| name.as_str()).collect();
        names.push(&shown);
        if let Some(first) = self.visited.iter().position(|(_, known)| *known == identity) {
            return Err(problem(format!("`{shown}` extends itself: {}", names[first..].join(" -> "))));
        }
        if self.visited.len() == MAX_CHAIN {
            return Err(problem(format!("more than {MAX_CHAIN} texts extend one another: {}", names.join(" -> "))));
        }
        let source = match preset {
            Some(text) => Source { name: format!("preset {shown}"), text: text.to_owned(), kind: SourceKind::Preset },
            None => {
                let text =
                    (self.loader)(&shown).map_err(|reason| problem(format!("cannot read `{shown}`: {reason}")))?;
                Source { name: shown.clone(), text, kind: SourceKind::File }
            }
        };
        self.visited.push((shown, identity));
        self.sources.push(source);
        Ok(self.sources.len() - 1)
    }

    /// The trees of `reference` and of everything it extends, the last text of the chain first.
    fn trees(
        &mut self,
        reference: &str,
        from: Option<&str>,
        asked: Option<Location>,
    ) -> Result<Vec<Node>, Vec<Problem>> {
        let source = self.open(reference, from, asked).map_err(|problem| vec![problem])?;
        let mut node = tree::parse(&self.sources[source].text, source)?;
        let Kind::Table(entries) = &mut node.kind else { unreachable!("a document is a table") };
        let Some(extends) = entries.remove("extends") else { return Ok(vec![node]) };
        let Kind::Text(base) = &extends.kind else {
            let message = format!("`extends` must be a text, not {}", extends.kind_name());
            return Err(vec![Problem::at(extends.at, message)]);
        };
        // A summary describes its own text only.
        if !entries.contains_key("summary") {
            let summary = Node { kind: Kind::Text(format!("extends {base}")), ..extends.clone() };
            entries.insert("summary".to_owned(), summary);
        }
        let from = match self.sources[source].kind {
            SourceKind::File => Some(self.sources[source].name.clone()),
            SourceKind::Preset | SourceKind::Argument => None,
        };
        let mut trees = self.trees(base, from.as_deref(), Some(extends.at.clone()))?;
        trees.push(node);
        Ok(trees)
    }
}

/// The trees of a chain, the last text first, then one for each override; and the texts they come from.
fn steps(
    reference: &str,
    overrides: &[Override],
    loader: &Loader<'_>,
    catalogue: &Catalogue<'_>,
    names: &[&'static str],
) -> Result<(Vec<Node>, Vec<Source>), Problems> {
    let mut chain = Chain { loader, catalogue, names, sources: Vec::new(), visited: Vec::new() };
    match chain.trees(reference, None, None) {
        Ok(mut trees) => {
            for change in overrides {
                let source = chain.sources.len();
                let name = format!("--set {}", change.text);
                chain.sources.push(Source { name, text: change.text.clone(), kind: SourceKind::Argument });
                trees.push(change.tree(source));
            }
            Ok((trees, chain.sources))
        }
        Err(problems) => Err(Problems { sources: chain.sources, problems }),
    }
}

/// Trees laid on one another, the first at the bottom.
fn flat(trees: impl IntoIterator<Item = Node>) -> Node {
    let mut trees = trees.into_iter();
    let mut root = trees.next().expect("a chain has a text");
    trees.for_each(|tree| root.merge(tree));
    root
}

/// A tree with overrides laid on, and the texts it comes from.
fn merged(
    reference: &str,
    overrides: &[Override],
    loader: &Loader<'_>,
    catalogue: &Catalogue<'_>,
    names: &[&'static str],
) -> Result<(Node, Vec<Source>), Problems> {
    let (trees, sources) = steps(reference, overrides, loader, catalogue, names)?;
    Ok((flat(trees), sources))
}

/// Reads a merged tree by `read`; the origins of its values, or every problem.
fn provenance(
    root: &Node,
    sources: Vec<Source>,
    read: impl FnOnce(&mut Reader<'_>),
) -> Result<BTreeMap<String, Provenance>, Problems> {
    let mut reader = Reader::new(root, &sources);
    read(&mut reader);
    match reader.finish() {
        Ok(provenance) => Ok(provenance),
        Err(problems) => Err(Problems { sources, problems }),
    }
}

fn design_from(
    reference: &str,
    overrides: &[Override],
    loader: &Loader<'_>,
    catalogue: &Catalogue<'_>,
) -> Result<Design, Problems> {
    let names: Vec<&'static str> = presets::designs().iter().map(|preset| preset.name).collect();
    let (root, sources) = merged(reference, overrides, loader, catalogue, &names)?;
    match validated(reference, &root, &sources) {
        Ok(design) => Ok(design),
        Err(problems) => Err(Problems { sources, problems }),
    }
}

/// The design that a merged tree states.
fn validated(reference: &str, root: &Node, sources: &[Source]) -> Result<Design, Vec<Problem>> {
    let mut design = schema::blank(reference);
    let mut reader = Reader::new(root, sources);
    schema::walk(&mut design, &mut reader);
    schema::check(&design, &mut reader);
    for (path, name, presets, extension) in
        [("model", &design.model, presets::models(), ".json"), ("node", &design.node, presets::nodes(), ".toml")]
    {
        let names: Vec<&str> = presets.iter().map(|preset| preset.name).collect();
        if !name.is_empty() && !names.contains(&name.as_str()) && !is_path(name, extension) {
            reader.problem(
                path,
                format!("`{path}`: there is no preset `{}`", shorten(name)),
                Some(format!("{}; a file is given as a path that ends in {extension}", did_you_mean(name, &names))),
            );
        }
    }
    design.provenance = reader.finish()?;
    Ok(design)
}

/// A design as its chain of texts builds it up, with the keys that each step states.
#[derive(Debug, Clone)]
pub struct Layered {
    /// The design of the lowest texts of the chain that state a complete one; what stands above changes it.
    pub root: Design,
    /// The design of the whole chain, without overrides.
    pub file: Design,
    /// Paths that the texts between the two state.
    pub in_file: Vec<String>,
    /// The design with the overrides.
    pub design: Design,
    /// Paths that the overrides state.
    pub overridden: Vec<String>,
}

/// The design that `reference` names, with overrides applied, and the steps that lead to it.
///
/// # Errors
/// As [`design`].
pub fn layered(reference: &str, overrides: &[Override], loader: &Loader<'_>) -> Result<Layered, Problems> {
    let names: Vec<&'static str> = presets::designs().iter().map(|preset| preset.name).collect();
    let catalogue = |name: &str| presets::text(presets::designs(), name);
    let (trees, sources) = steps(reference, overrides, loader, &catalogue, &names)?;
    let up_to = |n: usize| validated(reference, &flat(trees[..n].iter().cloned()), &sources);
    let design = match up_to(trees.len()) {
        Ok(design) => design,
        Err(problems) => return Err(Problems { sources, problems }),
    };
    let texts = trees.len() - overrides.len();
    let complete = |n: usize| up_to(n).ok();
    let stated = |trees: &[Node]| {
        let mut stated = Vec::new();
        let mut design = design.clone();
        schema::walk(&mut design, &mut Stated { trees, paths: &mut stated });
        stated
    };
    let overridden = stated(&trees[texts..]);
    let root = (1..=texts).find_map(|n| Some((n, complete(n)?)));
    let layered = match root.zip(complete(texts)) {
        Some(((n, root), file)) => Layered { root, file, in_file: stated(&trees[n..texts]), design, overridden },
        // Only the overrides complete it.
        None => Layered { root: design.clone(), file: design.clone(), in_file: Vec::new(), design, overridden },
    };
    match clocked(&layered, &flat(trees), &sources, loader) {
        Ok(()) => Ok(layered),
        Err(problems) => Err(Problems { sources, problems }),
    }
}

/// Refuses a clock or voltage that the nodes of a design do not reach.
fn clocked(layered: &Layered, tree: &Node, sources: &[Source], loader: &Loader<'_>) -> Result<(), Vec<Problem>> {
    let (root, design) = (&layered.root, &layered.design);
    // A node that cannot be read is reported where it is read for its own sake.
    let (Ok(home), Ok(on)) = (node(&root.node, loader), node(&design.node, loader)) else { return Ok(()) };
    let stated = layered.in_file.iter().chain(&layered.overridden).any(|path| path == "chip.voltage");
    let Err(error) = supply((root, &home), (design, &on), stated) else { return Ok(()) };
    let mut reader = Reader::new(tree, sources);
    schema::walk(&mut design.clone(), &mut reader);
    reader.problem(error.path(), error.to_string(), Some(error.help()));
    reader.finish().map(|_| ())
}

/// Collects the paths of the fields that any of some trees states.
struct Stated<'a> {
    trees: &'a [Node],
    paths: &'a mut Vec<String>,
}

impl Visitor for Stated<'_> {
    fn field(&mut self, path: &str, _: &mut dyn Slot, _: Limits, _: &'static str) {
        if self.trees.iter().any(|tree| states(tree, path)) {
            self.paths.push(path.to_owned());
        }
    }
}

/// The design that `reference` names, a preset or the path of a TOML file, with overrides applied.
///
/// # Errors
/// Every problem of the texts and of the overrides.
pub fn design(reference: &str, overrides: &[Override], loader: &Loader<'_>) -> Result<Design, Problems> {
    design_from(reference, overrides, loader, &|name| presets::text(presets::designs(), name))
}

/// The process node that `reference` names, a preset or the path of a TOML file.
///
/// # Errors
/// Every problem of the texts.
pub fn node(reference: &str, loader: &Loader<'_>) -> Result<ProcessNode, Problems> {
    let names: Vec<&'static str> = presets::nodes().iter().map(|preset| preset.name).collect();
    let catalogue = |name: &str| presets::text(presets::nodes(), name);
    let (root, sources) = merged(reference, &[], loader, &catalogue, &names)?;
    let mut node = ProcessNode { name: reference.to_owned(), ..ProcessNode::default() };
    node.provenance = provenance(&root, sources, |reader| process::walk(&mut node, reader))?;
    Ok(node)
}

/// The prices and rules that `reference` names, a preset or the path of a TOML file, with overrides applied.
///
/// # Errors
/// Every problem of the texts and of the overrides.
pub fn economics(reference: &str, overrides: &[Override], loader: &Loader<'_>) -> Result<Economics, Problems> {
    let (root, sources) = merged_preset(reference, overrides, loader, presets::economics())?;
    let mut economics = Economics::blank(reference);
    economics.provenance = provenance(&root, sources, |reader| {
        economics::walk(&mut economics, reader);
        economics::check(&economics, reader);
    })?;
    Ok(economics)
}

/// The kind of memory that `reference` names, a preset or the path of a TOML file, with overrides applied.
///
/// # Errors
/// Every problem of the texts and of the overrides.
pub fn memory(reference: &str, overrides: &[Override], loader: &Loader<'_>) -> Result<Dram, Problems> {
    let (root, sources) = merged_preset(reference, overrides, loader, presets::memories())?;
    let mut memory = Dram::blank(reference);
    memory.provenance = provenance(&root, sources, |reader| {
        dram::walk(&mut memory, reader);
        dram::check(&memory, reader);
    })?;
    Ok(memory)
}

/// The machine to compare with that `reference` names, a preset or the path of a TOML file.
///
/// # Errors
/// Every problem of the texts.
pub fn comparison(reference: &str, loader: &Loader<'_>) -> Result<Comparison, Problems> {
    let (root, sources) = merged_preset(reference, &[], loader, presets::comparisons())?;
    let serving = root.section().and_then(|entries| entries.get("serving")).and_then(Node::section);
    let names: Vec<String> = serving.map_or_else(Vec::new, |entries| entries.keys().cloned().collect());
    if names.len() > comparison::MAX_SERVING {
        let most = comparison::MAX_SERVING;
        let message = format!("`{reference}` has {} serving figures; a machine has {most} at most", names.len());
        return Err(Problems { sources, problems: vec![Problem::general(message)] });
    }
    let mut comparison = Comparison::blank(reference, names);
    comparison.provenance = provenance(&root, sources, |reader| {
        comparison::walk(&mut comparison, reader);
        comparison::check(&comparison, reader);
    })?;
    // A serving figure has one origin, not one per key.
    comparison.provenance.retain(|path, _| !path.starts_with("serving."));
    Ok(comparison)
}

/// The mask stack that `reference` names, a preset (named as its node) or the path of a TOML file.
///
/// # Errors
/// Every problem of the texts.
pub fn mask_stack(reference: &str, loader: &Loader<'_>) -> Result<MaskStack, Problems> {
    let (root, sources) = merged_preset(reference, &[], loader, presets::mask_stacks())?;
    let layers = root.section().and_then(|entries| entries.get("layers")).and_then(Node::section);
    let names: Vec<String> = layers.map_or_else(Vec::new, |entries| entries.keys().cloned().collect());
    if names.is_empty() || names.len() > masks::MAX_LAYERS {
        let message = format!("`{reference}` has {} layers; a stack has 1 to {}", names.len(), masks::MAX_LAYERS);
        return Err(Problems { sources, problems: vec![Problem::general(message)] });
    }
    let mut stack = MaskStack::blank(reference, names);
    let mut reader = Reader::new(&root, &sources);
    masks::walk(&mut stack, &mut reader);
    masks::check(&stack, &mut reader);
    if let Err(problems) = reader.finish() {
        return Err(Problems { sources, problems });
    }
    stack.layers.sort_by_key(|layer| layer.order);
    Ok(stack)
}

/// The merged tree of a preset of one kind, or of a file.
fn merged_preset(
    reference: &str,
    overrides: &[Override],
    loader: &Loader<'_>,
    all: &'static [Preset],
) -> Result<(Node, Vec<Source>), Problems> {
    let names: Vec<&'static str> = all.iter().map(|preset| preset.name).collect();
    merged(reference, overrides, loader, &|name: &str| presets::text(all, name), &names)
}

/// The model that `reference` names, a preset or the path of a Hugging Face `config.json`.
///
/// # Errors
/// Every problem of the text.
pub fn model(reference: &str, loader: &Loader<'_>) -> Result<Model, Problems> {
    if let Some(text) = presets::text(presets::models(), reference) {
        return Model::from_config_json(reference, text);
    }
    if !is_path(reference, ".json") {
        let names: Vec<&str> = presets::models().iter().map(|preset| preset.name).collect();
        let help = format!("{}; a file is given as a path that ends in .json", did_you_mean(reference, &names));
        let problem = Problem::general(format!("there is no model `{}`", shorten(reference))).help(help);
        return Err(Problems { sources: Vec::new(), problems: vec![problem] });
    }
    let text = loader(reference).map_err(|reason| Problems::general(format!("cannot read `{reference}`: {reason}")))?;
    Model::from_config_json(reference, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_that_extends_itself_is_refused() {
        let catalogue = |name: &str| match name {
            "self" => Some("extends = \"self\""),
            "ping" => Some("extends = \"pong\""),
            "pong" => Some("extends = \"ping\""),
            _ => None,
        };
        let error = |name| design_from(name, &[], &no_files, &catalogue).unwrap_err().to_string();
        assert_eq!(error("self"), "preset self:1:11: `self` extends itself: self -> self");
        assert_eq!(error("ping"), "preset pong:1:11: `ping` extends itself: ping -> pong -> ping");
    }

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        assert_eq!(resolve("b.toml", Some("dir/a.toml")), "dir/b.toml");
        assert_eq!(resolve("../b.toml", Some("dir/a.toml")), "dir/../b.toml");
        assert_eq!(resolve("/b.toml", Some("dir/a.toml")), "/b.toml");
        assert_eq!(normal("dir/../b.toml"), normal("./b.toml"));
        assert_ne!(normal("../b.toml"), normal("b.toml"));
    }

    #[test]
    fn override_spans_point_into_the_argument() {
        let change = Override::parse("chip.clock = 1.2GHz").unwrap();
        let node = change.tree(0);
        let chip = &node.section().unwrap()["chip"];
        let clock = &chip.section().unwrap()["clock"];
        assert_eq!(&change.text[chip.key.span.clone()], "chip");
        assert_eq!(change.text[clock.key.span.clone()].trim(), "clock");
        assert_eq!(&change.text[clock.at.span.clone()], "1.2GHz");
    }

    #[test]
    fn malformed_overrides_are_refused() {
        for text in ["", "chip.clock", "=1", "chip..clock=1", ".=1", "extends=hnlpu"] {
            assert!(Override::parse(text).is_err(), "{text}");
        }
        assert!(Override::parse(&format!("{}=1", vec!["a"; 17].join("."))).is_err());
        let error = Override::parse("chip.clock").unwrap_err().to_string();
        assert!(error.starts_with("--set chip.clock:1:1: an override needs a `=`"), "{error}");
    }
}
