//! The chip's area from structure, beside the areas that are priced.

use designs::{Block, PerBlock, ProcessNode};
use serde::{Serialize, Serializer};
use sim::economics::area::neuron::neuron_um2;
use sim::economics::area::{AreaInputs, ChipAreaRequest, Embedding, HnReading, NeuronDesign, NodeDensities, chip_area};
use sim::settle::Settled;

/// Structural area of one chip.
#[derive(Debug, Clone, Serialize)]
pub struct Structure {
    /// Array from counted cells and transistor density, mm2.
    pub hn_array_counted_mm2: f64,
    /// Area of each block, mm2; the array from the two published readings of area per weight.
    #[serde(flatten, serialize_with = "blocks_in_mm2")]
    pub blocks: PerBlock<f64>,
    /// Weight in wires, counted, um2.
    pub metal_embedding_um2_per_weight: f64,
    /// Weight in cells, counted, um2.
    pub cell_embedding_um2_per_weight: f64,
    /// Weight in SRAM with its share of multipliers, counted, um2.
    pub mac_array_um2_per_weight: f64,
    /// Chip, with the array of the published readings, mm2.
    pub chip_mm2: f64,
}

fn blocks_in_mm2<S: Serializer>(blocks: &PerBlock<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    let key = |block: Block| match block {
        Block::HnArray => "hn_array_readings_mm2".to_owned(),
        other => format!("{}_mm2", other.name()),
    };
    serializer.collect_map(blocks.iter().map(|(block, mm2)| (key(block), mm2)))
}

/// The structural area of the settled chip, where the node has densities and the sizes are within the model; `growth` is that
/// of the array through fewer wires.
pub(super) fn estimate(machine: &Settled, layers: usize, node: &ProcessNode, growth: f64) -> Option<Structure> {
    let node = NodeDensities::from_node(node).ok()?;
    let inputs = AreaInputs::default();
    let layout = &machine.layout;
    let request =
        sim::settle::structure(&machine.design, layers, layout.grid, layout.weights_per_chip as f64, machine.format);
    let readings = chip_area(&request, &node, &inputs).ok()?;
    let counted = chip_area(&ChipAreaRequest { reading: HnReading::Structural, ..request }, &node, &inputs).ok()?;
    let per_weight = |embedding| {
        let fan_in = request.array.fan_in();
        neuron_um2(&NeuronDesign { embedding, ..request.neuron }, fan_in, &node, &inputs) / fan_in
    };
    let mut blocks = readings.blocks.map(|block| block.mm2);
    blocks.hn_array *= growth;
    Some(Structure {
        hn_array_counted_mm2: counted.blocks.hn_array.mm2 * growth,
        blocks,
        metal_embedding_um2_per_weight: per_weight(Embedding::MetalEmbedding),
        cell_embedding_um2_per_weight: per_weight(Embedding::CellEmbedding),
        mac_array_um2_per_weight: per_weight(Embedding::MacArray),
        chip_mm2: readings.fixed_mm2() + blocks.hn_array,
    })
}
