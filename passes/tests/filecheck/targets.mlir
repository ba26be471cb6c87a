// Where a module names its processor. A name that the model does not have shows which one was read.
// RUN: not %opt --split-input-file --pass-pipeline='builtin.module(func.func(hardwire-unroll))' %s 2>&1 | FileCheck %s

// CHECK: no target: give the option target=NAME, or the module an attribute llvm.target_cpu
func.func @nothing(%a: memref<8xf32>, %x: f32) {
  affine.for %i = 0 to 8 { affine.store %x, %a[%i] : memref<8xf32> }
  return
}

// -----

// CHECK: no target or design `from-cpu`
module attributes {llvm.target_cpu = "from-cpu"} {
  func.func @cpu(%a: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 { affine.store %x, %a[%i] : memref<8xf32> }
    return
  }
}

// -----

// CHECK: no target or design `from-chip`
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "from-chip">} {
  func.func @chip(%a: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 { affine.store %x, %a[%i] : memref<8xf32> }
    return
  }
}

// -----

// CHECK: no target or design `from-dlti`
module attributes {dlti.target_system_spec = #dlti.target_system_spec<"CPU" = #dlti.target_device_spec<"chip" = "from-dlti">>} {
  func.func @dlti(%a: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 { affine.store %x, %a[%i] : memref<8xf32> }
    return
  }
}

// -----

// The function's own attribute comes first.
// CHECK: no target or design `from-function`
module attributes {llvm.target_cpu = "from-cpu"} {
  func.func @own(%a: memref<8xf32>, %x: f32) attributes {target_cpu = "from-function"} {
    affine.for %i = 0 to 8 { affine.store %x, %a[%i] : memref<8xf32> }
    return
  }
}
