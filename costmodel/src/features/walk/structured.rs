//! Structured operations: the loops of `linalg` in their order with the subscripts of each operand, and operations on
//! whole tensors.

use ir::registry::facts::{Arithmetic, Dialect};
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AffineExpr, AffineMap, AttributeValue, Definition, Dimension, OpId, Tree, ValueId};

use super::access::{self, Access, Subscript, evaluate, has_different_bytes};
use super::events::{Collect, Placement, WholeLoop, WholeTensors};
use super::evolution::Evolution;
use super::lanes::{self, MachineCost, is_shaped};
use super::memory_operands::Folding;
use super::reduction::{Reduction, reduces_by_work};
use super::registers::Origin;
use super::state::{RegionContext, Walk};
use super::tiles::ends;
use crate::features::counts::{UNKNOWN_TRIPS, midpoint};
use crate::features::kind::{element_arithmetic, work_kind};
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
            let is_pattern = value.is_some_and(|value| self.is_pattern(outside(tree, operation, value), value, index));
            self.collector.access(&Access { is_pattern, ..store });
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
                is_pattern: false,
                contiguous: self.nest.contiguous(shape(tree, operand), &subscripts, loop_index),
                folding: arguments
                    .get(index)
                    .map_or_else(Folding::default, |&v| Folding::of_loaded(tree, &self.values, v)),
            };
            let is_output = index >= structure.inputs;
            if let Some(argument) = arguments.get(index).copied().filter(|&argument| self.values.is_used(argument)) {
                let varies_in = if is_output { loop_index } else { access.address.varies_in };
                self.values.evolves(argument, Evolution::data(varies_in));
                let inside = Placement { loop_index, weight: 1.0 };
                let is_carried = is_output && access.is_invariant();
                let origin = if is_carried { Origin::Carried } else { Origin::Loaded(access.folding) };
                self.writes(&[argument], varies_in.min(loop_index), inside, origin);
                self.collector.access(&access);
            }
            if is_output {
                stores.push(Access { is_store: true, folding: Folding::default(), ..access });
            }
        }
        stores
    }

    /// Reports the loops of an operation on whole tensors: one for each dimension of its result, and inside them one over the elements
    /// that are reduced to one.
    fn whole_loop(&mut self, operation: OpId, placement: Placement, entries: f64) {
        let tree = self.tree;
        let Some(work) = self.whole_tensors(operation, entries) else { return };
        let Some(&result) = tree.operation(operation).results.first() else { return };
        let (mut stored, mut around) = (placement, entries);
        for extent in shape(tree, result).iter().map(access::extent) {
            stored = self.open_if_several(operation, stored, around * extent, around);
            around *= extent;
        }
        let inside = self.open_if_several(operation, stored, work.iterations, around);
        let bits = lanes::element_bits_or_default(tree, result);
        let kind = element_arithmetic(tree, result);
        let carried = match kind {
            WorkKind::Integer | WorkKind::Address => Reduction::Reorderable,
            _ => Reduction::Ordered,
        };
        self.collector.whole_tensors(&WholeLoop {
            loop_index: inside.loop_index,
            is_pattern: tree
                .operation(operation)
                .operands
                .first()
                .is_some_and(|&value| has_different_bytes(tree, value)),
            carried: work.reduces.then_some(carried),
            ..WholeLoop::of(tree, operation)
        });
        let each = |total: f64| total / work.iterations.max(1.0);
        let (simple, called) = (each(work.simple), each(work.transcendentals));
        let arithmetic = match work_kind(tree, operation) {
            Some(WorkKind::MinMax) if carried == Reduction::Reorderable => [(kind, simple), (WorkKind::MathCall, 0.0)],
            Some(kind) => [(kind, (simple + called).max(1.0)), (WorkKind::MathCall, 0.0)],
            None => [(kind, simple), (WorkKind::MathCall, called)],
        };
        for (kind, amount) in arithmetic.into_iter().chain([reads(tree, operation)]) {
            self.work(inside, kind, MachineCost::SCALAR.expanded(amount, amount), bits);
        }
        self.work(stored, WorkKind::Store, MachineCost::SCALAR, bits);
    }

    /// Opens a loop at a placement unless it has a single iteration; the placement of its body.
    fn open_if_several(&mut self, operation: OpId, at: Placement, iterations: f64, entries: f64) -> Placement {
        if iterations <= entries {
            return at;
        }
        Placement { loop_index: self.open_loop(operation, at.loop_index, iterations, entries), weight: 1.0 }
    }

    /// The work of an operation on whole tensors over its `executions`; `None` without an analysis.
    pub(super) fn whole_tensors(&self, operation: OpId, executions: f64) -> Option<WholeTensors> {
        let work = self.function?.operation(operation).work;
        let (flops, transcendentals) = (midpoint(work.flops), midpoint(work.transcendentals));
        let simple = flops + midpoint(work.integer_operations);
        let elements = executions * lanes::result_elements(self.tree, &self.tree.operation(operation).results);
        // A body combines elements of the first operand; products are added up.
        let node = self.tree.operation(operation);
        let combined = if node.regions.is_empty() {
            simple / 2.0
        } else {
            executions * lanes::result_elements(self.tree, node.operands.get(..1).unwrap_or(&[]))
        };
        let iterations = elements.max(combined);
        let reduces = reduces_by_work(simple, executions, elements / executions.max(1.0));
        Some(WholeTensors { flops, simple, transcendentals, iterations, reduces })
    }
}

impl WholeLoop {
    /// The elements that an operation accesses.
    fn of(tree: &Tree, operation: OpId) -> Self {
        let mut own = Self {
            loop_index: 0,
            narrowest: f64::INFINITY,
            widest: 0.0,
            is_sub_byte: false,
            is_pattern: false,
            contiguous: usize::MAX,
            carried: None,
        };
        let node = tree.operation(operation);
        for &value in arrays(tree, &node.operands).chain(&node.results) {
            let bits = lanes::element_bits_or_default(tree, value);
            (own.narrowest, own.widest) = (own.narrowest.min(bits), own.widest.max(bits));
            own.is_sub_byte |= lanes::is_sub_byte(tree, value);
        }
        if ["permutation", "broadcast_dimensions"].iter().any(|name| ends(tree, operation, name).is_some()) {
            own.contiguous = 1;
        }
        own
    }
}

/// The tensors of several elements among some values.
fn arrays<'t>(tree: &'t Tree, values: &'t [ValueId]) -> impl Iterator<Item = &'t ValueId> {
    values.iter().filter(|&&value| lanes::result_elements(tree, &[value]) > 1.0)
}

/// The kind and the number of reads of an operation on whole tensors for each element of its result. A move reads one element, arithmetic
/// one of each operand. Elements that do not change in the innermost loop stay in a register.
fn reads(tree: &Tree, operation: OpId) -> (WorkKind, f64) {
    let node = tree.operation(operation);
    let rank = node.results.first().map_or(0, |&result| shape(tree, result).len());
    let last = |name: &str| ends(tree, operation, name).map(|(_, last)| last as usize + 1);
    let several = arrays(tree, &node.operands).count() as f64;
    let is_move = matches!(tree.record(operation).arithmetic, Arithmetic::None);
    let is_spread = last("broadcast_dimensions").is_some_and(|last| last < rank);
    let amount = match is_move && work_kind(tree, operation).is_none() {
        true if is_spread => 0.0,
        true => several.min(1.0),
        false => several,
    };
    let is_reduced = |last: usize| node.operands.first().is_some_and(|&v| last < shape(tree, v).len());
    let is_strided = last("permutation").is_some_and(|last| last < rank)
        || !node.regions.is_empty() && last("dimensions").is_some_and(is_reduced);
    (if is_strided { WorkKind::StridedLoad } else { WorkKind::Load }, amount)
}

/// The operand of a structured operation that an argument of its body is an element of; other values as they are.
fn outside(tree: &Tree, operation: OpId, value: ValueId) -> ValueId {
    match tree.value(value).definition {
        Definition::Argument { block, index } if tree.entry(operation, 0) == Some(block) => {
            tree.operation(operation).operands.get(index as usize).copied().unwrap_or(value)
        }
        _ => value,
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
