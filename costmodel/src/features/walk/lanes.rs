//! Vector lanes and element widths: the only place that decides the width of a value and its cost.

use ir::analysis::size;
use ir::tree::{Tree, Type, ValueId};

use crate::features::counts::midpoint;

/// Width of the vector registers that machine work is counted in, in bits.
pub const REGISTER_BITS: f64 = 256.0;

/// Width of the parts of an explicit vector operation, in bits.
const PART_BITS: f64 = 128.0;

/// Width of an element of unknown size, in bits.
const UNKNOWN_BITS: f64 = 64.0;

/// Lanes and bits of a vector; both 0 for other values.
#[derive(Debug, Clone, Copy, Default)]
pub struct VectorWidth {
    /// Bits of all lanes.
    pub bits: f64,
    /// Elements.
    pub lanes: f64,
}

impl VectorWidth {
    /// The width of a value.
    pub fn of(tree: &Tree, value: ValueId) -> Self {
        lanes(tree, value)
            .map(|lanes| Self { bits: lanes * element_bits(tree, value).unwrap_or(UNKNOWN_BITS), lanes })
            .unwrap_or_default()
    }

    /// The larger of both widths.
    pub fn max(self, other: Self) -> Self {
        Self { bits: self.bits.max(other.bits), lanes: self.lanes.max(other.lanes) }
    }
}

/// Elements of a vector, at least 1; `None` for other values.
pub fn lanes(tree: &Tree, value: ValueId) -> Option<f64> {
    match tree.value_type(value) {
        Type::Vector { shape, .. } => Some(midpoint(size::elements_of(shape)).max(1.0)),
        _ => None,
    }
}

/// Bits of an element of a value, in whole bytes; `None` if its type has no size.
pub fn element_bits(tree: &Tree, value: ValueId) -> Option<f64> {
    size::element_bytes(tree, tree.value(value).ty).map(|bytes| 8.0 * bytes as f64)
}

/// The same, 64 if its type has no size.
pub fn element_bits_or_default(tree: &Tree, value: ValueId) -> f64 {
    element_bits(tree, value).unwrap_or(UNKNOWN_BITS)
}

/// Whether the elements of a value do not fill whole bytes.
pub fn is_sub_byte(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.ty(tree.types().element(tree.value(value).ty)), Type::Integer(bits, _) if bits % 8 != 0)
}

/// Whether the elements of a value are integers of 64 bits or more, which the data layout that MLIR assumes aligns to 4 bytes.
pub fn is_misaligned(tree: &Tree, value: ValueId) -> bool {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Integer(bits, _) => *bits >= 64,
        Type::Index => true,
        _ => false,
    }
}

/// Whether a value is a vector.
pub fn is_vector(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.value_type(value), Type::Vector { .. })
}

/// Whether a value is a tensor or memref.
pub fn is_shaped(tree: &Tree, value: ValueId) -> bool {
    size::is_shaped(tree, tree.value(value).ty)
}

/// Elements of an operation's first result, at least 1; 1 without results.
pub fn result_elements(tree: &Tree, results: &[ValueId]) -> f64 {
    results.first().map_or(1.0, |&v| midpoint(size::elements(tree, tree.value(v).ty)).max(1.0))
}

/// What one operation costs on a machine with registers of [`REGISTER_BITS`].
#[derive(Debug, Clone, Copy)]
pub struct MachineCost {
    /// Machine operations.
    pub units: f64,
    /// Parts of an explicit vector operation: lanes if it is expanded lane by lane, else pieces of 128 bits; 0 for
    /// scalars.
    pub parts: f64,
    /// Machine operations on one register if the loop of a scalar operation is vectorised; infinite if it cannot be.
    pub vectorised: f64,
}

impl MachineCost {
    /// The cost of a scalar operation.
    pub const SCALAR: Self = Self { units: 1.0, parts: 0.0, vectorised: 1.0 };

    /// The cost of an operation on vectors of a width, or on scalars if it is 0. `by_lane` if it is expanded lane by
    /// lane.
    pub fn new(width: VectorWidth, by_lane: bool) -> Self {
        if width.bits == 0.0 {
            Self::SCALAR
        } else if by_lane {
            Self { units: width.lanes, parts: width.lanes, ..Self::SCALAR }
        } else {
            Self { units: (width.bits / REGISTER_BITS).ceil(), parts: width.bits / PART_BITS, ..Self::SCALAR }
        }
    }

    /// The costs of a contraction of vectors that are at most `width` wide: of its `products` in vectors, and of adding up each of
    /// its `results` across lanes.
    pub fn contraction(results: f64, products: f64, width: VectorWidth) -> (Self, Self) {
        let (depth, lane_bits) = ((products / results).max(1.0), width.bits / width.lanes.max(1.0));
        let row = Self::new(VectorWidth { bits: depth * lane_bits, lanes: depth }, false);
        let multiplied = Self { units: results * row.units, parts: results * row.parts.max(1.0), ..Self::SCALAR };
        // Taking out a row and a column, then a move and a sum for every halving.
        let moves = results * (2.0 + 2.0 * libm::ceil(libm::log2(depth)));
        (multiplied, Self { units: moves, parts: moves, ..Self::SCALAR })
    }

    /// The cost of several machine operations instead of one on scalars, or on each register of a vector.
    pub fn expanded(self, scalar: f64, vectorised: f64) -> Self {
        if self.is_explicit() {
            Self { units: self.units * vectorised, parts: self.parts * vectorised, ..self }
        } else {
            Self { units: scalar, vectorised, ..self }
        }
    }

    /// The cost of scalar operations on every lane, between moves of its operands out of vectors and of its result into one.
    pub fn by_lane(width: VectorWidth, operands: usize, scalar: f64) -> Self {
        Self { units: width.lanes * (operands as f64 + 1.0 + scalar), ..Self::SCALAR }
    }

    /// Whether it is the cost of an explicit vector operation.
    pub fn is_explicit(self) -> bool {
        self.parts > 0.0
    }
}
