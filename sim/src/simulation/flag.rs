//! Where a closed form may differ from events by more than 2 %.

use std::collections::BTreeMap;

use designs::Algorithm;

use super::Prepared;
use super::answer::Breakdown;
use crate::schedule::dataflow::Bound;
use crate::schedule::machine::Phase;
use crate::units::{PerSpent, Spent, Unit};

/// Tokens in flight, in knees, from which a unit of a chip is always busy.
const CHIP_SATURATED: f64 = 4.0;
/// The same for links: a collective waits for the slowest of its messages, so links saturate late.
const LINKS_SATURATED: f64 = 50.0;
/// Busy share from which links delay tokens that another unit binds.
const LINKS_BUSY: f64 = 0.4;
/// Share of a token's time that it may wait for other tokens, as estimated, where the closed form counts none.
const WAIT: f64 = 0.02;
/// The same where there are more tokens than layers: tokens in one layer meet at each of its units, which the estimate does not know.
const WAIT_IN_LAYER: f64 = 0.01;
/// Share of a token's time in communication from which it matters that phases of a collective overlap.
const OVERLAPPED_COMMUNICATION: f64 = 0.5;
/// Percent of a beat in communication up to which its closed form does not matter.
const BEAT_COMMUNICATION_PCT: f64 = 5.0;

const PROMPT: &str = "the closed form of a prompt takes its mean context and leaves out filling and draining: an upper bound of throughput";
const POPULAR: &str = "experts are not equally popular: the closed form counts the most popular one, but not that tokens wait for each \
                       other there: an upper bound of throughput";
const OVERLAP: &str = "chips with less work, or smaller parts of a vector, begin their collectives early, so that phases overlap: a token takes less \
                       time than the closed form says";
const LENGTHS: &str = "sequences have different contexts: the closed form takes means, an upper bound of throughput";
const BEAT: &str = "the closed form of a beat takes the busiest link and the last hop of its messages, not the order in which they come: an \
                    upper bound of throughput";

impl Prepared<'_> {
    /// Why the closed form of `dataflow` may be off; `None` where it is within 2 % of events. `alone` is the time of a token alone by
    /// class, `rate` the answer in tokens per cycle.
    pub(super) fn flag(&self, bound: &Bound, alone: &PerSpent<f64>, rate: f64) -> Option<String> {
        if let Some(reason) = self.uneven() {
            return Some(reason.to_owned());
        }
        let in_flight = self.in_flight();
        if self.phases_overlap() && alone[Spent::Communication] > OVERLAPPED_COMMUNICATION * bound.alone_cycles {
            return Some(OVERLAP.to_owned());
        }
        let knees = in_flight / bound.knee_sequences;
        let links = bound.busiest[Unit::Links] * rate;
        let saturated = match bound.bottleneck {
            Unit::Links => knees >= LINKS_SATURATED,
            _ => knees >= CHIP_SATURATED && (links < LINKS_BUSY || knees >= LINKS_SATURATED),
        };
        let apart = in_flight <= (self.compiled.layers() + 1) as f64;
        let least = if apart { WAIT } else { WAIT_IN_LAYER };
        if in_flight <= 1.0 || saturated || wait(bound, alone, rate, in_flight) <= least {
            return None;
        }
        Some(format!(
            "{in_flight:.0} tokens in flight, where latency and the bottleneck meet at {:.0}, wait for each other although no server is \
             always busy: the closed form is an upper bound of throughput; the event engine says how much is lost",
            bound.knee_sequences
        ))
    }

    /// Why the closed form of `lockstep` may be off.
    pub(super) fn lockstep_flag(&self, beat: &Breakdown, stalls: &BTreeMap<&'static str, f64>) -> Option<String> {
        // While memory is waited for, communication is hidden.
        let hidden = stalls.get(Spent::Memory.name()).copied().unwrap_or(0.0);
        let matters = beat.comm > BEAT_COMMUNICATION_PCT && hidden < beat.comm;
        self.uneven().or(matters.then_some(BEAT)).map(str::to_owned)
    }

    /// Whether collectives exchange step by step, each chip with a few others.
    fn phases_overlap(&self) -> bool {
        matches!(self.mapped.mapping.options().collective, Algorithm::Ring | Algorithm::HalvingDoubling)
    }

    /// What no closed form follows.
    fn uneven(&self) -> Option<&'static str> {
        if self.request.phase == Phase::Prefill {
            Some(PROMPT)
        } else if !self.router.is_uniform() {
            Some(POPULAR)
        } else {
            self.contexts.spread().map(|_| LENGTHS)
        }
    }
}

/// Estimate of the share of its time that a token waits for others: at each unit, the chance that another token is there, times the
/// time that the token spends there, times how random its arrivals are. The weights are fitted to random machines.
fn wait(bound: &Bound, alone: &PerSpent<f64>, rate: f64, in_flight: f64) -> f64 {
    let busy = |unit: Unit| (bound.busiest[unit] * rate).min(1.0);
    let share = |class: Spent| alone[class] / bound.alone_cycles;
    let attention = busy(Unit::AttentionBuffer).max(busy(Unit::VexAttention));
    let stream = bound.busiest[Unit::Hbm] / bound.alone_cycles;
    let waits = 0.7 * share(Spent::Communication) * busy(Unit::Links)
        + 0.2 * share(Spent::Projection) * busy(Unit::HnArray)
        + 0.8 * share(Spent::Attention) * attention
        + 0.6 * share(Spent::Nonlinear) * busy(Unit::VexNonlinear)
        + 0.6 * stream * busy(Unit::Hbm);
    waits * (in_flight - 1.0) / in_flight
}
