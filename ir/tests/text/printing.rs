//! Canonical text, which does not depend on names, blanks and comments of the source.

use ir::lexer::{TokenKind, lex};
use ir::{Limits, parse, print};
use proptest::prelude::*;

fn printed(text: &str) -> String {
    let parsed = parse(text, &Limits::default());
    assert_eq!(parsed.diagnostics, [], "{text}");
    print(text, &parsed.tree)
}

#[test]
fn canonical_text() {
    let text = r#"
// A comment.
#map = affine_map<(i,j)->(i+j,  j-1)>
!t = tensor<?x8xf32>
func.func @f( %x:!t {z.b=2:i32,a.b} , %n:index)->!t attributes{k="v",a=1}{
  %r:2 = "a.b"( %x,%n )<{z=1:i8,m=#map}>{b,a=[#map,-2.5e-1:f32]}:(!t,index)->(!t,i1) loc("x":1:2)
  cf.cond_br %r#1,^end( %r#0:!t ),^other
^other: %c = arith.constant dense<[1,2]>:tensor<2xi32> cf.br ^end(%x:!t)
^end(%y:!t):
    scf.if %r#1{ affine.for %i=0 to min #map(%n,%n) { } }
    return %y:!t
}
"#;
    assert_eq!(
        printed(text),
        "func.func @f(%arg0: tensor<?x8xf32> {a.b, z.b = 2 : i32}, %arg1: index) -> tensor<?x8xf32> attributes {a = 1, k = \"v\"} {
  %0:2 = \"a.b\"(%arg0, %arg1) <{m = affine_map<(d0, d1) -> (d0 + d1, d1 - 1)>, z = 1 : i8}> {a = [affine_map<(d0, d1) -> (d0 + d1, d1 - 1)>, -2.5e-1 : f32], b} : (tensor<?x8xf32>, index) -> (tensor<?x8xf32>, i1)
  cf.cond_br %0#1, ^bb2(%0#0 : tensor<?x8xf32>), ^bb1
^bb1:
  %1 = arith.constant dense<[1, 2]> : tensor<2xi32>
  cf.br ^bb2(%arg0 : tensor<?x8xf32>)
^bb2(%arg2: tensor<?x8xf32>):
  scf.if %0#1 {
    affine.for %arg3 = 0 to min affine_map<(d0, d1) -> (d0 + d1, d1 - 1)>(%arg1, %arg1) {
    }
  }
  return %arg2 : tensor<?x8xf32>
}
"
    );
}

#[test]
fn short_names_and_dimensions_are_canonical() {
    let body = |call: &str, back: &str, map: &str| {
        format!(
            "module {{ func.func private @g(i32) -> i32 func.func @f(%c: i1, %x: i32, %m: memref<4x4xf32, affine_map<{map}>>) -> i32 {{
               %r = {call} @g(%x) : (i32) -> i32
               scf.if %c {{ %s = func.call @g(%x) : (i32) -> i32 }}
               {back} %r : i32 }} }}"
        )
    };
    let long = printed(&body("func.call", "func.return", "(row, column)[step] -> (column * step + row)"));
    assert_eq!(long, printed(&body("call", "return", "(d0, d1)[s0] -> (d1 * s0 + d0)")));
    assert!(long.contains("= call @g") && long.contains("    return %") && long.contains("= func.call @g"), "{long}");
    assert!(long.contains("affine_map<(d0, d1)[s0] -> (d1 * s0 + d0)>"), "{long}");
    assert_eq!(printed(&long), long);
}

/// The text with other names for values and blocks and other blanks and comments between tokens.
fn disguised(text: &str, seed: u64) -> String {
    let mut state = seed | 1;
    let mut random = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let tokens: Vec<_> = lex(text).collect();
    let mut out = String::new();
    for (i, token) in tokens.iter().enumerate() {
        let spelled = token.span.text(text);
        match token.kind {
            TokenKind::Whitespace => {
                out.push_str([" ", "\n", " // \"}\n\t", "  "][random(4) as usize]);
            }
            TokenKind::Comment => {}
            TokenKind::ValueId => {
                out.push_str("%n_");
                out.push_str(&spelled[1..]);
            }
            TokenKind::BlockId => {
                out.push_str("^label.");
                out.push_str(&spelled[1..]);
            }
            kind => {
                out.push_str(spelled);
                // Punctuation takes blanks behind it; shapes and results (`%0:2`) do not.
                let next = tokens.get(i + 1).map(|t| t.kind);
                let free = matches!(kind, TokenKind::Comma | TokenKind::LeftParen | TokenKind::Equal)
                    && !matches!(next, Some(TokenKind::Equal));
                if free && random(3) == 0 {
                    out.push_str(" \n");
                }
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn names_and_blanks_do_not_matter(seed in any::<u64>()) {
        for text in [
            include_str!("dialects/affine.mlir"),
            include_str!("dialects/cf.mlir"),
            include_str!("dialects/linalg.mlir"),
            include_str!("dialects/memref.mlir"),
            include_str!("dialects/scf.mlir"),
            include_str!("dialects/tensor.mlir"),
            include_str!("../../../tests/fixtures/mlir/transformer.stablehlo.mlir"),
        ] {
            prop_assert_eq!(printed(text), printed(&disguised(text, seed)));
        }
    }

    #[test]
    fn any_text_keeps_what_the_fuzzers_check(text in "([%^#!@\"(){}<>\\[\\]:,=\\-*?. \n]|func.func|arith.addf|tensor<4xf32>|[a-z0-9]{1,3})*") {
        ir::fuzzing::check_parser(text.as_bytes());
        ir::fuzzing::check_lexer(text.as_bytes());
    }

    /// Pieces of real text, cut anywhere.
    #[test]
    fn cut_text_keeps_what_the_fuzzers_check(from in 0usize..4000, length in 0usize..2000) {
        for text in [include_str!("dialects/scf.mlir"), include_str!("dialects/vector.mlir"), include_str!("dialects/forms.mlir")] {
            let end = (from + length).min(text.len());
            if let Some(piece) = text.get(from.min(end)..end) {
                ir::fuzzing::check_parser(piece.as_bytes());
            }
        }
    }
}
