//! A hardwired machine against another one, at a stated throughput.
//!
//! Units of the other machine = throughput of all systems / throughput of a unit, rounded up. Its total cost, by the
//! publication's rules: units at their price, network, infrastructure by facility power, electricity, licences, upkeep
//! as a share of capital; its carbon: energy plus modules. Every basis is computed on its own: the throughput of the
//! publication's total-cost table, equal decode speed, equal interactivity.

use designs::{Comparison, KgCo2e, KgPerKwh, Kilowatts, Megawatts, Range, TonnesCo2e, Usd, UsdPerKwh, UsdPerMw};
use serde::Serialize;

use super::estimate::{Estimate, Span};
use super::inputs::Input;
use super::plan::{Outcome, facility_power};

/// The other machine on one basis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Basis {
    /// What is equal, in words.
    pub basis: String,
    /// Tokens per second of one of our systems.
    pub ours_tokens_per_s: f64,
    /// Tokens per second of a unit of the other machine.
    pub unit_tokens_per_s: Span,
    /// Units that equal all our systems, not rounded.
    pub units_exact: Span,
    /// Whole units.
    pub units: Span,
    /// Price of the units.
    pub hardware_usd: Span,
    /// Facility power, megawatts.
    pub facility_mw: Span,
    /// Network and infrastructure, USD.
    pub infrastructure_usd: Span,
    /// Hardware, network and infrastructure, USD.
    pub capex_usd: Span,
    /// Electricity over the years, USD.
    pub electricity_usd: Span,
    /// Licences and upkeep over the years, USD.
    pub maintenance_usd: Span,
    /// Total cost over the years, USD.
    pub tco_usd: Span,
    /// Carbon over the years, tonnes of CO2 equivalent.
    pub carbon_t: Span,
    /// Its total cost over ours with re-spins.
    pub tco_advantage: Span,
    /// Its carbon over ours with re-spins.
    pub carbon_advantage: Span,
    /// Its power over ours.
    pub power_advantage: Span,
    /// Systems from which our hardware is cheaper: optimistic and pessimistic non-recurring cost, each over the other
    /// machine's range.
    pub break_even_systems: Option<[Span; 2]>,
}

/// Why two machines cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompareError {
    /// A value is not public.
    #[error("{name} has no public {what}: {key} is not given")]
    Missing {
        /// Machine.
        name: String,
        /// What is missing.
        what: &'static str,
        /// Field.
        key: &'static str,
    },
    /// No throughput at all.
    #[error(
        "{name} has no throughput to compare with: none of tco_tokens_per_s, total_tokens_per_s, interactive_total_tokens_per_s, table_tokens_per_s is given"
    )]
    NoThroughput {
        /// Machine.
        name: String,
    },
}

/// Totals of all units of the other machine.
struct RivalTotals {
    hardware: Usd,
    facility: Megawatts,
    infrastructure: Usd,
    capex: Usd,
    electricity: Usd,
    maintenance: Usd,
    tco: Usd,
    carbon: TonnesCo2e,
}

/// Price and power of one unit of the other machine.
struct UnitFigures {
    usd: Range,
    kw: Range,
}

fn needed(other: &Comparison) -> Result<UnitFigures, CompareError> {
    let missing = |what, key| CompareError::Missing { name: other.name.clone(), what, key };
    Ok(UnitFigures {
        usd: other.usd.ok_or_else(|| missing("price", "usd"))?,
        kw: other.kw.ok_or_else(|| missing("power", "kw"))?,
    })
}

/// Totals of `units` of the other machine at a price of `unit` and a power of `drawn` each, our own inputs at `share`.
fn totals(estimate: &Estimate, other: &Comparison, units: f64, unit: Usd, drawn: Kilowatts, share: f64) -> RivalTotals {
    let (plan, sample) = (&estimate.plan, estimate.inputs.at(share));
    let hardware = units * unit;
    let facility = facility_power(units * drawn, sample.get(Input::Pue), plan.power_step);
    let networks = other.units_per_network.map_or(0.0, |per| (units / per).ceil());
    let infrastructure =
        networks * sample.usd(Input::NetworkUsd) + facility * UsdPerMw::new(sample.get(Input::UsdPerMw));
    let capex = hardware + infrastructure;
    let used = facility.over_hours(plan.hours_per_year) * plan.years;
    let electricity = used * UsdPerKwh::new(sample.get(Input::ElectricityUsd));
    let licence = Usd::from_usd(other.licence_usd_per_year.unwrap_or(0.0));
    let maintenance = plan.years * (units * licence + capex * other.upkeep_per_year.unwrap_or(0.0));
    let modules = units * other.modules.unwrap_or(0.0);
    let embodied = (modules * KgCo2e::from_kg(sample.get(Input::ModuleKg))).tonnes();
    let carbon = (used * KgPerKwh::new(sample.get(Input::GridKg))).tonnes() + embodied;
    let tco = capex + electricity + maintenance;
    RivalTotals { hardware, facility, infrastructure, capex, electricity, maintenance, tco, carbon }
}

/// One basis: `ours` tokens per second of a system against `theirs` of a unit.
///
/// # Errors
/// When price or power is missing.
pub fn basis(
    estimate: &Estimate,
    other: &Comparison,
    name: String,
    ours: f64,
    theirs: Range,
) -> Result<Basis, CompareError> {
    let UnitFigures { usd, kw } = needed(other)?;
    let systems = estimate.plan.systems;
    let exact = Span::new(systems * ours / theirs.high, systems * ours / theirs.low);
    // The slack keeps 2,000 units, computed as 2,000.0000001, at 2,000.
    let whole = |units: f64| (units * (1.0 - 1e-9)).ceil();
    let units = Span::new(whole(exact.low), whole(exact.high));
    let end = |units, usd, kw, share| totals(estimate, other, units, Usd::from_usd(usd), Kilowatts::from_kw(kw), share);
    let low = end(units.low, usd.low, kw.low, 0.0);
    let high = end(units.high, usd.high, kw.high, 1.0);
    let span = |of: fn(&RivalTotals) -> f64| Span::new(of(&low), of(&high));
    let money = |of: fn(&RivalTotals) -> Usd| Span::new(of(&low).usd(), of(&high).usd());
    // Our shares at both ends; the other machine's range is mostly its throughput and price.
    let ours_tco = estimate.span(|o| o.tco_dynamic_usd);
    let ours_carbon = estimate.span(|o| o.carbon_dynamic_t);
    let ours_mw = estimate.span(|o| o.facility_mw);
    let over = |theirs: Span, ours: Span| Span::new(theirs.low / ours.high, theirs.high / ours.low);
    let (tco, carbon, mw) = (money(|o| o.tco), span(|o| o.carbon.t()), span(|o| o.facility.mw()));
    Ok(Basis {
        basis: name,
        ours_tokens_per_s: ours,
        unit_tokens_per_s: Span::new(theirs.low, theirs.high),
        units_exact: exact,
        units,
        hardware_usd: money(|o| o.hardware),
        facility_mw: mw,
        infrastructure_usd: money(|o| o.infrastructure),
        capex_usd: money(|o| o.capex),
        electricity_usd: money(|o| o.electricity),
        maintenance_usd: money(|o| o.maintenance),
        tco_usd: tco,
        carbon_t: carbon,
        tco_advantage: over(tco, ours_tco),
        carbon_advantage: over(carbon, ours_carbon),
        power_advantage: over(mw, ours_mw),
        break_even_systems: break_even(estimate, ours, theirs, usd),
    })
}

/// Smallest n with nre + n * system <= n * equivalent units * price; `None` if there is none.
fn break_even(estimate: &Estimate, ours: f64, theirs: Range, usd: Range) -> Option<[Span; 2]> {
    let from = |nre: Usd, system: Usd, replaced: Usd| (replaced > system).then(|| (nre / (replaced - system)).ceil());
    let dear = ours / theirs.low * Usd::from_usd(usd.high);
    let cheap = ours / theirs.high * Usd::from_usd(usd.low);
    let at = |o: &Outcome| {
        let (nre, system) = (Usd::from_usd(o.nre_usd), Usd::from_usd(o.system_usd));
        Some(Span::new(from(nre, system, dear)?, from(nre, system, cheap)?))
    };
    Some([at(&estimate.low)?, at(&estimate.high)?])
}

/// The other machine on every basis its figures allow. `decode` is our simulated throughput and `per_user` its speed
/// for one sequence; `tco` is the publication's throughput for total cost, where it holds for this machine.
///
/// # Errors
/// When price, power or every throughput is missing.
pub fn against(
    estimate: &Estimate,
    other: &Comparison,
    decode: f64,
    per_user: f64,
    tco: Option<f64>,
) -> Result<Vec<Basis>, CompareError> {
    let mut all = Vec::new();
    let mut add = |name: String, ours, theirs| basis(estimate, other, name, ours, theirs).map(|b| all.push(b));
    if let Some(theirs) = other.tco_tokens_per_s {
        let users = other.tco_concurrency.map_or(String::new(), |c| format!(" at {c} users"));
        if let Some(ours) = tco {
            add(format!("publication's total cost: 1K input and 1K output{users}"), ours, Range::point(theirs))?;
        }
        add(format!("equal throughput: our simulated tokens/s against theirs{users}"), decode, Range::point(theirs))?;
    }
    if let Some(theirs) = other.total_tokens_per_s {
        add("equal throughput: their best published input+output tokens/s".to_owned(), decode, theirs)?;
    }
    if let Some(theirs) = other.interactive_total_tokens_per_s {
        let speed = other.interactive_per_user.unwrap_or(0.0);
        let name =
            |what| format!("equal interactivity: theirs at {speed} tokens/s per user (ours {per_user:.0}), {what}");
        add(name("input+output tokens"), decode, theirs)?;
        if let Some(share) = other.output_share {
            let output = Range { low: theirs.low * share, mode: None, high: theirs.high * share };
            add(name("output tokens only"), decode, output)?;
        }
    }
    if let Some(theirs) = other.table_tokens_per_s {
        add("publication's table of systems: 2K context, one unit".to_owned(), decode, Range::point(theirs))?;
    }
    if all.is_empty() {
        needed(other)?;
        return Err(CompareError::NoThroughput { name: other.name.clone() });
    }
    Ok(all)
}
