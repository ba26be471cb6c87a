//! Points of a plan against what the simulator and the estimates say on their own.

use sim::economics::layout::chip_mm2;
use sim::{Fidelity, Request};
use sweep::{Outcome, Plan, Worker};

const PROGRAM: &str = "func.func @scale(%a: memref<1024xf32>) {\n  affine.for %i = 0 to 1024 {\n    \
                       %0 = affine.load %a[%i] : memref<1024xf32>\n    %1 = arith.mulf %0, %0 : f32\n    \
                       affine.store %1, %a[%i] : memref<1024xf32>\n  }\n  return\n}\n";

fn plan(text: &str) -> Plan {
    let file = |path: &str| {
        if path == "kernel.mlir" { Ok(PROGRAM.to_owned()) } else { Err(designs::Unreadable("no such file".to_owned())) }
    };
    sweep::read::plan("test.toml", text, &file).unwrap_or_else(|problems| panic!("{:#?}", problems.problems))
}

fn problems(text: &str) -> Vec<String> {
    let file = |_: &str| Ok(format!("{PROGRAM}{}", PROGRAM.replace("@scale", "@twice")));
    let problems = sweep::read::plan("test.toml", text, &file).expect_err("it has a mistake");
    problems.problems.into_iter().map(|problem| problem.message).collect()
}

/// The result `name` of every point.
fn results(plan: &Plan, name: &str) -> Vec<f64> {
    let column = plan.columns.iter().position(|column| column.name() == name).expect("the plan has the column");
    let mut worker = Worker::new(plan);
    let value = |index| match worker.evaluate(&plan.values(index), plan.fidelity) {
        Outcome::Row(row) => row[column],
        other => panic!("point {index}: {other:?}"),
    };
    (0..plan.points).map(value).collect()
}

#[test]
fn the_base_point_is_the_design_itself() {
    let objectives = "[objectives]\nmaximise = [\"throughput_tokens_per_s\"]\n\
                      minimise = [\"estimate.chip_mm2\", \"system_power_kw\"]\n";
    {
        let plan = plan(&format!("[axes]\nhbm.stacks = [8]\n{objectives}"));
        let design = &plan.state.design;
        let simulation = sim::simulate(Request {
            grid: Some(design.grid),
            fidelity: Fidelity::Analytic,
            ..Request::of(design, &plan.base.model)
        })
        .unwrap();
        assert_eq!(results(&plan, "throughput_tokens_per_s"), [simulation.throughput_tokens_per_s]);
        let close = |name, expected: f64| {
            let found = results(&plan, name)[0];
            assert!((found / expected - 1.0).abs() < 1e-9, "{name}: {found}, not {expected}");
        };
        close("system_power_kw", simulation.system_power_kw);
        close("estimate.chip_mm2", chip_mm2(&design.area));
    }
}

#[test]
fn areas_of_the_design_do_not_depend_on_the_grid_of_a_point() {
    let text = |grids: &str| {
        format!(
            "results = [\"estimate.um2_per_weight\"]\n[set]\nbuild.area = \"design\"\nmodel = \"llama-3-1-8b\"\n\
             [axes]\ngrid = {grids}\n"
        )
    };
    let natural = results(&plan(&text("[\"smallest\"]")), "estimate.um2_per_weight")[0];
    // gpt-oss-120b, to which the design's areas belong, fits on neither grid.
    assert_eq!(results(&plan(&text("[\"2x1\", \"2x2\"]")), "estimate.um2_per_weight"), [natural; 2]);
}

#[test]
fn the_closed_form_says_where_it_is_an_upper_bound() {
    let plan = plan("[axes]\nworkload.sequences = [1, 8, 64, 216]\nworkload.context = [2048, 131072]\n");
    // The knee is at 55 tokens in flight at 2,048 positions, where links bind, and at 3.5 at 131,072, where HBM does.
    let expected = [(1, 2048, 0.0), (8, 2048, 0.0), (64, 2048, 1.0), (216, 2048, 1.0)];
    let near = results(&plan, "bound.near_knee");
    for (index, (sequences, context, value)) in expected.into_iter().enumerate() {
        assert_eq!(near[2 * index], value, "{sequences} sequences of {context}");
    }
    assert_eq!((near[1], near[3], near[7]), (0.0, 1.0, 0.0), "131,072 positions");
}

#[test]
fn a_program_takes_the_time_that_the_simulator_says() {
    let plan = plan(
        "program = \"kernel.mlir\"\nconstraints = [\"program.latency_us <= 1e6\"]\n[axes]\nchip.clock = [\"1 GHz\", \"2 GHz\"]\n\
         [objectives]\nminimise = [\"program.latency_us\"]\nmaximise = [\"program.xpu_utilization\"]\n",
    );
    let program = plan.program.as_ref().expect("there is one");
    let lowered = program.on(&plan.state.design);
    assert!(lowered.latency_cycles > 0);
    let at_1_ghz = lowered.latency_cycles as f64 / 1e9 * 1e6;
    assert_eq!(results(&plan, "program.latency_us"), [at_1_ghz, at_1_ghz / 2.0]);
    assert_eq!(results(&plan, "program.xpu_utilization"), [lowered.xpu_utilization; 2]);
}

#[test]
fn programs_are_checked_when_the_sweep_is_read() {
    let axes = "[axes]\nhbm.stacks = [8]\n";
    let wanted = "[objectives]\nminimise = [\"program.latency_us\"]\n";
    assert_eq!(
        problems(&format!("{axes}{wanted}")),
        ["`program.latency_us` is a result of a program, and there is none"]
    );
    assert_eq!(problems(&format!("program = \"k.mlir\"\n{axes}")), ["k.mlir has 2 functions: scale, twice"]);
    assert_eq!(
        problems(&format!("program = \"k.mlir\"\nfunction = \"half\"\n{axes}")),
        ["k.mlir has no function `half`; there are scale, twice"]
    );
    assert_eq!(
        problems(&format!("function = \"half\"\n{axes}")),
        ["`function` is one of a `program`, which is missing"]
    );
    let plan = sweep::read::plan("test.toml", &format!("program = \"k.mlir\"\n{axes}"), &|_| {
        Err(designs::Unreadable("gone".to_owned()))
    });
    assert_eq!(plan.expect_err("it has a mistake").problems[0].message, "cannot read `k.mlir`: gone");
}
