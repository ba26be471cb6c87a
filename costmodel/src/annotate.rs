//! The pass `annotate-cost` (feature `mlir`): predictions as attributes on functions, and on operations on request.
//!
//! ```mlir
//! func.func @f() attributes {hardwire.cost = {model = "...", ood_score = 3.1e-1 : f64, provider = "learned",
//!   targets = {znver4 = {cycles = array<f64: VALUE, LOW, HIGH>, ...}, ...}}}
//! ```
//!
//! Quantities that are not known are left out, and `reasons = ["cycles, ipc: line 3, column 5: ...", ...]` says why. Lines are those
//! of the module as upstream prints it. The ends are those of a 90 % interval. An operation gets `hardwire.adds`, the prediction of the chosen quantity
//! less the prediction without the operation ([`crate::predictor::Explanation`]). Give [`CostAnnotations`] to [`ir::mlir::annotate::pass`] for a pass manager of your own, or to
//! [`ir::mlir::bridge::Bridge::annotate`].

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

use ir::mlir::annotate::{Annotate, Annotation, FunctionAnnotations};

use crate::predictor::{Predictor, Refusal, Reply};
use crate::quantity::Output;
use crate::reason::Reason;

/// Name of the pass.
pub const PASS: &str = "annotate-cost";

/// Attribute of functions.
pub const COST: &str = "hardwire.cost";

/// Attribute of operations.
pub const ADDS: &str = "hardwire.adds";

/// Why [`CostAnnotations`] has nothing to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostAnnotationError {
    /// The model predicts nothing for the processor or design.
    #[error("the model has no target or design `{0}`")]
    UnknownTarget(String),
    /// The model does not predict the quantity on that processor or design.
    #[error("the model does not predict {0}")]
    NotPredicted(Output),
}

/// What the pass writes.
#[derive(Debug, Clone)]
pub struct CostAnnotations {
    /// The predictor.
    pub predictor: Arc<Predictor>,
    /// Processors and designs whose costs are written on functions.
    pub targets: Vec<String>,
    /// The output that operations are annotated with; operations are not annotated without one.
    pub operations: Option<Output>,
}

impl Annotate for CostAnnotations {
    fn names(&self) -> &'static [&'static str] {
        &[COST, ADDS]
    }

    fn annotations(&self, text: &str) -> Result<Vec<FunctionAnnotations>, Box<dyn Error + Send + Sync>> {
        let outputs = self.predictor.outputs();
        if let Some(target) = self.targets.iter().find(|&target| outputs.iter().all(|o| o.target != *target)) {
            return Err(CostAnnotationError::UnknownTarget(target.clone()).into());
        }
        let asked = self.operations.as_ref().map(|wanted| {
            let place = outputs.iter().position(|output| output == wanted);
            place.ok_or_else(|| CostAnnotationError::NotPredicted(wanted.clone()))
        });
        let asked = asked.transpose()?;
        let answer = match self.predictor.predict(text) {
            Ok(answer) => answer,
            Err(refusal) if matches!(*refusal, Refusal::NoFunction) => return Ok(Vec::new()),
            Err(refusal) => return Err(refusal.into()),
        };
        let function = |(index, reply): (usize, &Reply)| {
            let own = vec![Annotation { name: COST, value: self.cost(reply) }];
            let operations = asked.map_or(Ok(Vec::new()), |at| self.adds(text, index, at))?;
            Ok(FunctionAnnotations { own, operations })
        };
        // The pass annotates functions with a body.
        let defined = answer.replies.iter().enumerate().filter(|(_, reply)| !reply.is_without_body());
        defined.map(function).collect()
    }
}

impl CostAnnotations {
    /// The prediction for a function as a dictionary attribute.
    fn cost(&self, reply: &Reply) -> String {
        let targets: Vec<String> = self
            .targets
            .iter()
            .map(|target| {
                let estimates = self.predictor.outputs().iter().zip(&reply.estimates);
                let known = estimates.filter(|(output, _)| output.target == *target);
                let known: Vec<String> = known
                    .filter_map(|(output, estimate)| {
                        let [value, low, high] = estimate.map(|e| [e.value, e.low, e.high].map(number))?;
                        Some(format!("{} = array<f64: {value}, {low}, {high}>", output.quantity))
                    })
                    .collect();
                format!("{} = {{{}}}", quoted(target), known.join(", "))
            })
            .collect();
        let reasons: Vec<String> = reply.reasons.iter().map(|reason| quoted(&described(reason))).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!("reasons = [{}], ", reasons.join(", ")) };
        format!(
            "{{model = {}, ood_score = {} : f64, provider = {}, {reasons}targets = {{{}}}}}",
            quoted(&self.predictor.model().card.name),
            number(reply.ood_score),
            quoted(reply.provider.name()),
            targets.join(", ")
        )
    }

    /// What the operations of a function add to an output.
    fn adds(&self, text: &str, function: usize, at: usize) -> Result<Vec<(usize, String, Annotation)>, Arc<Refusal>> {
        let explanation = self.predictor.explain(text, function)?;
        let whole = explanation.reply.estimates[at];
        let known = explanation.effects.into_iter().filter_map(|effect| {
            let value = format!("{} : f64", number(whole?.value - effect.without[at]?));
            Some((effect.number, effect.operation, Annotation { name: ADDS, value }))
        });
        Ok(known.collect())
    }
}

/// The quantities that are not known, and why.
fn described(reason: &Reason) -> String {
    let names: Vec<&str> = reason.quantities.iter().map(|quantity| quantity.name()).collect();
    format!("{}: {reason}", names.join(", "))
}

/// A number as MLIR spells it, to the bit: with a point, and with an exponent that keeps it short.
fn number(value: f64) -> String {
    let spelled = format!("{value:e}");
    match spelled.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => spelled,
    }
}

/// A string as MLIR spells it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(out, "\\{byte:02X}")),
        }
    }
    out.push('"');
    out
}
