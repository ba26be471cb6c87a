//! Table entries for figures of an evaluation.

use reports::document::Entry;
use reports::{Cell, Value};

use super::evaluation::Quantity;
use super::words::derived;

/// Why a figure is missing.
pub const ABSENT: &str = "the evaluation does not have it";

/// The name of a quantity as words, without its unit: "vector register pressure" for `vector_register_pressure`.
pub fn spoken(name: &str) -> String {
    name.strip_suffix("_cycles")
        .unwrap_or(name)
        .replace('_', " ")
        .replace("xpu", "xPU")
        .replace("ipc", "instructions per cycle")
}

/// A number, or missing if the evaluation has none.
pub fn number(value: Option<f64>, unit: &'static str, source: &str) -> Entry {
    match value.filter(|v| v.is_finite()) {
        Some(value) => derived(value, unit, source).into(),
        None => Cell::missing(ABSENT).into(),
    }
}

/// A number in percent.
pub fn percent(value: Option<f64>, source: &str) -> Entry {
    number(value, "%", source)
}

/// A count with all its digits.
pub fn count(value: Option<u64>, source: &str) -> Entry {
    match value {
        Some(value) => derived(value as f64, "", source).digits(1).into(),
        None => Cell::missing(ABSENT).into(),
    }
}

/// The words of a quantity, with its target if it has one.
pub fn named(quantity: &Quantity) -> String {
    match &quantity.target {
        Some(target) => format!("{}, {target}", spoken(&quantity.quantity)),
        None => spoken(&quantity.quantity),
    }
}

/// The range of all finite values.
pub fn over(values: impl Iterator<Item = Option<f64>>, source: &str) -> Entry {
    let ends = values
        .flatten()
        .filter(|v| v.is_finite())
        .fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))));
    match ends {
        Some((low, high)) => Value::range(low, high, "", reports::Origin::derived(source)).into(),
        None => Cell::missing(ABSENT).into(),
    }
}
