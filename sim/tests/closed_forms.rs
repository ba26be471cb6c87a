//! The machine against results known beforehand: pipelines, queues, collectives, the paper's accounting.

mod common;

use common::*;
use designs::{Algorithm, AllChip, Attention, Ffn};
use rand_core::{RngCore, SeedableRng};
use sim::engine::{ClockDomain, IdleCause, Queue, Server};
use sim::mapping::Mapping;
use sim::schedule::instruction::Instr;
use sim::schedule::machine::{Load, Machine, Start};
use sim::schedule::program::Compiled;
use sim::schedule::router::Router;
use sim::schedule::steady::{self, Stop};
use sim::schedule::{dataflow, serial};
use sim::units::Spent;
use sim::units::hbm::Placement;
use sim::{Discipline, Fidelity, Request, simulate};

// --- Pipelines -------------------------------------------------------------------------------------------

/// One chip, dense layers, links and attention without weight: a pipeline of array passes. The pass through the
/// widest matrix is the bottleneck of every layer, and the first layer has it already.
#[test]
fn a_pipeline_fills_and_drains_to_the_cycle() {
    for (layers, tokens) in [(1, 1), (1, 50), (3, 200), (6, 400)] {
        let attention = Attention::Gqa { query_heads: 1, kv_heads: 1, head_dim: 1, output_gate: false };
        let shape = model(64, 10, vec![layer(attention, Ffn::Dense { width: 1024 }); layers]);
        let overrides = ["hn_array.inputs_per_port=64", "vex.kv_vectors_per_cycle=4096", "vex.nonlinear_lanes=4096"];
        let case = Case::small(1, 1, &overrides, &shape);
        let mut machine = Machine::new(&case.compiled, prefill(tokens, u32::MAX), case.placement(tokens, 1));
        while machine.step() {}
        // A pass through f inputs at 64 a port: 16 * min(f, 64) serial cycles, then ceil(log2(f / 64)) + 7.
        let pass = |fan_in: u64| 16 * fan_in.min(64) + u64::from(fan_in.div_ceil(64).next_power_of_two().ilog2()) + 7;
        // Q/K/V, Wo, up and gate, down.
        let passes = pass(64) + pass(1) + pass(64) + pass(1024);
        // Norm, rotary, softmax, norm, SwiGLU: one cycle in 4,096 lanes and 81 of latency each.
        let nonlinear = 5 * (1 + 81);
        // Scores and values read a vector of 2 B a position, 70,520 B a cycle, 3 cycles of latency.
        let read = |position: u64| (2 * (position + 1)).div_ceil(70_520) + 3;
        let latency = layers as u64 * (passes + nonlinear + 2 * read(0));
        // Every pass of 64 inputs or more takes the array for 16 * 64 cycles, and a token enters in that time. A layer
        // takes about 3.5 of them, within the 5 tokens a layer that may be in flight.
        assert_eq!(machine.now(), latency + (tokens - 1) * 1024, "{layers} layers, {tokens} tokens");
        assert_eq!(machine.activity().tokens, tokens);
    }
}

// --- Queues ----------------------------------------------------------------------------------------------

/// Mean wait in services of a link with Poisson arrivals and its standard error by batch means.
fn mean_wait(load: f64, batches: u32, batch: u32) -> (f64, f64) {
    // Arrivals are rounded to picoseconds; a packet of 1,000 bytes takes 1,000 cycles of the link's byte clock.
    const SERVICE: f64 = 1e6;
    let clock = ClockDomain::new(1_000_000_000, 1_000_000_000_000);
    let mut random = rand_pcg::Pcg64::seed_from_u64(42);
    let mut server = Server::new();
    let mut queue = Queue::new();
    let mut arrival = 0.0;
    let mut means = Vec::new();
    for index in 0..=batches {
        let mut sum = 0.0;
        for _ in 0..batch {
            let uniform = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            arrival -= libm::log(1.0 - uniform) * SERVICE / load;
            queue.push(arrival as u64, 0, ());
            let (key, ()) = queue.pop().expect("just pushed");
            let done = server.request(clock, key.cycle, 1000, IdleCause::Communication);
            sum += (done - key.cycle) as f64 / SERVICE - 1.0;
        }
        // The first batch fills the queue.
        if index > 0 {
            means.push(sum / f64::from(batch));
        }
    }
    let mean = means.iter().sum::<f64>() / f64::from(batches);
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / f64::from(batches - 1);
    (mean, (variance / f64::from(batches)).sqrt())
}

/// M/D/1: the mean wait is rho / (2 (1 - rho)) services (Pollaczek-Khinchine).
#[test]
fn a_link_with_random_arrivals_is_an_m_d_1_queue() {
    for (load, batch) in [(0.3, 10_000), (0.5, 10_000), (0.7, 20_000), (0.9, 100_000)] {
        let (mean, error) = mean_wait(load, 64, batch);
        let expected = load / (2.0 * (1.0 - load));
        // Rounding up to the link's clock, 1/1000 of a service, adds half of that on average. Within three standard
        // errors a right queue stays in 99.7 % of the seeds; the error itself must be small enough to tell.
        let difference = mean - 0.0005 - expected;
        assert!(error < 0.012 * expected, "rho {load}: standard error {error} of {expected}");
        assert!(difference.abs() < 3.0 * error, "rho {load}: mean wait {mean}, expected {expected} +- {error}");
    }
}

// --- Collectives -----------------------------------------------------------------------------------------

const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Direct, Algorithm::TwoPhase, Algorithm::Ring, Algorithm::HalvingDoubling];

/// The messages of gpt-oss-like stages on a 4 x 4 grid: Q/K/V, statistics, and so on.
fn collectives(algorithm: Algorithm, all_chip: AllChip, hidden: u32, heads: u32) -> Case {
    let mut design = hnlpu(&["interconnect.link_bandwidth=16GB/s"]);
    design.mapping.collective = algorithm;
    design.mapping.all_chip = all_chip;
    let attention = Attention::Gqa { query_heads: heads, kv_heads: 4, head_dim: 64, output_gate: false };
    Case::new(design, &model(hidden, 1600, vec![layer(attention, Ffn::Dense { width: 512 })]))
}

/// Runs the messages of some (layer, stage) pairs, all at once, on idle links; the makespan.
fn makespan(case: &Case, jobs: &[(usize, usize)]) -> u64 {
    let messages = case.compiled.messages_of(jobs);
    let load = Load {
        sequences: jobs.len() as u32,
        start: Start::Own((0..jobs.len() as u32).map(|job| (job, 0)).collect()),
        ..Load::default()
    };
    let mut machine = Machine::new(&messages, load, Placement::new(0, 0));
    while machine.step() {}
    assert_eq!(machine.activity().tokens, jobs.len() as u64);
    machine.now()
}

/// Phases of one all-reduce over a group of four and bytes that each phase serializes on a link, for `s` bytes.
fn phases(algorithm: Algorithm, s: u64) -> Vec<u64> {
    match algorithm {
        Algorithm::Direct => vec![s],
        Algorithm::TwoPhase => vec![s / 4, s / 4],
        Algorithm::Ring => vec![s / 4; 6],
        Algorithm::HalvingDoubling => vec![s / 2, s / 4, s / 4, s / 2],
    }
}

/// Cycles of phases on idle links of 16 bytes a cycle: each serializes, then hops.
fn cycles(phases: &[u64]) -> u64 {
    phases.iter().map(|bytes| bytes.div_ceil(16) + 100).sum()
}

/// The stage of attention has two column all-reduces one after the other: statistics and output.
#[test]
fn a_column_all_reduce_takes_its_closed_form() {
    for algorithm in ALGORITHMS {
        let case = collectives(algorithm, AllChip::RowThenColumn, 1600, 32);
        // A column has 8 heads of 64 elements of 2 bytes; its statistics are two numbers a head.
        let (statistics, output) = (2 * 8 * 2, 8 * 64 * 2);
        let expected = cycles(&phases(algorithm, statistics)) + cycles(&phases(algorithm, output));
        assert_eq!(makespan(&case, &[(0, 2)]), expected, "{algorithm:?}");
    }
}

/// The last stage has the all-chip all-reduce of the hidden vector.
#[test]
fn an_all_chip_all_reduce_takes_its_closed_form() {
    for algorithm in ALGORITHMS {
        // 1,600 elements of 2 bytes: 3,200 bytes, quarters of 800, whole cycles throughout.
        let whole = 3200;
        let case = collectives(algorithm, AllChip::RowThenColumn, 1600, 32);
        let expected = 2 * cycles(&phases(algorithm, whole));
        assert_eq!(makespan(&case, &[(0, 4)]), expected, "{algorithm:?} by rows, then columns");
        // Scatter in rows, all-reduce of a quarter in columns, gather in rows. Halves of an all-reduce are the
        // phases of the two-phase one where the algorithm is direct.
        let case = collectives(algorithm, AllChip::Hierarchical, 1600, 32);
        let halves = match algorithm {
            Algorithm::Direct => phases(Algorithm::TwoPhase, whole),
            other => phases(other, whole),
        };
        let expected = cycles(&halves) + cycles(&phases(algorithm, whole / 4));
        assert_eq!(makespan(&case, &[(0, 4)]), expected, "{algorithm:?} hierarchical");
    }
}

/// Equal collectives that start together share each link: direct exchange serializes the sum, then hops; with more
/// phases the second one's bytes wait behind the first one's, while hops overlap.
#[test]
fn contending_collectives_share_the_links_exactly() {
    for jobs in 1..=5u64 {
        let all = vec![(0, 4); jobs as usize];
        let case = collectives(Algorithm::Direct, AllChip::RowThenColumn, 1600, 32);
        // 200 cycles each on a row link, the last one finishes at 200 n + 100; its columns are then still busy with
        // those before, which arrived 200 cycles apart, so it is served at once.
        assert_eq!(makespan(&case, &all), jobs * 200 + 100 + 200 + 100, "{jobs} direct");
        let case = collectives(Algorithm::TwoPhase, AllChip::RowThenColumn, 1600, 32);
        // Quarters of 50 cycles, two phases on the row links, two on the column links. Up to three collectives fit
        // into the 150 cycles between a phase and the next, and only the first phase queues. More of them keep a
        // link busy from its first byte to its last: the columns from the first arrival, 50 n + 150, for 100 n.
        let expected = if jobs <= 3 { jobs * 50 + 100 + 3 * 150 } else { jobs * 50 + 150 + jobs * 100 + 100 };
        assert_eq!(makespan(&case, &all), expected, "{jobs} two-phase");
    }
}

// --- The paper's accounting ------------------------------------------------------------------------------

fn hnlpu_case(overrides: &[&str]) -> Case {
    Case::new(hnlpu(overrides), &gpt_oss())
}

fn phases_per_layer(case: &Case) -> usize {
    case.compiled.program(0).instrs.iter().filter(|(_, i)| matches!(i, Instr::Phase(_))).count()
}

#[test]
fn a_layer_of_gpt_oss_takes_seven_hops() {
    assert_eq!(phases_per_layer(&hnlpu_case(&[])), 7);
    // With two phases an all-reduce: Q 2, statistics 2, O 2, Xo 2 + 1, Y 4.
    assert_eq!(phases_per_layer(&hnlpu_case(&["mapping.collective=two-phase"])), 13);
}

#[test]
fn beats_carry_the_derived_bytes() {
    // Elements of one layer-token on the busiest link, statistics (32 elements a column) apart; 36 layers, 2 bytes.
    for (algorithm, elements, statistics) in [
        // Q 1,024 + K,V 256 a quarter of the time + O 1,024 + Xo 720 + Y 2,880; statistics 32.
        ("direct", 1024 + 64 + 1024 + 720 + 2880, 32),
        // Halves of everything reduced: 512 + 64 + 512 + 720 + 1,440; statistics 16.
        ("two-phase", 512 + 64 + 512 + 720 + 1440, 16),
        // Three halves through the one neighbour: 1,536 + 64 + 1,536 + 2,160 + 4,320; statistics 48.
        ("ring", 1536 + 64 + 1536 + 2160 + 4320, 48),
        // The partner of the big halves: 1,024 + 64 + 1,024 + 1,440 + 2,880; statistics 32.
        ("halving-doubling", 1024 + 64 + 1024 + 1440 + 2880, 32),
    ] {
        let case = hnlpu_case(&[&format!("mapping.collective={algorithm}"), "mapping.rotate_partners=false"]);
        let expected = f64::from(2 * 36 * (elements + statistics));
        assert_eq!(serial::beat_bytes(&case.compiled), expected, "{algorithm}");
        assert_eq!(serial::event(&case.compiled, 2048, &case.placement(2048, 1)).beat, expected / 128.0, "{algorithm}");
    }
    // Without statistics these are the sums that the derivation of the published figures states.
    for (algorithm, stated, statistics) in
        [("direct", 5712, 32), ("two-phase", 3248, 16), ("halving-doubling", 6432, 32)]
    {
        let case = hnlpu_case(&[&format!("mapping.collective={algorithm}"), "mapping.rotate_partners=false"]);
        let elements = serial::beat_bytes(&case.compiled) / (2.0 * 36.0) - f64::from(statistics);
        assert_eq!(elements, f64::from(stated), "{algorithm}");
    }
}

/// T = layers * (stages * beat + 7 hops + passes + non-linear + attention) + stall, from the design's numbers.
fn by_hand(context: u64) -> f64 {
    let design = hnlpu(&[]);
    let beat = (2 * 36 * (5712 + 32)) as f64 / 128.0;
    // 16 bits of 41 inputs that share a port; ceil(log2(ports)) counting levels, then 7 more.
    let levels = |fan_in: u64| u64::from(fan_in.div_ceil(41).next_power_of_two().ilog2());
    let pass = |fan_in: u64| 16 * 41 + levels(fan_in) + 7;
    // Q/K/V 720, Wo 1,024, router 2,880, up and gate 2,880, down 2,880.
    let passes = pass(720) + pass(1024) + 3 * pass(2880);
    // Norm, rotary, softmax, norm, top-k, softmax of experts, SwiGLU, weighing: 2,048 lanes and a latency each.
    let elements: [u64; 8] = [2880, 1024 + 128, 32, 2880, 128, 128, 2880, 2880];
    let latency = design.vex.nonlinear_latency.get();
    let nonlinear: u64 = elements.iter().map(|e| e.div_ceil(2048) + latency).sum();
    // A chip has a quarter of the positions and two KV heads of 64 elements; keys, then values, for all 36 layers.
    let bytes = context.div_ceil(4) * 2 * 64 * 2 * 36;
    let per_second = 80_000.0 * 1e9 * design.attention_buffer.efficiency;
    let attention = 2.0 * ((bytes as f64 * 1e9 / per_second).ceil() + 3.0);
    let layer = 6.0 * beat + 700.0 + passes as f64 + nonlinear as f64 + attention;
    // 512 bytes a position and layer on a chip; beyond 320 MB it streams during the layer before.
    let held = context.div_ceil(4) * 2 * 2 * 64 * 2 * 36;
    let streamed = held.saturating_sub(320_000_000) as f64 / 36.0;
    let stall = (streamed * 1e9 / design.hbm.serial_bandwidth.get() as f64 - layer).max(0.0);
    36.0 * (layer + stall)
}

#[test]
fn serial_is_the_closed_formula_from_2k_to_512k() {
    let case = hnlpu_case(&[]);
    for context in [2048, 8192, 32_768, 65_536, 131_072, 262_144, 524_288] {
        let placement = case.placement(context, 1);
        let beat = serial::beat_bytes(&case.compiled);
        let event = serial::event(&case.compiled, context, &placement).token_cycles();
        let analytic = serial::analytic(&case.compiled, context, &placement, beat).token_cycles();
        let hand = by_hand(context);
        assert!((event / analytic - 1.0).abs() < 0.001, "{context}: event {event}, analytic {analytic}");
        // Streams end at whole cycles: one a layer.
        assert!((analytic - hand).abs() <= 36.0, "{context}: analytic {analytic}, by hand {hand}");
    }
}

// --- Dataflow and lockstep -------------------------------------------------------------------------------

fn ask(
    context: u64,
    sequences: Option<u64>,
    discipline: Discipline,
    fidelity: Fidelity,
    overrides: &[&str],
) -> sim::Simulation {
    let (design, model) = (hnlpu(overrides), gpt_oss());
    let request = Request {
        grid: Some(design.grid),
        context,
        sequences,
        discipline,
        fidelity,
        allow_beyond_model_context: true,
        ..Request::of(&design, &model)
    };
    simulate(request).expect("a valid request")
}

#[track_caller]
fn agree(context: u64, sequences: Option<u64>, discipline: Discipline, within: f64, overrides: &[&str]) {
    let event = ask(context, sequences, discipline, Fidelity::Event, overrides).throughput_tokens_per_s;
    let analytic = ask(context, sequences, discipline, Fidelity::Analytic, overrides).throughput_tokens_per_s;
    let off = event / analytic - 1.0;
    assert!(
        off.abs() < within,
        "{discipline:?} {context} x {sequences:?} {overrides:?}: event {event:.0}, analytic {analytic:.0}, {off:+.4}"
    );
}

#[test]
fn one_sequence_alone_takes_the_sum_of_its_steps() {
    for context in [2048, 65_536] {
        agree(context, Some(1), Discipline::Dataflow, 0.001, &[]);
    }
}

#[test]
fn a_saturated_machine_reaches_its_bottleneck() {
    agree(2048, None, Discipline::Dataflow, 0.02, &[]);
    agree(2048, Some(432), Discipline::Dataflow, 0.02, &[]);
}

#[test]
fn lockstep_from_events_is_its_closed_form() {
    for context in [2048, 65_536] {
        agree(context, None, Discipline::Lockstep, 0.02, &[]);
    }
}

/// A token alone: its classes, not only their sum.
#[test]
fn time_alone_is_attributed_as_the_closed_form_says() {
    let case = hnlpu_case(&[]);
    let placement = case.placement(4096, 1);
    let (_, alone) = dataflow::bound(&case.compiled, 4096, &placement, true, &Router::default());
    let load = Load { seed: 3, ..decode(1, 4096) };
    let measured = steady::decode(&case.compiled, load, placement, Stop::default(), &mut |_, _| {}, &mut ());
    for (class, alone) in alone.into_iter().filter(|(class, _)| *class != Spent::Communication) {
        let (measured, alone) = (measured.spent[class], alone as f64);
        assert!((measured - alone).abs() <= 0.01 * alone + 40.0, "{}: {measured}, alone {alone}", class.title());
    }
}

// --- KV cache --------------------------------------------------------------------------------------------

#[test]
fn striping_holds_every_position_once() {
    let windowed = designs::Layer { span: designs::Span::Window(128), ..layer(GQA, MOE) };
    let design = hnlpu(&["mapping.sliding_windows=honoured"]);
    for (attention, stripes) in [(GQA, 4), (MLA, 16)] {
        let windowed = designs::Layer { attention, ..windowed };
        let mapping =
            Mapping::new(&design, &model(300, 1000, vec![windowed, layer(attention, MOE)]), design.grid).unwrap();
        for (kind, plan) in mapping.kinds.iter().enumerate() {
            let cost = plan.attention.unwrap();
            assert_eq!(cost.stripes, stripes);
            for context in (1..300).chain([4095, 4096, 131_072]) {
                let visible = if kind == 0 { context.min(128) } else { context };
                let held: Vec<u64> = (0..stripes).map(|stripe| cost.positions_on(stripe, context)).collect();
                // Position p is on stripe p mod n.
                let first = context - visible;
                if context < 300 {
                    for stripe in 0..stripes {
                        let there = (first..context).filter(|p| p % u64::from(stripes) == u64::from(stripe)).count();
                        assert_eq!(held[stripe as usize], there as u64);
                    }
                }
                assert_eq!(held.iter().sum::<u64>(), visible);
                assert_eq!(*held.iter().max().unwrap(), visible.div_ceil(stripes.into()));
                assert_eq!(cost.positions_on_fullest(context), visible.div_ceil(stripes.into()));
            }
        }
    }
}

#[test]
fn the_cache_of_gpt_oss_is_placed_as_derived() {
    let case = hnlpu_case(&[]);
    // 73,728 bytes a position over the system: 36 layers, 8 KV heads, 64 elements, keys and values, 2 bytes.
    assert_eq!(16 * case.mapping.kv_bytes_per_chip(2048), 2048 * 73_728);
    // 216 sequences of 2K: 32.6 GB, 2.04 GB a chip.
    let placement = case.placement(2048, 216);
    assert_eq!(placement.kv_bytes_per_chip, 216 * 2048 / 4 * 2 * 64 * 2 * 2 * 36);
    assert_eq!(placement.resident_bytes_per_chip, 320_000_000);
    assert_eq!(placement.spilled_bytes_per_chip, placement.kv_bytes_per_chip - 320_000_000);
    // What comes from HBM is the spilled part of any bytes, rounded up.
    let part = placement.spilled_of(1_000_000) as f64 / 1e6;
    assert!((part - placement.spilled_bytes_per_chip as f64 / placement.kv_bytes_per_chip as f64).abs() < 2e-6);
    // A sequence of 64K fits, one of 256K does not.
    assert_eq!(case.placement(262_144, 1).spilled_bytes_per_chip, 262_144 / 4 * 512 * 36 - 320_000_000);
    assert_eq!(case.placement(65_536, 1).spilled_bytes_per_chip, 0);
}

/// Compiled programs of one kind of layer are all there is for gpt-oss.
#[test]
fn gpt_oss_has_one_kind_of_layer_and_216_places() {
    let case = hnlpu_case(&[]);
    let compiled: &Compiled = &case.compiled;
    assert_eq!((case.mapping.kinds.len(), compiled.layers(), case.mapping.stages()), (1, 36, 216));
}
