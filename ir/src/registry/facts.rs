//! Types of the facts in a record.

/// Dialects with registered operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the dialects' names")]
pub enum Dialect {
    Affine,
    Arith,
    Bufferization,
    Builtin,
    Cf,
    Chlo,
    Complex,
    Func,
    Gpu,
    Index,
    Linalg,
    Llvm,
    Math,
    MemRef,
    Mhlo,
    MlProgram,
    Scf,
    Spirv,
    StableHlo,
    Tensor,
    Tosa,
    Ub,
    /// Of an operation without a record.
    Unknown,
    Vector,
}

/// Arithmetic for one element. Complex elements take 2 operations for a sum and 6 for a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementArithmetic {
    /// This number of operations, floating point or integer as the element.
    Simple(u64),
    /// An addition or subtraction.
    Sum,
    /// A multiplication.
    Product,
    /// A transcendental function.
    Transcendental,
}

/// How the arithmetic of one execution is counted, regions left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Not known.
    Unknown,
    /// Depends on data.
    DataDependent,
    /// None: moves, conversions, control flow.
    None,
    /// For each element of the first result.
    PerResult(ElementArithmetic),
    /// For each element of the first operand.
    PerOperand(ElementArithmetic),
    /// The operations of the attribute `map`, and the minimum or maximum of its results.
    AffineMap,
    /// In the body, which is counted by itself; unknown without one.
    Body,
    /// `vector.contract`: a multiplication and an addition for each point of the iteration space.
    VectorContraction,
    /// `vector.outerproduct`: a multiplication for each pair, and an addition with an accumulator.
    OuterProduct,
    /// `vector.reduction`: one operation less than elements without an accumulator.
    Reduction,
    /// A multiplication and an addition for each element of the result and of the summed dimensions of
    /// [`Contraction`](field@super::Record::contraction).
    Contraction,
    /// A convolution with bias: as `Contraction`, and one addition for each element of the result.
    BiasedConvolution,
    /// `tosa.transpose_conv2d`: each element of the input meets the part of the filter for its channel; bias added.
    TransposedConvolution,
    /// Pooling over the attribute `kernel`.
    Pooling,
}

/// How the bytes moved by one execution are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrafficRule {
    /// Not known.
    Unknown,
    /// None for scalars, not known for tensors and memories.
    UnknownIfShaped,
    /// None: views, allocations, constants, control flow.
    None,
    /// One load of the first result.
    Load,
    /// One store of the first operand.
    Store,
    /// One store of the last operand.
    StoreLast,
    /// One load and one store of the first result.
    ReadModifyWrite,
    /// The first operand is read and written somewhere else.
    CopyFirst,
    /// All shaped operands are read, all shaped results written.
    Whole,
    /// Structured operation: inputs read, outputs written, outputs read where the body uses them.
    Structured,
}

/// What an operation does to the memrefs among its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryEffect {
    /// Not known: taken as reads and writes.
    Any,
    /// Neither reads nor writes.
    None,
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Reads the first and writes the others.
    Copy,
    /// Reads inputs; reads and writes outputs.
    Structured,
}

/// Which operand a result shares its memory with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aliasing {
    /// None.
    None,
    /// Results are views of the memref that is the first operand.
    MemRefView,
    /// Results are views of the tensor that is the first operand.
    TensorView,
    /// Results are the outputs (the last operands), where these are fresh tensors.
    FreshOutputs,
}

/// How the subscripts of a view of a memref lead to the elements of the memref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewForm {
    /// No view of a memref, or one whose elements are not known.
    None,
    /// The same elements by the same subscripts.
    Same,
    /// Offsets, sizes and strides, in attributes and operands, that multiply those of the memref.
    Slice,
    /// Offset, sizes and strides, in attributes and operands, that replace those of the memref.
    Reinterpretation,
    /// The same elements in the same order under another shape.
    Reshape,
    /// The same elements with the subscripts in the order of the attribute `permutation`.
    Transposition,
}

/// How often one execution of an operation executes its regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionExecution {
    /// Not known; also of operations without regions.
    Unknown,
    /// Not known, but repeatedly.
    Repeated,
    /// Once.
    Once,
    /// Once; values used by the regions are live until the operation ends: `scf.reduce`, `scf.forall.in_parallel`.
    OnceHeld,
    /// A loop.
    Loop(LoopForm),
    /// One of the regions.
    Branch(BranchForm),
    /// Once for each element of the first result.
    PerResult,
    /// Once for each element of the padding; at most once for each element of the first result.
    Padding,
    /// Once for each element of the first operand.
    PerFirstOperand,
    /// Once for each element of the last operand.
    PerLastOperand,
    /// Once for each element of the first result and of the attribute `window_dimensions`.
    Window,
    /// Structured operation: once for each point of its iteration space.
    Structured,
}

impl RegionExecution {
    /// Whether values that the regions use are needed until the operation ends, because regions may be executed again.
    #[must_use]
    pub const fn is_repeated(self) -> bool {
        !matches!(self, Self::Unknown | Self::Once | Self::Branch(_))
    }
}

/// Where a loop keeps its bounds, steps and induction variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopForm {
    /// `affine.for`: maps in attributes; one variable.
    AffineFor,
    /// `affine.parallel`: maps in attributes; several variables.
    AffineParallel,
    /// `scf.for`: operands; one variable.
    For,
    /// `scf.parallel`: operands; several variables.
    Parallel,
    /// `scf.forall`: attributes, with operands for dynamic bounds; several variables.
    Forall,
    /// `scf.while`: the condition is the first region, the body the second.
    While,
    /// `stablehlo.while`, `tosa.while_loop`: as `While`, on tensors.
    GraphWhile,
}

impl LoopForm {
    /// Whether the loop has a condition instead of bounds.
    #[must_use]
    pub const fn is_while(self) -> bool {
        matches!(self, Self::While | Self::GraphWhile)
    }

    /// Whether all arguments of the body are induction variables.
    #[must_use]
    pub const fn has_several_variables(self) -> bool {
        matches!(self, Self::AffineParallel | Self::Parallel | Self::Forall)
    }
}

/// What decides between the regions of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchForm {
    /// `scf.if`: the first operand.
    If,
    /// `affine.if`: an integer set.
    AffineIf,
    /// A value that is not evaluated: `scf.index_switch`, `stablehlo.if`, `tosa.cond_if`.
    Other,
}

/// How an operation is written out as `linalg.generic` before anything is counted; see [`crate::expand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expansion {
    /// It stays as it is.
    None,
    /// Loops and subscripts are the attribute `indexing_maps`, else [`structure::of`](super::structure::of), else those of
    /// `Pointwise`.
    Structured,
    /// A loop for each dimension of the output; each operand has the same subscripts or none.
    Pointwise,
    /// `linalg.reduce`: a loop for each dimension of the first operand; outputs lack those in `dimensions`.
    Reduction,
    /// `linalg.transpose`: the output's dimension i is dimension `permutation[i]` of the input.
    Transposition,
    /// `linalg.broadcast`: the input lacks the output's `dimensions`.
    Broadcast,
    /// `linalg.pack`, `tensor.pack`.
    Pack,
    /// `linalg.unpack`, `tensor.unpack`.
    Unpack,
    /// `linalg.softmax`: maximum, exponential of the difference, sum, quotient.
    Softmax,
    /// A Winograd transform: two products with constant matrices.
    Winograd(WinogradPart),
    /// On tensors: the same operation on their elements.
    Elements,
}

/// The operand that a Winograd transform works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WinogradPart {
    /// The filter.
    Filter,
    /// The input.
    Input,
    /// The product of both.
    Output,
}

/// How an integer result follows from the operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evaluation {
    /// Not evaluated.
    None,
    /// The attribute `value`.
    Constant,
    /// The extent of the first operand in the dimension that the second operand gives.
    Dimension,
    /// The index in the dimension `dim` (an attribute) of the enclosing iteration space.
    LoopIndex,
    /// `affine.apply`: the attribute `map`.
    AffineApply,
    /// `affine.min`.
    AffineMin,
    /// `affine.max`.
    AffineMax,
    /// `arith.index_cast`: the operand.
    IndexCast,
    /// An integer extension: the operand.
    Extend,
    /// An integer truncation.
    Truncate,
    /// The attribute `predicate` of two operands.
    Compare,
    /// The sum of two operands.
    Add,
    /// The difference.
    Sub,
    /// The product.
    Mul,
    /// The quotient, rounded to zero.
    DivSigned,
    /// The quotient of unsigned operands.
    DivUnsigned,
    /// The quotient, rounded down.
    FloorDiv,
    /// The quotient, rounded up.
    CeilDiv,
    /// The quotient of unsigned operands, rounded up.
    CeilDivUnsigned,
    /// The remainder.
    Remainder,
    /// The remainder of unsigned operands.
    RemainderUnsigned,
    /// The smaller operand.
    MinSigned,
    /// The greater operand.
    MaxSigned,
    /// The smaller of unsigned operands.
    MinUnsigned,
    /// The greater of unsigned operands.
    MaxUnsigned,
}

/// Class of an operation in the steps of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepClass {
    /// Not known.
    Unknown,
    /// Scalar code.
    Scalar,
    /// Scalar code, or a function of elements where the result is a tensor.
    Elementwise,
    /// Scalar code, or a constant where the result is a tensor.
    ScalarConstant,
    /// A value known before the first call.
    Constant,
    /// Storage, an address or a check, with a description.
    Storage(&'static str),
    /// The result is another view of the first operand.
    View,
    /// Like a view of the first operand, but laid out anew.
    Copy,
    /// The first operand is written into the second.
    Insert,
    /// Several operands are combined into one.
    Gather,
    /// A named sum of products.
    Contraction,
    /// This number of functions of elements, or reductions, one after the other.
    Nonlinear(u64),
    /// The body decides: `linalg.generic`.
    Body,
    /// A loop.
    Loop,
    /// A condition with regions.
    Condition,
    /// A call of a function in the text.
    Call,
    /// The end of a block, or an operation of a structured body without work (`linalg.index`).
    Terminator,
    /// A branch to another block.
    Branch,
}

/// Role of an operation in a sum of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumTerm {
    /// None.
    None,
    /// The sum of two terms.
    Sum,
    /// The product of two factors.
    Product,
    /// The product of two factors, added to the third operand.
    FusedProduct,
    /// The operand in another format.
    Conversion,
    /// An element of a tensor; a conversion if the tensor was made from one element.
    Element,
    /// A tensor made from elements; a conversion of a single one.
    FromElements,
}

/// Access to memory or a tensor by one subscript for each dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexedAccess {
    /// None.
    None,
    /// Reads; the first operand is the memory.
    Load,
    /// Writes the first operand; the second is the memory.
    Store,
}

/// The sum of products that an operation computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductForm {
    /// None, or given by the attribute `indexing_maps` only.
    None,
    /// Loops and subscripts are those of [`Record::nest`](field@super::Record::nest).
    Nest,
    /// A convolution over a filter, the second operand.
    Convolution(Filter),
    /// `stablehlo.dot`.
    Dot,
    /// `stablehlo.dot_general`: the attribute `dot_dimension_numbers`.
    DotGeneral,
    /// `stablehlo.convolution`: the attribute `dimension_numbers`.
    HloConvolution,
}

/// The dimensions of a convolution's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// A letter for each dimension: `h`, `w`, `d` window, `c` input channels, `f` output channels, `g` groups, `m` outputs
    /// for each channel.
    pub letters: &'static str,
    /// Whether channels are not summed.
    pub depthwise: bool,
}

impl Filter {
    /// Whether a dimension of the filter is one of the result, not summed over.
    #[must_use]
    pub fn keeps(&self, letter: char) -> bool {
        if self.depthwise { matches!(letter, 'c' | 'm') } else { matches!(letter, 'f' | 'g') }
    }
}

/// Loops and subscripts of a named operation, in the order of upstream's definition. A letter is a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nest {
    /// One letter for each loop, outermost first.
    pub loops: &'static str,
    /// Subscripts of each operand with commas between them.
    pub operands: &'static [&'static str],
}

impl Nest {
    /// The loops in the subscripts of an operand whose every subscript is one loop.
    pub fn dimensions(&self, operand: usize) -> impl Iterator<Item = usize> + '_ {
        let subscripts = self.operands.get(operand).copied().unwrap_or("");
        subscripts.split(',').filter_map(|letter| self.loops.find(letter).filter(|_| !letter.is_empty()))
    }
}

/// Group of a node in a drawing of the dataflow graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Arithmetic or movement of data, by the work counted.
    ByWork,
    /// A sum of products.
    Contraction,
    /// A loop, a call, control flow.
    ControlFlow,
    /// Left out: a constant or an empty tensor.
    LeftOut,
}
