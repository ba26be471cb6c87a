func.func @f() -> f32 {
  %0 = arith.addf %x, %x : f32
  return %0 : f32
}
