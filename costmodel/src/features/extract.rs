//! Features of a function's tree.

use ir::analysis::liveness::liveness;
use ir::analysis::{Analysis, Range};
use ir::tree::{AffineExpr, AttributeValue, BlockId, OpId, Tree, Type, TypeId, ValueId};

use super::Feature;
use super::class::{Class, class};
use super::loops::work::Live;

/// Iterations of a loop that the text does not bound, as LLVM guesses.
pub(super) const UNKNOWN_TRIPS: f64 = 32.0;

/// Numbers beyond this are as large as it: squares of them still fit `f32`.
const LARGEST: f64 = 1e18;

/// What is read off a function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Numbers {
    /// One number a [`Feature`], in that order.
    pub features: Vec<f32>,
    /// Counts that add up, in the order of [`super::work_names`].
    pub work: Vec<f32>,
}

/// The numbers of a function; `words` is the number of its words.
#[must_use]
pub fn numbers(tree: &Tree, analysis: &Analysis, function: OpId, words: usize) -> Numbers {
    let mut walk = Walk::new(tree, analysis, function);
    if let Some(entry) = tree.entry(function, 0) {
        walk.blocks(entry);
    }
    walk.close(function);
    walk.set(Feature::Length, words as f64);
    let of = |feature: Feature| walk.features[feature as usize];
    let live = Live { data: of(Feature::MaxLiveData), indices: of(Feature::MaxLiveIndices) };
    let mut work = super::loops::put(tree, analysis, function, live, &mut |feature, value| walk.set(feature, value));
    work.extend(super::steps::work(tree, analysis, function));
    let bounded = |numbers: &[f64]| numbers.iter().map(|&x| x.min(LARGEST) as f32).collect();
    Numbers { features: bounded(&walk.features), work: bounded(&work) }
}

/// A count that the text leaves open, as one number.
pub(super) fn count(range: Range) -> f64 {
    match range.high {
        Some(high) => (range.low as f64 + high as f64) / 2.0,
        None => range.low as f64,
    }
}

/// How often a block runs; `guess` where the text does not tell.
pub(super) fn executions(analysis: &Analysis, function: OpId, block: BlockId, guess: f64) -> f64 {
    let counts = analysis.function(function).map(|f| f.trip_counts.block(block));
    counts.filter(|range| range.high.is_some()).map_or(guess, count)
}

/// A loop, or the loop nest of a structured operation.
#[derive(Debug, Clone, Default)]
struct Loop {
    entries: f64,
    iterations: f64,
    has_inner: bool,
    /// It hands a value, in a register or through memory, from one iteration to the next.
    carries: bool,
    operations: f64,
    loads: f64,
    floats: f64,
    floats_executed: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    executions: f64,
    depth: usize,
    innermost: Option<usize>,
}

/// Items by the ids of one function, which lie close together in their arenas; ids before the first share its place.
struct Table<T> {
    first: usize,
    items: Vec<T>,
}

impl<T: Copy + Default> Table<T> {
    fn new(first: usize) -> Self {
        Self { first, items: Vec::new() }
    }

    fn at(&mut self, index: usize) -> &mut T {
        let place = index.saturating_sub(self.first);
        if place >= self.items.len() {
            self.items.resize(place + 1, T::default());
        }
        &mut self.items[place]
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    analysis: &'a Analysis,
    function: OpId,
    features: Vec<f64>,
    loops: Vec<Loop>,
    frames: Table<Frame>,
    /// By value: 1 + the innermost loop whose variable it follows, and its place in its longest chain.
    values: Table<(u32, u32)>,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a Tree, analysis: &'a Analysis, function: OpId) -> Self {
        let entry = tree.entry(function, 0);
        let argument = entry.and_then(|block| tree.block(block).arguments.first());
        Self {
            tree,
            analysis,
            function,
            features: vec![0.0; Feature::COUNT],
            loops: Vec::new(),
            frames: Table::new(entry.map_or(0, BlockId::index)),
            values: Table::new(argument.map_or(0, |v| v.index())),
        }
    }

    fn add(&mut self, feature: Feature, amount: f64) {
        self.features[feature as usize] += amount;
    }

    fn set(&mut self, feature: Feature, value: f64) {
        self.features[feature as usize] = value;
    }

    fn most(&mut self, feature: Feature, value: f64) {
        let kept = &mut self.features[feature as usize];
        *kept = kept.max(value);
    }

    fn frame(&mut self, block: BlockId) -> &mut Frame {
        self.frames.at(block.index())
    }

    fn value(&mut self, value: ValueId) -> &mut (u32, u32) {
        self.values.at(value.index())
    }

    /// All operations of the function whose entry block is given.
    fn blocks(&mut self, entry: BlockId) {
        let tree = self.tree;
        let region = tree.block(entry).region;
        for &block in &tree.region(region).blocks {
            let executions = self.executions(block, 1.0);
            *self.frame(block) = Frame { executions, depth: 0, innermost: None };
        }
        for &block in &tree.region(region).blocks {
            for operation in tree.walk_block(block) {
                self.operation(operation);
            }
        }
    }

    fn executions(&self, block: BlockId, guess: f64) -> f64 {
        executions(self.analysis, self.function, block, guess)
    }

    fn operation(&mut self, operation: OpId) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let frame = *self.frame(node.block);
        let class = class(tree.name(operation));
        let lanes = node.results.first().map_or(1.0, |&v| self.lanes(v));
        let executions = frame.executions;
        self.follow(operation);
        if class != Class::Free {
            self.add(Feature::Operations, 1.0);
            if let Some(inner) = frame.innermost {
                self.loops[inner].operations += 1.0;
            }
        }
        if lanes > 1.0 || class == Class::Vector {
            self.add(Feature::Vectors, 1.0);
            self.add(Feature::VectorsExecuted, executions);
        }
        match class {
            Class::Float => {
                self.both(Feature::Floats, Feature::FloatsExecuted, executions, lanes);
                if let Some(inner) = frame.innermost {
                    self.loops[inner].floats += 1.0;
                    self.loops[inner].floats_executed += executions;
                }
            }
            Class::Division => self.both(Feature::Divisions, Feature::DivisionsExecuted, executions, lanes),
            Class::Transcendental => {
                self.both(Feature::Transcendentals, Feature::TranscendentalsExecuted, executions, lanes);
            }
            Class::Integer => self.both(Feature::Integers, Feature::IntegersExecuted, executions, lanes),
            Class::Cast => self.both(Feature::Casts, Feature::CastsExecuted, executions, lanes),
            Class::Branch => self.both(Feature::Branches, Feature::BranchesExecuted, executions, lanes),
            Class::Call => self.both(Feature::Calls, Feature::CallsExecuted, executions, 1.0),
            Class::Load => self.access(operation, frame, false),
            Class::Store => self.access(operation, frame, true),
            Class::Reshape => self.add(Feature::Reshapes, 1.0),
            Class::Unknown => self.add(Feature::Unknown, 1.0),
            Class::Structured => self.add(Feature::Structured, 1.0),
            Class::Loop | Class::Vector | Class::Free => {}
        }
        self.enter(operation, frame, class);
    }

    fn both(&mut self, text: Feature, executed: Feature, executions: f64, lanes: f64) {
        self.add(text, 1.0);
        self.add(executed, executions * lanes);
    }

    /// Elements of a value that is a vector, 1 for others; notes its width.
    fn lanes(&mut self, value: ValueId) -> f64 {
        let tree = self.tree;
        let ty = tree.value(value).ty;
        let bits = self.element_bits(ty);
        match tree.ty(ty) {
            Type::Vector { shape, .. } => {
                let lanes = count(ir::analysis::size::elements_of(shape)).max(1.0);
                self.most(Feature::VectorBits, lanes * bits);
                self.most(Feature::ElementBits, bits);
                lanes
            }
            Type::Float(_) | Type::Integer(..) | Type::Tensor { .. } => {
                self.most(Feature::ElementBits, bits);
                1.0
            }
            _ => 1.0,
        }
    }

    fn element_bits(&self, ty: TypeId) -> f64 {
        ir::analysis::size::element_bytes(self.tree, ty).map_or(0.0, |bytes| 8.0 * bytes as f64)
    }

    /// Results follow what their operands follow, and stand behind them in their chain.
    fn follow(&mut self, operation: OpId) {
        let node = self.tree.operation(operation);
        let (mut follows, mut chain) = (0, 0);
        for &operand in &node.operands {
            let (f, c) = *self.value(operand);
            // Of two loops the one opened later is further in, or they do not meet.
            (follows, chain) = (follows.max(f), chain.max(c));
        }
        let chain = chain + 1;
        for &result in &node.results {
            *self.value(result) = (follows, chain);
        }
        self.most(Feature::CriticalPath, f64::from(chain));
    }

    fn access(&mut self, operation: OpId, frame: Frame, store: bool) {
        let tree = self.tree;
        let (text, executed) =
            if store { (Feature::Stores, Feature::StoresExecuted) } else { (Feature::Loads, Feature::LoadsExecuted) };
        self.both(text, executed, frame.executions, 1.0);
        let Some(inner) = frame.innermost else { return };
        self.loops[inner].loads += f64::from(u8::from(!store));
        let subscripts = self.subscripts(operation);
        let moves = |follows: &u32| *follows == inner as u32 + 1;
        let (last, others) =
            subscripts.split_last().map_or((false, false), |(last, others)| (moves(last), others.iter().any(moves)));
        if last && !others {
            let feature = if store { Feature::ContiguousStores } else { Feature::ContiguousLoads };
            self.add(feature, frame.executions);
        }
        // What is stored to one place is a value that goes through all iterations.
        let is_memory = !tree.name(operation).starts_with("tensor.");
        self.loops[inner].carries |= store && is_memory && !last && !others;
    }

    /// For each subscript of an access: the loop that it follows, as values do.
    fn subscripts(&mut self, operation: OpId) -> Vec<u32> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        let shaped = operands.iter().rposition(|&v| ir::analysis::size::is_shaped(tree, tree.value(v).ty));
        let Some(shaped) = shaped else { return Vec::new() };
        let names: Vec<u32> = operands[shaped + 1..].iter().map(|&v| self.value(v).0).collect();
        match tree.attribute(operation, "map") {
            Some(AttributeValue::AffineMap(map)) => {
                map.results.iter().map(|result| follows(result, map.dimensions, &names)).collect()
            }
            _ => names,
        }
    }

    /// Prepares the blocks inside an operation.
    fn enter(&mut self, operation: OpId, frame: Frame, class: Class) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let is_loop = match class {
            Class::Loop => true,
            // Bodies of operations on whole tensors run once an element.
            Class::Structured => !node.regions.is_empty(),
            _ => false,
        };
        let mut inside = frame;
        let guess = match class {
            Class::Branch => frame.executions / 2.0,
            _ if is_loop => frame.executions * UNKNOWN_TRIPS,
            _ => frame.executions,
        };
        let bodies = node.regions.iter().flat_map(|&r| tree.region(r).blocks.iter().copied());
        if is_loop {
            let body = bodies.clone().last();
            let known = body.is_some_and(|b| {
                self.analysis.function(self.function).is_some_and(|f| f.trip_counts.block(b).high.is_some())
            });
            self.add(Feature::UnknownLoops, f64::from(u8::from(!known)));
            inside.innermost = Some(self.open(operation, frame, body.map_or(0.0, |b| self.executions(b, guess))));
            inside.depth += self.rank(operation, class);
            self.most(Feature::LoopDepth, inside.depth as f64);
        } else if class == Class::Structured {
            self.whole(operation, frame);
        }
        for block in bodies {
            let executions = self.executions(block, guess);
            *self.frame(block) = Frame { executions, ..inside };
            if let (Class::Loop, Some(inner)) = (class, inside.innermost) {
                // Loop variables come first; of several the last is the innermost.
                let variables =
                    if tree.name(operation).ends_with("parallel") { tree.block(block).arguments.len() } else { 1 };
                for &argument in tree.block(block).arguments.iter().take(variables) {
                    self.value(argument).0 = inner as u32 + 1;
                }
            }
        }
    }

    /// Loops in one operation.
    fn rank(&self, operation: OpId, class: Class) -> usize {
        match self.tree.attribute(operation, "iterator_types") {
            Some(AttributeValue::Array(types)) if class == Class::Structured => types.len().max(1),
            _ => 1,
        }
    }

    /// Notes a loop; its number.
    fn open(&mut self, operation: OpId, frame: Frame, iterations: f64) -> usize {
        let tree = self.tree;
        let node = tree.operation(operation);
        if let Some(outer) = frame.innermost {
            self.loops[outer].has_inner = true;
        }
        let structured = class(tree.name(operation)) == Class::Structured;
        let reduces = match tree.attribute(operation, "iterator_types") {
            Some(AttributeValue::Array(types)) => types.last().is_some_and(is_reduction),
            _ => false,
        };
        let carries = reduces || (!structured && !node.results.is_empty());
        let mut new = Loop { entries: frame.executions, iterations, carries, ..Loop::default() };
        if structured {
            // A read an operand and a write an output in each iteration.
            let outputs = node.results.len().max(1);
            let inputs = node.operands.len().saturating_sub(outputs) as f64;
            new.loads = inputs;
            self.add(Feature::Loads, inputs);
            self.add(Feature::LoadsExecuted, inputs * iterations);
            self.add(Feature::Stores, outputs as f64);
            self.add(Feature::StoresExecuted, outputs as f64 * iterations);
        }
        self.loops.push(new);
        self.loops.len() - 1
    }

    /// An operation on whole tensors without a body: a loop nest over its work.
    fn whole(&mut self, operation: OpId, frame: Frame) {
        let Some(function) = self.analysis.function(self.function) else { return };
        let work = function.operation(operation).work;
        let (flops, transcendentals) = (count(work.flops), count(work.transcendentals));
        let results = &self.tree.operation(operation).results;
        let elements = results
            .first()
            .map_or(1.0, |&v| count(ir::analysis::size::elements(self.tree, self.tree.value(v).ty)).max(1.0));
        self.add(Feature::FloatsExecuted, flops);
        self.add(Feature::TranscendentalsExecuted, transcendentals);
        if let Some(outer) = frame.innermost {
            self.loops[outer].has_inner = true;
        }
        let iterations = (frame.executions * elements).max(flops / 2.0);
        let carries = flops > 1.5 * frame.executions * elements;
        let new = Loop { entries: frame.executions, iterations, carries, ..Loop::default() };
        self.loops.push(Loop { operations: 1.0, floats: 1.0, floats_executed: flops, ..new });
        self.most(Feature::LoopDepth, frame.depth as f64 + 1.0);
    }

    /// What is known at the end.
    fn close(&mut self, function: OpId) {
        let tree = self.tree;
        let loops = std::mem::take(&mut self.loops);
        let mut least = f64::INFINITY;
        for one in &loops {
            self.add(Feature::Loops, 1.0);
            if one.has_inner {
                continue;
            }
            self.add(Feature::InnermostLoops, 1.0);
            self.add(Feature::InnermostTrips, one.iterations);
            self.add(Feature::InnermostEntries, one.entries);
            least = least.min(one.iterations / one.entries.max(1.0));
            self.most(Feature::InnermostBody, one.operations);
            self.most(Feature::InnermostLoads, one.loads);
            self.most(Feature::InnermostFloats, one.floats);
            if one.carries {
                self.add(Feature::ReductionFloats, one.floats_executed);
                self.add(Feature::ReductionTrips, one.iterations);
            }
        }
        self.set(Feature::InnermostTripsLeast, if least.is_finite() { least } else { 0.0 });
        if let Some(analysis) = self.analysis.function(function) {
            let cost = analysis.cost;
            self.set(Feature::Work, count(cost.work.total()));
            self.set(Feature::BytesLoaded, count(cost.traffic.read_bytes));
            self.set(Feature::BytesStored, count(cost.traffic.written_bytes));
        }
        let live = liveness(tree, function);
        self.set(Feature::MaxLiveData, (live.floats + live.vectors + live.tensors) as f64);
        self.set(Feature::MaxLiveIndices, live.integers as f64);
        let wide = |walk: &Self, feature: Feature| walk.features[feature as usize];
        let (vector, element) = (wide(self, Feature::VectorBits), wide(self, Feature::ElementBits));
        self.set(Feature::LiveBits, live.vectors as f64 * vector + live.floats as f64 * element);
        self.ratios();
        let arguments = tree.entry(function, 0).map_or(&[][..], |block| &tree.block(block).arguments);
        self.set(Feature::Arguments, arguments.len() as f64);
        let bytes: f64 = arguments.iter().map(|&v| count(ir::analysis::size::bytes(tree, tree.value(v).ty))).sum();
        self.set(Feature::ArgumentBytes, bytes);
        let elements = || arguments.iter().map(|&v| count(ir::analysis::size::elements(tree, tree.value(v).ty)));
        self.set(Feature::ArgumentElements, elements().sum());
        self.set(Feature::LargestArgument, elements().fold(0.0, f64::max));
    }

    /// What one iteration does: trees compare numbers, they do not divide.
    fn ratios(&mut self) {
        let of = |walk: &Self, feature: Feature| walk.features[feature as usize];
        let iterations = of(self, Feature::InnermostTrips).max(1.0);
        for (ratio, total) in [
            (Feature::WorkPerIteration, of(self, Feature::Work)),
            (Feature::LoadsPerIteration, of(self, Feature::LoadsExecuted)),
            (Feature::StoresPerIteration, of(self, Feature::StoresExecuted)),
            (Feature::FloatsPerIteration, of(self, Feature::FloatsExecuted)),
            (Feature::DivisionsPerIteration, of(self, Feature::DivisionsExecuted)),
            (Feature::TranscendentalsPerIteration, of(self, Feature::TranscendentalsExecuted)),
            (Feature::IntegersPerIteration, of(self, Feature::IntegersExecuted)),
            (Feature::CastsPerIteration, of(self, Feature::CastsExecuted)),
            (Feature::BranchesPerIteration, of(self, Feature::BranchesExecuted)),
            (Feature::VectorsPerIteration, of(self, Feature::VectorsExecuted)),
            (Feature::CarriedShare, 100.0 * of(self, Feature::ReductionTrips)),
        ] {
            self.set(ratio, total / iterations);
        }
        for (share, part, all) in [
            (Feature::ContiguousLoadShare, Feature::ContiguousLoads, Feature::LoadsExecuted),
            (Feature::ContiguousStoreShare, Feature::ContiguousStores, Feature::StoresExecuted),
        ] {
            self.set(share, 100.0 * of(self, part) / of(self, all).max(1.0));
        }
        let entries = of(self, Feature::InnermostEntries).max(1.0);
        self.set(Feature::TripsPerEntry, of(self, Feature::InnermostTrips) / entries);
    }
}

fn is_reduction(kind: &AttributeValue) -> bool {
    match kind {
        AttributeValue::Other(text) | AttributeValue::String(text) => text.contains("reduction"),
        _ => false,
    }
}

/// The loop that an expression follows.
fn follows(expression: &AffineExpr, dimensions: u32, names: &[u32]) -> u32 {
    let name = |index: u32| names.get(index as usize).copied().unwrap_or(0);
    match expression {
        AffineExpr::Constant(_) => 0,
        AffineExpr::Dimension(d) => name(*d),
        AffineExpr::Symbol(s) => name(dimensions + s),
        AffineExpr::Add(a, b)
        | AffineExpr::Mul(a, b)
        | AffineExpr::Mod(a, b)
        | AffineExpr::FloorDiv(a, b)
        | AffineExpr::CeilDiv(a, b) => follows(a, dimensions, names).max(follows(b, dimensions, names)),
    }
}
