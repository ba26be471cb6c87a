//! Texts of the same function in different words have the same counts, nearly the same features and predictions.
//!
//! `pairs.txt` is written by `scripts/metamorphic/pairs.py`, which see for how upstream makes the second text of each pair
//! of the first.

use std::collections::BTreeMap;

use costmodel::features::{Declaration, Numbers, declarations, numbers};
use costmodel::input::{Input, Scheme, Tokens};
use costmodel::quantity::Quantity;
use costmodel::query::QueryReader;
use costmodel::shipped::CostModel;
use ir::Limits;
use ir::analysis::{Analysis, Cost};

const PAIRS: &str = include_str!("pairs.txt");

/// Pairs whose texts differ in more than words, with the reason: only work and traffic are compared.
const EXCEPTIONS: [(&str, &str); 1] =
    [("linalg.reciprocal", "upstream writes the constant 1 before the loop nest, where it is one more live value")];

fn is_exception(pair: &str) -> bool {
    EXCEPTIONS.iter().any(|(name, _)| *name == pair)
}

/// Kinds of pairs whose texts are the same operations in another syntax.
const SYNTAX: [&str; 2] = ["generic", "locations"];

/// Kinds of pairs whose second text computes the same with other operations: repeated and unused ones are removed
/// (`canonical`), subscripts and bounds are spelled out (`scf`).
const REWRITTEN: [&str; 2] = ["canonical", "scf"];

const REMOVED: &str = "operations without effect on the result are removed";
const SPELLED: &str = "index arithmetic of subscripts that are spelled out is counted, that of maps is not";

/// Rewritten pairs whose predicted cycles differ by more than 5 % on some processor, with the reason.
const OTHER_PREDICTIONS: [(&str, &str); 4] = [
    ("canonical expression-0003 linalg", REMOVED),
    ("canonical expression-0003 scf", REMOVED),
    ("canonical transpose-0001 linalg", REMOVED),
    ("scf vector-rows-0001 affine", SPELLED),
];

/// Pairs of these kinds whose words differ nevertheless, with the reason; their counts are the same.
const OTHER_WORDS: [(&str, &str); 1] = [("scan-0001 affine", "upstream spells the subscript `%i * -1` as `-%i`")];

struct Pair {
    kind: &'static str,
    name: &'static str,
    texts: [&'static str; 2],
}

fn pairs() -> Vec<Pair> {
    let parts = PAIRS.split("// ==== ").skip(1);
    parts
        .map(|part| {
            let (head, body) = part.split_once('\n').expect("a head");
            let (kind, name) = head.split_once(' ').expect("a kind and a name");
            let (first, second) = body.split_once("// ----\n").expect("two texts");
            Pair { kind, name, texts: [first, second] }
        })
        .collect()
}

struct Counted {
    cost: Cost,
    numbers: Numbers,
    open: usize,
}

fn counted(text: &str) -> Counted {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    let function = parsed.tree.functions().next().expect("a function");
    let analysis = Analysis::of(&parsed.tree);
    let cost = analysis.function(function).expect("a body").cost;
    Counted { cost, numbers: numbers(&analysis, function, 100), open: analysis.open_counts(function).len() }
}

#[test]
#[ignore = "prints generated kernels for scripts/metamorphic/pairs.py"]
fn print_kernels() {
    for kernel in corpus::kernels::kernels(corpus::kernels::FamilySet::Core, 7, 100) {
        for &form in kernel.forms {
            println!("// ==== {} {}\n{}", kernel.name, corpus::variants::form_name(form), kernel.source(form, 0));
        }
    }
    println!("// ==== end");
}

/// Whether predictions are within 5 % of each other, or within half a unit of small ones.
fn are_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 0.05 * a.abs().max(b.abs()) || (a - b).abs() <= 0.5
}

#[test]
fn the_same_function_in_other_words_counts_alike() {
    let (mut pairs_of_kind, mut wrong) = (BTreeMap::new(), Vec::new());
    for Pair { kind, name, texts } in pairs().into_iter().filter(|pair| !REWRITTEN.contains(&pair.kind)) {
        *pairs_of_kind.entry(kind).or_insert(0) += 1;
        let [a, b] = texts.map(counted);
        let mut differs = |what: &str, first: String, second: String| {
            wrong.push(format!("{kind} {name}: {what}: {first} and {second}"));
        };
        if a.cost.work != b.cost.work {
            differs("work", format!("{:?}", a.cost.work), format!("{:?}", b.cost.work));
        }
        if a.cost.traffic != b.cost.traffic {
            differs("traffic", format!("{:?}", a.cost.traffic), format!("{:?}", b.cost.traffic));
        }
        if a.open != b.open {
            differs("open counts", a.open.to_string(), b.open.to_string());
        }
        if is_exception(name) {
            continue;
        }
        let all = |n: &Numbers| n.features.iter().chain(&n.work).copied().collect::<Vec<f32>>();
        for (Declaration { name, .. }, (x, y)) in declarations().zip(all(&a.numbers).iter().zip(&all(&b.numbers))) {
            if x != y {
                differs(&name, x.to_string(), y.to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(pairs_of_kind.values().sum::<usize>() >= 300, "{pairs_of_kind:?}");
}

/// Words are columns of the shipped model, and a named operation has other words than its generic form: with the same
/// words, predictions follow the counts and are the same.
#[test]
fn predictions_follow_the_counts() {
    let model = CostModel::shipped().expect("the shipped model reads");
    let mut wrong = Vec::new();
    for Pair { kind, name, texts } in
        pairs().into_iter().filter(|p| !is_exception(p.name) && !REWRITTEN.contains(&p.kind))
    {
        let [a, b] = texts.map(|text| model.learned(&Input::new(Tokens::default(), counted(text).numbers)));
        for (output, (a, b)) in model.outputs().iter().zip(a.iter().zip(&b)) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            if !are_close(a.value, b.value) {
                wrong.push(format!("{kind} {name}: {output}: {} and {}", a.value, b.value));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Another syntax changes nothing at all: the words are the same, too.
#[test]
fn predictions_do_not_depend_on_the_syntax() {
    let model = CostModel::shipped().expect("the shipped model reads");
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    for Pair { kind, name, texts } in pairs().into_iter().filter(|pair| SYNTAX.contains(&pair.kind)) {
        if OTHER_WORDS.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let [a, b] = texts.map(|text| reader.read(text, |_| &model.vocabulary).expect("a text without mistakes"));
        assert!(!a[0].input.tokens.of(Scheme::Shaped).is_empty());
        assert_eq!(a[0].input, b[0].input, "{kind} {name}");
        assert_eq!(model.learned(&a[0].input), model.learned(&b[0].input), "{kind} {name}");
    }
}

/// What is removed was not part of the result, or was computed twice: no count grows, and predictions stay.
#[test]
fn canonical_and_lowered_texts_are_predicted_alike() {
    let model = CostModel::shipped().expect("the shipped model reads");
    let (outputs, mut reader) = (model.outputs(), QueryReader::new(Limits::default(), &[Scheme::Shaped]));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for Pair { kind, name, texts } in pairs().into_iter().filter(|pair| REWRITTEN.contains(&pair.kind)) {
        count += 1;
        let head = format!("{kind} {name}");
        let [a, b] = texts.map(|text| counted(text).cost);
        if a.work.flops.low < b.work.flops.low || a.traffic.loads.low < b.traffic.loads.low {
            wrong.push(format!("{head}: more work: {:?} and {:?}", a.work, b.work));
        }
        if kind == "scf" && a.traffic != b.traffic {
            wrong.push(format!("{head}: traffic: {:?} and {:?}", a.traffic, b.traffic));
        }
        let [a, b] = texts.map(|text| reader.read(text, |_| &model.vocabulary).expect("a text without mistakes"));
        let [a, b] = [&a, &b].map(|queries| model.learned(&queries[0].input));
        let pairs = outputs.iter().zip(a.iter().zip(&b));
        let cycles = pairs.filter(|(output, _)| output.quantity == Quantity::Cycles);
        let apart = cycles.filter(|(_, (a, b))| matches!((a, b), (Some(a), Some(b)) if !are_close(a.value, b.value)));
        let apart: Vec<String> =
            apart.map(|(output, (a, b))| format!("{output} {:?}", a.zip(*b).map(|(a, b)| b.value / a.value))).collect();
        if apart.is_empty() == OTHER_PREDICTIONS.iter().any(|(other, _)| *other == head) {
            wrong.push(format!("{head}: {apart:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 80, "{count}");
}
