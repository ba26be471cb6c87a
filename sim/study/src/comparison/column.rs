//! A design in the comparison, and the design that the others are made equal to.

use std::collections::BTreeMap;

use designs::PerPart;
use reports::Cell;
use serde::Serialize;
use sim::economics::Estimate;

use super::serving::Check;
use super::terms::Terms;

/// How the speeds of a design are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Simulated and priced.
    Simulated,
    /// Bounded by a roofline.
    Roofline,
    /// Public figures only.
    Figures,
}

/// A design in the comparison.
#[derive(Debug, Serialize)]
pub struct Column {
    /// Name as given.
    pub design: String,
    /// One line for people.
    pub summary: String,
    /// How its speeds are known.
    pub class: Class,
    /// Whether nothing about it has better support than a vendor's claim.
    pub vendor_claims_only: bool,
    /// Values by metric.
    pub values: BTreeMap<&'static str, Cell>,
    /// Published serving figures beside the roofline.
    pub serving: Vec<Check>,
}

/// The whole comparison.
#[derive(Debug, Serialize)]
pub struct Table {
    /// Model.
    pub model: String,
    /// Format and bits of its released weights, which bounds read; hardwired designs carry them at 4 bits.
    pub released_weights: String,
    /// Mean bits of a released weight by part of the model.
    pub released_bits: PerPart<Option<f64>>,
    /// Terms.
    #[serde(flatten)]
    pub terms: Terms,
    /// The hardwired design that the others are made equal to.
    pub reference: Option<String>,
    /// Designs in the order given.
    pub designs: Vec<Column>,
}

/// The design that the others are made equal to.
pub(super) struct Reference<'a> {
    pub name: &'a str,
    pub estimate: &'a Estimate,
    /// Output tokens per second of one system at equal interactivity.
    pub output_tokens_per_s: f64,
}
