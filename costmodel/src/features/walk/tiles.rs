//! Vectors of several dimensions (tiles), which LLVM does not have: each row is a vector of its own.
//!
//! `convert-vector-to-scf` copies a tile row by row between memory and a buffer on the stack, in a loop for each dimension
//! but the last. LLVM removes a loop of one iteration, with its buffer, and makes straight code of one of two; longer ones
//! stay, because the labels are of code without loop unrolling. In the code that `convert-vector-to-llvm` makes, a whole row is
//! taken out of a tile, or put into one, at no cost; a part of a row is a move between lanes.

use std::collections::BTreeMap;

use ir::tree::{AffineExpr, AffineMap, AttributeValue, Definition, Dimension, OpId, Tree, ValueId};

use super::access::{self, Access};
use super::events::{Collect, Placement};
use super::evolution::Evolution;
use super::lanes::{MachineCost, PART_BITS, VectorWidth, extents};
use super::state::Walk;
use super::values::Values;
use crate::features::table::WorkKind;

/// Iterations of the longest loop that LLVM makes straight code of without unrolling.
const STRAIGHT: f64 = 2.0;

/// Instructions that make room on the stack inside a loop: move, align and set the stack pointer.
const ALLOCATION: f64 = 3.0;

/// A tile in memory.
#[derive(Debug)]
pub struct Tile {
    /// Extent of each dimension but the last, and its distance in memory in elements, outermost first; without those of extent 1.
    outer: Vec<(f64, f64)>,
    /// A row in memory.
    row: VectorWidth,
    /// Whether the rows in memory are not the rows of the vector, which is then transposed.
    pub is_transposed: bool,
}

impl Tile {
    /// The tile that a transfer between a vector and an array moves; `None` if the vector has one row in memory.
    pub fn of(tree: &Tree, operation: OpId, vector: ValueId, array: ValueId) -> Option<Self> {
        let width = VectorWidth::of(tree, vector);
        let shape = tree.types().shape(tree.value(array).ty)?;
        let extents = extents(tree, vector);
        if extents.len() < 2 {
            return None;
        }
        let map = match tree.attribute(operation, "permutation_map") {
            Some(AttributeValue::AffineMap(map)) => Some(map),
            _ => None,
        };
        let mut dimensions = Vec::with_capacity(extents.len());
        for (index, extent) in extents.iter().enumerate() {
            let (Some(at), Dimension::Static(extent)) = (place(map, index, extents.len(), shape.len())?, extent) else {
                continue;
            };
            dimensions.push((at, *extent as f64));
        }
        let last = dimensions.last()?.0;
        dimensions.sort_unstable_by_key(|(at, _)| *at);
        let (inner, lanes) = dimensions.pop()?;
        if inner + 1 != shape.len() {
            return None;
        }
        let outer = dimensions.iter().filter(|(_, extent)| *extent > 1.0);
        let outer: Vec<_> = outer.map(|&(at, extent)| (extent, access::distance(shape, at))).collect();
        let row = VectorWidth { bits: lanes * width.bits / width.lanes, lanes, rows: 1.0 };
        (!outer.is_empty()).then_some(Self { outer, row, is_transposed: last != inner })
    }

    fn rows(&self) -> f64 {
        self.outer.iter().map(|(extent, _)| extent).product()
    }
}

/// The dimension of an array that a dimension of a vector goes along: one of the last ones unless a map says otherwise. `Some(None)` for one along
/// which all elements are equal; `None` if the map is malformed.
fn place(map: Option<&AffineMap>, index: usize, rank: usize, dimensions: usize) -> Option<Option<usize>> {
    match map.map(|map| map.results.get(index)) {
        None => (index + dimensions).checked_sub(rank).map(Some),
        Some(Some(AffineExpr::Dimension(at))) => Some(Some(*at as usize)),
        Some(Some(AffineExpr::Constant(_))) => Some(None),
        Some(_) => None,
    }
}

impl<C: Collect> Walk<'_, C> {
    /// Reports the accesses of a transfer of a tile through a buffer on the stack.
    pub(super) fn transfer_tile(&mut self, access: Access, tile: &Tile, placement: Placement) {
        // Accesses to the buffer: in the loop, and in the code that computes on the tile.
        let (copied, computed) =
            if access.is_store { (WorkKind::Load, WorkKind::Store) } else { (WorkKind::Store, WorkKind::Load) };
        let is_loop = self.transfer_rows(access, tile, copied, placement);
        if is_loop || access.is_store {
            let rows = MachineCost::new(tile.row.of_rows(tile.rows()), false);
            self.work(placement, computed, rows, 0.0);
        }
        if placement.loop_index > 0 {
            self.work(placement, WorkKind::Integer, MachineCost::SCALAR.times(ALLOCATION), 64.0);
        }
        if tile.is_transposed {
            let lanes = tile.row.lanes * tile.rows();
            self.work(placement, WorkKind::Shuffle, MachineCost::by_lane(lanes), 0.0);
        }
    }

    /// Reports the copy of the rows between memory and the buffer, to which the accesses are `copied`. Returns whether it is a loop.
    fn transfer_rows(&mut self, access: Access, tile: &Tile, copied: WorkKind, placement: Placement) -> bool {
        let (mut inside, mut around, mut copies) = (placement, self.entries(placement), 1.0);
        let mut address = access.address;
        for &(extent, distance) in &tile.outer {
            if extent <= STRAIGHT {
                copies *= extent;
                continue;
            }
            let iterations = around * extent;
            let loop_index = self.open_loop(access.operation, inside.loop_index, iterations, around);
            inside = Placement { loop_index, weight: 1.0 };
            address = address.plus(Evolution::induction(loop_index, distance));
            around = iterations;
        }
        let Placement { loop_index, weight } = inside;
        let row = MachineCost::access(tile.row).times(copies);
        self.collector.explicit_vector(loop_index);
        self.collector.access(&Access { loop_index, address, cost: row, weight, ..access });
        self.work(inside, copied, row, 0.0);
        if access.is_masked {
            // Rows beyond the bounds are left out.
            self.work(inside, WorkKind::Branch, MachineCost::SCALAR.times(copies), 64.0);
        }
        let is_loop = loop_index != placement.loop_index;
        if is_loop {
            // The second pointer that the loop steps.
            self.work(inside, WorkKind::Address, MachineCost::SCALAR, 64.0);
        }
        is_loop
    }
}

/// First and last row that a block has extracted so far, by the vector, the first lane and the number of lanes. Extracting the same lanes of
/// a row again is a common subexpression.
#[derive(Debug, Default)]
pub struct Slices(BTreeMap<(ValueId, u64, u64), (f64, f64)>);

impl Slices {
    /// The share of the rows of an operation that are taken for the first time: 1 unless it is a slice. Slices of one vector are assumed to
    /// overlap or to follow each other.
    pub fn share(&mut self, tree: &Tree, values: &Values, operation: OpId) -> f64 {
        let Some((first, last)) = ends(tree, operation, "offsets")
            .zip(ends(tree, operation, "sizes"))
            .map(|((row, lane), (rows, lanes))| ((row, row + rows), (lane, lanes)))
        else {
            return 1.0;
        };
        let Some(&vector) = tree.operation(operation).operands.first() else { return 1.0 };
        let key = (values.first(vector), last.0.to_bits(), last.1.to_bits());
        let Some((from, to)) = self.0.get_mut(&key) else {
            self.0.insert(key, first);
            return 1.0;
        };
        let taken = (first.1.min(*to) - first.0.max(*from)).max(0.0);
        (*from, *to) = (from.min(first.0), to.max(first.1));
        1.0 - taken / (first.1 - first.0).max(1.0)
    }
}

/// The first and the last number of a list of integers that an operation has as an attribute.
pub fn ends(tree: &Tree, operation: OpId, name: &str) -> Option<(f64, f64)> {
    let integer =
        |value: &AttributeValue| if let AttributeValue::Integer(value, _) = value { Some(*value as f64) } else { None };
    match tree.attribute(operation, name)? {
        AttributeValue::Array(all) => integer(all.first()?).zip(integer(all.last()?)),
        AttributeValue::DenseArray(_, all) => all.first().copied().zip(all.last().copied()),
        _ => None,
    }
}

/// What an operation that takes a vector apart or puts one together moves between lanes: the smaller rows. `None` if it only takes whole
/// rows.
pub fn moved(tree: &Tree, operation: OpId) -> Option<VectorWidth> {
    let node = tree.operation(operation);
    let (&part, &result) = (node.operands.first()?, node.results.first()?);
    let [from, to] = [part, result].map(|value| VectorWidth::of(tree, value));
    // An element is moved, or spread over a register, which all rows and parts share.
    if from.bits == 0.0 || to.bits == 0.0 {
        let is_spread_by_load = node.operands.len() == 1 && access::is_loaded(tree, operation);
        let element = VectorWidth { bits: PART_BITS, lanes: 1.0, rows: 1.0 };
        return Some(element).filter(|_| from.bits > 0.0 || !is_spread_by_load);
    }
    if from.row() == to.row() {
        return None;
    }
    // The low lanes of a register are a register.
    if to.lanes < from.lanes && ends(tree, operation, "offsets").is_some_and(|(_, lane)| lane == 0.0) {
        return None;
    }
    let narrow = if from.row().bits < to.row().bits { from } else { to };
    let rows = match from.lanes.total_cmp(&to.lanes) {
        std::cmp::Ordering::Less => from.rows,
        std::cmp::Ordering::Equal => from.rows.max(to.rows),
        std::cmp::Ordering::Greater => to.rows,
    };
    Some(narrow.of_rows(rows))
}

/// Whether an outer product is a fused multiply-add: what combines the products is a floating-point sum.
pub fn is_fused_product(tree: &Tree, operation: OpId, kind: WorkKind) -> bool {
    let is_sum = match tree.attribute(operation, "kind") {
        Some(AttributeValue::Other(name)) => name.contains("add"),
        _ => true,
    };
    is_sum && kind != WorkKind::Integer
}

/// The work of a `vector.multi_reduction`, which reduces some dimensions of a vector.
#[derive(Debug, Clone, Copy)]
pub struct Reduced {
    /// The vectors that are combined.
    pub combined: VectorWidth,
    /// How many are combined into one.
    pub times: f64,
    /// Moves between lanes.
    pub moves: f64,
}

impl Reduced {
    /// Reads the operation. `lower-vector-multi-reduction` transposes the vector so that the dimensions that it
    /// reduces come first, and combines rows. All elements are combined as one vector.
    pub fn of(tree: &Tree, operation: OpId) -> Self {
        let node = tree.operation(operation);
        let width = |value: Option<&ValueId>| value.map_or_else(VectorWidth::default, |&v| VectorWidth::of(tree, v));
        let (vector, result) = (width(node.operands.first()), width(node.results.first()));
        if result.bits == 0.0 {
            let halvings = libm::ceil(libm::log2(vector.row().lanes.max(1.0)));
            return Self { combined: vector.row(), times: vector.rows + halvings, moves: halvings };
        }
        let last = node.operands.first().map_or(0, |&v| extents(tree, v).len()) as f64 - 1.0;
        let is_across = match tree.attribute(operation, "reduction_dims") {
            Some(AttributeValue::DenseArray(_, dimensions)) => dimensions.contains(&last),
            _ => true,
        };
        let moves = if is_across { vector.lanes } else { 0.0 };
        Self { combined: result, times: vector.lanes / result.lanes.max(1.0), moves }
    }
}

/// Whether a transposition leaves the elements of each row together.
pub fn keeps_rows(tree: &Tree, operation: OpId) -> bool {
    let rank = tree.operation(operation).operands.first().map_or(0, |&vector| extents(tree, vector).len());
    ends(tree, operation, "permutation").is_some_and(|(_, last)| last as usize + 1 == rank)
}

/// Moves between lanes that build a vector from elements. A row that is the low elements of one vector in their order costs nothing, and
/// later elements in their order one move. Any other row costs one move for each vector or scalar that its elements come from.
pub fn gathered(tree: &Tree, operation: OpId) -> f64 {
    let node = tree.operation(operation);
    let Some(&result) = node.results.first() else { return 0.0 };
    let row = VectorWidth::of(tree, result).row().lanes.max(1.0) as usize;
    let source = |value: ValueId| match tree.value(value).definition {
        Definition::Result { operation, index } if tree.operation(operation).results.len() > 1 => {
            (Some(operation), index as usize)
        }
        _ => (None, value.index()),
    };
    let moves = |elements: &[ValueId]| {
        let (first, start) = source(elements[0]);
        let in_order = |(place, &value): (usize, &ValueId)| source(value) == (first, start + place);
        if first.is_some() && elements.iter().enumerate().all(in_order) {
            return if start == 0 { 0 } else { 1 };
        }
        let mut sources: Vec<_> = elements.iter().map(|&value| source(value)).collect();
        sources.iter_mut().filter(|(vector, _)| vector.is_some()).for_each(|(_, place)| *place = 0);
        sources.sort_unstable();
        sources.dedup();
        sources.len()
    };
    node.operands.chunks(row).map(|elements| moves(elements) as f64).sum()
}
