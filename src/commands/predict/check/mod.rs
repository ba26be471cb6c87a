//! `hardwire predict --check`: compares predictions with conditions in the comments of a text.

mod condition;

use std::fmt::Write;
use std::process::ExitCode;

use costmodel::predictor::{Estimate, Reply};
use costmodel::quantity::{Output, Quantity};
use costmodel::rows::{RowReason, UnknownTarget, Wanted, names};
use ir::span::Diagnostic;
use ir::tree::Tree;
use serde::Serialize;

use super::rows::value;
use crate::commands::ir::source::{Source, function_name, functions, listed};
use crate::diagnostics::{Failure, TextProblems};
use condition::{Comparison, Condition, Part, conditions};

/// A condition and the prediction that it was compared with.
#[derive(Debug, Serialize)]
pub struct Check<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    function: &'a str,
    target: &'a str,
    quantity: Quantity,
    /// The condition as written.
    condition: &'a str,
    passed: bool,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'static str,
    /// Why the quantity is not known.
    reasons: Vec<RowReason<'a>>,
    #[serde(skip)]
    output: &'a Output,
    #[serde(skip)]
    part: Part,
    #[serde(skip)]
    comparison: Comparison,
    #[serde(skip)]
    bound: f64,
}

/// What is checked in one file.
pub struct Checked<'a> {
    pub source: &'a Source,
    pub replies: &'a [Reply],
    pub outputs: &'a [Output],
    pub wanted: &'a Wanted,
}

impl<'a> Checked<'a> {
    /// Compares every condition of the file.
    pub fn run(&self) -> Result<Vec<Check<'a>>, Failure> {
        let text = &self.source.text;
        let conditions = conditions(text).map_err(|wrong| self.located(wrong))?;
        if conditions.is_empty() {
            let message = "no `// hardwire-check: ...` line, so the check cannot fail";
            return Err(Failure::Request(format!("{}: {message}", self.source.name)));
        }
        let tree = self.source.tree()?;
        let (mut checks, mut wrong) = (Vec::new(), Vec::new());
        for condition in &conditions {
            match self.function(&tree, condition).and_then(|at| Ok((at, self.outputs_of(condition)?))) {
                Ok((at, outputs)) => checks.extend(outputs.into_iter().map(|index| self.check(condition, at, index))),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(checks) } else { Err(self.located(wrong)) }
    }

    fn located(&self, diagnostics: Vec<Diagnostic>) -> Failure {
        let (name, text) = (self.source.name.clone(), self.source.text.clone());
        Failure::Text(Box::new(TextProblems { name, text, diagnostics }))
    }

    /// Index of the function that a condition is about.
    fn function(&self, tree: &Tree, condition: &Condition<'_>) -> Result<usize, Diagnostic> {
        let functions = || functions(tree).map(|f| (function_name(tree, f), tree.operation(f).span));
        if let Some((name, span)) = condition.function {
            let found = functions().position(|(own, _)| own == name);
            return found.ok_or_else(|| Diagnostic {
                message: format!("no function `@{name}`"),
                help: Some(format!("there {}", listed(functions().map(|(name, _)| name)))),
                span,
            });
        }
        let at = condition.span.start;
        // Functions are in the order of the text: the first that ends behind the comment is around it or the next.
        functions().position(|(_, span)| span.end > at).ok_or_else(|| Diagnostic {
            message: "no function follows this check".to_owned(),
            help: Some("put it above its function, or name the function: `// hardwire-check @name: ...`".to_owned()),
            span: condition.span,
        })
    }

    /// Indices of the outputs that a condition is about: of its target, or of every one that was asked for.
    fn outputs_of(&self, condition: &Condition<'_>) -> Result<Vec<usize>, Diagnostic> {
        let quantity = condition.quantity;
        let found: Vec<usize> = (0..self.outputs.len())
            .filter(|&index| {
                let Output { target, quantity: own } = &self.outputs[index];
                let is_asked = match condition.target {
                    Some((name, _)) => target == name,
                    None => self.wanted.0.contains(target),
                };
                is_asked && *own == quantity
            })
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let all = names(self.outputs, |_| true);
        match condition.target {
            Some((name, span)) if !all.contains(&name) => {
                let UnknownTarget { message, help } = UnknownTarget::new("target or design", name, &all);
                Err(Diagnostic { message, help: Some(help), span })
            }
            other => {
                let on = other.map_or_else(|| self.wanted.0.join(", "), |(name, _)| name.to_owned());
                let having = names(self.outputs, |output| output.quantity == quantity).join(", ");
                let help = (!having.is_empty()).then(|| format!("it is predicted for {having}"));
                let message = format!("{quantity} is not predicted for {on}");
                Err(Diagnostic { message, help, span: condition.quantity_span })
            }
        }
    }

    fn check(&self, condition: &Condition<'a>, function: usize, index: usize) -> Check<'a> {
        let &Checked { source, replies, outputs, .. } = self;
        let (reply, output) = (&replies[function], &outputs[index]);
        let estimate = reply.estimates[index];
        let (line, column) = condition.span.line_column(&source.text);
        let part = |e: Estimate| match condition.part {
            Part::Value => e.value,
            Part::Low => e.low,
            Part::High => e.high,
        };
        Check {
            file: &source.name,
            line,
            column,
            function: &reply.function,
            target: &output.target,
            quantity: output.quantity,
            condition: condition.text,
            // An unknown quantity meets no condition.
            passed: estimate.is_some_and(|e| condition.comparison.holds(part(e), condition.bound)),
            value: estimate.map(|e| e.value),
            low: estimate.map(|e| e.low),
            high: estimate.map(|e| e.high),
            unit: output.quantity.unit(),
            reasons: reply.why(output.quantity).map(|r| RowReason::of(r, vec![output.quantity])).collect(),
            output,
            part: condition.part,
            comparison: condition.comparison,
            bound: condition.bound,
        }
    }
}

/// 0 if all passed, else 1.
pub fn exit_code(checks: &[Check<'_>]) -> ExitCode {
    ExitCode::from(u8::from(checks.iter().any(|check| !check.passed)))
}

/// The checks that failed, each as what was expected and what was predicted, and a last line with their number.
pub fn text(checks: &[Check<'_>]) -> String {
    let mut out = String::new();
    let failed: Vec<&Check<'_>> = checks.iter().filter(|check| !check.passed).collect();
    for check in &failed {
        let Check { file, line, column, function, target, quantity, part, comparison, bound, unit, .. } = check;
        let part = if *part == Part::Value { String::new() } else { format!(".{part}") };
        // All digits where rounding would hide the difference.
        let rounds = |n: f64| value(check.output, n) != value(check.output, *bound) || n == *bound;
        let is_clear = [check.value, check.low, check.high].into_iter().flatten().all(rounds);
        let number = |n: f64| if is_clear { value(check.output, n) } else { n.to_string() };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{file}:{line}:{column}: @{function} on {target}: check failed");
        let _ = writeln!(out, "- {quantity}{part} {comparison} {} {unit}", number(*bound));
        let _ = match (check.value, check.low, check.high) {
            (Some(value), Some(low), Some(high)) => {
                let (value, low, high) = (number(value), number(low), number(high));
                writeln!(out, "+ {quantity} = {value} {unit} (90 %: {low} to {high})\n")
            }
            _ => {
                let reasons: String = check.reasons.iter().map(|r| format!("+   {}\n", r.message)).collect();
                writeln!(out, "+ {quantity} is unknown:\n{reasons}")
            }
        };
    }
    let _ = writeln!(out, "{} of {} checks passed", checks.len() - failed.len(), checks.len());
    out
}
