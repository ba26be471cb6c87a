//! One walk over a function's operations, which reports what it finds to a [`Collect`].
//!
//! A pass backwards first finds which operations are live and where memory is written. The walk itself visits every
//! operation once, in the order of the text, outer before inner. For each it settles two contexts:
//!
//! - as written: executions, nesting and innermost loop, dead code included ([`Context`]);
//! - optimised: the loop in which it executes after dead code elimination, common subexpression elimination and hoisting
//!   ([`Placement`]). Pointers are assumed not to alias, as in the labels.
//!
//! Values carry how they change with loops ([`values`]). Whether an access is contiguous is decided in [`access`], whether a
//! value is a reduction in [`reduction`], how many lanes it has in [`lanes`].

pub mod access;
mod branches;
pub mod evolution;
pub mod lanes;
mod loop_nest;
mod loops;
pub mod reduction;
mod redundancy;
mod structured;
pub mod values;

use ir::analysis::{Analysis, FunctionAnalysis};
use ir::registry::facts::{Dialect, Evaluation};
use ir::registry::features::{FusedPart, InstructionClass as Class};
use ir::tree::{AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

use self::access::{Access, Motion, Subscripts, evaluate};
use self::evolution::Evolution;
use self::lanes::{MachineCost, VectorWidth, is_shaped, is_vector};
pub use self::loop_nest::Loop;
use self::loop_nest::LoopNest;
use self::reduction::{Reduction, has_no_nan, may_contract};
use self::redundancy::{Computed, value_hash};
use self::values::Values;
use super::counts::{self, UNKNOWN_TRIPS};
use super::kind::{is_constant, work_kind};
use super::table::WorkKind;

/// Where an operation stands in the text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    /// Executions per call of the function.
    pub executions: f64,
    /// Loops around it.
    pub depth: usize,
    /// Index of the innermost loop of the text around it.
    pub innermost: Option<usize>,
    /// Where it executes in the optimised function; `None` inside operations that are counted as a whole.
    pub placement: Option<Placement>,
}

/// Where an operation executes in the optimised function.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// Index of the loop whose body contains it.
    pub loop_index: usize,
    /// Executions in each iteration of that loop: less than 1 on one side of a branch.
    pub weight: f64,
}

/// An operation of the text, dead or live.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Its class.
    pub class: Class,
    /// Its results.
    pub results: &'a [ValueId],
    /// Longest chain of dependent operations that ends with it.
    pub chain: u32,
    /// Where it stands.
    pub context: Context,
}

/// A load or store of the text, dead or live.
#[derive(Debug, Clone, Copy)]
pub struct TextAccess {
    /// Whether it writes.
    pub is_store: bool,
    /// Whether it accesses memory, not the elements of a tensor.
    pub is_memory: bool,
    /// How it moves with the innermost loop around it; `None` outside loops.
    pub motion: Option<Motion>,
    /// Where it stands.
    pub context: Context,
}

/// A loop of the text: a loop operation or a structured operation.
#[derive(Debug, Clone, Copy)]
pub struct TextLoop {
    /// Index of the loop around it.
    pub outer: Option<usize>,
    /// Nesting depth of its body.
    pub depth: usize,
    /// Entries per call of the function.
    pub entries: f64,
    /// Iterations per call of the function.
    pub iterations: f64,
    /// Whether it carries a value from iteration to iteration.
    pub carries: bool,
    /// What its body is.
    pub body: TextBody,
}

/// The body of a loop of the text.
#[derive(Debug, Clone, Copy)]
pub enum TextBody {
    /// Operations.
    Operations {
        /// Whether its trip count is constant.
        is_counted: bool,
    },
    /// Operations, executed once for each element of a structured operation.
    Structured {
        /// Whether its trip count is constant.
        is_counted: bool,
        /// Operands read in each iteration.
        reads: usize,
        /// Results written in each iteration.
        writes: usize,
    },
    /// None: an operation on whole tensors.
    Whole(WholeTensors),
}

/// Work of an operation on whole tensors, over all its executions.
#[derive(Debug, Clone, Copy)]
pub struct WholeTensors {
    /// Floating-point operations.
    pub flops: f64,
    /// Calls of mathematical functions.
    pub transcendentals: f64,
    /// Iterations of the loop nest that it stands for.
    pub iterations: f64,
    /// Whether it reduces.
    pub reduces: bool,
}

/// Machine work of an operation in the optimised function.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Index of the loop in whose body it executes.
    pub loop_index: usize,
    /// Its kind.
    pub kind: WorkKind,
    /// What one execution costs.
    pub cost: MachineCost,
    /// Executions in each iteration of the loop.
    pub weight: f64,
}

/// A collector of what a walk finds; the default of each method ignores it. Loops of the text and of the optimised function are
/// numbered apart, each in the order in which they are reported.
pub trait Collect {
    /// An operation of the text, before what is inside it.
    fn operation(&mut self, _tree: &Tree, _visit: &Visit<'_>) {}
    /// A load or store of the text, behind its operation.
    fn text_access(&mut self, _access: &TextAccess) {}
    /// A loop of the text, before its body.
    fn text_loop(&mut self, _new: &TextLoop) {}
    /// A loop of the optimised function, before what is in it.
    fn optimised_loop(&mut self, _new: &Loop) {}
    /// Machine work, without loads and stores.
    fn work(&mut self, _work: &Work) {}
    /// A live load or store, once if it is repeated.
    fn access(&mut self, _access: &Access) {}
    /// An explicit vector operation in a loop's body.
    fn explicit_vector(&mut self, _loop_index: usize) {}
    /// A loop-carried value.
    fn carried(&mut self, _loop_index: usize, _how: Reduction) {}
    /// A use of a value in a loop that does not change it.
    fn invariant(&mut self, _loop_index: usize, _value: ValueId) {}
    /// An operation on whole tensors; its loop is reported just before. `reads` counts its operands, `element_bits` is the
    /// width of its result's elements, `kind` the kind of its arithmetic.
    fn whole_tensors(&mut self, _work: &WholeTensors, _reads: usize, _element_bits: f64, _kind: WorkKind) {}
}

/// Walks over a function.
pub fn walk(tree: &Tree, analysis: &Analysis, function: OpId, collector: &mut impl Collect) {
    let Some(entry) = tree.entry(function, 0) else { return };
    let blocks = &tree.region(tree.block(entry).region).blocks;
    let operations: Vec<OpId> = blocks.iter().flat_map(|&block| tree.walk_block(block)).collect();
    let first = tree.block(entry).arguments.first().map_or(0, |v| v.index());
    let mut walk = Walk {
        tree,
        function: analysis.function(function),
        collector,
        values: Values::new(first),
        nest: LoopNest::new(operations.len()),
        text_loops: 0,
        positions: Default::default(),
        subscripts: Subscripts::default(),
    };
    walk.find_live(&operations);
    walk.function_body(blocks);
}

struct Walk<'a, C> {
    tree: &'a Tree,
    function: Option<&'a FunctionAnalysis>,
    collector: &'a mut C,
    values: Values,
    nest: LoopNest,
    /// Loops of the text so far.
    text_loops: usize,
    /// Position of each operation with regions in the order of the text.
    positions: std::collections::BTreeMap<OpId, usize>,
    /// Subscripts of the access at hand.
    subscripts: Subscripts,
}

/// What the blocks inside an operation have in common as written.
#[derive(Debug, Clone, Copy)]
struct Inside {
    /// Executions of a block where the text leaves them open.
    guess: f64,
    depth: usize,
    innermost: Option<usize>,
}

impl<C: Collect> Walk<'_, C> {
    /// The pass backwards: uses by live operations, and stores.
    fn find_live(&mut self, operations: &[OpId]) {
        let tree = self.tree;
        for (position, &operation) in operations.iter().enumerate().rev() {
            let node = tree.operation(operation);
            let is_live = node.results.is_empty()
                || !node.regions.is_empty()
                || node.results.iter().any(|&r| self.values.is_used(r));
            if !is_live {
                continue;
            }
            for &operand in &node.operands {
                self.values.entry(operand).uses += 1;
            }
            if !node.regions.is_empty() {
                self.positions.insert(operation, position);
            }
            if let Some(target) = stored_to(tree, operation) {
                self.nest.note_store(access::buffer(tree, target), position);
            }
        }
        self.nest.sort_stores();
    }

    fn executions(&self, block: BlockId, guess: f64) -> f64 {
        counts::executions(self.function, block, guess)
    }

    /// Executions per call of what stands at a placement.
    fn entries(&self, placement: Placement) -> f64 {
        self.nest.get(placement.loop_index).iterations * placement.weight
    }

    fn block(&mut self, block: BlockId, context: Context) {
        let tree = self.tree;
        let mut computed = Computed::default();
        for &operation in &tree.block(block).operations {
            self.operation(operation, context, &mut computed);
        }
    }

    fn operation(&mut self, operation: OpId, context: Context, computed: &mut Computed) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let class = tree.record(operation).features.class;
        let chain = self.extend_chain(operation);
        self.collector.operation(tree, &Visit { class, results: &node.results, chain, context });
        if matches!(class, Class::Load | Class::Store) {
            self.text_access(operation, class, context);
        }
        let inside = self.text_loop(operation, class, context);
        match context.placement {
            None => self.regions(operation, inside, |_, _| None),
            Some(placement) if !node.regions.is_empty() || class == Class::Structured => {
                self.nest(operation, class, placement, inside);
            }
            Some(placement) => self.leaf(operation, class, placement, computed),
        }
    }

    /// Results vary with what their operands vary with, and extend their longest chain; its length.
    fn extend_chain(&mut self, operation: OpId) -> u32 {
        let node = self.tree.operation(operation);
        let (mut text_loop, mut chain) = (0, 0);
        for &operand in &node.operands {
            let facts = self.values.get(operand);
            // Of two loops the one opened later is further in, or they do not contain each other.
            (text_loop, chain) = (text_loop.max(facts.text_loop), chain.max(facts.chain));
        }
        let chain = chain + 1;
        for &result in &node.results {
            let facts = self.values.entry(result);
            (facts.text_loop, facts.chain) = (text_loop, chain);
        }
        chain
    }

    /// Reads the subscripts of a load or store and reports it as written.
    fn text_access(&mut self, operation: OpId, class: Class, context: Context) {
        self.subscripts.read(self.tree, &self.values, operation);
        self.collector.text_access(&TextAccess {
            is_store: class == Class::Store,
            is_memory: self.tree.record(operation).dialect != Dialect::Tensor,
            motion: context.innermost.map(|innermost| self.subscripts.motion(innermost)),
            context,
        });
    }

    /// Reports the loop of the text that an operation is, if it is one; what holds inside the operation.
    fn text_loop(&mut self, operation: OpId, class: Class, context: Context) -> Inside {
        let tree = self.tree;
        let node = tree.operation(operation);
        let outside = Inside { guess: context.executions, depth: context.depth, innermost: context.innermost };
        let is_loop = match class {
            Class::Loop => true,
            Class::Structured if !node.regions.is_empty() => true,
            Class::Structured => {
                if let Some(work) = self.whole_tensors(operation, context.executions) {
                    self.report_text_loop(
                        context,
                        context.depth + 1,
                        work.iterations,
                        work.reduces,
                        TextBody::Whole(work),
                    );
                }
                false
            }
            Class::Branch => return Inside { guess: context.executions / 2.0, ..outside },
            _ => false,
        };
        if !is_loop {
            return outside;
        }
        let guess = context.executions * UNKNOWN_TRIPS;
        let blocks = node.regions.iter().flat_map(|&r| &tree.region(r).blocks);
        let body = blocks.clone().last();
        let iterations = body.map_or(0.0, |&b| self.executions(b, guess));
        let is_counted = body.is_some_and(|&b| self.function.is_some_and(|f| f.trip_counts.block(b).high.is_some()));
        let body = if class == Class::Structured {
            let writes = node.results.len().max(1);
            TextBody::Structured { is_counted, reads: node.operands.len().saturating_sub(writes), writes }
        } else {
            TextBody::Operations { is_counted }
        };
        let depth = context.depth + structured::iterators(tree, operation, class);
        let carries = reduction::carries_as_written(tree, operation, class);
        let index = self.report_text_loop(context, depth, iterations, carries, body);
        if class == Class::Loop {
            for &block in blocks {
                let variables = loops::text_induction_variables(tree, operation, block);
                for &argument in tree.block(block).arguments.iter().take(variables) {
                    self.values.entry(argument).text_loop = index as u32 + 1;
                }
            }
        }
        Inside { guess, depth, innermost: Some(index) }
    }

    fn report_text_loop(
        &mut self,
        context: Context,
        depth: usize,
        iterations: f64,
        carries: bool,
        body: TextBody,
    ) -> usize {
        let (outer, entries) = (context.innermost, context.executions);
        self.collector.text_loop(&TextLoop { outer, depth, entries, iterations, carries, body });
        self.text_loops += 1;
        self.text_loops - 1
    }

    /// The blocks inside an operation; `placement` gives the placement of each.
    fn regions(&mut self, operation: OpId, inside: Inside, placement: impl Fn(&Self, BlockId) -> Option<Placement>) {
        let tree = self.tree;
        for &region in &tree.operation(operation).regions {
            for &block in &tree.region(region).blocks {
                let executions = self.executions(block, inside.guess);
                let placement = placement(self, block);
                let Inside { depth, innermost, .. } = inside;
                self.block(block, Context { executions, depth, innermost, placement });
            }
        }
    }

    /// An operation with regions, or a structured operation.
    fn nest(&mut self, operation: OpId, class: Class, placement: Placement, inside: Inside) {
        let tree = self.tree;
        let node = tree.operation(operation);
        for &operand in &node.operands {
            self.note_use(operand, placement.loop_index);
        }
        match class {
            Class::Structured => self.structured(operation, placement, inside),
            Class::Loop => self.loop_operation(operation, placement, inside),
            _ => {
                let Placement { loop_index, weight } = placement;
                self.collector.work(&Work { loop_index, kind: WorkKind::Branch, cost: MachineCost::SCALAR, weight });
                let around = self.entries(placement);
                self.regions(operation, inside, |walk, block| {
                    let share = walk.executions(block, around / 2.0) / around.max(1.0);
                    Some(Placement { loop_index, weight: weight * share.clamp(0.0, 1.0) })
                });
            }
        }
        for &result in &node.results {
            self.values.evolves(result, Evolution::data(placement.loop_index));
        }
    }

    /// An operation without regions, where it executes in the optimised function.
    fn leaf(&mut self, operation: OpId, class: Class, placement: Placement, computed: &mut Computed) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let is_dead = !node.results.is_empty() && node.results.iter().all(|&r| !self.values.is_used(r));
        if is_dead && class != Class::Call {
            return;
        }
        if matches!(class, Class::Load | Class::Store) {
            return self.access(operation, placement, class == Class::Store, computed);
        }
        let evolution = self.result_evolution(operation);
        let kind = work_kind(tree, operation);
        let is_repeated = kind.is_some() && computed.repeats(tree, operation, false);
        for &result in &node.results {
            self.values.evolves(result, evolution);
        }
        let Some(mut kind) = kind.filter(|_| !is_repeated) else { return };
        if kind == WorkKind::MinMax && has_no_nan(tree, operation) {
            kind = WorkKind::Float;
        }
        if kind == WorkKind::Float && self.is_fused(operation, evolution) {
            return;
        }
        // Hoisted out of the loops that do not change its operands.
        let is_hoisted =
            !matches!(kind, WorkKind::Runtime | WorkKind::Branch) && evolution.varies_in < placement.loop_index;
        let loop_index = if is_hoisted { evolution.varies_in } else { placement.loop_index };
        for &operand in &node.operands {
            self.note_use(operand, loop_index);
        }
        self.collector.work(&Work { loop_index, kind, cost: self.cost(operation, kind), weight: placement.weight });
        if node.results.iter().any(|&v| is_vector(tree, v)) {
            self.collector.explicit_vector(placement.loop_index);
        }
    }

    /// What an operation costs: its widest operand or result counts.
    fn cost(&self, operation: OpId, kind: WorkKind) -> MachineCost {
        let node = self.tree.operation(operation);
        let widths = node.results.iter().chain(&node.operands).map(|&v| VectorWidth::of(self.tree, v));
        let width = widths.fold(VectorWidth::default(), VectorWidth::max);
        MachineCost::new(width, matches!(kind, WorkKind::Call | WorkKind::IntegerDivide))
    }

    /// Reports the use of a value in a loop if the loop does not change it.
    fn note_use(&mut self, value: ValueId, loop_index: usize) {
        if loop_index > 0 && self.values.evolution(value).varies_in < loop_index {
            self.collector.invariant(loop_index, value);
        }
    }

    /// How the results of an operation change.
    fn result_evolution(&self, operation: OpId) -> Evolution {
        let tree = self.tree;
        let node = tree.operation(operation);
        let operand =
            |index: usize| node.operands.get(index).map_or(Evolution::INVARIANT, |&value| self.values.evolution(value));
        let any = || {
            let operands = node.operands.iter().map(|&v| self.values.evolution(v));
            operands.fold(Evolution::INVARIANT, Evolution::combined)
        };
        match tree.record(operation).evaluation {
            Evaluation::Constant if is_constant(tree, operation) => match tree.attribute(operation, "value") {
                Some(AttributeValue::Integer(value, _)) => Evolution::constant(*value as f64),
                _ => Evolution::INVARIANT,
            },
            Evaluation::Add => operand(0).plus(operand(1)),
            Evaluation::Sub => operand(0).plus(operand(1).times(Evolution::constant(-1.0))),
            Evaluation::Mul => operand(0).times(operand(1)),
            Evaluation::IndexCast | Evaluation::Extend | Evaluation::Truncate => operand(0),
            Evaluation::AffineApply => match tree.attribute(operation, "map") {
                Some(AttributeValue::AffineMap(map)) => {
                    let names: Vec<_> = node.operands.iter().map(|&v| self.values.get(v).into()).collect();
                    map.results.first().map_or_else(any, |r| evaluate(r, map.dimensions, &names).evolution)
                }
                _ => any(),
            },
            _ => any(),
        }
    }

    /// Whether a sum is fused with a product that is its operand and has no other use.
    fn is_fused(&self, operation: OpId, evolution: Evolution) -> bool {
        let tree = self.tree;
        let part = |operation| tree.record(operation).features.fused;
        if part(operation) != FusedPart::Sum || !may_contract(tree, operation) {
            return false;
        }
        tree.operation(operation).operands.iter().any(|&value| {
            let Definition::Result { operation: product, .. } = tree.value(value).definition else { return false };
            let facts = self.values.get(value);
            part(product) == FusedPart::Product
                && may_contract(tree, product)
                && facts.uses == 1
                && facts.evolution.varies_in == evolution.varies_in
        })
    }

    /// A live load or store, whose subscripts have been read.
    fn access(&mut self, operation: OpId, placement: Placement, is_store: bool, computed: &mut Computed) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let Some(accessed) = self.subscripts.accessed else { return };
        let shaped = node.operands[accessed];
        let stored = node.operands.first().copied();
        let data = if is_store { stored } else { node.results.first().copied() };
        let width = data.map_or(VectorWidth::default(), |v| VectorWidth::of(tree, v));
        let crosses_rows = access::crosses_rows(tree, operation);
        let Placement { loop_index, weight } = placement;
        for &operand in node.operands.iter().take(if is_store { accessed } else { 0 }) {
            self.note_use(operand, loop_index);
        }
        if width.bits > 0.0 {
            self.collector.explicit_vector(loop_index);
        }
        let access = Access {
            buffer: access::buffer(tree, shaped),
            loop_index,
            address: access::address(tree, tree.value(shaped).ty, &self.subscripts.list),
            is_store,
            cost: MachineCost::new(width, crosses_rows),
            crosses_rows,
            value_hash: if is_store { stored.map_or(0, |v| value_hash(tree, v)) } else { 0 },
            weight,
            is_masked: access::is_masked(tree, operation),
            element_bits: lanes::element_bits_or_default(tree, shaped),
            is_sub_byte: lanes::is_sub_byte(tree, shaped),
        };
        if is_store {
            computed.store();
            self.carried_in_memory(stored, &access);
            self.collector.access(&access);
            return;
        }
        let varies_in = self.nest.varies_in(loop_index, access.buffer, access.address.varies_in);
        let is_repeated = computed.repeats(tree, operation, true);
        for &result in &node.results {
            self.values.evolves(result, Evolution::data(varies_in));
        }
        if !is_repeated {
            self.collector.access(&access);
        }
    }

    /// Reports what a store to a loop-invariant address carries from iteration to iteration.
    fn carried_in_memory(&mut self, stored: Option<ValueId>, access: &Access) {
        if access.is_invariant() {
            let how = stored.map_or(Reduction::Recurrence, |v| Reduction::of(self.tree, &self.values, v, None));
            self.collector.carried(access.loop_index, how);
        }
    }

    /// Opens a loop of the optimised function for an operation; its index.
    fn open_loop(&mut self, operation: OpId, parent: usize, iterations: f64, entries: f64) -> usize {
        let tree = self.tree;
        let from = self.positions.get(&operation).copied().unwrap_or(0);
        let blocks = tree.operation(operation).regions.iter().flat_map(|&r| &tree.region(r).blocks);
        let inside: usize = blocks.map(|&b| tree.walk_block(b).count()).sum();
        self.open_loop_over((from, from + 1 + inside), parent, iterations, entries)
    }

    /// Opens a loop over the operations at the positions of a span; its index.
    fn open_loop_over(&mut self, span: (usize, usize), parent: usize, iterations: f64, entries: f64) -> usize {
        let index = self.nest.add(parent, iterations, entries, span);
        self.collector.optimised_loop(self.nest.get(index));
        index
    }
}

/// The tensor or memref that an operation writes.
fn stored_to(tree: &Tree, operation: OpId) -> Option<ValueId> {
    let operands = &tree.operation(operation).operands;
    match tree.record(operation).features.class {
        Class::Store => operands.iter().copied().rfind(|&v| is_shaped(tree, v)),
        Class::Structured => operands.last().copied(),
        _ => None,
    }
}
