//! Timelines follow the trace event format and tell what the run did.

mod common;

use std::collections::BTreeMap;
use std::io;

use common::{GQA, hnlpu, mixed};
use designs::{Design, Grid, Model};
use serde_json::Value;
use sim::timeline::Timeline;
use sim::units::Unit;
use sim::{Discipline, Fidelity, Phase, Prepared, Request, TraceError};

fn request<'a>(design: &'a Design, model: &'a Model, phase: Phase, context: u64, sequences: u64) -> Request<'a> {
    Request {
        grid: Some(Grid { rows: 2, columns: 2 }),
        context,
        sequences: Some(sequences),
        phase,
        seed: 3,
        ..Request::of(design, model)
    }
}

/// A decimal number of microseconds as attoseconds.
fn attoseconds(text: &str) -> u128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 12 && !part.ends_with('0'), "{text}");
    let digits = |text: &str| if text.is_empty() { 0 } else { text.parse::<u128>().expect("digits") };
    digits(whole) * 1_000_000_000_000 + digits(&format!("{part:0<12}"))
}

/// The number that follows a key of a line, as written.
fn number<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!("\"{key}\":")).expect("the key").1;
    &rest[..rest.find([',', '}']).expect("an end")]
}

/// A track: its process and thread.
type Key = (u64, u64);

/// What the strict reader found.
#[derive(Default)]
struct Read {
    processes: BTreeMap<u64, String>,
    threads: BTreeMap<Key, String>,
    /// Cycles of all services by track.
    cycles: BTreeMap<Key, u64>,
    services: u64,
    /// Names of all waits by the name of their track without numbers.
    waits: BTreeMap<String, BTreeMap<String, u64>>,
    tokens: u64,
    layers: u64,
    other: Value,
}

/// Reads a timeline and demands all that the format and the documentation promise.
fn read(text: &str) -> Read {
    let whole: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(whole["displayTimeUnit"], "ns");
    let keys: Vec<&String> = whole.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    let mut read = Read { other: whole["otherData"].clone(), ..Read::default() };
    let last = text.lines().last().unwrap();
    let (from, to) = (attoseconds(number(last, "from_us")), attoseconds(number(last, "to_us")));
    let mut open: BTreeMap<Key, Vec<(u128, Value)>> = BTreeMap::new();
    let mut latest: BTreeMap<Key, u128> = BTreeMap::new();
    let events = whole["traceEvents"].as_array().unwrap();
    // One event a line, so that numbers can be read as written.
    let lines: Vec<&str> = text.lines().skip(1).take(events.len()).collect();
    for (event, line) in events.iter().zip(lines) {
        let key = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        match event["ph"].as_str().unwrap() {
            "M" => {
                let name = event["args"]["name"].as_str().map(str::to_owned);
                let known = match event["name"].as_str().unwrap() {
                    "process_name" => read.processes.insert(key.0, name.unwrap()),
                    "thread_name" => read.threads.insert(key, name.unwrap()),
                    "process_sort_index" | "thread_sort_index" => {
                        event["args"]["sort_index"].as_u64().map(|_| None).unwrap()
                    }
                    other => panic!("{other}"),
                };
                assert_eq!(known, None, "named twice: {line}");
            }
            phase @ ("B" | "E") => {
                assert!(read.threads.contains_key(&key) && read.processes.contains_key(&key.0), "no name yet: {line}");
                let at = attoseconds(number(line, "ts"));
                assert!((from..=to).contains(&at), "outside the window: {line}");
                let latest = latest.entry(key).or_insert(at);
                assert!(at >= *latest, "out of order: {line}");
                *latest = at;
                let stack = open.entry(key).or_default();
                let tokens = read.processes[&key.0] == "tokens";
                if phase == "E" {
                    let (begun, event) = stack.pop().unwrap_or_else(|| panic!("nothing to end: {line}"));
                    assert!(at > begun || event["cat"] != "service", "a service takes time: {event}");
                    continue;
                }
                stack.push((at, event.clone()));
                assert!(stack.len() <= if tokens { 2 } else { 1 }, "spans overlap: {line}");
                match event["cat"].as_str().unwrap() {
                    "service" => {
                        assert!(!tokens);
                        read.services += 1;
                        *read.cycles.entry(key).or_default() += event["args"]["cycles"].as_u64().unwrap();
                    }
                    "wait" => {
                        assert!(!tokens);
                        let args = &event["args"];
                        let name = event["name"].as_str().unwrap();
                        let of = read.threads[&key].trim_start_matches(|c: char| !c.is_alphabetic()).to_owned();
                        let kind = of.replace(|c: char| c.is_ascii_digit(), "N");
                        if let Some(bank) = args["bank"].as_u64() {
                            assert!(name.ends_with(&format!("bank {bank}")), "{line}");
                        }
                        assert!(args["cycles"].as_u64().unwrap() > 0);
                        *read.waits.entry(kind).or_default().entry(name.to_owned()).or_default() += 1;
                    }
                    "token" => read.tokens += 1,
                    "layer" => read.layers += 1,
                    other => panic!("{other}"),
                }
            }
            other => panic!("phase {other}"),
        }
    }
    assert!(open.values().all(Vec::is_empty), "a span does not end");
    let mut names: Vec<(u64, &String)> = read.threads.iter().map(|((pid, _), name)| (*pid, name)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), read.threads.len(), "two tracks of a process have one name");
    read
}

/// Cycles of the services of a unit.
fn cycles_of(read: &Read, unit: Unit) -> u64 {
    let of_unit = |key: &&Key| match unit {
        Unit::Links => read.processes[&key.0] == "links",
        unit => read.processes[&key.0].starts_with("chip ") && read.threads[key].starts_with(unit.title()),
    };
    read.cycles.iter().filter(|(key, _)| of_unit(key)).map(|(_, cycles)| cycles).sum()
}

fn trace(prepared: &Prepared, tokens: u64, spans: u64) -> (Timeline, Read) {
    let mut text = Vec::new();
    let timeline = prepared.trace(tokens, spans, &mut text).expect("memory takes it");
    let read = read(std::str::from_utf8(&text).expect("UTF-8"));
    for unit in Unit::ALL {
        let busy = timeline.settled.units[unit].busy;
        assert_eq!(cycles_of(&read, unit), busy, "{}", unit.title());
        assert_eq!(read.other["busy_cycles"][unit.name()], busy);
    }
    assert_eq!(read.other["truncated"], !timeline.complete);
    (timeline, read)
}

/// Clocks and bandwidths whose cycles are no whole nanoseconds, and a cache that spills to HBM.
const ODD: [&str; 4] = [
    "chip.clock=1.3GHz",
    "interconnect.link_bandwidth=7.7GB/s",
    "hbm.stack_bandwidth=13GB/s",
    "attention_buffer.capacity=1KB",
];

#[test]
fn a_whole_prompt_has_the_busy_cycles_of_the_result() {
    for overrides in [&[][..], &ODD[..]] {
        let (design, model) = (hnlpu(overrides), mixed(GQA));
        let prepared = Prepared::new(request(&design, &model, Phase::Prefill, 40, 8)).unwrap();
        let (timeline, read) = trace(&prepared, 40, 1_000_000);
        assert!(timeline.complete && timeline.from == 0);
        let answer = prepared.run();
        for account in &answer.units {
            let usage = &timeline.settled.units[account.unit];
            assert_eq!(account.busy_pct, usage.busy as f64 / usage.total() as f64 * 100.0, "{}", account.unit.title());
        }
        assert_eq!((read.tokens, read.layers), (40, 40 * 3));
        assert_eq!(read.services + read.tokens + read.layers, timeline.spans);
        assert_eq!(read.processes.values().filter(|name| name.starts_with("chip ")).count(), 4);
        assert_eq!(read.threads.keys().filter(|(pid, _)| read.processes[pid] == "links").count(), 8);
    }
}

#[test]
fn a_window_of_decode_cuts_what_crosses_its_edges() {
    for overrides in [&[][..], &ODD[..]] {
        let (design, model) = (hnlpu(overrides), mixed(GQA));
        let prepared = Prepared::new(request(&design, &model, Phase::Decode, 100, 12)).unwrap();
        let (timeline, read) = trace(&prepared, 5, 1_000_000);
        assert!(timeline.complete && timeline.from > 0);
        assert_eq!(timeline.tokens, 5);
        assert!(read.tokens >= 12, "tokens in the machine at the first edge are there: {}", read.tokens);
    }
}

/// In cycles a timeline tells what each link, bank and control unit was waited for.
#[test]
fn waits_in_cycles_name_credits_and_banks() {
    let links = ["interconnect.receive_buffer=1KB", "interconnect.adder_bytes=4", "attention_buffer.capacity=60KB"];
    let banks =
        ["attention_buffer.banks=3", "attention_buffer.port_bits=8", "chip.issue_cycles=3", "chip.clock=1.3GHz"];
    let in_memory = ["chip N to chip N, credits", "idle DRAM bus N", "space for streams"];
    let on_chip = ["banks of the attention buffer", "instruction issue"];
    for (overrides, phase, context, expected) in [
        (&links[..], Phase::Decode, 600, &in_memory[..]),
        (&banks[..], Phase::Decode, 600, &on_chip[..]),
        (&banks[..], Phase::Prefill, 40, &on_chip[..]),
    ] {
        let (design, model) = (hnlpu(overrides), mixed(GQA));
        let asked = Request { fidelity: Fidelity::Cycle, ..request(&design, &model, phase, context, 12) };
        let prepared = Prepared::new(asked).unwrap();
        let (timeline, read) = trace(&prepared, 30, 2_000_000);
        assert!(timeline.complete);
        let waits: u64 = read.waits.values().flat_map(BTreeMap::values).sum();
        assert!(read.services + waits + read.tokens + read.layers <= timeline.spans);
        for kind in expected {
            let found = &read.waits;
            assert!(found.contains_key(*kind), "{phase:?}: {kind} of {:?}", found.keys());
        }
        if let Some(bus) = read.waits.get("idle DRAM bus N") {
            let opened = bus.keys().filter(|name| name.starts_with("activate, bank")).count();
            assert!(opened > 4, "{bus:?}");
        }
    }
}

#[test]
fn the_limit_of_spans_ends_a_window() {
    let (design, model) = (hnlpu(&[]), mixed(GQA));
    let prepared = Prepared::new(request(&design, &model, Phase::Decode, 100, 12)).unwrap();
    let (timeline, read) = trace(&prepared, 1000, 500);
    assert!(!timeline.complete);
    // One event adds the messages of a phase and the requests of an instruction.
    assert!((500..560).contains(&timeline.spans), "{}", timeline.spans);
    assert!(read.services + read.tokens + read.layers <= timeline.spans, "requests after the end are left out");
}

/// Fails after some bytes.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("full"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn errors_are_reported() {
    let (design, model) = (hnlpu(&[]), mixed(GQA));
    let decode = request(&design, &model, Phase::Decode, 100, 4);
    let prepared = Prepared::new(decode.clone()).unwrap();
    assert!(matches!(prepared.trace(4, 1000, &mut Full(5000)), Err(TraceError::Write(_))));
    for without in [
        Request { fidelity: Fidelity::Analytic, ..decode.clone() },
        Request { discipline: Discipline::Lockstep, ..decode.clone() },
    ] {
        let prepared = Prepared::new(without).unwrap();
        assert!(matches!(prepared.trace(4, 1000, &mut io::sink()), Err(TraceError::NoEvents)));
    }
    let long = Prepared::new(Request { context: 5000, phase: Phase::Prefill, ..decode }).unwrap();
    assert!(matches!(long.trace(4, 1000, &mut io::sink()), Err(TraceError::LongPrompt { .. })));
}
