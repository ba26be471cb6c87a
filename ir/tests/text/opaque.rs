//! Operations that are not registered, or not written in the form that is: they cost nothing but themselves.

use std::path::PathBuf;

use ir::span::Diagnostic;
use ir::tree::{AttributeValue, Definition, Form, NoBody, Tree, Type};
use ir::{Limits, Parsed, parse, print};
use proptest::prelude::*;

fn parsed(text: &str) -> Parsed {
    parse(text, &Limits::default())
}

/// The tree of a text without errors and warnings.
fn understood(text: &str) -> Tree {
    let Parsed { tree, diagnostics, warnings } = parsed(text);
    assert_eq!(diagnostics, [], "{text}");
    assert_eq!(warnings, [], "{text}");
    tree
}

/// Prints a text and checks that the result is read without errors and prints to itself.
fn reprinted(text: &str) -> String {
    let printed = print(text, &parsed(text).tree);
    let again = parsed(&printed);
    assert_eq!(again.diagnostics, [], "{text}\nprinted:\n{printed}");
    assert_eq!(print(&printed, &again.tree), printed, "{text}");
    printed
}

fn places(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |d: &Diagnostic| {
        let (line, column) = d.span.line_column(text);
        format!("{line}:{column}: {}", d.message)
    };
    diagnostics.iter().map(place).collect()
}

fn names(tree: &Tree) -> Vec<&str> {
    tree.walk().filter(|&op| tree.operation(op).form != Form::Implied).map(|op| tree.name(op)).collect()
}

#[test]
fn texts_of_many_dialects_are_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/text/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 27);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let Parsed { diagnostics, warnings, .. } = parsed(&text);
        assert_eq!(diagnostics, [], "{}", file.display());
        assert_eq!(warnings, [], "{}", file.display());
        reprinted(&text);
    }
}

#[test]
fn assumed_types_give_way_to_those_of_registered_operations() {
    let tree = understood(
        "func.func @f(%p: !x.ref<f32>) -> f32 {
  %0 = x.load %p : !x.ref<f32>
  %1 = arith.addf %0, %0 : f32
  %2 = x.same %1 : f32
  return %1 : f32
}",
    );
    let results: Vec<(String, bool)> = tree
        .walk()
        .flat_map(|op| tree.operation(op).results.clone())
        .map(|value| (tree.types().to_text(tree.value(value).ty), tree.value(value).assumed))
        .collect();
    let expected = [("f32", false), ("f32", false), ("f32", true)];
    assert_eq!(results, expected.map(|(ty, assumed)| (ty.to_owned(), assumed)));
}

#[test]
fn registered_operations_still_disagree() {
    let text = "func.func @f(%p: !x.p) {
  %0 = x.load %p : !x.p
  %1 = arith.addf %0, %0 : f32
  %2 = arith.addf %0, %0 : f64
  return
}";
    let said = places(text, &parsed(text).diagnostics);
    assert_eq!(said.len(), 2);
    assert_eq!(said[0], "4:19: type mismatch: `%0` is used as `f64` but is `f32`");
}

#[test]
fn results_are_as_many_as_their_names() {
    let tree = understood("%0:300 = x.many : i32\n%1, %2 = x.two : i32, i32, i64\nx.use %0#299, %2");
    let counts: Vec<usize> = tree.walk().map(|op| tree.operation(op).results.len()).collect();
    assert_eq!(counts, [300, 2, 0]);
}

#[test]
fn names_of_an_opaque_operation_are_defined_in_its_regions_only() {
    let inside = "func.func @f(%n: index) {
  x.launch (%i, %j) in (%n) {
    %0 = arith.addi %i, %j : index
    %n = x.shadow
  }
  return
}";
    let tree = understood(inside);
    let sum = tree.walk().find(|&op| tree.name(op) == "arith.addi").unwrap();
    for &operand in &tree.operation(sum).operands {
        assert!(matches!(tree.value(operand).definition, Definition::Argument { .. }));
        assert_eq!(tree.value_type(operand), &Type::Index);
    }
    assert!(reprinted(inside).contains("x.launch (%arg1, %arg2) in (%arg0) {"));
    let nowhere = "func.func @f(%n: index) {
  x.launch (%i) in (%n) {
    %0 = arith.addi %i, %k : index
  }
  return
}";
    assert_eq!(places(nowhere, &parsed(nowhere).diagnostics), ["3:25: use of undefined value `%k`"]);
}

#[test]
fn braces_are_regions_attributes_or_text() {
    let tree = understood(
        "func.func @f(%n: index) {
  x.text ops{[\"a.b\"]} : !x.t<f32>{%n}
  x.attributes {a = 1 : i32, b}
  x.region { x.inner }
  x.regions {
    x.first
  }, {
  ^bb0(%i: index):
    x.second %i
  }
  return
}",
    );
    let regions: Vec<(&str, usize)> =
        tree.walk().skip(1).map(|op| (tree.name(op), tree.operation(op).regions.len())).collect();
    assert_eq!(
        regions,
        [
            ("x.text", 0),
            ("x.attributes", 0),
            ("x.region", 0),
            ("x.regions", 2),
            ("x.first", 0),
            ("x.second", 0),
            ("func.return", 0)
        ]
    );
}

#[test]
fn a_registered_operation_that_is_not_in_its_form_is_kept_as_text() {
    let text = "func.func @f(%a: f32) -> f32 {
  %0 = arith.addf %a plus %a : f32
  %1 = arith.mulf %0, %a : f32
  scf.for %i = %a upto %a {
    %2 = arith.negf %a : f32
  }
  return %1 : f32
}";
    let Parsed { tree, diagnostics, warnings } = parsed(text);
    assert_eq!(diagnostics, []);
    assert_eq!(
        places(text, &warnings),
        [
            "2:22: `arith.addf` is kept as text: expected `,`, found `plus`",
            "4:19: `scf.for` is kept as text: expected `to`, found `upto`"
        ]
    );
    assert_eq!(names(&tree), ["func.func", "arith.addf", "arith.mulf", "scf.for", "arith.negf", "func.return"]);
    // Its operands are not those that the record speaks of.
    let unread: Vec<&str> =
        tree.walk().filter(|&op| !tree.record(op).is_registered()).map(|op| tree.name(op)).collect();
    assert_eq!(unread, ["arith.addf", "scf.for"]);
    let printed = reprinted(text);
    assert!(printed.contains("%0 = arith.addf %arg0 plus %arg0 : f32"), "{printed}");
    assert!(printed.contains("scf.for %arg1 = %arg0 upto %arg0 {"), "{printed}");
}

#[test]
fn warnings_are_bounded() {
    let text = "arith.addf plus\n".repeat(1000);
    let limits = Limits { diagnostics: 5, ..Limits::default() };
    let warnings = parse(&text, &limits).warnings;
    assert_eq!(warnings.len(), 6);
    assert_eq!(warnings[5].message, "more operations are kept as text");
}

#[test]
fn functions_of_every_dialect_are_found() {
    let text = "func.func private @declared(i32)
module @inner {
  gpu.module @kernels {
    gpu.func @kernel(%a: memref<8xf32>) workgroup(%w : memref<4xf32, 3>) kernel attributes {a = 1 : i32} {
      %0 = memref.dim %w, %i : memref<4xf32, 3>
      %i = arith.constant 0 : index
      gpu.return
    }
  }
  llvm.func internal @llvm(%p: !llvm.ptr {llvm.noalias}, i32, ...) -> (i32 {llvm.signext}) attributes {b} {
    llvm.return %p : !llvm.ptr
  }
  llvm.func @imported(i32, ...) -> !llvm.ptr
}
tt.func public @triton(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}) attributes {noinline = false} {
  tt.return
}
util.func public @iree(%a: tensor<?xf32>) -> (tensor<?xf32> {a.b}) {
  util.return %a : tensor<?xf32>
}
spirv.func @spirv(%a: i32) \"None\" {
  spirv.Return
}
\"cir.func\"() <{sym_name = \"generic\", function_type = !cir.func<()>}> ({
  cir.return
}) : () -> ()";
    let Parsed { tree, diagnostics, warnings } = parsed(text);
    assert_eq!((diagnostics, warnings), (vec![], vec![]));
    let found: Vec<(&str, Option<NoBody>)> = tree
        .all_functions()
        .map(|function| (tree.symbol(function.operation).unwrap_or_default(), function.body.err()))
        .collect();
    assert_eq!(
        found,
        [
            ("declared", Some(NoBody::Declaration)),
            ("kernel", None),
            ("llvm", None),
            ("imported", Some(NoBody::Declaration)),
            ("triton", None),
            ("iree", None),
            ("spirv", None),
            ("generic", None),
        ]
    );
    let kernel = tree.functions().next().unwrap();
    assert_eq!(tree.block(tree.entry(kernel, 0).unwrap()).arguments.len(), 2);
    reprinted(text);
}

#[test]
fn a_function_that_cannot_be_read_is_named() {
    let text = "func.func @f(%a of f32) {\n  return\n}\nfunc.func @g() {\n  return\n}";
    let Parsed { tree, diagnostics, warnings } = parsed(text);
    assert_eq!(diagnostics, []);
    assert_eq!(
        places(text, &warnings),
        ["1:17: `func.func` is kept as text: expected `:` and the argument's type, found `of`"]
    );
    let found: Vec<(&str, Option<NoBody>)> =
        tree.all_functions().map(|f| (tree.symbol(f.operation).unwrap_or_default(), f.body.err())).collect();
    assert_eq!(found, [("f", Some(NoBody::Unread)), ("g", None)]);
}

#[test]
fn keywords_and_old_spellings_are_attributes() {
    let tree = understood(
        "func.func @f(%a: i32, %x: tensor<4xf32>) {
  %0 = arith.cmpi \"slt\", %a, %a : i32
  %1 = tosa.maximum %x, %x {nan_mode = IGNORE} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}",
    );
    let compare = tree.walk().nth(1).unwrap();
    let Some(&AttributeValue::Integer(predicate, _)) = tree.attribute(compare, "predicate") else {
        panic!("a predicate")
    };
    assert_eq!(predicate, 2);
    let maximum = tree.walk().nth(2).unwrap();
    assert_eq!(tree.attribute(maximum, "nan_mode"), Some(&AttributeValue::Other("IGNORE".to_owned())));
}

#[test]
fn resources_are_kept() {
    let text = "\"a.b\"() : () -> ()\n\n{-#\n  dialect_resources: {\n    builtin: {\n      x: \"0x08000000\"\n    }\n  }\n#-}\n";
    let tree = understood(text);
    assert!(tree.resources().unwrap().text(text).contains("0x08000000"));
    assert_eq!(reprinted(text), "\"a.b\"() : () -> ()\n".to_owned() + text.split_once("\n\n").unwrap().1);
}

#[test]
fn values_of_locations_are_printed() {
    assert_eq!(reprinted("\"t.op\"() {a = loc(\"x\")} : () -> ()"), "\"t.op\"() {a = loc(\"x\")} : () -> ()\n");
    let aliased = "#x = loc(\"x\":1:2)\n\"t.op\"() {a = [loc(#x), loc(callsite(#x at #later))]} : () -> () loc(#later)\n#later = loc(\"y\")";
    assert_eq!(reprinted(aliased), "\"t.op\"() {a = [loc(\"x\" : 1 : 2), loc(unknown)]} : () -> ()\n");
}

/// A text with a mark at every place where upstream prints or takes a location.
const LOCATED: &str = "#map = affine_map<(d0) -> (d0)>
func.func $f(%a: memref<8xf32>@, %n: index@) -> f32 attributes {b} {
  %c = arith.constant 0.0 : f32@
  affine.for %i@ = 0 to 8 {
    affine.store %c, %a[%i] : memref<8xf32>@
  }@
  %r = scf.for %j@ = %n to %n step %n iter_args(%x@ = %c) -> (f32) {
    scf.yield %x : f32@
  }@
  cf.br ^bb1(%r : f32)@
^bb1(%v: f32@):
  \"x.y\"(%v) ({
  ^bb0(%w: i32@):
    x.z %w : i32@
  }) : (f32) -> ()@
  return %v : f32@
}@
";

fn located(location: &str) -> String {
    LOCATED.replace('@', location).replace('$', "@")
}

#[test]
fn locations_stand_anywhere() {
    let plain = reprinted(&located(""));
    for location in
        ["loc(unknown)", "loc(\"a b\":1:2)", "loc(fused<#map>[\"x\"(\"y\"), callsite(\"(\" at #l)])", "loc(#l)"]
    {
        let text = located(&format!(" {location}"));
        assert_eq!(parsed(&text).diagnostics, [], "{text}");
        assert_eq!(reprinted(&(text + "#l = loc(\"z\":3:4)\n")), plain);
    }
}

#[test]
fn a_module_is_short_only_where_upstream_reads_it_so() {
    let text = "func.func @f() {\n  builtin.module {\n  }\n  return\n}";
    assert_eq!(reprinted(text), text.to_owned() + "\n");
    let nested = "builtin.module {\n  builtin.module {\n  }\n}";
    assert_eq!(reprinted(nested), "module {\n  module {\n  }\n}\n");
}

#[test]
fn equal_signs_join_only_what_touches() {
    let text = "x.y @g : !x.t<f32> = 1 >= 2 > = 3";
    assert_eq!(reprinted(text), text.to_owned() + "\n");
}

/// Pieces of text as an unknown dialect could have them; brackets are balanced.
fn opaque_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "word",
        "%a",
        "%q",
        "%q#1",
        "42",
        "-1.5",
        "\"s\"",
        "@f",
        ",",
        "=",
        "->",
        "to",
        "?",
        "*",
        "+",
        ": f32",
        ": tensor<4xf32>",
        ": !x.t<a, b>",
        "#x.y<1>",
        "|",
        "<",
        ">",
        "attributes {k = 1}",
        "{k = WORD}",
        "{[1, %a]}",
        "[%a, %q]",
        "(%q : i32)",
        "(%z = %a)",
        "dense<1> : tensor<i32>",
        "loc(%a)",
        "loc(\"x\")",
        "4x?xf32",
        "affine_map<(d0) -> (d0)>",
        "{}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Whatever an unknown operation says, the operations around it are read.
    #[test]
    fn an_opaque_operation_costs_only_itself(text in opaque_text(), named in any::<bool>(), deep in any::<bool>()) {
        let named = if named { "%o = " } else { "" };
        let (open, close) = if deep { ("  scf.if %c {\n", "  }\n") } else { ("", "") };
        let whole = format!(
            "func.func @before() {{\n  return\n}}\nfunc.func @f(%a: f32, %c: i1) -> f32 {{\n{open}  %k = arith.negf %a : f32\n  {named}x.op {text}\n  %l = arith.addf %k, %a : f32\n{close}  %m = arith.mulf %a, %a : f32\n  return %m : f32\n}}\nfunc.func @g() {{\n  return\n}}"
        );
        let Parsed { tree, diagnostics, warnings } = parsed(&whole);
        prop_assert_eq!(diagnostics, [], "{}", whole);
        prop_assert_eq!(warnings, []);
        let found: Vec<&str> = names(&tree).into_iter().filter(|&name| name != "scf.if").collect();
        prop_assert_eq!(
            found,
            ["func.func", "func.return", "func.func", "arith.negf", "x.op", "arith.addf", "arith.mulf", "func.return", "func.func", "func.return"],
            "{}", whole
        );
        reprinted(&whole);
    }

    /// So it is with a registered operation that is not in its form.
    #[test]
    fn an_unread_operation_costs_only_itself(text in opaque_text(), name in prop::sample::select(vec!["arith.addf", "tensor.empty", "linalg.matmul", "scf.for", "gpu.func", "vector.load"])) {
        let whole = format!(
            "func.func @f(%a: f32) {{\n  %k = arith.negf %a : f32\n  {name} {text}\n  %l = arith.subf %k, %a : f32\n  return\n}}"
        );
        let Parsed { tree, diagnostics, .. } = parsed(&whole);
        let fatal: Vec<_> = diagnostics.iter().filter(|d| !d.message.contains("type mismatch") && !d.message.contains("undefined")).collect();
        prop_assert!(fatal.is_empty(), "{:?} {}", fatal, whole);
        prop_assert_eq!(names(&tree), ["func.func", "arith.negf", name, "arith.subf", "func.return"], "{}", whole);
    }
}
