//! The Winograd transforms (Lavin and Gray, arXiv 1509.09308): with constant matrices G, B and A, the filter g becomes
//! `G g G^T`, each tile d of the input `B^T d B`, and the product M `A^T M A`.
//!
//! Each is two products, one for each spatial dimension; a dimension of extent 1 is not transformed. The entries of
//! the matrices do not matter here.

use super::builder::{Builder, Indexed, Place, dimensions, scaled, sum};
use super::softmax::filled;
use crate::registry::facts::WinogradPart;
use crate::registry::names::normal;
use crate::tree::{AffineExpr, AttributeValue, Dimension, OpId, Tree, Type, TypeId, ValueId};

/// A spatial dimension: extents before and after the transform.
#[derive(Clone, Copy)]
struct Spatial {
    from: u64,
    to: u64,
}

impl Spatial {
    fn is_transformed(self) -> bool {
        self.from > 1 && self.to > 1
    }
}

pub(super) fn expand(builder: &mut Builder, operation: OpId, part: WinogradPart) -> Option<()> {
    let tree = &builder.tree;
    let &[input, output] = tree.operation(operation).operands.as_slice() else { return None };
    let (from, to) = (extents(tree, input)?, extents(tree, output)?);
    let tile = tile(tree, operation)?;
    // Loops of the output side first: x and y of the transformed tile, then the others, then the loops that are summed.
    let (spatial, others) = match (part, from.as_slice(), to.as_slice()) {
        // F H W C to x y C F.
        (WinogradPart::Filter, &[_, h, w, _], &[x, y, _, _]) => {
            ([Spatial { from: h, to: x }, Spatial { from: w, to: y }], vec![to[2], to[3]])
        }
        // N H W C to x y tiles-y tiles-x N C.
        (WinogradPart::Input, &[..], &[x, y, _, _, _, _]) => {
            ([Spatial { from: x, to: x }, Spatial { from: y, to: y }], to[2..].to_vec())
        }
        // x y tiles-y tiles-x N F to N H W F.
        (WinogradPart::Output, &[x, y, _, _, _, _], &[..]) => {
            let kept = |alpha: u64| if alpha > 1 { tile } else { 1 };
            ([Spatial { from: x, to: kept(x) }, Spatial { from: y, to: kept(y) }], from[2..].to_vec())
        }
        _ => return None,
    };
    let transform = Transform { part, spatial, others, tile };
    let place = builder.make_composite(operation);
    let result = transform.build(builder, place, input, output)?;
    let results = builder.tree.operation(operation).results.len();
    builder.end_body(place, &[result][..results.min(1)]);
    Some(())
}

struct Transform {
    part: WinogradPart,
    spatial: [Spatial; 2],
    /// Extents of the other loops.
    others: Vec<u64>,
    /// Elements of the output's tile in each dimension.
    tile: u64,
}

impl Transform {
    fn build(&self, builder: &mut Builder, place: Place, input: ValueId, output: ValueId) -> Option<ValueId> {
        let element = builder.element(input);
        let is_tensor = matches!(builder.tree.value_type(input), Type::Tensor { .. });
        let count = self.others.len();
        let whole = |x: usize, y: usize| dimensions([x, y].into_iter().chain(2..2 + count));
        let [rows, columns] = self.spatial;
        // After the rows are transformed: x of the new tile, the old y, and the others.
        let middle =
            shaped(builder, [rows.to, columns.from].into_iter().chain(self.others.iter().copied()), element, is_tensor);
        let start = filled(builder, place, middle, 0.0);
        let matrix = self.matrix(builder, place, [rows.to, rows.from], element, is_tensor);
        // Loops: x, y, others, summed.
        let summed = 2 + count;
        let reductions: Vec<bool> = (0..=summed).map(|d| d == summed).collect();
        let inputs = [
            (matrix, dimensions([0, summed])),
            (input, self.source(if rows.is_transformed() { summed } else { 0 }, 1)),
        ];
        let half = product(builder, place, &reductions, &inputs, (start, whole(0, 1)));
        let matrix = self.matrix(builder, place, [columns.from, columns.to], element, is_tensor);
        let inputs = [(half, whole(0, summed)), (matrix, dimensions([summed, 1]))];
        Some(product(builder, place, &reductions, &inputs, (output, self.target())))
    }

    fn matrix(
        &self,
        builder: &mut Builder,
        place: Place,
        shape: [u64; 2],
        element: TypeId,
        is_tensor: bool,
    ) -> ValueId {
        let ty = shaped(builder, shape, element, is_tensor);
        if is_tensor { builder.splat(place, ty) } else { builder.temporary(place, ty) }
    }

    /// Subscripts of the input, with the loops of its rows and columns.
    fn source(&self, x: usize, y: usize) -> Vec<AffineExpr> {
        let along = |tiles: usize, within: usize| sum(scaled(tiles, self.tile as i64), scaled(within, 1));
        match self.part {
            WinogradPart::Filter => dimensions([3, x, y, 2]),
            WinogradPart::Input => vec![scaled(4, 1), along(2, x), along(3, y), scaled(5, 1)],
            WinogradPart::Output => dimensions([x, y, 2, 3, 4, 5]),
        }
    }

    /// Subscripts of the output.
    fn target(&self) -> Vec<AffineExpr> {
        let along = |tiles: usize, within: usize| sum(scaled(tiles, self.tile as i64), scaled(within, 1));
        match self.part {
            WinogradPart::Filter => dimensions([0, 1, 2, 3]),
            WinogradPart::Input => dimensions(0..6),
            WinogradPart::Output => vec![scaled(4, 1), along(2, 0), along(3, 1), scaled(5, 1)],
        }
    }
}

fn product(builder: &mut Builder, place: Place, reductions: &[bool], inputs: &[Indexed], output: Indexed) -> ValueId {
    builder.generic(place, reductions, inputs, output, |b, at, v| {
        let product = b.scalar(at, normal::PRODUCT, &[v[0], v[1]]);
        b.scalar(at, normal::SUM, &[v[2], product])
    })
}

fn shaped(builder: &mut Builder, extents: impl IntoIterator<Item = u64>, element: TypeId, is_tensor: bool) -> TypeId {
    let shape = Some(extents.into_iter().map(Dimension::Static).collect());
    builder.tree.types.intern(match is_tensor {
        true => Type::Tensor { shape, element, encoding: None },
        false => Type::MemRef { shape, element, layout: None, space: None },
    })
}

fn extents(tree: &Tree, value: ValueId) -> Option<Vec<u64>> {
    let one = |d: &Dimension| if let Dimension::Static(n) = d { Some(*n) } else { None };
    tree.types().shape(tree.value(value).ty)?.iter().map(one).collect()
}

/// Elements of the output's tile: m of `fmr = F_m_r`, by name or number.
fn tile(tree: &Tree, operation: OpId) -> Option<u64> {
    match tree.attribute(operation, "fmr")? {
        AttributeValue::Other(text) | AttributeValue::String(text) => {
            text.split("F_").nth(1)?.split('_').next()?.parse().ok().filter(|m| (1..=64).contains(m))
        }
        AttributeValue::Integer(number, _) => [2, 4, 2].get(usize::try_from(*number).ok()?).copied(),
        _ => None,
    }
}
