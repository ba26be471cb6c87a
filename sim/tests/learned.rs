//! Rates that models in their own cycles measure, and what the event machine makes of them.

use designs::{Design, Override, load};
use sim::{Discipline, Fidelity, Request, SimulateError, Simulation, simulate};

fn hnlpu(set: &[&str]) -> Design {
    let set: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
    load::design("hnlpu", &set, &load::no_files).unwrap()
}

fn run(design: &Design, fidelity: Fidelity, measured: bool, context: u64) -> Simulation {
    let model = load::model("gpt-oss-120b", &load::no_files).unwrap();
    simulate(Request { grid: Some(design.grid), fidelity, measured, context, ..Request::of(design, &model) }).unwrap()
}

#[test]
fn shares_follow_what_bounds_the_models() {
    let base = run(&hnlpu(&[]), Fidelity::Analytic, true, 2048).measured.unwrap();
    // Credits for more than a round trip, adders as fast as the link: a busy link runs at its raw rate.
    assert!(base.link_rate_share.unwrap() > 0.999, "{base:?}");
    // 240 bytes of partial sums at 128 bytes a cycle of 1 GHz, in whole cycles of the byte clock.
    let extra = base.link_extra_latency_ns.unwrap();
    assert!((1.0..2.0).contains(&extra), "{extra}");
    assert!((0.6..0.99).contains(&base.hbm_rate_share.unwrap()), "{base:?}");
    assert!((0.8..=1.0).contains(&base.buffer_rate_share.unwrap()), "{base:?}");
    // A tenth of the credits of a round trip of 100 flits and a bit.
    let starved = run(&hnlpu(&["interconnect.receive_buffer=2560B"]), Fidelity::Analytic, true, 2048).measured.unwrap();
    let share = starved.link_rate_share.unwrap();
    assert!((0.09..0.11).contains(&share), "{share}");
    // Adders of half the link's rate.
    let slow = run(&hnlpu(&["interconnect.adder_bytes=64"]), Fidelity::Analytic, true, 2048).measured.unwrap();
    assert!(slow.link_rate_share.unwrap() < 0.8 && slow.link_extra_latency_ns > base.link_extra_latency_ns);
    // One sequence fits the buffer: nothing streams, so nothing is measured of HBM.
    let design = hnlpu(&[]);
    let model = load::model("gpt-oss-120b", &load::no_files).unwrap();
    let one = Request {
        grid: Some(design.grid),
        fidelity: Fidelity::Analytic,
        measured: true,
        sequences: Some(1),
        ..Request::of(&design, &model)
    };
    assert_eq!(simulate(one).unwrap().measured.unwrap().hbm_rate_share, None);
}

#[test]
fn measured_rates_are_used_and_the_same_in_every_run() {
    let design = hnlpu(&[]);
    let raw = run(&design, Fidelity::Analytic, false, 2048);
    let measured = run(&design, Fidelity::Analytic, true, 2048);
    assert!(raw.measured.is_none() && measured.throughput_tokens_per_s < raw.throughput_tokens_per_s);
    assert_eq!(measured.measured, run(&design, Fidelity::Analytic, true, 2048).measured);
    let events = run(&design, Fidelity::Event, true, 2048);
    assert_eq!(events.measured, measured.measured);
    let off = events.throughput_tokens_per_s / measured.throughput_tokens_per_s - 1.0;
    assert!(off.abs() < 0.05, "{off}");
}

#[test]
fn accountings_without_such_rates_refuse_them() {
    let design = hnlpu(&[]);
    let model = load::model("gpt-oss-120b", &load::no_files).unwrap();
    let base = Request { grid: Some(design.grid), measured: true, ..Request::of(&design, &model) };
    let serial = simulate(Request { discipline: Discipline::Serial, ..base.clone() }).unwrap_err();
    assert!(matches!(serial, SimulateError::NotLearned { .. }), "{serial}");
    let cycle = simulate(Request { fidelity: Fidelity::Cycle, ..base }).unwrap_err();
    assert!(cycle.to_string().contains("not for fidelity cycle"), "{cycle}");
}
