//! Requests at the limits: each is answered within physical bounds or refused with a reason.

use designs::{Design, Model, Override};
use proptest::prelude::*;
use sim::{Discipline, Fidelity, Phase, Prepared, Request, SimulateError, Simulation, simulate};

fn design(overrides: &[String]) -> Design {
    let overrides: Vec<Override> = overrides.iter().map(|o| Override::parse(o).expect("well-formed")).collect();
    designs::load::design("hnlpu", &overrides, &designs::load::no_files).expect("loads")
}

fn model(name: &str) -> Model {
    designs::load::model(name, &designs::load::no_files).expect("loads")
}

fn request<'a>(design: &'a Design, model: &'a Model, discipline: Discipline, fidelity: Fidelity) -> Request<'a> {
    Request {
        design,
        model,
        grid: Some(design.grid),
        context: 2048,
        sequences: None,
        phase: Phase::Decode,
        discipline,
        fidelity,
        allow_beyond_model_context: false,
        seed: 1,
    }
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

fn check(answer: &Simulation) -> Result<(), TestCaseError> {
    let b = &answer.breakdown_pct;
    let sum = b.comm + b.projection + b.nonlinear + b.attention + b.stall;
    prop_assert!((sum - 100.0).abs() < 1e-6, "shares add up to {sum}");
    prop_assert!(answer.throughput_tokens_per_s > 0.0 && answer.throughput_tokens_per_s.is_finite());
    let u = answer.utilization.busiest();
    let shares = [u.links, u.hbm, u.hn_array, u.attention_buffer, u.vex_attention];
    let serial = answer.discipline == Discipline::Serial;
    // The paper's accounting may use more than the whole buffer and vector unit; a schedule may not.
    let bounded = if serial { &shares[..3] } else { &shares[..] };
    prop_assert!(bounded.iter().all(|u| *u <= 1.0 + 1e-4), "{shares:?}");
    for unit in &answer.units {
        let sum = unit.busy_pct + unit.idle_pct.values().sum::<f64>();
        prop_assert!((sum - 100.0).abs() < 1e-6, "{} adds up to {sum}", unit.unit.title());
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
            Ok(answer) => check(&answer)?,
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
