func.func @tensors(%t: tensor<?x8xf32>, %s: tensor<4x8xf32>, %i: index, %f: f32, %sh: tensor<2xindex>, %ind: tensor<3x1xindex>) {
  %c0 = arith.constant 0 : index
  %0 = tensor.empty(%i) : tensor<?x8xf32>
  %1 = tensor.empty() : tensor<2x3xf32>
  %2 = tensor.dim %t, %c0 : tensor<?x8xf32>
  %3 = tensor.extract %t[%i, %c0] : tensor<?x8xf32>
  %4 = tensor.insert %f into %t[%i, %c0] : tensor<?x8xf32>
  %5 = tensor.cast %t : tensor<?x8xf32> to tensor<4x8xf32>
  %6 = tensor.extract_slice %t[%i, 0] [2, %i] [1, 2] : tensor<?x8xf32> to tensor<2x?xf32>
  %7 = tensor.insert_slice %1 into %s[0, %i] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<4x8xf32>
  %8 = tensor.from_elements %f, %f : tensor<2xf32>
  %9 = tensor.generate %i {
  ^bb0(%x: index, %y: index):
    %v = arith.addf %f, %f : f32
    tensor.yield %v : f32
  } : tensor<?x8xf32>
  %10 = tensor.pad %s low[1, %i] high[0, 2] {
  ^bb0(%x: index, %y: index):
    tensor.yield %f : f32
  } : tensor<4x8xf32> to tensor<5x?xf32>
  %11 = tensor.expand_shape %s [[0, 1], [2]] output_shape [2, 2, 8] : tensor<4x8xf32> into tensor<2x2x8xf32>
  %12 = tensor.collapse_shape %11 [[0, 1, 2]] : tensor<2x2x8xf32> into tensor<32xf32>
  %13 = tensor.reshape %s(%sh) : (tensor<4x8xf32>, tensor<2xindex>) -> tensor<?x?xf32>
  %14 = tensor.splat %f : tensor<2x2xf32>
  %15 = tensor.splat %f[%i] : tensor<?xf32>
  %16 = tensor.concat dim(0) %s, %s : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %17 = tensor.gather %s[%ind] gather_dims([0]) : (tensor<4x8xf32>, tensor<3x1xindex>) -> tensor<3x1x8xf32>
  %18 = tensor.rank %t : tensor<?x8xf32>
  %19 = tensor.bitcast %s : tensor<4x8xf32> to tensor<4x8xi32>
  return
}
func.func @buffers(%t: tensor<4xf32>, %m: memref<4xf32>, %i: index) -> tensor<4xf32> {
  %0 = bufferization.to_tensor %m restrict writable : memref<4xf32> to tensor<4xf32>
  %1 = bufferization.to_buffer %t : tensor<4xf32> to memref<4xf32>
  %2 = bufferization.alloc_tensor(%i) : tensor<?xf32>
  %3 = bufferization.alloc_tensor() copy(%t) : tensor<4xf32>
  %4 = bufferization.clone %m : memref<4xf32> to memref<4xf32>
  %5 = bufferization.materialize_in_destination %t in %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  bufferization.materialize_in_destination %t in restrict writable %m : (tensor<4xf32>, memref<4xf32>) -> ()
  bufferization.dealloc_tensor %2 : tensor<?xf32>
  %true = arith.constant true
  %6 = bufferization.dealloc (%4 : memref<4xf32>) if (%true) retain (%m : memref<4xf32>)
  return %5 : tensor<4xf32>
}
