//! Silicon area of a hardwired-weight chip from its structure: ports, adders, selection, SRAM bits and scaled references.
//!
//! | block | follows from | module |
//! | --- | --- | --- |
//! | HN Array | two published readings of area per weight, or cells times transistor density | [`published`], [`neuron`] |
//! | Attention Buffer | bits, SRAM cell, ports, macro efficiency | [`sram`] |
//! | VEX, Control Unit, Interconnect Engine, HBM PHY | public reference designs, scaled | [`blocks`] |
//!
//! Areas are in um2 (micrometres squared) where a name ends in `_um2`, else in mm2. Every constant is a field of
//! [`AreaInputs`] with its range, source, grade and year in [`AreaInputs::REFERENCES`]. Node scaling: logic by transistor density,
//! SRAM by the area of its cell, physical layers not at all. The functions take plain values, do not allocate and
//! run in well under a microsecond, so a Monte Carlo simulation can call them for every sample.
//!
//! Left out: wires and their repeaters (routability of the metal layers is not checked), power grid, clock trees,
//! test logic, redundancy, seal ring and scribe line.

mod array;
pub mod blocks;
pub mod checks;
mod chip;
mod chips;
mod error;
mod format;
mod inputs;
pub mod neuron;
mod node;
pub mod published;
pub mod sram;

pub use array::ArrayShape;
pub use blocks::VexShape;
pub use chip::{Basis, BlockArea, ChipArea, ChipAreaRequest, HnReading, RETICLE_MM2, chip_area};
pub use chips::{ChipsNeeded, ChipsRequest, chips_needed};
pub use error::AreaError;
pub use format::{FormatTraits, WeightFormat};
pub use inputs::AreaInputs;
pub use neuron::{Accumulation, Embedding, NeuronDesign, NeuronTransistors, Registers};
pub use node::NodeDensities;
pub use sram::SramShape;
