//! What the threads of a kernel execute, and what they keep in registers.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::{FunctionAnalysis, size};
use ir::labels::gpu::Flops;
use ir::registry::features::{InstructionClass as Class, MachineWork};
use ir::tree::{AffineExpr, BlockId, Definition, Dimension, FloatKind, OpId, Tree, Type, ValueId};

use super::dependence::memory_operand;
use super::nest::Nest;
use crate::features::{Structure, WorkKind, buffer, executions, is_shaped, lanes, midpoint, structure, work_kind};
use crate::linear::{Linear, subscripts};

/// Deepest nesting inside a kernel that is looked into.
const DEEPEST: usize = 64;

/// Bytes that a load or store of AMD's GPUs can add to its address.
const OFFSET_BYTES: i64 = 4096;

/// Bits of a register of a lane.
const REGISTER_BITS: f64 = 32.0;

/// Registers of an address, an index and a pointer: 64 bits.
const ADDRESS_REGISTERS: f64 = 2.0;

/// Bytes that the threads of all launches access of one buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moved {
    pub loaded: f64,
    pub stored: f64,
    /// Bytes of the buffer; none where they are not constant.
    pub size: Option<f64>,
}

/// The body of a kernel.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Operations in the code by kind; vectors count each lane.
    pub code: [f64; WorkKind::COUNT],
    /// Operations executed by all threads of all launches, by kind.
    pub executed: [f64; WorkKind::COUNT],
    /// Iterations of loops inside, by all threads of all launches.
    pub iterations: f64,
    /// Floating-point operations of all launches.
    pub flops: Flops,
    /// Memory accessed, by buffer.
    pub buffers: BTreeMap<ValueId, Moved>,
    /// Loads and stores executed by all threads of all launches.
    pub accesses: f64,
    /// Loops inside.
    pub loops: f64,
    /// Nesting of these loops.
    pub depth: f64,
    /// Iterations of one entry of the innermost loop.
    pub innermost_trips: f64,
    /// Operations of the longest block.
    pub longest_block: f64,
    /// Different loads of the block that has most.
    pub loads_together: f64,
    /// Registers of a lane that the different loads of a block fill, of the block with most.
    pub loaded_registers: f64,
    /// Different loads of the innermost loop that has most.
    pub innermost_loads: f64,
    /// Operations of the innermost loop that has most.
    pub innermost_operations: f64,
    /// Registers of a lane that a loop passes from iteration to iteration, of the loop with most.
    pub carried: f64,
    /// Loads from addresses that are the same for all threads.
    pub uniform_loads: f64,
    /// As `vector_live`, with the loads of a block at its start, as a scheduler that hides their latency puts them.
    pub eager_live: f64,
    /// As `vector_live`, with each load directly before its first use.
    pub lazy_live: f64,
    /// Registers of a lane that hold values which differ between threads, at the place where most are live.
    pub vector_live: f64,
    /// The same of floating-point values only.
    pub float_live: f64,
    /// Registers of 32 bits that hold values which are the same for all threads.
    pub scalar_live: f64,
    /// Addresses that differ between threads; those that differ from each other by a constant count once.
    pub addresses: f64,
    /// The same, where a constant counts up to the offset that a load or store can add to its address.
    pub address_groups: f64,
    /// Conditions.
    pub branches: f64,
    /// Widest element in bits.
    pub widest: f64,
    /// Operations with values of 64 bits among the floating-point ones.
    pub doubles: f64,
    /// Operations with floating-point values of 16 bits.
    pub halves: f64,
    /// Longest chain of dependent operations.
    pub chain: f64,
}

/// A loop inside the kernel.
#[derive(Clone, Copy)]
struct Inner {
    variable: Option<ValueId>,
    /// Iterations of one entry, on average.
    trips: f64,
    /// The point behind its last operation.
    end: usize,
}

/// A buffer and the subscripts of an access.
type Key = (ValueId, Vec<Option<Linear>>);

struct Reader<'a> {
    tree: &'a Tree,
    function: &'a FunctionAnalysis,
    body: Body,
    /// Values that differ between threads.
    divergent: BTreeSet<ValueId>,
    /// First and last point at which values are live.
    spans: BTreeMap<ValueId, (usize, usize)>,
    /// Loops around each value's definition.
    defined_in: BTreeMap<ValueId, usize>,
    /// Longest chain of dependent operations that ends with each value.
    chains: BTreeMap<ValueId, f64>,
    /// Addresses that differ between threads, constants left out.
    keys: BTreeSet<Key>,
    /// The same with the constant part in steps of [`OFFSET_BYTES`].
    groups: BTreeSet<(Key, i64)>,
    /// Values that an earlier load of the same block holds already.
    same: BTreeMap<ValueId, ValueId>,
    /// First use of each value.
    first_use: BTreeMap<ValueId, usize>,
    /// Of values loaded from addresses that differ between threads, the start of the block.
    loaded_at: BTreeMap<ValueId, usize>,
    /// The next point in the order of the text.
    next: usize,
    /// The loops around the current operation, outermost first.
    loops: Vec<Inner>,
}

/// Reads the body of a kernel. `threads` is the number of threads of all launches.
pub(super) fn read(tree: &Tree, function: &FunctionAnalysis, nest: &Nest, threads: f64) -> Body {
    let mut reader = Reader {
        tree,
        function,
        body: Body::default(),
        divergent: nest.counters.iter().copied().collect(),
        spans: BTreeMap::new(),
        defined_in: BTreeMap::new(),
        chains: BTreeMap::new(),
        keys: BTreeSet::new(),
        groups: BTreeSet::new(),
        same: BTreeMap::new(),
        first_use: BTreeMap::new(),
        loaded_at: BTreeMap::new(),
        next: 1,
        loops: Vec::new(),
    };
    for &counter in &nest.counters {
        reader.spans.insert(counter, (0, 0));
    }
    reader.spread(nest.body, 0);
    let executed = if nest.counters.is_empty() {
        reader.structured(nest.operation, threads);
        // Loops behind the parallel ones run in the thread.
        executions(Some(function), nest.body, threads)
    } else {
        threads
    };
    reader.block(nest.body, executed, 0);
    reader.finish()
}

impl Reader<'_> {
    /// Finds the values that differ between threads: those computed from counters, and what is loaded from where they point.
    fn spread(&mut self, block: BlockId, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let tree = self.tree;
        for &operation in &tree.block(block).operations {
            let node = tree.operation(operation);
            let differs = node.operands.iter().any(|value| self.divergent.contains(value));
            for &region in &node.regions {
                for &inner in &tree.region(region).blocks {
                    if differs || tree.record(operation).features.class == Class::Structured {
                        self.divergent.extend(&tree.block(inner).arguments);
                    }
                    self.spread(inner, depth + 1);
                    // What a loop passes on differs if what it yields does.
                    let Some(&last) = tree.block(inner).operations.last() else { continue };
                    let yielded = &tree.operation(last).operands;
                    let skip = yielded.len().saturating_sub(node.results.len());
                    let arguments = &tree.block(inner).arguments;
                    let first = arguments.len().saturating_sub(yielded.len() - skip);
                    for (at, value) in yielded[skip..].iter().enumerate() {
                        if self.divergent.contains(value) {
                            self.divergent.extend(arguments.get(first + at));
                            self.divergent.extend(node.results.get(at));
                        }
                    }
                }
            }
            if differs {
                self.divergent.extend(&node.results);
            }
        }
    }

    /// Counts accesses of a structured operation's operands, which its maps state.
    fn structured(&mut self, operation: OpId, threads: f64) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let Some(body) = tree.entry(operation, 0) else { return };
        self.divergent.extend(&tree.block(body).arguments);
        let executed = executions(Some(self.function), body, threads);
        let Some(Structure { operands: maps, inputs, .. }) = structure(tree, operation) else { return };
        let used = |value: &ValueId| tree.walk_block(body).any(|op| tree.operation(op).operands.contains(value));
        for (at, (map, &operand)) in maps.iter().zip(&node.operands).enumerate() {
            let Some(map) = map else { continue };
            if !is_shaped(tree, operand) {
                continue;
            }
            // Loops behind the last subscript do not change the address: the value stays in a register.
            let elements = midpoint(size::elements(tree, tree.value(operand).ty));
            let plain = map.results.iter().all(|result| matches!(result, AffineExpr::Dimension(_)));
            let is_output = at >= inputs;
            let times = if is_output && plain { executed.min(elements.max(threads)) } else { executed };
            let bytes = size::element_bytes(tree, tree.value(operand).ty).unwrap_or(4) as f64;
            let argument = tree.block(body).arguments.get(at);
            if argument.is_some_and(used) {
                self.moved(operand, times * bytes, false);
                self.count(WorkKind::Load, 1.0, times);
                self.body.loads_together = self.body.loads_together.max(1.0);
                self.body.accesses += times;
            }
            if is_output {
                self.moved(operand, times * bytes, true);
                self.count(WorkKind::Store, 1.0, times);
                self.body.accesses += times;
            }
            self.body.addresses += 1.0;
            self.body.address_groups += 1.0;
            self.body.widest = self.body.widest.max(8.0 * bytes);
        }
    }

    fn moved(&mut self, memory: ValueId, bytes: f64, is_store: bool) {
        let tree = self.tree;
        let root = buffer(tree, memory);
        let known = self.body.buffers.entry(root).or_insert_with(|| Moved {
            size: size::bytes(tree, tree.value(root).ty).value().map(|bytes| bytes as f64),
            ..Moved::default()
        });
        *(if is_store { &mut known.stored } else { &mut known.loaded }) += bytes;
    }

    fn count(&mut self, kind: WorkKind, code: f64, executed: f64) {
        self.body.code[kind as usize] += code;
        self.body.executed[kind as usize] += executed;
    }

    fn block(&mut self, block: BlockId, executed: f64, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let tree = self.tree;
        for &argument in &tree.block(block).arguments {
            self.define(argument, 1.0);
        }
        let (start, loops) = (self.next, self.body.loops);
        let (mut operations, mut loads, mut filled) = (0.0, 0.0, 0.0);
        let mut loaded: BTreeMap<Key, ValueId> = BTreeMap::new();
        for &operation in &tree.block(block).operations {
            let node = tree.operation(operation);
            let class = tree.record(operation).features.class;
            let point = self.next;
            self.next += 1;
            for &operand in &node.operands {
                self.used(operand, point);
            }
            let chain =
                node.operands.iter().filter_map(|value| self.chains.get(value)).fold(0.0, |a: f64, b| a.max(*b));
            match class {
                Class::Load => {
                    let (Some(key), Some(&result)) = (self.key(operation), node.results.first()) else { continue };
                    if let Some(&earlier) = loaded.get(&key) {
                        self.same.insert(result, earlier);
                        continue;
                    }
                    loaded.insert(key, result);
                    loads += 1.0;
                    if self.access(operation, false, executed) {
                        filled += registers(tree, result);
                        self.loaded_at.insert(result, start);
                    } else {
                        self.body.uniform_loads += 1.0;
                    }
                }
                Class::Store => {
                    if let Some(key) = self.key(operation) {
                        loaded.retain(|(buffer, _), _| *buffer != key.0);
                    }
                    self.access(operation, true, executed);
                }
                Class::Loop | Class::Structured => self.inner(operation, executed, depth),
                _ if !node.regions.is_empty() => {
                    self.body.branches += 1.0;
                    self.count(WorkKind::Branch, 1.0, executed);
                    for &region in &node.regions {
                        for &inner in &tree.region(region).blocks {
                            let own = executions(Some(self.function), inner, executed / 2.0).min(executed);
                            self.block(inner, own, depth + 1);
                        }
                    }
                }
                _ => self.operation(operation, executed),
            }
            operations += 1.0;
            for &result in &node.results {
                self.define(result, chain + 1.0);
            }
        }
        self.body.longest_block = self.body.longest_block.max(operations);
        self.body.loads_together = self.body.loads_together.max(loads);
        self.body.loaded_registers = self.body.loaded_registers.max(filled);
        if !self.loops.is_empty() && self.body.loops == loops {
            self.body.innermost_loads = self.body.innermost_loads.max(loads);
            self.body.innermost_operations = self.body.innermost_operations.max(operations);
        }
    }

    /// Buffer and subscripts of a load or store.
    fn key(&self, operation: OpId) -> Option<Key> {
        let memory = memory_operand(self.tree, operation)?;
        let root = buffer(self.tree, self.tree.operation(operation).operands[memory]);
        Some((root, subscripts(self.tree, operation, memory)))
    }

    fn operation(&mut self, operation: OpId, executed: f64) {
        let tree = self.tree;
        let Some(kind) = work_kind(tree, operation) else { return };
        let node = tree.operation(operation);
        let value = node.results.first().or(node.operands.first()).copied();
        let lanes = value.map_or(1.0, |v| elements(tree, v));
        self.count(kind, lanes, executed * lanes);
        let Some(value) = value else { return };
        let Type::Float(float) = tree.ty(tree.types().element(tree.value(value).ty)) else { return };
        let bits = float.bits();
        self.body.doubles += if bits == 64 { lanes } else { 0.0 };
        self.body.halves += if bits == 16 { lanes } else { 0.0 };
        let machine = tree.record(operation).features.machine;
        let is_arithmetic = matches!(
            machine,
            MachineWork::Float
                | MachineWork::OuterProduct
                | MachineWork::Divide
                | MachineWork::Remainder
                | MachineWork::Call
                | MachineWork::MathFunction
        );
        if is_arithmetic && tree.record(operation).features.class != Class::Cast {
            let flops = executed * lanes;
            match float {
                FloatKind::F16 | FloatKind::BF16 => self.body.flops.f16 += flops,
                FloatKind::F64 => self.body.flops.f64 += flops,
                _ => self.body.flops.f32 += flops,
            }
        }
    }

    /// A loop or a structured operation that a thread runs in order.
    fn inner(&mut self, operation: OpId, executed: f64, depth: usize) {
        let tree = self.tree;
        let node = tree.operation(operation);
        if tree.record(operation).features.class == Class::Structured {
            self.structured(operation, executed);
        }
        let Some(block) = node.regions.iter().flat_map(|&region| tree.region(region).blocks.last().copied()).last()
        else {
            return;
        };
        let own = executions(Some(self.function), block, executed * 32.0);
        let trips = own / executed.max(1.0);
        self.body.loops += 1.0;
        self.body.iterations += own;
        let end = self.next + tree.walk_inside(operation).count() + 1;
        let variable = tree.block(block).arguments.first().copied();
        let carried = tree.block(block).arguments.iter().skip(1).map(|&value| registers(tree, value)).sum();
        self.body.carried = self.body.carried.max(carried);
        self.loops.push(Inner { variable, trips, end });
        self.body.depth = self.body.depth.max(self.loops.len() as f64);
        let before = self.body.loops;
        self.block(block, own, depth + 1);
        if self.body.loops == before {
            self.body.innermost_trips = self.body.innermost_trips.max(trips);
        }
        self.next = self.next.max(end);
        self.loops.pop();
    }

    /// Counts an access; returns whether its address differs between threads.
    fn access(&mut self, operation: OpId, is_store: bool, executed: f64) -> bool {
        let tree = self.tree;
        let Some(memory) = memory_operand(tree, operation) else { return false };
        let node = tree.operation(operation);
        let data = if is_store { node.operands.first() } else { node.results.first() };
        let lanes = data.map_or(1.0, |&v| elements(tree, v));
        let subscripts = subscripts(tree, operation, memory);
        // Loops inside the last one that changes the address leave the value in a register.
        let mut times = executed;
        for inner in self.loops.iter().rev() {
            let changes = |subscript: &Option<Linear>| {
                subscript.as_ref().is_none_or(|s| {
                    s.terms.keys().any(|&value| Some(value) == inner.variable || !self.is_counter_or_outside(value))
                })
            };
            if subscripts.iter().any(changes) {
                break;
            }
            times /= inner.trips.max(1.0);
        }
        let kind = if is_store { WorkKind::Store } else { WorkKind::Load };
        self.count(kind, 1.0, times);
        self.body.accesses += times;
        let bytes = size::element_bytes(tree, tree.value(node.operands[memory]).ty).unwrap_or(4) as f64;
        self.moved(node.operands[memory], times * lanes * bytes, is_store);
        self.body.widest = self.body.widest.max(8.0 * bytes);
        let differs = node.operands[memory..].iter().any(|value| self.divergent.contains(value));
        let root = buffer(tree, node.operands[memory]);
        if differs {
            let offset = (constant_elements(tree, node.operands[memory], &subscripts) as f64 * bytes) as i64;
            let terms = subscripts.into_iter().map(|s| s.map(|s| Linear { constant: 0, ..s })).collect();
            self.groups.insert(((root, terms), offset.div_euclid(OFFSET_BYTES)));
        }
        differs
    }

    /// Whether a value does not change inside the kernel's loops except as the counter of one.
    fn is_counter_or_outside(&self, value: ValueId) -> bool {
        self.loops.iter().any(|inner| inner.variable == Some(value))
            || !self.defined_in.contains_key(&value)
            || self.defined_in.get(&value) == Some(&0)
    }

    fn define(&mut self, value: ValueId, chain: f64) {
        self.spans.entry(value).or_insert((self.next - 1, self.next - 1));
        self.defined_in.insert(value, self.loops.len());
        self.chains.insert(value, chain);
        self.body.chain = self.body.chain.max(chain);
    }

    fn used(&mut self, value: ValueId, point: usize) {
        let value = self.same.get(&value).copied().unwrap_or(value);
        self.first_use.entry(value).or_insert(point);
        let level = self.defined_in.get(&value).copied().unwrap_or(0);
        // A value from outside a loop is live to the loop's end.
        let end = self.loops.get(level).map_or(point, |outermost| outermost.end);
        let span = self.spans.entry(value).or_insert((0, 0));
        span.1 = span.1.max(end);
    }

    fn finish(mut self) -> Body {
        let tree = self.tree;
        let points = self.next + 2;
        self.keys.extend(self.groups.iter().map(|(key, _)| key.clone()));
        let mut changes = vec![[0.0f64; 5]; points + 1];
        for (&value, &(from, to)) in &self.spans {
            if to <= from || is_constant(tree, value) {
                continue;
            }
            let registers = registers(tree, value);
            let is_float = matches!(tree.ty(tree.types().element(tree.value(value).ty)), Type::Float(_));
            let column = usize::from(!self.divergent.contains(&value));
            let to = to.min(points - 1);
            changes[from][column] += registers;
            changes[to][column] -= registers;
            if is_float && column == 0 {
                changes[from][2] += registers;
                changes[to][2] -= registers;
            }
            if column == 0 {
                let block = self.loaded_at.get(&value).copied();
                let late = block.and_then(|_| self.first_use.get(&value)).map_or(from, |first| first - 1);
                changes[block.unwrap_or(from)][3] += registers;
                changes[to][3] -= registers;
                changes[late.min(to)][4] += registers;
                changes[to][4] -= registers;
            }
        }
        let (mut now, mut most) = ([0.0; 5], [0.0f64; 5]);
        for change in changes {
            for column in 0..most.len() {
                now[column] += change[column];
                most[column] = most[column].max(now[column]);
            }
        }
        let body = &mut self.body;
        [body.vector_live, body.scalar_live, body.float_live, body.eager_live, body.lazy_live] = most;
        self.body.addresses += self.keys.len() as f64;
        self.body.address_groups += self.groups.len() as f64;
        self.body
    }
}

/// The constant part of an address in elements, for a buffer whose extents are constant.
fn constant_elements(tree: &Tree, memory: ValueId, subscripts: &[Option<Linear>]) -> i64 {
    let shape = tree.types().shape(tree.value(memory).ty).unwrap_or(&[]);
    let (mut sum, mut distance) = (0i64, 1i64);
    for (at, subscript) in subscripts.iter().enumerate().rev() {
        let constant = subscript.as_ref().map_or(0, |s| s.constant);
        sum = sum.saturating_add(constant.saturating_mul(distance));
        if let Some(Dimension::Static(extent)) = shape.get(at) {
            distance = distance.saturating_mul(i64::try_from(*extent).unwrap_or(i64::MAX));
        }
    }
    sum
}

/// Elements of a vector; 1 for other values.
fn elements(tree: &Tree, value: ValueId) -> f64 {
    lanes(tree, value).unwrap_or(1.0)
}

fn is_constant(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.value(value).definition, Definition::Result { operation, .. } if tree.record(operation).is_constant())
}

/// Registers of 32 bits that a value takes.
fn registers(tree: &Tree, value: ValueId) -> f64 {
    let ty = tree.value(value).ty;
    match tree.ty(ty) {
        Type::Index | Type::MemRef { .. } => ADDRESS_REGISTERS,
        Type::Tensor { .. } => 0.0,
        _ => {
            let bits = size::element_bytes(tree, ty).map_or(REGISTER_BITS, |bytes| 8.0 * bytes as f64);
            (bits * elements(tree, value) / REGISTER_BITS).ceil().max(1.0)
        }
    }
}
