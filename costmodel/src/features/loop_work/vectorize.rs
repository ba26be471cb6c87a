//! Estimates of a vectoriser's decisions and of instruction counts, and the features that follow from them.
//!
//! The weights of kinds in [`instructions`] are rough counts of machine instructions on processors with vectors of
//! floating-point numbers; models correct them.

use super::body::LoopBody;
use crate::features::table::{Collector, Feature, WorkKind};
use crate::features::vector::FeatureVector;
use crate::features::walk::reduction::Reduction;

/// Instructions of loop control in each iteration.
const LOOP_CONTROL: f64 = 2.0;
/// Fraction of an iteration's loop control that its interleaved vectors share, 0 to 1.
const SHARED_CONTROL: f64 = 0.6;
/// Instructions to enter a loop.
const LOOP_ENTRY: f64 = 3.0;
/// Loops with fewer instructions are interleaved although they reduce nothing: LLVM's `SmallLoopCost`.
const SMALL_LOOP: f64 = 20.0;
/// Largest interleave count.
pub const MOST_INTERLEAVED: f64 = 4.0;
/// Instructions around a call that copies or fills memory.
const COPY_CALL: f64 = 4.0;

/// What a vectoriser does.
#[derive(Debug, Clone, Copy)]
pub struct Vectoriser {
    /// Width of a vector in bits.
    bits: f64,
    /// Whether it reorders floating-point sums and products.
    reorders: bool,
    /// Whether it vectorises strided and indirect accesses.
    gathers: bool,
    /// Whether it vectorises loops with calls of mathematical functions: it takes their operands out of vectors.
    calls: bool,
    /// Whether it divides integers by variables, and those of 64 bits.
    divides: bool,
}

const AVX2: Vectoriser = Vectoriser { bits: 256.0, reorders: false, gathers: true, calls: true, divides: false };
const CONTIGUOUS: Vectoriser = Vectoriser { gathers: false, calls: false, ..AVX2 };
const CONTIGUOUS_REORDERING: Vectoriser = Vectoriser { reorders: true, ..CONTIGUOUS };
/// The most permissive one, with vectors of 512 bits.
pub const PERMISSIVE: Vectoriser =
    Vectoriser { bits: 512.0, reorders: true, gathers: true, calls: true, divides: true };

/// Fills the features of [`Collector::LoopWork`].
pub fn fill_features(bodies: &[LoopBody], features: &mut FeatureVector) {
    let features = features.filled_by(Collector::LoopWork);
    let total = |of: &dyn Fn(&LoopBody) -> f64| bodies.iter().map(of).sum::<f64>();
    for kind in WorkKind::ALL {
        features.set(kind.executed(), total(&|body| body.iterations * body.of(kind)));
    }
    features.set(Feature::KeptIterations, total(&|body| body.iterations));
    features.set(Feature::InstructionsScalar, total(&scalar_instructions));
    for (feature, vectoriser) in [
        (Feature::InstructionsVector, AVX2),
        (Feature::InstructionsContiguous, CONTIGUOUS),
        (Feature::InstructionsOrdered, CONTIGUOUS_REORDERING),
        (Feature::InstructionsLong, PERMISSIVE),
    ] {
        features.set(feature, total(&|body| vector_instructions(body, vectoriser)));
    }
    let all = total(&scalar_instructions).max(1.0);
    let share = |is_in: &dyn Fn(&LoopBody) -> bool| {
        100.0 * total(&|body| if is_in(body) { scalar_instructions(body) } else { 0.0 }) / all
    };
    features.set(Feature::VectorizableShare, share(&|body| can_vectorise(body, AVX2)));
    features.set(Feature::OrderedShare, share(&|body| can_vectorise(body, PERMISSIVE)));
    features.set(Feature::InnermostShare, share(&|body| body.inner == 0));
    features.set(Feature::CallShare, share(&|body| body.of(WorkKind::Call) + body.of(WorkKind::MathCall) > 0.0));
    features.set(Feature::CopyShare, share(&is_copy));
    let most = |of: &dyn Fn(&LoopBody) -> f64| bodies.iter().map(of).fold(0.0, f64::max);
    features.set(Feature::MostInvariants, most(&|body| body.invariants));
    features.set(Feature::MostBuffers, most(&|body| body.buffers));
    features.set(Feature::MostCarried, most(&|body| body.carried.iter().sum()));
    features.set(Feature::MostWork, most(&|body| body.work.iter().sum()));
    features.set(Feature::LateRegisters, most(&|body| body.registers.late));
    features.set(Feature::EarlyRegisters, most(&|body| body.registers.early));
    features.set(Feature::PartRegisters, most(&|body| body.registers.parts));
    features.set(Feature::ScalarRegisters, most(&|body| body.registers.scalar));
    features.set(Feature::LongRegisters, most(&|body| body.registers.long));
    features.set(Feature::IntegerRegisters, most(&|body| body.registers.integers));
    features.set(Feature::Levels, bodies.len() as f64);
    if let Some(body) = hottest(bodies) {
        fill_hottest(body, all, features);
    }
}

/// The loop with the most scalar instructions.
pub fn hottest(bodies: &[LoopBody]) -> Option<&LoopBody> {
    bodies.iter().max_by(|a, b| scalar_instructions(a).total_cmp(&scalar_instructions(b)))
}

/// Fills the features of the hottest loop; `all` is the number of scalar instructions of the function.
fn fill_hottest(body: &LoopBody, all: f64, features: &mut FeatureVector) {
    for kind in WorkKind::ALL {
        features.set(kind.hottest(), body.of(kind));
    }
    let flag = |holds: bool| f64::from(u8::from(holds));
    let trips = body.trips();
    for (feature, value) in [
        (Feature::HotShare, 100.0 * scalar_instructions(body) / all),
        (Feature::HotIterations, body.iterations),
        (Feature::HotTrips, trips),
        (Feature::HotRest, body.typical().1 % body.lanes(AVX2.bits)),
        (Feature::HotVectorizable, flag(can_vectorise(body, AVX2))),
        (Feature::HotOrdered, flag(can_vectorise(body, PERMISSIVE))),
        (Feature::HotVectors, flag(body.has_vectors)),
        (Feature::HotConflicts, flag(body.has_conflict)),
        (Feature::HotCopy, flag(is_copy(body))),
        (Feature::HotInner, flag(body.inner > 0)),
        (Feature::HotNarrowest, body.narrowest),
        (Feature::HotWidest, body.widest),
        (Feature::HotNeighbours, body.store_run),
        (Feature::HotInterleave, body.interleave),
        (Feature::HotChainFloats, body.chain.floats),
        (Feature::HotChainOthers, body.chain.others + body.chain.extremes + body.chain.slow),
        (Feature::HotForwarded, body.forwarded),
        (Feature::HotInvariants, body.invariants),
        (Feature::HotBuffers, body.buffers),
        (Feature::HotCarriedIntegers, body.carries(Reduction::Reorderable)),
        (Feature::HotCarriedExtremes, body.carries(Reduction::Extreme)),
        (Feature::HotCarriedFloats, body.carries(Reduction::Ordered) + body.carries(Reduction::Scalar)),
        (Feature::HotCarriedOthers, body.carries(Reduction::Recurrence)),
    ] {
        features.set(feature, value);
    }
}

/// Estimated scalar instructions of one iteration.
pub fn instructions(body: &LoopBody) -> f64 {
    weighed(|kind| body.of(kind))
}

/// Estimated instructions of one iteration, neighbouring operations packed into vectors.
pub fn packed_instructions(body: &LoopBody) -> f64 {
    weighed(|kind| body.packed(kind))
}

/// Estimated instructions of one vector iteration that computes `lanes` scalar ones.
pub fn vectorised_instructions(body: &LoopBody, lanes: f64) -> f64 {
    weighed(|kind| body.vectorised(kind, lanes))
}

/// Interleave count of a vectorised loop, after LLVM's rule: above 1 for reductions and small loops, limited by the ports of loads and
/// stores and by the trip count. `each` is the number of instructions of one vector iteration, which computes `lanes` scalar ones.
pub fn interleave_count(body: &LoopBody, each: f64, trips: f64, lanes: f64) -> f64 {
    let power = |x: f64| libm::exp2(libm::floor(libm::log2(x.max(1.0))));
    let within = |vectors: f64| power((trips / vectors).min(MOST_INTERLEAVED));
    let (most, least) = (within(lanes), within(2.0 * lanes));
    let rest = |together: f64| trips % (lanes * together);
    let most = match rest(most) == rest(least) {
        // Only a constant trip count is a limit.
        _ if !body.is_regular() => MOST_INTERLEAVED,
        true => most,
        false => least,
    };
    if body.carries(Reduction::Reorderable) > 0.0 {
        return most;
    }
    if each >= SMALL_LOOP {
        return 1.0;
    }
    let accesses = [WorkKind::Load, WorkKind::Store].map(|kind| body.vectorised(kind, lanes).max(1.0));
    let by_ports = power(most / accesses[0].min(accesses[1]));
    by_ports.max(power(SMALL_LOOP / each.max(1.0)).min(most))
}

/// Estimated instructions of an iteration with this work by kind.
fn weighed(of: impl Fn(WorkKind) -> f64) -> f64 {
    WorkKind::ALL.into_iter().map(&of).sum::<f64>()
        // Most address arithmetic is part of an addressing mode.
        - 0.7 * of(WorkKind::Address)
        + 3.0 * of(WorkKind::MinMax)
        + 4.0 * (of(WorkKind::Call) + of(WorkKind::MathCall))
        + 3.0 * of(WorkKind::F16)
        + 8.0 * of(WorkKind::Bf16)
        + 7.0 * of(WorkKind::Bf16MinMax)
        + 9.0 * of(WorkKind::Runtime)
        + 0.5 * of(WorkKind::Select)
        + LOOP_CONTROL
}

/// Estimated scalar instructions of all iterations.
pub fn scalar_instructions(body: &LoopBody) -> f64 {
    body.iterations * instructions(body)
}

/// Estimated instructions of all iterations if a vectoriser takes the loop when that pays.
fn vector_instructions(body: &LoopBody, vectoriser: Vectoriser) -> f64 {
    if is_copy(body) {
        return (body.entries * COPY_CALL).min(scalar_instructions(body));
    }
    let lanes = body.lanes(vectoriser.bits);
    let each = instructions(body);
    let (entries, trips) = body.typical();
    let mut best = scalar_instructions(body);
    if can_vectorise(body, vectoriser) && trips >= lanes {
        let vectors =
            libm::floor(trips / lanes) * (vectorised_instructions(body, lanes) - SHARED_CONTROL * LOOP_CONTROL);
        best = best.min(entries * (vectors + (trips % lanes) * each));
    }
    if body.is_packed() {
        best = best.min(body.iterations * packed_instructions(body));
    }
    best + body.entries * LOOP_ENTRY
}

/// Whether a vectoriser can take a loop.
pub fn can_vectorise(body: &LoopBody, vectoriser: Vectoriser) -> bool {
    let none = |kinds: &[WorkKind]| kinds.iter().all(|&kind| body.of(kind) == 0.0);
    body.inner == 0
        && !body.has_vectors
        && !body.has_conflict
        && !body.has_sub_byte
        && !body.is_scalar_only
        && [Reduction::Scalar, Reduction::Extreme, Reduction::Recurrence].iter().all(|&how| body.carries(how) == 0.0)
        && (vectoriser.reorders || body.carries(Reduction::Ordered) == 0.0)
        && (vectoriser.gathers || !has_gathers(body))
        && (vectoriser.calls || body.of(WorkKind::MathCall) == 0.0)
        && (vectoriser.divides || !body.has_divisions())
        && none(&[WorkKind::Call, WorkKind::Runtime, WorkKind::Bf16])
}

/// Whether a loop has strided or indirect accesses.
pub fn has_gathers(body: &LoopBody) -> bool {
    let kinds = [WorkKind::StridedLoad, WorkKind::StridedStore, WorkKind::IndirectLoad];
    kinds.iter().any(|&kind| body.of(kind) > 0.0)
}

/// Whether a loop only copies memory, or fills it with equal bytes, which becomes a call.
pub fn is_copy(body: &LoopBody) -> bool {
    body.inner == 0
        && !body.has_reversed
        && (!body.has_pattern || body.of(WorkKind::Load) > 0.0)
        && body.of(WorkKind::Store) == 1.0
        && body.work.iter().sum::<f64>() == 1.0 + body.of(WorkKind::Load)
}
