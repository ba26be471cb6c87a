//! Links that are simulated flit by flit: when each flit may leave, by the history of all flits before it.

use std::collections::BTreeMap;

use designs::Interconnect;

use super::context::framed;
use super::recording::Subject;

/// Times of a design's links, in cycles of a link's byte clock.
pub(super) struct Flits<'a> {
    links: &'a Interconnect,
    flit: u64,
    hop: u64,
    /// Flits of the receive buffer; `None` without credits.
    places: Option<usize>,
    addition: u64,
    /// By link: for every flit, when its place in the receive buffer is free again at the sender.
    history: BTreeMap<usize, Vec<u64>>,
    /// By link: end of the last addition.
    added: BTreeMap<usize, u64>,
}

impl<'a> Flits<'a> {
    /// The links of a run; `None` if they are not simulated by flits.
    pub(super) fn of(subject: &Subject<'a>) -> Option<Self> {
        let effects = subject.compiled.specs.cycle.as_ref()?.effects;
        if !effects.flits {
            return None;
        }
        let (links, clock) = (&subject.design.interconnect, u128::from(subject.design.clock.hz()));
        let rate = u128::from(links.link_bandwidth.get());
        let hop = u128::from(links.hop_latency.cycles_at(subject.design.clock).get());
        let addition = (u128::from(links.flit_payload) * rate).div_ceil(u128::from(links.adder_bytes) * clock);
        Some(Self {
            flit: links.flit_bytes.into(),
            hop: (hop * rate).div_ceil(clock) as u64,
            places: effects.credits.then(|| (links.receive_buffer.get() / u64::from(links.flit_bytes)).max(1) as usize),
            addition: if effects.adders { addition as u64 } else { 0 },
            links,
            history: BTreeMap::new(),
            added: BTreeMap::new(),
        })
    }

    /// How long a message of so many bytes of payload occupies its link from `start` on, and when its last flit has left the
    /// receive buffer.
    pub(super) fn message(&mut self, link: usize, start: u64, payload: u64, adds: bool) -> (u64, u64) {
        let flits = framed(self.links, payload) / self.flit;
        let history = self.history.entry(link).or_default();
        let added = self.added.entry(link).or_default();
        let (mut end, mut taken) = (start, start);
        for _ in 0..flits {
            // The flit that had this place before it.
            let place = self.places.and_then(|places| history.len().checked_sub(places)).map_or(0, |k| history[k]);
            end = end.max(place) + self.flit;
            taken = end + self.hop;
            if adds && self.addition > 0 {
                *added = taken.max(*added) + self.addition;
                taken = *added;
            }
            history.push((taken + self.hop).max(history.last().copied().unwrap_or(0)));
        }
        (end - start, taken)
    }
}
