// hardwire-check(skylake-avx512): cycles < 1e5
// hardwire-check(znver4) @scale: spills == 0
// hardwire-check(znver4): cycles < 10
func.func @scale(%a: memref<1024xf32>) {
  affine.for %i = 0 to 1024 {
    %0 = affine.load %a[%i] : memref<1024xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<1024xf32>
  }
  return
}
