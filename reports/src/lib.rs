//! Values with origins, documents, text and Markdown tables, number formats and plots. Nothing here runs a model: all input is
//! plain structs.

pub mod document;
pub mod markdown;
pub mod plot;
pub mod reference;
pub mod scoreboard;
pub mod table;
pub mod value;

pub use names::number;
pub use scoreboard::{Kind, Row, Scoreboard};
pub use table::{Align, Table};
pub use value::{Bound, Cell, Origin, Support, Value};
