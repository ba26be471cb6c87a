//! Text to words, for models that read programs as language.
//!
//! Works on the lexer's tokens alone, in one linear pass: no tree, no LLVM. Names of values, blocks and aliases,
//! layout, comments, locations and the order of attributes do not affect words. Texts with mistakes have words too. Text in generic form gives other
//! words than its custom form: models read the words of [`crate::CustomForm`].
//!
//! What each [`Scheme`] keeps:
//!
//! | of `%2 = arith.addf %0, %1 : tensor<8x96xf32>` | words |
//! | --- | --- |
//! | [`Scheme::Ops`] | `arith.addf` |
//! | [`Scheme::OpsOperands`] | `%2 arith.addf %0 %1 tensor<8x96xf32>` |
//! | [`Scheme::Shaped`] | `arith.addf %-2 %-1 tensor.2 2^3 2^6 *3 f32` |
//!
//! The first two follow the paper that began this line of work (Das and Mannarswamy, "ML-driven Hardware Cost Model
//! for MLIR", arXiv 2302.11405), which gives no more than their names: operations, and operations with operands. That
//! a type is one word there, so that an unseen shape is an unseen word, is our reading of it.
//!
//! [`Scheme::Shaped`] is ours:
//!
//! - **Values** by where they come from: arguments of the function by position (`%arg0`), arguments of the regions
//!   around (loop variables first) by depth from the use and position (`%in0.0` is the innermost loop's variable, so
//!   strides can be seen), results by how many operations with results ago, near ones exactly, far ones by powers of
//!   two (`%-1`, `%-9..`), with `%^-1` for a region around. Scalar constants are written where they are used and not
//!   where they are defined, so loop bounds stand at the loop.
//! - **Numbers** by size and odd part, exactly ([`Word`]); shaped types as kind with rank, extents, element; a
//!   shaped type that repeats the operation's last one is `same`.
//! - **Attributes** in the order of their names, without those that do not matter for cost; affine maps by their
//!   structure (`map.identity`, `map.permutation d1 d0`); constants as one element if they are all equal.
//! - **Regions** as `{ }`, blocks as `^`, jumps as `^>` (down) and `^<` (up).
//!
//! Left out: names of symbols and of most keywords, fast-math flags, alignment, dialects' remarks (dotted attribute
//! names), payloads of large constants, values of floating point constants beyond 0, 1 and powers of two.

mod attributes;
mod maps;
mod reader;
mod scheme;
mod state;
mod types;
mod values;
mod word;

use crate::scan::Scan;
use crate::span::Span;
use state::{Alias, Entry, Frame, FunctionPlace, Meaning, PassState, Pending, Reader};
use values::Names;
use word::Raw;

pub use scheme::Scheme;
pub use word::{ClosedWord, Word};

/// Raised whenever the same text gives other words; stored with vocabularies and models.
///
/// Version 2 reads a loop variable that has a location as it reads one without; version 1 did not know it again.
pub const VERSION: u32 = 2;

/// The oldest version whose vocabularies and models can be used: their training texts have the same words in [`VERSION`].
pub const OLDEST: u32 = 1;

/// Turns texts into words; keeps its memory from one text to the next.
#[derive(Debug)]
pub struct Tokenizer {
    scheme: Scheme,
    scan: Scan,
    words: Vec<Raw>,
    own: String,
    alias_words: Vec<Raw>,
    aliases: Names<Alias>,
    values: Names<Meaning>,
    functions: Vec<FunctionPlace>,
    frames: Vec<Frame>,
    entries: Vec<Entry>,
    pending: Vec<Pending>,
}

impl Tokenizer {
    /// A tokenizer of one scheme.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            scan: Scan::default(),
            words: Vec::new(),
            own: String::new(),
            alias_words: Vec::new(),
            aliases: Names::default(),
            values: Names::default(),
            functions: Vec::new(),
            frames: Vec::new(),
            entries: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Its scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The words of a text, any text; see [`crate::text::decode`] for bounded input.
    ///
    /// # Panics
    /// On texts of 4 GiB or more.
    pub fn read<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        assert!(u32::try_from(text.len()).is_ok(), "texts are bounded before they are read");
        self.scan.read(text);
        self.words.clear();
        self.own.clear();
        self.own.extend(reader::full_names());
        self.alias_words.clear();
        self.aliases.clear();
        self.values.clear();
        self.functions.clear();
        self.frames.clear();
        self.entries.clear();
        self.pending.clear();
        Reader {
            text,
            scheme: self.scheme,
            scan: &self.scan,
            words: &mut self.words,
            own: &mut self.own,
            alias_words: &mut self.alias_words,
            aliases: &mut self.aliases,
            values: &mut self.values,
            functions: &mut self.functions,
            frames: &mut self.frames,
            entries: &mut self.entries,
            pending: &mut self.pending,
            state: PassState::default(),
        }
        .run();
        Tokens { text, own: &self.own, words: &self.words, functions: &self.functions }
    }
}

/// The words of a text, and which of them belong to which function.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    text: &'a str,
    own: &'a str,
    words: &'a [Raw],
    functions: &'a [FunctionPlace],
}

/// The words of one function (`func.func`, `gpu.func`, `llvm.func`, ... with a body); the same as if the function stood alone.
#[derive(Debug, Clone, Copy)]
pub struct FunctionTokens<'a> {
    /// Its symbol, without `@`; empty where it has none.
    pub name: &'a str,
    /// Where it stands in the text.
    pub span: Span,
    tokens: Tokens<'a>,
}

impl<'a> Tokens<'a> {
    /// All words, those outside functions included.
    pub fn words(&self) -> impl ExactSizeIterator<Item = Word<'a>> + use<'a> {
        let (text, own) = (self.text, self.own);
        self.words.iter().map(move |&raw| match raw {
            Raw::Closed(word) => Word::Closed(word),
            Raw::Text(start, count) => Word::Open(&text[start as usize..(start + count) as usize]),
            Raw::Own(start, count) => Word::Open(&own[start as usize..(start + count) as usize]),
        })
    }

    /// The functions in the order of the text.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = FunctionTokens<'a>> + use<'a> {
        let tokens = *self;
        self.functions.iter().map(move |place| FunctionTokens {
            name: place.name.text(tokens.text).trim_start_matches('@').trim_matches('"'),
            span: place.span,
            tokens: Tokens {
                words: &tokens.words[place.words.0 as usize..place.words.1 as usize],
                functions: &[],
                ..tokens
            },
        })
    }
}

impl<'a> FunctionTokens<'a> {
    /// Its words.
    pub fn words(&self) -> impl ExactSizeIterator<Item = Word<'a>> + use<'a> {
        self.tokens.words()
    }
}

/// Reads a text by every scheme and checks what must hold for any text.
///
/// # Panics
/// If it does not hold.
pub(crate) fn check(text: &str) {
    for scheme in Scheme::ALL {
        let mut tokenizer = Tokenizer::new(scheme);
        let tokens = tokenizer.read(text);
        let words: Vec<String> = tokens.words().map(|w| w.to_string()).collect();
        // Aliases and constants may be written out; all else takes a byte of text per word.
        assert!(words.len() <= 2 * text.len() + (1 << 16) + 4096 * usize::from(scheme == Scheme::Shaped));
        for function in tokens.functions() {
            assert!(function.span.end as usize <= text.len() && function.words().len() <= words.len());
        }
        let mut again = Tokenizer::new(scheme);
        again.read("func.func @a(%a: f32) { return }");
        assert!(again.read(text).words().map(|w| w.to_string()).eq(words), "memory of an earlier text shows");
    }
}

#[cfg(test)]
mod tests;
