//! Designs, process nodes and models: quantities, strict schema, provenance and embedded presets.

pub mod design;
pub mod model;
pub mod provenance;
pub mod quantity;

pub use design::*;
pub use model::{Attention, Ffn, Layer, Model};
pub use provenance::{Grade, Provenance};
pub use quantity::*;
