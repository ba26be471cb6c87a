// A gated feed-forward part for 64 rows: two projections, gate, product, projection back, residual.
func.func @gated(%x: tensor<64x512xf32>, %up: tensor<512x2048xf32> {hardwire.weight}, %gate: tensor<512x2048xf32> {hardwire.weight},
                 %down: tensor<2048x512xf32> {hardwire.weight}) -> tensor<64x512xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x2048xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x2048xf32>) -> tensor<64x2048xf32>
  %u = linalg.matmul ins(%x, %up : tensor<64x512xf32>, tensor<512x2048xf32>) outs(%f : tensor<64x2048xf32>) -> tensor<64x2048xf32>
  %g = linalg.matmul ins(%x, %gate : tensor<64x512xf32>, tensor<512x2048xf32>) outs(%f : tensor<64x2048xf32>) -> tensor<64x2048xf32>
  %t = math.tanh %g : tensor<64x2048xf32>
  %a = arith.mulf %t, %u : tensor<64x2048xf32>
  %d = tensor.empty() : tensor<64x512xf32>
  %h = linalg.fill ins(%zero : f32) outs(%d : tensor<64x512xf32>) -> tensor<64x512xf32>
  %p = linalg.matmul ins(%a, %down : tensor<64x2048xf32>, tensor<2048x512xf32>) outs(%h : tensor<64x512xf32>) -> tensor<64x512xf32>
  %y = arith.addf %p, %x : tensor<64x512xf32>
  return %y : tensor<64x512xf32>
}
