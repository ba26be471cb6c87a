//! One settled machine: from a design, what the user changed, a model and a node to grid, areas, powers and capacity.
//!
//! Every command takes its machine from here, so all of them agree on chips, weights per chip, areas, powers and format.
//! [`Machine::load`] reads what the user names; [`Machine::settle`] (or [`Base::settle`], for callers that change fields very
//! often) applies the rules:
//!
//! - The **base** is the lowest text of the design's chain that is complete, with its own model on its own node. It has exactly
//!   the areas and powers that it states.
//! - What differs from the base is a **change**, whether a file that extends it states it, an override, or an option. Areas and
//!   static powers follow changes by `areas` and [`Base::settle`].
//! - An area, a static power, an energy per event or a weight capacity that a change **states** is taken as stated.
//! - The **grid** is the one stated by a change; else the base's for its own model, format and node; else the smallest near-square
//!   grid whose chips stay within the reticle times its utilization.
//!
//! - The **voltage** is the one stated by a change; else the one that the clock needs on the node ([`designs::supply()`]).
//!
//! Static powers and energies per event of the base are multiplied by ratios of the bottom-up power model
//! ([`crate::energy::bottom_up`]), so they follow area, node, clock, voltage and temperature. Physical layers follow their area
//! only: their clock and voltage are their own.

mod areas;
mod asked;
mod idle;
mod machine;
mod settled;
mod stated;

pub use areas::structure;
pub use asked::{AreaSource, Asked, Base, Build, FormatRule, GridChoice, Reticle};
pub use idle::idle;
pub use machine::Machine;
pub use settled::Settled;
pub use stated::Stated;
