//! The memory model against closed forms, against its checker, and against the reference curves of an independent
//! simulator.

use std::collections::BTreeSet;

use designs::{Dram, Override, load};
use proptest::prelude::*;
use sim::dram::{
    Channel, Command, CommandKind, Device, LoadPoint, Mapper, Outcome, Pattern, Request, Spec, Stall, Stream, checker,
    measure,
};

fn try_memory(kind: &str, sets: &[String]) -> Result<Dram, designs::Problems> {
    let sets: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    load::memory(kind, &sets, &load::no_files)
}

fn memory(kind: &str, sets: &[&str]) -> Dram {
    let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
    try_memory(kind, &sets).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Runs requests with every command checked.
fn run(memory: &Dram, requests: &[Request]) -> (Outcome, Vec<Command>) {
    let spec = Spec::new(memory);
    let (outcome, commands) = Channel::new(&spec).recording().run(requests);
    checker::commands(memory, &commands).unwrap_or_else(|violation| panic!("{violation}"));
    checker::requests(requests, &commands, outcome.forwarded + outcome.merged)
        .unwrap_or_else(|violation| panic!("{violation}"));
    let accounted: u64 = outcome.bus.values().sum();
    assert_eq!(accounted, outcome.ticks * u64::from(spec.pseudo_channels));
    assert_eq!(outcome.reads + outcome.writes, requests.len() as u64);
    assert_eq!(
        outcome.hits + outcome.misses + outcome.conflicts + outcome.forwarded + outcome.merged,
        requests.len() as u64
    );
    (outcome, commands)
}

fn reads(places: impl IntoIterator<Item = (u32, u32)>) -> Vec<Request> {
    let request = |(n, (bank, row))| Request { offered: 0, burst: n as u64, bank, row, write: false, tag: 0 };
    places.into_iter().enumerate().map(request).collect()
}

fn ticks(commands: &[Command], kind: CommandKind) -> Vec<u64> {
    commands.iter().filter(|c| c.kind == kind).map(|c| c.tick).collect()
}

const KINDS: [&str; 4] = ["hbm2", "hbm2e", "hbm3", "hbm3e"];
const ONE: &str = "organization.channels=1";
const NO_REFRESH: &str = "controller.refresh=false";

/// Clock cycles to ticks.
fn clocks(memory: &Dram, clocks: u32) -> u64 {
    u64::from(clocks) * u64::from(memory.commands.ticks_per_clock)
}

/// Ticks from the activation of a lone read to the end of its data.
fn lone_read(memory: &Dram) -> u64 {
    let (t, c) = (&memory.timing, &memory.commands);
    clocks(memory, t.t_rcd_read + t.t_cl + t.burst) + u64::from(c.activate_ticks) - u64::from(c.column_ticks)
}

#[test]
fn a_lone_read_takes_rcd_cl_and_its_burst() {
    for kind in KINDS {
        let memory = memory(kind, &[]);
        let (outcome, commands) = run(&memory, &reads([(0, 7)]));
        let rounded = lone_read(&memory).next_multiple_of(u64::from(memory.commands.ticks_per_clock));
        assert_eq!(outcome.latencies, [rounded], "{kind}");
        assert_eq!(commands.len(), 2);
        assert_eq!((outcome.misses, outcome.bus.data), (1, clocks(&memory, memory.timing.burst)));
    }
}

#[test]
fn hits_of_one_bank_group_follow_at_ccd_l_and_of_two_at_ccd_s() {
    for kind in KINDS {
        let memory = memory(kind, &[NO_REFRESH]);
        let n = 24;
        let (outcome, commands) = run(&memory, &reads((0..n).map(|_| (3, 5))));
        let at = ticks(&commands, CommandKind::Read);
        assert_eq!(at[23] - at[0], clocks(&memory, memory.timing.t_ccd_l) * 23, "{kind}");
        assert_eq!((outcome.hits, outcome.misses), (23, 1));
        let lost = clocks(&memory, memory.timing.t_ccd_l - memory.timing.burst) * 23;
        assert_eq!(outcome.bus.same_bank_group, lost, "{kind}");
        // Banks 0 and 4 lie in neighbouring groups. Both rows are open before the measured part.
        let (_, commands) = run(&memory, &reads((0..64).map(|n| (n % 2 * 4, 5))));
        let at = ticks(&commands, CommandKind::Read);
        assert_eq!(at[60] - at[30], clocks(&memory, memory.timing.t_ccd_s) * 30, "{kind}");
    }
}

#[test]
fn conflicts_of_one_bank_follow_at_rc() {
    for kind in KINDS {
        let memory = memory(kind, &[NO_REFRESH]);
        let (outcome, commands) = run(&memory, &reads((0..20).map(|n| (9, n))));
        let at = ticks(&commands, CommandKind::Activate);
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] == clocks(&memory, memory.timing.t_rc)), "{kind} {at:?}");
        assert_eq!((outcome.misses, outcome.conflicts), (1, 19));
    }
}

#[test]
fn activations_are_bound_by_faw() {
    for kind in KINDS {
        let faw = "timing.t_faw=60";
        let memory = memory(kind, &[NO_REFRESH, faw]);
        // Each burst in another bank, groups in turn.
        let (outcome, commands) = run(&memory, &reads((0..16).map(|n| (n % 4 * 4 + n / 4, 1))));
        let at = ticks(&commands, CommandKind::Activate);
        assert!(at.windows(5).all(|w| w[4] - w[0] == clocks(&memory, 60)), "{kind} {at:?}");
        assert!(outcome.bus.activate_window > 0, "{kind} {outcome:?} {commands:?}");
    }
}

#[test]
fn a_direction_change_costs_its_turnaround() {
    for kind in KINDS {
        let memory = memory(kind, &[NO_REFRESH]);
        let t = &memory.timing;
        let mut requests = reads([(0, 1), (0, 1)]);
        requests[1] = Request { write: true, offered: clocks(&memory, t.t_rcd_read + 2), ..requests[1] };
        let (outcome, commands) = run(&memory, &requests);
        let (read, write) = (ticks(&commands, CommandKind::Read)[0], ticks(&commands, CommandKind::Write)[0]);
        assert_eq!(write - read, clocks(&memory, t.t_rtw), "{kind}");
        assert_eq!(outcome.bus.turnaround, clocks(&memory, t.t_rtw + t.t_cwl - t.t_cl - t.burst));
        // A write first: the read comes later and waits for it.
        let mut requests = reads([(0, 1), (0, 1)]);
        requests[0].write = true;
        requests[1].offered = 200;
        let late = Request { offered: clocks(&memory, t.t_rcd_write + 2), ..requests[1] };
        let (_, commands) = run(&memory, &[requests[0], late]);
        let (write, read) = (ticks(&commands, CommandKind::Write)[0], ticks(&commands, CommandKind::Read)[0]);
        assert_eq!(read - write, clocks(&memory, t.t_cwl + t.burst + t.t_wtr_l), "{kind}");
    }
}

#[test]
fn closed_pages_close_with_the_last_access_of_a_row() {
    let memory = memory("hbm3", &[NO_REFRESH, "controller.page=closed"]);
    let (outcome, commands) = run(&memory, &reads([(0, 1), (0, 1), (0, 2)]));
    let kinds: Vec<_> = commands.iter().map(|c| c.kind).collect();
    use CommandKind::{Activate, Read, ReadClose};
    assert_eq!(kinds, [Activate, Read, ReadClose, Activate, ReadClose]);
    assert_eq!((outcome.hits, outcome.misses, outcome.conflicts), (1, 2, 0));
}

#[test]
fn an_aged_request_takes_its_bank_from_younger_hits() {
    let latency = |sets: &[&str]| {
        let memory = memory("hbm3", sets);
        // A stream of hits, offered slowly enough to enter, and one other row among them.
        let mut requests = reads((0..400).map(|n| (0, u32::from(n == 40))));
        requests.iter_mut().enumerate().for_each(|(n, r)| r.offered = n as u64 * 8);
        let (outcome, _) = run(&memory, &requests);
        *outcome.latencies.iter().max().unwrap()
    };
    let first = "controller.arbiter=hits-first";
    let (without, with) = (latency(&[NO_REFRESH, first]), latency(&[NO_REFRESH, first, "controller.age_cap=200"]));
    assert!(without > 2_000, "{without}");
    assert!((400..1_000).contains(&with), "{with}");
}

/// A saturated sequential stream of reads on one channel.
fn saturated(memory: &Dram, requests: u64) -> LoadPoint {
    let stream = Stream { pattern: Pattern::Sequential, reads: 1.0, requests, seed: 1 };
    measure(&Device::new(memory, 1).unwrap(), &stream, 1.0).unwrap()
}

#[test]
fn refresh_costs_its_share_of_the_time() {
    for kind in KINDS {
        let (with, without) = (memory(kind, &[ONE]), memory(kind, &[ONE, NO_REFRESH]));
        let t = &with.timing;
        let (with, without) = (saturated(&with, 60_000), saturated(&without, 60_000));
        let refresh = with.bus_ticks.refresh as f64 / (2 * with.ticks) as f64;
        let lost = 1.0 - without.ticks as f64 / with.ticks as f64;
        // Between the bare refresh, and the refresh with closing the banks before it and opening one after it.
        let least = f64::from(t.t_rfc) / f64::from(t.t_refi);
        let most = f64::from(t.t_rfc + t.t_ras + t.t_rp + t.t_rcd_read + t.t_cl) / f64::from(t.t_refi);
        assert!((0.9 * least..most).contains(&refresh), "{kind}: {refresh}, {least} to {most}");
        assert!(lost < most, "{kind}: {lost}, {most}");
        assert_eq!(without.bus_ticks.refresh, 0);
        let refreshes = with.ticks / (u64::from(t.t_refi) * u64::from(memory(kind, &[]).commands.ticks_per_clock));
        assert!(with.commands.refresh.abs_diff(2 * refreshes) <= 2, "{with:?}");
    }
}

#[test]
fn every_byte_of_a_device_is_moved_once_by_every_order() {
    for address in designs::AddressOrder::ALL {
        let mut memory = memory("hbm3", &[]);
        memory.controller.address = address;
        for (pattern, share) in [(Pattern::Sequential, 1.0), (Pattern::Strided(4096), 0.5), (Pattern::Random, 0.0)] {
            let stream = Stream { pattern, reads: share, requests: 4_000, seed: 3 };
            let device = Device::new(&memory, 2).unwrap();
            let point = measure(&device, &stream, 0.3).unwrap();
            let commands = point.commands;
            let moved = commands.read + commands.read_close + commands.write + commands.write_close;
            assert_eq!(moved + point.forwarded_reads + point.merged_writes, 4_000, "{address}");
            assert_eq!(point.bus_ticks.values().sum::<u64>(), point.ticks * u64::from(device.buses()));
            assert_eq!(point.bus_ticks.data, moved * device.spec().burst);
            assert_eq!(point, measure(&device, &stream, 0.3).unwrap());
        }
    }
}

#[test]
fn latency_rises_and_bandwidth_follows_the_load_up_to_saturation() {
    let memory = memory("hbm3", &[ONE]);
    let device = Device::new(&memory, 1).unwrap();
    let stream = Stream { pattern: Pattern::Random, reads: 1.0, requests: 10_000, seed: 1 };
    let points: Vec<_> = [0.05, 0.2, 0.9].map(|load| measure(&device, &stream, load).unwrap()).into();
    assert!(points.windows(2).all(|p| p[0].read_latency_mean_ns < p[1].read_latency_mean_ns));
    assert_eq!(points.iter().map(|p| p.saturated).collect::<Vec<_>>(), [false, false, true]);
    assert!((points[1].bandwidth_gb_per_s / points[1].offered_gb_per_s - 1.0).abs() < 0.03);
    let order =
        |p: &LoadPoint| [p.read_latency_p50_ns, p.read_latency_p95_ns, p.read_latency_p99_ns, p.read_latency_max_ns];
    assert!(points.iter().all(|p| order(p).is_sorted()));
}

/// Requests that meet few rows, so that all cases of the scheduler occur.
fn crowded(memory: &Dram, n: usize, seed: u64, share: f64, load: f64, rows: u32) -> Vec<Request> {
    let mapper = Mapper::new(memory, 1);
    let stream = Stream { pattern: Pattern::Random, reads: share, requests: n as u64, seed };
    let (mut split, _) = stream.split(&mapper, &Spec::new(memory), 1, load).unwrap();
    split[0].iter_mut().for_each(|request| {
        request.row %= rows;
        request.burst = u64::from(request.bank) << 40 | u64::from(request.row) << 8 | request.burst & 0x1f;
    });
    split.remove(0)
}

const TIMES: [(&str, u32); 18] = [
    ("t_cl", 40),
    ("t_cwl", 40),
    ("t_rcd_read", 40),
    ("t_rcd_write", 40),
    ("t_rp", 40),
    ("t_ras", 90),
    ("t_rc", 140),
    ("t_rtp", 20),
    ("t_wr", 40),
    ("t_ccd_l", 8),
    ("t_ccd_r", 8),
    ("t_rrd_s", 8),
    ("t_rrd_l", 10),
    ("t_faw", 60),
    ("t_wtr_s", 16),
    ("t_wtr_l", 20),
    ("t_rtw", 40),
    ("t_ppd", 6),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_run_breaks_a_rule(
        kind in prop::sample::select(&KINDS[..]),
        times in prop::collection::vec((0..TIMES.len(), 1_u32..140), 0..5),
        arbiter in prop::sample::select(&["oldest-ready", "older-hits-first", "hits-first"][..]),
        page in prop::sample::select(&["open", "closed"][..]),
        refresh in any::<bool>(),
        stops in prop::sample::select(&["pseudo-channel", "channel"][..]),
        age_cap in prop::sample::select(&[0_u32, 100][..]),
        queues in (1_u32..40, 2_u32..40),
        seed in any::<u64>(),
        share in prop::sample::select(&[0.0, 0.3, 0.7, 1.0][..]),
        load in prop::sample::select(&[0.02, 0.3, 1.0][..]),
        rows in 1_u32..6,
    ) {
        let mut sets = vec![
            ONE.to_owned(),
            format!("controller.arbiter={arbiter}"),
            format!("controller.page={page}"),
            format!("controller.refresh={refresh}"),
            format!("controller.refresh_stops={stops}"),
            format!("controller.age_cap={age_cap}"),
            format!("controller.read_queue={}", queues.0),
            format!("controller.write_queue={}", queues.1),
            format!("controller.write_high={}", queues.1),
            format!("controller.write_low={}", queues.1 / 3),
            "timing.t_refi=1700".to_owned(),
        ];
        sets.extend(times.into_iter().map(|(n, value)| format!("timing.{}={}", TIMES[n].0, value.min(TIMES[n].1))));
        // Times that contradict each other are refused: see the tests of `designs`.
        if let Ok(memory) = try_memory(kind, &sets) {
            let requests = crowded(&memory, 500, seed, share, load, rows);
            let (outcome, commands) = run(&memory, &requests);
            prop_assert_eq!((outcome, commands), run(&memory, &requests));
        }
    }
}

#[test]
fn the_checker_finds_each_command_that_comes_too_early() {
    let mut found = BTreeSet::new();
    for (sets, share, rows) in [
        (&[ONE, "timing.t_refi=1700"][..], 0.5, 3),
        (&[ONE, "controller.page=closed"][..], 0.6, 40),
        (
            &[
                ONE,
                "controller.page=closed",
                "timing.t_rtp=14",
                "organization.stack_ids=1",
                "organization.bank_groups=1",
            ][..],
            1.0,
            400,
        ),
        (&[ONE, "timing.t_faw=40", "timing.t_ppd=8"][..], 1.0, 400),
    ] {
        let memory = memory("hbm3", sets);
        let requests = crowded(&memory, 600, 5, share, 1.0, rows);
        let (_, commands) = run(&memory, &requests);
        for index in 1..commands.len() {
            let mut early = commands.clone();
            let clock =
                if matches!(early[index].kind, CommandKind::Precharge | CommandKind::PrechargeAll) { 1 } else { 2 };
            early[index].tick = early[index].tick.saturating_sub(clock);
            early.sort_by_key(|c| c.tick);
            if let Err(checker::Violation::TooEarly { rule, .. }) = checker::commands(&memory, &early) {
                found.insert(rule);
            }
        }
    }
    let all = [
        "command bus",
        "tRC",
        "tRCD",
        "tRCD of writes",
        "tRAS",
        "tRP",
        "tRTP",
        "tWR",
        "tRTP + tRP",
        "tWR + tRP",
        "tRFC",
        "tRRD_L",
        "tRRD_S",
        "tPPD",
        "tCCD_L of reads",
        "tCCD_L of writes",
        "tCCD_S of reads",
        "tCCD_S of writes",
        "tCCD_R",
        "tRTW",
        "tWTR_S",
        "tWTR_L",
        "tFAW",
    ];
    let missing: Vec<_> = all.into_iter().filter(|rule| !found.contains(rule)).collect();
    assert!(missing.is_empty(), "never broken: {missing:?}, found {found:?}");
}

#[test]
fn the_checker_finds_wrong_rows_and_lost_requests() {
    let memory = memory("hbm3", &[ONE]);
    let requests = crowded(&memory, 100, 5, 1.0, 0.2, 3);
    let (outcome, commands) = run(&memory, &requests);
    let not_issued = outcome.forwarded + outcome.merged;
    assert!(checker::requests(&requests[1..], &commands, not_issued).is_err());
    assert!(checker::requests(&requests, &commands[..commands.len() - 1], not_issued).is_err());
    let without = |kind| {
        let mut rest = commands.clone();
        let index = rest.iter().position(|c| c.kind == kind).unwrap();
        rest.remove(index);
        checker::commands(&memory, &rest)
    };
    assert!(matches!(without(CommandKind::Activate), Err(checker::Violation::State { .. })));
    assert!(matches!(without(CommandKind::Precharge), Err(checker::Violation::State { .. })));
}

const REFERENCE: &str = include_str!("../../tests/validation/ramulator2/hbm.csv");

/// A row of the reference.
#[derive(Debug)]
struct Reference {
    refresh: bool,
    kind: &'static str,
    stream: Stream,
    load: f64,
    ticks: u64,
    bandwidth: f64,
    latency: f64,
    controller_latency: f64,
}

impl Reference {
    /// The same run by the model.
    fn point(&self, sets: &[&str]) -> LoadPoint {
        let refresh = format!("controller.refresh={}", self.refresh);
        let sets: Vec<&str> = [ONE, refresh.as_str()].into_iter().chain(sets.iter().copied()).collect();
        let device = Device::new(&memory(self.kind, &sets), 1).unwrap();
        measure(&device, &self.stream, self.load).unwrap()
    }
}

fn reference() -> Vec<Reference> {
    let rows = REFERENCE.lines().filter(|line| line.starts_with("all-bank,") || line.starts_with("none,"));
    rows.map(|line| {
        let cells: Vec<&'static str> = line.split(',').collect();
        let number = |n: usize| cells[n].parse::<f64>().unwrap();
        let pattern = match cells[2].strip_prefix("strided:") {
            Some(bytes) => Pattern::Strided(bytes.parse().unwrap()),
            None if cells[2] == "random" => Pattern::Random,
            None => Pattern::Sequential,
        };
        Reference {
            refresh: cells[0] == "all-bank",
            kind: cells[1],
            stream: Stream { pattern, reads: number(3), requests: cells[4].parse().unwrap(), seed: 1 },
            load: number(5),
            ticks: cells[6].parse().unwrap(),
            bandwidth: number(7),
            latency: number(8),
            controller_latency: number(9),
        }
    })
    .collect()
}

/// Largest differences of bandwidth, latency and latency in the controller to the reference.
fn differences(rows: &[&Reference], sets: &[&str]) -> [f64; 3] {
    let mut most = [0.0_f64; 3];
    for row in rows {
        let point = row.point(sets);
        let off = |value: f64, reference: f64| if reference == 0.0 { 0.0 } else { (value / reference - 1.0).abs() };
        let all = [
            off(point.bandwidth_gb_per_s, row.bandwidth),
            off(point.read_latency_mean_ns.unwrap_or(0.0), row.latency),
            off(point.read_controller_latency_mean_ns.unwrap_or(0.0), row.controller_latency),
        ];
        if all.iter().any(|off| *off > 0.02) {
            println!("{row:?}: {all:?}");
        }
        most.iter_mut().zip(all).for_each(|(most, off)| *most = most.max(off));
    }
    println!("{} rows, {sets:?}: {most:?}", rows.len());
    most
}

#[test]
fn bandwidth_and_latency_follow_the_reference() {
    let rows = reference();
    assert_eq!(rows.len(), 116);
    let all: Vec<&Reference> = rows.iter().collect();
    // The reference stops the whole channel while a refresh is due.
    let [bandwidth, latency, controller] = differences(&all, &["controller.refresh_stops=channel"]);
    assert!(bandwidth < 0.05 && latency < 0.05 && controller < 0.05);
    // Without refresh reads agree to the tick.
    for row in rows.iter().filter(|row| !row.refresh) {
        assert_eq!(row.point(&[]).ticks, row.ticks, "{row:?}");
    }
}

#[test]
fn refresh_overhead_follows_the_reference() {
    let rows = reference();
    let ticks = |row: &Reference, model: bool| match model {
        true => row.point(&["controller.refresh_stops=channel"]).ticks as f64,
        false => row.ticks as f64,
    };
    let mut compared = 0;
    for without in rows.iter().filter(|row| !row.refresh && row.load == 1.0) {
        let same =
            |row: &&Reference| row.refresh && (row.kind, row.stream, row.load) == (without.kind, without.stream, 1.0);
        let with = rows.iter().find(same).expect("each run without refresh has one with it");
        let overhead = |model| 1.0 - ticks(without, model) / ticks(with, model);
        println!("{} {:?}: {} against {}", with.kind, with.stream.pattern, overhead(true), overhead(false));
        assert!((overhead(true) - overhead(false)).abs() < 0.005);
        compared += 1;
    }
    assert_eq!(compared, 6);
}

#[test]
fn pseudo_channels_that_refresh_alone_stay_near_the_reference() {
    let rows = reference();
    let refreshed: Vec<&Reference> = rows.iter().filter(|row| row.refresh).collect();
    let [bandwidth, _, controller] = differences(&refreshed, &[]);
    assert!(bandwidth < 0.05 && controller < 0.05, "{bandwidth} {controller}");
}

#[test]
fn stalls_have_names() {
    assert_eq!(Stall::ALL.map(Stall::name).len(), 10);
    assert_eq!(Stall::NoRequest.title(), "no request");
}
