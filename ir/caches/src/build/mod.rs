//! From the normal form of a function to its [`Program`].
//!
//! Loops of `affine` and `scf` (parallel ones in lexicographic order), structured operations on memrefs in the order of their
//! loops, branches on compile-time conditions, views, copies, and accesses by subscripts. Everything else that can touch memory makes
//! the traffic unknown, with the reason. Arguments that are memrefs do not overlap.

mod access;
mod loops;
mod memory;
mod source;
mod structured;
mod values;
mod view;

use std::collections::BTreeMap;

use ir::analysis::{Cause, FunctionAnalysis, Reason as CountReason, Stated};
use ir::registry::facts::{BranchForm, IndexedAccess, MemoryEffect, RegionExecution, StepClass, TrafficRule, ViewForm};
use ir::tree::{BlockId, OpId, Tree, Type, ValueId};

use crate::expression::{Comparison, Linear, Slot};
use crate::program::{Condition, Node, Program};
use crate::reason::{Reason, Unknown};
use source::{Source, source};
use view::View;

/// Deepest nest of regions that is followed; the builder recurses.
const MAX_NESTING: usize = 256;

/// Most accesses of a program.
const MAX_REFERENCES: usize = 1 << 18;

/// What is known of a value.
#[derive(Debug, Clone)]
enum Meaning {
    Number(Linear),
    /// All comparisons hold.
    Truth(Vec<Comparison>),
    Memory(View),
}

/// A loop around the current place.
#[derive(Debug, Clone, Copy)]
struct Around {
    operation: OpId,
    slot: Slot,
    step: i64,
}

struct Builder<'a> {
    tree: &'a Tree,
    analysis: &'a FunctionAnalysis,
    stated: &'a Stated,
    program: Program,
    meanings: BTreeMap<ValueId, Meaning>,
    loops: Vec<Around>,
    references: usize,
    depth: usize,
}

/// The program of a function; `tree` is the normal form that was analysed.
pub(crate) fn program(
    tree: &Tree,
    function: OpId,
    analysis: &FunctionAnalysis,
    stated: &Stated,
) -> Result<Program, Unknown> {
    let mut builder = Builder {
        tree,
        analysis,
        stated,
        program: Program::default(),
        meanings: BTreeMap::new(),
        loops: Vec::new(),
        references: 0,
        depth: 0,
    };
    let unknown = |reason| Unknown { reason, operation: function, cause: None };
    let entry = tree.entry(function, 0).ok_or(unknown(Reason::Count(CountReason::Callee)))?;
    for &argument in &tree.block(entry).arguments {
        if matches!(tree.value_type(argument), Type::MemRef { .. }) {
            builder.buffer(argument, function)?;
        }
    }
    for (&value, &number) in &stated.values {
        builder.meanings.insert(value, Meaning::Number(Linear::constant(number)));
    }
    let mut body = Vec::new();
    builder.region(function, 0, &mut body)?;
    builder.program.body = body;
    Ok(builder.program)
}

impl Builder<'_> {
    fn slot(&mut self) -> Slot {
        self.program.slots += 1;
        self.program.slots - 1
    }

    fn unknown(&self, operation: OpId, reason: Reason) -> Unknown {
        Unknown { reason, operation, cause: None }
    }

    /// Region `index` of an operation, which must have one block.
    fn region(&mut self, operation: OpId, index: usize, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let Some(&region) = self.tree.operation(operation).regions.get(index) else { return Ok(()) };
        match self.tree.region(region).blocks.as_slice() {
            [] => Ok(()),
            [block] => self.block(*block, nodes),
            _ => Err(self.unknown(operation, Reason::Count(CountReason::ControlFlow))),
        }
    }

    fn block(&mut self, block: BlockId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        self.depth += 1;
        for &operation in &tree.block(block).operations {
            if self.depth > MAX_NESTING {
                return Err(self.unknown(operation, Reason::Operation));
            }
            self.operation(operation, nodes)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn operation(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        let record = tree.record(operation);
        if self.is_shaped_by(operation, |ty| matches!(ty, Type::Tensor { .. }))
            && !record.is_terminator
            && !matches!(record.regions, RegionExecution::Loop(_))
        {
            return Err(self.unknown(operation, Reason::Tensor));
        }
        match record.regions {
            _ if record.is_composite => return self.composite(operation, nodes),
            RegionExecution::Loop(form) => return self.looping(operation, form, nodes),
            RegionExecution::Branch(form) => return self.branch(operation, form, nodes),
            RegionExecution::Structured => return self.structured(operation, nodes),
            _ => {}
        }
        if record.access != IndexedAccess::None {
            return self.access(operation, nodes);
        }
        if record.is_call {
            let reason = self.reason_of(operation).unwrap_or(CountReason::Callee);
            return Err(self.unknown(operation, Reason::Count(reason)));
        }
        if record.traffic == TrafficRule::CopyFirst {
            return self.copy(operation, nodes);
        }
        if record.view != ViewForm::None {
            return self.view(operation, record.view);
        }
        let results = &tree.operation(operation).results;
        if record.allocates && record.steps == StepClass::Storage("storage") && results.len() == 1 {
            return self.buffer(results[0], operation);
        }
        self.value(operation, nodes)?;
        self.other(operation, nodes)
    }

    /// An operation without accesses of its own, or one whose accesses are not known.
    fn other(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        let record = tree.record(operation);
        let is_memory = |ty: &Type| matches!(ty, Type::MemRef { .. });
        if matches!(record.steps, StepClass::Storage(_)) || record.is_terminator {
            return Ok(());
        }
        if !record.is_registered() {
            return Err(self.unknown(operation, Reason::Operation));
        }
        if record.steps == StepClass::Constant && self.is_shaped_by(operation, is_memory) {
            // The memory of a global.
            return match tree.operation(operation).results.as_slice() {
                &[result] => self.buffer(result, operation),
                _ => Err(self.unknown(operation, Reason::Operation)),
            };
        }
        if tree.operation(operation).operands.iter().any(|&v| is_memory(tree.value_type(v)))
            && record.effect != MemoryEffect::None
        {
            let masked = matches!(record.effect, MemoryEffect::Read | MemoryEffect::Write)
                && matches!(record.traffic, TrafficRule::Load | TrafficRule::Store | TrafficRule::StoreLast);
            return Err(self.unknown(operation, if masked { Reason::Mask } else { Reason::Operation }));
        }
        if tree.operation(operation).regions.is_empty() {
            return Ok(());
        }
        match record.regions {
            RegionExecution::Once | RegionExecution::OnceHeld if !self.touches_memory(operation) => Ok(()),
            // The operation inside has the mask.
            RegionExecution::Once if !tree.operation(operation).operands.is_empty() => {
                Err(self.unknown(operation, Reason::Mask))
            }
            RegionExecution::Once | RegionExecution::OnceHeld => self.region(operation, 0, nodes),
            _ if self.touches_memory(operation) => {
                Err(self.unknown(operation, Reason::Count(self.reason_of(operation).unwrap_or(CountReason::Region))))
            }
            _ => Ok(()),
        }
    }

    fn is_shaped_by(&self, operation: OpId, wanted: impl Fn(&Type) -> bool) -> bool {
        let node = self.tree.operation(operation);
        node.operands.iter().chain(&node.results).any(|&v| wanted(self.tree.value_type(v)))
    }

    /// Whether anything inside an operation can access memory.
    fn touches_memory(&self, operation: OpId) -> bool {
        self.tree.walk_inside(operation).any(|inner| {
            let record = self.tree.record(inner);
            !record.is_registered()
                || record.is_call
                || record.access != IndexedAccess::None
                || self.is_shaped_by(inner, |ty| matches!(ty, Type::MemRef { .. } | Type::Tensor { .. }))
        })
    }

    /// Why an operation has no exact count.
    fn reason_of(&self, operation: OpId) -> Option<CountReason> {
        self.analysis.unknowns.iter().find(|u| u.operation == operation).map(|u| u.reason)
    }

    /// The body of a callee, or a definition of several steps, in place of the operation.
    fn composite(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        self.region(operation, 0, nodes)?;
        let tree = self.tree;
        let last = tree.entry(operation, 0).and_then(|block| tree.block(block).operations.last());
        let returned = last.map_or(&[][..], |&last| &tree.operation(last).operands);
        for (&result, value) in tree.operation(operation).results.iter().zip(returned) {
            if let Some(meaning) = self.meanings.get(value).cloned() {
                self.meanings.insert(result, meaning);
            }
        }
        Ok(())
    }

    fn branch(&mut self, operation: OpId, form: BranchForm, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        if !self.touches_memory(operation) {
            return Ok(());
        }
        let open = Unknown {
            reason: Reason::Count(CountReason::Branch),
            operation,
            cause: self.tree.operation(operation).operands.first().and_then(|&c| self.run_time(c)),
        };
        let all = match form {
            BranchForm::If => {
                let condition = self.tree.operation(operation).operands.first();
                match condition.and_then(|c| self.meanings.get(c)) {
                    Some(Meaning::Truth(all)) => all.clone(),
                    _ => return Err(open),
                }
            }
            BranchForm::AffineIf | BranchForm::Other => return Err(open),
        };
        let (mut then, mut otherwise) = (Vec::new(), Vec::new());
        self.region(operation, 0, &mut then)?;
        self.region(operation, 1, &mut otherwise)?;
        nodes.push(Node::If(Box::new(Condition { all, then, otherwise })));
        Ok(())
    }

    /// The argument or extent that a value depends on, if that is known only at run time.
    fn run_time(&self, value: ValueId) -> Option<Cause> {
        match source(self.tree, value)? {
            Source::RunTime(cause) => Some(cause),
            Source::Data => None,
        }
    }
}
