// hardwire-check(znver4) @scale_rows: cycles < 1e5
// hardwire-check(znver4) @scale_rows: spills == 0
module attributes {llvm.target_cpu = "znver4"} {
  func.func @scale_rows(%a: memref<64x256xf32>, %s: memref<64xf32>) {
    affine.for %j = 0 to 256 {
      affine.for %i = 0 to 64 {
        %0 = affine.load %a[%i, %j] : memref<64x256xf32>
        %1 = affine.load %s[%i] : memref<64xf32>
        %2 = arith.mulf %0, %1 : f32
        affine.store %2, %a[%i, %j] : memref<64x256xf32>
      }
    }
    return
  }
}
