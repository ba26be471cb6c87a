//! Arithmetic of one execution of an operation, its regions not counted.
//!
//! Conventions, those of XLA's cost analysis where it has one: an addition, subtraction, multiplication, division,
//! remainder, negation, absolute value, minimum, maximum, rounding or comparison of floating-point numbers is one
//! FLOP, a fused multiply-add two; `exp`, `log`, `sqrt`, `tanh`, `pow` and the like are counted apart, as
//! transcendentals. The same of integers and indices is one integer operation. Conversions, selections, moves,
//! reshapes and the arithmetic of addresses are none. Reductions take as many operations as elements, as written,
//! with an initial value. Complex arithmetic is counted in real operations (2 for a sum, 6 for a product).

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::Serialize;

use super::range::Range;
use super::size::{elements, elements_of};
use super::{Reason, space};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree, Type, TypeId, split_name};

/// Arithmetic operations by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Floating-point operations.
    pub flops: Range,
    /// Transcendental functions, not among the FLOPs.
    pub transcendentals: Range,
    /// Operations on integers and indices.
    pub integer_operations: Range,
}

impl Work {
    /// None.
    pub const ZERO: Self = Self { flops: Range::ZERO, transcendentals: Range::ZERO, integer_operations: Range::ZERO };
    /// Any amount.
    pub const UNKNOWN: Self =
        Self { flops: Range::UNKNOWN, transcendentals: Range::UNKNOWN, integer_operations: Range::UNKNOWN };

    /// All operations of every kind, each as one.
    #[must_use]
    pub fn total(self) -> Range {
        self.flops + self.transcendentals + self.integer_operations
    }

    fn flops(count: Range) -> Self {
        Self { flops: count, ..Self::ZERO }
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            flops: self.flops + other.flops,
            transcendentals: self.transcendentals + other.transcendentals,
            integer_operations: self.integer_operations + other.integer_operations,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<Range> for Work {
    type Output = Self;

    fn mul(self, times: Range) -> Self {
        Self {
            flops: self.flops * times,
            transcendentals: self.transcendentals * times,
            integer_operations: self.integer_operations * times,
        }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// What an operation does per element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Moves, conversions, control: nothing.
    Free,
    /// So many operations of the element's kind.
    Plain(u64),
    Sum,
    Product,
    Transcendental,
}

/// Arithmetic of one execution, or why it is not known.
pub(super) fn of(tree: &Tree, operation: OpId) -> Result<Work, Reason> {
    let name = tree.name(operation);
    let (dialect, short) = split_name(name).unwrap_or(("", name));
    let node = tree.operation(operation);
    let result = node.results.first().map(|&r| tree.value(r).ty);
    let operand = |index: usize| node.operands.get(index).map(|&v| tree.value(v).ty);
    let kind = match dialect {
        "arith" | "index" => arith(short),
        "math" => math(short),
        "complex" => match short {
            "add" | "sub" | "neg" => Some(Kind::Sum),
            "mul" => Some(Kind::Product),
            "constant" | "create" | "re" | "im" | "bitcast" => Some(Kind::Free),
            _ => None,
        },
        "func" | "builtin" | "cf" | "scf" | "tensor" | "memref" | "bufferization" | "ub" | "ml_program" => {
            Some(Kind::Free)
        }
        "affine" => {
            let ops = match (short, tree.attribute(operation, "map")) {
                ("apply" | "min" | "max", Some(AttributeValue::AffineMap(map))) => {
                    map.results.iter().map(arithmetic_of).sum::<u64>() + map.results.len().saturating_sub(1) as u64
                }
                _ => 0,
            };
            return Ok(Work { integer_operations: Range::from(ops), ..Work::ZERO });
        }
        "linalg" => return linalg(tree, operation, short),
        "vector" => return vector(tree, operation, short),
        "tosa" => return tosa(tree, operation, short),
        "stablehlo" | "chlo" | "mhlo" => return stablehlo(tree, operation, short),
        _ => None,
    };
    let kind = kind.ok_or(Reason::Operation)?;
    if kind == Kind::Free {
        return Ok(Work::ZERO);
    }
    // A comparison's result is of `i1`, whatever it compares.
    per_element(tree, operand(0).or(result).ok_or(Reason::Shape)?, elements(tree, result.ok_or(Reason::Shape)?), kind)
}

/// So many elements of a type, each with work of a kind.
fn per_element(tree: &Tree, ty: TypeId, count: Range, kind: Kind) -> Result<Work, Reason> {
    let element = tree.types().element(ty);
    let (scalar, complex) = match (tree.ty(ty), tree.ty(element)) {
        (Type::Complex(part), _) | (_, Type::Complex(part)) => (*part, true),
        _ => (element, false),
    };
    let factor = match (kind, complex) {
        (Kind::Free, _) => return Ok(Work::ZERO),
        (Kind::Transcendental, false) => return Ok(Work { transcendentals: count, ..Work::ZERO }),
        (Kind::Plain(n), false) => n,
        (Kind::Sum | Kind::Product, false) => 1,
        (Kind::Sum, true) => 2,
        (Kind::Product, true) => 6,
        (Kind::Plain(_) | Kind::Transcendental, true) => return Err(Reason::Operation),
    };
    let count = count * Range::from(factor);
    match tree.ty(scalar) {
        Type::Float(_) => Ok(Work::flops(count)),
        Type::Integer(..) | Type::Index => Ok(Work { integer_operations: count, ..Work::ZERO }),
        _ => Err(Reason::Shape),
    }
}

fn arith(short: &str) -> Option<Kind> {
    Some(match short {
        "addf" | "subf" | "addi" | "subi" | "add" | "sub" => Kind::Sum,
        "mulf" | "muli" | "mul" => Kind::Product,
        "divf" | "remf" | "negf" | "minimumf" | "maximumf" | "minnumf" | "maxnumf" | "minf" | "maxf" | "cmpf"
        | "cmpi" | "cmp" | "divsi" | "divui" | "ceildivsi" | "ceildivui" | "floordivsi" | "remsi" | "remui"
        | "andi" | "ori" | "xori" | "shli" | "shrsi" | "shrui" | "minsi" | "minui" | "maxsi" | "maxui"
        | "mulsi_extended" | "mului_extended" | "addui_extended" | "divs" | "divu" | "ceildivs" | "ceildivu"
        | "floordivs" | "rems" | "remu" | "and" | "or" | "xor" | "shl" | "shrs" | "shru" | "mins" | "minu" | "maxs"
        | "maxu" => Kind::Plain(1),
        "constant" | "select" | "bitcast" | "extf" | "truncf" | "extsi" | "extui" | "trunci" | "sitofp" | "uitofp"
        | "fptosi" | "fptoui" | "index_cast" | "index_castui" | "scaling_extf" | "scaling_truncf" | "casts"
        | "castu" | "bool.constant" | "sizeof" => Kind::Free,
        _ => return None,
    })
}

fn math(short: &str) -> Option<Kind> {
    Some(match short {
        "absf" | "absi" | "ceil" | "floor" | "round" | "roundeven" | "trunc" | "copysign" | "ctlz" | "cttz"
        | "ctpop" | "isnan" | "isinf" | "isfinite" | "isnormal" | "clampf" => Kind::Plain(1),
        "fma" => Kind::Plain(2),
        "exp" | "exp2" | "expm1" | "log" | "log2" | "log10" | "log1p" | "sqrt" | "rsqrt" | "cbrt" | "sin" | "cos"
        | "sincos" | "tan" | "asin" | "acos" | "atan" | "atan2" | "sinh" | "cosh" | "tanh" | "asinh" | "acosh"
        | "atanh" | "erf" | "erfc" | "powf" | "fpowi" | "ipowi" => Kind::Transcendental,
        _ => return None,
    })
}

fn arithmetic_of(expression: &AffineExpr) -> u64 {
    // An explicit stack: sums may be long.
    let (mut left, mut count) = (vec![expression], 0);
    while let Some(next) = left.pop() {
        match next {
            AffineExpr::Add(a, b)
            | AffineExpr::Mul(a, b)
            | AffineExpr::Mod(a, b)
            | AffineExpr::FloorDiv(a, b)
            | AffineExpr::CeilDiv(a, b) => {
                count += 1;
                left.extend([&**a, &**b]);
            }
            _ => {}
        }
    }
    count
}

/// Operations with a body are counted by the body.
fn linalg(tree: &Tree, operation: OpId, short: &str) -> Result<Work, Reason> {
    let body = tree.entry(operation, 0).is_some();
    match short {
        _ if body => Ok(Work::ZERO),
        "index" | "yield" | "pack" | "unpack" => Ok(Work::ZERO),
        "softmax" => {
            // Maximum, difference, exponential, sum, quotient.
            let ty = tree.operation(operation).operands.first().ok_or(Reason::Shape)?;
            let ty = tree.value(*ty).ty;
            Ok(per_element(tree, ty, elements(tree, ty), Kind::Plain(4))?
                + per_element(tree, ty, elements(tree, ty), Kind::Transcendental)?)
        }
        _ => Err(Reason::Operation),
    }
}

fn vector(tree: &Tree, operation: OpId, short: &str) -> Result<Work, Reason> {
    let node = tree.operation(operation);
    let operand = |index: usize| node.operands.get(index).map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    match short {
        "fma" => per_element(tree, operand(0)?, elements(tree, operand(0)?), Kind::Plain(2)),
        "contract" => {
            let Some(AttributeValue::Array(maps)) = tree.attribute(operation, "indexing_maps") else {
                return Err(Reason::Operation);
            };
            let maps: Vec<&AffineMap> = maps
                .iter()
                .filter_map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None })
                .collect();
            let shapes = node.operands.iter().map(|&v| tree.types().shape(tree.value(v).ty));
            let points = space::extents(&maps, shapes).ok_or(Reason::Shape)?;
            per_element(tree, operand(0)?, points, Kind::Plain(2))
        }
        "outerproduct" => {
            let points = elements(tree, operand(0)?) * elements(tree, operand(1)?);
            per_element(tree, operand(0)?, points, Kind::Plain(if node.operands.len() > 2 { 2 } else { 1 }))
        }
        "reduction" => {
            let count = elements(tree, operand(0)?);
            let count = if node.operands.len() > 1 {
                count
            } else {
                Range { low: count.low.saturating_sub(1), high: count.high.map(|h| h.saturating_sub(1)) }
            };
            per_element(tree, operand(0)?, count, Kind::Plain(1))
        }
        "multi_reduction" | "scan" => per_element(tree, operand(0)?, elements(tree, operand(0)?), Kind::Plain(1)),
        "broadcast"
        | "shape_cast"
        | "bitcast"
        | "type_cast"
        | "extract_strided_slice"
        | "insert_strided_slice"
        | "splat"
        | "from_elements"
        | "to_elements"
        | "create_mask"
        | "constant_mask"
        | "step"
        | "vscale"
        | "transpose"
        | "extract"
        | "insert"
        | "extractelement"
        | "insertelement"
        | "scalable.insert"
        | "scalable.extract"
        | "interleave"
        | "deinterleave"
        | "shuffle"
        | "load"
        | "store"
        | "maskedload"
        | "maskedstore"
        | "expandload"
        | "compressstore"
        | "gather"
        | "scatter"
        | "transfer_read"
        | "transfer_write"
        | "yield"
        | "mask"
        | "print" => Ok(Work::ZERO),
        _ => Err(Reason::Operation),
    }
}

fn tosa(tree: &Tree, operation: OpId, short: &str) -> Result<Work, Reason> {
    let node = tree.operation(operation);
    let operand = |index: usize| node.operands.get(index).map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    let result = || node.results.first().map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    let shape = |index: usize| operand(index).and_then(|ty| tree.types().shape(ty).ok_or(Reason::Shape));
    let out = || result().map(|ty| elements(tree, ty));
    let some = |dims: &[Dimension], which: &[usize]| -> Result<Range, Reason> {
        let picked: Option<Vec<Dimension>> = which.iter().map(|&i| dims.get(i).copied()).collect();
        picked.map(|p| elements_of(&p)).ok_or(Reason::Shape)
    };
    // Multiply and add per point, and the bias added to every output.
    let convolution = |points: Range| per_element(tree, operand(0)?, points * Range::from(2) + out()?, Kind::Plain(1));
    let kind = match short {
        "add" | "sub" => Kind::Sum,
        "mul" => Kind::Product,
        "intdiv"
        | "maximum"
        | "minimum"
        | "logical_and"
        | "logical_or"
        | "logical_xor"
        | "logical_not"
        | "bitwise_and"
        | "bitwise_or"
        | "bitwise_xor"
        | "bitwise_not"
        | "equal"
        | "greater"
        | "greater_equal"
        | "arithmetic_right_shift"
        | "logical_left_shift"
        | "logical_right_shift"
        | "abs"
        | "ceil"
        | "floor"
        | "negate"
        | "clz"
        | "reciprocal" => Kind::Plain(1),
        "clamp" => Kind::Plain(2),
        "exp" | "log" | "rsqrt" | "sigmoid" | "tanh" | "erf" | "sin" | "cos" | "pow" => Kind::Transcendental,
        "const" | "const_shape" | "cast" | "select" | "reshape" | "transpose" | "gather" | "scatter" | "pad"
        | "slice" | "tile" | "concat" | "reverse" | "identity" | "yield" | "cond_if" | "while_loop" | "variable"
        | "variable_read" | "variable_write" => Kind::Free,
        "reduce_sum" | "reduce_max" | "reduce_min" | "reduce_product" | "reduce_prod" | "reduce_all" | "reduce_any"
        | "argmax" => return per_element(tree, operand(0)?, elements(tree, operand(0)?), Kind::Plain(1)),
        "matmul" => {
            // [N, H, C] x [N, C, W]
            let points = out()? * some(shape(0)?, &[2])?;
            return per_element(tree, operand(0)?, points, Kind::Plain(2));
        }
        // Weights [OC, KH, KW, IC], [OC, KD, KH, KW, IC], [KH, KW, C, M], [OC, KH, KW, IC].
        "conv2d" => return convolution(out()? * some(shape(1)?, &[1, 2, 3])?),
        "conv3d" => return convolution(out()? * some(shape(1)?, &[1, 2, 3, 4])?),
        "depthwise_conv2d" => return convolution(out()? * some(shape(1)?, &[0, 1])?),
        "transpose_conv2d" => return convolution(elements(tree, operand(0)?) * some(shape(1)?, &[0, 1, 2])?),
        "fully_connected" => return convolution(out()? * some(shape(1)?, &[1])?),
        "max_pool2d" | "avg_pool2d" => {
            let Some(AttributeValue::DenseArray(_, kernel)) = tree.attribute(operation, "kernel") else {
                return Err(Reason::Operation);
            };
            let window = kernel.iter().fold(Range::ONE, |n, &k| n * Range::from(k as u64));
            return per_element(tree, operand(0)?, out()? * window, Kind::Plain(1));
        }
        _ => return Err(Reason::Operation),
    };
    if kind == Kind::Free {
        return Ok(Work::ZERO);
    }
    per_element(tree, operand(0)?, out()?, kind)
}

fn stablehlo(tree: &Tree, operation: OpId, short: &str) -> Result<Work, Reason> {
    let node = tree.operation(operation);
    let operand = |index: usize| node.operands.get(index).map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    let out = || node.results.first().map(|&v| elements(tree, tree.value(v).ty)).ok_or(Reason::Shape);
    let kind = match short {
        "add" | "subtract" => Kind::Sum,
        "multiply" => Kind::Product,
        "divide"
        | "remainder"
        | "maximum"
        | "minimum"
        | "negate"
        | "abs"
        | "sign"
        | "floor"
        | "ceil"
        | "round_nearest_even"
        | "round_nearest_afz"
        | "compare"
        | "and"
        | "or"
        | "xor"
        | "not"
        | "shift_left"
        | "shift_right_arithmetic"
        | "shift_right_logical"
        | "popcnt"
        | "count_leading_zeros"
        | "is_finite" => Kind::Plain(1),
        "clamp" => Kind::Plain(2),
        "exponential"
        | "exponential_minus_one"
        | "log"
        | "log_plus_one"
        | "logistic"
        | "sine"
        | "cosine"
        | "tan"
        | "tanh"
        | "sqrt"
        | "rsqrt"
        | "cbrt"
        | "atan2"
        | "power"
        | "erf"
        | "erf_inv"
        | "square" => Kind::Transcendental,
        "constant"
        | "iota"
        | "convert"
        | "bitcast_convert"
        | "select"
        | "broadcast"
        | "broadcast_in_dim"
        | "dynamic_broadcast_in_dim"
        | "reshape"
        | "dynamic_reshape"
        | "transpose"
        | "slice"
        | "dynamic_slice"
        | "dynamic_update_slice"
        | "real_dynamic_slice"
        | "concatenate"
        | "pad"
        | "dynamic_pad"
        | "gather"
        | "dynamic_gather"
        | "reverse"
        | "tuple"
        | "get_tuple_element"
        | "get_dimension_size"
        | "optimization_barrier"
        | "real"
        | "imag"
        | "complex"
        | "return"
        | "after_all"
        | "create_token"
        | "while"
        | "if"
        | "case"
        | "map"
        | "reduce"
        | "reduce_window"
        | "scatter"
        | "reduce_precision" => Kind::Free,
        "dot" | "dot_general" => {
            let shape = tree.types().shape(operand(0)?).ok_or(Reason::Shape)?;
            let contracted = if short == "dot" {
                vec![shape.len().wrapping_sub(1) as u64]
            } else {
                listed(tree, operation, "dot_dimension_numbers", "lhs_contracting_dimensions")
            };
            let picked: Option<Vec<Dimension>> = contracted.iter().map(|&d| shape.get(d as usize).copied()).collect();
            let points = out()? * elements_of(&picked.ok_or(Reason::Shape)?);
            return per_element(tree, operand(0)?, points, Kind::Plain(2));
        }
        "convolution" => {
            // Every output takes all of the kernel but its output features.
            let kernel = tree.types().shape(operand(1)?).ok_or(Reason::Shape)?;
            let numbers = text_of(tree, operation, "dimension_numbers").ok_or(Reason::Operation)?;
            let features = kernel_output_feature(&numbers).ok_or(Reason::Operation)?;
            let others: Vec<Dimension> =
                kernel.iter().enumerate().filter(|(i, _)| *i != features).map(|(_, d)| *d).collect();
            return per_element(tree, operand(0)?, out()? * elements_of(&others), Kind::Plain(2));
        }
        "sort" | "rng" | "rng_bit_generator" | "custom_call" | "fft" | "cholesky" | "triangular_solve" => {
            return Err(Reason::Data);
        }
        _ => return Err(Reason::Operation),
    };
    if kind == Kind::Free {
        return Ok(Work::ZERO);
    }
    per_element(tree, operand(0)?, out()?, kind)
}

/// The text of a dialect's attribute.
fn text_of(tree: &Tree, operation: OpId, name: &str) -> Option<String> {
    match tree.attribute(operation, name)? {
        AttributeValue::Other(text) => Some(text.clone()),
        _ => None,
    }
}

/// `... key = [1, 2] ...` in a dialect's attribute; empty where the key is not written.
fn listed(tree: &Tree, operation: OpId, name: &str, key: &str) -> Vec<u64> {
    let Some(text) = text_of(tree, operation, name) else { return Vec::new() };
    let Some(behind) = text.split_once(key).map(|t| t.1) else { return Vec::new() };
    let Some(list) = behind.split_once('[').and_then(|t| t.1.split_once(']')).map(|t| t.0) else { return Vec::new() };
    list.split(',').filter_map(|n| n.trim().parse().ok()).collect()
}

/// Where the kernel's output features are: `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]` says 3.
fn kernel_output_feature(numbers: &str) -> Option<usize> {
    let kernel = numbers.split('[').nth(2)?.split(']').next()?;
    kernel.split(',').position(|part| part.trim() == "o")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_of_a_convolution_names_its_output_features() {
        assert_eq!(kernel_output_feature("#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>"), Some(3));
        assert_eq!(kernel_output_feature("#stablehlo.conv<[b, f, 0]x[o, i, 0]->[b, f, 0]>"), Some(0));
        assert_eq!(kernel_output_feature("#stablehlo.conv<raw>"), None);
    }
}
