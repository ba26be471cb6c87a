//! Costs of candidates by LLVM's back end, as labels are made.

use costmodel::quantity::{Output, Quantity};
use ir::labels::{Batch, Job, Labels, Outcome, Settings, Target};
use ir::mlir::codegen::Labeller;

use crate::terms::{Cost, Measure, PassError};

/// Compiles texts for one processor and measures one quantity.
pub struct Measurer {
    labeller: Labeller,
    target: Target,
    quantity: Quantity,
    settings: Settings,
}

impl Measurer {
    /// A measurer of an output.
    ///
    /// # Errors
    /// The output is none of a processor, or no quantity that is measured; LLVM cannot be started.
    pub fn new(output: &Output) -> Result<Self, PassError> {
        let target = Target::ALL.into_iter().find(|target| target.to_string() == output.target);
        let refuse = |why: &str| PassError::Measure(format!("{output}: {why}"));
        let target = target.ok_or_else(|| refuse("it is no processor that LLVM has a scheduling model for"))?;
        if !matches!(output.quantity, Quantity::Cycles | Quantity::Instructions) {
            return Err(refuse("only cycles and instructions are measured"));
        }
        let labeller = Labeller::new().map_err(|failure| refuse(&failure.to_string()))?;
        Ok(Self { labeller, target, quantity: output.quantity, settings: Settings::default() })
    }

    /// The same with LLVM's own loop unrolling.
    #[must_use]
    pub fn unrolling(mut self) -> Self {
        self.settings.loop_unrolling = true;
        self
    }

    fn cost(&self, labels: &Labels) -> Cost {
        let cost = match self.quantity {
            Quantity::Instructions => labels.instructions_dynamic,
            _ => labels.cycles,
        };
        Cost { cost, spills: labels.spills }
    }
}

impl Measure for Measurer {
    fn measure(&mut self, texts: &[String]) -> Vec<Result<Cost, String>> {
        let jobs = texts.iter().enumerate().map(|(id, text)| Job { id: id as u64, text: text.clone() }).collect();
        let batch = Batch { jobs, targets: vec![self.target], settings: self.settings.clone() };
        let replies = self.labeller.label(&batch).replies;
        let answer = |reply: &ir::labels::Reply| {
            let first = reply.functions.first().and_then(|function| function.targets.first());
            match (first.map(|outcome| &outcome.outcome), &reply.failure) {
                (Some(Outcome::Labels(labels)), _) => Ok(self.cost(labels)),
                (Some(Outcome::Failure(failure)), _) | (None, Some(failure)) => Err(failure.to_string()),
                (None, None) => Err("it has no labels".to_owned()),
            }
        };
        replies.iter().map(answer).collect()
    }
}
