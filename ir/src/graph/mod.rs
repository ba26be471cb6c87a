//! Dataflow graph of a function: operations, dependences and costs.
//!
//! A node is an argument of the function or an operation of its body with all that is inside it (a loop nest is one
//! node). Edges are values, those used inside regions included, and order in memory: a read after a write to the
//! same memref, and a write after reads and writes. Views belong to the memory behind them; memrefs that are different
//! arguments or allocations are assumed not to overlap. Edges lead down the text, so the graph has no cycles; values
//! carried upwards by control flow (loops of blocks) are left out.

mod dataflow;
mod dot;
mod effects;
mod layout;
mod svg;
#[cfg(test)]
mod tests;

pub use dataflow::{CriticalPath, Dependence, Graph, Node, NodeId, Origin, Weight};
pub use dot::dot;
pub use svg::{MAX_DRAWN, TooLarge, svg};
