//! Marks of the parser for the printer: spans that are not printed as their own tokens.

use std::sync::Arc;

use crate::span::Span;
use crate::tree::{BlockId, TypeId, ValueId};

/// How a span is printed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MarkKind {
    /// An operation begins here and takes the span; names start anew in it if it is isolated from above.
    /// Blanks of an opaque operation's own text stay where they are.
    Operation { isolated: bool, opaque: bool },
    /// A value's name, with `#n` where written.
    Value { value: ValueId, definition: bool },
    /// The names of an operation's results before `=`.
    Results { first: ValueId, count: u32 },
    /// A block's name; labels take the colon too.
    Block { block: BlockId, label: bool },
    /// The colon behind a label.
    LabelEnd,
    /// `{` of a region.
    RegionOpen,
    /// `}` of a region.
    RegionClose,
    /// An operation's name, printed with or without its dialect.
    Name(&'static str),
    /// Dimension of an affine map or set.
    Dimension(u32),
    /// Symbol of an affine map or set.
    Symbol(u32),
    /// A type.
    Type(TypeId),
    /// A dictionary, with its entries in order of their names.
    Dictionary(Vec<Span>),
    /// The text of an alias goes here.
    Inline(Arc<str>),
    /// Resources: printed as written, on lines of their own.
    Resources,
    /// Locations, definitions of aliases: not printed.
    Skip,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub span: Span,
    pub kind: MarkKind,
}

/// The marks of a text, sorted by start, outer before inner, once the text is parsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Marks {
    pub all: Vec<Mark>,
}

impl Marks {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn drop_since(&mut self, len: usize) {
        self.all.truncate(len);
    }

    fn push(&mut self, span: Span, kind: MarkKind) {
        self.all.push(Mark { span, kind });
    }

    pub fn value(&mut self, span: Span, value: ValueId, definition: bool) {
        self.push(span, MarkKind::Value { value, definition });
    }

    pub fn results(&mut self, span: Span, first: ValueId, count: u32) {
        self.push(span, MarkKind::Results { first, count });
    }

    pub fn block(&mut self, span: Span, block: BlockId, label: bool) {
        self.push(span, MarkKind::Block { block, label });
    }

    pub fn label_end(&mut self, span: Span) {
        self.push(span, MarkKind::LabelEnd);
    }

    pub fn region_open(&mut self, span: Span) {
        self.push(span, MarkKind::RegionOpen);
    }

    pub fn region_close(&mut self, span: Span) {
        self.push(span, MarkKind::RegionClose);
    }

    pub fn name(&mut self, span: Span, canonical: &'static str) {
        self.push(span, MarkKind::Name(canonical));
    }

    pub fn dimension(&mut self, span: Span, place: usize) {
        self.push(span, MarkKind::Dimension(place as u32));
    }

    pub fn symbol(&mut self, span: Span, place: usize) {
        self.push(span, MarkKind::Symbol(place as u32));
    }

    pub fn ty(&mut self, span: Span, ty: TypeId) {
        self.push(span, MarkKind::Type(ty));
    }

    pub fn dictionary(&mut self, span: Span, entries: Vec<Span>) {
        self.push(span, MarkKind::Dictionary(entries));
    }

    pub fn inline(&mut self, span: Span, text: Arc<str>) {
        self.push(span, MarkKind::Inline(text));
    }

    /// Aliases inside a location stand for locations without `loc(...)` around them.
    pub fn unwrap_locations(&mut self, from: usize) {
        for mark in &mut self.all[from..] {
            if let MarkKind::Inline(text) = &mut mark.kind
                && let Some(inner) = text.strip_prefix("loc(").and_then(|text| text.strip_suffix(')'))
                && inner != "unknown"
            {
                *text = inner.into();
            }
        }
    }

    pub fn skip(&mut self, span: Span) {
        self.push(span, MarkKind::Skip);
    }

    pub fn resources(&mut self, span: Span) {
        self.push(span, MarkKind::Resources);
    }

    pub fn operation(&mut self, span: Span, isolated: bool, opaque: bool) {
        self.push(span, MarkKind::Operation { isolated, opaque });
    }

    pub fn replace_values(&mut self, by: &[ValueId]) {
        for mark in &mut self.all {
            if let MarkKind::Value { value, .. } = &mut mark.kind {
                *value = by[value.index()];
            }
        }
    }

    /// Sort the marks since `len`.
    pub fn sort_since(&mut self, len: usize) {
        self.all[len..].sort_by_key(|m| (m.span.start, std::cmp::Reverse(m.span.end)));
    }

    /// Sort by start, outer before inner; stable for equal spans.
    pub fn sort(&mut self) {
        self.sort_since(0);
    }
}
