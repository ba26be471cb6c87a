//! What a layer becomes on the machine: operations in stages and steps, and the tensors between them.
//!
//! Every chip runs the same steps (single program, multiple data); the operations of one step start together. An
//! operation reads tensors of earlier steps only ([`super::builder::PlanBuilder`] enforces it), so the order of steps
//! is a topological order of the dataflow.

use designs::Span;

use super::collective::Collective;
use super::rule::Rule;

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

/// The part of a hardwired matrix on one chip.
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
    /// This number for every expert that is active on the chip.
    PerActiveExpert(u64),
}

/// What an operation does, per chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Reads the chip's part of the token's row of the embedding table from HBM.
    EmbeddingRow {
        /// Bytes on one chip.
        bytes: u64,
    },
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

/// An operation of a plan: an index into its operations in the order in which they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(u32);

impl OpId {
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a plan has fewer than 2^32 operations"))
    }

    /// Position among the operations of its plan, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A tensor of a plan, named by the operation that writes it. Only
/// `PlanBuilder` makes one, so there is no handle of a tensor that no operation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(OpId);

impl TensorId {
    pub(super) fn written_by(op: OpId) -> Self {
        Self(op)
    }

    /// The operation that writes it.
    #[must_use]
    pub fn producer(self) -> OpId {
        self.0
    }
}

/// An operation of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    /// Name, unique within the layer.
    pub name: &'static str,
    /// Index of its stage in [`LayerPlan::stages`].
    pub stage: usize,
    /// The mapping rule that placed it.
    pub rule: Rule,
    /// What it does on every chip.
    pub work: Work,
    /// Tensors it reads, all of earlier steps.
    pub reads: Vec<TensorId>,
    /// The tensor it writes.
    pub writes: Tensor,
}

/// A tensor between two operations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tensor {
    /// Name, unique within the layer.
    pub name: &'static str,
    /// Elements on one chip.
    pub elements: u64,
    /// Bytes on one chip, in the format of the links.
    pub bytes: u64,
    /// Chips that hold it.
    pub owner: Owner,
}

/// Attention of one layer per chip and cached position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AttentionCost {
    /// Stripes over which the positions of a sequence are distributed round-robin: rows for GQA, all chips for MLA.
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
    /// Positions that a token sees.
    pub span: Span,
}

impl AttentionCost {
    /// Positions that a token at `context` attends to.
    #[must_use]
    pub fn visible(&self, context: u64) -> u64 {
        context - self.span.first(context)
    }

    /// Positions that the fullest stripe must be able to hold for a sequence of `context` positions.
    #[must_use]
    pub fn positions_held(&self, context: u64) -> u64 {
        let held = match self.span {
            Span::Full => context,
            Span::Window(size) | Span::Chunk(size) => context.min(size.into()),
        };
        held.div_ceil(u64::from(self.stripes))
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

/// Operations that start together on a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index of the stage in [`LayerPlan::stages`].
    pub stage: usize,
    /// Operations, at least one.
    pub ops: Vec<OpId>,
}

/// Experts of a mixture that a router selects from. All fields are 0 in a layer without routed experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoutedExperts {
    /// Experts of the layer.
    pub total: u32,
    /// Experts that one token uses.
    pub per_token: u32,
    /// Experts, or parts of as many, on the chip that holds most.
    pub most_per_chip: u32,
    /// Chips over which every expert is cut; 1 where experts are whole.
    pub chips_per_expert: u32,
}

impl RoutedExperts {
    /// Experts that `chip` of `chips` holds, or holds a part of: groups of chips hold consecutive experts, as evenly as possible.
    #[must_use]
    pub fn on(&self, chip: u32, chips: u32) -> std::ops::Range<u32> {
        let cut = self.chips_per_expert.max(1);
        let (group, groups) = (u64::from(chip / cut), u64::from((chips / cut).max(1)));
        let from = |group: u64| (group * u64::from(self.total)).div_ceil(groups) as u32;
        from(group)..from(group + 1)
    }

    /// Active experts on the chip with the most work: whole experts are spread over the chips, parts lie on all chips of a group.
    #[must_use]
    pub fn active_on_fullest(&self, chips: u32) -> u32 {
        match self.chips_per_expert {
            0 | 1 => 1,
            cut => self.per_token.div_ceil((chips / cut).max(1)),
        }
    }

    /// Chips that work for the active experts of a token, those of every expert counted.
    #[must_use]
    pub fn active_parts(&self) -> u32 {
        self.per_token * self.chips_per_expert.max(1)
    }
}

/// A layer kind (or the head) as stages of steps.
#[derive(Debug, Clone)]
pub struct LayerPlan {
    /// Name of the kind, e.g. "GQA + MoE".
    pub name: String,
    /// Names of the stages in order.
    pub stages: Vec<&'static str>,
    /// Attention, `None` for the head.
    pub attention: Option<AttentionCost>,
    /// Routed experts.
    pub experts: RoutedExperts,
    pub(super) ops: Vec<Op>,
    pub(super) steps: Vec<Step>,
    pub(super) rules: Vec<Rule>,
}

impl LayerPlan {
    /// Steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One operation. Panics for the id of a larger plan.
    #[must_use]
    pub fn op(&self, id: OpId) -> &Op {
        &self.ops[id.index()]
    }

    /// The operations of a step.
    pub fn ops<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a Op> {
        step.ops.iter().map(|&id| self.op(id))
    }

    /// All operations in step order.
    pub fn all_ops(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter()
    }

    /// Rules that made the plan, in the order in which they were first applied.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Weights on the fullest chip.
    #[must_use]
    pub fn weights_per_chip(&self) -> u64 {
        self.all_ops().map(|op| if let Work::Hn(m) = &op.work { m.weights() } else { 0 }).sum()
    }

    /// The hardwired matrices, each as its part on one chip.
    pub fn hn_ops(&self) -> impl Iterator<Item = &Matrix> {
        self.all_ops().filter_map(|op| if let Work::Hn(m) = &op.work { Some(m) } else { None })
    }

    /// Every pair of producer and consumer, ordered by producer, then by consumer.
    #[must_use]
    pub fn dependences(&self) -> Vec<(OpId, OpId)> {
        let consumers = self.ops.iter().enumerate();
        let mut pairs: Vec<(OpId, OpId)> = consumers
            .flat_map(|(index, op)| op.reads.iter().map(move |read| (read.producer(), OpId::new(index))))
            .collect();
        pairs.sort_unstable();
        pairs
    }
}
