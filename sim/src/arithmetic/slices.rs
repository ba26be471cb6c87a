//! Fit of a neuron's uneven value counts into accumulators that are built before the weights are known.
//!
//! Accumulators are built in slices of a fixed number of one-bit ports; the wires say which input drives which port,
//! and unused ports are tied to ground. The publication names slices and slack but not whether a slice can serve any
//! region, so both readings are offered ([`SliceSharing`]). One port per input; with time multiplexing, count ports
//! instead of inputs. Left out: whether the wires can be routed.

use serde::{Deserialize, Serialize};

use super::error::ArithmeticError;
use super::fp4::Fp4;
use super::weights::WeightMatrix;

/// Which regions may use a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceSharing {
    /// Each of the 16 regions owns the same number of slices.
    PerRegion,
    /// All slices of a neuron form a pool; a slice goes to the region that the wires give it to.
    Pooled,
}

/// The slices that a neuron is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlicePlan {
    /// Ports of one slice.
    pub slice_ports: u32,
    /// Slices beyond those that even counts would need: per region, or per neuron when pooled.
    pub slack_slices: u32,
    /// Who may use a slice.
    pub sharing: SliceSharing,
}

/// How a neuron fills its slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SliceFit {
    /// Slices built.
    pub built_slices: u64,
    /// Ports driven by an input.
    pub used_ports: u64,
    /// Ports tied to ground.
    pub grounded_ports: u64,
}

/// Inputs per weight code, shape `[outputs][16]`.
pub fn code_counts(weights: &WeightMatrix) -> Vec<[u32; Fp4::CODES]> {
    let count = |output| {
        let mut counts = [0; Fp4::CODES];
        for weight in weights.row(output) {
            counts[weight.code() as usize] += 1;
        }
        counts
    };
    (0..weights.outputs()).map(count).collect()
}

impl SlicePlan {
    /// Fits neurons with the given inputs per weight code, shape `[neurons][16]`; the error names the first neuron
    /// and region (in code order) that find too few slices.
    ///
    /// Even counts need `ceil(fan_in / slice_ports)` slices pooled, or `ceil(ceil(fan_in / 16) / slice_ports)` per region.
    pub fn fit(&self, counts: &[[u32; Fp4::CODES]]) -> Result<Vec<SliceFit>, ArithmeticError> {
        if self.slice_ports == 0 {
            return Err(ArithmeticError::Zero { what: "slice_ports" });
        }
        counts.iter().enumerate().map(|(neuron, counts)| self.fit_neuron(neuron, counts)).collect()
    }

    fn fit_neuron(&self, neuron: usize, counts: &[u32; Fp4::CODES]) -> Result<SliceFit, ArithmeticError> {
        let width = u64::from(self.slice_ports);
        let used_ports: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let even_ports = match self.sharing {
            SliceSharing::PerRegion => used_ports.div_ceil(Fp4::CODES as u64),
            SliceSharing::Pooled => used_ports,
        };
        let owned = even_ports.div_ceil(width) + u64::from(self.slack_slices);
        let mut pool = owned;
        for (region, &count) in Fp4::all().into_iter().zip(counts) {
            let needed_slices = u64::from(count).div_ceil(width);
            let available_slices = if self.sharing == SliceSharing::Pooled { pool } else { owned };
            if needed_slices > available_slices {
                return Err(ArithmeticError::SliceOverflow { neuron, region, needed_slices, available_slices });
            }
            pool = available_slices - needed_slices;
        }
        let sets = if self.sharing == SliceSharing::PerRegion { Fp4::CODES as u64 } else { 1 };
        let built_slices = owned * sets;
        Ok(SliceFit { built_slices, used_ports, grounded_ports: built_slices * width - used_ports })
    }
}
