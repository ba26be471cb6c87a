//! Runs of every kind pass the checker; falsified recordings do not.

mod common;

use common::*;
use designs::{Attention, BytesPerSecond, Cycles, Ffn, Hertz, Layer, Seconds, Span};
use proptest::prelude::*;
use sim::checker::{Law, Record, Recording, Violation, check};
use sim::mapping::active_weights;
use sim::schedule::machine::Load;
use sim::schedule::router::{Router, Routing};
use sim::units::Unit;

const ALL: u64 = u64::MAX;

#[test]
fn few_sequences_of_the_published_machine() {
    let case = Case::new(hnlpu(&[]), &gpt_oss());
    case.proves(&decode(3, 2048), 6, ALL);
}

#[test]
fn a_full_pipeline_of_the_published_machine() {
    // 216 sequences of 2K spill to HBM; the run covers the first layers of each.
    let case = Case::new(hnlpu(&[]), &gpt_oss());
    case.proves(&decode(216, 2048), ALL, 300_000);
}

#[test]
fn grids_and_layer_kinds() {
    for (rows, columns) in [(1, 1), (1, 2), (2, 1), (2, 2), (2, 4), (4, 2), (4, 1), (1, 4)] {
        for attention in [GQA, MLA, MLA_FULL] {
            for windows in ["mapping.sliding_windows=ignored", "mapping.sliding_windows=honoured"] {
                let case = Case::small(rows, columns, &[windows], &mixed(attention));
                case.proves(&decode(5, 70), 15, ALL);
                case.proves(&prefill(30, 6), 30, ALL);
            }
        }
    }
}

/// Sequences of different lengths, popular experts, and sequences that end and are followed by others.
#[test]
fn uneven_loads() {
    for (rows, columns) in [(1, 1), (2, 2), (3, 1)] {
        for attention in [GQA, MLA] {
            let model = mixed(attention);
            let case = Case::small(rows, columns, &["attention_buffer.capacity=1KB"], &model);
            let routing = Routing::Zipf { exponent: 1.3 };
            let router = Router::new(&routing, &model, &case.mapping, 3).expect("suits the model");
            let load = Load { contexts: vec![70, 9, 400], router, ..decode(3, 160) };
            case.proves(&load, 36, ALL);
            case.proves(&prefill(30, 6), 30, ALL);
        }
    }
}

#[test]
fn experts_cut_over_chips() {
    for (rows, columns) in [(1, 2), (2, 2), (2, 4), (1, 1)] {
        for attention in [GQA, MLA] {
            let case = Case::small(rows, columns, &["mapping.experts=cut"], &mixed(attention));
            case.proves(&decode(5, 70), 15, ALL);
            case.proves(&prefill(30, 6), 30, ALL);
        }
    }
}

#[test]
fn algorithms_rotations_and_schemes() {
    for algorithm in ["direct", "two-phase", "ring", "halving-doubling"] {
        for rotate in ["true", "false"] {
            for scheme in ["row-then-column", "hierarchical"] {
                let overrides = [
                    &format!("mapping.collective={algorithm}")[..],
                    &format!("mapping.rotate_partners={rotate}"),
                    &format!("mapping.all_chip={scheme}"),
                ];
                for (attention, rows, columns) in [(GQA, 4, 4), (MLA, 2, 4), (GQA, 4, 2)] {
                    let case = Case::small(rows, columns, &overrides, &mixed(attention));
                    case.proves(&decode(6, 50), 15, ALL);
                    case.proves(&prefill(12, 4), 12, ALL);
                }
            }
        }
    }
}

#[test]
fn caches_that_spill_to_hbm() {
    for attention in [GQA, MLA] {
        let windows = "mapping.sliding_windows=honoured";
        let case = Case::small(
            2,
            2,
            &["attention_buffer.capacity=4kB", windows, "hbm.stack_bandwidth=1GB/s"],
            &mixed(attention),
        );
        let load = decode(6, 400);
        let placement = case.placement(400, 6);
        assert!(placement.spilled_bytes_per_chip > placement.resident_bytes_per_chip);
        let recording = case.record(&load, placement, 20, ALL);
        assert!(recording.activity.events.hbm_bytes > 0);
        case.proves(&load, 20, ALL);
        case.proves(&prefill(60, 5), 60, ALL);
    }
}

#[test]
fn more_sequences_than_places() {
    let case = Case::small(2, 2, &["attention_buffer.capacity=4kB"], &mixed(GQA));
    let places = case.mapping.stages() as u32;
    case.proves(&decode(2 * places + 3, 64), u64::from(6 * places), ALL);
    case.proves(&prefill(4 * u64::from(places), 2 * places + 3), 4 * u64::from(places), ALL);
}

#[test]
fn a_token_uses_the_active_weights() {
    let model = mixed(GQA);
    let case = Case::small(2, 2, &[], &model);
    let mut load = decode(1, 9);
    load.start = sim::schedule::machine::Start::First;
    let recording = case.record(&load, case.placement(9, 1), 1, ALL);
    assert_eq!(recording.activity.tokens, 1);
    // The token that follows has not started any pass when the first one ends.
    assert_eq!(recording.activity.events.hn_weights, active_weights(&case.mapping, &model));
}

/// A run with streams, experts and messages, to be falsified.
fn sample() -> (Case, Load, Recording) {
    let overrides = ["attention_buffer.capacity=4kB", "mapping.collective=two-phase", "vex.nonlinear_lanes=16"];
    let case = Case::small(2, 2, &overrides, &mixed(GQA));
    let load = decode(4, 200);
    let recording = case.record(&load, case.placement(200, 4), 9, ALL);
    (case, load, recording)
}

/// Laws that the sample breaks after `falsify` has changed one record; it returns true when it has.
fn broken(mut falsify: impl FnMut(&mut Record) -> bool) -> Vec<Law> {
    let (case, load, mut recording) = sample();
    let found = recording.records.iter_mut().skip(2000).any(&mut falsify);
    assert!(found, "the sample has such a record");
    laws(&case, &load, &recording)
}

fn laws(case: &Case, load: &Load, recording: &Recording) -> Vec<Law> {
    let mut laws: Vec<Law> =
        check(recording, &case.subject(load, case.placement(200, 4))).iter().map(Violation::law).collect();
    laws.sort_unstable();
    laws.dedup();
    laws
}

#[test]
fn the_sample_is_right_before_it_is_falsified() {
    assert_eq!(broken(|_| true), []);
}

#[test]
fn a_shifted_interval_is_found() {
    for unit in [Unit::HnArray, Unit::VexNonlinear, Unit::VexAttention, Unit::AttentionBuffer, Unit::Hbm, Unit::Links] {
        for shift in [-1i64, 1] {
            let found = broken(|record| match record {
                Record::Served { unit: u, end, work, .. } if *u == unit && *work > 0 => {
                    *end = end.wrapping_add_signed(shift);
                    true
                }
                _ => false,
            });
            assert!(found.contains(&Law::Server), "{unit:?} shifted by {shift}: {found:?}");
        }
    }
}

#[test]
fn work_above_the_peak_is_found() {
    for unit in [Unit::HnArray, Unit::VexNonlinear, Unit::AttentionBuffer, Unit::Hbm, Unit::Links] {
        let found = broken(|record| match record {
            Record::Served { unit: u, work, .. } if *u == unit && *work > 1 => {
                *work -= 1;
                true
            }
            _ => false,
        });
        assert!(found.contains(&Law::Server), "{unit:?}: {found:?}");
        assert!(found.contains(&Law::Operations) || found.contains(&Law::Bytes), "{unit:?}: {found:?}");
    }
}

#[test]
fn a_late_or_early_result_is_found() {
    for unit in [Unit::HnArray, Unit::VexNonlinear, Unit::AttentionBuffer, Unit::Hbm, Unit::Links] {
        for shift in [-1i64, 1] {
            let found = broken(|record| match record {
                Record::Served { unit: u, done, .. } if *u == unit => {
                    *done = done.wrapping_add_signed(shift);
                    true
                }
                _ => false,
            });
            assert!(found.iter().any(|l| matches!(l, Law::Server | Law::Operations)), "{unit:?} {shift}: {found:?}");
        }
    }
}

#[test]
fn inflated_bytes_are_found() {
    let found = broken(|record| match record {
        Record::Message { bytes, .. } => {
            *bytes += 2;
            true
        }
        _ => false,
    });
    assert!(found.contains(&Law::Bytes), "{found:?}");
}

#[test]
fn an_early_or_late_wake_is_found() {
    for shift in [-1i64, 1] {
        let found = broken(|record| match record {
            Record::Reached { now, .. } => {
                *now = now.wrapping_add_signed(shift);
                true
            }
            _ => false,
        });
        assert!(found.contains(&Law::Causality), "{shift}: {found:?}");
    }
}

#[test]
fn missing_and_repeated_records_are_found() {
    let (case, load, recording) = sample();
    let at = |wanted: &dyn Fn(&Record) -> bool| recording.records.iter().skip(2000).position(wanted).unwrap() + 2000;
    let message = at(&|r| matches!(r, Record::Message { .. }));
    let pass = at(&|r| matches!(r, Record::Served { unit: Unit::HnArray, .. }));
    let read = at(&|r| matches!(r, Record::Served { unit: Unit::AttentionBuffer, .. }));
    let stream = at(&|r| matches!(r, Record::Served { unit: Unit::Hbm, .. }));
    let reached = at(&|r| matches!(r, Record::Reached { .. }));
    for (index, law) in [
        (message, Law::Causality),
        (message, Law::Bytes),
        (pass, Law::Operations),
        (read, Law::Operations),
        (stream, Law::Operations),
        (reached, Law::Causality),
    ] {
        let mut without = recording.clone();
        without.records.remove(index);
        assert!(laws(&case, &load, &without).contains(&law), "{law:?} without {:?}", recording.records[index]);
    }
    for (index, law) in [(message, Law::Bytes), (pass, Law::Operations), (read, Law::Server)] {
        let mut twice = recording.clone();
        twice.records.insert(index, recording.records[index]);
        assert!(laws(&case, &load, &twice).contains(&law), "{law:?} twice {:?}", recording.records[index]);
    }
}

#[test]
fn a_wrong_expert_is_found() {
    // The last pass on an expert goes to another slot of the same chip instead.
    let (case, load, mut recording) = sample();
    let first = case.compiled.hn_base.clone();
    let record = recording.records.iter_mut().skip(2000).find_map(|record| match record {
        Record::Served { place, unit: Unit::HnArray, index, .. } => {
            let program = case.compiled.program(place.layer as usize);
            let Some((_, sim::schedule::instruction::Instr::Hn { expert: Some(matrices), .. })) =
                program.instrs.get(place.instr as usize)
            else {
                return None;
            };
            let here = program.experts.most_per_chip as usize;
            let slot = index.checked_sub(first[place.layer as usize] + matrices.offset + place.chip as usize * here)?;
            (slot < here).then(|| *index = *index - slot + (slot + 1) % here)
        }
        _ => None,
    });
    assert!(record.is_some());
    assert!(laws(&case, &load, &recording).contains(&Law::Operations));
}

#[test]
fn wrong_accounts_are_found() {
    type Falsify = fn(&mut Recording);
    let wrong: [Falsify; 9] = [
        |r| r.settled.units.hn_array.busy += 1,
        |r| r.settled.links[1].idle[2] += 1,
        |r| r.settled.units.hbm.idle[0] += 1,
        |r| r.activity.spent.attention += 1,
        |r| r.activity.latency_cycles += 1,
        |r| r.activity.tokens += 1,
        |r| r.activity.events.hn_weights += 1,
        |r| r.activity.events.link_bytes -= 1,
        |r| r.end += 1,
    ];
    for (index, falsify) in wrong.into_iter().enumerate() {
        let (case, load, mut recording) = sample();
        falsify(&mut recording);
        assert_eq!(laws(&case, &load, &recording), [Law::Accounts], "account {index}");
    }
}

prop_compose! {
    fn attention()(
        mla in any::<bool>(), heads in 1u32..4, kv in 0u32..3, dim in 1u32..70, rank in prop::option::of(4u32..80),
        latent in 1u32..80, rope in 1u32..20, gate in any::<bool>(),
    ) -> Attention {
        if mla {
            Attention::Mla { heads: 4 * heads, q_lora: rank, kv_lora: latent, nope: dim, rope, v: dim, indexer: None }
        } else {
            // KV heads that divide the query heads and divide, or are divided by, up to four columns.
            Attention::Gqa { query_heads: 4 * heads, kv_heads: 1 << kv, head_dim: dim, output_gate: gate }
        }
    }
}

prop_compose! {
    fn ffn()(moe in any::<bool>(), experts in 1u32..40, active in 1u32..6, width in 1u32..200, shared in 0u32..150) -> Ffn {
        if moe {
            Ffn::Moe { experts, experts_per_token: active.min(experts), width, shared_width: shared }
        } else {
            Ffn::Dense { width }
        }
    }
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![Just(Span::Full), (1u32..60).prop_map(Span::Window), (1u32..60).prop_map(Span::Chunk)]
}

prop_compose! {
    fn layers()(
        attention in attention(), spans in prop::collection::vec(span(), 1..4),
        ffns in prop::collection::vec(ffn(), 3),
    ) -> Vec<Layer> {
        spans.into_iter().zip(ffns).map(|(span, ffn)| Layer { attention, ffn, span }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_machine_proves_right(
        (rows, columns) in (prop::sample::select(vec![1u32, 2, 3, 4]), prop::sample::select(vec![1u32, 2, 4])),
        layers in layers(), hidden in 1u32..400, vocabulary in 1u32..3000,
        clock in 1_000_000u64..3_000_000_000, link in 1_000_000u64..3_000_000_000_000, hop in 0u32..300,
        capacity in prop::sample::select(vec![1u64, 5_000, 1 << 30]), (hbm, stacks) in (1_000_000u64..900_000_000_000, 1u32..9),
        algorithm in prop::sample::select(vec!["direct", "two-phase", "ring", "halving-doubling"]),
        (rotate, hierarchical, windows) in (any::<bool>(), any::<bool>(), any::<bool>()),
        (sequences, context, seed) in (1u32..14, 1u64..300, any::<u64>()), (vectors, lanes) in (1u32..64, 1u32..3000),
    ) {
        let mut design = hnlpu(&[]);
        design.grid = designs::Grid { rows, columns };
        design.clock = Hertz::from_hz(clock);
        design.interconnect.link_bandwidth = BytesPerSecond::new(link);
        design.interconnect.hop_latency = Seconds::from_s(f64::from(hop) * 1e-9);
        design.attention_buffer.capacity = designs::Bytes::new(capacity);
        design.attention_buffer.banks = vectors * 7;
        design.hbm.stack_bandwidth = BytesPerSecond::new(hbm);
        design.hbm.stacks = stacks;
        design.vex.kv_vectors_per_cycle = vectors;
        design.vex.nonlinear_lanes = lanes;
        design.vex.nonlinear_latency = Cycles::new(u64::from(hop) % 7);
        let algorithm = if rows == 3 && algorithm == "halving-doubling" { "ring" } else { algorithm };
        design.mapping.collective = algorithm.parse().unwrap();
        design.mapping.rotate_partners = rotate;
        design.mapping.all_chip = designs::AllChip::ALL[usize::from(hierarchical)];
        design.mapping.sliding_windows = windows;
        let case = Case::new(design, &model(hidden, vocabulary, layers));
        let mut load = decode(sequences, context);
        load.seed = seed;
        for (load, positions, held, tokens) in [
            (load, context, u64::from(sequences), 2 * u64::from(sequences) + 1),
            (prefill(20, sequences), 20, 1, 20),
        ] {
            let violations = case.violations(&load, case.placement(positions, held), tokens, ALL);
            prop_assert!(violations.is_empty(), "{:#?}", &violations[..violations.len().min(5)]);
        }
    }
}
