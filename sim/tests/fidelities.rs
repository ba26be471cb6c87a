//! Closed form, events and cycles side by side on random machines, with what each effect changes.
//!
//! `make compare-fidelities` compares the table with docs/fidelities.md.

mod common;
mod draw;

use draw::Draw;
use rand_core::SeedableRng;
use sim::{Effect, Fidelity, PerEffect, Request, SimulateError, Simulation, simulate};

/// Machines of the table.
const MACHINES: usize = 50;

/// Throughput and latency of one machine at each fidelity, cycles with one effect after the other.
struct Row {
    label: String,
    closed: Simulation,
    event: Simulation,
    /// Events with rates that are measured in cycles.
    measured: Simulation,
    effects: Vec<Simulation>,
}

impl Row {
    fn new(seed: u64) -> Result<Self, SimulateError> {
        let mut draw = Draw(rand_pcg::Pcg64::seed_from_u64(seed));
        let (design, model) = (draw.design(), draw.model());
        let context = draw.log(16.0, 4000.0) as u64;
        let base = Request { grid: Some(design.grid), context, seed, ..Request::of(&design, &model) };
        let at = |fidelity, effects| simulate(Request { fidelity, effects, ..base.clone() });
        let closed = at(Fidelity::Analytic, PerEffect::ALL)?;
        let effects = Effect::ALL.into_iter().map(|effect| at(Fidelity::Cycle, PerEffect::up_to(effect)));
        Ok(Self {
            label: format!("{seed} | {}x{} | {} | {context}", design.grid.rows, design.grid.columns, closed.sequences),
            event: at(Fidelity::Event, PerEffect::ALL)?,
            measured: simulate(Request { measured: true, ..base.clone() })?,
            effects: effects.collect::<Result<_, _>>()?,
            closed,
        })
    }

    fn cycle(&self) -> &Simulation {
        self.effects.last().expect("there are effects")
    }

    /// Change of throughput by each effect, percent of that from events.
    fn changes(&self) -> Vec<f64> {
        let before = [&self.event].into_iter().chain(&self.effects);
        let rate = |s: &Simulation| s.throughput_tokens_per_s;
        before.zip(&self.effects).map(|(a, b)| (rate(b) - rate(a)) / rate(&self.event) * 100.0).collect()
    }
}

fn table(machines: usize) -> Vec<Row> {
    // Models that do not fit their machine are passed over.
    (0..).filter_map(|seed| Row::new(seed).ok()).take(machines).collect()
}

fn check(rows: &[Row]) {
    for row in rows {
        let total = row.cycle().throughput_tokens_per_s / row.event.throughput_tokens_per_s * 100.0 - 100.0;
        let sum: f64 = row.changes().iter().sum();
        assert!((total - sum).abs() < 1e-6, "{}: causes add up to {sum} of {total} %", row.label);
        // Nothing is faster than the busiest server of the closed form but where a fitted efficiency is replaced by banks.
        let bound = row.closed.bound.as_ref().expect("a closed form");
        if bound.bottleneck != sim::units::Unit::AttentionBuffer {
            let ratio = row.cycle().throughput_tokens_per_s / row.closed.throughput_tokens_per_s;
            assert!(ratio < 1.02, "{}: {ratio}", row.label);
        }
        assert!(row.cycle().events > 0);
    }
}

#[test]
fn causes_add_up_on_random_machines() {
    check(&table(4));
}

/// Document that holds the table, and what it lies between.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fidelities.md");
const EDGES: [&str; 2] = ["<!-- table: begin -->\n", "<!-- table: end -->"];

/// The table as Markdown, with the distances of both kinds of events from cycles.
fn markdown(rows: &[Row]) -> String {
    let heads = "| seed | grid | sequences | context | closed form | events | events, measured rates | cycles |";
    let effects = Effect::ALL.map(|effect| effect.title()).join(" | ");
    let mut text =
        format!("{heads} latency, events | latency, cycles | links busy, events | links busy, cycles | {effects} |\n");
    text += &format!("|{}\n", " ---: |".repeat(12 + Effect::ALL.len()));
    for row in rows {
        let (e, c) = (&row.event, row.cycle());
        let rates = [&row.closed, e, &row.measured, c].map(|s| format!("{:.0}", s.throughput_tokens_per_s));
        let busy = [e, c].map(|s| format!("{:.0}", s.utilization.links_max * 100.0));
        let changes: Vec<String> = row.changes().iter().map(|change| format!("{change:+.1}")).collect();
        text += &format!(
            "| {} | {} | {:.2} | {:.2} | {} | {} |\n",
            row.label,
            rates.join(" | "),
            e.token_latency_us,
            c.token_latency_us,
            busy.join(" | "),
            changes.join(" | ")
        );
    }
    let off = |of: fn(&Row) -> f64| {
        let mut off: Vec<f64> =
            rows.iter().map(|row| (of(row) / row.cycle().throughput_tokens_per_s - 1.0).abs() * 100.0).collect();
        off.sort_by(f64::total_cmp);
        [off[off.len() / 2], off[off.len() * 3 / 4], off[off.len() * 9 / 10], off[off.len() - 1]]
            .map(|p| format!("{p:.1}"))
    };
    text += "\n| throughput against cycles, % | median | three quarters within | nine tenths within | worst |\n";
    text += "| --- | ---: | ---: | ---: | ---: |\n";
    for (name, off) in [
        ("closed form", off(|row| row.closed.throughput_tokens_per_s)),
        ("events", off(|row| row.event.throughput_tokens_per_s)),
        ("events, measured rates", off(|row| row.measured.throughput_tokens_per_s)),
    ] {
        text += &format!("| {name} | {} |\n", off.join(" | "));
    }
    text
}

/// The table of the document is that of today; `HARDWIRE_BLESS=1` writes it.
#[test]
#[ignore = "50 machines, 10 s with optimisation: make compare-fidelities"]
fn fidelities_side_by_side() {
    let rows = table(MACHINES);
    check(&rows);
    let table = markdown(&rows);
    print!("{table}");
    let text = std::fs::read_to_string(DOCUMENT).expect("the document is there");
    let (before, rest) = text.split_once(EDGES[0]).expect("where the table begins");
    let (old, after) = rest.split_once(EDGES[1]).expect("where the table ends");
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{}{table}{}{after}", EDGES[0], EDGES[1])).expect("it can be written");
    } else {
        assert!(old == table, "docs/fidelities.md is out of date: HARDWIRE_BLESS=1 make compare-fidelities");
    }
}
