//! Buffers and views of them.

use ir::analysis::Cause;
use ir::analysis::size::element_bytes;
use ir::registry::facts::ViewForm;
use ir::tree::{AffineExpr, AttributeValue, Dimension, OpId, Type, ValueId};

use super::view::View;
use super::{Builder, Meaning};
use crate::cache::MOST_LINES;
use crate::expression::Linear;
use crate::hierarchy::LINE_BYTES;
use crate::program::{Buffer, PAGE_BYTES};
use crate::reason::{Reason, Unknown};

/// Offset and strides of `strided<[64, 1], offset: 3>` in elements; `None` where one is not static.
fn strided(layout: &str) -> Option<(i64, Vec<i64>)> {
    let inside = layout.strip_prefix("strided<[")?.strip_suffix('>')?;
    let (strides, rest) = inside.split_once(']')?;
    let number = |text: &str| text.trim().parse::<i64>().ok();
    let strides =
        if strides.trim().is_empty() { Vec::new() } else { strides.split(',').map(number).collect::<Option<_>>()? };
    let offset = match rest.split_once("offset:") {
        Some((_, offset)) => number(offset)?,
        None => 0,
    };
    Some((offset, strides))
}

/// Strides in elements of a shape without gaps.
fn dense(sizes: &[i64]) -> Option<Vec<i64>> {
    let mut strides = vec![1; sizes.len()];
    for at in (1..sizes.len()).rev() {
        strides[at - 1] = sizes[at].checked_mul(strides[at])?;
    }
    Some(strides)
}

impl Builder<'_> {
    /// What is known of a memref's memory.
    pub(super) fn view_of(&self, operation: OpId, memory: ValueId) -> Result<View, Unknown> {
        match self.meanings.get(&memory) {
            Some(Meaning::Memory(view)) => Ok(view.clone()),
            _ => Err(self.unknown(operation, Reason::Memory)),
        }
    }

    /// A new buffer for an argument, a global or an allocation, behind those before it.
    pub(super) fn buffer(&mut self, value: ValueId, operation: OpId) -> Result<(), Unknown> {
        let tree = self.tree;
        let unknown = |reason| Unknown { reason, operation, cause: None };
        let Type::MemRef { shape: Some(shape), layout, .. } = tree.value_type(value) else {
            return Err(unknown(Reason::Layout));
        };
        let element = element_bytes(tree, tree.value(value).ty).and_then(|b| i64::try_from(b).ok());
        let element = element.filter(|&bytes| bytes > 0).ok_or(unknown(Reason::Layout))?;
        let mut sizes = Vec::with_capacity(shape.len());
        for (dimension, extent) in shape.iter().enumerate() {
            let Dimension::Static(extent) = extent else {
                let reason = Reason::Count(ir::analysis::Reason::Shape);
                return Err(Unknown { reason, operation, cause: Some(Cause::Extent(value, dimension)) });
            };
            sizes.push(i64::try_from(*extent).map_err(|_| unknown(Reason::Size))?);
        }
        let (offset, strides) = match layout {
            None => (0, dense(&sizes).ok_or(unknown(Reason::Size))?),
            Some(layout) => strided(layout)
                .filter(|(offset, strides)| *offset >= 0 && strides.iter().all(|&s| s >= 0))
                .filter(|(_, strides)| strides.len() == sizes.len())
                .ok_or(unknown(Reason::Layout))?,
        };
        let size = unknown(Reason::Size);
        // Elements up to the last one.
        let elements = if sizes.contains(&0) {
            Some(0)
        } else {
            sizes.iter().zip(&strides).try_fold(offset.checked_add(1).ok_or(size)?, |all: i64, (&size, &stride)| {
                all.checked_add((size - 1).checked_mul(stride)?)
            })
        };
        let bytes = elements.and_then(|n| n.checked_mul(element)).ok_or(size)?;
        let end = self.program.buffers.last().map_or(0, |b: &Buffer| b.start + b.bytes);
        let start = (end as u64).next_multiple_of(PAGE_BYTES) as i64;
        let most = (MOST_LINES * LINE_BYTES) as i64;
        if start.checked_add(bytes).is_none_or(|end| end > most - PAGE_BYTES as i64) {
            return Err(size);
        }
        let first = offset.checked_mul(element).and_then(|o| o.checked_add(start)).ok_or(size)?;
        let strides = strides.iter().map(|s| s.checked_mul(element)).collect::<Option<_>>().ok_or(size)?;
        let buffer = self.program.buffers.len() as u32;
        self.program.buffers.push(Buffer { start, bytes });
        let view = View {
            buffer,
            offset: Linear::constant(first),
            strides,
            sizes: sizes.into_iter().map(Some).collect(),
            element,
        };
        self.meanings.insert(value, Meaning::Memory(view));
        Ok(())
    }

    /// Notes the memory of a view. One that is not understood is reported where it is accessed.
    pub(super) fn view(&mut self, operation: OpId, form: ViewForm) -> Result<(), Unknown> {
        let node = self.tree.operation(operation);
        let (Some(&source), &[result]) = (node.operands.first(), node.results.as_slice()) else { return Ok(()) };
        let Some(Meaning::Memory(base)) = self.meanings.get(&source).cloned() else { return Ok(()) };
        let view = match form {
            ViewForm::None => None,
            ViewForm::Same => Some(View { sizes: self.sizes(result), ..base }),
            ViewForm::Slice => self.slice(operation, result, &base),
            ViewForm::Reinterpretation => self.reinterpreted(operation, base),
            ViewForm::Reshape => self.reshaped(result, base),
            ViewForm::Transposition => self.transposed(operation, &base),
        };
        match view {
            Some(view) => {
                self.meanings.insert(result, Meaning::Memory(view));
                Ok(())
            }
            None => Err(self.unknown(operation, Reason::Layout)),
        }
    }

    fn sizes(&self, value: ValueId) -> Vec<Option<i64>> {
        let shape = self.tree.types().shape(self.tree.value(value).ty).unwrap_or(&[]);
        let size = |d: &Dimension| if let Dimension::Static(n) = d { i64::try_from(*n).ok() } else { None };
        shape.iter().map(size).collect()
    }

    /// Numbers of an attribute, in which `i64::MIN` stands for the next of the operands from `next` on.
    fn mixed(&self, operation: OpId, attribute: &str, next: &mut usize) -> Option<Vec<Linear>> {
        let AttributeValue::DenseArray(_, values) = self.tree.attribute(operation, attribute)? else { return None };
        let operands = &self.tree.operation(operation).operands;
        let mut value = |&v: &f64| {
            if v == i64::MIN as f64 {
                *next += 1;
                self.number(*operands.get(*next - 1)?)
            } else {
                Some(Linear::constant(v as i64))
            }
        };
        values.iter().map(&mut value).collect()
    }

    /// Offsets, sizes and strides of a view. Sizes that are not known do not matter.
    fn parts(&self, operation: OpId) -> Option<(Vec<Linear>, Vec<i64>)> {
        let mut next = 1;
        let offsets = self.mixed(operation, "static_offsets", &mut next)?;
        let AttributeValue::DenseArray(_, sizes) = self.tree.attribute(operation, "static_sizes")? else { return None };
        next += sizes.iter().filter(|&&v| v == i64::MIN as f64).count();
        let strides = self.mixed(operation, "static_strides", &mut next)?;
        Some((offsets, strides.iter().map(Linear::value).collect::<Option<_>>()?))
    }

    fn slice(&self, operation: OpId, result: ValueId, base: &View) -> Option<View> {
        let (offsets, steps) = self.parts(operation)?;
        if offsets.len() != base.strides.len() || steps.len() != base.strides.len() {
            return None;
        }
        let mut offset = base.offset.clone();
        for (by, &stride) in offsets.iter().zip(&base.strides) {
            offset = offset.plus(by, stride)?;
        }
        let AttributeValue::DenseArray(_, given) = self.tree.attribute(operation, "static_sizes")? else { return None };
        let sizes = self.sizes(result);
        // A result of lower rank leaves out dimensions of size 1.
        let mut left_out = base.strides.len().checked_sub(sizes.len())?;
        let mut strides = Vec::new();
        for (at, (&stride, &step)) in base.strides.iter().zip(&steps).enumerate() {
            let rest = steps.len() - at;
            let drop = left_out > 0
                && given.get(at) == Some(&1.0)
                && (left_out == rest || sizes.get(strides.len()) != Some(&Some(1)));
            if drop {
                left_out -= 1;
            } else {
                strides.push(stride.checked_mul(step)?);
            }
        }
        (strides.len() == sizes.len()).then_some(View {
            buffer: base.buffer,
            offset,
            strides,
            sizes,
            element: base.element,
        })
    }

    fn reinterpreted(&self, operation: OpId, base: View) -> Option<View> {
        let (offsets, strides) = self.parts(operation)?;
        let &[result] = self.tree.operation(operation).results.as_slice() else { return None };
        let [offset] = offsets.as_slice() else { return None };
        // The offset counts from the start of the memory.
        let start = Linear::constant(self.program.buffers.get(base.buffer as usize)?.start);
        Some(View {
            offset: start.plus(offset, base.element)?,
            strides: strides.iter().map(|s| s.checked_mul(base.element)).collect::<Option<_>>()?,
            sizes: self.sizes(result),
            ..base
        })
    }

    fn reshaped(&self, result: ValueId, base: View) -> Option<View> {
        let sizes = self.sizes(result);
        let known: Vec<i64> = sizes.iter().copied().collect::<Option<_>>()?;
        let strides = dense(&known)?.iter().map(|s| s.checked_mul(base.element)).collect::<Option<_>>()?;
        base.is_contiguous().then_some(View { strides, sizes, ..base })
    }

    fn transposed(&self, operation: OpId, base: &View) -> Option<View> {
        let AttributeValue::AffineMap(map) = self.tree.attribute(operation, "permutation")? else { return None };
        let dimension = |e: &AffineExpr| if let AffineExpr::Dimension(d) = e { Some(*d as usize) } else { None };
        let order: Vec<usize> = map.results.iter().map(dimension).collect::<Option<_>>()?;
        Some(View {
            strides: order.iter().map(|&d| base.strides.get(d).copied()).collect::<Option<_>>()?,
            sizes: order.iter().map(|&d| base.sizes.get(d).copied()).collect::<Option<_>>()?,
            ..base.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_read() {
        assert_eq!(strided("strided<[64, 1], offset: 3>"), Some((3, vec![64, 1])));
        assert_eq!(strided("strided<[1]>"), Some((0, vec![1])));
        assert_eq!(strided("strided<[]>"), Some((0, vec![])));
        assert_eq!((strided("strided<[?, 1]>"), strided("strided<[1], offset: ?>")), (None, None));
    }
}
