//! Area of SRAM from bits, cell, ports and macro efficiency.
//!
//! A single-port macro of area `cells / efficiency` has `cells * (1/efficiency - 1)` of periphery: decoder, word-line
//! drivers, column circuits. Every port brings one such share, and a cell with a read and a write port is larger by
//! `two_port_cell_ratio`:
//! `macro = bits * cell * (ratio + ports * (1/efficiency - 1))`.
//! The same share is taken for all bank sizes from 8 KB up, an assumption: smaller banks have more periphery.

use serde::{Deserialize, Serialize};

use super::error::{AreaError, between, positive};
use super::inputs::AreaInputs;
use super::node::NodeDensities;

/// A memory of equal banks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SramShape {
    /// Number of banks.
    pub banks: f64,
    /// Size of a bank, bytes.
    pub bank_bytes: f64,
    /// 1: one port for reads and writes; 2: one read port and one write port.
    pub ports: u32,
}

impl SramShape {
    /// HNLPU's Attention Buffer. Banks of 2^12 words of 32 bits, hence 16,384 bytes.
    pub const ATTENTION_BUFFER: Self = Self { banks: 20_000.0, bank_bytes: 16_384.0, ports: 2 };
    /// The 64 KB SRAM that Fig. 12 compares with.
    pub const BENCHMARK: Self = Self { banks: 1.0, bank_bytes: 65_536.0, ports: 1 };

    /// Area, mm2.
    pub fn area_mm2(&self, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
        self.banks * self.bank_bytes * 8.0 * bit_um2(self.ports, node, inputs) * 1e-6
    }

    /// Rejects sizes that are not positive and port counts other than 1 and 2.
    pub fn check(&self) -> Result<(), AreaError> {
        positive("SRAM banks", self.banks)?;
        positive("SRAM bank bytes", self.bank_bytes)?;
        between("SRAM ports", f64::from(self.ports), 1.0, 2.0)?;
        Ok(())
    }
}

/// Area of one bit with its share of the periphery, um2.
pub fn bit_um2(ports: u32, node: &NodeDensities, inputs: &AreaInputs) -> f64 {
    let periphery = 1.0 / inputs.sram_macro_efficiency - 1.0;
    let cell = if ports > 1 { inputs.two_port_cell_ratio } else { 1.0 };
    node.sram_cell_um2 * (cell + f64::from(ports) * periphery)
}
