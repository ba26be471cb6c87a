//! What the levels come to: features of their work, and instructions with and without vectors.
//!
//! The weights of kinds in [`instructions`] are rough counts of machine instructions on processors with vectors of
//! floating-point numbers; models correct them.

use super::kind::{Carried, Kind};
use super::level::Level;
use crate::features::Feature;

/// Executed work by kind.
const KEPT: [Feature; Kind::COUNT] = [
    Feature::KeptFloat,
    Feature::KeptMinMax,
    Feature::KeptSelect,
    Feature::KeptDivide,
    Feature::KeptCall,
    Feature::KeptHalf,
    Feature::KeptBrain,
    Feature::KeptInteger,
    Feature::KeptConstantDivide,
    Feature::KeptIntegerDivide,
    Feature::KeptAddress,
    Feature::KeptCast,
    Feature::KeptLoad,
    Feature::KeptStridedLoad,
    Feature::KeptIndirectLoad,
    Feature::KeptStore,
    Feature::KeptStridedStore,
    Feature::KeptShuffle,
    Feature::KeptMasked,
    Feature::KeptBranch,
    Feature::KeptRuntime,
];

/// Work of an iteration of the hottest loop by kind.
const HOT: [Feature; Kind::COUNT] = [
    Feature::HotFloat,
    Feature::HotMinMax,
    Feature::HotSelect,
    Feature::HotDivide,
    Feature::HotCall,
    Feature::HotHalf,
    Feature::HotBrain,
    Feature::HotInteger,
    Feature::HotConstantDivide,
    Feature::HotIntegerDivide,
    Feature::HotAddress,
    Feature::HotCast,
    Feature::HotLoad,
    Feature::HotStridedLoad,
    Feature::HotIndirectLoad,
    Feature::HotStore,
    Feature::HotStridedStore,
    Feature::HotShuffle,
    Feature::HotMasked,
    Feature::HotBranch,
    Feature::HotRuntime,
];

/// Instructions that keep a loop going, and those that start it.
const TURN: f64 = 2.0;
/// See [`TURN`].
const START: f64 = 3.0;
/// Instructions around the call of a function that fills or copies memory.
const COPY: f64 = 4.0;

/// What a vectoriser takes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors {
    bits: f64,
    /// Floating-point sums, in their order.
    sums: bool,
    /// Places apart.
    strided: bool,
}

const X86: Vectors = Vectors { bits: 256.0, sums: false, strided: true };
const CONTIGUOUS: Vectors = Vectors { strided: false, ..X86 };
const ORDERED: Vectors = Vectors { sums: true, ..CONTIGUOUS };
pub(super) const LONG: Vectors = Vectors { bits: 512.0, sums: true, strided: true };

/// All features of the levels.
pub fn put(levels: &[Level], set: &mut dyn FnMut(Feature, f64)) {
    let total = |of: &dyn Fn(&Level) -> f64| levels.iter().map(of).sum::<f64>();
    let most = |of: &dyn Fn(&Level) -> f64| levels.iter().map(of).fold(0.0, f64::max);
    for (kind, feature) in KEPT.into_iter().enumerate() {
        set(feature, total(&|l| l.iterations * l.work[kind]));
    }
    set(Feature::KeptIterations, total(&|l| l.iterations));
    set(Feature::InstructionsScalar, total(&scalar));
    for (feature, vectors) in [
        (Feature::InstructionsVector, X86),
        (Feature::InstructionsContiguous, CONTIGUOUS),
        (Feature::InstructionsOrdered, ORDERED),
        (Feature::InstructionsLong, LONG),
    ] {
        set(feature, total(&|l| vectorised(l, vectors)));
    }
    let all = total(&scalar).max(1.0);
    let share = |of: &dyn Fn(&Level) -> bool| 100.0 * total(&|l| if of(l) { scalar(l) } else { 0.0 }) / all;
    set(Feature::VectorizableShare, share(&|l| can_vectorise(l, X86)));
    set(Feature::OrderedShare, share(&|l| can_vectorise(l, LONG)));
    set(Feature::InnermostShare, share(&|l| !l.has_inner));
    set(Feature::CallShare, share(&|l| l.of(Kind::Call) > 0.0));
    set(Feature::CopyShare, share(&is_copy));
    set(Feature::MostInvariants, most(&|l| l.invariants));
    set(Feature::MostBuffers, most(&|l| l.buffers));
    set(Feature::MostCarried, most(&|l| l.carried.iter().sum()));
    set(Feature::MostWork, most(&|l| l.work.iter().sum()));
    set(Feature::Levels, levels.len() as f64);
    if let Some(hottest) = levels.iter().max_by(|a, b| scalar(a).total_cmp(&scalar(b))) {
        hot(hottest, all, set);
    }
}

fn hot(level: &Level, all: f64, set: &mut dyn FnMut(Feature, f64)) {
    for (kind, feature) in HOT.into_iter().enumerate() {
        set(feature, level.work[kind]);
    }
    let flag = |holds: bool| f64::from(u8::from(holds));
    let carried = |how: Carried| level.carried[how as usize];
    let trips = level.iterations / level.entries.max(1.0);
    for (feature, value) in [
        (Feature::HotShare, 100.0 * scalar(level) / all),
        (Feature::HotIterations, level.iterations),
        (Feature::HotTrips, trips),
        (Feature::HotRest, trips % level.lanes(X86.bits)),
        (Feature::HotVectorizable, flag(can_vectorise(level, X86))),
        (Feature::HotOrdered, flag(can_vectorise(level, LONG))),
        (Feature::HotVectors, flag(level.vectors)),
        (Feature::HotConflicts, flag(level.conflicts)),
        (Feature::HotCopy, flag(is_copy(level))),
        (Feature::HotInner, flag(level.has_inner)),
        (Feature::HotNarrowest, level.narrowest),
        (Feature::HotWidest, level.widest),
        (Feature::HotNeighbours, level.neighbours),
        (Feature::HotInvariants, level.invariants),
        (Feature::HotBuffers, level.buffers),
        (Feature::HotCarriedIntegers, carried(Carried::Integers)),
        (Feature::HotCarriedExtremes, carried(Carried::Extreme)),
        (Feature::HotCarriedFloats, carried(Carried::Floats)),
        (Feature::HotCarriedOthers, carried(Carried::Recurrence)),
    ] {
        set(feature, value);
    }
}

/// Instructions of one iteration.
pub(super) fn instructions(level: &Level) -> f64 {
    let of = |kind| level.of(kind);
    level.work.iter().sum::<f64>()
        // Most addresses are part of the access.
        - 0.7 * of(Kind::Address)
        + 3.0 * of(Kind::MinMax)
        + 4.0 * of(Kind::Call)
        + 3.0 * of(Kind::Half)
        + 8.0 * of(Kind::Brain)
        + 3.0 * of(Kind::ConstantDivide)
        + 9.0 * of(Kind::Runtime)
        + 0.5 * of(Kind::Select)
        + TURN
}

/// All instructions, no iterations put together.
pub(super) fn scalar(level: &Level) -> f64 {
    level.iterations * instructions(level)
}

/// All instructions with vectors where they pay.
fn vectorised(level: &Level, vectors: Vectors) -> f64 {
    if is_copy(level) {
        return (level.entries * COPY).min(scalar(level));
    }
    let lanes = level.lanes(vectors.bits);
    let each = instructions(level);
    let trips = level.iterations / level.entries.max(1.0);
    let mut best = scalar(level);
    if can_vectorise(level, vectors) && trips >= lanes {
        // Several vectors an iteration share what keeps the loop going.
        let full = libm::floor(trips / lanes) * (each - 0.6 * TURN);
        best = best.min(level.entries * (full + (trips % lanes) * each));
    }
    let run = level.neighbours.min(lanes);
    if run >= 2.0 && !level.vectors && !level.has_inner && !level.conflicts {
        best = best.min(level.iterations * ((each - TURN) / run + TURN));
    }
    best + level.entries * START
}

/// Whether iterations can share vector instructions.
pub(super) fn can_vectorise(level: &Level, vectors: Vectors) -> bool {
    let none = |kinds: &[Kind]| kinds.iter().all(|&kind| level.of(kind) == 0.0);
    !level.has_inner
        && !level.vectors
        && !level.conflicts
        && !level.odd
        && level.carried[Carried::Recurrence as usize] == 0.0
        && (vectors.sums || level.carried[Carried::Floats as usize] == 0.0)
        && (vectors.strided || none(&[Kind::StridedLoad, Kind::StridedStore, Kind::IndirectLoad]))
        && none(&[Kind::Call, Kind::Runtime, Kind::IntegerDivide, Kind::Brain])
}

/// Whether a loop only copies or fills, which a call does.
pub(super) fn is_copy(level: &Level) -> bool {
    !level.has_inner && level.of(Kind::Store) == 1.0 && level.work.iter().sum::<f64>() == 1.0 + level.of(Kind::Load)
}
