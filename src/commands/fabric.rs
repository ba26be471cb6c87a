//! `hardwire fabric`.

use std::process::ExitCode;

use reports::number::fixed;
use reports::{Align, Table};
use serde::Serialize;
use sim::fabric::{LoadPoint, Spec, measure};

use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::output;

/// Largest number of cycles measured at one load: about a quarter of an hour.
const MAX_CYCLES: u64 = 1_000_000_000;

#[derive(Serialize)]
struct Curve {
    rows: u32,
    columns: u32,
    seed: u64,
    points: Vec<LoadPoint>,
}

/// Runs the command.
pub fn run(arguments: &cli::Fabric) -> Result<ExitCode, Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    if arguments.cycles == 0 || arguments.cycles > MAX_CYCLES {
        return refuse(format!("--cycles must lie between 1 and {MAX_CYCLES}, not {}", arguments.cycles));
    }
    if let Some(load) = arguments.loads.iter().find(|l| !(**l > 0.0 && **l <= 1.0)) {
        return refuse(format!("a load is above 0 and at most 1 flit per node and cycle, not {load}"));
    }
    let spec = Spec { rows: arguments.rows, columns: arguments.columns, ..Spec::default() };
    spec.validate().map_err(|e| Failure::Request(e.to_string()))?;
    let mut points = Vec::new();
    for (index, &load) in arguments.loads.iter().enumerate() {
        if arguments.cycles > 1_000_000 {
            message!("load {load} ({} of {})", index + 1, arguments.loads.len());
        }
        let warm_up = arguments.cycles / 5;
        let point = measure(&spec, load, warm_up, arguments.cycles, arguments.seed);
        points.push(point.map_err(|e| Failure::Request(e.to_string()))?);
    }
    let curve = Curve { rows: arguments.rows, columns: arguments.columns, seed: arguments.seed, points };
    match arguments.format {
        TableFormat::Json => output::json(&curve)?,
        TableFormat::Csv => output::csv(&curve.points)?,
        TableFormat::Table => output::text(&render(&curve))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn render(curve: &Curve) -> String {
    let mut table = Table::new(&[
        ("offered flits/node/cycle", Align::Right),
        ("accepted", Align::Right),
        ("packet latency, cycles", Align::Right),
        ("in the network", Align::Right),
        ("routers visited", Align::Right),
        ("", Align::Left),
    ]);
    for p in &curve.points {
        table.row([
            fixed(p.offered_flits_per_node_cycle, 3),
            fixed(p.accepted_flits_per_node_cycle, 3),
            fixed(p.mean_packet_latency_cycles, 2),
            fixed(p.mean_network_latency_cycles, 2),
            fixed(p.mean_routers_visited, 2),
            if p.saturated { "saturated".to_owned() } else { String::new() },
        ]);
    }
    table.render()
}
