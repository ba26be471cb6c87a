//! Compares published figures of the machine with the simulation and the price model.

mod economics;
mod targets;

use std::collections::BTreeMap;

use designs::{Block, Design, Model};
use reports::{Kind, Row, Scoreboard};
use serde::Serialize;
use sim::calibration::{Fit, fit};
use sim::economics::layout::chip_mm2;
use sim::{Discipline, Fidelity, Prepared, Request, Simulation};

use crate::StudyError;
pub use targets::Targets;

/// Maximum deviation of the closed form from the event engine, percent.
const ANALYTIC_TOLERANCE_PCT: f64 = 0.1;

/// A reproduction.
#[derive(Debug, Serialize)]
pub struct Reproduction {
    /// Figures.
    #[serde(flatten)]
    pub scoreboard: Scoreboard,
    /// Events processed over all contexts.
    pub events: u64,
    /// Largest deviation of the closed form from the event engine, percent.
    pub analytic_deviation_pct: f64,
    /// Whether that is within 0.1 %.
    pub analytic_ok: bool,
    /// The calibrated parameters, fitted again, beside the values of the design.
    pub calibration: Vec<Parameter>,
}

/// A calibrated parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// Path in the design.
    pub parameter: &'static str,
    /// Value in the design.
    pub design: f64,
    /// Value the fit gives.
    pub fitted: f64,
    /// Unit of both values.
    pub unit: &'static str,
    /// Published figure that it is fitted to.
    pub fitted_to: &'static str,
}

struct At {
    event: Simulation,
    analytic: Simulation,
}

/// Runs every context under `serial`, from events and in closed form, and compares.
pub fn hnlpu(design: &Design, model: &Model) -> Result<Reproduction, StudyError> {
    let targets = Targets::embedded();
    let mut runs = BTreeMap::new();
    for &context in &targets.fig14.context_tokens {
        let run = |fidelity| {
            let request = Request {
                grid: Some(design.grid),
                context,
                discipline: Discipline::Serial,
                fidelity,
                // The contexts 256K and 512K of the paper exceed the model's maximum.
                allow_beyond_model_context: true,
                ..Request::of(design, model)
            };
            Prepared::new(request).map(|p| p.run())
        };
        runs.insert(context, At { event: run(Fidelity::Event)?, analytic: run(Fidelity::Analytic)? });
    }
    let priced = economics::figures(design, model)?;
    let mut rows = Vec::new();
    let base = &runs[&2048];
    for target in targets.figures() {
        let simulated = figure(&target.id, design, &base.event, &targets);
        let Some(ours) = simulated.or_else(|| priced.get(&target.id).copied()) else {
            unreachable!("every figure of the table is computed: {}", target.id);
        };
        let tolerance = (target.kind != Kind::Estimate).then_some(target.tol);
        let mut row = Row::new(target.id.clone(), Some(target.value), ours, target.kind, tolerance, false);
        let analytic = figure(&target.id, design, &base.analytic, &targets);
        row.analytic = analytic.filter(|_| depends_on_time(&target.id));
        row.source = target.source;
        rows.push(row);
    }
    rows.extend(fig14_rows(&targets, &runs));
    rows.extend(economics::unlabelled());
    let analytic_deviation_pct = rows.iter().filter_map(analytic_deviation).fold(0.0, f64::max);
    let node = designs::load::node(&design.node, &designs::load::no_files)?;
    let fitted = fit(design, &node, model, &targets.calibration())?;
    Ok(Reproduction {
        scoreboard: Scoreboard { rows },
        events: runs.values().map(|r| r.event.events).sum(),
        analytic_deviation_pct,
        analytic_ok: analytic_deviation_pct <= ANALYTIC_TOLERANCE_PCT,
        calibration: parameters(design, &fitted),
    })
}

/// Deviation of the closed form: relative in percent, in points for shares (which may be zero).
fn analytic_deviation(row: &Row) -> Option<f64> {
    let analytic = row.analytic?;
    let points = row.id.starts_with("fig14.");
    Some(if points { (analytic - row.ours).abs() } else { (analytic / row.ours - 1.0).abs() * 100.0 })
}

fn depends_on_time(id: &str) -> bool {
    !id.starts_with("table1.area") && id != "table2.total_silicon_mm2" && !id.contains("inscribed_square")
}

fn fig14_rows(targets: &Targets, runs: &BTreeMap<u64, At>) -> Vec<Row> {
    let fig14 = &targets.fig14;
    type Share = fn(&Simulation) -> f64;
    let categories: [(&str, &[f64], Share); 4] = [
        ("comm", &fig14.comm, |s| s.breakdown_pct.comm),
        ("projection", &fig14.projection, |s| s.breakdown_pct.projection),
        ("attention", &fig14.attention, |s| s.breakdown_pct.attention),
        ("stall", &fig14.stall, |s| s.breakdown_pct.stall),
    ];
    let mut rows = Vec::new();
    for (name, published, share) in categories {
        for (&context, &value) in fig14.context_tokens.iter().zip(published) {
            let run = &runs[&context];
            let fitted =
                fig14.calibrated_contexts.contains(&context) || (name == "stall" && context == fig14.calibrated_stall);
            let kind = if fitted { Kind::Calibrated } else { Kind::Derived };
            let published = Some(value).filter(|v| v.is_finite());
            let id = format!("fig14.{name}.{context}");
            let mut row = Row::new(id, published, share(&run.event), kind, Some(fig14.tol_pp), true);
            row.analytic = Some(share(&run.analytic));
            row.source = fig14.source.clone();
            rows.push(row);
        }
    }
    rows
}

/// Our value of a figure at the published operating point.
fn figure(id: &str, design: &Design, run: &Simulation, targets: &Targets) -> Option<f64> {
    let of_block = |prefix: &str| id.strip_prefix(prefix).and_then(Block::from_name);
    if let Some(block) = of_block("table1.area_mm2.") {
        return Some(design.area[block].mm2());
    }
    if let Some(block) = of_block("table1.power_w.") {
        return Some(run.chip_power.blocks[block]);
    }
    let chip_mm2 = chip_mm2(&design.area);
    let silicon_mm2 = chip_mm2 * f64::from(run.chips);
    let side = targets.inputs.wafer_diameter_mm / std::f64::consts::SQRT_2;
    Some(match id {
        "table2.throughput_tokens_per_s" => run.throughput_tokens_per_s,
        "table2.system_power_kw" => run.system_power_kw,
        "table2.tokens_per_kj" => run.tokens_per_kj,
        "table2.tokens_per_s_mm2" => run.throughput_tokens_per_s / silicon_mm2,
        "table2.total_silicon_mm2" => silicon_mm2,
        "table1.area_mm2.total" => chip_mm2,
        "table1.power_w.total" => run.chip_power.total_w,
        "headline.throughput_over_h100" => run.throughput_tokens_per_s / targets.inputs.h100_tokens_per_s,
        "headline.throughput_over_wse3" => run.throughput_tokens_per_s / targets.inputs.wse3_tokens_per_s,
        "headline.energy_over_h100" => run.tokens_per_kj / targets.inputs.h100_tokens_per_kj,
        "headline.energy_over_wse3" => run.tokens_per_kj / targets.inputs.wse3_tokens_per_kj,
        "headline.tokens_per_joule" => run.tokens_per_kj / 1e3,
        "headline.share_of_inscribed_square_300mm" => silicon_mm2 / (side * side),
        _ => return None,
    })
}

fn parameters(design: &Design, fit: &Fit) -> Vec<Parameter> {
    let one = |parameter, design, fitted, unit, fitted_to| Parameter { parameter, design, fitted, unit, fitted_to };
    let energy = &design.energy;
    let idle = |name, block: Block| {
        let fitted = fit.power[block].static_power_w;
        one(name, energy.blocks[block].static_power.w(), fitted, "W", "Table 1, one factor per block")
    };
    let event = |name, block: Block| {
        let fitted = fit.power[block].per_event_j;
        one(name, energy.blocks[block].per_event.j() * 1e12, fitted * 1e12, "pJ", "Table 1, one factor per block")
    };
    let array = &design.hn_array;
    let shares = "Fig. 14 at 2K and 64K";
    let latency = design.vex.nonlinear_latency.get() as f64;
    let efficiency = design.attention_buffer.efficiency;
    let bandwidth = design.hbm.serial_bandwidth.get() as f64;
    vec![
        one("hn_array.inputs_per_port", array.inputs_per_port.into(), fit.inputs_per_port.into(), "inputs", shares),
        one("vex.nonlinear_latency", latency, fit.nonlinear_latency_cycles as f64, "cycles", shares),
        one("attention_buffer.efficiency", efficiency, fit.attention_buffer_efficiency, "of peak", shares),
        one(
            "hbm.serial_bandwidth",
            bandwidth / 1e12,
            fit.serial_bandwidth_bytes_per_s / 1e12,
            "TB/s",
            "Fig. 14, stall at 512K",
        ),
        idle("energy.hn_array.static_power", Block::HnArray),
        event("energy.hn_array.per_event", Block::HnArray),
        idle("energy.vex.static_power", Block::Vex),
        event("energy.vex.per_event", Block::Vex),
        idle("energy.attention_buffer.static_power", Block::AttentionBuffer),
        event("energy.attention_buffer.per_event", Block::AttentionBuffer),
        idle("energy.interconnect_engine.static_power", Block::InterconnectEngine),
        event("energy.interconnect_engine.per_event", Block::InterconnectEngine),
        idle("energy.hbm_phy.static_power", Block::HbmPhy),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reproduction() -> (Design, Reproduction) {
        let design = designs::load::design("hnlpu", &[], &designs::load::no_files).expect("the preset loads");
        let model = designs::load::model(&design.model, &designs::load::no_files).expect("the preset loads");
        let reproduction = hnlpu(&design, &model).expect("the machine runs");
        (design, reproduction)
    }

    #[test]
    fn every_derived_figure_is_within_tolerance() {
        let (_, reproduction) = reproduction();
        assert_eq!(reproduction.scoreboard.failures(), Vec::<&Row>::new());
        assert!(reproduction.analytic_ok, "{} %", reproduction.analytic_deviation_pct);
        assert!(reproduction.events > 100_000);
    }

    #[test]
    fn the_preset_carries_what_the_fit_gives() {
        let (_, reproduction) = reproduction();
        for p in reproduction.calibration {
            let deviation = (p.design / p.fitted - 1.0).abs();
            assert!(deviation < 5e-4, "{}: {} in the preset, {} fitted", p.parameter, p.design, p.fitted);
        }
    }

    #[test]
    fn a_machine_that_differs_is_out() {
        let slower = [designs::Override::parse("interconnect.link_bandwidth=110GB/s").expect("well-formed")];
        let design = designs::load::design("hnlpu", &slower, &designs::load::no_files).expect("loads");
        let model = designs::load::model(&design.model, &designs::load::no_files).expect("loads");
        let failures = hnlpu(&design, &model).expect("runs").scoreboard;
        let ids: Vec<&str> = failures.failures().iter().map(|r| r.id.as_str()).collect();
        assert!(ids.contains(&"table2.throughput_tokens_per_s"), "{ids:?}");
    }
}
