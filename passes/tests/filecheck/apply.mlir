// Steps that are given are taken without a model, and only if they are legal.
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=interchange:0:0x2x1+unroll:2:2}))' %s | FileCheck %s
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=tile:0:8x8x8}))' %s | FileCheck %s --check-prefix=TILE
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=vectorize:2:8}))' %s 2>&1 | FileCheck %s --check-prefix=COLUMN
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=interchange:0:0x2x1+vectorize:2:8}))' %s | FileCheck %s --check-prefix=VECTOR
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=unroll:0}))' %s 2>&1 | FileCheck %s --check-prefix=MALFORMED

// CHECK-LABEL: func.func @matmul
// CHECK: affine.for %[[I:.*]] = 0 to 64
// CHECK: affine.for %[[K:.*]] = 0 to 32
// CHECK: affine.for %[[J:.*]] = 0 to 48 step 2
// CHECK: affine.load %{{.*}}[%[[I]], %[[K]]]
// CHECK: affine.load %{{.*}}[%[[K]], %[[J]]]
// CHECK: affine.load %{{.*}}[%[[K]], %[[J]] + 1]

// TILE-LABEL: func.func @matmul
// TILE-COUNT-3: affine.for %{{.*}} step 8
// TILE-COUNT-3: affine.for

// COLUMN: remark: hardwire: kept: vectorize:2:8 is refused: an access does not move along its rows by one element

// VECTOR: affine.for %{{.*}} = 0 to 48 step 8
// VECTOR: vector.transfer_read {{.*}} vector<8xf32>
// VECTOR: vector.transfer_write {{.*}} vector<8xf32>

// MALFORMED: error: hardwire: `unroll:0` is no sequence of steps
func.func @matmul(%a: memref<64x32xf32>, %b: memref<32x48xf32>, %c: memref<64x48xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 48 {
      affine.for %k = 0 to 32 {
        %0 = affine.load %a[%i, %k] : memref<64x32xf32>
        %1 = affine.load %b[%k, %j] : memref<32x48xf32>
        %2 = affine.load %c[%i, %j] : memref<64x48xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<64x48xf32>
      }
    }
  }
  return
}
