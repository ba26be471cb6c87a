//! Embodied carbon by ACT (Gupta et al., ISCA 2022): (CI_fab * EPA + GPA + MPA) * area / yield, plus memory per gigabyte.
//!
//! An independent check of the publication's kilograms per module. Packaging and transport are left out.

use designs::{Economics, KgPerKwh, KgPerSquareCm, KilowattHours, SquareMm};
use serde::Serialize;

use super::estimate::Span;

/// Embodied carbon of one chip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Act {
    /// Of a square centimetre of processed wafer, kilograms.
    pub kg_per_cm2: Span,
    /// Of a die before yield, kilograms.
    pub die_kg: Span,
    /// Of a good die, kilograms.
    pub good_die_kg: Span,
    /// Of the chip's memory, kilograms.
    pub memory_kg: f64,
}

/// ACT's figure; `None` where the economics file has no parameters for the node.
#[must_use]
pub fn act(e: &Economics, node_nm: u32, die_mm2: f64, yields: Span, memory_gb: f64) -> Option<Act> {
    if e.act_node_nm != node_nm {
        return None;
    }
    let gas = e.gas_kg_per_cm2?;
    // Electricity of a square centimetre of wafer.
    let fab = KgPerKwh::new(e.fab_kg_per_kwh) * KilowattHours::from_kwh(e.fab_kwh_per_cm2?);
    let base = KgPerSquareCm::new(fab.kg()) + KgPerSquareCm::new(e.material_kg_per_cm2?);
    let area = SquareMm::from_mm2(die_mm2).square_cm();
    let [low, high] = [gas.low, gas.high].map(|gas| base + KgPerSquareCm::new(gas));
    let (die_low, die_high) = (low * area, high * area);
    Some(Act {
        kg_per_cm2: Span::new(low.get(), high.get()),
        die_kg: Span::new(die_low.kg(), die_high.kg()),
        good_die_kg: Span::new((die_low / yields.high).kg(), (die_high / yields.low).kg()),
        memory_kg: e.memory_kg_per_gb * memory_gb,
    })
}
