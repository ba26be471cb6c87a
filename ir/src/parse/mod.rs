//! Parser of MLIR text: a tree for every text, and diagnostics where the text is wrong.
//!
//! Generic operations are parsed by their grammar. Custom forms are parsed by format strings of the registry
//! ([`format`]) and, where a form is irregular, by functions (`dialects`). Other forms are opaque ([`guess`]): what their
//! text seems to say is kept as an assumption, and no assumption causes an error. A registered operation whose text is not
//! in its form is opaque too, with a warning.
//!
//! Diagnostics report mistakes that are wrong in any dialect: unbalanced brackets, values and blocks that are undefined
//! where no opaque operation can define them, values defined twice, types that registered operations give to one value and
//! that disagree, and violations of the generic form's grammar.
//!
//! Time is linear in the text; nesting, operations, diagnostics and the expansion of aliases are bounded by
//! [`Limits`]. Locations are skipped. Dominance within a block is not checked.

mod affine;
mod ahead;
mod attributes;
mod blocks;
mod cursor;
mod dense;
mod dialects;
mod draft;
pub(crate) mod format;
mod guess;
mod implied;
mod names;
mod operation;
mod scope;
mod types;

use std::cell::Cell;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::lexer::TokenKind;
use crate::print::marks::Marks;
use crate::span::{Diagnostic, Span};
use crate::tree::{AttributeValue, NameId, Region, RegionId, Tree, Type, TypeId, ValueId};
use ahead::Ahead;
use names::{Isolation, Scopes};

/// Upper limit of [`Limits::nesting`]; the parser recurses.
const MAX_NESTING: usize = 512;

/// Limits on the resources that a text can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub text_bytes: usize,
    /// Levels of regions, types and attributes inside each other; at most 512.
    pub nesting: usize,
    /// Operations, implied ones included.
    pub operations: usize,
    /// Diagnostics; parsing stops after the last one.
    pub diagnostics: usize,
    /// Bytes that aliases can expand to in all; at most 1 MiB plus 16 bytes for each byte of text.
    pub alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: crate::text::MAX_TEXT_BYTES,
            nesting: 400,
            operations: 4_000_000,
            diagnostics: 100,
            alias_bytes: 256 << 20,
        }
    }
}

/// A tree and its diagnostics.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The tree; truncated if a limit was reached.
    pub tree: Tree,
    /// Mistakes in the order found; empty for a valid text.
    pub diagnostics: Vec<Diagnostic>,
    /// Registered operations that could not be read and are kept as text ([`crate::tree::Form::Guessed`]), each with the
    /// reason and its place. One more than [`Limits::diagnostics`] at most.
    pub warnings: Vec<Diagnostic>,
}

/// Parse a text.
#[must_use]
pub fn parse(text: &str, limits: &Limits) -> Parsed {
    let mut limits = *limits;
    limits.nesting = limits.nesting.min(MAX_NESTING);
    let too_long = text.len() > limits.text_bytes.min(u32::MAX as usize - 1);
    let mut parser = Parser::new(if too_long { "" } else { text }, limits);
    if too_long {
        let message = format!("the text has {} bytes; at most {} are parsed", text.len(), limits.text_bytes);
        parser.stop(Span::default(), message);
    }
    parser.text();
    parser.finish()
}

/// Why a form could not be parsed further; the caller decides whether to report it.
#[derive(Debug)]
struct Failure {
    diagnostic: Box<Diagnostic>,
    /// Whether it is wrong in any dialect.
    fatal: bool,
}

type Parse<T> = Result<T, Failure>;

/// An attribute's alias: its value, canonical text and levels of nesting.
#[derive(Debug, Clone)]
struct Alias {
    value: AttributeValue,
    text: Arc<str>,
    depth: usize,
}

struct Parser<'a> {
    text: &'a str,
    limits: Limits,
    ahead: Ahead,
    /// One past the last token taken.
    taken: usize,
    /// A limit was reached: the rest of the text is ignored.
    stopped: bool,
    depth: usize,
    /// Deepest level since an alias's definition began.
    deepest: usize,
    /// Bytes that aliases expanded to.
    spent: usize,
    tree: Tree,
    names: IndexSet<String, FxBuildHasher>,
    /// Names of the enclosing operations, innermost last.
    around: Vec<NameId>,
    scopes: Scopes<'a>,
    marks: Marks,
    diagnostics: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// First byte from which no location is closed.
    unclosed: Cell<usize>,
    /// Results of opaque operations without a type, so far.
    untyped_results: usize,
    /// Types of values before they were changed by the operation that is being read.
    changed_types: Vec<(ValueId, TypeId, bool)>,
    type_cache: IndexMap<&'a str, TypeId, FxBuildHasher>,
    /// Types with their size in bytes and levels of nesting.
    type_aliases: IndexMap<&'a str, (TypeId, usize, usize), FxBuildHasher>,
    attribute_aliases: IndexMap<&'a str, Alias, FxBuildHasher>,
    index: TypeId,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: Limits) -> Self {
        let mut tree = Tree::default();
        let index = tree.types.intern(Type::Index);
        tree.regions.push(Region { operation: None, blocks: Vec::new() });
        let mut parser = Self {
            text,
            limits,
            ahead: Ahead::past_locations(text, 0, &Cell::new(usize::MAX)),
            taken: 0,
            stopped: false,
            depth: 0,
            deepest: 0,
            spent: 0,
            tree,
            names: IndexSet::default(),
            around: Vec::new(),
            scopes: Scopes::default(),
            marks: Marks::default(),
            diagnostics: Vec::new(),
            warnings: Vec::new(),
            unclosed: Cell::new(usize::MAX),
            untyped_results: 0,
            changed_types: Vec::new(),
            type_cache: IndexMap::default(),
            type_aliases: IndexMap::default(),
            attribute_aliases: IndexMap::default(),
            index,
        };
        let top = parser.new_block(RegionId(0));
        parser.tree.regions[0].blocks.push(top);
        parser
    }

    /// Everything at the top level.
    fn text(&mut self) {
        let top = self.tree.top();
        self.open_scope(RegionId(0), Isolation::None);
        while !self.at_end() {
            match self.ahead.kind {
                Some(TokenKind::HashId | TokenKind::ExclaimId) if self.second().kind == Some(TokenKind::Equal) => {
                    self.alias_definition();
                }
                Some(TokenKind::MetadataBegin) => self.resources(),
                Some(TokenKind::RightBrace) => {
                    self.report(self.ahead.span, "this `}` closes nothing".to_owned(), None);
                    self.take();
                }
                _ => self.operation(top),
            }
        }
        self.pass_location();
        self.close_scope();
    }

    fn finish(mut self) -> Parsed {
        self.replace_stand_ins();
        self.marks.sort();
        self.tree.marks = self.marks;
        self.tree.names = self.names.into_iter().collect();
        let names = &self.tree.names;
        for operation in &mut self.tree.operations {
            operation.attributes.sort_by(|a, b| names[a.name.index()].cmp(&names[b.name.index()]));
        }
        Parsed { tree: self.tree, diagnostics: self.diagnostics, warnings: self.warnings }
    }

    /// `#name = attribute` or `!name = type`.
    fn alias_definition(&mut self) {
        let start = self.start();
        let name = self.take();
        let spelled = &name.text(self.text)[1..];
        let is_type = name.text(self.text).starts_with('!');
        self.take();
        let known = if is_type {
            self.type_aliases.contains_key(spelled)
        } else {
            self.attribute_aliases.contains_key(spelled)
        };
        if known {
            self.report(name, format!("redefinition of alias `{}`", name.text(self.text)), None);
        }
        let from = self.start();
        let mark = self.marks.len();
        let outer = std::mem::replace(&mut self.deepest, self.depth);
        let parsed = if is_type { self.parse_type().map(AttributeValue::Type) } else { self.attribute(TypeId(0)) };
        let depth = self.deepest - self.depth;
        self.deepest = outer.max(self.deepest);
        match parsed {
            Ok(AttributeValue::Type(id)) if is_type => {
                let size = self.tree.types.to_text(id).len();
                self.type_aliases.insert(spelled, (id, size, depth));
            }
            Ok(value) => {
                let text = self.canonical(self.since(from), mark).into();
                self.attribute_aliases.insert(spelled, Alias { value, text, depth });
            }
            Err(failure) => {
                self.report_failure(failure);
                self.recover();
            }
        }
        self.marks.drop_since(mark);
        let span = self.since(start);
        self.marks.skip(span);
    }

    /// `{-# ... #-}`: kept as text.
    fn resources(&mut self) {
        let start = self.take();
        while !self.at_end() && !self.at(TokenKind::MetadataEnd) {
            self.take_inside();
        }
        if self.at_end() {
            self.report(start, "the text ends before the `#-}` for this `{-#`".to_owned(), None);
        }
        self.take();
        let span = self.since(start.start as usize);
        self.tree.resources = Some(span);
        self.marks.resources(span);
    }

    /// Canonical text of a span without operations; its marks are those since `mark`.
    fn canonical(&mut self, span: Span, mark: usize) -> String {
        self.marks.sort_since(mark);
        crate::print::piece(self.text, &self.tree.types, &self.marks.all[mark..], span)
    }

    /// Count what an alias expands to.
    fn spend(&mut self, span: Span, bytes: usize) -> Parse<()> {
        self.spent = self.spent.saturating_add(bytes);
        // Aliases shorten real texts, but not by orders of magnitude.
        let limit = self.limits.alias_bytes.min((1 << 20) + 16 * self.text.len());
        if self.spent > limit {
            let message = format!("aliases expand to more than {limit} bytes; parsing stops here");
            self.stop(span, message.clone());
            return Err(self.wrong(span, message));
        }
        Ok(())
    }

    /// Count the levels of nesting in an alias.
    fn deepen(&mut self, span: Span, levels: usize) -> Parse<()> {
        self.deepest = self.deepest.max(self.depth + levels);
        if self.deepest > self.limits.nesting {
            let message = format!("aliases nest deeper than {} levels; parsing stops here", self.limits.nesting);
            self.stop(span, message.clone());
            return Err(self.wrong(span, message));
        }
        Ok(())
    }
}
