//! Designs, process nodes and models: quantities, strict schema, provenance and embedded presets.
//!
//! [`load`] turns a name or file into validated values, [`show`] turns them back into lines for people.

pub mod design;
mod field;
pub mod huggingface;
pub mod load;
pub mod model;
pub mod presets;
pub mod problem;
pub mod process;
pub mod provenance;
pub mod quantity;
mod schema;
pub mod show;
mod slot;
mod tree;
mod units;

pub use design::*;
pub use load::{Loader, Override};
pub use model::{Attention, Ffn, Layer, Model};
pub use problem::{Location, Problem, Problems, Source, SourceKind};
pub use process::{Interval, ProcessNode};
pub use provenance::{Grade, Provenance};
pub use quantity::*;
pub use schema::MAX_CHIPS;
