//! Values with origins, documents of them, text tables, number formats and plots over plain result structs; nothing here runs
//! a model.

pub mod document;
pub mod markdown;
pub mod plot;
pub mod scoreboard;
pub mod table;
pub mod value;

pub use names::number;
pub use scoreboard::{Kind, Row, Scoreboard};
pub use table::{Align, Table};
pub use value::{Bound, Cell, Origin, Support, Value};
