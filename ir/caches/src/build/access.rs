//! Accesses by subscripts: scalars, vectors, copies.

use ir::analysis::size::element_bytes;
use ir::registry::facts::IndexedAccess;
use ir::registry::features::LaneAccess;
use ir::tree::{AffineExpr, AttributeValue, Dimension, OpId, Type, ValueId};

use super::view::View;
use super::{Builder, MAX_REFERENCES};
use crate::expression::Linear;
use crate::program::{Clamp, Loop, Node, Reference, Site};
use crate::reason::{Reason, Unknown};

/// Elements side by side of a vector.
struct Run {
    /// First byte, relative to the subscripts.
    offset: i64,
    bytes: i64,
}

/// A vector access: its runs, and the lanes along the last dimension of the memory.
struct Lanes {
    runs: Vec<Run>,
    /// Lanes along the last dimension, where those outside the memory are left out.
    clamped: bool,
}

impl Builder<'_> {
    /// A load or store by subscripts.
    pub(super) fn access(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let store = tree.record(operation).access == IndexedAccess::Store;
        let (memory, subscripts) = node
            .operands
            .get(usize::from(store)..)
            .and_then(<[ValueId]>::split_first)
            .ok_or(self.unknown(operation, Reason::Operation))?;
        let view = self.view_of(operation, *memory)?;
        let indices = self.subscripts(operation, subscripts, &view, nodes)?;
        let value = if store { node.operands.first() } else { node.results.first() };
        let ty = value.map(|&v| tree.value(v).ty).ok_or(self.unknown(operation, Reason::Operation))?;
        let bytes = element_bytes(tree, ty).ok_or(self.unknown(operation, Reason::Operation))?;
        let lanes = match tree.ty(ty) {
            Type::Vector { shape, .. } if bytes as i64 == view.element => self.lanes(operation, shape, &view)?,
            // A scalar, or a vector that is an element.
            _ => Lanes { runs: vec![Run { offset: 0, bytes: view.element }], clamped: false },
        };
        let mut address = view.offset.clone();
        for (index, &stride) in indices.iter().zip(&view.strides) {
            address = address.plus(index, stride).ok_or(self.unknown(operation, Reason::Overflow))?;
        }
        let clamp = match (lanes.clamped, indices.last(), view.sizes.last()) {
            (true, Some(index), Some(&Some(extent))) => {
                Some(Clamp { index: index.clone(), extent, element: view.element })
            }
            _ => None,
        };
        self.touches(operation, *memory, store, &view, address, &lanes, clamp.as_ref(), nodes)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    fn touches(
        &mut self,
        operation: OpId,
        memory: ValueId,
        store: bool,
        view: &View,
        address: Linear,
        lanes: &Lanes,
        clamp: Option<&Clamp>,
        nodes: &mut Vec<Node>,
    ) -> Result<(), Unknown> {
        let total: i64 = lanes.runs.iter().map(|run| run.bytes).sum();
        let site = self.site(operation, memory, store, view, &address, total);
        for (at, run) in lanes.runs.iter().enumerate() {
            self.references += 1;
            if self.references > MAX_REFERENCES {
                return Err(self.unknown(operation, Reason::Touches));
            }
            let address =
                address.plus(&Linear::constant(run.offset), 1).ok_or(self.unknown(operation, Reason::Overflow))?;
            nodes.push(Node::Touch(Box::new(Reference {
                site,
                address,
                bytes: run.bytes,
                store,
                buffer: view.buffer,
                clamp: clamp.cloned(),
                leads: at == 0,
            })));
        }
        Ok(())
    }

    /// Adds a site at the current place.
    pub(super) fn site(
        &mut self,
        operation: OpId,
        memory: ValueId,
        store: bool,
        view: &View,
        address: &Linear,
        bytes: i64,
    ) -> u32 {
        let stride = self.loops.last().and_then(|l| address.coefficient(l.slot).checked_mul(l.step));
        let packed = bytes > view.element || stride.is_some_and(|s| s.abs() == view.element);
        self.program.sites.push(Site {
            operation,
            nest: self.loops.first().map(|l| l.operation),
            store,
            buffer: view.buffer,
            packed,
            bytes: bytes as u64,
            memory,
            stride,
        });
        self.program.sites.len() as u32 - 1
    }

    /// One sum for each dimension of the memory.
    fn subscripts(
        &mut self,
        operation: OpId,
        operands: &[ValueId],
        view: &View,
        nodes: &mut Vec<Node>,
    ) -> Result<Vec<Linear>, Unknown> {
        let rank = view.strides.len();
        let missing =
            |builder: &Self, operands: &[ValueId]| match operands.iter().find(|&&o| builder.number(o).is_none()) {
                Some(&operand) => builder.no_number(operation, operand),
                None => builder.unknown(operation, Reason::Overflow),
            };
        if let Some(AttributeValue::AffineMap(map)) = self.tree.attribute(operation, "map") {
            let sums = self.sums(map, operands, nodes).ok_or_else(|| missing(self, operands))?;
            return if sums.len() == rank { Ok(sums) } else { Err(self.unknown(operation, Reason::Operation)) };
        }
        let operands = operands.get(..rank).ok_or(self.unknown(operation, Reason::Operation))?;
        operands.iter().map(|&o| self.number(o)).collect::<Option<_>>().ok_or_else(|| missing(self, operands))
    }

    /// The elements of a vector.
    fn lanes(&self, operation: OpId, shape: &[Dimension], view: &View) -> Result<Lanes, Unknown> {
        let tree = self.tree;
        let unknown = |reason| self.unknown(operation, reason);
        if let Some(AttributeValue::DenseArray(_, segments)) = tree.attribute(operation, "operandSegmentSizes")
            && segments.len() == 4
            && segments[3] > 0.0
        {
            return Err(unknown(Reason::Mask));
        }
        let extents: Vec<i64> = shape
            .iter()
            .map(|d| if let Dimension::Static(n) = d { i64::try_from(*n).ok() } else { None })
            .collect::<Option<_>>()
            .ok_or(unknown(Reason::Operation))?;
        let rank = view.strides.len();
        // Dimension of the memory for each of the vector; none for a broadcast.
        let along: Vec<Option<usize>> = match tree.attribute(operation, "permutation_map") {
            Some(AttributeValue::AffineMap(map)) => map
                .results
                .iter()
                .map(|e| if let AffineExpr::Dimension(d) = e { Some(*d as usize) } else { None })
                .collect(),
            _ => (0..extents.len()).map(|d| (rank + d).checked_sub(extents.len())).collect(),
        };
        if along.len() != extents.len() || along.iter().flatten().any(|&d| d >= rank) {
            return Err(unknown(Reason::Operation));
        }
        let mut runs = vec![Run { offset: 0, bytes: view.element }];
        // Dimensions with the smallest stride first, so that neighbours join.
        let mut order: Vec<(i64, i64)> =
            along.iter().zip(&extents).filter_map(|(d, &n)| Some((view.strides[(*d)?], n))).collect();
        order.sort_unstable();
        for (stride, extent) in order {
            runs = repeated(&runs, stride, extent).ok_or(unknown(Reason::Touches))?;
        }
        Ok(Lanes { runs, clamped: self.is_clamped(operation, &along, rank) })
    }

    /// Whether lanes along the last dimension may lie outside the memory.
    fn is_clamped(&self, operation: OpId, along: &[Option<usize>], rank: usize) -> bool {
        if self.tree.record(operation).features.lanes != LaneAccess::UnlessInBounds || rank == 0 {
            return false;
        }
        let bounds = match self.tree.attribute(operation, "in_bounds") {
            Some(AttributeValue::Array(all)) => all.as_slice(),
            _ => &[],
        };
        let inside = |at: usize| matches!(bounds.get(at), Some(AttributeValue::Bool(true)));
        along.iter().enumerate().any(|(at, d)| *d == Some(rank - 1) && !inside(at))
    }

    /// A copy of the first operand to the second, element by element.
    pub(super) fn copy(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let &[from, to] = self.tree.operation(operation).operands.as_slice() else {
            return Err(self.unknown(operation, Reason::Operation));
        };
        let views = [self.view_of(operation, from)?, self.view_of(operation, to)?];
        let sizes: Option<Vec<i64>> = views[0].sizes.iter().zip(&views[1].sizes).map(|(a, b)| a.or(*b)).collect();
        let sizes = sizes.ok_or(self.unknown(operation, Reason::Count(ir::analysis::Reason::Shape)))?;
        let mut addresses = [views[0].offset.clone(), views[1].offset.clone()];
        let first = self.loops.len();
        for (at, _) in sizes.iter().enumerate() {
            let slot = self.slot();
            self.loops.push(super::Around { operation, slot, step: 1 });
            for (address, view) in addresses.iter_mut().zip(&views) {
                let stride = *view.strides.get(at).ok_or(self.unknown(operation, Reason::Layout))?;
                *address =
                    address.plus(&Linear::slot(slot), stride).ok_or(self.unknown(operation, Reason::Overflow))?;
            }
        }
        let mut body = Vec::new();
        let [load, store] = addresses;
        for (memory, store, view, address) in [(from, false, &views[0], load), (to, true, &views[1], store)] {
            let lanes = Lanes { runs: vec![Run { offset: 0, bytes: view.element }], clamped: false };
            self.touches(operation, memory, store, view, address, &lanes, None, &mut body)?;
        }
        for &size in sizes.iter().rev() {
            let around = self.loops.pop().expect("a loop for each dimension");
            body = vec![Node::Loop(Box::new(Loop::over(around.operation, around.slot, size, body)))];
        }
        debug_assert_eq!(first, self.loops.len());
        nodes.extend(body);
        Ok(())
    }
}

/// Runs at every multiple of a stride below an extent; neighbours become one. `None` if there are too many.
fn repeated(runs: &[Run], stride: i64, extent: i64) -> Option<Vec<Run>> {
    if let ([run], true) = (runs, extent > 0)
        && run.bytes == stride
    {
        return Some(vec![Run { offset: run.offset, bytes: run.bytes.checked_mul(extent)? }]);
    }
    let count = usize::try_from(extent).ok()?.checked_mul(runs.len())?;
    if count > MAX_REFERENCES {
        return None;
    }
    let mut all = Vec::with_capacity(count);
    for step in 0..extent {
        for run in runs {
            all.push(Run { offset: step.checked_mul(stride)?.checked_add(run.offset)?, bytes: run.bytes });
        }
    }
    Some(all)
}
