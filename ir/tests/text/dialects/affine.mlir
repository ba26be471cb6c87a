#map = affine_map<(d0)[s0] -> (d0 + s0)>
#min = affine_map<(d0, d1) -> (d0 * 4 + 4, d1)>
#set = affine_set<(d0)[s0] : (d0 - 1 >= 0, -d0 + s0 - 1 >= 0, d0 mod 2 == 0)>
func.func @loops(%a: memref<64x64xf32>, %n: index, %f: f32) -> f32 {
  %c0 = arith.constant 0 : index
  affine.for %i = 0 to 64 step 4 {
    affine.for %j = #map(%i)[%n] to min #min(%i, %n) {
      %0 = affine.load %a[%i + 1, %j * 2 - symbol(%n)] : memref<64x64xf32>
      %1 = affine.load %a[%i, %i floordiv 4 + %j mod 3] : memref<64x64xf32>
      affine.store %0, %a[%j ceildiv 2, 5] : memref<64x64xf32>
      affine.if #set(%i)[%n] {
        affine.store %1, %a[0, 0] : memref<64x64xf32>
      } else {
        affine.store %0, %a[-1 + %i, 0] : memref<64x64xf32>
      }
    }
  }
  affine.for %i = %c0 to %n {
    %v = affine.vector_load %a[%i, 0] : memref<64x64xf32>, vector<8xf32>
    affine.vector_store %v, %a[%i, 8] : memref<64x64xf32>, vector<8xf32>
  } {tag = "x"}
  affine.for %i = max affine_map<(d0)[s0] -> (d0, s0)>(%c0)[%n] to 100 {
    affine.prefetch %a[%i, 1], write, locality<2>, data : memref<64x64xf32>
  }
  %sum:2 = affine.for %i = 0 to 10 iter_args(%x = %f, %y = %f) -> (f32, f32) {
    %p = arith.addf %x, %y : f32
    affine.yield %p, %x : f32, f32
  }
  affine.parallel (%i, %j) = (0, 0) to (%n, 64) step (1, 8) {
    affine.store %f, %a[%i, %j] : memref<64x64xf32>
  }
  %r = affine.parallel (%i) = (max(%c0, 1)) to (min(%n, 64, %n + 2)) reduce ("addf") -> (f32) {
    %q = affine.load %a[%i, %i] : memref<64x64xf32>
    affine.yield %q : f32
  }
  %m = affine.min affine_map<(d0)[s0] -> (d0, s0 * 2)>(%c0)[%n]
  %k = affine.max #min(%c0, %n)
  %ap = affine.apply #map(%m)[%n]
  %in = affine.if #set(%n)[%k] -> f32 {
    affine.yield %f : f32
  } else {
    affine.yield %r : f32
  }
  %d:2 = affine.delinearize_index %n into (%c0, 8) : index, index
  %l = affine.linearize_index disjoint [%d#0, %d#1] by (4, 8) : index
  affine.for %i = 0 to 2 {
  }
  return %sum#0 : f32
}
