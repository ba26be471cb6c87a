//! Facts for the features of the cost model.
//!
//! Values are those that the shipped model was trained with. These contradict other fields of the record and are kept
//! until the model is trained again:
//!
//! - `memref.atomic_rmw` and `memref.generic_atomic_rmw` are `Reshape`, though they load and store;
//! - `memref.prefetch` and `memref.dma_*` are `Reshape`, `affine.prefetch` and `affine.dma_*` are `Integer`;
//! - `cf.assert` is `Branch`;
//! - `scf.execute_region`, `scf.reduce` and `scf.forall.in_parallel` are `Free`;
//! - `vector.scan`, `vector.transpose` and other operations with arithmetic or moves are `Vector`;
//! - `tosa.gather` and its like are `Structured` though they only move data;
//! - `complex`, `llvm`, `gpu` and `ml_program` are `Unknown`.

/// Kind of work, as the features count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionClass {
    /// Additions, multiplications, comparisons of floating-point numbers.
    Float,
    /// Divisions, remainders, square roots.
    Division,
    /// Functions that become calls of a mathematical library.
    Transcendental,
    /// Integer and index arithmetic.
    Integer,
    /// Conversions.
    Cast,
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Branches and selections.
    Branch,
    /// Calls.
    Call,
    /// Operations on vectors other than arithmetic and accesses.
    Vector,
    /// Loops.
    Loop,
    /// Loop nests in one operation.
    Structured,
    /// Changes of shape, views, allocations.
    Reshape,
    /// Nothing at run time: constants, terminators.
    Free,
    /// Not known.
    Unknown,
}

/// Machine work of an operation without regions, before types are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineWork {
    /// None, or counted as an access, loop or nest.
    None,
    /// A floating-point instruction; 16-bit results have a kind of their own.
    Float,
    /// A minimum or maximum that propagates NaN.
    MinMax,
    /// A comparison or selection.
    Select,
    /// A move between lanes.
    Shuffle,
    /// A move between a vector and a part of it. Rows of a vector of several dimensions are vectors of their own.
    LaneMove,
    /// A comparison of the index of each lane with a bound.
    LaneMask,
    /// A combination of the lanes of a vector.
    LaneReduction,
    /// A vector of elements that other vectors or scalars have.
    Gathering,
    /// A move of every lane by itself: a transposition.
    Transposition,
    /// Products of rows and columns of small matrices, each added up across lanes.
    Contraction,
    /// A product of each lane of a vector with another vector, added to a row.
    OuterProduct,
    /// A combination of the rows or lanes of a vector of several dimensions.
    Reduction,
    /// A floating-point division or square root; 16-bit results have a kind of their own.
    Divide,
    /// A floating-point remainder: a mathematical function; 16-bit results have a kind of their own.
    Remainder,
    /// A call of a function, which LLVM does not vectorise.
    Call,
    /// A mathematical function that LLVM has a vector intrinsic for. Back ends without a vector library call the scalar function for
    /// each lane.
    MathFunction,
    /// An integer instruction; an address computation if the result is an index.
    Integer,
    /// An integer division; division by a constant has a kind of its own.
    IntegerDivide,
    /// An integer product twice as wide as its factors.
    WideProduct,
    /// A sum of integers and its carry.
    Carry,
    /// The number of set bits of an integer.
    BitCount,
    /// The number of zeros before the first set bit of an integer, from either end.
    ZeroCount,
    /// An address computation.
    Address,
    /// A conversion.
    Cast,
    /// A truncation of a floating-point number; 16-bit results have a kind of their own.
    Truncation,
    /// A branch.
    Branch,
    /// A call of the runtime library, or an unknown operation.
    Runtime,
}

/// How a value that a loop carries is combined with the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accumulation {
    /// An integer sum, product or extreme: the order is free.
    Integers,
    /// An extreme of floating-point numbers.
    Extreme,
    /// A floating-point sum: the order is fixed, and some vector instructions add lanes in it.
    Sum,
    /// A floating-point difference or product: the order is fixed.
    Floats,
    /// A fused multiply-add: the order is fixed, whatever its flags.
    Fused,
    /// Anything else.
    Recurrence,
}

/// The operand whose buffer a result lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferSource {
    /// None.
    None,
    /// The first operand.
    First,
    /// The second operand.
    Second,
    /// The output (one of the last operands) at the result's place.
    Output,
}

/// Which lanes a vector access reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneAccess {
    /// All, at adjacent addresses.
    Adjacent,
    /// The same, but those out of bounds are masked unless the attribute `in_bounds` says that there are none.
    UnlessInBounds,
    /// Those of a mask, at adjacent addresses.
    Masked,
    /// Each at an address of its own.
    Scattered,
}

/// Part of an operation in a fused multiply-add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FusedPart {
    /// None.
    None,
    /// The addition or subtraction.
    Sum,
    /// The multiplication.
    Product,
    /// A change of sign, which becomes part of it.
    Negation,
}

/// Direction in which an operation shifts its first operand by its second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Nowhere.
    None,
    /// To higher places.
    Left,
    /// To lower places, zeros behind.
    Right,
    /// To lower places, copies of the sign behind.
    RightSigned,
}

impl Shift {
    /// Whether it moves bits to lower places.
    #[must_use]
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::RightSigned)
    }
}

/// How the bits of an integer result follow from those of the operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitRule {
    /// Otherwise.
    None,
    /// The bits of the operand, and zeros.
    ZeroExtension,
    /// No bits that either operand does not have.
    Conjunction,
    /// No bits that neither operand has.
    Disjunction,
}

/// Facts for the features of the cost model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureFacts {
    /// Kind of work.
    pub class: InstructionClass,
    /// Machine work.
    pub machine: MachineWork,
    /// How a carried value is combined.
    pub accumulation: Accumulation,
    /// Where the result's buffer is.
    pub buffer: BufferSource,
    /// Part in a fused multiply-add.
    pub fused: FusedPart,
    /// Which lanes an access reads or writes.
    pub lanes: LaneAccess,
    /// Where it moves bits.
    pub shift: Shift,
    /// Which bits its result has.
    pub bits: BitRule,
}

impl FeatureFacts {
    /// Facts of an operation that is not known.
    pub const UNKNOWN: Self = Self {
        class: InstructionClass::Unknown,
        machine: MachineWork::Runtime,
        accumulation: Accumulation::Recurrence,
        buffer: BufferSource::None,
        fused: FusedPart::None,
        lanes: LaneAccess::Adjacent,
        shift: Shift::None,
        bits: BitRule::None,
    };
}

impl InstructionClass {
    /// The machine work of an operation of this class that states none.
    #[must_use]
    pub const fn machine(self) -> MachineWork {
        match self {
            Self::Float => MachineWork::Float,
            Self::Division => MachineWork::Divide,
            Self::Transcendental => MachineWork::MathFunction,
            Self::Call => MachineWork::Call,
            Self::Integer => MachineWork::Integer,
            Self::Cast => MachineWork::Cast,
            Self::Branch => MachineWork::Branch,
            Self::Vector => MachineWork::Shuffle,
            Self::Unknown => MachineWork::Runtime,
            Self::Load | Self::Store | Self::Loop | Self::Structured | Self::Reshape | Self::Free => MachineWork::None,
        }
    }
}
