// The same layer, written by another hand.
#m0 = affine_map<(i, j) -> (i, j)>
func.func @layer(%in: tensor<8x96xf32>, %weights: tensor<96x64xf32>,
                 %bias: tensor<64xf32>) -> tensor<8x64xf32> {
  %0 = arith.constant 0.0 : f32
  %1 = tensor.empty() : tensor<8x64xf32>
  %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<8x64xf32>) -> tensor<8x64xf32>
  %3 = linalg.matmul ins(%in, %weights : tensor<8x96xf32>, tensor<96x64xf32>)
                     outs(%2 : tensor<8x64xf32>) -> tensor<8x64xf32>
  %4 = linalg.generic {indexing_maps = [#m0, affine_map<(i, j) -> (j)>, #m0],
                       iterator_types = ["parallel", "parallel"]}
    ins(%3, %bias : tensor<8x64xf32>, tensor<64xf32>) outs(%1 : tensor<8x64xf32>) {
    ^entry(%a: f32, %b: f32, %c: f32):
      %5 = arith.addf %a, %b : f32
      %6 = arith.maximumf %5, %0 : f32
      linalg.yield %6 : f32
  } -> tensor<8x64xf32>
  func.return %4 : tensor<8x64xf32>
}
