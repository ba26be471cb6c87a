//! Steps of functions: dialects agree, constants fold, weights are found.

use ir::analysis::Analysis;
use ir::steps::constants::{Constants, Task};
use ir::steps::{Contraction, Step, Steps, Unplaced, WeightRule, Work};
use ir::tree::Tree;

fn parsed(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    parsed.tree
}

/// Work in each call of every step of the first function, in order; steps of loops with the trip count of the loop.
fn tasks(text: &str, rule: WeightRule) -> Vec<(u64, Task)> {
    fn go(steps: &[Step], times: u64, constants: &mut Constants<'_>, all: &mut Vec<(u64, Task)>) {
        for step in steps {
            match step {
                Step::Op { op, work, reads, writes } => all.push((times, constants.step(*op, work, reads, writes))),
                Step::Alias { from, to } => constants.alias(*from, *to),
                Step::Loop { trips, body, .. } => go(body, times * trips, constants, all),
                Step::Unplaced { why, .. } => panic!("{why:?}"),
            }
        }
    }
    let tree = parsed(text);
    let analysis = Analysis::of(&tree);
    let steps = Steps::of(&analysis, tree.functions().next().unwrap());
    let mut all = Vec::new();
    go(steps.all(), 1, &mut Constants::new(&steps, rule), &mut all);
    all
}

fn product(text: &str) -> Contraction {
    let tree = parsed(text);
    let analysis = Analysis::of(&tree);
    let steps = Steps::of(&analysis, tree.functions().next().unwrap());
    let of = |step: &Step| if let Step::Op { work: Work::Contraction(c), .. } = step { Some(*c) } else { None };
    let all: Vec<Contraction> = steps.all().iter().filter_map(of).collect();
    assert_eq!(all.len(), 1, "{text}");
    all[0]
}

const NAMED: &str = "func.func @f(%x: tensor<4x32xf32>, %w: tensor<32x8xf32>, %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.matmul ins(%x, %w : tensor<4x32xf32>, tensor<32x8xf32>) outs(%o : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}";

#[test]
fn a_product_is_the_same_in_every_dialect() {
    let general = "func.func @f(%x: tensor<4x32xf32>, %w: tensor<32x8xf32>) -> tensor<4x8xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<4x32xf32>, tensor<32x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}";
    let nest = "func.func @f(%x: memref<4x32xf32>, %w: memref<32x8xf32>, %o: memref<4x8xf32>) {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 8 {
      affine.for %k = 0 to 32 {
        %a = affine.load %x[%i, %k] : memref<4x32xf32>
        %b = affine.load %w[%k, %j] : memref<32x8xf32>
        %c = affine.load %o[%i, %j] : memref<4x8xf32>
        %p = arith.mulf %a, %b : f32
        %s = arith.addf %c, %p : f32
        affine.store %s, %o[%i, %j] : memref<4x8xf32>
      }
    }
  }
  return
}";
    for text in [NAMED, general, nest] {
        let c = product(text);
        assert_eq!(c.macs, 4 * 32 * 8, "{text}");
        assert_eq!(c.sides.map(|s| (s.elements, s.fan_in, s.rank, s.inner)), [(128, 32, 2, 32), (256, 32, 2, 8)]);
        assert_eq!((c.matrix(), c.passes(1), c.can_be_metal(), c.before), (1, 4, true, [0, 0]));
    }
}

#[test]
fn the_rule_says_which_matrix_never_changes() {
    let pass = |rule| matches!(tasks(NAMED, rule)[0].1, Task::Pass(_, 1));
    assert!(pass(WeightRule::Auto) && pass(WeightRule::AllRhs));
    // Both operands are arguments, so the matrix is kept.
    assert!(!pass(WeightRule::Marked) && matches!(tasks(NAMED, WeightRule::None)[0].1, Task::Product(_, 1)));
    let marked = NAMED.replace("%x: tensor<4x32xf32>", "%x: tensor<4x32xf32> {hardwire.weight}");
    assert!(matches!(tasks(&marked, WeightRule::Auto)[0].1, Task::Pass(_, 0)));
}

#[test]
fn what_is_made_of_constants_is_made_before_the_call() {
    let text = |from: &str| {
        format!(
            "func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {{
  %c = arith.constant dense<2.0> : tensor<8xf32>
  %0 = math.exp {from} : tensor<8xf32>
  return %0 : tensor<8xf32>
}}"
        )
    };
    let last = |from: &str, rule| tasks(&text(from), rule).pop().unwrap().1;
    let function = Task::Nonlinear { elements: 8, chain: 1 };
    assert_eq!(last("%c", WeightRule::Auto), Task::Folded);
    assert_eq!(last("%c", WeightRule::None), function);
    assert_eq!(last("%x", WeightRule::Auto), function);
}

#[test]
fn loops_over_tensors_repeat_their_steps() {
    let text = "func.func @f(%x: tensor<16xf32>) -> tensor<16xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = arith.constant 5 : index
  %r = scf.for %i = %0 to %n step %1 iter_args(%a = %x) -> (tensor<16xf32>) {
    %e = math.exp %a : tensor<16xf32>
    scf.yield %e : tensor<16xf32>
  }
  return %r : tensor<16xf32>
}";
    assert_eq!(tasks(text, WeightRule::Auto), [(5, Task::Nonlinear { elements: 16, chain: 1 })]);
}

#[test]
fn of_an_argument_no_more_is_read_than_there_is() {
    let text = "func.func @f(%x: tensor<64x16xf32>, %y: tensor<8xf32>) -> tensor<16x64xf32> {
  %e = tensor.empty() : tensor<16x64xf32>
  %0 = linalg.transpose ins(%x : tensor<64x16xf32>) outs(%e : tensor<16x64xf32>) permutation = [1, 0]
  return %0 : tensor<16x64xf32>
}";
    let tree = parsed(text);
    let analysis = Analysis::of(&tree);
    let steps = Steps::of(&analysis, tree.functions().next().unwrap());
    assert_eq!(steps.arguments_read(|_| true).into_values().collect::<Vec<_>>(), [1024, 0]);
    assert!(steps.arguments_read(|_| false).is_empty());
}

#[test]
fn dependent_trip_counts_are_those_of_the_analysis() {
    let text = "func.func @f(%n: index, %x: memref<8xf32>, %y: memref<8xf32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %a = affine.load %x[%j] : memref<8xf32>
      %e = math.exp %a : f32
      affine.store %e, %y[%i] : memref<8xf32>
    }
  }
  affine.for %i = 0 to %n {
    %a = affine.load %x[0] : memref<8xf32>
    affine.store %a, %y[0] : memref<8xf32>
  }
  return
}";
    let tree = parsed(text);
    let function = tree.functions().next().unwrap();
    let analysis = Analysis::of(&tree);
    let steps = Steps::of(&analysis, function);
    // 0 + 1 + .. + 7 functions; the trip count of the second loop is not known.
    let [Step::Op { work: Work::Nonlinear { elements: 28, chain: 1 }, .. }, Step::Unplaced { why, .. }] = steps.all()
    else {
        panic!("{:?}", steps.all())
    };
    assert_eq!(*why, Unplaced::UnknownTripCount);
}

#[test]
fn unrolled_sums_are_one_product_whether_memory_or_a_register_holds_them() {
    let unrolled = |factor: usize, in_memory: bool| {
        let step = 256 / factor;
        let mut body = String::from("%s0 = affine.load %o[%i] : memref<4xf32>\n");
        for copy in 0..factor {
            if in_memory && copy > 0 {
                body += &format!("%s{copy} = affine.load %o[%i] : memref<4xf32>\n");
            }
            body += &format!(
                "%a{copy} = affine.load %x[%i, %k + {at}] : memref<4x256xf32>
                 %b{copy} = affine.load %w[%k + {at}] : memref<256xf32>
                 %p{copy} = arith.mulf %a{copy}, %b{copy} : f32
                 %{to} = arith.addf %s{copy}, %p{copy} : f32\n",
                at = copy * step,
                to = if in_memory { format!("t{copy}") } else { format!("s{}", copy + 1) },
            );
            if in_memory {
                body += &format!("affine.store %t{copy}, %o[%i] : memref<4xf32>\n");
            }
        }
        if !in_memory {
            body += &format!("affine.store %s{factor}, %o[%i] : memref<4xf32>\n");
        }
        product(&format!(
            "func.func @f(%x: memref<4x256xf32>, %w: memref<256xf32>, %o: memref<4xf32>) {{
               affine.for %i = 0 to 4 {{ affine.for %k = 0 to {step} {{ {body} }} }}
               return
             }}"
        ))
    };
    let plain = unrolled(1, true);
    assert_eq!((plain.macs, plain.sides.map(|side| side.fan_in)), (1024, [256, 256]));
    for factor in [2, 8, 128] {
        assert_eq!((unrolled(factor, true), unrolled(factor, false)), (plain, plain), "{factor} copies");
    }
}
