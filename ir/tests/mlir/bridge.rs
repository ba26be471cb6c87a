//! Upstream's parser, passes and printer through the bridge; errors have line and column.

use ir::mlir::bridge::{Bridge, Form, Limits, ParseOptions, Severity};

const ADD: &str = "func.func @f(%a: f32) -> f32 {\n  %0 = arith.addf %a, %a : f32\n  return %0 : f32\n}\n";

#[test]
fn lists_operations_in_preorder() {
    let walked = Bridge::new().parse_and_walk(ADD, ParseOptions::default()).unwrap();
    let names: Vec<_> = walked.iter().map(|operation| (operation.depth, operation.name.as_str())).collect();
    assert_eq!(names, [(0, "builtin.module"), (1, "func.func"), (2, "arith.addf"), (2, "func.return")]);
    assert_eq!(walked[1].regions, [[["f32"]]]);
    assert_eq!(walked[2].operand_types, ["f32", "f32"]);
    assert_eq!(walked[2].result_types, ["f32"]);
}

#[test]
fn runs_a_pipeline() {
    let text =
        "func.func @f() -> i32 {\n %a = arith.constant 2 : i32\n %b = arith.addi %a, %a : i32\n return %b : i32\n}";
    let printed = Bridge::new().run_pipeline(text, "builtin.module(canonicalize)").unwrap();
    assert!(printed.contains("arith.constant 4 : i32"), "{printed}");
}

#[test]
fn generic_form_reads_back() {
    let bridge = Bridge::new();
    let generic = bridge.reprint(ADD, Form::Generic, ParseOptions::default()).unwrap();
    assert!(generic.contains("\"arith.addf\"(%arg0, %arg0)"), "{generic}");
    let options = ParseOptions::default();
    assert_eq!(bridge.reprint(&generic, Form::Custom, options), bridge.reprint(ADD, Form::Custom, options));
}

#[test]
fn errors_have_a_place() {
    let bridge = Bridge::new();
    let undefined = "func.func @f() -> f32 {\n  return %missing : f32\n}";
    let errors = bridge.parse(undefined, ParseOptions::default()).unwrap_err();
    assert_eq!(errors[0].place, Some((2, 10)));
    assert_eq!(errors[0].message, "use of undeclared SSA value name");
    let mismatch = "func.func @f(%a: i32) -> f32 {\n  return %a : f32\n}";
    let errors = bridge.parse(mismatch, ParseOptions::default()).unwrap_err();
    assert!(errors[0].to_string().starts_with("2:10: use of value '%a' expects different type"), "{}", errors[0]);
    // The bridge can be used after an error.
    assert!(bridge.parse(ADD, ParseOptions::default()).is_ok());
}

#[test]
fn unknown_dialects_only_on_request() {
    let bridge = Bridge::new();
    let text = "\"mine.op\"() : () -> ()";
    assert!(bridge.parse_and_walk(text, ParseOptions::default()).is_err());
    let options = ParseOptions { allow_unregistered: true, ..ParseOptions::default() };
    assert_eq!(bridge.parse_and_walk(text, options).unwrap()[1].name, "mine.op");
    assert!(bridge.parse_and_walk(text, ParseOptions::default()).is_err());
}

#[test]
fn bad_pipelines_and_failing_passes_are_errors() {
    let bridge = Bridge::new();
    let errors = bridge.run_pipeline(ADD, "builtin.module(no-such-pass)").unwrap_err();
    assert!(errors.iter().any(|error| error.message.contains("no-such-pass")), "{errors:?}");
    let layout = "builtin.module(set-llvm-module-datalayout{data-layout=nonsense})";
    let errors = bridge.run_pipeline(ADD, layout).unwrap_err();
    assert!(errors.iter().all(|error| error.severity == Severity::Error), "{errors:?}");
}

#[test]
fn oversized_and_deep_input_is_refused() {
    let bridge = Bridge::new();
    let limits = Limits { bytes: 100, depth: 10 };
    let options = ParseOptions { limits, ..ParseOptions::default() };
    let long = bridge.parse(&" ".repeat(101), options).unwrap_err();
    assert_eq!(long[0].message, "the text has 101 bytes, at most 100 are read");
    let deep = bridge.parse(&"(".repeat(11), options).unwrap_err();
    assert_eq!(deep[0].place, Some((1, 11)));
    let types = format!("func.func private @f({}", "tuple<".repeat(100_000));
    assert!(bridge.parse(&types, ParseOptions::default()).unwrap_err()[0].message.contains("nested"));
    assert!(bridge.parse("func.func\0", ParseOptions::default()).unwrap_err()[0].message.contains("NUL"));
    // Brackets in strings and comments do not nest.
    let quoted = format!("module attributes {{test.a = \"{0}\"}} {{ // {0}\n}}", "(".repeat(1000));
    assert!(bridge.parse(&quoted, ParseOptions::default()).is_ok());
}
