func.func @f(%x: f32, %n: index) -> f32 {
  %y = arith.addf %x, %n : f32
  return %y : f32
}
