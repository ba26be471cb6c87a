//! What limits the time of an iteration besides its number of instructions: chains of dependent operations, and the units that execute
//! some kinds of work. Numbers are those of LLVM's scheduling model of Skylake unless another processor is named.

use super::body::LoopBody;
use super::vectorize::{packed_instructions, vectorised_instructions};
use crate::features::table::WorkKind;
use crate::features::walk::chain::Chain;

/// Instructions issued in one cycle.
const ISSUED: f64 = 4.0;

/// The same if they are issued in order: SiFive's X280.
const ISSUED_IN_ORDER: f64 = 2.0;

/// Instructions in flight.
const IN_FLIGHT: f64 = 224.0;

/// Cycles in which one division occupies the unit that divides.
const SCALAR_DIVISION: f64 = 4.0;
const VECTOR_DIVISION: f64 = 8.0;
const INTEGER_DIVISION: f64 = 6.0;
const WIDE_INTEGER_DIVISION: f64 = 24.0;

/// Work of these kinds in one cycle: loads, stores, floating-point operations, moves between lanes.
const PORTS: [(&[WorkKind], f64); 4] = [
    (&[WorkKind::Load, WorkKind::StridedLoad, WorkKind::IndirectLoad], 2.0),
    (&[WorkKind::Store, WorkKind::StridedStore], 1.0),
    (&[WorkKind::Float, WorkKind::MinMax, WorkKind::Cast, WorkKind::Shuffle], 2.0),
    (&[WorkKind::Shuffle], 1.0),
];

/// Cycles that one iteration waits.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For the chain from the iteration before.
    pub chain: f64,
    /// The same on Arm's Neoverse V1, where floating-point operations take fewer cycles.
    pub short_chain: f64,
    /// For the ports of its work.
    pub ports: f64,
    /// For the chain within the iteration, because it and the next ones do not fit in flight.
    pub window: f64,
    /// For the unit that divides.
    pub divider: f64,
    /// For the chain within the iteration if instructions are issued in order.
    pub in_order: f64,
}

impl Waits {
    /// Of a scalar iteration.
    pub fn of_scalar(body: &LoopBody) -> Self {
        let [.., wide] = body.wide[WorkKind::IntegerDivide as usize];
        let integers = body.of(WorkKind::IntegerDivide);
        let wide = wide.min(integers);
        let divider = SCALAR_DIVISION * body.of(WorkKind::Divide)
            + WIDE_INTEGER_DIVISION * wide
            + INTEGER_DIVISION * (integers - wide);
        Self::new(packed_instructions(body), body.chain, body.path, divider, |kind| body.packed(kind))
    }

    /// Of a vector iteration that computes `lanes` scalar ones, whose reductions are reordered.
    pub fn of_vectors(body: &LoopBody, lanes: f64) -> Self {
        let work = |kind| body.vectorised(kind, lanes);
        let divider = VECTOR_DIVISION * work(WorkKind::Divide);
        Self::new(vectorised_instructions(body, lanes), Chain::default(), body.path, divider, work)
    }

    /// For the chain alone of an iteration with so many instructions.
    pub fn of_chain(chain: Chain, instructions: f64) -> Self {
        Self::new(instructions, chain, 0.0, 0.0, |_| 0.0)
    }

    fn new(instructions: f64, chain: Chain, path: f64, divider: f64, work: impl Fn(WorkKind) -> f64) -> Self {
        let issue = instructions / ISSUED;
        // Iterations overlap as far as they are in flight together.
        let window = path * (instructions / IN_FLIGHT).min(1.0);
        let port = |(kinds, each): (&[WorkKind], f64)| kinds.iter().map(|&kind| work(kind)).sum::<f64>() / each;
        let ports = PORTS.into_iter().map(port).fold(0.0, f64::max);
        let beyond = |limit: f64, others: f64| (limit - others).max(0.0);
        let dependent = issue.max(chain.cycles);
        Self {
            chain: beyond(chain.cycles, issue),
            short_chain: beyond(chain.short_cycles(), issue),
            ports: beyond(ports, dependent),
            window: beyond(window, dependent),
            divider: beyond(divider, dependent),
            in_order: beyond(path, instructions / ISSUED_IN_ORDER),
        }
    }
}
