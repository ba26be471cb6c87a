//! Properties that hold for any input; called by the fuzz targets and by tests.

use crate::CustomForm;
use crate::analysis::{Analysis, Assumptions, liveness};
use crate::expand::normal_form;
use crate::graph::Graph;
use crate::parse::{Limits, parse};
use crate::print::print;
use crate::steps::Steps;
use crate::text::decode;
use crate::tokenizer::{Scheme, Tokenizer};
use crate::tree::{Form, Tree};

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

/// Any text has words by every scheme, no more of them than its size allows, and the same ones the second time. It has a
/// custom form not much longer than itself.
///
/// # Panics
/// If one of these does not hold.
pub fn check_tokenizer(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    crate::tokenizer::check(text);
    let form = CustomForm::of(text);
    assert!(form.text.len() <= 8 * text.len() + (1 << 18), "the custom form is much longer than the text");
    for function in Tokenizer::new(Scheme::Shaped).read(&form.text).functions() {
        assert!(form.origin(function.span.start) as usize <= text.len(), "a function off the text");
    }
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
    check_tree(tree);
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

/// The normal form of any text is a valid tree in which the operations of the text keep their places.
///
/// # Panics
/// If one of these does not hold.
pub fn check_expansion(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    let parsed = parse(text, &Limits::default());
    let normal = normal_form(&parsed.tree, text, &Assumptions::NONE);
    check_tree(&normal);
    for id in parsed.tree.walk() {
        let (before, after) = (parsed.tree.operation(id), normal.operation(id));
        assert_eq!((before.block, &before.results), (after.block, &after.results), "an operation has moved");
    }
}

/// The analyses of any text end without a panic, bounds are in order, and what has no upper bound is reported as open.
///
/// # Panics
/// If one of these does not hold.
pub fn check_analyses(bytes: &[u8]) {
    let Ok(text) = decode(bytes, MAX_BYTES) else { return };
    let parsed = parse(text, &Limits::default());
    let analysis = Analysis::of(&parsed.tree);
    for function in analysis.tree().functions() {
        let cost = analysis.function(function).expect("a function with a body").cost;
        let (work, bytes) = (cost.work.total(), cost.traffic.bytes());
        for range in [work, bytes] {
            assert!(range.high.is_none_or(|high| range.low <= high), "bounds in the wrong order");
        }
        let unbounded = work.high.is_none() || bytes.high.is_none();
        // Sums beyond 128 bits have no upper bound either.
        let beyond = work.low.max(bytes.low) > u128::from(u64::MAX);
        assert!(!unbounded || beyond || !analysis.open_counts(function).is_empty(), "an open count without a reason");
        let _ = liveness::liveness(analysis.tree(), function);
        let _ = Steps::of(&analysis, function).all();
        let _ = Graph::of(analysis.tree(), &analysis, function);
    }
}

/// Operations, regions, blocks and values of a tree refer to each other, and types have a text.
fn check_tree(tree: &Tree) {
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
}
