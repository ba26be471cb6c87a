// Passes with the built-in model. What it decides depends on the model, so these checks are about the rules: what is asked, what
// is kept, and that a result verifies.
// RUN: %opt --verify-each --pass-pipeline='builtin.module(func.func(hardwire-hoist{target=znver4},hardwire-interchange{target=znver4},hardwire-tile{target=znver4 factors=8,16},hardwire-jam{target=znver4},hardwire-vectorize{target=znver4},hardwire-unroll{target=znver4 factors=2,4}),hardwire-annotate{targets=znver4,hnlpu})' %s 2>&1 | FileCheck %s
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize))' %s 2>&1 | FileCheck %s --check-prefix=MODULE
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 caution=10}))' %s 2>&1 | FileCheck %s --check-prefix=CAUTION
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 budget-ms=0}))' %s 2>&1 | FileCheck %s --check-prefix=BUDGET
// RUN: %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=hnlpu}))' %s 2>&1 | FileCheck %s --check-prefix=DESIGN
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 caution=-1}))' %s 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=z80}))' %s 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 quantity=beauty}))' %s 2>&1 | FileCheck %s --check-prefix=QUANTITY
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 model=/nowhere/model}))' %s 2>&1 | FileCheck %s --check-prefix=MODEL
// RUN: not %opt --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4 model=%s}))' %s 2>&1 | FileCheck %s --check-prefix=NOMODEL

// TARGET: error: hardwire: the model has no target or design `z80`
// QUANTITY: error: hardwire: no quantity is called `beauty`
// MODEL: error: hardwire: /nowhere/model: No such file or directory
// NOMODEL: error: hardwire: {{.*}}model.mlir:
// RANGE: error: hardwire: caution is a number from 0 to 10
// CAUTION: remark: hardwire: kept: {{.*}}
// CAUTION: affine.for %{{.*}} = 0 to 64 {
// BUDGET: remark: hardwire: kept: the time is used up
// DESIGN: remark: hardwire: kept: a design runs a nest of scalar code as one operation over its iteration space, whatever its loops
// DESIGN: affine.for %{{.*}} = 0 to 64 {
// MODULE: remark: hardwire:

// CHECK: remark: hardwire: kept: its cost is not known: {{.*}}
// CHECK: hardwire.cost = {model = {{.*}}targets = {hnlpu = {{.*}}znver4 = {
module attributes {llvm.target_cpu = "skylake-avx512"} {
  func.func @add(%a: memref<64xf32>, %b: memref<64xf32>) {
    affine.for %i = 0 to 64 {
      %0 = affine.load %a[%i] : memref<64xf32>
      %1 = affine.load %b[%i] : memref<64xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %b[%i] : memref<64xf32>
    }
    return
  }
  func.func @dynamic(%n: index, %a: memref<?xf32>) {
    affine.for %i = 0 to %n {
      %0 = affine.load %a[%i] : memref<?xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %a[%i] : memref<?xf32>
    }
    return
  }
}
