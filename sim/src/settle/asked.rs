//! The base of a machine and what is asked of it.

use designs::{Design, Economics, Model, ProcessNode};
use names::named;

use super::stated::Stated;
use crate::economics::area::WeightFormat;

/// Which grid the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridChoice {
    /// The design's own for its own model, format and node, else the smallest that holds the model.
    Natural,
    /// The smallest near-square one that holds the model.
    Smallest,
    /// The one in the design's `grid.rows` and `grid.columns`.
    Given,
}

named! {
    /// Source of the areas of the blocks.
    pub enum AreaSource {
        /// Areas of the design, in proportion to what changes.
        Design = "design",
        /// Areas computed from bits, cells, references and the weight format.
        Structure = "structure",
    }
}

/// How the area of a weight depends on its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatRule {
    /// By the digits, regions and constants that the format needs, see [`crate::economics::area::neuron`].
    Structure,
    /// By its stored bits: the same area per bit, the reading under which the publication's Table 4 fits small models.
    StoredBits,
}

/// Largest chip that one exposure prints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reticle {
    /// Area, square millimetres.
    pub mm2: f64,
    /// Share of it that a chip fills when chips are counted for a model.
    pub utilization: f64,
}

impl Reticle {
    /// Largest chip where chips are counted for a model, square millimetres.
    #[must_use]
    pub fn counted_mm2(&self) -> f64 {
        self.mm2 * self.utilization
    }
}

impl From<&Economics> for Reticle {
    fn from(economics: &Economics) -> Self {
        Self { mm2: economics.reticle_mm2, utilization: economics.reticle_utilization }
    }
}

/// How a machine is built.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// Format of the weights.
    pub format: WeightFormat,
    /// How the area of a weight depends on it.
    pub rule: FormatRule,
    /// Growth of the array through fewer wires, see [`crate::economics::masks::wiring_growth`].
    pub wiring: f64,
    /// Source of the areas.
    pub areas: AreaSource,
    /// Largest chip.
    pub reticle: Reticle,
}

impl Build {
    /// FP4 weights in the published wires, with areas of the design.
    #[must_use]
    pub fn published(reticle: Reticle) -> Self {
        Self { format: WeightFormat::Fp4, rule: FormatRule::Structure, wiring: 1.0, areas: AreaSource::Design, reticle }
    }
}

/// A design with its own model and node, to which all proportions refer.
#[derive(Debug, Clone)]
pub struct Base {
    /// The design.
    pub design: Design,
    /// The model that its areas belong to.
    pub model: Model,
    /// The node that its areas belong to.
    pub node: ProcessNode,
    /// Weights on its fullest chip.
    pub weights_per_chip: u64,
}

/// A machine as asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Design with all changes.
    pub design: &'a Design,
    /// What the changes state that is otherwise scaled.
    pub stated: Stated,
    /// Its grid.
    pub grid: GridChoice,
    /// Model to hardwire.
    pub model: &'a Model,
    /// Node to build on.
    pub node: &'a ProcessNode,
    /// How it is built.
    pub build: Build,
}
