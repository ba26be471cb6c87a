//! The work of an operation: one instruction for each register, or what LLVM makes of an operation on vectors instead.

use ir::registry::features::MachineWork;
use ir::tree::{OpId, ValueId};

use super::access::is_loaded;
use super::events::{Collect, Placement};
use super::integers::Expansion;
use super::lanes::{MachineCost, VectorWidth};
use super::state::Walk;
use super::{lane_reduction, tiles};
use crate::features::counts::midpoint;
use crate::features::kind::arithmetic;
use crate::features::table::WorkKind;

/// Share of an explicit vector operation on `bf16` that rounds its result. LLVM extends the operands to `f32`, computes, and rounds: about half
/// of the instructions if each lane is rounded by a call, as on x86 before AVX512-BF16 and on RISC-V, and less if an instruction rounds.
const ROUNDING: f64 = 0.5;

impl<C: Collect> Walk<'_, C> {
    /// Reports the work of an operation on scalars of `bits`, or by its widest vector.
    pub(super) fn report(&mut self, operation: OpId, expansion: Expansion, bits: f64, placement: Placement) {
        let tree = self.tree;
        let Expansion { kind, scalar, vector, more } = expansion;
        let node = tree.operation(operation);
        let widths = node.results.iter().chain(&node.operands).map(|&v| VectorWidth::of(tree, v));
        let width = widths.fold(VectorWidth::default(), VectorWidth::max);
        match tree.record(operation).features.machine {
            MachineWork::Contraction => self.contraction(operation, kind, width, placement),
            MachineWork::OuterProduct => self.outer_product(operation, kind, width, placement),
            MachineWork::Reduction => {
                let reduced = tiles::Reduced::of(tree, operation);
                let combined = MachineCost::new(reduced.combined, false).times(reduced.times);
                self.work(placement, kind, combined, bits);
                self.work(placement, WorkKind::Shuffle, MachineCost::by_lane(reduced.moves), 0.0);
            }
            MachineWork::LaneReduction => {
                self.work(placement, kind, MachineCost::new(width, false), bits);
                let steps = lane_reduction::steps(tree, operation);
                self.collector.lane_steps(placement.loop_index, placement.weight * steps);
            }
            MachineWork::LaneMask => {
                // `convert-vector-to-llvm` compares lane indices of 32 bits.
                let indices = VectorWidth { bits: 32.0 * width.lanes, ..width };
                self.work(placement, kind, MachineCost::new(indices, false), bits);
            }
            MachineWork::LaneMove => {
                if let Some(moved) = tiles::moved(tree, operation) {
                    self.work(placement, kind, MachineCost::new(moved, false), bits);
                }
            }
            MachineWork::Gathering => {
                self.work(placement, kind, MachineCost::by_lane(tiles::gathered(tree, operation)), bits);
            }
            MachineWork::Transposition if tiles::keeps_rows(tree, operation) => {}
            MachineWork::Truncation if kind == WorkKind::Bf16 && width.bits > 0.0 => {
                let rounded = node.results.first().map_or(width, |&result| VectorWidth::of(tree, result));
                self.work(placement, kind, MachineCost::new(rounded, false).times(ROUNDING), bits);
            }
            machine => {
                let by_lane = matches!(kind, WorkKind::Call | WorkKind::MathCall | WorkKind::IntegerDivide)
                    || machine == MachineWork::Transposition;
                let cost = match MachineCost::new(width, by_lane) {
                    own if own.is_explicit() && vector.is_infinite() => {
                        MachineCost::taken_apart(width, node.operands.len(), scalar)
                    }
                    own if own.is_explicit() && by_lane => own.expanded(scalar, scalar),
                    own => own.expanded(scalar, vector),
                };
                self.work(placement, kind, cost, bits);
                if let Some(&result) = node.results.first().filter(|_| more > 0.0) {
                    let cost = MachineCost::new(width, false).expanded(more, more);
                    self.work(placement, arithmetic(tree, result), cost, bits);
                }
            }
        }
    }

    fn contraction(&mut self, operation: OpId, kind: WorkKind, width: VectorWidth, placement: Placement) {
        let work = self.function.map_or(0.0, |f| midpoint(f.operation(operation).work.total()));
        let lanes = |value: &ValueId| VectorWidth::of(self.tree, *value).lanes.max(1.0);
        let results = self.tree.operation(operation).results.first().map_or(0.0, lanes);
        let products = work / 2.0 / self.entries(placement).max(1.0);
        let (multiplied, added) = MachineCost::contraction(results, products, width);
        self.work(placement, kind, multiplied, 0.0);
        self.work(placement, WorkKind::Shuffle, added, 0.0);
    }

    /// A row of the result is the second vector times a lane of the first, which is spread over a vector.
    fn outer_product(&mut self, operation: OpId, kind: WorkKind, width: VectorWidth, placement: Placement) {
        let rows = MachineCost::new(width, false);
        self.work(placement, kind, rows, 0.0);
        if !tiles::is_fused_product(self.tree, operation, kind) {
            let product = if kind == WorkKind::MinMax { WorkKind::Float } else { kind };
            self.work(placement, product, rows, 0.0);
        }
        if !is_loaded(self.tree, operation) {
            self.work(placement, WorkKind::Shuffle, rows, 0.0);
        }
    }
}
