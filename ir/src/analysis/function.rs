//! Cost of functions: executions of each operation times the cost of one execution.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::assumption::Assumptions;
use super::dense::{Contents, Dense};
use super::known::Known;
use super::open::{self, Open, OpenCounts, OpenList};
use super::range::Range;
use super::traffic::{self, Traffic};
use super::trip_counts::TripCounts;
use super::work::{self, Work};
use super::{Reason, Unknown};
use crate::expand::normal_form;
use crate::registry::facts::Dialect;
use crate::registry::features::InstructionClass;
use crate::tree::{AttributeValue, OpId, Tree};

/// Arithmetic and bytes moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Arithmetic.
    pub work: Work,
    /// Bytes moved.
    pub traffic: Traffic,
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self { work: Work::ZERO, traffic: Traffic::ZERO };
    /// Any amount.
    pub const UNKNOWN: Self = Self { work: Work::UNKNOWN, traffic: Traffic::UNKNOWN };

    fn times(self, count: Range) -> Self {
        Self { work: self.work * count, traffic: self.traffic * count }
    }

    fn add(&mut self, other: Self) {
        self.work += other.work;
        self.traffic += other.traffic;
    }
}

/// What one call of a function does.
#[derive(Debug, Clone)]
pub struct FunctionAnalysis {
    /// Executions of its blocks and loops.
    pub trip_counts: TripCounts,
    /// Arithmetic and bytes in all.
    pub cost: Cost,
    /// Operations without an exact count, in the order of the text; not those of called functions.
    pub unknowns: Vec<Unknown>,
    /// Counts without an upper bound, in the order of the text, one for each operation.
    open: Vec<Open>,
    /// Cost of each operation with its regions, over all executions.
    operations: Dense<Cost>,
}

impl FunctionAnalysis {
    /// Cost of an operation and all inside it, over all executions in one call of the function.
    #[must_use]
    pub fn operation(&self, operation: OpId) -> Cost {
        self.operations.get(operation.index()).copied().unwrap_or(Cost::ZERO)
    }
}

/// Deepest nesting of calls that is followed; the analysis recurses.
const MAX_CALLS: usize = 64;

/// The analyses of all functions of a text.
#[derive(Debug, Clone)]
pub struct Analysis<'t> {
    tree: Cow<'t, Tree>,
    functions: BTreeMap<OpId, FunctionAnalysis>,
}

impl<'t> Analysis<'t> {
    /// Analyses every function with a body.
    #[must_use]
    pub fn of(tree: &'t Tree) -> Self {
        Self::assuming(tree, "", &Assumptions::NONE)
    }

    /// Analyses every function with a body under assumptions. `source` is the text of the tree; names of values are
    /// looked up in it.
    #[must_use]
    pub fn assuming(tree: &'t Tree, source: &str, assumptions: &Assumptions) -> Self {
        let tree = normal_form(tree, source, assumptions);
        let known = Known::of(&tree, source, assumptions);
        let functions = Worker::run(&tree, &known);
        Self { tree, functions }
    }

    /// The normal form of the tree, which was analysed; see [`crate::expand`]. Operations, blocks and values of the text
    /// have the ids of the text's tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The analysis of a function; `None` for what is no function with a body.
    #[must_use]
    pub fn function(&self, function: OpId) -> Option<&FunctionAnalysis> {
        self.functions.get(&function)
    }

    /// The counts of a function that the text leaves open, in the order of the text; those of called functions are
    /// among them. Empty for what is no function with a body.
    #[must_use]
    pub fn open_counts(&self, function: OpId) -> &[Open] {
        self.function(function).map_or(&[], |analysis| &analysis.open)
    }
}

struct Worker<'a> {
    tree: &'a Tree,
    known: &'a Known,
    symbols: BTreeMap<&'a str, OpId>,
    done: BTreeMap<OpId, FunctionAnalysis>,
    /// Functions being analysed, outermost first.
    calls: Vec<OpId>,
}

/// Cost of one execution of an operation, and why it is not exact.
struct Own {
    cost: Cost,
    reason: Option<Reason>,
    /// Counts that are open because of it.
    open: OpenCounts,
}

impl<'a> Worker<'a> {
    fn run(tree: &'a Tree, known: &'a Known) -> BTreeMap<OpId, FunctionAnalysis> {
        let mut symbols = BTreeMap::new();
        for function in tree.functions() {
            if let Some(name) = tree.symbol(function) {
                symbols.entry(name).or_insert(function);
            }
        }
        let mut worker = Self { tree, known, symbols, done: BTreeMap::new(), calls: Vec::new() };
        for function in tree.functions() {
            worker.function(function);
        }
        worker.done
    }

    fn function(&mut self, function: OpId) -> Cost {
        if let Some(done) = self.done.get(&function) {
            return done.cost;
        }
        let tree = self.tree;
        self.calls.push(function);
        let contents = Contents::of(tree, function);
        let trip_counts = TripCounts::assuming(tree, function, self.known);
        let mut unknowns: Vec<Unknown> = trip_counts.unknowns().to_vec();
        let mut open = OpenList { tree, known: self.known, all: BTreeMap::new() };
        unknowns.iter().for_each(|unknown| open.add_executions(unknown));
        let mut operations = contents.per_operation(Cost::ZERO);
        let mut total = Cost::ZERO;
        // Nested operations come after their parents, so in reverse order each is complete when it is added to its parent.
        for &operation in contents.operations.iter().rev() {
            let executions = trip_counts.operation(tree, operation);
            let own = self.own(operation);
            if let Some(reason) = own.reason {
                unknowns.push(Unknown { operation, reason });
                if executions.high != Some(0) {
                    open.add(operation, reason, own.open);
                }
            }
            let node = tree.operation(operation);
            let inside = operations.get_mut(operation.index()).expect("the table covers the function");
            inside.add(own.cost.times(executions));
            let inside = *inside;
            match tree.region(tree.block(node.block).region).operation.and_then(|p| operations.get_mut(p.index())) {
                Some(parent) => parent.add(inside),
                None => total.add(inside),
            }
        }
        unknowns.sort_by_key(|u| (tree.operation(u.operation).span.start, u.operation));
        unknowns.dedup();
        self.calls.pop();
        let open = open.finish();
        self.done.insert(function, FunctionAnalysis { trip_counts, cost: total, unknowns, open, operations });
        total
    }

    /// Cost of one execution of an operation without its regions.
    fn own(&mut self, operation: OpId) -> Own {
        let tree = self.tree;
        let record = tree.record(operation);
        if record.is_call {
            return match self.call(operation) {
                Ok(cost) => {
                    let is_open = cost.work.total().high.is_none() || cost.traffic.bytes().high.is_none();
                    let open = if is_open { OpenCounts::ALL } else { OpenCounts::NONE };
                    Own { cost, reason: is_open.then_some(Reason::Recursion), open }
                }
                Err(reason) => Own { cost: Cost::UNKNOWN, reason: Some(reason), open: OpenCounts::ALL },
            };
        }
        let work = work::of(tree, operation);
        // Inside the body of a structured operation, tensors without extents stand for scalars in registers.
        let moves = if self.is_in_body(operation) { Ok(Traffic::ZERO) } else { traffic::of(tree, operation) };
        let cost = Cost { work: work.unwrap_or(Work::UNKNOWN), traffic: moves.unwrap_or(Traffic::UNKNOWN) };
        let arithmetic = cost.work.total().high.is_none();
        let traffic = cost.traffic.bytes().high.is_none();
        let unsized_because = (arithmetic || traffic).then(|| open::unsized_because(tree, operation));
        let reason = work.err().or(moves.err()).filter(|&reason| reason != Reason::Shape).or(unsized_because);
        let code = reason.is_some() && record.features.class == InstructionClass::Unknown;
        Own { cost, reason, open: OpenCounts { executions: false, arithmetic, traffic, code } }
    }

    fn is_in_body(&self, operation: OpId) -> bool {
        let tree = self.tree;
        if matches!(
            tree.record(operation).dialect,
            Dialect::MemRef | Dialect::Affine | Dialect::Vector | Dialect::Unknown
        ) {
            return false;
        }
        let parent = tree.region(tree.block(tree.operation(operation).block).region).operation;
        parent.is_some_and(|p| tree.record(p).has_scalar_body)
    }

    fn call(&mut self, operation: OpId) -> Result<Cost, Reason> {
        let Some(AttributeValue::Symbol(path)) = self.tree.attribute(operation, "callee") else {
            return Err(Reason::Callee);
        };
        let callee = *path.last().and_then(|name| self.symbols.get(name.as_str())).ok_or(Reason::Callee)?;
        if self.calls.contains(&callee) || self.calls.len() >= MAX_CALLS {
            return Err(Reason::Recursion);
        }
        Ok(self.function(callee))
    }
}
