// Kernels of docs/gpu.md.
func.func @matmul(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<256x256xf32>)
  linalg.matmul ins(%a, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>)
  return
}

func.func @softmax(%x: memref<1024x512xf32>, %y: memref<1024x512xf32>) {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  affine.for %i = 0 to 1024 {
    %m = affine.for %j = 0 to 512 iter_args(%a = %low) -> f32 {
      %v = affine.load %x[%i, %j] : memref<1024x512xf32>
      %n = arith.maximumf %a, %v : f32
      affine.yield %n : f32
    }
    %s = affine.for %j = 0 to 512 iter_args(%a = %zero) -> f32 {
      %v = affine.load %x[%i, %j] : memref<1024x512xf32>
      %d = arith.subf %v, %m : f32
      %e = math.exp %d : f32
      affine.store %e, %y[%i, %j] : memref<1024x512xf32>
      %n = arith.addf %a, %e : f32
      affine.yield %n : f32
    }
    affine.for %j = 0 to 512 {
      %e = affine.load %y[%i, %j] : memref<1024x512xf32>
      %q = arith.divf %e, %s : f32
      affine.store %q, %y[%i, %j] : memref<1024x512xf32>
    }
  }
  return
}

func.func @scale(%x: memref<1000xf32>, %y: memref<1000xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 1000 : index
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<1000xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %y[%i] : memref<1000xf32>
  }
  return
}

func.func @prefix(%x: memref<1000xf32>) {
  affine.for %i = 1 to 1000 {
    %a = affine.load %x[%i - 1] : memref<1000xf32>
    %b = affine.load %x[%i] : memref<1000xf32>
    %s = arith.addf %a, %b : f32
    affine.store %s, %x[%i] : memref<1000xf32>
  }
  return
}
