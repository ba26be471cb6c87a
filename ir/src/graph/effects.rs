//! Order of operations by their reads and writes of memrefs.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::analysis::traffic::output_count;
use crate::registry::facts::{Aliasing, MemoryEffect};
use crate::tree::{Definition, OpId, Tree, Type, ValueId};

/// Last writer and readers of each memref so far.
#[derive(Debug, Default)]
pub(super) struct Effects {
    memory: BTreeMap<ValueId, MemoryState>,
    /// The memory behind each view.
    roots: BTreeMap<ValueId, ValueId>,
}

#[derive(Debug, Default)]
struct MemoryState {
    writer: Option<NodeIndex>,
    /// Readers since the last write.
    readers: Vec<NodeIndex>,
}

/// Access to an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Both,
}

impl Effects {
    /// Adds an operation with its regions; returns the nodes that it must come after, with the memref of each.
    pub fn add(&mut self, tree: &Tree, operation: OpId, node: NodeIndex) -> Vec<(NodeIndex, ValueId)> {
        let mut accesses: BTreeMap<ValueId, (bool, bool)> = BTreeMap::new();
        for op in std::iter::once(operation).chain(tree.walk_inside(operation)) {
            if tree.record(op).aliasing == Aliasing::MemRefView {
                let data = tree.operation(op);
                if let Some(&viewed) = data.operands.first() {
                    let root = self.root(viewed);
                    self.roots.extend(data.results.iter().map(|&r| (r, root)));
                }
                continue;
            }
            for (operand, access) in accesses_of(tree, op) {
                let entry = accesses.entry(self.root(operand)).or_default();
                entry.0 |= access != Access::Write;
                entry.1 |= access != Access::Read;
            }
        }
        let mut before = Vec::new();
        for (memory, (reads, writes)) in accesses {
            let state = self.memory.entry(memory).or_default();
            before.extend(state.writer.map(|w| (w, memory)));
            if writes {
                before.extend(state.readers.drain(..).map(|r| (r, memory)));
                state.writer = Some(node);
            } else if reads {
                state.readers.push(node);
            }
        }
        before
    }

    fn root(&self, value: ValueId) -> ValueId {
        self.roots.get(&value).copied().unwrap_or(value)
    }
}

/// The memrefs among an operation's operands, with the access to each.
fn accesses_of(tree: &Tree, operation: OpId) -> Vec<(ValueId, Access)> {
    let node = tree.operation(operation);
    let effect = tree.record(operation).effect;
    let inputs = match effect {
        MemoryEffect::Structured => node.operands.len().saturating_sub(output_count(tree, operation)),
        _ => 0,
    };
    let access = |index: usize| match effect {
        MemoryEffect::Any => Some(Access::Both),
        MemoryEffect::None => None,
        MemoryEffect::Read => Some(Access::Read),
        MemoryEffect::Write => Some(Access::Write),
        MemoryEffect::Copy => Some(if index == 0 { Access::Read } else { Access::Write }),
        MemoryEffect::Structured => Some(if index < inputs { Access::Read } else { Access::Both }),
    };
    let memory = |&(_, &v): &(usize, &ValueId)| {
        matches!(tree.value_type(v), Type::MemRef { .. }) && tree.value(v).definition != Definition::Missing
    };
    node.operands.iter().enumerate().filter(memory).filter_map(|(i, &v)| Some((v, access(i)?))).collect()
}
