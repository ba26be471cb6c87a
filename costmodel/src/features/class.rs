//! What kind of work an operation is, by its name.

use ir::tree::split_name;

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
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
    /// Operations on vectors that are no arithmetic and no access.
    Vector,
    /// Loops.
    Loop,
    /// Loop nests in one operation.
    Structured,
    /// Changes of shape, views, allocations.
    Reshape,
    /// Nothing at run time: constants, terminators.
    Free,
    /// A dialect that is not known.
    Unknown,
}

/// The kind of an operation.
pub fn class(name: &str) -> Class {
    let (dialect, op) = split_name(name).unwrap_or(("", name));
    match dialect {
        "arith" => arith(op),
        "math" => match op {
            "sqrt" | "rsqrt" => Class::Division,
            "absf" | "fma" | "ceil" | "floor" | "copysign" | "round" | "roundeven" | "trunc" => Class::Float,
            "absi" | "ctlz" | "cttz" | "ctpop" | "ipowi" => Class::Integer,
            _ => Class::Transcendental,
        },
        "affine" => match op {
            "load" | "vector_load" => Class::Load,
            "store" | "vector_store" => Class::Store,
            "for" | "parallel" => Class::Loop,
            "if" => Class::Branch,
            "yield" => Class::Free,
            _ => Class::Integer,
        },
        "memref" => match op {
            "load" => Class::Load,
            "store" => Class::Store,
            "copy" => Class::Structured,
            "get_global" => Class::Free,
            _ => Class::Reshape,
        },
        "vector" => match op {
            "transfer_read" | "load" | "maskedload" | "gather" | "expandload" => Class::Load,
            "transfer_write" | "store" | "maskedstore" | "scatter" | "compressstore" => Class::Store,
            "fma" | "contract" | "outerproduct" | "reduction" | "multi_reduction" => Class::Float,
            "yield" | "constant_mask" => Class::Free,
            _ => Class::Vector,
        },
        "scf" => match op {
            "for" | "while" | "parallel" | "forall" => Class::Loop,
            "if" | "index_switch" => Class::Branch,
            _ => Class::Free,
        },
        "cf" => Class::Branch,
        "func" => match op {
            "call" | "call_indirect" => Class::Call,
            _ => Class::Free,
        },
        "linalg" => match op {
            "yield" | "index" => Class::Free,
            _ => Class::Structured,
        },
        "tensor" => match op {
            "extract" => Class::Load,
            "insert" => Class::Store,
            "yield" => Class::Free,
            _ => Class::Reshape,
        },
        "tosa" | "stablehlo" | "mhlo" | "chlo" => graph(op),
        "index" => Class::Integer,
        "bufferization" => Class::Reshape,
        "ub" | "builtin" => Class::Free,
        _ => Class::Unknown,
    }
}

fn arith(op: &str) -> Class {
    match op {
        "constant" => Class::Free,
        "divf" | "remf" => Class::Division,
        "select" => Class::Branch,
        "extf" | "truncf" | "sitofp" | "uitofp" | "fptosi" | "fptoui" | "index_cast" | "index_castui" | "extsi"
        | "extui" | "trunci" | "bitcast" | "scaling_extf" | "scaling_truncf" => Class::Cast,
        _ if op.ends_with('f') => Class::Float,
        _ => Class::Integer,
    }
}

fn graph(op: &str) -> Class {
    match op {
        "constant" | "const" | "const_shape" | "return" | "yield" => Class::Free,
        "reshape"
        | "transpose"
        | "broadcast"
        | "broadcast_in_dim"
        | "slice"
        | "concatenate"
        | "concat"
        | "pad"
        | "reverse"
        | "tile"
        | "dynamic_slice"
        | "dynamic_update_slice"
        | "convert"
        | "cast"
        | "iota"
        | "identity" => Class::Reshape,
        "while" | "while_loop" => Class::Loop,
        "if" | "cond_if" | "case" => Class::Branch,
        "custom_call" => Class::Call,
        _ => Class::Structured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_fall_into_their_classes() {
        for (name, expected) in [
            ("arith.addf", Class::Float),
            ("arith.cmpf", Class::Float),
            ("arith.maximumf", Class::Float),
            ("arith.addi", Class::Integer),
            ("arith.cmpi", Class::Integer),
            ("arith.divf", Class::Division),
            ("arith.truncf", Class::Cast),
            ("math.rsqrt", Class::Division),
            ("math.tanh", Class::Transcendental),
            ("affine.apply", Class::Integer),
            ("vector.transfer_write", Class::Store),
            ("vector.shuffle", Class::Vector),
            ("linalg.matmul", Class::Structured),
            ("stablehlo.dot_general", Class::Structured),
            ("stablehlo.transpose", Class::Reshape),
            ("scf.while", Class::Loop),
            ("quantum.gate", Class::Unknown),
            ("nodialect", Class::Unknown),
        ] {
            assert_eq!(class(name), expected, "{name}");
        }
    }
}
