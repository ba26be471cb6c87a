//! Names of operations that other parts write: what the tokenizer looks for in a text without a tree.

/// A scalar constant.
pub const CONSTANT: &str = "arith.constant";

/// A function.
pub const FUNCTION: &str = "func.func";

/// Dialect and short name of an operation's full name, `linalg` and `matmul` of `linalg.matmul`; `None` without a dialect.
#[must_use]
pub fn split(name: &str) -> Option<(&str, &str)> {
    // Looking at one byte after the other is faster than a search for so short a text.
    let dot = name.bytes().position(|byte| byte == b'.')?;
    Some((&name[..dot], &name[dot + 1..]))
}
