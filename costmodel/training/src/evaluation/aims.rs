//! Aims of the project for the cost model, and what was measured.

use costmodel::quantity::Quantity;

use super::document::Aim;
use super::measured::Measured;
use super::models::Model;
use super::result_row::ResultRow;
use super::splits::Split;

pub(super) fn aims(measured: &Measured<'_>) -> Vec<Aim> {
    let of = |split, quantity, get: fn(&ResultRow) -> Option<f64>| {
        measured.find(split, Model::Shipped, quantity).and_then(get)
    };
    let aim = |what: &str, wanted: &str, value: Option<f64>, met: bool| Aim {
        aim: what.to_owned(),
        wanted: wanted.to_owned(),
        value,
        met,
    };
    let below =
        |what, wanted, limit: f64, value: Option<f64>| aim(what, wanted, value, value.is_some_and(|v| v <= limit));
    let above =
        |what, wanted, limit: f64, value: Option<f64>| aim(what, wanted, value, value.is_some_and(|v| v >= limit));
    use Quantity::{Cycles, GeneralRegisterPressure, Instructions, Spills, VectorRegisterPressure, XpuUtilization};
    let range: fn(&ResultRow) -> Option<f64> = |r| r.errors.rmse_pct_of_range;
    let median: fn(&ResultRow) -> Option<f64> = |r| r.errors.median_ape_pct;
    let covered = |least: bool| {
        let all = measured.intervals.iter().filter_map(|i| i.mean_over_families_pct);
        if least { all.reduce(f64::min) } else { all.reduce(f64::max) }
    };
    vec![
        below(
            "vector register pressure, random rows: RMSE over range",
            "at most 5 %",
            5.0,
            of(Split::Random, VectorRegisterPressure, range),
        ),
        below(
            "general register pressure, random rows: RMSE over range",
            "at most 5 %",
            5.0,
            of(Split::Random, GeneralRegisterPressure, range),
        ),
        below(
            "xPU utilization, random rows: RMSE over range",
            "at most 5 %",
            5.0,
            of(Split::Random, XpuUtilization, range),
        ),
        below("cycles, families left out: median error", "under 25 %", 25.0, of(Split::Families, Cycles, median)),
        below(
            "instructions, families left out: median error",
            "under 15 %",
            15.0,
            of(Split::Families, Instructions, median),
        ),
        above("any spill, families left out: F1", "over 0.85", 0.85, of(Split::Families, Spills, |r| r.f1_above_0)),
        above(
            "cycles of a kernel's variants, families left out: Kendall's tau",
            "over 0.6",
            0.6,
            of(Split::Families, Cycles, |r| r.kendall_tau),
        ),
        above("intervals at 90 %: least coverage of any target", "at least 85 %", 85.0, covered(true)),
        below("intervals at 90 %: largest coverage of any target", "at most 95 %", 95.0, covered(false)),
        above(
            "a dialect left out: least AUROC",
            "over 0.9",
            0.9,
            measured.dialects.iter().filter_map(|d| d.auroc).reduce(f64::min),
        ),
    ]
}
