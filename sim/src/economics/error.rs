//! Why a machine cannot be priced.

use designs::{LayerError, SupplyError};

use super::area::AreaError;
use super::masks::WiringError;
use crate::mapping::MappingError;

/// Why a machine cannot be priced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EconomicsError {
    /// A number that neither the economics nor the node gives.
    #[error("node {node} has no {what}, and neither has the economics file; give it with --set {path}=...")]
    Missing {
        /// Process node.
        node: String,
        /// What is missing.
        what: &'static str,
        /// Key that gives it.
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
    /// Unconfirmed values are needed but not allowed.
    #[error(
        "these values are unconfirmed: {keys}; `--allow-unconfirmed` of an estimate, or `build.allow_unconfirmed = true` of a \
         sweep, uses and marks them"
    )]
    Unconfirmed {
        /// Keys of the values, separated by commas.
        keys: String,
    },
    /// The die exceeds what one exposure prints.
    #[error(
        "a die of {die:.2} mm2 is larger than the reticle, {reticle} mm2 (largest block: {block}, {block_mm2} mm2\
         {source_of}); use more chips or smaller blocks"
    )]
    Reticle {
        /// Die area, square millimetres.
        die: f64,
        /// Reticle, square millimetres.
        reticle: f64,
        /// Largest block.
        block: &'static str,
        /// Area of that block, square millimetres.
        block_mm2: f64,
        /// Where that area is from, as " from ..."; empty where not known.
        source_of: String,
    },
    /// No die fits the wafer.
    #[error("no die of {die:.2} mm2 fits a wafer of {diameter} mm")]
    Wafer {
        /// Die area, square millimetres.
        die: f64,
        /// Diameter of the wafer, millimetres.
        diameter: f64,
    },
    /// The yield is 0.
    #[error("no die of {die:.2} mm2 works at {defects} defects per cm2 (yield.defects_per_cm2)")]
    NoGoodDie {
        /// Defects per square centimetre.
        defects: f64,
        /// Die area, square millimetres.
        die: f64,
    },
    /// The reticle has no area left for weights.
    #[error(
        "the blocks beside the array take {others:.1} mm2 on {node}, which leaves nothing for weights of {limit:.1} mm2 \
         (reticle times utilization)"
    )]
    NoRoom {
        /// Area of the other blocks, square millimetres.
        others: f64,
        /// Node.
        node: String,
        /// Largest chip, square millimetres.
        limit: f64,
    },
    /// The mask stack has no such layer.
    #[error(transparent)]
    Layers(#[from] LayerError),
    /// The chosen layers carry no weights.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// A count out of range.
    #[error("{what} is {value}; it must be at least {least} and at most {most}")]
    Bounds {
        /// Name of the count.
        what: &'static str,
        /// Value given.
        value: u64,
        /// Smallest value allowed.
        least: u64,
        /// Largest value allowed.
        most: u64,
    },
    /// The power of the machine is neither simulated nor stated.
    #[error("the power of the machine is not known: nothing was simulated, and system.kw_per_chip is not stated")]
    NoPower,
    /// The area model cannot take the sizes or the node.
    #[error(transparent)]
    Area(#[from] AreaError),
    /// The clock or the voltage is out of reach.
    #[error("{0}; {help}", help = .0.help())]
    Supply(#[from] SupplyError),
    /// The model cannot be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}
