//! Decode in steady state from events: warm-up, measurement, and how sure the measured rates are.
//!
//! Sequences start spread over the layers. The run advances in rounds of at least one token per sequence. The first round is
//! always discarded, since its tokens began in the middle of the model; MSER-5 over the whole run says whether more is
//! ([`statistics::warm_up`]). The rest is measured, and its batch means give 95 % confidence intervals.

use serde::{Deserialize, Serialize};

use super::dataflow::{Dataflow, Measured, Progress, Sample, add_settled, bound, steps_per_token, summarize};
use super::machine::{Activity, Load, Machine, Settled, State};
use super::program::Compiled;
use super::router::Router;
use super::statistics::{self, GROUP, MIN_BATCHES, Piece, half_width};
use super::utilization;
use crate::units::hbm::Placement;

/// Rounds of a run without a stated precision, at most; two suffice if it is steady after the first.
const MAX_ROUNDS: u64 = 4;

/// Tokens of a round where a precision is asked for, at least: enough for the batches of an interval.
const MIN_ROUND: u64 = (2 * MIN_BATCHES * GROUP) as u64;

/// Rounds grow with the run, so that their number, and the time to evaluate them, stays small.
const GROWTH: u64 = 8;

/// Tokens that a run with a stated precision may take by default: multiples of a round.
const DEFAULT_ROUNDS: u64 = 32;

/// Instructions of two rounds, over all chips, that are run in any case.
const LARGE: u64 = 24_000_000;

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Half-width of the 95 % interval of throughput, relative to it, at which the run ends; `None` measures one round.
    pub precision: Option<f64>,
    /// Most tokens, warm-up included, before it ends without that precision; `None` takes 32 rounds.
    pub max_tokens: Option<u64>,
    /// Tokens that are measured after the first round, whether or not the run is steady then; `None` measures rounds.
    pub window: Option<u64>,
    /// Instructions of two rounds, over all chips, above which a run measures layers instead of rounds where it can
    /// ([`utilization`]).
    pub rounds_up_to: u64,
}

impl Default for Stop {
    fn default() -> Self {
        Self { precision: None, max_tokens: None, window: None, rounds_up_to: LARGE }
    }
}

impl Stop {
    /// Most tokens of a run with `sequences` sequences. At least two rounds are run in any case.
    #[must_use]
    pub fn limit(&self, sequences: u64) -> u64 {
        if let Some(window) = self.window {
            return sequences.saturating_add(window.max(1));
        }
        match self.precision {
            Some(_) => self.max_tokens.unwrap_or(DEFAULT_ROUNDS * sequences.max(MIN_ROUND)),
            None => MAX_ROUNDS * sequences,
        }
    }
}

impl Stop {
    /// Tokens of a run in rounds: the most of one that ends at a stated precision, two rounds of one that is steady after the first.
    #[must_use]
    pub fn expected(&self, sequences: u64) -> u64 {
        match (self.window, self.precision) {
            (None, None) => 2 * sequences,
            _ => self.limit(sequences),
        }
    }
}

/// What happened while [`GROUP`] tokens finished.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    cycles: u64,
    activity: Activity,
}

/// End of a round.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mark {
    groups: usize,
    now: u64,
    activity: Activity,
    settled: Settled,
}

/// What has been observed of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Observed {
    groups: Vec<Group>,
    /// Time and activity at the end of the last group.
    last: (u64, Activity),
    marks: Vec<Mark>,
    /// Tokens that have finished, and those at the end of the round at work.
    tokens: u64,
    round_end: u64,
}

/// A run that has not ended: another one of the same request can go on from it, to the bit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unfinished {
    machine: State,
    observed: Observed,
}

impl Unfinished {
    /// Tokens that have finished.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.observed.tokens
    }
}

/// Keeps a run, so that another one can go on from it.
pub trait Keeper {
    /// What there is to go on from.
    fn begin(&mut self) -> Option<Unfinished> {
        None
    }
    /// Called every few tokens; `run` copies the run's state.
    fn offer(&mut self, _run: &dyn Fn() -> Unfinished) {}
}

impl Keeper for () {}

/// A run, observed token by token.
struct Run<'a> {
    machine: Machine<'a>,
    steps_per_token: u64,
    seen: Observed,
}

impl Run<'_> {
    /// Runs a round of so many tokens.
    fn round(&mut self, tokens: u64, limit: u64, progress: &mut Progress, keeper: &mut dyn Keeper) {
        self.seen.round_end = self.seen.tokens + tokens;
        self.finish_round(limit, progress, keeper);
    }

    /// Runs the rest of a round.
    fn finish_round(&mut self, limit: u64, progress: &mut Progress, keeper: &mut dyn Keeper) {
        let end = self.seen.round_end;
        for token in self.seen.tokens + 1..=end {
            self.machine.run_until_tokens(token);
            self.seen.tokens = token;
            if token.is_multiple_of(GROUP as u64) {
                let (now, activity) = (self.machine.now(), self.machine.activity());
                let (from, before) = std::mem::replace(&mut self.seen.last, (now, activity));
                self.seen.groups.push(Group { cycles: now - from, activity: activity.since(&before) });
                keeper.offer(&|| Unfinished { machine: self.machine.state().clone(), observed: self.seen.clone() });
            }
            progress(token, limit.max(end));
        }
        let (now, activity) = (self.machine.now(), self.machine.activity());
        let settled = self.machine.settle();
        self.seen.marks.push(Mark { groups: self.seen.groups.len(), now, activity, settled });
    }

    /// Rounds of warm-up, at least one and fewer than all, and whether the run is stationary after them.
    fn warm_up(&self) -> (usize, Option<bool>) {
        let cycles: Vec<f64> = self.seen.groups.iter().map(|group| group.cycles as f64).collect();
        if cycles.len() < 2 * MIN_BATCHES {
            return (1, None);
        }
        let half = (self.seen.marks.len() / 2).max(1);
        let Some(groups) = statistics::warm_up(&cycles) else { return (half, Some(false)) };
        match self.seen.marks.iter().position(|mark| mark.groups >= groups) {
            Some(round) if round + 1 < self.seen.marks.len() => (round + 1, Some(true)),
            _ => (half, Some(false)),
        }
    }

    /// Batches after `rounds` rounds: tokens per cycle, and cycles of latency per token.
    fn batches(&self, rounds: usize) -> [Vec<Piece>; 2] {
        let groups = &self.seen.groups[self.seen.marks[rounds - 1].groups..];
        let steps = self.steps_per_token as f64;
        let rate = |g: &Group| Piece { count: g.activity.events.steps as f64 / steps, over: g.cycles as f64 };
        let latency = |g: &Group| Piece { count: g.activity.latency_cycles as f64, over: g.activity.tokens as f64 };
        [
            statistics::batches(&groups.iter().map(rate).collect::<Vec<_>>()),
            statistics::batches(&groups.iter().map(latency).collect::<Vec<_>>()),
        ]
    }

    fn result(&self, rounds: usize) -> Dataflow {
        let (before, last) = (&self.seen.marks[rounds - 1], self.seen.marks.last().expect("rounds were run"));
        let mut settled = Settled::default();
        self.seen.marks[rounds..].iter().for_each(|mark| add_settled(&mut settled, &mark.settled));
        let window = ((before.now, before.activity), (last.now, last.activity));
        summarize(window, settled, self.steps_per_token, self.machine.events())
    }
}

/// What a run under `load` measures.
#[must_use]
pub fn measured(compiled: &Compiled, load: &Load, placement: &Placement, stop: Stop) -> Measured {
    if stop.window.is_some() || 2 * u64::from(load.sequences) * steps_per_token(compiled, true) <= stop.rounds_up_to {
        return Measured::Rounds;
    }
    let (bound, _) = bound(compiled, load.context, placement, true, &load.router);
    if utilization::applies(compiled, load, &bound) { Measured::Layers } else { Measured::Rounds }
}

/// Measures decode under `load` from events.
#[must_use]
pub fn decode(
    compiled: &Compiled,
    load: Load,
    placement: Placement,
    stop: Stop,
    progress: &mut Progress,
    keeper: &mut dyn Keeper,
) -> Dataflow {
    let sequences = u64::from(load.sequences);
    let limit = stop.limit(sequences);
    // Shortest contexts and even routing, so that it is a bound whatever sequences and tokens are measured.
    let shortest = load.contexts.iter().copied().min().unwrap_or(load.context);
    let (bottleneck, _) = bound(compiled, shortest, &placement, true, &Router::default());
    let steps_per_token = steps_per_token(compiled, true);
    let measured = measured(compiled, &load, &placement, stop);
    if measured == Measured::Layers {
        let machine = Machine::new(compiled, load, placement);
        let work = (steps_per_token, limit);
        return utilization::decode(compiled, machine, sequences, &bottleneck, work, stop.precision, progress);
    }
    let mut run = match keeper.begin() {
        Some(Unfinished { machine, observed }) => {
            let machine = Machine::resume(compiled, load, placement, machine, ());
            let mut run = Run { machine, steps_per_token, seen: observed };
            run.finish_round(stop.expected(sequences), progress, keeper);
            run
        }
        None => {
            let machine = Machine::new(compiled, load, placement);
            let last = (machine.now(), machine.activity());
            let seen = Observed { groups: Vec::new(), last, marks: Vec::new(), tokens: 0, round_end: 0 };
            let mut run = Run { machine, steps_per_token, seen };
            run.round(sequences, stop.expected(sequences), progress, keeper);
            run
        }
    };
    loop {
        let round = match (stop.window, stop.precision) {
            (Some(window), _) => window.max(1),
            (None, Some(_)) => sequences.max(MIN_ROUND).max(run.seen.tokens / GROWTH),
            (None, None) => sequences,
        };
        let first = run.seen.marks.len() == 1;
        let exhausted = run.seen.tokens.saturating_add(round) > limit;
        if !first {
            let mut result = run.result(run.warm_up().0);
            // Tokens that the window cuts count by their instructions, which can exceed what the busiest server has served. Over
            // any longer time that server bounds the rate.
            let most = result.window as f64 / bottleneck.bottleneck_cycles.max(f64::MIN_POSITIVE);
            result.counted_tokens = result.counted_tokens.min(most);
            result.tokens_per_cycle = result.counted_tokens / result.window as f64;
            let sample = sample(&run, result.tokens_per_cycle, stop);
            let done = sample.steady != Some(false) && sample.reached != Some(false);
            if done || exhausted {
                result.sample = Some(sample);
                return result;
            }
        }
        run.round(round, stop.expected(sequences), progress, keeper);
    }
}

fn sample(run: &Run, rate: f64, stop: Stop) -> Sample {
    let (rounds, steady) = run.warm_up();
    let [rates, latencies] = run.batches(rounds);
    let rate_half_width = half_width(&rates);
    let within = |precision: f64| rate_half_width.is_some_and(|half| half <= precision * rate);
    Sample {
        warm_up_tokens: run.seen.marks[rounds - 1].activity.tokens,
        steady,
        batches: rates.len(),
        rate_half_width,
        latency_half_width: half_width(&latencies),
        reached: stop.precision.map(within),
        measured: Measured::Rounds,
    }
}
