//! Counts of machine work that add up, so that the cost of an instruction of each kind can be fitted to them.
//!
//! Loops are told apart by what a vectoriser makes of them ([`LoopClass`]), because their work then costs differently.
//! Work of vectorised loops is counted once for every vector of [`REGISTER_BITS`]; their remainder iterations are
//! counted apart.

use std::collections::BTreeMap;

use super::body::LoopBody;
use super::vectorize::{
    MOST_INTERLEAVED, PERMISSIVE, can_vectorise, has_gathers, instructions, interleave_count, is_copy,
    packed_instructions, vectorised_instructions,
};
use super::waits::Waits;
use crate::features::declaration::WorkCount;
use crate::features::table::{LoopClass, LoopCount, WorkKind};
use crate::features::walk::lanes::{LONG_REGISTER_BITS, REGISTER_BITS};
use crate::features::walk::reduction::Reduction;

/// Trip counts below this are small: LLVM's limit.
const FEW_TRIPS: f64 = 16.0;

/// Least vectorisation factor times interleave count with which LLVM vectorises the epilogue.
const LEAST_FOR_EPILOGUE: f64 = 16.0;

/// Copies of operands for each move between the lanes of an interleaved group, in LLVM's cost model of AVX-512.
const COPIES_PER_MOVE: f64 = 0.5;

/// Least constant trip count with which a vector of as many lanes pays on some processors.
const LEAST_LANES: f64 = 4.0;

/// Least constant trip count with which it pays on all.
const SURE_LANES: f64 = 8.0;

/// Trip counts that are known to fill whole vectors of 64-bit elements of any length: 2 for each of RISC-V's at most 1024 parts of 64 bits.
/// The tails of others are masked, and masked accesses have to be aligned.
const WHOLE_VECTORS: f64 = 2048.0;

/// Width of the groups of registers that LLVM vectorises loops for on RISC-V: two registers of 512 bits.
const LONG_BITS: f64 = 2.0 * LONG_REGISTER_BITS;

/// Narrowest elements that instructions gather and scatter, in bits.
const GATHERED_BITS: f64 = 32.0;

/// The class of a loop; of the two classes of loops that may be vectorised or not, the vectorised one.
pub fn class(body: &LoopBody) -> LoopClass {
    if body.inner > 0 || body.has_vectors {
        LoopClass::Plain
    } else if body.has_conflict {
        LoopClass::Conflict
    } else if body.carries(Reduction::Recurrence) > 0.0 {
        LoopClass::Recurrent
    } else if body.of(WorkKind::Bf16) > 0.0 {
        brain(body)
    } else if body.carries(Reduction::Scalar) + body.carries(Reduction::Extreme) > 0.0
        || body.is_scalar_only && body.of(WorkKind::Call) + body.of(WorkKind::Runtime) == 0.0
    {
        LoopClass::Unvectorised
    } else if !can_vectorise(body, PERMISSIVE) {
        LoopClass::Calling
    } else if let Some(class) = short(body) {
        class
    } else if body.has_divisions() {
        LoopClass::Divided
    } else if body.of(WorkKind::MathCall) > 0.0 {
        // An ordered sum takes each lane out again, so that vectors do not pay.
        if body.carries(Reduction::Ordered) > 0.0 { LoopClass::Calling } else { LoopClass::Called }
    } else if body.carries(Reduction::Ordered) > 0.0 {
        LoopClass::Reordered
    } else if has_gathers(body) {
        gathered(body)
    } else if body.groups.is_any() {
        LoopClass::Interleaved
    } else {
        LoopClass::Vector
    }
}

/// The class of a loop that computes on `bf16`. Processors with an instruction that rounds to it vectorise loops with contiguous accesses, for
/// no vector instruction gathers elements of 16 bits; sums in order only if the target vectorises those of `f32` (AArch64 does, x86 does not).
fn brain(body: &LoopBody) -> LoopClass {
    if has_gathers(body) || body.carries(Reduction::Scalar) + body.carries(Reduction::Extreme) > 0.0 {
        LoopClass::Unvectorised
    } else if body.carries(Reduction::Ordered) > 0.0 {
        LoopClass::Ordered
    } else {
        LoopClass::Bf16
    }
}

/// The class of a loop that gathers or scatters elements.
fn gathered(body: &LoopBody) -> LoopClass {
    if body.narrowest < GATHERED_BITS { LoopClass::NarrowGathered } else { LoopClass::Gathered }
}

/// The class of a loop with fewer iterations than vector lanes; `None` for others.
fn short(body: &LoopBody) -> Option<LoopClass> {
    let (_, trips) = body.typical();
    let lanes = body.lanes(REGISTER_BITS);
    // Constant trip counts limit the lanes. Others may enter an epilogue of half as many.
    let needed = if body.is_regular() { lanes } else { lanes / 2.0 };
    if trips * body.interleave >= needed {
        return None;
    }
    // Gathers of a few lanes do not pay.
    if !body.is_regular() || trips < LEAST_LANES || has_gathers(body) {
        return Some(LoopClass::Unvectorised);
    }
    Some(LoopClass::Short).filter(|_| trips < SURE_LANES || body.interleave > 1.0)
}

/// The vectorisation factor of a loop with this trip count, at most `lanes`. LLVM chooses none above a constant trip count.
pub fn filled_lanes(body: &LoopBody, trips: f64, lanes: f64) -> f64 {
    if body.is_regular() && trips < lanes { libm::exp2(libm::floor(libm::log2(trips.max(1.0)))) } else { lanes }
}

/// Whether the tail of a vectorised loop is folded by masking instead of a scalar epilogue: its trip count is constant, small and no
/// multiple of the lanes.
fn is_masked(body: &LoopBody, lanes: f64) -> bool {
    let trips = body.trips();
    body.is_regular() && trips < FEW_TRIPS && libm::floor(trips) == trips && trips > lanes && trips % lanes != 0.0
}

/// Whether LLVM vectorises a loop with interleaved groups. Groups with gaps need a scalar epilogue, which LLVM does not make for short
/// loops. The vector loop has to take fewer instructions than the scalar one; half of its shuffles also copy an operand.
fn interleaving_pays(body: &LoopBody, lanes: f64) -> bool {
    let has_epilogue = body.groups.gaps == 0.0 || body.trips() >= FEW_TRIPS;
    has_epilogue
        && vectorised_instructions(body, lanes) + COPIES_PER_MOVE * body.groups.moves < instructions(body) * lanes
}

/// Whether the interleaved groups of a loop are copies of the computation of one element, and leave out none.
fn are_copies(body: &LoopBody) -> bool {
    body.copies == body.interleave && body.groups.gaps == 0.0
}

/// Vector iterations in one entry of a vectorised loop, and the scalar iterations of its epilogue. `each` is the number of
/// instructions of one vector iteration, which computes `lanes` scalar ones.
fn split(body: &LoopBody, each: f64, trips: f64, lanes: f64) -> (f64, f64) {
    // An interleaved group with gaps reads beyond the last member: at least one iteration is scalar.
    let scalar = if body.groups.gaps > 0.0 { 1.0 } else { 0.0 };
    let divide = |trips: f64, by: f64| {
        let quotient = libm::floor((trips - scalar).max(0.0) / by);
        (quotient, trips - quotient * by)
    };
    let together = interleave_count(body, each, trips - scalar, lanes);
    let group = lanes * together;
    let (groups, rest) = divide(trips, group);
    let vectors = groups * together;
    // A vectorised epilogue has half the lanes.
    let half = lanes / 2.0;
    if group < LEAST_FOR_EPILOGUE || body.reused > 0.0 || half < 1.0 {
        return (vectors, rest);
    }
    let (halves, rest) = divide(rest, half);
    (vectors + halves, rest)
}

/// Whether a loop of this class has one vector iteration, so that nothing is left of it but its body: elements that the iterations of the
/// loop around load and store are then kept in registers.
fn vanishes(class: LoopClass, body: &LoopBody) -> bool {
    let trips = body.trips();
    let lanes = filled_lanes(body, trips, body.lanes(REGISTER_BITS).max(1.0));
    if !body.is_regular() || trips > MOST_INTERLEAVED * lanes {
        return false;
    }
    let is_vectorised = match class {
        LoopClass::Vector => true,
        // Gaps leave a scalar iteration.
        LoopClass::Interleaved => body.groups.gaps == 0.0 && (are_copies(body) || interleaving_pays(body, lanes)),
        _ => false,
    };
    is_vectorised && trips == lanes * interleave_count(body, vectorised_instructions(body, lanes), trips, lanes)
}

/// Work of a kind in one masked vector iteration. Interleaved groups are not masked: their members are gathered and scattered.
fn masked(body: &LoopBody, kind: WorkKind, lanes: f64) -> f64 {
    let (work, groups) = (body.vectorised(kind, lanes), body.groups);
    match kind {
        WorkKind::Load | WorkKind::Store => 0.0,
        WorkKind::Masked => {
            let grouped = groups.loads + groups.gaps + groups.stores;
            work + body.vectorised(WorkKind::Load, lanes) + body.of(WorkKind::Store) - grouped
        }
        WorkKind::StridedLoad => work + groups.loads,
        WorkKind::StridedStore => work + groups.stores,
        WorkKind::Shuffle => work - groups.moves,
        _ => work,
    }
}

/// Adds the counts of a function's loops to `work`, which is indexed by [`WorkCount::index`].
pub fn fill_counts(bodies: &[LoopBody], work: &mut [f64]) {
    let mut counts = Counts(work);
    let calls = calls(bodies);
    for (index, body) in bodies.iter().enumerate() {
        match calls.get(&index) {
            Some(&calls) => counts.add_calls(body, calls),
            None => counts.add_loop(body),
        }
    }
    for body in bodies {
        counts.add_spills(body);
    }
}

/// The loops that become calls that copy or fill memory, by index, and the calls of each. LLVM merges the calls of a loop around that are
/// for adjacent memory, so that nothing is left of that loop.
fn calls(bodies: &[LoopBody]) -> BTreeMap<usize, f64> {
    let mut calls = BTreeMap::new();
    for (index, body) in bodies.iter().enumerate().filter(|(_, body)| is_copy(body)) {
        let mut outermost = index;
        for _ in 1..body.contiguous {
            let parent = bodies[outermost].parent;
            let outer = &bodies[parent];
            if parent == 0 || outer.inner > 1 || outer.work.iter().any(|work| *work > 0.0) {
                break;
            }
            outermost = parent;
            calls.insert(parent, 0.0);
        }
        calls.insert(index, bodies[outermost].entries);
    }
    calls
}

struct Counts<'a>(&'a mut [f64]);

impl Counts<'_> {
    fn add(&mut self, count: LoopCount, amount: f64) {
        self.0[WorkCount::Loop(count).index()] += amount;
    }

    /// Adds the scalar work of `iterations` of a loop to a class.
    fn add_to_class(&mut self, class: LoopClass, body: &LoopBody, iterations: f64) {
        self.add_work(class, body, iterations, |kind| body.of(kind));
    }

    /// The same, neighbouring operations packed into vectors.
    fn add_packed(&mut self, class: LoopClass, body: &LoopBody, iterations: f64) {
        self.add_work(class, body, iterations, |kind| body.packed(kind));
    }

    /// Adds the work of a loop that stays scalar to its class and to that of all of these. Accesses that may be part of arithmetic
    /// instructions are counted apart unless some processors vectorise the loop.
    fn add_scalar(&mut self, class: LoopClass, body: &LoopBody) {
        use LoopClass::{Bf16, Ordered, Short, Unvectorised};
        let may_be_vectorised = matches!(class, Short | Unvectorised | Bf16 | Ordered);
        let share = if may_be_vectorised { 0.0 } else { 1.0 };
        for class in [LoopClass::Scalar, class] {
            let work = |kind| (body.packed(kind) - share * body.folded[kind as usize]).max(0.0);
            self.add_work(class, body, body.iterations, work);
        }
        self.add(LoopCount::FoldedAccesses, share * body.iterations * body.folded.iter().sum::<f64>());
    }

    fn add_work(&mut self, class: LoopClass, body: &LoopBody, iterations: f64, work: impl Fn(WorkKind) -> f64) {
        self.add_kinds(class, body, iterations, work);
        self.0[WorkCount::Iterations(class).index()] += iterations;
    }

    /// Adds the work of vector iterations. A loop with a single one in each entry has no control.
    fn add_iterations(
        &mut self,
        class: LoopClass,
        body: &LoopBody,
        (iterations, is_single): (f64, bool),
        work: impl Fn(WorkKind) -> f64,
    ) {
        if is_single {
            self.add_kinds(class, body, iterations, work);
        } else {
            self.add_work(class, body, iterations, work);
        }
    }

    /// Adds the work of iterations by kind, without their control.
    fn add_kinds(&mut self, class: LoopClass, body: &LoopBody, iterations: f64, work: impl Fn(WorkKind) -> f64) {
        for kind in WorkKind::ALL {
            let scalar = work(kind) - body.explicit[kind as usize].units;
            self.0[WorkCount::OfClass(class, kind).index()] += iterations * scalar;
        }
    }

    /// Adds the values of a loop that registers do not hold, for several numbers of them.
    fn add_spills(&mut self, body: &LoopBody) {
        let own = body.registers;
        for (count, values, registers) in [
            (LoopCount::DataBeyond16, own.late, 16.0),
            (LoopCount::DataBeyond32, own.late, 32.0),
            (LoopCount::PartsBeyond32, own.parts, 32.0),
            (LoopCount::IndicesBeyond14, own.integers, 14.0),
            (LoopCount::IndicesBeyond28, own.integers, 28.0),
        ] {
            self.add(count, body.iterations / own.together * (values - registers).max(0.0));
        }
    }

    /// Adds a loop of which nothing but calls is left that copy or fill memory.
    fn add_calls(&mut self, body: &LoopBody, calls: f64) {
        self.add(LoopCount::Entries, calls);
        self.add(LoopCount::CopyEntries, calls);
        self.add(LoopCount::CopyIterations, if calls > 0.0 { body.iterations } else { 0.0 });
    }

    fn add_loop(&mut self, body: &LoopBody) {
        for (kind, explicit) in WorkKind::ALL.into_iter().zip(&body.explicit) {
            self.0[WorkCount::ExplicitVectors(kind).index()] += body.iterations * explicit.operations;
            self.0[WorkCount::ExplicitParts(kind).index()] += body.iterations * explicit.parts;
        }
        self.add(LoopCount::LaneSteps, body.iterations * body.lane_steps);
        let lanes = body.lanes(REGISTER_BITS).max(1.0);
        let class = class(body);
        let is_single = vanishes(class, body);
        let entries = if is_single { LoopCount::SingleEntries } else { LoopCount::Entries };
        self.add(entries, body.entries);
        match class {
            class @ (LoopClass::Vector
            | LoopClass::Interleaved
            | LoopClass::Divided
            | LoopClass::Gathered
            | LoopClass::NarrowGathered
            | LoopClass::Called
            | LoopClass::Reordered) => {
                self.add_vectorised(class, body, lanes, is_single);
            }
            class => {
                self.add_scalar(class, body);
                self.add(LoopCount::MisalignedAccesses, body.iterations * body.misaligned);
                if body.is_packed() {
                    self.add(LoopCount::PackedInstructions, body.iterations * packed_instructions(body));
                }
                if class == LoopClass::Conflict && body.of(WorkKind::IndirectLoad) > 0.0 {
                    self.add(LoopCount::UpdatingInstructions, body.iterations * packed_instructions(body));
                }
                if class == LoopClass::Short {
                    self.add_to_class(LoopClass::Brief, body, body.entries);
                }
                self.add_carried(body);
                self.add_waits(Waits::of_scalar(body), body.iterations);
            }
        }
    }

    /// Adds a loop that is vectorised; `is_single` if it has one vector iteration, see [`vanishes`].
    fn add_vectorised(&mut self, class: LoopClass, body: &LoopBody, lanes: f64, is_single: bool) {
        self.add_misaligned(body);
        self.add_long(class, body);
        let (entries, trips) = body.typical();
        let registers = libm::ceil(trips / lanes);
        let is_masked = is_masked(body, filled_lanes(body, trips, lanes));
        let lanes = if body.interleave == 1.0 { filled_lanes(body, trips, lanes) } else { lanes };
        if class == LoopClass::Interleaved {
            let has_gaps = body.groups.gaps > 0.0;
            if !is_masked && are_copies(body) {
                return self.add_copies(body, lanes, is_single);
            }
            // The members of a masked group are gathered.
            if (!is_masked || has_gaps) && !interleaving_pays(body, lanes) {
                return self.add_copied(body);
            }
        }
        let class = if is_masked && class == LoopClass::Interleaved { gathered(body) } else { class };
        match class {
            LoopClass::Divided => self.add_packed(LoopClass::Dividing, body, body.iterations),
            LoopClass::Gathered => self.add_packed(LoopClass::Apart, body, body.iterations),
            LoopClass::NarrowGathered => self.add_packed(LoopClass::NarrowApart, body, body.iterations),
            LoopClass::Called => self.add_packed(LoopClass::CalledApart, body, body.iterations),
            LoopClass::Reordered => {
                self.add_to_class(LoopClass::Ordered, body, body.iterations);
                self.add(LoopCount::OrderedWait, body.iterations * Waits::of_scalar(body).chain);
            }
            _ => {}
        }
        if is_masked {
            let vectors = entries * registers;
            self.add_waits(Waits::of_vectors(body, lanes), vectors);
            return self.add_work(class, body, vectors, |kind| masked(body, kind, lanes));
        }
        // Copies of a body fill a vector in fewer iterations, which then hold fewer vectors each.
        let group = if trips < lanes { (lanes / body.interleave).max(1.0) } else { lanes };
        let each = vectorised_instructions(body, lanes);
        let (vectors, rest) = split(body, each, trips, group);
        let (kept, chain) = if is_single { body.kept } else { Default::default() };
        self.add_waits(Waits::of_chain(chain, vectors * each), entries);
        let vectors = entries * vectors * group / lanes;
        let folded = if body.groups.is_any() { 0.0 } else { body.folded_vectors };
        let folded = folded.min(body.vectorised(WorkKind::Load, lanes) - kept).max(0.0);
        self.add_vectors(class, body, (vectors, is_single), folded, |kind| match kind {
            WorkKind::Load | WorkKind::Store => body.vectorised(kind, lanes) - kept,
            _ => body.vectorised(kind, lanes),
        });
        self.add_waits(Waits::of_vectors(body, lanes), vectors);
        self.add_rest(entries, rest * instructions(body));
    }

    /// Adds work of vector iterations of a vectorised loop to a class. Apart are the `folded` loads, and what longer vectors, or groups of
    /// registers, may save: LLVM chooses the vectorisation factor by the elements in memory, and wider elements then fill several registers
    /// of 256 bits.
    fn add_vectors(
        &mut self,
        class: LoopClass,
        body: &LoopBody,
        vectors: (f64, bool),
        folded: f64,
        work: impl Fn(WorkKind) -> f64,
    ) {
        let apart = |kind| body.widened(kind) + if kind == WorkKind::Load { folded } else { 0.0 };
        self.add_iterations(class, body, vectors, |kind| (work(kind) - apart(kind)).max(0.0));
        let widened: f64 = WorkKind::ALL.into_iter().map(|kind| body.widened(kind)).sum();
        self.add(LoopCount::WidenedInstructions, vectors.0 * widened);
        self.add(LoopCount::FoldedVectors, vectors.0 * folded);
    }

    /// Adds a vectorised loop as the scalar loop that it is on processors that do not access misaligned elements under masks.
    fn add_misaligned(&mut self, body: &LoopBody) {
        if body.misaligned > 0.0 && body.typical().1 % WHOLE_VECTORS != 0.0 {
            self.add(LoopCount::MisalignedInstructions, body.iterations * packed_instructions(body));
            self.add(LoopCount::MisalignedAccesses, body.iterations * body.misaligned);
        }
    }

    /// Adds a vectorised loop as LLVM's tail folding by vector lengths leaves it: without remainder, in vectors of at most as many lanes
    /// as it has iterations. Calls are not vectorised then, and interleaved groups are loaded and stored by segments.
    fn add_long(&mut self, class: LoopClass, body: &LoopBody) {
        let trips = body.trips();
        if class == LoopClass::Called || body.misaligned > 0.0 && trips % WHOLE_VECTORS != 0.0 {
            return;
        }
        let lanes = body.lanes(LONG_BITS).min(libm::exp2(libm::floor(libm::log2(trips.max(1.0)))));
        let iterations = body.entries * libm::ceil(trips / lanes);
        let each = vectorised_instructions(body, body.lanes(REGISTER_BITS)) - body.groups.moves;
        self.add(LoopCount::LongIterations, iterations);
        self.add(LoopCount::LongInstructions, iterations * each);
    }

    /// Adds a loop with interleaved groups that stays scalar.
    fn add_copied(&mut self, body: &LoopBody) {
        self.add_packed(LoopClass::Copied, body, body.iterations);
        self.add(LoopCount::CopiedInstructions, body.iterations * packed_instructions(body));
    }

    /// Adds a loop whose iterations compute several adjacent elements alike. The moves between lanes of its loads and stores cancel: LLVM
    /// merges the members of each group to one vector of all of its elements, which fills longer registers where there are some.
    fn add_copies(&mut self, body: &LoopBody, lanes: f64, is_single: bool) {
        let (entries, trips) = body.typical();
        let lanes = filled_lanes(body, trips, lanes);
        let (iterations, rest) = split(body, vectorised_instructions(body, lanes), trips, lanes);
        let vectors = entries * iterations * lanes / body.lanes(REGISTER_BITS).max(1.0);
        let work = |kind| match kind {
            WorkKind::Address => 0.0,
            WorkKind::Shuffle => body.vectorised(kind, lanes) - body.groups.moves,
            WorkKind::Load => body.vectorised(kind, lanes) - body.folded_vectors,
            _ => body.vectorised(kind, lanes),
        };
        self.add_iterations(LoopClass::Copies, body, (vectors, is_single), work);
        self.add(LoopCount::FoldedCopies, vectors * body.folded_vectors);
        self.add_rest(entries, rest * packed_instructions(body));
    }

    /// Adds the instructions of the iterations that fill no vector, in each entry.
    fn add_rest(&mut self, entries: f64, instructions: f64) {
        self.add(LoopCount::RestInstructions, entries * instructions);
        self.add(LoopCount::RestEntries, if instructions > 0.0 { entries } else { 0.0 });
    }

    /// Adds what limits iterations besides their number of instructions.
    fn add_waits(&mut self, waits: Waits, iterations: f64) {
        for (count, cycles) in [
            (LoopCount::ChainWait, waits.chain),
            (LoopCount::ShortChainWait, waits.short_chain),
            (LoopCount::PortWait, waits.ports),
            (LoopCount::WindowWait, waits.window),
            (LoopCount::DividerWait, waits.divider),
            (LoopCount::InOrderWait, waits.in_order),
        ] {
            self.add(count, iterations * cycles);
        }
    }

    /// Adds the chain that each iteration waits for.
    fn add_carried(&mut self, body: &LoopBody) {
        let chain = body.chain;
        for (count, operations) in [
            (LoopCount::ChainedFloats, chain.floats),
            (LoopCount::ChainedExtremes, chain.extremes),
            (LoopCount::ChainedSlow, chain.slow),
            (LoopCount::ChainedOthers, chain.others),
            (LoopCount::Forwarded, body.forwarded),
        ] {
            self.add(count, body.iterations * operations);
        }
        self.add(LoopCount::ChainedIterations, if body.is_chained() { body.iterations } else { 0.0 });
    }
}
