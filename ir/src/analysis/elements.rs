//! Tensors of one element, such as the counter of a loop over tensors, and what computes that element.

use super::range::Range;
use super::size::elements;
use crate::registry::facts::{Dialect, Evaluation, RegionExecution};
use crate::registry::features::InstructionClass as Class;
use crate::tree::{BlockId, Definition, OpId, Tree, ValueId};

/// Most operations through which an element is followed.
const LONGEST: usize = 16;

/// How an integer follows from the operands, or an element of a tensor from theirs.
pub(super) fn evaluation(tree: &Tree, operation: OpId) -> Evaluation {
    let record = tree.record(operation);
    if record.evaluation == Evaluation::None { record.element } else { record.evaluation }
}

/// The value that a scalar, or the only element of a tensor, was computed as: extractions lead to the tensor, structured operations to
/// what their body yields, its arguments to their operands.
pub(super) fn element(tree: &Tree, value: ValueId) -> ValueId {
    let sources = std::iter::successors(Some(value), |&value| source(tree, value));
    sources.take(LONGEST).last().unwrap_or(value)
}

fn source(tree: &Tree, value: ValueId) -> Option<ValueId> {
    match tree.value(value).definition {
        Definition::Result { operation, index } => {
            let (node, record) = (tree.operation(operation), tree.record(operation));
            if record.dialect == Dialect::Tensor && record.features.class == Class::Load {
                let &tensor = node.operands.first()?;
                return is_one(tree, tensor).then_some(tensor);
            }
            let last = *tree.block(body_of_one(tree, operation)?).operations.last()?;
            tree.operation(last).operands.get(index as usize).copied()
        }
        Definition::Argument { block, index } => {
            let operation = tree.region(tree.block(block).region).operation?;
            body_of_one(tree, operation)?;
            tree.operation(operation).operands.get(index as usize).copied()
        }
        Definition::Missing => None,
    }
}

/// The body of a structured operation that runs once because each operand has one element.
fn body_of_one(tree: &Tree, operation: OpId) -> Option<BlockId> {
    let is_structured = matches!(tree.record(operation).regions, RegionExecution::Structured);
    let has_one = || tree.operation(operation).operands.iter().all(|&value| is_one(tree, value));
    tree.entry(operation, 0).filter(|_| is_structured && has_one())
}

fn is_one(tree: &Tree, value: ValueId) -> bool {
    elements(tree, tree.value(value).ty) == Range::ONE
}
