//! Edits of upstream's operations that melior has no safe functions for, and readers of constants and places.

use melior::Context;
use melior::ir::attribute::{Attribute, IntegerAttribute};
use melior::ir::block::BlockLike;
use melior::ir::operation::{OperationBuilder, OperationLike, OperationRef};
use melior::ir::r#type::Type;
use melior::ir::{BlockRef, Identifier, Location, Region, RegionLike, Value, ValueLike};

/// Makes operations before a given one, at its place in the text.
pub(super) struct Before<'c, 'a> {
    pub(super) context: &'c Context,
    pub(super) block: BlockRef<'c, 'a>,
    pub(super) anchor: OperationRef<'c, 'a>,
    pub(super) location: Location<'c>,
}

impl<'c, 'a> Before<'c, 'a> {
    /// Makes an operation; attributes are in MLIR's spelling.
    ///
    /// The names, operands and attributes are this module's own, so a failure is a fault of it.
    pub(super) fn make(
        &self,
        name: &str,
        operands: &[Value<'c, 'a>],
        results: &[Type<'c>],
        attributes: &[(&str, String)],
        regions: Vec<Region<'c>>,
    ) -> OperationRef<'c, 'a> {
        let attributes: Vec<(Identifier<'c>, Attribute<'c>)> = attributes
            .iter()
            .map(|(key, value)| {
                let value = Attribute::parse(self.context, value).expect("the attribute is well formed");
                (Identifier::new(self.context, key), value)
            })
            .collect();
        let operation = OperationBuilder::new(name, self.location)
            .add_operands(operands)
            .add_results(results)
            .add_attributes(&attributes)
            .add_regions_vec(regions)
            .build()
            .expect("the operation is complete");
        self.block.insert_operation_before(self.anchor, operation)
    }

    /// The first result of an operation of indices.
    pub(super) fn index(&self, name: &str, operands: &[Value<'c, 'a>], attributes: &[(&str, String)]) -> Value<'c, 'a> {
        let index = Type::index(self.context);
        self.make(name, operands, &[index], attributes, Vec::new()).result(0).expect("it has a result").into()
    }

    /// A constant index.
    pub(super) fn constant(&self, value: i64) -> Value<'c, 'a> {
        self.index("arith.constant", &[], &[("value", format!("{value} : index"))])
    }
}

/// The constant that a value is.
pub(super) fn constant_of(value: Value<'_, '_>) -> Option<i64> {
    let operation = definition(value)?;
    if name(operation) != "arith.constant" {
        return None;
    }
    Some(IntegerAttribute::try_from(operation.attribute("value").ok()?).ok()?.value())
}

/// The operation that defines a value; `None` for an argument.
pub(super) fn definition<'c, 'a>(value: Value<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    if !value.is_operation_result() {
        return None;
    }
    // SAFETY: the value is a result, and its owner lives as long as it.
    unsafe { OperationRef::from_option_raw(mlir_sys::mlirOpResultGetOwner(value.to_raw())) }
}

/// The block whose argument a value is.
pub(super) fn argument_block<'c, 'a>(value: Value<'c, 'a>) -> Option<BlockRef<'c, 'a>> {
    if !value.is_block_argument() {
        return None;
    }
    // SAFETY: the value is an argument, and its block lives as long as it.
    unsafe { BlockRef::from_option_raw(mlir_sys::mlirBlockArgumentGetOwner(value.to_raw())) }
}

/// Name of an operation.
pub(super) fn name(operation: OperationRef<'_, '_>) -> String {
    operation.name().as_string_ref().as_str().unwrap_or("").to_owned()
}

/// Line and column of an operation, from 1; of a fused place the first that is known.
pub(super) fn place(operation: OperationRef<'_, '_>) -> Option<(usize, usize)> {
    let mut pending = vec![operation.location()];
    while let Some(location) = pending.pop() {
        if location.is_file_line_col_range() {
            return Some((location.file_line_col_range_start_line(), location.file_line_col_range_start_column()));
        }
        if location.is_fused() {
            pending.extend((0..location.fused_num_locations()).rev().map(|index| location.fused_location(index)));
        } else if location.is_call_site() {
            pending.push(location.call_site_callee());
        } else if location.is_name() {
            pending.push(location.name_child_location());
        }
    }
    None
}

/// The single block of a region of an operation.
pub(super) fn block_of<'c, 'a>(operation: OperationRef<'c, 'a>, region: usize) -> Option<BlockRef<'c, 'a>> {
    operation.region(region).ok()?.first_block()
}

/// The operations directly in a block, in order.
pub(super) fn operations<'c, 'a>(block: BlockRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    std::iter::successors(block.first_operation(), |operation| operation.next_in_block()).collect()
}

/// Moves the operations of a block, all but the last, before another operation.
pub(super) fn move_body<'c, 'a>(from: BlockRef<'c, 'a>, before: OperationRef<'c, 'a>) {
    let mut all = operations(from);
    all.pop();
    for operation in all {
        // SAFETY: both operations are in blocks of the same module.
        unsafe { mlir_sys::mlirOperationMoveBefore(operation.to_raw(), before.to_raw()) };
    }
}

/// Replaces all uses of a value.
pub(super) fn replace(value: Value<'_, '_>, with: Value<'_, '_>) {
    // SAFETY: both values are of the same module and type.
    unsafe { mlir_sys::mlirValueReplaceAllUsesOfWith(value.to_raw(), with.to_raw()) };
}

/// Moves the blocks of a region into an empty one.
pub(super) fn take_body<'c>(target: &Region<'c>, operation: OperationRef<'c, '_>) {
    if let Ok(source) = operation.region(0) {
        // SAFETY: both regions exist, and the target is empty.
        unsafe { mlir_sys::mlirRegionTakeBody(target.to_raw(), source.to_raw()) };
    }
}

/// Removes an operation whose results have no uses left.
pub(super) fn erase(operation: OperationRef<'_, '_>) {
    // SAFETY: the operation is in a block, and neither it nor its results are used afterwards.
    unsafe { mlir_sys::mlirOperationDestroy(operation.to_raw()) };
}
