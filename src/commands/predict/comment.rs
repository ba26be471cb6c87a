//! Annotates a text with predictions as comments above each function, one per line; FileCheck can match them.
//!
//! Comments of the text are left out, as `mlir-opt` does: a `CHECK` line in the output would match itself, so that no test
//! could fail.

use std::fmt::Write;

use costmodel::rows::Row;
use ir::lexer::{TokenKind, lex};
use ir::tree::Tree;

use super::rows::value;
use crate::commands::ir::source::functions;

/// Prefix of each comment.
const MARK: &str = "// hardwire-predict: ";

/// Line that separates texts of one file, as `mlir-opt --split-input-file` reads and prints it.
const SEPARATOR: &str = "// -----";

/// The text with comments; `rows` holds the rows of each function, declarations included, in the order of the text.
pub fn annotate(text: &str, tree: &Tree, rows: &[Vec<Row<'_>>]) -> String {
    let starts: Vec<usize> = functions(tree).map(|f| tree.operation(f).span.start as usize).collect();
    let mut removed = lex(text).filter(|token| token.kind == TokenKind::Comment).peekable();
    let mut out = String::with_capacity(text.len() + 512 * rows.len());
    let mut next = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let indentation = &line[..line.len() - line.trim_start().len()];
        while next < starts.len() && starts[next] < end {
            comments(&mut out, indentation.trim_matches('\n'), rows.get(next).map_or(&[], Vec::as_slice));
            next += 1;
        }
        match removed.next_if(|comment| (comment.span.start as usize) < end) {
            Some(comment) if line.trim_end() != SEPARATOR => {
                let before = line[..comment.span.start as usize - at].trim_end();
                if !before.is_empty() {
                    out += before;
                    out.push('\n');
                }
            }
            _ => out += line,
        }
        at = end;
    }
    out
}

fn comments(out: &mut String, indentation: &str, rows: &[Row<'_>]) {
    for row in rows {
        let familiar = if row.in_distribution { "in-distribution" } else { "out-of-distribution" };
        let (function, target) = (row.function, row.target);
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "{indentation}{MARK}@{function} {target}: {}, {familiar} ({:.2}), {}",
            row.provider, row.ood_score, row.model
        );
        for (output, estimate, bound) in &row.predictions.0 {
            let (name, unit) = (output.quantity.name(), output.quantity.unit());
            let plain = |number: f64| value(output, number).replace(',', "");
            let _ = match estimate {
                Some(e) => writeln!(
                    out,
                    "{indentation}{MARK}@{function} {target}: {name} = {} [{}, {}] {unit}{}",
                    plain(e.value),
                    plain(e.low),
                    plain(e.high),
                    bound.map_or(String::new(), |bound| format!(", bounded by {bound}"))
                ),
                None => writeln!(out, "{indentation}{MARK}@{function} {target}: {name} = unknown {unit}"),
            };
        }
        for reason in &row.reasons {
            let _ = writeln!(
                out,
                "{indentation}{MARK}@{function} {target}: unknown {}",
                reason.line(row.predictions.0.len())
            );
        }
        for warning in &row.warnings {
            let _ = writeln!(out, "{indentation}{MARK}@{function} {target}: warning: {}", warning.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(function: &str) -> Row<'_> {
        Row {
            file: None,
            function,
            target: "cpu",
            predictions: costmodel::rows::Predictions(vec![]),
            reasons: vec![],
            warnings: vec![],
            in_distribution: true,
            ood_score: 0.25,
            provider: "learned",
            model: "m".into(),
        }
    }

    #[test]
    fn comments_stand_above_their_functions_and_are_replaced() {
        let text = "module {\n  func.func @a() {\n    return\n  }\n  func.func private @b()\n  func.func @c() {\n    return\n  }\n}\n";
        let tree = ir::parse(text, &ir::Limits::default()).tree;
        let rows = || vec![vec![row("a")], vec![row("b")], vec![row("c")]];
        let once = annotate(text, &tree, &rows());
        let line = |name: &str| format!("  // hardwire-predict: @{name} cpu: learned, in-distribution (0.25), m\n");
        let expected = text
            .replace("  func.func @a", &format!("{}  func.func @a", line("a")))
            .replace("  func.func private @b", &format!("{}  func.func private @b", line("b")))
            .replace("  func.func @c", &format!("{}  func.func @c", line("c")));
        assert_eq!(once, expected);
        let tree = ir::parse(&once, &ir::Limits::default()).tree;
        assert_eq!(annotate(&once, &tree, &rows()), once);
    }

    #[test]
    fn comments_of_the_text_are_left_out() {
        let text = "// CHECK: spills = 999\nfunc.func @a() { // CHECK: spills = 999\n  return {x = \"// no comment\"}\n  //CHECK\n}\n// -----\n";
        let tree = ir::parse(text, &ir::Limits::default()).tree;
        let out = annotate(text, &tree, &[]);
        assert_eq!(out, "func.func @a() {\n  return {x = \"// no comment\"}\n}\n// -----\n");
    }
}
