//! Names of operations that the tokenizer looks for, which has no tree.

/// The operation of scalar constants.
pub const CONSTANT: &str = "arith.constant";

/// The operation of functions.
pub const FUNCTION: &str = "func.func";

/// Whether an operation is a function by its name: `func` of any dialect.
#[must_use]
pub fn is_function(name: &str) -> bool {
    name.ends_with(".func")
}

/// Dialect and short name of an operation's full name, `linalg` and `matmul` of `linalg.matmul`; `None` without a dialect.
#[must_use]
pub fn split(name: &str) -> Option<(&str, &str)> {
    // A loop over bytes is faster than `str::find` on short names.
    let dot = name.bytes().position(|byte| byte == b'.')?;
    Some((&name[..dot], &name[dot + 1..]))
}
