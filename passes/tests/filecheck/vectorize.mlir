// When the iterations of a loop may run as vectors.
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=vectorize:0:8}))' %s 2>&1 >/dev/null | FileCheck %s
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=vectorize:0:8 reassociate=true}))' %s | FileCheck %s --check-prefix=REASSOCIATE

// A float reduction only if it may be reassociated.
// CHECK: vectorize:0:8 is refused: a floating-point reduction would be reassociated
// REASSOCIATE: @sum
// REASSOCIATE: vector.reduction <add>
func.func @sum(%a: memref<64xf32>) -> f32 {
  %z = arith.constant 0.000000e+00 : f32
  %s = affine.for %i = 0 to 64 iter_args(%t = %z) -> (f32) {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %t, %0 : f32
    affine.yield %1 : f32
  }
  return %s : f32
}

// -----

// An integer reduction is exact in any order. Its initial value is a constant outside of the nest, which the nest knows: adding
// it folds.
// CHECK: remark: hardwire: vectorize:0:8
// REASSOCIATE: @sum_integer
// REASSOCIATE: %[[SUM:.*]] = vector.reduction <add>
// REASSOCIATE-NEXT: return %[[SUM]]
func.func @sum_integer(%a: memref<64xi32>) -> i32 {
  %z = arith.constant 0 : i32
  %s = affine.for %i = 0 to 64 iter_args(%t = %z) -> (i32) {
    %0 = affine.load %a[%i] : memref<64xi32>
    %1 = arith.addi %t, %0 : i32
    affine.yield %1 : i32
  }
  return %s : i32
}

// -----

// Upstream's vector would run over the end of the loop.
// CHECK: vectorize:0:8 is refused: the trip count is not a known multiple of the width
func.func @tail(%a: memref<64xf32>) {
  affine.for %i = 0 to 60 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<64xf32>
  }
  return
}

// -----

// CHECK: vectorize:0:8 is refused: the loop carries a dependence
func.func @carried(%a: memref<64xf32>) {
  affine.for %i = 0 to 56 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i + 1] : memref<64xf32>
  }
  return
}

// -----

// CHECK: vectorize:0:8 is refused: an access does not move along its rows by one element
func.func @every_second(%a: memref<128xf32>, %b: memref<64xf32>) {
  affine.for %i = 0 to 64 {
    %0 = affine.load %a[%i * 2] : memref<128xf32>
    affine.store %0, %b[%i] : memref<64xf32>
  }
  return
}
