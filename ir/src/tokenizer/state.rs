//! What the tokenizer knows at a place of the text.

use super::scheme::Scheme;
use super::values::Names;
use super::word::{ClosedWord, Raw};
use crate::scan::Scan;
use crate::span::Span;

/// Brackets, dictionaries and types nested deeper than this are left out.
pub(super) const MAX_DEPTH: u32 = 12;
/// Meaning of a value's or block's name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    FunctionArgument(u32),
    /// Argument `position` of the `depth`-th region with arguments, 1 the outermost.
    RegionArgument {
        depth: u32,
        position: u32,
    },
    /// Result of the `index`-th operation with results in the `level`-th open region.
    Result {
        level: u32,
        index: u32,
    },
    /// A scalar constant: its value is written where it is used.
    Constant(Constant),
    /// A block of the region with that number.
    Block(u32),
    /// The how-manieth name of its function.
    Numbered(u32),
}

/// Words of a scalar constant: those of the value's tokens `start..end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constant {
    pub start: u32,
    pub end: u32,
}

/// Words that an alias stands for, in [`super::Tokenizer`]'s buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alias {
    pub start: u32,
    pub count: u32,
}

/// An open region, or the text itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Token that closes it.
    pub(super) closing: usize,
    /// Number among the text's regions, to tell the labels of one from those of another.
    pub(super) serial: u32,
    /// Operations with results so far, the current one not counted.
    pub(super) results: u32,
    /// The current operation has results.
    pub(super) result_open: bool,
    /// It has arguments, which count for the depth of others.
    pub(super) arguments: bool,
    /// It is a function's body; index into the functions found.
    pub(super) function: Option<usize>,
    /// The operation around it as it was: place of the last shaped type.
    pub(super) outer_type: (usize, usize),
}

impl Frame {
    pub(super) fn new(closing: usize, serial: u32) -> Self {
        Self { closing, serial, results: 0, result_open: false, arguments: false, function: None, outer_type: (0, 0) }
    }
}

/// A function whose body has not begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) at: usize,
    pub(super) first_word: usize,
    pub name: Span,
}

/// The state of a pass; buffers are the tokenizer's.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub scheme: Scheme,
    pub scan: &'a Scan,
    pub words: &'a mut Vec<Raw>,
    pub own: &'a mut String,
    pub alias_words: &'a mut Vec<Raw>,
    pub aliases: &'a mut Names<Alias>,
    pub values: &'a mut Names<Meaning>,
    pub functions: &'a mut Vec<FunctionPlace>,
    pub frames: &'a mut Vec<Frame>,
    pub entries: &'a mut Vec<Entry>,
    pub pending: &'a mut Vec<Pending>,
    pub state: PassState,
}

/// Counters of a pass.
#[derive(Debug, Default)]
pub(super) struct PassState {
    /// Where the current operation's last shaped type stands among the words: start, end.
    pub last_type: (usize, usize),
    pub header: Option<Header>,
    /// Region arguments seen before their region, e.g. a loop's variable.
    pub(super) waiting_arguments: u32,
    /// Open regions with arguments.
    pub(super) argument_depth: u32,
    pub(super) regions: u32,
    pub(super) numbered: u32,
    pub(super) function_arguments: u32,
    /// Inside the operation that is a function's header.
    pub(super) in_function_operation: bool,
}

/// An entry of an attribute dictionary: its key without quotes, the tokens of its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub key: Span,
    pub start: usize,
    pub end: usize,
}

/// An operator that waits for its right side, or an open bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Bracket,
    Negate,
    Operator(ClosedWord),
}

impl Pending {
    pub(super) fn strength(self) -> u8 {
        match self {
            Self::Bracket => 0,
            Self::Operator(ClosedWord::ADD) => 1,
            Self::Operator(_) => 2,
            Self::Negate => 3,
        }
    }
}

/// Where a function and its words stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct FunctionPlace {
    /// Its symbol with `@` or quotes; empty where there is none.
    pub name: Span,
    pub span: Span,
    /// First word and one past the last.
    pub words: (u32, u32),
}
