//! The chip's area and power from structure, beside the published figures that prices rest on.

use designs::{Block, BlockAreas, Design, Grade, PerBlock, ProcessNode, Provenance, SquareMm};
use serde::{Serialize, Serializer};
use sim::Simulation;
use sim::economics::Estimate;
use sim::economics::area::neuron::neuron_um2;
use sim::economics::area::{
    AreaError, AreaInputs, ArrayShape, ChipAreaRequest, Embedding, HnReading, NeuronDesign, NodeDensities, SramShape,
    WeightFormat, chip_area,
};
use sim::economics::power::{self, Power, Work};
use sim::mapping::Mapping;

use super::subject::Subject;
use crate::diagnostics::Failure;

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

/// Shape of the chip that `per_chip` weights and the design make, at the published mean fan-in.
fn chip(design: &Design, per_chip: f64, weights: WeightFormat) -> ChipAreaRequest {
    let banks = f64::from(design.attention_buffer.banks);
    // Banks have a power of two of words: 16 KB are 16,384 bytes.
    let bank_bytes = (design.attention_buffer.capacity.get() / u64::from(design.attention_buffer.banks)).max(1);
    let bank_bytes = bank_bytes.next_power_of_two() as f64;
    let neuron = NeuronDesign {
        format: weights,
        activation_bits: design.hn_array.activation_bits,
        inputs_per_port: design.hn_array.inputs_per_port,
        ..NeuronDesign::HNLPU
    };
    ChipAreaRequest {
        array: ArrayShape { weights: per_chip, neurons: per_chip / ArrayShape::HNLPU.fan_in() },
        neuron,
        buffer: Some(SramShape { banks, bank_bytes, ..SramShape::ATTENTION_BUFFER }),
        hbm_stacks: design.hbm.stacks.into(),
        ..ChipAreaRequest::HNLPU
    }
}

/// Replaces the areas of the design by structural ones for its own model and node; returns the growth of the area of a
/// weight through its format.
pub fn apply(subject: &mut Subject, weights: WeightFormat) -> Result<f64, Failure> {
    let refuse = |e: AreaError| Failure::Request(e.to_string());
    let node = NodeDensities::from_node(&subject.home_node).map_err(refuse)?;
    let inputs = AreaInputs::default();
    let mapping = Mapping::new(&subject.design, &subject.home, subject.design.grid);
    let per_chip = mapping.map_err(|e| Failure::Request(e.to_string()))?.weights_per_chip as f64;
    let area = |weights| chip_area(&chip(&subject.design, per_chip, weights), &node, &inputs).map_err(refuse);
    let (own, wanted) = (area(WeightFormat::Fp4)?, area(weights)?);
    for (block, area) in own.blocks {
        let origin = Provenance { source: "area model from structure".into(), grade: Grade::Derived, year: None };
        subject.design.provenance.insert(format!("area.{}", block.name()), origin);
        subject.design.area[block] = SquareMm::from_mm2(area.mm2);
    }
    Ok(wanted.blocks.hn_array.mm2 / own.blocks.hn_array.mm2)
}

/// Power of the laid-out chip: static power by area, dynamic power by the simulated activity.
pub fn power(subject: &Subject, published: &BlockAreas, estimate: &Estimate, run: &Simulation) -> Power {
    let density = |node: &ProcessNode| node.transistor_density_mtr_per_mm2;
    // Without both densities the energies stay as they are.
    let ratio = density(&subject.home_node).zip(density(&subject.node)).map_or(1.0, |(home, here)| home / here);
    let work = Work {
        activity: &run.activity_per_token,
        tokens_per_s: run.throughput_tokens_per_s,
        chips: estimate.layout.grid.chips(),
    };
    power::power(&subject.design, published, &estimate.layout.area, ratio.sqrt(), &work)
}

/// The structural area of the laid-out chip, where the node has densities and the sizes are within the model.
pub fn estimate(subject: &Subject, estimate: &Estimate, weights: WeightFormat) -> Option<Structure> {
    let node = NodeDensities::from_node(&subject.node).ok()?;
    let inputs = AreaInputs::default();
    let request = chip(&subject.design, estimate.layout.weights_per_chip as f64, weights);
    let readings = chip_area(&request, &node, &inputs).ok()?;
    let counted = chip_area(&ChipAreaRequest { reading: HnReading::Structural, ..request }, &node, &inputs).ok()?;
    let growth = estimate.wiring_growth;
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
