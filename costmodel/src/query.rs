//! Reads texts into model inputs: words of the custom form from the tokenizer, features from the parser and its analyses.

use ir::analysis::{Analysis, Assumptions, Range, size};
use ir::span::Diagnostic;
use ir::tokenizer::{FunctionTokens, Scheme, Tokenizer};
use ir::tree::{OpId, Tree, Type, ValueId};
use ir::vocabulary::Vocabulary;
use ir::{CustomForm, Limits, parse};

use crate::features::numbers;
use crate::input::{Input, Tokens};
use crate::kernels::{self, Unmapped};
use crate::reason::{Declared, Reason, declared, reasons};

/// One function of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its symbol, without `@`.
    pub function: String,
    /// Its words and features.
    pub input: Input,
    /// Whether the text states all counts exactly; if not, the numbers of `input` are middles of ranges, or guesses.
    pub exact: bool,
    /// Whether it works on floating-point numbers of 16 bits or fewer.
    pub narrow_floats: bool,
    /// Counts that the text leaves open; the numbers of `input` that need them are guesses.
    pub reasons: Vec<Reason>,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// It has mistakes.
    Text(Vec<Diagnostic>),
    /// The text has no value of the name in this assumption.
    Assumption(String),
}

/// What a text holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contents {
    /// The functions with a body, in the order of the text, each with the first byte of its operation.
    pub queries: Vec<(u32, Query)>,
    /// The functions without one.
    pub declared: Vec<Declared>,
}

/// Reads texts. Reuses its buffers from one text to the next.
#[derive(Debug)]
pub struct QueryReader {
    limits: Limits,
    tokenizers: Vec<Tokenizer>,
    kernels: bool,
}

impl QueryReader {
    /// A reader that tokenizes by these schemes; the words of other schemes are empty.
    #[must_use]
    pub fn new(limits: Limits, schemes: &[Scheme]) -> Self {
        Self { limits, tokenizers: schemes.iter().map(|&scheme| Tokenizer::new(scheme)).collect(), kernels: false }
    }

    /// The same reader, which also follows the mapping of loops to kernels: a model of GPUs needs it.
    #[must_use]
    pub fn with_kernels(self) -> Self {
        Self { kernels: true, ..self }
    }

    /// The functions with a body of a text, in its order. `vocabulary` returns the vocabulary of each scheme of the reader.
    ///
    /// # Errors
    /// The parser's diagnostics, if the text has mistakes.
    ///
    /// # Panics
    /// On a text of 4 GiB or more; see [`ir::text::decode`].
    pub fn read<'v>(
        &mut self,
        text: &str,
        vocabulary: impl Fn(Scheme) -> &'v Vocabulary,
    ) -> Result<Vec<Query>, Vec<Diagnostic>> {
        match self.contents(text, &Assumptions::NONE, vocabulary) {
            Ok(contents) => Ok(contents.queries.into_iter().map(|(_, query)| query).collect()),
            Err(ReadError::Text(diagnostics)) => Err(diagnostics),
            Err(ReadError::Assumption(_)) => unreachable!("nothing is assumed"),
        }
    }

    /// The functions of a text under assumptions.
    pub(crate) fn contents<'v>(
        &mut self,
        text: &str,
        assumptions: &Assumptions,
        vocabulary: impl Fn(Scheme) -> &'v Vocabulary,
    ) -> Result<Contents, ReadError> {
        let parsed = parse(text, &self.limits);
        if !parsed.diagnostics.is_empty() {
            return Err(ReadError::Text(parsed.diagnostics));
        }
        let tree = &parsed.tree;
        if let Some(unmatched) = assumptions.unmatched(tree, text).first() {
            return Err(ReadError::Assumption(unmatched.to_string()));
        }
        let analysis = Analysis::assuming(tree, text, assumptions);
        let tree = analysis.tree();
        let functions: Vec<_> = tree.functions().collect();
        let places: Vec<u32> = functions.iter().map(|&function| tree.operation(function).span.start).collect();
        let mut words: Vec<[Vec<u16>; 3]> = vec![Default::default(); functions.len()];
        let mut lengths = vec![0; functions.len()];
        let form = CustomForm::of(text);
        for tokenizer in &mut self.tokenizers {
            let scheme = tokenizer.scheme();
            let vocabulary = vocabulary(scheme);
            for function in tokenizer.read(&form.text).functions() {
                // Functions that only the parser recognises have no words.
                let Ok(index) = places.binary_search(&form.origin(function.span.start)) else { continue };
                words[index][scheme as usize] = ids(&function, vocabulary);
                if scheme == Scheme::Shaped {
                    lengths[index] = function.words().len();
                }
            }
        }
        let queries =
            functions.into_iter().zip(words).zip(lengths).map(|((operation, [ops, operands, shaped]), length)| {
                let tokens = Tokens::new(ops, operands, shaped);
                let (input, unmapped) = self.input(&analysis, operation, tokens, length);
                let query = Query {
                    function: tree.symbol(operation).unwrap_or_default().to_owned(),
                    input,
                    exact: is_exact(&analysis, operation),
                    narrow_floats: has_narrow_floats(tree, operation),
                    reasons: reasons(tree, text, &analysis, operation, unmapped),
                };
                (tree.operation(operation).span.start, query)
            });
        Ok(Contents { queries: queries.collect(), declared: declared(tree, text) })
    }

    /// The function `operation` of a text that was parsed and analysed, and whether its counts are exact.
    pub(crate) fn function<'v>(
        &mut self,
        text: &str,
        tree: &Tree,
        analysis: &Analysis<'_>,
        operation: OpId,
        vocabulary: impl Fn(Scheme) -> &'v Vocabulary,
    ) -> (Input, bool) {
        let start = tree.operation(operation).span.start;
        let mut words: [Vec<u16>; 3] = Default::default();
        let mut length = 0;
        let form = CustomForm::of(text);
        for tokenizer in &mut self.tokenizers {
            let scheme = tokenizer.scheme();
            let tokens = tokenizer.read(&form.text);
            let mut functions = tokens.functions();
            let Some(function) = functions.find(|function| form.origin(function.span.start) == start) else { continue };
            words[scheme as usize] = ids(&function, vocabulary(scheme));
            if scheme == Scheme::Shaped {
                length = function.words().len();
            }
        }
        let [ops, operands, shaped] = words;
        let (input, _) = self.input(analysis, operation, Tokens::new(ops, operands, shaped), length);
        (input, is_exact(analysis, operation))
    }

    /// The model input of a function; of a reader with kernels also why the function cannot be mapped to kernels.
    fn input(
        &self,
        analysis: &Analysis<'_>,
        operation: OpId,
        tokens: Tokens,
        length: usize,
    ) -> (Input, Option<Unmapped>) {
        let input = Input::new(tokens, numbers(analysis, operation, length));
        if !self.kernels {
            return (input, None);
        }
        let (kernels, unmapped) = kernels::numbers(analysis, operation);
        (Input { kernels, ..input }, unmapped)
    }
}

/// Whether all counts of a function are exact.
fn is_exact(analysis: &Analysis<'_>, function: OpId) -> bool {
    let is_exact = |range: Range| range.value().is_some();
    analysis.function(function).is_some_and(|function| {
        let cost = function.cost;
        function.unknowns.is_empty() && is_exact(cost.work.total()) && is_exact(cost.traffic.bytes())
    })
}

/// Whether some value of a function holds floating-point numbers of 16 bits or fewer.
fn has_narrow_floats(tree: &Tree, function: OpId) -> bool {
    let is_narrow = |&value: &ValueId| {
        let ty = tree.types().element(tree.value(value).ty);
        matches!(tree.ty(ty), Type::Float(_)) && size::element_bytes(tree, ty).is_some_and(|bytes| bytes <= 2)
    };
    let bodies = tree.operation(function).regions.iter().flat_map(|&region| tree.region(region).blocks.iter());
    let mut operations = bodies.flat_map(|&block| tree.walk_block(block));
    operations.any(|op| tree.operation(op).results.iter().chain(&tree.operation(op).operands).any(is_narrow))
}

fn ids(function: &FunctionTokens<'_>, vocabulary: &Vocabulary) -> Vec<u16> {
    function.words().map(|word| vocabulary.id(word)).collect()
}
