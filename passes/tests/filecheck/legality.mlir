// Steps that would change the result are refused, and the function stays as it is.
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=tile:0:4x4}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=TILE
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=jam:0:2}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=JAM
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=interchange:0:1x0}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=SWAP
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=interchange:0:1x0 assume-no-alias=false}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=ALIAS
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=unroll:0:4}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=UNROLL
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=unroll:0:5}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=EVEN

// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=tile:0:4x4}))' %s | FileCheck %s --check-prefix=SAME

// Distance (1, -1).
// SAME: @skew
// SAME-NEXT: affine.for %{{.*}} = 1 to 32 {
// SAME-NEXT: affine.for %{{.*}} = 0 to 31 {
// TILE: tile:0:4x4 is refused: a dependence goes backwards along a loop of the band
// JAM: jam:0:2 is refused: a dependence would go backwards along an inner loop
// SWAP: interchange:0:1x0 is refused: a dependence would go backwards
func.func @skew(%a: memref<32x32xf32>) {
  affine.for %i = 1 to 32 {
    affine.for %j = 0 to 31 {
      %0 = affine.load %a[%i - 1, %j + 1] : memref<32x32xf32>
      %1 = affine.load %a[%i, %j] : memref<32x32xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %a[%i, %j] : memref<32x32xf32>
    }
  }
  return
}

// -----

// Arguments that may overlap: the order of accesses is kept.
// SWAP: remark: hardwire: interchange:0:1x0
// ALIAS: interchange:0:1x0 is refused: buffers may overlap
func.func @copy(%a: memref<32x32xf32>, %b: memref<32x32xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 32 {
      %0 = affine.load %a[%j, %i] : memref<32x32xf32>
      affine.store %0, %b[%j, %i] : memref<32x32xf32>
    }
  }
  return
}

// -----

// Views of one buffer overlap, whatever is assumed of arguments.
// SWAP: interchange:0:1x0 is refused: buffers may overlap
func.func @views(%a: memref<32x32xf32>) {
  %v = memref.reinterpret_cast %a to offset: [0], sizes: [32, 32], strides: [32, 1] : memref<32x32xf32> to memref<32x32xf32>
  affine.for %i = 0 to 31 {
    affine.for %j = 0 to 32 {
      %0 = affine.load %a[%i, %j] : memref<32x32xf32>
      affine.store %0, %v[%i + 1, %j] : memref<32x32xf32>
    }
  }
  return
}

// -----

// A triangle has no order of its own for the inner loop.
// SWAP: interchange:0:1x0 is refused: the bounds of a loop depend on another loop of the band
func.func @triangle(%a: memref<32x32xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %0 = affine.load %a[%i, %j] : memref<32x32xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %a[%i, %j] : memref<32x32xf32>
    }
  }
  return
}

// -----

// Effects that are not analysed.
// SWAP: interchange:0:1x0 is refused: the effects of `func.call` on memory are not analysed
func.func private @effect()
func.func @call(%a: memref<32x32xf32>, %x: f32) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 32 {
      func.call @effect() : () -> ()
      affine.store %x, %a[%i, %j] : memref<32x32xf32>
    }
  }
  return
}

// -----

// Upstream's loop for the remainder takes one of two values that start alike for both.
// UNROLL: remark: hardwire: kept: unroll:0:4 is refused: upstream's remainder would mix values that start alike
// EVEN-NOT: is refused
func.func @sums(%a: memref<10xf32>, %b: memref<10xf32>) -> (f32, f32) {
  %z = arith.constant 0.000000e+00 : f32
  %s:2 = affine.for %i = 0 to 10 iter_args(%t = %z, %u = %z) -> (f32, f32) {
    %0 = affine.load %a[%i] : memref<10xf32>
    %1 = affine.load %b[%i] : memref<10xf32>
    %2 = arith.addf %t, %0 : f32
    %3 = arith.addf %u, %1 : f32
    affine.yield %2, %3 : f32, f32
  }
  return %s#0, %s#1 : f32, f32
}
