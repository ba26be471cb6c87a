//! Process nodes: what is publicly known of a wafer, its masks and its densities.
//!
//! Public figures are patchy, so every field but the feature size may be absent, and every one that is
//! there carries source, grade and year. Money is in US dollars of that year.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::curve::SpeedCurve;
use crate::field::Visitor;
use crate::form::{Form, float};
use crate::provenance::Provenance;
use crate::slot::{Limits, Slot};
use crate::tree::{Kind, Node};
use crate::units::Reason;

/// A figure known exactly, as a range, or from below only.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Interval {
    /// Least value.
    pub low: f64,
    /// Largest value; absent where sources say only "more than".
    pub high: Option<f64>,
}

/// A process node.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ProcessNode {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Commercial name of the node in nanometres.
    pub feature_nm: u32,
    /// Price of a processed wafer, US dollars.
    pub wafer_usd: Option<Interval>,
    /// Transistors per area, millions per square millimetre.
    pub transistor_density_mtr_per_mm2: Option<f64>,
    /// Area of a high-density SRAM cell in square micrometres.
    pub sram_cell_um2: Option<f64>,
    /// Speed of logic by supply voltage, in units that all nodes share.
    pub speed_curve: Option<SpeedCurve>,
    /// Masks of a full set.
    pub masks: Option<Interval>,
    /// Masks of these that need extreme ultraviolet light.
    pub euv_masks: Option<Interval>,
    /// Price of a full mask set, US dollars.
    pub mask_set_usd: Option<Interval>,
    /// Cost of designing a large chip, US dollars; only the ratio of two nodes is used.
    pub design_usd: Option<Interval>,
    /// Defects per square centimetre.
    pub defect_density_per_cm2: Option<f64>,
    /// Where every value comes from, by key.
    pub provenance: BTreeMap<String, Provenance>,
}

impl Interval {
    /// Middle of the range; the least value where sources say only "more than".
    #[must_use]
    pub fn middle(&self) -> f64 {
        self.high.map_or(self.low, |high| (self.low + high) / 2.0)
    }
}

impl Slot for Interval {
    fn set(&mut self, node: &Node, limits: Limits) -> Result<(), Reason> {
        let Kind::Table(entries) = &node.kind else {
            self.low.set(node, limits)?;
            self.high = Some(self.low);
            return Ok(());
        };
        if let Some(key) = entries.keys().find(|key| !matches!(key.as_str(), "low" | "high")) {
            return Err((format!("has the unknown key `{key}`"), Some("known here: low, high".into())));
        }
        let low = entries.get("low").ok_or_else(|| ("lacks `low`".to_owned(), None))?;
        self.low.set(low, limits)?;
        self.high = None;
        if let Some(high) = entries.get("high") {
            self.high.set(high, limits)?;
        }
        if self.high.is_some_and(|high| high < self.low) {
            return Err(("has a `high` below its `low`".into(), None));
        }
        Ok(())
    }

    fn show(&self) -> Option<String> {
        Some(match self.high {
            Some(high) if high == self.low => high.to_string(),
            Some(high) => format!("{} to {high}", self.low),
            None => format!("more than {}", self.low),
        })
    }

    fn toml(&self) -> Option<String> {
        Some(match self.high {
            Some(high) if high == self.low => float(high),
            Some(high) => format!("{{ low = {}, high = {} }}", float(self.low), float(high)),
            None => format!("{{ low = {} }}", float(self.low)),
        })
    }

    fn form(&self) -> Form {
        Form::Interval
    }
}

/// Visits every field of a process-node file.
pub(crate) fn walk(n: &mut ProcessNode, v: &mut dyn Visitor) {
    let money = Limits::positive(1e12);
    let masks = Limits::between(0.0, 1000.0);
    v.field("summary", &mut n.summary, Limits::NONE, "One line for people");
    v.field("feature_nm", &mut n.feature_nm, Limits::between(1.0, 1000.0), "Commercial name in nanometres");
    v.field("wafer_usd", &mut n.wafer_usd, money, "Price of a processed wafer, US dollars");
    let doc = "Millions of transistors per square millimetre";
    v.field("transistor_density_mtr_per_mm2", &mut n.transistor_density_mtr_per_mm2, Limits::positive(1e4), doc);
    v.field("sram_cell_um2", &mut n.sram_cell_um2, Limits::positive(1e3), "High-density SRAM cell, square micrometres");
    let doc = "Speed of logic by supply voltage, [volts, speed]; only ratios of speeds are used, also between nodes";
    v.field("speed_curve", &mut n.speed_curve, Limits::NONE, doc);
    v.field("masks", &mut n.masks, masks, "Masks of a full set");
    v.field("euv_masks", &mut n.euv_masks, masks, "Masks that need extreme ultraviolet light");
    v.field("mask_set_usd", &mut n.mask_set_usd, money, "Price of a full mask set, US dollars");
    let doc = "Cost of designing a large chip, US dollars; only the ratio of two nodes is used";
    v.field("design_usd", &mut n.design_usd, money, doc);
    let doc = "Defects per square centimetre";
    v.field("defect_density_per_cm2", &mut n.defect_density_per_cm2, Limits::between(0.0, 1e3), doc);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Interval, String> {
        let root = crate::tree::parse(text, 0).unwrap();
        let mut interval = Interval::default();
        let result = interval.set(&root.section().unwrap()["x"], Limits::positive(100.0));
        result.map(|()| interval).map_err(|(message, _)| message)
    }

    #[test]
    fn intervals_are_numbers_or_ranges() {
        assert_eq!(read("x = 5"), Ok(Interval { low: 5.0, high: Some(5.0) }));
        assert_eq!(read("x = { low = 3, high = 5 }"), Ok(Interval { low: 3.0, high: Some(5.0) }));
        assert_eq!(read("x = { low = 3 }"), Ok(Interval { low: 3.0, high: None }));
        assert_eq!(read("x = { high = 3 }").unwrap_err(), "lacks `low`");
        assert_eq!(read("x = { low = 3, high = 2 }").unwrap_err(), "has a `high` below its `low`");
        assert_eq!(read("x = { low = 3, hihg = 4 }").unwrap_err(), "has the unknown key `hihg`");
        assert_eq!(read("x = { low = 3, high = 200 }").unwrap_err(), "is 200; it must be above 0 and at most 100");
        assert_eq!(Interval { low: 3.0, high: None }.show().unwrap(), "more than 3");
    }
}
