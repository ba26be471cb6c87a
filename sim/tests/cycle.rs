//! Fidelity `cycle`: the event machine where nothing is added to it, closed forms to the cycle, and runs that checkers accept.

mod common;

use common::*;
use designs::Design;
use proptest::prelude::*;
use sim::cycle::{Effect, PerEffect, Wait, WaitCause, Waiting};
use sim::dram::{Stall, checker};
use sim::mapping::When;
use sim::schedule::instruction::Instr;
use sim::schedule::machine::{Load, Machine, Start, State};
use sim::schedule::trace::Listener;
use sim::{Discipline, Fidelity, Request, SimulateError, Simulation, simulate};

const ALGORITHMS: [&str; 4] = ["direct", "two-phase", "ring", "halving-doubling"];

fn only(effects: &[Effect]) -> PerEffect<bool> {
    PerEffect::from_fn(|effect| effects.contains(&effect))
}

fn run(design: &Design, fidelity: Fidelity, effects: PerEffect<bool>, context: u64, sequences: u64) -> Simulation {
    let model = gpt_oss();
    let base = Request::of(design, &model);
    let request = Request { grid: Some(design.grid), context, sequences: Some(sequences), fidelity, effects, ..base };
    simulate(request).expect("a valid request")
}

/// Without effects the machine is that of events: rates, latencies and accounts are the same to the bit.
#[test]
fn without_effects_cycles_are_events() {
    for overrides in [&["mapping.collective=direct"][..], &["mapping.collective=ring", "chip.clock=1.3GHz"]] {
        let design = hnlpu(overrides);
        let event = run(&design, Fidelity::Event, PerEffect::ALL, 3000, 12);
        let cycle = run(&design, Fidelity::Cycle, PerEffect::NONE, 3000, 12);
        assert_eq!(event.throughput_tokens_per_s, cycle.throughput_tokens_per_s);
        assert_eq!(event.token_latency_us, cycle.token_latency_us);
        assert_eq!(format!("{:?}", event.units), format!("{:?}", cycle.units));
    }
}

/// Flits with ample credits and no adders are the packing of the event machine.
#[test]
fn flits_with_ample_credits_are_framing() {
    let framed = run(&hnlpu(&["interconnect.framing=flits"]), Fidelity::Event, PerEffect::ALL, 2048, 40);
    let flits = run(&hnlpu(&[]), Fidelity::Cycle, only(&[Effect::Flits, Effect::Credits]), 2048, 40);
    assert_eq!(framed.throughput_tokens_per_s, flits.throughput_tokens_per_s);
    assert_eq!(flits.cycle.expect("an account").credit_wait_pct, 0.0);
}

/// Collectives on an idle machine: in each phase its flits at 128 bytes a cycle, a hop, and an addition where sums are formed.
#[test]
fn a_collective_takes_its_flits_hops_and_additions_to_the_cycle() {
    for algorithm in ALGORITHMS {
        // 240 bytes of a flit at 120 bytes a cycle: two cycles for each phase with additions.
        let design = hnlpu(&[&format!("mapping.collective={algorithm}"), "interconnect.adder_bytes=120"]);
        let effects = only(&[Effect::Flits, Effect::Credits, Effect::Adders]);
        let (case, placement) = Case::in_cycles(design, &gpt_oss(), effects, (1, 1));
        let mut checked = 0;
        for stage in 0..case.compiled.program(0).stages {
            let program = case.compiled.messages_of(&[(0, stage)]);
            let phases: Vec<usize> = program.programs[0]
                .instrs
                .iter()
                .filter_map(|(_, instr)| if let Instr::Phase(phase) = instr { Some(*phase) } else { None })
                .collect();
            let wires = |phase: usize| {
                let table = case.compiled.phase(0, phase);
                (0..16).flat_map(|chip| table.from(chip).to_vec()).collect::<Vec<_>>()
            };
            // Shards of one element more, and messages to owners alone, let phases overlap.
            let even = phases.iter().all(|&phase| {
                let wires = wires(phase);
                wires.iter().all(|wire| wire.bytes == wires[0].bytes && wire.when == When::Always)
            });
            if phases.is_empty() || !even {
                continue;
            }
            let load = Load { sequences: 1, start: Start::Own(vec![(0, 0)]), ..Load::default() };
            let mut machine = Machine::new(&program, load, placement);
            while machine.step() {}
            let cycles = |phase: usize| {
                let wire = wires(phase)[0];
                wire.bytes / 128 + 100 + if wire.adds { 2 } else { 0 }
            };
            let expected: u64 = phases.iter().map(|&phase| cycles(phase)).sum();
            assert_eq!(machine.now(), expected, "{algorithm}, stage {stage}");
            checked += phases.iter().filter(|&&phase| wires(phase)[0].adds).count();
        }
        assert!(checked >= 2, "{algorithm}: {checked} phases with additions");
    }
}

/// A stream of messages through few places of a receive buffer: its flits in every round trip of a credit.
#[test]
fn few_credits_bound_throughput_by_the_round_trip() {
    let overrides = ["interconnect.receive_buffer=8192B"];
    let starved = run(&hnlpu(&overrides), Fidelity::Cycle, only(&[Effect::Flits, Effect::Credits]), 2048, 216);
    let ample = run(&hnlpu(&[]), Fidelity::Cycle, only(&[Effect::Flits, Effect::Credits]), 2048, 216);
    // 32 flits in 2 + 200 ns instead of one in 2 ns.
    let slower = (202.0 / 32.0) / 2.0;
    let found = ample.throughput_tokens_per_s / starved.throughput_tokens_per_s;
    assert!((found / slower - 1.0).abs() < 0.03, "{found} {slower}");
}

/// Small machines with every set of effects, in decode and prefill, with the cache in HBM and much waiting for credits and space.
#[test]
fn the_checker_accepts_runs_in_cycles() {
    let tight = ["interconnect.receive_buffer=1KB", "interconnect.adder_bytes=4", "attention_buffer.capacity=60KB"];
    for (rows, columns, model, algorithm) in [
        (2, 2, mixed(GQA), "direct"),
        (2, 4, mixed(MLA), "two-phase"),
        (4, 2, mixed(GQA), "ring"),
        (4, 4, mixed(GQA), "halving-doubling"),
    ] {
        for last in Effect::ALL {
            for embedding in ["none", "hbm"] {
                let collective = format!("mapping.collective={algorithm}");
                let embedding = format!("mapping.embedding={embedding}");
                let mut design = hnlpu(&[&tight[..], &[&collective, &embedding]].concat());
                (design.grid.rows, design.grid.columns) = (rows, columns);
                let (case, placement) = Case::in_cycles(design, &model, PerEffect::up_to(last), (300, 9));
                assert!(placement.spilled_bytes_per_chip > 0);
                for (load, tokens) in [(decode(9, 300), 25), (prefill(20, 6), 20)] {
                    let found = case.violations(&load, placement, tokens, u64::MAX);
                    assert!(
                        found.is_empty(),
                        "{rows}x{columns} {algorithm} {last} {embedding:?}: {:#?}",
                        &found[..found.len().min(3)]
                    );
                }
            }
        }
    }
}

/// All commands of all memories obey the rules of the standard, and every burst that was asked for is read.
#[test]
fn commands_of_the_machines_memories_obey_the_standard() {
    let design = hnlpu(&["attention_buffer.capacity=10MB", "mapping.embedding=hbm"]);
    let (case, placement) = Case::in_cycles(design, &gpt_oss(), PerEffect::ALL, (2048, 24));
    let mut machine = Machine::new(&case.compiled, decode(24, 2048), placement);
    machine.models().expect("models").memories.iter_mut().for_each(|memory| memory.record());
    assert!(machine.run_until_tokens(20));
    let memory = designs::load::memory("hbm3", &[], &designs::load::no_files).expect("a preset");
    for one in &machine.models().expect("models").memories {
        let commands = one.channel().commands();
        assert!(commands.len() > 10_000, "{} commands", commands.len());
        checker::commands(&memory, commands).expect("no rule is broken");
    }
}

/// A control unit that all tokens of a chip wait for: its instructions bound the throughput.
#[test]
fn instruction_issue_bounds_throughput() {
    let cycles = 2000;
    let mut design = hnlpu(&[&format!("chip.issue_cycles={cycles}")]);
    (design.grid.rows, design.grid.columns) = (2, 2);
    let (case, placement) = Case::in_cycles(design, &mixed(GQA), only(&[Effect::Issue]), (100, 20));
    let issued = |layer: usize| {
        let instrs = &case.compiled.program(layer).instrs;
        instrs.iter().filter(|(_, instr)| !instr.waits()).count() as u64
    };
    let per_token: u64 = (0..case.compiled.sequence.len()).map(issued).sum();
    let mut machine = Machine::new(&case.compiled, decode(20, 100), placement);
    assert!(machine.run_until_tokens(40));
    let (from, before) = (machine.now(), machine.activity().tokens);
    assert!(machine.run_until_tokens(440));
    let tokens = (machine.activity().tokens - before) as f64;
    let found = (machine.now() - from) as f64 / tokens;
    let expected = (cycles * per_token) as f64;
    assert!((found / expected - 1.0).abs() < 0.02, "{found} cycles a token, {expected} of them for issues");
}

/// Collects all waits.
#[derive(Default)]
struct Waits(Vec<Wait>);

impl Listener for Waits {
    const WAITS: bool = true;

    fn waited(&mut self, wait: Wait, _: u64) {
        self.0.push(wait);
    }
}

/// What timelines show is what the accounts count, and waits of a data bus or a link do not overlap.
#[test]
fn recorded_waits_add_up_to_the_accounts() {
    let links = ["interconnect.receive_buffer=1KB", "interconnect.adder_bytes=4", "attention_buffer.capacity=60KB"];
    let banks = ["attention_buffer.banks=3", "attention_buffer.port_bits=8"];
    let mut all = sim::cycle::Totals::default();
    for overrides in [&links[..], &banks[..]] {
        let mut design = hnlpu(overrides);
        (design.grid.rows, design.grid.columns) = (2, 2);
        let (case, placement) = Case::in_cycles(design, &mixed(GQA), PerEffect::ALL, (300, 9));
        let mut machine = Machine::with_listener(&case.compiled, decode(9, 300), placement, Waits::default());
        assert!(machine.run_until_tokens(60));
        let totals = machine.settle().cycle;
        all.add(&totals);
        let waits = machine.into_listener().0;
        let sum = |of: &dyn Fn(&WaitCause) -> bool| -> u64 {
            waits.iter().filter(|wait| of(&wait.cause)).map(|wait| wait.end - wait.begin).sum()
        };
        assert_eq!(sum(&|cause| *cause == WaitCause::Credit), totals.credit_wait);
        assert_eq!(sum(&|cause| *cause == WaitCause::Issue), totals.issue_wait);
        assert_eq!(sum(&|cause| *cause == WaitCause::Space), totals.staging_wait);
        assert_eq!(sum(&|cause| matches!(cause, WaitCause::BufferBank(_))), totals.bank_wait);
        for stall in Stall::ALL.iter().filter(|stall| !matches!(stall, Stall::Data | Stall::NoRequest)) {
            let of = |cause: &WaitCause| matches!(cause, WaitCause::Dram { stall: of, .. } if of == stall);
            assert_eq!(sum(&of), totals.bus[*stall], "{stall:?}");
        }
        let mut ends = std::collections::BTreeMap::new();
        for wait in waits.iter().filter(|wait| matches!(wait.of, Waiting::Bus { .. } | Waiting::Link(_))) {
            let end = ends.insert(wait.of, wait.end).unwrap_or(0);
            assert!(end <= wait.begin, "{wait:?} begins before {end}");
        }
    }
    for counted in [all.credit_wait, all.issue_wait, all.staging_wait, all.bank_wait, all.bus.activate] {
        assert!(counted > 0, "{all:?}");
    }
}

/// A stored state continues as the run itself does.
#[test]
fn a_checkpoint_in_cycles_continues_as_the_run() {
    let design = hnlpu(&["attention_buffer.capacity=60KB", "interconnect.receive_buffer=1KB"]);
    let model = mixed(GQA);
    let mut design = design;
    (design.grid.rows, design.grid.columns) = (2, 2);
    let (case, placement) = Case::in_cycles(design, &model, PerEffect::ALL, (300, 9));
    let load = decode(9, 300);
    let mut straight = Machine::new(&case.compiled, load.clone(), placement);
    assert!(straight.run_until_tokens(40));
    let mut first = Machine::new(&case.compiled, load.clone(), placement);
    for _ in 0..straight.events() / 2 {
        assert!(first.step());
    }
    let stored = serde_json::to_string(first.state()).expect("a state is serializable");
    let state: State = serde_json::from_str(&stored).expect("a state reads back");
    let mut resumed = Machine::resume(&case.compiled, load, placement, state, ());
    assert!(resumed.run_until_tokens(40));
    assert_eq!((resumed.now(), resumed.activity()), (straight.now(), straight.activity()));
    assert_eq!(resumed.settle(), straight.settle());
}

/// What a machine of the event engine does not pay for costs time here, and every cause has its direction.
#[test]
fn each_effect_has_its_direction() {
    // The cache of a small model fills the bandwidth of a slow stack.
    let cycles = |overrides: &[&str], effects| {
        let slow = ["hbm.stacks=1", "hbm.stack_bandwidth=20GB/s", "attention_buffer.capacity=400KB"];
        let mut design = hnlpu(&[&slow[..], overrides].concat());
        (design.grid.rows, design.grid.columns) = (2, 2);
        let (case, placement) = Case::in_cycles(design, &mixed(GQA), effects, (1000, 9));
        let mut machine = Machine::new(&case.compiled, decode(9, 1000), placement);
        assert!(machine.run_until_tokens(60));
        machine.now() as f64
    };
    let dram = only(&[Effect::Dram]);
    let (ideal, real) = (cycles(&[], PerEffect::NONE), cycles(&[], dram));
    assert!(real > 1.02 * ideal, "rows and refresh: {real} {ideal}");
    assert!(cycles(&["hbm.stack_bandwidth=10GB/s"], dram) > 1.8 * real, "half the clock");
    assert_ne!(cycles(&["hbm.memory=hbm2"], dram), real, "other timings");
    let staged = cycles(&[], only(&[Effect::Dram, Effect::Staging]));
    assert!(staged > real, "less of the cache stays in the buffer: {staged} {real}");
    let links = cycles(&[], only(&[Effect::Flits, Effect::Credits]));
    assert!(links >= ideal, "{links} {ideal}");
}

#[test]
fn what_is_not_of_this_fidelity_is_refused() {
    let (design, model) = (hnlpu(&[]), gpt_oss());
    let base = Request::of(&design, &model);
    for discipline in [Discipline::Serial, Discipline::Lockstep] {
        let request = Request { discipline, fidelity: Fidelity::Cycle, ..base.clone() };
        assert_eq!(simulate(request).unwrap_err(), SimulateError::NoCycles { discipline });
    }
    let request = Request { effects: PerEffect::NONE, ..base };
    assert_eq!(simulate(request).unwrap_err(), SimulateError::NotInCycles { fidelity: Fidelity::Event });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// At full load nothing deadlocks, and the checker accepts every flit.
    #[test]
    fn full_load_neither_deadlocks_nor_breaks_a_law(
        rows in 1u32..4, wide in 0u32..3, credits in 1u64..40, adder in 1u32..200, sequences in 1u32..30, kilobytes in 20u64..400,
    ) {
        let overrides = [
            format!("interconnect.receive_buffer={}B", credits * 256),
            format!("interconnect.adder_bytes={adder}"),
            format!("attention_buffer.capacity={kilobytes}KB"),
        ];
        let mut design = hnlpu(&overrides.iter().map(String::as_str).collect::<Vec<_>>());
        (design.grid.rows, design.grid.columns) = (rows, 1 << wide);
        let (case, placement) = Case::in_cycles(design, &mixed(GQA), PerEffect::ALL, (200, sequences.into()));
        let load: Load = decode(sequences, 200);
        let found = case.violations(&load, placement, 2 * u64::from(sequences), u64::MAX);
        prop_assert!(found.is_empty(), "{found:?}");
    }
}
