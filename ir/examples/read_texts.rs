//! Parses and prints many texts in one process, for `make corpus-public`.
//!
//! Reads paths from standard input, one a line. Writes one JSON object for each to standard output: errors, warnings,
//! operations by dialect, operations whose syntax was guessed, and whether the printed text prints to itself. The
//! printed text goes into a file beside the text, with `.printed` added to its name.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use ir::span::Diagnostic;
use ir::tree::Form;
use ir::{Limits, parse, print};
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    path: String,
    errors: Vec<Message>,
    warnings: Vec<Message>,
    /// Operations written in the text, by dialect.
    operations: BTreeMap<String, usize>,
    /// Operations that were not read by their own syntax, by name.
    guessed: BTreeMap<String, usize>,
    functions: usize,
    idempotent: bool,
}

#[derive(Serialize)]
struct Message {
    line: usize,
    column: usize,
    message: String,
}

fn messages(text: &str, diagnostics: &[Diagnostic]) -> Vec<Message> {
    let message = |d: &Diagnostic| {
        let (line, column) = d.span.line_column(text);
        Message { line, column, message: d.message.clone() }
    };
    diagnostics.iter().map(message).collect()
}

fn read(path: &str) -> std::io::Result<Answer> {
    let bytes = std::fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let limits = Limits::default();
    let parsed = parse(&text, &limits);
    let tree = &parsed.tree;
    let (mut operations, mut guessed) = (BTreeMap::new(), BTreeMap::new());
    for operation in tree.walk() {
        let name = tree.name(operation);
        let form = tree.operation(operation).form;
        if form == Form::Implied {
            continue;
        }
        *operations.entry(name.split('.').next().unwrap_or(name).to_owned()).or_default() += 1;
        if form == Form::Guessed {
            *guessed.entry(name.to_owned()).or_default() += 1;
        }
    }
    let printed = print(&text, tree);
    std::fs::write(format!("{path}.printed"), &printed)?;
    let idempotent = print(&printed, &parse(&printed, &limits).tree) == printed;
    let functions = tree.functions().count();
    let errors = messages(&text, &parsed.diagnostics);
    let warnings = messages(&text, &parsed.warnings);
    Ok(Answer { path: path.to_owned(), errors, warnings, operations, guessed, functions, idempotent })
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let answer = serde_json::to_string(&read(&path?)?)?;
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
