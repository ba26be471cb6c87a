//! Result of `hardwire estimate` as tables.

use designs::Block;
use reports::number::{self, significant};
use reports::{Align, Table};
use sim::economics::Span;
use study::price::{Against, Answer, Figure};

/// Columns of a figure: both ends, or percentiles.
fn cells(figure: &Figure, scale: f64) -> Vec<String> {
    let number = |value: f64| significant(value / scale, 4);
    match figure {
        Figure::Span(s) => vec![number(s.low), number(s.high)],
        Figure::Percentiles(p) => vec![number(p.p10), number(p.p50), number(p.p90)],
    }
}

struct Section(Table);

impl Section {
    fn new(answer: &Answer, title: &str, unit: &str) -> Self {
        let ends: &[&str] =
            if answer.monte_carlo_samples.is_some() { &["p10", "p50", "p90"] } else { &["optimistic", "pessimistic"] };
        let title = format!("{title}, {unit}");
        let mut columns = vec![(title.as_str(), Align::Left)];
        columns.extend(ends.iter().map(|end| (*end, Align::Right)));
        Self(Table::new(&columns))
    }

    fn row(&mut self, name: &str, figure: &Figure, scale: f64) -> &mut Self {
        let mut row = vec![name.to_owned()];
        row.extend(cells(figure, scale));
        self.0.row(row);
        self
    }

    /// A row of counts: whole numbers without decimals.
    fn counts(&mut self, name: &str, figure: &Figure) -> &mut Self {
        let whole = |cell: String| match cell.split_once('.') {
            Some((digits, decimals)) if decimals.bytes().all(|b| b == b'0') => digits.to_owned(),
            _ => cell,
        };
        self.0.row(std::iter::once(name.to_owned()).chain(cells(figure, 1.0).into_iter().map(whole)));
        self
    }

    fn render(&self) -> String {
        format!("{}\n", self.0.render())
    }
}

/// Renders all tables.
pub fn render(a: &Answer) -> String {
    let plural = if a.systems == 1 { "system" } else { "systems" };
    let mut text = format!(
        "{} with {} on {}, {} weights in {} layers: {} {plural} of {} chips ({} x {}), {} years, {} re-spins\n",
        a.design,
        a.model,
        a.node,
        a.weights,
        a.embedding,
        a.systems,
        a.chips,
        a.grid.rows,
        a.grid.columns,
        a.years,
        a.respins
    );
    match a.monte_carlo_samples {
        Some(samples) => {
            text.push_str(&format!(
                "{} discipline, prices and rules: {}; {samples} samples\n\n",
                a.discipline, a.economics
            ));
        }
        None => text.push_str(&format!("{} discipline, prices and rules: {}\n\n", a.discipline, a.economics)),
    }
    text.push_str(&area(a));
    text.push_str(&power(a));
    text.push_str(&masks(a));
    text.push_str(&costs(a));
    for against in &a.against {
        text.push_str(&comparison(against));
    }
    text.push_str(&tornado(a));
    for key in &a.unconfirmed {
        text.push_str(&format!("UNCONFIRMED: {key}\n"));
    }
    for note in &a.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    if !(a.unconfirmed.is_empty() && a.notes.is_empty()) {
        text.push('\n');
    }
    text.push_str(&origins(a));
    text
}

fn area(a: &Answer) -> String {
    let mut table =
        Table::new(&[("area, mm2", Align::Left), ("priced", Align::Right), ("from structure", Align::Right)]);
    let priced = |key: &str| match a.area_mm2[key] {
        Figure::Span(s) => s.low,
        Figure::Percentiles(p) => p.p50,
    };
    let s = a.structure.as_ref();
    let mut row = |key: &str, own: Option<f64>| {
        table.row([key.to_owned(), significant(priced(key), 4), own.map_or("-".to_owned(), |v| significant(v, 4))]);
    };
    for block in Block::ALL {
        row(block.name(), s.map(|s| s.blocks[block]));
    }
    row("chip", s.map(|s| s.chip_mm2));
    row("system", s.map(|s| s.chip_mm2 * f64::from(a.chips)));
    let counted = s.map_or(String::new(), |s| {
        format!(
            "hn_array from counted cells: {} mm2; um2 per weight in wires {}, in cells {}, in SRAM with multipliers {}\n",
            significant(s.hn_array_counted_mm2, 4),
            significant(s.metal_embedding_um2_per_weight, 3),
            significant(s.cell_embedding_um2_per_weight, 3),
            significant(s.mac_array_um2_per_weight, 3)
        )
    });
    format!(
        "{}{} weights on the fullest chip, {} um2 each\n{counted}\n",
        table.render(),
        significant(a.weights_per_chip as f64, 1),
        significant(a.um2_per_weight, 4)
    )
}

fn power(a: &Answer) -> String {
    let Some(power) = &a.power_w else { return String::new() };
    let mut table = Table::new(&[
        ("power of a chip, W", Align::Left),
        ("static", Align::Right),
        ("dynamic", Align::Right),
        ("both", Align::Right),
    ]);
    let mut row = |name: &str, fixed: f64, moving: f64| {
        table.row([name.to_owned(), significant(fixed, 4), significant(moving, 4), significant(fixed + moving, 4)]);
    };
    power.blocks.iter().for_each(|b| row(b.block.name(), b.static_w, b.dynamic_w));
    let (fixed, moving) = power.blocks.iter().fold((0.0, 0.0), |(f, m), b| (f + b.static_w, m + b.dynamic_w));
    row("chip", fixed, moving);
    format!(
        "{}{} W per mm2, {} kW per system from area and activity\n\n",
        table.render(),
        significant(power.chip_w_per_mm2, 3),
        significant(power.system_kw, 4)
    )
}

fn masks(a: &Answer) -> String {
    let mut table =
        Table::new(&[("masks", Align::Left), ("count", Align::Right), ("EUV", Align::Right), ("units", Align::Right)]);
    for (name, group) in [("full set", a.masks.total), ("shared", a.masks.shared), ("per chip", a.masks.per_chip)] {
        table.row([name.to_owned(), group.masks.to_string(), group.euv_masks.to_string(), group.units.to_string()]);
    }
    let mut section = Section::new(a, "masks", "million USD");
    for (name, key) in [
        ("full set", "full_set"),
        ("shared", "shared"),
        ("one chip's", "per_chip"),
        ("all chips' without shared", "all_chips"),
    ] {
        section.row(name, &a.mask_group_usd[key], 1e6);
    }
    section.row("first build", &a.mask_usd, 1e6);
    format!("{}per chip: {}\n\n{}", table.render(), a.masks.per_chip_layers.join(", "), section.render())
}

fn costs(a: &Answer) -> String {
    let mut dies = Section::new(a, "dies", "per wafer and USD");
    dies.counts("dies per wafer", &a.dies["dies_per_wafer"])
        .row("yield", &a.dies["yield"], 1.0)
        .counts("good dies", &a.dies["good_dies"])
        .row("good die, USD", &a.recurring_usd["die"], 1.0)
        .row("package and test, USD", &a.recurring_usd["package_and_test"], 1.0)
        .row("memory, USD", &a.recurring_usd["memory"], 1.0)
        .row("integration, USD", &a.recurring_usd["integration"], 1.0)
        .row("system, USD", &a.recurring_usd["system"], 1.0);
    let mut money = Section::new(a, "cost", "million USD");
    money
        .row("design and licences", &a.design_usd, 1e6)
        .row("non-recurring", &a.nre_usd, 1e6)
        .row("first build", &a.build_usd, 1e6)
        .row("one re-spin", &a.respin_usd, 1e6)
        .row("network and infrastructure", &a.running["infrastructure_usd"], 1e6)
        .row("capital", &a.capex_usd, 1e6)
        .row("electricity", &a.running["electricity_usd"], 1e6)
        .row("maintenance", &a.running["maintenance_usd"], 1e6)
        .row("total without re-spins", &a.tco_static_usd, 1e6)
        .row("total with re-spins", &a.tco_usd, 1e6);
    let mut rest = Section::new(a, "power, carbon, tokens", "units in the rows");
    rest.row("facility, MW", &a.running["facility_mw"], 1.0)
        .row("carbon without re-spins, t", &a.carbon_static_t, 1.0)
        .row("carbon with re-spins, t", &a.carbon_t, 1.0);
    let mut text = format!("{}{}", dies.render(), money.render());
    if let (Some(usd), Some(t)) = (&a.usd_per_million_tokens, &a.throughput) {
        rest.row("USD per million tokens", usd, 1.0);
        text.push_str(&rest.render());
        text.push_str(&format!(
            "throughput: {} tokens/s per system, {} per user, {} tokens of context, utilization {}\n",
            significant(t.tokens_per_s, 4),
            significant(t.tokens_per_s_per_user, 4),
            number::count(t.context_tokens),
            t.utilization
        ));
    } else {
        text.push_str(&rest.render());
    }
    match &a.act_kg_per_chip {
        Some(act) => text.push_str(&format!(
            "embodied carbon by ACT: {} kg per die, {} with its yield, memory {} kg more\n\n",
            span(&act.die_kg),
            span(&act.good_die_kg),
            significant(act.memory_kg, 3)
        )),
        None => text.push_str("embodied carbon by ACT: the economics file has no parameters for this node\n\n"),
    }
    text
}

fn span(s: &Span) -> String {
    let (low, high) = (significant(s.low, 4), significant(s.high, 4));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A range of whole numbers.
fn count(s: &Span) -> String {
    let (low, high) = (significant(s.low, 1), significant(s.high, 1));
    if low == high { low } else { format!("{low} to {high}") }
}

fn comparison(against: &Against) -> String {
    let mut text = String::new();
    for b in &against.bases {
        text.push_str(&format!("against {}, {}\n", against.machine, b.basis));
        let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
        let million = |s: &Span| span(&Span::new(s.low / 1e6, s.high / 1e6));
        table.row(["tokens/s: a system of ours", &significant(b.ours_tokens_per_s, 4)]);
        table.row(["tokens/s: a unit of theirs", &span(&b.unit_tokens_per_s)]);
        table.row(["units for all systems", &format!("{} ({} whole)", span(&b.units_exact), count(&b.units))]);
        table.row(["their hardware, million USD", &million(&b.hardware_usd)]);
        table.row(["their total, million USD", &million(&b.tco_usd)]);
        table.row(["their facility, MW", &span(&b.facility_mw)]);
        table.row(["their carbon, t", &span(&b.carbon_t)]);
        table.row(["total over ours with re-spins", &span(&b.tco_advantage)]);
        table.row(["carbon over ours with re-spins", &span(&b.carbon_advantage)]);
        table.row(["power over ours", &span(&b.power_advantage)]);
        let from = b.break_even_systems.map_or("never".to_owned(), |[low, high]| {
            let plural = if low.low == 1.0 && low.high == 1.0 { "system" } else { "systems" };
            format!("{} {plural} (optimistic), {} (pessimistic)", count(&low), count(&high))
        });
        table.row(["our hardware is cheaper from", &from]);
        // The table has no heading: drop its two lines.
        let body: Vec<String> = table.render().lines().skip(2).map(|line| format!("  {line}\n")).collect();
        text.push_str(&body.concat());
        text.push('\n');
    }
    if let Some(note) = &against.note {
        text.push_str(&format!("note: {note}\n\n"));
    }
    text
}

fn tornado(a: &Answer) -> String {
    if a.tornado.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("input, others at their medians", Align::Left),
        ("total at p10", Align::Right),
        ("at p90", Align::Right),
        ("swing, million USD", Align::Right),
    ]);
    for bar in &a.tornado {
        let number = |value: f64| significant(value / 1e6, 4);
        table.row([bar.input.to_owned(), number(bar.at_p10), number(bar.at_p90), number(bar.swing)]);
    }
    format!("{}\n", table.render())
}

/// An input or its range, without digits that it does not have.
fn given(low: f64, high: f64) -> String {
    let number = |value: f64| match significant(value, 4) {
        text if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        text => text,
    };
    let (low, high) = (number(low), number(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// Inputs with grade, year and source.
fn origins(a: &Answer) -> String {
    let mut table = Table::new(&[
        ("input", Align::Left),
        ("is", Align::Left),
        ("grade", Align::Left),
        ("year", Align::Left),
        ("source", Align::Left),
    ]);
    for (path, origin) in &a.provenance {
        let p = origin.provenance.as_ref();
        let grade = p.map(|p| p.grade.to_string());
        table.row([
            path.clone(),
            given(origin.low, origin.high),
            grade.unwrap_or_default(),
            p.and_then(|p| p.year).map_or(String::new(), |y| y.to_string()),
            p.map_or(String::new(), |p| p.source.clone()),
        ]);
    }
    table.render()
}
