//! The parser compared with upstream's on every fixture.

use std::path::Path;

use ir::mlir::bridge::Bridge;
use ir::mlir::differential::{Outcome, Text, compare};

fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all: Vec<(String, String)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "mlir"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "{}", folder.display());
    all
}

fn assert_same(bridge: &Bridge, name: &str, text: Text) {
    match compare(bridge, &text) {
        Outcome::Same { operations } => assert!(operations > 1, "{name}"),
        other => panic!("{name}: {other:#?}"),
    }
}

#[test]
fn fixtures_read_as_upstream_reads_them() {
    let bridge = Bridge::new();
    let all = texts("../tests/fixtures/mlir");
    for (name, text) in &all {
        // Upstream has no parser for StableHLO's custom form; it parses the generic form instead.
        let twin = all.iter().find(|(other, _)| *other == format!("{name}-generic"));
        let generic = twin.map(|(_, generic)| generic.clone());
        assert_same(&bridge, name, Text { text: text.clone(), generic });
    }
}

#[test]
fn every_form_of_the_dialects_reads_as_upstream_reads_it() {
    let bridge = Bridge::new();
    for (name, text) in texts("tests/text/dialects") {
        assert_same(&bridge, &name, Text { text, generic: None });
    }
}

#[test]
fn differences_are_found() {
    let bridge = Bridge::new();
    let text = "func.func @f(%a: f32, %b: f32) -> f32 {\n  %0 = arith.subf %a, %b : f32\n  return %0 : f32\n}";
    let different =
        |generic: &str| match compare(&bridge, &Text { text: text.to_owned(), generic: Some(generic.to_owned()) }) {
            Outcome::Different { differences } => differences.into_iter().map(|d| (d.line, d.what)).collect(),
            other => panic!("{other:?}"),
        };
    let at = |line: usize, what: &str| vec![(line, what.to_owned())];
    assert_eq!(different(&text.replace("%a, %b :", "%b, %a :")), at(2, "operands"));
    assert_eq!(different(&text.replace("subf", "addf")), at(2, "operation"));
    let other: Vec<(usize, String)> = different(&text.replace("f32", "f64"));
    assert_eq!(other.iter().map(|d| d.1.as_str()).take(2).collect::<Vec<_>>(), ["regions", "operand types"]);
    // A text that both reject, and one that only this crate's parser accepts.
    let refused = compare(&bridge, &Text { text: "func.func @f() { return %x : f32 }".into(), generic: None });
    assert!(matches!(refused, Outcome::BothRefuse { .. }), "{refused:?}");
    let pretty = "func.func @f(%a: tensor<2xf32>) -> tensor<2xf32> { %0 = stablehlo.add %a, %a : tensor<2xf32> return %0 : tensor<2xf32> }";
    let unread = compare(&bridge, &Text { text: pretty.into(), generic: None });
    assert!(matches!(unread, Outcome::Unread { .. }), "{unread:?}");
}
