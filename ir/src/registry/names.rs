//! Names of operations that the tokenizer looks for, which has no tree.

/// The operation of scalar constants.
pub const CONSTANT: &str = "arith.constant";

/// The operation of functions.
pub const FUNCTION: &str = "func.func";

/// The maps of a named structured operation, which upstream keeps as an attribute of its own.
pub const MEMOIZED_MAPS: &str = "linalg.memoized_indexing_maps";

/// Whether an operation is a function by its name: `func` of any dialect.
#[must_use]
pub fn is_function(name: &str) -> bool {
    name.ends_with(".func")
}

/// Operations of the normal form, see [`crate::expand`].
pub mod normal {
    /// A loop nest over tensors or memories.
    pub const GENERIC: &str = "linalg.generic";
    /// The end of its body.
    pub const YIELD: &str = "linalg.yield";
    /// A tensor without contents.
    pub const EMPTY: &str = "tensor.empty";
    /// Memory for intermediate results.
    pub const ALLOCATION: &str = "memref.alloc";
    /// The larger of two numbers.
    pub const MAXIMUM: &str = "arith.maximumf";
    /// The sum of two numbers.
    pub const SUM: &str = "arith.addf";
    /// The difference of two numbers.
    pub const DIFFERENCE: &str = "arith.subf";
    /// The product of two numbers.
    pub const PRODUCT: &str = "arith.mulf";
    /// The quotient of two numbers.
    pub const QUOTIENT: &str = "arith.divf";
    /// The exponential function.
    pub const EXPONENTIAL: &str = "math.exp";
}

/// Dialect and short name of an operation's full name, `linalg` and `matmul` of `linalg.matmul`; `None` without a dialect.
#[must_use]
pub fn split(name: &str) -> Option<(&str, &str)> {
    // A loop over bytes is faster than `str::find` on short names.
    let dot = name.bytes().position(|byte| byte == b'.')?;
    Some((&name[..dot], &name[dot + 1..]))
}
