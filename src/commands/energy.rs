//! `hardwire energy`.

use std::process::ExitCode;

use reports::number::{fixed, significant};
use reports::{Align, Table};
use serde::Serialize;
use study::energy::{self, Answer, Point, Question};

use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::{input, output};

/// Runs the command.
pub fn run(arguments: &cli::Energy) -> Result<ExitCode, Failure> {
    let question = Question {
        design: arguments.design.clone(),
        overrides: input::overrides(&arguments.set)?,
        model: arguments.model.clone(),
        nodes: arguments.nodes.clone(),
        clocks: arguments.clocks.clone(),
        loads: arguments.sequences.iter().map(|load| load.0).collect(),
        context: arguments.context,
        discipline: arguments.discipline,
    };
    let answer = energy::answer(&question, &input::read)?;
    match arguments.format {
        TableFormat::Json => output::json(&answer)?,
        TableFormat::Csv => output::csv(answer.points.iter().map(Line::new))?,
        TableFormat::Table => {
            let mut text = render(&answer);
            if arguments.constants {
                text.push_str(&constants(&answer));
            }
            output::text(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An operating point for CSV, with the keys of the JSON.
#[derive(Serialize)]
struct Line<'a> {
    node: &'a str,
    clock_ghz: f64,
    voltage_v: f64,
    temperature_c: f64,
    sequences: u64,
    throughput_tokens_per_s: f64,
    chip_bottom_up_w: Option<f64>,
    chip_w: f64,
    dram_standby_w: f64,
    dram_traffic_w: f64,
    system_bottom_up_kw: Option<f64>,
    system_kw: f64,
    energy_per_token_mj: Option<f64>,
}

impl<'a> Line<'a> {
    fn new(point: &'a Point) -> Self {
        Self {
            node: &point.node,
            clock_ghz: point.clock_ghz,
            voltage_v: point.voltage_v,
            temperature_c: point.temperature_c,
            sequences: point.sequences,
            throughput_tokens_per_s: point.throughput_tokens_per_s,
            chip_bottom_up_w: point.chip_bottom_up_w,
            chip_w: point.chip_w,
            dram_standby_w: point.dram_standby_w,
            dram_traffic_w: point.dram_traffic_w,
            system_bottom_up_kw: point.system_bottom_up_kw,
            system_kw: point.system_kw,
            energy_per_token_mj: point.energy_per_token_mj,
        }
    }
}

fn load(point: &Point) -> String {
    match point.sequences {
        0 => "idle".to_owned(),
        n => significant(n as f64, 1),
    }
}

fn absent(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| significant(value, digits))
}

fn render(answer: &Answer) -> String {
    let mut text = format!(
        "{} on {}, context {} tokens, {} discipline\n\n",
        answer.model,
        answer.design,
        significant(answer.context_tokens as f64, 1),
        answer.discipline
    );
    let mut table = Table::new(&[
        ("node", Align::Left),
        ("GHz", Align::Right),
        ("V", Align::Right),
        ("C", Align::Right),
        ("chips", Align::Right),
        ("sequences", Align::Right),
        ("tokens/s", Align::Right),
        ("bottom-up W/chip", Align::Right),
        ("W/chip", Align::Right),
        ("W/mm2", Align::Right),
        ("densest block", Align::Left),
        ("W/mm2", Align::Right),
        ("system kW", Align::Right),
        ("mJ/token", Align::Right),
    ]);
    for p in &answer.points {
        let density = |index: usize| p.densities.get(index);
        table.row([
            p.node.clone(),
            significant(p.clock_ghz, 4),
            fixed(p.voltage_v, 3),
            significant(p.temperature_c, 4),
            p.grid.chips().to_string(),
            load(p),
            significant(p.throughput_tokens_per_s, 3),
            absent(p.chip_bottom_up_w, 4),
            significant(p.chip_w, 4),
            density(0).map_or(String::new(), |d| fixed(d.w_per_mm2, 2)),
            density(1).map_or(String::new(), |d| d.place.to_owned()),
            density(1).map_or(String::new(), |d| fixed(d.w_per_mm2, 2)),
            significant(p.system_kw, 4),
            absent(p.energy_per_token_mj, 4),
        ]);
    }
    text.push_str(&table.render());
    if let Some(last) = answer.points.last() {
        text.push_str(&blocks(last));
    }
    let mut notes: Vec<&String> = Vec::new();
    for note in answer.points.iter().flat_map(|point| &point.notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    text.extend(notes.iter().map(|note| format!("note: {note}\n")));
    text
}

/// The blocks of one operating point.
fn blocks(point: &Point) -> String {
    let mut table = Table::new(&[
        ("W per chip", Align::Left),
        ("leakage", Align::Right),
        ("clock", Align::Right),
        ("interface", Align::Right),
        ("events", Align::Right),
        ("bottom-up", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("factor", Align::Right),
        ("of events", Align::Right),
        ("idle", Align::Right),
        ("power", Align::Right),
    ]);
    let mut sums = [0.0; 9];
    for b in &point.blocks {
        let watts = [
            b.leakage_w,
            b.clock_w,
            b.interface_w,
            b.events_w,
            b.bottom_up_w,
            b.bottom_up_low_w,
            b.bottom_up_high_w,
            b.calibrated_static_w,
            b.calibrated_w,
        ];
        sums.iter_mut().zip(watts).for_each(|(sum, watts)| *sum += watts);
        row(&mut table, b.block.title(), watts, [b.static_factor, b.event_factor]);
    }
    let factor = (sums[4] > 0.0).then(|| sums[8] / sums[4]);
    row(&mut table, "chip", sums, [factor, None]);
    format!(
        "\n{}, {} GHz, {} sequences, block by block:\n\n{}\nDRAM devices of a chip: {} W without traffic (in the system factor), {} W for traffic\n",
        point.node,
        significant(point.clock_ghz, 4),
        load(point),
        table.render(),
        fixed(point.dram_standby_w, 1),
        fixed(point.dram_traffic_w, 1),
    )
}

fn row(table: &mut Table, name: &str, watts: [f64; 9], factors: [Option<f64>; 2]) {
    let shown = |watts: f64| if watts < 0.005 { significant(watts, 1) } else { fixed(watts, 2) };
    let [static_factor, event_factor] = factors.map(|factor| factor.map_or(String::new(), |factor| fixed(factor, 2)));
    let [leakage, clock, interface, events, sum, low, high, idle, power] = watts.map(shown);
    table.row([
        name.to_owned(),
        leakage,
        clock,
        interface,
        events,
        sum,
        low,
        high,
        static_factor,
        event_factor,
        idle,
        power,
    ]);
}

fn constants(answer: &Answer) -> String {
    let mut table = Table::new(&[
        ("constant", Align::Left),
        ("value", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("unit", Align::Left),
        ("grade", Align::Left),
        ("year", Align::Right),
        ("source", Align::Left),
    ]);
    for c in &answer.constants {
        table.row([
            c.key.to_owned(),
            significant(c.value, 4),
            significant(c.low, 4),
            significant(c.high, 4),
            c.unit.to_owned(),
            c.grade.name().to_owned(),
            c.year.to_string(),
            c.source.to_owned(),
        ]);
    }
    format!(
        "\nConstants of the power model; low and high are the ends with least and most power:\n\n{}",
        table.render()
    )
}
