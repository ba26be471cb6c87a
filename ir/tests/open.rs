//! Counts that a text leaves open, and assumptions that close them.

use ir::analysis::{Analysis, Assumptions, Open, Range, Reason};
use ir::tree::Tree;

fn parse(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.tree
}

/// What is open in the last function: operation, line, reason, and the assumption that would close it.
fn open(text: &str) -> Vec<(String, usize, Reason, Option<String>)> {
    let tree = parse(text);
    let function = tree.functions().last().expect("a function");
    let analysis = Analysis::of(&tree);
    let row = |open: &Open| {
        let cause = open.cause.and_then(|cause| cause.assumption(&tree, text));
        (tree.name(open.operation).to_owned(), open.line_column(text).0, open.reason, cause)
    };
    analysis.open_counts(function).iter().map(row).collect()
}

/// Work of the last function under assumptions, and whether anything is open.
fn assumed(text: &str, assumptions: &[&str]) -> (Range, bool) {
    let tree = parse(text);
    let function = tree.functions().last().expect("a function");
    let assumptions: Assumptions = assumptions.iter().map(|a| a.parse().expect("an assumption")).collect();
    let analysis = Analysis::assuming(&tree, text, &assumptions);
    let work = analysis.function(function).expect("a body").cost.work.total();
    (work, !analysis.open_counts(function).is_empty())
}

const DYNAMIC: &str = "func.func @f(%a: memref<?xf32>, %n: index) {
  affine.for %i = 0 to %n {
    %0 = affine.load %a[%i] : memref<?xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<?xf32>
  }
  return
}";

#[test]
fn a_loop_names_the_value_that_decides_its_bounds() {
    let expected = ("affine.for".to_owned(), 2, Reason::Bounds, Some("trip=%n:_".to_owned()));
    assert_eq!(open(DYNAMIC), [expected]);
    assert_eq!(assumed(DYNAMIC, &["trip=%n:100"]), (Range::exact(100), false));
    assert_eq!(assumed(DYNAMIC, &["trip=%i:100"]), (Range::exact(100), false));
    assert_eq!(assumed(DYNAMIC, &["trip=%n:16..64"]), (Range { low: 16, high: Some(64) }, false));
    assert!(assumed(DYNAMIC, &["trip=%m:100"]).1);
}

#[test]
fn a_branch_has_bounds() {
    let text = "func.func @f(%c: i1, %x: f32) -> f32 {
  %0 = scf.if %c -> f32 {
    %1 = arith.addf %x, %x : f32
    scf.yield %1 : f32
  } else {
    scf.yield %x : f32
  }
  return %0 : f32
}";
    assert_eq!(open(text), []);
}

#[test]
fn what_is_not_known_is_open_for_every_quantity() {
    let text = "func.func @f(%a: tensor<8xf32>) -> tensor<8xf32> {
  %0 = \"vendor.product\"(%a, %a) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}";
    assert_eq!(open(text), [("vendor.product".to_owned(), 2, Reason::Operation, None)]);
    let tree = parse(text);
    let function = tree.functions().next().unwrap();
    let analysis = Analysis::of(&tree);
    let counts = analysis.open_counts(function)[0].counts;
    assert!(counts.opens_time() && counts.opens_registers());
}

#[test]
fn a_call_without_body_and_a_condition_are_open() {
    let text = "func.func private @g(f32) -> f32
func.func @f(%x: f32) -> f32 {
  %y = func.call @g(%x) : (f32) -> f32
  %z = scf.while (%a = %y) : (f32) -> f32 {
    %c = arith.cmpf olt, %a, %x : f32
    scf.condition(%c) %a : f32
  } do {
  ^bb0(%a: f32):
    %0 = arith.addf %a, %a : f32
    scf.yield %0 : f32
  }
  return %z : f32
}";
    let found = open(text);
    let reasons: Vec<_> = found.iter().map(|row| (row.0.as_str(), row.1, row.2)).collect();
    assert_eq!(reasons, [("func.call", 3, Reason::Callee), ("scf.while", 4, Reason::While)]);
    // One addition an iteration; the condition is evaluated once more.
    let text = text.replace("%y = func.call @g(%x) : (f32) -> f32", "%y = arith.addf %x, %x : f32");
    assert_eq!(assumed(&text, &["trip=%z:10"]), (Range::exact(1 + 10 + 11), false));
}

#[test]
fn what_is_never_executed_is_not_open() {
    let text = "func.func @f(%x: i1) {
  affine.for %i = 0 to 0 {
    \"vendor.op\"() : () -> ()
  }
  return
}";
    assert_eq!(open(text), []);
}
