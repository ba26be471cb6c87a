func.func @math(%a: f32, %b: f32, %i: i32, %j: i32, %v: vector<4xf32>) {
  %0 = math.exp %a : f32
  %1 = math.absf %v fastmath<fast> : vector<4xf32>
  %2 = math.absi %i : i32
  %3 = math.ctlz %i : i32
  %4 = math.powf %a, %b : f32
  %5 = math.fpowi %a, %i : f32, i32
  %6 = math.ipowi %i, %j : i32
  %7 = math.fma %a, %b, %a : f32
  %8 = math.isnan %a : f32
  %9 = math.isfinite %v : vector<4xf32>
  %10 = math.tanh %a : f32
  %11 = math.rsqrt %a : f32
  %12 = math.erf %a : f32
  %13 = math.atan2 %a, %b : f32
  %14 = math.roundeven %a : f32
  %15 = math.clampf %a to [%b, %a] : f32
  %16, %17 = math.sincos %a : f32
  %18 = math.copysign %a, %b : f32
  return
}
func.func @index(%a: index, %b: index) -> i1 {
  %0 = index.add %a, %b
  %1 = index.ceildivs %0, %b
  %2 = index.constant 4
  %3 = index.cmp slt(%1, %2)
  %4 = index.casts %1 : index to i64
  %5 = index.bool.constant true
  %6 = index.sizeof
  return %3 : i1
}
func.func @complex(%a: f32, %b: f32) -> f32 {
  %0 = complex.create %a, %b : complex<f32>
  %1 = complex.mul %0, %0 : complex<f32>
  %2 = complex.re %1 : complex<f32>
  %3 = complex.abs %1 : complex<f32>
  %4 = complex.constant [1.0 : f32, -1.0 : f32] : complex<f32>
  %5 = complex.exp %4 : complex<f32>
  %6 = complex.eq %5, %4 : complex<f32>
  %7 = ub.poison : i32
  return %2 : f32
}
