//! Decode measured by layers against decode measured by rounds of tokens.

mod common;
mod draw;

use common::{gpt_oss, hnlpu};
use draw::Draw;
use rand_core::SeedableRng;
use sim::schedule::dataflow::Measured;
use sim::{Request, Simulation, Stop, simulate};

/// Half-width to which rounds are run, relative.
const PRECISION: f64 = 0.003;

/// Runs `request` by rounds and, where its machine allows, by layers.
fn both(request: &Request) -> Option<(Simulation, Simulation)> {
    let run = |stop: Stop| simulate(Request { stop, ..request.clone() }).ok();
    let layers = run(Stop { rounds_up_to: 0, ..Stop::default() })?;
    if layers.confidence.measured_by != Some(Measured::Layers) {
        return None;
    }
    let stop = Stop { precision: Some(PRECISION), max_tokens: Some(20_000), rounds_up_to: u64::MAX };
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
            let stop = Stop { precision: Some(1e-9), max_tokens: Some(40 * sequences), rounds_up_to: 0 };
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
