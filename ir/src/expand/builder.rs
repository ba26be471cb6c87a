//! Appends operations to a tree.

use std::collections::BTreeMap;

use crate::print::marks::Marks;
use crate::registry::names::{CONSTANT, normal};
use crate::registry::{COMPOSITE, Record, find};
use crate::span::Span;
use crate::tree::{
    AffineExpr, AffineMap, Attribute, AttributeValue, Block, BlockId, Definition, Form, NameId, OpId, Operation,
    Region, RegionId, Tree, Type, TypeId, Types, Value, ValueId, Written,
};

/// A tree that grows.
pub(super) struct Builder {
    pub tree: Tree,
    /// Names that were added.
    names: BTreeMap<&'static str, NameId>,
    /// By written name: the same name with the record of [`normal::GENERIC`], or of a composite.
    generic: BTreeMap<NameId, NameId>,
    composite: BTreeMap<NameId, NameId>,
}

/// An operand with its subscripts.
pub(super) type Indexed = (ValueId, Vec<AffineExpr>);

/// Where operations are appended.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub block: BlockId,
    pub span: Span,
}

impl Builder {
    pub fn new(tree: &Tree) -> Self {
        // Marks are of the text and not needed.
        let tree = Tree {
            operations: tree.operations.clone(),
            regions: tree.regions.clone(),
            blocks: tree.blocks.clone(),
            values: tree.values.clone(),
            types: tree.types.clone(),
            names: tree.names.clone(),
            records: tree.records.clone(),
            resources: None,
            marks: Marks::default(),
            written: Written::all_of(tree),
        };
        Self { tree, names: BTreeMap::new(), generic: BTreeMap::new(), composite: BTreeMap::new() }
    }

    pub fn finish(self) -> Tree {
        self.tree
    }

    /// A name of the normal form or of one of its attributes.
    pub fn name(&mut self, name: &'static str) -> NameId {
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        let id = self.add_name(name.to_owned(), find(name).unwrap_or(&crate::registry::UNKNOWN));
        self.names.insert(name, id);
        id
    }

    fn add_name(&mut self, name: String, record: &'static Record) -> NameId {
        self.tree.names.push(name);
        self.tree.records.push(record);
        NameId(self.tree.names.len() as u32 - 1)
    }

    /// Gives an operation the record of another one under its own name.
    fn rename(&mut self, operation: OpId, is_composite: bool) {
        let written = self.tree.operations[operation.index()].name;
        let known = if is_composite { &self.composite } else { &self.generic };
        let id = match known.get(&written) {
            Some(&id) => id,
            None => {
                let name = self.tree.names[written.index()].clone();
                let record = if is_composite { &COMPOSITE } else { find(normal::GENERIC).expect("it is registered") };
                let id = self.add_name(name, record);
                let known = if is_composite { &mut self.composite } else { &mut self.generic };
                known.insert(written, id);
                id
            }
        };
        self.tree.operations[operation.index()].name = id;
    }

    /// Makes an operation a loop nest: sets loops and subscripts. `inputs` is the number of operands that are only read.
    pub fn make_generic(
        &mut self,
        operation: OpId,
        loops: usize,
        subscripts: Vec<Vec<AffineExpr>>,
        reductions: &[bool],
        inputs: usize,
    ) {
        self.rename(operation, false);
        let outputs = subscripts.len() - inputs;
        let attributes = self.structure(loops, subscripts, reductions, [inputs, outputs]);
        let node = &mut self.tree.operations[operation.index()];
        let kept = std::mem::take(&mut node.attributes);
        let replaced: Vec<NameId> = attributes.iter().map(|a| a.name).collect();
        let names = &self.tree.names;
        let is_replaced = |a: &Attribute| replaced.iter().any(|r| names[r.index()] == names[a.name.index()]);
        let mut all: Vec<Attribute> = kept.into_iter().filter(|a| !is_replaced(a)).chain(attributes).collect();
        all.sort_by(|a, b| names[a.name.index()].cmp(&names[b.name.index()]));
        self.tree.operations[operation.index()].attributes = all;
    }

    fn structure(
        &mut self,
        loops: usize,
        subscripts: Vec<Vec<AffineExpr>>,
        reductions: &[bool],
        segments: [usize; 2],
    ) -> Vec<Attribute> {
        let map = |results| AttributeValue::AffineMap(AffineMap { dimensions: loops as u32, symbols: 0, results });
        let maps = AttributeValue::Array(subscripts.into_iter().map(map).collect());
        let iterator =
            |&reduces: &bool| AttributeValue::String(if reduces { "reduction" } else { "parallel" }.to_owned());
        let iterators = AttributeValue::Array(reductions.iter().map(iterator).collect());
        let segments = AttributeValue::DenseArray(Types::UNKNOWN, segments.map(|n| n as f64).to_vec());
        [("indexing_maps", maps), ("iterator_types", iterators), ("operandSegmentSizes", segments)]
            .map(|(name, value)| Attribute { name: self.name(name), value, span: Span::default() })
            .into()
    }

    /// Makes an operation the operations of a new region; returns where to append these.
    pub fn make_composite(&mut self, operation: OpId) -> Place {
        self.rename(operation, true);
        self.tree.operations[operation.index()].attributes.clear();
        self.tree.operations[operation.index()].regions.clear();
        let region = self.region(operation);
        Place { block: self.block(region), span: self.tree.operation(operation).span }
    }

    pub fn region(&mut self, operation: OpId) -> RegionId {
        let id = RegionId(self.tree.regions.len() as u32);
        self.tree.regions.push(Region { operation: Some(operation), blocks: Vec::new() });
        self.tree.operations[operation.index()].regions.push(id);
        id
    }

    pub fn block(&mut self, region: RegionId) -> BlockId {
        let id = BlockId(self.tree.blocks.len() as u32);
        self.tree.blocks.push(Block { region, arguments: Vec::new(), operations: Vec::new() });
        self.tree.regions[region.index()].blocks.push(id);
        id
    }

    pub fn argument(&mut self, block: BlockId, ty: TypeId) -> ValueId {
        let index = self.tree.blocks[block.index()].arguments.len() as u32;
        let value = self.value(ty, Definition::Argument { block, index }, Span::default());
        self.tree.blocks[block.index()].arguments.push(value);
        value
    }

    pub fn value(&mut self, ty: TypeId, definition: Definition, name: Span) -> ValueId {
        self.tree.values.push(Value { ty, assumed: false, definition, name });
        ValueId(self.tree.values.len() as u32 - 1)
    }

    /// Appends an operation to a block.
    pub fn operation(
        &mut self,
        place: Place,
        name: NameId,
        operands: Vec<ValueId>,
        results: &[TypeId],
        attributes: Vec<Attribute>,
    ) -> OpId {
        let id = self.detached(place, name, operands, results, attributes);
        self.tree.blocks[place.block.index()].operations.push(id);
        id
    }

    /// An operation of a block that is not in its list yet.
    pub fn detached(
        &mut self,
        place: Place,
        name: NameId,
        operands: Vec<ValueId>,
        results: &[TypeId],
        attributes: Vec<Attribute>,
    ) -> OpId {
        let id = OpId(self.tree.operations.len() as u32);
        self.tree.operations.push(Operation {
            name,
            span: place.span,
            form: Form::Implied,
            block: place.block,
            operands,
            results: Vec::new(),
            successors: Vec::new(),
            regions: Vec::new(),
            attributes,
        });
        let definition = |index| Definition::Result { operation: id, index };
        let all =
            results.iter().zip(0..).map(|(&ty, index)| self.value(ty, definition(index), Span::default())).collect();
        self.tree.operations[id.index()].results = all;
        id
    }

    /// Appends an operation with one result; returns the result.
    fn one(
        &mut self,
        place: Place,
        name: &'static str,
        operands: &[ValueId],
        ty: TypeId,
        attributes: Vec<Attribute>,
    ) -> ValueId {
        let name = self.name(name);
        let id = self.operation(place, name, operands.to_vec(), &[ty], attributes);
        self.tree.operation(id).results[0]
    }

    /// Appends an operation whose result has the type of its first operand.
    pub fn scalar(&mut self, place: Place, name: &'static str, operands: &[ValueId]) -> ValueId {
        let ty = self.tree.value(operands[0]).ty;
        self.one(place, name, operands, ty, Vec::new())
    }

    /// A floating-point constant.
    pub fn constant(&mut self, place: Place, value: f64, ty: TypeId) -> ValueId {
        self.constant_of(place, AttributeValue::Float(value, ty), ty)
    }

    /// A dense constant tensor, all elements alike: only its type matters.
    pub fn splat(&mut self, place: Place, ty: TypeId) -> ValueId {
        self.constant_of(place, AttributeValue::Dense { ty, splat: Some(1.0), elements: None }, ty)
    }

    fn constant_of(&mut self, place: Place, value: AttributeValue, ty: TypeId) -> ValueId {
        let attribute = Attribute { name: self.name("value"), value, span: Span::default() };
        self.one(place, CONSTANT, &[], ty, vec![attribute])
    }

    /// A tensor or memory for an intermediate result.
    pub fn temporary(&mut self, place: Place, ty: TypeId) -> ValueId {
        let is_tensor = matches!(self.tree.ty(ty), Type::Tensor { .. });
        self.one(place, if is_tensor { normal::EMPTY } else { normal::ALLOCATION }, &[], ty, Vec::new())
    }

    /// Appends a loop nest with one output; returns its result, or the output if that is memory. `body` gets the
    /// elements of the operands.
    pub fn generic(
        &mut self,
        place: Place,
        reductions: &[bool],
        inputs: &[Indexed],
        output: Indexed,
        body: impl FnOnce(&mut Self, Place, &[ValueId]) -> ValueId,
    ) -> ValueId {
        let (target, _) = output;
        let ty = self.tree.value(target).ty;
        let is_tensor = matches!(self.tree.ty(ty), Type::Tensor { .. });
        let name = self.name(normal::GENERIC);
        let operands: Vec<ValueId> = inputs.iter().map(|i| i.0).chain([target]).collect();
        let subscripts = inputs.iter().map(|i| i.1.clone()).chain([output.1]).collect();
        let attributes = self.structure(reductions.len(), subscripts, reductions, [inputs.len(), 1]);
        let results: &[TypeId] = if is_tensor { &[ty] } else { &[] };
        let id = self.operation(place, name, operands.clone(), results, attributes);
        let inside = self.body(id, &operands);
        let arguments = self.tree.block(inside.block).arguments.clone();
        let value = body(self, inside, &arguments);
        self.end_body(inside, &[value]);
        self.tree.operation(id).results.first().copied().unwrap_or(target)
    }

    /// Gives an operation a region whose arguments are the elements of its operands.
    pub fn body(&mut self, operation: OpId, operands: &[ValueId]) -> Place {
        let region = self.region(operation);
        let block = self.block(region);
        for &operand in operands {
            let element = self.element(operand);
            self.argument(block, element);
        }
        Place { block, span: self.tree.operation(operation).span }
    }

    pub fn end_body(&mut self, place: Place, values: &[ValueId]) {
        let name = self.name(normal::YIELD);
        self.operation(place, name, values.to_vec(), &[], Vec::new());
    }

    /// The element type of a tensor or memory; the type itself of others.
    pub fn element(&self, value: ValueId) -> TypeId {
        let ty = self.tree.value(value).ty;
        match self.tree.ty(ty) {
            Type::Tensor { element, .. } | Type::MemRef { element, .. } => *element,
            _ => ty,
        }
    }
}

/// Subscripts that are loops.
pub(super) fn dimensions(loops: impl IntoIterator<Item = usize>) -> Vec<AffineExpr> {
    loops.into_iter().map(|d| AffineExpr::Dimension(d as u32)).collect()
}

/// `loop * factor`.
pub(super) fn scaled(dimension: usize, factor: i64) -> AffineExpr {
    let dimension = AffineExpr::Dimension(dimension as u32);
    match factor {
        1 => dimension,
        _ => AffineExpr::Mul(Box::new(dimension), Box::new(AffineExpr::Constant(factor))),
    }
}

/// `a + b`.
pub(super) fn sum(a: AffineExpr, b: AffineExpr) -> AffineExpr {
    AffineExpr::Add(Box::new(a), Box::new(b))
}
