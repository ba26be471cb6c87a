//! The same load gives the same bits: again, in threads, after a checkpoint, and on another machine.

mod common;

use common::*;
use sim::schedule::machine::{Load, Machine, State};
use sim::units::hbm::Placement;
use sim::{Request, simulate};

/// The published machine at 2K with `sequences` sequences, as the bytes of its serialized answer.
fn answer(sequences: Option<u64>) -> (u64, Vec<u8>) {
    let (design, model) = (hnlpu(&[]), gpt_oss());
    let request = Request { grid: Some(design.grid), sequences, seed: 11, ..Request::of(&design, &model) };
    let answer = simulate(request).expect("a valid request");
    (answer.events, serde_json::to_vec(&answer).expect("an answer is serializable"))
}

#[test]
fn a_million_events_give_the_same_bytes_again_and_in_threads() {
    let (events, once) = answer(None);
    assert!(events >= 1_000_000, "{events} events");
    assert!(once == answer(None).1, "a second run differs");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| answer(None).1)).collect();
        for thread in threads {
            assert!(once == thread.join().expect("a run ends"), "a run beside others differs");
        }
    });
}

/// The integers of a run, to be compared between machines.
fn golden(case: &Case, load: &Load, placement: Placement, tokens: u64) -> String {
    let mut machine = Machine::new(&case.compiled, load.clone(), placement);
    assert!(machine.run_until_tokens(tokens));
    let (cycles, events, activity) = (machine.now(), machine.events(), machine.activity());
    let settled = machine.settle();
    let links: u64 = settled.links.iter().map(|l| l.busy).sum();
    format!(
        "cycles {cycles} events {events}\n{}\nbusy: hn {} nonlinear {} attention {} buffer {} hbm {} links {links}",
        serde_json::to_string(&activity).expect("counters are serializable"),
        settled.units.hn_array.busy,
        settled.units.vex_nonlinear.busy,
        settled.units.vex_attention.busy,
        settled.units.attention_buffer.busy,
        settled.units.hbm.busy,
    )
}

/// Fitted figures of the preset at the time when the integers were recorded.
const FITTED: [&str; 3] =
    ["hn_array.inputs_per_port=41", "vex.nonlinear_latency=81 cycles", "attention_buffer.efficiency=0.8815"];

#[test]
fn integers_of_a_decoding_machine() {
    let case = Case::new(hnlpu(&FITTED), &gpt_oss());
    let golden = golden(&case, &decode(24, 2048), case.placement(2048, 216), 48);
    assert_eq!(golden, DECODE, "got:\n{golden}");
}

#[test]
fn integers_of_a_prompt() {
    let overrides = ["mapping.collective=ring", "mapping.rotate_partners=true", "interconnect.link_bandwidth=97GB/s"];
    let case = Case::new(hnlpu(&[&FITTED[..], &overrides].concat()), &gpt_oss());
    let golden = golden(&case, &prefill(40, 30), case.placement(40, 1), 40);
    assert_eq!(golden, PROMPT, "got:\n{golden}");
}

const DECODE: &str = r#"cycles 367524 events 525948
{"tokens":48,"hn_weights":256187105280,"vex_operations":29355810336,"buffer_bytes":7266090496,"link_bytes":1553204736,"hbm_bytes":6287380488,"steps":641707,"latency_cycles":4392134,"spent":{"communication":852084,"projection":2907024,"nonlinear":576534,"attention":56492,"hbm":0,"hn_array_busy":0,"vex_busy":0,"predecessor":0,"issue_busy":0},"spent_later":{"communication":476616,"projection":1541856,"nonlinear":307144,"attention":29539,"hbm":719,"hn_array_busy":0,"vex_busy":0,"predecessor":0,"issue_busy":0}}
busy: hn 64160475 nonlinear 256319 attention 1804773 buffer 7266029688 hbm 6283841160 links 1553181568"#;

const PROMPT: &str = r#"cycles 602478 events 1119636
{"tokens":40,"hn_weights":190041292800,"vex_operations":440893440,"buffer_bytes":60456960,"link_bytes":700047360,"hbm_bytes":0,"steps":1267200,"latency_cycles":12281660,"spent":{"communication":6079276,"projection":4818240,"nonlinear":950730,"attention":11411,"hbm":0,"hn_array_busy":420673,"vex_busy":1034,"predecessor":296,"issue_busy":0},"spent_later":{"communication":0,"projection":0,"nonlinear":0,"attention":0,"hbm":0,"hn_array_busy":0,"vex_busy":0,"predecessor":0,"issue_busy":0}}
busy: hn 52899840 nonlinear 206392 attention 44352 buffer 60456960 hbm 0 links 700047360"#;

#[test]
fn a_run_continues_from_its_checkpoint() {
    let overrides = ["attention_buffer.capacity=4kB", "mapping.collective=two-phase", "mapping.rotate_partners=true"];
    let case = Case::small(2, 4, &overrides, &mixed(MLA));
    for (load, tokens) in [(decode(40, 300), 90), (prefill(100, 12), 100)] {
        let placement = case.placement(300, 40);
        let mut straight = Machine::new(&case.compiled, load.clone(), placement);
        assert!(straight.run_until_tokens(tokens));
        let events = straight.events();
        let settled = straight.settle();
        for at in (0..12).map(|part| 1 + part * (events - 2) / 11) {
            let mut first = Machine::new(&case.compiled, load.clone(), placement);
            for _ in 0..at {
                assert!(first.step());
            }
            let stored = serde_json::to_string(first.state()).expect("a state is serializable");
            drop(first);
            let state: State = serde_json::from_str(&stored).expect("a state reads back");
            assert_eq!(
                serde_json::to_string(&state).expect("it is serializable"),
                stored,
                "reading back loses nothing"
            );
            let mut resumed = Machine::resume(&case.compiled, load.clone(), placement, state, ());
            assert!(resumed.run_until_tokens(tokens));
            assert_eq!(resumed.events(), events, "from event {at}");
            assert_eq!(resumed.now(), straight.now());
            assert_eq!(resumed.activity(), straight.activity());
            assert_eq!(resumed.settle(), settled, "accounts from event {at}");
        }
    }
}

/// Another seed changes the experts drawn and nothing else.
#[test]
fn the_seed_matters() {
    let case = Case::small(2, 2, &[], &mixed(GQA));
    let run = |seed| {
        let mut machine = Machine::new(&case.compiled, Load { seed, ..decode(9, 50) }, case.placement(50, 9));
        assert!(machine.run_until_tokens(40));
        (machine.now(), serde_json::to_string(machine.state()).expect("a state is serializable"))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).1, run(2).1);
}
