//! Loop-carried values: the one place that decides whether a loop carries a value and whether that is a reduction.

use ir::registry::features::{Accumulation, FusedPart, InstructionClass as Class, MachineWork};
use ir::tree::{AttributeValue, Definition, OpId, Tree, ValueId};

use super::access::buffer;
use super::lanes::is_shaped;
use super::values::{Values, is_constant};

/// How a loop-carried value goes from one iteration to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// A sum, product or extreme whose order is free: of integers, or with flags that allow reordering.
    Reorderable,
    /// A minimum or maximum of floating-point numbers, which no vectoriser recognises in the comparisons that it is lowered to.
    Extreme,
    /// A floating-point sum whose order is fixed. LLVM vectorises it for sets of vector instructions that add lanes in order.
    Ordered,
    /// Another accumulation of floating-point numbers, which no vectoriser takes: of differences, products, fused multiply-adds (LLVM has no
    /// reductions of `llvm.fma`) or several sums.
    Scalar,
    /// Anything else.
    Recurrence,
}

/// A value that a loop carries.
#[derive(Debug, Clone, Copy)]
pub enum Carried {
    /// In a register: the block argument that holds the value of the iteration before, and the number of its uses in the loop.
    Argument(ValueId, u32),
    /// In an element of a buffer.
    Memory(ValueId),
}

impl Carried {
    /// Whether a value is the carried one of the iteration before.
    fn is(self, tree: &Tree, values: &Values, value: ValueId) -> bool {
        let value = values.first(value);
        match (self, tree.value(value).definition) {
            (Self::Argument(carried, _), _) => value == carried,
            (Self::Memory(own), Definition::Result { operation, .. }) => {
                let loaded = tree.operation(operation).operands.iter().find(|&&v| is_shaped(tree, v));
                tree.record(operation).features.class == Class::Load && loaded.is_some_and(|&v| buffer(tree, v) == own)
            }
            // The outputs of a structured operation are its body's last arguments, and their next values what it yields.
            (Self::Memory(_), Definition::Argument { block, index }) => {
                let body = tree.block(block);
                let yielded = body.operations.last().map_or(0, |&last| tree.operation(last).operands.len());
                index as usize + yielded >= body.arguments.len()
            }
            (Self::Memory(_), Definition::Missing) => false,
        }
    }
}

impl Reduction {
    /// Number of variants.
    pub const COUNT: usize = Self::Recurrence as usize + 1;

    /// The reduction whose next value is `next`. The value is a recurrence if anything between it and `next` has another use, or if the
    /// operations between them are not all alike.
    pub fn of(tree: &Tree, values: &Values, next: ValueId, carried: Carried) -> Self {
        let Definition::Result { operation, .. } = tree.value(next).definition else {
            return Self::Recurrence;
        };
        if let Carried::Argument(argument, uses) = carried
            && (uses != 1 || !accumulates(tree, values, operation, argument))
        {
            return Self::Recurrence;
        }
        match tree.record(operation).features.accumulation {
            Accumulation::Integers => Self::Reorderable,
            Accumulation::Extreme => Self::Extreme,
            Accumulation::Sum | Accumulation::Floats if may_reassociate(tree, operation) => Self::Reorderable,
            Accumulation::Sum | Accumulation::Floats if adds_once(tree, values, operation, carried) => Self::Ordered,
            Accumulation::Sum | Accumulation::Floats | Accumulation::Fused => Self::Scalar,
            Accumulation::Recurrence => Self::Recurrence,
        }
    }
}

/// Whether an operation adds one number to the carried value, as a reduction in order has to: not several one after another, and neither
/// a difference nor the sum with a negative multiple, which `instcombine` makes a difference.
fn adds_once(tree: &Tree, values: &Values, operation: OpId, carried: Carried) -> bool {
    let features = tree.record(operation).features;
    let &[first, second] = tree.operation(operation).operands.as_slice() else { return false };
    let added = match [first, second].map(|value| carried.is(tree, values, value)) {
        [true, _] => second,
        [_, true] => first,
        _ => return false,
    };
    match features.accumulation {
        Accumulation::Sum => !is_negated(tree, values, added, MOST_FACTORS),
        _ => features.fused == FusedPart::Sum && added == second && is_negated(tree, values, added, MOST_FACTORS),
    }
}

/// Most products in one another that are searched for negative factors.
const MOST_FACTORS: u32 = 8;

/// Whether a value is the negative of a product or quotient by its constant factors.
fn is_negated(tree: &Tree, values: &Values, value: ValueId, depth: u32) -> bool {
    let Some(by) = tree.definer(values.first(value)).filter(|_| depth > 0) else { return false };
    let features = tree.record(by).features;
    let operands = tree.operation(by).operands.iter();
    let negated =
        operands.filter(|&&v| is_negative_constant(tree, v) || is_negated(tree, values, v, depth - 1)).count();
    match (features.fused, features.machine) {
        (FusedPart::Negation, _) => negated % 2 == 0,
        (FusedPart::Product, _) | (_, MachineWork::Divide) => negated % 2 == 1,
        _ => false,
    }
}

fn is_negative_constant(tree: &Tree, value: ValueId) -> bool {
    let by = tree.definer(value).filter(|_| is_constant(tree, value));
    match by.and_then(|by| tree.attribute(by, "value")) {
        Some(AttributeValue::Float(number, _) | AttributeValue::Dense { splat: Some(number), .. }) => *number < 0.0,
        _ => false,
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
