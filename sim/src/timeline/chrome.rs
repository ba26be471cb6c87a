//! Chrome's trace event format (JSON), which Perfetto and `chrome://tracing` read.
//!
//! Times are microseconds with up to twelve decimals, a begin and an end event for each span. A viewer may round them; the exact
//! cycles of the server's own clock are arguments of the span, and the clocks are in `otherData`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::{Instant, Limits, Sink, Span, Timeline, Track};
use crate::cycle::{WaitCause, Waiting};
use crate::schedule::program::Compiled;
use crate::units::{Sharing, Unit};

/// What the simulation is called.
#[derive(Debug, Clone)]
pub struct Names {
    /// Model.
    pub model: String,
    /// Design.
    pub design: String,
}

/// Writes events as they come.
pub struct Chrome<'a, W: Write> {
    compiled: &'a Compiled,
    out: &'a mut W,
    /// Process and thread of every track that has been named.
    tracks: BTreeMap<Track, (u64, u64)>,
    first: bool,
    /// The first error of `out`; nothing is written after it.
    failed: Option<io::Error>,
}

/// Servers of a unit at most, for track numbers.
const SERVERS: u64 = 100_000_000;

impl<'a, W: Write> Chrome<'a, W> {
    /// A writer of the events of a program's run.
    pub fn new(compiled: &'a Compiled, out: &'a mut W) -> Self {
        let mut chrome = Self { compiled, out, tracks: BTreeMap::new(), first: true, failed: None };
        chrome.text("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        chrome
    }

    fn text(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }

    fn event(&mut self, event: &str) {
        let separator = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        self.text(separator);
        self.text(event);
    }

    fn chips(&self) -> u64 {
        u64::from(self.compiled.specs.interconnect.grid.chips())
    }

    /// The number and the name of the process of a track: a chip, the links, the tokens.
    fn process(&self, track: Track, chip: u32) -> (u64, String) {
        match track {
            Track::Sequence(_) => (self.chips() + 2, "tokens".to_owned()),
            Track::Server(Unit::Links, _) | Track::Waits(Waiting::Link(_)) => (self.chips() + 1, "links".to_owned()),
            Track::Waits(
                Waiting::Control(chip) | Waiting::Buffer(chip) | Waiting::Space(chip) | Waiting::Bus { chip, .. },
            ) => (chip as u64 + 1, format!("chip {chip}")),
            Track::Server(..) => (u64::from(chip) + 1, format!("chip {chip}")),
        }
    }

    /// The number and the name of a track within its process. `layer` is that of its first span.
    fn thread(&self, track: Track, layer: u32) -> (u64, String) {
        let (unit, index) = match track {
            Track::Sequence(sequence) => return (u64::from(sequence) + 1, format!("sequence {sequence}")),
            Track::Waits(of) => return self.waits(of),
            Track::Server(unit, index) => (unit, index),
        };
        let name = match unit.sharing() {
            Sharing::Layer => format!("{}, layer {layer}, server {index}", unit.title()),
            Sharing::LaneGroup => format!("{}, group {}", unit.title(), index as u64 / self.chips()),
            Sharing::Chip(_) => unit.title().to_owned(),
            Sharing::Link => self.link(index),
        };
        (1 + 2 * (unit as u64 * SERVERS + index as u64), name)
    }

    fn link(&self, index: usize) -> String {
        let (from, to) = self.compiled.specs.interconnect.ends(index);
        format!("chip {from} to chip {to}")
    }

    /// Number and name of a track of waits, which lies below that of the server whose time passes.
    fn waits(&self, of: Waiting) -> (u64, String) {
        let below = |unit: Unit, index: usize| 2 + 2 * (unit as u64 * SERVERS + index as u64);
        match of {
            Waiting::Link(index) => (below(Unit::Links, index), format!("{}, credits", self.link(index))),
            Waiting::Buffer(chip) => (below(Unit::AttentionBuffer, chip), "banks of the attention buffer".to_owned()),
            Waiting::Control(_) => (2 * Unit::ALL.len() as u64 * SERVERS, "instruction issue".to_owned()),
            Waiting::Space(_) => (2 * Unit::ALL.len() as u64 * SERVERS + 1, "space for streams".to_owned()),
            Waiting::Bus { pseudo, .. } => {
                (2 * Unit::ALL.len() as u64 * SERVERS + 2 + pseudo as u64, format!("idle DRAM bus {pseudo}"))
            }
        }
    }

    /// Process and thread of a track, whose names are written before its first span.
    fn place(&mut self, track: Track, chip: u32, layer: u32) -> (u64, u64) {
        if let Some(known) = self.tracks.get(&track) {
            return *known;
        }
        let (pid, process) = self.process(track, chip);
        let (tid, thread) = self.thread(track, layer);
        let new = !self.tracks.values().any(|(known, _)| *known == pid);
        self.tracks.insert(track, (pid, tid));
        if new {
            self.metadata((pid, 0), "process", &process, pid);
        }
        self.metadata((pid, tid), "thread", &thread, tid);
        (pid, tid)
    }

    /// Name and order of a process or thread.
    fn metadata(&mut self, (pid, tid): (u64, u64), of: &str, name: &str, order: u64) {
        let (name, sort) = (json!({ "name": name }), json!({ "sort_index": order }));
        for (key, arguments) in [("name", name), ("sort_index", sort)] {
            self.event(&format!(
                "{{\"ph\":\"M\",\"pid\":{pid},\"tid\":{tid},\"name\":\"{of}_{key}\",\"args\":{arguments}}}"
            ));
        }
    }

    /// Writes what the window is, and ends the text.
    ///
    /// # Errors
    /// The first error of the writer.
    pub fn finish(mut self, timeline: &Timeline, limits: &Limits, names: &Names) -> io::Result<()> {
        let specs = &self.compiled.specs;
        let of_units = |of: &dyn Fn(Unit) -> u64| {
            Unit::ALL.iter().map(|&unit| (unit.name().to_owned(), json!(of(unit)))).collect::<serde_json::Map<_, _>>()
        };
        let time = |cycles| decimal(Instant { cycles, hz: specs.clock_hz });
        let (from, to) = (time(timeline.from), time(timeline.to));
        let other = json!({
            "model": names.model,
            "design": names.design,
            "warm_up_tokens": limits.warm_up,
            "tokens_finished": timeline.tokens,
            "tokens_wanted": limits.tokens,
            "spans": timeline.spans,
            "spans_limit": limits.spans,
            "truncated": !timeline.complete,
            "chip_clock_hz": specs.clock_hz,
            "cycles_per_second": of_units(&|unit| specs.work_per_second(unit)),
            "busy_cycles": of_units(&|unit| timeline.settled.units[unit].busy),
        });
        let other = other.to_string();
        self.text(&format!("\n],\"otherData\":{{\"from_us\":{from},\"to_us\":{to},{}}}\n", &other[1..]));
        self.failed.map_or(Ok(()), Err)
    }
}

/// Name of a wait, and its own arguments, each with a comma.
fn wait(cause: WaitCause) -> (String, String) {
    match cause {
        WaitCause::Credit => ("credit".to_owned(), String::new()),
        WaitCause::Issue => ("issue".to_owned(), String::new()),
        WaitCause::Space => ("space".to_owned(), String::new()),
        WaitCause::BufferBank(bank) => (format!("bank {bank}"), format!("\"bank\":{bank},")),
        WaitCause::Dram { stall, bank, row, write } => (
            format!("{}, bank {bank}", stall.title()),
            format!("\"stall\":\"{}\",\"bank\":{bank},\"row\":{row},\"write\":{write},", stall.name()),
        ),
    }
}

/// Microseconds as an exact decimal.
fn decimal(at: Instant) -> String {
    let attoseconds = at.attoseconds();
    let (whole, part) = (attoseconds / 1_000_000_000_000, attoseconds % 1_000_000_000_000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{part:012}").trim_end_matches('0'))
}

impl<W: Write> Sink for Chrome<'_, W> {
    fn begin(&mut self, track: Track, at: Instant, span: Span) {
        let (chip, layer) = match span {
            Span::Service { place, .. } => (place.chip, place.layer),
            Span::Wait { .. } | Span::Token { .. } | Span::Layer { .. } => (0, 0),
        };
        let (pid, tid) = self.place(track, chip, layer);
        let (name, category, arguments) = match span {
            Span::Service { place, begin, cycles } => (
                format!("sequence {}, layer {}", place.sequence, place.layer),
                "service",
                format!(
                    "{{\"sequence\":{},\"token\":{},\"chip\":{},\"layer\":{},\"instruction\":{},\"begin_cycles\":{begin},\"cycles\":{cycles}}}",
                    place.sequence, place.token, place.chip, place.layer, place.instr
                ),
            ),
            Span::Wait { cause, begin, cycles } => {
                let (name, of) = wait(cause);
                (name, "wait", format!("{{{of}\"begin_cycles\":{begin},\"cycles\":{cycles}}}"))
            }
            Span::Token { token } => (format!("token {token}"), "token", format!("{{\"token\":{token}}}")),
            Span::Layer { layer } => (format!("layer {layer}"), "layer", format!("{{\"layer\":{layer}}}")),
        };
        let ts = decimal(at);
        // Names are of digits and plain letters: nothing to escape.
        self.event(&format!(
            "{{\"ph\":\"B\",\"pid\":{pid},\"tid\":{tid},\"ts\":{ts},\"name\":\"{name}\",\"cat\":\"{category}\",\"args\":{arguments}}}"
        ));
    }

    fn end(&mut self, track: Track, at: Instant) {
        let (pid, tid) = self.place(track, 0, 0);
        self.event(&format!("{{\"ph\":\"E\",\"pid\":{pid},\"tid\":{tid},\"ts\":{}}}", decimal(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_decimals() {
        let at = |cycles, hz| decimal(Instant { cycles, hz });
        assert_eq!(at(2_000, 1_000_000_000), "2");
        assert_eq!(at(1, 1_000_000_000), "0.001");
        assert_eq!(at(1, 128_000_000_000), "0.0000078125");
        assert_eq!(at(1, 3_000_000_000), "0.000333333333");
        assert_eq!(at(1 << 62, 1), "4611686018427387904000000");
    }
}
