func.func @t(%a: tensor<1x8x16xf32>, %b: tensor<1x16x4xf32>, %c: tensor<1x1x4xf32>, %z: tensor<1xf32>) -> tensor<1x8x4xf32> {
  %0 = tosa.matmul %a, %b, %z, %z : (tensor<1x8x16xf32>, tensor<1x16x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x4xf32>
  %1 = tosa.add %0, %c : (tensor<1x8x4xf32>, tensor<1x1x4xf32>) -> tensor<1x8x4xf32>
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
  %3 = tosa.reduce_sum %2 {axis = 2 : i32} : (tensor<1x8x4xf32>) -> tensor<1x8x1xf32>
  %4 = tosa.transpose %2 {perms = array<i32: 0, 2, 1>} : (tensor<1x8x4xf32>) -> tensor<1x4x8xf32>
  %5 = tosa.greater %2, %2 : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xi1>
  %6 = tosa.select %5, %2, %1 : (tensor<1x8x4xi1>, tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
  %s = tosa.const_shape {values = dense<[8, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %7 = tosa.reshape %6, %s : (tensor<1x8x4xf32>, !tosa.shape<2>) -> tensor<8x4xf32>
  %8 = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  return %6 : tensor<1x8x4xf32>
}
