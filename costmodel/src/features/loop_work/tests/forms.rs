//! The same loops as different operations.

use super::of;
use crate::features::declaration::{WORK, work_names};
use crate::features::loop_work::fill_counts;
use crate::features::table::WorkKind;
use crate::features::walk::reduction::Reduction;

#[test]
fn a_matrix_product_is_three_loops_in_every_form() {
    let named = "func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x12xf32>, %c: tensor<4x12xf32>) -> tensor<4x12xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x12xf32>) outs(%c : tensor<4x12xf32>) -> tensor<4x12xf32>
  return %0 : tensor<4x12xf32>
}";
    let loops = "func.func @f(%a: memref<4x16xf32>, %b: memref<16x12xf32>, %c: memref<4x12xf32>) {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 12 {
      affine.for %k = 0 to 16 {
        %0 = affine.load %a[%i, %k] : memref<4x16xf32>
        %1 = affine.load %b[%k, %j] : memref<16x12xf32>
        %2 = affine.load %c[%i, %j] : memref<4x12xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<4x12xf32>
      }
    }
  }
  return
}";
    let branches = "func.func @f(%a: memref<4x16xf32>, %b: memref<16x12xf32>, %c: memref<4x12xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  cf.br ^rows(%c0 : index)
^rows(%i: index):
  %i1 = arith.cmpi slt, %i, %c4 : index
  cf.cond_br %i1, ^columns(%c0 : index), ^end
^columns(%j: index):
  %j1 = arith.cmpi slt, %j, %c12 : index
  cf.cond_br %j1, ^sum(%c0 : index), ^next_row
^sum(%k: index):
  %k1 = arith.cmpi slt, %k, %c16 : index
  cf.cond_br %k1, ^body, ^next_column
^body:
  %0 = memref.load %a[%i, %k] : memref<4x16xf32>
  %1 = memref.load %b[%k, %j] : memref<16x12xf32>
  %2 = memref.load %c[%i, %j] : memref<4x12xf32>
  %3 = arith.mulf %0, %1 : f32
  %4 = arith.addf %2, %3 : f32
  memref.store %4, %c[%i, %j] : memref<4x12xf32>
  %k2 = arith.addi %k, %c1 : index
  cf.br ^sum(%k2 : index)
^next_column:
  %j2 = arith.addi %j, %c1 : index
  cf.br ^columns(%j2 : index)
^next_row:
  %i2 = arith.addi %i, %c1 : index
  cf.br ^rows(%i2 : index)
^end:
  return
}";
    for text in [named, loops, branches] {
        let levels = of(text);
        let inner = levels.last().expect("levels");
        assert_eq!(levels.len(), 4, "{text}");
        assert_eq!((inner.iterations, inner.entries), (768.0, 48.0), "{text}");
        assert_eq!((inner.of(WorkKind::Load), inner.of(WorkKind::StridedLoad)), (1.0, 1.0), "{text}");
        assert_eq!(inner.of(WorkKind::Float), 2.0, "{text}");
        assert_eq!(inner.of(WorkKind::Store), 0.0, "{text}");
        assert_eq!(inner.carries(Reduction::Ordered), 1.0, "{text}");
    }
}

#[test]
fn a_parallel_loop_carries_what_it_reduces() {
    let levels = of("func.func @f(%a: memref<64xi32>, %r: memref<1xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %z = arith.constant 0 : i32
  %s = scf.parallel (%i) = (%c0) to (%c64) step (%c1) init (%z) -> i32 {
    %0 = memref.load %a[%i] : memref<64xi32>
    scf.reduce(%0 : i32) {
    ^bb0(%x: i32, %y: i32):
      %1 = arith.addi %x, %y : i32
      scf.reduce.return %1 : i32
    }
  }
  memref.store %s, %r[%c0] : memref<1xi32>
  return
}");
    assert_eq!(levels.len(), 2);
    let body = &levels[1];
    assert_eq!((body.carries(Reduction::Reorderable), body.of(WorkKind::Integer)), (1.0, 1.0));
    assert_eq!((body.of(WorkKind::Store), body.inner), (0.0, 0));
}

#[test]
fn a_branch_may_rename_what_it_passes_to_a_block() {
    let plain = same_loop("branches");
    let renamed = plain
        .replace("cf.cond_br %c, ^body, ^next", "cf.cond_br %c, ^body(%j, %s : index, f32), ^next")
        .replace("^body:", "^body(%jj: index, %ss: f32):")
        .replace("arith.addi %j,", "arith.addi %jj,");
    assert_ne!(plain, renamed);
    let (plain, renamed) = (of(&plain), of(&renamed));
    assert_eq!(renamed.len(), 3);
    assert_eq!((renamed[2].trips(), renamed[2].chain), (plain[2].trips(), plain[2].chain));
    assert_eq!((renamed[2].carried, renamed[2].work), (plain[2].carried, plain[2].work));
}

/// A scan of sums of `%a[%i, %j]` that stores each product, as text in one of four forms of loops.
fn same_loop(form: &str) -> String {
    let head = "func.func @f(%a: memref<16x64xf32>, %b: memref<16x64xf32>, %r: memref<16xf32>) {
      %z = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index\n";
    let body = "%x = memref.load %a[%i, %j] : memref<16x64xf32>
      %p = arith.mulf %x, %x : f32
      memref.store %p, %b[%i, %j] : memref<16x64xf32>
      %n = arith.addf %s, %p : f32\n";
    let rest = match form {
        "affine" => format!(
            "affine.for %i = 0 to 16 {{
               %t = affine.for %j = 0 to 64 iter_args(%s = %z) -> (f32) {{ {body} affine.yield %n : f32 }}
               memref.store %t, %r[%i] : memref<16xf32>
             }}"
        ),
        "for" => format!(
            "scf.for %i = %c0 to %c16 step %c1 {{
               %t = scf.for %j = %c0 to %c64 step %c1 iter_args(%s = %z) -> (f32) {{ {body} scf.yield %n : f32 }}
               memref.store %t, %r[%i] : memref<16xf32>
             }}"
        ),
        "while" => format!(
            "scf.for %i = %c0 to %c16 step %c1 {{
               %t:2 = scf.while (%k = %c0, %q = %z) : (index, f32) -> (index, f32) {{
                 %c = arith.cmpi slt, %k, %c64 : index
                 scf.condition(%c) %k, %q : index, f32
               }} do {{
                 ^bb0(%j: index, %s: f32):
                 {body}
                 %m = arith.addi %j, %c1 : index
                 scf.yield %m, %n : index, f32
               }}
               memref.store %t#1, %r[%i] : memref<16xf32>
             }}"
        ),
        _ => format!(
            "cf.br ^outer(%c0 : index)
             ^outer(%i: index):
               %d = arith.cmpi slt, %i, %c16 : index
               cf.cond_br %d, ^inner(%c0, %z : index, f32), ^end
             ^inner(%j: index, %s: f32):
               %c = arith.cmpi slt, %j, %c64 : index
               cf.cond_br %c, ^body, ^next
             ^body:
               {body}
               %m = arith.addi %j, %c1 : index
               cf.br ^inner(%m, %n : index, f32)
             ^next:
               memref.store %s, %r[%i] : memref<16xf32>
               %o = arith.addi %i, %c1 : index
               cf.br ^outer(%o : index)
             ^end:"
        ),
    };
    format!("{head}{rest}\nreturn\n}}")
}

#[test]
fn a_loop_is_the_same_work_in_every_form() {
    let counts = |form: &str| {
        let mut work = vec![0.0; WORK];
        fill_counts(&of(&same_loop(form)), &mut work);
        work_names().zip(work).filter(|(_, count)| *count != 0.0).collect::<Vec<_>>()
    };
    let affine = counts("affine");
    assert!(affine.iter().any(|(name, count)| name == "ordered_float" && *count == 2048.0), "{affine:?}");
    for form in ["for", "while", "branches"] {
        assert_eq!(counts(form), affine, "{form}");
    }
}

#[test]
fn generated_elements_are_loops_over_the_dimensions() {
    let levels = of("func.func @f(%x: f32) -> tensor<6x10xf32> {
      %r = tensor.generate {
      ^bb0(%i: index, %j: index):
        %y = arith.mulf %x, %x : f32
        %s = arith.addi %i, %j : index
        %k = arith.index_cast %s : index to i32
        %z = arith.sitofp %k : i32 to f32
        %w = arith.mulf %z, %y : f32
        tensor.yield %w : f32
      } : tensor<6x10xf32>
      return %r : tensor<6x10xf32>
    }");
    let inner = &levels[2];
    assert_eq!((inner.iterations, inner.of(WorkKind::Store), inner.of(WorkKind::Float)), (60.0, 1.0, 1.0));
}

#[test]
fn affine_conditions_test_each_range_in_the_loop_that_changes_it() {
    let text = "#inside = affine_set<(d0, d1) : (d0 - 2 >= 0, -d0 + 5 >= 0, d1 - 3 >= 0, -d1 + 9 >= 0, d1 + d0 >= 0)>
func.func @f(%a: memref<8x16xf32>, %b: memref<8x16xf32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 16 {
      affine.if #inside(%i, %j) {
        %0 = affine.load %a[%i, %j] : memref<8x16xf32>
        affine.store %0, %b[%i, %j] : memref<8x16xf32>
      }
    }
  }
  return
}";
    let bodies = of(text);
    let tests = |at: usize| [WorkKind::Select, WorkKind::Address, WorkKind::Integer].map(|kind| bodies[at].of(kind));
    assert_eq!(tests(1), [1.0, 1.0, 0.0]);
    // The sum has the stride of the inner variable and shares its comparison.
    assert_eq!(tests(2), [1.0, 1.0, 0.0]);
}

#[test]
fn an_extreme_with_a_constant_is_a_comparison_and_a_selection() {
    let extreme = |other: &str| {
        let bodies = of(&format!(
            "func.func @f(%a: memref<16xf32>, %b: memref<16xf32>) {{
  %c = arith.constant 6.0 : f32
  affine.for %i = 0 to 16 {{
    %x = affine.load %a[%i] : memref<16xf32>
    %y = affine.load %b[%i] : memref<16xf32>
    %z = arith.maximumf %x, {other} : f32
    affine.store %z, %b[%i] : memref<16xf32>
  }}
  return
}}"
        ));
        (bodies[1].of(WorkKind::MinMax), bodies[1].of(WorkKind::Select))
    };
    assert_eq!((extreme("%y"), extreme("%c")), ((1.0, 0.0), (0.0, 2.0)));
}

#[test]
fn selections_of_bf16_are_scalars() {
    let kinds = |ty: &str| {
        let bodies = of(&format!(
            "func.func @f(%a: memref<16x{ty}>, %b: memref<16x{ty}>, %p: memref<16xi1>) {{
  affine.for %i = 0 to 16 {{
    %x = affine.load %a[%i] : memref<16x{ty}>
    %y = affine.load %b[%i] : memref<16x{ty}>
    %c = affine.load %p[%i] : memref<16xi1>
    %z = arith.select %c, %x, %y : {ty}
    affine.store %z, %b[%i] : memref<16x{ty}>
  }}
  return
}}"
        ));
        (bodies[1].of(WorkKind::Bf16MinMax), bodies[1].of(WorkKind::Select))
    };
    assert_eq!((kinds("bf16"), kinds("f16"), kinds("i16")), ((1.0, 0.0), (0.0, 1.0), (0.0, 1.0)));
}

#[test]
fn loops_on_bf16_are_classed_by_what_keeps_them_scalar() {
    let classes = |element: &str, body: &str, next: &str| {
        let text = format!(
            "func.func @f(%a: memref<64x64xbf16>, %b: memref<64x64xbf16>, %s: bf16) -> bf16 {{
  %r = affine.for %i = 0 to 64 iter_args(%c = %s) -> (bf16) {{
    %x = affine.load %a[{element}] : memref<64x64xbf16>
    %y = {body} : bf16
    affine.store %y, %b[0, %i] : memref<64x64xbf16>
    affine.yield {next} : bf16
  }}
  return %r : bf16
}}"
        );
        ["brain_brain", "ordered_brain", "unvectorised_brain"].map(|name| super::work(&text, name))
    };
    let sum = "arith.addf %c, %x";
    assert_eq!(classes("0, %i", "arith.addf %x, %x", "%s"), [64.0, 0.0, 0.0]);
    assert_eq!(classes("%i, 0", "arith.addf %x, %x", "%s"), [0.0, 0.0, 64.0]);
    // The store uses the sum of each iteration, which is a recurrence.
    assert_eq!(classes("0, %i", sum, "%y"), [0.0; 3]);
    let summed = format!("arith.mulf %x, %x : bf16\n    %z = {sum}");
    assert_eq!(classes("0, %i", &summed, "%z"), [0.0, 128.0, 0.0]);
    assert_eq!(classes("%i, 0", &summed, "%z"), [0.0, 0.0, 128.0]);
}

#[test]
fn filling_memory_with_equal_bytes_is_a_call() {
    let filled = |number: &str, ty: &str| {
        format!(
            "func.func @f(%a: memref<64x{ty}>, %s: {ty}) {{
  %c = arith.constant {number} : {ty}
  affine.for %i = 0 to 64 {{
    affine.store %c, %a[%i] : memref<64x{ty}>
  }}
  return
}}"
        )
    };
    let structured = |number: &str| {
        format!(
            "#one = affine_map<(d0) -> ()>
#all = affine_map<(d0) -> (d0)>
func.func @f(%a: tensor<64xf32>) -> tensor<64xf32> {{
  %c = arith.constant dense<{number}> : tensor<f32>
  %0 = linalg.generic {{indexing_maps = [#one, #all], iterator_types = [\"parallel\"]}}
      ins(%c : tensor<f32>) outs(%a : tensor<64xf32>) {{
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }} -> tensor<64xf32>
  return %0 : tensor<64xf32>
}}"
        )
    };
    for (text, calls) in [
        (filled("0.0", "f32"), 1.0),
        (filled("-1", "i32"), 1.0),
        (filled("3", "i8"), 1.0),
        (filled("3", "i32"), 0.0),
        (filled("1.0", "f32"), 0.0),
        (filled("1.0", "f32").replace("store %c", "store %s"), 0.0),
        (structured("0.0"), 1.0),
        (structured("0.5"), 0.0),
    ] {
        assert_eq!(super::work(&text, "copy_entries"), calls, "{text}");
        assert_eq!(super::work(&text, "vector_store"), 8.0 * (1.0 - calls), "{text}");
    }
}

#[test]
fn calls_for_adjacent_memory_are_one() {
    let calls = |stored: &str, loaded: &str, rows: usize| {
        let text = format!(
            "func.func @f(%a: memref<4x8x64xf32>, %b: memref<4x8x64xf32>) {{
  affine.for %i = 0 to 4 {{
    affine.for %j = 0 to {rows} {{
      affine.for %k = 0 to 64 {{
        %x = affine.load %a[{loaded}] : memref<4x8x64xf32>
        affine.store %x, %b[{stored}] : memref<4x8x64xf32>
      }}
    }}
  }}
  return
}}"
        );
        (super::work(&text, "copy_entries"), super::work(&text, "plain_iterations"))
    };
    // The function's body is one iteration.
    assert_eq!(calls("%i, %j, %k", "%i, %j, %k", 8), (1.0, 1.0));
    assert_eq!(calls("%i, %j, %k", "%i, %j, %k", 6), (4.0, 5.0), "part of the rows");
    assert_eq!(calls("%i, %j, %k", "%j, %i, %k", 4), (16.0, 21.0), "rows in another order");
}
