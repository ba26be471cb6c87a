//! Types, values, buffers and affine subscripts of the functions that the generator writes.

use std::fmt;
use std::ops::{Add, Mul, Sub};

/// Element types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// 64-bit float.
    F64,
    /// 32-bit float.
    F32,
    /// 16-bit float, stored and widened before arithmetic.
    F16,
    /// 16-bit float with the exponent of 32-bit ones.
    Bf16,
    /// 64-bit integer.
    I64,
    /// 32-bit integer.
    I32,
    /// 16-bit integer.
    I16,
    /// 8-bit integer.
    I8,
    /// Truth value.
    I1,
    /// Loop counters and subscripts.
    Index,
}

impl Scalar {
    /// As MLIR spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::I1 => "i1",
            Self::Index => "index",
        }
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16)
    }

    /// Width in bits; subscripts count as 64.
    pub fn bits(self) -> u32 {
        match self {
            Self::F64 | Self::I64 | Self::Index => 64,
            Self::F32 | Self::I32 => 32,
            Self::F16 | Self::Bf16 | Self::I16 => 16,
            Self::I8 => 8,
            Self::I1 => 1,
        }
    }
}

/// A scalar type, or a vector of `lanes` of it where `lanes` is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    /// The element.
    pub scalar: Scalar,
    /// Lanes of a vector; 0 for a scalar.
    pub lanes: u64,
}

impl From<Scalar> for Type {
    fn from(scalar: Scalar) -> Self {
        Self { scalar, lanes: 0 }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lanes {
            0 => f.write_str(self.scalar.name()),
            lanes => write!(f, "vector<{lanes}x{}>", self.scalar.name()),
        }
    }
}

/// An SSA value.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    /// Number of the definition.
    pub(super) id: u32,
    /// Which result, where the definition has several.
    pub(super) part: Option<u8>,
    /// Its type.
    pub ty: Type,
    /// Whether affine subscripts may contain it: loop counters only.
    pub(super) affine: bool,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            None => write!(f, "%{}", self.id),
            Some(part) => write!(f, "%{}#{part}", self.id),
        }
    }
}

/// An array: a memref or, in value semantics, a tensor.
#[derive(Debug, Clone)]
pub struct Buffer {
    /// The value that holds it.
    pub(super) value: Value,
    /// Element type.
    pub scalar: Scalar,
    /// Extents.
    pub shape: Vec<u64>,
    /// Whether it is a tensor.
    pub(super) tensor: bool,
}

impl fmt::Display for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tensor { "tensor<" } else { "memref<" })?;
        for extent in &self.shape {
            write!(f, "{extent}x")?;
        }
        write!(f, "{}>", self.scalar.name())
    }
}

/// A sum of multiples of values and a constant.
#[derive(Debug, Clone, Default)]
pub struct Subscript {
    /// Values and their factors.
    pub(super) terms: Vec<(Value, i64)>,
    /// What is added.
    pub(super) constant: i64,
}

impl Subscript {
    /// Whether every value in it is a loop counter.
    pub(super) fn is_affine(&self) -> bool {
        self.terms.iter().all(|(value, _)| value.affine)
    }

    /// The sum with `dims` naming its values; in affine syntax.
    pub(super) fn spell(&self, names: &mut dyn FnMut(&Value) -> String) -> String {
        let mut out = String::new();
        for (value, factor) in &self.terms {
            if !out.is_empty() {
                out.push_str(" + ");
            }
            out += &names(value);
            if *factor != 1 {
                out += &format!(" * {factor}");
            }
        }
        match (out.is_empty(), self.constant) {
            (true, constant) => constant.to_string(),
            (false, 0) => out,
            (false, constant) if constant < 0 => format!("{out} - {}", -constant),
            (false, constant) => format!("{out} + {constant}"),
        }
    }
}

impl From<Value> for Subscript {
    fn from(value: Value) -> Self {
        Self { terms: vec![(value, 1)], constant: 0 }
    }
}

impl From<i64> for Subscript {
    fn from(constant: i64) -> Self {
        Self { terms: Vec::new(), constant }
    }
}

impl From<i32> for Subscript {
    fn from(constant: i32) -> Self {
        Self::from(i64::from(constant))
    }
}

impl From<u64> for Subscript {
    fn from(constant: u64) -> Self {
        Self::from(constant as i64)
    }
}

impl<T: Into<Subscript>> Add<T> for Subscript {
    type Output = Self;

    fn add(mut self, other: T) -> Self {
        let other = other.into();
        self.terms.extend(other.terms);
        self.constant += other.constant;
        self
    }
}

impl Sub<i64> for Subscript {
    type Output = Self;

    fn sub(self, constant: i64) -> Self {
        self + -constant
    }
}

impl Mul<i64> for Subscript {
    type Output = Self;

    fn mul(mut self, factor: i64) -> Self {
        for term in &mut self.terms {
            term.1 *= factor;
        }
        self.constant *= factor;
        self
    }
}

/// The subscript that is one value.
pub fn at(value: Value) -> Subscript {
    value.into()
}
