//! Structured operations on memrefs as loop nests, in the order of their loops (as `-convert-linalg-to-loops` writes them).

use std::collections::BTreeSet;

use ir::analysis::Cause;
use ir::analysis::Reason as CountReason;
use ir::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Type, ValueId};

use super::{Around, Builder};
use crate::expression::{Binary, Expression, Linear, Slot};
use crate::program::{Loop, Node, Reference};
use crate::reason::{Reason, Unknown};

impl Builder<'_> {
    pub(super) fn structured(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        let unknown = |reason| Unknown { reason, operation, cause: None };
        let Some(AttributeValue::Array(maps)) = tree.attribute(operation, "indexing_maps") else {
            return Err(unknown(Reason::Operation));
        };
        let maps: Vec<&AffineMap> =
            maps.iter().filter_map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None }).collect();
        let operands = &tree.operation(operation).operands;
        if maps.len() != operands.len() || self.touches_memory(operation) {
            return Err(unknown(Reason::Operation));
        }
        let extents = self.extents(operation, &maps, operands)?;
        let first = self.loops.len();
        let slots: Vec<Slot> = extents.iter().map(|_| self.slot()).collect();
        self.loops.extend(slots.iter().map(|&slot| Around { operation, slot, step: 1 }));
        let mut body = Vec::new();
        for (store, at) in self.order(operation) {
            self.element(operation, store, operands[at], maps[at], &slots, &mut body)?;
        }
        self.loops.truncate(first);
        for (&extent, &slot) in extents.iter().zip(&slots).rev() {
            body = vec![Node::Loop(Box::new(Loop::over(operation, slot, extent, body)))];
        }
        nodes.extend(body);
        Ok(())
    }

    /// Operands that are loaded, then those that are stored.
    fn order(&self, operation: OpId) -> Vec<(bool, usize)> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        let outputs = match tree.attribute(operation, "operandSegmentSizes") {
            Some(AttributeValue::DenseArray(_, segments)) if segments.len() == 2 => segments[1] as usize,
            _ => 1,
        };
        let inputs = operands.len().saturating_sub(outputs);
        let body = tree.entry(operation, 0);
        let used: BTreeSet<ValueId> = body.map_or_else(BTreeSet::new, |body| {
            tree.walk_block(body).flat_map(|op| tree.operation(op).operands.iter().copied()).collect()
        });
        let arguments = body.map_or(&[][..], |body| &tree.block(body).arguments);
        let is_memory = |at: usize| matches!(tree.value_type(operands[at]), Type::MemRef { .. });
        // A body without arguments for outputs reads inputs only.
        let is_read = |at: usize| arguments.get(at).map_or(at < inputs, |a| used.contains(a));
        let loads = (0..operands.len()).filter(|&at| is_memory(at) && is_read(at)).map(|at| (false, at));
        loads.chain((inputs..operands.len()).filter(|&at| is_memory(at)).map(|at| (true, at))).collect()
    }

    /// Extents of the loops: those of operands' dimensions that one loop alone indexes.
    fn extents(&self, operation: OpId, maps: &[&AffineMap], operands: &[ValueId]) -> Result<Vec<i64>, Unknown> {
        let loops = maps.iter().map(|m| m.dimensions).max().unwrap_or(0) as usize;
        let mut extents: Vec<Option<i64>> = vec![None; loops];
        let mut open = None;
        for (map, &operand) in maps.iter().zip(operands) {
            let shape = self.tree.types().shape(self.tree.value(operand).ty).unwrap_or(&[]);
            for (at, (result, extent)) in map.results.iter().zip(shape).enumerate() {
                let AffineExpr::Dimension(d) = result else { continue };
                let Some(known) = extents.get_mut(*d as usize) else { continue };
                match extent {
                    Dimension::Static(n) => *known = known.or(i64::try_from(*n).ok()),
                    _ => open = open.or(Some(Cause::Extent(operand, at))),
                }
            }
        }
        let reason = Reason::Count(CountReason::Shape);
        extents.into_iter().collect::<Option<_>>().ok_or(Unknown { reason, operation, cause: open })
    }

    /// The access to one element of an operand.
    fn element(
        &mut self,
        operation: OpId,
        store: bool,
        operand: ValueId,
        map: &AffineMap,
        slots: &[Slot],
        body: &mut Vec<Node>,
    ) -> Result<(), Unknown> {
        let view = self.view_of(operation, operand)?;
        let overflow = self.unknown(operation, Reason::Overflow);
        let mut address = view.offset.clone();
        if map.results.len() != view.strides.len() {
            return Err(self.unknown(operation, Reason::Operation));
        }
        for (e, &stride) in map.results.iter().zip(&view.strides) {
            let index = over_slots(e, slots).ok_or(overflow)?;
            let index = self.linear(index, body);
            address = address.plus(&index, stride).ok_or(overflow)?;
        }
        let site = self.site(operation, operand, store, &view, &address, view.element);
        body.push(Node::Touch(Box::new(Reference {
            site,
            address,
            bytes: view.element,
            store,
            buffer: view.buffer,
            clamp: None,
            leads: true,
        })));
        Ok(())
    }
}

/// An expression over loops.
fn over_slots(e: &AffineExpr, slots: &[Slot]) -> Option<Expression> {
    let both = |operation, a, b| Expression::of(operation, over_slots(a, slots)?, over_slots(b, slots)?);
    match e {
        AffineExpr::Dimension(d) => slots.get(*d as usize).map(|&s| Expression::Linear(Linear::slot(s))),
        AffineExpr::Symbol(_) => None,
        AffineExpr::Constant(c) => Some(Expression::Linear(Linear::constant(*c))),
        AffineExpr::Add(a, b) => both(Binary::Add, a, b),
        AffineExpr::Mul(a, b) => both(Binary::Mul, a, b),
        AffineExpr::Mod(a, b) => both(Binary::Mod, a, b),
        AffineExpr::FloorDiv(a, b) => both(Binary::FloorDiv, a, b),
        AffineExpr::CeilDiv(a, b) => both(Binary::CeilDiv, a, b),
    }
}
