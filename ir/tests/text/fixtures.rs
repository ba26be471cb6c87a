//! The MLIR of frameworks in tests/fixtures/mlir.

use std::path::PathBuf;

use ir::tree::Form;
use ir::{Limits, parse, print};

use crate::structure::structure;

fn fixtures() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/mlir");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

fn fixture(name: &str) -> String {
    fixtures().into_iter().find(|f| f.0 == name).unwrap().1
}

#[test]
fn every_fixture_is_understood() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 10);
    for (name, text) in fixtures {
        let parsed = parse(&text, &Limits::default());
        assert_eq!(parsed.diagnostics, [], "{name}");
        let tree = &parsed.tree;
        let guessed: Vec<&str> =
            tree.walk().filter(|&op| tree.operation(op).form == Form::Guessed).map(|op| tree.name(op)).collect();
        assert!(guessed.is_empty(), "{name}: {guessed:?}");
    }
}

#[test]
fn printed_text_stays_as_it_is_and_means_the_same() {
    for (name, text) in fixtures() {
        let parsed = parse(&text, &Limits::default());
        let printed = print(&text, &parsed.tree);
        let again = parse(&printed, &Limits::default());
        assert_eq!(again.diagnostics, [], "{name}");
        assert_eq!(structure(&parsed.tree), structure(&again.tree), "{name}");
        assert_eq!(printed, print(&printed, &again.tree), "{name}");
    }
}

#[test]
fn pretty_stablehlo_equals_its_generic_twin() {
    let pretty = parse(&fixture("transformer.stablehlo.mlir"), &Limits::default()).tree;
    let generic = parse(&fixture("transformer.stablehlo-generic.mlir"), &Limits::default()).tree;
    assert_eq!(structure(&pretty), structure(&generic));
}
