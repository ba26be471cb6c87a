//! Facts about the values of one function, by value, and about what computes them.

use ir::registry::facts::{Evaluation, SumTerm};
use ir::registry::features::{Accumulation, FusedPart};
use ir::tree::{AttributeValue, BlockId, OpId, Operation, Tree, ValueId};

use super::evolution::Evolution;
use super::range::Range;

/// Whether a value is the result of a constant operation.
pub fn is_constant(tree: &Tree, value: ValueId) -> bool {
    tree.definer(value).is_some_and(|by| tree.record(by).evaluation == Evaluation::Constant)
}

/// The integer that a value, or every lane of it, is; `None` if it is no integer constant.
pub fn constant_integer(tree: &Tree, value: ValueId) -> Option<i128> {
    let by = tree.definer(value).filter(|_| is_constant(tree, value))?;
    match tree.attribute(by, "value") {
        Some(AttributeValue::Integer(number, _)) => Some(*number),
        Some(AttributeValue::Dense { splat: Some(number), .. }) if number.fract() == 0.0 => Some(*number as i128),
        _ => None,
    }
}

/// Whether two operations of one name have the same attributes.
pub fn same_attributes(a: &Operation, b: &Operation) -> bool {
    a.attributes.len() == b.attributes.len() && a.attributes.iter().zip(&b.attributes).all(|(a, b)| a.value == b.value)
}

/// Whether an operation is an integer minimum or maximum: a comparison and a conditional move of scalars.
pub fn is_extreme(evaluation: Evaluation) -> bool {
    use Evaluation::{MaxSigned, MaxUnsigned, MinSigned, MinUnsigned};
    matches!(evaluation, MinSigned | MaxSigned | MinUnsigned | MaxUnsigned)
}

/// Whether an operation gives the same with its operands swapped.
pub fn commutes(tree: &Tree, operation: OpId) -> bool {
    let record = tree.record(operation);
    let is_difference = match record.features.fused {
        FusedPart::Sum => record.sum != SumTerm::Sum,
        _ => record.evaluation == Evaluation::Sub,
    };
    record.features.accumulation != Accumulation::Recurrence && !is_difference
}

/// Facts about a value.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueFacts {
    /// How it changes with the loops of the optimised function.
    pub evolution: Evolution,
    /// Its uses as operand of operations that are live.
    pub uses: u32,
    /// Those of them that make less of the operation that computes it, see [`folds`](super::integers::folds).
    pub folded: u32,
    /// Those of them that are subscripts, or index arithmetic that only subscripts use.
    pub subscripts: u32,
    /// The first of the live operations that use it.
    pub user: Option<OpId>,
    /// Low bits that live operations use of an integer.
    pub demanded: f64,
    /// Bits that hold an integer as a signed number, if they are fewer than its type has.
    pub significant: Option<f64>,
    /// The numbers that an integer may be, if they are fewer than those of its type.
    pub range: Option<Range>,
    /// 1 + index of the innermost loop of the text with whose induction variable it varies; 0 if none.
    pub text_loop: u32,
    /// Longest chain of dependent operations that ends with it.
    pub chain: u32,
    /// Index of the loop whose body computes it, and the cycle of an iteration in which it is computed if only operands delay that.
    pub ready: (usize, f64),
    /// The value computed, loaded or stored before that it equals.
    pub same_as: Option<ValueId>,
}

/// A table by value. The ids of one function lie close together, and so do those that its normal form appends; ids before
/// the first of either share its entry.
#[derive(Debug)]
pub struct Values {
    written: Stretch,
    appended: Stretch,
    /// Index of the first value that is appended.
    split: usize,
}

#[derive(Debug, Default)]
struct Stretch {
    first: usize,
    facts: Vec<ValueFacts>,
}

impl Values {
    /// An empty table for a function with this entry block and these operations.
    pub fn of(tree: &Tree, entry: BlockId, operations: &[OpId]) -> Self {
        let first = tree.block(entry).arguments.first().map_or(0, |v| v.index());
        let split = tree.written_values().unwrap_or(usize::MAX);
        let mut appended = Stretch::default();
        if split != usize::MAX {
            let blocks =
                operations.iter().flat_map(|&op| &tree.operation(op).regions).flat_map(|&r| &tree.region(r).blocks);
            let arguments = blocks.flat_map(|&block| &tree.block(block).arguments);
            let results = operations.iter().flat_map(|&op| &tree.operation(op).results);
            let new = arguments.chain(results).map(|value| value.index()).filter(|&index| index >= split);
            appended.first = new.min().unwrap_or(split);
        }
        Self { written: Stretch { first, facts: Vec::new() }, appended, split }
    }

    /// The facts of a value.
    pub fn get(&self, value: ValueId) -> ValueFacts {
        let stretch = if value.index() < self.split { &self.written } else { &self.appended };
        stretch.facts.get(value.index().saturating_sub(stretch.first)).copied().unwrap_or_default()
    }

    /// The facts of a value, to be changed.
    pub fn entry(&mut self, value: ValueId) -> &mut ValueFacts {
        let Stretch { first, facts } = if value.index() < self.split { &mut self.written } else { &mut self.appended };
        let place = value.index().saturating_sub(*first);
        if place >= facts.len() {
            facts.resize(place + 1, ValueFacts::default());
        }
        &mut facts[place]
    }

    /// How a value changes.
    pub fn evolution(&self, value: ValueId) -> Evolution {
        self.get(value).evolution
    }

    /// Sets how a value changes.
    pub fn evolves(&mut self, value: ValueId, evolution: Evolution) {
        self.entry(value).evolution = evolution;
    }

    /// The first value that a value equals, as far as that is known; else the value itself.
    pub fn first(&self, value: ValueId) -> ValueId {
        self.get(value).same_as.unwrap_or(value)
    }

    /// Sets that a value equals another, whose first it takes over.
    pub fn equals(&mut self, value: ValueId, other: ValueId) {
        let other = ValueFacts { same_as: Some(self.first(other)), ..self.get(other) };
        let facts = self.entry(value);
        (facts.same_as, facts.evolution, facts.range) = (other.same_as, other.evolution, other.range);
    }

    /// Cycles from the start of an iteration of a loop until all of these values are computed.
    pub fn ready(&self, values: &[ValueId], loop_index: usize) -> f64 {
        let ready = values.iter().map(|&value| self.get(self.first(value)).ready);
        ready.filter(|(index, _)| *index == loop_index).fold(0.0, |latest, (_, cycles)| latest.max(cycles))
    }

    /// Whether all uses of a value make less of the operation that computes it.
    pub fn is_folded(&self, value: ValueId) -> bool {
        let facts = self.get(value);
        facts.folded > 0 && facts.folded == facts.uses
    }

    /// Whether all uses of a value are subscripts.
    pub fn is_subscript(&self, value: ValueId) -> bool {
        let facts = self.get(value);
        facts.subscripts > 0 && facts.subscripts == facts.uses
    }

    /// Whether a live operation uses a value.
    pub fn is_used(&self, value: ValueId) -> bool {
        self.get(value).uses > 0
    }
}
