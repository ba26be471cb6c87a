//! Placements of blocks of models: predicted against simulated latency of what is chosen and rejected. The table stands in
//! `docs/placement.md`; `HARDWIRE_BLESS=1` writes it.

use designs::Design;
use ir::tree::Tree;
use workload::emit::{self, Setting};
use workload::{Alternative, ChosenCut, Figures, Order, PlaceOptions, WeightRule, place};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/placement.md");
const BEGIN: &str = "<!-- placements: written by the tests of sim/workload -->\n";
const END: &str = "<!-- end of placements -->\n";

/// Budgets of each chip: a small one, and the published buffer.
const BUDGETS: [u64; 2] = [64_000, 320_000_000];

/// Share of orders that the simulator confirms, of those that are predicted.
const LEAST_RIGHT: f64 = 0.9;

fn parse(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.tree
}

fn file(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Name and text of each block: of frameworks, of loop nests, and layers of models.
fn blocks() -> Vec<(String, String)> {
    let fixtures = ["mlp.linalg", "resnet.linalg", "lstm.linalg", "transformer.linalg", "transformer.stablehlo"];
    let mut all: Vec<(String, String)> =
        fixtures.iter().map(|name| ((*name).to_owned(), file(&format!("tests/fixtures/mlir/{name}.mlir")))).collect();
    all.push(("blocks".to_owned(), file("passes/kernels/blocks.mlir")));
    for (name, layer, phase, tokens) in [
        ("gpt-oss-120b", 1, sim::Phase::Decode, 1),
        ("llama-3-1-8b", 0, sim::Phase::Decode, 1),
        ("llama-3-1-8b", 0, sim::Phase::Prefill, 64),
        ("qwq-32b", 0, sim::Phase::Decode, 8),
    ] {
        let model = designs::load::model(name, &designs::load::no_files).expect("loads");
        let text = emit::layer(&model, layer, &Setting::new(phase, tokens, 256)).expect("emits");
        all.push((format!("{name}, {phase} of {tokens}"), text));
    }
    all
}

fn pair(figures: &Figures) -> String {
    format!("{} / {}", figures.predicted_latency_cycles, figures.simulated_latency_cycles)
}

#[test]
fn the_simulator_confirms_the_orders_of_the_document() {
    let design: Design = designs::load::design("hnlpu", &[], &designs::load::no_files).expect("loads");
    let mut table = String::from(
        "| block | budget | cut | chosen | all default | runner-up | right | wrong | ties |\n\
         | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let (mut right, mut wrong, mut ties, mut placed, mut unplaced) = (0, 0, 0, 0, Vec::new());
    for (block, text) in blocks() {
        let tree = parse(&text);
        let several = tree.functions().count() > 1;
        for function in tree.functions() {
            let symbol = tree.symbol(function).unwrap_or("?");
            let name = if several { format!("{block} @{symbol}") } else { block.clone() };
            for budget in BUDGETS {
                let options = PlaceOptions { weights: WeightRule::Auto, chips: None, budget_bytes: Some(budget) };
                let placement = place(&tree, function, &design, &options).expect("shapes are static");
                let Some(choice) = placement.choice else {
                    unplaced.push(format!("{name}: {}", placement.kept.expect("has a reason")));
                    break;
                };
                placed += 1;
                let orders = choice.rejected.iter().filter_map(|one| one.order);
                let count = |wanted| orders.clone().filter(|order| *order == wanted).count();
                let counts = [Order::Right, Order::Wrong, Order::Tie].map(count);
                let cut = match &choice.cut {
                    ChosenCut::OneChip if placement.kept.is_some() => "default".to_owned(),
                    ChosenCut::OneChip => "one chip".to_owned(),
                    ChosenCut::Stages { chips } => format!("{} stages", chips.len()),
                    ChosenCut::Split { chips, .. } => format!("{chips} chips"),
                };
                let of = |wanted| {
                    let found = choice.rejected.iter().find(|one| one.alternative == wanted);
                    found.map_or_else(|| "-".to_owned(), |one| pair(&one.figures))
                };
                table.push_str(&format!(
                    "| {name} | {budget} | {cut} | {} | {} | {} | {} | {} | {} |\n",
                    pair(&choice.figures),
                    of(Alternative::AllDefault),
                    of(Alternative::RunnerUp),
                    counts[0],
                    counts[1],
                    counts[2],
                ));
                (right, wrong, ties) = (right + counts[0], wrong + counts[1], ties + counts[2]);
            }
        }
    }
    let share = right as f64 / (right + wrong) as f64;
    table.push_str(&format!(
        "\nOf {} orders that are predicted, the simulator confirms {right} ({:.1} %); {ties} alternatives are predicted to take the \
         same time. {placed} placements.\n",
        right + wrong,
        share * 100.0,
    ));
    for why in &unplaced {
        table.push_str(&format!("Not placed: {why}.\n"));
    }
    assert!(placed >= 16, "{placed} placements");
    assert!(share >= LEAST_RIGHT, "{right} right, {wrong} wrong\n{table}");
    let document = std::fs::read_to_string(DOCUMENT).expect("the document is there");
    let (before, rest) = document.split_once(BEGIN).expect("the document has the place of the table");
    let (stands, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}\n{table}\n{END}{after}")).expect("is written");
    } else {
        assert_eq!(stands.trim(), table.trim(), "HARDWIRE_BLESS=1 writes the table");
    }
}
