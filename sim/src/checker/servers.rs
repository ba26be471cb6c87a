//! Servers one by one: exclusive use, service in order without waste, exact completion, accounts.
//!
//! A server of `hz` works in cycles of its own; beside a chip clock of `f` its cycle `e` ends at reference cycle
//! `ceil(e f / hz)`, and a request made at reference cycle `t` begins at its own cycle `ceil(t hz / f)` at the
//! earliest. Both are computed here from the design, without the engine's clock domains.

use std::collections::{BTreeMap, BTreeSet};

use designs::{Framing, Interconnect};

use super::flits::Flits;
use super::recording::{Record, Recording, Subject};
use super::violation::{Findings, Violation};
use crate::engine::Usage;
use crate::schedule::trace::Place;
use crate::units::Unit;

/// Clocks and latencies of the units of a design.
struct Rates {
    clock: u128,
    link: u128,
    buffer: u128,
    hbm: u128,
    hop: u64,
    read_latency: u64,
    /// Latency of an embedding row from HBM; streams of the cache have none.
    row_latency: u64,
    nonlinear_latency: u64,
}

/// Bytes per second of a link: its bandwidth, or a receive buffer in each round trip of two hops and a flit if that is less.
fn link_rate(links: &Interconnect) -> u64 {
    let bandwidth = links.link_bandwidth.get();
    match links.framing {
        Framing::None => bandwidth,
        Framing::Flits => {
            let flit_seconds = f64::from(links.flit_bytes) / bandwidth as f64;
            let credited = links.receive_buffer.get() as f64 / (2.0 * links.hop_latency.s() + flit_seconds);
            bandwidth.min(credited as u64).max(1)
        }
    }
}

impl Rates {
    fn new(subject: &Subject) -> Self {
        let design = subject.design;
        Self {
            clock: design.clock.hz().into(),
            link: match subject.compiled.specs.cycle {
                Some(_) => design.interconnect.link_bandwidth.get(),
                None => link_rate(&design.interconnect),
            }
            .into(),
            buffer: subject.compiled.specs.attention_buffer.bytes_per_second.into(),
            hbm: u128::from(design.hbm.stacks) * u128::from(design.hbm.stack_bandwidth.get()),
            hop: design.interconnect.hop_latency.cycles_at(design.clock).get(),
            read_latency: design.attention_buffer.latency.get(),
            row_latency: design.hbm.read_latency.cycles_at(design.clock).get(),
            nonlinear_latency: design.vex.nonlinear_latency.get(),
        }
    }

    /// Frequency of a unit's own domain.
    fn hz(&self, unit: Unit) -> u128 {
        match unit {
            Unit::HnArray | Unit::VexNonlinear | Unit::VexAttention => self.clock,
            Unit::AttentionBuffer => self.buffer,
            Unit::Hbm => self.hbm,
            Unit::Links => self.link,
        }
    }

    /// First own cycle at or after reference cycle `t`.
    fn own(&self, unit: Unit, t: u64) -> u64 {
        (u128::from(t) * self.hz(unit)).div_ceil(self.clock) as u64
    }

    /// First reference cycle at or after own cycle `e`.
    fn reference(&self, unit: Unit, e: u64) -> u64 {
        (u128::from(e) * self.clock).div_ceil(self.hz(unit)) as u64
    }

    /// Cycles between the end of service and the result; `None` where it depends on the operation.
    fn latency(&self, unit: Unit) -> Option<u64> {
        match unit {
            Unit::HnArray => None,
            Unit::VexNonlinear => Some(self.nonlinear_latency),
            Unit::VexAttention | Unit::Hbm => Some(0),
            Unit::AttentionBuffer => Some(self.read_latency),
            Unit::Links => Some(self.hop),
        }
    }
}

/// Checks every server's requests and the accounts of all.
pub(super) fn check(recording: &Recording, subject: &Subject, findings: &mut Findings) {
    let rates = Rates::new(subject);
    // Time of the last request, end of the last service, cycles of work before the end of the recording.
    let mut servers: BTreeMap<(Unit, usize), (u64, u64, u64)> = BTreeMap::new();
    // Places of the embedding rows read so far.
    let mut rows: BTreeSet<Place> = BTreeSet::new();
    let mut flits = Flits::of(subject);
    for (number, record) in recording.records.iter().enumerate() {
        let Record::Served { place, unit, index, now, work, end, done } = *record else { continue };
        let (before, free, busy) = servers.entry((unit, index)).or_default();
        let server = (unit, index);
        let Some(start) = end.checked_sub(work) else {
            findings.expect(false, || Violation::MoreWorkThanTime { server, place, work, end });
            continue;
        };
        let (last, free_at, earliest) = (*before, *free, rates.own(unit, now));
        let possible = earliest.max(free_at);
        findings.expect(now >= last, || Violation::RequestOrder { server, place, now, before: last });
        findings.expect(start >= free_at, || Violation::Overlap { server, place, start, free: free_at });
        findings.expect(start >= earliest, || Violation::StartsEarly { server, place, start, earliest });
        findings.expect(start <= possible, || Violation::Idles { server, place, start, possible });
        if let (Unit::Links, Some(flits)) = (unit, &mut flits) {
            let Some(&Record::Message { bytes, adds, .. }) = recording.records.get(number + 1) else { continue };
            let (occupied, taken) = flits.message(index, start, bytes, adds);
            findings.expect(work == occupied, || Violation::Occupied {
                server,
                place,
                found: work,
                expected: occupied,
            });
            let expected = rates.reference(unit, taken);
            findings.expect(done == expected, || Violation::Completion { server, place, done, expected });
            *busy += end.min(rates.own(unit, recording.end)).saturating_sub(start);
            (*before, *free) = (now, end);
            continue;
        }
        let complete = rates.reference(unit, end);
        // The first request to HBM of a token at the first instruction is for its embedding row.
        let first = subject.mapping.embedding.is_some() && (place.layer, place.instr) == (0, 0);
        let row = unit == Unit::Hbm && first && rows.insert(place);
        let latency = if row { Some(rates.row_latency) } else { rates.latency(unit) };
        match latency.map(|latency| complete + latency) {
            Some(expected) => {
                findings.expect(done == expected, || Violation::Completion { server, place, done, expected });
            }
            None => findings.expect(done > complete, || Violation::NoDepth { server, place, done, end: complete }),
        }
        let closing = rates.own(unit, recording.end);
        *busy += end.min(closing).saturating_sub(start);
        (*before, *free) = (now, end);
    }
    accounts(recording, subject, &rates, &servers, findings);
}

/// Busy cycles of the accounts are the recorded work; busy and idle cycles add up to the elapsed time.
fn accounts(
    recording: &Recording,
    subject: &Subject,
    rates: &Rates,
    servers: &BTreeMap<(Unit, usize), (u64, u64, u64)>,
    findings: &mut Findings,
) {
    let settled = &recording.settled;
    let chips = u64::from(subject.mapping.grid.chips());
    let layers = subject.mapping.layer_kinds.len() as u64 + 1;
    let groups = subject.design.vex.lane_groups.map_or(layers, |groups| layers.min(groups.into()));
    let lanes = groups * chips;
    let busy_of = |unit: Unit| servers.iter().filter(|((u, _), _)| *u == unit).map(|(_, (_, _, busy))| *busy).sum();
    let mut account = |unit: Unit, link: Option<usize>, usage: &Usage, count: u64, expected: u64| {
        let found = usage.busy;
        findings.expect(found == expected, || Violation::BusyCycles { unit, link, found, expected });
        let (found, expected) = (usage.total(), count * rates.own(unit, recording.end));
        findings.expect(found == expected, || Violation::ElapsedCycles { unit, link, found, expected });
    };
    for (unit, usage) in settled.units {
        let count = match unit {
            Unit::HnArray => subject.compiled.hn_instances as u64,
            Unit::VexNonlinear | Unit::VexAttention => lanes,
            Unit::AttentionBuffer | Unit::Hbm => chips,
            Unit::Links => settled.links.len() as u64,
        };
        account(unit, None, &usage, count, busy_of(unit));
    }
    for (link, usage) in settled.links.iter().enumerate() {
        let busy = servers.get(&(Unit::Links, link)).map_or(0, |(_, _, busy)| *busy);
        account(Unit::Links, Some(link), usage, 1, busy);
    }
    let grid = subject.mapping.grid;
    let expected = u64::from(grid.chips()) * u64::from(grid.rows + grid.columns - 2);
    let found = settled.links.len() as u64;
    findings.expect(found == expected, || Violation::LinkCount { found, expected });
}
