//! The parts of a tree that define its meaning.

use std::collections::BTreeMap;
use std::fmt::Write;

use ir::tree::{BlockId, Tree, ValueId};

/// Operations, operands and results with their types, successors, regions and blocks; values and blocks by number.
pub fn structure(tree: &Tree) -> String {
    let mut numbers = BTreeMap::new();
    for op in tree.walk() {
        let operation = tree.operation(op);
        let blocks = operation.regions.iter().flat_map(|&r| &tree.region(r).blocks);
        let arguments = blocks.flat_map(|&b| &tree.block(b).arguments);
        for &value in operation.results.iter().chain(arguments) {
            let next = numbers.len();
            numbers.insert(value, next);
        }
    }
    let mut out = String::new();
    write_block(tree, tree.top(), 0, &numbers, &mut out);
    out
}

fn write_block(tree: &Tree, id: BlockId, depth: usize, numbers: &BTreeMap<ValueId, usize>, out: &mut String) {
    let values = |values: &[ValueId]| {
        let text = |v: &ValueId| format!("%{}: {}", numbers[v], tree.types().to_text(tree.value(*v).ty));
        values.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    let indent = "  ".repeat(depth);
    writeln!(out, "{indent}^({})", values(&tree.block(id).arguments)).unwrap();
    for &op in &tree.block(id).operations {
        let operation = tree.operation(op);
        let region = tree.region(tree.block(operation.block).region);
        let successors: Vec<usize> = operation
            .successors
            .iter()
            .map(|(block, _)| region.blocks.iter().position(|b| b == block).unwrap())
            .collect();
        let (operands, results) = (values(&operation.operands), values(&operation.results));
        writeln!(out, "{indent}{}({operands}) -> ({results}) {successors:?}", tree.name(op)).unwrap();
        for &region in &operation.regions {
            writeln!(out, "{indent}{{").unwrap();
            for &inner in &tree.region(region).blocks {
                write_block(tree, inner, depth + 1, numbers, out);
            }
            writeln!(out, "{indent}}}").unwrap();
        }
    }
}
