//! Numbers that describe a function: inputs of the models, besides its words.
//!
//! `walk` goes over the operations once and reports to two collectors, `text` (the function as written) and
//! `loop_work` (the function as an optimising compiler leaves it). `function` fills in analyses of the whole
//! function and quotients; `tensor` reads the tensor steps that `ir` makes of the function. Each number is
//! declared in `table`; `docs/features.md` lists them.
//!
//! Most counts exist twice: as written in the text, and executed, that is times the trip counts of the loops around. A
//! loop whose trip count is not constant counts as 32 iterations, LLVM's own default, and is counted in
//! [`Feature::UnknownLoops`].
//!
//! # Kept until the model is trained again
//!
//! The shipped model fixes every value, so these differences between the two collectors stay until the next training:
//!
//! - Contiguity: [`Feature::ContiguousLoads`] and [`Feature::ContiguousStores`] look at subscripts only
//!   (`walk::access::Motion`); the work by kind looks at strides (`walk::access::Access::kind`).
//! - Induction variables: subscripts as written follow the first argument of `scf.while` and `scf.forall` only, and no
//!   value that was loaded or passed between iterations (`walk::loops::text_induction_variables`).
//! - Reductions: [`Feature::ReductionTrips`] counts any loop with results or with a store to an invariant element
//!   (`walk::reduction::carries_as_written`); the work by kind tells reductions from recurrences
//!   (`walk::reduction::Reduction`).

mod counts;
mod declaration;
mod function;
mod kind;
mod loop_work;
mod table;
mod tensor;
mod text;
mod vector;
mod walk;

use ir::analysis::Analysis;
use ir::tree::{OpId, Tree};

pub(crate) use self::counts::{executions, midpoint};
use self::declaration::PROCESSOR_WORK;
pub use self::declaration::{Declaration, WORK, WorkCount, declarations, markdown, work_names};
pub(crate) use self::kind::work_kind;
use self::loop_work::LoopWork;
pub use self::table::{Collector, Feature, LoopClass, LoopCount, Scale, TensorCount, Unit, WorkKind};
use self::text::TextCounts;
use self::walk::access::Access;
pub(crate) use self::walk::access::buffer;
use self::walk::chain::Chain;
pub(crate) use self::walk::lanes::{is_shaped, lanes};
pub(crate) use self::walk::loops::form;
use self::walk::packing::Finding;
use self::walk::reduction::Reduction;
use self::walk::registers::RegisterValue;
pub(crate) use self::walk::structured::{Structure, structure};
use self::walk::{Collect, Loop, Placement, TextAccess, TextLoop, Visit, WholeLoop, Work};

/// Larger numbers are clamped to this, so that their squares fit `f32`.
pub(crate) const LARGEST: f64 = 1e18;

/// The numbers of a function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Numbers {
    /// One number for each [`Feature`], in that order.
    pub features: Vec<f32>,
    /// One number for each [`WorkCount`], in that order: counts that add up.
    pub work: Vec<f32>,
}

/// Indices of the counts of work that a design's or else a processor's predictions use.
pub fn work_of(design: bool) -> std::ops::Range<usize> {
    if design { PROCESSOR_WORK..WORK } else { 0..PROCESSOR_WORK }
}

/// The numbers of a function in the normal form; `words` is the number of its words.
#[must_use]
pub fn numbers(analysis: &Analysis<'_>, function: OpId, words: usize) -> Numbers {
    let mut collectors = Collectors { text: TextCounts::new(), loops: LoopWork::new() };
    walk::walk(analysis, function, &mut collectors);
    let Collectors { text, loops } = collectors;
    let (mut features, loops) = (text.finish(), loops.finish());
    function::fill(analysis, function, words, &mut features);
    function::fill_ratios(&mut features);
    loop_work::fill_features(&loops, &mut features);
    let mut work = vec![0.0; WORK];
    loop_work::fill_counts(&loops, &mut work);
    tensor::fill_counts(analysis, function, &mut work);
    let bounded = |numbers: &[f64]| numbers.iter().map(|&x| x.min(LARGEST) as f32).collect();
    Numbers { features: bounded(features.values()), work: bounded(&work) }
}

/// The collectors of one walk.
struct Collectors {
    text: TextCounts,
    loops: LoopWork,
}

impl Collect for Collectors {
    fn operation(&mut self, tree: &Tree, visit: &Visit<'_>) {
        self.text.operation(tree, visit);
    }

    fn text_access(&mut self, access: &TextAccess) {
        self.text.text_access(access);
    }

    fn text_loop(&mut self, new: &TextLoop) {
        self.text.text_loop(new);
    }

    fn optimised_loop(&mut self, new: &Loop) {
        self.loops.optimised_loop(new);
    }

    fn work(&mut self, work: &Work) {
        self.loops.work(work);
    }

    fn access(&mut self, access: &Access) {
        self.loops.access(access);
    }

    fn packed(&mut self, placement: Placement, finding: Finding) {
        self.loops.packed(placement, finding);
    }

    fn lane_steps(&mut self, loop_index: usize, steps: f64) {
        self.loops.lane_steps(loop_index, steps);
    }

    fn explicit_vector(&mut self, loop_index: usize) {
        self.loops.explicit_vector(loop_index);
    }

    fn ready(&mut self, loop_index: usize, cycles: f64) {
        self.loops.ready(loop_index, cycles);
    }

    fn carried(&mut self, loop_index: usize, how: Reduction, chain: Chain) {
        self.loops.carried(loop_index, how, chain);
    }

    fn carried_in_memory(&mut self, access: &Access, how: Reduction, chain: Chain) {
        self.loops.carried_in_memory(access, how, chain);
    }

    fn invariant(&mut self, loop_index: usize, value: ir::tree::ValueId) {
        self.loops.invariant(loop_index, value);
    }

    fn step(&mut self, loop_index: usize) {
        self.loops.step(loop_index);
    }

    fn writes(&mut self, own: &RegisterValue, at: usize) {
        self.loops.writes(own, at);
    }

    fn reads(&mut self, value: ir::tree::ValueId, at: usize) {
        self.loops.reads(value, at);
    }

    fn reads_at_end(&mut self, value: ir::tree::ValueId, loop_index: usize) {
        self.loops.reads_at_end(value, loop_index);
    }

    fn whole_tensors(&mut self, own: &WholeLoop) {
        self.loops.whole_tensors(own);
    }
}
