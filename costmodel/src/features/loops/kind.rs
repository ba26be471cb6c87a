//! What an operation becomes in machine code, roughly: the kinds that cost differently.

use ir::tree::{Definition, FloatKind, OpId, Tree, Type, ValueId, split_name};
use names::named;

use super::super::class::{Class, class};

named! {
    /// Kinds of machine work.
    pub enum Kind {
        /// Floating-point addition, multiplication, fused multiply-add.
        Float = "float",
        /// Minimum and maximum of floating-point numbers: they have to pass NaN on.
        MinMax = "min_max",
        /// Comparisons and selections.
        Select = "select",
        /// Floating-point division and square root.
        Divide = "divide",
        /// Functions of a library.
        Call = "call",
        /// Arithmetic on numbers of `f16`, which most processors convert for it.
        Half = "half",
        /// Arithmetic on `bf16`, whose rounding is a call where there is no instruction.
        Brain = "brain",
        /// Integer arithmetic on data.
        Integer = "integer",
        /// Integer division and remainder by a constant.
        ConstantDivide = "constant_divide",
        /// Integer division and remainder.
        IntegerDivide = "integer_divide",
        /// Arithmetic on indices.
        Address = "address",
        /// Conversions.
        Cast = "cast",
        /// Reads at consecutive places.
        Load = "load",
        /// Reads at places a constant distance apart.
        StridedLoad = "strided_load",
        /// Reads at places that depend on data.
        IndirectLoad = "indirect_load",
        /// Writes at consecutive places.
        Store = "store",
        /// Writes elsewhere.
        StridedStore = "strided_store",
        /// Operations that move lanes of vectors.
        Shuffle = "shuffle",
        /// Reads and writes of vectors that may reach beyond the end.
        Masked = "masked",
        /// Branches.
        Branch = "branch",
        /// Allocations and other calls of the run time.
        Runtime = "runtime",
    }
}

/// The kind of an operation without regions that is no access; `None` for what costs nothing.
pub fn kind(tree: &Tree, operation: OpId) -> Option<Kind> {
    let name = tree.name(operation);
    let node = tree.operation(operation);
    let result = node.results.first().copied();
    let (dialect, op) = split_name(name).unwrap_or(("", name));
    let narrow = || result.and_then(|v| narrow(tree, v));
    let division = || {
        let by = node.operands.get(1).map(|&v| tree.value(v).definition);
        match by {
            Some(Definition::Result { operation, .. }) if tree.name(operation) == "arith.constant" => {
                Kind::ConstantDivide
            }
            _ => Kind::IntegerDivide,
        }
    };
    match class(name) {
        Class::Free => None,
        Class::Float if op == "maximumf" || op == "minimumf" => Some(Kind::MinMax),
        Class::Float if op == "cmpf" => Some(Kind::Select),
        Class::Float if dialect == "vector" && op.ends_with("reduction") => Some(Kind::Shuffle),
        Class::Float | Class::Division if narrow().is_some() => narrow(),
        Class::Float => Some(Kind::Float),
        Class::Division if op == "remf" => Some(Kind::Call),
        Class::Division => Some(Kind::Divide),
        Class::Transcendental => Some(Kind::Call),
        Class::Integer if matches!(op, "cmpi" | "maxsi" | "minsi" | "maxui" | "minui") => Some(Kind::Select),
        Class::Integer => match op {
            "divsi" | "divui" | "remsi" | "remui" | "floordivsi" | "ceildivsi" | "ceildivui" | "ipowi" => {
                Some(division())
            }
            _ if result.is_some_and(|v| is_index(tree, v)) => Some(Kind::Address),
            _ => Some(Kind::Integer),
        },
        Class::Cast if op.starts_with("index_cast") => Some(Kind::Address),
        Class::Cast if op == "bitcast" => None,
        Class::Cast if op == "truncf" && narrow().is_some() => narrow(),
        Class::Cast => Some(Kind::Cast),
        Class::Branch if op == "select" => Some(Kind::Select),
        Class::Branch => Some(Kind::Branch),
        Class::Call => Some(Kind::Call),
        Class::Vector => Some(Kind::Shuffle),
        Class::Reshape => {
            matches!(op, "alloc" | "dealloc" | "clone" | "insert_slice" | "pad" | "concat").then_some(Kind::Runtime)
        }
        Class::Unknown => Some(Kind::Runtime),
        Class::Load | Class::Store | Class::Loop | Class::Structured => None,
    }
}

fn is_index(tree: &Tree, value: ValueId) -> bool {
    let types = tree.types();
    matches!(tree.ty(types.element(tree.value(value).ty)), Type::Index)
}

/// The kind of arithmetic whose results are 16-bit floating-point numbers.
pub(super) fn narrow(tree: &Tree, value: ValueId) -> Option<Kind> {
    let element = tree.types().element(tree.value(value).ty);
    match tree.ty(element) {
        Type::Float(FloatKind::F16) => Some(Kind::Half),
        Type::Float(FloatKind::BF16) => Some(Kind::Brain),
        _ => None,
    }
}

/// How an accumulated value goes from one iteration to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// An integer sum, product or extreme: the order is free.
    Integers,
    /// An extreme of floating-point numbers.
    Extreme,
    /// A floating-point sum or product, whose order is fixed.
    Floats,
    /// Anything else.
    Recurrence,
}

/// What combines a value with the one of the iteration before.
pub fn carried(name: &str) -> Carried {
    match name {
        "arith.addf" | "arith.subf" | "arith.mulf" | "math.fma" | "vector.fma" => Carried::Floats,
        "arith.maximumf" | "arith.minimumf" | "arith.maxnumf" | "arith.minnumf" => Carried::Extreme,
        "arith.addi" | "arith.subi" | "arith.muli" | "arith.andi" | "arith.ori" | "arith.xori" | "arith.maxsi"
        | "arith.maxui" | "arith.minsi" | "arith.minui" => Carried::Integers,
        _ => Carried::Recurrence,
    }
}
