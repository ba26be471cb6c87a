//! Counts that the text leaves open, with the reason and the place.
//!
//! A count is open if the text sets no bound to it: a trip count that depends on an argument, a dynamic extent, a call
//! without body, an operation that is not known. A branch on a condition known only at run time is not open: the text bounds
//! it from both sides. [`Analysis::open_counts`](super::Analysis::open_counts) lists what is open in a function. It is
//! empty if and only if every count of the function has bounds.
//!
//! An [`Assumption`](super::Assumption) closes a count; [`Cause::assumption`] writes the one that is missing.

use std::collections::BTreeMap;

use super::evaluate::constant;
use super::known::Known;
use super::{Reason, Unknown};
use crate::registry::facts::{Evaluation, RegionExecution};
use crate::span::Span;
use crate::tree::{Definition, Dimension, OpId, Tree, Type, ValueId};

/// Which counts of a function are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenCounts {
    /// How often code is executed.
    pub executions: bool,
    /// Arithmetic operations.
    pub arithmetic: bool,
    /// Bytes moved.
    pub traffic: bool,
    /// The code itself: what a compiler makes of the operation. Registers, spills and the size of the code are open,
    /// too.
    pub code: bool,
}

impl OpenCounts {
    /// None.
    pub const NONE: Self = Self { executions: false, arithmetic: false, traffic: false, code: false };
    /// How often code is executed; the code itself is known.
    pub const EXECUTIONS: Self = Self { executions: true, ..Self::NONE };
    /// All of them.
    pub const ALL: Self = Self { executions: true, arithmetic: true, traffic: true, code: true };

    /// Whether the time and the number of instructions of the function are open: any of the counts is.
    #[must_use]
    pub fn opens_time(self) -> bool {
        self.executions || self.arithmetic || self.traffic || self.code
    }

    /// Whether registers and spills are open: the code itself is.
    #[must_use]
    pub fn opens_registers(self) -> bool {
        self.code
    }

    /// Those open in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            executions: self.executions || other.executions,
            arithmetic: self.arithmetic || other.arithmetic,
            traffic: self.traffic || other.traffic,
            code: self.code || other.code,
        }
    }
}

/// The value that an open count depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A number known only at run time.
    Value(ValueId),
    /// An extent of a tensor or memref; the dimension counts from 0.
    Extent(ValueId, usize),
}

impl Cause {
    /// The value, or the tensor or memref.
    #[must_use]
    pub fn value(self) -> ValueId {
        match self {
            Self::Value(value) | Self::Extent(value, _) => value,
        }
    }

    /// The assumption that states it, with `_` for the number: `trip=%n:_`, `shape=%a.0:_`. `None` for a value without
    /// name. `source` is the text of the tree.
    #[must_use]
    pub fn assumption(self, tree: &Tree, source: &str) -> Option<String> {
        let name = tree.value(self.value()).name.text(source);
        let name = (!name.is_empty()).then_some(name)?;
        Some(match self {
            Self::Value(_) => format!("trip=%{name}:_"),
            Self::Extent(_, dimension) => format!("shape=%{name}.{dimension}:_"),
        })
    }
}

/// A count that the text leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// The operation whose count is open: a loop, a call, an operation that is not known.
    pub operation: OpId,
    /// Why.
    pub reason: Reason,
    /// What it depends on, where that is one value.
    pub cause: Option<Cause>,
    /// Span of the operation; of an operation that an expansion added, span of the operation that was expanded.
    pub span: Span,
    /// What is open because of it.
    pub counts: OpenCounts,
}

impl Open {
    /// Line and column of the operation, both from 1.
    #[must_use]
    pub fn line_column(&self, source: &str) -> (usize, usize) {
        self.span.line_column(source)
    }
}

/// Operations followed from a bound to the value that decides it.
const MAX_CHAIN: u32 = 256;

/// Why the elements or bytes that an operation works on are not known.
pub(super) fn unsized_because(tree: &Tree, operation: OpId) -> Reason {
    let node = tree.operation(operation);
    let is_open = |&value: &ValueId| match tree.value_type(value) {
        Type::Tensor { shape: None, .. } | Type::MemRef { shape: None, .. } | Type::Unknown => true,
        _ => tree
            .types()
            .shape(tree.value(value).ty)
            .is_some_and(|s| s.iter().any(|d| !matches!(d, Dimension::Static(_)))),
    };
    if node.operands.iter().chain(&node.results).any(is_open) { Reason::Shape } else { Reason::Type }
}

/// The first dynamic extent among the operands and results of an operation.
fn dynamic_extent(tree: &Tree, operation: OpId) -> Option<Cause> {
    let node = tree.operation(operation);
    node.operands.iter().chain(&node.results).find_map(|&value| {
        let shape = tree.types().shape(tree.value(value).ty)?;
        Some(Cause::Extent(value, shape.iter().position(|d| *d == Dimension::Dynamic)?))
    })
}

/// Collects the open counts of a function, one for each operation.
pub(super) struct OpenList<'a> {
    pub tree: &'a Tree,
    pub known: &'a Known,
    pub all: BTreeMap<OpId, Open>,
}

impl OpenList<'_> {
    /// Adds what the executions of an operation's regions leave open. Branches have bounds.
    pub fn add_executions(&mut self, unknown: &Unknown) {
        if unknown.reason != Reason::Branch {
            self.add(unknown.operation, unknown.reason, OpenCounts::EXECUTIONS);
        }
    }

    pub fn add(&mut self, operation: OpId, reason: Reason, counts: OpenCounts) {
        if !counts.opens_time() {
            return;
        }
        let tree = self.tree;
        let cause = match reason {
            Reason::Bounds => self.run_time_bound(operation),
            Reason::Shape => dynamic_extent(tree, operation),
            _ => None,
        };
        let new = Open { operation, reason, cause, span: tree.operation(operation).span, counts };
        self.all
            .entry(operation)
            .and_modify(|known| {
                // That an operation is not known explains why its regions are not counted.
                let counts = known.counts.or(counts);
                *known = Open { counts, ..if reason == Reason::Operation { new } else { *known } };
            })
            .or_insert(new);
    }

    pub fn finish(self) -> Vec<Open> {
        let mut all: Vec<Open> = self.all.into_values().collect();
        all.sort_by_key(|open| (open.span.start, open.operation));
        all
    }

    /// The value that decides the bounds of a loop at run time.
    fn run_time_bound(&self, operation: OpId) -> Option<Cause> {
        let node = self.tree.operation(operation);
        // Carried values are the last operands of a loop.
        let carried = if node.operands.len() > node.results.len() { node.results.len() } else { 0 };
        let bounds = &node.operands[..node.operands.len() - carried];
        bounds.iter().find_map(|&bound| self.run_time(bound, &mut { MAX_CHAIN }))
    }

    /// The value known only at run time that a number depends on.
    fn run_time(&self, value: ValueId, fuel: &mut u32) -> Option<Cause> {
        *fuel = fuel.checked_sub(1)?;
        if self.known.values.contains_key(&value) {
            return None;
        }
        let tree = self.tree;
        let operation = match tree.value(value).definition {
            Definition::Result { operation, .. } => operation,
            Definition::Argument { block, .. } => {
                let around = tree.region(tree.block(block).region).operation;
                // A loop's variable is bounded by the loop, which is open by itself if it is not.
                let is_variable = around.is_some_and(|o| matches!(tree.record(o).regions, RegionExecution::Loop(_)));
                return (!is_variable).then_some(Cause::Value(value));
            }
            Definition::Missing => return None,
        };
        let operands = &tree.operation(operation).operands;
        match tree.record(operation).evaluation {
            Evaluation::Constant => None,
            Evaluation::None => Some(Cause::Value(value)),
            Evaluation::Dimension => {
                let index = tree.definer(*operands.get(1)?).and_then(|index| constant(tree, index)?.value());
                let shaped = *operands.first()?;
                let dimension = index.and_then(|index| usize::try_from(index).ok());
                match dimension.map(|d| (d, tree.types().shape(tree.value(shaped).ty).and_then(|s| s.get(d)))) {
                    Some((_, Some(Dimension::Static(_)))) => None,
                    Some((d, _)) => Some(Cause::Extent(shaped, d)),
                    None => Some(Cause::Value(value)),
                }
            }
            _ => operands.iter().find_map(|&operand| self.run_time(operand, fuel)),
        }
    }
}
