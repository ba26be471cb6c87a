//! What an operation is, by its name: the table of dialects.

use crate::tree::{AffineExpr, AttributeValue, OpId, Tree, split_name};

use super::contraction;
use super::shape::{elements, is_tensor, product};
use super::step::{Unplaced, Work};

/// How an operation takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Scalar code: part of the straight-line statement or loop nest around it.
    Scalar,
    /// A value known before the first call.
    Constant,
    /// Storage or an address; the result, if any, is new.
    Storage(&'static str),
    /// The result is another view of the first operand.
    View,
    /// Like a view of the first operand, but laid out anew.
    Copy,
    /// The first operand is put into the second.
    Insert,
    /// Several operands are put together.
    Gather,
    /// A named sum of products.
    Contraction,
    /// Functions of elements or reductions, so many in a row.
    Nonlinear(u64),
    /// `linalg.generic` and its like: the body decides.
    Body,
    /// Pooling: the second operand is the window.
    Pooling,
    /// A loop with a body.
    Loop,
    /// A condition with branches.
    Condition,
    /// A call of a function in the text.
    Call,
    /// The end of a block.
    Terminator,
    /// Control goes to another block.
    Branch,
    /// Nothing is known about it.
    Unknown,
}

/// The class of an operation.
pub(super) fn class(tree: &Tree, op: OpId) -> Class {
    let name = tree.name(op);
    let (dialect, short) = split_name(name).unwrap_or(("", name));
    let of_tensors = || tree.operation(op).results.first().is_some_and(|&r| is_tensor(tree, r));
    match dialect {
        "arith" if short == "constant" && of_tensors() => Class::Constant,
        "arith" | "math" | "complex" if of_tensors() => Class::Nonlinear(1),
        "arith" | "math" | "complex" | "index" | "vector" | "llvm" => Class::Scalar,
        "ub" => Class::Constant,
        "affine" | "scf" => control(dialect, short),
        "func" => match short {
            "return" => Class::Terminator,
            "call" => Class::Call,
            _ => Class::Unknown,
        },
        "cf" => match short {
            "assert" => Class::Storage("a check"),
            _ => Class::Branch,
        },
        "tensor" => tensor(short),
        "memref" => memref(short),
        "bufferization" => match short {
            "to_tensor" | "to_memref" | "to_buffer" => Class::View,
            "clone" => Class::Copy,
            "materialize_in_destination" => Class::Insert,
            "alloc_tensor" | "dealloc_tensor" | "dealloc" => Class::Storage("storage"),
            _ => Class::Unknown,
        },
        "linalg" => linalg(short),
        "tosa" => tosa(short),
        "stablehlo" | "mhlo" | "chlo" => stablehlo(short),
        "ml_program" if short.starts_with("global_load") => Class::Constant,
        "builtin" if short == "unrealized_conversion_cast" => Class::View,
        _ => Class::Unknown,
    }
}

fn control(dialect: &str, short: &str) -> Class {
    match (dialect, short) {
        (_, "for" | "parallel") | ("scf", "forall" | "while") => Class::Loop,
        (_, "if") | ("scf", "execute_region" | "index_switch") => Class::Condition,
        (_, "yield") | ("scf", "condition" | "reduce" | "forall.in_parallel" | "reduce.return") => Class::Terminator,
        ("affine", _) => Class::Scalar,
        _ => Class::Unknown,
    }
}

fn tensor(short: &str) -> Class {
    match short {
        "empty" | "dim" | "rank" => Class::Storage("storage"),
        "extract_slice" | "cast" | "expand_shape" | "collapse_shape" | "reshape" | "bitcast" | "splat" => Class::View,
        "insert_slice" | "parallel_insert_slice" | "scatter" => Class::Insert,
        "pad" | "pack" | "unpack" => Class::Copy,
        "concat" | "gather" => Class::Gather,
        "extract" | "from_elements" | "insert" => Class::Scalar,
        "generate" => Class::Nonlinear(1),
        "yield" => Class::Terminator,
        _ => Class::Unknown,
    }
}

fn memref(short: &str) -> Class {
    match short {
        "alloc"
        | "alloca"
        | "dealloc"
        | "dim"
        | "rank"
        | "realloc"
        | "assume_alignment"
        | "prefetch"
        | "extract_aligned_pointer_as_index"
        | "extract_strided_metadata"
        | "alloca_scope" => Class::Storage("storage"),
        "get_global" => Class::Constant,
        "subview" | "cast" | "reshape" | "reinterpret_cast" | "collapse_shape" | "expand_shape" | "view"
        | "transpose" | "memory_space_cast" => Class::View,
        "copy" => Class::Insert,
        "load" | "store" | "atomic_rmw" => Class::Scalar,
        _ => Class::Unknown,
    }
}

fn linalg(short: &str) -> Class {
    match short {
        "fill" => Class::Storage("a constant fill"),
        "index" | "yield" => Class::Terminator,
        "broadcast" => Class::View,
        "transpose" | "pack" | "unpack" => Class::Copy,
        "copy" => Class::Insert,
        "generic" | "map" | "reduce" => Class::Body,
        // Maximum, exponential, sum, quotient.
        "softmax" => Class::Nonlinear(4),
        "matmul"
        | "matmul_transpose_a"
        | "matmul_transpose_b"
        | "batch_matmul"
        | "batch_matmul_transpose_a"
        | "batch_matmul_transpose_b"
        | "batch_reduce_matmul"
        | "matvec"
        | "vecmat"
        | "batch_matvec"
        | "batch_vecmat"
        | "dot"
        | "mmt4d"
        | "batch_mmt4d"
        | "quantized_matmul"
        | "quantized_batch_matmul"
        | "contract" => Class::Contraction,
        _ if short.starts_with("conv_") || short.starts_with("depthwise_conv_") => Class::Contraction,
        _ if short.starts_with("pooling_") => Class::Pooling,
        "add" | "sub" | "mul" | "div" | "div_unsigned" | "max" | "min" | "powf" | "exp" | "log" | "abs" | "ceil"
        | "floor" | "negf" | "reciprocal" | "round" | "sqrt" | "rsqrt" | "square" | "tanh" | "erf" | "select"
        | "elementwise" | "fill_rng_2d" => Class::Nonlinear(1),
        _ => Class::Unknown,
    }
}

fn tosa(short: &str) -> Class {
    match short {
        "const" | "const_shape" => Class::Constant,
        "reshape" | "identity" | "cast_from_block_scaled" => Class::View,
        "transpose" | "pad" | "slice" | "tile" | "reverse" => Class::Copy,
        "concat" | "gather" | "scatter" => Class::Gather,
        "matmul" | "fully_connected" | "conv2d" | "conv3d" | "depthwise_conv2d" | "transpose_conv2d" => {
            Class::Contraction
        }
        "yield" => Class::Terminator,
        "while_loop" | "cond_if" | "custom" | "variable" | "variable_read" | "variable_write" => Class::Unknown,
        _ => Class::Nonlinear(1),
    }
}

fn stablehlo(short: &str) -> Class {
    match short {
        "constant" | "iota" => Class::Constant,
        "reshape" | "broadcast_in_dim" | "broadcast" | "bitcast_convert" | "optimization_barrier" | "copy" => {
            Class::View
        }
        "transpose" | "slice" | "pad" | "reverse" | "dynamic_slice" => Class::Copy,
        "dynamic_update_slice" => Class::Insert,
        "concatenate" | "gather" | "scatter" => Class::Gather,
        "dot" | "dot_general" | "convolution" => Class::Contraction,
        "return" => Class::Terminator,
        "while" | "if" | "case" | "custom_call" | "all_reduce" | "all_gather" | "reduce_scatter"
        | "collective_permute" | "all_to_all" | "send" | "recv" | "infeed" | "outfeed" | "sort" | "fft"
        | "cholesky" | "triangular_solve" | "rng" | "rng_bit_generator" => Class::Unknown,
        _ => Class::Nonlinear(1),
    }
}

/// Elements an operation works on: the largest of its operands and results.
fn largest(tree: &Tree, op: OpId) -> Option<u64> {
    let operation = tree.operation(op);
    let sizes: Option<Vec<u64>> =
        operation.operands.iter().chain(&operation.results).map(|&v| elements(tree, v)).collect();
    sizes?.into_iter().max()
}

/// Elements of a window given as an attribute; 1 without.
fn window(tree: &Tree, op: OpId) -> u64 {
    let values = ["kernel", "window_dimensions"].iter().find_map(|name| tree.attribute(op, name));
    let extents: Vec<u64> = match values {
        Some(AttributeValue::DenseArray(_, all)) => all.iter().map(|&e| e as u64).collect(),
        Some(AttributeValue::Dense { elements: Some(all), .. }) => all.iter().map(|&e| e as u64).collect(),
        _ => Vec::new(),
    };
    product(extents).unwrap_or(1)
}

/// The work of an operation on whole tensors or memories.
pub(super) fn work(tree: &Tree, op: OpId, class: Class) -> Result<Work, Unplaced> {
    let operation = tree.operation(op);
    let sized = |count: Option<u64>| count.ok_or_else(|| unsized_because(tree, op));
    match class {
        Class::Constant => Ok(Work::Free("known before the first call")),
        Class::Storage(why) => Ok(Work::Free(why)),
        Class::View => Ok(Work::Free("another view of the same data")),
        Class::Copy => {
            // What is laid out anew: the result where there is one, else the destination.
            let moved = operation.results.first().or(operation.operands.last());
            sized(moved.and_then(|&v| elements(tree, v))).map(Work::Move)
        }
        Class::Insert => sized(operation.operands.first().and_then(|&v| elements(tree, v))).map(Work::Move),
        Class::Gather => sized(operation.results.first().and_then(|&v| elements(tree, v))).map(Work::Move),
        Class::Contraction => {
            contraction::of_named(tree, op).map(Work::Contraction).ok_or_else(|| unsized_because(tree, op))
        }
        Class::Pooling => {
            let window = operation.operands.get(1).and_then(|&v| elements(tree, v));
            let out = operation.operands.last().and_then(|&v| elements(tree, v));
            let elements = out.zip(window).and_then(|(o, w)| product([o, w]));
            sized(elements).map(|elements| Work::Nonlinear { elements, chain: 1 })
        }
        Class::Nonlinear(chain) => {
            let elements = largest(tree, op).and_then(|n| product([n, window(tree, op)]));
            sized(elements).map(|elements| Work::Nonlinear { elements, chain })
        }
        Class::Body => body(tree, op),
        _ => Err(Unplaced::UnknownOperation),
    }
}

/// Why no size came out: an extent is dynamic, or all are known and too large or not understood.
fn unsized_because(tree: &Tree, op: OpId) -> Unplaced {
    let operation = tree.operation(op);
    let mut values = operation.operands.iter().chain(&operation.results);
    if values.clone().any(|&v| super::shape::extents(tree, v).is_none()) {
        Unplaced::UnknownShape
    } else if values.any(|&v| elements(tree, v).is_none()) {
        Unplaced::TooLarge
    } else {
        Unplaced::UnknownOperation
    }
}

/// `linalg.generic`: a contraction, a copy, or functions of the elements of its domain.
fn body(tree: &Tree, op: OpId) -> Result<Work, Unplaced> {
    if let Some(contraction) = contraction::of_generic(tree, op) {
        return Ok(Work::Contraction(contraction));
    }
    let computes = |op: &OpId| {
        let name = tree.name(*op);
        let data = tree.operation(*op).results.iter().any(|&r| !super::shape::is_index(tree, r));
        data && name != "arith.constant" && (name.starts_with("arith.") || name.starts_with("math."))
    };
    let operands = &tree.operation(op).operands;
    let domain = contraction::maps(tree, op)
        .filter(|m| m.len() == operands.len())
        .and_then(|maps| contraction::domain(tree, operands, &maps))
        .and_then(product)
        .or_else(|| largest(tree, op));
    let Some(elements) = domain else { return Err(unsized_because(tree, op)) };
    let calculates = tree.entry(op, 0).is_none_or(|block| tree.walk_block(block).any(|inner| computes(&inner)));
    Ok(if calculates {
        Work::Nonlinear { elements, chain: 1 }
    } else if reads_in_order(tree, op) {
        Work::Free("a broadcast: its readers repeat the data")
    } else {
        Work::Move(elements)
    })
}

/// Whether a body without arithmetic only hands on inputs in the order they lie in.
fn reads_in_order(tree: &Tree, op: OpId) -> bool {
    let Some(maps) = contraction::maps(tree, op) else { return false };
    let gathers = tree.entry(op, 0).is_some_and(|block| {
        tree.walk_block(block).any(|inner| {
            let operands = &tree.operation(inner).operands;
            // `tensor.extract %t[]` of a single element hands it on; with indices it gathers.
            matches!(tree.name(inner), "tensor.extract" | "memref.load") && operands.len() > 1
        })
    });
    let in_order = |results: &[AffineExpr]| {
        let mut next = 0;
        results.iter().all(|e| match e {
            AffineExpr::Constant(_) => true,
            AffineExpr::Dimension(d) => {
                let later = *d >= next;
                next = d.saturating_add(1);
                later
            }
            _ => false,
        })
    };
    !gathers && maps.iter().all(|map| in_order(&map.results))
}
