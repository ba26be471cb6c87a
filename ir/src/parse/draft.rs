//! An operation while it is parsed.

use super::Parser;
use super::names::Use;
use crate::span::Span;
use crate::tree::{Attribute, AttributeValue, BlockId, RegionId, Signedness, Type, TypeId};

/// The parts of an operation parsed so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub operands: Vec<Use>,
    pub result_types: Vec<TypeId>,
    pub attributes: Vec<Attribute>,
    pub regions: Vec<RegionId>,
    pub successors: Vec<(BlockId, Vec<Use>)>,
    /// Results that the text names.
    pub named: usize,
}

/// An argument of a region's first block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    /// `%name`; empty where it has none.
    pub name: Span,
    pub ty: TypeId,
}

impl Parser<'_> {
    /// Add an attribute that the custom form does not write as one.
    pub(super) fn set(&mut self, draft: &mut Draft, name: &str, value: AttributeValue) {
        let name = self.name(name);
        draft.attributes.push(Attribute { name, value, span: Span::default() });
    }

    /// `i64` integers as an attribute.
    pub(super) fn integer_attribute(&mut self, value: i128, bits: u32) -> AttributeValue {
        let ty = self.integer_type(bits);
        AttributeValue::Integer(value, ty)
    }

    pub(super) fn integer_type(&mut self, bits: u32) -> TypeId {
        self.tree.types.intern(Type::Integer(bits, Signedness::Signless))
    }

    /// `array<i64: ...>` as an attribute.
    pub(super) fn array_attribute(&mut self, values: &[i64], bits: u32) -> AttributeValue {
        AttributeValue::DenseArray(self.integer_type(bits), values.iter().map(|&v| v as f64).collect())
    }

    /// Sizes of the operand groups, as operations with several optional groups keep them.
    pub(super) fn set_segments(&mut self, draft: &mut Draft, sizes: &[usize]) {
        let sizes: Vec<i64> = sizes.iter().map(|&n| n as i64).collect();
        let value = self.array_attribute(&sizes, 32);
        self.set(draft, "operandSegmentSizes", value);
    }

    /// A value's type as known so far.
    pub(super) fn type_of(&self, used: Use) -> TypeId {
        self.tree.values[used.value.index()].ty
    }

    /// `i1`, in the shape of a type that has one.
    pub(super) fn bool_like(&mut self, ty: TypeId) -> TypeId {
        let element = self.integer_type(1);
        self.with_element(ty, element)
    }

    /// The type with another element, in the same shape.
    pub(super) fn with_element(&mut self, ty: TypeId, element: TypeId) -> TypeId {
        let new = match self.tree.types.get(ty).clone() {
            Type::Tensor { shape, encoding, .. } => Type::Tensor { shape, element, encoding },
            Type::Vector { shape, .. } => Type::Vector { shape, element },
            Type::MemRef { shape, layout, space, .. } => Type::MemRef { shape, element, layout, space },
            Type::Unknown => return ty,
            _ => return element,
        };
        self.tree.types.intern(new)
    }
}
