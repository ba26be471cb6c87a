//! Loop-carried values: the one place that decides whether a loop carries a value and whether that is a reduction.

use ir::registry::features::{Accumulation, InstructionClass as Class};
use ir::tree::{AttributeValue, Definition, OpId, Tree, ValueId};

use super::values::Values;

/// How a loop-carried value goes from one iteration to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// A sum, product or extreme whose order is free: of integers, or with flags that allow reordering.
    Reorderable,
    /// A minimum or maximum of floating-point numbers.
    Extreme,
    /// A floating-point sum or product, whose order is fixed.
    Ordered,
    /// Anything else.
    Recurrence,
}

impl Reduction {
    /// Number of variants.
    pub const COUNT: usize = Self::Recurrence as usize + 1;

    /// The reduction that an operation makes of a loop-carried operand, fast-math flags left out.
    fn by_operation(tree: &Tree, operation: OpId) -> Self {
        match tree.record(operation).features.accumulation {
            Accumulation::Integers => Self::Reorderable,
            Accumulation::Extreme => Self::Extreme,
            Accumulation::Floats => Self::Ordered,
            Accumulation::Recurrence => Self::Recurrence,
        }
    }

    /// The reduction whose next value is `next`. `carried` is the block argument that holds the value of the iteration
    /// before and its uses in the loop, `None` for values carried through memory. The value is a recurrence if anything between `carried` and `next` has
    /// another use, or if the operations between them are not all alike.
    pub fn of(tree: &Tree, values: &Values, next: ValueId, carried: Option<(ValueId, u32)>) -> Self {
        let Definition::Result { operation, .. } = tree.value(next).definition else {
            return Self::Recurrence;
        };
        if let Some((carried, uses)) = carried
            && (uses != 1 || !accumulates(tree, values, operation, carried))
        {
            return Self::Recurrence;
        }
        match Self::by_operation(tree, operation) {
            Self::Ordered if has_flag(tree, operation, &["fast", "reassoc"]) => Self::Reorderable,
            Self::Extreme if has_no_nan(tree, operation) => Self::Reorderable,
            reduction => reduction,
        }
    }
}

/// Most operations of a chain that are followed from the next value back to the carried one.
const LONGEST_CHAIN: usize = 1024;

/// Whether operations like `last` lead from the carried value to the result of `last`, each result used once.
fn accumulates(tree: &Tree, values: &Values, last: OpId, carried: ValueId) -> bool {
    let name = tree.operation(last).name;
    let mut at = last;
    for _ in 0..LONGEST_CHAIN {
        let node = tree.operation(at);
        if node.results.len() != 1 || values.get(node.results[0]).uses != 1 {
            return false;
        }
        if node.operands.contains(&carried) {
            return true;
        }
        let before = node.operands.iter().find_map(|&value| match tree.value(value).definition {
            Definition::Result { operation, .. } if tree.operation(operation).name == name => Some(operation),
            _ => None,
        });
        match before {
            Some(operation) => at = operation,
            None => return false,
        }
    }
    false
}

/// Whether a loop as written carries a value: a loop with results, or an iterator that is a reduction. Used by the
/// features of [`Collector::Text`](crate::features::table::Collector::Text), which count a value stored to a
/// loop-invariant element as carried, too.
pub fn carries_as_written(tree: &Tree, operation: OpId, class: Class) -> bool {
    let reduces = match tree.attribute(operation, "iterator_types") {
        Some(AttributeValue::Array(types)) => types.last().is_some_and(is_reduction_iterator),
        _ => false,
    };
    reduces || (class != Class::Structured && !tree.operation(operation).results.is_empty())
}

fn is_reduction_iterator(kind: &AttributeValue) -> bool {
    match kind {
        AttributeValue::Other(text) | AttributeValue::String(text) => text.contains("reduction"),
        _ => false,
    }
}

/// Whether an operation on whole tensors without a body reduces: over all its executions it does more than one and a
/// half operations for each element of its result.
pub fn reduces_by_work(flops: f64, executions: f64, elements: f64) -> bool {
    flops > 1.5 * executions * elements
}

/// Whether an operation may be fused with the one before it (`contract`).
pub fn may_contract(tree: &Tree, operation: OpId) -> bool {
    has_flag(tree, operation, &["fast", "contract"])
}

/// Whether an operation sees no NaN (`nnan`): a minimum is then one instruction.
pub fn has_no_nan(tree: &Tree, operation: OpId) -> bool {
    has_flag(tree, operation, &["fast", "nnan"])
}

/// Whether one of these is among an operation's fast-math flags.
fn has_flag(tree: &Tree, operation: OpId, flags: &[&str]) -> bool {
    match tree.attribute(operation, "fastmath") {
        Some(AttributeValue::Other(text) | AttributeValue::String(text)) => {
            let list = text.split_once('<').map_or(text.as_str(), |(_, list)| list).trim_end_matches('>');
            list.split(',').any(|flag| flags.contains(&flag.trim()))
        }
        _ => false,
    }
}
