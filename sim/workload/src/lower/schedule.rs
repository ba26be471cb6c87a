//! List schedule of steps on the units of one chip, in program order.
//!
//! An operation starts when its operands are available and its unit is free; a unit serves operations in program order.
//! Costs are those of [`sim::units`], as for a layer of the mapping. A loop over tensors starts after everything before
//! it, runs its iterations one after the other, and ends before everything after it. The part of an argument that does
//! not fit the attention buffer streams from HBM, starting in the first cycle, as the simulator prefetches a layer.
//!
//! With a [`Plan`](super::plan::Plan), operations and data are where it says: see `data` for messages and HBM. Without
//! waiting for units ([`Queues::Ignored`]) the end of the schedule is the longest path of dependent operations.

use std::collections::BTreeMap;

use designs::Design;
use ir::steps::constants::{Constants, Task};
use ir::steps::shape::{elements, is_memref};
use ir::steps::{Contraction, Step, Steps, Unplaced, WeightRule, Work};
use ir::tree::{OpId, Tree, ValueId};
use sim::mapping::vector_operations;
use sim::units::hbm::Placement;
use sim::units::{PerUnit, Unit, attention_buffer, hbm, hn_array, vex};

use super::coverage::Coverage;
use super::lowered::{Lowered, MissingPlace, Placed, Reason, UnitShare, Work as Totals};
use super::server::{MAX_CYCLES, Queues, Server, ends};
use super::traffic::{Planned, Traffic};

/// Cycle at which a value is available, and end of its last use.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    ready: u64,
    used: u64,
}

/// A function under a plan.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Latency, operations, work of all chips; shares of units are those of the first chip.
    pub(crate) lowered: Lowered,
    /// Work of the busiest server, cycles.
    pub(crate) busiest: u64,
    /// Bytes between chips, framing included.
    pub(crate) link_bytes: u64,
    /// Weights in the array of each chip.
    pub(crate) weights: Vec<u64>,
}

pub(crate) struct Schedule<'a> {
    tree: &'a Tree,
    pub(super) steps: &'a Steps<'a>,
    constants: Constants<'a>,
    hn: hn_array::Spec,
    vex: vex::Spec,
    buffer: attention_buffer::Spec,
    pub(super) hbm: hbm::Spec,
    element_bytes: u64,
    placement: Placement,
    /// Elements of an argument requested from HBM so far, and the cycle of their arrival.
    streamed: BTreeMap<ValueId, (u64, u64)>,
    times: BTreeMap<ValueId, Times>,
    pub(super) queues: Queues,
    /// What the plan says, and the data on links and in HBM under it.
    pub(super) traffic: Option<Traffic<'a>>,
    /// Number of the step that is being scheduled, in the order of the text.
    step: usize,
    /// Chip of that step.
    pub(super) chip: usize,
    /// The matrices of each chip.
    matrices: BTreeMap<(usize, ValueId), Server>,
    /// The other units of each chip; matrices of the array are servers of their own, see `matrices`.
    servers: Vec<PerUnit<Server>>,
    busy: PerUnit<Coverage>,
    computing: Coverage,
    /// No operation starts before this cycle.
    barrier: u64,
    end: u64,
    placed: Vec<Placed>,
    missing: Vec<MissingPlace>,
    pub(super) totals: Totals,
    weights_used: BTreeMap<(usize, ValueId), u64>,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(steps: &'a Steps<'a>, rule: WeightRule, design: &Design) -> Self {
        let constants = Constants::new(steps, rule);
        let most = steps.arguments_read(|argument| !constants.contains(argument));
        let element_bytes = u64::from(design.mapping.kv_element_bytes);
        let dynamic = most.values().fold(0u64, |sum, &n| sum.saturating_add(n.saturating_mul(element_bytes)));
        let buffer = attention_buffer::Spec::new(design);
        Self {
            tree: steps.tree(),
            steps,
            constants,
            hn: hn_array::Spec::new(design),
            // A function runs alone: it has a lane group to itself.
            vex: vex::Spec::new(design, 0),
            placement: Placement::new(dynamic, buffer.capacity),
            buffer,
            hbm: hbm::Spec::new(design),
            element_bytes,
            streamed: BTreeMap::new(),
            times: BTreeMap::new(),
            queues: Queues::Served,
            traffic: None,
            step: 0,
            chip: 0,
            matrices: BTreeMap::new(),
            servers: vec![PerUnit::default()],
            busy: PerUnit::default(),
            computing: Coverage::default(),
            barrier: 0,
            end: 0,
            placed: Vec::new(),
            missing: Vec::new(),
            totals: Totals::default(),
            weights_used: BTreeMap::new(),
        }
    }

    /// The schedule under a plan.
    pub(crate) fn planned(mut self, planned: Planned<'a>, design: &Design, queues: Queues) -> Self {
        self.queues = queues;
        self.servers = vec![PerUnit::default(); planned.plan.chips()];
        // Data are where the plan says.
        self.placement = Placement::new(0, self.buffer.capacity);
        self.traffic = Some(Traffic::new(planned, design));
        self
    }

    /// Runs the steps.
    pub(crate) fn run(mut self) -> Outcome {
        let steps = self.steps;
        self.steps(steps.all(), 1);
        self.finish()
    }

    fn steps(&mut self, steps: &[Step], times: u64) {
        for step in steps {
            match step {
                Step::Op { op, work, reads, writes } => self.operation(*op, work, reads, writes, times),
                Step::Unplaced { op, why, reads, writes } => {
                    self.missing(*op, *why, times);
                    let ready = self.ready(reads, writes);
                    self.done(reads, writes, ready);
                }
                Step::Alias { from, to } => self.alias(*from, *to),
                Step::Loop { op, trips, body } => self.repeat(*op, *trips, body, times),
            }
        }
    }

    fn repeat(&mut self, op: OpId, trips: u64, body: &[Step], times: u64) {
        if trips == 0 {
            return;
        }
        let times = times.saturating_mul(trips);
        // Arguments that the loop reads are streamed from HBM before its first iteration.
        let streamed = self.prefetch(body, times);
        let start = self.end.max(self.barrier).max(streamed);
        self.barrier = start;
        let before: Vec<u64> = self.busy.iter_mut().map(|(_, busy)| busy.close()).collect();
        let computing = self.computing.close();
        let totals = self.totals;
        self.steps(body, times);
        let once = self.end.max(start) - start;
        let all = once.checked_mul(trips).and_then(|all| all.checked_add(start)).filter(|&end| end <= MAX_CYCLES);
        let Some(end) = all else {
            self.missing(op, Unplaced::TooLarge, times);
            self.barrier = self.end;
            return;
        };
        for ((_, busy), before) in self.busy.iter_mut().zip(before) {
            busy.repeat(before, trips - 1);
        }
        self.computing.repeat(computing, trips - 1);
        self.totals = totals.plus(&self.totals.minus(&totals).times(trips));
        self.end = end;
        self.barrier = end;
    }

    fn prefetch(&mut self, steps: &[Step], times: u64) -> u64 {
        let mut there = 0;
        for step in steps {
            match step {
                Step::Loop { trips, body, .. } => there = self.prefetch(body, times.saturating_mul(*trips)).max(there),
                // Operations without a size are reported when they are scheduled.
                Step::Op { work, reads, .. } => there = self.stream(reads, work, times).unwrap_or(0).max(there),
                _ => {}
            }
        }
        there
    }

    fn alias(&mut self, from: ValueId, to: ValueId) {
        self.constants.alias(from, to);
        let (from, to) = (self.steps.place(from), self.steps.place(to));
        if from == to {
            return;
        }
        let source = self.times.get(&from).copied().unwrap_or_default();
        let times = self.times.entry(to).or_default();
        times.ready = times.ready.max(source.ready);
    }

    /// Cycle at which all operands are available and all memory to be written is unused.
    pub(super) fn ready(&self, reads: &[ValueId], writes: &[ValueId]) -> u64 {
        let of = |v: &ValueId| self.times.get(&self.steps.place(*v)).copied().unwrap_or_default();
        let read = reads.iter().map(|v| of(v).ready).max().unwrap_or(0);
        let changed = writes.iter().filter(|v| is_memref(self.tree, **v));
        let free = changed.map(|v| of(v).used.max(of(v).ready)).max().unwrap_or(0);
        read.max(free).max(self.barrier)
    }

    fn done(&mut self, reads: &[ValueId], writes: &[ValueId], at: u64) {
        for &value in reads {
            let key = self.steps.place(value);
            let times = self.times.entry(key).or_default();
            times.used = times.used.max(at);
        }
        for &value in writes {
            let key = self.steps.place(value);
            self.times.insert(key, Times { ready: at, used: at });
        }
        self.end = self.end.max(at);
    }

    fn operation(&mut self, op: OpId, work: &Work, reads: &[ValueId], writes: &[ValueId], times: u64) {
        let task = self.constants.step(op, work, reads, writes);
        let ready = self.ready(reads, writes);
        let (step, fused) = (self.step, self.is_fused());
        self.step += 1;
        let task = self.traffic.as_ref().map_or(task, |traffic| traffic.plan().task(step, task));
        self.chip = self.traffic.as_ref().map_or(0, |traffic| traffic.plan().chip(step));
        let there = match task {
            Task::Folded | Task::Free => self.receive(step, ready),
            _ if fused => Ok(ready),
            _ => self.stream(reads, work, times).and_then(|there| self.fetch(step, ready.max(there))),
        };
        let placed = there.and_then(|ready| {
            let mut placed =
                if fused { Placed::free(op, Reason::Fused, ready) } else { self.place(op, &task, times, ready)? };
            let computed = placed.start_cycle + placed.latency_cycles;
            placed.done_cycle = if fused { computed } else { self.deliver(step, computed)? };
            Ok(placed)
        });
        match placed {
            Ok(mut placed) => {
                (placed.executions, placed.step) = (times, step);
                self.done(reads, writes, placed.done_cycle);
                self.placed.push(placed);
            }
            Err(why) => {
                self.missing(op, why, times);
                self.done(reads, writes, ready);
            }
        }
    }

    fn place(&mut self, op: OpId, task: &Task, times: u64, ready: u64) -> Result<Placed, Unplaced> {
        match task {
            Task::Folded => Ok(Placed::free(op, Reason::Folded, ready)),
            Task::Free => Ok(Placed::free(op, Reason::Address, ready)),
            Task::Move(moved) => self.moves(op, *moved, ready),
            Task::Nonlinear { elements, chain } => self.nonlinear(op, *elements, *chain, ready),
            Task::Pass(c, side) => {
                let ready = self.before(op, c, times, ready)?;
                self.pass(op, c, *side, ready)
            }
            Task::Product(c, kept) => {
                let ready = self.before(op, c, times, ready)?;
                self.attention(op, c, *kept, ready)
            }
        }
    }

    /// Streams the spilled part of the arguments that an operation reads; returns the cycle of its arrival.
    fn stream(&mut self, reads: &[ValueId], work: &Work, times: u64) -> Result<u64, Unplaced> {
        if self.placement.spilled_bytes_per_chip == 0 {
            return Ok(0);
        }
        let mut there = 0;
        for &value in reads {
            let root = self.steps.root(value);
            if !self.steps.is_argument(root) || self.constants.contains(value) || self.constants.contains(root) {
                continue;
            }
            let needed = self.steps.read(work, value, root, times);
            let (before, arrived) = self.streamed.get(&root).copied().unwrap_or((0, 0));
            let mut at = arrived;
            if needed > before {
                let bytes = self.bytes(needed - before)?;
                let spilled = self.placement.spilled_of(bytes);
                let cycles = self.hbm.domain.checked_to_reference(spilled).ok_or(Unplaced::TooLarge)?;
                (_, at) = self.occupy(Unit::Hbm, 0, cycles)?;
                self.totals.hbm_bytes = self.totals.hbm_bytes.saturating_add(spilled);
                self.streamed.insert(root, (needed, at));
            }
            there = there.max(at);
        }
        Ok(there)
    }

    pub(super) fn bytes(&self, elements: u64) -> Result<u64, Unplaced> {
        elements.checked_mul(self.element_bytes).ok_or(Unplaced::TooLarge)
    }

    /// Occupies a unit from when it is free and not before `ready`; returns (start, end).
    pub(super) fn occupy(&mut self, unit: Unit, ready: u64, cycles: u64) -> Result<(u64, u64), Unplaced> {
        let (start, end) = self.servers[self.chip][unit].serve(ready, cycles, self.queues)?;
        self.occupied(unit, start, end);
        Ok((start, end))
    }

    /// Accounts for the busy time of a unit; shares are those of the first chip.
    fn occupied(&mut self, unit: Unit, start: u64, end: u64) {
        if self.chip > 0 {
            return;
        }
        self.busy[unit].add(start, end);
        if unit.computes() {
            self.computing.add(start, end);
        }
    }

    fn moves(&mut self, op: OpId, moved: u64, ready: u64) -> Result<Placed, Unplaced> {
        let bytes = self.bytes(moved)?;
        let cycles = self.buffer.domain.checked_to_reference(bytes).ok_or(Unplaced::TooLarge)?;
        let (start, end) = self.occupy(Unit::AttentionBuffer, ready, cycles)?;
        self.totals.buffer_bytes = self.totals.buffer_bytes.saturating_add(bytes);
        let latency = ends(end, self.buffer.latency)? - start;
        Ok(Placed {
            elements: moved,
            ..Placed::at(op, Some(Unit::AttentionBuffer), Reason::Layout, start, cycles, latency)
        })
    }

    fn nonlinear(&mut self, op: OpId, elements: u64, chain: u64, ready: u64) -> Result<Placed, Unplaced> {
        if elements == 0 {
            return Ok(Placed::free(op, Reason::Address, ready));
        }
        let service = self.vex.nonlinear_service(elements);
        let (mut start, mut at) = (ready, ready);
        for link in 0..chain {
            let (begin, end) = self.occupy(Unit::VexNonlinear, at, service)?;
            if link == 0 {
                start = begin;
            }
            at = ends(end, self.vex.nonlinear_latency())?;
        }
        self.totals.nonlinear_elements = self.totals.nonlinear_elements.saturating_add(elements.saturating_mul(chain));
        let placed = Placed::at(op, Some(Unit::VexNonlinear), Reason::ByElement, start, service * chain, at - start);
        Ok(Placed { elements, ..placed })
    }

    /// Schedules the functions of a product's factors; returns the cycle at which the product can start.
    fn before(&mut self, op: OpId, c: &Contraction, times: u64, ready: u64) -> Result<u64, Unplaced> {
        let mut at = ready;
        for elements in self.constants.before(c) {
            if elements > 0 {
                let placed = self.nonlinear(op, elements, 1, ready)?;
                at = at.max(placed.start_cycle + placed.latency_cycles);
                self.placed.push(Placed { executions: times, step: self.step - 1, ..placed });
            }
        }
        Ok(at)
    }

    fn pass(&mut self, op: OpId, c: &Contraction, side: usize, ready: u64) -> Result<Placed, Unplaced> {
        let (matrix, passes) = (c.sides[side], c.passes(side));
        let cost = self.hn.pass(matrix.fan_in);
        let occupied = cost.serial.checked_mul(passes).ok_or(Unplaced::TooLarge)?;
        let key = self.constants.source(matrix.value);
        let server = self.matrices.entry((self.chip, key)).or_default();
        let (start, end) = server.serve(ready, occupied, self.queues)?;
        let done = ends(end, cost.depth)?;
        self.occupied(Unit::HnArray, start, end);
        self.totals.hn_macs = self.totals.hn_macs.saturating_add(c.macs);
        let parts = self.traffic.as_ref().map_or(1, |traffic| traffic.plan().parts(self.step - 1));
        let weights = elements(self.tree, key).map_or(matrix.elements, |all| all.div_ceil(parts));
        let used = self.weights_used.entry((self.chip, key)).or_default();
        *used = weights.max(*used);
        let placed = Placed::at(op, Some(Unit::HnArray), Reason::ConstantMatrix, start, occupied, done - start);
        Ok(Placed { macs: c.macs, passes, fan_in: matrix.fan_in, elements: matrix.elements, ..placed })
    }

    fn attention(&mut self, op: OpId, c: &Contraction, kept: usize, ready: u64) -> Result<Placed, Unplaced> {
        let side = c.sides[kept];
        if side.elements == 0 {
            return Ok(Placed::free(op, Reason::Address, ready));
        }
        let queries = c.passes(kept);
        let elements = side.elements.checked_mul(c.slots).ok_or(Unplaced::TooLarge)?;
        let vectors = vector_operations(elements.div_ceil(side.inner.max(1)), side.inner, queries);
        let bytes = self.bytes(elements)?;
        let read = self.buffer.domain.checked_to_reference(bytes).ok_or(Unplaced::TooLarge)?;
        let (_, read_end) = self.occupy(Unit::AttentionBuffer, ready, read)?;
        let cycles = self.vex.attention_cycles(vectors);
        let (start, end) = self.occupy(Unit::VexAttention, ready, cycles)?;
        let done = end.max(ends(read_end, self.buffer.latency)?);
        self.totals.vex_macs = self.totals.vex_macs.saturating_add(c.macs);
        self.totals.buffer_bytes = self.totals.buffer_bytes.saturating_add(bytes);
        let reason = if self.constants.contains(side.value) { Reason::ConstantMatrix } else { Reason::BothChange };
        let placed = Placed::at(op, Some(Unit::VexAttention), reason, start, cycles, done - start);
        Ok(Placed { macs: c.macs, passes: queries, elements, bytes, ..placed })
    }

    fn missing(&mut self, op: OpId, why: Unplaced, times: u64) {
        self.missing.push(MissingPlace {
            operation: self.tree.name(op).to_owned(),
            span: self.tree.operation(op).span,
            reason: why,
            executions: times,
        });
    }

    fn is_fused(&self) -> bool {
        self.traffic.as_ref().is_some_and(|traffic| traffic.plan().fused.contains(&self.step))
    }

    fn finish(mut self) -> Outcome {
        let makespan = self.end;
        let share = |busy: u64| if makespan == 0 { 0.0 } else { busy as f64 / makespan as f64 };
        let computing = self.computing.close();
        // One chip sends nothing.
        let units = self
            .busy
            .iter_mut()
            .filter(|(unit, _)| *unit != Unit::Links)
            .map(|(unit, busy)| {
                let busy_cycles = busy.close();
                UnitShare { unit, busy_cycles, busy_share: share(busy_cycles) }
            })
            .collect();
        let mut weights = vec![0u64; self.servers.len()];
        for (&(chip, _), &used) in &self.weights_used {
            weights[chip] = weights[chip].saturating_add(used);
        }
        self.totals.weights = weights.iter().fold(0, |sum: u64, &n| sum.saturating_add(n));
        let servers = self.servers.iter().flat_map(|chip| chip.iter().map(|(_, server)| server.load()));
        let links = self.traffic.as_ref().map_or(0, Traffic::busiest_link);
        let busiest = servers.chain(self.matrices.values().map(Server::load)).max().unwrap_or(0).max(links);
        let link_bytes = self.traffic.as_ref().map_or(0, Traffic::link_bytes);
        for placed in &mut self.placed {
            let operation = self.tree.operation(placed.op);
            placed.operation = self.tree.name(placed.op).to_owned();
            placed.span = operation.span;
        }
        let lowered = Lowered {
            xpu_utilization: share(computing),
            latency_cycles: makespan,
            computing_cycles: computing,
            units,
            work: self.totals,
            cache: self.placement,
            operations: self.placed,
            unplaced: self.missing,
        };
        Outcome { lowered, busiest, link_bytes, weights }
    }
}
