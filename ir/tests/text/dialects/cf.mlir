module @outer attributes {a.x = 1 : i64} {
  module @inner {
    func.func private @declared(f32, memref<4xf32> {llvm.noalias}) -> (f32 {a.b = "c"}, i32)
  }
  func.func private @later(%a: i32) -> i32 attributes {llvm.emit_c_interface} {
    return %a : i32
  }
  func.func public @blocks(%n: i32, %f: f32, %c: i1) -> (f32, i32) {
    cf.br ^head(%n, %f : i32, f32)
  ^head(%i: i32, %x: f32):
    cf.cond_br %c weights([90, 10]), ^body, ^exit(%x : f32)
  ^body:
    %one = arith.constant 1 : i32
    %next = arith.subi %i, %one : i32
    cf.switch %next : i32, [
      default: ^head(%next, %x : i32, f32),
      0: ^exit(%x : f32),
      -3: ^dead
    ]
  ^dead:
    cf.assert %c, "never \"here\""
    %later = arith.addf %x, %x : f32
    cf.br ^exit(%later : f32)
  ^exit(%r: f32):
    %k = func.call @later(%n) : (i32) -> i32
    %p = func.constant @later : (i32) -> i32
    %q = call_indirect %p(%k) : (i32) -> i32
    %u = builtin.unrealized_conversion_cast %q : i32 to index
    %v:2 = builtin.unrealized_conversion_cast %u, %f : index, f32 to i8, i16
    return %r, %q : f32, i32
  }
  func.func @"quoted name"() {
    func.return
  }
}
