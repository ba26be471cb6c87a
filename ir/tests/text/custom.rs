//! Texts in generic form, rewritten in custom form.

use ir::tokenizer::{Scheme, Tokenizer};
use ir::{CustomForm, Limits, parse};

use crate::structure::structure;

macro_rules! twins {
    ($($name:literal)*) => {
        [$((
            $name,
            include_str!(concat!("dialects/", $name, ".printed")),
            include_str!(concat!("dialects/", $name, ".generic")),
        ),)* (
            "transformer",
            include_str!("../../../tests/fixtures/mlir/transformer.stablehlo.mlir"),
            include_str!("../../../tests/fixtures/mlir/transformer.stablehlo-generic.mlir"),
        )]
    };
}

/// Name of a text, and its custom and its generic form; both are printed by upstream: `dialects/NAME.printed` and
/// `dialects/NAME.generic` are what `mlir-opt` and `mlir-opt --mlir-print-op-generic` of LLVM 22.1.8 make of
/// `dialects/NAME.mlir`.
const TWINS: [(&str, &str, &str); 12] =
    twins!("affine" "arith" "cf" "forms" "linalg" "math" "memref" "scf" "tensor" "tosa" "vector");

fn words(text: &str, scheme: Scheme) -> Vec<(String, Vec<String>)> {
    let mut tokenizer = Tokenizer::new(scheme);
    let tokens = tokenizer.read(text);
    tokens.functions().map(|f| (f.name.to_owned(), f.words().map(|word| word.to_string()).collect())).collect()
}

#[test]
fn the_custom_form_of_a_generic_text_means_the_same() {
    for (name, _, generic) in TWINS {
        let form = CustomForm::of(generic);
        let (before, after) = (parse(generic, &Limits::default()), parse(&form.text, &Limits::default()));
        assert_eq!(after.diagnostics, [], "{name}:\n{}", form.text);
        assert_eq!(structure(&before.tree), structure(&after.tree), "{name}");
        for (old, new) in before.tree.functions().zip(after.tree.functions()) {
            let (old, new) = (before.tree.operation(old).span.start, after.tree.operation(new).span.start);
            assert_eq!(form.origin(new), old, "{name}");
        }
    }
}

#[test]
fn a_generic_text_has_the_words_of_its_custom_form() {
    let mut different = Vec::new();
    for (name, custom, generic) in TWINS {
        let form = CustomForm::of(generic);
        // By operands, upstream names single results in custom form where it names them together in generic form.
        for scheme in [Scheme::Ops, Scheme::Shaped] {
            for (a, b) in words(custom, scheme).into_iter().zip(words(&form.text, scheme)) {
                assert_eq!(a.0, b.0, "{name}");
                if let Some(at) = (0..a.1.len().max(b.1.len())).find(|&at| a.1.get(at) != b.1.get(at)) {
                    let around =
                        |all: &[String]| all[at.saturating_sub(6).min(all.len())..(at + 6).min(all.len())].join(" ");
                    different.push(format!("{name} @{} by {scheme}:\n  {}\n  {}", a.0, around(&a.1), around(&b.1)));
                }
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn a_text_in_custom_form_stays_as_it_is() {
    for (name, custom, _) in TWINS {
        let left = CustomForm::of(custom);
        // Operations of unknown dialects have no other form than the generic one.
        if !custom.contains("\"(") {
            assert_eq!(left.text, custom, "{name}");
        }
        assert_eq!(CustomForm::of(&left.text).text, left.text, "{name}");
    }
}
