func.func @scale(%a: memref<?xf32>, %n: index) {
  affine.for %i = 0 to %n {
    %0 = affine.load %a[%i] : memref<?xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<?xf32>
  }
  return
}
