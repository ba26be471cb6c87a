//! One walk over a function's operations, which reports its findings to a [`Collect`].
//!
//! A backward pass first finds the live operations and the stores. The walk itself visits every
//! operation once, in the order of the text, outer before inner. For each it settles two contexts:
//!
//! - as written: executions, nesting and innermost loop, dead code included ([`Context`]);
//! - optimised: the loop in which it executes after dead code elimination, common subexpression elimination and
//!   hoisting ([`Placement`]). Pointers are assumed not to alias, as in the labels.
//!
//! Values carry how they change with loops ([`values`]). Whether an access is contiguous is decided in [`access`],
//! whether a value is a reduction in [`reduction`], how many lanes it has in [`lanes`], what an integer operation becomes
//! in [`integers`], which branches are selections in [`conditionals`], and what an operation on vectors becomes in
//! [`vector_work`], with [`tiles`] for vectors of several dimensions. What each iteration waits for is found in [`recurrence`], and which
//! values are in registers in [`registers`].

pub mod access;
mod branches;
pub mod chain;
mod conditionals;
mod events;
pub mod evolution;
mod forwarding;
mod integers;
mod lane_reduction;
pub mod lanes;
mod loop_nest;
pub mod loops;
mod memory_operands;
pub mod packing;
mod range;
mod ranges;
mod recurrence;
pub mod reduction;
mod redundancy;
pub mod registers;
mod state;
pub mod structured;
mod tiles;
pub mod values;
mod vector_work;
mod widths;

use ir::analysis::Analysis;
use ir::registry::facts::{Dialect, Evaluation, RegionExecution};
use ir::registry::features::{FusedPart, InstructionClass as Class, MachineWork, Shift};
use ir::tree::{AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

use self::access::{Access, Subscripts, divisions, evaluate};
pub use self::events::{Collect, Context, Placement, TextAccess, TextBody, TextLoop, Visit, WholeLoop, Work};
use self::evolution::Evolution;
use self::integers::Use;
use self::lanes::{MachineCost, VectorWidth, is_shaped, is_vector};
pub use self::loop_nest::Loop;
use self::loop_nest::LoopNest;
use self::memory_operands::Folding;
use self::reduction::may_contract;
use self::redundancy::Computed;
use self::registers::Origin;
use self::state::{RegionContext, Walk};
use self::tiles::Tile;
use self::values::{Values, constant_integer};
use super::counts::UNKNOWN_TRIPS;
use super::kind::work_kind;
use super::table::WorkKind;

/// Walks over a function.
pub fn walk(analysis: &Analysis<'_>, function: OpId, collector: &mut impl Collect) {
    let tree = analysis.tree();
    let Some(entry_block) = tree.entry(function, 0) else { return };
    let blocks = &tree.region(tree.block(entry_block).region).blocks;
    let operations: Vec<OpId> = blocks.iter().flat_map(|&block| tree.walk_block(block)).collect();
    let analysis = analysis.function(function);
    let mut walk = Walk {
        tree,
        function: analysis,
        collector,
        values: Values::of(tree, entry_block, &operations),
        nest: LoopNest::new(operations.len()),
        text_loops: 0,
        positions: Default::default(),
        longest: analysis.map_or_else(Default::default, |analysis| loops::longest(tree, analysis)),
        subscripts: Subscripts::default(),
        control: Default::default(),
    };
    walk.find_live(&operations);
    let entry = Placement { loop_index: 0, weight: 1.0 };
    walk.writes(&tree.block(entry_block).arguments, 0, entry, Origin::Computed);
    walk.function_body(blocks);
}

impl<C: Collect> Walk<'_, C> {
    /// The backward pass: counts uses by live operations and records stores.
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
            self.note_operands(operation);
            for value in integers::folds(tree, operation).into_iter().flatten() {
                self.values.entry(value).folded += 1;
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

    /// Counts the uses of values by a live operation.
    fn note_operands(&mut self, operation: OpId) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let used = node.results.iter().map(|&result| self.values.get(result).demanded).fold(0.0, f64::max);
        let demanded = widths::demands(tree, operation, used).unwrap_or(f64::INFINITY);
        let unused = match loops::terminated(tree, operation) {
            Some(parent) => loops::unused(tree, &self.values, parent),
            None => Vec::new(),
        };
        let is_address = work_kind(tree, operation) == Some(WorkKind::Address);
        let only_addresses = is_address && node.results.iter().all(|&result| self.values.is_subscript(result));
        let accessed = access::accessed(tree, operation).unwrap_or(usize::MAX);
        for (index, &operand) in node.operands.iter().enumerate() {
            // A shift to higher places may drop all bits that it shifts.
            let is_dropped = demanded == 0.0 && index == 0;
            if is_dropped || unused.contains(&index) {
                continue;
            }
            let facts = self.values.entry(operand);
            facts.uses += 1;
            facts.subscripts += u32::from(only_addresses || index > accessed);
            facts.user = Some(operation);
            facts.demanded = facts.demanded.max(demanded);
        }
    }

    fn block(&mut self, block: BlockId, context: Context) {
        let tree = self.tree;
        let mut computed = match context.placement {
            Some(_) => Computed::new(tree, &self.values, block),
            None => Computed::default(),
        };
        for &operation in &tree.block(block).operations {
            self.operation(operation, context, &mut computed);
        }
        if let Some(placement) = context.placement {
            let parent = self.nest.get(placement.loop_index).parent;
            let places = &computed.forwarding.places;
            for finding in computed.packing.findings(tree, &self.values, block, places, parent) {
                self.collector.packed(placement, finding);
            }
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

    /// Results vary with the loops of their operands, and extend the longest chain of these. Returns the length of that
    /// chain.
    fn extend_chain(&mut self, operation: OpId) -> u32 {
        let node = self.tree.operation(operation);
        let (mut text_loop, mut chain) = (0, 0);
        for &operand in &node.operands {
            let facts = self.values.get(operand);
            // The loop with the larger index is the inner one, or the loops are disjoint.
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

    /// Reports the loop of the text that an operation is, if it is one. Returns the context of its regions.
    fn text_loop(&mut self, operation: OpId, class: Class, context: Context) -> RegionContext {
        let tree = self.tree;
        let node = tree.operation(operation);
        let outside = RegionContext { guess: context.executions, depth: context.depth, innermost: context.innermost };
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
            Class::Branch => return RegionContext { guess: context.executions / 2.0, ..outside },
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
        RegionContext { guess, depth, innermost: Some(index) }
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

    /// Visits the blocks of an operation's regions. `placement` returns the placement of each.
    fn regions(
        &mut self,
        operation: OpId,
        inside: RegionContext,
        placement: impl Fn(&Self, BlockId) -> Option<Placement>,
    ) {
        let tree = self.tree;
        for &region in &tree.operation(operation).regions {
            for &block in &tree.region(region).blocks {
                let executions = self.executions(block, inside.guess);
                let placement = placement(self, block);
                let RegionContext { depth, innermost, .. } = inside;
                self.block(block, Context { executions, depth, innermost, placement });
            }
        }
    }

    /// An operation with regions, or a structured operation.
    fn nest(&mut self, operation: OpId, class: Class, placement: Placement, inside: RegionContext) {
        let tree = self.tree;
        let node = tree.operation(operation);
        for &operand in &node.operands {
            self.note_use(operand, placement.loop_index);
        }
        self.reads(&node.operands, placement);
        match class {
            Class::Structured => self.structured(operation, placement, inside),
            Class::Loop => {
                self.loop_operation(operation, placement, inside);
            }
            _ if tree.record(operation).is_composite || tree.record(operation).regions == RegionExecution::Once => {
                self.regions(operation, inside, |_, _| Some(placement));
            }
            _ if tree.record(operation).regions == RegionExecution::OnceHeld => {
                self.combined(operation, placement, inside)
            }
            _ if tree.record(operation).regions.is_repeated() => self.elements(operation, placement, inside),
            _ if conditionals::is_speculated(tree, operation) => self.speculated(operation, placement, inside),
            _ => self.conditional(operation, placement, inside),
        }
        for &result in &node.results {
            self.values.evolves(result, Evolution::data(placement.loop_index));
        }
        self.collector.step(placement.loop_index);
        self.writes(&node.results, placement.loop_index, placement, Origin::Computed);
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
        let significant = widths::significant(tree, &self.values, operation);
        let range = ranges::of_result(tree, &self.values, operation);
        for &result in &node.results {
            self.values.evolves(result, evolution);
            let facts = self.values.entry(result);
            (facts.significant, facts.range) = (significant, range);
        }
        // A branch to one block is a matter of the order of blocks.
        let is_control = node.successors.len() == 1 || self.control.contains(&operation);
        let is_known = range.is_some_and(|range| range.constant().is_some());
        if kind.is_none() && node.results.is_empty() {
            self.reads(&node.operands, placement);
        }
        let Some(mut kind) = kind.filter(|_| !is_control && !is_known) else { return };
        if let Some(before) = computed.repeats(tree, &self.values, operation, None) {
            return self.repeat(operation, before);
        }
        if let (Some(same), Some(&result)) = (unchanged(tree, &self.values, operation), node.results.first()) {
            return self.values.equals(result, same);
        }
        if kind == WorkKind::Cast && widths::is_free(tree, &self.values, operation) {
            return self.values.equals(node.results[0], node.operands[0]);
        }
        // Affine addresses are part of addressing modes, or pointers to which each iteration adds a constant.
        let is_affine = !evolution.data && !evolution.stride.is_nan();
        if kind == WorkKind::Address && is_affine && node.results.iter().all(|&v| self.values.is_subscript(v)) {
            return;
        }
        let is_folded = node.results.first().is_some_and(|&result| self.values.is_folded(result));
        if is_folded && tree.record(operation).features.shift != Shift::None {
            return;
        }
        let is_fused = kind == WorkKind::Float && self.is_fused(operation, evolution);
        let bits = widths::width(tree, &self.values, operation);
        let quotient = integers::quotient(tree, &self.values, operation);
        let is_shared = quotient.is_some_and(|quotient| computed.repeats_quotient(quotient));
        let is_unsigned = node.operands.first().is_some_and(|&v| ranges::is_unsigned(tree, &self.values, v));
        let expansion = integers::expansion(tree, operation, kind, bits, Use { is_shared, is_folded, is_unsigned });
        kind = expansion.kind;
        if evolution.varies_in >= placement.loop_index {
            computed.packing.work(tree, operation, kind, bits, is_fused);
        }
        self.computed(&node.operands, &node.results, placement, chain::latency(tree, operation));
        self.reads(&node.operands, placement);
        self.writes(&node.results, evolution.varies_in.min(placement.loop_index), placement, Origin::Computed);
        if is_fused {
            return;
        }
        // Hoisted out of the loops that do not change its operands.
        let is_hoisted =
            !matches!(kind, WorkKind::Runtime | WorkKind::Branch) && evolution.varies_in < placement.loop_index;
        let loop_index = if is_hoisted { evolution.varies_in } else { placement.loop_index };
        for &operand in &node.operands {
            self.note_use(operand, loop_index);
        }
        self.divisions(operation, placement);
        let share = match tree.record(operation).features.machine {
            MachineWork::LaneMove => computed.slices.share(tree, &self.values, operation),
            _ => 1.0,
        };
        let weight = placement.weight * share;
        self.report(operation, expansion, bits, Placement { loop_index, weight });
        if node.results.iter().any(|&v| is_vector(tree, v)) {
            self.collector.explicit_vector(placement.loop_index);
        }
    }

    /// Notes when an operation has computed its results: `latency` cycles after its operands.
    fn computed(&mut self, operands: &[ValueId], results: &[ValueId], placement: Placement, latency: f64) {
        let cycles = self.values.ready(operands, placement.loop_index) + latency;
        results.iter().for_each(|&result| self.values.entry(result).ready = (placement.loop_index, cycles));
        self.collector.ready(placement.loop_index, cycles);
    }

    /// Notes that the results of an operation equal those of one before it.
    fn repeat(&mut self, operation: OpId, before: OpId) {
        let results = &self.tree.operation(operation).results;
        for (&result, &other) in results.iter().zip(&self.tree.operation(before).results) {
            self.values.equals(result, other);
        }
    }

    /// Reports the divisions in the affine map of an operation, each in the loop that changes it.
    fn divisions(&mut self, operation: OpId, placement: Placement) {
        let tree = self.tree;
        let Some(AttributeValue::AffineMap(map)) = tree.attribute(operation, "map") else { return };
        let shaped = tree.operation(operation).operands.iter().rposition(|&v| is_shaped(tree, v));
        let operands = &tree.operation(operation).operands[shaped.map_or(0, |index| index + 1)..];
        let names: Vec<_> = operands.iter().map(|&v| self.values.get(v).into()).collect();
        let mut found = Vec::new();
        map.results.iter().for_each(|result| divisions(result, map.dimensions, &names, &mut found));
        for (expression, kind, varies_in) in found {
            let loop_index = varies_in.min(placement.loop_index);
            let each = integers::division_in_subscript(&expression);
            self.work(Placement { loop_index, ..placement }, kind, MachineCost::SCALAR.expanded(each, each), 64.0);
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
            Evaluation::Constant => match tree.attribute(operation, "value") {
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
        if let (Some(&value), Some(&result)) = (computed.forwarding.known.get(&operation), node.results.first()) {
            return self.values.equals(result, value);
        }
        let Some(accessed) = self.subscripts.accessed else { return };
        let shaped = node.operands[accessed];
        if computed.forwarding.overwritten.contains(&operation) {
            return computed.store(access::buffer(tree, shaped));
        }
        let stored = node.operands.first().copied();
        let data = if is_store { stored } else { node.results.first().copied() };
        let width = data.map_or(VectorWidth::default(), |v| VectorWidth::of(tree, v));
        let tile = data.and_then(|vector| Tile::of(tree, operation, vector, shaped));
        let crosses_rows = tile.is_none() && access::crosses_rows(tree, operation);
        let Placement { loop_index, weight } = placement;
        for &operand in node.operands.iter().take(if is_store { accessed } else { 0 }) {
            self.note_use(operand, loop_index);
        }
        if width.bits > 0.0 {
            self.collector.explicit_vector(loop_index);
        }
        let access = Access {
            operation,
            buffer: access::buffer(tree, shaped),
            loop_index,
            address: access::address(tree, tree.value(shaped).ty, &self.subscripts.list),
            is_store,
            cost: if crosses_rows { MachineCost::by_lane(width.lanes) } else { MachineCost::access(width) },
            crosses_rows,
            weight,
            is_masked: access::is_masked(tree, operation),
            element_bits: lanes::element_bits_or_default(tree, shaped),
            is_sub_byte: lanes::is_sub_byte(tree, shaped),
            is_misaligned: lanes::is_misaligned(tree, shaped),
            is_pattern: is_store && stored.is_some_and(|value| self.is_pattern(value, value, loop_index)),
            contiguous: self.nest.contiguous(
                tree.types().shape(tree.value(shaped).ty).unwrap_or(&[]),
                &self.subscripts.list,
                loop_index,
            ),
            folding: match node.results.first() {
                Some(&loaded) => Folding::of_loaded(tree, &self.values, loaded),
                None => Folding::of_store(tree, &self.values, operation),
            },
        };
        let bits = (width.bits == 0.0 && !access.is_sub_byte).then_some(access.element_bits);
        if is_store {
            computed.packing.access(&access, bits);
            computed.store(access.buffer);
            self.divisions(operation, placement);
            self.reads(&node.operands[..accessed.min(1)], placement);
            self.carried_in_memory(stored, &access);
            return self.transfer(access, tile, placement);
        }
        // A buffer on the stack is filled in each iteration.
        let varies_in = match tile {
            Some(_) => loop_index,
            None => self.nest.varies_in(loop_index, access.buffer, access.address.varies_in),
        };
        for &result in &node.results {
            self.values.evolves(result, Evolution::data(varies_in));
        }
        match computed.repeats(tree, &self.values, operation, Some(access.buffer)) {
            Some(before) => self.repeat(operation, before),
            None => {
                let indices = &node.operands[accessed + 1..];
                self.computed(indices, &node.results, placement, chain::LOAD);
                self.reads(indices, placement);
                let is_carried = varies_in >= loop_index && access.is_invariant();
                let origin = if is_carried { Origin::Carried } else { Origin::Loaded(access.folding) };
                self.writes(&node.results, varies_in.min(loop_index), placement, origin);
                computed.packing.access(&access, bits);
                self.divisions(operation, placement);
                self.transfer(access, tile, placement);
            }
        }
    }

    /// Reports a load or store, of a tile row by row.
    fn transfer(&mut self, access: Access, tile: Option<Tile>, placement: Placement) {
        match tile {
            Some(tile) => self.transfer_tile(access, &tile, placement),
            None => self.collector.access(&access),
        }
    }
}

/// The operand that an integer operation or a selection gives unchanged: a sum with 0, a product with 1, an extreme of equal operands or a
/// selection from them, and what the [ranges](ranges::unchanged) of its operands decide.
fn unchanged(tree: &Tree, values: &Values, operation: OpId) -> Option<ValueId> {
    let neutral = match tree.record(operation).evaluation {
        Evaluation::Add | Evaluation::Sub => 0,
        Evaluation::Mul => 1,
        evaluation => {
            let is_choice = values::is_extreme(evaluation) || widths::is_selection(tree, operation);
            let [.., first, second] = tree.operation(operation).operands.as_slice() else { return None };
            let is_same = is_choice && values.first(*first) == values.first(*second);
            return if is_same { Some(*first) } else { ranges::unchanged(tree, values, operation) };
        }
    };
    let &[first, second] = tree.operation(operation).operands.as_slice() else { return None };
    let is_neutral = |value: ValueId| constant_integer(tree, value) == Some(neutral);
    if is_neutral(second) {
        Some(first)
    } else {
        Some(second).filter(|_| tree.record(operation).evaluation != Evaluation::Sub && is_neutral(first))
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
