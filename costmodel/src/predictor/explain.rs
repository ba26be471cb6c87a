//! Explains a prediction: removes one operation at a time from the text and predicts again.
//!
//! An operation without results is deleted; one with results is replaced by `builtin.unrealized_conversion_cast` of its
//! operands, so that its users still have values of the right types. Regions are removed with their operation. Constants and
//! terminators stay: without them the function would mean something else. The differences do not add up to the prediction,
//! because operations interact.

use std::collections::BTreeMap;
use std::sync::Arc;

use ir::analysis::{Analysis, Assumptions};
use ir::span::Span;
use ir::tree::{Form, OpId, Tree, Type};
use ir::{Limits, parse};

use super::{Predictor, Provider, Refusal, Reply};
use crate::bounds;

/// Maximum number of operations tried; outer ones first.
pub const MOST: usize = 1000;

/// Maximum number of bytes read again for all operations tried: every try reads the whole text. Up to 16 KiB, [`MOST`] are tried.
const MOST_BYTES: usize = MOST << 14;

/// Prediction without one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Name of the operation.
    pub operation: String,
    /// Index among the function's operations in pre-order.
    pub number: usize,
    /// Location in the text.
    pub span: Span,
    /// Nesting depth in the function; 0 is outermost.
    pub depth: usize,
    /// Prediction without the operation, one per output; `None` where the provider has none.
    pub without: Vec<Option<f64>>,
}

/// A function's prediction and the effects of its operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The prediction.
    pub reply: Reply,
    /// One per operation, in the order of the text.
    pub effects: Vec<Effect>,
    /// Operations that could not be removed or are beyond the limits of tries, not counting constants and terminators.
    pub left_out: usize,
}

impl Predictor {
    /// Explains the prediction of the function with this index among the replies for the text. All predictions come from the
    /// provider that answers for the function itself. A declaration has no effects.
    ///
    /// # Errors
    /// If the text is refused, or has no such function.
    pub fn explain(&self, text: &str, function: usize) -> Result<Explanation, Arc<Refusal>> {
        self.explain_assuming(text, function, &Assumptions::NONE)
    }

    /// The same under assumptions; of a range the upper end counts for the effects.
    ///
    /// # Errors
    /// Those of [`Self::explain`]; also if an assumption names a value that the text does not have.
    pub fn explain_assuming(
        &self,
        text: &str,
        function: usize,
        assumptions: &Assumptions,
    ) -> Result<Explanation, Arc<Refusal>> {
        self.bound(text)?;
        let replies = self.compute(text, assumptions)?;
        let reply = replies.get(function).cloned().ok_or_else(|| Arc::new(Refusal::NoFunction))?;
        if reply.is_without_body() {
            return Ok(Explanation { reply, effects: vec![], left_out: 0 });
        }
        let function = replies[..function].iter().filter(|reply| !reply.is_without_body()).count();
        let [_, assumptions] = &assumptions.ends();
        let parsed = parse(text, &Limits::default());
        let tree = &parsed.tree;
        let operation = tree.functions().nth(function).ok_or_else(|| Arc::new(Refusal::NoFunction))?;
        let mut candidates = candidates(tree, operation);
        let all = candidates.len();
        // Outer operations first; the sort is stable.
        candidates.sort_by_key(|(_, depth)| *depth);
        candidates.truncate(MOST.min(MOST_BYTES / text.len().max(1)).max(1));
        candidates.sort_by_key(|(op, _)| (tree.operation(*op).span.start, *op));
        let mut effects = Vec::new();
        let bodies = tree.operation(operation).regions.iter().flat_map(|&r| tree.region(r).blocks.iter());
        let numbers: BTreeMap<OpId, usize> =
            bodies.flat_map(|&b| tree.walk_block(b)).enumerate().map(|(number, op)| (op, number)).collect();
        for (op, depth) in candidates {
            let Some(other) = without(text, tree, op) else { continue };
            if let Some(estimates) = self.estimates_of(&other, function, reply.provider, assumptions) {
                let (operation, span) = (tree.name(op).to_owned(), tree.operation(op).span);
                effects.push(Effect { operation, number: numbers[&op], span, depth, without: estimates });
            }
        }
        let left_out = all - effects.len();
        Ok(Explanation { reply, effects, left_out })
    }

    fn estimates_of(
        &self,
        text: &str,
        function: usize,
        provider: Provider,
        assumptions: &Assumptions,
    ) -> Option<Vec<Option<f64>>> {
        let parsed = parse(text, &Limits::default());
        if !parsed.diagnostics.is_empty() {
            return None;
        }
        // Only this function has changed.
        let operation = parsed.tree.functions().nth(function)?;
        let analysis = Analysis::assuming(&parsed.tree, text, assumptions);
        let (input, exact) = self.with_reader(|reader| {
            reader.function(text, analysis.tree(), &analysis, operation, |_| &self.model().vocabulary)
        });
        let mut estimates = match provider {
            Provider::Learned => self.model().learned(&input),
            Provider::Analytical => self.model().analytical(&input),
        };
        bounds::apply(self.outputs(), &input, exact, &mut estimates);
        Some(estimates.into_iter().map(|estimate| estimate.map(|e| e.value)).collect())
    }
}

/// Operations that can be removed, with their depth.
fn candidates(tree: &Tree, function: OpId) -> Vec<(OpId, usize)> {
    let mut found = Vec::new();
    let mut left: Vec<(OpId, usize)> = Vec::new();
    let inside = |op: OpId, depth: usize, left: &mut Vec<(OpId, usize)>| {
        for &region in &tree.operation(op).regions {
            for &block in &tree.region(region).blocks {
                let operations = &tree.block(block).operations;
                left.extend(operations.iter().map(|&op| (op, depth)));
            }
        }
    };
    inside(function, 0, &mut left);
    while let Some((op, depth)) = left.pop() {
        let node = tree.operation(op);
        let record = tree.record(op);
        let ends = tree.block(node.block).operations.last() == Some(&op);
        let terminates = ends && (!node.successors.is_empty() || record.is_terminator);
        if node.form == Form::Implied {
            continue;
        }
        if !terminates && !record.is_constant() {
            found.push((op, depth));
        }
        // The body of a structured operation cannot be changed on its own.
        if !record.has_scalar_body {
            inside(op, depth + 1, &mut left);
        }
    }
    found.sort_by_key(|(op, _)| (tree.operation(*op).span.start, *op));
    found
}

/// The text without an operation; `None` if the types of its results are not known.
fn without(text: &str, tree: &Tree, op: OpId) -> Option<String> {
    let node = tree.operation(op);
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    let mut out = String::with_capacity(text.len() + 64);
    out += &text[..start];
    if !node.results.is_empty() {
        let own = &text[start..end];
        let names = own.starts_with('%').then(|| own.find('='))??;
        let known: Vec<_> = node
            .operands
            .iter()
            .map(|&v| tree.value(v))
            .filter(|v| v.name.end > v.name.start && !matches!(tree.ty(v.ty), Type::Unknown))
            .collect();
        let operands: Vec<String> = known.iter().map(|v| format!("%{}", v.name.text(text))).collect();
        let operand_types: Vec<String> = known.iter().map(|v| tree.types().to_text(v.ty)).collect();
        let results: Vec<_> = node.results.iter().map(|&v| tree.value(v).ty).collect();
        if results.iter().any(|&ty| matches!(tree.ty(ty), Type::Unknown)) {
            return None;
        }
        let result_types: Vec<String> = results.iter().map(|&ty| tree.types().to_text(ty)).collect();
        out += &own[..=names];
        out += &format!(
            " \"builtin.unrealized_conversion_cast\"({}) : ({}) -> ({})",
            operands.join(", "),
            operand_types.join(", "),
            result_types.join(", ")
        );
    }
    out += &text[end..];
    Some(out)
}
