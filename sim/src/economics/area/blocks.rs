//! Blocks that are not made of weights or KV cache: scaled from public reference designs.
//!
//! Logic: transistors of the reference over the node's density times the share of it that irregular logic reaches.
//! Physical layers: mm2 of the reference, the same at every node, because pads, drivers and inductors do not shrink.

use serde::{Deserialize, Serialize};

use super::error::{AreaError, not_negative, positive};
use super::inputs::AreaInputs;
use super::node::NodeDensities;
use super::sram;

/// Lanes of the vector unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VexShape {
    /// Elements of cached vectors taken per cycle: lanes.
    pub lanes: f64,
    /// Query heads that share a cached vector: multiply-adds per lane.
    pub queries_per_kv: f64,
}

impl VexShape {
    /// HNLPU: 32 cached heads of 64 elements per cycle, 64 query heads over 8 KV heads.
    pub const HNLPU: Self = Self { lanes: 2048.0, queries_per_kv: 8.0 };

    /// Area, mm2: per lane its multiply-adds, one FP32 unit for softmax, norms and gates, and control.
    pub fn area_mm2(&self, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
        let lane = self.queries_per_kv * inputs.fp16_mac + inputs.fp32_unit + inputs.lane_control;
        logic_mm2(self.lanes * lane, node, inputs)
    }

    /// Rejects counts that are not positive.
    pub fn check(&self) -> Result<(), AreaError> {
        positive("VEX lanes", self.lanes)?;
        not_negative("queries per KV head", self.queries_per_kv)?;
        Ok(())
    }
}

/// Area of irregular logic, mm2.
pub fn logic_mm2(transistors: f64, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    transistors / (node.transistors_mtr_per_mm2 * inputs.logic_utilization) * 1e-6
}

/// Area of the sequencer with its program store, mm2.
pub fn control_unit_mm2(node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    let store = inputs.control_store * 8.0 * sram::bit_um2(1, node, inputs) * 1e-6;
    logic_mm2(inputs.control_core, node, inputs) + store
}

/// Area of `lanes` PCIe lanes with their controllers, mm2.
pub fn interconnect_mm2(lanes: f64, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    lanes * inputs.link_phy + logic_mm2(lanes * inputs.link_controller, node, inputs)
}

/// Area of the physical layers of `stacks` HBM stacks, mm2, with their controllers on request.
pub fn hbm_mm2(stacks: f64, controllers: bool, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    let logic = if controllers { logic_mm2(stacks * inputs.hbm_controller, node, inputs) } else { 0.0 };
    stacks * inputs.hbm_phy + logic
}
