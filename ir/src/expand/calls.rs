//! Calls as the bodies of their callees.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Builder;
use super::operations;
use crate::tree::{
    AttributeValue, Block, BlockId, Definition, OpId, Operation, Region, RegionId, Tree, Value, ValueId,
};

/// Most operations that all calls of a text may add: nested calls multiply.
const MAX_ADDED: usize = 1 << 16;

/// Deepest nest of regions in a function whose calls are written out; the analyses recurse.
const MAX_NESTING: usize = 256;

/// Writes out functions, callees first.
pub(super) struct Calls {
    symbols: BTreeMap<String, OpId>,
    done: BTreeSet<OpId>,
    /// Functions being written out, outermost first.
    around: Vec<OpId>,
    added: usize,
    /// Levels of regions in each function that is done.
    depths: BTreeMap<OpId, usize>,
}

impl Calls {
    pub fn new(tree: &Tree) -> Self {
        let mut symbols = BTreeMap::new();
        for function in tree.functions() {
            if let Some(name) = tree.symbol(function) {
                symbols.entry(name.to_owned()).or_insert(function);
            }
        }
        Self { symbols, done: BTreeSet::new(), around: Vec::new(), added: 0, depths: BTreeMap::new() }
    }

    /// Writes out a function and what it calls.
    pub fn expand(&mut self, builder: &mut Builder, function: OpId) {
        if !self.done.insert(function) {
            return;
        }
        self.around.push(function);
        let calls: Vec<OpId> =
            builder.tree.walk_inside(function).filter(|&op| builder.tree.record(op).is_call).collect();
        let callees: Vec<Option<OpId>> = calls.iter().map(|&call| self.callee(&builder.tree, call)).collect();
        // What is appended for the callees comes first, so that a function's own ids lie together.
        for &callee in callees.iter().flatten() {
            if self.around.len() < MAX_NESTING {
                self.expand(builder, callee);
            }
        }
        operations::expand(builder, function);
        for (call, callee) in calls.into_iter().zip(callees) {
            if let Some(callee) = callee.filter(|callee| !self.around.contains(callee)) {
                self.inline(builder, call, callee);
            }
        }
        self.around.pop();
        let depth = depth(&builder.tree, function);
        self.depths.insert(function, depth);
    }

    fn callee(&self, tree: &Tree, call: OpId) -> Option<OpId> {
        match tree.attribute(call, "callee") {
            Some(AttributeValue::Symbol(path)) => self.symbols.get(path.last()?.as_str()).copied(),
            _ => None,
        }
    }

    /// Gives a call the body of its callee.
    fn inline(&mut self, builder: &mut Builder, call: OpId, callee: OpId) -> Option<()> {
        let tree = &builder.tree;
        let entry = tree.entry(callee, 0)?;
        let node = tree.operation(call);
        let size = tree.walk_inside(callee).count();
        let fits = tree.block(entry).arguments.len() == node.operands.len()
            && node.regions.is_empty()
            && self.added + size <= MAX_ADDED
            && self.level(tree, call) + self.depths.get(&callee)? <= MAX_NESTING;
        if !fits {
            return None;
        }
        self.added += size;
        let mut values: BTreeMap<ValueId, ValueId> =
            tree.block(entry).arguments.iter().copied().zip(node.operands.iter().copied()).collect();
        let attributes = node.attributes.clone();
        let region = *tree.operation(callee).regions.first()?;
        builder.make_composite(call);
        builder.tree.operations[call.index()].attributes = attributes;
        let target = builder.tree.operations[call.index()].regions[0];
        builder.tree.regions[target.index()].blocks.clear();
        copy_region(builder, region, target, &mut values, true);
        Some(())
    }

    /// Regions around an operation.
    fn level(&self, tree: &Tree, operation: OpId) -> usize {
        std::iter::successors(Some(operation), |&op| tree.region(tree.block(tree.operation(op).block).region).operation)
            .take(MAX_NESTING + 1)
            .count()
    }
}

/// Levels of regions inside an operation.
fn depth(tree: &Tree, operation: OpId) -> usize {
    let mut deepest = 0;
    let mut left = vec![(operation, 0)];
    while let Some((op, level)) = left.pop() {
        deepest = deepest.max(level);
        for &region in &tree.operation(op).regions {
            for &block in &tree.region(region).blocks {
                left.extend(tree.block(block).operations.iter().map(|&inner| (inner, level + 1)));
            }
        }
    }
    deepest
}

/// Copies the blocks of a region into another. Values that `values` has are replaced; those of the copy are added to
/// it. The arguments of the entry block are not copied if they are `bound` to others.
fn copy_region(
    builder: &mut Builder,
    from: RegionId,
    to: RegionId,
    values: &mut BTreeMap<ValueId, ValueId>,
    bound: bool,
) {
    let sources = builder.tree.region(from).blocks.clone();
    let mut blocks: BTreeMap<BlockId, BlockId> = BTreeMap::new();
    for (place, &source) in sources.iter().enumerate() {
        let id = BlockId(builder.tree.blocks.len() as u32);
        builder.tree.blocks.push(Block { region: to, arguments: Vec::new(), operations: Vec::new() });
        builder.tree.regions[to.index()].blocks.push(id);
        blocks.insert(source, id);
        if place == 0 && bound {
            continue;
        }
        for (index, argument) in builder.tree.block(source).arguments.clone().into_iter().enumerate() {
            let Value { ty, name, .. } = *builder.tree.value(argument);
            let new = builder.value(ty, Definition::Argument { block: id, index: index as u32 }, name);
            builder.tree.blocks[id.index()].arguments.push(new);
            values.insert(argument, new);
        }
    }
    // Results first: a block may use what a later one defines.
    let mut pairs: Vec<(OpId, OpId)> = Vec::new();
    for &source in &sources {
        for op in builder.tree.block(source).operations.clone() {
            let Operation { name, span, form, results, attributes, .. } = builder.tree.operation(op).clone();
            let id = OpId(builder.tree.operations.len() as u32);
            builder.tree.operations.push(Operation {
                name,
                span,
                form,
                block: blocks[&source],
                operands: Vec::new(),
                results: Vec::new(),
                successors: Vec::new(),
                regions: Vec::new(),
                attributes,
            });
            for (index, result) in results.into_iter().enumerate() {
                let Value { ty, name, .. } = *builder.tree.value(result);
                let new = builder.value(ty, Definition::Result { operation: id, index: index as u32 }, name);
                builder.tree.operations[id.index()].results.push(new);
                values.insert(result, new);
            }
            builder.tree.blocks[blocks[&source].index()].operations.push(id);
            pairs.push((op, id));
        }
    }
    for (op, id) in pairs {
        let node = builder.tree.operation(op).clone();
        let replaced = |all: &[ValueId]| all.iter().map(|v| values.get(v).copied().unwrap_or(*v)).collect::<Vec<_>>();
        let operands = replaced(&node.operands);
        let successors =
            node.successors.iter().map(|(b, passed)| (blocks.get(b).copied().unwrap_or(*b), replaced(passed)));
        let successors = successors.collect();
        let new = &mut builder.tree.operations[id.index()];
        (new.operands, new.successors) = (operands, successors);
        for region in node.regions {
            let to = RegionId(builder.tree.regions.len() as u32);
            builder.tree.regions.push(Region { operation: Some(id), blocks: Vec::new() });
            builder.tree.operations[id.index()].regions.push(to);
            copy_region(builder, region, to, values, false);
        }
    }
}
