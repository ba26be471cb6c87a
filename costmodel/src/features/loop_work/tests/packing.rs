//! What a vectoriser of loops and one of straight-line code make of copies of a body.

use super::{of, unrolled, work};
use crate::features::table::WorkKind;

/// An element-wise loop over 64 elements, unrolled by `copies`; `operation` is that of copy `k`.
fn element_wise(copies: usize, operation: impl Fn(usize) -> &'static str) -> String {
    let body = |k: usize| {
        format!(
            "%x{k} = affine.load %a[%i + {k}] : memref<80xf32>
             %y{k} = arith.{} %x{k}, %z : f32
             affine.store %y{k}, %b[%i + {k}] : memref<80xf32>\n",
            operation(k)
        )
    };
    unrolled(copies, "", body, "")
}

#[test]
fn copies_that_are_all_alike_have_the_vectors_of_the_loop_over_the_elements() {
    for kind in ["float", "load", "store"] {
        let rolled = work(&element_wise(1, |_| "mulf"), &format!("vector_{kind}"));
        for copies in [2, 4, 8] {
            let text = element_wise(copies, |_| "mulf");
            assert_eq!(work(&text, &format!("copies_{kind}")), rolled, "{kind}, {copies} copies");
        }
    }
    // 64 elements in vectors of 8, one for each copy in an iteration. One iteration is no loop. Loads are part of products.
    for (copies, iterations) in [(2, 4.0), (4, 2.0), (8, 0.0)] {
        let text = element_wise(copies, |_| "mulf");
        assert_eq!(work(&text, "copies_iterations"), iterations);
        assert_eq!((work(&text, "folded_copies"), work(&text, "rest_instructions")), (8.0, 0.0));
    }
}

/// A loop over 64 elements with two copies of a product of an element and one that the loop does not change; `loads` are those of a copy.
fn two_products(loads: [&str; 2]) -> String {
    let body: String = (0..2)
        .map(|k| {
            format!(
                "{}\n{}\n %p{k} = arith.mulf %x{k}, %s{k} : f32
                 affine.store %p{k}, %b[%i + {k}] : memref<80xf32>\n",
                loads[0].replace('@', &k.to_string()),
                loads[1].replace('@', &k.to_string())
            )
        })
        .collect();
    format!(
        "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>, %c: memref<8xf32>) {{
  affine.for %o = 0 to 8 {{
    affine.for %i = 0 to 64 step 2 {{
      {body}
    }}
  }}
  return
}}"
    )
}

#[test]
fn copies_share_what_the_loop_does_not_change_if_it_is_computed_first() {
    let element = "%x@ = affine.load %a[%i + @] : memref<80xf32>";
    let shared = "%s@ = affine.load %c[%o] : memref<8xf32>";
    // The shared value is computed before the other operand in both copies, or in all but the first.
    assert_eq!(of(&two_products([shared, element]))[2].copies, 2.0);
    assert_eq!(of(&two_products([element, shared]))[2].copies, 1.0);
}

#[test]
fn copies_in_another_order_take_moves_between_lanes() {
    let reversed = |k: usize| {
        format!(
            "%x{k} = affine.load %a[%i + {}] : memref<80xf32>
             %y{k} = arith.mulf %x{k}, %z : f32
             affine.store %y{k}, %b[%i + {k}] : memref<80xf32>\n",
            3 - k
        )
    };
    let text = unrolled(4, "", reversed, "");
    assert_eq!(of(&text)[1].copies, 1.0);
    assert_eq!((work(&text, "vector_float"), work(&text, "interleaved_float")), (0.0, 8.0));
}

#[test]
fn groups_of_more_than_eight_elements_are_gathered() {
    let kinds = |copies| {
        let body = of(&element_wise(copies, |_| "mulf")).remove(1);
        (body.of(WorkKind::Load), body.of(WorkKind::StridedLoad), body.interleave)
    };
    assert_eq!(kinds(8), (8.0, 0.0, 8.0));
    assert_eq!(kinds(16), (0.0, 16.0, 1.0));
}

/// A function of straight-line code with `%a`, `%b` and `%z`.
fn straight(body: &str) -> String {
    format!("func.func @f(%a: memref<80xf32>, %b: memref<80xf32>, %z: f32) {{\n{body}\n  return\n}}")
}

/// Copies of a body with the index `%ck` of copy `k`.
fn copies(count: usize, body: impl Fn(usize) -> String) -> String {
    (0..count).map(|k| format!("%c{k} = arith.constant {k} : index\n{}\n", body(k))).collect()
}

#[test]
fn stores_to_adjacent_elements_and_what_they_store_are_packed() {
    let text = straight(&copies(8, |k| {
        format!(
            "%x{k} = memref.load %a[%c{k}] : memref<80xf32>
             %y{k} = arith.mulf %x{k}, %z : f32
             memref.store %y{k}, %b[%c{k}] : memref<80xf32>"
        )
    }));
    let body = &of(&text)[0];
    let packed = [WorkKind::Load, WorkKind::Float, WorkKind::Store, WorkKind::Shuffle].map(|kind| body.packed(kind));
    assert_eq!(packed, [1.0, 1.0, 1.0, 1.0], "vectors of eight, and `%z` in each lane of one");
    assert_eq!(body.of(WorkKind::Float), 8.0);
}

#[test]
fn operands_of_sums_are_swapped_so_that_lanes_are_alike_but_not_those_of_differences() {
    let text = |operation: &str| {
        straight(&copies(8, |k| {
            let operands = if k % 2 == 0 { format!("%x{k}, %z") } else { format!("%z, %x{k}") };
            format!(
                "%x{k} = memref.load %a[%c{k}] : memref<80xf32>
                 %y{k} = arith.{operation} {operands} : f32
                 memref.store %y{k}, %b[%c{k}] : memref<80xf32>"
            )
        }))
    };
    let moves = |operation| of(&text(operation))[0].packed(WorkKind::Shuffle);
    // `%z` is put in each lane of a vector.
    assert_eq!((moves("addf"), moves("mulf")), (1.0, 1.0));
    assert_ne!(moves("subf"), 1.0);
}

#[test]
fn copies_that_read_what_the_copy_before_has_stored_are_not_packed() {
    let text = |at: usize| {
        straight(&copies(8, |k| {
            format!(
                "%x{k} = memref.load %a[%c{k}] : memref<80xf32>
                 %y{k} = arith.mulf %x{k}, %z : f32
                 memref.store %y{k}, %a[%c{}] : memref<80xf32>",
                (k + at) % 8
            )
        }))
    };
    assert_eq!(of(&text(0))[0].packed(WorkKind::Float), 1.0, "in place");
    assert_eq!(of(&text(1))[0].packed(WorkKind::Float), 8.0);
}

#[test]
fn a_value_that_is_used_elsewhere_is_taken_out_of_its_vector() {
    let text = |last: &str| {
        let body = copies(8, |k| {
            format!(
                "%x{k} = memref.load %a[%c{k}] : memref<80xf32>
                 %y{k} = arith.mulf %x{k}, %z : f32
                 memref.store %y{k}, %b[%c{k}] : memref<80xf32>"
            )
        });
        straight(&format!("{body}{last}"))
    };
    let used = text("%c20 = arith.constant 20 : index\nmemref.store %y3, %b[%c20] : memref<80xf32>");
    assert_eq!((of(&text(""))[0].packed(WorkKind::Shuffle), of(&used)[0].packed(WorkKind::Shuffle)), (1.0, 2.0));
}

#[test]
fn indices_that_are_data_are_computed_together() {
    let text = straight(&copies(8, |k| {
        format!(
            "%x{k} = memref.load %h[%c{k}] : memref<80xi32>
             %y{k} = arith.muli %x{k}, %x{k} : i32
             %v{k} = arith.xori %y{k}, %x{k} : i32
             %w{k} = arith.addi %v{k}, %x{k} : i32
             %j{k} = arith.index_cast %w{k} : i32 to index
             memref.store %z, %b[%j{k}] : memref<80xf32>"
        )
    }))
    .replace("(%a", "(%h: memref<80xi32>, %a");
    let body = &of(&text)[0];
    assert_eq!((body.of(WorkKind::Integer), body.packed(WorkKind::Integer)), (24.0, 3.0));
}

#[test]
fn an_element_that_the_iteration_before_has_loaded_stays_in_a_register() {
    let text = |stored: &str| {
        format!(
            "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>) {{
  affine.for %i = 0 to 64 {{
    %0 = affine.load %a[%i] : memref<80xf32>
    %1 = affine.load %a[%i + 1] : memref<80xf32>
    %2 = affine.load %a[%i + 2] : memref<80xf32>
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    affine.store %4, %{stored}[%i] : memref<80xf32>
  }}
  return
}}"
        )
    };
    let apart = &of(&text("b"))[1];
    // The address of `%i + 1` is not known to be that of `%i + 2` before.
    assert_eq!((apart.reused, apart.packed(WorkKind::Load)), (1.0, 2.0));
    let vectors = |kind| apart.vectorised(kind, 8.0);
    assert_eq!((vectors(WorkKind::Load), vectors(WorkKind::Shuffle)), (2.0, 1.0));
    assert_eq!(of(&text("a"))[1].reused, 1.0, "`%i + 1` is not stored before it is read again");
    let stored = text("a").replace("%a[%i] : memref<80xf32>\n  }", "%a[%i + 1] : memref<80xf32>\n  }");
    assert_eq!(of(&stored)[1].reused, 0.0, "it is stored");
}

#[test]
fn a_store_before_the_load_that_the_next_iteration_reuses_prevents_vectors() {
    let text = |second: &str| {
        format!(
            "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>) {{
  affine.for %i = 0 to 64 step 2 {{
    %0 = affine.load %a[%i] : memref<80xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %b[%i] : memref<80xf32>
    %2 = affine.load %a[%i + {second}] : memref<80xf32>
    %3 = arith.addf %2, %2 : f32
    affine.store %3, %b[%i + 1] : memref<80xf32>
  }}
  return
}}"
        )
    };
    let is_left = |second| of(&text(second))[1].has_conflict;
    assert_eq!((is_left("1"), is_left("2")), (false, true));
}

#[test]
fn a_load_without_users_makes_no_value_known() {
    let text = |dead: &str| {
        format!(
            "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>) {{
  affine.for %i = 0 to 64 {{
    {dead}
    %1 = affine.load %a[%i + 1] : memref<80xf32>
    affine.store %1, %b[%i] : memref<80xf32>
  }}
  return
}}"
        )
    };
    assert_eq!(of(&text("%0 = affine.load %a[%i + 1] : memref<80xf32>"))[1].of(WorkKind::Load), 1.0);
    assert_eq!(of(&text(""))[1].of(WorkKind::Load), 1.0);
}

#[test]
fn groups_with_gaps_are_loaded_as_a_whole_and_leave_scalar_iterations() {
    let text = |stride: usize, trips: usize| {
        format!(
            "func.func @f(%a: memref<2048xf32>, %b: memref<2048xf32>) {{
  affine.for %i = 0 to {trips} {{
    %0 = affine.load %a[%i * {stride}] : memref<2048xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %b[%i] : memref<2048xf32>
  }}
  return
}}"
        )
    };
    let body = &of(&text(3, 128))[1];
    let vectors = |kind| body.vectorised(kind, 8.0);
    // A move takes the lanes out of the two registers of 512 bits that the group fills.
    assert_eq!((vectors(WorkKind::Load), vectors(WorkKind::Shuffle), vectors(WorkKind::StridedLoad)), (3.0, 1.0, 0.0));
    // 128 iterations fill vectors of 8, but the last may not read beyond the last element: a vectorised epilogue of 4 takes all
    // others but 4.
    assert_eq!(work(&text(3, 128), "rest_entries"), 1.0);
    assert_eq!(work(&text(1, 128), "rest_entries"), 0.0);
    // Beyond the widest group elements are gathered.
    assert_eq!(of(&text(9, 128))[1].vectorised(WorkKind::StridedLoad, 8.0), 1.0);
    // A short loop has no iterations for the epilogue.
    assert_eq!((work(&text(3, 12), "interleaved_float"), work(&text(3, 12), "copied_float")), (0.0, 12.0));
}

#[test]
fn functions_with_an_intrinsic_are_called_for_each_lane_of_a_vector() {
    let text = |function: &str| {
        format!(
            "func.func @f(%a: memref<64xf32>, %b: memref<64xf32>) {{
  affine.for %i = 0 to 64 {{
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = math.{function} %0 : f32
    affine.store %1, %b[%i] : memref<64xf32>
  }}
  return
}}"
        )
    };
    let exp = text("exp");
    assert_eq!((work(&exp, "called_load"), work(&exp, "called_math_call")), (8.0, 64.0));
    assert_eq!(work(&exp, "called_apart_load"), 64.0, "processors whose lanes are dear to take out");
    let erf = text("erf");
    assert_eq!((work(&erf, "called_load"), work(&erf, "calling_call")), (0.0, 64.0));
}

#[test]
fn dependences_prevent_vectors_that_are_longer_or_straddle_stores() {
    let text = |distance: usize| {
        format!(
            "func.func @f(%a: memref<512xf32>) {{
  affine.for %i = 100 to 400 {{
    %0 = affine.load %a[%i - {distance}] : memref<512xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<512xf32>
  }}
  return
}}"
        )
    };
    let is_left = |distance| of(&text(distance))[1].has_conflict;
    // 8 lanes: four of them are nearer to a full vector than to a scalar.
    assert_eq!([1, 2, 4, 8].map(is_left), [true, true, false, false]);
    assert_eq!([9, 12, 16].map(is_left), [true, false, false], "a vector of 9 elements before straddles two stores");
}

#[test]
fn loops_with_too_many_checks_at_run_time_are_left_alone() {
    let text = |copies: usize| {
        let body: String = (0..copies)
            .map(|k| {
                format!(
                    "%x{k} = affine.load %a[%p, %i + {k}] : memref<8x64xf32>
                     %y{k} = affine.load %a[%q, %i + {k}] : memref<8x64xf32>
                     %w{k} = arith.addf %x{k}, %y{k} : f32
                     affine.store %w{k}, %a[%q, %i + {k}] : memref<8x64xf32>\n"
                )
            })
            .collect();
        format!(
            "func.func @f(%a: memref<8x64xf32>, %p: index, %q: index) {{
  affine.for %i = 0 to 64 step {copies} {{
{body}  }}
  return
}}"
        )
    };
    let is_left = |copies| of(&text(copies))[1].has_conflict;
    // One store and one load; two and two: 1 + 4 pairs; four and four: 6 + 16.
    assert_eq!((is_left(1), is_left(2), is_left(4)), (false, false, true));
}

#[test]
fn integers_are_computed_on_as_few_bits_as_their_result_has() {
    let text = |operation: &str| {
        format!(
            "func.func @f(%a: memref<64xi8>, %b: memref<64xi8>, %z: i32) {{
  affine.for %i = 0 to 64 {{
    %0 = affine.load %a[%i] : memref<64xi8>
    %1 = arith.extsi %0 : i8 to i32
    %2 = arith.{operation} %1, %z : i32
    %3 = arith.trunci %2 : i32 to i8
    affine.store %3, %b[%i] : memref<64xi8>
  }}
  return
}}"
        )
    };
    let vectors = |operation, kind| of(&text(operation))[1].vectorised(kind, 32.0);
    assert_eq!((vectors("addi", WorkKind::Integer), vectors("addi", WorkKind::Cast)), (1.0, 0.0));
    // A vector of bytes is four of words.
    assert_eq!(vectors("shrsi", WorkKind::Integer), 4.0);
    assert!(vectors("shrsi", WorkKind::Cast) >= 4.0);
}

#[test]
fn a_few_iterations_that_fill_no_vector_are_masked() {
    let text = |trips: usize| {
        format!(
            "func.func @f(%a: memref<80xf32>, %b: memref<80xf32>, %z: f32) {{
  affine.for %i = 0 to {trips} {{
    %0 = affine.load %a[%i] : memref<80xf32>
    %1 = arith.mulf %0, %z : f32
    affine.store %1, %b[%i] : memref<80xf32>
  }}
  return
}}"
        )
    };
    let counts = |trips| ["vector_float", "vector_masked", "rest_entries"].map(|name| work(&text(trips), name));
    assert_eq!(counts(15), [2.0, 4.0, 0.0]);
    assert_eq!(counts(16), [2.0, 0.0, 0.0]);
    // 32 iterations at once, then vectors of 4, then one iteration.
    assert_eq!(counts(37), [5.0, 0.0, 1.0]);
}

#[test]
fn time_for_packing_is_bounded() {
    // Every store is tried in five widths, and none is packed: neighbours are of different kinds.
    let count = 4000;
    let text = straight(&copies(count, |k| {
        let operation = ["addf", "mulf", "subf", "divf"][k % 4];
        format!(
            "%x{k} = memref.load %a[%c{k}] : memref<4000xf32>
             %y{k} = arith.{operation} %x{k}, %z : f32
             memref.store %y{k}, %b[%c{k}] : memref<4000xf32>"
        )
    }))
    .replace("<80x", "<4000x");
    assert_eq!(of(&text)[0].of(WorkKind::Store), count as f64);
}

#[test]
fn copies_that_use_a_value_twice_keep_their_moves_between_lanes() {
    let body = |k: usize| {
        format!(
            "%x{k} = affine.load %a[%i + {k}] : memref<80xf32>
             %y{k} = arith.mulf %x{k}, %z : f32
             %w{k} = arith.mulf %y{k}, %y{k} : f32
             affine.store %w{k}, %b[%i + {k}] : memref<80xf32>\n"
        )
    };
    let text = unrolled(2, "", body, "");
    // Two loads take a move each from one register of 512 bits, two stores one.
    let moves = of(&text)[1].groups.moves;
    assert_eq!((of(&text)[1].copies, moves), (1.0, 3.0));
}

#[test]
fn copies_in_few_iterations_that_fill_no_vector_are_gathered() {
    let text = |trips: usize| {
        format!(
            "func.func @f(%a: memref<80xf64>, %b: memref<80xf64>) {{
  affine.for %i = 0 to {trips} {{
    %0 = affine.load %a[%i * 2] : memref<80xf64>
    %1 = arith.addf %0, %0 : f64
    affine.store %1, %b[%i * 2] : memref<80xf64>
    %2 = affine.load %a[%i * 2 + 1] : memref<80xf64>
    %3 = arith.addf %2, %2 : f64
    affine.store %3, %b[%i * 2 + 1] : memref<80xf64>
  }}
  return
}}"
        )
    };
    let kinds =
        |trips| ["gathered_float", "gathered_strided_load", "copies_float"].map(|name| work(&text(trips), name));
    // Vectors of four: the last iteration is masked, and masks are for gathers and scatters only.
    assert_eq!((kinds(14), kinds(12)), ([8.0, 8.0, 0.0], [0.0, 0.0, 6.0]));
}
