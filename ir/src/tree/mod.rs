//! The tree of an MLIR text: operations, regions, blocks, values, types and attributes in dense arenas.
//!
//! The custom and the generic form give the same tree: attributes have their generic names (`predicate`,
//! `indexing_maps`, `lowerBoundMap`), and operations that a custom form leaves out (terminators, bodies of named `linalg`
//! operations) are added as [`Form::Implied`], with the types of results. Operations of unknown dialects keep their
//! operands, types and regions as far as these can be recognised. Every text has a tree; mistakes are reported in
//! diagnostics beside it.

mod attribute;
mod id;
mod types;

use crate::print::marks::Marks;
use crate::registry::Record;
use crate::registry::syntax::Syntax;
use crate::span::Span;

pub use crate::registry::names::split as split_name;
pub use attribute::{AffineExpr, AffineMap, AffineSet, Attribute, AttributeValue};
pub use id::{BlockId, NameId, OpId, RegionId, TypeId, ValueId};
pub use types::{Dimension, FloatKind, Signedness, Type, Types};

/// How an operation was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `"dialect.op"(%a) <{...}> : (...) -> ...`.
    Generic,
    /// The dialect's own syntax, known to the parser.
    Custom,
    /// Opaque: the dialect's own syntax, unknown to the parser. Operands are the `%` names in order of appearance, types
    /// those behind the last colon, regions what reads like one in braces. All of this is assumed.
    Guessed,
    /// Not written: implied by the operation around it.
    Implied,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Full name, e.g. `arith.addf`; see [`Tree::name`].
    pub name: NameId,
    /// Its whole text, regions included; empty at the parent's end for an implied one.
    pub span: Span,
    /// How it was written.
    pub form: Form,
    /// Block that contains it.
    pub block: BlockId,
    /// Operands in the order of the generic form.
    pub operands: Vec<ValueId>,
    /// Results.
    pub results: Vec<ValueId>,
    /// Successor blocks, each with the values passed to it (which are operands too).
    pub successors: Vec<(BlockId, Vec<ValueId>)>,
    /// Regions.
    pub regions: Vec<RegionId>,
    /// Inherent and discardable attributes, sorted by name.
    pub attributes: Vec<Attribute>,
}

/// A list of blocks that belongs to an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The operation it belongs to; `None` only for the text's top level.
    pub operation: Option<OpId>,
    /// Blocks, entry first.
    pub blocks: Vec<BlockId>,
}

/// A list of operations with arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Region that contains it.
    pub region: RegionId,
    /// Arguments.
    pub arguments: Vec<ValueId>,
    /// Operations in order.
    pub operations: Vec<OpId>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// Result `index` of an operation.
    Result {
        /// The operation.
        operation: OpId,
        /// Position among the results.
        index: u32,
    },
    /// Argument `index` of a block.
    Argument {
        /// The block.
        block: BlockId,
        /// Position among the arguments.
        index: u32,
    },
    /// Used but never defined: a diagnostic says so, or an opaque operation may define it.
    Missing,
}

/// An SSA value.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Its type; [`Type::Unknown`] where the text does not tell.
    pub ty: TypeId,
    /// Whether the type is what an opaque operation's text seems to say; no registered operation confirms it.
    pub assumed: bool,
    /// Where it comes from.
    pub definition: Definition,
    /// The name as written, without `%` (`arg0`, `3`, `5#1`); empty for implied values.
    pub name: Span,
}

/// A function: its operation, and its body or the reason why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The operation that defines it.
    pub operation: OpId,
    /// Entry block of the body.
    pub body: Result<BlockId, NoBody>,
}

/// Why a function has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBody {
    /// The text declares it only.
    Declaration,
    /// Its text could not be read; a warning says why.
    Unread,
}

/// A parsed text.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    pub(crate) operations: Vec<Operation>,
    pub(crate) regions: Vec<Region>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) values: Vec<Value>,
    pub(crate) types: Types,
    pub(crate) names: Vec<String>,
    /// Record of each name; [`crate::registry::UNKNOWN`] for names of attributes.
    pub(crate) records: Vec<&'static Record>,
    pub(crate) resources: Option<Span>,
    pub(crate) marks: Marks,
    /// What the text has, of a normal form, which appends to it.
    pub(crate) written: Written,
}

/// Numbers of operations, blocks and values of a text; none of a tree as it is parsed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub operations: Option<u32>,
    pub blocks: Option<u32>,
    pub values: Option<u32>,
}

impl Written {
    /// All of a tree.
    pub fn all_of(tree: &Tree) -> Self {
        Self {
            operations: Some(tree.operations.len() as u32),
            blocks: Some(tree.blocks.len() as u32),
            values: Some(tree.values.len() as u32),
        }
    }
}

impl Tree {
    /// Number of values of the text, where this is a normal form, which appends values to these; `None` of a tree as it
    /// is parsed.
    #[must_use]
    pub fn written_values(&self) -> Option<usize> {
        self.written.values.map(|count| count as usize)
    }

    /// The block of the top-level operations: one `builtin.module` where the text writes one, else what the text
    /// holds (functions, as `mlir-opt` would wrap into a module).
    #[must_use]
    pub fn top(&self) -> BlockId {
        BlockId(0)
    }

    /// An operation.
    #[must_use]
    pub fn operation(&self, id: OpId) -> &Operation {
        &self.operations[id.index()]
    }

    /// A region.
    #[must_use]
    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index()]
    }

    /// A block.
    #[must_use]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// A value.
    #[must_use]
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// A type.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> &Type {
        self.types.get(id)
    }

    /// The operation that defines a value; `None` for arguments.
    #[must_use]
    pub fn definer(&self, id: ValueId) -> Option<OpId> {
        match self.value(id).definition {
            Definition::Result { operation, .. } => Some(operation),
            _ => None,
        }
    }

    /// Every value of the text.
    pub fn values(&self) -> impl Iterator<Item = ValueId> + use<> {
        (0..self.values.len() as u32).map(ValueId)
    }

    /// The type of a value.
    #[must_use]
    pub fn value_type(&self, id: ValueId) -> &Type {
        self.ty(self.value(id).ty)
    }

    /// The interned types.
    #[must_use]
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// The full name of an operation, e.g. `linalg.matmul`.
    #[must_use]
    pub fn name(&self, id: OpId) -> &str {
        &self.names[self.operation(id).name.index()]
    }

    /// What the registry knows of an operation; [`crate::registry::UNKNOWN`] where it is not registered, or where its
    /// text could not be read, so that its operands are not those that the record speaks of.
    #[must_use]
    pub fn record(&self, id: OpId) -> &'static Record {
        let record = self.named_record(id);
        let opaque = self.operation(id).form == Form::Guessed && record.syntax != Syntax::Guessed;
        if opaque { &crate::registry::UNKNOWN } else { record }
    }

    /// What the registry knows of operations of this name, whether this one could be read or not.
    #[must_use]
    pub fn named_record(&self, id: OpId) -> &'static Record {
        self.records[self.operation(id).name.index()]
    }

    /// The resources (`{-# ... #-}`) of the text, as written.
    #[must_use]
    pub fn resources(&self) -> Option<Span> {
        self.resources
    }

    /// The name of an attribute.
    #[must_use]
    pub fn attribute_name(&self, attribute: &Attribute) -> &str {
        &self.names[attribute.name.index()]
    }

    /// The attribute of that name (as in the generic form).
    #[must_use]
    pub fn attribute(&self, id: OpId, name: &str) -> Option<&AttributeValue> {
        self.operation(id).attributes.iter().find(|a| self.attribute_name(a) == name).map(|a| &a.value)
    }

    /// The symbol that an operation defines, such as the name of a function; `None` if it defines none.
    #[must_use]
    pub fn symbol(&self, id: OpId) -> Option<&str> {
        match self.attribute(id, "sym_name")? {
            AttributeValue::String(name) => Some(name),
            // Not valid, but readable: `sym_name = @name` instead of a string.
            AttributeValue::Symbol(path) if path.len() == 1 => path.first().map(String::as_str),
            _ => None,
        }
    }

    /// Every operation, in the order of the text, outer before inner.
    pub fn walk(&self) -> impl Iterator<Item = OpId> + '_ {
        self.walk_block(self.top())
    }

    /// Every operation below a block, in the order of the text, outer before inner.
    pub fn walk_block(&self, block: BlockId) -> impl Iterator<Item = OpId> + '_ {
        // An explicit stack, last first: nesting can be deep.
        let mut left: Vec<OpId> = self.block(block).operations.iter().rev().copied().collect();
        std::iter::from_fn(move || {
            let next = left.pop()?;
            for &region in self.operation(next).regions.iter().rev() {
                for &block in self.region(region).blocks.iter().rev() {
                    left.extend(self.block(block).operations.iter().rev());
                }
            }
            Some(next)
        })
    }

    /// Every operation inside an operation, in the order of the text, outer before inner.
    pub fn walk_inside(&self, operation: OpId) -> impl Iterator<Item = OpId> + '_ {
        let blocks = self.operation(operation).regions.iter().flat_map(|&r| &self.region(r).blocks);
        blocks.flat_map(|&b| self.walk_block(b))
    }

    /// The functions with a body, of any dialect, in the order of the text; see [`Tree::is_function`].
    pub fn functions(&self) -> impl Iterator<Item = OpId> + '_ {
        self.all_functions().filter(|function| function.body.is_ok()).map(|function| function.operation)
    }

    /// The functions of any dialect in the order of the text, declarations and unread ones included.
    pub fn all_functions(&self) -> impl Iterator<Item = Function> + '_ {
        self.walk().filter(|&operation| self.is_function(operation)).map(|operation| {
            let unread = self.named_record(operation).is_function && !self.record(operation).is_function;
            let body = match self.entry(operation, 0) {
                _ if unread => Err(NoBody::Unread),
                Some(entry) => Ok(entry),
                None => Err(NoBody::Declaration),
            };
            Function { operation, body }
        })
    }

    /// Whether an operation is a function: it is registered as one, or it has a symbol, a function type and a region, as
    /// the operations with upstream's `FunctionOpInterface` have.
    #[must_use]
    pub fn is_function(&self, operation: OpId) -> bool {
        self.named_record(operation).is_function
            || (!self.operation(operation).regions.is_empty()
                && self.attribute(operation, "function_type").is_some()
                && self.symbol(operation).is_some())
    }

    /// Entry block of an operation's region `index`; `None` where that is absent or empty.
    #[must_use]
    pub fn entry(&self, op: OpId, index: usize) -> Option<BlockId> {
        let region = *self.operation(op).regions.get(index)?;
        self.region(region).blocks.first().copied()
    }
}
