memref.global "private" constant @weights : memref<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> {alignment = 64 : i64}
memref.global @scratch : memref<4xi8> = uninitialized
memref.global @outside : memref<4xi8>
func.func @memrefs(%a: memref<?x8xf32>, %b: memref<4x8xf32, strided<[8, 1], offset: ?>>, %i: index, %f: f32, %raw: memref<256xi8>, %u: memref<*xf32>, %sh: memref<2xindex>) -> f32 {
  %c0 = arith.constant 0 : index
  %0 = memref.alloc() : memref<4x8xf32>
  %1 = memref.alloc(%i) {alignment = 64 : i64} : memref<?x8xf32>
  %2 = memref.alloca(%i)[%i] : memref<?x8xf32, affine_map<(d0, d1)[s0] -> (d0 * s0 + d1)>>
  %3 = memref.load %a[%i, %c0] : memref<?x8xf32>
  memref.store %f, %0[%i, %c0] {nontemporal = true} : memref<4x8xf32>
  memref.copy %0, %b : memref<4x8xf32> to memref<4x8xf32, strided<[8, 1], offset: ?>>
  %4 = memref.dim %a, %c0 : memref<?x8xf32>
  %5 = memref.subview %0[%i, 0] [2, %i] [1, 1] : memref<4x8xf32> to memref<2x?xf32, strided<[8, 1], offset: ?>>
  %6 = memref.reinterpret_cast %a to offset: [%i], sizes: [4, %i], strides: [%i, 1] : memref<?x8xf32> to memref<4x?xf32, strided<[?, 1], offset: ?>>
  %7 = memref.expand_shape %0 [[0, 1], [2]] output_shape [2, 2, 8] : memref<4x8xf32> into memref<2x2x8xf32>
  %8 = memref.collapse_shape %7 [[0, 1, 2]] : memref<2x2x8xf32> into memref<32xf32>
  %9 = memref.cast %a : memref<?x8xf32> to memref<4x8xf32>
  %10 = memref.get_global @weights : memref<2x2xf32>
  %11 = memref.atomic_rmw addf %f, %0[%i, %c0] : (f32, memref<4x8xf32>) -> f32
  %12 = memref.generic_atomic_rmw %0[%i, %c0] : memref<4x8xf32> {
  ^bb0(%old: f32):
    %new = arith.addf %old, %f : f32
    memref.atomic_yield %new : f32
  }
  %13 = memref.transpose %0 (d0, d1) -> (d1, d0) : memref<4x8xf32> to memref<8x4xf32, strided<[1, 8]>>
  memref.prefetch %0[%i, %c0], read, locality<3>, data : memref<4x8xf32>
  %14 = memref.view %raw[%c0][%i] : memref<256xi8> to memref<?x4xf32>
  %15 = memref.reshape %u(%sh) : (memref<*xf32>, memref<2xindex>) -> memref<?x?xf32>
  %16, %off, %sizes:2, %strides:2 = memref.extract_strided_metadata %0 : memref<4x8xf32> -> memref<f32>, index, index, index, index, index
  %17 = memref.extract_aligned_pointer_as_index %0 : memref<4x8xf32> -> index
  %18 = memref.assume_alignment %0, 64 : memref<4x8xf32>
  %19 = memref.memory_space_cast %0 : memref<4x8xf32> to memref<4x8xf32, 1>
  %20 = memref.realloc %8 : memref<32xf32> to memref<64xf32>
  %21 = memref.alloca_scope -> f32 {
    %x = memref.load %0[%c0, %c0] : memref<4x8xf32>
    memref.alloca_scope.return %x : f32
  }
  memref.alloca_scope {
    memref.store %f, %0[%c0, %c0] : memref<4x8xf32>
  }
  %22 = memref.rank %u : memref<*xf32>
  memref.dealloc %1 : memref<?x8xf32>
  return %3 : f32
}
