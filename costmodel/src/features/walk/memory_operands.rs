//! Loads and stores that x86 makes part of an arithmetic instruction, one of whose operands may be in memory.

use ir::registry::facts::Evaluation;
use ir::registry::features::{InstructionClass as Class, Shift};
use ir::tree::{BlockId, Definition, OpId, Tree, ValueId};

use super::values::{Values, commutes, is_extreme, same_attributes};
use super::widths::is_selection;
use crate::features::kind::work_kind;
use crate::features::table::WorkKind;

/// Whether an access is part of an arithmetic instruction.
#[derive(Debug, Clone, Copy, Default)]
pub struct Folding {
    /// On scalars.
    pub scalar: bool,
    /// On vectors.
    pub vector: bool,
}

impl Folding {
    const BOTH: Self = Self { scalar: true, vector: true };
    const VECTOR: Self = Self { scalar: false, vector: true };

    /// Of the load of a value, which has one use, by an instruction of the block that has no other operand in memory.
    pub fn of_loaded(tree: &Tree, values: &Values, value: ValueId) -> Self {
        let user = |value: ValueId| only_user(tree, values, value, loaded_in(tree, value)?);
        let Some(by) = user(value) else { return Self::default() };
        let operands = &tree.operation(by).operands;
        match operands.iter().rposition(|&operand| user(operand) == Some(by)) {
            Some(index) if operands[index] == value => Self::by(tree, by, index),
            _ => Self::default(),
        }
    }

    /// Of a store: its value is computed by one integer instruction from the loaded value of the same element.
    pub fn of_store(tree: &Tree, values: &Values, store: OpId) -> Self {
        let node = tree.operation(store);
        let Some((&stored, place)) = node.operands.split_first() else { return Self::default() };
        let update = tree.definer(stored).filter(|_| only_user(tree, values, stored, node.block) == Some(store));
        let is_update = |by: &OpId| work_kind(tree, *by) == Some(WorkKind::Integer) && commutes(tree, *by);
        let Some(update) = update.filter(is_update) else { return Self::default() };
        let is_loaded = |&operand: &ValueId| {
            let Some(load) = tree.definer(operand) else { return false };
            let (own, loaded) = (tree.operation(load), tree.record(load).features.class == Class::Load);
            loaded
                && only_user(tree, values, operand, node.block) == Some(update)
                && own.operands.len() == place.len()
                && own.operands.iter().zip(place).all(|(&a, &b)| values.first(a) == values.first(b))
                && same_attributes(own, node)
        };
        Self { scalar: tree.operation(update).operands.iter().any(is_loaded), vector: false }
    }

    /// By an instruction that uses the loaded value as its operand at `index`.
    fn by(tree: &Tree, user: OpId, index: usize) -> Self {
        let record = tree.record(user);
        let is_second = index == 1 || commutes(tree, user);
        match work_kind(tree, user) {
            Some(WorkKind::Float) if is_second || tree.operation(user).operands.len() == 3 => Self::BOTH,
            Some(WorkKind::Divide) if index == 1 => Self::BOTH,
            Some(WorkKind::Integer) if is_second && record.features.shift == Shift::None => Self::BOTH,
            Some(WorkKind::Select) if is_extreme(record.evaluation) => Self::VECTOR,
            Some(WorkKind::Select) if !is_selection(tree, user) => Self::BOTH,
            // Conversions of scalars write a part of a register, and are kept apart from loads.
            Some(WorkKind::Cast) if record.evaluation != Evaluation::Truncate => Self::VECTOR,
            _ => Self::default(),
        }
    }
}

/// The block into which a value is loaded, by an operation or as an element of a structured operation's operand.
fn loaded_in(tree: &Tree, value: ValueId) -> Option<BlockId> {
    let class = |operation: OpId| tree.record(operation).features.class;
    match tree.value(value).definition {
        Definition::Result { operation, .. } if class(operation) == Class::Load => {
            Some(tree.operation(operation).block)
        }
        Definition::Argument { block, .. } => {
            let parent = tree.region(tree.block(block).region).operation?;
            Some(block).filter(|_| class(parent) == Class::Structured)
        }
        _ => None,
    }
}

/// The operation of a block that alone uses a value.
fn only_user(tree: &Tree, values: &Values, value: ValueId, block: BlockId) -> Option<OpId> {
    let facts = values.get(value);
    facts.user.filter(|&user| facts.uses == 1 && tree.operation(user).block == block)
}
