//! Text tables, number formats and plots over plain result structs; nothing here runs a model.

pub mod number;
pub mod plot;
pub mod scoreboard;
pub mod table;

pub use scoreboard::{Kind, Row, Scoreboard};
pub use table::{Align, Table};
