//! Collects the tensor steps of a function: counts of products, element-wise functions and moves, and the longest chains of
//! dependent steps.
//!
//! The steps, and which tensors are constant, come from [`ir::steps`]. Counts are per call of the function; a step in a
//! loop counts once for each iteration. A step depends on an earlier one if it reads its result, writes memory that it
//! uses, uses the same matrix, or if a loop ends between them. The longest chain is found for each measure separately.
//! These counts do not depend on any machine: the cost of a step is fitted.

use std::collections::BTreeMap;

use ir::analysis::Analysis;
use ir::steps::constants::{Constants, Task};
use ir::steps::shape::is_memref;
use ir::steps::{Contraction, Step, Steps, WeightRule, Work};
use ir::tree::{OpId, ValueId};

use super::declaration::WorkCount;
use super::table::TensorCount;

/// Fan-in from which a pass over a matrix counts as a whole one, for each of two measures: a machine that takes this
/// many inputs one after the other needs the same time for more.
const FULL_FAN_IN: [u64; 2] = [32, 64];

/// Upper limit of counts, so that deeply nested loops stay finite.
const LIMIT: f64 = 1e30;

/// Lengths of chains by measure: steps that take time, element-wise functions, passes by each [`FULL_FAN_IN`].
#[derive(Debug, Clone, Copy, Default)]
struct Lengths([f64; 4]);

impl Lengths {
    const STEP: Self = Self([1.0, 0.0, 0.0, 0.0]);

    fn functions(count: f64) -> Self {
        Self([1.0, count, 0.0, 0.0])
    }

    fn passes(count: f64, fan_in: u64) -> Self {
        let [less, more] = FULL_FAN_IN.map(|inputs| count * fan_in.min(inputs) as f64 / inputs as f64);
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

/// The longest chains that end with a value.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    /// With its definition, or the last write of a memory.
    defined: Lengths,
    /// With its last use.
    used: Lengths,
}

/// Sums over all steps.
#[derive(Debug, Default)]
struct Totals {
    /// Element-wise functions.
    functions: f64,
    /// Elements that they are applied to.
    function_elements: f64,
    /// Products of two tensors that both change between calls.
    products: f64,
    /// Multiply-accumulates of those products.
    product_macs: f64,
    /// Vectors of one side times vectors of the other.
    product_vectors: f64,
    /// Elements of the stationary side.
    kept_elements: f64,
    /// Tensors written in another layout.
    moves: f64,
    /// Their elements.
    moved_elements: f64,
}

struct ChainWalk<'s> {
    steps: &'s Steps<'s>,
    constants: Constants<'s>,
    totals: Totals,
    /// By value; views share the entry of their memory.
    ends: BTreeMap<ValueId, Ends>,
    /// The longest chains that end with a use of a matrix.
    matrix_uses: BTreeMap<ValueId, Lengths>,
    /// The longest chains so far.
    longest: Lengths,
    /// The longest chains that end before the loop at hand.
    before: Lengths,
}

/// Adds the counts of a function's tensor steps to `work`, which is indexed by [`WorkCount::index`].
pub(super) fn fill_counts(analysis: &Analysis<'_>, function: OpId, work: &mut [f64]) {
    let steps = Steps::of(analysis, function);
    let constants = Constants::new(&steps, WeightRule::Auto);
    let changing = steps.arguments_read(|argument| !constants.contains(argument));
    let mut walk = ChainWalk {
        steps: &steps,
        constants,
        totals: Totals::default(),
        ends: BTreeMap::new(),
        matrix_uses: BTreeMap::new(),
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

impl ChainWalk<'_> {
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

    /// A loop depends on all steps before it, and each iteration on the one before.
    fn repeat(&mut self, trips: f64, body: &[Step], times: f64) {
        let start = self.longest;
        self.before = start;
        self.steps(body, (times * trips).min(LIMIT));
        self.longest = start.each(self.longest, |start, end| (start + (end - start) * trips).min(LIMIT));
        self.before = self.longest;
    }

    fn alias(&mut self, from: ValueId, to: ValueId) {
        self.constants.alias(from, to);
        let (from, to) = (self.steps.place(from), self.steps.place(to));
        if from != to
            && let Some(&Ends { defined, .. }) = self.ends.get(&from)
        {
            let known = self.ends.entry(to).or_default();
            known.defined = known.defined.max(defined);
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

    /// Element-wise functions of the factors of a product; those of both sides are independent.
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

    /// Appends a step of lengths `own` to the longest chains of the steps that it depends on; `matrix` is the matrix
    /// that it uses.
    fn chain(&mut self, reads: &[ValueId], writes: &[ValueId], own: Lengths, matrix: Option<ValueId>) {
        let is_memory = |v: &&ValueId| is_memref(self.steps.tree(), **v);
        let ends = |v: &ValueId| self.ends.get(&self.steps.place(*v)).copied().unwrap_or_default();
        let defined = reads.iter().map(|v| ends(v).defined);
        let unused = writes.iter().filter(is_memory).map(|v| ends(v).defined.max(ends(v).used));
        let mut start = defined.chain(unused).fold(self.before, Lengths::max);
        if let Some(last) = matrix.and_then(|matrix| self.matrix_uses.get(&matrix)) {
            start = start.max(*last);
        }
        let end = start.plus(own);
        if let Some(matrix) = matrix {
            self.matrix_uses.insert(matrix, end);
        }
        for value in reads.iter().filter(is_memory) {
            let ends = self.ends.entry(self.steps.place(*value)).or_default();
            ends.used = ends.used.max(end);
        }
        for &value in writes {
            self.ends.insert(self.steps.place(value), Ends { defined: end, used: end });
        }
        self.longest = self.longest.max(end);
    }
}

#[cfg(test)]
mod tests;
