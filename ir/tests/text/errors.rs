//! Diagnostics of wrong texts.

use ir::{Limits, Parsed, parse, print};

/// Diagnostics as `line:column: message`.
fn said(text: &str) -> Vec<String> {
    let Parsed { tree, diagnostics, .. } = parse(text, &Limits::default());
    // A text with diagnostics has a tree, which can be printed.
    let _ = print(text, &tree);
    diagnostics
        .iter()
        .map(|d| {
            let (line, column) = d.span.line_column(text);
            format!("{line}:{column}: {}", d.message)
        })
        .collect()
}

#[test]
fn wrong_texts_are_told_where_they_are_wrong() {
    let cases: [(&str, &[&str]); 17] = [
        (
            "func.func @f(%a: f32) -> f32 {\n  %0 = arith.addf %a, %b : f32\n  return %0 : f32\n}",
            &["2:23: use of undefined value `%b`"],
        ),
        (
            "func.func @f(%a: f32, %i: i32) {\n  %0 = arith.addf %a, %i : f32\n  return\n}",
            &["2:23: type mismatch: `%i` is used as `f32` but is `i32`"],
        ),
        (
            "func.func @f(%a: f32) {\n  %0 = arith.negf %a : f32\n  %0 = arith.negf %a : f32\n  return\n}",
            &["3:3: redefinition of value `%0`"],
        ),
        (
            "func.func @f(%a: f32) {\n  %0, %1 = arith.negf %a : f32\n  return\n}",
            &["2:3: the operation has 1 result(s), but 2 name(s) are given to them"],
        ),
        ("func.func @f() {\n  cf.br ^there\n}", &["2:9: use of undefined block `^there`"]),
        ("func.func @f() {\n  cf.br ^a\n^a:\n  cf.br ^a\n^a:\n  return\n}", &["5:1: redefinition of block `^a`"]),
        ("func.func @f() {\n  return\n", &["1:16: the text ends before the `}` for this bracket"]),
        ("func.func @f(%a: f32, ", &["1:23: expected a type, found the end of the text"]),
        ("module {\n}\n}", &["3:1: this `}` closes nothing"]),
        (
            "func.func @f(%a: f32) {\n  \"x.y\"(%a) : (f32, f32) -> ()\n  return\n}",
            &["2:15: the operation has 1 operand(s), but 2 type(s) are given for them"],
        ),
        ("func.func @f(%a: !t) {\n}", &["1:18: undefined type alias `!t`"]),
        ("#a = affine_map<(d0) -> (d1)>", &["1:26: expected a dimension or symbol of this map, found `d1`"]),
        ("#a = 1 : i32\n#a = 2 : i32", &["2:1: redefinition of alias `#a`"]),
        ("hello world", &["1:1: `hello` is no operation: names of operations start with their dialect's"]),
        ("%", &["1:1: expected an operation, found `%`"]),
        (
            "func.func @f(%a: f32) {\n  func.func @g() {\n    \"x.y\"(%a) : (f32) -> ()\n    return\n  }\n  return\n}",
            &["3:11: use of undefined value `%a`"],
        ),
        ("func.func @f(%v: tensor<99999999999999999999xf32>) {\n}", &["1:25: expected an extent below 2^63"]),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn a_wrong_operation_does_not_hide_the_next() {
    let text = "func.func @f(%a: f32) {\n  \"x.y\"(%a : (f32) -> ()\n  %0 = arith.addf %a, %b : f32\n  return\n}";
    assert_eq!(said(text), ["2:12: expected `,` or `)`, found `:`", "3:23: use of undefined value `%b`"]);
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [
        ("\"a.b\"() ({", "}) : () -> ()"),
        ("a.b {", "}"),
        ("module {", "}"),
        ("#a = [", "]"),
        ("#a = {x = ", "}"),
        ("!t = tuple<", ">"),
    ] {
        let (open, closes) = match open {
            "#a = [" => (format!("#a = {}", "[".repeat(100_000)), close.repeat(100_000)),
            "#a = {x = " => (format!("#a = {}", "{x = ".repeat(100_000)), close.repeat(100_000)),
            "!t = tuple<" => (format!("!t = {}", "tuple<".repeat(100_000)), close.repeat(100_000)),
            _ => (open.repeat(100_000), close.repeat(100_000)),
        };
        let text = open + &closes;
        let said = said(&text);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("nested deeper than 400 levels") || said[0].contains("expected a type"), "{said:?}");
    }
    // What upstream's own tests nest is read.
    let deep = "module {".repeat(300) + &"}".repeat(300);
    assert_eq!(said(&deep), [""; 0]);
    // Nested brackets in a guessed form are bounded too.
    let brackets = format!("a.b {}{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(said(&brackets), [""; 0]);
}

#[test]
fn aliases_expand_to_a_bounded_size() {
    let mut text = "#a0 = [1, 2, 3, 4]\n".to_owned();
    for i in 1..60 {
        text.push_str(&format!("#a{i} = [#a{0}, #a{0}]\n", i - 1));
    }
    let said = said(&text);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("aliases expand to more than"), "{said:?}");
}

#[test]
fn other_limits_are_kept() {
    let text = "\"a.b\"() : () -> ()\n".repeat(100);
    let limits = Limits { operations: 10, ..Limits::default() };
    let parsed = parse(&text, &limits);
    assert_eq!(parsed.diagnostics[0].message, "more than 10 operations; parsing stops here");
    assert_eq!(parsed.tree.walk().count(), 10);
    let limits = Limits { diagnostics: 3, ..Limits::default() };
    let parsed = parse(&"} ".repeat(100), &limits);
    assert_eq!(parsed.diagnostics.len(), 4);
    assert_eq!(parsed.diagnostics[3].message, "too many errors; parsing stops after 3");
    let limits = Limits { text_bytes: 10, ..Limits::default() };
    assert_eq!(parse(&text, &limits).diagnostics[0].message, "the text has 1900 bytes; at most 10 are parsed");
}

/// Ten megabytes on one line, valid and cut off: parsed in seconds even without optimisation, and located.
#[test]
fn one_long_line() {
    let operation = "arith.addf %a, %a : f32 \"x.y\"(%a) ({ %1 = arith.negf %a : f32 }) : (f32) -> () ";
    let text = format!("func.func @f(%a: f32) {{ {}", operation.repeat(10_000_000 / operation.len()));
    let valid = format!("{text} return }}");
    assert_eq!(said(&valid), [""; 0]);
    let said = said(&valid[..valid.len() - 8]);
    assert_eq!(said, ["1:23: the text ends before the `}` for this bracket"]);
}

#[test]
fn what_is_returned_is_what_the_type_says() {
    let function = |body: &str| said(&format!("func.func @f(%a: f32) -> f64 {{\n  {body}\n}}"));
    assert_eq!(
        function("return %a : f32"),
        ["2:3: type mismatch: returned is `f32`, but the function's type says `f64`"]
    );
    assert_eq!(function("return"), ["2:3: type mismatch: returned is nothing, but the function's type says `f64`"]);
}

#[test]
fn messages_are_short_whatever_the_text() {
    let said = said(&"x".repeat(100_000));
    assert!(!said.is_empty() && said.iter().all(|m| m.len() < 500), "{}", said[0].len());
}
