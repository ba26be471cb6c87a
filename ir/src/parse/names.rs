//! Tables of the names of values and blocks in scope.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::span::Span;
use crate::tree::{BlockId, RegionId, ValueId};

/// Whether an operation's regions see names from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// They do.
    None,
    /// Not known: they can use them and define them anew.
    Unknown,
    /// They do not.
    Full,
}

impl From<bool> for Isolation {
    fn from(isolated: bool) -> Self {
        if isolated { Self::Full } else { Self::None }
    }
}

/// A name's definition: the first of `count` values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    pub(super) first: ValueId,
    pub(super) count: u32,
    /// The isolated operation it belongs to.
    pub(super) isolation: u32,
    /// Number of regions around it.
    pub(super) depth: u32,
}

/// A use before the definition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forward {
    pub(super) symbol: u32,
    pub(super) index: u32,
    pub(super) stand_in: ValueId,
    pub(super) span: Span,
    pub(super) depth: u32,
    pub(super) resolved: bool,
    /// It stands in an opaque operation's text, which may define the name.
    pub(super) opaque: bool,
    /// The argument of an opaque operation's region that has the name, unless a definition around it turns up.
    pub(super) argument: Option<ValueId>,
}

/// A use of a value, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    pub value: ValueId,
    pub span: Span,
}

#[derive(Debug, Default)]
pub(super) struct Scopes<'a> {
    pub(super) symbols: IndexMap<&'a str, u32, FxBuildHasher>,
    /// By symbol.
    pub(super) bindings: Vec<Option<Binding>>,
    pub(super) pending: Vec<Vec<u32>>,
    /// Previous bindings, to restore at the end of a region.
    pub(super) undo: Vec<(u32, Option<Binding>)>,
    pub(super) regions: Vec<Scope<'a>>,
    pub(super) isolation: u32,
    pub(super) isolations: u32,
    /// Depth of the innermost region that may be isolated from above: names from outside can be defined anew in it.
    pub(super) barrier: u32,
    pub(super) forwards: Vec<Forward>,
    /// Indices of unresolved entries of `forwards`; deeper ones come last.
    pub(super) unresolved: Vec<u32>,
    /// Placeholders and the values that replace them, unsorted.
    pub(super) replaced: Vec<(ValueId, ValueId)>,
}

#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) region: RegionId,
    pub(super) undo: usize,
    pub(super) outer_isolation: Option<u32>,
    pub(super) outer_barrier: u32,
    /// Whether operations in it are named without a dialect that is known.
    pub(super) bare_names: bool,
    pub(super) blocks: IndexMap<&'a str, NamedBlock, FxBuildHasher>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NamedBlock {
    pub(super) block: BlockId,
    pub(super) defined: bool,
    pub(super) span: Span,
}

/// A position to rewind to after a failed attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScopesMark {
    pub(super) forwards: usize,
    pub(super) unresolved: usize,
}

impl<'a> Scopes<'a> {
    pub(super) fn symbol(&mut self, name: &'a str) -> u32 {
        let next = self.symbols.len() as u32;
        let symbol = *self.symbols.entry(name).or_insert(next);
        if symbol == next {
            self.bindings.push(None);
            self.pending.push(Vec::new());
        }
        symbol
    }

    pub(super) fn mark(&self) -> ScopesMark {
        ScopesMark { forwards: self.forwards.len(), unresolved: self.unresolved.len() }
    }

    /// Drop uses since `mark`. Only valid if nothing was defined since.
    pub(super) fn rewind(&mut self, mark: ScopesMark) {
        for forward in self.forwards.drain(mark.forwards..) {
            self.pending[forward.symbol as usize].pop();
        }
        self.unresolved.truncate(mark.unresolved);
    }
}
