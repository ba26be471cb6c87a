//! Analyses against closed forms, and of one model in three dialects against each other.

use ir::analysis::liveness::{Liveness, liveness};
use ir::analysis::{Analysis, FunctionAnalysis, Range, Reason};
use ir::tree::Tree;
use proptest::prelude::*;

fn parsed(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    parsed.tree
}

/// The first function of a text.
fn analysed(text: &str) -> FunctionAnalysis {
    let tree = parsed(text);
    let function = tree.functions().next().unwrap();
    Analysis::of(&tree).function(function).unwrap().clone()
}

fn body(arguments: &str, body: &str) -> FunctionAnalysis {
    analysed(&format!("func.func @f({arguments}) {{\n{body}\nreturn\n}}"))
}

fn flops(analysis: &FunctionAnalysis) -> u128 {
    analysis.cost.work.flops.value().expect("the work is known")
}

fn reasons(analysis: &FunctionAnalysis) -> Vec<Reason> {
    analysis.unknowns.iter().map(|u| u.reason).collect()
}

#[test]
fn a_matrix_product_takes_two_m_n_k() {
    let (m, n, k) = (24, 40, 56);
    let linalg = analysed(&format!(
        "func.func @f(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>, %c: tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32> {{
          %0 = linalg.matmul ins(%a, %b : tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) outs(%c : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
          return %0 : tensor<{m}x{n}xf32>
        }}"
    ));
    let affine = body(
        &format!("%a: memref<{m}x{k}xf32>, %b: memref<{k}x{n}xf32>, %c: memref<{m}x{n}xf32>"),
        &format!(
            "affine.for %i = 0 to {m} {{ affine.for %j = 0 to {n} {{ affine.for %l = 0 to {k} {{
              %x = affine.load %a[%i, %l] : memref<{m}x{k}xf32>
              %y = affine.load %b[%l, %j] : memref<{k}x{n}xf32>
              %z = affine.load %c[%i, %j] : memref<{m}x{n}xf32>
              %p = arith.mulf %x, %y : f32
              %s = arith.addf %z, %p : f32
              affine.store %s, %c[%i, %j] : memref<{m}x{n}xf32>
            }} }} }}"
        ),
    );
    let stablehlo = analysed(&format!(
        "func.func @f(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32> {{
          %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32>
          return %0 : tensor<{m}x{n}xf32>
        }}"
    ));
    for analysis in [&linalg, &affine, &stablehlo] {
        assert_eq!(flops(analysis), 2 * m * n * k);
        assert_eq!(analysis.unknowns, []);
    }
    let traffic = affine.cost.traffic;
    assert_eq!((traffic.loads, traffic.stores), (Range::exact(3 * m * n * k), Range::exact(m * n * k)));
    assert_eq!(traffic.written_bytes, Range::exact(4 * m * n * k));
    // The product on tensors reads both inputs and the accumulator once.
    assert_eq!(linalg.cost.traffic.read_bytes, Range::exact(4 * (m * k + k * n + m * n)));
    assert_eq!(linalg.cost.traffic.written_bytes, Range::exact(4 * m * n));
}

#[test]
fn a_convolution_takes_two_operations_per_output_and_tap() {
    let expected = 2 * (2 * 12 * 12 * 32) * (3 * 3 * 16);
    let linalg = analysed(
        "func.func @f(%x: tensor<2x14x14x16xf32>, %w: tensor<3x3x16x32xf32>, %o: tensor<2x12x12x32xf32>) -> tensor<2x12x12x32xf32> {
          %0 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
            ins(%x, %w : tensor<2x14x14x16xf32>, tensor<3x3x16x32xf32>) outs(%o : tensor<2x12x12x32xf32>) -> tensor<2x12x12x32xf32>
          return %0 : tensor<2x12x12x32xf32>
        }",
    );
    assert_eq!(flops(&linalg), expected);
    let stablehlo = analysed(
        "func.func @f(%x: tensor<2x14x14x16xf32>, %w: tensor<3x3x16x32xf32>) -> tensor<2x12x12x32xf32> {
          %0 = \"stablehlo.convolution\"(%x, %w) <{batch_group_count = 1 : i64,
            dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64}>
            : (tensor<2x14x14x16xf32>, tensor<3x3x16x32xf32>) -> tensor<2x12x12x32xf32>
          return %0 : tensor<2x12x12x32xf32>
        }",
    );
    assert_eq!(flops(&stablehlo), expected);
    let depthwise = analysed(
        "func.func @f(%x: tensor<1x10x10x8xf32>, %w: tensor<3x3x8xf32>, %o: tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> {
          %0 = linalg.depthwise_conv_2d_nhwc_hwc {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
            ins(%x, %w : tensor<1x10x10x8xf32>, tensor<3x3x8xf32>) outs(%o : tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
          return %0 : tensor<1x8x8x8xf32>
        }",
    );
    assert_eq!(flops(&depthwise), 2 * 8 * 8 * 8 * 9);
}

#[test]
fn a_softmax_by_rows() {
    // Maximum and its reduction, difference, exponential, sum, quotient over 8 x 32.
    let reduce = |name: &str, from: &str, body: &str| {
        format!(
            "%{name} = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
              iterator_types = [\"parallel\", \"reduction\"]}} ins(%{from} : tensor<8x32xf32>) outs(%init : tensor<8xf32>) {{
            ^bb0(%a: f32, %b: f32):
              %r = {body} %a, %b : f32
              linalg.yield %r : f32
            }} -> tensor<8xf32>"
        )
    };
    let rows = |name: &str, from: &str, row: &str, body: &str| {
        format!(
            "%{name} = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>,
              affine_map<(i, j) -> (i, j)>], iterator_types = [\"parallel\", \"parallel\"]}}
              ins(%{from}, %{row} : tensor<8x32xf32>, tensor<8xf32>) outs(%x : tensor<8x32xf32>) {{
            ^bb0(%a: f32, %b: f32, %c: f32):
              {body}
              linalg.yield %r : f32
            }} -> tensor<8x32xf32>"
        )
    };
    let text = format!(
        "func.func @softmax(%x: tensor<8x32xf32>, %init: tensor<8xf32>) -> tensor<8x32xf32> {{
          {}\n{}\n{}\n{}
          return %q : tensor<8x32xf32>
        }}",
        reduce("m", "x", "arith.maximumf"),
        rows("e", "x", "m", "%d = arith.subf %a, %b : f32\n%r = math.exp %d : f32"),
        reduce("s", "e", "arith.addf"),
        rows("q", "e", "s", "%r = arith.divf %a, %b : f32"),
    );
    let work = analysed(&text).cost.work;
    assert_eq!((work.flops, work.transcendentals), (Range::exact(4 * 8 * 32), Range::exact(8 * 32)));
    let named = analysed(
        "func.func @softmax(%x: tensor<8x32xf32>, %o: tensor<8x32xf32>) -> tensor<8x32xf32> {
          %0 = linalg.softmax dimension(1) ins(%x : tensor<8x32xf32>) outs(%o : tensor<8x32xf32>) -> tensor<8x32xf32>
          return %0 : tensor<8x32xf32>
        }",
    );
    assert_eq!(named.cost.work, work);
}

#[test]
fn triangles_and_tetrahedra_are_counted_exactly() {
    let n = 60u128;
    let triangle = body(
        "%x: f32",
        "affine.for %i = 0 to 60 { affine.for %j = affine_map<(d) -> (d)>(%i) to 60 { %y = arith.addf %x, %x : f32 } }",
    );
    assert_eq!(flops(&triangle), n * (n + 1) / 2);
    let inner = triangle.trip_counts.loops()[1];
    assert_eq!(inner.trips, Range { low: 1, high: Some(n) });
    assert_eq!((inner.entries, inner.iterations), (Range::exact(n), Range::exact(n * (n + 1) / 2)));
    let tetrahedron = body(
        "%x: f32",
        "affine.for %i = 0 to 60 { affine.for %j = 0 to affine_map<(d) -> (d)>(%i) {
           affine.for %k = 0 to affine_map<(d) -> (d)>(%j) { %y = arith.addf %x, %x : f32 } } }",
    );
    assert_eq!(flops(&tetrahedron), n * (n - 1) * (n - 2) / 6);
    let scf = body(
        "%x: f32",
        "%zero = arith.constant 0 : index
         %one = arith.constant 1 : index
         %n = arith.constant 60 : index
         scf.for %i = %zero to %n step %one {
           %end = arith.addi %i, %one : index
           scf.for %j = %zero to %end step %one { %y = arith.addf %x, %x : f32 }
         }",
    );
    assert_eq!(flops(&scf), n * (n + 1) / 2);
}

#[test]
fn ragged_tiles_add_up_to_the_whole() {
    let tiled = body(
        "%x: f32",
        "affine.for %t = 0 to 100 step 32 {
           affine.for %i = affine_map<(d) -> (d)>(%t) to min affine_map<(d) -> (d + 32, 100)>(%t) { %y = arith.addf %x, %x : f32 }
         }",
    );
    assert_eq!(flops(&tiled), 100);
    assert_eq!(tiled.trip_counts.loops()[0].trips, Range::exact(4));
    assert_eq!(tiled.trip_counts.loops()[1].trips, Range { low: 4, high: Some(32) });
}

#[test]
fn parallel_loops_multiply_their_variables() {
    let analysis = body(
        "%x: f32",
        "affine.parallel (%i, %j) = (0, 0) to (6, 10) step (1, 3) { %y = arith.addf %x, %x : f32 }
         %c0 = arith.constant 0 : index
         %c2 = arith.constant 2 : index
         %c9 = arith.constant 9 : index
         scf.parallel (%i, %j) = (%c0, %c0) to (%c9, %c9) step (%c2, %c2) { %y = arith.addf %x, %x : f32 }
         scf.forall (%i, %j) in (3, 7) { %y = arith.addf %x, %x : f32 }",
    );
    assert_eq!(flops(&analysis), 6 * 4 + 5 * 5 + 3 * 7);
}

#[test]
fn what_depends_on_run_time_is_a_range_with_a_reason() {
    let dynamic = body(
        "%x: f32, %n: index",
        "%zero = arith.constant 0 : index
         %one = arith.constant 1 : index
         scf.for %i = %zero to %n step %one { %y = arith.addf %x, %x : f32 }",
    );
    assert_eq!(dynamic.cost.work.flops, Range { low: 0, high: None });
    assert_eq!(reasons(&dynamic), [Reason::Bounds]);
    let branch = body("%x: f32, %c: i1", "scf.if %c { %y = arith.addf %x, %x : f32 }\n%z = arith.mulf %x, %x : f32");
    assert_eq!(branch.cost.work.flops, Range { low: 1, high: Some(2) });
    assert_eq!(reasons(&branch), [Reason::Branch]);
    let shape = analysed(
        "func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
          %0 = stablehlo.add %x, %x : tensor<?x4xf32>
          return %0 : tensor<?x4xf32>
        }",
    );
    assert_eq!((shape.cost.work.flops, reasons(&shape)), (Range::UNKNOWN, vec![Reason::Shape]));
    let foreign = body("%x: tensor<4xf32>", "%0 = \"my.op\"(%x) : (tensor<4xf32>) -> tensor<4xf32>");
    assert_eq!((foreign.cost.work.flops, reasons(&foreign)), (Range::UNKNOWN, vec![Reason::Operation]));
    // A loop that is never entered executes nothing.
    let never = body("%x: f32, %c: i1", "affine.for %i = 4 to 4 { scf.if %c { %y = arith.addf %x, %x : f32 } }");
    assert_eq!(flops(&never), 0);
}

#[test]
fn conditions_that_follow_from_the_text_choose_their_branch() {
    let analysis = body(
        "%x: f32",
        "%c3 = arith.constant 3 : index
         affine.for %i = 0 to 10 {
           %c = arith.cmpi slt, %i, %c3 : index
           scf.if %c { %y = arith.addf %x, %x : f32 } else {
             %y = arith.addf %x, %x : f32
             %z = arith.addf %y, %x : f32
           }
         }",
    );
    assert_eq!(flops(&analysis), 3 + 7 * 2);
    assert_eq!(analysis.unknowns, []);
}

proptest! {
    #[test]
    fn points_of_affine_sets_are_counted(
        rows in 1i64..40, columns in 1i64..40, a in -3i64..4, b in -3i64..4, c in -20i64..20, is_equal: bool, large: bool,
    ) {
        // More points than are visited one by one: then by pieces, or within bounds.
        let rows = if large { rows * 700 } else { rows };
        let relation = if is_equal { "==" } else { ">=" };
        let analysis = analysed(&format!(
            "#s = affine_set<(d0, d1) : (d0 * {a} + d1 * {b} + {c} {relation} 0, d1 <= 30)>
             func.func @f(%x: f32, %m: memref<f32>) {{
               affine.for %i = 0 to {rows} {{
                 affine.for %j = 0 to {columns} {{
                   affine.if #s(%i, %j) {{
                     %y = arith.addf %x, %x : f32
                     affine.store %y, %m[] : memref<f32>
                   }}
                 }}
               }}
               return
             }}"
        ));
        let inside = |i: i64, j: i64| {
            let value = a * i + b * j + c;
            j <= 30 && if is_equal { value == 0 } else { value >= 0 }
        };
        let points = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).filter(|&(i, j)| inside(i, j)).count();
        let counted = analysis.cost.work.flops;
        prop_assert!(counted.low <= points as u128 && counted.high.is_some_and(|high| points as u128 <= high));
        prop_assert!(counted.value().is_some() || large, "{counted:?}");
        prop_assert_eq!(reasons(&analysis).is_empty(), counted.value().is_some());
    }
}

#[test]
fn calls_count_what_they_call_and_recursion_is_named() {
    let text = "func.func @main(%x: f32) {
          affine.for %i = 0 to 5 { func.call @twice(%x) : (f32) -> () }
          return
        }
        func.func @twice(%x: f32) {
          %y = arith.addf %x, %x : f32
          %z = arith.addf %x, %y : f32
          return
        }";
    assert_eq!(flops(&analysed(text)), 10);
    let endless = body("", "func.call @f() : () -> ()");
    assert_eq!(reasons(&endless), [Reason::Recursion]);
    let outside = body("%x: f32", "%y = func.call @elsewhere(%x) : (f32) -> f32");
    assert_eq!(reasons(&outside), [Reason::Callee]);
}

#[test]
fn loops_between_blocks_are_not_guessed() {
    let analysis = analysed(
        "func.func @f(%x: f32, %c: i1) {
          %a = arith.addf %x, %x : f32
          cf.br ^loop
        ^loop:
          %b = arith.addf %x, %x : f32
          cf.cond_br %c, ^loop, ^end
        ^end:
          return
        }",
    );
    assert_eq!(analysis.cost.work.flops, Range { low: 1, high: None });
    assert_eq!(reasons(&analysis), [Reason::ControlFlow]);
}

#[test]
fn a_model_in_three_dialects_does_the_same_work() {
    let stablehlo = analysed(include_str!("../../tests/fixtures/mlir/transformer.stablehlo.mlir"));
    let generic = analysed(include_str!("../../tests/fixtures/mlir/transformer.stablehlo-generic.mlir"));
    let linalg = analysed(include_str!("../../tests/fixtures/mlir/transformer.linalg.mlir"));
    assert_eq!(stablehlo.cost.work, linalg.cost.work);
    assert_eq!(stablehlo.cost, generic.cost);
    assert_eq!(linalg.unknowns, []);
    let (resnet, lowered) = (
        analysed(include_str!("../../tests/fixtures/mlir/resnet.linalg.mlir")),
        analysed(include_str!("../../tests/fixtures/mlir/resnet.scf.mlir")),
    );
    assert_eq!(resnet.cost.work.flops, lowered.cost.work.flops);
    assert_eq!(resnet.cost.work.transcendentals, lowered.cost.work.transcendentals);
}

#[test]
fn vectors_count_their_lanes() {
    let analysis = body(
        "%a: vector<4x8xf32>, %b: vector<8x16xf32>, %c: vector<4x16xf32>, %v: vector<16xf32>, %s: f32",
        "%0 = vector.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
             affine_map<(m, n, k) -> (m, n)>], iterator_types = [\"parallel\", \"parallel\", \"reduction\"],
             kind = #vector.kind<add>} %a, %b, %c : vector<4x8xf32>, vector<8x16xf32> into vector<4x16xf32>
         %1 = vector.fma %v, %v, %v : vector<16xf32>
         %2 = vector.reduction <add>, %v, %s : vector<16xf32> into f32
         %3 = arith.cmpf olt, %v, %v : vector<16xf32>",
    );
    assert_eq!(flops(&analysis), 2 * 4 * 16 * 8 + 2 * 16 + 16 + 16);
}

fn live(text: &str) -> Liveness {
    let tree = parsed(text);
    let function = tree.functions().next().unwrap();
    liveness(&tree, function)
}

#[test]
fn values_live_to_their_last_use() {
    let chain = live(
        "func.func @f(%a: f32) -> f32 {
      %b = arith.negf %a : f32
      %c = arith.negf %b : f32
      return %c : f32
    }",
    );
    assert_eq!((chain.values, chain.floats), (1, 1));
    // All four products wait for their sums.
    let tree = live(
        "func.func @f(%a: f32, %b: f32) -> f32 {
      %p = arith.mulf %a, %a : f32
      %q = arith.mulf %a, %b : f32
      %r = arith.mulf %b, %b : f32
      %s = arith.mulf %a, %b : f32
      %t = arith.addf %p, %q : f32
      %u = arith.addf %r, %s : f32
      %v = arith.addf %t, %u : f32
      return %v : f32
    }",
    );
    assert_eq!(tree.floats, 5, "three products and both arguments wait for the fourth");
}

#[test]
fn what_a_loop_uses_lives_through_it() {
    let looped = live(
        "func.func @f(%a: f32, %b: f32, %m: memref<8xf32>) {
      affine.for %i = 0 to 8 {
        %x = arith.mulf %a, %a : f32
        %y = arith.negf %x : f32
        affine.store %y, %m[%i] : memref<8xf32>
      }
      affine.store %b, %m[0] : memref<8xf32>
      return
    }",
    );
    // %a is needed in the next iteration, %b behind the loop, %x or %y now.
    assert_eq!(looped.floats, 3);
    assert_eq!(looped.integers, 2, "the loop's variable and the memref's address");
    assert_eq!(looped.bytes, Range::exact(32 + 3 * 4 + 4 + 8), "and both floats of a negation");
}

#[test]
fn liveness_follows_control_flow_around_a_loop_of_blocks() {
    let flow = live(
        "func.func @f(%a: f32, %c: i1) -> f32 {
      cf.br ^head(%a : f32)
    ^head(%x: f32):
      %y = arith.negf %x : f32
      cf.cond_br %c, ^body, ^end
    ^body:
      %z = arith.mulf %y, %a : f32
      cf.br ^head(%z : f32)
    ^end:
      return %y : f32
    }",
    );
    // %a lives around the loop, with %x, %y or %z.
    assert_eq!((flow.floats, flow.integers), (2, 1));
}

#[test]
fn memory_lives_until_its_views_die() {
    let text = "func.func @f(%out: memref<16xf32>) {
      %a = memref.alloc() : memref<64xf32>
      %v = memref.subview %a[0] [16] [1] : memref<64xf32> to memref<16xf32, strided<[1]>>
      %b = memref.alloc() : memref<100xf32>
      memref.copy %v, %out : memref<16xf32, strided<[1]>> to memref<16xf32>
      %c = memref.alloc() : memref<100xf32>
      memref.dealloc %c : memref<100xf32>
      memref.dealloc %b : memref<100xf32>
      return
    }";
    assert_eq!(live(text).bytes, Range::exact(4 * (16 + 100 + 100)), "%a is dead when %c is made");
    let fresh = live(
        "func.func @f(%x: tensor<64xf32>) -> tensor<64xf32> {
      %e = tensor.empty() : tensor<64xf32>
      %y = linalg.exp ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) -> tensor<64xf32>
      return %y : tensor<64xf32>
    }",
    );
    assert_eq!(fresh.bytes, Range::exact(2 * 256 + 2 * 4), "input, output, and two scalars of the body");
}

proptest! {
    /// Nests with bounds that depend on outer variables, against plain loops.
    #[test]
    fn dependent_bounds_are_counted_as_written(
        n in 0i64..12, a in -2i64..3, b in -3i64..6, c in -2i64..3, d in -3i64..6, step in 1i64..4, e in -2i64..3,
    ) {
        let text = format!(
            "affine.for %i = 0 to {n} step {step} {{
               affine.for %j = affine_map<(i) -> (i * {a} + {b})>(%i) to affine_map<(i) -> (i * {c} + {d})>(%i) {{
                 affine.for %k = max affine_map<(i, j) -> (j, i - {e})>(%i, %j) to min affine_map<(i, j) -> (i + j, 7)>(%i, %j) step {step} {{
                   %y = arith.addf %x, %x : f32
                 }}
               }}
             }}"
        );
        let mut expected = 0;
        for i in (0..n).step_by(step as usize) {
            for j in i * a + b..i * c + d {
                expected += (j.max(i - e)..(i + j).min(7)).step_by(step as usize).count() as u128;
            }
        }
        prop_assert_eq!(flops(&body("%x: f32", &text)), expected);
    }
}
