//! The kernels that the mapping makes of a function: which loops run in parallel, and what is left on the host.
//!
//! The outermost parallel loops ([`Loops::is_parallel`]) become kernels, with the parallel loops that are perfectly nested in them.
//! Structured operations are loops of their iterators.

use std::collections::BTreeSet;

use ir::analysis::{Analysis, FunctionAnalysis};
use ir::registry::facts::{Dialect, LoopForm};
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AttributeValue, BlockId, OpId, Tree, Type, ValueId};

use super::dependence::Loops;
use crate::features::{form, is_shaped, structure};
use crate::linear::linear;

/// Deepest nest of loops that is looked into.
const DEEPEST: usize = 32;

/// One kernel.
#[derive(Debug)]
pub(super) struct Nest {
    /// The operation that it is made from: a loop or a structured operation.
    pub operation: OpId,
    /// Iterations of its parallel loops, outermost first; `None` where they are not constant.
    pub iterations: Vec<Option<u64>>,
    /// Counters of these loops; none for a structured operation.
    pub counters: Vec<ValueId>,
    /// Launches per call of the function.
    pub launches: f64,
    /// What a thread executes: the body of the innermost parallel loop.
    pub body: BlockId,
}

/// The kernels of a function, and what keeps it from being mapped.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    /// Kernels in the order of the text.
    pub nests: Vec<Nest>,
    /// The first operation on memory that no kernel holds.
    pub outside: Option<OpId>,
    /// The first kernel or launch that the text has itself.
    pub written: Option<OpId>,
}

struct Finder<'a> {
    tree: &'a Tree,
    function: &'a FunctionAnalysis,
    loops: Loops<'a>,
    found: Mapped,
}

/// Maps a function with a body.
pub(super) fn map(analysis: &Analysis<'_>, function: OpId) -> Mapped {
    let tree = analysis.tree();
    let (Some(entry), Some(counts)) = (tree.entry(function, 0), analysis.function(function)) else {
        return Mapped::default();
    };
    let loops = Loops::of(tree, function, entry, counts);
    let mut finder = Finder { tree, function: counts, loops, found: Mapped::default() };
    for &block in &tree.region(tree.block(entry).region).blocks {
        finder.host(block, 1.0, 0);
    }
    finder.found
}

/// Whether the iterator types of a structured operation are parallel, outermost first; `None` for other operations.
fn iterators(tree: &Tree, operation: OpId) -> Option<Vec<bool>> {
    if tree.record(operation).dialect != Dialect::Linalg || tree.operation(operation).regions.is_empty() {
        return None;
    }
    let Some(AttributeValue::Array(types)) = tree.attribute(operation, "iterator_types") else { return None };
    let is_parallel = |kind: &AttributeValue| match kind {
        AttributeValue::Other(text) | AttributeValue::String(text) => text.contains("parallel"),
        _ => false,
    };
    Some(types.iter().map(is_parallel).collect())
}

impl Finder<'_> {
    /// Operations on the host.
    fn host(&mut self, block: BlockId, launches: f64, depth: usize) {
        let tree = self.tree;
        if depth > DEEPEST {
            return;
        }
        for &operation in &tree.block(block).operations {
            let node = tree.operation(operation);
            let class = tree.record(operation).features.class;
            if tree.record(operation).dialect == Dialect::Gpu {
                self.found.written.get_or_insert(operation);
            }
            if let Some(kinds) = iterators(tree, operation) {
                self.structured(operation, &kinds, launches);
            } else if class == Class::Loop {
                self.host_loop(operation, launches, depth);
            } else if !node.regions.is_empty() {
                for &region in &node.regions {
                    for &block in &tree.region(region).blocks {
                        let executions = self.executions(block).unwrap_or(launches);
                        self.host(block, executions.min(launches), depth + 1);
                    }
                }
            } else if matches!(class, Class::Load | Class::Store | Class::Call | Class::Unknown) {
                self.found.outside.get_or_insert(operation);
            }
        }
    }

    /// Executions of a block per call of the function, where they are known.
    fn executions(&self, block: BlockId) -> Option<f64> {
        self.function.trip_counts.block(block).high.map(|high| high as f64)
    }

    fn host_loop(&mut self, operation: OpId, launches: f64, depth: usize) {
        let tree = self.tree;
        if self.loops.trips(operation) != Some(1) && self.loops.is_parallel(operation) {
            return self.kernel(operation, launches);
        }
        for &region in &tree.operation(operation).regions {
            for &block in &tree.region(region).blocks {
                let executions = self.executions(block).unwrap_or(launches);
                self.host(block, executions, depth + 1);
            }
        }
    }

    /// The kernel of a parallel loop: perfectly nested parallel loops are one.
    fn kernel(&mut self, operation: OpId, launches: f64) {
        let tree = self.tree;
        let (mut iterations, mut counters) = (Vec::new(), Vec::new());
        let mut next = Some(operation);
        let mut body = None;
        while let Some(operation) = next.take() {
            let Some(block) = tree.entry(operation, 0) else { break };
            body = Some(block);
            if self.loops.trips(operation) != Some(1) {
                let variables = self.variables(operation, block);
                let own = self.extents_of(operation, variables.len());
                iterations.extend(own);
                counters.extend(variables);
            }
            if let Some(inner) = self.only_loop(block)
                && (self.loops.trips(inner) == Some(1) || self.loops.is_parallel(inner))
                && !self.bounds_use(inner, &counters)
            {
                next = Some(inner);
            }
        }
        let Some(body) = body else { return };
        self.found.nests.push(Nest { operation, iterations, counters, launches, body });
    }

    fn variables(&self, operation: OpId, block: BlockId) -> Vec<ValueId> {
        let arguments = &self.tree.block(block).arguments;
        let count = match form(self.tree, operation) {
            Some(LoopForm::Forall) => self
                .tree
                .attribute(operation, "staticUpperBound")
                .and_then(|bounds| if let AttributeValue::DenseArray(_, all) = bounds { Some(all.len()) } else { None })
                .unwrap_or(arguments.len()),
            Some(form) if form.has_several_variables() => arguments.len(),
            _ => 1,
        };
        arguments.iter().take(count).copied().collect()
    }

    /// Iterations of the loops of an operation. Those of one with several variables are known by their product, which counts as
    /// those of the innermost.
    fn extents_of(&self, operation: OpId, variables: usize) -> Vec<Option<u64>> {
        let all = self.loops.trips(operation);
        if variables <= 1 {
            return vec![all];
        }
        let each: Option<Vec<Option<u64>>> = match self.tree.attribute(operation, "staticUpperBound") {
            Some(AttributeValue::DenseArray(_, bounds)) if bounds.len() == variables => {
                Some(bounds.iter().map(|&bound| (bound >= 0.0).then_some(bound as u64)).collect())
            }
            _ => self.parallel_extents(operation, variables),
        };
        each.unwrap_or_else(|| (0..variables).map(|at| if at + 1 == variables { all } else { Some(1) }).collect())
    }

    /// Iterations of each loop of an `scf.parallel` with constant bounds and steps.
    fn parallel_extents(&self, operation: OpId, variables: usize) -> Option<Vec<Option<u64>>> {
        if form(self.tree, operation) != Some(LoopForm::Parallel) {
            return None;
        }
        let operands = &self.tree.operation(operation).operands;
        let constant = |at: usize| {
            let value = linear(self.tree, *operands.get(at)?);
            value.terms.is_empty().then_some(value.constant)
        };
        let extent = |at: usize| {
            let (low, high, step) = (constant(at)?, constant(variables + at)?, constant(2 * variables + at)?);
            let distance = u64::try_from(high.checked_sub(low)?.max(0)).ok()?;
            distance.checked_add(u64::try_from(step).ok()?.checked_sub(1)?)?.checked_div(u64::try_from(step).ok()?)
        };
        Some((0..variables).map(extent).collect())
    }

    /// The loop of a block that has nothing else but index arithmetic.
    fn only_loop(&self, block: BlockId) -> Option<OpId> {
        let tree = self.tree;
        let mut only = None;
        for &operation in &tree.block(block).operations {
            let record = tree.record(operation);
            let is_index = record.is_constant()
                || record.is_terminator
                || tree.operation(operation).results.iter().all(|&v| {
                    matches!(tree.value_type(v), Type::Index) && tree.operation(operation).regions.is_empty()
                }) && record.features.class == Class::Integer;
            if is_index {
                continue;
            }
            if record.features.class != Class::Loop || only.is_some() {
                return None;
            }
            only = Some(operation);
        }
        only
    }

    /// Whether the bounds of a loop depend on some of these values.
    fn bounds_use(&self, operation: OpId, counters: &[ValueId]) -> bool {
        let operands = &self.tree.operation(operation).operands;
        let uses = |&value: &ValueId| linear(self.tree, value).terms.keys().any(|value| counters.contains(value));
        operands.iter().any(uses)
    }

    /// The kernel of a structured operation: leading reductions run on the host, the parallel loops behind them are its threads.
    fn structured(&mut self, operation: OpId, kinds: &[bool], launches: f64) {
        let extents = structure(self.tree, operation).map_or_else(|| vec![None; kinds.len()], |found| found.trips);
        let loops = || kinds.iter().zip(&extents).filter(|(_, extent)| **extent != Some(1));
        let around = loops().take_while(|(parallel, _)| !**parallel).count();
        let repeated: f64 =
            loops().take(around).map(|(_, extent)| extent.map_or(1.0, |extent| extent as f64)).product();
        let iterations: Vec<Option<u64>> =
            loops().skip(around).take_while(|(parallel, _)| **parallel).map(|(_, extent)| *extent).collect();
        let Some(body) = self.tree.entry(operation, 0) else { return };
        if kinds.is_empty() && self.is_constant(operation) {
            return;
        }
        if iterations.is_empty() {
            // One element, or a reduction of everything.
            self.found.outside.get_or_insert(operation);
            return;
        }
        let launches = launches * repeated;
        self.found.nests.push(Nest { operation, iterations, counters: Vec::new(), launches, body });
    }

    /// Whether all inputs of a structured operation without loops come from constants through such operations.
    fn is_constant(&self, operation: OpId) -> bool {
        let tree = self.tree;
        let (mut seen, mut left) = (BTreeSet::new(), vec![operation]);
        while let Some(operation) = left.pop() {
            if !seen.insert(operation) {
                continue;
            }
            let node = tree.operation(operation);
            let inputs = node.operands.len().saturating_sub(node.results.len());
            for &value in &node.operands[..inputs] {
                let Some(definer) = tree.definer(value) else {
                    if is_shaped(tree, value) {
                        return false;
                    }
                    continue;
                };
                if iterators(tree, definer).is_some_and(|kinds| kinds.is_empty()) {
                    left.push(definer);
                } else if is_shaped(tree, value) && !tree.record(definer).is_constant() {
                    return false;
                }
            }
        }
        true
    }
}
