// A triangular solve, and a sum whose length is known only at run time.
func.func @solve(%l: memref<32x32xf32>, %b: memref<32xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %a = affine.load %l[%i, %j] : memref<32x32xf32>
      %x = affine.load %b[%j] : memref<32xf32>
      %s = affine.load %b[%i] : memref<32xf32>
      %p = arith.mulf %a, %x : f32
      %d = arith.subf %s, %p : f32
      affine.store %d, %b[%i] : memref<32xf32>
    }
    %n = affine.load %b[%i] : memref<32xf32>
    %m = affine.load %l[%i, %i] : memref<32x32xf32>
    %q = arith.divf %n, %m : f32
    affine.store %q, %b[%i] : memref<32xf32>
  }
  return
}

func.func @sum(%v: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (f32) {
    %x = memref.load %v[%i] : memref<?xf32>
    %next = arith.addf %acc, %x : f32
    scf.yield %next : f32
  }
  return %sum : f32
}
