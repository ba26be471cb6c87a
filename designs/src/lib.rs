//! Designs, process nodes and models: quantities, strict schema, provenance and embedded presets.
//!
//! [`load`] turns a name or file into validated values, [`show`] turns them back into lines for people.

mod attention;
mod block;
pub mod comparison;
mod curve;
pub mod design;
pub mod dram;
pub mod economics;
pub mod edit;
mod field;
pub mod file;
mod form;
pub mod huggingface;
mod keyed;
pub mod load;
pub mod masks;
pub mod mode;
pub mod model;
pub mod presets;
pub mod problem;
pub mod process;
pub mod provenance;
pub mod quantity;
mod range;
mod release;
mod schema;
pub mod show;
mod slot;
pub mod supply;
mod tree;
mod units;

pub use attention::{Attention, HeadChange, HeadChangeError, Indexer};
pub use block::{Block, Event, Events, NodeScaling, PerBlock};
pub use comparison::{Comparison, Counts, Serving};
pub use curve::SpeedCurve;
pub use design::*;
pub use dram::{AddressOrder, Dram, PagePolicy, RefreshStops, RowArbiter};
pub use economics::{DieFormula, Economics, YieldModel};
pub use load::{Loader, Override, Unreadable};
pub use masks::{LayerError, Lithography, MaskLayer, MaskStack};
pub use model::{Ffn, Layer, Model, Span};
// `keyed!` expands to it in other crates.
#[doc(hidden)]
pub use names;
pub use problem::{Location, Problem, Problems, Source, SourceKind};
pub use process::{Interval, ProcessNode};
pub use provenance::{Grade, Provenance};
pub use quantity::*;
pub use range::Range;
pub use release::{Part, PerPart, Release, WIDE_BITS};
pub use schema::MAX_CHIPS;
pub use slot::Measure;
pub use supply::{SupplyError, supply};
