//! The embedding table in HBM: reads against the closed forms and the checker, capacity, and nothing while it is off.

mod common;

use common::*;
use sim::checker::{Law, Record, Violation, check};
use sim::schedule::machine::Start;
use sim::units::Unit;
use sim::{Discipline, Fidelity, Phase, Request, SimulateError, Simulation, simulate};

const ON: &str = "mapping.embedding=hbm";
const ALL: u64 = u64::MAX;

fn try_ask(
    (context, sequences, phase): (u64, Option<u64>, Phase),
    discipline: Discipline,
    fidelity: Fidelity,
    overrides: &[&str],
) -> Result<Simulation, SimulateError> {
    let (design, model) = (hnlpu(overrides), gpt_oss());
    simulate(Request {
        grid: Some(design.grid),
        context,
        sequences,
        phase,
        discipline,
        fidelity,
        allow_beyond_model_context: true,
        ..Request::of(&design, &model)
    })
}

fn ask(context: u64, sequences: u64, discipline: Discipline, fidelity: Fidelity, overrides: &[&str]) -> Simulation {
    try_ask((context, Some(sequences), Phase::Decode), discipline, fidelity, overrides).expect("a valid request")
}

#[test]
fn off_changes_nothing_and_is_not_mentioned() {
    for discipline in Discipline::ALL {
        for fidelity in [Fidelity::Event, Fidelity::Analytic] {
            let default = ask(2048, 3, discipline, fidelity, &[]);
            let off = ask(2048, 3, discipline, fidelity, &["mapping.embedding=none", "hbm.read_latency=7 us"]);
            let [mut default, off] = [default, off].map(|answer| serde_json::to_value(&answer).unwrap());
            assert_eq!(default, off);
            // The format of the release names the embedding whether or not its reads are simulated.
            default.as_object_mut().unwrap().remove("released_weights");
            assert!(!default.to_string().contains("embedding"));
        }
    }
}

#[test]
fn the_table_is_divided_over_the_chips() {
    let table = ask(2048, 1, Discipline::Dataflow, Fidelity::Analytic, &[ON]).embedding.expect("it is on");
    // 2,880 elements of 2 bytes over 16 chips, 201,088 rows.
    assert_eq!((table.row_bytes_per_chip, table.table_bytes_per_chip), (360, 201_088 * 360));
    let table = ask(2048, 1, Discipline::Dataflow, Fidelity::Analytic, &[ON, "mapping.embedding_bits=4"]).embedding;
    assert_eq!(table.map(|t| t.row_bytes_per_chip), Some(90));
}

/// One token alone: the row from HBM, its latency, and the gathering in rows and columns.
#[test]
fn a_token_alone_takes_the_read_and_the_gathering_longer() {
    let discipline = Discipline::Dataflow;
    let latency = |overrides: &[&str]| ask(2048, 1, discipline, Fidelity::Event, overrides).token_latency_us * 1e3;
    let added = latency(&[ON]) - latency(&[]);
    // 360 bytes at 6,552 bytes a cycle, 100 cycles of latency. A chip sends its 360 bytes to three peers of its row, then
    // the 1,440 bytes of the row to three peers of its column, over links of 128 bytes a cycle and 100 cycles a hop.
    let expected = (1 + 100) + (360_u64.div_ceil(128) + 100) + (1440_u64.div_ceil(128) + 100);
    assert!((added - expected as f64).abs() <= 1.0, "{added} cycles longer, expected {expected}");
}

/// The closed forms deviate from events as far as without the table, and by no more than half a per mille on top.
#[test]
fn events_agree_with_the_closed_forms() {
    let slow = ["hbm.stack_bandwidth=20GB/s", "hbm.serial_bandwidth=50GB/s"];
    for (discipline, context, sequences) in [
        (Discipline::Dataflow, 2048, 1),
        (Discipline::Dataflow, 262_144, 1),
        (Discipline::Lockstep, 2048, 216),
        (Discipline::Serial, 2048, 216),
        (Discipline::Serial, 524_288, 1),
    ] {
        for overrides in [&[][..], &slow, &["hbm.read_latency=20 us"]] {
            let deviation = |embedding: &str| {
                let overrides: Vec<&str> = [embedding].iter().chain(overrides).copied().collect();
                let [event, analytic] = [Fidelity::Event, Fidelity::Analytic]
                    .map(|fidelity| ask(context, sequences, discipline, fidelity, &overrides).throughput_tokens_per_s);
                event / analytic - 1.0
            };
            let (on, off) = (deviation(ON), deviation("mapping.embedding=none"));
            let what = format!("{discipline:?} {context} x {sequences} {overrides:?}");
            assert!((on - off).abs() < 0.0005, "{what}: events deviate by {on:+.5}, without the table by {off:+.5}");
        }
    }
}

/// Reading a row takes time, links and energy: it never helps.
#[test]
fn no_discipline_is_faster_with_it() {
    let slow = ["hbm.stack_bandwidth=20GB/s", "hbm.serial_bandwidth=50GB/s"];
    for discipline in Discipline::ALL {
        for fidelity in [Fidelity::Event, Fidelity::Analytic] {
            for (context, sequences, phase) in [
                (2048, Some(1), Phase::Decode),
                (2048, None, Phase::Decode),
                (200_000, Some(2), Phase::Decode),
                (512, None, Phase::Prefill),
            ] {
                for bandwidth in [&[][..], &slow] {
                    let with: Vec<&str> = [ON].iter().chain(bandwidth).copied().collect();
                    let asked = (context, sequences, phase);
                    let off = try_ask(asked, discipline, fidelity, bandwidth).expect("a valid request");
                    let on = try_ask(asked, discipline, fidelity, &with).expect("a valid request");
                    let what = format!("{asked:?} {discipline:?} {fidelity:?} {bandwidth:?}");
                    let (rate, before) = (on.throughput_tokens_per_s, off.throughput_tokens_per_s);
                    assert!(rate <= before * (1.0 + 1e-9), "{what}: {rate} tokens/s, {before} without");
                    assert!(on.token_latency_us >= off.token_latency_us, "{what}");
                    assert_eq!(on.in_flight_limit, off.in_flight_limit, "{what}");
                    // A token reads a row on every chip. In steady state a window cuts tokens, and where caches spill, their
                    // part in HBM differs from run to run.
                    let rows = on.activity_per_token.hbm_bytes - off.activity_per_token.hbm_bytes;
                    if off.kv_cache.spilled_bytes_per_chip == 0 {
                        let within = if phase == Phase::Prefill { 1e-6 } else { 0.05 };
                        assert!((rows / (16.0 * 360.0) - 1.0).abs() <= within, "{what}: {rows} bytes of rows");
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_takes_capacity_from_the_cache() {
    let asked = |context, sequences| (context, Some(sequences), Phase::Decode);
    let small = |capacity| ["hbm.stacks=1", capacity];
    // 72,391,680 bytes of table on a chip.
    let [one, capacity] = small("hbm.stack_capacity=72391679 B");
    let error = try_ask(asked(2048, 1), Discipline::Dataflow, Fidelity::Analytic, &[ON, one, capacity]).unwrap_err();
    assert_eq!(error, SimulateError::EmbeddingCapacity { needed: 72_391_680, capacity: 72_391_679 });
    assert!(error.to_string().contains("the embedding table takes 72391680 bytes on a chip"), "{error}");
    // 4,608 bytes of cache per position and chip, in 320 MB of buffer and what HBM has left.
    let [one, capacity] = small("hbm.stack_capacity=72391680 B");
    let fits = 320_000_000 / 4608;
    let ask =
        |context, overrides: &[&str]| try_ask(asked(context, 1), Discipline::Dataflow, Fidelity::Analytic, overrides);
    assert!(ask(fits, &[ON, one, capacity]).is_ok());
    let error = ask(fits + 8, &[ON, one, capacity]).unwrap_err();
    assert!(error.to_string().contains("beside 72391680 bytes of embedding table"), "{error}");
    assert!(ask(fits + 8, &[one, capacity]).is_ok());
}

/// A small machine with the table in HBM and caches that spill there too.
fn small(attention: designs::Attention) -> Case {
    let overrides = [ON, "attention_buffer.capacity=4kB", "hbm.stack_bandwidth=1GB/s", "mapping.collective=two-phase"];
    Case::small(2, 2, &overrides, &mixed(attention))
}

#[test]
fn the_checker_proves_the_reads() {
    let case = Case::new(hnlpu(&[ON]), &gpt_oss());
    case.proves(&decode(3, 2048), 6, ALL);
    case.proves(&decode(216, 2048), ALL, 300_000);
    for attention in [GQA, MLA, MLA_FULL] {
        case_of(attention);
    }
}

fn case_of(attention: designs::Attention) {
    let case = small(attention);
    let places = case.mapping.stages() as u32;
    case.proves(&decode(6, 400), 20, ALL);
    case.proves(&decode(2 * places + 3, 64), u64::from(6 * places), ALL);
    case.proves(&prefill(60, 5), 60, ALL);
    let one = Case::small(1, 1, &[ON], &mixed(attention));
    one.proves(&decode(5, 70), 15, ALL);
    one.proves(&prefill(30, 6), 30, ALL);
}

/// Laws that the run breaks once `falsify` has changed the first read of a row.
fn broken(falsify: impl Fn(&mut Record)) -> Vec<Law> {
    let case = small(GQA);
    let mut load = decode(4, 200);
    load.start = Start::First;
    let placement = case.placement(200, 4);
    let mut recording = case.record(&load, placement, 9, ALL);
    let read = recording.records.iter_mut().find(|r| matches!(r, Record::Served { unit: Unit::Hbm, .. }));
    falsify(read.expect("a token reads its row"));
    let found = check(&recording, &case.subject(&load, placement));
    let mut laws: Vec<Law> = found.iter().map(Violation::law).collect();
    laws.sort_unstable();
    laws.dedup();
    laws
}

#[test]
fn falsified_reads_are_found() {
    assert_eq!(broken(|_| {}), []);
    let changed = |change: fn(&mut u64, &mut u64, &mut u64)| {
        broken(|record| {
            if let Record::Served { work, end, done, .. } = record {
                change(work, end, done);
            }
        })
    };
    assert!(changed(|_, _, done| *done += 1).contains(&Law::Server), "late");
    assert!(changed(|_, _, done| *done -= 1).contains(&Law::Server), "early");
    assert!(changed(|work, _, _| *work -= 1).contains(&Law::Operations), "too few bytes");
    assert!(changed(|work, end, _| (*work, *end) = (*work + 1, *end + 1)).contains(&Law::Operations), "too many bytes");
}
