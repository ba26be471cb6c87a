// Code without affine loops, and of other dialects, passes through unchanged.
// RUN: %opt --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4}))' %s | FileCheck %s
// RUN: %opt --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(hardwire-optimize{target=znver4}))' %s 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// REMARK: remark: hardwire: kept: no affine loop at the top level
// CHECK: func.func @tensors
// CHECK-NEXT: "other.op"(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32>
func.func @tensors(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "other.op"(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
