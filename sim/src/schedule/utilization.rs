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

/// Slices up to which each has a mark. Later marks lie further apart, so that their number stays small.
const MARKED: usize = 64;

/// Slices between two later marks, as a part of those so far.
const GROWTH: usize = 8;

/// State of a run between two slices, from which a measurement can start.
struct Mark {
    /// Slices before it.
    slices: usize,
    now: u64,
    activity: Activity,
    /// Time of all tokens so far, by class, finished or not.
    spent: PerSpent<f64>,
    /// Accounts of the servers from here to the next mark, or to the end.
    settled: Settled,
}

impl Mark {
    fn new(machine: &Machine, slices: usize) -> Self {
        let (now, activity) = (machine.now(), machine.activity());
        Self { slices, now, activity, spent: machine.spent(), settled: Settled::default() }
    }
}

/// A measurement of the last slices.
struct Measurement {
    /// Mark from which on it is taken.
    from: usize,
    steady: bool,
    rate: f64,
    batches: usize,
    half_width: Option<f64>,
}

impl Measurement {
    fn within(&self, precision: f64) -> bool {
        self.half_width.is_some_and(|half| half <= precision * self.rate)
    }
}

struct Run<'a> {
    machine: Machine<'a>,
    /// The busiest links, by index.
    busiest: Vec<usize>,
    /// Bytes of a token on them.
    demand: f64,
    /// Largest rate by the closed form, tokens per cycle.
    most: f64,
    /// Tokens that the busiest links have carried in each slice, and its cycles.
    slices: Vec<Piece>,
    marks: Vec<Mark>,
}

impl Run<'_> {
    /// Runs until `steps` instructions have been executed since the start.
    fn slice(&mut self, steps: u64) {
        let begin = self.machine.now();
        while self.machine.activity().events.steps < steps && self.machine.step() {}
        let settled = self.machine.settle();
        let carried = self.busiest.iter().map(|&link| settled.links[link].busy).sum::<u64>() as f64;
        self.slices.push(Piece { count: carried / self.demand, over: (self.machine.now() - begin) as f64 });
        let slices = self.slices.len();
        let last = self.marks.last_mut().expect("a run starts with a mark");
        add_settled(&mut last.settled, &settled);
        if slices <= MARKED || slices - last.slices >= slices / GROWTH {
            self.marks.push(Mark::new(&self.machine, slices));
        }
    }

    fn measure(&self) -> Measurement {
        let rates: Vec<f64> = self.slices.iter().map(|slice| slice.count / slice.over).collect();
        // At least one layer of every sequence, since all start theirs at the same cycle.
        let (first, steady) = match statistics::warm_up(&rates) {
            Some(slices) => (slices.max(SLICES as usize), true),
            None => (self.slices.len() / 2, false),
        };
        let from = self.marks.partition_point(|mark| mark.slices < first);
        let measured = &self.slices[self.marks[from].slices..];
        let tokens: f64 = measured.iter().map(|slice| slice.count).sum();
        let cycles: f64 = measured.iter().map(|slice| slice.over).sum();
        let batches = statistics::batches(measured);
        Measurement {
            from,
            steady,
            rate: (tokens / cycles).min(self.most),
            batches: batches.len(),
            half_width: half_width(&batches),
        }
    }

    fn result(&self, of: &Measurement, steps_per_token: u64, sequences: u64, asked: Option<f64>) -> Dataflow {
        let (before, end) = (&self.marks[of.from], Mark::new(&self.machine, self.slices.len()));
        let mut settled = Settled::default();
        self.marks[of.from..].iter().for_each(|mark| add_settled(&mut settled, &mark.settled));
        let latency = sequences as f64 / of.rate;
        let spent = end.spent.zip(before.spent).map(|(after, before)| after - before);
        let total = spent.values().sum::<f64>().max(f64::MIN_POSITIVE);
        let measured = ((before.now, before.activity), (end.now, end.activity));
        Dataflow {
            tokens_per_cycle: of.rate,
            token_cycles: latency,
            spent: spent.map(|cycles| cycles / total * latency),
            sample: Some(Sample {
                warm_up_tokens: before.activity.tokens,
                steady: Some(of.steady),
                batches: of.batches,
                rate_half_width: of.half_width,
                latency_half_width: of.half_width.map(|half| half / of.rate * latency),
                reached: asked.map(|precision| of.within(precision)),
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
    let demands = link_bytes_per_token(compiled, true);
    let busiest = demands.iter().copied().fold(0.0, f64::max);
    let busiest: Vec<usize> = (0..demands.len()).filter(|&link| demands[link] >= BUSIEST * busiest).collect();
    let demand = busiest.iter().map(|&link| demands[link]).sum();
    let marks = vec![Mark::new(&machine, 0)];
    let most = 1.0 / bound.bottleneck_cycles;
    let mut run = Run { machine, busiest, demand, most, slices: Vec::new(), marks };
    let total = least_tokens(sequences, layers);
    loop {
        let number = run.slices.len() as u64 + 1;
        run.slice(number * slice);
        progress((number * slice / steps_per_token).min(total), total);
        if (number as usize) < LEAST {
            continue;
        }
        let measurement = run.measure();
        if (measurement.steady && measurement.within(target)) || number >= limit {
            return run.result(&measurement, steps_per_token, sequences, asked);
        }
    }
}
