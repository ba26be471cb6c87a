func.func @scale(%a: memref<1024xf32>) {
  affine.for %i = 0 to 1024 step 16 {
    %x = affine.vector_load %a[%i] : memref<1024xf32>, vector<16xf32>
    %y = arith.mulf %x, %x : vector<16xf32>
    affine.vector_store %y, %a[%i] : memref<1024xf32>, vector<16xf32>
  }
  return
}
