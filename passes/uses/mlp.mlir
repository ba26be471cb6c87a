// A layer as a front end hands it over: structured operations on tensors, the processor in the module.
module attributes {llvm.target_cpu = "znver4"} {
  func.func @mlp(%x: tensor<48x96xf32>, %w: tensor<96x80xf32>, %b: tensor<80xf32>, %init: tensor<48x80xf32>) -> tensor<48x80xf32> {
    %zero = arith.constant 0.000000e+00 : f32
    %h = linalg.matmul ins(%x, %w : tensor<48x96xf32>, tensor<96x80xf32>) outs(%init : tensor<48x80xf32>) -> tensor<48x80xf32>
    %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]
    } ins(%h, %b : tensor<48x80xf32>, tensor<80xf32>) outs(%init : tensor<48x80xf32>) {
    ^bb0(%v: f32, %bias: f32, %out: f32):
      %sum = arith.addf %v, %bias : f32
      %positive = arith.maximumf %sum, %zero : f32
      linalg.yield %positive : f32
    } -> tensor<48x80xf32>
    return %y : tensor<48x80xf32>
  }
}
