//! Gradient-boosted trees with a vector in each leaf: one tree answers a quantity for all targets at once.
//!
//! Squared error on histograms of binned columns, leaf-wise growth (Friedman, "Greedy Function Approximation", 2001;
//! Ke et al., "LightGBM", 2017), a vector of outputs per leaf (Zhang and Jung, "GBDT-MO", 2021): the structure is
//! shared by the targets, so a query walks a fraction of the trees that single outputs would need. Gradients are
//! added as fixed-point integers: sums do not depend on their order, so a fit is the same for any number of threads.

mod base;
mod bins;
mod boost;
mod forest;
mod grow;

pub(crate) use base::Bases;
pub use boost::{Trees, TreesModel, TreesParameters};
pub(crate) use forest::Forest;
