//! The corpus that the learned cost model is trained on: what its rows are, how they are drawn, split and checked.
//!
//! Three sources: kernels generated here ([`kernels`], varied by [`variants`]), graphs of a machine-learning
//! framework, and layers that the simulator emits. Text and plain values only: running passes, labelling and files
//! are the caller's.

pub mod checks;
pub mod kernels;
pub mod normal;
pub mod row;
pub mod splits;
pub mod variants;

pub use row::{FrameworkLine, Row, Source};
pub use splits::{Part, Splits};
