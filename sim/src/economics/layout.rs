//! How many chips a model needs and how large they are: the design's own areas, scaled.
//!
//! Area per weight is the design's array over the weights of the fullest chip of its own model. It grows with the format
//! of a weight, with transistor density between nodes, and where fewer layers carry the wires
//! ([`super::masks::wiring_growth`]). Node scaling: array, vector and control units by transistor density, the
//! attention buffer by its SRAM cell, links and memory PHY not at all (analogue); clock and power do not scale. Unless
//! nothing changes, chips follow from `reticle * utilization` and [`smallest_grid`].

use designs::{BlockAreas, Design, Economics, Grid, Model, NodeScaling, ProcessNode, SquareMm};
use serde::Serialize;

use super::error::EconomicsError;
use crate::mapping::{Mapping, smallest_grid};

/// Inputs of a layout.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Design of the machine.
    pub design: &'a Design,
    /// The model that the design's areas belong to.
    pub home: &'a Model,
    /// The node that the design's areas belong to.
    pub home_node: &'a ProcessNode,
    /// Model to hardwire.
    pub model: &'a Model,
    /// Node to build on.
    pub node: &'a ProcessNode,
    /// Area of a weight over that of the design's own format.
    pub weight_growth: f64,
    /// Growth of the array through fewer wires.
    pub wiring: f64,
    /// Rules that state the reticle.
    pub economics: &'a Economics,
}

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
    /// Computes grid and areas for the model.
    ///
    /// # Errors
    /// When a node lacks a density, nothing is left for weights, no grid holds the model, or the chip exceeds the
    /// reticle.
    pub fn new(start: &Start<'_>) -> Result<Self, EconomicsError> {
        let Start { design, home, model, economics, .. } = *start;
        let home_weights = Mapping::new(design, home, design.grid).map(|m| m.weights_per_chip)?;
        let factor = start.weight_growth * start.wiring;
        let scaled = scale(start)?;
        let um2_per_weight = scaled.hn_array.mm2() * 1e6 / home_weights.max(1) as f64 * factor;
        let unchanged = model == home && start.node.name == start.home_node.name && factor == 1.0;
        let layout = if unchanged {
            Self {
                grid: design.grid,
                chip_mm2: chip_mm2(&design.area),
                area: design.area,
                weights_per_chip: home_weights,
                um2_per_weight,
                capacity: design.hn_array.weight_capacity,
            }
        } else {
            Self::sized(start, scaled, um2_per_weight)?
        };
        layout.check_reticle(design, economics.reticle_mm2)?;
        Ok(layout)
    }

    /// The smallest grid whose chips fit the reticle.
    fn sized(start: &Start<'_>, mut area: BlockAreas, um2_per_weight: f64) -> Result<Self, EconomicsError> {
        let limit = start.economics.reticle_mm2 * start.economics.reticle_utilization;
        let others = chip_mm2(&area) - area.hn_array.mm2();
        let capacity = ((limit - others) * 1e6 / um2_per_weight).floor();
        if capacity < 1.0 {
            return Err(EconomicsError::NoRoom { others, node: start.node.name.clone(), limit });
        }
        let mut design = start.design.clone();
        design.hn_array.weight_capacity = capacity as u64;
        let grid = smallest_grid(&design, start.model)?;
        let weights_per_chip = Mapping::new(&design, start.model, grid)?.weights_per_chip;
        area.hn_array = SquareMm::from_mm2(weights_per_chip as f64 * um2_per_weight / 1e6);
        Ok(Self { grid, chip_mm2: chip_mm2(&area), area, weights_per_chip, um2_per_weight, capacity: capacity as u64 })
    }

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
        let origin = design.provenance.get(&format!("area.{block}")).map_or(String::new(), |p| p.source.clone());
        Err(EconomicsError::Reticle { die: self.chip_mm2, reticle, block, block_mm2: area.mm2(), source_of: origin })
    }

    /// The design with this layout's grid, areas and capacity.
    #[must_use]
    pub fn apply(&self, design: &Design) -> Design {
        let mut laid_out = design.clone();
        laid_out.grid = self.grid;
        laid_out.area = self.area;
        laid_out.hn_array.weight_capacity = self.capacity;
        laid_out
    }
}

/// The design's areas on the node, before any change of the array.
fn scale(start: &Start<'_>) -> Result<BlockAreas, EconomicsError> {
    node_areas(&start.design.area, start.home_node, start.node)
}

/// Areas of a design of `home` on `node`: logic by transistor density, buffer by SRAM cell, physical layers as they are.
///
/// # Errors
/// When one of two different nodes lacks a density.
pub fn node_areas(area: &BlockAreas, home: &ProcessNode, node: &ProcessNode) -> Result<BlockAreas, EconomicsError> {
    if home.name == node.name {
        return Ok(*area);
    }
    let need = |of: &ProcessNode, value: Option<f64>, what: &'static str| {
        value.ok_or_else(|| EconomicsError::Scaling { node: of.name.clone(), from: home.name.clone(), what })
    };
    let density = |of: &ProcessNode| need(of, of.transistor_density_mtr_per_mm2, "transistor density");
    let cell = |of: &ProcessNode| need(of, of.sram_cell_um2, "SRAM cell area");
    let logic = density(home)? / density(node)?;
    let sram = cell(node)? / cell(home)?;
    Ok(BlockAreas::from_fn(|block| match block.scaling() {
        NodeScaling::Logic => SquareMm::from_mm2(area[block].mm2() * logic),
        NodeScaling::Sram => SquareMm::from_mm2(area[block].mm2() * sram),
        NodeScaling::Fixed => area[block],
    }))
}
