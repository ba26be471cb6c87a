//! Aims of the project for the cost model, and what was measured.

use costmodel::quantity::Quantity;
use ir::labels::Target;

use super::document::{Aim, VariantOrder};
use super::measured::Measured;
use super::models::Model;
use super::result_row::ResultRow;
use super::splits::Split;
use super::variants::{ALL, VariantKind};

pub(super) fn aims(measured: &Measured<'_>) -> Vec<Aim> {
    if measured.corpus.data.is_of_gpus() { of_gpus(measured) } else { of_processors(measured) }
}

fn aim(what: &str, wanted: &str, value: Option<f64>, met: bool) -> Aim {
    Aim { aim: what.to_owned(), wanted: wanted.to_owned(), value, met }
}

fn below(what: &str, wanted: &str, limit: f64, value: Option<f64>) -> Aim {
    aim(what, wanted, value, value.is_some_and(|v| v <= limit))
}

fn above(what: &str, wanted: &str, limit: f64, value: Option<f64>) -> Aim {
    aim(what, wanted, value, value.is_some_and(|v| v >= limit))
}

/// Means over the GPUs, families left out.
fn of_gpus(measured: &Measured<'_>) -> Vec<Aim> {
    let of = |quantity, get: fn(&ResultRow) -> Option<f64>| {
        measured.find(Split::Families, Model::Shipped, quantity).and_then(get)
    };
    let covered = || measured.intervals.iter().filter_map(|i| i.mean_over_families_pct);
    vec![
        above(
            "vector registers within 2",
            "at least 80 %",
            80.0,
            of(Quantity::GpuVectorRegisters, |r| Some(r.errors.within_2_pct)),
        ),
        above("any spill: F1", "at least 0.85", 0.85, of(Quantity::GpuSpills, |r| r.f1_above_0)),
        above(
            "waves of a SIMD: exact",
            "at least 85 %",
            85.0,
            of(Quantity::GpuWavesPerSimd, |r| Some(r.errors.exact_pct)),
        ),
        above("intervals at 90 %: least coverage", "at least 87 %", 87.0, covered().reduce(f64::min)),
        below("intervals at 90 %: largest coverage", "at most 93 %", 93.0, covered().reduce(f64::max)),
    ]
}

fn of_processors(measured: &Measured<'_>) -> Vec<Aim> {
    let of = |split, quantity, get: fn(&ResultRow) -> Option<f64>| {
        measured.find(split, Model::Shipped, quantity).and_then(get)
    };
    let range: fn(&ResultRow) -> Option<f64> = |r| r.errors.rmse_pct_of_range;
    use Quantity::{Cycles, GeneralRegisterPressure, Instructions, Spills, VectorRegisterPressure, XpuUtilization};
    let random = |quantity| of(Split::Random, quantity, range);
    let left_out = |quantity, get: fn(&ResultRow) -> Option<f64>| of(Split::Families, quantity, get);
    // Figures of kinds of variants: the mean over targets, or the least and largest over targets and kinds.
    let kinds = |quantity: Quantity, kind: &str, get: fn(&VariantOrder) -> Option<f64>| -> Vec<(String, f64)> {
        let own = measured.variants.iter().filter(|v| v.quantity == quantity.name() && v.kind == kind);
        own.filter_map(|v| Some((v.target.clone(), get(v)?))).collect()
    };
    let mean = |values: Vec<(String, f64)>| {
        let count = values.len() as f64;
        (count > 0.0).then(|| values.iter().map(|(_, value)| value).sum::<f64>() / count)
    };
    let first = Target::ALL[0].cpu();
    let of_first = |values: Vec<(String, f64)>| values.into_iter().find(|(target, _)| target == first).map(|v| v.1);
    let least_other = |values: Vec<(String, f64)>| {
        values.into_iter().filter(|(target, _)| target != first).map(|(_, value)| value).reduce(f64::min)
    };
    let tau = |above_10: bool| {
        let get: fn(&VariantOrder) -> Option<f64> =
            if above_10 { |v| v.tau_above_10_pct } else { |v| v.tau_above_2_pct };
        kinds(Cycles, ALL, get)
    };
    let covered = || {
        let of_kinds = measured.variants.iter().filter(|v| v.kind != ALL).filter_map(|v| v.covered_pct);
        of_kinds.chain(measured.intervals.iter().filter_map(|i| i.mean_over_families_pct))
    };
    let median = |quantity, kind| mean(kinds(quantity, kind, |v| v.median_over_families_pct));
    let unrolled = VariantKind::Unrolled.name();
    vec![
        below("vector pressure, random rows: RMSE over range", "at most 5 %", 5.0, random(VectorRegisterPressure)),
        below("general pressure, random rows: RMSE over range", "at most 5 %", 5.0, random(GeneralRegisterPressure)),
        below("xPU utilization, random rows: RMSE over range", "at most 5 %", 5.0, random(XpuUtilization)),
        below("cycles: median over families of the median error", "at most 12 %", 12.0, median(Cycles, ALL)),
        below("cycles of unrolled variants: the same", "at most 20 %", 20.0, median(Cycles, unrolled)),
        below("instructions: the same", "at most 10 %", 10.0, median(Instructions, ALL)),
        above("any spill: F1", "at least 0.88", 0.88, left_out(Spills, |r| r.f1_above_0)),
        above("over 16 spills: F1", "at least 0.75", 0.75, left_out(Spills, |r| r.f1_above_16)),
        above(
            "vector pressure within 2",
            "at least 85 %",
            85.0,
            left_out(VectorRegisterPressure, |r| Some(r.errors.within_2_pct)),
        ),
        above("order by cycles, first processor: tau above 2 %", "at least 0.75", 0.75, of_first(tau(false))),
        above("order by cycles, first processor: tau above 10 %", "at least 0.85", 0.85, of_first(tau(true))),
        above("order by cycles, worst other processor: tau above 2 %", "at least 0.65", 0.65, least_other(tau(false))),
        above("order by cycles, worst other processor: tau above 10 %", "at least 0.75", 0.75, least_other(tau(true))),
        below(
            "choosing a variant by cycles: regret, mean over processors",
            "at most 1.04",
            1.04,
            mean(kinds(Cycles, ALL, |v| v.mean_regret)),
        ),
        above(
            "intervals at 90 %: least coverage of a target or kind",
            "at least 87 %",
            87.0,
            covered().reduce(f64::min),
        ),
        below("intervals at 90 %: largest coverage of them", "at most 93 %", 93.0, covered().reduce(f64::max)),
        above(
            "a dialect left out: least AUROC",
            "over 0.9",
            0.9,
            measured.dialects.iter().filter_map(|d| d.auroc).reduce(f64::min),
        ),
    ]
}
