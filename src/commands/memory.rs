//! `hardwire memory`.

use std::process::ExitCode;

use designs::{AddressOrder, Dram, PagePolicy};
use reports::number::fixed;
use reports::{Align, Table};
use serde::Serialize;
use sim::dram::{Device, LoadPoint, Stall, Stream, measure};

use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::{input, output};

/// Requests of a run from which on progress is shown.
const LONG_RUN: u64 = 1_000_000;

#[derive(Serialize)]
struct Curve<'a> {
    memory: &'a str,
    stacks: u32,
    stack_bytes: u64,
    peak_gb_per_s: f64,
    tick_ps: f64,
    data_buses: u32,
    stream: &'a str,
    reads_share: f64,
    requests: u64,
    page: PagePolicy,
    mapping: AddressOrder,
    seed: u64,
    points: Vec<LoadPoint>,
}

/// Runs the command.
pub fn run(arguments: &cli::Memory) -> Result<ExitCode, Failure> {
    let overrides = input::overrides(&arguments.set)?;
    let mut memory = designs::load::memory(&arguments.kind, &overrides, &input::read)?;
    memory.controller.page = arguments.page.unwrap_or(memory.controller.page);
    memory.controller.address = arguments.mapping.unwrap_or(memory.controller.address);
    let device = Device::new(&memory, arguments.stacks).map_err(|e| Failure::Request(e.to_string()))?;
    let stream = Stream {
        pattern: arguments.stream.pattern,
        reads: arguments.reads,
        requests: arguments.requests,
        seed: arguments.seed,
    };
    for load in &arguments.loads {
        stream.validate(*load).map_err(|e| Failure::Request(e.to_string()))?;
    }
    let mut points = Vec::new();
    for (index, &load) in arguments.loads.iter().enumerate() {
        if arguments.requests > LONG_RUN {
            message!("load {load} ({} of {})", index + 1, arguments.loads.len());
        }
        points.push(measure(&device, &stream, load).map_err(|e| Failure::Request(e.to_string()))?);
    }
    let curve = Curve {
        memory: &memory.name,
        stacks: arguments.stacks,
        stack_bytes: memory.stack_bytes(),
        peak_gb_per_s: f64::from(arguments.stacks) * memory.peak_bytes_per_second() / 1e9,
        tick_ps: device.spec().tick_fs as f64 / 1e3,
        data_buses: device.buses(),
        stream: &arguments.stream.text,
        reads_share: arguments.reads,
        requests: arguments.requests,
        page: memory.controller.page,
        mapping: memory.controller.address,
        seed: arguments.seed,
        points,
    };
    match arguments.format {
        TableFormat::Json => output::json(&curve)?,
        TableFormat::Csv => output::csv(&curve.points)?,
        TableFormat::Table => output::text(&text(&memory, &curve))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The curve and the use of the data buses for people.
fn text(memory: &Dram, curve: &Curve<'_>) -> String {
    let o = &memory.organization;
    let count = |n: u32, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let head = format!(
        "{} ({} of {}, {} each), peak {} GB/s\n{} stream, {} % reads, {} pages, {}\n\n",
        memory.name,
        count(curve.stacks, "stack"),
        count(o.channels, "channel"),
        count(o.pseudo_channels, "pseudo-channel"),
        fixed(curve.peak_gb_per_s, 1),
        curve.stream,
        fixed(100.0 * curve.reads_share, 0),
        curve.page,
        curve.mapping,
    );
    let mut speed = Table::new(&[
        ("load", Align::Right),
        ("offered GB/s", Align::Right),
        ("bandwidth GB/s", Align::Right),
        ("bus %", Align::Right),
        ("read latency ns", Align::Right),
        ("p99 ns", Align::Right),
        ("in controller ns", Align::Right),
        ("row hits %", Align::Right),
        ("", Align::Left),
    ]);
    let ns = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |ns| fixed(ns, 1));
    for p in &curve.points {
        let served = (p.row_hits + p.row_misses + p.row_conflicts).max(1);
        speed.row([
            p.load_share.to_string(),
            fixed(p.offered_gb_per_s, 1),
            fixed(p.bandwidth_gb_per_s, 1),
            fixed(100.0 * p.utilization_share, 1),
            ns(p.read_latency_mean_ns),
            ns(p.read_latency_p99_ns),
            ns(p.read_controller_latency_mean_ns),
            fixed(100.0 * p.row_hits as f64 / served as f64, 1),
            if p.saturated { "saturated".to_owned() } else { String::new() },
        ]);
    }
    let loads: Vec<String> = curve.points.iter().map(|p| format!("load {}", p.load_share)).collect();
    let mut heads = vec![("data buses, % of the time", Align::Left)];
    heads.extend(loads.iter().map(|load| (load.as_str(), Align::Right)));
    let mut bus = Table::new(&heads);
    for cause in Stall::ALL {
        let share = |p: &LoadPoint| 100.0 * p.bus_ticks[cause] as f64 / p.bus_ticks.values().sum::<u64>().max(1) as f64;
        let mut row = vec![cause.title().to_owned()];
        row.extend(curve.points.iter().map(|p| fixed(share(p), 1)));
        bus.row(row);
    }
    format!("{head}{}\n{}", speed.render(), bus.render())
}
