func.func @tiny(%a: memref<16xf32>) {
  affine.for %i = 0 to 16 {
    %0 = affine.load %a[%i] : memref<16xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<16xf32>
  }
  return
}
func.func @short(%a: memref<256xf32>) {
  affine.for %i = 0 to 256 {
    %0 = affine.load %a[%i] : memref<256xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<256xf32>
  }
  return
}
func.func @middle(%a: memref<1024xf32>) {
  affine.for %i = 0 to 1024 {
    %0 = affine.load %a[%i] : memref<1024xf32>
    %1 = arith.divf %0, %0 : f32
    affine.store %1, %a[%i] : memref<1024xf32>
  }
  return
}
func.func @long(%a: memref<16384xf32>) {
  affine.for %i = 0 to 16384 {
    %0 = affine.load %a[%i] : memref<16384xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<16384xf32>
  }
  return
}
func.func @longest(%a: memref<1048576xf32>) {
  affine.for %i = 0 to 1048576 {
    %0 = affine.load %a[%i] : memref<1048576xf32>
    %1 = arith.divf %0, %0 : f32
    affine.store %1, %a[%i] : memref<1048576xf32>
  }
  return
}
func.func @again(%a: memref<1024xf32>) {
  affine.for %i = 0 to 1024 {
    %0 = affine.load %a[%i] : memref<1024xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<1024xf32>
  }
  return
}
