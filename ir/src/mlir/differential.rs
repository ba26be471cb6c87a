//! Compares this crate's parser with upstream's on the same text, operation by operation.
//!
//! Compared in preorder: name and depth of an operation, its operands and their types, the types of its results, its
//! successors, and the arguments of its regions' blocks. Attributes are not compared. Upstream has no parser for
//! StableHLO's custom form: there the tree is compared with this crate's tree of the generic form, and that one with
//! upstream's.

use serde::{Deserialize, Serialize};

/// Most differences that are reported for one text.
#[cfg(feature = "mlir")]
const MOST_DIFFERENCES: usize = 8;

/// A text to compare.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The same module in generic form, printed by other software, if upstream has no parser for the text itself.
    pub generic: Option<String>,
}

/// A difference between two trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Line of the operation in this crate's tree, from 1; 0 if it has no place there.
    pub line: usize,
    /// The operation's name in this crate's tree.
    pub operation: String,
    /// The property that differs, such as `operand types`.
    pub what: String,
    /// Its value in this crate's tree.
    pub ours: String,
    /// Its value in the other tree.
    pub other: String,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The trees agree on everything compared.
    Same {
        /// Number of operations, the module included.
        operations: usize,
    },
    /// The trees differ.
    Different {
        /// The first differences, at most 8.
        differences: Vec<Difference>,
    },
    /// Both parsers reject the text.
    BothRefuse {
        /// The first message of this crate's parser.
        ours: String,
        /// Upstream's first message.
        upstream: String,
    },
    /// Upstream rejects the text, this crate's parser accepts it.
    Unread {
        /// Upstream's first message.
        reason: String,
    },
    /// The worker process ended during the comparison.
    Lost {
        /// How it ended.
        reason: String,
    },
}

#[cfg(feature = "mlir")]
pub use with_upstream::{compare, walk_tree};

#[cfg(feature = "mlir")]
mod with_upstream {
    use std::collections::BTreeMap;

    use super::{Difference, MOST_DIFFERENCES, Outcome, Text};
    use crate::mlir::bridge::{Bridge, ParseOptions, WalkedOperation};
    use crate::parse::{Limits, Parsed, parse};
    use crate::tree::{BlockId, OpId, Tree, ValueId};

    /// Parses a text with both parsers and compares.
    #[must_use]
    pub fn compare(bridge: &Bridge, text: &Text) -> Outcome {
        let parsed = parse(&text.text, &Limits::default());
        let ours = walk_tree(&parsed.tree);
        let Some(generic) = &text.generic else { return with_upstream(bridge, &text.text, &parsed, &ours) };
        let parsed_generic = parse(generic, &Limits::default());
        let of_generic = walk_tree(&parsed_generic.tree);
        let differences = differences(&text.text, &parsed, &ours, &of_generic);
        if differences.is_empty() {
            with_upstream(bridge, generic, &parsed_generic, &of_generic)
        } else {
            Outcome::Different { differences }
        }
    }

    fn with_upstream(bridge: &Bridge, text: &str, parsed: &Parsed, ours: &[(WalkedOperation, u32)]) -> Outcome {
        let options = ParseOptions { allow_unregistered: true, ..ParseOptions::default() };
        match bridge.parse_and_walk(text, options) {
            Ok(upstream) => {
                let upstream: Vec<_> = upstream.into_iter().map(|operation| (operation, 0)).collect();
                let differences = differences(text, parsed, ours, &upstream);
                if differences.is_empty() {
                    Outcome::Same { operations: ours.len() }
                } else {
                    Outcome::Different { differences }
                }
            }
            Err(errors) => {
                let upstream = errors.first().map_or_else(String::new, ToString::to_string);
                match parsed.diagnostics.first() {
                    Some(first) => Outcome::BothRefuse { ours: first.message.clone(), upstream },
                    None => Outcome::Unread { reason: upstream },
                }
            }
        }
    }

    fn differences(
        text: &str,
        parsed: &Parsed,
        ours: &[(WalkedOperation, u32)],
        other: &[(WalkedOperation, u32)],
    ) -> Vec<Difference> {
        let line = |start: u32| 1 + text.as_bytes()[..start as usize].iter().filter(|&&b| b == b'\n').count();
        let mut found = Vec::new();
        let mut add = |at: Option<&(WalkedOperation, u32)>, what: &str, ours: String, other: String| {
            let (name, line) = at.map_or((String::new(), 0), |(op, start)| (op.name.clone(), line(*start)));
            found.push(Difference { line, operation: name, what: what.to_owned(), ours, other });
        };
        if let Some(first) = parsed.diagnostics.first() {
            add(None, "diagnostics", first.message.clone(), "none".to_owned());
        }
        for (at, pair) in ours.iter().zip(other).enumerate() {
            let (mine, (theirs, _)) = (&pair.0.0, pair.1);
            if (mine.depth, &mine.name) != (theirs.depth, &theirs.name) {
                let place = |op: &WalkedOperation| format!("{} at depth {}", op.name, op.depth);
                add(ours.get(at), "operation", place(mine), place(theirs));
                return found;
            }
            let fields = [
                ("operands", format!("{:?}", mine.operands), format!("{:?}", theirs.operands)),
                ("operand types", format!("{:?}", mine.operand_types), format!("{:?}", theirs.operand_types)),
                ("result types", format!("{:?}", mine.result_types), format!("{:?}", theirs.result_types)),
                ("successors", format!("{:?}", mine.successors), format!("{:?}", theirs.successors)),
                ("regions", format!("{:?}", mine.regions), format!("{:?}", theirs.regions)),
            ];
            for (what, mine, theirs) in fields {
                if mine != theirs {
                    add(ours.get(at), what, mine, theirs);
                }
            }
            if at + 1 == ours.len().min(other.len()) && ours.len() != other.len() {
                add(ours.get(at), "operations", ours.len().to_string(), other.len().to_string());
            }
        }
        found.truncate(MOST_DIFFERENCES);
        found
    }

    /// The operations of a tree as [`walk`](crate::mlir::bridge::walk) lists them: in preorder, the module first. Each with
    /// its byte offset in the text.
    #[must_use]
    pub fn walk_tree(tree: &Tree) -> Vec<(WalkedOperation, u32)> {
        let top = &tree.block(tree.top()).operations;
        let mut found = Vec::new();
        let mut numbers = Numbers::default();
        // Upstream wraps operations outside a module into one.
        let depth = match top.as_slice() {
            [only] if tree.name(*only) == "builtin.module" => 0,
            _ => {
                let module = WalkedOperation {
                    name: "builtin.module".to_owned(),
                    regions: vec![vec![Vec::new()]],
                    ..WalkedOperation::default()
                };
                found.push((module, 0));
                numbers.blocks.insert(tree.top(), 0);
                1
            }
        };
        let mut order: Vec<(usize, OpId)> = Vec::new();
        let mut pending: Vec<(usize, OpId)> = top.iter().rev().map(|&op| (depth, op)).collect();
        while let Some((depth, op)) = pending.pop() {
            order.push((depth, op));
            numbers.define(tree, op);
            let inner: Vec<_> = blocks(tree, op).flat_map(|block| tree.block(block).operations.iter()).collect();
            pending.extend(inner.into_iter().rev().map(|&child| (depth + 1, child)));
        }
        found.extend(
            order.into_iter().map(|(depth, op)| (describe(tree, &numbers, depth, op), tree.operation(op).span.start)),
        );
        found
    }

    fn blocks(tree: &Tree, op: OpId) -> impl Iterator<Item = BlockId> + '_ {
        tree.operation(op).regions.iter().flat_map(|&region| tree.region(region).blocks.iter().copied())
    }

    /// Numbers of values and blocks in the order of their definitions.
    #[derive(Default)]
    struct Numbers {
        values: BTreeMap<ValueId, usize>,
        blocks: BTreeMap<BlockId, usize>,
    }

    impl Numbers {
        fn define(&mut self, tree: &Tree, op: OpId) {
            for &result in &tree.operation(op).results {
                let next = self.values.len();
                self.values.insert(result, next);
            }
            for block in blocks(tree, op) {
                let next = self.blocks.len();
                self.blocks.insert(block, next);
                for &argument in &tree.block(block).arguments {
                    let next = self.values.len();
                    self.values.insert(argument, next);
                }
            }
        }
    }

    fn describe(tree: &Tree, numbers: &Numbers, depth: usize, op: OpId) -> WalkedOperation {
        let operation = tree.operation(op);
        let types = |values: &[ValueId]| values.iter().map(|&v| tree.types().to_text(tree.value(v).ty)).collect();
        let regions = operation.regions.iter().map(|&region| {
            tree.region(region).blocks.iter().map(|&block| types(&tree.block(block).arguments)).collect()
        });
        let mut attributes: Vec<String> =
            operation.attributes.iter().map(|a| tree.attribute_name(a).to_owned()).collect();
        attributes.sort();
        WalkedOperation {
            depth,
            name: tree.name(op).to_owned(),
            operands: operation.operands.iter().map(|v| numbers.values.get(v).copied()).collect(),
            operand_types: types(&operation.operands),
            result_types: types(&operation.results),
            attributes,
            successors: operation.successors.iter().map(|(b, _)| numbers.blocks.get(b).copied()).collect(),
            regions: regions.collect(),
        }
    }
}
