//! Where numbers come from that the text does not state.

use ir::analysis::Cause;
use ir::registry::facts::{Evaluation, IndexedAccess, RegionExecution};
use ir::tree::{AttributeValue, Definition, Dimension, OpId, Tree, ValueId};

/// Where a number comes from that the text does not state.
pub(super) enum Source {
    /// An argument, or an extent.
    RunTime(Cause),
    /// Memory, or arithmetic on data.
    Data,
}

/// Operations followed from a number to where it comes from.
const MAX_CHAIN: usize = 256;

/// Where a number comes from that is not known; `None` where only loop variables and constants are found.
pub(super) fn source(tree: &Tree, value: ValueId) -> Option<Source> {
    let mut left = vec![value];
    for _ in 0..MAX_CHAIN {
        let value = left.pop()?;
        let operation = match tree.value(value).definition {
            Definition::Result { operation, .. } => operation,
            Definition::Missing => return Some(Source::Data),
            Definition::Argument { block, index } => {
                let around = tree.region(tree.block(block).region).operation?;
                if tree.is_function(around) {
                    return Some(Source::RunTime(Cause::Value(value)));
                }
                match tree.record(around).regions {
                    RegionExecution::Loop(form) if form.has_several_variables() || index == 0 => continue,
                    _ => return Some(Source::Data),
                }
            }
        };
        let record = tree.record(operation);
        let operands = &tree.operation(operation).operands;
        match record.evaluation {
            Evaluation::Constant => {}
            Evaluation::Dimension => {
                let dimension = operands.get(1).and_then(|&i| constant(tree, tree.definer(i)?));
                let (Some(&shaped), Some(dimension)) = (operands.first(), dimension) else { return Some(Source::Data) };
                let dimension = usize::try_from(dimension).ok()?;
                match tree.types().shape(tree.value(shaped).ty).and_then(|s| s.get(dimension)) {
                    Some(Dimension::Static(_)) => {}
                    _ => return Some(Source::RunTime(Cause::Extent(shaped, dimension))),
                }
            }
            Evaluation::None if record.access != IndexedAccess::None || operands.is_empty() => {
                return Some(Source::Data);
            }
            _ => left.extend(operands),
        }
    }
    None
}

/// The number of an integer constant.
pub(super) fn constant(tree: &Tree, operation: OpId) -> Option<i64> {
    match tree.attribute(operation, "value")? {
        AttributeValue::Integer(value, _) => i64::try_from(*value).ok(),
        AttributeValue::Bool(value) => Some((*value).into()),
        _ => None,
    }
}
