//! `hardwire simulate`.

use std::path::Path;
use std::process::ExitCode;

use designs::{Model, PerBlock, ProcessNode};
use reports::number::{bytes, fixed, significant};
use reports::{Align, Table};
use serde::Serialize;
use sim::economics::area::WeightFormat;
use sim::mapping::{ExpertChoice, LayerPlan, Mapping, Message, OwnerOf, RuleStatement, Work};
use sim::settle::{Build, Machine, Reticle, Settled, idle};
use sim::units::Unit;
use sim::{Fidelity, Prepared, Request, Routing, Simulation, Stop, TraceError};

use crate::cli::{self, Contexts, Format};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::progress::Progress;
use crate::replace::replace;
use crate::{input, numbers, output};

/// Mean bits beyond those of a format up to which a release counts as having it: scales of groups, and parts kept at 16 bits.
const FORMAT_SLACK_BITS: f64 = 1.0;
/// Prices whose reticle bounds a chip.
const PRICES: &str = "hnlpu";

/// Runs with more events than this show progress; about four seconds.
const PROGRESS_FROM_EVENTS: u64 = 20_000_000;

/// Runs the command.
pub fn run(arguments: &cli::Simulate) -> Result<ExitCode, Failure> {
    let mut overrides = input::overrides(&arguments.set)?;
    if let Some(windows) = arguments.sliding_windows {
        overrides.extend(input::overrides(&[format!("mapping.sliding_windows={windows}")])?);
    }
    let (model, node) = (arguments.model.as_deref(), arguments.node.as_deref());
    let machine = Machine::load(&arguments.design, &overrides, model, node, &input::read)?;
    let prices = designs::load::economics(PRICES, &[], &input::read)?;
    let build = Build { format: arguments.weights, areas: arguments.area, ..Build::published(Reticle::from(&prices)) };
    let (settled, mut notes) = machine.settle(&build)?;
    let workload = Workload::read(arguments)?;
    let prepared = Prepared::new(request(arguments, &workload, &settled, machine.model(), arguments.fidelity))?;
    if arguments.trace.is_some() {
        prepared.traceable().map_err(|error| Failure::Request(error.to_string()))?;
    }
    let mut simulation = if prepared.expected_events() > PROGRESS_FROM_EVENTS {
        message!(
            "about {} million events to simulate; --fidelity analytic answers at once",
            prepared.expected_events() / 1_000_000
        );
        let mut progress = Progress::new("simulating", "tokens", prepared.expected_tokens(), 0);
        let simulation = prepared.run_with(&mut |done, _| progress.add(done.saturating_sub(progress.done())));
        progress.finish();
        simulation
    } else {
        prepared.run()
    };
    notes.extend(idle(&overrides, &|overrides| {
        let machine = Machine::load(&arguments.design, overrides, model, node, &input::read).ok()?;
        let (settled, _) = machine.settle(&build).ok()?;
        let request = request(arguments, &workload, &settled, machine.model(), Fidelity::Analytic);
        let simulation = Prepared::new(request).ok()?.run();
        Some(format!("{:?}{simulation:?}", settled.layout))
    }));
    simulation.hardwired_weights = settled.format.name();
    simulation.weights_are_narrowed =
        machine.model().mean_released_bits() > settled.format.traits().stored_bits + FORMAT_SLACK_BITS;
    simulation.notes.splice(0..0, notes);
    let experts = ExpertChoice::new(&settled.design, machine.model(), prepared.mapping()).ok().flatten();
    simulation.notes.extend(experts.iter().filter(|choice| choice.matters()).map(|choice| choice.reason.clone()));
    if let Some(path) = &arguments.trace {
        trace(&prepared, arguments, path)?;
    }
    let explanation = arguments.explain.then(|| explain(prepared.mapping()));
    match arguments.format {
        Format::Json => output::json(&Answer {
            simulation: &simulation,
            machine: Built::new(&settled, machine.node()),
            experts: experts.filter(|_| arguments.explain),
            explanation,
        })?,
        Format::Table => {
            let mut text = render(&simulation, &settled);
            if let Some(explanation) = explanation {
                text.push_str(&render_explanation(&explanation));
                text.extend(experts.map(|choice| format!("\n{}\n", choice.reason)));
            }
            output::text(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the timeline and says what it holds.
fn trace(prepared: &Prepared, arguments: &cli::Simulate, path: &Path) -> Result<(), Failure> {
    let mut recorded = None;
    let written = replace::<TraceError>(path, |out| {
        recorded = Some(prepared.trace(arguments.trace_tokens, arguments.trace_spans, out)?);
        Ok(())
    });
    written.map_err(|error| match error {
        TraceError::Write(error) => Failure::File { path: path.display().to_string(), error },
        other => Failure::Request(other.to_string()),
    })?;
    let timeline = recorded.expect("a written timeline was recorded");
    let us = |cycles: u64| significant(prepared.seconds(cycles) * 1e6, 4);
    let (shown, tokens, spans) = (path.display(), timeline.tokens, timeline.spans);
    let cut = match timeline.complete {
        true => String::new(),
        false => format!(
            "; the limit of {} spans ended it before {} tokens had finished",
            arguments.trace_spans, arguments.trace_tokens
        ),
    };
    message!(
        "{shown}: {spans} spans from {} to {} us of simulated time, in which {tokens} tokens finish{cut}",
        us(timeline.from),
        us(timeline.to)
    );
    Ok(())
}

/// Contexts and routing, read from files where the arguments name one.
struct Workload {
    contexts: Vec<u64>,
    routing: Routing,
}

impl Workload {
    fn read(arguments: &cli::Simulate) -> Result<Self, Failure> {
        let contexts = match &arguments.context {
            Contexts::Listed(contexts) => contexts.clone(),
            Contexts::File(path) => numbers::rows(path)?.concat(),
        };
        let routing = match &arguments.routing {
            cli::Routing::Uniform => Routing::Uniform,
            cli::Routing::Zipf(exponent) => Routing::Zipf { exponent: *exponent },
            cli::Routing::File(path) => Routing::Counts { rows: numbers::rows(path)? },
        };
        Ok(Self { contexts, routing })
    }
}

/// The simulation that the arguments ask for, of a settled machine.
fn request<'a>(
    arguments: &cli::Simulate,
    workload: &'a Workload,
    machine: &'a Settled,
    model: &'a Model,
    fidelity: Fidelity,
) -> Request<'a> {
    Request {
        grid: Some(machine.design.grid),
        contexts: &workload.contexts,
        routing: &workload.routing,
        sequences: arguments.sequences,
        phase: arguments.phase,
        discipline: arguments.discipline,
        fidelity,
        allow_beyond_model_context: arguments.allow_beyond_model_context,
        seed: arguments.seed,
        // A precision is of no use to closed forms, which answer side questions of the same command.
        stop: match fidelity == arguments.fidelity {
            true => Stop { precision: arguments.precision, max_tokens: arguments.max_tokens },
            false => Stop::default(),
        },
        ..Request::of(&machine.design, model)
    }
}

/// The JSON answer.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    simulation: &'a Simulation,
    machine: Built,
    #[serde(skip_serializing_if = "Option::is_none")]
    experts: Option<ExpertChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<KindExplanation>>,
}

/// The machine as settled.
#[derive(Serialize)]
struct Built {
    node: String,
    weights: WeightFormat,
    area_mm2: PerBlock<f64>,
    chip_mm2: f64,
    um2_per_weight: f64,
    weight_capacity: u64,
}

impl Built {
    fn new(settled: &Settled, node: &ProcessNode) -> Self {
        let layout = &settled.layout;
        Self {
            node: node.name.clone(),
            weights: settled.format,
            area_mm2: layout.area.map(|area| area.mm2()),
            chip_mm2: layout.chip_mm2,
            um2_per_weight: layout.um2_per_weight,
            weight_capacity: layout.capacity,
        }
    }
}

/// Rules and operations of one layer kind.
#[derive(Serialize)]
struct KindExplanation {
    layer_kind: String,
    layers: usize,
    rules: Vec<RuleStatement>,
    operations: Vec<Operation>,
    tensors: Vec<TensorLine>,
}

#[derive(Serialize)]
struct Operation {
    stage: &'static str,
    name: &'static str,
    does: String,
    /// Dependent message phases; 0 without messages.
    message_phases: usize,
    messages: usize,
    bytes: u64,
}

#[derive(Serialize)]
struct TensorLine {
    tensor: &'static str,
    from: &'static str,
    to: &'static str,
    elements_per_chip: u64,
    bytes_per_chip: u64,
    owner: sim::mapping::Owner,
}

fn explain(mapping: &Mapping) -> Vec<KindExplanation> {
    let explanation = |plan: &LayerPlan, layers: usize| KindExplanation {
        layer_kind: plan.name.clone(),
        layers,
        rules: sim::mapping::explain(plan),
        operations: operations(mapping, plan),
        tensors: tensors(plan),
    };
    let count = |kind: usize| mapping.layer_kinds.iter().filter(|&&k| k == kind).count();
    let kinds = mapping.kinds.iter().enumerate().map(|(kind, plan)| explanation(plan, count(kind)));
    kinds.chain([explanation(&mapping.head, 1)]).collect()
}

fn operations(mapping: &Mapping, plan: &LayerPlan) -> Vec<Operation> {
    let mut all = Vec::new();
    for step in plan.steps() {
        for op in plan.ops(step) {
            let does = match &op.work {
                Work::Hn(m) if m.experts > 0 => format!("HN {} x {}, {} experts", m.fan_in, m.fan_out, m.experts),
                Work::Hn(m) => format!("HN {} x {}", m.fan_in, m.fan_out),
                Work::EmbeddingRow { bytes } => format!("HBM read of {bytes} B"),
                Work::Nonlinear(_) => "VEX non-linear".to_owned(),
                Work::Scores => "VEX queries x cached keys".to_owned(),
                Work::Values => "VEX weights x cached values".to_owned(),
                Work::Transfer(_) => "links".to_owned(),
            };
            let phases = match &op.work {
                Work::Transfer(legs) => mapping.transfer_phases(legs),
                _ => Vec::new(),
            };
            // One position's new cache entry has one owner: position 0 stands for all.
            let stripes = plan.attention.map_or(1, |a| a.stripes);
            let owner = OwnerOf::position(0, stripes, mapping.grid);
            let sent = |m: &&Message| m.applies(owner, mapping.grid.columns);
            let messages = phases.iter().flat_map(|p| &p.messages).filter(sent);
            all.push(Operation {
                stage: plan.stages[op.stage],
                name: op.name,
                does,
                message_phases: phases.len(),
                messages: messages.clone().count(),
                bytes: messages.map(|m| m.bytes).sum(),
            });
        }
    }
    all
}

fn tensors(plan: &LayerPlan) -> Vec<TensorLine> {
    let line = |(from, to)| {
        let (from, to) = (plan.op(from), plan.op(to));
        TensorLine {
            tensor: from.writes.name,
            from: from.name,
            to: to.name,
            elements_per_chip: from.writes.elements,
            bytes_per_chip: from.writes.bytes,
            owner: from.writes.owner,
        }
    };
    plan.dependences().into_iter().map(line).collect()
}

fn render_explanation(kinds: &[KindExplanation]) -> String {
    let mut text = String::new();
    for kind in kinds {
        text.push_str(&format!("\n{} ({} x)\n", kind.layer_kind, kind.layers));
        for rule in &kind.rules {
            text.push_str(&format!("  {}: {} [{}]\n", rule.rule, rule.statement, rule.source));
        }
        let mut table = Table::new(&[
            ("stage", Align::Left),
            ("operation", Align::Left),
            ("per chip", Align::Left),
            ("messages", Align::Right),
            ("phases", Align::Right),
            ("bytes in all", Align::Right),
        ]);
        let mut stage = "";
        for op in &kind.operations {
            let sends = op.message_phases > 0;
            let or_blank = |text: String| if sends { text } else { String::new() };
            table.row([
                if op.stage == stage { String::new() } else { op.stage.to_owned() },
                op.name.to_owned(),
                op.does.clone(),
                or_blank(op.messages.to_string()),
                or_blank(op.message_phases.to_string()),
                or_blank(significant(op.bytes as f64, 1)),
            ]);
            stage = op.stage;
        }
        text.push('\n');
        text.push_str(&table.render());
    }
    text
}

/// Says that the machine carries the weights in fewer bits than they were released in.
fn narrowed(s: &Simulation) -> String {
    match s.weights_are_narrowed {
        true => format!(" ({} weights as {})", s.released_format, s.hardwired_weights.to_uppercase()),
        false => String::new(),
    }
}

fn render(s: &Simulation, machine: &Settled) -> String {
    let mut text = format!(
        "{}{} on {}, {} x {} chips, {}, {} discipline, {}\n",
        s.model,
        narrowed(s),
        s.design,
        s.grid.rows,
        s.grid.columns,
        s.phase,
        s.discipline,
        s.fidelity.phrase(),
    );
    let unit = if s.phase == sim::Phase::Prefill { "prompt tokens in flight" } else { "sequences" };
    let context = match &s.contexts {
        None => format!("context {} tokens", significant(s.context_tokens as f64, 1)),
        Some(c) => format!(
            "contexts {} to {} tokens, mean {}",
            significant(c.shortest_tokens as f64, 1),
            significant(c.longest_tokens as f64, 1),
            significant(c.mean_tokens, 1)
        ),
    };
    text.push_str(&format!("{context}, {} {unit}, at most {} tokens in flight\n\n", s.sequences, s.in_flight_limit));
    let mut table = Table::new(&[("result", Align::Left), ("value", Align::Right), ("unit", Align::Left)]);
    let mut row =
        |name: &str, value: f64, unit: &str| table.row([name.to_owned(), significant(value, 4), unit.to_owned()]);
    row("throughput", s.throughput_tokens_per_s, "tokens/s");
    if let Some(half) = s.confidence.throughput_half_width_tokens_per_s {
        row("  95 %: +-", half, "tokens/s");
    }
    row("per sequence", s.tokens_per_s_per_sequence, "tokens/s");
    row("token latency", s.token_latency_us, "us");
    if let Some(prompt) = s.prompt_latency_us {
        row("prompt latency", prompt, "us");
    }
    row("system power", s.system_power_kw, "kW");
    row("energy per token", s.energy_per_token_mj, "mJ");
    row("efficiency", s.tokens_per_kj, "tokens/kJ");
    text.push_str(&table.render());

    let mut table = Table::new(&[("a token's time", Align::Left), ("%", Align::Right)]);
    let b = &s.breakdown_pct;
    for (name, value) in [
        ("communication", b.comm),
        ("projection", b.projection),
        ("non-linear", b.nonlinear),
        ("attention", b.attention),
        ("stall", b.stall),
    ] {
        table.row([name.to_owned(), fixed(value, 1)]);
    }
    for (cause, value) in s.stall_pct.iter().filter(|(_, v)| **v >= 0.05) {
        table.row([format!("  of it {cause}"), fixed(*value, 1)]);
    }
    text.push('\n');
    text.push_str(&table.render());

    text.push('\n');
    text.push_str(&render_units(s));

    let kv = &s.kv_cache;
    let busiest = s.links.iter().map(|l| l.bytes_per_token).fold(0.0, f64::max);
    text.push_str(&format!(
        "\nKV cache per chip: {} ({} in the attention buffer, {} in HBM)\nweights on the fullest chip: {}, {}; chip of {} mm2\n",
        bytes(kv.kv_bytes_per_chip as f64),
        bytes(kv.resident_bytes_per_chip as f64),
        bytes(kv.spilled_bytes_per_chip as f64),
        significant(s.weights_per_chip as f64, 1),
        machine.format,
        significant(machine.layout.chip_mm2, 4),
    ));
    if let Some(table) = &s.embedding {
        text.push_str(&format!(
            "embedding table per chip: {} in HBM, {} read per token\n",
            bytes(table.table_bytes_per_chip as f64),
            bytes(table.row_bytes_per_chip as f64),
        ));
    }
    if !s.links.is_empty() {
        text.push_str(&format!("busiest link: {} per token\n", bytes(busiest)));
    }
    if let Some(bound) = &s.bound {
        text.push_str(&format!(
            "closed form: {} cycles alone, {} cycles per token at the bottleneck ({}), knee at {} tokens in flight\n",
            significant(bound.alone_cycles, 1),
            significant(bound.bottleneck_cycles, 1),
            bound.bottleneck.title(),
            significant(bound.knee_sequences, 3),
        ));
    }
    if s.events > 0 {
        text.push_str(&format!("events: {}\n", significant(s.events as f64, 1)));
    }
    for note in &s.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

fn render_units(s: &Simulation) -> String {
    let u = &s.utilization;
    let mut columns = vec![("unit", Align::Left), ("busy %", Align::Right)];
    if !s.units.is_empty() {
        columns.push(("idle mostly while the next request was in", Align::Left));
    }
    let mut table = Table::new(&columns);
    let mut row = |name: &str, busy: f64, unit: Option<Unit>| {
        let account = s.units.iter().find(|a| Some(a.unit) == unit && a.busy_pct < 99.95);
        let cause = account.and_then(|a| a.idle_pct.iter().max_by(|x, y| x.1.total_cmp(y.1)));
        let cause = cause.map_or(String::new(), |(cause, pct)| format!("{cause} ({pct:.1} %)"));
        table.row([name.to_owned(), fixed(busy * 100.0, 1), cause]);
    };
    if !s.links.is_empty() {
        row("links, busiest", u.links_max, None);
        row("links, mean", u.mean.links, Some(Unit::Links));
    }
    for (unit, busy) in u.mean.into_iter().filter(|(unit, _)| *unit != Unit::Links) {
        row(unit.title(), busy, Some(unit));
    }
    table.render()
}
