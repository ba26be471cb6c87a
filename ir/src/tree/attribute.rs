//! Attributes: what is known at compile time about an operation.

use super::{NameId, TypeId};
use crate::span::Span;

/// A named attribute of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Name as in the generic form; see [`super::Tree::attribute_name`].
    pub name: NameId,
    /// Value; aliases are resolved.
    pub value: AttributeValue,
    /// Where it was written; empty where it follows from the custom form.
    pub span: Span,
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// Present, nothing more.
    Unit,
    /// `true` or `false`.
    Bool(bool),
    /// Integer; values beyond 128 bits are [`Self::Other`].
    Integer(i128, TypeId),
    /// Floating point; hexadecimal spellings give the bits' value.
    Float(f64, TypeId),
    /// String without its quotes, escapes resolved.
    String(String),
    /// `@name` or `@outer::@inner`, without `@`, parts in order.
    Symbol(Vec<String>),
    /// A type.
    Type(TypeId),
    /// `[...]`.
    Array(Vec<AttributeValue>),
    /// `array<i64: 1, 2>`.
    DenseArray(TypeId, Vec<f64>),
    /// `{...}`.
    Dictionary(Vec<(String, AttributeValue)>),
    /// `affine_map<...>`.
    AffineMap(AffineMap),
    /// `affine_set<...>`.
    AffineSet(Box<AffineSet>),
    /// `dense<...> : type`; a splat has one value. Elements of large or hexadecimal payloads are not kept.
    Dense {
        /// Type of the whole.
        ty: TypeId,
        /// The one value of a splat.
        splat: Option<f64>,
        /// All elements in row-major order where they are written out and few.
        elements: Option<Vec<f64>>,
    },
    /// Anything else (`#dialect.attr<...>`, locations), canonically spaced.
    Other(String),
}

/// `affine_map<(d0, d1)[s0] -> (d0 + s0, d1)>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AffineMap {
    /// Dimensions.
    pub dimensions: u32,
    /// Symbols.
    pub symbols: u32,
    /// Results.
    pub results: Vec<AffineExpr>,
}

/// An affine set: the points at which all constraints hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffineSet {
    /// Its canonical spelling.
    pub spelling: String,
    /// The left side of each constraint.
    pub constraints: AffineMap,
    /// Whether each is 0; else it is at least 0.
    pub is_equal: Vec<bool>,
}

/// An affine expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AffineExpr {
    /// Dimension `d<n>`.
    Dimension(u32),
    /// Symbol `s<n>`.
    Symbol(u32),
    /// Constant.
    Constant(i64),
    /// Sum.
    Add(Box<AffineExpr>, Box<AffineExpr>),
    /// Product.
    Mul(Box<AffineExpr>, Box<AffineExpr>),
    /// Remainder, never negative.
    Mod(Box<AffineExpr>, Box<AffineExpr>),
    /// Quotient rounded down.
    FloorDiv(Box<AffineExpr>, Box<AffineExpr>),
    /// Quotient rounded up.
    CeilDiv(Box<AffineExpr>, Box<AffineExpr>),
}
