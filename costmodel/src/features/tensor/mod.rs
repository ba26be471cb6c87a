//! What a function asks of a machine for tensors: how many products, functions of elements and moves, and how long the
//! chains are that must follow each other.
//!
//! Steps and what never changes are [`ir::steps`]'s. Counts are of one call, steps of loops as often as they run. A
//! chain is a list of steps each of which waits for the one before: for what it makes, for the memory it uses, for the
//! matrix it occupies, or because a loop over tensors before it has to be done. The longest chain is found for each measure
//! apart. No unit, rate or latency of any machine is in these counts: what a step costs is for a model to find out.

use std::collections::BTreeMap;

use ir::analysis::Analysis;
use ir::steps::constants::{Constants, Task};
use ir::steps::shape::is_memref;
use ir::steps::{Contraction, Step, Steps, WeightRule, Work};
use ir::tree::{OpId, Tree, ValueId};

use super::declaration::WorkCount;
use super::table::TensorCount;

/// Inputs of a matrix from which on a pass counts as whole, for each of two measures: a machine that takes so many
/// inputs of a matrix one after the other needs as long for any more.
const INPUTS: [u64; 2] = [32, 64];

/// Counts end here, so that loops in loops stay finite.
const MOST: f64 = 1e30;

/// Lengths of chains by measure: steps that take time, functions of elements, passes as by [`INPUTS`].
#[derive(Debug, Clone, Copy, Default)]
struct Lengths([f64; 4]);

impl Lengths {
    const STEP: Self = Self([1.0, 0.0, 0.0, 0.0]);

    fn functions(count: f64) -> Self {
        Self([1.0, count, 0.0, 0.0])
    }

    fn passes(count: f64, fan_in: u64) -> Self {
        let [less, more] = INPUTS.map(|inputs| count * fan_in.min(inputs) as f64 / inputs as f64);
        Self([1.0, 0.0, less, more])
    }

    fn each(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|measure| f(self.0[measure], other.0[measure])))
    }

    fn max(self, other: Self) -> Self {
        self.each(other, f64::max)
    }

    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }
}

/// The longest chains that end with the making of a value (or the writing of a memory), and with its last use.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    made: Lengths,
    used: Lengths,
}

/// Sums over all steps.
#[derive(Debug, Default)]
struct Totals {
    /// Functions of elements, and their elements.
    functions: f64,
    function_elements: f64,
    /// Products of two tensors that both change, their multiply-accumulates, how often a vector of one side meets one of
    /// the other, and the elements of the side that is kept.
    products: f64,
    product_macs: f64,
    product_vectors: f64,
    kept_elements: f64,
    /// Tensors laid out anew, and their elements.
    moves: f64,
    moved_elements: f64,
}

struct Walk<'s> {
    steps: &'s Steps<'s>,
    constants: Constants<'s>,
    totals: Totals,
    ends: BTreeMap<ValueId, Ends>,
    /// The longest chains that end with a use of a matrix.
    occupied: BTreeMap<ValueId, Lengths>,
    /// The longest chains so far.
    longest: Lengths,
    /// Chains before the loop that is gone through.
    before: Lengths,
}

/// Adds the counts of a function's tensor steps to `work`, which is indexed by [`WorkCount::index`].
pub(super) fn fill_counts(tree: &Tree, analysis: &Analysis, function: OpId, work: &mut [f64]) {
    let steps = Steps::analysed(tree, function, analysis);
    let constants = Constants::new(&steps, WeightRule::Auto);
    let changing = steps.arguments_read(|argument| !constants.contains(argument));
    let mut walk = Walk {
        steps: &steps,
        constants,
        totals: Totals::default(),
        ends: BTreeMap::new(),
        occupied: BTreeMap::new(),
        longest: Lengths::default(),
        before: Lengths::default(),
    };
    walk.steps(steps.all(), 1.0);
    let (Lengths([steps, functions, less, more]), totals) = (walk.longest, walk.totals);
    for (count, value) in [
        (TensorCount::StepChain, steps),
        (TensorCount::FunctionChain, functions),
        (TensorCount::PassChain32, less),
        (TensorCount::PassChain64, more),
        (TensorCount::Functions, totals.functions),
        (TensorCount::FunctionElements, totals.function_elements),
        (TensorCount::Products, totals.products),
        (TensorCount::ProductMacs, totals.product_macs),
        (TensorCount::ProductVectors, totals.product_vectors),
        (TensorCount::KeptElements, totals.kept_elements),
        (TensorCount::Moves, totals.moves),
        (TensorCount::MovedElements, totals.moved_elements),
        (TensorCount::ChangingElements, changing.into_values().map(|elements| elements as f64).sum()),
    ] {
        work[WorkCount::Tensor(count).index()] = value;
    }
}

impl Walk<'_> {
    fn steps(&mut self, steps: &[Step], times: f64) {
        for step in steps {
            match step {
                Step::Op { op, work, reads, writes } => self.step(*op, work, reads, writes, times),
                Step::Unplaced { reads, writes, .. } => self.chain(reads, writes, Lengths::default(), None),
                Step::Alias { from, to } => self.alias(*from, *to),
                Step::Loop { trips: 0, .. } => {}
                Step::Loop { trips, body, .. } => self.repeat(*trips as f64, body, times),
            }
        }
    }

    /// A loop begins when all before it is done, and its iterations follow each other.
    fn repeat(&mut self, trips: f64, body: &[Step], times: f64) {
        let start = self.longest;
        self.before = start;
        self.steps(body, (times * trips).min(MOST));
        self.longest = start.each(self.longest, |start, end| (start + (end - start) * trips).min(MOST));
        self.before = self.longest;
    }

    fn alias(&mut self, from: ValueId, to: ValueId) {
        self.constants.alias(from, to);
        let (from, to) = (self.steps.place(from), self.steps.place(to));
        if from != to
            && let Some(&Ends { made, .. }) = self.ends.get(&from)
        {
            let known = self.ends.entry(to).or_default();
            known.made = known.made.max(made);
        }
    }

    fn step(&mut self, op: OpId, work: &Work, reads: &[ValueId], writes: &[ValueId], times: f64) {
        let mut matrix = None;
        let own = match self.constants.step(op, work, reads, writes) {
            Task::Folded | Task::Free | Task::Nonlinear { elements: 0, .. } => Lengths::default(),
            Task::Move(elements) => {
                self.totals.moves += times;
                self.totals.moved_elements += times * elements as f64;
                Lengths::STEP
            }
            Task::Nonlinear { elements, chain } => self.functions(chain as f64, elements, times),
            Task::Pass(c, side) => {
                matrix = Some(self.constants.source(c.sides[side].value));
                let passes = Lengths::passes(c.passes(side) as f64, c.sides[side].fan_in);
                self.functions_before(&c, times).plus(passes)
            }
            Task::Product(c, kept) => self.functions_before(&c, times).plus(self.product(&c, kept, times)),
        };
        self.chain(reads, writes, own, matrix);
    }

    fn functions(&mut self, count: f64, elements: u64, times: f64) -> Lengths {
        self.totals.functions += times * count;
        self.totals.function_elements += times * count * elements as f64;
        Lengths::functions(count)
    }

    /// Functions of factors of a product; those of both sides are done beside each other.
    fn functions_before(&mut self, contraction: &Contraction, times: f64) -> Lengths {
        let all = self.constants.before(contraction).into_iter().filter(|&elements| elements > 0);
        all.fold(Lengths::default(), |chain, elements| chain.max(self.functions(1.0, elements, times)))
    }

    fn product(&mut self, contraction: &Contraction, kept: usize, times: f64) -> Lengths {
        let side = contraction.sides[kept];
        if side.elements == 0 {
            return Lengths::default();
        }
        let elements = side.elements as f64 * contraction.slots as f64;
        let queries = contraction.passes(kept) as f64;
        self.totals.products += times;
        self.totals.kept_elements += times * elements;
        self.totals.product_macs += times * elements * queries;
        self.totals.product_vectors += times * elements * queries / side.inner.max(1) as f64;
        Lengths::STEP
    }

    /// Puts a step of lengths `own` behind what it waits for.
    fn chain(&mut self, reads: &[ValueId], writes: &[ValueId], own: Lengths, matrix: Option<ValueId>) {
        let is_memory = |v: &&ValueId| is_memref(self.steps.tree(), **v);
        let ends = |v: &ValueId| self.ends.get(&self.steps.place(*v)).copied().unwrap_or_default();
        let made = reads.iter().map(|v| ends(v).made);
        let unused = writes.iter().filter(is_memory).map(|v| ends(v).made.max(ends(v).used));
        let mut start = made.chain(unused).fold(self.before, Lengths::max);
        if let Some(occupied) = matrix.and_then(|matrix| self.occupied.get(&matrix)) {
            start = start.max(*occupied);
        }
        let end = start.plus(own);
        if let Some(matrix) = matrix {
            self.occupied.insert(matrix, end);
        }
        for value in reads.iter().filter(is_memory) {
            let ends = self.ends.entry(self.steps.place(*value)).or_default();
            ends.used = ends.used.max(end);
        }
        for &value in writes {
            self.ends.insert(self.steps.place(value), Ends { made: end, used: end });
        }
        self.longest = self.longest.max(end);
    }
}

#[cfg(test)]
mod tests;
