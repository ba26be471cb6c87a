//! The loops that a walk comes to: those of `affine` and `scf`, those made of branches, and those in structured
//! operations.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::{BranchLoop, added};
use ir::tree::{AttributeValue, BlockId, OpId, ValueId};

use super::access::{Access, Course, address, evaluate, root};
use super::kind::{Carried, Kind, narrow};
use super::level::{Level, Machine};
use super::structured::structure;
use super::walk::{Frame, Walk, is_shaped};
use crate::features::extract::{UNKNOWN_TRIPS, count};

impl Walk<'_> {
    /// Notes a loop over the operations between two places; its level.
    fn enter(&mut self, parent: usize, iterations: f64, entries: f64, span: (usize, usize)) -> usize {
        self.levels[parent].has_inner = true;
        self.levels.push(Level::new(parent, iterations, entries));
        self.spans.push(span);
        self.levels.len() - 1
    }

    /// Notes a loop that an operation is.
    fn open(&mut self, operation: OpId, parent: usize, iterations: f64, entries: f64) -> usize {
        let from = self.places.get(&operation).copied().unwrap_or(0);
        let node = self.tree.operation(operation);
        let inside: usize = node
            .regions
            .iter()
            .flat_map(|&r| &self.tree.region(r).blocks)
            .map(|&b| self.tree.walk_block(b).count())
            .sum();
        self.enter(parent, iterations, entries, (from, from + 1 + inside))
    }

    /// Blocks that branch to each other, and the loops that they make.
    pub(super) fn branches(&mut self, blocks: &[BlockId]) {
        let tree = self.tree;
        let analysis = self.analysis;
        let loops = analysis.function(self.function).map_or(&[][..], |f| f.trip_counts.branch_loops());
        let mut starts: BTreeMap<BlockId, usize> = BTreeMap::new();
        let mut place = 0;
        for &block in blocks {
            starts.insert(block, place);
            place += tree.walk_block(block).count();
        }
        let start = |block: BlockId| starts.get(&block).copied().unwrap_or(0);
        let mut inside: BTreeMap<BlockId, usize> = BTreeMap::new();
        for own in loops {
            let parent = inside.get(&own.header).copied().unwrap_or(0);
            let from = own.blocks.iter().map(|&b| start(b)).min().unwrap_or(0);
            let to = own.blocks.iter().map(|&b| start(b) + tree.walk_block(b).count()).max().unwrap_or(0);
            let level = self.enter(parent, count(own.iterations), count(own.entries), (from, to));
            inside.extend(own.blocks.iter().map(|&b| (b, level)));
            for &argument in &tree.block(own.header).arguments {
                self.known(argument).course = if argument == own.variable {
                    Course::variable(level, own.step as f64)
                } else {
                    Course::data(level)
                };
            }
            self.handed_on(own, level);
        }
        let headers: BTreeSet<BlockId> = loops.iter().map(|own| own.header).collect();
        for &block in blocks {
            let level = inside.get(&block).copied().unwrap_or(0);
            let around = self.levels[level].iterations;
            let weight = (self.executions(block, around) / around.max(1.0)).clamp(0.0, 1.0);
            if !headers.contains(&block) {
                for &argument in &tree.block(block).arguments {
                    self.known(argument).course = Course::data(level);
                }
            }
            self.block(block, Frame { level, weight });
        }
    }

    /// What the ways back to a loop's header pass to it.
    fn handed_on(&mut self, own: &BranchLoop, level: usize) {
        let tree = self.tree;
        let arguments = &tree.block(own.header).arguments;
        let ends = own.blocks.iter().filter_map(|&b| tree.block(b).operations.last());
        for &end in ends {
            for (_, passed) in tree.operation(end).successors.iter().filter(|(to, _)| *to == own.header) {
                for (&value, &argument) in passed.iter().zip(arguments).filter(|(_, a)| **a != own.variable) {
                    let how = self.combiner(value, Some(argument));
                    self.levels[level].carried[how as usize] += 1.0;
                }
            }
        }
    }

    /// A loop of `affine` or `scf`.
    pub(super) fn repeat(&mut self, operation: OpId, frame: Frame) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let blocks: Vec<BlockId> = node.regions.iter().flat_map(|&r| tree.region(r).blocks.iter().copied()).collect();
        let Some(&body) = blocks.last() else { return };
        let entries = self.levels[frame.level].iterations * frame.weight;
        let iterations = self.executions(body, entries * UNKNOWN_TRIPS);
        let name = tree.name(operation);
        let arguments = &tree.block(body).arguments;
        let variables = if name.ends_with("parallel") || name.ends_with("forall") {
            arguments.len()
        } else {
            usize::from(name.ends_with("for"))
        };
        let steps = self.steps(operation, variables);
        let mut level = frame.level;
        // Of several variables all but the innermost are taken to turn as often as each other.
        let outer = variables.saturating_sub(1);
        let each =
            if outer > 0 { libm::pow((iterations / entries.max(1.0)).max(1.0), 1.0 / variables as f64) } else { 1.0 };
        let mut around = entries;
        for variable in 0..variables.max(1) {
            let own = if variable == outer { iterations } else { around * each };
            level = self.open(operation, level, own, around);
            around = own;
            if let Some(&argument) = arguments.get(variable).filter(|_| variable < variables) {
                let stride = steps.get(variable).copied().unwrap_or(1.0);
                self.known(argument).course = Course::variable(level, stride);
            }
        }
        for &block in &blocks {
            for &argument in tree.block(block).arguments.iter().skip(variables) {
                self.known(argument).course = Course::data(level);
            }
        }
        if variables <= 1
            && let Some(&last) = tree.block(body).operations.last()
        {
            let yielded = &tree.operation(last).operands;
            let skip = yielded.len().saturating_sub(node.results.len());
            let arguments = arguments.iter().skip(variables);
            for (&value, &argument) in yielded[skip..].iter().zip(arguments) {
                // A `while` counts in its body.
                if let Some(step) = added(tree, value, argument).filter(|_| variables == 0) {
                    self.known(argument).course = Course::variable(level, step as f64);
                    continue;
                }
                let how = self.combiner(value, Some(argument));
                self.levels[level].carried[how as usize] += 1.0;
            }
        }
        for &block in &blocks {
            self.block(block, Frame { level, weight: 1.0 });
        }
    }

    fn steps(&self, operation: OpId, variables: usize) -> Vec<f64> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        let fixed = |value: &ValueId| {
            let course = self.course(*value);
            if course.level == 0 && course.offset != 0.0 { course.offset } else { f64::NAN }
        };
        match tree.name(operation) {
            "scf.for" => operands.get(2).map(fixed).into_iter().collect(),
            "scf.parallel" => operands.iter().skip(2 * variables).take(variables).map(fixed).collect(),
            _ => match tree.attribute(operation, "step").or_else(|| tree.attribute(operation, "steps")) {
                Some(AttributeValue::Integer(step, _)) => vec![*step as f64],
                Some(AttributeValue::Array(steps)) => steps
                    .iter()
                    .map(|s| if let AttributeValue::Integer(step, _) = s { *step as f64 } else { 1.0 })
                    .collect(),
                Some(AttributeValue::DenseArray(_, steps)) => steps.clone(),
                _ => vec![1.0; variables],
            },
        }
    }

    /// A loop nest in one operation.
    pub(super) fn structured(&mut self, operation: OpId, frame: Frame) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let entries = self.levels[frame.level].iterations * frame.weight;
        let Some(structure) = structure(tree, operation) else { return self.whole(operation, frame, entries) };
        let mut level = frame.level;
        let mut courses = Vec::new();
        let mut around = entries;
        for trips in &structure.trips {
            let own = around * trips.unwrap_or(UNKNOWN_TRIPS);
            level = self.open(operation, level, own, around);
            courses.push(Course::variable(level, 1.0));
            around = own;
        }
        let Some(body) = tree.entry(operation, 0) else { return };
        let arguments = &tree.block(body).arguments;
        let mut stores = Vec::new();
        for (index, &operand) in node.operands.iter().enumerate() {
            let Some(Some(map)) = structure.operands.get(index) else { continue };
            let output = index >= structure.inputs;
            if !is_shaped(tree, operand) {
                continue;
            }
            let subscripts: Vec<Course> = map.results.iter().map(|r| evaluate(r, map.dimensions, &courses)).collect();
            let access = Access {
                root: root(tree, operand),
                at: level,
                address: address(tree, tree.value(operand).ty, &subscripts),
                store: false,
                machine: Machine::SCALAR,
                across: false,
                origin: 0,
                weight: 1.0,
                masked: false,
                bits: self.element_bits(operand),
                odd: self.is_odd(operand),
            };
            if let Some(argument) = arguments.get(index).copied().filter(|&argument| self.used(argument)) {
                let follows = if output { level } else { access.address.level };
                self.known(argument).course = Course::data(follows);
                self.accesses.push(access);
            }
            if output {
                stores.push(Access { store: true, ..access });
            }
        }
        self.block(body, Frame { level, weight: 1.0 });
        let yielded = tree.block(body).operations.last().map(|&last| &tree.operation(last).operands[..]);
        for (index, store) in stores.into_iter().enumerate() {
            let value = yielded.and_then(|values| values.get(index)).copied();
            self.promote(value, &store);
            self.accesses.push(store);
        }
    }

    /// An operation on whole tensors without a body: one loop over its work.
    fn whole(&mut self, operation: OpId, frame: Frame, entries: f64) {
        let tree = self.tree;
        let Some(function) = self.analysis.function(self.function) else { return };
        let work = function.operation(operation).work;
        let node = tree.operation(operation);
        let elements =
            node.results.first().map_or(1.0, |&v| count(ir::analysis::size::elements(tree, tree.value(v).ty)).max(1.0));
        let flops = count(work.flops);
        let iterations = (entries * elements).max(flops / 2.0);
        let level = self.open(operation, frame.level, iterations, entries);
        let bits = node.results.first().map_or(0.0, |&v| self.element_bits(v));
        let one = &mut self.levels[level];
        (one.narrowest, one.widest) = (bits, bits);
        let kind = node.results.first().and_then(|&v| narrow(tree, v)).unwrap_or(Kind::Float);
        one.work[kind as usize] += flops / iterations.max(1.0);
        one.work[Kind::Call as usize] += count(work.transcendentals) / iterations.max(1.0);
        one.work[Kind::Load as usize] += node.operands.len() as f64;
        one.work[Kind::Store as usize] += 1.0;
        if flops > 1.5 * entries * elements {
            one.carried[Carried::Floats as usize] += 1.0;
        }
    }
}
