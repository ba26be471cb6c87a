//! How good predictions are: errors, decisions, orders within a kernel's variants, intervals.
//!
//! Every function takes what was measured (`truth`) and what was predicted, row by row.

mod classification;
mod interval;
mod ranking;
mod regression;

pub use classification::{auroc, f1_above};
pub use interval::{Coverage, coverage};
pub use ranking::{Ranking, kendall_tau, ranking, spearman};
pub use regression::{Regression, quantile, regression};
