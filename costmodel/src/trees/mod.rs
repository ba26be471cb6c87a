//! Inference by gradient-boosted trees with a vector in each leaf: one tree answers a quantity for all targets at once.
//!
//! A leaf has a vector of outputs (Zhang and Jung, "GBDT-MO", 2021): the targets share the structure, so a query walks a
//! fraction of the trees that single outputs would need. The crate `training` fits them.

mod forest;
mod model;
mod work;

pub use forest::{Forest, LEAF, Node};
pub use model::TreesModel;
pub use work::{WorkSums, counts, total_time};
