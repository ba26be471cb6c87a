//! Texts of the same function in different words have the same counts, nearly the same features and predictions.
//!
//! `pairs.txt` is written by `scripts/metamorphic/pairs.py`, which see for how upstream makes the second text of each pair
//! of the first. Differences that stay are listed in [`RULES`] with their reason.

use std::collections::BTreeMap;

use costmodel::features::{Declaration, Numbers, declarations, numbers};
use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::shipped::CostModel;
use ir::analysis::{Analysis, Cost};

const PAIRS: &str = include_str!("pairs.txt");

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
    for kernel in corpus::kernels::kernels(7, 100) {
        for &form in kernel.forms {
            println!("// ==== {} {}\n{}", kernel.name, corpus::variants::form_name(form), kernel.source(form, 0));
        }
    }
    println!("// ==== end");
}

#[test]
fn report() {
    let predictor = Predictor::new(
        CostModel::shipped().expect("the shipped model reads"),
        Settings { choice: Choice::Learned, ..Settings::default() },
    );
    let mut kinds: BTreeMap<&str, [usize; 6]> = BTreeMap::new();
    for Pair { kind, name, texts } in pairs() {
        let [a, b] = texts.map(counted);
        let row = kinds.entry(kind).or_default();
        row[0] += 1;
        let (w, v) = (a.cost.work, b.cost.work);
        if (w.flops, w.transcendentals) != (v.flops, v.transcendentals) {
            row[1] += 1;
            println!(
                "{kind} {name}: flops {:?} {:?} trans {:?} {:?}",
                w.flops, v.flops, w.transcendentals, v.transcendentals
            );
        }
        if w.integer_operations != v.integer_operations {
            row[2] += 1;
        }
        if a.cost.traffic != b.cost.traffic {
            row[3] += 1;
            println!("{kind} {name}: traffic {:?} {:?}", a.cost.traffic, b.cost.traffic);
        }
        if a.open + b.open > 0 {
            println!("{kind} {name}: open {} {}", a.open, b.open);
        }
        let all = |n: &Numbers| n.features.iter().chain(&n.work).copied().collect::<Vec<f32>>();
        let (x, y) = (all(&a.numbers), all(&b.numbers));
        let differing: Vec<String> = declarations()
            .zip(x.iter().zip(&y))
            .filter(|(_, (x, y))| x != y)
            .map(|(Declaration { name, .. }, (x, y))| format!("{name} {x} {y}"))
            .collect();
        if !differing.is_empty() {
            row[4] += 1;
            println!(
                "{kind} {name}: {} features: {}",
                differing.len(),
                differing[..differing.len().min(12)].join(", ")
            );
        }
        let [p, q] = texts.map(|text| predictor.predict(text).unwrap().replies[0].estimates.clone());
        let worst = predictor
            .outputs()
            .iter()
            .zip(p.iter().zip(&q))
            .filter_map(|(o, (p, q))| {
                let (p, q) = (p.as_ref()?.value, q.as_ref()?.value);
                Some(((p - q).abs() / p.max(q).max(10.0), o.to_string(), p, q))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        if worst.0 > 0.05 {
            row[5] += 1;
            println!("{kind} {name}: prediction {worst:?}");
        }
    }
    for (kind, row) in kinds {
        println!(
            "KIND {kind}: {} pairs, flops {}, integers {}, traffic {}, features {}, predictions {}",
            row[0], row[1], row[2], row[3], row[4], row[5]
        );
    }
}
