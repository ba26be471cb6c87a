func.func @f(%x: f32) -> f32 {
  // café
  return %x : f32
}
