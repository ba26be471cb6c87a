//! The forms of each dialect: `dialects/NAME.mlir` against `dialects/NAME.generic`, which is what
//! `mlir-opt --mlir-print-op-generic` of LLVM 22.1.8 makes of it.

use ir::tree::Form;
use ir::{Limits, parse, print};

use crate::structure::structure;

#[test]
fn custom_form_equals_upstreams_generic_form() {
    macro_rules! cases {
        ($($name:literal)*) => {
            [$((
                $name,
                include_str!(concat!("dialects/", $name, ".mlir")),
                include_str!(concat!("dialects/", $name, ".generic")),
            )),*]
        };
    }
    let cases = cases!("affine" "arith" "cf" "forms" "linalg" "math" "memref" "scf" "tensor" "tosa" "vector");
    for (name, custom, generic) in cases {
        let [custom_tree, generic_tree] = [custom, generic].map(|text| {
            let parsed = parse(text, &Limits::default());
            assert_eq!(parsed.diagnostics, [], "{name}");
            for op in parsed.tree.walk() {
                assert_ne!(parsed.tree.operation(op).form, Form::Guessed, "{name}: {}", parsed.tree.name(op));
            }
            parsed.tree
        });
        let mut ours = structure(&custom_tree);
        if !ours.contains("builtin.module") {
            // Upstream adds a module to texts without one.
            let inner: String = ours.lines().map(|line| format!("  {line}\n")).collect();
            ours = format!("^()\nbuiltin.module() -> () []\n{{\n{inner}}}\n");
        }
        let theirs = structure(&generic_tree);
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            assert_eq!(ours, theirs, "{name}");
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");

        let printed = print(custom, &custom_tree);
        let again = parse(&printed, &Limits::default());
        assert_eq!(again.diagnostics, [], "{name}:\n{printed}");
        assert_eq!(structure(&custom_tree), structure(&again.tree), "{name}");
        assert_eq!(printed, print(&printed, &again.tree), "{name}");
    }
}

/// Forms of StableHLO that the fixtures do not show, with the structure that their generic form has.
#[test]
fn stablehlo_forms() {
    let custom = r#"
func.func @f(%a: tensor<4x8xf32>, %i: tensor<4xi32>, %p: tensor<4x8xi1>, %s: tensor<f32>, %n: tensor<i32>,
    %img: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) -> tensor<4x8xf32> {
  %0 = stablehlo.compare LT, %a, %a, FLOAT : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %1 = stablehlo.select %0, %a, %a : tensor<4x8xi1>, tensor<4x8xf32>
  %2 = stablehlo.slice %1 [0:4:2, 1:8] : (tensor<4x8xf32>) -> tensor<2x7xf32>
  %3 = stablehlo.pad %2, %s, low = [0, 1], high = [2, 0], interior = [0, 0] : (tensor<2x7xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = stablehlo.iota dim = 0 : tensor<4x8xi32>
  %5 = stablehlo.concatenate %3, %3, dim = 1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
  %6 = stablehlo.dynamic_slice %5, %n, %n, sizes = [4, 8] : (tensor<4x16xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
  %7 = stablehlo.convolution(%img, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], rhs_dilate = [1, 1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x8x8x16xf32>
  %8:2 = stablehlo.reduce(%a init: %s), (%4 init: %n) across dimensions = [1] : (tensor<4x8xf32>, tensor<4x8xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
    reducer(%x: tensor<f32>, %y: tensor<f32>) (%u: tensor<i32>, %v: tensor<i32>) {
    stablehlo.return %x, %v : tensor<f32>, tensor<i32>
  }
  %9:2 = stablehlo.while(%k = %n, %acc = %a) : tensor<i32>, tensor<4x8xf32>
    cond {
    %c = stablehlo.compare LT, %k, %k, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  } do {
    %t = stablehlo.add %acc, %acc : tensor<4x8xf32>
    stablehlo.return %k, %t : tensor<i32>, tensor<4x8xf32>
  }
  %10 = stablehlo.custom_call @target(%a) {backend_config = ""} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %11:2 = stablehlo.optimization_barrier %a, %n : tensor<4x8xf32>, tensor<i32>
  %12 = stablehlo.dot_general %a, %a, contracting_dims = [1] x [1], precision = [DEFAULT, HIGH] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x4xf32>
  %13 = stablehlo.convert %a : (tensor<4x8xf32>) -> tensor<4x8xbf16>
  %14 = stablehlo.clamp %s, %a, %s : (tensor<f32>, tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %15 = chlo.erf %a : tensor<4x8xf32> -> tensor<4x8xf32>
  return %15 : tensor<4x8xf32>
}"#;
    let generic = r#"
func.func @f(%a: tensor<4x8xf32>, %i: tensor<4xi32>, %p: tensor<4x8xi1>, %s: tensor<f32>, %n: tensor<i32>,
    %img: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) -> tensor<4x8xf32> {
  %0 = "stablehlo.compare"(%a, %a) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %1 = "stablehlo.select"(%0, %a, %a) : (tensor<4x8xi1>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "stablehlo.slice"(%1) : (tensor<4x8xf32>) -> tensor<2x7xf32>
  %3 = "stablehlo.pad"(%2, %s) : (tensor<2x7xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = "stablehlo.iota"() : () -> tensor<4x8xi32>
  %5 = "stablehlo.concatenate"(%3, %3) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
  %6 = "stablehlo.dynamic_slice"(%5, %n, %n) : (tensor<4x16xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
  %7 = "stablehlo.convolution"(%img, %w) : (tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x8x8x16xf32>
  %8:2 = "stablehlo.reduce"(%a, %4, %s, %n) ({
  ^bb0(%x: tensor<f32>, %u: tensor<i32>, %y: tensor<f32>, %v: tensor<i32>):
    "stablehlo.return"(%x, %v) : (tensor<f32>, tensor<i32>) -> ()
  }) : (tensor<4x8xf32>, tensor<4x8xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
  %9:2 = "stablehlo.while"(%n, %a) ({
  ^bb0(%k: tensor<i32>, %acc: tensor<4x8xf32>):
    %c = "stablehlo.compare"(%k, %k) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "stablehlo.return"(%c) : (tensor<i1>) -> ()
  }, {
  ^bb0(%k: tensor<i32>, %acc: tensor<4x8xf32>):
    %t = "stablehlo.add"(%acc, %acc) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    "stablehlo.return"(%k, %t) : (tensor<i32>, tensor<4x8xf32>) -> ()
  }) : (tensor<i32>, tensor<4x8xf32>) -> (tensor<i32>, tensor<4x8xf32>)
  %10 = "stablehlo.custom_call"(%a) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %11:2 = "stablehlo.optimization_barrier"(%a, %n) : (tensor<4x8xf32>, tensor<i32>) -> (tensor<4x8xf32>, tensor<i32>)
  %12 = "stablehlo.dot_general"(%a, %a) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x4xf32>
  %13 = "stablehlo.convert"(%a) : (tensor<4x8xf32>) -> tensor<4x8xbf16>
  %14 = "stablehlo.clamp"(%s, %a, %s) : (tensor<f32>, tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %15 = "chlo.erf"(%a) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  "func.return"(%15) : (tensor<4x8xf32>) -> ()
}"#;
    let [custom, generic] = [custom, generic].map(|text| {
        let parsed = parse(text, &Limits::default());
        assert_eq!(parsed.diagnostics, []);
        assert!(parsed.tree.walk().all(|op| parsed.tree.operation(op).form != Form::Guessed));
        structure(&parsed.tree)
    });
    assert_eq!(custom, generic);
}

#[test]
fn unknown_dialects_are_guessed() {
    let text = "func.func @f(%a: tensor<4xf32>, %i: index) -> tensor<4xf32> {
  %0 = my.scale %a by(%i) {factor = 2.0 : f32} : tensor<4xf32>
  %1:2 = my.split %0 at [%i, 3] : (tensor<4xf32>, index) -> (tensor<2xf32>, tensor<2xf32>)
  my.loop %j = %i to %i {
    %2 = my.cast %1#0 : tensor<2xf32> to tensor<2xf64>
    my.use %2, %j
  }
  return %0 : tensor<4xf32>
}";
    let parsed = parse(text, &Limits::default());
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(
        structure(&parsed.tree),
        "^()
func.func() -> () []
{
  ^(%0: tensor<4xf32>, %1: index)
  my.scale(%0: tensor<4xf32>, %1: index) -> (%2: tensor<4xf32>) []
  my.split(%2: tensor<4xf32>, %1: index) -> (%3: tensor<2xf32>, %4: tensor<2xf32>) []
  my.loop(%1: index, %1: index) -> () []
  {
    ^(%5: ?unknown)
    my.cast(%3: tensor<2xf32>) -> (%6: tensor<2xf64>) []
    my.use(%6: tensor<2xf64>, %5: ?unknown) -> () []
  }
  func.return(%2: tensor<4xf32>) -> () []
}
"
    );
}
