func.func @integers(%a: i32, %b: i32, %v: vector<4xi32>, %i: index, %t: tensor<2xi64>) -> i1 {
  %c = arith.constant 42 : i32
  %c1 = arith.constant -7 : i64
  %true = arith.constant true
  %d = arith.constant dense<[1, 2]> : tensor<2xi64>
  %0 = arith.addi %a, %b : i32
  %1 = arith.subi %a, %b overflow<nsw, nuw> : i32
  %2 = arith.muli %a, %b overflow<nsw> : i32
  %3 = arith.divsi %a, %b : i32
  %4 = arith.divui %a, %b exact : i32
  %5 = arith.ceildivsi %a, %b : i32
  %6 = arith.floordivsi %a, %b : i32
  %7 = arith.remsi %a, %b : i32
  %8 = arith.andi %a, %b : i32
  %9 = arith.ori %a, %b : i32
  %10 = arith.xori %v, %v : vector<4xi32>
  %11 = arith.shli %a, %b : i32
  %12 = arith.shrsi %a, %b : i32
  %13 = arith.shrui %a, %b : i32
  %14 = arith.maxsi %t, %d : tensor<2xi64>
  %15 = arith.minui %a, %b : i32
  %16 = arith.extsi %a : i32 to i64
  %17 = arith.extui %a : i32 to i64
  %18 = arith.trunci %16 : i64 to i8
  %19 = arith.index_cast %i : index to i32
  %20 = arith.cmpi slt, %a, %b : i32
  %21 = arith.cmpi eq, %v, %v : vector<4xi32>
  %22 = arith.select %20, %a, %b : i32
  %23 = arith.select %21, %v, %v : vector<4xi1>, vector<4xi32>
  %sum, %over = arith.addui_extended %a, %b : i32, i1
  %low, %high = arith.mulsi_extended %a, %b : i32
  %24 = arith.bitcast %a : i32 to f32
  return %20 : i1
}
func.func @floats(%a: f32, %b: f32, %h: f16, %v: vector<8xf32>, %i: i32) -> (f32, vector<8xf32>) {
  %inf = arith.constant 0x7F800000 : f32
  %small = arith.constant -1.5e-3 : f64
  %splat = arith.constant dense<1.0> : vector<8xf32>
  %0 = arith.addf %a, %b fastmath<reassoc,contract> : f32
  %1 = arith.negf %0 : f32
  %2 = arith.maximumf %a, %b : f32
  %3 = arith.minnumf %a, %b fastmath<fast> : f32
  %4 = arith.remf %a, %b : f32
  %5 = arith.extf %h : f16 to f32
  %6 = arith.truncf %a : f32 to bf16
  %7 = arith.truncf %a to_nearest_even : f32 to f16
  %8 = arith.sitofp %i : i32 to f32
  %9 = arith.fptoui %a : f32 to i8
  %10 = arith.cmpf olt, %a, %b : f32
  %11 = arith.cmpf uno, %v, %v fastmath<nnan> : vector<8xf32>
  %12 = arith.divf %v, %splat {tag = "x"} : vector<8xf32>
  return %0, %12 : f32, vector<8xf32>
}
