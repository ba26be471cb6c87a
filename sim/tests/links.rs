//! Links with framing: bytes of messages, rates under credits, collectives to the cycle, and runs that the checker accepts.

mod common;

use common::*;
use designs::Grid;
use proptest::prelude::*;
use sim::schedule::instruction::Instr;
use sim::schedule::machine::Machine;
use sim::units::interconnect::{Packing, Spec};
use sim::{Discipline, Fidelity, Request, simulate};

const FLITS: &str = "interconnect.framing=flits";

fn links(overrides: &[&str]) -> Spec {
    Spec::new(&hnlpu(overrides), Grid { rows: 4, columns: 4 })
}

/// 1,440 partial sums of 2 bytes are 45 packets of 64 bytes with headers of 16: 3,600 bytes in 15 flits of 240.
#[test]
fn messages_take_whole_flits() {
    let packing = links(&[FLITS]).packing;
    for (payload, carried) in [(0, 0), (1, 256), (64, 256), (192, 256), (193, 512), (2880, 3840)] {
        assert_eq!(packing.carried(payload), carried, "{payload} bytes");
    }
    let bulk = links(&[FLITS, "interconnect.packet_payload=512", "interconnect.flit_payload=236"]).packing;
    assert_eq!(bulk.carried(2880), (2880u64 + 6 * 16).div_ceil(236) * 256);
    assert_eq!(links(&[]).packing, Packing::Payload);
    assert_eq!(links(&[]).packing.carried(2881), 2881);
}

/// Two hops of 100 ns and 2 ns of a flit are the round trip of a credit.
#[test]
fn few_credits_bound_the_rate() {
    let rate = |buffer: &str| links(&[FLITS, &format!("interconnect.receive_buffer={buffer}")]).bytes_per_second;
    assert_eq!(rate("64 KB"), 128_000_000_000, "enough for a round trip");
    assert_eq!(rate("12800 B"), (12_800.0 / 202e-9) as u64);
    assert_eq!(rate("256 B"), (256.0 / 202e-9) as u64, "one flit at a time");
}

/// Cycles of all phases of the first layer on idle links.
fn idle(case: &Case) -> u64 {
    let phases = case.compiled.program(0).instrs.iter().filter_map(|(_, instr)| match instr {
        Instr::Phase(phase) => Some(case.compiled.idle_phase(0, *phase)),
        _ => None,
    });
    phases.sum()
}

/// A token alone in the machine takes as much longer as its phases: their bytes at 128 bytes per cycle. (Shards of the
/// other algorithms have unequal sizes, so their phases overlap.)
#[test]
fn a_token_alone_is_slowed_by_its_flits_to_the_cycle() {
    for algorithm in ["direct", "two-phase"] {
        let algorithm = format!("mapping.collective={algorithm}");
        let cycles = |overrides: &[&str]| {
            let case = Case::new(hnlpu(&[overrides, &[&algorithm[..]]].concat()), &gpt_oss());
            let mut machine = Machine::new(&case.compiled, prefill(1, 1), case.placement(1, 1));
            while machine.step() {}
            // All layers of the model exchange alike.
            let layers = case.compiled.layers() as u64;
            (machine.now(), layers * idle(&case))
        };
        let ((plain, plain_phases), (framed, framed_phases)) = (cycles(&[]), cycles(&[FLITS]));
        assert!(framed_phases > plain_phases);
        assert_eq!(framed - plain, framed_phases - plain_phases, "{algorithm}");
    }
}

/// Throughput that links bound falls by the share of payload in what they carry: 2,880 of 3,840 bytes where messages are the
/// partial sums of a hidden vector, and not more where they are others.
#[test]
fn a_machine_bound_by_links_slows_by_the_share_of_payload() {
    for discipline in [Discipline::Serial, Discipline::Dataflow] {
        let rate = |overrides: &[&str]| {
            let (design, model) = (hnlpu(overrides), gpt_oss());
            let request = Request { discipline, fidelity: Fidelity::Analytic, ..Request::of(&design, &model) };
            simulate(request).expect("a valid request").throughput_tokens_per_s
        };
        let share = rate(&[FLITS]) / rate(&[]);
        assert!((0.70..0.80).contains(&share), "{share} under {discipline:?}");
    }
}

#[test]
fn framed_runs_pass_the_checker() {
    for algorithm in ["direct", "two-phase", "ring", "halving-doubling"] {
        for (rows, columns) in [(1, 2), (2, 2), (4, 2)] {
            for attention in [GQA, MLA] {
                let overrides = [FLITS, "interconnect.receive_buffer=1 KB", &format!("mapping.collective={algorithm}")];
                let case = Case::small(rows, columns, &overrides, &mixed(attention));
                case.proves(&decode(5, 70), 15, u64::MAX);
                case.proves(&prefill(30, 6), 30, u64::MAX);
            }
        }
    }
}

#[test]
fn impossible_links_are_refused_where_they_are_written() {
    for (set, message) in [
        ("interconnect.receive_buffer=255 B", "cannot hold a flit of 256 bytes"),
        ("interconnect.flit_payload=257", "more than a flit of 256 bytes"),
        ("interconnect.packet_payload=0", "interconnect.packet_payload"),
    ] {
        let overrides = [FLITS, set].map(|o| designs::Override::parse(o).expect("a valid override"));
        let problems = designs::load::design("hnlpu", &overrides, &designs::load::no_files).expect_err(set);
        assert!(problems.to_string().contains(message), "{problems}");
    }
}

proptest! {
    /// Framing adds at least the headers and at most a flit more than packets fill; longer messages never take less.
    #[test]
    fn framing_is_bounded(payload in 0u64..1 << 40, flit in 1u64..5000, room in 1u64..5000, packet in 1u64..5000, header in 0u64..100) {
        let flit_payload = room.min(flit);
        let packing = Packing::Flits { flit, flit_payload, packet, header };
        let carried = packing.carried(payload);
        let packed = payload + payload.div_ceil(packet) * header;
        prop_assert!(carried >= packed && carried.is_multiple_of(flit));
        prop_assert!(u128::from(carried) * u128::from(flit_payload) < (u128::from(packed) + u128::from(flit_payload)) * u128::from(flit));
        prop_assert!(packing.carried(payload + 1) >= carried);
    }
}
