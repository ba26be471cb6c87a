//! Chips of a settled machine and their areas ([`crate::settle`] says how they follow).

use designs::{BlockAreas, Design, Grid, NodeScaling, PerBlock, ProcessNode};
use serde::Serialize;

use super::error::EconomicsError;

/// Number of chips and their areas.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// Rows and columns of chips.
    pub grid: Grid,
    /// Areas of a chip's blocks.
    pub area: BlockAreas,
    /// Area of a chip, square millimetres.
    pub chip_mm2: f64,
    /// Weights on the chip that holds most.
    pub weights_per_chip: u64,
    /// Area of a weight, square micrometres.
    pub um2_per_weight: f64,
    /// Weights a chip could hold.
    pub capacity: u64,
}

/// Sum of a chip's blocks, square millimetres.
#[must_use]
pub fn chip_mm2(area: &BlockAreas) -> f64 {
    area.values().map(|block| block.mm2()).sum()
}

impl Layout {
    /// Refuses a chip larger than the `reticle` in square millimetres.
    ///
    /// # Errors
    /// [`EconomicsError::Reticle`], with the largest block and where the `design` has its area from.
    pub fn check_reticle(&self, design: &Design, reticle: f64) -> Result<(), EconomicsError> {
        if self.chip_mm2 <= reticle {
            return Ok(());
        }
        let (block, area) =
            self.area.into_iter().max_by(|a, b| a.1.mm2().total_cmp(&b.1.mm2())).expect("a chip has blocks");
        let block = block.name();
        let origin = design.provenance.get(&format!("area.{block}"));
        let origin = origin.map_or(String::new(), |p| format!(" from {}", p.source));
        let block_mm2 = (area.mm2() * 100.0).round() / 100.0;
        Err(EconomicsError::Reticle { die: self.chip_mm2, reticle, block, block_mm2, source_of: origin })
    }
}

/// Growth of the areas of blocks from `home` to `node`: logic by transistor density, buffer by SRAM cell, physical layers as
/// they are.
///
/// # Errors
/// When one of two different nodes lacks a density.
pub fn node_growth(home: &ProcessNode, node: &ProcessNode) -> Result<PerBlock<f64>, EconomicsError> {
    if home.name == node.name {
        return Ok(PerBlock::from_fn(|_| 1.0));
    }
    let need = |of: &ProcessNode, value: Option<f64>, what: &'static str| {
        value.ok_or_else(|| EconomicsError::Scaling { node: of.name.clone(), from: home.name.clone(), what })
    };
    let density = |of: &ProcessNode| need(of, of.transistor_density_mtr_per_mm2, "transistor density");
    let cell = |of: &ProcessNode| need(of, of.sram_cell_um2, "SRAM cell area");
    let logic = density(home)? / density(node)?;
    let sram = cell(node)? / cell(home)?;
    Ok(PerBlock::from_fn(|block| match block.scaling() {
        NodeScaling::Logic => logic,
        NodeScaling::Sram => sram,
        NodeScaling::Fixed => 1.0,
    }))
}
