//! Loops of small functions against counts by hand.

mod chains;
mod forms;
mod integers;
mod packing;
mod registers;
mod tiles;
mod trips;
mod whole;

use ir::analysis::Analysis;

use super::{LoopBody, LoopWork, fill_counts, fill_features};
use crate::features::declaration::{WORK, work_names};
use crate::features::table::{Collector, Feature, WorkKind};
use crate::features::vector::FeatureVector;
use crate::features::walk::reduction::Reduction;
use crate::features::walk::walk;

fn of(text: &str) -> Vec<LoopBody> {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let function = parsed.tree.functions().next().expect("a function");
    let mut work = LoopWork::new();
    walk(&Analysis::of(&parsed.tree), function, &mut work);
    work.finish()
}

fn features(text: &str) -> impl Fn(Feature) -> f64 + use<> {
    let mut all = FeatureVector::new(Collector::LoopWork);
    fill_features(&of(text), &mut all);
    move |feature| all.get(feature)
}

/// `body` in two loops over 8 x 64 elements, with the memrefs `%a` and `%b` of that size and `%v` of 8 elements.
fn nest(body: &str) -> String {
    format!(
        "func.func @f(%a: memref<8x64xf32>, %b: memref<8x64xf32>, %v: memref<8xf32>, %s: f32) {{
  affine.for %i = 0 to 8 {{
    affine.for %j = 0 to 64 {{
{body}
    }}
  }}
  return
}}"
    )
}

#[test]
fn dead_code_and_common_subexpressions_are_left_out() {
    let levels = of(&nest(
        "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
         %1 = affine.load %a[%i, %j] : memref<8x64xf32>
         %2 = arith.mulf %0, %0 : f32
         %3 = arith.mulf %1, %1 : f32
         %4 = arith.addf %2, %s : f32
         affine.store %2, %b[%i, %j] : memref<8x64xf32>",
    ));
    let inner = &levels[2];
    assert_eq!((inner.iterations, inner.entries), (512.0, 8.0));
    assert_eq!(inner.of(WorkKind::Load), 1.0);
    // `%3` and `%4` have no uses.
    assert_eq!(inner.of(WorkKind::Float), 1.0);
    assert_eq!(inner.of(WorkKind::Store), 1.0);
    assert_eq!(inner.buffers, 2.0);
}

#[test]
fn loop_invariant_code_is_hoisted() {
    let levels = of(&nest(
        "%0 = affine.load %v[%i] : memref<8xf32>
         %1 = arith.mulf %0, %s : f32
         %2 = affine.load %a[%i, %j] : memref<8x64xf32>
         %3 = arith.addf %1, %2 : f32
         affine.store %3, %b[%i, %j] : memref<8x64xf32>",
    ));
    assert_eq!((levels[1].of(WorkKind::Load), levels[1].of(WorkKind::Float)), (1.0, 1.0));
    assert_eq!((levels[2].of(WorkKind::Load), levels[2].of(WorkKind::Float)), (1.0, 1.0));
    assert_eq!(levels[2].invariants, 1.0, "the product is the only loop-invariant value");
}

#[test]
fn a_sum_in_memory_is_a_reduction_in_a_register() {
    let levels = of(&nest(
        "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
         %1 = affine.load %v[%i] : memref<8xf32>
         %2 = arith.addf %1, %0 : f32
         affine.store %2, %v[%i] : memref<8xf32>",
    ));
    assert_eq!(levels[2].carries(Reduction::Ordered), 1.0);
    assert_eq!((levels[2].of(WorkKind::Load), levels[2].of(WorkKind::Store)), (1.0, 0.0));
    assert_eq!((levels[1].of(WorkKind::Load), levels[1].of(WorkKind::Store)), (1.0, 1.0));
}

#[test]
fn columns_are_strided_and_unrolled_accesses_are_adjacent() {
    let column = of(&nest(
        "%0 = affine.load %v[%i] : memref<8xf32>
         affine.store %0, %a[%j mod 8, %i] : memref<8x64xf32>",
    ));
    assert_eq!(column[2].of(WorkKind::StridedStore), 1.0);
    let text = "func.func @f(%a: memref<64xf32>, %b: memref<64xf32>) {
  affine.for %i = 0 to 64 step 2 {
    %0 = affine.load %a[%i] : memref<64xf32>
    affine.store %0, %b[%i] : memref<64xf32>
    %1 = affine.load %a[%i + 1] : memref<64xf32>
    affine.store %1, %b[%i + 1] : memref<64xf32>
  }
  return
}";
    let unrolled = of(text);
    assert_eq!((unrolled[1].of(WorkKind::Load), unrolled[1].of(WorkKind::Store)), (2.0, 2.0));
    assert_eq!(unrolled[1].store_run, 2.0);
}

#[test]
fn a_load_of_what_a_near_iteration_stored_is_a_conflict() {
    let shifted = |by: &str| {
        nest(&format!(
            "%0 = affine.load %a[%i, %j {by}] : memref<8x64xf32>
             affine.store %0, %a[%i, %j] : memref<8x64xf32>"
        ))
    };
    assert!(of(&shifted("- 1"))[2].has_conflict);
    assert!(!of(&shifted("+ 1"))[2].has_conflict, "an anti-dependence does not prevent vectors");
    assert!(!of(&shifted(""))[2].has_conflict);
}

#[test]
fn a_floating_point_sum_is_reorderable_only_with_flags() {
    let sum = |flags: &str, more: &str| {
        format!(
            "func.func @f(%a: memref<64xf32>) -> f32 {{
  %z = arith.constant 0.0 : f32
  %r = affine.for %i = 0 to 64 iter_args(%s = %z) -> (f32) {{
    %0 = affine.load %a[%i] : memref<64xf32>
    {more}
    %1 = arith.addf %s, %0 {flags} : f32
    affine.yield %1 : f32
  }}
  return %r : f32
}}"
        )
    };
    let carried = |text: &str| of(text)[1].carried;
    assert_eq!(carried(&sum("", ""))[Reduction::Ordered as usize], 1.0);
    assert_eq!(carried(&sum("fastmath<reassoc>", ""))[Reduction::Reorderable as usize], 1.0);
    // Another use of the partial sum.
    let used = sum("fastmath<reassoc>", "affine.store %s, %a[%i] : memref<64xf32>");
    assert_eq!(carried(&used)[Reduction::Recurrence as usize], 1.0);
}

#[test]
fn only_a_single_sum_is_reduced_in_order() {
    let how = |body: &str| {
        let text = format!(
            "func.func @f(%a: memref<64xf32>) -> f32 {{
  %z = arith.constant 0.0 : f32
  %c = arith.constant -1.5 : f32
  %r = affine.for %i = 0 to 64 iter_args(%s = %z) -> (f32) {{
    %x = affine.load %a[%i] : memref<64xf32>
    {body}
    affine.yield %n : f32
  }}
  return %r : f32
}}"
        );
        let carried = of(&text)[1].carried;
        carried.iter().position(|count| *count == 1.0).expect("one carried value")
    };
    for (body, expected) in [
        ("%n = arith.addf %x, %s : f32", Reduction::Ordered),
        ("%m = arith.addf %x, %c : f32\n %n = arith.addf %m, %s : f32", Reduction::Ordered),
        ("%m = arith.addf %s, %x : f32\n %n = arith.addf %m, %c : f32", Reduction::Scalar),
        ("%n = arith.subf %s, %x : f32", Reduction::Scalar),
        ("%n = arith.subf %s, %x fastmath<reassoc> : f32", Reduction::Reorderable),
        ("%n = arith.mulf %s, %x : f32", Reduction::Scalar),
        ("%n = math.fma %x, %x, %s fastmath<fast> : f32", Reduction::Scalar),
        ("%m = arith.mulf %x, %c : f32\n %n = arith.addf %s, %m : f32", Reduction::Scalar),
        ("%m = arith.mulf %x, %c : f32\n %n = arith.subf %s, %m : f32", Reduction::Ordered),
        ("%m = arith.negf %x : f32\n %p = arith.divf %m, %c : f32\n %n = arith.addf %s, %p : f32", Reduction::Ordered),
        ("%n = arith.maximumf %s, %x fastmath<fast> : f32", Reduction::Extreme),
    ] {
        assert_eq!(how(body), expected as usize, "{body}");
    }
}

#[test]
fn vectorised_loops_take_fewer_instructions() {
    let text = nest(
        "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
         %1 = arith.addf %0, %s : f32
         affine.store %1, %b[%i, %j] : memref<8x64xf32>",
    );
    let of = features(&text);
    // 8 x 64 iterations of load, addition, store and two for the loop; 9 x 2 for the loops around it.
    assert_eq!(of(Feature::InstructionsScalar), 512.0 * 5.0 + 8.0 * 2.0 + 2.0);
    assert!(of(Feature::InstructionsVector) < of(Feature::InstructionsScalar) / 4.0);
    assert_eq!(of(Feature::HotVectorizable), 1.0);
    assert_eq!(of(Feature::HotRest), 0.0);
    let called = features(&text.replace("%1 = arith.addf %0, %s : f32", "%1 = math.erf %0 : f32"));
    assert_eq!(called(Feature::HotVectorizable), 0.0);
    assert!(called(Feature::InstructionsVector) >= called(Feature::InstructionsScalar));
}

/// A count of work by its name.
fn work(text: &str, name: &str) -> f64 {
    let mut work = vec![0.0; WORK];
    fill_counts(&of(text), &mut work);
    work[work_names().position(|known| known == name).expect("a count of that name")]
}

#[test]
fn a_contractible_product_and_sum_are_one_instruction() {
    let sum = |flags: &str| {
        let levels = of(&nest(&format!(
            "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
             %1 = arith.mulf %0, %s {flags} : f32
             %2 = arith.addf %1, %0 {flags} : f32
             affine.store %2, %b[%i, %j] : memref<8x64xf32>"
        )));
        levels[2].of(WorkKind::Float)
    };
    assert_eq!((sum(""), sum("fastmath<contract>"), sum("fastmath<fast>")), (2.0, 1.0, 1.0));
}

#[test]
fn contraction_and_nan_flags_do_not_make_a_sum_reorderable() {
    let carried = |flags: &str| {
        let levels = of(&nest(&format!(
            "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
             %1 = affine.load %v[%i] : memref<8xf32>
             %2 = arith.addf %1, %0 {flags} : f32
             affine.store %2, %v[%i] : memref<8xf32>"
        )));
        levels[2].carries(Reduction::Ordered)
    };
    assert_eq!((carried(""), carried("fastmath<contract>"), carried("fastmath<nnan,contract>")), (1.0, 1.0, 1.0));
    assert_eq!((carried("fastmath<fast>"), carried("fastmath<nnan, reassoc>")), (0.0, 0.0));
}

#[test]
fn vectorised_work_is_counted_in_vectors_and_remainders_apart() {
    let scaled = |extent: usize| {
        format!(
            "func.func @f(%a: memref<{extent}xf32>, %b: memref<{extent}xf32>, %s: f32) {{
  affine.for %i = 0 to {extent} {{
    %0 = affine.load %a[%i] : memref<{extent}xf32>
    %1 = arith.mulf %0, %s : f32
    affine.store %1, %b[%i] : memref<{extent}xf32>
  }}
  return
}}"
        )
    };
    let whole = scaled(64);
    assert_eq!((work(&whole, "vector_float"), work(&whole, "vector_iterations")), (8.0, 8.0));
    assert_eq!((work(&whole, "rest_entries"), work(&whole, "scalar_float")), (0.0, 0.0));
    let rest = scaled(67);
    assert_eq!((work(&rest, "vector_float"), work(&rest, "rest_entries")), (8.0, 1.0));
    assert!(work(&rest, "rest_instructions") >= 3.0 * 3.0);
    let short = scaled(7);
    assert_eq!(
        (work(&short, "vector_float"), work(&short, "short_float"), work(&short, "scalar_float")),
        (0.0, 7.0, 7.0)
    );
}

#[test]
fn scalar_loops_are_classed_by_what_prevents_vectors() {
    let body = |body: &str| nest(&format!("%0 = affine.load %a[%i, %j] : memref<8x64xf32>\n{body}"));
    let sum = body(
        "%1 = affine.load %v[%i] : memref<8xf32>
         %2 = arith.addf %1, %0 : f32
         affine.store %2, %v[%i] : memref<8xf32>",
    );
    assert_eq!((work(&sum, "reordered_float"), work(&sum, "ordered_float")), (64.0, 512.0));
    let call = body("%1 = math.erf %0 : f32\naffine.store %1, %b[%i, %j] : memref<8x64xf32>");
    assert_eq!((work(&call, "calling_call"), work(&call, "scalar_call")), (512.0, 512.0));
    let behind = body("%1 = arith.addf %0, %s : f32\naffine.store %1, %a[%i, %j + 1] : memref<8x64xf32>");
    assert_eq!(work(&behind, "conflict_float"), 512.0);
    // A loop-invariant element of the row that is stored to.
    let pivot = body(
        "%1 = affine.load %a[%i, 0] : memref<8x64xf32>
         %2 = arith.addf %0, %1 : f32
         affine.store %2, %a[%i, %j] : memref<8x64xf32>",
    );
    assert_eq!(work(&pivot, "conflict_float"), 512.0);
    let bits = "func.func @f(%a: memref<64xi1>, %b: memref<64xi1>) {
  affine.for %i = 0 to 64 {
    %0 = affine.load %a[%i] : memref<64xi1>
    %1 = arith.xori %0, %0 : i1
    affine.store %1, %b[%i] : memref<64xi1>
  }
  return
}";
    assert_eq!((work(bits, "calling_integer"), work(bits, "vector_integer")), (64.0, 0.0), "elements of one bit");
}

#[test]
fn explicit_vectors_are_counted_by_parts_and_columns_by_lanes() {
    let text = |map: &str| {
        format!(
            "func.func @f(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %p: f32) {{
  affine.for %i = 0 to 8 {{
    %0 = vector.transfer_read %a[%i, %i], %p {{in_bounds = [true], permutation_map = affine_map<(d0, d1) -> ({map})>}} : memref<64x64xf32>, vector<16xf32>
    %1 = arith.addf %0, %0 : vector<16xf32>
    vector.transfer_write %1, %b[%i, %i] {{in_bounds = [true]}} : vector<16xf32>, memref<64x64xf32>
  }}
  return
}}"
        )
    };
    let row = text("d1");
    assert_eq!((work(&row, "explicit_float_vectors"), work(&row, "explicit_float_parts")), (8.0, 32.0));
    assert_eq!((work(&row, "explicit_load_parts"), work(&row, "plain_float")), (32.0, 0.0));
    let column = text("d0");
    assert_eq!(
        (work(&column, "explicit_strided_load_vectors"), work(&column, "explicit_strided_load_parts")),
        (8.0, 128.0)
    );
}

#[test]
fn stores_of_values_computed_differently_are_one_interleaved_group() {
    let text = "func.func @f(%a: memref<64xf32>, %b: memref<64xf32>) {
  affine.for %i = 0 to 64 step 2 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %b[%i] : memref<64xf32>
    %2 = affine.load %a[%i + 1] : memref<64xf32>
    %3 = arith.mulf %2, %2 : f32
    affine.store %3, %b[%i + 1] : memref<64xf32>
  }
  return
}";
    let body = &of(text)[1];
    assert_eq!((body.store_run, body.interleave, body.of(WorkKind::StridedStore)), (2.0, 2.0, 0.0));
}

/// An unrolled loop over 64 elements of `%a` and `%b`: `body` with `#` for the offset of each copy.
fn unrolled(copies: usize, carried: &str, body: impl Fn(usize) -> String, end: &str) -> String {
    let copies_of_body: String = (0..copies).map(body).collect();
    let after = if carried.is_empty() { "" } else { "affine.store %r, %b[72] : memref<80xf32>" };
    format!(
        "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>, %z: f32) {{
  {carried}affine.for %i = 0 to 64 step {copies} {} {{
{copies_of_body}
    {end}
  }}
  {after}
  return
}}",
        if carried.is_empty() { "" } else { "iter_args(%s0 = %z) -> (f32)" }
    )
}

#[test]
fn copies_of_a_body_are_adjacent_whatever_computes_their_indices() {
    let text = unrolled(
        4,
        "",
        |k| {
            format!(
                "%i{k} = affine.apply affine_map<(d0) -> (d0 + {k})>(%i)
                 %x{k} = affine.load %a[%i{k}] : memref<80xf32>
                 %y{k} = arith.mulf %x{k}, %z : f32
                 affine.store %y{k}, %b[%i{k}] : memref<80xf32>\n"
            )
        },
        "",
    );
    let body = &of(&text)[1];
    assert_eq!((body.store_run, body.interleave, body.has_conflict), (4.0, 4.0, false));
    // 64 elements in vectors of 8.
    assert_eq!(
        (work(&text, "interleaved_float"), work(&text, "copied_float"), work(&text, "copies_float")),
        (0.0, 0.0, 8.0)
    );
}

#[test]
fn a_chain_of_sums_is_one_reduction_unless_a_partial_sum_is_used() {
    let sums = |last: &str| {
        unrolled(
            4,
            "%r = ",
            |k| {
                format!(
                    "%x{k} = affine.load %a[%i + {k}] : memref<80xf32>
                     %s{} = arith.addf %s{k}, %x{k} fastmath<reassoc> : f32\n",
                    k + 1
                )
            },
            &format!("{last}\n    affine.yield %s4 : f32"),
        )
    };
    let whole = &of(&sums(""))[1];
    assert_eq!((whole.carries(Reduction::Reorderable), whole.chain.floats), (1.0, 4.0));
    let used = of(&sums("affine.store %s2, %b[%i] : memref<80xf32>"));
    assert_eq!((used[1].carries(Reduction::Recurrence), used[1].chain.floats), (1.0, 4.0));
    // Iterations times the sums that follow from each other.
    assert_eq!(work(&sums("affine.store %s2, %b[%i] : memref<80xf32>"), "chained_floats"), 64.0);
}

#[test]
fn values_that_follow_from_each_other_are_not_packed() {
    let scan = unrolled(
        4,
        "%r = ",
        |k| {
            format!(
                "%x{k} = affine.load %a[%i + {k}] : memref<80xf32>
                 %s{} = arith.addf %s{k}, %x{k} : f32
                 affine.store %s{}, %b[%i + {k}] : memref<80xf32>\n",
                k + 1,
                k + 1
            )
        },
        "affine.yield %s4 : f32",
    );
    assert_eq!((work(&scan, "packed_instructions"), work(&scan, "recurrent_float")), (0.0, 64.0));
}

#[test]
fn stores_that_later_copies_load_are_a_chain_through_memory() {
    let shifted = |by: i64| {
        unrolled(
            2,
            "",
            |k| {
                format!(
                    "%x{k} = affine.load %a[%i + {}] : memref<80xf32>
                     %y{k} = arith.addf %x{k}, %z : f32
                     affine.store %y{k}, %a[%i + {}] : memref<80xf32>\n",
                    k as i64 + 8 + by,
                    k + 8
                )
            },
            "",
        )
    };
    // The first copy waits for a store of the iteration before, the second one takes the value of the first from a register.
    assert_eq!(of(&shifted(-1))[1].forwarded, 1.0);
    // Each copy waits for the same copy two iterations before.
    assert_eq!(of(&shifted(-4))[1].forwarded, 1.0);
    let in_place = &of(&shifted(0))[1];
    assert_eq!((in_place.has_conflict, in_place.forwarded), (false, 0.0));
    assert!(of(&shifted(1))[1].has_conflict, "copies overwrite what their neighbours read");
}

#[test]
fn a_reversed_copy_is_no_copy_of_memory() {
    let copy = |index: &str| {
        nest(&format!(
            "%0 = affine.load %a[%i, {index}] : memref<8x64xf32>
             affine.store %0, %b[%i, %j] : memref<8x64xf32>"
        ))
    };
    assert_eq!((work(&copy("%j"), "copy_entries"), work(&copy("63 - %j"), "copy_entries")), (1.0, 0.0));
}

#[test]
fn strided_accesses_to_narrow_elements_are_counted_apart() {
    let text = nest(
        "%0 = affine.load %a[%j mod 8, %i] : memref<8x64xf32>
         %1 = arith.addf %0, %s : f32
         affine.store %1, %b[%i, %j] : memref<8x64xf32>",
    );
    assert_eq!((work(&text, "gathered_float"), work(&text, "narrow_gathered_float")), (64.0, 0.0));
    let narrow = text.replace("f32", "i8").replace("addf", "addi");
    assert_eq!((work(&narrow, "gathered_integer"), work(&narrow, "narrow_gathered_integer")), (0.0, 16.0));
    assert_eq!(work(&narrow, "narrow_apart_integer"), 512.0);
}

#[test]
fn cheap_sides_of_a_branch_are_both_executed() {
    let branch = |side: &str| {
        let levels = of(&nest(&format!(
            "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
             %c = arith.cmpf olt, %0, %s : f32
             %1 = scf.if %c -> (f32) {{
               %2 = {side} : f32
               scf.yield %2 : f32
             }} else {{
               scf.yield %0 : f32
             }}
             affine.store %1, %b[%i, %j] : memref<8x64xf32>"
        )));
        levels[2].clone()
    };
    let cheap = branch("arith.addf %0, %s");
    assert_eq!((cheap.of(WorkKind::Float), cheap.of(WorkKind::Select), cheap.of(WorkKind::Branch)), (1.0, 2.0, 0.0));
    // A division is executed if it is needed, but by all lanes of a vector.
    let costly = branch("arith.divf %0, %s");
    assert_eq!((costly.of(WorkKind::Divide), costly.of(WorkKind::Branch)), (0.5, 1.0));
    assert_eq!(costly.vectorised(WorkKind::Divide, 8.0), 1.0);
}

#[test]
fn loops_over_misaligned_elements_are_counted_as_scalar_besides() {
    let loop_over = |elements: u32| {
        format!(
            "func.func @f(%a: memref<{elements}xi64>, %s: i64) {{
  affine.for %i = 0 to {elements} {{
    %0 = affine.load %a[%i] : memref<{elements}xi64>
    %1 = arith.addi %0, %s : i64
    affine.store %1, %a[%i] : memref<{elements}xi64>
  }}
  return
}}"
        )
    };
    let counts = |elements| {
        let text = loop_over(elements);
        ["vector_integer", "misaligned_instructions", "misaligned_accesses"].map(|name| work(&text, name))
    };
    // A load, a sum, a store and two of loop control.
    assert_eq!(counts(4000), [1000.0, 20000.0, 8000.0]);
    // Whole vectors of any length need no mask.
    assert_eq!(counts(4096), [1024.0, 0.0, 0.0]);
}

#[test]
fn elements_that_are_known_are_not_loaded_again_and_overwritten_ones_not_stored() {
    let inner = &of(&nest(
        "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
         %1 = arith.mulf %0, %0 : f32
         affine.store %1, %b[%i, %j] : memref<8x64xf32>
         %2 = affine.load %b[%i, %j] : memref<8x64xf32>
         %3 = arith.addf %2, %s : f32
         affine.store %3, %b[%i, %j] : memref<8x64xf32>",
    ))[2];
    assert_eq!((inner.of(WorkKind::Load), inner.of(WorkKind::Store), inner.of(WorkKind::Float)), (1.0, 1.0, 2.0));
    // Another element of the buffer may be read or written between.
    let inner = &of(&nest(
        "%0 = affine.load %b[%i, %j] : memref<8x64xf32>
         affine.store %0, %b[%j mod 8, %j] : memref<8x64xf32>
         %1 = affine.load %b[%i, %j] : memref<8x64xf32>
         %2 = arith.addf %0, %1 : f32
         affine.store %2, %a[%i, %j] : memref<8x64xf32>",
    ))[2];
    assert_eq!((inner.of(WorkKind::Load) + inner.of(WorkKind::StridedLoad), inner.of(WorkKind::Float)), (2.0, 1.0));
}

#[test]
fn divisions_in_maps_are_work_in_the_loop_that_changes_them() {
    let levels = of(&nest(
        "%0 = affine.load %a[%j floordiv 9, %i mod 5] : memref<8x64xf32>
         affine.store %0, %b[%i, %j floordiv 8] : memref<8x64xf32>",
    ));
    // The high half of a product and a shift; of a remainder a product and a difference besides.
    assert_eq!((levels[1].of(WorkKind::ConstantDivide), levels[2].of(WorkKind::ConstantDivide)), (4.0, 2.0));
    assert_eq!(levels[2].of(WorkKind::Address), 1.0, "a shift");
}

#[test]
fn contractions_gathers_and_transpositions_of_vectors_count_by_what_they_do() {
    let explicit = |body: &str, kind: WorkKind| {
        let text = format!(
            "func.func @f(%x: vector<4x8xf32>, %y: vector<8x16xf32>, %s: vector<4x16xf32>, %m: memref<64xf32>, %v: vector<16xindex>,
                          %k: vector<16xi1>, %p: vector<16xf32>, %o: memref<4x16xf32>, %q: memref<8x4xf32>, %w: memref<16xf32>) {{
               %c0 = arith.constant 0 : index
               {body}
               return
             }}"
        );
        of(&text)[0].explicit[kind as usize].parts
    };
    let contract =
        "%r = vector.contract {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
          affine_map<(i, j, k) -> (i, j)>], iterator_types = [\"parallel\", \"parallel\", \"reduction\"],
          kind = #vector.kind<add>} %x, %y, %s : vector<4x8xf32>, vector<8x16xf32> into vector<4x16xf32>
        vector.store %r, %o[%c0, %c0] : memref<4x16xf32>, vector<4x16xf32>";
    // 64 results of 8 products: two parts each, and eight moves to take out operands and add up across lanes.
    assert_eq!(explicit(contract, WorkKind::Float), 128.0);
    assert_eq!(explicit(contract, WorkKind::Shuffle), 512.0);
    let transpose = "%r = vector.transpose %x, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
        vector.store %r, %q[%c0, %c0] : memref<8x4xf32>, vector<8x4xf32>";
    assert_eq!(explicit(transpose, WorkKind::Shuffle), 32.0);
    let gather = "%r = vector.gather %m[%c0] [%v], %k, %p : memref<64xf32>, vector<16xindex>, vector<16xi1>, vector<16xf32> into vector<16xf32>
        vector.store %r, %w[%c0] : memref<16xf32>, vector<16xf32>";
    assert_eq!(explicit(gather, WorkKind::IndirectLoad), 16.0);
}

#[test]
fn a_load_with_one_use_may_be_an_operand_in_memory() {
    let loads = |body: &str| {
        let text = nest(&format!(
            "%0 = affine.load %a[%i, %j] : memref<8x64xf32>
             %1 = affine.load %b[%i, %j] : memref<8x64xf32>
             {body}
             affine.store %r, %b[%i, %j] : memref<8x64xf32>"
        ));
        (work(&text, "vector_load"), work(&text, "folded_vectors"))
    };
    // 512 elements in vectors of 8: one of two operands may be in memory, only the subtrahend of a difference.
    assert_eq!(loads("%r = arith.addf %0, %1 : f32"), (64.0, 64.0));
    assert_eq!(loads("%r = arith.subf %s, %1 : f32"), (0.0, 64.0));
    assert_eq!(loads("%r = arith.subf %1, %s : f32"), (64.0, 0.0));
    assert_eq!(loads("%t = arith.addf %0, %0 : f32\n %r = arith.addf %t, %1 : f32"), (64.0, 64.0));
}

#[test]
fn affine_addresses_are_no_arithmetic() {
    let addresses = |index: &str| {
        let text = format!(
            "func.func @f(%a: memref<80xf32>, %b: memref<80xindex>) {{
  %c4 = arith.constant 4 : index
  affine.for %i = 0 to 64 {{
    %j = arith.addi %i, %c4 : index
    %x = memref.load %a[%j] : memref<80xf32>
    memref.store %x, %a[%i] : memref<80xf32>
    {index}
  }}
  return
}}"
        );
        of(&text)[1].of(WorkKind::Address)
    };
    assert_eq!((addresses(""), addresses("memref.store %j, %b[%i] : memref<80xindex>")), (0.0, 1.0));
}

/// A loop that stores a function of the last elements, which it passes from iteration to iteration.
fn window(next: &str) -> String {
    format!(
        "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>, %s: f32) {{
  %r:3 = affine.for %i = 0 to 64 iter_args(%p = %s, %q = %s, %t = %s) -> (f32, f32, f32) {{
    %x = affine.load %a[%i + 2] : memref<80xf32>
    %y = arith.addf %p, %q : f32
    %z = arith.mulf %y, %x : f32
    %u = arith.mulf %t, %t : f32
    affine.store %z, %b[%i] : memref<80xf32>
    affine.yield %q, {next}, %u : f32, f32, f32
  }}
  return
}}"
    )
}

#[test]
fn values_of_earlier_iterations_are_moved_and_vectorised() {
    let kinds = |next: &str| {
        let text = window(next);
        ["vector_shuffle", "vector_float", "recurrent_shuffle", "recurrent_float"].map(|name| work(&text, name))
    };
    // The value that feeds only itself is dead.
    assert_eq!(kinds("%x"), [16.0, 16.0, 0.0, 0.0]);
    assert_eq!(kinds("%z"), [0.0, 0.0, 64.0, 128.0]);
}
