//! Runs the event machine and cuts its requests to the window.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::{Instant, Limits, Sink, Span, Timeline, Track};
use crate::cycle::{Wait, WaitCause, Waiting};
use crate::engine::{Clock, ClockDomain};
use crate::schedule::machine::{Load, Machine};
use crate::schedule::program::Compiled;
use crate::schedule::trace::{Listener, Place, Service};
use crate::units::hbm::Placement;
use crate::units::{Specs, Unit};

/// What a pending span is.
#[derive(Clone, Copy)]
enum What {
    Service(Place),
    Wait(WaitCause),
}

/// A request whose work has not ended yet, or a wait, in cycles of its track's clock.
#[derive(Clone, Copy)]
struct Pending {
    what: What,
    begin: u64,
    end: u64,
}

/// The chip whose progress stands for that of a token.
const FIRST_CHIP: u32 = 0;

/// Follows a run; passes spans on once the window is open.
struct Tracer<'a> {
    specs: &'a Specs,
    sink: &'a mut dyn Sink,
    /// First cycle of the window, once it is open.
    from: Option<u64>,
    spans: u64,
    /// Requests in the order of service, and waits, by tracks on which they may not have ended.
    pending: BTreeMap<Track, VecDeque<Pending>>,
    /// Ends of the last waits: tokens wait for a bank or a control unit at the same time.
    waited: BTreeMap<Waiting, u64>,
    /// Token and layer of each sequence in the machine.
    inside: BTreeMap<u32, (u64, u32)>,
}

impl Tracer<'_> {
    fn clock(&self, cycles: u64) -> Instant {
        Instant { cycles, hz: self.specs.clock_hz }
    }

    /// Clock of a track of requests or waits.
    fn clock_of(&self, track: Track) -> Clock {
        let of_unit = |unit| Clock { domain: self.specs.domain(unit), hz: self.specs.work_per_second(unit) };
        match track {
            Track::Server(unit, _) => of_unit(unit),
            Track::Waits(Waiting::Link(_)) => of_unit(Unit::Links),
            Track::Waits(Waiting::Bus { .. }) => self.specs.cycle.as_ref().expect("memory is simulated").memory.clock(),
            Track::Waits(_) | Track::Sequence(_) => Clock { domain: ClockDomain::REFERENCE, hz: self.specs.clock_hz },
        }
    }

    /// Passes on what of `pending` lies within the window, which ends at cycle `to` of the chip clock if that is known.
    fn emit(&mut self, track: Track, pending: Pending, to: Option<u64>) {
        let Some(from) = self.from else { return };
        let Clock { domain, hz } = self.clock_of(track);
        let begin = pending.begin.max(domain.from_reference(from));
        let last = to.map_or(u64::MAX, |to| domain.from_reference(to));
        let end = pending.end.min(last);
        if begin >= end {
            return;
        }
        let cycles = end - begin;
        let span = match pending.what {
            What::Service(place) => Span::Service { place, begin, cycles },
            What::Wait(cause) => Span::Wait { cause, begin, cycles },
        };
        self.sink.begin(track, Instant { cycles: begin, hz }, span);
        // The last cycle of the window may end a fraction of a cycle after it.
        let end = match to {
            Some(to) if end == last => self.clock(to),
            _ => Instant { cycles: end, hz },
        };
        self.sink.end(track, end);
    }

    /// Passes on what has ended by `now` on a track.
    fn finish_before(&mut self, track: Track, now: u64) {
        let domain = self.clock_of(track).domain;
        while let Some(queue) = self.pending.get_mut(&track)
            && let Some(first) = queue.front().copied()
            && domain.to_reference(first.end) <= now
        {
            queue.pop_front();
            self.emit(track, first, None);
        }
    }

    /// Adds a span to a track on which all before it have been added.
    fn add(&mut self, track: Track, pending: Pending) {
        if self.from.is_some() {
            self.spans += 1;
        }
        self.pending.entry(track).or_default().push_back(pending);
    }

    fn begin_token(&mut self, sequence: u32, token: u64, layer: u32, at: Instant) {
        let track = Track::Sequence(sequence);
        self.sink.begin(track, at, Span::Token { token });
        self.sink.begin(track, at, Span::Layer { layer });
        self.spans += 2;
    }

    fn end_token(&mut self, sequence: u32, at: Instant) {
        self.sink.end(Track::Sequence(sequence), at);
        self.sink.end(Track::Sequence(sequence), at);
    }

    /// Opens the window at `now`.
    fn open(&mut self, now: u64) {
        self.from = Some(now);
        for (track, mut queue) in std::mem::take(&mut self.pending) {
            let domain = self.clock_of(track).domain;
            queue.retain(|pending| domain.to_reference(pending.end) > now);
            self.spans += queue.len() as u64;
            self.pending.insert(track, queue);
        }
        let at = self.clock(now);
        let inside: Vec<_> = self.inside.iter().map(|(&sequence, &(token, layer))| (sequence, token, layer)).collect();
        inside.into_iter().for_each(|(sequence, token, layer)| self.begin_token(sequence, token, layer, at));
    }

    /// Closes the window at `now`.
    fn close(&mut self, now: u64) {
        for (track, queue) in std::mem::take(&mut self.pending) {
            queue.into_iter().for_each(|pending| self.emit(track, pending, Some(now)));
        }
        let at = self.clock(now);
        let inside: Vec<u32> = self.inside.keys().copied().collect();
        inside.into_iter().for_each(|sequence| self.end_token(sequence, at));
    }
}

impl Listener for &RefCell<Tracer<'_>> {
    const WAITS: bool = true;

    fn reached(&mut self, place: Place, now: u64) {
        if place.chip != FIRST_CHIP || place.instr != 0 {
            return;
        }
        let mut tracer = self.borrow_mut();
        let before = tracer.inside.insert(place.sequence, (place.token, place.layer));
        if tracer.from.is_none() {
            return;
        }
        let at = tracer.clock(now);
        match before {
            // A token that waits at the start of a layer reaches it again.
            Some(known) if known == (place.token, place.layer) => {}
            Some((token, _)) if token == place.token => {
                let track = Track::Sequence(place.sequence);
                tracer.sink.end(track, at);
                tracer.sink.begin(track, at, Span::Layer { layer: place.layer });
                tracer.spans += 1;
            }
            _ => tracer.begin_token(place.sequence, place.token, place.layer, at),
        }
    }

    fn served(&mut self, place: Place, service: Service) {
        let mut tracer = self.borrow_mut();
        let track = Track::Server(service.unit, service.index);
        tracer.finish_before(track, service.asked);
        if service.work > 0 {
            tracer.add(track, Pending { what: What::Service(place), begin: service.begin(), end: service.end });
        }
    }

    fn waited(&mut self, wait: Wait, now: u64) {
        let mut tracer = self.borrow_mut();
        let track = Track::Waits(wait.of);
        tracer.finish_before(track, now);
        let last = tracer.waited.entry(wait.of).or_default();
        let begin = wait.begin.max(*last);
        *last = wait.end.max(*last);
        if begin < wait.end {
            tracer.add(track, Pending { what: What::Wait(wait.cause), begin, end: wait.end });
        }
    }

    fn finished(&mut self, sequence: u32, _: u64, now: u64) {
        let mut tracer = self.borrow_mut();
        if tracer.inside.remove(&sequence).is_some() && tracer.from.is_some() {
            let at = tracer.clock(now);
            tracer.end_token(sequence, at);
        }
    }
}

/// Runs a machine through the warm-up and passes the window after it to `sink`.
#[must_use]
pub fn record(compiled: &Compiled, load: Load, placement: Placement, limits: &Limits, sink: &mut dyn Sink) -> Timeline {
    let tracer = RefCell::new(Tracer {
        specs: &compiled.specs,
        sink,
        from: None,
        spans: 0,
        pending: BTreeMap::new(),
        waited: BTreeMap::new(),
        inside: BTreeMap::new(),
    });
    let mut machine = Machine::with_listener(compiled, load, placement, &tracer);
    machine.run_until_tokens(limits.warm_up);
    machine.settle();
    let (from, before) = (machine.now(), machine.activity().tokens);
    tracer.borrow_mut().open(from);
    let wanted = before + limits.tokens;
    while machine.activity().tokens < wanted && tracer.borrow().spans < limits.spans && machine.step() {}
    let to = machine.now();
    tracer.borrow_mut().close(to);
    let settled = machine.settle();
    let tokens = machine.activity().tokens - before;
    let spans = tracer.borrow().spans;
    Timeline { from, to, tokens, spans, complete: tokens >= limits.tokens, settled }
}
