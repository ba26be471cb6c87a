//! Why a machine cannot be priced.

use super::masks::WiringError;
use crate::mapping::MappingError;

/// Why a machine cannot be priced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EconomicsError {
    /// A number that neither the economics nor the node gives.
    #[error("node {node} has no {what}, and neither has the economics file; give it with --set {path}=...")]
    Missing {
        /// Node.
        node: String,
        /// What is missing.
        what: &'static str,
        /// Where it can be given.
        path: &'static str,
    },
    /// A density that node scaling needs.
    #[error("node {node} has no {what}, which scaling from {from} needs")]
    Scaling {
        /// Node without it.
        node: String,
        /// Node scaled from.
        from: String,
        /// What is missing.
        what: &'static str,
    },
    /// Unconfirmed values without leave.
    #[error("these values are unconfirmed: {keys}; --allow-unconfirmed uses and marks them")]
    Unconfirmed {
        /// The values.
        keys: String,
    },
    /// The die exceeds what one exposure prints.
    #[error(
        "a die of {die:.2} mm2 is larger than the reticle, {reticle} mm2 (largest block: {block}, {block_mm2} mm2 from \
         {source_of}); use more chips or smaller blocks"
    )]
    Reticle {
        /// Die area, square millimetres.
        die: f64,
        /// Reticle, square millimetres.
        reticle: f64,
        /// Largest block.
        block: &'static str,
        /// Its area.
        block_mm2: f64,
        /// Where it was given.
        source_of: String,
    },
    /// No die fits the wafer.
    #[error("no die of {die:.2} mm2 fits a wafer of {diameter} mm")]
    Wafer {
        /// Die area, square millimetres.
        die: f64,
        /// Diameter, millimetres.
        diameter: f64,
    },
    /// No die works.
    #[error("no die of {die:.2} mm2 works at {defects} defects per cm2 (yield.defects_per_cm2)")]
    NoGoodDie {
        /// Defects per square centimetre.
        defects: f64,
        /// Die area, square millimetres.
        die: f64,
    },
    /// Nothing of the reticle is left for weights.
    #[error(
        "the blocks beside the array take {others:.1} mm2 on {node}, which leaves nothing for weights of {limit:.1} mm2 \
         (reticle times utilization)"
    )]
    NoRoom {
        /// Area of the other blocks.
        others: f64,
        /// Node.
        node: String,
        /// Largest chip.
        limit: f64,
    },
    /// The mask stack has no such layer.
    #[error("{0}")]
    Layers(String),
    /// The chosen layers carry no weights.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// A count out of range.
    #[error("{what} is {value}; it must be at least {least} and at most {most}")]
    Bounds {
        /// What.
        what: &'static str,
        /// Given.
        value: u64,
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// The model cannot be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}
