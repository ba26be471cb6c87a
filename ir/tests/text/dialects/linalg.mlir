func.func @n(%a: tensor<4x8xbf16>, %b: tensor<8x16xbf16>, %c: tensor<4x16xf32>, %i: tensor<4x8xi8>, %j: tensor<8x16xi8>, %k: tensor<4x16xi32>, %f: f32, %x: tensor<4x16xf32>, %img: tensor<1x16x16x4xf32>, %w: tensor<3x3x4x8xf32>, %o: tensor<1x14x14x8xf32>, %po: tensor<1x14x14x4xf32>, %win: tensor<3x3xf32>, %w2: tensor<16x4xf32>, %w3: tensor<3x3x4xf32>) {
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xbf16>, tensor<8x16xbf16>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  %1 = linalg.matmul ins(%i, %j : tensor<4x8xi8>, tensor<8x16xi8>) outs(%k : tensor<4x16xi32>) -> tensor<4x16xi32>
  %2 = linalg.fill ins(%f : f32) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  %3 = linalg.add ins(%c, %x : tensor<4x16xf32>, tensor<4x16xf32>) outs(%x : tensor<4x16xf32>) -> tensor<4x16xf32>
  %4 = linalg.exp ins(%c : tensor<4x16xf32>) outs(%x : tensor<4x16xf32>) -> tensor<4x16xf32>
  %5 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%img, %w : tensor<1x16x16x4xf32>, tensor<3x3x4x8xf32>) outs(%o : tensor<1x14x14x8xf32>) -> tensor<1x14x14x8xf32>
  %6 = linalg.pooling_nhwc_max {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%img, %win : tensor<1x16x16x4xf32>, tensor<3x3xf32>) outs(%po : tensor<1x14x14x4xf32>) -> tensor<1x14x14x4xf32>
  %7 = linalg.pooling_nhwc_sum ins(%img, %win : tensor<1x16x16x4xf32>, tensor<3x3xf32>) outs(%po : tensor<1x14x14x4xf32>) -> tensor<1x14x14x4xf32>
  %8 = linalg.copy ins(%c : tensor<4x16xf32>) outs(%x : tensor<4x16xf32>) -> tensor<4x16xf32>
  %9 = linalg.transpose ins(%c : tensor<4x16xf32>) outs(%w2 : tensor<16x4xf32>) permutation = [1, 0]
  %10 = linalg.broadcast ins(%win : tensor<3x3xf32>) outs(%w3: tensor<3x3x4xf32>) dimensions = [2]
  return
}
func.func @s(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.map { arith.addf } ins(%a, %b : tensor<4x8xf32>, tensor<4x8xf32>) outs(%b : tensor<4x8xf32>)
  %1 = linalg.map ins(%a : tensor<4x8xf32>) outs(%b : tensor<4x8xf32>) (%x: f32, %o: f32) { %2 = math.exp %x : f32 linalg.yield %2 : f32 }
  %i = tensor.empty() : tensor<4xf32>
  %3 = linalg.reduce { arith.addf } ins(%a : tensor<4x8xf32>) outs(%i : tensor<4xf32>) dimensions = [1]
  %4 = linalg.reduce ins(%a : tensor<4x8xf32>) outs(%i : tensor<4xf32>) dimensions = [1] (%x: f32, %y: f32) { %5 = arith.maximumf %x, %y : f32 linalg.yield %5 : f32 }
  %6 = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%a : tensor<4x8xf32>) outs(%b : tensor<4x8xf32>) -> tensor<4x8xf32>
  %7 = linalg.softmax dimension(1) ins(%a : tensor<4x8xf32>) outs(%b : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %7 : tensor<4x8xf32>
}
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#trait = {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"], doc = "sum of rows"}
func.func @more(%a: tensor<4x8xf32>, %r: tensor<4xf32>, %m: memref<4x8xf32>, %n: memref<4xf32>, %f: f32, %s: tensor<4x8xi8>, %z: i32, %sb: tensor<8x4xi8>, %sc: tensor<4x4xi32>, %b: tensor<8x4xf32>, %c: tensor<4x4xf32>, %p2: tensor<2x2x2x4xf32>, %q: tensor<f32>) -> tensor<4xf32> {
  %0 = linalg.generic #trait ins(%a : tensor<4x8xf32>) outs(%r : tensor<4xf32>) attrs = {tag = "x"} {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 0 : index
    %sum = arith.addf %in, %out : f32
    linalg.yield %sum : f32
  } -> tensor<4xf32>
  linalg.generic #trait ins(%m : memref<4x8xf32>) outs(%n : memref<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  linalg.fill ins(%f : f32) outs(%m : memref<4x8xf32>)
  %m9 = linalg.matmul indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>] ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.quantized_matmul ins(%s, %sb, %z, %z : tensor<4x8xi8>, tensor<8x4xi8>, i32, i32) outs(%sc : tensor<4x4xi32>) -> tensor<4x4xi32>
  %2 = linalg.square ins(%a : tensor<4x8xf32>) outs(%a : tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = linalg.reciprocal ins(%a : tensor<4x8xf32>) outs(%a : tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = linalg.pack %a inner_dims_pos = [0, 1] inner_tiles = [2, 4] into %p2 : tensor<4x8xf32> -> tensor<2x2x2x4xf32>
  %5 = linalg.unpack %4 outer_dims_perm = [0, 1] inner_dims_pos = [0, 1] inner_tiles = [2, 4] into %a : tensor<2x2x2x4xf32> -> tensor<4x8xf32>
  %6 = linalg.dot ins(%r, %r : tensor<4xf32>, tensor<4xf32>) outs(%q : tensor<f32>) -> tensor<f32>
  %7 = linalg.max ins(%a, %a : tensor<4x8xf32>, tensor<4x8xf32>) outs(%a : tensor<4x8xf32>) -> tensor<4x8xf32>
  %8 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>] ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4xf32>
}
