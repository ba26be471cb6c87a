//! Vector unit: attention and non-linear functions.
//!
//! Layers share the lane groups of a chip in turn. The paper's 32 cached heads per cycle are read as the rate of one group, and
//! its machine as one with a group for each layer: the slope of Fig. 14 needs about 16 vectors per cycle for each of 36 layers
//! at once. Attention and non-linear functions have separate pipelines; each is first come, first served.

use designs::Design;

/// Rates of a lane group, and how many a chip has.
#[derive(Debug, Clone)]
pub struct Spec {
    groups: usize,
    /// Layers with the head on the group that has most.
    sharing: u64,
    vectors_per_cycle: u64,
    lanes: u64,
    latency: u64,
}

impl Spec {
    /// The vector unit of `design`, for a model of `layers` layers without the head.
    #[must_use]
    pub fn new(design: &Design, layers: usize) -> Self {
        let all = layers + 1;
        // More groups than layers stay idle.
        let groups = design.vex.groups(layers).min(all as u64) as usize;
        Self {
            groups,
            sharing: all.div_ceil(groups) as u64,
            vectors_per_cycle: design.vex.kv_vectors_per_cycle.into(),
            lanes: design.vex.nonlinear_lanes.into(),
            latency: design.vex.nonlinear_latency.get(),
        }
    }

    /// Lane groups in use on a chip.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Lane group of a layer; the head comes after the last layer.
    #[inline]
    #[must_use]
    pub fn group(&self, layer: usize) -> usize {
        layer % self.groups
    }

    /// Layers, the head among them, that share the group with most of them.
    #[must_use]
    pub fn sharing(&self) -> u64 {
        self.sharing
    }

    /// Cycles the lanes are occupied by a non-linear function of `elements`.
    #[inline]
    #[must_use]
    pub fn nonlinear_service(&self, elements: u64) -> u64 {
        elements.div_ceil(self.lanes)
    }

    /// Cycles from the end of the occupancy to the result of a non-linear function.
    #[must_use]
    pub fn nonlinear_latency(&self) -> u64 {
        self.latency
    }

    /// Cycles that `vectors` vector operations of attention take.
    #[inline]
    #[must_use]
    pub fn attention_cycles(&self, vectors: u64) -> u64 {
        vectors.div_ceil(self.vectors_per_cycle)
    }
}
