// Neighbouring nests over the same iterations are fused where no iteration of the second one needs a later one of the first.
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-fuse{apply=fuse:0:2}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=TWO
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-fuse{apply=fuse:0:2}))' %s | FileCheck %s
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-fuse{apply=fuse:0:1}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=ONE
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{apply=fuse:0:1 assume-no-alias=false}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=ALIAS
// RUN: %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 decisions=fuse caution=0}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=MODEL

// TWO: remark: hardwire: fuse:0:2
// ONE: remark: hardwire: fuse:0:1
// ALIAS: fuse:0:1 is refused: buffers may overlap
// MODEL: remark: hardwire:
// CHECK: func.func @producer
// CHECK: affine.for %[[I:.*]] = 0 to 32 {
// CHECK-NEXT: affine.for %[[J:.*]] = 0 to 48 {
// CHECK: affine.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
// CHECK: affine.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
// CHECK-NOT: affine.for
// CHECK: return
func.func @producer(%a: memref<32x48xf32>, %t: memref<32x48xf32>, %c: memref<32x48xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 48 {
      %0 = affine.load %a[%i, %j] : memref<32x48xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %t[%i, %j] : memref<32x48xf32>
    }
  }
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 48 {
      %0 = affine.load %t[%i, %j] : memref<32x48xf32>
      %1 = arith.mulf %0, %0 : f32
      affine.store %1, %c[%i, %j] : memref<32x48xf32>
    }
  }
  return
}

// -----

// TWO: fuse:0:2 is refused: the second nest would use an element before the first one has
// ONE: remark: hardwire: fuse:0:1
func.func @mirrored(%a: memref<32x48xf32>, %t: memref<32x48xf32>, %c: memref<32x48xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 48 {
      %0 = affine.load %a[%i, %j] : memref<32x48xf32>
      affine.store %0, %t[%i, %j] : memref<32x48xf32>
    }
  }
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 48 {
      %0 = affine.load %t[%i, -%j + 47] : memref<32x48xf32>
      affine.store %0, %c[%i, %j] : memref<32x48xf32>
    }
  }
  return
}

// -----

// Other numbers of iterations, and a store between two nests: no pair to decide about.
// TWO-NOT: fuse:
// ONE-NOT: fuse:
func.func @others(%a: memref<32xf32>, %b: memref<32xf32>, %x: f32) {
  affine.for %i = 0 to 32 {
    affine.store %x, %a[%i] : memref<32xf32>
  }
  affine.for %i = 0 to 31 {
    affine.store %x, %b[%i] : memref<32xf32>
  }
  affine.store %x, %a[0] : memref<32xf32>
  affine.for %i = 0 to 31 {
    affine.store %x, %b[%i + 1] : memref<32xf32>
  }
  return
}
