//! Decode of large machines from events: throughput by the utilization law, from a few layers of every sequence.
//!
//! A round of one token per sequence takes minutes on a machine of hundreds of chips. Where links are the bottleneck, a shorter
//! run suffices, since every layer uses the same links: sequences start spread over the layers, so a run in which each of them
//! advances by a few layers loads the links as a round does. The rate follows from the *utilization law* `X = U / D`: `U` bytes
//! leave the links in a cycle, and a token puts `D` bytes on them. Mean latency follows from *Little's law*. Source of both:
//! P. J. Denning and J. P. Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10 (1978).
//!
//! The run is cut into slices of `SLICES` to a layer. The warm-up ends where MSER says, and the run ends when the 95 % interval of
//! throughput is narrow enough.

use super::cost::link_bytes_per_token;
use super::dataflow::{Bound, Dataflow, Measured, Progress, Sample, add_settled, summarize};
use super::machine::{Activity, Load, Machine, Phase, Settled};
use super::program::Compiled;
use super::statistics::{self, MIN_BATCHES, Piece, half_width};
use crate::units::{PerSpent, Unit};

/// Slices in which every sequence advances by one layer, on average.
const SLICES: u64 = 4;

/// Slices of the shortest run.
const LEAST: usize = 2 * MIN_BATCHES;

/// Relative half-width of the interval at which a run ends if none is asked for.
const PRECISION: f64 = 0.01;

/// Largest demand of a server that belongs to one layer, relative to that of the bottleneck. A layer whose own server is nearly as
/// busy gathers tokens, which takes rounds.
const OWN_DEMAND: f64 = 0.8;

/// Least demand of a link whose load is measured, relative to that of the busiest.
const BUSIEST: f64 = 0.999;

/// Whether a run can be measured so: links are the bottleneck, no layer has a server nearly as busy, and all sequences are alike
/// and in flight.
#[must_use]
pub fn applies(compiled: &Compiled, load: &Load, bound: &Bound) -> bool {
    let sequences = u64::from(load.sequences);
    let per_token = bound.bottleneck_cycles.max(bound.alone_cycles / f64::from(load.sequences));
    let of_layer = |unit: Unit| match unit {
        Unit::HnArray => true,
        Unit::VexAttention | Unit::VexNonlinear => compiled.specs.vex.groups() > 1,
        _ => false,
    };
    let own = bound.busiest.iter().filter(|(unit, _)| of_layer(*unit)).map(|(_, cycles)| *cycles);
    load.phase == Phase::Decode
        && compiled.specs.cycle.is_none()
        && bound.bottleneck == Unit::Links
        && own.fold(0.0, f64::max) <= OWN_DEMAND * per_token
        && load.contexts.is_empty()
        && sequences <= compiled.specs.control.slots
}

/// Tokens of work of the shortest run of `sequences` sequences through `layers` layers, the head included.
#[must_use]
pub fn least_tokens(sequences: u64, layers: usize) -> u64 {
    (LEAST as u64 * sequences).div_ceil(SLICES * layers as u64)
}

/// State of a run at the end of a slice.
#[derive(Clone, Copy)]
struct Mark {
    now: u64,
    activity: Activity,
    /// Time of all tokens so far, by class, finished or not.
    spent: PerSpent<f64>,
}

/// What happened in a slice.
struct Slice {
    cycles: u64,
    settled: Settled,
    end: Mark,
}

struct Run<'a> {
    machine: Machine<'a>,
    /// The busiest links, by index.
    busiest: Vec<usize>,
    /// Bytes of a token on them.
    demand: f64,
    start: Mark,
    slices: Vec<Slice>,
}

fn mark(machine: &Machine) -> Mark {
    Mark { now: machine.now(), activity: machine.activity(), spent: machine.spent() }
}

impl Run<'_> {
    /// Runs until `steps` instructions have been executed since the start.
    fn slice(&mut self, steps: u64) {
        while self.machine.activity().events.steps < steps && self.machine.step() {}
        let end = mark(&self.machine);
        let before = self.slices.last().map_or(self.start.now, |slice| slice.end.now);
        self.slices.push(Slice { cycles: end.now - before, settled: self.machine.settle(), end });
    }

    /// Tokens that the links have carried in each slice from `first` on, and its cycles.
    fn pieces(&self, first: usize) -> Vec<Piece> {
        let carried =
            |slice: &Slice| self.busiest.iter().map(|&link| slice.settled.links[link].busy).sum::<u64>() as f64;
        let tokens = |slice: &Slice| carried(slice) / self.demand;
        self.slices[first..].iter().map(|slice| Piece { count: tokens(slice), over: slice.cycles as f64 }).collect()
    }

    /// Slices of warm-up, and whether the run is stationary after them.
    fn warm_up(&self) -> (usize, bool) {
        let rates: Vec<f64> = self.pieces(0).iter().map(|piece| piece.count / piece.over).collect();
        // At least one layer of every sequence, since all start theirs at the same cycle.
        match statistics::warm_up(&rates) {
            Some(slices) => (slices.max(SLICES as usize), true),
            None => (self.slices.len() / 2, false),
        }
    }

    fn result(&self, steps_per_token: u64, sequences: u64, most: f64, asked: Option<f64>) -> Dataflow {
        let (first, steady) = self.warm_up();
        let before = self.slices[first - 1].end;
        let end = self.slices.last().expect("slices were run").end;
        let mut settled = Settled::default();
        self.slices[first..].iter().for_each(|slice| add_settled(&mut settled, &slice.settled));
        let pieces = self.pieces(first);
        let window = (end.now - before.now) as f64;
        let carried: f64 = pieces.iter().map(|piece| piece.count).sum();
        let rate = (carried / window).min(most);
        let batches = statistics::batches(&pieces);
        let half = half_width(&batches);
        let latency = sequences as f64 / rate;
        let spent = end.spent.zip(before.spent).map(|(after, before)| after - before);
        let total = spent.values().sum::<f64>().max(f64::MIN_POSITIVE);
        let within = |precision: f64| half.is_some_and(|half| half <= precision * rate);
        let measured = ((before.now, before.activity), (end.now, end.activity));
        Dataflow {
            tokens_per_cycle: rate,
            token_cycles: latency,
            spent: spent.map(|cycles| cycles / total * latency),
            sample: Some(Sample {
                warm_up_tokens: before.activity.tokens,
                steady: Some(steady),
                batches: batches.len(),
                rate_half_width: half,
                latency_half_width: half.map(|half| half / rate * latency),
                reached: asked.map(within),
                measured: Measured::Layers,
            }),
            ..summarize(measured, settled, steps_per_token, self.machine.events())
        }
    }
}

/// Measures decode of `sequences` sequences on `machine`, whose closed form is `bound`, to a relative half-width of `asked`, for
/// `most_tokens` tokens at most.
#[must_use]
pub fn decode(
    compiled: &Compiled,
    machine: Machine,
    sequences: u64,
    bound: &Bound,
    (steps_per_token, most_tokens): (u64, u64),
    asked: Option<f64>,
    progress: &mut Progress,
) -> Dataflow {
    let layers = compiled.sequence.len();
    let slice = (steps_per_token * sequences).div_ceil(SLICES * layers as u64);
    let limit = (most_tokens.saturating_mul(steps_per_token) / slice).max(LEAST as u64);
    let target = asked.unwrap_or(PRECISION);
    let start = mark(&machine);
    let demands = link_bytes_per_token(compiled, true);
    let most = demands.iter().copied().fold(0.0, f64::max);
    let busiest: Vec<usize> = (0..demands.len()).filter(|&link| demands[link] >= BUSIEST * most).collect();
    let demand = busiest.iter().map(|&link| demands[link]).sum();
    let mut run = Run { machine, busiest, demand, start, slices: Vec::new() };
    let total = least_tokens(sequences, layers);
    loop {
        let number = run.slices.len() as u64 + 1;
        run.slice(number * slice);
        progress((number * slice / steps_per_token).min(total), total);
        if (number as usize) < LEAST {
            continue;
        }
        let result = run.result(steps_per_token, sequences, 1.0 / bound.bottleneck_cycles, asked);
        let sample = result.sample.expect("the run was sampled");
        let narrow = sample.rate_half_width.is_some_and(|half| half <= target * result.tokens_per_cycle);
        if (sample.steady == Some(true) && narrow) || number >= limit {
            return result;
        }
    }
}
