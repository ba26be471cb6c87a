// The same product in two loop orders, and a loop whose length is known at run time.
func.func @ikj(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
  affine.for %i = 0 to 256 {
    affine.for %k = 0 to 256 {
      affine.for %j = 0 to 256 {
        %x = affine.load %a[%i, %k] : memref<256x256xf32>
        %y = affine.load %b[%k, %j] : memref<256x256xf32>
        %z = affine.load %c[%i, %j] : memref<256x256xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<256x256xf32>
      }
    }
  }
  return
}

func.func @jki(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
  affine.for %j = 0 to 256 {
    affine.for %k = 0 to 256 {
      affine.for %i = 0 to 256 {
        %x = affine.load %a[%i, %k] : memref<256x256xf32>
        %y = affine.load %b[%k, %j] : memref<256x256xf32>
        %z = affine.load %c[%i, %j] : memref<256x256xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<256x256xf32>
      }
    }
  }
  return
}

func.func @scale(%a: memref<4096xf32>, %f: f32, %n: index) {
  affine.for %i = 0 to %n {
    %x = affine.load %a[%i] : memref<4096xf32>
    %p = arith.mulf %x, %f : f32
    affine.store %p, %a[%i] : memref<4096xf32>
  }
  return
}
