//! Loops of few iterations, and of trip counts that vary.

use super::{of, work};

#[test]
fn a_loop_shorter_than_a_vector_may_be_one_vector() {
    let text = "func.func @f(%a: memref<8x4xf32>, %s: f32) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 4 {
      %0 = affine.load %a[%i, %j] : memref<8x4xf32>
      %1 = arith.mulf %0, %s : f32
      affine.store %1, %a[%i, %j] : memref<8x4xf32>
    }
  }
  return
}";
    assert_eq!((work(text, "short_float"), work(text, "brief_float")), (32.0, 8.0));
    // As many lanes as a constant trip count of 8 or more fills.
    let narrow = text.replace("f32", "i8").replace("mulf", "addi").replace("0 to 4", "0 to 24").replace("8x4", "8x24");
    assert_eq!((work(&narrow, "vector_integer"), work(&narrow, "short_integer")), (16.0, 0.0));
    // 3 lanes do not pay.
    let few = text.replace("0 to 4", "0 to 3");
    assert_eq!((work(&few, "unvectorised_float"), work(&few, "brief_float")), (24.0, 0.0));
}

#[test]
fn parts_of_a_range_are_full_but_for_the_last() {
    let text = "func.func @f(%a: memref<1000xf32>, %s: f32) {
  affine.for %i = 0 to 1000 step 64 {
    affine.for %j = affine_map<(d0) -> (d0)>(%i) to min affine_map<(d0) -> (d0 + 64, 1000)>(%i) {
      %0 = affine.load %a[%j] : memref<1000xf32>
      %1 = arith.mulf %0, %s : f32
      affine.store %1, %a[%j] : memref<1000xf32>
    }
  }
  return
}";
    let inner = &of(text)[2];
    assert_eq!((inner.trips(), inner.typical()), (62.5, (15.625, 64.0)));
    // 4 vectors of 8 at once: no iterations remain.
    assert_eq!((work(text, "vector_float"), work(text, "rest_entries")), (125.0, 0.0));
}

#[test]
fn a_loop_of_one_iteration_is_none() {
    let text = "func.func @f(%a: memref<64x1xf32>, %s: f32) {
  affine.for %i = 0 to 64 {
    affine.for %j = affine_map<(d0) -> (d0)>(%i) to affine_map<(d0) -> (d0 + 1)>(%i) {
      %0 = affine.load %a[%j, 0] : memref<64x1xf32>
      %1 = arith.mulf %0, %s : f32
      affine.store %1, %a[%j, 0] : memref<64x1xf32>
    }
  }
  return
}";
    assert_eq!(of(text).len(), 2);
    assert_eq!(work(text, "vector_float"), 8.0);
}

#[test]
fn long_vectors_leave_no_remainder() {
    let counts = |trips: u32| {
        let text = format!(
            "func.func @f(%a: memref<{trips}xf32>, %b: memref<{trips}xf32>) {{
  affine.for %i = 0 to {trips} {{
    %x = affine.load %a[%i] : memref<{trips}xf32>
    %y = arith.addf %x, %x : f32
    affine.store %y, %b[%i] : memref<{trips}xf32>
  }}
  return
}}"
        );
        (work(&text, "long_iterations"), work(&text, "long_instructions"))
    };
    // 32 elements in 1024 bits; a load, a sum, a store and two for the loop.
    assert_eq!(counts(100), (4.0, 20.0));
    assert_eq!(counts(20), (2.0, 10.0));
}
