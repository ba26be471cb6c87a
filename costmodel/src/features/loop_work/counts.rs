//! Counts of machine work that add up, so that the cost of an instruction of each kind can be fitted to them.
//!
//! Loops are told apart by what a vectoriser makes of them ([`LoopClass`]), because their work then costs differently.
//! Work of vectorised loops is counted once for every vector of [`REGISTER_BITS`]; their remainder iterations are
//! counted apart.

use super::body::LoopBody;
use super::vectorize::{PERMISSIVE, can_vectorise, has_gathers, hottest, instructions, is_copy, packed_run};
use crate::features::declaration::WorkCount;
use crate::features::table::{LoopClass, LoopCount, WorkKind};
use crate::features::walk::lanes::REGISTER_BITS;
use crate::features::walk::reduction::Reduction;

/// Narrowest elements that instructions gather and scatter, in bits.
const GATHERED_BITS: f64 = 32.0;

/// The class of a loop; of the two classes of loops that may be vectorised or not, the vectorised one.
fn class(body: &LoopBody) -> LoopClass {
    if body.has_inner || body.has_vectors {
        LoopClass::Plain
    } else if body.has_conflict {
        LoopClass::Conflict
    } else if body.carries(Reduction::Recurrence) > 0.0 {
        LoopClass::Recurrent
    } else if body.of(WorkKind::Bf16) > 0.0 {
        LoopClass::Bf16
    } else if !can_vectorise(body, PERMISSIVE) {
        LoopClass::Calling
    } else if body.iterations * body.interleave < body.entries.max(1.0) * body.lanes(REGISTER_BITS) {
        LoopClass::Short
    } else if body.carries(Reduction::Ordered) + body.carries(Reduction::Extreme) > 0.0 {
        LoopClass::Reordered
    } else if has_gathers(body) {
        if body.narrowest < GATHERED_BITS { LoopClass::NarrowGathered } else { LoopClass::Gathered }
    } else if body.interleave > 1.0 {
        LoopClass::Interleaved
    } else {
        LoopClass::Vector
    }
}

/// Most values that are live at once in a function.
#[derive(Debug, Clone, Copy)]
pub struct LiveValues {
    /// Floating-point numbers and vectors.
    pub data: f64,
    /// Indices, integers and pointers.
    pub indices: f64,
}

/// Adds the counts of a function's loops to `work`, which is indexed by [`WorkCount::index`].
pub fn fill_counts(bodies: &[LoopBody], live: LiveValues, work: &mut [f64]) {
    let mut counts = Counts(work);
    for body in bodies {
        counts.add_loop(body);
    }
    // Spilled values are assumed to be used in the hottest loop.
    let iterations = hottest(bodies).map_or(0.0, |body| body.iterations);
    for (count, values, registers) in [
        (LoopCount::DataBeyond16, live.data, 16.0),
        (LoopCount::DataBeyond32, live.data, 32.0),
        (LoopCount::IndicesBeyond14, live.indices, 14.0),
        (LoopCount::IndicesBeyond28, live.indices, 28.0),
    ] {
        counts.add(count, iterations * (values - registers).max(0.0));
    }
}

struct Counts<'a>(&'a mut [f64]);

impl Counts<'_> {
    fn add(&mut self, count: LoopCount, amount: f64) {
        self.0[WorkCount::Loop(count).index()] += amount;
    }

    /// Adds the scalar work of `iterations` of a loop to a class.
    fn add_to_class(&mut self, class: LoopClass, body: &LoopBody, iterations: f64) {
        for kind in WorkKind::ALL {
            let scalar = body.of(kind) - body.explicit[kind as usize].units;
            self.0[WorkCount::OfClass(class, kind).index()] += iterations * scalar;
        }
        self.0[WorkCount::Iterations(class).index()] += iterations;
    }

    fn add_loop(&mut self, body: &LoopBody) {
        for (kind, explicit) in WorkKind::ALL.into_iter().zip(&body.explicit) {
            self.0[WorkCount::ExplicitVectors(kind).index()] += body.iterations * explicit.operations;
            self.0[WorkCount::ExplicitParts(kind).index()] += body.iterations * explicit.parts;
        }
        self.add(LoopCount::Entries, body.entries);
        let lanes = body.lanes(REGISTER_BITS).max(1.0);
        match class(body) {
            _ if is_copy(body) => {
                self.add(LoopCount::CopyEntries, body.entries);
                self.add(LoopCount::CopyIterations, body.iterations);
            }
            class @ (LoopClass::Vector
            | LoopClass::Interleaved
            | LoopClass::Gathered
            | LoopClass::NarrowGathered
            | LoopClass::Reordered) => {
                self.add_vectorised(class, body, lanes);
            }
            class => match packed_run(body, lanes) {
                Some(run) => {
                    self.add(LoopCount::PackedInstructions, body.iterations * instructions(body) / run);
                }
                None => {
                    self.add_to_class(LoopClass::Scalar, body, body.iterations);
                    self.add_to_class(class, body, body.iterations);
                    if class == LoopClass::Short {
                        self.add_to_class(LoopClass::Brief, body, body.entries);
                    }
                    if !body.has_vectors {
                        self.add_carried(body);
                    }
                }
            },
        }
    }

    fn add_vectorised(&mut self, class: LoopClass, body: &LoopBody, lanes: f64) {
        match class {
            LoopClass::Gathered => self.add_to_class(LoopClass::Apart, body, body.iterations),
            LoopClass::NarrowGathered => self.add_to_class(LoopClass::NarrowApart, body, body.iterations),
            LoopClass::Reordered => self.add_to_class(LoopClass::Ordered, body, body.iterations),
            LoopClass::Interleaved => {
                self.add_to_class(LoopClass::Copied, body, body.iterations);
                let run = packed_run(body, lanes).unwrap_or(1.0);
                self.add(LoopCount::CopiedInstructions, body.iterations * instructions(body) / run);
            }
            _ => {}
        }
        let trips = body.trips();
        // Copies of a body fill a vector in fewer iterations, which then hold fewer vectors each.
        let group = if trips < lanes { (lanes / body.interleave).max(1.0) } else { lanes };
        self.add_to_class(class, body, body.entries * libm::floor(trips / group) * group / lanes);
        let rest = trips % group;
        self.add(LoopCount::RestInstructions, body.entries * rest * instructions(body));
        self.add(LoopCount::RestEntries, if rest > 0.0 { body.entries } else { 0.0 });
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
