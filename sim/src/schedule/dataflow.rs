//! `dataflow`: every operation starts when its inputs, links and memory are free, simulated by events.
//!
//! Decode is measured in steady state: sequences start spread over the layers, a first round of tokens is
//! discarded, a second one is measured. Prefill follows the tokens of one prompt; a prompt longer than
//! [`WHOLE_PROMPT`] is measured in evenly spaced windows, since cost changes slowly with position.
//! The closed form is the asymptotic bound of queueing theory: `min(n / latency alone, 1 / bottleneck)`.

use super::cost::{self, activity, alone, link_bytes_per_token};
use super::machine::{Activity, Load, Machine, Phase, Settled, Start};
use super::program::{Compiled, Program};
use super::trace::Listener;
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
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

/// Runs `machine` through a warm-up and a measured part.
///
/// Throughput counts instructions, so tokens that the window cuts count partially.
fn measure<L: Listener>(
    machine: &mut Machine<L>,
    steps_per_token: u64,
    warm_up: u64,
    measured: u64,
    progress: &mut Progress,
) -> Dataflow {
    let mut run_until = |machine: &mut Machine<L>, tokens: u64| {
        for token in machine.activity().tokens + 1..=tokens {
            machine.run_until_tokens(token);
            progress(token, warm_up + measured);
        }
    };
    run_until(machine, warm_up);
    let (from, before) = (machine.now(), machine.activity());
    machine.settle();
    run_until(machine, warm_up + measured);
    let (to, after) = (machine.now(), machine.activity());
    let settled = machine.settle();
    let window = (to - from).max(1);
    let activity = difference(&after, &before);
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
        events: machine.events(),
    }
}

/// Instructions a token takes over all chips.
#[must_use]
pub fn steps_per_token(compiled: &Compiled, head: bool) -> u64 {
    let layers = compiled.layers() + usize::from(head);
    let instrs: u64 = (0..layers).map(|layer| compiled.program(layer).instrs.len() as u64).sum();
    instrs * u64::from(compiled.specs.interconnect.grid.chips())
}

fn difference(after: &Activity, before: &Activity) -> Activity {
    Activity {
        tokens: after.tokens - before.tokens,
        events: after.events.zip(before.events).map(|(after, before)| after - before),
        latency_cycles: after.latency_cycles - before.latency_cycles,
        spent: after.spent.zip(before.spent).map(|(after, before)| after - before),
    }
}

/// Measures decode of `sequences` sequences at `context` from events.
#[must_use]
pub fn decode(
    compiled: &Compiled,
    context: u64,
    sequences: u64,
    placement: Placement,
    seed: u64,
    progress: &mut Progress,
) -> Dataflow {
    let load = Load {
        sequences: sequences as u32,
        context,
        phase: Phase::Decode,
        start: Start::Spread,
        prompt_tokens: 0,
        seed,
    };
    let mut machine = Machine::new(compiled, load, placement);
    measure(&mut machine, steps_per_token(compiled, true), sequences, sequences, progress)
}

/// Measures prefill of one prompt of `context` tokens with `in_flight` of them in the pipeline.
#[must_use]
pub fn prefill(
    compiled: &Compiled,
    mapping: &Mapping,
    context: u64,
    in_flight: u64,
    seed: u64,
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

fn add_settled(sum: &mut Settled, part: &Settled) {
    for (unit, usage) in sum.units.iter_mut() {
        usage.add(&part.units[unit]);
    }
    sum.links.resize(part.links.len(), Default::default());
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
}

impl Bound {
    /// Whether `in_flight` is within a factor of four of [`Self::knee_sequences`]. There, tokens wait for each other although no
    /// server is always busy, and the closed form is only an upper bound of throughput; elsewhere it is within about 1 %.
    #[must_use]
    pub fn near_knee(&self, in_flight: f64) -> bool {
        in_flight > 1.0 && in_flight > self.knee_sequences / 4.0 && in_flight < self.knee_sequences * 4.0
    }
}

/// Serializes a unit by its name for people.
fn name<S: serde::Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit.title())
}

/// The closed form: time alone, and the busiest server.
#[must_use]
pub fn bound(compiled: &Compiled, context: u64, placement: &Placement, head: bool) -> (Bound, PerSpent<u64>) {
    let spent = alone(compiled, context, placement, head);
    let busiest = busiest_servers(compiled, context, placement, head);
    let first = (Unit::Links, 0.0);
    let (bottleneck, cycles) =
        busiest.into_iter().rev().fold(first, |best, next| if next.1 > best.1 { next } else { best });
    let alone_cycles = spent.values().sum::<u64>() as f64;
    let bound = Bound {
        alone_cycles,
        bottleneck_cycles: cycles,
        bottleneck,
        knee_sequences: if cycles > 0.0 { alone_cycles / cycles } else { f64::INFINITY },
    };
    (bound, spent)
}

/// Cycles of the chip clock per token for which the busiest server of each unit is occupied.
fn busiest_servers(compiled: &Compiled, context: u64, placement: &Placement, head: bool) -> PerUnit<f64> {
    let specs = &compiled.specs;
    let activity = activity(compiled, context, placement, head);
    let chips = f64::from(specs.interconnect.grid.chips());
    let clock = specs.clock_hz as f64;
    let moved = |unit: Unit, bytes: f64| bytes * clock / specs.work_per_second(unit) as f64;
    let busiest_link = link_bytes_per_token(compiled, head).into_iter().fold(0.0, f64::max);
    let of_layers = |unit: Unit| compiled.programs.iter().map(move |p| layer_server(compiled, p, unit, context));
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
/// all instructions of its kind; an instance of the array serves one.
fn layer_server(compiled: &Compiled, program: &Program, unit: Unit, context: u64) -> f64 {
    let instrs = program.instrs.iter().flat_map(|(_, instr)| compiled.requests(program, instr, context));
    let work = instrs.flatten().filter(|request| request.unit == unit).map(|r| r.work as f64 * r.use_share(program));
    if unit == Unit::HnArray { work.fold(0.0, f64::max) } else { work.sum() }
}
