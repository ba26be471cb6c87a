//! Placements against closed forms, all placements of small graphs, and changes that must not matter.

use designs::Design;
use ir::steps::WeightRule;
use proptest::prelude::*;
use sim::units::Specs;

use super::buffers::{Instance, Policy, assign};
use super::graph::Graph;
use super::search::Search;
use super::*;
use crate::emit::{self, Setting};
use crate::{Options, lower};

fn design(changes: &[&str]) -> Design {
    let changes: Vec<designs::Override> =
        changes.iter().map(|c| designs::Override::parse(c).expect("a change")).collect();
    designs::load::design("hnlpu", &changes, &designs::load::no_files).expect("loads")
}

fn parse(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    parsed.tree
}

const OPTIONS: PlaceOptions = PlaceOptions { weights: WeightRule::Auto, chips: None, budget_bytes: None };

fn placed_with(text: &str, design: &Design, options: &PlaceOptions) -> Placement {
    let tree = parse(text);
    let function = tree.functions().next().expect("a function");
    place(&tree, function, design, options).expect("is placed")
}

fn placed(text: &str, options: &PlaceOptions) -> Choice {
    placed_with(text, &design(&[]), options).choice.expect("is known")
}

fn one_chip() -> PlaceOptions {
    PlaceOptions { chips: Some(1), ..OPTIONS }
}

/// `rows` input vectors times a constant matrix, then an exponential.
fn product(rows: u64, inner: u64, outer: u64) -> String {
    format!(
        "func.func @f(%x: tensor<{rows}x{inner}xf32>, %w: tensor<{inner}x{outer}xf32> {{hardwire.weight}}) -> tensor<{rows}x{outer}xf32> {{
           %e = tensor.empty() : tensor<{rows}x{outer}xf32>
           %c = arith.constant 0.0 : f32
           %z = linalg.fill ins(%c : f32) outs(%e : tensor<{rows}x{outer}xf32>) -> tensor<{rows}x{outer}xf32>
           %p = linalg.matmul ins(%x, %w : tensor<{rows}x{inner}xf32>, tensor<{inner}x{outer}xf32>) outs(%z : tensor<{rows}x{outer}xf32>) -> tensor<{rows}x{outer}xf32>
           %y = linalg.exp ins(%p : tensor<{rows}x{outer}xf32>) outs(%e : tensor<{rows}x{outer}xf32>) -> tensor<{rows}x{outer}xf32>
           return %y : tensor<{rows}x{outer}xf32>
         }}"
    )
}

/// `count` functions of `elements` elements, one after the other.
fn chain(count: usize, elements: u64) -> String {
    let ty = format!("tensor<{elements}xf32>");
    let mut text = format!("func.func @f(%v0: {ty}) -> {ty} {{\n");
    for at in 0..count {
        text.push_str(&format!("  %v{} = math.exp %v{at} : {ty}\n", at + 1));
    }
    text + &format!("  return %v{count} : {ty}\n}}")
}

#[test]
fn a_product_and_a_function_cost_the_sum_of_their_prices() {
    // One vector: the array takes 16 bits x 41 inputs per port and its depth; the lanes take 2048 elements a cycle.
    let choice = placed(&product(1, 2880, 4096), &one_chip());
    assert_eq!(choice.figures.predicted_latency_cycles, (656 + 14) + (2 + 81));
    assert_eq!(choice.figures.simulated_latency_cycles, 670 + 83);
    let matrix = choice.operations.iter().find(|o| o.array_cycles.is_some()).expect("a product");
    // 2880 x 4096 elements in vectors of 64, 32 a cycle; the read of the matrix takes less.
    assert_eq!((matrix.array_cycles, matrix.vector_cycles), (Some(670), Some(2880 * 4096 / 64 / 32)));
    // 512 vectors go through a small matrix in turn: the vector unit takes 64 x 64 / 64 x 512 / 8 operations, 32 a cycle.
    let choice = placed(&product(512, 64, 64), &one_chip());
    assert_eq!(choice.figures.predicted_latency_cycles, 64 * 64 / 32 + 512 * 64 / 2048 + 81);
    assert_eq!(choice.figures.simulated_latency_cycles, choice.figures.predicted_latency_cycles);
    let array = choice.rejected.iter().find(|one| one.alternative == Alternative::MatricesInArray).expect("rejected");
    assert_eq!(array.order, Some(Order::Right));
    assert!(array.figures.simulated_latency_cycles > 512 * 656);
}

#[test]
fn fused_functions_cost_what_a_fused_text_costs() {
    let fused = placed(&chain(3, 4096), &one_chip());
    assert_eq!(fused.figures.predicted_latency_cycles, 83);
    let saved: Vec<u64> = fused.fused.iter().map(|pair| pair.saved_bytes).collect();
    assert_eq!(saved, [2 * 4096, 2 * 4096]);
    let text = "func.func @f(%x: tensor<4096xf32>) -> tensor<4096xf32> {
        %e = tensor.empty() : tensor<4096xf32>
        %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [\"parallel\"]}
          ins(%x : tensor<4096xf32>) outs(%e : tensor<4096xf32>) {
        ^bb0(%a: f32, %o: f32):
          %b = math.exp %a : f32
          %c = math.exp %b : f32
          %d = math.exp %c : f32
          linalg.yield %d : f32
        } -> tensor<4096xf32>
        return %y : tensor<4096xf32>
      }";
    let tree = parse(text);
    let function = tree.functions().next().expect("a function");
    let alone = lower(&tree, function, &design(&[]), &Options::default());
    assert_eq!(fused.figures.simulated_latency_cycles, alone.latency_cycles);
    // A result with two readers, and one that is returned, are stored.
    let two = "func.func @f(%x: tensor<4096xf32>) -> (tensor<4096xf32>, tensor<4096xf32>) {
        %a = math.exp %x : tensor<4096xf32>
        %b = math.exp %a : tensor<4096xf32>
        %c = math.sqrt %a : tensor<4096xf32>
        %d = math.sqrt %c : tensor<4096xf32>
        return %b, %c : tensor<4096xf32>, tensor<4096xf32>
      }";
    assert_eq!(placed(two, &one_chip()).fused, []);
    // Another shape: a sum of rows.
    let sum = "func.func @f(%x: tensor<64x64xf32>) -> tensor<64xf32> {
        %a = math.exp %x : tensor<64x64xf32>
        %e = tensor.empty() : tensor<64xf32>
        %s = linalg.reduce ins(%a : tensor<64x64xf32>) outs(%e : tensor<64xf32>) dimensions = [1]
          (%i: f32, %o: f32) {
            %t = arith.addf %i, %o : f32
            linalg.yield %t : f32
          }
        return %s : tensor<64xf32>
      }";
    assert_eq!(placed(sum, &one_chip()).fused, []);
}

#[test]
fn a_result_beyond_the_budget_is_written_and_read() {
    // Two results of 8192 bytes are live at once; moves are not fused.
    let ty = "tensor<64x64xf32>";
    let text = format!(
        "func.func @f(%x: {ty}) -> {ty} {{
           %e = tensor.empty() : {ty}
           %a = linalg.transpose ins(%x : {ty}) outs(%e : {ty}) permutation = [1, 0]
           %b = linalg.transpose ins(%a : {ty}) outs(%e : {ty}) permutation = [1, 0]
           return %b : {ty}
         }}"
    );
    let at = |budget| placed(&text, &PlaceOptions { budget_bytes: Some(budget), ..one_chip() });
    let bytes = 2 * 64 * 64;
    // Argument, first and second result.
    assert_eq!(at(3 * bytes).figures.hbm_bytes, 0);
    assert_eq!(at(2 * bytes).figures.hbm_bytes, bytes, "the argument streams, or the result is written");
    assert_eq!(at(bytes).figures.hbm_bytes, 2 * bytes, "the first result would be written and read");
    let nothing = at(1);
    assert_eq!(nothing.figures.hbm_bytes.div_ceil(8), (bytes + 2 * bytes + bytes).div_ceil(8));
    assert!(nothing.hbm_bytes_bound <= nothing.figures.hbm_bytes);
    assert!(at(3 * bytes).figures.simulated_latency_cycles < nothing.figures.simulated_latency_cycles);
}

#[test]
fn the_default_on_one_chip_is_the_schedule_of_the_function() {
    let design = design(&[]);
    for (name, text) in blocks() {
        let tree = parse(&text);
        for function in tree.functions() {
            let lowered = lower(&tree, function, &design, &Options::default());
            let analysis = Analysis::of(&tree);
            let steps = Steps::of(&analysis, function);
            let graph = Graph::of(&steps, function, WeightRule::Auto);
            if !graph.unknown.is_empty() || graph.repeats.is_some() {
                continue;
            }
            let search = Search::new(&steps, &graph, &design, WeightRule::Auto, u64::MAX);
            let default = search.all_default();
            let simulated = search.run(&default.plan, Queues::Served);
            assert_eq!(simulated.lowered.latency_cycles, lowered.latency_cycles, "{name}");
            assert_eq!(simulated.lowered.work, lowered.work, "{name}");
            assert!(default.score.latency <= lowered.latency_cycles, "{name}");
        }
    }
}

fn fixture(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Blocks of models in the spellings of several frameworks.
fn blocks() -> Vec<(String, String)> {
    let fixtures = [
        "mlp.linalg",
        "mlp.affine",
        "resnet.linalg",
        "lstm.linalg",
        "matmul_clamp.tosa",
        "transformer.linalg",
        "transformer.stablehlo",
    ];
    let mut all: Vec<(String, String)> = fixtures
        .iter()
        .map(|name| ((*name).to_owned(), fixture(&format!("tests/fixtures/mlir/{name}.mlir"))))
        .collect();
    all.push(("blocks".to_owned(), fixture("passes/kernels/blocks.mlir")));
    for (model, layer) in [("gpt-oss-120b", 1), ("llama-3-1-8b", 0), ("qwq-32b", 0)] {
        let model = designs::load::model(model, &designs::load::no_files).expect("loads");
        for (phase, tokens) in [(sim::Phase::Decode, 1), (sim::Phase::Prefill, 64)] {
            let text = emit::layer(&model, layer, &Setting::new(phase, tokens, 256)).expect("emits");
            all.push((format!("{} {phase}", model.name), text));
        }
    }
    all
}

#[test]
fn a_larger_budget_is_never_slower_and_moves_no_more_bytes() {
    let design = design(&[]);
    for (name, text) in blocks() {
        let tree = parse(&text);
        for function in tree.functions() {
            let mut last: Option<(u64, u64)> = None;
            for budget in [1, 100, 3_000, 40_000, 600_000, 8_000_000, 320_000_000] {
                let options = PlaceOptions { budget_bytes: Some(budget), chips: Some(1), ..OPTIONS };
                let Ok(Placement { choice: Some(choice), .. }) = place(&tree, function, &design, &options) else {
                    break;
                };
                let own = &choice.figures;
                assert!(own.predicted_latency_cycles <= own.simulated_latency_cycles, "{name}, {budget}");
                assert!(choice.hbm_bytes_bound <= own.hbm_bytes + 16, "{name}, {budget}: rounding at most");
                if let Some((latency, bytes)) = last {
                    assert!(own.predicted_latency_cycles <= latency, "{name}, {budget}");
                    assert!(own.hbm_bytes <= bytes, "{name}, {budget}");
                }
                last = Some((own.predicted_latency_cycles, own.hbm_bytes));
            }
        }
    }
}

#[test]
fn more_chips_are_never_predicted_to_be_slower() {
    let design = design(&[]);
    for (name, text) in blocks() {
        let tree = parse(&text);
        let function = tree.functions().next().expect("a function");
        let mut last = u64::MAX;
        for chips in [1, 2, 3, 4, 8] {
            let options = PlaceOptions { budget_bytes: Some(20_000), chips: Some(chips), ..OPTIONS };
            let Ok(Placement { choice: Some(choice), .. }) = place(&tree, function, &design, &options) else { break };
            assert!(choice.figures.predicted_latency_cycles <= last, "{name}, {chips} chips");
            assert!(choice.figures.chips as u32 <= chips);
            last = choice.figures.predicted_latency_cycles;
        }
    }
}

#[test]
fn names_and_the_order_of_independent_operations_do_not_matter() {
    let text = |first: &str, second: &str, x: &str, f: &str| {
        format!(
            "func.func @{f}(%{x}: tensor<8x64xf32>, %u: tensor<64x64xf32>, %v: tensor<64x96xf32>) -> (tensor<8x64xf32>, tensor<8x96xf32>) {{
               %a = tensor.empty() : tensor<8x64xf32>
               %b = tensor.empty() : tensor<8x96xf32>
               {first}
               {second}
               %e = math.exp %p : tensor<8x64xf32>
               %g = math.exp %q : tensor<8x96xf32>
               return %e, %g : tensor<8x64xf32>, tensor<8x96xf32>
             }}"
        )
    };
    let p = |x: &str| {
        format!(
            "%p = linalg.matmul ins(%{x}, %u : tensor<8x64xf32>, tensor<64x64xf32>) outs(%a : tensor<8x64xf32>) -> tensor<8x64xf32>"
        )
    };
    let q = |x: &str| {
        format!(
            "%q = linalg.matmul ins(%{x}, %v : tensor<8x64xf32>, tensor<64x96xf32>) outs(%b : tensor<8x96xf32>) -> tensor<8x96xf32>"
        )
    };
    let one = placed(&text(&p("x"), &q("x"), "x", "f"), &OPTIONS);
    let renamed = placed(&text(&p("other"), &q("other"), "other", "g"), &OPTIONS);
    assert_eq!(one.figures, renamed.figures);
    assert_eq!(
        one.data.iter().map(|d| (d.bytes, d.home)).collect::<Vec<_>>(),
        renamed.data.iter().map(|d| (d.bytes, d.home)).collect::<Vec<_>>()
    );
    let swapped = placed(&text(&q("x"), &p("x"), "x", "f"), &OPTIONS);
    let predicted =
        |choice: &Choice| (choice.figures.predicted_latency_cycles, choice.figures.hbm_bytes, choice.figures.chips);
    assert_eq!(predicted(&one), predicted(&swapped));
}

/// All cuts, units and places of data of a function, by prediction.
fn exhaustive(search: &Search<'_>, chips: u32) -> (u64, usize) {
    let passes = search.graph.passes();
    let timed: Vec<usize> = (0..search.graph.nodes.len()).filter(|step| search.graph.takes_time(*step)).collect();
    let fusions: Vec<usize> = search.graph.fusions.iter().map(|fusion| fusion.producer).collect();
    let (mut best, mut tried) = (u64::MAX, 0);
    let subset = |set: u32, of: &[usize]| -> std::collections::BTreeSet<usize> {
        of.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, &step)| step).collect()
    };
    for units in 0..1u32 << passes.len() {
        for boundaries in 0..1u32 << (timed.len() - 1) {
            if boundaries.count_ones() >= chips {
                continue;
            }
            let starts: Vec<usize> = [0].into_iter().chain(subset(boundaries, &timed[1..])).collect();
            for is_fused in [false, true] {
                let plan = Plan {
                    cut: Cut::Stages(starts.clone()),
                    on_vector: subset(units, &passes),
                    fused: if is_fused { fusions.iter().copied().collect() } else { Default::default() },
                    in_hbm: BTreeMap::new(),
                };
                best = best.min(search.candidate(plan, Policy::FewestBytes).score.latency);
                tried += 1;
            }
        }
    }
    (best, tried)
}

#[test]
fn the_choice_is_the_best_of_all_placements_of_small_graphs() {
    let texts = [product(1, 2880, 512), product(512, 64, 64), product(24, 96, 128), chain(5, 100_000), chain(3, 2048)];
    for changes in [&[][..], &["hn_array.weight_capacity=100000"], &["vex.nonlinear_lanes=64"]] {
        let design = design(changes);
        for text in &texts {
            for budget in [1, 30_000, 320_000_000] {
                let tree = parse(text);
                let function = tree.functions().next().expect("a function");
                let analysis = Analysis::of(&tree);
                let steps = Steps::of(&analysis, function);
                let graph = Graph::of(&steps, function, WeightRule::Auto);
                let mut search = Search::new(&steps, &graph, &design, WeightRule::Auto, budget);
                let best = search.best(4);
                assert!(search.is_exact());
                let fits = search.found.keys().filter(|score| score.excess_weights == best.score.excess_weights);
                assert_eq!(fits.map(|score| score.latency).min(), Some(best.score.latency));
                let (least, tried) = exhaustive(&search, 4);
                assert!(tried >= 4);
                // Divided steps may be faster than any stages; plans that no array holds are not chosen.
                if changes.first().is_none_or(|change| !change.contains("capacity")) {
                    assert!(best.score.latency <= least, "{text}\n{budget}: {} above {least}", best.score.latency);
                }
            }
        }
    }
}

/// Pairs of tried placements of a block whose predictions differ, and those that the simulator orders alike.
fn concordant(search: &Search<'_>) -> (u64, u64) {
    const MOST: usize = 24;
    let all: Vec<_> = search.found.iter().collect();
    let step = all.len().div_ceil(MOST).max(1);
    let simulated: Vec<(u64, u64)> = all
        .into_iter()
        .step_by(step)
        .map(|(score, plan)| (score.latency, search.run(plan, Queues::Served).lowered.latency_cycles))
        .collect();
    let (mut pairs, mut alike) = (0, 0);
    for (at, one) in simulated.iter().enumerate() {
        for other in simulated[at + 1..].iter().filter(|other| other.0 != one.0) {
            pairs += 1;
            alike += u64::from((one.0 < other.0) == (one.1 < other.1) || one.1 == other.1);
        }
    }
    (pairs, alike)
}

/// Waiting changes the order of some placements, whatever is chosen.
#[test]
fn most_pairs_of_tried_placements_are_simulated_in_the_predicted_order() {
    let design = design(&[]);
    let (mut pairs, mut alike) = (0, 0);
    for (_, text) in blocks() {
        let tree = parse(&text);
        for function in tree.functions() {
            let analysis = Analysis::of(&tree);
            let steps = Steps::of(&analysis, function);
            let graph = Graph::of(&steps, function, WeightRule::Auto);
            if graph.unknown.is_empty() && graph.repeats.is_none() {
                for budget in [20_000, 320_000_000] {
                    let mut search = Search::new(&steps, &graph, &design, WeightRule::Auto, budget);
                    search.best(16);
                    let (more, same) = concordant(&search);
                    (pairs, alike) = (pairs + more, alike + same);
                }
            }
        }
    }
    // The document has these numbers.
    assert_eq!((alike, pairs), (4764, 4899));
}

#[test]
fn weights_beyond_the_array_move_or_are_divided() {
    let text = product(1, 2880, 4096);
    let small = design(&["hn_array.weight_capacity=6000000"]);
    let placement = placed_with(&text, &small, &OPTIONS);
    let choice = placement.choice.expect("is known");
    assert!(choice.figures.fits_array);
    let default = choice.rejected.iter().find(|one| one.alternative == Alternative::AllDefault).expect("rejected");
    assert_eq!((default.figures.fits_array, default.order), (false, None));
    // A part of 2.9 million weights fits each of four chips; every chip sends its part of the result to three others.
    let ChosenCut::Split { chips: 4, .. } = choice.cut else { panic!("{:?}", choice.cut) };
    assert_eq!(choice.figures.link_bytes, 4 * 3 * 2 * 1024);
    assert_eq!(choice.figures.predicted_latency_cycles, 670 + (2 * 1024 / 128 + 100) + 83);
}

#[test]
fn a_message_takes_its_bytes_and_a_hop() {
    let design = design(&[]);
    let text = "func.func @f(%x: tensor<4096xf32>) -> tensor<4096xf32> {
        %a = math.exp %x : tensor<4096xf32>
        %b = math.exp %a : tensor<4096xf32>
        return %b : tensor<4096xf32>
      }";
    let tree = parse(text);
    let function = tree.functions().next().expect("a function");
    let analysis = Analysis::of(&tree);
    let steps = Steps::of(&analysis, function);
    let graph = Graph::of(&steps, function, WeightRule::Auto);
    let search = Search::new(&steps, &graph, &design, WeightRule::Auto, u64::MAX);
    let plan = Plan { cut: Cut::Stages(vec![0, 1]), ..Plan::default() };
    let outcome = search.run(&plan, Queues::Served);
    assert_eq!(outcome.lowered.latency_cycles, 83 + (8192 / 128 + 100) + 83);
    assert_eq!(outcome.link_bytes, 8192);
}

#[test]
fn what_is_not_known_has_no_placement() {
    let unknown = "func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
        %a = math.exp %x : tensor<8xf32>
        %b = \"mystery.op\"(%a) : (tensor<8xf32>) -> tensor<8xf32>
        return %b : tensor<8xf32>
      }";
    let placement = placed_with(unknown, &design(&[]), &OPTIONS);
    assert_eq!(placement.choice, None);
    assert_eq!(placement.kept.as_deref(), Some("the cost of `mystery.op` is not known"));
    assert_eq!(placement.unknown.len(), 1);
    // Five functions of 2^60 elements, one a cycle, end after 2^62 cycles.
    let ty = "tensor<1073741824x1073741824xf32>";
    let all: String = (0..5).map(|at| format!("%v{} = math.exp %v{at} : {ty}\n", at + 1)).collect();
    let results = ["%v1, %v2, %v3, %v4, %v5", &[ty; 5].join(", ")];
    let late =
        format!("func.func @f(%v0: {ty}) -> ({}) {{\n{all}return {} : {}\n}}", results[1], results[0], results[1]);
    let slow = placed_with(&late, &design(&["vex.nonlinear_lanes=1"]), &one_chip());
    assert_eq!(slow.choice, None);
    assert!(!slow.unknown.is_empty());
    let dynamic = "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
        %a = math.exp %x : tensor<?xf32>
        return %a : tensor<?xf32>
      }";
    let tree = parse(dynamic);
    let function = tree.functions().next().expect("a function");
    let error = place(&tree, function, &design(&[]), &OPTIONS).expect_err("is dynamic");
    assert!(matches!(error, PlaceError::DynamicShape { .. }));
    let refused = |chips, budget_bytes| {
        let options = PlaceOptions { chips, budget_bytes, ..OPTIONS };
        let tree = parse(&chain(1, 8));
        place(&tree, tree.functions().next().expect("a function"), &design(&[]), &options).expect_err("refused")
    };
    assert!(matches!(refused(Some(17), None), PlaceError::Chips { asked: 17, chips: 16, .. }));
    assert!(matches!(refused(Some(0), None), PlaceError::Chips { .. }));
    assert!(matches!(refused(None, Some(0)), PlaceError::Budget { .. }));
    assert!(matches!(refused(None, Some(u64::MAX)), PlaceError::Budget { .. }));
    // Nothing to gain: the default stays, with the reason.
    let kept = placed_with(&chain(1, 8), &design(&[]), &OPTIONS);
    assert!(kept.kept.is_some() && kept.choice.is_some());
}

fn instance(buffer: usize, first: usize, length: usize, bytes: u64, reads: u64, parts: bool) -> Instance {
    let (first, last) = if parts { (0, 40) } else { (first, first + length) };
    Instance { buffer, chip: 0, bytes, first, last, traffic: bytes * reads, parts }
}

fn instances() -> impl Strategy<Value = Vec<Instance>> {
    let one = (0usize..20, 0usize..8, 1u64..100, 1u64..5, prop::bool::weighted(0.2));
    prop::collection::vec(one, 1..24).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(at, (first, length, bytes, reads, parts))| instance(at, first, length, bytes, reads, parts))
            .collect()
    })
}

/// Bytes that move if the buffers of `set` stay, and `None` if they do not fit.
fn moved(all: &[Instance], set: u32, budget: u64) -> Option<u64> {
    let stays = |at: usize| set >> at & 1 == 1;
    for step in 0..=40 {
        let live = all.iter().enumerate().filter(|(at, one)| stays(*at) && one.first <= step && step <= one.last);
        if live.map(|(_, one)| one.bytes).sum::<u64>() > budget {
            return None;
        }
    }
    Some(all.iter().enumerate().filter(|(at, _)| !stays(*at)).map(|(_, one)| one.traffic).sum())
}

proptest! {
    #[test]
    fn data_move_the_fewest_bytes_and_never_less_than_the_bound(all in instances(), budget in 1u64..400, more in 0u64..200) {
        let homes = assign(&all, budget, Policy::FewestBytes);
        prop_assert!(homes.bound <= homes.traffic);
        prop_assert!(homes.traffic <= assign(&all, budget, Policy::FirstCome).traffic || !homes.exact);
        prop_assert!(assign(&all, budget + more, Policy::FewestBytes).traffic <= homes.traffic);
        // Whole buffers are placements too, so the choice is not worse than any of them.
        if all.len() <= 10 {
            prop_assert!(homes.exact);
            let whole = (0..1u32 << all.len()).filter_map(|set| moved(&all, set, budget)).min();
            prop_assert!(homes.traffic <= whole.expect("nothing fits"));
            if all.iter().all(|one| !one.parts) {
                prop_assert_eq!(Some(homes.traffic), whole);
            }
        }
        // What stays fits at every step.
        for step in 0..=40 {
            let live = all.iter().filter(|one| one.first <= step && step <= one.last);
            let kept = live.map(|one| one.bytes - homes.in_hbm.get(&(one.buffer, 0)).map_or(0, |home| home.bytes));
            prop_assert!(kept.sum::<u64>() <= budget);
        }
    }
}

/// The prices are those of the simulator's units.
#[test]
fn prices_are_those_of_the_units() {
    let design = design(&[]);
    let model = designs::load::model("gpt-oss-120b", &designs::load::no_files).expect("loads");
    let mapping = sim::mapping::Mapping::new(&design, &model, design.grid).expect("fits");
    let specs = Specs::new(&design, &mapping);
    let choice = placed(&product(1, 2880, 4096), &one_chip());
    let matrix = choice.operations.iter().find(|o| o.array_cycles.is_some()).expect("a product");
    assert_eq!(matrix.array_cycles, Some(specs.hn_array.pass(2880).latency()));
}
