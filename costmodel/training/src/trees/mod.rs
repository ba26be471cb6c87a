//! Gradient-boosted trees with a vector in each leaf.
//!
//! Squared error on histograms of binned columns, leaf-wise growth (Friedman, "Greedy Function Approximation", 2001;
//! Ke et al., "LightGBM", 2017), a vector of outputs per leaf (Zhang and Jung, "GBDT-MO", 2021). Gradients are added as
//! fixed-point integers: sums do not depend on their order, so a fit is the same for any number of threads.

mod bins;
mod boost;
mod grow;
mod work;

pub use boost::{Trees, TreesParameters};
