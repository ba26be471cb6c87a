//! Design-space exploration: evaluates many variants of one design, finds the Pareto frontier, and measures sensitivities.
//!
//! A sweep file becomes a [`Plan`] ([`read::plan`]); a [`Worker`] turns the values of a point into a row of results. Nothing
//! here reads files or starts threads, and workers keep no state between points, so that the caller may run points in any
//! order, on any machine, from any language:
//!
//! ```
//! let text = "[axes]\ninterconnect.link_bandwidth = [\"64 GB/s\", \"128 GB/s\"]\n";
//! let plan = sweep::read::plan("links.toml", text, &designs::load::no_files).unwrap();
//! let mut worker = sweep::Worker::new(&plan);
//! for index in 0..plan.points {
//!     let outcome = worker.evaluate(&plan.values(index), plan.fidelity);
//!     assert!(matches!(outcome, sweep::Outcome::Row(_)));
//! }
//! ```
//!
//! | module | is |
//! | --- | --- |
//! | [`read`], [`expression`] | the sweep file; all mistakes are reported at once, with their places |
//! | [`state`], [`shape`], `value` | every field that can be varied |
//! | [`plan`], [`sampler`] | axes and points |
//! | [`point`], [`metric`] | one point and its results |
//! | [`mod@idle`] | axes that change no result |
//! | [`exploration`], [`rows`], [`record`] | which points are computed, their outcomes in memory and as records of a log |
//! | [`verdict`], [`pareto`], [`nsga2`], [`sensitivity`] | frontier, optimiser, sensitivities |

pub mod exploration;
pub mod expression;
pub mod idle;
pub mod library;
pub mod metric;
pub mod nsga2;
pub mod pareto;
pub mod plan;
pub mod point;
pub mod read;
pub mod record;
pub mod rows;
pub mod sampler;
pub mod sensitivity;
pub mod shape;
pub mod state;
mod value;
pub mod verdict;

pub use idle::idle;
pub use metric::Metric;
pub use plan::{Axis, Column, Domain, Objective, Plan};
pub use point::{Outcome, PointError, Worker};
pub use sampler::Method;
pub use state::{Name, State};
pub use value::{Reason, Value};
