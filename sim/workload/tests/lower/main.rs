//! MLIR functions on the simulated machine: emitted layers have the cycles of the mapping, equivalent programs in three
//! dialects have the same cycles, hand-made programs have their closed forms, and lowering never fails.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod nests;

use designs::{Attention, Design, Ffn, Grid, Layer, Model};
use ir::tree::Tree;
use proptest::prelude::*;
use sim::Phase;
use sim::mapping::{LayerPlan, Mapping, Work, smallest_grid};
use sim::schedule::request::attention_work;
use sim::units::{Specs, Unit};
use workload::emit::{self, Setting};
use workload::{Lowered, Options, Unplaced, WeightRule, lower};

const MODELS: [&str; 5] = ["gpt-oss-120b", "llama-3-1-8b", "qwq-32b", "deepseek-v3", "kimi-k2"];

fn model(name: &str) -> Model {
    designs::load::model(name, &designs::load::no_files).expect("loads")
}

fn parse(text: &str) -> Tree {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    parsed.tree
}

fn lowered_with(text: &str, design: &Design, weights: WeightRule) -> Lowered {
    let tree = parse(text);
    let function = tree.functions().next().expect("a function");
    lower(&tree, function, design, &Options { weights })
}

fn lowered(text: &str) -> Lowered {
    lowered_with(text, &common::hnlpu(&[]), WeightRule::Auto)
}

/// Latency of the operations on a unit, each.
fn latencies(lowered: &Lowered, unit: Unit) -> Vec<u64> {
    lowered.operations.iter().filter(|o| o.unit == Some(unit)).map(|o| o.latency_cycles).collect()
}

/// Cycles of scores and values for a token alone on the fullest chip.
fn attention_cycles(specs: &Specs, plan: &LayerPlan, context: u64, element_bytes: u64) -> [u64; 2] {
    let attention = plan.attention.as_ref().expect("layers attend");
    [true, false].map(|scores| {
        let (bytes, vectors) = attention_work(attention, scores, context, element_bytes);
        let read = specs.attention_buffer.domain.to_reference(bytes) + specs.attention_buffer.latency;
        read.max(specs.vex.attention_cycles(vectors))
    })
}

/// (inputs, weights) of every matrix of a plan, experts once.
fn matrices(plan: &LayerPlan) -> Vec<(u64, u64)> {
    let mut all: Vec<_> = plan.hn_ops().map(|m| (m.fan_in, m.fan_in * m.fan_out)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_whole_layer_costs_what_the_mapping_charges_on_one_chip() {
    const CONTEXT: u64 = 1024;
    let design = common::hnlpu(&["hn_array.weight_capacity=10_000_000_000_000"]);
    for name in MODELS {
        let model = model(name);
        for index in emit::layer_kinds(&model) {
            // The published machine attends to the whole context in every layer.
            let layer = Layer { span: designs::Span::Full, ..model.layers[index] };
            let one = Model { layers: vec![layer], ..model.clone() };
            let mapping = Mapping::new(&design, &one, Grid { rows: 1, columns: 1 }).expect("fits");
            let (plan, specs) = (&mapping.kinds[0], Specs::new(&design, &mapping));
            let text = emit::layer(&one, 0, &Setting::new(Phase::Decode, 1, CONTEXT)).expect("emits");
            let lowered = lowered_with(&text, &design, WeightRule::Auto);
            assert_eq!(lowered.unplaced, [], "{name}");

            let hn: Vec<_> = lowered.operations.iter().filter(|o| o.unit == Some(Unit::HnArray)).collect();
            let mut own: Vec<_> = hn.iter().map(|o| (o.fan_in, o.elements)).collect();
            own.sort_unstable();
            assert_eq!(own, matrices(plan), "{name}, layer {index}");
            for op in &hn {
                let pass = specs.hn_array.pass(op.fan_in);
                assert_eq!((op.busy_cycles, op.latency_cycles), (pass.serial, pass.latency()));
            }
            assert_eq!(lowered.work.weights, plan.weights_per_chip());
            let used = layer.attention.weights(one.hidden) + layer.ffn.active_weights(one.hidden);
            assert_eq!(lowered.work.hn_macs, used, "{name}: one multiply-accumulate per weight a token uses");

            let attention: Vec<u64> = latencies(&lowered, Unit::VexAttention);
            let bytes = u64::from(design.mapping.kv_element_bytes);
            assert_eq!(attention[..2], attention_cycles(&specs, plan, CONTEXT, bytes), "{name}");
            // Beside attention, only the chosen experts' outputs are weighed.
            let weighed = match layer.ffn {
                Ffn::Dense { .. } => 0,
                Ffn::Moe { experts_per_token, .. } => u64::from(experts_per_token * one.hidden),
            };
            assert_eq!(attention.len(), if weighed > 0 { 3 } else { 2 });
            let macs = plan.attention.expect("layers attend").macs * CONTEXT;
            assert_eq!(lowered.work.vex_macs, macs + weighed, "{name}");
        }
    }
}

#[test]
fn pieces_of_a_chip_cost_what_the_mapping_charges_on_its_grid() {
    const CONTEXT: u64 = 4000;
    // Pieces hold whole experts.
    let design = common::hnlpu(&["mapping.experts=whole"]);
    let mut compared = 0;
    for name in MODELS {
        let model = model(name);
        let grid = smallest_grid(&design, &model).expect("fits");
        let mapping = Mapping::new(&design, &model, grid).expect("fits");
        let specs = Specs::new(&design, &mapping);
        for (plan, layer) in mapping.kinds.iter().zip(0..) {
            let index = mapping.layer_kinds.iter().position(|&k| k == layer).expect("every kind has a layer");
            // The published machine attends to the whole context in every layer.
            let mut model = model.clone();
            model.layers[index].span = designs::Span::Full;
            let pieces = emit::pieces(&model, index, &Setting::new(Phase::Decode, 1, CONTEXT), grid).expect("emits");
            let piece = |wanted: &str| pieces.iter().find(|p| p.piece == wanted).map(|p| lowered(&p.text));
            for op in plan.all_ops().chain(mapping.head.all_ops()) {
                let Work::Hn(matrix) = &op.work else { continue };
                let expert = matrix.experts > 0;
                let wanted = match op.name {
                    "k_proj" | "v_proj" => "kv_proj",
                    "up_proj" | "gate_proj" if expert => "expert_up_proj",
                    "down_proj" if expert => "expert_down_proj",
                    "gate_proj" => "up_proj",
                    "shared_gate_proj" => "shared_up_proj",
                    other => other,
                };
                let lowered = piece(wanted).unwrap_or_else(|| panic!("{name} has a piece {wanted}"));
                let pass = specs.hn_array.pass(matrix.fan_in);
                let matrices = if wanted == "kv_proj" { 2 } else { 1 };
                assert_eq!(lowered.latency_cycles, pass.latency(), "{name}: {}", op.name);
                assert_eq!(lowered.computing_cycles, pass.serial, "{name}: {}", op.name);
                assert_eq!(lowered.work.weights, matrices * matrix.fan_in * matrix.fan_out, "{name}: {}", op.name);
                compared += 1;
            }
            let bytes = u64::from(design.mapping.kv_element_bytes);
            let charged = attention_cycles(&specs, plan, CONTEXT, bytes);
            for (wanted, charged) in ["scores", "values"].into_iter().zip(charged) {
                assert_eq!(piece(wanted).expect("is a piece").latency_cycles, charged, "{name}: {wanted}");
                compared += 1;
            }
        }
    }
    assert!(compared > 70, "{compared}");
}

fn fixture(name: &str) -> String {
    let path = format!("{}/../../tests/fixtures/mlir/{name}.mlir", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn experts_that_data_selects_work_side_by_side() {
    let model = model("gpt-oss-120b");
    let Attention::Gqa { .. } = model.layers[1].attention else { panic!("gpt-oss has grouped queries") };
    let one = Grid { rows: 1, columns: 1 };
    let up = |tokens| {
        let pieces = emit::pieces(&model, 1, &Setting::new(Phase::Decode, tokens, 64), one).expect("emits");
        lowered(&pieces.iter().find(|p| p.piece == "experts_up").expect("is a piece").text)
    };
    // Four chosen experts of 2880 inputs: 16 bits x 41 inputs per port; 71 ports, 7 levels, 7 more registers.
    assert_eq!((up(1).latency_cycles, up(1).work.hn_macs), (656 + 14, 4 * 2880 * 2880));
    // All tokens may choose the same experts, which then work in turn.
    assert_eq!(up(3).latency_cycles, 3 * 656 + 14);
    assert_eq!(up(3).work.weights, 128 * 2880 * 2880);
}

#[test]
fn three_spellings_of_a_transformer_cost_the_same() {
    let of = |name: &str| {
        let lowered = lowered(&fixture(name));
        assert_eq!(lowered.unplaced, []);
        (lowered.latency_cycles, lowered.work)
    };
    let pretty = of("transformer.stablehlo");
    assert_eq!(pretty, of("transformer.stablehlo-generic"));
    let (latency, work) = of("transformer.linalg");
    assert_eq!((latency, work.weights, work.hn_macs, work.vex_macs), {
        let (latency, work) = pretty;
        (latency, work.weights, work.hn_macs, work.vex_macs)
    });
    // Four projections of 64 x 64, 64 x 256 and back, for 32 rows; scores and values of 4 heads.
    assert_eq!((work.weights, work.hn_macs), (4 * 64 * 64 + 2 * 64 * 256, 32 * (4 * 64 * 64 + 2 * 64 * 256)));
    assert_eq!(work.vex_macs, 2 * 4 * 32 * 32 * 16);
}

#[test]
fn loops_cost_what_the_operations_they_come_from_cost() {
    let (tensors, loops) = (lowered(&fixture("resnet.linalg")), lowered(&fixture("resnet.scf")));
    assert_eq!(tensors.work.weights, loops.work.weights);
    assert_eq!(tensors.work.hn_macs, loops.work.hn_macs);
    assert_eq!(tensors.units[0].busy_cycles, loops.units[0].busy_cycles);
    let (tensors, loops) = (lowered(&fixture("mlp.linalg")), lowered(&fixture("mlp.affine")));
    assert_eq!((tensors.work.weights, tensors.work.hn_macs), (loops.work.weights, loops.work.hn_macs));
    assert_eq!(tensors.units[0].busy_cycles, loops.units[0].busy_cycles);
}

#[test]
fn a_nest_in_a_loop_over_tensors_runs_once_an_iteration() {
    let text = "func.func @f(%t: tensor<8xf32>, %x: memref<4096xf32>, %y: memref<4096xf32>) -> tensor<8xf32> {
        %r = affine.for %n = 0 to 10 iter_args(%u = %t) -> (tensor<8xf32>) {
          affine.for %i = 0 to 4096 {
            %a = affine.load %x[%i] : memref<4096xf32>
            %e = math.exp %a : f32
            affine.store %e, %y[%i] : memref<4096xf32>
          }
          %v = math.exp %u : tensor<8xf32>
          affine.yield %v : tensor<8xf32>
        }
        return %r : tensor<8xf32>
      }";
    let lowered = lowered(text);
    // The lanes take the nest, then the tensor.
    assert_eq!((lowered.latency_cycles, lowered.work.nonlinear_elements), (10 * (2 + 1 + 81), 10 * (4096 + 8)));
}

#[test]
fn a_loop_over_tensors_repeats_its_body() {
    let text = |trips: u64| {
        format!(
            "func.func @f(%x: tensor<4096xf32>) -> tensor<4096xf32> {{
               %c0 = arith.constant 0 : index
               %c1 = arith.constant 1 : index
               %n = arith.constant {trips} : index
               %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> (tensor<4096xf32>) {{
                 %e = tensor.empty() : tensor<4096xf32>
                 %s = linalg.exp ins(%t : tensor<4096xf32>) outs(%e : tensor<4096xf32>) -> tensor<4096xf32>
                 scf.yield %s : tensor<4096xf32>
               }}
               return %r : tensor<4096xf32>
             }}"
        )
    };
    for trips in [0, 1, 7, 1_000_000] {
        let lowered = lowered(&text(trips));
        assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (83 * trips, 2 * trips));
        assert_eq!(lowered.work.nonlinear_elements, 4096 * trips);
    }
}

#[test]
fn functions_called_cost_what_they_hold() {
    let text = "func.func private @relu(%x: tensor<4096xf32>) -> tensor<4096xf32> {
        %e = tensor.empty() : tensor<4096xf32>
        %y = linalg.exp ins(%x : tensor<4096xf32>) outs(%e : tensor<4096xf32>) -> tensor<4096xf32>
        return %y : tensor<4096xf32>
      }
      func.func private @elsewhere(tensor<4096xf32>) -> tensor<4096xf32>
      func.func @main(%x: tensor<4096xf32>) -> tensor<4096xf32> {
        %a = func.call @relu(%x) : (tensor<4096xf32>) -> tensor<4096xf32>
        %b = func.call @relu(%a) : (tensor<4096xf32>) -> tensor<4096xf32>
        %c = func.call @elsewhere(%b) : (tensor<4096xf32>) -> tensor<4096xf32>
        return %c : tensor<4096xf32>
      }";
    let tree = parse(text);
    let main = tree.functions().last().expect("a function");
    let lowered = lower(&tree, main, &common::hnlpu(&[]), &Options::default());
    assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (2 * 83, 2 * 2));
    let missing: Vec<_> = lowered.unplaced.iter().map(|m| (m.operation.as_str(), m.reason)).collect();
    assert_eq!(missing, [("func.call", Unplaced::UnknownCallee)]);
}

#[test]
fn what_has_no_place_is_reported() {
    let text = "func.func @f(%x: tensor<?xf32>, %y: tensor<8xf32>, %n: index) -> tensor<8xf32> {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %a = math.exp %x : tensor<?xf32>
        %b = \"mystery.op\"(%y) : (tensor<8xf32>) -> tensor<8xf32>
        %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %b) -> (tensor<8xf32>) {
          %s = math.exp %t : tensor<8xf32>
          scf.yield %s : tensor<8xf32>
        }
        return %r : tensor<8xf32>
      }";
    let lowered = lowered(text);
    let missing: Vec<_> = lowered.unplaced.iter().map(|m| (m.operation.as_str(), m.reason)).collect();
    let expected = [
        ("math.exp", Unplaced::UnknownShape),
        ("mystery.op", Unplaced::UnknownOperation),
        ("scf.for", Unplaced::UnknownTripCount),
    ];
    assert_eq!(missing, expected);
    assert_eq!(lowered.work.nonlinear_elements, 8, "the body is taken once");
}

#[test]
fn a_cache_beyond_the_buffer_streams_from_hbm() {
    let model = model("llama-3-1-8b");
    let text = |context| {
        let all = emit::pieces(&model, 0, &Setting::new(Phase::Decode, 1, context), Grid { rows: 1, columns: 1 });
        all.expect("emits").into_iter().find(|p| p.piece == "attention").expect("is a piece").text
    };
    let small = lowered(&text(4096));
    assert_eq!((small.work.hbm_bytes, small.cache.spilled_bytes_per_chip), (0, 0));
    let large = lowered(&text(1 << 20));
    let cache = 2 * 8 * 128 * (1u64 << 20) * 2;
    let queries = 32 * 128 * 2;
    assert_eq!(large.cache.kv_bytes_per_chip, cache + queries);
    // Every argument keeps the same share on chip; rounding up adds a byte at most to each.
    let spilled = cache + queries - 320_000_000;
    assert!((spilled..spilled + 3).contains(&large.work.hbm_bytes), "{} {spilled}", large.work.hbm_bytes);
    // 8 stacks of 819 GB/s at 1 GHz move 6,552 bytes a cycle; the keys are half of the stream.
    let scores = large.operations.iter().find(|o| o.unit == Some(Unit::VexAttention)).expect("is an operation");
    assert!(scores.start_cycle >= spilled / 2 / 6552, "{}", scores.start_cycle);
}

#[test]
fn constants_fold_into_the_metal() {
    let text = "func.func @f(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
        %w = arith.constant dense<1.0> : tensor<32x64xf32>
        %z = arith.constant 0.0 : f32
        %e = tensor.empty() : tensor<64x32xf32>
        %t = linalg.transpose ins(%w : tensor<32x64xf32>) outs(%e : tensor<64x32xf32>) permutation = [1, 0]
        %o = tensor.empty() : tensor<4x32xf32>
        %f = linalg.fill ins(%z : f32) outs(%o : tensor<4x32xf32>) -> tensor<4x32xf32>
        %m = linalg.matmul ins(%x, %t : tensor<4x64xf32>, tensor<64x32xf32>) outs(%f : tensor<4x32xf32>) -> tensor<4x32xf32>
        return %m : tensor<4x32xf32>
      }";
    let with = |rule| lowered_with(text, &common::hnlpu(&[]), rule);
    assert_eq!(with(WeightRule::Auto).latency_cycles, 4 * 656 + 8);
    assert_eq!(with(WeightRule::Marked).latency_cycles, 4 * 656 + 8);
    let none = with(WeightRule::None);
    assert_eq!((none.work.hn_macs, none.work.vex_macs), (0, 4 * 64 * 32));
}

/// Checks that the account of every function is consistent.
fn check(text: &str, design: &Design) -> Result<(), TestCaseError> {
    let parsed = ir::parse(text, &ir::Limits::default());
    for function in parsed.tree.functions() {
        for weights in WeightRule::ALL {
            let lowered = lower(&parsed.tree, function, design, &Options { weights });
            prop_assert!((0.0..=1.0).contains(&lowered.xpu_utilization), "{}", lowered.xpu_utilization);
            prop_assert!(lowered.computing_cycles <= lowered.latency_cycles);
            let busy: u64 = lowered.units[..3].iter().map(|u| u.busy_cycles).sum();
            prop_assert!(lowered.computing_cycles <= busy);
            prop_assert!(lowered.units.iter().all(|u| u.busy_cycles <= lowered.latency_cycles), "{:?}", lowered.units);
            prop_assert_eq!(&lowered, &lower(&parsed.tree, function, design, &Options { weights }));
        }
    }
    Ok(())
}

const FIXTURES: [&str; 10] = [
    "lstm.linalg",
    "matmul.affine",
    "matmul_clamp.tosa",
    "mlp.affine",
    "mlp.linalg",
    "resnet.linalg",
    "resnet.scf",
    "transformer.linalg",
    "transformer.stablehlo-generic",
    "transformer.stablehlo",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_texts_have_an_answer(
        which in 0usize..FIXTURES.len() + 1,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..60, "[%0-9x<>(){}:,a-z ]{0,12}"), 1..6),
    ) {
        let mut text = match FIXTURES.get(which) {
            Some(name) => fixture(name),
            None => emit::layer(&model("deepseek-v3"), 5, &Setting::new(Phase::Prefill, 8, 64)).expect("emits"),
        };
        for (at, length, insert) in cuts {
            let ends: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            let start = at.index(ends.len());
            let end = ends.get(start + length).copied().unwrap_or(text.len());
            text.replace_range(ends[start]..end, &insert);
        }
        check(&text, &common::hnlpu(&[]))?;
    }

    #[test]
    fn sizes_without_end_have_an_answer(extents in prop::collection::vec(0u64..u64::MAX, 3), trips in any::<i64>()) {
        let [m, k, n] = [extents[0], extents[1], extents[2]];
        let text = format!(
            "func.func @f(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>, %c: tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32> {{
               %m = linalg.matmul ins(%a, %b : tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) outs(%c : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
               %0 = arith.constant 0 : index
               %1 = arith.constant 1 : index
               %2 = arith.constant {trips} : index
               %r = scf.for %i = %0 to %2 step %1 iter_args(%t = %m) -> (tensor<{m}x{n}xf32>) {{
                 %s = math.exp %t : tensor<{m}x{n}xf32>
                 scf.yield %s : tensor<{m}x{n}xf32>
               }}
               return %r : tensor<{m}x{n}xf32>
             }}"
        );
        check(&text, &common::hnlpu(&["chip.clock=10GHz", "hbm.stack_bandwidth=1kB/s"]))?;
        check(&text, &common::hnlpu(&[]))?;
    }
}
