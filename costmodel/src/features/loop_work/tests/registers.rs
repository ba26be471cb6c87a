//! Registers that loops need at once.

use super::super::body::Registers;
use super::{of, work};

/// What the loop at `index` of a function needs.
fn needs(text: &str, index: usize) -> Registers {
    of(text)[index].registers
}

/// `body` in a loop over 512 elements of `%a` and `%b`.
fn over_elements(body: &str) -> String {
    format!(
        "func.func @f(%a: memref<512xf32>, %b: memref<512xf32>, %s: f32) {{
  %c = arith.constant 1.5 : f32
  %d = arith.constant 2.5 : f32
  affine.for %i = 0 to 512 {{
    %x = affine.load %a[%i] : memref<512xf32>
{body}
  }}
  return
}}"
    )
}

#[test]
fn interleaved_copies_need_registers_each_and_constants_one() {
    // Four copies of the element and of the chain, and two constants: 10 in LLVM's code, too.
    let polynomial = over_elements(
        "%0 = math.fma %c, %x, %d : f32
         %1 = math.fma %0, %x, %c : f32
         affine.store %1, %b[%i] : memref<512xf32>",
    );
    let own = needs(&polynomial, 1);
    assert_eq!((own.late, own.early, own.scalar), (10.0, 10.0, 4.0));
    // RISC-V has constants in registers for scalars.
    assert_eq!(own.long, 4.0, "two groups of two registers");
}

#[test]
fn x86_needs_no_register_for_an_operand_in_memory() {
    let sum = over_elements(
        "%y = affine.load %b[%i] : memref<512xf32>
         %0 = arith.mulf %x, %s : f32
         %1 = arith.addf %0, %y : f32
         affine.store %1, %b[%i] : memref<512xf32>",
    );
    let own = needs(&sum, 1);
    // The argument, and four copies of the product or the sum.
    assert_eq!(own.late, 5.0);
    // Both elements are loaded before.
    assert_eq!(own.early, 9.0);
}

#[test]
fn values_of_loops_around_stay_in_registers() {
    let nest = |last: &str| {
        format!(
            "func.func @f(%a: memref<8x64xi64>, %b: memref<8xi64>, %s: i64, %t: i64) {{
  affine.for %i = 0 to 8 {{
    %u = affine.load %b[%i] : memref<8xi64>
    %v = arith.xori %u, %s : i64
    %r = affine.for %j = 0 to 64 iter_args(%x = %t) -> i64 {{
      %0 = affine.load %a[%i, %j] : memref<8x64xi64>
      %1 = arith.divsi %x, %0 : i64
      affine.yield %1 : i64
    }}
    %w = arith.xori %r, {last} : i64
    affine.store %w, %b[%i] : memref<8xi64>
  }}
  return
}}"
        )
    };
    // What is carried, the element, two buffers and two counters.
    let without = needs(&nest("%r"), 2).integers;
    assert_eq!(without, 6.0);
    assert_eq!(needs(&nest("%v"), 2).integers, without + 1.0, "a value that is used after the loop");
}

#[test]
fn a_sum_is_in_a_register_during_its_loop() {
    let carried = "func.func @f(%a: memref<64xf32>, %s: f32) -> f32 {
  %r = affine.for %i = 0 to 64 iter_args(%x = %s) -> f32 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.mulf %0, %0 : f32
    %2 = arith.divf %x, %1 : f32
    affine.yield %2 : f32
  }
  return %r : f32
}";
    let in_memory = "func.func @f(%a: memref<64xf32>, %b: memref<1xf32>) {
  affine.for %i = 0 to 64 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.mulf %0, %0 : f32
    %x = affine.load %b[0] : memref<1xf32>
    %2 = arith.divf %x, %1 : f32
    affine.store %2, %b[0] : memref<1xf32>
  }
  return
}";
    // The sum and the element or its square.
    assert_eq!([carried, in_memory].map(|text| needs(text, 1).scalar), [2.0, 2.0]);
}

#[test]
fn explicit_vectors_fill_registers_by_their_width() {
    let text = "func.func @f(%a: memref<64x32xf32>) {
  affine.for %i = 0 to 64 {
    %0 = affine.vector_load %a[%i, 0] : memref<64x32xf32>, vector<32xf32>
    %1 = math.absf %0 : vector<32xf32>
    %2 = arith.divf %1, %0 : vector<32xf32>
    affine.vector_store %2, %a[%i, 0] : memref<64x32xf32>, vector<32xf32>
  }
  return
}";
    let own = needs(text, 1);
    assert_eq!((own.early, own.parts, own.long), (4.0, 16.0, 4.0));
}

#[test]
fn addresses_need_a_register_for_each_buffer_that_is_still_used_and_each_stride() {
    let text = "func.func @f(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %c: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 1 to 64 {
      %0 = affine.load %a[%i, %j] : memref<64x64xf32>
      %1 = affine.load %a[%i, %j - 1] : memref<64x64xf32>
      %2 = affine.load %a[%j, %i] : memref<64x64xf32>
      %3 = arith.addf %0, %1 : f32
      %4 = arith.mulf %3, %2 : f32
      affine.store %4, %b[%i, %j] : memref<64x64xf32>
    }
  }
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      %0 = affine.load %b[%i, %j] : memref<64x64xf32>
      affine.store %0, %c[%j, %i] : memref<64x64xf32>
    }
  }
  return
}";
    // Three buffers, two counters, and the second stride of `%a`.
    assert_eq!(needs(text, 2).integers, 6.0);
    // Two buffers and two counters.
    assert_eq!(needs(text, 4).integers, 4.0);
}

#[test]
fn values_beyond_the_registers_count_in_each_iteration() {
    let products = |count: usize| {
        let loads: String = (0..count)
            .map(|k| {
                format!(
                    "%x{k} = affine.load %a[8 * %i + {k}] : memref<1024xi64>\n%y{k} = arith.divsi %x{k}, %s : i64\n"
                )
            })
            .collect();
        let stores: String =
            (0..count).map(|k| format!("affine.store %y{k}, %b[8 * %i + {k}] : memref<1024xi64>\n")).collect();
        format!(
            "func.func @f(%a: memref<1024xi64>, %b: memref<1024xi64>, %s: i64) {{
affine.for %i = 0 to 64 {{
{loads}{stores}}}
return
}}"
        )
    };
    let beyond = |count: usize| work(&products(count), "indices_beyond_14");
    // The quotients, two buffers and a counter.
    assert_eq!([11, 12, 16].map(beyond), [0.0, 64.0, 5.0 * 64.0]);
}
