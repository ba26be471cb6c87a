//! The record of an operation, built in constant tables.

use super::facts::{
    Aliasing, Arithmetic, Dialect, Drawing, ElementArithmetic, Evaluation, Expansion, Filter, IndexedAccess,
    MemoryEffect, Nest, ProductForm, RegionExecution, StepClass, SumTerm, TrafficRule, ViewForm,
};
use super::features::{
    Accumulation, BitRule, BufferSource, FeatureFacts, FusedPart, InstructionClass, LaneAccess, MachineWork, Shift,
};
use super::names;
use super::syntax::{Body, Format, Reader, ShortName, ShortNamePrinted, Syntax};

/// Number of a registered operation; dense, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationKind(u16);

impl OperationKind {
    /// Index in [`all`](super::all).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Everything that is decided by the name of an operation.
///
/// In a new record all facts are unknown: the form is guessed, arithmetic and traffic are unknown, and every memref operand
/// may be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Full name, e.g. `arith.addf`.
    pub name: &'static str,
    /// Dialect.
    pub dialect: Dialect,
    /// Number of the operation.
    pub kind: OperationKind,
    /// Custom form.
    pub syntax: Syntax,
    /// Name without the dialect, e.g. `return`; `None` for most operations.
    pub short_name: Option<ShortName>,
    /// Dialect that operations directly inside may omit.
    pub default_dialect: Option<Dialect>,
    /// Whether it ends a block.
    pub is_terminator: bool,
    /// Whether its regions cannot use values from outside (upstream's `IsolatedFromAbove`).
    pub is_isolated: bool,
    /// Whether it is a function that analyses work on.
    pub is_function: bool,
    /// Whether it calls the function that the attribute `callee` names.
    pub is_call: bool,
    /// Whether its result is newly allocated memory.
    pub allocates: bool,
    /// Whether its result is an uninitialised or filled tensor, whose memory a later result can take.
    pub is_fresh: bool,
    /// Whether its operands decide how often regions are executed.
    pub decides_execution: bool,
    /// Whether its region works on scalars, so that tensors without extents in it are scalars.
    pub has_scalar_body: bool,
    /// Whether it computes with the elements of its operands, rather than moving them.
    pub calculates: bool,
    /// Whether its definition is the operations in its region, executed once in its place.
    pub is_composite: bool,
    /// How it is written out before anything is counted.
    pub expansion: Expansion,
    /// Arithmetic of one execution.
    pub arithmetic: Arithmetic,
    /// Bytes moved by one execution.
    pub traffic: TrafficRule,
    /// Effect on the memrefs among its operands.
    pub effect: MemoryEffect,
    /// Memory shared with operands.
    pub aliasing: Aliasing,
    /// Elements of its result, if it is a view of a memref.
    pub view: ViewForm,
    /// Executions of its regions.
    pub regions: RegionExecution,
    /// How an integer result follows from the operands.
    pub evaluation: Evaluation,
    /// For operations on tensors of integers: how an element of the result is computed from the elements of the operands at its place.
    pub element: Evaluation,
    /// Class in the steps of a function.
    pub steps: StepClass,
    /// Role in a sum of products.
    pub sum: SumTerm,
    /// Access by subscripts.
    pub access: IndexedAccess,
    /// The sum of products that it stands for.
    pub contraction: ProductForm,
    /// Loops and subscripts, of named products.
    pub nest: Option<Nest>,
    /// Whether the custom form leaves `indexing_maps` out where they are those of [`structure::of`](super::structure::of).
    pub has_implied_maps: bool,
    /// Group in drawings.
    pub drawing: Drawing,
    /// Facts for the features of the cost model.
    pub features: FeatureFacts,
}

impl Record {
    /// See [`super::COMPOSITE`].
    pub(super) const COMPOSITE: Self = Self {
        is_composite: true,
        ..Self::new(Dialect::Builtin, "")
            .no_arithmetic()
            .no_traffic()
            .effect(MemoryEffect::None)
            .regions(RegionExecution::Once)
            .steps(StepClass::Condition)
            .class(InstructionClass::Free)
    };

    /// A record with a name and without facts.
    pub(super) const fn new(dialect: Dialect, name: &'static str) -> Self {
        Self {
            name,
            dialect,
            kind: OperationKind(u16::MAX),
            syntax: Syntax::Guessed,
            short_name: None,
            default_dialect: None,
            is_terminator: false,
            is_isolated: false,
            is_function: false,
            is_call: false,
            allocates: false,
            is_fresh: false,
            decides_execution: false,
            has_scalar_body: false,
            calculates: false,
            is_composite: false,
            expansion: Expansion::None,
            arithmetic: Arithmetic::Unknown,
            traffic: TrafficRule::Unknown,
            effect: MemoryEffect::Any,
            aliasing: Aliasing::None,
            view: ViewForm::None,
            regions: RegionExecution::Unknown,
            evaluation: Evaluation::None,
            element: Evaluation::None,
            steps: StepClass::Unknown,
            sum: SumTerm::None,
            access: IndexedAccess::None,
            contraction: ProductForm::None,
            nest: None,
            has_implied_maps: false,
            drawing: Drawing::ByWork,
            features: FeatureFacts::UNKNOWN,
        }
    }

    pub(super) const fn numbered(mut self, number: usize) -> Self {
        assert!(number < u16::MAX as usize, "kinds have 16 bits");
        self.kind = OperationKind(number as u16);
        self
    }

    /// The same facts for another name.
    pub(super) const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(super) const fn form(mut self, items: &'static str, results: &'static str) -> Self {
        self.syntax = Syntax::Format(Format { operands: "", items, results });
        self
    }

    /// A form whose operands come in another order in the generic form.
    pub(super) const fn ordered_form(
        mut self,
        operands: &'static str,
        items: &'static str,
        results: &'static str,
    ) -> Self {
        self.syntax = Syntax::Format(Format { operands, items, results });
        self
    }

    pub(super) const fn reader(mut self, reader: Reader) -> Self {
        self.syntax = Syntax::Reader(reader);
        self
    }

    pub(super) const fn short_name(mut self, name: &'static str, printed: ShortNamePrinted, tokenized: bool) -> Self {
        self.short_name = Some(ShortName { name, printed, tokenized });
        self
    }

    pub(super) const fn default_dialect(mut self, dialect: Dialect) -> Self {
        self.default_dialect = Some(dialect);
        self
    }

    pub(super) const fn terminator(mut self) -> Self {
        self.is_terminator = true;
        self
    }

    pub(super) const fn isolated(mut self) -> Self {
        self.is_isolated = true;
        self
    }

    pub(super) const fn function(mut self) -> Self {
        self.is_function = true;
        self
    }

    pub(super) const fn call(mut self) -> Self {
        self.is_call = true;
        self
    }

    pub(super) const fn allocates(mut self) -> Self {
        self.allocates = true;
        self
    }

    pub(super) const fn fresh(mut self) -> Self {
        self.is_fresh = true;
        self
    }

    pub(super) const fn decides_execution(mut self) -> Self {
        self.decides_execution = true;
        self
    }

    pub(super) const fn scalar_body(mut self) -> Self {
        self.has_scalar_body = true;
        self
    }

    pub(super) const fn calculates(mut self, calculates: bool) -> Self {
        self.calculates = calculates;
        self
    }

    pub(super) const fn expansion(mut self, expansion: Expansion) -> Self {
        self.expansion = expansion;
        self
    }

    pub(super) const fn arithmetic(mut self, arithmetic: Arithmetic) -> Self {
        self.arithmetic = arithmetic;
        self
    }

    /// Arithmetic for each element of the result.
    pub(super) const fn each(self, arithmetic: ElementArithmetic) -> Self {
        self.arithmetic(Arithmetic::PerResult(arithmetic))
    }

    pub(super) const fn no_arithmetic(self) -> Self {
        self.arithmetic(Arithmetic::None)
    }

    pub(super) const fn traffic(mut self, traffic: TrafficRule) -> Self {
        self.traffic = traffic;
        self
    }

    pub(super) const fn no_traffic(self) -> Self {
        self.traffic(TrafficRule::None)
    }

    pub(super) const fn effect(mut self, effect: MemoryEffect) -> Self {
        self.effect = effect;
        self
    }

    pub(super) const fn aliasing(mut self, aliasing: Aliasing) -> Self {
        self.aliasing = aliasing;
        self
    }

    pub(super) const fn view(mut self, view: ViewForm) -> Self {
        self.view = view;
        self
    }

    pub(super) const fn regions(mut self, regions: RegionExecution) -> Self {
        self.regions = regions;
        self
    }

    pub(super) const fn evaluation(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    pub(super) const fn element(mut self, element: Evaluation) -> Self {
        self.element = element;
        self
    }

    pub(super) const fn steps(mut self, steps: StepClass) -> Self {
        self.steps = steps;
        self
    }

    pub(super) const fn sum(mut self, sum: SumTerm) -> Self {
        self.sum = sum;
        self
    }

    pub(super) const fn access(mut self, access: IndexedAccess) -> Self {
        self.access = access;
        self
    }

    /// A sum of products over the loops of a nest.
    pub(super) const fn contraction_over(mut self, nest: Nest) -> Self {
        self.nest = Some(nest);
        self.contraction(ProductForm::Nest)
    }

    pub(super) const fn contraction(mut self, contraction: ProductForm) -> Self {
        self.contraction = contraction;
        self.drawing(Drawing::Contraction)
    }

    pub(super) const fn convolution(self, letters: &'static str) -> Self {
        self.contraction(ProductForm::Convolution(Filter { letters, depthwise: false }))
    }

    pub(super) const fn depthwise_convolution(self, letters: &'static str) -> Self {
        self.contraction(ProductForm::Convolution(Filter { letters, depthwise: true }))
    }

    pub(super) const fn implied_maps(mut self) -> Self {
        self.has_implied_maps = true;
        self
    }

    pub(super) const fn drawing(mut self, drawing: Drawing) -> Self {
        self.drawing = drawing;
        self
    }

    /// The class of the features, with the machine work that is usual for it.
    pub(super) const fn class(mut self, class: InstructionClass) -> Self {
        self.features.class = class;
        self.features.machine = class.machine();
        self
    }

    pub(super) const fn machine(mut self, machine: MachineWork) -> Self {
        self.features.machine = machine;
        self
    }

    pub(super) const fn shift(mut self, shift: Shift) -> Self {
        self.features.shift = shift;
        self
    }

    pub(super) const fn bits(mut self, bits: BitRule) -> Self {
        self.features.bits = bits;
        self
    }

    pub(super) const fn accumulation(mut self, accumulation: Accumulation) -> Self {
        self.features.accumulation = accumulation;
        self
    }

    pub(super) const fn buffer(mut self, buffer: BufferSource) -> Self {
        self.features.buffer = buffer;
        self
    }

    pub(super) const fn fused(mut self, fused: FusedPart) -> Self {
        self.features.fused = fused;
        self
    }

    pub(super) const fn lanes(mut self, lanes: LaneAccess) -> Self {
        self.features.lanes = lanes;
        self
    }

    /// Whether the operation is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        !matches!(self.dialect, Dialect::Unknown)
    }

    /// Whether it stands for a constant, which is no work.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.drawing == Drawing::LeftOut && !self.is_fresh
    }

    /// Whether its custom form may hold the name of another operation in braces: `linalg.map { arith.addf }`.
    #[must_use]
    pub fn has_short_body(&self) -> bool {
        matches!(self.syntax, Syntax::Reader(Reader::LinalgShort { body: Body::Empty, .. }))
    }

    /// The name behind the dialect, e.g. `matmul` of `linalg.matmul`.
    #[must_use]
    pub fn short(&self) -> &'static str {
        names::split(self.name).map_or(self.name, |(_, short)| short)
    }
}
