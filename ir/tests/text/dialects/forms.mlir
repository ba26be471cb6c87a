// Aliases, locations, resources, comments, packs of results, quoted names, unusual literals.
#l = loc("file.mlir":1:2)
#d = dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>
!t = tensor<2x2xi8>
!p = tuple<!t, f32>
module @"a module" attributes {a.array = array<i64: 1, -2>, a.dict = {b = 1 : i8, "q r" = unit}, a.str = "tab\09 \"quote\" \\"} {
  func.func @f(%arg0: !t loc("arg"), %x: memref<2x0x4xf32, 3>, %s: tensor<4x?xf32>) -> !t { // a comment
    %0 = arith.constant #d
    %1 = "arith.addi"(%arg0, %0) <{overflowFlags = #arith.overflow<none>}> {tag} : (!t, !t) -> !t loc(#l)
    %big = arith.constant 0x7FFFFFFFFFFFFFFF : i64
    %blob = arith.constant dense<"0x00000000FFFFFFFF"> : tensor<2xi32>
    %res = arith.constant dense_resource<weights> : tensor<4xf32>
    %cplx = arith.constant dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>
    %e = arith.constant dense<> : tensor<0x4xf32>
    %bools = arith.constant dense<[true, false]> : tensor<2xi1>
    return %1 : !t loc(unknown)
  }
  "test.region"() ({
  ^bb0(%a: i32, %b: vector<[4]x2xf16>):
    %0:2 = "test.op"(%a) : (i32) -> (i32, !p)
    "test.jump"(%0#1, %0#0)[^next, ^next] : (!p, i32) -> ()
  ^next:
    cf.br ^def
  ^use:
    "test.use"(%0#1, %late) : (!p, f32) -> ()
    "test.end"() : () -> ()
  ^def:
    %late = "test.late"() : () -> f32
    cf.br ^use
  }, {
  }) : () -> ()
} loc(#l)
{-#
  dialect_resources: {
    builtin: {
      weights: "0x0400000000000000000000000000000000000000"
    }
  }
#-}
