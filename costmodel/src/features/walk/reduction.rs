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

    /// The reduction whose next value is `next`. `carried` is the block argument that holds the value of the iteration before, and
    /// the number of its uses in the loop; `None` for values carried through memory. The value is a recurrence if anything between
    /// `carried` and `next` has another use, or if the operations between them are not all alike.
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
            Self::Ordered if may_reassociate(tree, operation) => Self::Reorderable,
            Self::Extreme if has_no_nan(tree, operation) => Self::Reorderable,
            reduction => reduction,
        }
    }
}

/// Most operations of a chain that are followed back.
const LONGEST_CHAIN: usize = 1024;

/// An operation, then the operation of the same name that computes the first such operand of it, and so on. `definer` gives the
/// operation that computes a value.
pub fn alike<'t>(
    tree: &'t Tree,
    last: OpId,
    definer: impl Fn(ValueId) -> Option<OpId> + 't,
) -> impl Iterator<Item = OpId> + 't {
    let name = tree.operation(last).name;
    let before = move |&operation: &OpId| {
        let definers = tree.operation(operation).operands.iter().filter_map(|&value| definer(value));
        definers.into_iter().find(|&operation| tree.operation(operation).name == name)
    };
    std::iter::successors(Some(last), before).take(LONGEST_CHAIN)
}

/// Whether operations like `last` lead from the carried value to the result of `last`, each result used once.
fn accumulates(tree: &Tree, values: &Values, last: OpId, carried: ValueId) -> bool {
    let is_single = |operation: &OpId| match tree.operation(*operation).results[..] {
        [result] => values.get(result).uses == 1,
        _ => false,
    };
    let mut chain = alike(tree, last, |value| tree.definer(values.first(value))).take_while(is_single);
    chain.any(|operation| tree.operation(operation).operands.iter().any(|&value| values.first(value) == carried))
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

/// Whether the order of operations may change (`reassoc`).
pub fn may_reassociate(tree: &Tree, operation: OpId) -> bool {
    has_flag(tree, operation, &["fast", "reassoc"])
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
