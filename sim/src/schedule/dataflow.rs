//! `dataflow`: every operation starts when its inputs, links and memory are free, simulated by events.
//!
//! Decode is measured in steady state ([`super::steady`]). Prefill follows the tokens of one prompt; a prompt longer than
//! [`WHOLE_PROMPT`] is measured in evenly spaced windows, since cost changes slowly with position.
//! The closed form is the asymptotic bound of queueing theory: `min(n / latency alone, 1 / bottleneck)`.

use names::named;

use super::cost::{self, activity, alone, link_bytes_per_token};
use super::machine::{Activity, Load, Machine, Phase, Settled, Start};
use super::program::{Compiled, Program};
use super::router::Router;
use crate::mapping::Mapping;
use crate::units::hbm::Placement;
use crate::units::{PerSpent, PerUnit, Sharing, Unit};

/// Longest prompt that is simulated token by token.
pub const WHOLE_PROMPT: u64 = 4096;

/// Windows measured of a longer prompt.
pub const WINDOWS: u64 = 8;

/// Called with the number of finished tokens and of all tokens.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// What a run measured.
#[derive(Debug, Clone, Default)]
pub struct Dataflow {
    /// Tokens per cycle of the chip clock.
    pub tokens_per_cycle: f64,
    /// Mean token latency in cycles.
    pub token_cycles: f64,
    /// Token latency by class, cycles; adds up to `token_cycles`.
    pub spent: PerSpent<f64>,
    /// Length of the measured window, cycles.
    pub window: u64,
    /// Events, tokens and latencies in the window.
    pub activity: Activity,
    /// Tokens processed in the window; unfinished ones count by the share of their instructions.
    pub counted_tokens: f64,
    /// Accounts of the units over the window.
    pub settled: Settled,
    /// Cycles from the first prompt token's start to the last one's end (prefill only).
    pub prompt_cycles: Option<f64>,
    /// How sure it is (decode only).
    pub sample: Option<Sample>,
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

/// Runs `machine` through a warm-up and a measured part.
fn measure(
    machine: &mut Machine,
    steps_per_token: u64,
    warm_up: u64,
    measured: u64,
    progress: &mut Progress,
) -> Dataflow {
    let mut run_until = |machine: &mut Machine, tokens: u64| {
        for token in machine.activity().tokens + 1..=tokens {
            machine.run_until_tokens(token);
            progress(token, warm_up + measured);
        }
    };
    run_until(machine, warm_up);
    let before = (machine.now(), machine.activity());
    machine.settle();
    run_until(machine, warm_up + measured);
    let after = (machine.now(), machine.activity());
    let settled = machine.settle();
    summarize((before, after), settled, steps_per_token, machine.events())
}

/// What happened between two points of a run, each its cycle and its activity so far.
///
/// Throughput counts instructions, so tokens that the window cuts count partially.
pub(super) fn summarize(
    ((from, before), (to, after)): ((u64, Activity), (u64, Activity)),
    settled: Settled,
    steps_per_token: u64,
    events: u64,
) -> Dataflow {
    let window = (to - from).max(1);
    let activity = after.since(&before);
    let tokens = activity.tokens.max(1) as f64;
    let latency = activity.latency_cycles as f64 / tokens;
    let counted_tokens = activity.events.steps as f64 / steps_per_token as f64;
    let total: u64 = activity.spent.values().sum::<u64>().max(1);
    Dataflow {
        tokens_per_cycle: counted_tokens / window as f64,
        token_cycles: latency,
        spent: activity.spent.map(|s| s as f64 / total as f64 * latency),
        window,
        activity,
        counted_tokens,
        settled,
        prompt_cycles: None,
        sample: None,
        events,
    }
}

named! {
    /// What a measurement of decode consists of.
    pub enum Measured {
        /// Rounds of at least one token per sequence.
        Rounds = "rounds",
        /// Some layers of every sequence, on a machine whose rounds are long; the rate follows from the load of the links.
        Layers = "layers",
    }
}

/// How sure a measurement is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Tokens that finished before the measurement.
    pub warm_up_tokens: u64,
    /// Whether the run was stationary after the warm-up; `None` if it was too short to tell.
    pub steady: Option<bool>,
    /// Batches of the measurement.
    pub batches: usize,
    /// Half-width of the 95 % interval of throughput, tokens per cycle; `None` with fewer than [`MIN_BATCHES`](super::statistics::MIN_BATCHES) batches.
    pub rate_half_width: Option<f64>,
    /// Half-width of the 95 % interval of the mean latency, cycles.
    pub latency_half_width: Option<f64>,
    /// Whether the precision that was asked for is reached.
    pub reached: Option<bool>,
    /// What was measured.
    pub measured: Measured,
}

/// Instructions a token takes over all chips.
#[must_use]
pub fn steps_per_token(compiled: &Compiled, head: bool) -> u64 {
    let layers = compiled.layers() + usize::from(head);
    let instrs: u64 = (0..layers).map(|layer| compiled.program(layer).instrs.len() as u64).sum();
    instrs * u64::from(compiled.specs.interconnect.grid.chips())
}

/// Measures prefill of one prompt of `context` tokens with `in_flight` of them in the pipeline.
#[must_use]
pub fn prefill(
    compiled: &Compiled,
    mapping: &Mapping,
    context: u64,
    in_flight: u64,
    seed: u64,
    router: &Router,
    progress: &mut Progress,
) -> Dataflow {
    let in_flight = in_flight.min(context);
    let load = |first: u64, tokens: u64| Load {
        sequences: in_flight as u32,
        // The prompt token at position p attends to p + 1 positions.
        context: first,
        phase: Phase::Prefill,
        start: Start::First,
        prompt_tokens: tokens,
        seed,
        router: router.clone(),
        ..Load::default()
    };
    let steps = steps_per_token(compiled, false);
    let placed = |positions: u64| cost::placement(compiled, mapping, positions, 1);
    if context <= WHOLE_PROMPT {
        let mut machine = Machine::new(compiled, load(0, context), placed(context));
        let mut result = measure(&mut machine, steps, 0, context, progress);
        result.prompt_cycles = Some(result.window as f64);
        return result;
    }
    let mut sum = Dataflow::default();
    let mut cycles = 0.0;
    for window in 0..WINDOWS {
        // Each window is the middle of an eighth of the prompt.
        let first = (2 * window + 1) * context / (2 * WINDOWS) - in_flight;
        let mut machine = Machine::new(compiled, load(first, 3 * in_flight), placed(first + in_flight));
        let part = measure(&mut machine, steps, in_flight, in_flight, &mut |done, total| {
            progress(window * total + done, WINDOWS * total);
        });
        let tokens = context as f64 / WINDOWS as f64;
        cycles += tokens / part.tokens_per_cycle;
        sum.token_cycles += part.token_cycles / WINDOWS as f64;
        sum.spent = sum.spent.zip(part.spent).map(|(sum, part)| sum + part / WINDOWS as f64);
        sum.window += part.window;
        sum.counted_tokens += part.counted_tokens;
        sum.events += part.events;
        add_activity(&mut sum.activity, &part.activity);
        add_settled(&mut sum.settled, &part.settled);
    }
    sum.tokens_per_cycle = context as f64 / cycles;
    sum.prompt_cycles = Some(cycles + sum.token_cycles);
    sum
}

/// Adds tokens and events; latencies of windows are averaged by the caller.
fn add_activity(sum: &mut Activity, part: &Activity) {
    sum.tokens += part.tokens;
    sum.events = sum.events.zip(part.events).map(|(sum, part)| sum + part);
}

pub(super) fn add_settled(sum: &mut Settled, part: &Settled) {
    for (unit, usage) in sum.units.iter_mut() {
        usage.add(&part.units[unit]);
    }
    sum.cycle.add(&part.cycle);
    sum.links.resize(part.links.len().max(sum.links.len()), Default::default());
    sum.links.iter_mut().zip(&part.links).for_each(|(s, p)| s.add(p));
}

/// The closed form, and the number of sequences at which its two bounds meet.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Bound {
    /// Cycles of a token alone in the machine.
    pub alone_cycles: f64,
    /// Cycles per token of the busiest server of the machine.
    pub bottleneck_cycles: f64,
    /// Unit of that server.
    #[serde(serialize_with = "name")]
    pub bottleneck: Unit,
    /// Sequences at which latency and bottleneck give the same throughput.
    pub knee_sequences: f64,
    /// Cycles per token of the busiest server of each unit.
    #[serde(skip)]
    pub busiest: PerUnit<f64>,
}

/// Serializes a unit by its name for people.
fn name<S: serde::Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit.title())
}

/// The closed form: time alone, and the busiest server.
#[must_use]
pub fn bound(
    compiled: &Compiled,
    context: u64,
    placement: &Placement,
    head: bool,
    router: &Router,
) -> (Bound, PerSpent<u64>) {
    let spent = alone(compiled, context, placement, head);
    let busiest = busiest_servers(compiled, context, placement, head, &shares(compiled, router));
    (Bound::new(spent.values().sum::<u64>() as f64, &busiest), spent)
}

/// The closed form of sequences of different contexts, each with its share of the sequences: `alone_cycles` is the harmonic
/// mean, since sequences that are faster decode more tokens.
#[must_use]
pub fn mixed_bound(
    compiled: &Compiled,
    contexts: &[(u64, f64)],
    placement: &Placement,
    router: &Router,
) -> (Bound, PerSpent<f64>) {
    let shares = shares(compiled, router);
    let mut rate = 0.0;
    let mut spent = PerSpent::default();
    let mut busiest = PerUnit::default();
    for &(context, share) in contexts {
        let one = alone(compiled, context, placement, true);
        rate += share / one.values().sum::<u64>() as f64;
        spent = one.zip(spent).map(|(one, sum)| sum + one as f64 * share);
        let servers = busiest_servers(compiled, context, placement, true, &shares);
        busiest = servers.zip(busiest).map(|(one, sum)| sum + one * share);
    }
    let alone_cycles = 1.0 / rate;
    let total: f64 = spent.values().sum();
    (Bound::new(alone_cycles, &busiest), spent.map(|cycles| cycles * alone_cycles / total))
}

impl Bound {
    fn new(alone_cycles: f64, busiest: &PerUnit<f64>) -> Self {
        let first = (Unit::Links, 0.0);
        let (bottleneck, cycles) =
            busiest.into_iter().rev().fold(first, |best, next| if next.1 > best.1 { next } else { best });
        Self {
            alone_cycles,
            bottleneck_cycles: cycles,
            bottleneck,
            knee_sequences: if cycles > 0.0 { alone_cycles / cycles } else { f64::INFINITY },
            busiest: *busiest,
        }
    }
}

/// For each program, the share of the tokens that use the most popular expert of one of its layers.
fn shares(compiled: &Compiled, router: &Router) -> Vec<f64> {
    let mut shares = vec![0.0f64; compiled.programs.len()];
    for (layer, &program) in compiled.sequence.iter().enumerate() {
        // Without weights all layers of a program are alike.
        if !router.is_uniform() || shares[program] == 0.0 {
            shares[program] = router.most_popular(layer, compiled.programs[program].experts).max(shares[program]);
        }
    }
    shares
}

/// Cycles of the chip clock per token for which the busiest server of each unit is occupied; `shares` are those of [`shares`].
fn busiest_servers(
    compiled: &Compiled,
    context: u64,
    placement: &Placement,
    head: bool,
    shares: &[f64],
) -> PerUnit<f64> {
    let specs = &compiled.specs;
    let activity = activity(compiled, context, placement, head);
    let chips = f64::from(specs.interconnect.grid.chips());
    let clock = specs.clock_hz as f64;
    let moved = |unit: Unit, bytes: f64| bytes * clock / specs.work_per_second(unit) as f64;
    let busiest_link = link_bytes_per_token(compiled, head).into_iter().fold(0.0, f64::max);
    let of_layers = |unit: Unit| {
        let programs = compiled.programs.iter().zip(shares);
        programs.map(move |(program, share)| layer_server(compiled, program, unit, context, *share))
    };
    PerUnit::from_fn(|unit| match unit.sharing() {
        Sharing::Layer => of_layers(unit).fold(0.0, f64::max),
        Sharing::LaneGroup => {
            let layers: Vec<f64> = of_layers(unit).collect();
            let mut groups = vec![0.0; specs.vex.groups()];
            for (layer, &program) in compiled.sequence.iter().enumerate() {
                groups[specs.vex.group(layer)] += layers[program];
            }
            groups.into_iter().fold(0.0, f64::max)
        }
        Sharing::Chip(event) => moved(unit, activity[event] / chips),
        Sharing::Link => moved(unit, busiest_link),
    })
}

/// Cycles per token for which a layer occupies the busiest server of a unit that computes. A pipeline of the vector unit serves
/// all instructions of its kind; an instance of the array serves one, that of a routed expert the `share` of the tokens that
/// use it.
fn layer_server(compiled: &Compiled, program: &Program, unit: Unit, context: u64, share: f64) -> f64 {
    let instrs = program.instrs.iter().flat_map(|(_, instr)| compiled.requests(program, instr, context));
    let used = |routed: bool| if routed { share } else { 1.0 };
    let work = instrs.flatten().filter(|request| request.unit == unit).map(|r| r.work as f64 * used(r.routed));
    if unit == Unit::HnArray { work.fold(0.0, f64::max) } else { work.sum() }
}
