//! Properties that hold for any input; called by the fuzz targets and by tests.

use crate::parse::{Limits, parse};
use crate::print::print;
use crate::text::decode;
use crate::tree::Form;

/// Longest text that is fuzzed, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// The lexer's spans put together give the text back.
///
/// # Panics
/// If they do not.
pub fn check_lexer(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    let mut end = 0;
    for token in crate::lexer::lex(text) {
        assert_eq!(token.span.start, end, "a gap between tokens");
        assert!(token.span.end > end, "an empty token");
        assert!(text.is_char_boundary(token.span.end as usize), "a cut through a character");
        end = token.span.end;
    }
    assert_eq!(end as usize, text.len(), "text behind the last token");
}

/// Any text has words by every scheme, no more of them than its size allows, and the same ones the second time.
///
/// # Panics
/// If one of these does not hold.
pub fn check_tokenizer(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    crate::tokenizer::check(text);
}

/// Parsing and printing end without a panic; every identifier of the tree is valid; a text without diagnostics
/// and guesses prints to a text without diagnostics that prints to itself.
///
/// # Panics
/// If one of these does not hold.
pub fn check_parser(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    let parsed = parse(text, &Limits::default());
    let tree = &parsed.tree;
    for id in tree.walk() {
        let operation = tree.operation(id);
        for &region in &operation.regions {
            assert_eq!(tree.region(region).operation, Some(id), "a region of another operation");
            for &block in &tree.region(region).blocks {
                assert_eq!(tree.block(block).region, region, "a block of another region");
                for &inner in &tree.block(block).operations {
                    assert_eq!(tree.operation(inner).block, block, "an operation of another block");
                }
            }
        }
        for &value in operation.operands.iter().chain(&operation.results) {
            assert!(!tree.types().to_text(tree.value(value).ty).is_empty(), "a type without text");
        }
    }
    for diagnostic in &parsed.diagnostics {
        let (line, column) = diagnostic.span.line_column(text);
        assert!(line > 0 && column > 0 && diagnostic.span.end as usize <= text.len(), "a diagnostic off the text");
    }
    let printed = print(text, tree);
    // Guessed forms depend on blanks.
    let known = tree.walk().all(|id| tree.operation(id).form != Form::Guessed);
    if known && parsed.diagnostics.is_empty() {
        let again = parse(&printed, &Limits::default());
        assert_eq!(again.diagnostics, [], "printed text is wrong:\n{printed}");
        let twice = print(&printed, &again.tree);
        assert_eq!(printed, twice, "printed text prints differently");
    }
}
