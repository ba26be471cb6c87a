//! The chip's area from structure, beside the published areas that prices rest on.

use serde::Serialize;
use sim::economics::Estimate;
use sim::economics::area::{
    AreaInputs, ArrayShape, ChipAreaRequest, HnReading, NeuronDesign, NodeDensities, SramShape, WeightFormat, chip_area,
};

use super::Subject;

/// Structural area of one chip.
#[derive(Debug, Clone, Serialize)]
pub struct Structure {
    /// Array from counted cells and transistor density.
    pub hn_array_counted_mm2: f64,
    /// Array from the two published readings of area per weight.
    pub hn_array_readings_mm2: f64,
    /// Vector unit.
    pub vex_mm2: f64,
    /// Control unit.
    pub control_unit_mm2: f64,
    /// Attention buffer from bits and cell area.
    pub attention_buffer_mm2: f64,
    /// Links.
    pub interconnect_engine_mm2: f64,
    /// Memory PHY.
    pub hbm_phy_mm2: f64,
    /// Chip, with the array of the published readings.
    pub chip_mm2: f64,
}

/// The weight format of a name that the command line has checked.
pub fn format(name: &str) -> WeightFormat {
    WeightFormat::ALL
        .into_iter()
        .find(|f| format!("{f:?}").to_lowercase() == name)
        .expect("the command line accepts known formats only")
}

/// The structural area of the laid-out chip, where the node has densities and the sizes are within the model.
pub fn estimate(subject: &Subject, estimate: &Estimate, weights: &str) -> Option<Structure> {
    let node = NodeDensities::from_node(&subject.node).ok()?;
    let inputs = AreaInputs::default();
    let design = &subject.design;
    let per_chip = estimate.layout.weights_per_chip as f64;
    let banks = f64::from(design.attention_buffer.banks);
    // Banks have a power of two of words: 16 KB are 16,384 bytes.
    let bank_bytes = (design.attention_buffer.capacity.get() / u64::from(design.attention_buffer.banks)).max(1);
    let bank_bytes = bank_bytes.next_power_of_two() as f64;
    let neuron = NeuronDesign {
        format: format(weights),
        activation_bits: design.hn_array.activation_bits,
        inputs_per_port: design.hn_array.inputs_per_port,
        ..NeuronDesign::HNLPU
    };
    let request = ChipAreaRequest {
        // Mean fan-in as in the published machine.
        array: ArrayShape { weights: per_chip, neurons: per_chip / ArrayShape::HNLPU.fan_in() },
        neuron,
        buffer: Some(SramShape { banks, bank_bytes, ..SramShape::ATTENTION_BUFFER }),
        hbm_stacks: design.hbm.stacks.into(),
        ..ChipAreaRequest::HNLPU
    };
    let readings = chip_area(&request, &node, &inputs).ok()?;
    let counted = chip_area(&ChipAreaRequest { reading: HnReading::Structural, ..request }, &node, &inputs).ok()?;
    let growth = estimate.wiring_growth;
    Some(Structure {
        hn_array_counted_mm2: counted.hn_array.mm2 * growth,
        hn_array_readings_mm2: readings.hn_array.mm2 * growth,
        vex_mm2: readings.vex.mm2,
        control_unit_mm2: readings.control_unit.mm2,
        attention_buffer_mm2: readings.attention_buffer.mm2,
        interconnect_engine_mm2: readings.interconnect_engine.mm2,
        hbm_phy_mm2: readings.hbm_phy.mm2,
        chip_mm2: readings.fixed_mm2() + readings.hn_array.mm2 * growth,
    })
}
