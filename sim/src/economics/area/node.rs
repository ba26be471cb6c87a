//! The two densities of a process node that areas scale with.
//!
//! Logic scales by transistor density, SRAM by the area of its high-density cell; physical layers do not scale.

use designs::ProcessNode;
use serde::{Deserialize, Serialize};

use super::error::{AreaError, positive};

/// Densities of a process node.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NodeDensities {
    /// Transistors of dense logic, millions per mm2 (transistors per um2 is the same number).
    pub transistors_mtr_per_mm2: f64,
    /// High-density single-port SRAM cell, um2.
    pub sram_cell_um2: f64,
}

impl NodeDensities {
    /// The 5 nm node of HNLPU, as in the node preset `n5`.
    pub const N5: Self = Self { transistors_mtr_per_mm2: 137.6, sram_cell_um2: 0.021 };

    /// Densities of a loaded node.
    pub fn from_node(node: &ProcessNode) -> Result<Self, AreaError> {
        let lacks = |what| AreaError::NodeLacks { node: node.name.clone(), what };
        Ok(Self {
            transistors_mtr_per_mm2: node
                .transistor_density_mtr_per_mm2
                .ok_or_else(|| lacks("transistor_density_mtr_per_mm2"))?,
            sram_cell_um2: node.sram_cell_um2.ok_or_else(|| lacks("sram_cell_um2"))?,
        })
    }

    /// Rejects densities that are not positive.
    pub fn check(&self) -> Result<(), AreaError> {
        positive("transistors_mtr_per_mm2", self.transistors_mtr_per_mm2)?;
        positive("sram_cell_um2", self.sram_cell_um2)?;
        Ok(())
    }
}
