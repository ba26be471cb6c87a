//! Control: conditions, parallel loops, calls, masks, tiles of vectors and long straight-line code.

mod branches;
mod calls;
mod long;
mod masks;
mod nests;
mod numbers;
mod parallel;
mod syntax;
mod tiles;

use super::{Draw, Family, LOOPS, Writer, family};

/// The families, in the order in which they were added.
pub(super) const FAMILIES: &[Family] = &[
    family("border", 100, LOOPS, branches::border),
    family("triangular-mask", 90, LOOPS, branches::triangular_mask),
    family("padding", 90, LOOPS, branches::padding),
    family("dispatch", 80, LOOPS, branches::dispatch),
    family("parallel-map", 80, LOOPS, parallel::map),
    family("parallel-stencil", 80, LOOPS, parallel::stencil),
    family("parallel-product", 90, LOOPS, parallel::product),
    family("parallel-reduction", 90, LOOPS, parallel::reduction),
    family("tile-contraction", 110, LOOPS, tiles::contraction),
    family("tile-outer-product", 90, LOOPS, tiles::outer_product),
    family("tile-transpose", 80, LOOPS, tiles::transpose),
    family("tile-reduction", 90, LOOPS, tiles::reduction),
    family("tile-map", 90, LOOPS, tiles::map),
    family("tile-stencil", 80, LOOPS, tiles::stencil),
    family("masked-tail", 100, LOOPS, masks::masked_tail),
    family("masked-gather", 80, LOOPS, masks::masked_gather),
    family("compression", 70, LOOPS, masks::compression),
    family("masked-reduction", 80, LOOPS, masks::masked_reduction),
    family("lane-reduction", 100, LOOPS, masks::lane_reduction),
    family("lane-shuffle", 80, LOOPS, masks::lane_shuffle),
    family("division", 90, LOOPS, numbers::division),
    family("calendar", 80, LOOPS, numbers::calendar),
    family("wide-product", 80, LOOPS, numbers::wide_product),
    family("number-theory", 80, LOOPS, numbers::number_theory),
    family("checksum", 80, LOOPS, numbers::checksum),
    family("pixels", 100, LOOPS, numbers::pixels),
    family("audio", 80, LOOPS, numbers::audio),
    family("half-precision", 90, LOOPS, numbers::half),
    Family { passes: calls::INLINING, ..family("scalar-calls", 90, LOOPS, calls::scalar_calls) },
    Family { passes: calls::INLINING, ..family("array-calls", 90, LOOPS, calls::array_calls) },
    Family { passes: calls::INLINING, ..family("row-calls", 80, LOOPS, calls::row_calls) },
    family("bounded-nest", 90, LOOPS, nests::bounded),
    family("wavefront", 80, LOOPS, nests::wavefront),
    family("imperfect-nest", 90, LOOPS, nests::imperfect),
    family("while-loop", 80, LOOPS, nests::while_loops),
    long("long-polynomials", long::polynomials),
    long("long-hash", long::hash_rounds),
    long("long-transform", long::transforms),
    long("long-network", long::network),
    long("long-solver", long::fixed_solver),
];

/// A family of long texts, of which few are drawn because labelling them takes long.
const fn long(name: &'static str, write: fn(&mut Writer, &mut Draw, &mut Draw)) -> Family {
    Family { long: true, ..family(name, 25, LOOPS, write) }
}
