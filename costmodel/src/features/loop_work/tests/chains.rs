//! Chains of dependent operations, and what an iteration waits for.

use super::{of, work};

/// `body` in a loop over 256 elements that carries `%x` and `%y`, which start as `%s`, and yields `passed`.
fn carrying(body: &str, passed: &str) -> String {
    format!(
        "func.func @f(%a: memref<256xf32>, %s: f32) -> f32 {{
  %r:2 = affine.for %i = 0 to 256 iter_args(%x = %s, %y = %s) -> (f32, f32) {{
{body}
    affine.yield {passed} : f32, f32
  }}
  %t = arith.addf %r#0, %r#1 : f32
  return %t : f32
}}"
    )
}

fn cycles(text: &str) -> f64 {
    of(text)[1].chain.cycles
}

#[test]
fn a_chain_has_the_latency_of_its_operations() {
    // A table lookup: an exclusive or, a mask, its conversion, a load and an exclusive or. The shift is shorter.
    let text = "func.func @f(%a: memref<64xi64>, %t: memref<256xi64>, %s: i64, %m: i64) -> i64 {
  %r = affine.for %i = 0 to 64 iter_args(%c = %s) -> i64 {
    %0 = affine.load %a[%i] : memref<64xi64>
    %1 = arith.xori %c, %0 : i64
    %2 = arith.andi %1, %m : i64
    %3 = arith.index_castui %2 : i64 to index
    %4 = memref.load %t[%3] : memref<256xi64>
    %5 = arith.shrui %c, %m : i64
    %6 = arith.xori %4, %5 : i64
    affine.yield %6 : i64
  }
  return %r : i64
}";
    assert_eq!(cycles(text), 1.0 + 1.0 + 1.0 + 5.0 + 1.0);
}

#[test]
fn values_that_change_places_wait_for_each_other_over_several_iterations() {
    let turned = carrying("%0 = arith.mulf %x, %s : f32\n%1 = arith.mulf %0, %s : f32", "%y, %1");
    assert_eq!(cycles(&turned), 4.0, "two products in two iterations");
    let crossed = carrying("%0 = arith.mulf %x, %s : f32\n%1 = arith.mulf %y, %s : f32", "%1, %0");
    assert_eq!(cycles(&crossed), 4.0, "one product in each iteration");
    let led =
        carrying("%0 = arith.mulf %x, %s : f32\n%1 = arith.divf %0, %s : f32\n%2 = arith.addf %y, %1 : f32", "%0, %2");
    assert_eq!(cycles(&led), 4.0, "the division feeds a sum, but nothing feeds it back");
}

#[test]
fn nothing_waits_for_calls_or_for_a_variable_that_counts() {
    let called = carrying("%0 = math.sin %x : f32\n%1 = arith.addf %0, %s : f32", "%1, %y");
    assert_eq!(cycles(&called), 4.0, "the sum after the call");
    let counted = "func.func @f(%a: memref<256xf32>, %s: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %r:2 = scf.while (%i = %c0, %x = %s) : (index, f32) -> (index, f32) {
    %0 = arith.cmpi slt, %i, %n : index
    scf.condition(%0) %i, %x : index, f32
  } do {
  ^body(%i: index, %x: f32):
    %1 = memref.load %a[%i] : memref<256xf32>
    %2 = arith.mulf %1, %1 : f32
    %3 = arith.addf %x, %2 : f32
    %4 = arith.addi %i, %c1 : index
    scf.yield %4, %3 : index, f32
  }
  return %r#1 : f32
}";
    assert_eq!(cycles(counted), 4.0, "the sum alone");
}

#[test]
fn branches_are_on_a_chain_only_as_selections() {
    let branch = |inside: &str| {
        carrying(
            &format!(
                "%c = arith.cmpf ogt, %y, %s : f32
                 %0 = scf.if %c -> f32 {{
                   {inside}
                   %1 = arith.addf %x, %s : f32
                   scf.yield %1 : f32
                 }} else {{
                   scf.yield %x : f32
                 }}"
            ),
            "%0, %y",
        )
    };
    assert_eq!(cycles(&branch("")), 4.0 + 1.0, "a sum and a selection");
    assert_eq!(cycles(&branch("affine.store %x, %a[%i] : memref<256xf32>")), 0.0, "a block of its own");
}

#[test]
fn elements_stored_for_the_next_iteration_are_carried_in_registers() {
    let recurrence = |loaded: &str| {
        format!(
            "func.func @f(%a: memref<300xf32>, %b: memref<300xf32>, %s: f32) {{
  affine.for %i = 0 to 256 {{
    %0 = affine.load %a[{loaded}] : memref<300xf32>
    %1 = affine.load %b[%i] : memref<300xf32>
    %2 = arith.mulf %0, %s : f32
    %3 = arith.addf %2, %1 : f32
    affine.store %3, %a[%i + 1] : memref<300xf32>
  }}
  return
}}"
        )
    };
    assert_eq!(cycles(&recurrence("%i")), 8.0, "stored by the iteration before");
    assert_eq!(cycles(&recurrence("%i + 2")), 0.0, "stored by the next iteration");
}

#[test]
fn an_iteration_waits_for_its_longest_limit() {
    let count = |text: &str, name: &str| work(text, name) / 256.0;
    // Five divisions one after another take 70 cycles, and occupy the divider for 20.
    let divisions: String = (0..5).map(|at| format!("%{} = arith.divf %{at}, %s : f32\n", at + 1)).collect();
    let chained = carrying(&format!("%0 = arith.addf %x, %s : f32\n{divisions}"), "%5, %y");
    let instructions = 4.0 * (74.0 - count(&chained, "chain_wait"));
    assert!((8.0..=9.0).contains(&instructions), "{instructions}");
    assert_eq!(count(&chained, "divider_wait"), 0.0);
    // Two divisions that do not depend on each other occupy it longer than the sum takes.
    let apart = carrying(
        "%0 = affine.load %a[%i] : memref<256xf32>
         %1 = arith.divf %0, %s : f32
         %2 = arith.divf %s, %0 : f32
         %3 = arith.addf %1, %2 : f32
         %4 = arith.addf %x, %3 : f32",
        "%4, %y",
    );
    assert_eq!((count(&apart, "chain_wait"), count(&apart, "divider_wait")), (2.25, 4.0));
}

#[test]
fn long_blocks_wait_for_chains_that_do_not_fit_in_flight() {
    let sums = |operand: &dyn Fn(usize) -> String| {
        let sums: String = (1..400).map(|at| format!("%{at} = arith.addf {}, %s : f32\n", operand(at))).collect();
        let stores: String = (1..400).map(|at| format!("affine.store %{at}, %a[{at}] : memref<400xf32>\n")).collect();
        format!("func.func @f(%a: memref<400xf32>, %s: f32) {{\n%0 = arith.mulf %s, %s : f32\n{sums}{stores}return\n}}")
    };
    let serial = work(&sums(&|at| format!("%{}", at - 1)), "window_wait");
    // 400 operations of 4 cycles each, less those that issue 799 instructions.
    assert!((1200.0..1600.0).contains(&serial), "{serial}");
}

#[test]
fn a_scalar_reduction_waits_for_its_sums() {
    let sums = |count: usize| {
        let body: String = (0..count)
            .map(|k| {
                format!(
                    "%x{k} = affine.load %a[{k}, %i] : memref<8x64xf32>
                     %s{k} = affine.load %r[2 * {k}] : memref<16xf32>
                     %t{k} = arith.addf %s{k}, %x{k} : f32
                     affine.store %t{k}, %r[2 * {k}] : memref<16xf32>\n"
                )
            })
            .collect();
        work(
            &format!(
                "func.func @f(%a: memref<8x64xf32>, %r: memref<16xf32>) {{
  affine.for %i = 0 to 64 {{
    {body}
  }}
  return
}}"
            ),
            "ordered_wait",
        )
    };
    // A sum takes 4 cycles; an iteration has a load and a sum for each, and two instructions of loop control, 4 of which are issued in a cycle.
    assert_eq!((sums(1), sums(2), sums(7)), (64.0 * 3.0, 64.0 * 2.5, 0.0));
}

/// A product of matrices whose rows have `columns` elements, with the sum over `%k` around the loop over the columns.
fn rows(columns: usize) -> String {
    format!(
        "func.func @f(%a: memref<16x32xf32>, %b: memref<32x{columns}xf32>, %c: memref<16x{columns}xf32>) {{
  affine.for %i = 0 to 16 {{
    affine.for %k = 0 to 32 {{
      affine.for %j = 0 to {columns} {{
        %0 = affine.load %a[%i, %k] : memref<16x32xf32>
        %1 = affine.load %b[%k, %j] : memref<32x{columns}xf32>
        %2 = affine.load %c[%i, %j] : memref<16x{columns}xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<16x{columns}xf32>
      }}
    }}
  }}
  return
}}"
    )
}

#[test]
fn a_row_of_one_vector_is_kept_over_the_loop_around() {
    // One store of a vector in each of 16 iterations of the outermost loop; in each of the 16 x 32 iterations a sum of 4 cycles, while the 7
    // instructions are issued in 1.75: two loads, product, sum and store, and loop control.
    assert_eq!((work(&rows(8), "vector_store"), work(&rows(8), "chain_wait")), (16.0, 16.0 * 32.0 * 2.25));
    // One vector iteration computes the loop over the columns, so that LLVM removes its control.
    let counts = ["vector_iterations", "entries", "single_entries"].map(|name| work(&rows(8), name));
    assert_eq!(counts, [0.0, 1.0 + 1.0 + 16.0, 16.0 * 32.0]);
    // A loop is left over longer rows.
    assert_eq!((work(&rows(64), "vector_store"), work(&rows(64), "chain_wait")), (16.0 * 32.0 * 8.0, 0.0));
}
