//! Addresses of what the machine reads.

use super::super::ids::OnChip;
use super::super::program::Compiled;
use super::load::Load;
use crate::units::hbm::Placement;

/// Positions by which a context can grow during a run.
const GROWTH: u64 = 64;

/// Where the cache of a layer of a sequence lies in a chip: regions of one size, one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Regions {
    /// Bytes of HBM.
    pub(super) hbm_bytes: u64,
    /// Words of the attention buffer, of keys and of values each.
    pub(super) words: u64,
    pub(super) layers: u64,
}

impl Regions {
    /// Regions for the longest context of a load.
    pub(super) fn new(program: &Compiled, load: &Load, placement: &Placement) -> Self {
        let Some(cycle) = &program.specs.cycle else { return Self::default() };
        let longest = load.contexts.iter().copied().fold(load.context, u64::max) + load.prompt_tokens + GROWTH;
        let mut regions = Self { layers: program.layers() as u64, ..Self::default() };
        for attention in program.programs.iter().filter_map(|program| program.attention) {
            let positions = attention.positions_on_fullest(longest);
            let bytes = |elements: u64| positions * elements * program.kv_element_bytes;
            let halves = attention.score_elements.max(attention.value_elements);
            regions.hbm_bytes = regions.hbm_bytes.max(placement.spilled_of(bytes(attention.stored_elements)));
            regions.words = regions.words.max(cycle.buffer.words(bytes(halves)));
        }
        regions
    }

    /// Number of the region of a layer of a sequence.
    pub(super) fn index(&self, on: OnChip, layer: usize) -> u64 {
        u64::from(on.sequence.0) * self.layers + layer as u64
    }
}
