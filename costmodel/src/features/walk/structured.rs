//! Structured operations: the loops of `linalg` in their order with the subscripts of each operand, and operations on
//! whole tensors.

use ir::registry::facts::Dialect;
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree, ValueId};

use super::access::{self, Access, Subscript, evaluate};
use super::events::{Collect, Placement, WholeTensors};
use super::evolution::Evolution;
use super::lanes::{self, MachineCost, is_shaped};
use super::memory_operands::Folding;
use super::reduction::reduces_by_work;
use super::state::{RegionContext, Walk};
use crate::features::counts::{UNKNOWN_TRIPS, midpoint};
use crate::features::kind::narrow_float;
use crate::features::table::WorkKind;

/// Nesting levels that an operation counts for as written: the iterators of a structured operation, else 1.
pub fn iterators(tree: &Tree, operation: OpId, class: Class) -> usize {
    match tree.attribute(operation, "iterator_types") {
        Some(AttributeValue::Array(types)) if class == Class::Structured => types.len().max(1),
        _ => 1,
    }
}

impl<C: Collect> Walk<'_, C> {
    /// A structured operation: one loop of the nest for each iterator.
    pub(super) fn structured(&mut self, operation: OpId, placement: Placement, inside: RegionContext) {
        let tree = self.tree;
        let entries = self.entries(placement);
        let Some(structure) = structure(tree, operation) else {
            self.whole_loop(operation, placement, entries);
            return self.regions(operation, inside, |_, _| None);
        };
        let (mut index, mut around) = (placement.loop_index, entries);
        let mut variables = Vec::new();
        for trips in &structure.trips {
            let own = around * trips.map_or(UNKNOWN_TRIPS, |trips| trips as f64);
            let mut evolution = Evolution::INVARIANT;
            // A loop of one iteration is none.
            if own != around {
                index = self.open_loop(operation, index, own, around);
                evolution = Evolution::induction(index, 1.0);
            }
            variables.push(Subscript { evolution, text_loop: 0 });
            around = own;
        }
        let body = tree.entry(operation, 0);
        let stores = body.map_or_else(Vec::new, |body| {
            self.structured_operands(operation, &structure, index, &variables, &tree.block(body).arguments)
        });
        self.regions(operation, inside, |_, block| {
            let weight = if index == placement.loop_index { placement.weight } else { 1.0 };
            (Some(block) == body).then_some(Placement { loop_index: index, weight })
        });
        let last = body.and_then(|body| tree.block(body).operations.last());
        let yielded = last.map(|&last| &tree.operation(last).operands[..]);
        for (result, store) in stores.into_iter().enumerate() {
            let value = yielded.and_then(|values| values.get(result)).copied();
            self.carried_in_memory(value, &store);
            self.collector.access(&store);
        }
    }

    /// Reports the reads of a structured operation's operands that its body uses. Returns its stores, to be reported
    /// after the body.
    fn structured_operands(
        &mut self,
        operation: OpId,
        structure: &Structure,
        loop_index: usize,
        variables: &[Subscript],
        arguments: &[ValueId],
    ) -> Vec<Access> {
        let tree = self.tree;
        let mut stores = Vec::new();
        for (index, &operand) in tree.operation(operation).operands.iter().enumerate() {
            let Some(Some(map)) = structure.operands.get(index) else { continue };
            if !is_shaped(tree, operand) {
                continue;
            }
            let subscripts: Vec<Subscript> =
                map.results.iter().map(|r| evaluate(r, map.dimensions, variables)).collect();
            let access = Access {
                operation,
                buffer: access::buffer(tree, operand),
                loop_index,
                address: access::address(tree, tree.value(operand).ty, &subscripts),
                is_store: false,
                cost: MachineCost::SCALAR,
                crosses_rows: false,
                weight: 1.0,
                is_masked: false,
                element_bits: lanes::element_bits_or_default(tree, operand),
                is_sub_byte: lanes::is_sub_byte(tree, operand),
                is_misaligned: lanes::is_misaligned(tree, operand),
                folding: arguments
                    .get(index)
                    .map_or_else(Folding::default, |&v| Folding::of_loaded(tree, &self.values, v)),
            };
            let is_output = index >= structure.inputs;
            if let Some(argument) = arguments.get(index).copied().filter(|&argument| self.values.is_used(argument)) {
                let varies_in = if is_output { loop_index } else { access.address.varies_in };
                self.values.evolves(argument, Evolution::data(varies_in));
                self.collector.access(&access);
            }
            if is_output {
                stores.push(Access { is_store: true, folding: Folding::default(), ..access });
            }
        }
        stores
    }

    /// Reports one loop over the work of an operation on whole tensors whose loops are not known.
    fn whole_loop(&mut self, operation: OpId, placement: Placement, entries: f64) {
        let tree = self.tree;
        let Some(work) = self.whole_tensors(operation, entries) else { return };
        self.open_loop(operation, placement.loop_index, work.iterations, entries);
        let node = tree.operation(operation);
        let result = node.results.first().copied();
        let element_bits = result.map_or(0.0, |v| lanes::element_bits_or_default(tree, v));
        let kind = result.and_then(|v| narrow_float(tree, v)).unwrap_or(WorkKind::Float);
        self.collector.whole_tensors(&work, node.operands.len(), element_bits, kind);
    }

    /// The work of an operation on whole tensors over its `executions`; `None` without an analysis.
    pub(super) fn whole_tensors(&self, operation: OpId, executions: f64) -> Option<WholeTensors> {
        let work = self.function?.operation(operation).work;
        let (flops, transcendentals) = (midpoint(work.flops), midpoint(work.transcendentals));
        let elements = lanes::result_elements(self.tree, &self.tree.operation(operation).results);
        let iterations = (executions * elements).max(flops / 2.0);
        let reduces = reduces_by_work(flops, executions, elements);
        Some(WholeTensors { flops, transcendentals, iterations, reduces })
    }
}

/// A loop nest in one operation.
pub struct Structure {
    /// Trips of each loop, outermost first; `None` where the text does not tell.
    pub trips: Vec<Option<u64>>,
    /// Subscripts of each operand that has any: loops, outermost first, by coefficients.
    pub operands: Vec<Option<AffineMap>>,
    /// Number of operands that are only read; these come first.
    pub inputs: usize,
}

/// The nest of a structured operation with a body in the normal form; `None` for others.
pub fn structure(tree: &Tree, operation: OpId) -> Option<Structure> {
    if tree.record(operation).dialect != Dialect::Linalg {
        return None;
    }
    let node = tree.operation(operation);
    node.regions.first()?;
    let operands = &node.operands;
    let AttributeValue::Array(maps) = tree.attribute(operation, "indexing_maps")? else { return None };
    let map = |map: &AttributeValue| if let AttributeValue::AffineMap(map) = map { Some(map.clone()) } else { None };
    let maps: Vec<Option<AffineMap>> = maps.iter().map(map).collect();
    let loops = maps.iter().flatten().next()?.dimensions as usize;
    let mut trips = vec![None; loops];
    for (map, &operand) in maps.iter().zip(operands) {
        let Some(map) = map else { continue };
        for (result, extent) in map.results.iter().zip(shape(tree, operand)) {
            if let (AffineExpr::Dimension(d), Dimension::Static(extent)) = (result, extent)
                && let Some(trips) = trips.get_mut(*d as usize)
            {
                *trips = Some(*extent);
            }
        }
    }
    // With tensors each output is a result; with buffers the outputs are what the body returns.
    let outputs = if node.results.is_empty() { yielded(tree, operation).max(1) } else { node.results.len() };
    Some(Structure { trips, inputs: operands.len().saturating_sub(outputs), operands: maps })
}

fn yielded(tree: &Tree, operation: OpId) -> usize {
    let body = tree.entry(operation, 0).and_then(|block| tree.block(block).operations.last());
    body.map_or(0, |&last| tree.operation(last).operands.len())
}

fn shape(tree: &Tree, value: ValueId) -> &[Dimension] {
    tree.types().shape(tree.value(value).ty).unwrap_or(&[])
}
