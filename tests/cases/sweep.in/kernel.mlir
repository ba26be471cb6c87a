func.func @gate(%x: tensor<8x11008xf32>, %y: tensor<8x11008xf32>) -> tensor<8x11008xf32> {
  %0 = tensor.empty() : tensor<8x11008xf32>
  %1 = linalg.mul ins(%x, %y : tensor<8x11008xf32>, tensor<8x11008xf32>) outs(%0 : tensor<8x11008xf32>) -> tensor<8x11008xf32>
  return %1 : tensor<8x11008xf32>
}
