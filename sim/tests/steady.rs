//! Decode measured by layers against decode measured by rounds of tokens.

mod common;
mod draw;

use common::{GQA, gpt_oss, hnlpu, mixed};
use designs::Grid;
use draw::Draw;
use rand_core::SeedableRng;
use sim::schedule::dataflow::Measured;
use sim::{Fidelity, Keeper, Prepared, Request, Simulation, Stop, Unfinished, simulate};

/// Half-width to which rounds are run, relative.
const PRECISION: f64 = 0.003;

/// Runs `request` by rounds and, where its machine allows, by layers.
fn both(request: &Request) -> Option<(Simulation, Simulation)> {
    let run = |stop: Stop| simulate(Request { stop, ..request.clone() }).ok();
    let layers = run(Stop { rounds_up_to: 0, ..Stop::default() })?;
    if layers.confidence.measured_by != Some(Measured::Layers) {
        return None;
    }
    let stop = Stop { precision: Some(PRECISION), max_tokens: Some(20_000), rounds_up_to: u64::MAX, ..Stop::default() };
    Some((run(stop)?, layers))
}

fn near(label: &str, what: &str, rounds: f64, layers: f64, tolerance: f64) {
    let ratio = layers / rounds;
    assert!((ratio - 1.0).abs() <= tolerance, "{label}: {what} {layers} by layers, {rounds} by rounds, {ratio:.4}");
}

fn agree(label: &str, rounds: &Simulation, layers: &Simulation) {
    let width = |s: &Simulation| s.confidence.throughput_half_width_pct.expect("an interval") / 100.0;
    let tolerance = width(rounds) + width(layers) + 0.002;
    near(label, "throughput", rounds.throughput_tokens_per_s, layers.throughput_tokens_per_s, tolerance);
    near(label, "latency", rounds.token_latency_us, layers.token_latency_us, tolerance + 0.02);
    let busiest = [rounds, layers].map(|s| s.utilization.links_max);
    assert!((busiest[0] - busiest[1]).abs() <= tolerance + 0.02, "{label}: busiest link {busiest:?}");
    // Tokens that the window cuts count by their instructions, which are not all alike.
    near(label, "power", rounds.chip_power.total_w, layers.chip_power.total_w, 0.05);
    let shares = [&rounds.breakdown_pct, &layers.breakdown_pct]
        .map(|b| [b.comm, b.projection, b.nonlinear, b.attention, b.stall]);
    for (before, after) in shares[0].iter().zip(shares[1]) {
        assert!((before - after).abs() <= 2.0, "{label}: {shares:?}");
    }
}

#[test]
fn random_machines() {
    let (mut seen, mut longer, mut seed) = (0, 0, 0);
    while seen < 12 {
        seed += 1;
        let mut draw = Draw(rand_pcg::Pcg64::seed_from_u64(seed));
        let (design, model) = (draw.design(), draw.model());
        let sequences = 1 + draw.below(60) as u64;
        let request = Request {
            grid: Some(design.grid),
            context: draw.log(16.0, 4096.0) as u64,
            sequences: Some(sequences),
            seed,
            ..Request::of(&design, &model)
        };
        if let Some((rounds, layers)) = both(&request) {
            seen += 1;
            agree(&format!("seed {seed}, {sequences} sequences"), &rounds, &layers);
            // So long that a measurement cannot start at every slice.
            let stop =
                Stop { precision: Some(1e-9), max_tokens: Some(40 * sequences), rounds_up_to: 0, ..Stop::default() };
            let long = simulate(Request { stop, ..request }).expect("a valid request");
            assert_eq!(long.confidence.measured_by, Some(Measured::Layers));
            longer += u32::from(long.events > 4 * layers.events);
            agree(&format!("seed {seed}, longer"), &rounds, &long);
        }
    }
    assert!(longer > 6, "{longer} of {seen} runs were longer");
}

#[test]
fn the_published_machine() {
    let (design, model) = (hnlpu(&[]), gpt_oss());
    let request = Request { grid: Some(design.grid), ..Request::of(&design, &model) };
    let (rounds, layers) = both(&request).expect("links are its bottleneck");
    agree("published", &rounds, &layers);
    assert!(layers.events < rounds.events / 3, "{} of {} events", layers.events, rounds.events);
}

/// A window of tokens after the first round: few are quick, many agree with rounds to a precision.
#[test]
fn a_window_measures_as_many_tokens_as_asked_for() {
    let design = hnlpu(&[]);
    let model = gpt_oss();
    let base = Request { grid: Some(design.grid), sequences: Some(24), ..Request::of(&design, &model) };
    let run = |stop: Stop| simulate(Request { stop, ..base.clone() }).expect("a valid request");
    let within = |window: u64| run(Stop { window: Some(window), ..Stop::default() });
    let (few, many) = (within(6), within(120));
    assert!(few.events < many.events / 3, "{} {}", few.events, many.events);
    for (measured, window) in [(&few, 6.0), (&many, 120.0)] {
        let tokens = measured.confidence.measured_tokens.expect("it is sampled");
        assert!((tokens - window).abs() < 3.0, "{tokens} of {window}");
    }
    let precise = run(Stop { precision: Some(0.002), max_tokens: Some(3000), ..Stop::default() });
    let half = |s: &Simulation| s.confidence.throughput_half_width_tokens_per_s.unwrap_or(0.0);
    let apart = (many.throughput_tokens_per_s - precise.throughput_tokens_per_s).abs();
    assert!(apart <= half(&many) + half(&precise) + 1e-6 * precise.throughput_tokens_per_s, "{apart}");
}

/// Keeps every third state, and goes on from one of them as text.
#[derive(Default)]
struct Kept {
    begin: Option<String>,
    offered: u64,
    states: Vec<String>,
}

impl Keeper for Kept {
    fn begin(&mut self) -> Option<Unfinished> {
        self.begin.as_deref().map(|text| serde_json::from_str(text).expect("a state reads back"))
    }

    fn offer(&mut self, run: &dyn Fn() -> Unfinished) {
        self.offered += 1;
        if self.offered.is_multiple_of(3) {
            self.states.push(serde_json::to_string(&run()).expect("a state is serializable"));
        }
    }
}

/// A run that goes on from any state of another one gives its result, from events and in cycles, with and without a precision.
#[test]
fn a_kept_run_goes_on_to_the_same_result() {
    let design = hnlpu(&["attention_buffer.capacity=60KB", "interconnect.receive_buffer=1KB"]);
    let model = mixed(GQA);
    let precise = Stop { precision: Some(0.02), max_tokens: Some(600), ..Stop::default() };
    for (fidelity, stop) in
        [(Fidelity::Event, Stop::default()), (Fidelity::Cycle, Stop::default()), (Fidelity::Event, precise)]
    {
        let request = Request {
            grid: Some(Grid { rows: 2, columns: 2 }),
            context: 300,
            sequences: Some(24),
            fidelity,
            stop,
            ..Request::of(&design, &model)
        };
        let prepared = Prepared::new(request).expect("a valid request");
        assert!(prepared.is_kept());
        let mut kept = Kept::default();
        let whole = prepared.run_keeping(&mut |_, _| {}, &mut kept);
        assert_eq!(format!("{whole:?}"), format!("{:?}", prepared.run()), "keeping changes nothing");
        assert!(kept.states.len() > 2, "{} states", kept.states.len());
        for state in kept.states {
            let mut from = Kept { begin: Some(state), ..Kept::default() };
            let again = prepared.run_keeping(&mut |_, _| {}, &mut from);
            assert_eq!(format!("{again:?}"), format!("{whole:?}"));
            assert!(from.offered < kept.offered, "what had been done is not done again");
        }
    }
}
