//! Execution counts of blocks and loops, per call of the function.
//!
//! Loops with constant bounds (`affine`, `scf`, a counted `scf.while`, loops of branches) are counted by their
//! bounds, bodies of structured operations (`linalg`, `stablehlo`, `tensor`) by their iteration space. Bounds that
//! depend on outer induction variables (triangular nests, tiles) give exact counts: in closed form if the bounds are made of
//! sums, multiples, quotients, remainders, minima and maxima, whatever the number of iterations, else by enumeration
//! of up to [`MAX_VISITS`] iterations. Beyond that, and for branches on unknown conditions, counts are ranges. Counts
//! that depend on run-time values are unknown, with a reason.

mod nest;
mod progression;

use super::branches::{self, BranchLoop};
use super::dense::{Contents, Dense};
use super::evaluate::{Environment, Interval};
use super::induction::{Variable, all_values, trips};
use super::known::Known;
use super::range::Range;
use super::size::elements;
use super::{Reason, Unknown, space};
use crate::registry::facts::{BranchForm, LoopForm, RegionExecution};
use crate::tree::{AffineMap, AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

/// Most visits of blocks for loops whose bounds depend on outer induction variables.
pub const MAX_VISITS: usize = 1 << 18;

/// Executions of a function's blocks, per call.
#[derive(Debug, Clone)]
pub struct TripCounts {
    blocks: Dense<Range>,
    loops: Vec<Loop>,
    branch_loops: Vec<BranchLoop>,
    unknowns: Vec<Unknown>,
}

/// A loop of `affine` or `scf`, or one of `stablehlo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// The operation.
    pub operation: OpId,
    /// Entries, per call of the function.
    pub entries: Range,
    /// Trip count: iterations of one entry, smallest to largest.
    pub trips: Range,
    /// Iterations in all, per call of the function.
    pub iterations: Range,
}

impl TripCounts {
    /// Counts the executions of everything in a function (or in any operation with regions).
    #[must_use]
    pub fn of(tree: &Tree, function: OpId) -> Self {
        Self::assuming(tree, function, &Known::default())
    }

    pub(super) fn assuming(tree: &Tree, function: OpId, known: &Known) -> Self {
        Walk::run(tree, function, known, true).counts
    }

    /// Executions of a block; none for one outside the function.
    #[must_use]
    pub fn block(&self, block: BlockId) -> Range {
        self.blocks.get(block.index()).copied().unwrap_or(Range::ZERO)
    }

    /// Executions of an operation.
    #[must_use]
    pub fn operation(&self, tree: &Tree, operation: OpId) -> Range {
        self.block(tree.operation(operation).block)
    }

    /// The loops in the order of the text.
    #[must_use]
    pub fn loops(&self) -> &[Loop] {
        &self.loops
    }

    /// The loops made of branches between blocks, outer ones first.
    #[must_use]
    pub fn branch_loops(&self) -> &[BranchLoop] {
        &self.branch_loops
    }

    /// What could not be counted, and why; each operation once.
    #[must_use]
    pub fn unknowns(&self) -> &[Unknown] {
        &self.unknowns
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    known: &'a Known,
    environment: Environment<'a>,
    /// Values that bounds and conditions depend on.
    matters: Dense<bool>,
    /// Operations with regions, by block.
    controls: Dense<Option<Box<[OpId]>>>,
    /// Blocks visited.
    worked: usize,
    /// Whether loops are counted in closed form.
    closed_form: bool,
    /// Loops for which a variable that matters stood for all its values: counts inside are ranges.
    loose: usize,
    loop_of: Dense<Option<usize>>,
    /// Operations with an entry in `unknowns`.
    reported: Dense<bool>,
    counts: TripCounts,
}

impl<'a> Walk<'a> {
    /// Walks over a function.
    fn run(tree: &'a Tree, function: OpId, known: &'a Known, closed_form: bool) -> Self {
        let contents = Contents::of(tree, function);
        let mut walk = Walk {
            tree,
            known,
            environment: Environment::new(tree, contents.per_value(None)),
            matters: contents.per_value(false),
            controls: contents.per_block(None),
            worked: 0,
            closed_form,
            loose: 0,
            loop_of: contents.per_operation(None),
            reported: contents.per_operation(false),
            counts: TripCounts {
                blocks: contents.per_block(Range::ZERO),
                loops: Vec::new(),
                branch_loops: Vec::new(),
                unknowns: Vec::new(),
            },
        };
        known.values.iter().for_each(|(&value, &interval)| walk.environment.set(value, Some(interval)));
        walk.mark(&contents);
        walk.regions(function, Range::ONE);
        walk
    }

    /// Finds the values that bounds and conditions depend on, last use first.
    fn mark(&mut self, contents: &Contents) {
        let tree = self.tree;
        for &operation in contents.operations.iter().rev() {
            let node = tree.operation(operation);
            if tree.record(operation).decides_execution || node.results.iter().any(|&r| self.matters(r)) {
                for operand in &node.operands {
                    if let Some(matters) = self.matters.get_mut(operand.index()) {
                        *matters = true;
                    }
                }
            }
        }
    }

    fn matters(&self, value: ValueId) -> bool {
        self.matters.get(value.index()).copied().unwrap_or(false)
    }

    fn unknown(&mut self, operation: OpId, reason: Reason) {
        match self.reported.get_mut(operation.index()) {
            Some(reported) if *reported => return,
            Some(reported) => *reported = true,
            // The function itself.
            None if self.counts.unknowns.iter().any(|u| u.operation == operation) => return,
            None => {}
        }
        self.counts.unknowns.push(Unknown { operation, reason });
    }

    /// Visits all regions of an operation, each executed `executions` times.
    fn regions(&mut self, operation: OpId, executions: Range) {
        for index in 0..self.tree.operation(operation).regions.len() {
            self.region(operation, index, executions);
        }
    }

    fn region(&mut self, operation: OpId, index: usize, executions: Range) {
        let tree = self.tree;
        let Some(&region) = tree.operation(operation).regions.get(index) else { return };
        let blocks = &tree.region(region).blocks;
        match blocks.as_slice() {
            [] => {}
            [only] => self.block(*only, executions),
            [entry, others @ ..] => {
                if let Some((counts, loops)) = branches::count(tree, blocks, executions, &mut self.environment) {
                    if counts.iter().any(|count| count.high.is_none()) {
                        self.unknown(operation, Reason::ControlFlow);
                    } else if counts.iter().any(|count| count.value().is_none()) {
                        self.unknown(operation, Reason::Branch);
                    }
                    for (&block, &count) in blocks.iter().zip(&counts) {
                        self.block(block, count);
                    }
                    self.counts.branch_loops.extend(loops);
                    return;
                }
                self.unknown(operation, Reason::ControlFlow);
                // A branch can target any block but the entry.
                self.block(*entry, executions);
                for &block in others {
                    self.block(block, if executions == Range::ZERO { Range::ZERO } else { Range::UNKNOWN });
                }
            }
        }
    }

    fn block(&mut self, block: BlockId, executions: Range) {
        self.worked += 1;
        let tree = self.tree;
        let (Some(count), Some(controls)) =
            (self.counts.blocks.get_mut(block.index()), self.controls.get_mut(block.index()))
        else {
            return;
        };
        *count += executions;
        let controls = controls.take().unwrap_or_else(|| {
            let with_regions = |op: &&OpId| !tree.operation(**op).regions.is_empty();
            tree.block(block).operations.iter().filter(with_regions).copied().collect()
        });
        for &operation in &controls {
            self.control(operation, executions);
        }
        if let Some(kept) = self.controls.get_mut(block.index()) {
            *kept = Some(controls);
        }
    }

    fn control(&mut self, operation: OpId, executions: Range) {
        let tree = self.tree;
        let regions = tree.record(operation).regions;
        match regions {
            RegionExecution::Loop(form) if form.is_while() => self.conditional_loop(operation, executions),
            RegionExecution::Loop(form) => {
                let variables = self.variables(operation, form);
                self.turn(operation, &variables, executions);
            }
            RegionExecution::Branch(BranchForm::If | BranchForm::AffineIf) => {
                let operands = &tree.operation(operation).operands;
                let holds = match tree.attribute(operation, "condition") {
                    Some(AttributeValue::AffineSet(set)) => self.environment.contains(set, operands),
                    _ => operands.first().and_then(|&c| self.environment.condition(c)),
                };
                let (yes, no) = match holds {
                    Some(true) => (executions, Range::ZERO),
                    Some(false) => (Range::ZERO, executions),
                    None => {
                        self.unknown(operation, Reason::Branch);
                        (executions.at_most(), executions.at_most())
                    }
                };
                self.region(operation, 0, yes);
                self.region(operation, 1, no);
            }
            RegionExecution::Branch(BranchForm::Other) => {
                self.unknown(operation, Reason::Branch);
                self.regions(operation, executions.at_most());
            }
            _ => match self.points(operation) {
                Some(points) => {
                    if points.high.is_none() {
                        self.unknown(operation, Reason::Shape);
                    }
                    self.regions(operation, executions * points);
                }
                None => {
                    self.unknown(operation, Reason::Region);
                    self.regions(operation, if executions == Range::ZERO { executions } else { Range::UNKNOWN });
                }
            },
        }
    }

    /// A loop with a condition: counted where its condition compares a counter with a bound, else unknown.
    fn conditional_loop(&mut self, operation: OpId, executions: Range) {
        if let Some(variable) = self.counted(operation) {
            let iterations = self.turn(operation, &[variable], executions);
            // The condition is evaluated once more than the body.
            self.region(operation, 0, iterations + executions);
            return;
        }
        let index = self.loop_index(operation);
        if let Some(&trips) = self.known.trips.get(&operation) {
            let iterations = executions * trips;
            let this = &mut self.counts.loops[index];
            this.trips = if this.trips == NOT_YET { trips } else { this.trips.hull(trips) };
            this.entries += executions;
            this.iterations += iterations;
            self.region(operation, 0, iterations + executions);
            self.region(operation, 1, iterations);
            return;
        }
        self.counts.loops[index].entries += executions;
        self.counts.loops[index].trips = Range::UNKNOWN;
        self.counts.loops[index].iterations = Range::UNKNOWN;
        self.unknown(operation, Reason::While);
        // The condition is evaluated once more than the body.
        let some = if executions == Range::ZERO { Range::ZERO } else { Range::UNKNOWN };
        self.region(operation, 0, Range { low: executions.low, ..some });
        self.region(operation, 1, some);
    }

    /// Visits a loop that is entered `executions` times; returns all iterations.
    fn turn(&mut self, operation: OpId, variables: &[Variable], executions: Range) -> Range {
        let index = self.loop_index(operation);
        self.counts.loops[index].entries += executions;
        let trips = self.iterate(operation, variables, executions, Range::ONE);
        let this = &mut self.counts.loops[index];
        this.trips = if this.trips == NOT_YET { trips } else { this.trips.hull(trips) };
        let iterations = executions * trips;
        this.iterations += iterations;
        if trips.high.is_none() {
            self.unknown(operation, Reason::Bounds);
        }
        iterations
    }

    /// The induction variable of a counted `while`: its condition compares an argument with a bound, and its body yields that argument plus
    /// a constant. The condition of `scf` passes its arguments on to the body, that of `stablehlo` shares them with it.
    fn counted(&self, operation: OpId) -> Option<Variable> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let (before, after) = (tree.entry(operation, 0)?, tree.entry(operation, 1)?);
        let decision = tree.operation(*tree.block(before).operations.last()?);
        let (condition, passed) = decision.operands.split_first()?;
        let (argument, bound) = branches::below(tree, *condition)?;
        let Definition::Argument { block, index } = tree.value(argument).definition else { return None };
        let place =
            if passed.is_empty() { index as usize } else { passed.iter().position(|&value| value == argument)? };
        let variable = *tree.block(after).arguments.get(place)?;
        let yielded = tree.operation(*tree.block(after).operations.last()?).operands.get(index as usize)?;
        (block == before).then_some(Variable {
            value: Some(variable),
            lower: self.environment.value(*node.operands.get(index as usize)?),
            upper: self.environment.value(bound),
            step: Some(Interval::exact(branches::added(tree, *yielded, variable)?)),
        })
    }

    fn loop_index(&mut self, operation: OpId) -> usize {
        let loops = &mut self.counts.loops;
        let known = self.loop_of.get_mut(operation.index()).expect("operations inside the function are covered");
        *known.get_or_insert_with(|| {
            loops.push(Loop { operation, entries: Range::ZERO, trips: NOT_YET, iterations: Range::ZERO });
            loops.len() - 1
        })
    }

    /// Visits the body for all values of the variables; returns the iterations of one entry.
    fn iterate(&mut self, operation: OpId, variables: &[Variable], executions: Range, so_far: Range) -> Range {
        let Some((variable, rest)) = variables.split_first() else {
            // The body of a `while` is its second region.
            let regions = self.tree.record(operation).regions;
            let body = usize::from(matches!(regions, RegionExecution::Loop(form) if form.is_while()));
            self.region(operation, body, executions * so_far);
            return so_far;
        };
        let trips = self.trips_of(operation, variable);
        let decides = variable.value.is_some_and(|v| self.matters(v));
        if decides
            && self.closed_form
            && let Some(all) = self.progression(operation, variable, rest, trips, executions * so_far)
        {
            return so_far * all;
        }
        if let (true, Some(count), Some(first), Some(step)) =
            (decides, trips.value(), variable.lower.and_then(Interval::value), variable.step.and_then(Interval::value))
            && count <= MAX_VISITS.saturating_sub(self.worked) as u128
        {
            let mut all = Range::ZERO;
            for k in 0..count {
                let value = i128::try_from(k).ok().and_then(|k| k.checked_mul(step)?.checked_add(first));
                self.assign(variable, value.map(Interval::exact));
                all += self.iterate(operation, rest, executions, so_far);
            }
            return all;
        }
        self.loose += usize::from(decides && trips != Range::ZERO && trips != Range::ONE);
        self.assign(variable, all_values(variable, trips));
        self.iterate(operation, rest, executions, so_far * trips)
    }

    /// Trip count of a loop over a variable: by its bounds, or as assumed where these leave it open.
    fn trips_of(&self, operation: OpId, variable: &Variable) -> Range {
        let counted = trips(variable);
        let assumed = || self.known.trips.get(&operation).copied().unwrap_or(counted);
        if counted.high.is_some() { counted } else { assumed() }
    }

    fn assign(&mut self, variable: &Variable, value: Option<Interval>) {
        if let Some(name) = variable.value {
            self.environment.set(name, value);
        }
    }

    /// The variables of a loop with their bounds, outermost first.
    fn variables(&self, operation: OpId, form: LoopForm) -> Vec<Variable> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let arguments = tree.entry(operation, 0).map_or(&[][..], |b| &tree.block(b).arguments);
        let name = |index: usize| arguments.get(index).copied();
        let map = |name: &str| match tree.attribute(operation, name) {
            Some(AttributeValue::AffineMap(map)) => Some(map),
            _ => None,
        };
        let operand = |index: usize| node.operands.get(index).and_then(|&v| self.environment.value(v));
        let bounds = |lower: &AffineMap, upper: &AffineMap| {
            let split = ((lower.dimensions + lower.symbols) as usize).min(node.operands.len());
            let end = (split + (upper.dimensions + upper.symbols) as usize).min(node.operands.len());
            (&node.operands[..split], &node.operands[split..end])
        };
        let open = Variable { value: None, lower: None, upper: None, step: None };
        match form {
            LoopForm::AffineFor => {
                let (Some(lower), Some(upper)) = (map("lowerBoundMap"), map("upperBoundMap")) else {
                    return vec![open];
                };
                let (low, high) = bounds(lower, upper);
                vec![Variable {
                    value: name(0),
                    lower: self.environment.extreme(lower, low, true),
                    upper: self.environment.extreme(upper, high, false),
                    step: integer(tree.attribute(operation, "step")),
                }]
            }
            LoopForm::AffineParallel => {
                let (Some(lower), Some(upper)) = (map("lowerBoundsMap"), map("upperBoundsMap")) else {
                    return vec![open];
                };
                let Some(AttributeValue::Array(steps)) = tree.attribute(operation, "steps") else { return vec![open] };
                if lower.results.len() != steps.len() || upper.results.len() != steps.len() {
                    // Several bounds for one variable.
                    return vec![open];
                }
                let (low, high) = bounds(lower, upper);
                let (low, high) = (self.environment.map(lower, low), self.environment.map(upper, high));
                (0..steps.len())
                    .map(|i| Variable { value: name(i), lower: low[i], upper: high[i], step: integer(Some(&steps[i])) })
                    .collect()
            }
            LoopForm::For => vec![Variable { value: name(0), lower: operand(0), upper: operand(1), step: operand(2) }],
            LoopForm::Parallel => {
                let count = arguments.len();
                (0..count)
                    .map(|i| Variable {
                        value: name(i),
                        lower: operand(i),
                        upper: operand(count + i),
                        step: operand(2 * count + i),
                    })
                    .collect()
            }
            LoopForm::Forall => self.forall(operation),
            LoopForm::While | LoopForm::GraphWhile => vec![open],
        }
    }

    /// Bounds of `scf.forall`: integers in attributes; `i64::MIN` stands for the next operand.
    fn forall(&self, operation: OpId) -> Vec<Variable> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let arguments = tree.entry(operation, 0).map_or(&[][..], |b| &tree.block(b).arguments);
        let mut operands = node.operands.iter();
        let mut bounds = |name: &str| -> Vec<Option<Interval>> {
            let Some(AttributeValue::DenseArray(_, values)) = tree.attribute(operation, name) else {
                return Vec::new();
            };
            let dynamic = i64::MIN as f64;
            let value = |&v: &f64| {
                if v == dynamic {
                    operands.next().and_then(|&o| self.environment.value(o))
                } else {
                    Some(Interval::exact(v as i128))
                }
            };
            values.iter().map(value).collect()
        };
        let (lower, upper, step) = (bounds("staticLowerBound"), bounds("staticUpperBound"), bounds("staticStep"));
        let at = |all: &[Option<Interval>], i: usize| all.get(i).copied().flatten();
        (0..upper.len().max(1))
            .map(|i| Variable {
                value: arguments.get(i).copied(),
                lower: at(&lower, i),
                upper: at(&upper, i),
                step: at(&step, i),
            })
            .collect()
    }

    /// Executions of an operation's regions for one execution of it; `None` where not known.
    fn points(&self, operation: OpId) -> Option<Range> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let result = || node.results.first().map(|&r| elements(tree, tree.value(r).ty));
        let elements_of = |value: Option<&ValueId>| value.map(|&v| elements(tree, tree.value(v).ty));
        match tree.record(operation).regions {
            RegionExecution::Structured => Some(space::points(tree, operation).unwrap_or(Range::UNKNOWN)),
            RegionExecution::Once | RegionExecution::OnceHeld => Some(Range::ONE),
            RegionExecution::PerResult => result(),
            // Executed for elements of the padding only.
            RegionExecution::Padding => Some(result()?.at_most()),
            RegionExecution::PerFirstOperand => elements_of(node.operands.first()),
            RegionExecution::PerLastOperand => elements_of(node.operands.last()),
            RegionExecution::Window => {
                let Some(AttributeValue::DenseArray(_, window)) = tree.attribute(operation, "window_dimensions") else {
                    return None;
                };
                Some(window.iter().fold(result()?, |n, &w| n * Range::from(w as u64)))
            }
            RegionExecution::Unknown
            | RegionExecution::Repeated
            | RegionExecution::Loop(_)
            | RegionExecution::Branch(_) => None,
        }
    }
}

const NOT_YET: Range = Range { low: 1, high: Some(0) };

fn integer(attribute: Option<&AttributeValue>) -> Option<Interval> {
    match attribute? {
        AttributeValue::Integer(value, _) => Some(Interval::exact(*value)),
        _ => None,
    }
}
