//! Bounds that no processor can beat. A prediction beyond one is moved to it, and the reply names the bound.
//!
//! They hold for the work that is left after dead code elimination, common subexpression elimination and hoisting, at the peak
//! rates of the processor ([`ir::labels::Limits`]), where the text states all counts exactly.

use ir::labels::gpu::GpuTarget;
use ir::labels::{Processor, Target};
use names::named;

use crate::features::Feature;
use crate::input::Input;
use crate::quantity::{Output, Quantity};
use crate::shipped::Estimate;

named! {
    /// A bound that no processor can beat.
    pub enum Bound {
        /// Instructions are at least the floating-point operations over the most that one instruction does, and one to return.
        ExecutedWork = "executed_work",
        /// Cycles are at least the floating-point operations over the peak rate.
        PeakArithmetic = "peak_arithmetic",
        /// Cycles are at least the bytes of contiguous accesses over the bandwidth of the first cache.
        CacheBandwidth = "cache_bandwidth",
        /// Cycles are at least the instructions over the issue width; instructions per cycle are at most the issue width.
        IssueWidth = "issue_width",
    }
}

/// Bits of the narrowest element of [`Feature::KeptFloat`]; narrower ones have features of their own.
const FLOAT_BITS: f64 = 32.0;

/// A lower limit of a quantity, and the bound that sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtLeast {
    /// The quantity.
    pub quantity: Quantity,
    /// The bound.
    pub bound: Bound,
    /// The limit in the quantity's unit.
    pub value: f64,
}

/// The lower limits that follow from the work of a function, of its instructions and its cycles on a processor.
#[must_use]
pub fn of_work(processor: &Processor, input: &Input) -> [AtLeast; 3] {
    let limits = processor.limits;
    let floats = input.feature(Feature::KeptFloat);
    let lanes = limits.grouped_registers * f64::from(processor.vector_bits) / FLOAT_BITS;
    // Loops that only copy or fill memory become calls; which accesses are theirs is not known.
    let counted = input.feature(Feature::CopyShare) == 0.0;
    let bytes = |contiguous: Feature, kept: Feature| {
        // Those as written include dead ones, those that are kept include invariant addresses, which stay in registers.
        let accesses = if counted { input.feature(contiguous).min(input.feature(kept)) } else { 0.0 };
        accesses * input.feature(Feature::HotNarrowest) / 8.0
    };
    let reading = bytes(Feature::ContiguousLoads, Feature::KeptLoad) / limits.load_bytes;
    let writing = bytes(Feature::ContiguousStores, Feature::KeptStore) / limits.store_bytes;
    let at_least = |quantity, bound, value| AtLeast { quantity, bound, value };
    [
        // A fused multiply-add is two operations.
        at_least(Quantity::Instructions, Bound::ExecutedWork, 1.0 + floats / (2.0 * lanes)),
        at_least(Quantity::Cycles, Bound::PeakArithmetic, floats * FLOAT_BITS / limits.float_bits),
        at_least(Quantity::Cycles, Bound::CacheBandwidth, reading.max(writing)),
    ]
}

/// The lower limit of the cycles of that many instructions.
#[must_use]
pub fn of_issue(processor: &Processor, instructions: f64) -> AtLeast {
    let value = instructions / processor.limits.issue_width;
    AtLeast { quantity: Quantity::Cycles, bound: Bound::IssueWidth, value }
}

/// The most that a GPU has of a quantity.
fn most_of_gpu(target: GpuTarget, quantity: Quantity) -> Option<f64> {
    let rule = target.gpu().occupancy;
    match quantity {
        Quantity::GpuVectorRegisters => Some(rule.vector_registers.addressable.into()),
        Quantity::GpuWavesPerSimd => Some(rule.waves_per_simd.into()),
        _ => None,
    }
}

/// Moves estimates that lie beyond a bound to it. `exact` says whether the counts of the input are. Returns the bound of each
/// estimate that was moved.
pub(crate) fn apply(
    outputs: &[Output],
    input: &Input,
    exact: bool,
    estimates: &mut [Option<Estimate>],
) -> Vec<Option<Bound>> {
    let mut bounded = vec![None; estimates.len()];
    for (index, output) in outputs.iter().enumerate() {
        if let Some(most) = GpuTarget::from_cpu(&output.target).and_then(|target| most_of_gpu(target, output.quantity))
        {
            // The values keep to these by themselves; the upper ends of intervals may not.
            moved(&mut estimates[index], |number| number.min(most));
            continue;
        }
        let Some(target) = Target::from_cpu(&output.target) else { continue };
        let processor = target.processor();
        if output.quantity == Quantity::Ipc {
            let most = processor.limits.issue_width;
            bounded[index] = moved(&mut estimates[index], |number| number.min(most)).then_some(Bound::IssueWidth);
            continue;
        }
        let issued = outputs.iter().zip(&*estimates).find_map(|(other, estimate)| {
            // Instructions come before cycles, so they are bounded already.
            let is_own = other.target == output.target && other.quantity == Quantity::Instructions;
            if is_own { *estimate } else { None }
        });
        let issue = issued.map(|instructions| of_issue(processor, instructions.value));
        let work = exact.then(|| of_work(processor, input));
        let own = work.into_iter().flatten().chain(issue).filter(|limit| limit.quantity == output.quantity);
        let Some(limit) = own.max_by(|a, b| a.value.total_cmp(&b.value)) else { continue };
        bounded[index] = moved(&mut estimates[index], |number| number.max(limit.value)).then_some(limit.bound);
    }
    bounded
}

/// Applies `change` to the numbers of an estimate; returns whether its value changed.
fn moved(estimate: &mut Option<Estimate>, change: impl Fn(f64) -> f64) -> bool {
    let Some(known) = estimate else { return false };
    let before = known.value;
    *known = known.map(change);
    known.value != before
}
