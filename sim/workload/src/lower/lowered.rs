//! What lowering a function yields: operations with their units and cycles, and the account of a call.

use ir::span::Span;
use ir::steps::Unplaced;
use ir::tree::OpId;
use serde::Serialize;
use sim::units::Unit;
use sim::units::hbm::Placement;

/// Why an operation has its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Product with a constant matrix, which is hardwired unless it is placed on the vector unit.
    ConstantMatrix,
    /// Product of two variable operands.
    BothChange,
    /// Element-wise function or reduction.
    ByElement,
    /// Change of data layout.
    Layout,
    /// View, constant, allocation or address computation.
    Address,
    /// Operation on constants alone, done before the first call.
    Folded,
    /// Part of the function that reads its result.
    Fused,
}

/// An operation with its unit. Cycles are those of the chip clock, per execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placed {
    #[serde(skip)]
    pub(super) op: OpId,
    /// Name, e.g. `linalg.matmul`; for a statement of a loop nest, of the operation that decided its unit.
    pub operation: String,
    /// Place in the text.
    #[serde(skip)]
    pub span: Span,
    /// Unit that it occupies; `None`, serialized as `none`, takes no time.
    #[serde(serialize_with = "unit_or_none")]
    pub unit: Option<Unit>,
    /// Why it has this unit.
    pub reason: Reason,
    /// Product of the trip counts of the loops over tensors around it. A loop nest of scalar code is one operation.
    pub executions: u64,
    /// Start of the first execution.
    pub start_cycle: u64,
    /// Cycles the unit is occupied.
    pub busy_cycles: u64,
    /// Cycles from start to result.
    pub latency_cycles: u64,
    /// Number of the step in the order of the text.
    #[serde(skip)]
    pub(crate) step: usize,
    /// Cycle at which the result is where it is stored, on all chips that have it.
    #[serde(skip)]
    pub(crate) done_cycle: u64,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Input vectors of a matrix, or queries of a cached operand, one after the other.
    pub passes: u64,
    /// Inputs of one output of a matrix.
    pub fan_in: u64,
    /// Elements of the matrix, of the cached operand, of the iteration space, or moved.
    pub elements: u64,
    /// Bytes read from the attention buffer by a product.
    pub bytes: u64,
}

fn unit_or_none<S: serde::Serializer>(unit: &Option<Unit>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit.map_or("none", Unit::name))
}

impl Placed {
    pub(super) fn at(
        op: OpId,
        unit: Option<Unit>,
        reason: Reason,
        start_cycle: u64,
        busy_cycles: u64,
        latency_cycles: u64,
    ) -> Self {
        Self {
            op,
            operation: String::new(),
            span: Span::default(),
            unit,
            reason,
            executions: 1,
            start_cycle,
            busy_cycles,
            latency_cycles,
            step: 0,
            done_cycle: 0,
            macs: 0,
            passes: 0,
            fan_in: 0,
            elements: 0,
            bytes: 0,
        }
    }

    pub(super) fn free(op: OpId, reason: Reason, at: u64) -> Self {
        Self::at(op, None, reason, at, 0, 0)
    }
}

/// An operation that has no unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissingPlace {
    /// Name, e.g. `linalg.matmul`.
    pub operation: String,
    /// Place in the text.
    #[serde(skip)]
    pub span: Span,
    /// Why it has no unit.
    pub reason: Unplaced,
    /// Product of the known trip counts of the loops around it.
    pub executions: u64,
}

/// Busy time of a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitShare {
    /// Name of the unit.
    pub unit: Unit,
    /// Busy cycles; cycles in which several matrices are busy count once.
    pub busy_cycles: u64,
    /// Share of the latency, 0 to 1.
    pub busy_share: f64,
}

/// Work of one call, all executions together. Counts saturate at 2^64 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Work {
    /// Weights to be hardwired.
    pub weights: u64,
    /// Multiply-accumulates of the HN array.
    pub hn_macs: u64,
    /// Multiply-accumulates of the vector unit.
    pub vex_macs: u64,
    /// Elements of functions on the vector unit.
    pub nonlinear_elements: u64,
    /// Bytes read from the attention buffer.
    pub buffer_bytes: u64,
    /// Bytes from HBM.
    pub hbm_bytes: u64,
}

impl Work {
    fn each(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            weights: f(self.weights, other.weights),
            hn_macs: f(self.hn_macs, other.hn_macs),
            vex_macs: f(self.vex_macs, other.vex_macs),
            nonlinear_elements: f(self.nonlinear_elements, other.nonlinear_elements),
            buffer_bytes: f(self.buffer_bytes, other.buffer_bytes),
            hbm_bytes: f(self.hbm_bytes, other.hbm_bytes),
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    pub(super) fn times(&self, n: u64) -> Self {
        self.each(self, |one, _| one.saturating_mul(n))
    }
}

/// A function on one chip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lowered {
    /// Share of the latency in which at least one compute unit (a matrix of the HN array, the attention pipeline or
    /// the lanes of the vector unit) is at work, 0 to 1; 0 for a function that takes no time.
    pub xpu_utilization: f64,
    /// Cycles of the chip clock from the call to the last result, exact. Operations that would end after 2^62 have no unit.
    pub latency_cycles: u64,
    /// Of these, cycles in which a compute unit is busy.
    pub computing_cycles: u64,
    /// Busy time of every unit.
    pub units: Vec<UnitShare>,
    /// Work of the call.
    pub work: Work,
    /// Split of the variable arguments between attention buffer and HBM.
    pub cache: Placement,
    /// Operations with a unit, in program order.
    pub operations: Vec<Placed>,
    /// Operations without one, in program order.
    pub unplaced: Vec<MissingPlace>,
}
