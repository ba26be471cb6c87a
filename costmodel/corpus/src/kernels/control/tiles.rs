//! Vectors of two and more dimensions: products of tiles, transposes, reductions, element-wise steps, stencils.

use super::syntax::{Tile, vector_type};
use crate::kernels::draw::Draw;
use crate::kernels::types::{Scalar, Subscript, at};
use crate::kernels::writer::Writer;

const FLOATS: [Scalar; 4] = [Scalar::F32, Scalar::F32, Scalar::F32, Scalar::F64];

/// An element-wise step on tiles.
#[derive(Clone, Copy)]
enum Step {
    Scale(f64),
    Shift(f64),
    Relu,
    Square,
    Root,
    Sigmoid,
}

fn draw_steps(d: &mut Draw, longest: usize) -> Vec<Step> {
    let count = d.below(longest + 1);
    let one = |d: &mut Draw| {
        let c = d.coefficient();
        d.pick(&[Step::Scale(c), Step::Shift(c), Step::Relu, Step::Square, Step::Scale(c), Step::Root, Step::Sigmoid])
    };
    (0..count).map(|_| one(d)).collect()
}

fn apply(w: &mut Writer, steps: &[Step], tile: Tile) -> Tile {
    steps.iter().fold(tile, |x, step| {
        let constant = |w: &mut Writer, number: f64| w.filled_tile(x.scalar, &x.shape, number);
        match *step {
            Step::Scale(c) => {
                let c = constant(w, if x.scalar.is_float() { c } else { 3.0 });
                w.tile_binary("mulf", "muli", &x, &c)
            }
            Step::Shift(c) => {
                let c = constant(w, if x.scalar.is_float() { c } else { 7.0 });
                w.tile_binary("addf", "addi", &x, &c)
            }
            Step::Relu => {
                let zero = constant(w, 0.0);
                w.tile_binary("maximumf", "maxsi", &x, &zero)
            }
            Step::Root if x.scalar.is_float() => {
                let positive = w.tile_result(x.scalar, &x.shape, &format!("math.absf {} : {x}", x.value));
                w.tile_result(x.scalar, &x.shape, &format!("math.sqrt {} : {x}", positive.value))
            }
            Step::Sigmoid if x.scalar.is_float() => {
                // x / (1 + |x|).
                let (one, size) =
                    (constant(w, 1.0), w.tile_result(x.scalar, &x.shape, &format!("math.absf {} : {x}", x.value)));
                let below = w.tile_binary("addf", "addi", &one, &size);
                w.tile_binary("divf", "divsi", &x, &below)
            }
            Step::Square | Step::Root | Step::Sigmoid => w.tile_binary("mulf", "muli", &x, &x),
        }
    })
}

/// Products of tiles by `vector.contract`, the accumulator carried in registers or through memory.
pub fn contraction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (m, n, k) = (d.within(1, 6) * 32, d.within(1, 4) * 64, d.within(1, 8) * 16);
    let (left_turned, right_turned) = (d.chance(30), d.chance(30));
    let steps = draw_steps(d, 2);
    let (rows, columns) =
        s.pick(&[(1u64, 16u64), (2, 8), (4, 4), (4, 8), (4, 16), (6, 16), (8, 8), (8, 16), (2, 32), (16, 16)]);
    let depth = s.pick(&[1u64, 1, 2, 4, 8]);
    let in_memory = s.chance(25);
    let rows = if m % rows == 0 { rows } else { 4 };
    let a = w.array(scalar, &if left_turned { [k, m] } else { [m, k] });
    let b = w.array(scalar, &if right_turned { [n, k] } else { [k, n] });
    let c = w.array(scalar, &[m, n]);
    let product = |w: &mut Writer, place: [Subscript; 3], sum: &Tile| {
        let [i, j, p] = place;
        let (left, left_map) = if left_turned {
            (w.read_tile(&a, &[p.clone(), i], &[depth, rows]), "(k, m)")
        } else {
            (w.read_tile(&a, &[i, p.clone()], &[rows, depth]), "(m, k)")
        };
        let (right, right_map) = if right_turned {
            (w.read_tile(&b, &[j, p], &[columns, depth]), "(n, k)")
        } else {
            (w.read_tile(&b, &[p, j], &[depth, columns]), "(k, n)")
        };
        contract(w, [left_map, right_map], [&left, &right], sum)
    };
    w.strided(0u64, m, rows, |w, i| {
        w.strided(0u64, n, columns, |w, j| {
            let place = [at(i), at(j)];
            if in_memory {
                return w.strided(0u64, k, depth, |w, p| {
                    let old = w.read_tile(&c, &place, &[rows, columns]);
                    let sum = product(w, [at(i), at(j), at(p)], &old);
                    w.write_tile(&sum, &c, &place);
                });
            }
            let start = w.filled_tile(scalar, &[rows, columns], 0.0);
            let sums =
                w.carry_tiles((0, k, depth), &[start], |w, p, sums| vec![product(w, [at(i), at(j), at(p)], &sums[0])]);
            let value = apply(w, &steps, sums[0].clone());
            w.write_tile(&value, &c, &place);
        });
    });
}

/// A `vector.contract` of two matrices into a third.
fn contract(w: &mut Writer, maps: [&str; 2], operands: [&Tile; 2], sum: &Tile) -> Tile {
    let map = |result: &str| format!("affine_map<(m, n, k) -> {result}>");
    let text = format!(
        "vector.contract {{indexing_maps = [{}, {}, {}], iterator_types = [\"parallel\", \"parallel\", \"reduction\"], \
         kind = #vector.kind<add>}} {}, {}, {} : {}, {} into {sum}",
        map(maps[0]),
        map(maps[1]),
        map("(m, n)"),
        operands[0].value,
        operands[1].value,
        sum.value,
        operands[0],
        operands[1]
    );
    w.tile_result(sum.scalar, &sum.shape, &text)
}

/// Sums of outer products of columns and rows, one or several accumulators.
pub fn outer_product(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&FLOATS);
    let (m, n, k) = (d.within(1, 6) * 24, d.within(1, 4) * 64, d.size());
    let (kind, steps) = (d.pick(&["add", "add", "add", "maxnumf", "minnumf"]), draw_steps(d, 2));
    let (rows, columns) = s.pick(&[(2u64, 8u64), (4, 8), (4, 16), (6, 16), (8, 8), (12, 16), (2, 32), (8, 32)]);
    let parts = s.pick(&[1u64, 1, 2]);
    let (a, b) = (w.array(scalar, &[k, m]), w.array(scalar, &[k, n]));
    let c = w.array(scalar, &[m, n]);
    w.strided(0u64, m, rows, |w, i| {
        w.strided(0u64, n, columns * parts, |w, j| {
            let start: Vec<Tile> = (0..parts).map(|_| w.filled_tile(scalar, &[rows, columns], 0.0)).collect();
            let sums = w.carry_tiles((0, k, 1), &start, |w, p, sums| {
                let left = w.read_tile(&a, &[at(p), at(i)], &[rows]);
                let next = sums.iter().enumerate().map(|(part, sum)| {
                    let right = w.read_tile(&b, &[at(p), at(j) + part as u64 * columns], &[columns]);
                    let text = format!(
                        "vector.outerproduct {}, {}, {} {{kind = #vector.kind<{kind}>}} : {left}, {right}",
                        left.value, right.value, sum.value
                    );
                    w.tile_result(scalar, &[rows, columns], &text)
                });
                next.collect()
            });
            for (part, sum) in sums.into_iter().enumerate() {
                let value = apply(w, &steps, sum);
                w.write_tile(&value, &c, &[at(i), at(j) + part as u64 * columns]);
            }
        });
    });
}

/// Transposes by tiles: in registers or by the map of a transfer, of matrices and of volumes, with flattened tiles.
pub fn transpose(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::F16]);
    let (m, n, planes) = (d.within(1, 10) * 16, d.within(1, 10) * 16, d.pick(&[1u64, 3, 8]));
    let (kind, added) = (d.below(3), d.chance(40));
    let steps = if scalar == Scalar::F16 { Vec::new() } else { draw_steps(d, 1) };
    let (rows, columns) = s.pick(&[(4u64, 4u64), (8, 8), (4, 8), (16, 4), (2, 16), (16, 16), (8, 16)]);
    let by_map = s.chance(40);
    let (a, b) = (w.array(scalar, &[planes, m, n]), w.array(scalar, &[planes, n, m]));
    w.each(0u64, planes, |w, t| {
        w.strided(0u64, m, rows, |w, i| {
            w.strided(0u64, n, columns, |w, j| {
                let place = [at(t), at(i), at(j)];
                let turned = if by_map {
                    let map = ", permutation_map = affine_map<(p, q, r) -> (r, q)>";
                    w.read_mapped(&a, &place, &[columns, rows], map)
                } else {
                    let tile = w.read_tile(&a, &place, &[rows, columns]);
                    turn(w, &tile, kind == 1)
                };
                let value = apply(w, &steps, turned);
                let target = [at(t), at(j), at(i)];
                let value = if added && scalar != Scalar::F16 {
                    let old = w.read_tile(&b, &target, &[columns, rows]);
                    w.tile_binary("addf", "addi", &old, &value)
                } else {
                    value
                };
                w.write_tile(&value, &b, &target);
            });
        });
    });
}

/// The transpose of a matrix; if `flat`, through the shape of a vector of halves of columns.
fn turn(w: &mut Writer, tile: &Tile, flat: bool) -> Tile {
    let (rows, columns) = (tile.shape[0], tile.shape[1]);
    if !flat {
        let shape = [columns, rows];
        let ty = vector_type(tile.scalar, &shape);
        return w.tile_result(
            tile.scalar,
            &shape,
            &format!("vector.transpose {}, [1, 0] : {tile} to {ty}", tile.value),
        );
    }
    let shape = [rows, 2, columns / 2];
    let cast = |w: &mut Writer, from: &Tile, shape: &[u64]| {
        let ty = vector_type(from.scalar, shape);
        w.tile_result(from.scalar, shape, &format!("vector.shape_cast {} : {from} to {ty}", from.value))
    };
    let halves = cast(w, tile, &shape);
    let shape = [2, columns / 2, rows];
    let ty = vector_type(tile.scalar, &shape);
    let turned =
        w.tile_result(tile.scalar, &shape, &format!("vector.transpose {}, [1, 2, 0] : {halves} to {ty}", halves.value));
    cast(w, &turned, &[columns, rows])
}

/// Reductions of tiles along rows, columns or both, carried over a longer axis.
pub fn reduction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (m, n) = (d.within(1, 12) * 16, d.within(1, 12) * 32);
    let across = d.chance(50);
    let kind = match (scalar.is_float(), d.below(4)) {
        (_, 0 | 1) => "add",
        (true, 2) => "maximumf",
        (true, _) => "minimumf",
        (false, 2) => "maxsi",
        (false, _) => "xor",
    };
    let steps = draw_steps(d, 2);
    let (rows, columns) = s.pick(&[(2u64, 8u64), (4, 4), (4, 8), (8, 8), (4, 16), (16, 16), (16, 4), (8, 32)]);
    let a = w.array(scalar, &[m, n]);
    let (kept, length) = if across { (rows, m) } else { (columns, n) };
    let out = w.array(scalar, &[length]);
    let step = |w: &mut Writer, place: [Subscript; 2], sum: &Tile| {
        let tile = w.read_tile(&a, &place, &[rows, columns]);
        let tile = apply(w, &steps, tile);
        let text = format!(
            "vector.multi_reduction <{kind}>, {}, {} [{}] : {tile} to {sum}",
            tile.value,
            sum.value,
            if across { 1 } else { 0 }
        );
        w.tile_result(scalar, &[kept], &text)
    };
    let (outer, inner) = if across { ((m, rows), (n, columns)) } else { ((n, columns), (m, rows)) };
    w.strided(0u64, outer.0, outer.1, |w, i| {
        let start = w.read_tile(&out, &[at(i)], &[kept]);
        let sums = w.carry_tiles((0, inner.0, inner.1), &[start], |w, j, sums| {
            let place = if across { [at(i), at(j)] } else { [at(j), at(i)] };
            vec![step(w, place, &sums[0])]
        });
        w.write_tile(&sums[0], &out, &[at(i)]);
    });
}

/// Element-wise steps on tiles, up to ones that no register file holds, with broadcast rows or columns.
pub fn map(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16]);
    let (m, n) = (d.within(1, 4) * 64, d.within(1, 6) * 64);
    let (inputs, row, scaled) = (d.within(1, 3) as usize, d.chance(50), d.chance(30));
    let steps = draw_steps(d, 3);
    let shapes = [(2u64, 8u64), (4, 8), (4, 16), (8, 8), (8, 16), (16, 16), (16, 32), (32, 32), (64, 16), (64, 64)];
    let (rows, columns) = s.pick(&shapes);
    let arrays: Vec<_> = (0..inputs).map(|_| w.array(scalar, &[m, n])).collect();
    let (bias, factor) = (w.array(scalar, &[n]), w.array(scalar, &[m]));
    let out = w.array(scalar, &[m, n]);
    w.strided(0u64, m, rows, |w, i| {
        w.strided(0u64, n, columns, |w, j| {
            let (place, shape) = ([at(i), at(j)], [rows, columns]);
            let mut value = w.read_tile(&arrays[0], &place, &shape);
            for other in &arrays[1..] {
                let next = w.read_tile(other, &place, &shape);
                value = w.tile_binary("mulf", "muli", &value, &next);
            }
            if row {
                let line = w.read_tile(&bias, &[at(j)], &[columns]);
                let line = w.broadcast_tile(line.value, &line.to_string(), scalar, &shape);
                value = w.tile_binary("addf", "addi", &value, &line);
            }
            if scaled {
                let one = w.load(&factor, &[at(i)]);
                let all = w.broadcast_tile(one, scalar.name(), scalar, &shape);
                value = w.tile_binary("mulf", "muli", &value, &all);
            }
            let value = apply(w, &steps, value);
            w.write_tile(&value, &out, &place);
        });
    });
}

/// Stencils on a tile read once: the neighbours are parts of it, and the result is written whole or inserted in a larger one.
pub fn stencil(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (m, n) = (d.within(1, 6) * 16, d.within(1, 6) * 32);
    let size = d.pick(&[2u64, 3, 3, 5]);
    let star = d.chance(50);
    let weights: Vec<f64> = (0..size * size).map(|_| d.coefficient() * 4.0).collect();
    let steps = draw_steps(d, 2);
    let (rows, columns) = s.pick(&[(1u64, 8u64), (2, 8), (4, 8), (4, 16), (8, 8), (2, 32), (8, 16)]);
    let inserted = s.chance(35);
    let (a, b) = (w.array(scalar, &[m + size, n + size]), w.array(scalar, &[m, n]));
    let (whole, shape) = ([rows + size - 1, columns + size - 1], [rows, columns]);
    w.strided(0u64, m, rows, |w, i| {
        w.strided(0u64, n, columns, |w, j| {
            let place = [at(i), at(j)];
            let tile = w.read_tile(&a, &place, &whole);
            let mut sum = w.filled_tile(scalar, &shape, 0.0);
            for cell in 0..size * size {
                let (y, x) = (cell / size, cell % size);
                if star && y != size / 2 && x != size / 2 {
                    continue;
                }
                let part = part(w, &tile, [y, x], shape);
                let weight = w.filled_tile(scalar, &shape, weights[cell as usize]);
                let term = w.tile_binary("mulf", "muli", &part, &weight);
                sum = w.tile_binary("addf", "addi", &sum, &term);
            }
            let value = apply(w, &steps, sum);
            if !inserted {
                return w.write_tile(&value, &b, &place);
            }
            // The old elements around the result stay in the part that is kept.
            let text = format!(
                "vector.insert_strided_slice {}, {} {{offsets = [0, 0], strides = [1, 1]}} : {value} into {tile}",
                value.value, tile.value
            );
            let larger = w.tile_result(scalar, &whole, &text);
            let kept = part_of(w, &larger, shape);
            w.write_tile(&kept, &b, &place);
        });
    });
}

/// A part of a tile.
fn part(w: &mut Writer, tile: &Tile, offsets: [u64; 2], shape: [u64; 2]) -> Tile {
    let ty = vector_type(tile.scalar, &shape);
    let text = format!(
        "vector.extract_strided_slice {} {{offsets = {offsets:?}, sizes = {shape:?}, strides = [1, 1]}} : {tile} to {ty}",
        tile.value
    );
    w.tile_result(tile.scalar, &shape, &text)
}

/// The part one row and column further where the tile has them, else the first.
fn part_of(w: &mut Writer, tile: &Tile, shape: [u64; 2]) -> Tile {
    let further = [tile.shape[0] - shape[0], tile.shape[1] - shape[1]].map(|rest| rest.min(1));
    part(w, tile, further, shape)
}
