func.func @f(%x: f32) -> f32 {
  %y = arith.addf %x, %bias : f32
  return %y : f32
}
