//! Nodes, edges and paths of the graph.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::effects::Effects;
use crate::analysis::size::bytes;
use crate::analysis::{Analysis, Cost, Range};
use crate::tree::{Definition, OpId, Tree, TypeId, ValueId};

/// A node of a graph, numbered in the order of the text, arguments first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Place among the nodes.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Argument or operation of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Argument of the function, by position.
    Argument(u32),
    /// An operation of the function's body.
    Operation(OpId),
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Argument or operation.
    pub origin: Origin,
    /// Name of the operation; `argument` for an argument.
    pub name: String,
    /// Types of the results (or of the argument).
    pub types: Vec<TypeId>,
    /// Bytes of the results.
    pub bytes: Range,
    /// Arithmetic and bytes moved in one call of the function, all inside included.
    pub cost: Cost,
}

/// Kind of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependence {
    /// The consumer uses this value.
    Value(ValueId),
    /// The consumer must come after the producer's reads or writes of this memref.
    Memory(ValueId),
}

impl Dependence {
    /// The value used, or the memref.
    #[must_use]
    pub fn value(self) -> ValueId {
        match self {
            Self::Value(value) | Self::Memory(value) => value,
        }
    }
}

/// Measure of the length of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Every operation is one.
    Operations,
    /// Arithmetic operations of every kind, see [`crate::analysis::work::Work::total`].
    Work,
}

/// A longest path.
#[derive(Debug, Clone, PartialEq)]
pub struct CriticalPath {
    /// Its nodes, first to last: the longest path by the lower bounds of counts.
    pub nodes: Vec<NodeId>,
    /// Its length; no path is longer than `high`.
    pub length: Range,
}

/// Dataflow graph of a function.
#[derive(Debug, Clone)]
pub struct Graph {
    graph: DiGraph<Node, Dependence, u32>,
}

impl Graph {
    /// The graph of a function with a body; `None` for anything else.
    #[must_use]
    pub fn of(tree: &Tree, analysis: &Analysis, function: OpId) -> Option<Self> {
        let costs = analysis.function(function)?;
        let region = tree.region(*tree.operation(function).regions.first()?);
        let mut graph = DiGraph::default();
        let mut node_of: BTreeMap<OpId, NodeIndex> = BTreeMap::new();
        let mut argument_of: BTreeMap<ValueId, NodeIndex> = BTreeMap::new();
        for (position, &value) in tree.block(*region.blocks.first()?).arguments.iter().enumerate() {
            let ty = tree.value(value).ty;
            let origin = Origin::Argument(position as u32);
            let name = "argument".to_owned();
            let node = Node { origin, name, types: vec![ty], bytes: bytes(tree, ty), cost: Cost::ZERO };
            argument_of.insert(value, graph.add_node(node));
        }
        let mut effects = Effects::default();
        for &operation in region.blocks.iter().flat_map(|&b| &tree.block(b).operations) {
            let types: Vec<TypeId> = tree.operation(operation).results.iter().map(|&r| tree.value(r).ty).collect();
            let size = types.iter().map(|&ty| bytes(tree, ty)).sum();
            let node = graph.add_node(Node {
                origin: Origin::Operation(operation),
                name: tree.name(operation).to_owned(),
                types,
                bytes: size,
                cost: costs.operation(operation),
            });
            let mut edges: Vec<(NodeIndex, Dependence)> = Vec::new();
            for value in used(tree, operation) {
                let producer = match tree.value(value).definition {
                    Definition::Result { operation, .. } => node_of.get(&operation),
                    _ => argument_of.get(&value),
                };
                edges.extend(producer.map(|&p| (p, Dependence::Value(value))));
            }
            let before = effects.add(tree, operation, node);
            edges.extend(before.into_iter().map(|(producer, memory)| (producer, Dependence::Memory(memory))));
            edges.sort_unstable();
            edges.dedup();
            // A value passed between both operations orders them already.
            let mut last = None;
            for (producer, dependence) in edges {
                let repeated = matches!(dependence, Dependence::Memory(_)) && last == Some(producer);
                last = Some(producer);
                if !repeated {
                    graph.add_edge(producer, node, dependence);
                }
            }
            node_of.insert(operation, node);
        }
        Some(Self { graph })
    }

    /// The nodes, arguments first, then operations in the order of the text.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.graph.node_count() as u32).map(NodeId)
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.graph[NodeIndex::new(id.index())]
    }

    /// The node of an operation of the function's body.
    #[must_use]
    pub fn node_of(&self, operation: OpId) -> Option<NodeId> {
        self.nodes().find(|&n| self.node(n).origin == Origin::Operation(operation))
    }

    /// Edges: producer, consumer, what is between them; in the order of the consumers.
    pub fn edges(&self) -> impl Iterator<Item = (NodeId, NodeId, Dependence)> + '_ {
        self.graph.edge_references().map(|e| (id(e.source()), id(e.target()), *e.weight()))
    }

    /// Nodes that a node depends on, each once.
    #[must_use]
    pub fn producers(&self, node: NodeId) -> Vec<NodeId> {
        self.neighbours(node, Direction::Incoming)
    }

    /// Nodes that depend on a node, each once.
    #[must_use]
    pub fn consumers(&self, node: NodeId) -> Vec<NodeId> {
        self.neighbours(node, Direction::Outgoing)
    }

    fn neighbours(&self, node: NodeId, direction: Direction) -> Vec<NodeId> {
        let mut all: Vec<NodeId> =
            self.graph.neighbors_directed(NodeIndex::new(node.index()), direction).map(id).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The longest chain of dependent operations.
    #[must_use]
    pub fn critical_path(&self, weight: Weight) -> CriticalPath {
        let measure = |node: NodeId| match (self.node(node).origin, weight) {
            (Origin::Argument(_), _) => Range::ZERO,
            (_, Weight::Operations) => Range::ONE,
            (_, Weight::Work) => self.node(node).cost.work.total(),
        };
        // Longest path to each node by lower bounds, with its previous node; and by upper bounds.
        let mut least: Vec<(u128, Option<NodeId>)> = Vec::with_capacity(self.graph.node_count());
        let mut most: Vec<Option<u128>> = Vec::with_capacity(self.graph.node_count());
        // Edges lead from lower to higher numbers: the order of the nodes is topological.
        for node in self.nodes() {
            let own = measure(node);
            let mut best = (0, None);
            let mut high = Some(0u128);
            for producer in self.producers(node) {
                let length = least[producer.index()].0;
                if best.1.is_none() || length > best.0 {
                    best = (length, Some(producer));
                }
                high = high.zip(most[producer.index()]).map(|(a, b)| a.max(b));
            }
            least.push((best.0.saturating_add(own.low), best.1));
            most.push(high.zip(own.high).and_then(|(a, b)| a.checked_add(b)));
        }
        let end = self.nodes().max_by_key(|n| (least[n.index()].0, std::cmp::Reverse(*n)));
        let mut nodes: Vec<NodeId> = std::iter::successors(end, |n| least[n.index()].1).collect();
        nodes.reverse();
        nodes.retain(|&n| matches!(self.node(n).origin, Origin::Operation(_)));
        let low = end.map_or(0, |n| least[n.index()].0);
        let high = most.into_iter().try_fold(0, |a: u128, b| Some(a.max(b?)));
        CriticalPath { nodes, length: Range { low, high } }
    }
}

fn id(index: NodeIndex) -> NodeId {
    NodeId(index.index() as u32)
}

/// Values that an operation uses, itself or inside its regions.
fn used(tree: &Tree, operation: OpId) -> Vec<ValueId> {
    let mut all = Vec::new();
    for op in std::iter::once(operation).chain(tree.walk_inside(operation)) {
        let node = tree.operation(op);
        all.extend(&node.operands);
        all.extend(node.successors.iter().flat_map(|s| &s.1));
    }
    all
}
