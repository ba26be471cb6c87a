//! Metrics of predictions: errors, decisions, order within the variants of a kernel, coverage of intervals.
//!
//! Every function takes labels (`truth`) and predictions, row by row.

mod classification;
mod interval;
mod ranking;
mod regression;

pub use classification::{auroc, f1_above};
pub use interval::{Coverage, coverage};
pub use ranking::{Ranking, kendall_tau, ranking, spearman};
pub use regression::{Regression, median, quantile, regression};
