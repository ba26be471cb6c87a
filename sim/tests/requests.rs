//! Requests at the limits: each is answered within physical bounds or refused with a reason.

use designs::{Design, Model, Override};
use proptest::prelude::*;
use sim::{Discipline, Fidelity, Phase, Prepared, Request, Routing, SimulateError, Simulation, Stop, simulate};

fn design(overrides: &[String]) -> Design {
    let overrides: Vec<Override> = overrides.iter().map(|o| Override::parse(o).expect("well-formed")).collect();
    designs::load::design("hnlpu", &overrides, &designs::load::no_files).expect("loads")
}

fn model(name: &str) -> Model {
    designs::load::model(name, &designs::load::no_files).expect("loads")
}

fn request<'a>(design: &'a Design, model: &'a Model, discipline: Discipline, fidelity: Fidelity) -> Request<'a> {
    Request { grid: Some(design.grid), discipline, fidelity, ..Request::of(design, model) }
}

#[test]
fn links_too_slow_for_the_other_rates_are_refused() {
    let (design, model) = (design(&["interconnect.link_bandwidth=1B/s".to_owned()]), model("gpt-oss-120b"));
    let refused = simulate(request(&design, &model, Discipline::Dataflow, Fidelity::Event)).map(|_| ());
    assert!(matches!(refused, Err(SimulateError::OutOfRange { .. })), "{refused:?}");
}

#[test]
fn candidates_are_tokens_of_the_vocabulary() {
    let (design, model) = (design(&["mapping.sampling_candidates=201089".to_owned()]), model("gpt-oss-120b"));
    let refused = simulate(request(&design, &model, Discipline::Dataflow, Fidelity::Analytic)).map(|_| ());
    assert!(matches!(refused, Err(SimulateError::Candidates { vocabulary: 201_088, .. })), "{refused:?}");
}

#[test]
fn an_almost_empty_machine_in_lock_step_still_communicates() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let with = |sequences| {
        let base = request(&design, &model, Discipline::Lockstep, Fidelity::Event);
        simulate(Request { sequences: Some(sequences), ..base }).expect("runs")
    };
    let (one, full) = (with(1), with(216));
    assert!(one.breakdown_pct.comm > 1.0 && one.breakdown_pct.comm < full.breakdown_pct.comm);
    assert!(one.throughput_tokens_per_s < full.throughput_tokens_per_s / 50.0);
}

#[test]
fn the_accounting_says_when_it_spends_the_buffer_twice() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let at = |context| {
        let base = request(&design, &model, Discipline::Serial, Fidelity::Analytic);
        simulate(Request { context, ..base }).expect("runs").notes.iter().any(|n| n.contains("attention buffer's"))
    };
    assert!(!at(65_536) && at(131_072));
}

#[test]
fn honoured_windows_bound_the_cache() {
    let model = model("gpt-oss-120b");
    let cache = |windows: &str| {
        let design = design(&[format!("mapping.sliding_windows={windows}")]);
        let request = request(&design, &model, Discipline::Dataflow, Fidelity::Analytic);
        let prepared = Prepared::new(Request { context: 65_536, sequences: Some(1), ..request }).expect("fits");
        prepared.mapping().kv_bytes_per_chip(65_536)
    };
    // 18 of 36 layers keep 128 positions, divided over four chips of a column: 128 bytes per position each.
    assert_eq!(cache("ignored"), 36 * 65_536 * 128);
    assert_eq!(cache("honoured"), 18 * 65_536 * 128 + 18 * 128 * 128);
}

/// Saturated links, with the router's choices of several seeds: no rate beyond what the links carry.
#[test]
fn a_full_machine_asks_no_link_for_more_than_it_moves() {
    let model = model("gpt-oss-120b");
    let design = design(&[]);
    for seed in [2, 3] {
        let answer = simulate(Request { seed, ..request(&design, &model, Discipline::Dataflow, Fidelity::Event) });
        check(&answer.expect("runs"), &design).expect("within its peaks");
    }
}

/// Runs until a stated precision: reached within the limit, or said not to be.
#[test]
fn a_run_ends_at_the_precision_that_was_asked_for() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let base = Request { sequences: Some(24), ..request(&design, &model, Discipline::Dataflow, Fidelity::Event) };
    let run = |precision, max_tokens| {
        simulate(Request { stop: Stop { precision: Some(precision), max_tokens, ..Stop::default() }, ..base.clone() })
            .expect("runs")
    };
    let (coarse, fine) = (run(0.05, None), run(0.002, None));
    for (answer, asked) in [(&coarse, 5.0), (&fine, 0.2)] {
        let confidence = &answer.confidence;
        assert_eq!((confidence.precision_reached, confidence.steady), (Some(true), Some(true)), "{confidence:?}");
        assert!(confidence.throughput_half_width_pct.expect("an interval") <= asked, "{confidence:?}");
        assert!(confidence.token_latency_half_width_us.expect("an interval") > 0.0);
    }
    assert!(fine.events > coarse.events);
    let both = coarse.confidence.throughput_half_width_tokens_per_s.unwrap()
        + fine.confidence.throughput_half_width_tokens_per_s.unwrap();
    assert!((coarse.throughput_tokens_per_s - fine.throughput_tokens_per_s).abs() <= both, "intervals overlap");
    let short = run(1e-6, Some(200));
    assert_eq!(short.confidence.precision_reached, Some(false));
    assert!(short.notes.iter().any(|note| note.contains("not reached within 200 tokens")), "{:?}", short.notes);
}

fn bytes(request: Request) -> Vec<u8> {
    serde_json::to_vec(&simulate(request).expect("runs")).expect("serializes")
}

#[test]
fn even_routing_and_equal_lengths_are_the_same_however_they_are_stated() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    for fidelity in [Fidelity::Event, Fidelity::Analytic] {
        let base = Request { sequences: Some(12), ..request(&design, &model, Discipline::Dataflow, fidelity) };
        let uniform = bytes(base.clone());
        for routing in [
            Routing::Zipf { exponent: 0.0 },
            Routing::Counts { rows: vec![vec![9; 128]] },
            Routing::Counts { rows: vec![vec![1; 128]; 36] },
        ] {
            assert!(bytes(Request { routing: &routing, ..base.clone() }) == uniform, "{routing:?}, {fidelity}");
        }
        for contexts in [&[2048][..], &[2048; 5], &[2048; 40]] {
            assert!(bytes(Request { contexts, ..base.clone() }) == uniform, "{contexts:?}, {fidelity}");
        }
    }
}

/// Few lanes, so that chips with popular experts have most to do.
#[test]
fn more_skew_is_never_faster_and_stalls_more() {
    let overrides = ["vex.nonlinear_lanes=8", "mapping.all_chip=hierarchical", "interconnect.link_bandwidth=1TB/s"];
    let (design, model) = (design(&overrides.map(str::to_owned)), model("gpt-oss-120b"));
    let run = |exponent: f64| {
        let routing = Routing::Zipf { exponent };
        let base = request(&design, &model, Discipline::Dataflow, Fidelity::Event);
        simulate(Request { routing: &routing, sequences: Some(144), ..base }).expect("runs")
    };
    let runs: Vec<Simulation> = [0.0, 1.0, 4.0].into_iter().map(run).collect();
    let half = |r: &Simulation| r.confidence.throughput_half_width_tokens_per_s.expect("an interval");
    for pair in runs.windows(2) {
        let (less, more) = (&pair[0], &pair[1]);
        let most = less.throughput_tokens_per_s + half(less).max(half(more));
        assert!(more.throughput_tokens_per_s <= most, "{} after {most}", more.throughput_tokens_per_s);
    }
    let (even, skewed) = (&runs[0], &runs[2]);
    assert!(
        skewed.breakdown_pct.stall > even.breakdown_pct.stall,
        "{:?} {:?}",
        skewed.breakdown_pct,
        even.breakdown_pct
    );
    assert!(skewed.token_latency_us > even.token_latency_us);
}

#[test]
fn longer_sequences_are_never_faster() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    for fidelity in [Fidelity::Event, Fidelity::Analytic] {
        let run = |contexts: &[u64]| {
            let base = request(&design, &model, Discipline::Dataflow, fidelity);
            simulate(Request { contexts, sequences: Some(40), ..base }).expect("runs")
        };
        let lists: [&[u64]; 5] = [&[2048], &[2048, 8192], &[2048, 65_536], &[8192, 65_536], &[65_536]];
        let runs: Vec<Simulation> = lists.into_iter().map(run).collect();
        for pair in runs.windows(2) {
            let half = pair[0].confidence.throughput_half_width_tokens_per_s.unwrap_or(0.0);
            let (less, more) = (pair[0].throughput_tokens_per_s, pair[1].throughput_tokens_per_s);
            assert!(more <= less + half, "{fidelity}: {more} after {less}");
        }
        let spread = runs[2].contexts.expect("contexts differ");
        assert_eq!((spread.shortest_tokens, spread.longest_tokens, spread.different), (2048, 65_536, 2));
        assert_eq!(spread.mean_tokens, 33_792.0);
        assert!(runs[0].contexts.is_none() && runs[4].contexts.is_none());
    }
}

/// More lengths than sequences stand for a distribution: quantiles of it are taken.
#[test]
fn many_lengths_are_a_distribution() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let contexts: Vec<u64> = (1..=1000).rev().collect();
    let base = request(&design, &model, Discipline::Dataflow, Fidelity::Analytic);
    let spread = simulate(Request { contexts: &contexts, sequences: Some(10), ..base }).expect("runs").contexts;
    let spread = spread.expect("contexts differ");
    assert_eq!((spread.shortest_tokens, spread.longest_tokens, spread.different), (51, 951, 10));
}

#[test]
fn routing_and_lengths_that_do_not_suit_are_refused() {
    let (design, moe, dense) = (design(&[]), model("gpt-oss-120b"), model("llama-3-1-8b"));
    let with = |model, routing: Routing| {
        let base = request(&design, model, Discipline::Dataflow, Fidelity::Analytic);
        let request = Request { routing: &routing, grid: None, ..base };
        simulate(request).map(|_| ()).expect_err("refused").to_string()
    };
    let counts = |rows: usize, experts: usize, count| Routing::Counts { rows: vec![vec![count; experts]; rows] };
    for (message, part) in [
        (with(&dense, Routing::Zipf { exponent: 1.0 }), "no routed experts"),
        (with(&moe, Routing::Zipf { exponent: -1.0 }), "0 to 10"),
        (with(&moe, Routing::Zipf { exponent: f64::NAN }), "0 to 10"),
        (with(&moe, counts(2, 128, 1)), "2 rows of counts for the 36 layers"),
        (with(&moe, counts(1, 127, 1)), "row 1 has 127 counts"),
        (with(&moe, counts(36, 128, 0)), "a token uses 4"),
    ] {
        assert!(message.contains(part), "{message}");
    }
    let contexts = [2048, 4096];
    let base = request(&design, &moe, Discipline::Serial, Fidelity::Analytic);
    let refused = simulate(Request { contexts: &contexts, ..base.clone() });
    assert!(matches!(refused, Err(SimulateError::DifferentContexts { .. })));
    let dataflow = Request { discipline: Discipline::Dataflow, ..base };
    assert!(matches!(simulate(Request { contexts: &[2048, 0], ..dataflow.clone() }), Err(SimulateError::NoContext)));
    let refused = simulate(Request { contexts: &[2048, 200_000], ..dataflow });
    assert!(matches!(refused, Err(SimulateError::BeyondModelContext { context: 200_000, .. })));
}

/// The interval of one round holds what other seeds measure.
#[test]
fn intervals_hold_what_other_seeds_measure() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let at = |seed| {
        let base = request(&design, &model, Discipline::Dataflow, Fidelity::Event);
        simulate(Request { seed, sequences: Some(48), ..base }).expect("runs")
    };
    let runs: Vec<Simulation> = (1..=8).map(at).collect();
    let mean = runs.iter().map(|r| r.throughput_tokens_per_s).sum::<f64>() / 8.0;
    let half = |r: &Simulation| r.confidence.throughput_half_width_tokens_per_s.expect("an interval");
    let held = runs.iter().filter(|r| (r.throughput_tokens_per_s - mean).abs() <= half(r)).count();
    assert!(held >= 7, "{held} of 8 intervals hold the mean of all seeds");
    assert!(runs.iter().all(|r| half(r) < 0.05 * mean), "intervals of a few percent");
}

#[test]
fn what_is_not_sampled_has_no_interval_but_a_reason() {
    let (design, model) = (design(&[]), model("gpt-oss-120b"));
    let run = |discipline, fidelity, sequences| {
        let base = request(&design, &model, discipline, fidelity);
        simulate(Request { sequences, ..base }).expect("runs").confidence
    };
    for confidence in [
        run(Discipline::Dataflow, Fidelity::Analytic, None),
        run(Discipline::Serial, Fidelity::Event, None),
        run(Discipline::Lockstep, Fidelity::Analytic, None),
        run(Discipline::Dataflow, Fidelity::Event, Some(2)),
    ] {
        assert!(confidence.throughput_half_width_pct.is_none() && confidence.reason.is_some(), "{confidence:?}");
    }
    let stop = Stop { precision: Some(0.01), ..Stop::default() };
    let refused = simulate(Request { stop, ..request(&design, &model, Discipline::Serial, Fidelity::Event) });
    assert!(matches!(refused, Err(SimulateError::NotSampled)));
    for precision in [0.0, 1.0, f64::NAN] {
        let stop = Stop { precision: Some(precision), ..Stop::default() };
        let refused = simulate(Request { stop, ..request(&design, &model, Discipline::Dataflow, Fidelity::Event) });
        assert!(matches!(refused, Err(SimulateError::Precision { .. })));
    }
}

/// A few roundings of 64-bit floating point numbers.
const ROUNDING: f64 = 1e-12;

fn check(answer: &Simulation, design: &Design) -> Result<(), TestCaseError> {
    let b = &answer.breakdown_pct;
    let sum = b.comm + b.projection + b.nonlinear + b.attention + b.stall;
    prop_assert!((sum - 100.0).abs() < 1e-6, "shares add up to {sum}");
    prop_assert!(answer.throughput_tokens_per_s > 0.0 && answer.throughput_tokens_per_s.is_finite());
    let u = answer.utilization.busiest();
    let shares = [u.links, u.hbm, u.hn_array, u.attention_buffer, u.vex_attention];
    let serial = answer.discipline == Discipline::Serial;
    // The paper's accounting may use more than the whole buffer and vector unit; a schedule may not.
    let bounded = if serial { &shares[..3] } else { &shares[..] };
    prop_assert!(bounded.iter().all(|u| (0.0..=1.0 + ROUNDING).contains(u)), "{shares:?}");
    let busiest = answer.links.iter().map(|l| l.bytes_per_token).fold(0.0, f64::max);
    let asked = answer.throughput_tokens_per_s * busiest / design.interconnect.link_bandwidth.get() as f64;
    prop_assert!(asked <= 1.0 + ROUNDING, "the busiest link is asked for {asked} of what it moves");
    for unit in &answer.units {
        let sum = unit.busy_pct + unit.idle_pct.values().sum::<f64>();
        prop_assert!((sum - 100.0).abs() < 1e-6, "{} adds up to {sum}", unit.unit.title());
        prop_assert!((0.0..=100.0).contains(&unit.busy_pct), "{} is busy {} %", unit.unit.title(), unit.busy_pct);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn any_machine_stays_within_its_peaks(
        model_name in prop::sample::select(vec!["gpt-oss-120b", "llama-3-1-8b", "qwq-32b"]),
        set in prop::collection::vec(prop::sample::select(vec![
            "chip.clock=1MHz", "chip.clock=1.234567GHz", "chip.clock=10GHz", "hn_array.inputs_per_port=1",
            "vex.nonlinear_latency=0 cycles", "attention_buffer.capacity=1KB", "attention_buffer.efficiency=0.001",
            "hbm.stack_bandwidth=1GB/s", "hbm.serial_bandwidth=1GB/s", "interconnect.link_bandwidth=1MB/s",
            "interconnect.link_bandwidth=9TB/s", "interconnect.hop_latency=0 s", "interconnect.hop_latency=1 ms",
            "mapping.collective=ring", "mapping.collective=two-phase", "mapping.rotate_partners=true",
            "mapping.all_chip=hierarchical", "mapping.kv_element_bytes=1", "mapping.sliding_windows=honoured",
        ]), 0..6),
        discipline in prop::sample::select(vec![Discipline::Dataflow, Discipline::Lockstep, Discipline::Serial]),
        fidelity in prop::sample::select(vec![Fidelity::Event, Fidelity::Analytic]),
        phase in prop::sample::select(vec![Phase::Decode, Phase::Prefill]),
        context in prop::sample::select(vec![1u64, 2, 65, 700]),
        sequences in 1u64..6,
    ) {
        let overrides: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        let (design, model) = (design(&overrides), model(model_name));
        let base = request(&design, &model, discipline, fidelity);
        let asked = Request { grid: None, context, sequences: Some(sequences), phase, ..base };
        match simulate(asked) {
            Ok(answer) => check(&answer, &design)?,
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
