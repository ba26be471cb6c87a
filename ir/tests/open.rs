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

#[test]
fn dynamic_extents_are_stated_by_value_and_dimension() {
    let text = "func.func @f(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = arith.addf %a, %b : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}";
    assert_eq!(
        open(text).first().map(|row| (row.0.clone(), row.2, row.3.clone())),
        Some(("arith.addf".to_owned(), Reason::Shape, Some("shape=%a.0:_".to_owned())))
    );
    assert_eq!(assumed(text, &["shape=?:512"]), (Range::exact(512 * 8), false));
    assert_eq!(
        assumed(text, &["shape=?:512", "shape=%a.0:16", "shape=%b.0:16", "shape=%0:16"]),
        (Range::exact(128), false)
    );
    // A range of an extent leaves it open; both ends are exact.
    assert!(assumed(text, &["shape=?:8..16"]).1);
}

#[test]
fn a_call_counts_the_body_of_its_callee() {
    let text = "func.func private @g(%n: index, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> f32 {
    %1 = arith.mulf %s, %s : f32
    scf.yield %1 : f32
  }
  return %0 : f32
}
func.func @f(%x: f32) -> f32 {
  %c7 = arith.constant 7 : index
  %c9 = arith.constant 9 : index
  %0 = func.call @g(%c7, %x) : (index, f32) -> f32
  %1 = func.call @g(%c9, %0) : (index, f32) -> f32
  return %1 : f32
}";
    assert_eq!(assumed(text, &[]), (Range::exact(16), false));
    // A function that calls itself stays open.
    let recursive = text.replace("%1 = arith.mulf %s, %s : f32", "%1 = func.call @g(%i, %s) : (index, f32) -> f32");
    assert!(assumed(&recursive, &[]).1);
}

#[test]
fn functions_of_unknown_dialects_are_never_free() {
    for text in [
        "func.func @mm(%a: !torch.vtensor<[8,8],f32>, %b: !torch.vtensor<[8,8],f32>) -> !torch.vtensor<[8,8],f32> {
  %0 = torch.aten.mm %a, %b : !torch.vtensor<[8,8],f32>, !torch.vtensor<[8,8],f32> -> !torch.vtensor<[8,8],f32>
  return %0 : !torch.vtensor<[8,8],f32>
}",
        "func.func @mm(%a: tensor<8x8xbf16>) -> tensor<8x8xbf16> {
  %0 = \"ttir.matmul\"(%a, %a) : (tensor<8x8xbf16>, tensor<8x8xbf16>) -> tensor<8x8xbf16>
  return %0 : tensor<8x8xbf16>
}",
        "tt.func public @k(%p: !tt.ptr<f32>) {
  %x = tt.load %p : !tt.ptr<f32>
  tt.return
}",
    ] {
        assert!(!open(text).is_empty(), "{text}");
    }
}

/// An operation whose record states no arithmetic or traffic is open, and one that states some counts or is open.
#[test]
fn no_record_counts_as_nothing_by_omission() {
    use ir::registry::facts::{Arithmetic, TrafficRule};
    for record in ir::registry::all() {
        let is_free = matches!(record.arithmetic, Arithmetic::None | Arithmetic::AffineMap)
            && record.traffic == TrafficRule::None;
        if record.is_function || record.is_terminator || is_free {
            continue;
        }
        let text = format!(
            "\"func.func\"() <{{function_type = (tensor<8xf32>) -> (), sym_name = \"f\"}}> ({{
^bb0(%a: tensor<8xf32>):
  %0 = \"{}\"(%a, %a) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  \"func.return\"() : () -> ()
}}) : () -> ()",
            record.name
        );
        let parsed = ir::parse(&text, &ir::Limits::default());
        let tree = &parsed.tree;
        let Some(function) = tree.functions().next() else { panic!("{text}") };
        let analysis = Analysis::of(tree);
        let cost = analysis.function(function).expect("a body").cost;
        let counts = cost.work.total().low > 0 || cost.traffic.bytes().low > 0;
        assert!(counts || !analysis.open_counts(function).is_empty(), "{} counts as nothing", record.name);
    }
}
