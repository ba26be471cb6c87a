//! From text to what a model sees: words by the tokenizer, features by the parser and its analyses.

use ir::analysis::Analysis;
use ir::span::Diagnostic;
use ir::tokenizer::{FunctionTokens, Scheme, Tokenizer};
use ir::vocabulary::Vocabulary;
use ir::{Limits, parse};

use crate::features::features;
use crate::sample::{Input, Tokens};

/// One function of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its symbol, without `@`.
    pub function: String,
    /// What a model sees of it.
    pub input: Input,
}

/// Reads texts; keeps its memory from one to the next.
#[derive(Debug)]
pub struct QueryReader {
    limits: Limits,
    tokenizers: Vec<Tokenizer>,
}

impl QueryReader {
    /// A reader of words by these schemes; words of other schemes are left empty.
    #[must_use]
    pub fn new(limits: Limits, schemes: &[Scheme]) -> Self {
        Self { limits, tokenizers: schemes.iter().map(|&scheme| Tokenizer::new(scheme)).collect() }
    }

    /// The functions of a text, in its order. `vocabulary` gives the vocabulary of each scheme that is read.
    ///
    /// # Errors
    /// What is wrong with the text.
    ///
    /// # Panics
    /// On a text of 4 GiB or more; see [`ir::text::decode`].
    pub fn read<'v>(
        &mut self,
        text: &str,
        vocabulary: impl Fn(Scheme) -> &'v Vocabulary,
    ) -> Result<Vec<Query>, Vec<Diagnostic>> {
        let parsed = parse(text, &self.limits);
        if !parsed.diagnostics.is_empty() {
            return Err(parsed.diagnostics);
        }
        let tree = &parsed.tree;
        let analysis = Analysis::of(tree);
        let functions: Vec<_> = tree.functions().collect();
        let mut words: Vec<[Vec<u16>; 3]> = vec![Default::default(); functions.len()];
        let mut names = vec![String::new(); functions.len()];
        let mut lengths = vec![0; functions.len()];
        for tokenizer in &mut self.tokenizers {
            let scheme = tokenizer.scheme();
            let vocabulary = vocabulary(scheme);
            for (index, function) in tokenizer.read(text).functions().enumerate().take(functions.len()) {
                words[index][scheme as usize] = ids(&function, vocabulary);
                if scheme == Scheme::Shaped {
                    lengths[index] = function.words().len();
                }
                function.name.clone_into(&mut names[index]);
            }
        }
        let queries = functions.into_iter().zip(words).zip(names.into_iter().zip(lengths));
        Ok(queries
            .map(|((operation, [ops, operands, shaped]), (function, length))| Query {
                function,
                input: Input {
                    tokens: Tokens::new(ops, operands, shaped),
                    features: features(tree, &analysis, operation, length),
                },
            })
            .collect())
    }
}

fn ids(function: &FunctionTokens<'_>, vocabulary: &Vocabulary) -> Vec<u16> {
    function.words().map(|word| vocabulary.id(word)).collect()
}
