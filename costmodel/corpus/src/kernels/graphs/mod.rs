//! Graphs: named operations of `linalg` and arithmetic on whole tensors.
//!
//! The named operations are written on tensors or on memrefs; the schedule draws how a step between them is spelled.

mod convolutions;
mod networks;
mod parts;
mod passes;
mod pointwise;
mod products;
mod sizes;
mod steps;
mod tensors;
mod tiles;

use super::draw::Draw;
use super::family::Family;
use super::writer::{Form, Writer};

use passes::PASSES;

const fn graph(name: &'static str, weight: usize, write: fn(&mut Writer, &mut Draw, &mut Draw)) -> Family {
    Family { name, weight, forms: &[Form::Linalg, Form::Memory], write, passes: PASSES, long: false }
}

/// A family on tensors only.
const fn tensor(name: &'static str, weight: usize, write: fn(&mut Writer, &mut Draw, &mut Draw)) -> Family {
    Family { name, weight, forms: &[Form::Linalg], write, passes: PASSES, long: false }
}

/// The families, in the order in which they were added.
pub(super) const FAMILIES: &[Family] = &[
    graph("named-matrix-vector", 90, products::matrix_vector),
    graph("named-matmul", 110, products::matmul),
    graph("tiled-matmul", 80, products::tiled_matmul),
    graph("zero-point-matmul", 80, products::zero_point_matmul),
    graph("einsum", 100, products::einsum),
    graph("named-convolution", 110, convolutions::convolution),
    graph("named-depthwise", 90, convolutions::depthwise),
    graph("grouped-convolution", 80, convolutions::grouped),
    graph("zero-point-convolution", 90, convolutions::zero_point),
    graph("named-pooling", 100, convolutions::pooling),
    graph("named-unary", 90, pointwise::unary),
    graph("named-binary", 100, pointwise::binary),
    graph("named-select", 70, pointwise::choose),
    graph("named-rearrange", 90, pointwise::rearrange),
    graph("named-reduction", 100, pointwise::reductions),
    graph("index-pattern", 60, pointwise::indexed),
    tensor("tensor-float", 110, tensors::floats),
    tensor("tensor-integer", 110, tensors::integers),
    tensor("tensor-math", 90, tensors::functions),
    tensor("shifted-parts", 90, parts::shifted_parts),
    tensor("padded-window", 90, parts::padded),
    tensor("joined-parts", 80, parts::joined),
    graph("split-dimensions", 80, parts::reshaped),
    tensor("generated-tensor", 80, parts::generated),
    tensor("table-lookup", 80, parts::lookup),
    graph("perceptron", 90, networks::perceptron),
    graph("residual-block", 90, networks::residual_block),
    graph("squeeze-excite", 80, networks::squeeze_excite),
    graph("gated-unit", 100, networks::gated_unit),
    graph("graph-normalisation", 90, networks::norm),
    graph("graph-loss", 80, networks::loss),
    graph("named-attention", 100, networks::attention),
    tensor("tile-matmul", 90, tiles::matmul),
    tensor("tile-fusion", 90, tiles::fused),
];
