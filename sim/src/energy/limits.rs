//! Power densities beside those that the paper publishes for its own chip.

use designs::{Block, Design};
use serde::Serialize;

use super::ChipPower;

/// Mean density of the published chip, W per mm2 (ASPLOS '26).
const PUBLISHED_MEAN: f64 = 0.3;
/// Highest density of the published chip, W per mm2 (ASPLOS '26).
const PUBLISHED_PEAK: f64 = 1.4;

/// A power density and the published one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Density {
    /// Where: the whole chip, or the block with the highest density.
    pub place: &'static str,
    /// Watts per square millimetre.
    pub w_per_mm2: f64,
    /// Density that is published for the chip or for its densest block, watts per square millimetre.
    pub published_w_per_mm2: f64,
    /// Whether it is above the published one, for which a package was designed.
    pub above_published: bool,
}

/// Mean density of a chip and that of its densest block.
#[must_use]
pub fn densities(design: &Design, power: &ChipPower) -> Vec<Density> {
    let chip: f64 = design.area.values().map(|area| area.mm2()).sum();
    let of = |block: Block| power.blocks[block] / design.area[block].mm2();
    let sized = Block::ALL.into_iter().filter(|&block| design.area[block].mm2() > 0.0);
    let hottest = sized.max_by(|&a, &b| of(a).total_cmp(&of(b)));
    let density = |place, w_per_mm2: f64, published_w_per_mm2| Density {
        place,
        w_per_mm2,
        published_w_per_mm2,
        above_published: w_per_mm2 > published_w_per_mm2,
    };
    let mean = (chip > 0.0).then(|| density("chip", power.total_w / chip, PUBLISHED_MEAN));
    mean.into_iter().chain(hottest.map(|block| density(block.name(), of(block), PUBLISHED_PEAK))).collect()
}
