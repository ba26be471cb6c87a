//! The mapping: published shapes on the published grid, order of steps, grids, refusals.

use designs::{Design, Grid, Model, Override};
use sim::mapping::{ExpertChoice, LayerPlan, Mapping, MappingError, Op, OpId, Work, explain, smallest_grid};

fn design(overrides: &[&str]) -> Design {
    let overrides: Vec<Override> = overrides.iter().map(|o| Override::parse(o).expect("well-formed")).collect();
    designs::load::design("hnlpu", &overrides, &designs::load::no_files).expect("loads")
}

fn model(name: &str) -> Model {
    designs::load::model(name, &designs::load::no_files).expect("loads")
}

fn plans(mapping: &Mapping) -> impl Iterator<Item = &LayerPlan> {
    mapping.kinds.iter().chain([&mapping.head])
}

#[test]
fn the_published_shapes_come_out() {
    let mapping = Mapping::new(&design(&[]), &model("gpt-oss-120b"), Grid { rows: 4, columns: 4 }).expect("fits");
    assert_eq!((mapping.kinds.len(), mapping.stages()), (1, 216));
    let plan = &mapping.kinds[0];
    let shape = |name| {
        let op = plan.all_ops().find(|op| op.name == name).expect("an operation of the layer");
        let Work::Hn(matrix) = &op.work else { panic!("{name} is no matrix") };
        (matrix.fan_in, matrix.fan_out, matrix.experts)
    };
    assert_eq!(shape("q_proj"), (720, 1024, 0));
    assert_eq!(shape("k_proj"), (720, 128, 0));
    assert_eq!(shape("o_proj"), (1024, 720, 0));
    assert_eq!(shape("router"), (2880, 128, 0));
    assert_eq!(shape("up_proj"), (2880, 2880, 8));
    // 73,728 bytes per position over the system, a sixteenth on a chip.
    assert_eq!(mapping.kv_bytes_per_chip(2048) * 16, 73_728 * 2048);
}

#[test]
fn steps_are_in_topological_order() {
    for name in ["gpt-oss-120b", "llama-3-1-8b", "deepseek-v3"] {
        let (design, model) = (design(&[]), model(name));
        let grid = smallest_grid(&design, &model).expect("fits");
        let mapping = Mapping::new(&design, &model, grid).expect("fits");
        for plan in plans(&mapping) {
            let step_of = |op: OpId| plan.steps().iter().position(|s| s.ops.contains(&op)).expect("in a step");
            for (from, to) in plan.dependences() {
                let names = (plan.op(from).name, plan.op(to).name);
                assert!(step_of(from) < step_of(to), "{}: {names:?}", plan.name);
            }
        }
    }
}

/// Names along the longest chain of dependent operations when an operation lasts `cycles(op)`, and its length.
fn critical_path(plan: &LayerPlan, cycles: impl Fn(&Op) -> u64) -> (u64, Vec<&'static str>) {
    // Operations are in topological order: the longest chain to each is known when it is visited.
    let mut chains: Vec<(u64, Vec<&'static str>)> = Vec::new();
    for op in plan.all_ops() {
        let before = op.reads.iter().map(|read| chains[read.producer().index()].clone()).max_by_key(|c| c.0);
        let (length, mut names) = before.unwrap_or_default();
        names.push(op.name);
        chains.push((length + cycles(op), names));
    }
    chains.into_iter().max_by_key(|chain| chain.0).expect("a plan has operations")
}

#[test]
fn the_critical_path_runs_through_the_layer() {
    let mapping = Mapping::new(&design(&[]), &model("gpt-oss-120b"), Grid { rows: 4, columns: 4 }).expect("fits");
    let plan = &mapping.kinds[0];
    let (length, path) = critical_path(plan, |op| if matches!(op.work, Work::Hn(_)) { 1000 } else { 1 });
    assert_eq!(length / 1000, 5, "five dependent passes: {path:?}");
    assert_eq!((path.first(), path.last()), (Some(&"attention_norm"), Some(&"y_all_reduce")));
    let values = plan.all_ops().find(|op| op.name == "values").expect("attention has values");
    let mut producers: Vec<&str> = values.reads.iter().map(|read| plan.op(read.producer()).name).collect();
    producers.sort_unstable();
    assert_eq!(producers, ["kv_to_owner", "scores", "softmax_merge"]);
}

#[test]
fn every_operation_is_explained_by_a_rule_of_its_plan() {
    for name in ["gpt-oss-120b", "llama-3-1-8b", "deepseek-v3", "kimi-k2"] {
        let (design, model) = (design(&[]), model(name));
        let grid = smallest_grid(&design, &model).expect("fits");
        let mapping = Mapping::new(&design, &model, grid).expect("fits");
        for plan in plans(&mapping) {
            let text: Vec<String> = explain(plan).into_iter().map(|rule| rule.statement).collect();
            let text = text.join("\n");
            for op in plan.all_ops() {
                assert!(plan.rules().contains(&op.rule), "{}: {}", plan.name, op.name);
                if let Work::Hn(matrix) = &op.work {
                    let shape = format!("{} {} x {}", op.name, matrix.fan_in, matrix.fan_out);
                    assert!(text.contains(&shape), "{}: {shape} is missing in\n{text}", plan.name);
                }
            }
        }
    }
}

#[test]
fn a_model_takes_the_smallest_near_square_grid() {
    let grid = |name| smallest_grid(&design(&[]), &model(name)).map(|g| (g.rows, g.columns));
    assert_eq!(grid("gpt-oss-120b"), Ok((4, 4)));
    assert_eq!(grid("llama-3-1-8b"), Ok((2, 1)));
    for name in ["qwq-32b", "deepseek-v3", "kimi-k2"] {
        let (rows, columns) = grid(name).expect("fits");
        assert!(rows <= 2 * columns && columns <= 2 * rows, "{name}: {rows} x {columns}");
        // Half of the rows cannot hold it, because of the weights or because experts are not divided.
        let smaller = Mapping::new(&design(&[]), &model(name), Grid { rows: rows / 2, columns });
        assert!(matches!(smaller, Err(MappingError::Capacity { .. })), "{name}");
    }
}

#[test]
fn dense_layers_of_a_mixture_have_their_own_stages() {
    let (design, model) = (design(&[]), model("deepseek-v3"));
    let mapping = Mapping::new(&design, &model, smallest_grid(&design, &model).expect("fits")).expect("fits");
    let [dense, mixture] = &mapping.kinds[..] else { panic!("two kinds of layers") };
    assert_eq!(mapping.layer_kinds.iter().filter(|&&k| k == 0).count(), 3);
    assert!(dense.all_ops().all(|op| op.name != "router") && mixture.all_ops().any(|op| op.name == "router"));
    assert_eq!(dense.stages.len() + 1, mixture.stages.len());
    let latent = mixture.attention.expect("attention");
    assert_eq!((latent.stripes, latent.stored_elements), (mapping.grid.chips(), 576));
}

#[test]
fn what_does_not_fit_is_refused() {
    let model = model("gpt-oss-120b");
    let refusal = |overrides: &[&str], rows, columns| {
        Mapping::new(&design(overrides), &model, Grid { rows, columns }).map(|_| ()).expect_err("refused")
    };
    assert!(matches!(refusal(&[], 4, 5), MappingError::Heads { heads: 64, columns: 5, .. }));
    assert!(matches!(refusal(&[], 2, 4), MappingError::Capacity { .. }));
    let algorithm = refusal(&["mapping.collective=halving-doubling"], 3, 4);
    assert_eq!(algorithm, MappingError::Algorithm { rows: 3, columns: 4 });
}

#[test]
fn experts_are_cut_where_no_grid_holds_them_whole() {
    let text = include_str!("../../designs/tests/models/mixtral-8x22b-headdim-null.json");
    let mixtral = designs::Model::from_config_json("mixtral-8x22b", text).expect("a valid model");
    let whole = smallest_grid(&design(&["mapping.experts=whole"]), &mixtral);
    assert!(matches!(whole, Err(MappingError::NoGrid { .. })), "{whole:?}");
    let design_auto = design(&[]);
    let grid = smallest_grid(&design_auto, &mixtral).expect("cut experts fit");
    let mapping = Mapping::new(&design_auto, &mixtral, grid).expect("fits");
    let experts = mapping.kinds[0].experts;
    assert!(experts.chips_per_expert > 1);
    // Every expert lies on its chips and no other; all weights of the model are there.
    let chips = grid.chips();
    for expert in 0..8 {
        let holders = (0..chips).filter(|&chip| experts.on(chip, chips).contains(&expert)).count();
        assert_eq!(holders, experts.chips_per_expert as usize);
    }
    assert!(mapping.weights_per_chip * u64::from(chips) >= mixtral.hardwired_layer_weights());
}

/// No placement that can be forced takes fewer chips than the one that is chosen.
#[test]
fn the_chosen_placement_of_experts_is_the_cheapest() {
    for name in ["gpt-oss-120b", "qwen3-30b-a3b"] {
        for capacity in [7_280_000_000u64, 5_000_000_000, 3_100_000_000, 2_000_000_000] {
            let capacity = format!("hn_array.weight_capacity={capacity}");
            let chips = |placement: &str| {
                smallest_grid(&design(&[placement, &capacity]), &model(name)).map_or(u32::MAX, |grid| grid.chips())
            };
            let least = chips("mapping.experts=whole").min(chips("mapping.experts=cut"));
            assert_eq!(chips("mapping.experts=auto"), least, "{name}, {capacity}");
        }
    }
}

#[test]
fn cutting_experts_takes_fewer_chips() {
    for (name, whole, cut) in [("deepseek-v3", 128, 96), ("kimi-k2", 192, 160)] {
        let chips = |placement: &str| smallest_grid(&design(&[placement]), &model(name)).expect("fits").chips();
        assert_eq!(chips("mapping.experts=whole"), whole, "{name}");
        assert!(chips("mapping.experts=cut") <= cut, "{name}: {}", chips("mapping.experts=cut"));
        // Left to itself the mapping takes what costs fewer chips, and says why.
        let (design, model) = (design(&[]), model(name));
        let grid = smallest_grid(&design, &model).expect("fits");
        assert_eq!(grid.chips(), chips("mapping.experts=cut"), "{name}");
        let mapping = Mapping::new(&design, &model, grid).expect("fits");
        let choice = ExpertChoice::new(&design, &model, &mapping).expect("fits").expect("has experts");
        assert!(choice.matters() && choice.chips_per_expert > 1, "{choice:?}");
        assert_eq!((choice.whole_chips, choice.cut_chips), (Some(whole), Some(grid.chips())));
        assert!(choice.reason.contains("cut: whole ones do not fit here"), "{}", choice.reason);
    }
}
