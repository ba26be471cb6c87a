//! `hardwire ir parse`: contents of a text.

use std::collections::BTreeMap;
use std::process::ExitCode;

use ir::tree::{Form, NoBody, Tree};
use reports::{Align, Table, number};
use serde::Serialize;

use super::source::{Source, function_name};
use crate::cli::Format;
use crate::cli::ir::Parse;
use crate::diagnostics::{self, Failure};
use crate::output;

#[derive(Serialize)]
struct Summary {
    file: String,
    bytes: usize,
    lines: usize,
    operations: usize,
    /// Operations whose custom syntax the parser does not know.
    guessed_operations: usize,
    dialects: BTreeMap<String, usize>,
    functions: Vec<Function>,
    /// Functions without a body.
    declarations: Vec<Declaration>,
    /// Operations that could not be read and are kept as text.
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Function {
    name: String,
    line: usize,
    operations: usize,
}

#[derive(Serialize)]
struct Declaration {
    name: String,
    line: usize,
    /// `declaration`, or `not read`.
    reason: &'static str,
}

#[derive(Serialize)]
struct Warning {
    line: usize,
    column: usize,
    message: String,
}

fn declarations(source: &Source, tree: &Tree) -> Vec<Declaration> {
    let without_body = tree.all_functions().filter_map(|function| Some((function.operation, function.body.err()?)));
    without_body
        .map(|(function, reason)| Declaration {
            name: function_name(tree, function).to_owned(),
            line: source.line(tree.operation(function).span),
            reason: match reason {
                NoBody::Declaration => "declaration",
                NoBody::Unread => "not read",
            },
        })
        .collect()
}

/// Runs the command.
pub fn run(arguments: &Parse) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let ir::Parsed { tree, warnings, .. } = source.parsed()?;
    diagnostics::warn(&source.name, &source.text, &warnings);
    let mut dialects = BTreeMap::new();
    let (mut operations, mut guessed) = (0, 0);
    // Implied operations, such as the bodies of named operations, are not written in the text and not counted.
    for operation in tree.walk().filter(|&o| tree.operation(o).form != Form::Implied) {
        operations += 1;
        guessed += usize::from(tree.operation(operation).form == Form::Guessed);
        let dialect = tree.name(operation).split_once('.').map_or("(none)", |(dialect, _)| dialect);
        *dialects.entry(dialect.to_owned()).or_default() += 1;
    }
    let functions = tree.functions().map(|function| Function {
        name: function_name(&tree, function).to_owned(),
        line: source.line(tree.operation(function).span),
        operations: tree
            .entry(function, 0)
            .map_or(0, |b| tree.walk_block(b).filter(|&o| tree.operation(o).form != Form::Implied).count()),
    });
    let summary = Summary {
        file: source.name.clone(),
        bytes: source.text.len(),
        lines: source.line_count(),
        operations,
        guessed_operations: guessed,
        dialects,
        functions: functions.collect(),
        declarations: declarations(&source, &tree),
        warnings: warnings
            .into_iter()
            .map(|warning| {
                let (line, column) = warning.span.line_column(&source.text);
                Warning { line, column, message: warning.message }
            })
            .collect(),
    };
    if arguments.format == Format::Json {
        output::json(&summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    let whole = |count: usize| number::separated(&count.to_string());
    let mut out = format!(
        "{}: {} bytes, {} lines, {} operations, {}\n",
        summary.file,
        whole(summary.bytes),
        whole(summary.lines),
        whole(summary.operations),
        match summary.warnings.len() {
            0 => "nothing wrong".to_owned(),
            1 => "1 kept as text".to_owned(),
            count => format!("{} kept as text", whole(count)),
        }
    );
    if guessed > 0 {
        out += &format!(
            "{} operations are of a syntax the parser does not know; what it shows was kept\n",
            whole(guessed)
        );
    }
    let mut table = Table::new(&[("function", Align::Left), ("line", Align::Right), ("operations", Align::Right)]);
    for function in &summary.functions {
        table.row([function.name.clone(), whole(function.line), whole(function.operations)]);
    }
    out += &format!("\n{}", table.render());
    if !summary.declarations.is_empty() {
        let mut table = Table::new(&[("without a body", Align::Left), ("line", Align::Right), ("reason", Align::Left)]);
        for declaration in &summary.declarations {
            table.row([declaration.name.clone(), whole(declaration.line), declaration.reason.to_owned()]);
        }
        out += &format!("\n{}", table.render());
    }
    let mut table = Table::new(&[("dialect", Align::Left), ("operations", Align::Right)]);
    for (dialect, &count) in &summary.dialects {
        table.row([dialect.clone(), whole(count)]);
    }
    output::text(&format!("{out}\n{}", table.render()))?;
    Ok(ExitCode::SUCCESS)
}
