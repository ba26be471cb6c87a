//! Area of one chip, block by block, with the basis of each figure.

use designs::PerBlock;
use serde::{Deserialize, Serialize};

use super::array::ArrayShape;
use super::blocks::{self, VexShape};
use super::error::{AreaError, not_negative, positive};
use super::inputs::AreaInputs;
use super::neuron::{NeuronDesign, check_fan_in, neuron_um2};
use super::node::NodeDensities;
use super::published::ReadingsFit;
use super::sram::SramShape;

/// Exposure field of a scanner, 26 mm by 33 mm.
pub const RETICLE_MM2: f64 = 858.0;

/// Basis of the area of the HN Array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HnReading {
    /// The two published readings of HNLPU; another node, format or organisation scales them by the structural model.
    Published,
    /// Cells times transistors over density.
    Structural,
}

/// Structure of the chip whose area is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChipAreaRequest {
    /// Weights and neurons on the chip.
    pub array: ArrayShape,
    /// Structure of the neurons.
    pub neuron: NeuronDesign,
    /// Basis of the area of the HN Array.
    pub reading: HnReading,
    /// Attention Buffer; `None` where the chip has none.
    pub buffer: Option<SramShape>,
    /// Vector unit.
    pub vex: VexShape,
    /// PCIe lanes of all links.
    pub link_lanes: f64,
    /// HBM stacks.
    pub hbm_stacks: f64,
    /// Whether to count HBM controllers, which the published table does not name.
    pub hbm_controllers: bool,
}

impl ChipAreaRequest {
    /// HNLPU as published: six x16 links, eight stacks.
    pub const HNLPU: Self = Self {
        array: ArrayShape::HNLPU,
        neuron: NeuronDesign::HNLPU,
        reading: HnReading::Published,
        buffer: Some(SramShape::ATTENTION_BUFFER),
        vex: VexShape::HNLPU,
        link_lanes: 96.0,
        hbm_stacks: 8.0,
        hbm_controllers: false,
    };

    /// Rejects sizes out of range.
    pub fn check(&self) -> Result<(), AreaError> {
        positive("weights", self.array.weights)?;
        positive("neurons", self.array.neurons)?;
        check_fan_in(self.array.fan_in())?;
        self.neuron.check()?;
        if let Some(buffer) = self.buffer {
            buffer.check()?;
        }
        self.vex.check()?;
        not_negative("link lanes", self.link_lanes)?;
        not_negative("HBM stacks", self.hbm_stacks)?;
        Ok(())
    }
}

/// Basis of the area of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Fitted to two published figures of HNLPU.
    CalibratedReadings,
    /// Counted cells and a transistor density.
    CountedCells,
    /// Bits, cell area and macro efficiency.
    BitsAndDensity,
    /// Public reference designs, scaled.
    ScaledReference,
}

/// Area of one block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlockArea {
    /// Area, mm2.
    pub mm2: f64,
    /// Basis of the figure.
    pub basis: Basis,
}

/// Area of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChipArea {
    /// Area of each block.
    #[serde(flatten)]
    pub blocks: PerBlock<BlockArea>,
    /// All blocks, mm2.
    pub total_mm2: f64,
}

impl ChipArea {
    /// All blocks but the HN Array, mm2.
    pub fn fixed_mm2(&self) -> f64 {
        self.total_mm2 - self.blocks.hn_array.mm2
    }

    /// Rejects a die above `limit_mm2`.
    pub fn check_reticle(&self, limit_mm2: f64) -> Result<(), AreaError> {
        positive("reticle limit", limit_mm2)?;
        if self.total_mm2 > limit_mm2 {
            return Err(AreaError::LargerThanReticle { die_mm2: self.total_mm2, limit_mm2 });
        }
        Ok(())
    }
}

/// Area of a chip. [`ChipArea::check_reticle`] checks whether it fits a reticle.
pub fn chip_area(request: &ChipAreaRequest, node: &NodeDensities, inputs: &AreaInputs) -> Result<ChipArea, AreaError> {
    request.check()?;
    node.check()?;
    inputs.check()?;
    let hn_basis = match request.reading {
        HnReading::Published => Basis::CalibratedReadings,
        HnReading::Structural => Basis::CountedCells,
    };
    let scaled = |mm2| BlockArea { mm2, basis: Basis::ScaledReference };
    let buffer_mm2 = request.buffer.map_or(0.0, |buffer| buffer.area_mm2(node, inputs));
    let blocks = PerBlock {
        hn_array: BlockArea { mm2: array_mm2(request, node, inputs), basis: hn_basis },
        vex: scaled(request.vex.area_mm2(node, inputs)),
        control_unit: scaled(blocks::control_unit_mm2(node, inputs)),
        attention_buffer: BlockArea { mm2: buffer_mm2, basis: Basis::BitsAndDensity },
        interconnect_engine: scaled(blocks::interconnect_mm2(request.link_lanes, node, inputs)),
        hbm_phy: scaled(blocks::hbm_mm2(request.hbm_stacks, request.hbm_controllers, node, inputs)),
    };
    Ok(ChipArea { blocks, total_mm2: blocks.values().map(|block| block.mm2).sum() })
}

/// Area of the HN Array of a checked request, mm2.
fn array_mm2(request: &ChipAreaRequest, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    let fan_in = request.array.fan_in();
    let structural = neuron_um2(&request.neuron, fan_in, node, inputs);
    let um2 = match request.reading {
        HnReading::Structural => request.array.neurons * structural,
        HnReading::Published => {
            let as_published = neuron_um2(&NeuronDesign::HNLPU, fan_in, &NodeDensities::N5, inputs);
            ReadingsFit::solve(inputs).area_um2(&request.array) * structural / as_published
        }
    };
    um2 * 1e-6
}
