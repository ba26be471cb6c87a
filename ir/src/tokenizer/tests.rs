use proptest::prelude::*;

use super::*;
use crate::lexer::{TokenKind, lex};

fn words(scheme: Scheme, text: &str) -> String {
    let mut tokenizer = Tokenizer::new(scheme);
    tokenizer.read(text).words().map(|w| w.to_string()).collect::<Vec<_>>().join(" ")
}

fn shaped(text: &str) -> String {
    words(Scheme::Shaped, text)
}

const AFFINE: &str = "func.func @mm(%A: memref<64x96xf32> {llvm.noalias}, %C: memref<64x96xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 96 step 4 {
      %a = affine.load %A[%i, %j + 1] : memref<64x96xf32>
      %s = arith.addf %a, %a fastmath<fast> : f32 loc(\"x\"(\"y\":1:2))
      affine.store %s, %C[%i, %j] : memref<64x96xf32>
    }
  }
  return
}";

const LINALG: &str = "#id = affine_map<(m, n) -> (m, n)>
#rows = affine_map<(m, n) -> (m)>
#loc1 = loc(\"model.py\":3:4)
!t = tensor<8x96xf32>
module @net attributes {dialect.remark = 1 : i32} {
  func.func public @main(%x: !t, %s: tensor<8xf32>) -> (!t {jax.result_info = \"\"}) {
    %e = tensor.empty() : !t loc(#loc1)
    %y = linalg.generic {indexing_maps = [#id, #rows, #id], iterator_types = [\"parallel\", \"parallel\"]}
        ins(%x, %s : !t, tensor<8xf32>) outs(%e : !t) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      linalg.yield %p : f32
    } -> !t
    %z = call @relu(%y) : (!t) -> !t
    return %z : !t
  }
  func.func private @relu(%x: tensor<8x96xf32>) -> tensor<8x96xf32> {
    return %x : tensor<8x96xf32>
  }
}";

/// What compilers and frameworks print.
const FILES: [&str; 10] = [
    include_str!("../../../tests/fixtures/mlir/lstm.linalg.mlir"),
    include_str!("../../../tests/fixtures/mlir/matmul.affine.mlir"),
    include_str!("../../../tests/fixtures/mlir/matmul_clamp.tosa.mlir"),
    include_str!("../../../tests/fixtures/mlir/mlp.affine.mlir"),
    include_str!("../../../tests/fixtures/mlir/mlp.linalg.mlir"),
    include_str!("../../../tests/fixtures/mlir/resnet.linalg.mlir"),
    include_str!("../../../tests/fixtures/mlir/resnet.scf.mlir"),
    include_str!("../../../tests/fixtures/mlir/transformer.linalg.mlir"),
    include_str!("../../../tests/fixtures/mlir/transformer.stablehlo-generic.mlir"),
    include_str!("../../../tests/fixtures/mlir/transformer.stablehlo.mlir"),
];

const FLOW: &str = "func.func @f(%n: index, %v: i32, %m: memref<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %k = %zero) -> (f32, f32) {
    %l = memref.load %m[%i] : memref<?xf32>
    %t = arith.addf %acc, %l : f32
    scf.yield %t, %k : f32, f32
  }
  scf.parallel (%p, %q) = (%c0, %c0) to (%n, %n) step (%c1, %c1) {
    memref.store %r#1, %m[%q] : memref<?xf32>
    scf.reduce
  }
  cf.switch %v : i32, [default: ^end(%zero : f32), 42: ^loop]
^loop:
  cf.cond_br %b, ^loop, ^end(%r#0 : f32)
^end(%x: f32):
  return %x : f32
}";

#[test]
fn schemes_on_a_loop_nest() {
    assert_eq!(
        words(Scheme::Ops, AFFINE),
        "func.func affine.for affine.for affine.load arith.addf affine.store func.return"
    );
    assert_eq!(
        words(Scheme::OpsOperands, AFFINE),
        "func.func %0 memref<64x96xf32> %1 memref<64x96xf32> affine.for %2 affine.for %3 %4 affine.load %0 %2 %3 \
         memref<64x96xf32> %5 arith.addf %4 %4 f32 affine.store %5 %1 %2 %3 memref<64x96xf32> func.return"
    );
    assert_eq!(
        shaped(AFFINE),
        "func.func memref.2 2^6 2^6 *3 f32 same { affine.for 0 2^6 { affine.for 0 2^6 *3 step 2^2 { affine.load %arg0 \
         %in1.0 %in0.0 + 2^0 memref.2 2^6 2^6 *3 f32 arith.addf %-1 %-1 f32 affine.store %-1 %arg1 %in1.0 %in0.0 \
         memref.2 2^6 2^6 *3 f32 } } func.return }"
    );
}

#[test]
fn aliases_are_resolved_and_maps_show_their_structure() {
    assert_eq!(
        shaped(LINALG),
        "builtin.module { func.func tensor.2 2^3 2^6 *3 f32 tensor.1 2^3 f32 -> tensor.2 2^3 2^6 *3 f32 { \
         tensor.empty tensor.2 2^3 2^6 *3 f32 linalg.generic map.identity map.projection d0 map.identity parallel \
         parallel %arg0 %arg1 tensor.2 2^3 2^6 *3 f32 tensor.1 2^3 f32 outs %-1 tensor.2 2^3 2^6 *3 f32 { arith.mulf \
         %in0.0 %in0.1 f32 linalg.yield %-1 f32 } -> same func.call @ %-1 tensor.2 2^3 2^6 *3 f32 -> same func.return \
         %-1 tensor.2 2^3 2^6 *3 f32 } func.func tensor.2 2^3 2^6 *3 f32 -> same { func.return %arg0 tensor.2 2^3 2^6 \
         *3 f32 } }"
    );
    assert_eq!(words(Scheme::Ops, LINALG).matches("func.func").count(), 2);
}

#[test]
fn a_bound_has_the_words_of_its_map_with_or_without_an_alias() {
    let loops = |map: &str| {
        format!("func.func @f(%n: index) {{\n  affine.for %i = {map}(%n) to 64 {{\n    a.b %i\n  }}\n  return\n}}")
    };
    let aliased = format!("#up = affine_map<(d0) -> (d0 + 1)>\n{}", loops("#up"));
    assert_eq!(shaped(&loops("affine_map<(d0) -> (d0 + 1)>")), shaped(&aliased));
}

#[test]
fn constants_stand_where_they_are_used_and_blocks_where_they_lead() {
    assert_eq!(
        shaped(FLOW),
        "func.func index i32 memref.1 ? f32 -> f32 { scf.for 0 %arg0 step 2^0 iter_args float.0 float.0 -> f32 f32 { \
         memref.load %arg2 %in0.0 memref.1 ? f32 arith.addf %in0.1 %-1 f32 scf.yield %-1 %in0.2 f32 f32 } scf.parallel \
         0 0 %arg0 %arg0 step 2^0 2^0 { memref.store %^-1 %arg2 %in0.1 memref.1 ? f32 scf.reduce } cf.switch %arg1 i32 \
         default ^> float.0 f32 2^5 *21 ^> ^ cf.cond_br %? ^< ^> %-1 f32 ^ f32 func.return %in0.0 f32 }"
    );
}

#[test]
fn maps_by_kind() {
    let map = |map: &str| shaped(&format!("a.b affine_map<{map}>"));
    assert_eq!(map("(i, j) -> (j, i)"), "a.b map.permutation d1 d0");
    assert_eq!(map("(i, j) -> (i, 0)"), "a.b map.projection d0 0");
    assert_eq!(map("() -> ()"), "a.b map.identity");
    assert_eq!(map("(i)[s] -> (i * 2 + s mod 4, -i)"), "a.b map.affine d0 2^1 * s0 2^2 mod + d0 -");
    assert_eq!(map("(i) -> ((i - 1) floordiv 3)"), "a.b map.affine d0 2^0 - + 2^1 *3 floordiv");
    assert_eq!(shaped("a.b affine_set<(i, j) : (i - j >= 0, j == 0)>"), "a.b set d0 d1 - + d1");
}

#[test]
fn types_of_all_kinds() {
    let ty = |ty: &str| shaped(&format!("a.b : {ty}"));
    assert_eq!(ty("tensor<*xbf16>"), "a.b tensor.* bf16");
    assert_eq!(ty("tensor<f32>"), "a.b tensor.0 f32");
    assert_eq!(ty("tensor<0x4x? x f32>"), "a.b tensor.3 0 2^2 ? f32");
    assert_eq!(ty("vector<4x[8]xi1>"), "a.b vector.2 2^2 scalable 2^3 i1");
    assert_eq!(
        ty("memref<4xvector<8xf32>, strided<[?], offset: 3>, 1>"),
        "a.b memref.1 2^2 vector.1 2^3 f32 strided ? offset 2^1 *3 2^0"
    );
    assert_eq!(ty("memref<2xcomplex<f32>, affine_map<(d) -> (d)>>"), "a.b memref.1 2^1 complex f32 map.identity");
    assert_eq!(ty("!llvm.struct<(i32, !llvm.ptr)>"), "a.b !llvm.struct i32 !llvm.ptr");
    assert_eq!(words(Scheme::OpsOperands, "a.b : tensor< 4x8xf32 >, i8, foo"), "a.b tensor<4x8xf32> i8");
}

#[test]
fn attributes_are_sorted_and_remarks_dropped() {
    let written =
        "tosa.conv2d %a {stride = array<i64: 1, 2>, pad = dense<[0, 1]> : tensor<2xi64>, tf.x, alignment = 4}";
    let sorted =
        "tosa.conv2d %a {pad = dense<[0, 1]> : tensor<2xi64>, \"stride\" = array<i64: 1, 2>, my.y = \"remark\"}";
    assert_eq!(shaped(written), "tosa.conv2d %? pad dense 0 2^0 stride 2^0 2^1");
    assert_eq!(shaped(sorted), shaped(written));
    assert_eq!(
        shaped("a.c {value = dense<\"0xDEADBEEF\"> : tensor<1000xf32>, s = \"some text\"}"),
        "a.c s string value dense"
    );
    assert_eq!(shaped("scf.if %c { scf.yield } else { a.b {x.y} }"), "scf.if %? { scf.yield } else { a.b }");
    assert_eq!(shaped("linalg.map { arith.addf } ins(%a : f32)"), "linalg.map { arith.addf } %? f32");
}

#[test]
fn the_generic_form_gives_functions_constants_and_operations() {
    let text = "\"func.func\"() <{function_type = (f32) -> f32, sym_name = \"g\"}> ({
      ^bb0(%arg0: f32):
        %0 = \"arith.constant\"() <{value = 2.0 : f32}> : () -> f32
        %1 = \"arith.mulf\"(%arg0, %0) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
        \"func.return\"(%1) : (f32) -> ()
    }) {llvm.x} : () -> ()";
    let mut tokenizer = Tokenizer::new(Scheme::Shaped);
    let tokens = tokenizer.read(text);
    let function = tokens.functions().next().unwrap();
    let spelled: Vec<String> = function.words().map(|w| w.to_string()).collect();
    assert_eq!(function.name, "g");
    assert_eq!(
        spelled.join(" "),
        "func.func f32 -> f32 { arith.mulf %arg0 float.2^k f32 f32 -> f32 func.return %-1 f32 }"
    );
}

#[test]
fn a_function_has_the_same_words_alone_and_among_others() {
    let aliases = &LINALG[..LINALG.find("module").unwrap()];
    for scheme in Scheme::ALL {
        let (mut tokenizer, mut alone) = (Tokenizer::new(scheme), Tokenizer::new(scheme));
        let mut names = Vec::new();
        for function in tokenizer.read(LINALG).functions() {
            let text = format!("{aliases}{}", function.span.text(LINALG));
            assert!(alone.read(&text).words().eq(function.words()), "{scheme} {}", function.name);
            names.push(function.name);
        }
        assert_eq!(names, ["main", "relu"]);
    }
}

#[test]
fn short_texts_do_not_stand_for_endless_ones() {
    let long = "tensor<".to_owned() + &"2x".repeat(4000) + "f32>";
    let text = format!("!a = {long}\n!b = tuple<{}>\na.b : {}", "!a, ".repeat(1000), "!b, ".repeat(100_000));
    check(&text);
    let constant = "%c = arith.constant 1234567890123456789 : index\n".to_owned() + &"a.b %c\n".repeat(100_000);
    check(&constant);
}

#[test]
fn deep_and_long_texts_take_linear_time() {
    for text in [
        "{",
        "a.b {",
        "(",
        "<",
        "a.b <",
        "tensor<",
        "a.b {x={",
        "x.y({",
        "%a,",
        "%a:2,",
        "^b(",
        "#a = ",
        "[[",
        "affine_map<(",
    ] {
        for scheme in Scheme::ALL {
            let mut tokenizer = Tokenizer::new(scheme);
            tokenizer.read(&text.repeat(100_000));
            tokenizer.read(&(text.repeat(100_000) + "}" + &">".repeat(100_000)));
        }
    }
}

/// Other names, other blanks, other comments.
fn rewritten(text: &str, mut random: impl FnMut(usize) -> usize) -> String {
    let mut out = String::new();
    let salt = random(1000);
    let tokens: Vec<_> = lex(text).filter(|t| !t.kind.is_trivia()).collect();
    for (index, token) in tokens.iter().enumerate() {
        let token_text = token.span.text(text);
        let inside_shape = index > 0
            && matches!(tokens[index - 1].kind, TokenKind::Integer | TokenKind::Question)
            && token_text.starts_with('x');
        if !inside_shape {
            out += [" ", "\n", "\t  ", " // a comment { \"\n"][random(4)];
        }
        let alias = matches!(token.kind, TokenKind::HashId | TokenKind::ExclaimId) && !token_text.contains('.');
        let numbered = token_text.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        match token.kind {
            TokenKind::ValueId | TokenKind::BlockId => {
                out += &format!("{}v{}_{salt}", &token_text[..1], &token_text[1..]);
            }
            TokenKind::SymbolId => out += &format!("@s{salt}{}", &token_text[1..]),
            _ if alias && !(token.kind == TokenKind::HashId && numbered) => {
                out += &format!("{}a{salt}{}", &token_text[..1], &token_text[1..]);
            }
            _ => out += token_text,
        }
    }
    out
}

#[test]
fn real_files_define_their_values_and_open_words_are_names() {
    for text in FILES {
        let mut tokenizer = Tokenizer::new(Scheme::Shaped);
        let tokens = tokenizer.read(text);
        assert!(tokens.functions().len() > 0);
        for word in tokens.words() {
            assert_ne!(word, Word::Closed(ClosedWord::UNDEFINED), "{}", &text[..100]);
            if let Word::Open(name) = word {
                assert!(
                    name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains(['<', '%', ' ']),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn names_and_layout_of_real_files_change_no_word() {
    for (seed, text) in FILES.into_iter().enumerate() {
        let mut state = seed;
        let other = rewritten(text, |n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        });
        for scheme in Scheme::ALL {
            assert_eq!(words(scheme, &other), words(scheme, text));
        }
    }
}

proptest! {
    #[test]
    fn names_and_layout_change_no_word(choices in proptest::collection::vec(0usize..1000, 64), which in 0usize..3) {
        let text = [AFFINE, LINALG, FLOW][which];
        let mut next = choices.iter().cycle();
        let other = rewritten(text, |n| next.next().unwrap() % n);
        for scheme in Scheme::ALL {
            prop_assert_eq!(words(scheme, &other), words(scheme, text), "{}", other);
        }
    }

    #[test]
    fn any_text_is_taken(text in "([%#!^@]?[a-z0-9.]{0,5}|[-{}()\\[\\]<>=:,\" *\n])*") {
        check(&text);
    }

    #[test]
    fn any_cut_of_a_real_text_is_taken(cut in 0usize..2000, which in 0usize..3) {
        let text = [AFFINE, LINALG, FLOW][which];
        let (head, tail) = text.split_at(cut % text.len());
        check(head);
        check(tail);
    }
}
