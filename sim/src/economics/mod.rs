//! What a hardwired machine costs: area, masks, dies, build, total cost of ownership and carbon.
//!
//! [`Estimate::new`] takes a settled machine ([`crate::settle`]), prices masks ([`masks`]) and dies ([`dies`]), and evaluates
//! one closed form ([`plan`]) at the optimistic and the pessimistic ends of all inputs; [`monte_carlo`] evaluates it on
//! samples; [`compare`] sets it against another machine at a stated throughput; [`area`] estimates area from structure.
//! Money in US dollars, carbon in tonnes of CO2 equivalent. Left out: interest, taxes, salvage value.

mod act;
pub mod area;
pub mod compare;
pub mod dies;
mod error;
mod estimate;
mod inputs;
pub mod layout;
pub mod masks;
pub mod monte_carlo;
pub mod plan;

pub use act::{Act, act};
pub use error::EconomicsError;
pub use estimate::{Estimate, MAX_SYSTEMS, Request, Span, wiring};
pub use inputs::{INPUTS, Input, Inputs, Sample};
pub use plan::{Costs, OUTCOMES, Outcome, Plan};
