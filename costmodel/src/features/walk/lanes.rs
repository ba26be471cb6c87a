//! Vector lanes and element widths: the only place that decides the width of a value and its cost.

use ir::analysis::size;
use ir::tree::{Dimension, Tree, Type, ValueId};

use crate::features::counts::midpoint;

/// Width of the vector registers that machine work is counted in, in bits.
pub const REGISTER_BITS: f64 = 256.0;

/// Width of the longest vector registers of the processors that are predicted, in bits.
pub const LONG_REGISTER_BITS: f64 = 512.0;

/// Width of the parts of an explicit vector operation, in bits: of a register of Arm's NEON.
pub const PART_BITS: f64 = 128.0;

/// Width of an element of unknown size, in bits.
const UNKNOWN_BITS: f64 = 64.0;

/// The size of a vector; all 0 for other values. LLVM has no vectors of several dimensions: each row is a vector of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct VectorWidth {
    /// Bits of all lanes.
    pub bits: f64,
    /// Elements.
    pub lanes: f64,
    /// Rows: vectors along the last dimension.
    pub rows: f64,
}

impl VectorWidth {
    /// The width of a value.
    pub fn of(tree: &Tree, value: ValueId) -> Self {
        let Some(lanes) = lanes(tree, value) else { return Self::default() };
        let row = match extents(tree, value).last() {
            Some(Dimension::Static(extent)) => (*extent as f64).max(1.0),
            _ => lanes,
        };
        Self { bits: lanes * element_bits(tree, value).unwrap_or(UNKNOWN_BITS), lanes, rows: lanes / row }
    }

    /// The wider of both vectors.
    pub fn max(self, other: Self) -> Self {
        if other.bits > self.bits { other } else { self }
    }

    /// One row.
    pub fn row(self) -> Self {
        let rows = self.rows.max(1.0);
        Self { bits: self.bits / rows, lanes: self.lanes / rows, rows: 1.0 }
    }

    /// As many rows of this width.
    pub fn of_rows(self, rows: f64) -> Self {
        let row = self.row();
        Self { bits: rows * row.bits, lanes: rows * row.lanes, rows }
    }
}

/// The extents of a vector, outermost first; none of other values.
pub fn extents(tree: &Tree, value: ValueId) -> &[Dimension] {
    match tree.value_type(value) {
        Type::Vector { shape, .. } => shape,
        _ => &[],
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
    /// LLVM vector operations that an explicit vector operation becomes: one for each row, unless it expands to more; 0 for scalars.
    pub vectors: f64,
    /// Parts of an explicit vector operation: lanes if it is expanded lane by lane, else pieces of 128 bits; 0 for
    /// scalars.
    pub parts: f64,
    /// Machine operations on one register if the loop of a scalar operation is vectorised; infinite if it cannot be.
    pub vectorised: f64,
}

impl MachineCost {
    /// The cost of a scalar operation.
    pub const SCALAR: Self = Self { units: 1.0, vectors: 0.0, parts: 0.0, vectorised: 1.0 };

    /// The cost of an operation on vectors of a width, or on scalars if it is 0. `by_lane` if it is expanded lane by
    /// lane. LLVM widens rows to a power of two lanes.
    pub fn new(width: VectorWidth, by_lane: bool) -> Self {
        if width.bits == 0.0 {
            Self::SCALAR
        } else if by_lane {
            Self::by_lane(width.lanes)
        } else {
            let row = width.row();
            let bits = power_of_two(row.lanes) * row.bits / row.lanes;
            let (units, parts) = ((bits / REGISTER_BITS).ceil(), (bits / PART_BITS).max(1.0));
            Self { units: width.rows * units, vectors: width.rows, parts: width.rows * parts, ..Self::SCALAR }
        }
    }

    /// The cost of an operation of which each of `lanes` takes an instruction.
    pub fn by_lane(lanes: f64) -> Self {
        Self { units: lanes, vectors: f64::from(u8::from(lanes > 0.0)), parts: lanes, ..Self::SCALAR }
    }

    /// The cost of a load or store of a vector. Nothing beyond the row may be accessed, so that one whose number of lanes is
    /// no power of two is accessed in several pieces that are.
    pub fn access(width: VectorWidth) -> Self {
        let row = width.row();
        if width.bits == 0.0 || row.lanes == power_of_two(row.lanes) {
            return Self::new(width, false);
        }
        let pieces = |bits: f64| {
            let most = libm::floor(bits * row.lanes / row.bits).max(1.0);
            libm::floor(row.lanes / most) + f64::from(((row.lanes % most) as u64).count_ones())
        };
        let (units, parts) = (pieces(REGISTER_BITS), pieces(PART_BITS));
        Self { units: width.rows * units, vectors: width.rows, parts: width.rows * parts, ..Self::SCALAR }
    }

    /// The cost of several executions.
    pub fn times(self, count: f64) -> Self {
        Self { units: count * self.units, vectors: count * self.vectors, parts: count * self.parts, ..self }
    }

    /// The costs of a contraction of vectors that are at most `width` wide: of its `products` in vectors, and of adding up each of
    /// its `results` across lanes.
    pub fn contraction(results: f64, products: f64, width: VectorWidth) -> (Self, Self) {
        let (depth, lane_bits) = ((products / results).max(1.0), width.bits / width.lanes.max(1.0));
        let row = Self::new(VectorWidth { bits: depth * lane_bits, lanes: depth, rows: 1.0 }, false);
        let multiplied = Self { parts: row.parts.max(1.0), ..row }.times(results);
        // Taking out a row and a column, then a move and a sum for every halving.
        let moves = results * (2.0 + 2.0 * libm::ceil(libm::log2(depth)));
        (multiplied, Self::by_lane(moves))
    }

    /// The cost of several machine operations instead of one on scalars, or on each register of a vector.
    pub fn expanded(self, scalar: f64, vectorised: f64) -> Self {
        if self.is_explicit() {
            let vectors = if vectorised > 0.0 { self.vectors } else { 0.0 };
            Self { units: self.units * vectorised, vectors, parts: self.parts * vectorised, ..self }
        } else {
            Self { units: scalar, vectorised, ..self }
        }
    }

    /// The cost of scalar operations on every lane, between moves of its operands out of vectors and of its result into one.
    pub fn taken_apart(width: VectorWidth, operands: usize, scalar: f64) -> Self {
        Self { units: width.lanes * (operands as f64 + 1.0 + scalar), ..Self::SCALAR }
    }

    /// Whether it is the cost of an explicit vector operation.
    pub fn is_explicit(self) -> bool {
        self.parts > 0.0
    }
}

/// The smallest power of two that is not below a number.
fn power_of_two(number: f64) -> f64 {
    libm::exp2(libm::ceil(libm::log2(number.max(1.0))))
}
