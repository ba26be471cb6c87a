//! Vectors of several rows, and reductions of lanes.

use super::{LoopBody, of, work};
use crate::features::table::WorkKind;

/// `body` in a loop over 64 elements of `%a` and `%b`.
fn looped(body: &str) -> Vec<LoopBody> {
    of(&in_loop(body))
}

fn in_loop(body: &str) -> String {
    format!(
        "func.func @f(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %v: vector<4xf32>, %w: vector<8xf32>, %s: f32,
                      %l: vector<8xi64>, %n: vector<8xi32>) {{
           %p = arith.constant 0.0 : f32
           %c0 = arith.constant 0 : index
           affine.for %i = 0 to 8 {{
             {body}
           }}
           return
         }}"
    )
}

fn explicit(body: &LoopBody, kind: WorkKind) -> (f64, f64) {
    let work = body.explicit[kind as usize];
    (work.operations, work.parts)
}

#[test]
fn a_tile_is_copied_row_by_row_through_the_stack() {
    let levels = looped(
        "%t = vector.transfer_read %a[%i, %i], %p {in_bounds = [true, true]} : memref<64x64xf32>, vector<4x9xf32>
         %u = arith.mulf %t, %t : vector<4x9xf32>
         vector.transfer_write %u, %b[%i, %i] {in_bounds = [true, true]} : vector<4x9xf32>, memref<64x64xf32>",
    );
    let [_, outer, read, written] = &levels[..] else { panic!("{} loops", levels.len()) };
    assert_eq!((read.iterations, read.entries, written.iterations), (32.0, 8.0, 32.0));
    // 9 lanes are accessed as 8 and 1: 256 bits and 32, or two parts of 128 bits and one of 32.
    for copy in [read, written] {
        assert_eq!((copy.of(WorkKind::Load), copy.of(WorkKind::Store)), (2.0, 2.0));
        assert_eq!((explicit(copy, WorkKind::Load), explicit(copy, WorkKind::Store)), ((1.0, 3.0), (1.0, 3.0)));
    }
    // Rows of the buffer and arithmetic have 16 lanes. Both buffers are allocated.
    for kind in [WorkKind::Load, WorkKind::Float, WorkKind::Store] {
        assert_eq!(explicit(outer, kind), (4.0, 16.0), "{kind:?}");
    }
    assert_eq!(outer.of(WorkKind::Integer), 6.0);
}

#[test]
fn two_rows_are_copied_without_a_loop_and_one_row_is_no_tile() {
    let read = |shape: &str| {
        looped(&format!(
            "%t = vector.transfer_read %a[%i, %i], %p {{in_bounds = [true, true]}} : memref<64x64xf32>, vector<{shape}xf32>
             %u = vector.extract %t[0] : vector<8xf32> from vector<{shape}xf32>
             vector.store %u, %b[%i, %i] : memref<64x64xf32>, vector<8xf32>"
        ))
    };
    let (two, one) = (read("2x8"), read("1x8"));
    assert_eq!((two.len(), one.len()), (2, 2));
    assert_eq!((explicit(&two[1], WorkKind::Load).0, explicit(&two[1], WorkKind::Store).0), (2.0, 3.0));
    assert_eq!((explicit(&one[1], WorkKind::Load).0, explicit(&one[1], WorkKind::Store).0), (1.0, 1.0));
    // A whole row is taken out at no cost.
    assert_eq!((two[1].of(WorkKind::Shuffle), one[1].of(WorkKind::Integer)), (0.0, 0.0));
}

#[test]
fn columns_of_a_tile_are_transposed_by_lanes() {
    let levels = looped(
        "%t = vector.transfer_read %a[%i, %i], %p {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>}
           : memref<64x64xf32>, vector<16x4xf32>
         vector.transfer_write %t, %b[%i, %i] {in_bounds = [true, true]} : vector<16x4xf32>, memref<64x64xf32>",
    );
    // Four rows of 16 elements are read, 16 rows of four written.
    assert_eq!((levels[2].iterations, levels[3].iterations), (32.0, 128.0));
    assert_eq!(explicit(&levels[1], WorkKind::Shuffle), (1.0, 64.0));
}

#[test]
fn slices_move_each_row_once_and_low_lanes_not_at_all() {
    let shuffles = |first: &str, second: &str| {
        let levels = looped(&format!(
            "%t = vector.transfer_read %a[%i, %i], %p {{in_bounds = [true, true]}} : memref<64x64xf32>, vector<4x9xf32>
             %x = vector.extract_strided_slice %t {{offsets = {first}, sizes = [2, 8], strides = [1, 1]}} : vector<4x9xf32> to vector<2x8xf32>
             %y = vector.extract_strided_slice %t {{offsets = {second}, sizes = [2, 8], strides = [1, 1]}} : vector<4x9xf32> to vector<2x8xf32>
             %z = arith.addf %x, %y : vector<2x8xf32>
             vector.transfer_write %z, %b[%i, %i] {{in_bounds = [true, true]}} : vector<2x8xf32>, memref<64x64xf32>"
        ));
        explicit(&levels[1], WorkKind::Shuffle).0
    };
    assert_eq!(shuffles("[0, 1]", "[1, 1]"), 3.0, "three different rows");
    assert_eq!(shuffles("[0, 1]", "[2, 1]"), 4.0);
    assert_eq!(shuffles("[0, 0]", "[1, 0]"), 0.0);
}

#[test]
fn loaded_scalars_and_lanes_are_spread_by_their_use() {
    let shuffles = |body: &str| {
        looped(&format!("{body} vector.store %y, %b[%i, %i] : memref<64x64xf32>, vector<8xf32>"))[1]
            .of(WorkKind::Shuffle)
    };
    assert_eq!(
        shuffles("%x = memref.load %a[%i, %i] : memref<64x64xf32> %y = vector.broadcast %x : f32 to vector<8xf32>"),
        0.0
    );
    assert_eq!(
        shuffles(
            "%x = memref.load %a[%i, %i] : memref<64x64xf32> %z = arith.addf %x, %x : f32
             %y = vector.broadcast %z : f32 to vector<8xf32>"
        ),
        1.0
    );
}

#[test]
fn products_and_reductions_of_tiles_count_by_rows() {
    let tile = |body: &str| {
        let levels = looped(&format!(
            "%x = vector.load %a[%i, %c0] : memref<64x64xf32>, vector<4xf32>
             %k = arith.addf %x, %v : vector<4xf32>
             {body}"
        ));
        move |kind: WorkKind| explicit(&levels[1], kind).0
    };
    let product = tile(
        "%t = vector.outerproduct %x, %w : vector<4xf32>, vector<8xf32>
         vector.transfer_write %t, %b[%i, %i] {in_bounds = [true, true]} : vector<4x8xf32>, memref<64x64xf32>",
    );
    assert_eq!((product(WorkKind::Float), product(WorkKind::Shuffle)), (4.0, 0.0), "of lanes in memory");
    let computed = tile(
        "%t = vector.outerproduct %k, %w : vector<4xf32>, vector<8xf32>
         vector.transfer_write %t, %b[%i, %i] {in_bounds = [true, true]} : vector<4x8xf32>, memref<64x64xf32>",
    );
    assert_eq!((computed(WorkKind::Float), computed(WorkKind::Shuffle)), (5.0, 4.0));
    let rows = |dimension: &str, lanes: usize| {
        looped(&format!(
            "%t = vector.transfer_read %a[%i, %i], %p {{in_bounds = [true, true]}} : memref<64x64xf32>, vector<4x8xf32>
             %z = vector.load %b[%i, %c0] : memref<64x64xf32>, vector<{lanes}xf32>
             %r = vector.multi_reduction <add>, %t, %z [{dimension}] : vector<4x8xf32> to vector<{lanes}xf32>
             vector.store %r, %b[%i, %c0] : memref<64x64xf32>, vector<{lanes}xf32>"
        ))
    };
    let (down, across) = (rows("0", 8), rows("1", 4));
    assert_eq!((explicit(&down[1], WorkKind::Float).0, down[1].of(WorkKind::Shuffle)), (4.0, 0.0));
    assert_eq!((explicit(&across[1], WorkKind::Float).0, across[1].of(WorkKind::Shuffle)), (8.0, 32.0));
}

#[test]
fn elements_in_the_order_of_a_vector_are_that_vector() {
    let text = |elements: &str| {
        looped(&format!(
            "%e:4 = vector.to_elements %v : vector<4xf32>
             %f:8 = vector.to_elements %w : vector<8xf32>
             %r = vector.from_elements {elements} : vector<4xf32>
             vector.store %r, %b[%i, %c0] : memref<64x64xf32>, vector<4xf32>"
        ))[0]
            .of(WorkKind::Shuffle)
    };
    assert_eq!(text("%e#0, %e#1, %e#2, %e#3"), 0.0);
    assert_eq!(text("%f#4, %f#5, %f#6, %f#7"), 1.0);
    assert_eq!(text("%e#0, %f#0, %e#1, %s"), 3.0, "two vectors and a scalar");
}

#[test]
fn ordered_sums_and_extremes_combine_lane_by_lane() {
    let reduced = |body: &str, reduction: &str| {
        let text = in_loop(&format!(
            "%r = affine.for %j = 0 to 10 iter_args(%z = %p) -> f32 {{
               %x = affine.vector_load %a[%i, %j * 4] : memref<64x64xf32>, vector<16xf32>
               {body}
               {reduction}
               affine.yield %q : f32
             }}
             affine.store %r, %b[%i, %i] : memref<64x64xf32>"
        ));
        (work(&text, "lane_steps") / 80.0, work(&text, "chained_floats") / 80.0)
    };
    let squared = "%y = arith.mulf %x, %x : vector<16xf32>";
    let sum = "%q = vector.reduction <add>, %y, %z : vector<16xf32> into f32";
    assert_eq!(reduced(squared, sum), (31.0, 16.0));
    assert_eq!(reduced("", &sum.replace("%y", "%x")), (16.0, 16.0), "each lane is added from memory");
    let free = "%q = vector.reduction <add>, %y, %z fastmath<reassoc> : vector<16xf32> into f32";
    assert_eq!(reduced(squared, free), (0.0, 1.0));
    let extreme = "%q = vector.reduction <maximumf>, %y, %z : vector<16xf32> into f32";
    assert_eq!(reduced(squared, extreme).0, 4.0 * 9.0 + 2.0 * 7.0);
    assert_eq!(reduced(squared, &extreme.replace("%z :", "%z fastmath<nnan> :")).0, 0.0);
    let masked = format!(
        "%m = vector.create_mask %j : vector<16xi1>
         {squared}
         %q = vector.mask %m {{ {} }} : vector<16xi1> -> f32",
        sum.trim_start_matches("%q = ")
    );
    assert_eq!(reduced("", &masked), (31.0, 16.0));
}

#[test]
fn masks_compare_lane_indices_of_32_bits() {
    let levels = looped(
        "%m = vector.create_mask %i : vector<16xi1>
         %z = vector.load %b[%i, %c0] : memref<64x64xf32>, vector<16xf32>
         vector.maskedstore %a[%i, %c0], %m, %z : memref<64x64xf32>, vector<16xi1>, vector<16xf32>",
    );
    assert_eq!(explicit(&levels[1], WorkKind::Select), (1.0, 4.0));
}

#[test]
fn slices_move_their_own_lanes() {
    let parts = |body: &str| {
        let levels = looped(&format!(
            "%t = vector.load %a[%i, %c0] : memref<64x64xf32>, vector<18xf32>
             {body}"
        ));
        explicit(&levels[1], WorkKind::Shuffle).1
    };
    let slice = "%x = vector.extract_strided_slice %t {offsets = [1], sizes = [16], strides = [1]} : vector<18xf32> to vector<16xf32>
         vector.store %x, %b[%i, %c0] : memref<64x64xf32>, vector<16xf32>";
    assert_eq!(parts(slice), 4.0);
    let element = "%x = vector.extract %t[5] : f32 from vector<18xf32>
         memref.store %x, %b[%i, %i] : memref<64x64xf32>";
    assert_eq!(parts(element), 1.0);
}

#[test]
fn rounding_to_bf16_is_half_of_arithmetic_on_it() {
    let brain = |body: &str| {
        let text = format!(
            "func.func @f(%a: memref<64xbf16>, %v: vector<16xf32>, %w: vector<16xbf16>) {{
               affine.for %i = 0 to 8 {{
                 {body}
                 vector.store %t, %a[%i] : memref<64xbf16>, vector<16xbf16>
               }}
               return
             }}"
        );
        explicit(&of(&text)[1], WorkKind::Bf16)
    };
    // 16 elements of the result are two parts of 128 bits, those of the operand four.
    let load = "%u = vector.load %a[%i] : memref<64xbf16>, vector<16xbf16>";
    assert_eq!(brain(&format!("{load}\n%t = arith.addf %u, %w : vector<16xbf16>")), (1.0, 2.0));
    let extended = "%e = arith.extf %u : vector<16xbf16> to vector<16xf32>\n%s = arith.addf %e, %v : vector<16xf32>";
    let rounded = "%t = arith.truncf %s : vector<16xf32> to vector<16xbf16>";
    assert_eq!(brain(&format!("{load}\n{extended}\n{rounded}")), (0.5, 1.0));
}
