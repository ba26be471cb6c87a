//! What a layer becomes on the machine: operations in stages, as a graph and as a sequence of steps.
//!
//! Every chip runs the same steps (single program, multiple data); operations of one step run side by
//! side. The petgraph graph carries operations (nodes) and tensors (edges) for domain questions; the step
//! order is a topological order of it, which a test checks.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, Topo};

use super::collective::Collective;

/// Which chips hold which part of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Every chip holds all of it.
    Every,
    /// A column holds its heads' part, the same on all its chips.
    Column,
    /// A row holds its slice, the same on all its chips.
    Row,
    /// Every chip holds a part of its own (or an unreduced partial sum).
    Chip,
    /// The chip (or row of chips) that the position selects.
    Position,
}

/// A matrix held as wires, as one chip sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Matrix {
    /// Inputs of one neuron on this chip.
    pub fan_in: u64,
    /// Neurons on this chip (for experts: of one expert).
    pub fan_out: u64,
    /// Copies on this chip that a router selects from; 0 for a matrix every token uses.
    pub experts: u32,
}

impl Matrix {
    /// Weights on this chip.
    #[must_use]
    pub fn weights(&self) -> u64 {
        self.fan_in * self.fan_out * u64::from(self.experts.max(1))
    }
}

/// Where messages of one hop of a transfer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Among the chips of a row.
    Row,
    /// Among the chips of a column.
    Column,
}

/// One leg of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// A collective within every row or column; `elements` is the whole vector of the group.
    Group {
        /// What is done.
        collective: Collective,
        /// Within rows or columns.
        scope: Scope,
        /// Elements of the group's whole vector.
        elements: u64,
    },
    /// Every chip of a column sends its partial vector to the chip in the row that the position selects.
    ToOwnerRow {
        /// Elements each chip sends.
        elements: u64,
    },
    /// Every chip of the row that the position selects sends its part to the chip the position selects.
    ToOwnerChip {
        /// Elements each chip sends.
        elements: u64,
    },
}

/// Elements of a non-linear function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Elements {
    /// The same on every chip.
    Fixed(u64),
    /// So many per expert that is active on the chip.
    PerActiveExpert(u64),
}

/// What an operation does, per chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A pass of the hardwired-neuron array.
    Hn(Matrix),
    /// A non-linear function on the vector unit.
    Nonlinear(Elements),
    /// Query times cached keys.
    Scores,
    /// Attention weights times cached values.
    Values,
    /// Messages, one leg after the other.
    Transfer(Vec<Leg>),
}

/// An operation of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    /// Name within the layer.
    pub name: &'static str,
    /// Index of its stage.
    pub stage: usize,
    /// What it does.
    pub work: Work,
    /// Who holds its result.
    pub owner: Owner,
}

/// A tensor between two operations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tensor {
    /// Name within the layer.
    pub name: &'static str,
    /// Elements on one chip.
    pub elements: u64,
    /// Bytes on one chip.
    pub bytes: u64,
    /// Who holds it.
    pub owner: Owner,
}

/// Attention of one layer per chip and cached position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AttentionCost {
    /// Chips a sequence's positions are dealt to, one after the other (rows for GQA, all chips for MLA).
    pub stripes: u32,
    /// Elements read per position for the scores.
    pub score_elements: u64,
    /// Elements read per position for the values.
    pub value_elements: u64,
    /// Elements stored per position.
    pub stored_elements: u64,
    /// Vector operations per position for the scores: 64 elements of one cached vector times 8 queries.
    pub score_vectors: u64,
    /// Vector operations per position for the values.
    pub value_vectors: u64,
    /// Multiply-accumulates per position, scores and values together.
    pub macs: u64,
    /// Sliding window in positions; `None` sees the whole context.
    pub window: Option<u32>,
}

impl AttentionCost {
    /// Positions a token at `context` sees.
    #[must_use]
    pub fn visible(&self, context: u64) -> u64 {
        self.window.map_or(context, |w| context.min(u64::from(w)))
    }

    /// Positions among the `visible` last ones that stripe `stripe` holds, for a token at `context`.
    #[must_use]
    pub fn positions_on(&self, stripe: u32, context: u64) -> u64 {
        let n = u64::from(self.stripes);
        let upto = |end: u64| (end + n - 1 - u64::from(stripe)) / n;
        upto(context) - upto(context - self.visible(context))
    }

    /// Positions on the stripe that holds most.
    #[must_use]
    pub fn positions_on_fullest(&self, context: u64) -> u64 {
        self.visible(context).div_ceil(u64::from(self.stripes))
    }
}

/// A step: operations of one kind that start together on a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index of the stage.
    pub stage: usize,
    /// Operations.
    pub ops: Vec<NodeIndex>,
}

/// A layer kind (or the head) as stages of steps.
#[derive(Debug, Clone)]
pub struct LayerPlan {
    /// Name of the kind, e.g. "GQA + MoE".
    pub name: String,
    /// Names of the stages in order.
    pub stages: Vec<&'static str>,
    graph: DiGraph<Op, Tensor>,
    steps: Vec<Step>,
    /// Attention, `None` for the head.
    pub attention: Option<AttentionCost>,
    /// Mixture-of-experts shape: (experts, experts per token, most experts on one chip); zeros without.
    pub experts: (u32, u32, u32),
}

impl LayerPlan {
    /// Steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The operations of a step.
    pub fn ops<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a Op> {
        step.ops.iter().map(|&i| &self.graph[i])
    }

    /// All operations in step order.
    pub fn all_ops(&self) -> impl Iterator<Item = &Op> {
        self.steps.iter().flat_map(|s| self.ops(s))
    }

    /// The tensors an operation reads, with the operation that made each.
    #[must_use]
    pub fn producers(&self, name: &str) -> Vec<(&Op, &Tensor)> {
        let Some(node) = self.graph.node_indices().find(|&n| self.graph[n].name == name) else { return Vec::new() };
        let mut found: Vec<_> =
            self.graph.edges_directed(node, petgraph::Direction::Incoming).map(|e| (e.source(), e.weight())).collect();
        found.sort_by_key(|(source, tensor)| (*source, tensor.name));
        found.into_iter().map(|(source, tensor)| (&self.graph[source], tensor)).collect()
    }

    /// Longest path through the graph when an operation lasts `cycles(op)`: the length and the names on it.
    #[must_use]
    pub fn critical_path(&self, mut cycles: impl FnMut(&Op) -> u64) -> (u64, Vec<&'static str>) {
        let mut best: Vec<(u64, Option<NodeIndex>)> = vec![(0, None); self.graph.node_count()];
        let mut topo = Topo::new(&self.graph);
        let mut last = None;
        while let Some(node) = topo.next(&self.graph) {
            let before = self
                .graph
                .neighbors_directed(node, petgraph::Direction::Incoming)
                .map(|p| (best[p.index()].0, Some(p)))
                .max()
                .unwrap_or((0, None));
            best[node.index()] = (before.0 + cycles(&self.graph[node]), before.1);
            if last.is_none_or(|l: NodeIndex| best[l.index()].0 < best[node.index()].0) {
                last = Some(node);
            }
        }
        let mut path = Vec::new();
        let mut at = last;
        while let Some(node) = at {
            path.push(self.graph[node].name);
            at = best[node.index()].1;
        }
        path.reverse();
        (last.map_or(0, |l| best[l.index()].0), path)
    }

    /// Weights on the fullest chip.
    #[must_use]
    pub fn weights_per_chip(&self) -> u64 {
        self.all_ops().map(|op| if let Work::Hn(m) = &op.work { m.weights() } else { 0 }).sum()
    }

    /// The matrices held as wires, as one chip sees them.
    pub fn hn_ops(&self) -> impl Iterator<Item = &Matrix> {
        self.all_ops().filter_map(|op| if let Work::Hn(m) = &op.work { Some(m) } else { None })
    }

    /// Every tensor, in the order of its producer, with producer and consumer.
    #[must_use]
    pub fn tensors(&self) -> Vec<(&Op, &Tensor, &Op)> {
        let mut edges: Vec<_> = self.graph.edge_references().collect();
        edges.sort_by_key(|e| (e.source(), e.target(), e.weight().name));
        edges.into_iter().map(|e| (&self.graph[e.source()], e.weight(), &self.graph[e.target()])).collect()
    }
}

/// Puts a plan together, connecting operations by the names of their tensors.
pub struct PlanBuilder {
    plan: LayerPlan,
    element_bytes: u64,
    latest: Vec<(Tensor, NodeIndex)>,
}

impl PlanBuilder {
    /// A plan without stages; tensors have `element_bytes` bytes per element.
    #[must_use]
    pub fn new(name: String, element_bytes: u32) -> Self {
        let plan = LayerPlan {
            name,
            stages: Vec::new(),
            graph: DiGraph::new(),
            steps: Vec::new(),
            attention: None,
            experts: (0, 0, 0),
        };
        Self { plan, element_bytes: u64::from(element_bytes), latest: Vec::new() }
    }

    /// Begins a stage.
    pub fn stage(&mut self, name: &'static str) {
        self.plan.stages.push(name);
    }

    /// Adds a step of one operation.
    pub fn op(&mut self, name: &'static str, work: Work, reads: &[&str], writes: (&'static str, u64, Owner)) {
        self.step(vec![(name, work, reads.to_vec(), writes)]);
    }

    /// Adds a step of several operations that start together.
    #[allow(clippy::type_complexity)]
    pub fn step(&mut self, ops: Vec<(&'static str, Work, Vec<&str>, (&'static str, u64, Owner))>) {
        let stage = self.plan.stages.len().checked_sub(1).expect("a stage comes before its steps");
        let mut nodes = Vec::new();
        let mut written = Vec::new();
        for (name, work, reads, (tensor, elements, owner)) in ops {
            let node = self.plan.graph.add_node(Op { name, stage, work, owner });
            for read in reads {
                if let Some((tensor, from)) = self.latest.iter().find(|(t, _)| t.name == read) {
                    self.plan.graph.add_edge(*from, node, tensor.clone());
                }
            }
            let bytes = elements * self.element_bytes;
            written.push((Tensor { name: tensor, elements, bytes, owner }, node));
            nodes.push(node);
        }
        for (tensor, node) in written {
            self.latest.retain(|(t, _)| t.name != tensor.name);
            self.latest.push((tensor, node));
        }
        self.plan.steps.push(Step { stage, ops: nodes });
    }

    /// The finished plan.
    #[must_use]
    pub fn finish(mut self, attention: Option<AttentionCost>, experts: (u32, u32, u32)) -> LayerPlan {
        self.plan.attention = attention;
        self.plan.experts = experts;
        self.plan
    }
}
