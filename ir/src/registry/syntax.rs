//! How the custom form of an operation is read.

/// How the custom form of an operation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// The custom form is not known, or there is none: the parser guesses operands and types.
    Guessed,
    /// A format string, read by the parser's format engine.
    Format(Format),
    /// A function of the parser, for a form that no format string describes.
    Reader(Reader),
}

/// A custom form as a string of items; the parser's module `format` documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Operand groups in the order of the generic form; empty where that is the order of the items.
    pub operands: &'static str,
    /// Items with blanks between them.
    pub items: &'static str,
    /// Results with the rule for each type.
    pub results: &'static str,
}

/// A reader function of the parser, with what differs between the operations that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the operations")]
pub enum Reader {
    Module,
    Function,
    /// A function of a dialect other than `func`.
    AnyFunction,
    ConversionCast,
    CallIndirect,
    Branch,
    ConditionalBranch,
    Switch,
    Constant,
    Select,
    AffineFor,
    AffineParallel,
    AffineIf,
    /// `affine.load`, or `affine.vector_load` with the type of the vector.
    AffineLoad {
        vector: bool,
    },
    /// `affine.store`, or `affine.vector_store` with the type of the vector.
    AffineStore {
        vector: bool,
    },
    /// `affine.apply`, `affine.min`, `affine.max`.
    AffineApply,
    AffinePrefetch,
    AffineDmaStart,
    AffineDmaWait,
    ScfFor,
    ScfIf,
    ScfWhile,
    ScfParallel,
    ScfReduce,
    ScfForall,
    ScfInParallel,
    ScfExecuteRegion,
    ScfIndexSwitch,
    TensorGenerate,
    TensorPad,
    MemRefGlobal,
    MemRefTranspose,
    MemRefPrefetch,
    MemRefAllocaScope,
    MemRefGenericAtomic,
    AllocTensor,
    LinalgGeneric,
    /// `map`, `reduce`, `transpose`, `broadcast`: an operation in braces, or a region behind the operands.
    LinalgShort {
        /// Attribute behind the operands, e.g. `permutation`; empty for none.
        attribute: &'static str,
        /// Whether the operation in braces takes the accumulator first.
        accumulates: bool,
        body: Body,
    },
    /// A named structured operation.
    LinalgNamed(Body),
    /// A named operation that has no region: `softmax`, `winograd_*`.
    LinalgWithoutBody,
    VectorContract,
    VectorOuterProduct,
    VectorTransferRead,
    VectorTransferWrite,
    VectorMask,
    VectorShuffle,
    VectorToElements,
    /// `%a, %b {...} : (types) -> types`.
    ValuesAndFunction,
    /// The common form of StableHLO.
    Hlo {
        names: HloNames,
        types: HloTypes,
    },
    HloConstant,
    HloCompare,
    HloReduce,
    HloWhile,
    HloConvolution,
    HloSlice,
    HloCustomCall,
    HloComposite,
    HloTupleElement,
    GpuLaunch,
    GpuLaunchFunction,
    GpuWarp,
    LlvmCall,
    LlvmCallIntrinsic,
    LlvmInvoke,
    LlvmLandingpad,
    LlvmSwitch,
    LlvmIndirectBranch,
    /// `llvm.mlir.global`, `llvm.mlir.alias`.
    LlvmGlobal,
    LlvmIfunc,
}

/// Attributes that StableHLO's common form abbreviates: the word in the form, the attribute's name.
pub type HloNames = &'static [(&'static str, &'static str)];

/// How StableHLO's common form writes types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HloTypes {
    /// One type where all operands and results have the same, else as [`Self::Function`].
    Shared,
    /// `(types) -> types`.
    Function,
    /// The result's.
    Result,
    /// The type of each operand, which is that of the result in its place.
    Each,
    /// `type -> type` with one operand, else as [`Self::Function`].
    Arrow,
    /// That of the first operand and one for all others where these are the same, else as [`Self::Function`].
    Selection,
}

/// What the implied body of a named `linalg` operation computes for each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Not known, or written in the text: an empty region.
    Empty,
    /// The first input.
    First,
    /// The first input, converted to the output's type.
    Copy,
    /// A function of the first input.
    Unary(UnaryFunction),
    /// A function of two inputs.
    Binary(BinaryFunction),
    /// The second or third input, as the first decides.
    Select,
    /// The product of two inputs, added to the output.
    Contraction,
    /// The product of two inputs less their zero points, added to the output.
    Quantized,
    /// The first input combined with the output.
    Pooling(BinaryFunction),
    /// The function that the attribute `kind` names.
    Elementwise,
}

/// A function of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions' names")]
pub enum UnaryFunction {
    Exp,
    Log,
    Abs,
    Ceil,
    Floor,
    Negf,
    Round,
    Sqrt,
    Rsqrt,
    Tanh,
    Erf,
    Reciprocal,
    Square,
}

/// A function of two elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions' names")]
pub enum BinaryFunction {
    Add,
    Sub,
    Mul,
    Div,
    DivUnsigned,
    Max,
    Min,
    MaxUnsigned,
    MinUnsigned,
    Powf,
}

impl BinaryFunction {
    /// Whether integers are taken as unsigned.
    #[must_use]
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Self::DivUnsigned | Self::MaxUnsigned | Self::MinUnsigned)
    }
}

/// A name without its dialect, e.g. `return` for `func.return`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortName {
    /// The name.
    pub name: &'static str,
    /// Where the printer uses it.
    pub printed: ShortNamePrinted,
    /// Whether the tokenizer spells the short name out. `func` and `constant` stay as written: another answer would
    /// change the words of existing vocabularies.
    pub tokenized: bool,
}

/// Where the printer uses a short name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortNamePrinted {
    /// Directly inside an operation whose default dialect is the operation's own.
    InOwnDialect,
    /// Nowhere.
    Never,
}
