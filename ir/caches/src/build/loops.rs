//! Loops of `affine` and `scf`.

use ir::analysis::Reason as CountReason;
use ir::registry::facts::LoopForm;
use ir::tree::{AffineMap, AttributeValue, OpId, ValueId};

use super::{Around, Builder, Meaning};
use crate::expression::Linear;
use crate::program::{Loop, Node};
use crate::reason::{Reason, Unknown};

/// Bounds and step of one loop variable.
struct Bounds {
    variable: Option<ValueId>,
    lower: Vec<Linear>,
    upper: Vec<Linear>,
    step: i64,
}

impl Builder<'_> {
    /// A loop with its body.
    pub(super) fn looping(&mut self, operation: OpId, form: LoopForm, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        if !self.touches_memory(operation) {
            return Ok(());
        }
        let Some(bounds) = self.bounds(operation, form, nodes).filter(|b| b.iter().all(|b| b.step > 0)) else {
            return Err(self.open(operation));
        };
        let mut bounds = bounds;
        self.assumed(operation, &mut bounds);
        if bounds.iter().any(|b| b.upper.is_empty() || b.lower.is_empty()) {
            return Err(self.open(operation));
        }
        self.nested(operation, &bounds, nodes)
    }

    fn open(&self, operation: OpId) -> Unknown {
        let reason = self.reason_of(operation).unwrap_or(CountReason::Bounds);
        let operands = &self.tree.operation(operation).operands;
        let cause = operands.iter().filter(|&&o| self.number(o).is_none()).find_map(|&o| self.run_time(o));
        Unknown { reason: Reason::Count(reason), operation, cause }
    }

    /// An assumed trip count where the bounds leave it open.
    fn assumed(&self, operation: OpId, bounds: &mut [Bounds]) {
        if let ([only], Some(&trips)) = (bounds, self.stated.trips.get(&operation))
            && let (true, [lower]) = (only.upper.is_empty(), only.lower.as_slice())
            && let Some(upper) = trips.checked_mul(only.step).and_then(|n| lower.plus(&Linear::constant(n), 1))
        {
            only.upper = vec![upper];
        }
    }

    fn nested(&mut self, operation: OpId, bounds: &[Bounds], nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let Some((first, rest)) = bounds.split_first() else { return self.region(operation, 0, nodes) };
        let slot = self.slot();
        if let Some(variable) = first.variable {
            self.meanings.insert(variable, Meaning::Number(Linear::slot(slot)));
        }
        self.loops.push(Around { operation, slot, step: first.step });
        let mut body = Vec::new();
        self.nested(operation, rest, &mut body)?;
        self.loops.pop();
        nodes.push(Node::Loop(Box::new(Loop {
            operation,
            slot,
            lower: first.lower.clone(),
            upper: first.upper.clone(),
            step: first.step,
            body,
            before: Vec::new(),
            after: Vec::new(),
        })));
        Ok(())
    }

    /// Bounds of the variables, outermost first. A bound that is not known is empty; `None` where there are none.
    fn bounds(&mut self, operation: OpId, form: LoopForm, nodes: &mut Vec<Node>) -> Option<Vec<Bounds>> {
        let tree = self.tree;
        let arguments = tree.entry(operation, 0).map_or(&[][..], |b| &tree.block(b).arguments);
        let operands = &tree.operation(operation).operands;
        let number = |builder: &Self, index: usize| -> Vec<Linear> {
            operands.get(index).and_then(|&v| builder.number(v)).into_iter().collect()
        };
        let step = |builder: &Self, index: usize| number(builder, index).first().and_then(Linear::value);
        match form {
            LoopForm::AffineFor => {
                let (lower, upper) = self.maps(operation, "lowerBoundMap", "upperBoundMap")?;
                let step = integer(tree.attribute(operation, "step")?)?;
                let (low, high) = split(&lower, &upper, operands);
                let lower = self.sums(&lower, low, nodes).unwrap_or_default();
                let upper = self.sums(&upper, high, nodes).unwrap_or_default();
                Some(vec![Bounds { variable: arguments.first().copied(), lower, upper, step }])
            }
            LoopForm::AffineParallel => self.affine_parallel(operation, arguments, nodes),
            LoopForm::For => Some(vec![Bounds {
                variable: arguments.first().copied(),
                lower: number(self, 0),
                upper: number(self, 1),
                step: step(self, 2)?,
            }]),
            LoopForm::Parallel => {
                let count = arguments.len();
                let one = |i: usize| {
                    Some(Bounds {
                        variable: Some(arguments[i]),
                        lower: number(self, i),
                        upper: number(self, count + i),
                        step: step(self, 2 * count + i)?,
                    })
                };
                (0..count).map(one).collect()
            }
            LoopForm::Forall => self.forall(operation, arguments),
            LoopForm::While | LoopForm::GraphWhile => None,
        }
    }

    fn maps(&self, operation: OpId, lower: &str, upper: &str) -> Option<(AffineMap, AffineMap)> {
        match (self.tree.attribute(operation, lower)?, self.tree.attribute(operation, upper)?) {
            (AttributeValue::AffineMap(lower), AttributeValue::AffineMap(upper)) => {
                Some((lower.clone(), upper.clone()))
            }
            _ => None,
        }
    }

    fn affine_parallel(
        &mut self,
        operation: OpId,
        arguments: &[ValueId],
        nodes: &mut Vec<Node>,
    ) -> Option<Vec<Bounds>> {
        let tree = self.tree;
        let (lower, upper) = self.maps(operation, "lowerBoundsMap", "upperBoundsMap")?;
        let AttributeValue::Array(steps) = tree.attribute(operation, "steps")? else { return None };
        if lower.results.len() != steps.len() || upper.results.len() != steps.len() || arguments.len() != steps.len() {
            // Several bounds for one variable.
            return None;
        }
        let (low, high) = split(&lower, &upper, &tree.operation(operation).operands);
        let lower = self.sums(&lower, low, nodes);
        let upper = self.sums(&upper, high, nodes);
        let at = |all: &Option<Vec<Linear>>, i: usize| all.as_ref().map(|all| all[i].clone()).into_iter().collect();
        let one = |i: usize| {
            let step = integer(&steps[i])?;
            Some(Bounds { variable: Some(arguments[i]), lower: at(&lower, i), upper: at(&upper, i), step })
        };
        (0..steps.len()).map(one).collect()
    }

    /// Bounds of `scf.forall`: integers in attributes; `i64::MIN` stands for the next operand.
    fn forall(&self, operation: OpId, arguments: &[ValueId]) -> Option<Vec<Bounds>> {
        let tree = self.tree;
        let mut operands = tree.operation(operation).operands.iter();
        let mut bounds = |name: &str| -> Option<Vec<Option<Linear>>> {
            let AttributeValue::DenseArray(_, values) = tree.attribute(operation, name)? else { return None };
            let mut value = |&v: &f64| {
                if v == i64::MIN as f64 {
                    operands.next().and_then(|&o| self.number(o))
                } else {
                    Some(Linear::constant(v as i64))
                }
            };
            Some(values.iter().map(&mut value).collect())
        };
        let (lower, upper, step) = (bounds("staticLowerBound")?, bounds("staticUpperBound")?, bounds("staticStep")?);
        if [lower.len(), upper.len(), step.len()].iter().any(|&n| n > arguments.len()) {
            return None;
        }
        let one = |i: usize| {
            Some(Bounds {
                variable: arguments.get(i).copied(),
                lower: lower.get(i)?.clone().into_iter().collect(),
                upper: upper.get(i)?.clone().into_iter().collect(),
                step: step.get(i)?.as_ref()?.value()?,
            })
        };
        (0..upper.len()).map(one).collect()
    }
}

/// Operands of both bounds of an affine loop.
fn split<'a>(lower: &AffineMap, upper: &AffineMap, operands: &'a [ValueId]) -> (&'a [ValueId], &'a [ValueId]) {
    let middle = ((lower.dimensions + lower.symbols) as usize).min(operands.len());
    let end = (middle + (upper.dimensions + upper.symbols) as usize).min(operands.len());
    (&operands[..middle], &operands[middle..end])
}

fn integer(attribute: &AttributeValue) -> Option<i64> {
    match attribute {
        AttributeValue::Integer(value, _) => i64::try_from(*value).ok(),
        _ => None,
    }
}
