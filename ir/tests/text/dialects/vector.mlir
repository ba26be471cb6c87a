#lhs = affine_map<(i, j, k) -> (i, k)>
#rhs = affine_map<(i, j, k) -> (k, j)>
#acc = affine_map<(i, j, k) -> (i, j)>
#trait = {indexing_maps = [#lhs, #rhs, #acc], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
func.func @vectors(%m: memref<?x?xf32>, %t: tensor<8x8xf32>, %i: index, %f: f32, %a: vector<4x8xf32>, %b: vector<8x16xf32>, %c: vector<4x16xf32>, %v: vector<8xf32>, %mask: vector<8xi1>, %ix: vector<8xindex>, %s: vector<[4]xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %0 = vector.transfer_read %m[%i, %c0], %f : memref<?x?xf32>, vector<8xf32>
  %1 = vector.transfer_read %m[%i, %c0], %f, %mask {in_bounds = [true], permutation_map = affine_map<(d0, d1) -> (d1)>} : memref<?x?xf32>, vector<8xf32>
  vector.transfer_write %0, %m[%i, %c0] : vector<8xf32>, memref<?x?xf32>
  %2 = vector.transfer_write %0, %t[%i, %c0] {in_bounds = [true]} : vector<8xf32>, tensor<8x8xf32>
  %3 = vector.contract #trait %a, %b, %c : vector<4x8xf32>, vector<8x16xf32> into vector<4x16xf32>
  %4 = vector.contract {indexing_maps = [#lhs, #rhs, #acc], iterator_types = ["parallel", "parallel", "reduction"]} %a, %b, %c : vector<4x8xf32>, vector<8x16xf32> into vector<4x16xf32>
  %5 = vector.broadcast %f : f32 to vector<8xf32>
  %6 = vector.fma %v, %v, %5 : vector<8xf32>
  %7 = vector.reduction <add>, %v : vector<8xf32> into f32
  %8 = vector.reduction <maximumf>, %v, %f fastmath<fast> : vector<8xf32> into f32
  %9 = vector.multi_reduction <add>, %a, %v [0] : vector<4x8xf32> to vector<8xf32>
  %10 = vector.extract %a[0] : vector<8xf32> from vector<4x8xf32>
  %11 = vector.extract %a[%i, 3] : f32 from vector<4x8xf32>
  %12 = vector.insert %f, %a[1, %i] : f32 into vector<4x8xf32>
  %13 = vector.shape_cast %a : vector<4x8xf32> to vector<32xf32>
  %14 = vector.bitcast %v : vector<8xf32> to vector<8xi32>
  %15 = vector.outerproduct %v, %v : vector<8xf32>, vector<8xf32>
  %16 = vector.outerproduct %v, %f, %5 {kind = #vector.kind<add>} : vector<8xf32>, f32
  %17 = vector.mask %mask { vector.reduction <add>, %v : vector<8xf32> into f32 } : vector<8xi1> -> f32
  %18 = vector.shuffle %v, %v [0, 8, 1, 9] : vector<8xf32>, vector<8xf32>
  %19 = vector.extract_strided_slice %a {offsets = [0, 2], sizes = [2, 4], strides = [1, 1]} : vector<4x8xf32> to vector<2x4xf32>
  %20 = vector.insert_strided_slice %19, %a {offsets = [0, 0], strides = [1, 1]} : vector<2x4xf32> into vector<4x8xf32>
  %21 = vector.load %m[%i, %c0] : memref<?x?xf32>, vector<8xf32>
  vector.store %21, %m[%i, %c0] : memref<?x?xf32>, vector<8xf32>
  %22 = vector.maskedload %m[%i, %c0], %mask, %v : memref<?x?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  vector.maskedstore %m[%i, %c0], %mask, %v : memref<?x?xf32>, vector<8xi1>, vector<8xf32>
  %23 = vector.gather %m[%i, %c0] [%ix], %mask, %v : memref<?x?xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  vector.scatter %m[%i, %c0] [%ix], %mask, %v : memref<?x?xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32>
  %24 = vector.create_mask %i : vector<8xi1>
  %25 = vector.constant_mask [4] : vector<8xi1>
  %26 = vector.transpose %a, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %27 = vector.step : vector<8xindex>
  %28 = vector.vscale
  %29 = vector.interleave %v, %v : vector<8xf32> -> vector<16xf32>
  %30, %31 = vector.deinterleave %29 : vector<16xf32> -> vector<8xf32>
  %32, %33 = vector.scan <add>, %a, %v {inclusive = true, reduction_dim = 0 : i64} : vector<4x8xf32>, vector<8xf32>
  %34:8 = vector.to_elements %v : vector<8xf32>
  %35 = vector.from_elements %34#0, %34#7 : vector<2xf32>
  %36 = vector.scalable.extract %s[0] : vector<4xf32> from vector<[4]xf32>
  %37 = vector.scalable.insert %36, %s[4] : vector<4xf32> into vector<[4]xf32>
  %38 = vector.expandload %m[%i, %c0], %mask, %v : memref<?x?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  vector.compressstore %m[%i, %c0], %mask, %v : memref<?x?xf32>, vector<8xi1>, vector<8xf32>
  vector.print %v : vector<8xf32>
  return %7 : f32
}
