//! Vector unit: attention and non-linear functions.
//!
//! The paper's 32 cached heads per cycle are read as the rate of one layer's lane group: the slope of
//! Fig. 14 needs about 16 vectors per cycle for each of 36 layers at once. Attention and non-linear
//! functions have separate pipelines; each is first come, first served.

use designs::Design;

/// Rates of a layer's lane group.
#[derive(Debug, Clone)]
pub struct Spec {
    vectors_per_cycle: u64,
    lanes: u64,
    latency: u64,
}

impl Spec {
    /// The vector unit of `design`.
    #[must_use]
    pub fn new(design: &Design) -> Self {
        Self {
            vectors_per_cycle: design.vex.kv_vectors_per_cycle.into(),
            lanes: design.vex.nonlinear_lanes.into(),
            latency: design.vex.nonlinear_latency.get(),
        }
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
