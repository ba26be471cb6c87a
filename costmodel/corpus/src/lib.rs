//! The corpus of the learned cost model: its rows, kernels, variants, splits and checks.
//!
//! Three sources: kernels generated here ([`kernels`], varied by [`variants`]), graphs of a machine-learning
//! framework, and layers that the simulator emits. A [`table`] holds rows as columns, [`labels`], [`gpu_labels`],
//! [`memory_labels`] and [`design_labels`] the columns of labels. Text and plain values only: running passes, labelling and files are the caller's.

pub mod checks;
pub mod design_labels;
/// The passes of bufferisation, with results as out-parameters; a literal, so that constant pipelines can contain it.
macro_rules! bufferize {
    () => {
        "one-shot-bufferize{bufferize-function-boundaries=1 \
         function-boundary-type-conversion=identity-layout-map},buffer-results-to-out-params{hoist-static-allocs=1 \
         modify-public-functions=1},drop-equivalent-buffer-results"
    };
}

pub mod gpu_labels;
pub mod kernels;
pub mod label_checks;
pub mod labels;
pub mod memory_labels;
pub mod normal;
pub mod row;
pub mod sample;
pub mod splits;
pub mod summary;
pub mod table;
pub mod union;
pub mod variants;

pub use row::{FrameworkLine, Row, Source};
pub use splits::{Part, Splits};
