//! How many chips hold a model: weights over what one die has room for.

use serde::{Deserialize, Serialize};

use super::array::ArrayShape;
use super::chip::{ChipArea, ChipAreaRequest, chip_area};
use super::error::{AreaError, between, not_negative, positive};
use super::inputs::AreaInputs;
use super::node::NodeDensities;

/// A model to spread over chips that are alike but for their weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChipsRequest {
    /// All weights that are divided between chips, with their neurons.
    pub divided: ArrayShape,
    /// Weights that every chip repeats (routers), of the same fan-in.
    pub repeated_weights: f64,
    /// Blocks and neurons of one chip; its `array` is not read.
    pub chip: ChipAreaRequest,
    /// Largest die, mm2.
    pub reticle_mm2: f64,
    /// Share of the largest die that blocks may fill; the rest is seams between blocks, ring and unused corners.
    pub utilization: f64,
}

/// Chips for a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChipsNeeded {
    /// Number of chips.
    pub chips: u64,
    /// Area of one of them, with an even share of the weights.
    pub area: ChipArea,
    /// Room for the HN Array on one die, mm2.
    pub array_room_mm2: f64,
}

/// The fewest chips whose dies stay within `reticle_mm2 * utilization`.
pub fn chips_needed(
    request: &ChipsRequest,
    node: &NodeDensities,
    inputs: &AreaInputs,
) -> Result<ChipsNeeded, AreaError> {
    positive("weights", request.divided.weights)?;
    positive("neurons", request.divided.neurons)?;
    not_negative("repeated weights", request.repeated_weights)?;
    positive("reticle limit", request.reticle_mm2)?;
    positive("utilization", request.utilization)?;
    between("utilization", request.utilization, 0.0, 1.0)?;
    let usable_mm2 = request.reticle_mm2 * request.utilization;

    // At a given fan-in the array is proportional to its weights, so the whole model on one die gives the rate.
    let whole = area_of(request, request.divided.weights, node, inputs)?;
    let mm2_per_weight = whole.blocks.hn_array.mm2 / request.divided.weights;
    let fixed_mm2 = whole.fixed_mm2() + request.repeated_weights * mm2_per_weight;
    let room_mm2 = usable_mm2 - fixed_mm2;
    if room_mm2 <= 0.0 {
        return Err(AreaError::NoRoom { fixed_mm2, usable_mm2 });
    }
    let chips = libm::ceil(whole.blocks.hn_array.mm2 / room_mm2).max(1.0);
    let area = area_of(request, request.divided.weights / chips + request.repeated_weights, node, inputs)?;
    Ok(ChipsNeeded { chips: chips as u64, area, array_room_mm2: usable_mm2 - whole.fixed_mm2() })
}

/// Area of a chip with `weights` of the model's fan-in.
fn area_of(
    request: &ChipsRequest,
    weights: f64,
    node: &NodeDensities,
    inputs: &AreaInputs,
) -> Result<ChipArea, AreaError> {
    let array = ArrayShape { weights, neurons: weights / request.divided.fan_in() };
    chip_area(&ChipAreaRequest { array, ..request.chip }, node, inputs)
}
