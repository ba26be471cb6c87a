//! `hardwire simulate`.

use std::path::Path;
use std::process::ExitCode;

use reports::number::{bytes, fixed, significant};
use reports::{Align, Table};
use sim::settle::Settled;
use sim::units::Unit;
use sim::{CycleAccount, Effect, Fidelity, PerEffect, Prepared, Rates, SimulateError, Simulation, Stop, TraceError};
use study::simulation::{Case, Cause, Extrapolation, KindExplanation, Question};

use crate::checkpoint::Checkpoint;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::progress::Progress;
use crate::{input, output};
use files::replace;

/// Runs with more events than this show progress; about four seconds.
const PROGRESS_FROM_EVENTS: u64 = 20_000_000;

/// Runs of `--causes` at most: events, and one for each effect but the last.
const RUNS_OF_CAUSES: u64 = Effect::ALL.len() as u64;

/// Runs the command.
pub fn run(arguments: &cli::Simulate) -> Result<ExitCode, Failure> {
    let question = question(arguments)?;
    let case = Case::load(&question, &input::read)?;
    let prepared = case.prepare()?;
    if arguments.trace.is_some() {
        prepared.traceable().map_err(|error| Failure::Request(error.to_string()))?;
    }
    let simulation = simulate(arguments, &prepared)?;
    if let Some(path) = &arguments.trace {
        trace(&prepared, arguments, path)?;
    }
    let causes = match arguments.causes {
        true => Some(causes(&case, &simulation)?),
        false => None,
    };
    let mut answer = case.answer(&prepared, simulation, arguments.explain, &input::read);
    answer.causes = causes;
    match arguments.format {
        Format::Json => output::json(&answer)?,
        Format::Table => {
            let mut text = render(&answer.simulation, &case.settled);
            text.extend(answer.part.as_ref().map(render_part));
            text.extend(answer.causes.as_deref().map(render_causes));
            if let Some(explanation) = &answer.explanation {
                text.push_str(&render_explanation(explanation));
                text.extend(answer.experts.iter().map(|choice| format!("\n{}\n", choice.reason)));
            }
            output::text(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the simulation, with a bar if it may take long.
fn simulate(arguments: &cli::Simulate, prepared: &Prepared) -> Result<Simulation, Failure> {
    let cycle = arguments.fidelity == Fidelity::Cycle;
    if let Some(path) = &arguments.checkpoint {
        let mut kept = Checkpoint::open(path, prepared, arguments.checkpoint_every)?;
        let before = kept.tokens();
        let simulation = with_progress("simulating", before, |progress| {
            Ok(prepared.run_keeping(&mut |done, all| progress(done, all), &mut kept))
        })?;
        kept.finish();
        return Ok(simulation);
    }
    let long = prepared.expected_events() > PROGRESS_FROM_EVENTS;
    if long && !cycle {
        message!(
            "about {} million events to simulate; --fidelity analytic answers at once",
            prepared.expected_events() / 1_000_000
        );
    }
    if long || cycle {
        return with_progress("simulating", 0, |progress| Ok(prepared.run_with(&mut |done, all| progress(done, all))));
    }
    Ok(prepared.run())
}

/// Runs with a bar that counts tokens, of which `before` were done earlier.
fn with_progress<T>(
    doing: &'static str,
    before: u64,
    run: impl FnOnce(&mut dyn FnMut(u64, u64)) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut bar: Option<Progress> = None;
    let result = run(&mut |done, all| {
        let bar = bar.get_or_insert_with(|| Progress::new(doing, "tokens", all, before));
        bar.add(done.saturating_sub(before + bar.done()));
    });
    if let Some(bar) = &mut bar {
        bar.finish();
    }
    result
}

/// Adds the effects of the question one after the other.
fn causes(case: &Case, simulation: &Simulation) -> Result<Vec<Cause>, Failure> {
    with_progress("simulating causes", 0, |progress| {
        let mut before = 0;
        let mut last = (0, 0);
        let causes = case.causes(simulation, &mut |run, done, all| {
            // Runs follow each other: the bar counts the tokens of all of them.
            if run != last.0 {
                before += last.1;
            }
            last = (run, done);
            progress(before + done, all * RUNS_OF_CAUSES);
        })?;
        Ok(causes)
    })
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

/// What the arguments ask.
fn question(arguments: &cli::Simulate) -> Result<Question, Failure> {
    let mut overrides = input::overrides(&arguments.set)?;
    if let Some(windows) = arguments.sliding_windows {
        overrides.extend(input::overrides(&[format!("mapping.sliding_windows={windows}")])?);
    }
    let cycle = arguments.fidelity == Fidelity::Cycle;
    if arguments.causes && !cycle {
        return Err(Failure::Request(SimulateError::NotInCycles { fidelity: arguments.fidelity }.to_string()));
    }
    let effects = match arguments.effects.is_empty() {
        true => PerEffect::ALL,
        false => PerEffect::from_fn(|effect| arguments.effects.contains(&effect)),
    };
    Ok(Question {
        design: arguments.design.clone(),
        overrides,
        model: arguments.model.clone(),
        node: arguments.node.clone(),
        weights: arguments.weights,
        area: arguments.area,
        contexts: arguments.context.read(&input::read)?,
        routing: arguments.routing.read(&input::read)?,
        sequences: arguments.sequences,
        phase: arguments.phase,
        discipline: arguments.discipline,
        fidelity: arguments.fidelity,
        effects,
        measured: arguments.measured,
        allow_beyond_model_context: arguments.allow_beyond_model_context,
        seed: arguments.seed,
        stop: Stop {
            precision: arguments.precision,
            max_tokens: arguments.max_tokens,
            window: arguments.window,
            ..Stop::default()
        },
        layers: arguments.layers,
    })
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

    if let Some(account) = &s.cycle {
        text.push('\n');
        text.push_str(&render_cycle(account));
    }
    if let Some(measured) = &s.measured {
        text.push('\n');
        text.push_str(&render_measured(measured));
    }
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

/// Rates that were measured in cycles.
fn render_measured(measured: &Rates) -> String {
    let mut table = Table::new(&[("measured in cycles", Align::Left), ("value", Align::Right), ("unit", Align::Left)]);
    let percent = |share: Option<f64>| share.map(|share| share * 100.0);
    for (name, value, unit) in [
        ("busy link", percent(measured.link_rate_share), "% of its raw rate"),
        ("latency of a message", measured.link_extra_latency_ns, "ns beyond its bytes and a hop"),
        ("busy HBM", percent(measured.hbm_rate_share), "% of its raw rate"),
        ("busy attention buffer", percent(measured.buffer_rate_share), "% of its raw rate"),
    ] {
        table.row([name.to_owned(), value.map_or("-".to_owned(), |value| fixed(value, 2)), unit.to_owned()]);
    }
    table.render()
}

/// The whole machine, extrapolated from a part.
fn render_part(part: &Extrapolation) -> String {
    let mut table = Table::new(&[("extrapolated", Align::Left), ("value", Align::Right), ("unit", Align::Left)]);
    let mut row =
        |name: &str, value: f64, unit: &str| table.row([name.to_owned(), significant(value, 4), unit.to_owned()]);
    row("throughput", part.throughput_tokens_per_s, "tokens/s");
    row("token latency", part.token_latency_us, "us");
    row("measured / closed form", part.measured_over_closed_form, "of the part");
    format!(
        "\n{} layers, {} sequences, from {} layers:\n\n{}",
        part.of_layers,
        part.of_sequences,
        part.layers,
        table.render()
    )
}

/// What the models in their own cycles did.
fn render_cycle(account: &CycleAccount) -> String {
    let effects: Vec<&str> = account.effects.iter().map(|effect| effect.title()).collect();
    let mut table = Table::new(&[("in own cycles", Align::Left), ("value", Align::Right), ("unit", Align::Left)]);
    let mut row = |name: &str, value: Option<f64>, unit: &str| {
        if let Some(value) = value {
            table.row([name.to_owned(), significant(value, 3), unit.to_owned()]);
        }
    };
    let modelled = |effect: Effect| account.effects.contains(&effect);
    row("flits", modelled(Effect::Flits).then_some(account.flits_per_token), "per token");
    row("waiting for a credit", modelled(Effect::Credits).then_some(account.credit_wait_pct), "% of the links' time");
    row("bank conflicts", modelled(Effect::Banks).then_some(account.bank_wait_mean_ns), "ns per read of the buffer");
    row("waiting for issue", modelled(Effect::Issue).then_some(account.issue_wait_mean_ns), "ns per instruction");
    if account.staging_bytes_per_chip > 0 {
        row("staging", Some(account.staging_bytes_per_chip as f64 / 1e6), "MB of the buffer");
        row("waiting for staging", account.staging_wait_mean_ns, "ns per stream");
    }
    row("DRAM rows open", account.row_hit_pct, "% of accesses");
    row("DRAM row conflicts", account.row_conflict_pct, "% of accesses");
    for (stall, share) in account.dram_bus_pct.iter().filter(|(_, share)| **share >= 0.05) {
        row(&format!("DRAM bus: {}", stall.replace('_', " ")), Some(*share), "% of its time");
    }
    format!("simulated in own cycles: {}\n{}", effects.join(", "), table.render())
}

/// What each effect changes.
fn render_causes(causes: &[Cause]) -> String {
    let mut table = Table::new(&[
        ("with", Align::Left),
        ("tokens/s", Align::Right),
        ("change", Align::Right),
        ("token latency us", Align::Right),
        ("change", Align::Right),
    ]);
    for cause in causes {
        let name = cause.effect.map_or("fidelity event".to_owned(), |effect| format!("+ {}", effect.title()));
        let signed = |change: f64, digits: usize| match cause.effect {
            None => String::new(),
            Some(_) => format!("{}{}", if change > 0.0 { "+" } else { "" }, fixed(change, digits)),
        };
        table.row([
            name,
            fixed(cause.throughput_tokens_per_s, 0),
            signed(cause.throughput_change_tokens_per_s, 0),
            fixed(cause.token_latency_us, 1),
            signed(cause.token_latency_change_us, 1),
        ]);
    }
    format!("\n{}", table.render())
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
