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

use super::draw::Draw;
use super::family::{Family, LOOPS, family};
use super::writer::Writer;

/// The families, in the order in which they were added.
pub(super) const FAMILIES: &[Family] = &[
    with(CLEAN, family("border", 100, LOOPS, branches::border)),
    with(CLEAN, family("triangular-mask", 90, LOOPS, branches::triangular_mask)),
    with(CLEAN, family("padding", 90, LOOPS, branches::padding)),
    with(CLEAN, family("dispatch", 80, LOOPS, branches::dispatch)),
    with(TO_LOOPS, family("parallel-map", 80, LOOPS, parallel::map)),
    with(TO_LOOPS, family("parallel-stencil", 80, LOOPS, parallel::stencil)),
    with(TO_LOOPS, family("parallel-product", 90, LOOPS, parallel::product)),
    family("parallel-reduction", 90, LOOPS, parallel::reduction),
    with(TO_VECTORS, family("tile-contraction", 110, LOOPS, tiles::contraction)),
    with(TO_VECTORS, family("tile-outer-product", 90, LOOPS, tiles::outer_product)),
    with(TO_VECTORS, family("tile-transpose", 80, LOOPS, tiles::transpose)),
    with(TO_VECTORS, family("tile-reduction", 90, LOOPS, tiles::reduction)),
    with(TO_VECTORS, family("tile-map", 90, LOOPS, tiles::map)),
    with(TO_VECTORS, family("tile-stencil", 80, LOOPS, tiles::stencil)),
    with(CLEAN, family("data-branch", 80, LOOPS, branches::data_branch)),
    family("masked-tail", 100, LOOPS, masks::masked_tail),
    family("masked-gather", 80, LOOPS, masks::masked_gather),
    family("compression", 70, LOOPS, masks::compression),
    with(TO_VECTORS, family("masked-reduction", 80, LOOPS, masks::masked_reduction)),
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
    with(calls::INLINING, family("scalar-calls", 90, LOOPS, calls::scalar_calls)),
    with(calls::INLINING, family("array-calls", 90, LOOPS, calls::array_calls)),
    with(calls::INLINING, family("row-calls", 80, LOOPS, calls::row_calls)),
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

/// A family with passes of its own.
const fn with(passes: &'static [(&'static str, &'static str)], family: Family) -> Family {
    Family { passes, ..family }
}

/// Clean-up, which simplifies conditions.
const CLEAN: &[(&str, &str)] = &[("clean", "builtin.module(canonicalize,cse)")];
/// Parallel loops as sequential ones.
const TO_LOOPS: &[(&str, &str)] = &[(
    "to-loops",
    "builtin.module(func.func(lower-affine,scf-forall-to-parallel,scf-parallel-for-to-nested-fors,canonicalize,cse))",
)];
/// Vectors of several dimensions as loops over, or lists of, vectors of one.
const TO_VECTORS: &[(&str, &str)] = &[(
    "to-vectors",
    "builtin.module(func.func(lower-vector-multi-reduction,convert-vector-to-scf{full-unroll=1},canonicalize,cse))",
)];
