//! Packing into tiles and back: one move of the elements of the result.

use super::builder::{Builder, dimensions, scaled, sum};
use super::structured::{numbers, rank};
use crate::tree::{AffineExpr, Dimension, OpId, Tree, ValueId};

/// How the dimensions of an unpacked tensor lie in the packed one.
struct Tiling {
    /// Dimensions of the unpacked tensor.
    rank: usize,
    /// For each dimension of the unpacked tensor, its place among the outer dimensions of the packed one.
    outer: Vec<usize>,
    /// Dimensions that are cut into tiles.
    tiled: Vec<usize>,
    /// Extent of each tile.
    tiles: Vec<i64>,
}

impl Tiling {
    fn of(tree: &Tree, operation: OpId, packed: ValueId, rank: usize) -> Option<Self> {
        let places = |name: &str| -> Option<Vec<usize>> {
            numbers(tree, operation, name).into_iter().map(|n| usize::try_from(n).ok().filter(|&n| n < rank)).collect()
        };
        let (tiled, order) = (places("inner_dims_pos")?, places("outer_dims_perm")?);
        let mut outer: Vec<usize> = (0..rank).collect();
        order.iter().enumerate().for_each(|(place, &dimension)| outer[dimension] = place);
        let shape = tree.types().shape(tree.value(packed).ty)?;
        let inner = shape.get(rank..).filter(|inner| inner.len() == tiled.len())?;
        // A tile of unknown extent is taken to be longer than a vector.
        let extent =
            |d: &Dimension| if let Dimension::Static(n) = d { i64::try_from(*n).unwrap_or(i64::MAX) } else { 64 };
        Some(Self { rank, outer, tiled, tiles: inner.iter().map(extent).collect() })
    }

    fn tile(&self, dimension: usize) -> Option<usize> {
        self.tiled.iter().position(|&d| d == dimension)
    }
}

pub(super) fn pack(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let &[source, dest, ..] = tree.operation(operation).operands.as_slice() else { return None };
    let tiling = Tiling::of(tree, operation, dest, rank(tree, source))?;
    let loops = rank(tree, dest);
    let subscript = |d: usize| {
        let outer = tiling.outer[d];
        match tiling.tile(d) {
            Some(tile) => sum(scaled(outer, tiling.tiles[tile]), scaled(tiling.rank + tile, 1)),
            None => scaled(outer, 1),
        }
    };
    let own = (0..tiling.rank).map(subscript).collect();
    moved(builder, operation, [source, dest], own, loops)
}

pub(super) fn unpack(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let &[source, dest, ..] = tree.operation(operation).operands.as_slice() else { return None };
    let tiling = Tiling::of(tree, operation, source, rank(tree, dest))?;
    let loops = tiling.rank;
    let mut own = vec![AffineExpr::Constant(0); tiling.rank];
    let by =
        |d: usize, tile: usize| (Box::new(scaled(d, 1)), Box::new(AffineExpr::Constant(tiling.tiles[tile].max(1))));
    for d in 0..tiling.rank {
        own[tiling.outer[d]] = match tiling.tile(d).map(|tile| by(d, tile)) {
            Some((index, tile)) => AffineExpr::FloorDiv(index, tile),
            None => scaled(d, 1),
        };
    }
    for (tile, &d) in tiling.tiled.iter().enumerate() {
        let (index, tile) = by(d, tile);
        own.push(AffineExpr::Mod(index, tile));
    }
    moved(builder, operation, [source, dest], own, loops)
}

fn moved(
    builder: &mut Builder,
    operation: OpId,
    [source, dest]: [ValueId; 2],
    subscripts: Vec<AffineExpr>,
    loops: usize,
) -> Option<()> {
    builder.tree.operations[operation.index()].operands = vec![source, dest];
    let body = builder.body(operation, &[source, dest]);
    let element = builder.tree.block(body.block).arguments[0];
    builder.end_body(body, &[element]);
    builder.make_generic(operation, loops, vec![subscripts, dimensions(0..loops)], &vec![false; loops], 1);
    Some(())
}
