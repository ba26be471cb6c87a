//! Values that the optimised function keeps in registers: numbers and vectors. Addresses and conditions are left out.

use ir::tree::{Tree, Type, ValueId};

use super::lanes::{VectorWidth, element_bits_or_default, is_shaped};
use super::memory_operands::Folding;
use super::values::Values;

/// A value in a register.
#[derive(Debug, Clone, Copy)]
pub struct RegisterValue {
    /// The value.
    pub value: ValueId,
    /// Index of the loop whose body computes it.
    pub loop_index: usize,
    /// Its size; zero for a scalar.
    pub vector: VectorWidth,
    /// Bits of a scalar.
    pub bits: f64,
    /// Whether it is an integer.
    pub is_integer: bool,
    /// How it comes into its register.
    pub origin: Origin,
}

/// How a value comes into a register.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    /// An instruction computes it.
    Computed,
    /// It is in a register from the start of each iteration.
    Carried,
    /// It is loaded, on x86 by the instruction that uses it as far as the folding tells. A scheduler may move the load to its first use.
    Loaded(Folding),
    /// It is a constant, whose load is hoisted out of all loops.
    Constant,
}

impl RegisterValue {
    /// Whether it is a scalar.
    pub fn is_scalar(&self) -> bool {
        self.vector.bits == 0.0
    }

    /// A value that a loop's body computes; `None` if it is an address, a condition, an array or an integer constant, which is part of an
    /// instruction.
    pub fn of(tree: &Tree, values: &Values, value: ValueId, loop_index: usize, origin: Origin) -> Option<Self> {
        let is_integer = match tree.ty(tree.types().element(tree.value(value).ty)) {
            Type::Float(_) => false,
            Type::Integer(1, _) => return None,
            Type::Integer(..) | Type::Index => true,
            _ => return None,
        };
        let vector = VectorWidth::of(tree, value);
        let is_data = !is_integer || vector.bits > 0.0 || values.evolution(value).data;
        let bits = element_bits_or_default(tree, value);
        (is_data && !is_shaped(tree, value)).then_some(Self { value, loop_index, vector, bits, is_integer, origin })
    }
}
