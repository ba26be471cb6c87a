//! Types, interned: equal types have equal ids within one tree.

use std::collections::BTreeMap;

use super::TypeId;

/// An extent of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Known.
    Static(u64),
    /// `?`.
    Dynamic,
    /// `[4]` of a vector: a multiple of this many, known to the hardware.
    Scalable(u64),
}

/// Signedness of an integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signedness {
    /// `i8`.
    Signless,
    /// `si8`.
    Signed,
    /// `ui8`.
    Unsigned,
}

/// Floating-point formats of the builtin dialect; each with its name and bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the formats' names")]
pub enum FloatKind {
    F4E2M1FN,
    F6E2M3FN,
    F6E3M2FN,
    F8E5M2,
    F8E4M3,
    F8E4M3FN,
    F8E5M2FNUZ,
    F8E4M3FNUZ,
    F8E4M3B11FNUZ,
    F8E3M4,
    F8E8M0FNU,
    BF16,
    F16,
    TF32,
    F32,
    F64,
    F80,
    F128,
}

/// A type. Shapes are in elements, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Not known.
    Unknown,
    /// Integer of that many bits.
    Integer(u32, Signedness),
    /// Floating point.
    Float(FloatKind),
    /// `index`.
    Index,
    /// `none`.
    None,
    /// `complex<element>`.
    Complex(TypeId),
    /// `tensor<shape x element, encoding>`; `None` for an unranked shape.
    Tensor {
        /// Extents.
        shape: Option<Vec<Dimension>>,
        /// Element.
        element: TypeId,
        /// Encoding as written.
        encoding: Option<String>,
    },
    /// `memref<shape x element, layout, space>`; `None` for an unranked shape.
    MemRef {
        /// Extents.
        shape: Option<Vec<Dimension>>,
        /// Element.
        element: TypeId,
        /// Layout in canonical spelling, aliases resolved; `None` for the identity.
        layout: Option<String>,
        /// Memory space in canonical spelling.
        space: Option<String>,
    },
    /// `vector<shape x element>`.
    Vector {
        /// Extents.
        shape: Vec<Dimension>,
        /// Element.
        element: TypeId,
    },
    /// `(inputs) -> results`.
    Function {
        /// Inputs.
        inputs: Vec<TypeId>,
        /// Results.
        results: Vec<TypeId>,
    },
    /// `tuple<...>`.
    Tuple(Vec<TypeId>),
    /// A dialect's type, canonically spaced, e.g. `!llvm.ptr`.
    Dialect(String),
}

/// The types of one tree.
#[derive(Debug, Clone)]
pub struct Types {
    all: Vec<Type>,
    ids: BTreeMap<Type, TypeId>,
}

impl Default for Types {
    fn default() -> Self {
        let mut types = Self { all: Vec::new(), ids: BTreeMap::new() };
        types.intern(Type::Unknown);
        types
    }
}

impl Types {
    /// [`Type::Unknown`].
    pub const UNKNOWN: TypeId = TypeId(0);

    /// The id of a type.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = TypeId(self.all.len() as u32);
        self.all.push(ty.clone());
        self.ids.insert(ty, id);
        id
    }

    /// The type of an id.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &Type {
        &self.all[id.index()]
    }

    /// Whether two types can be the same type in other words: texts of dialects' types, layouts, memory spaces and encodings
    /// are not understood.
    #[must_use]
    pub fn can_agree(&self, a: TypeId, b: TypeId) -> bool {
        // Dialects' types, and pairs of layouts, spaces or encodings.
        let texts = |a: &Option<String>, b: &Option<String>| a == b || (a.is_some() && b.is_some());
        let all =
            |a: &[TypeId], b: &[TypeId]| a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.can_agree(a, b));
        match (self.get(a), self.get(b)) {
            _ if a == b => true,
            (Type::Unknown, _) | (_, Type::Unknown) | (Type::Dialect(_), Type::Dialect(_)) => true,
            (Type::Complex(a), Type::Complex(b)) => self.can_agree(*a, *b),
            (
                Type::Tensor { shape, element, encoding },
                Type::Tensor { shape: other_shape, element: other, encoding: other_encoding },
            ) => shape == other_shape && self.can_agree(*element, *other) && texts(encoding, other_encoding),
            (
                Type::MemRef { shape, element, layout, space },
                Type::MemRef { shape: other_shape, element: other, layout: other_layout, space: other_space },
            ) => {
                shape == other_shape
                    && self.can_agree(*element, *other)
                    && texts(layout, other_layout)
                    && texts(space, other_space)
            }
            (Type::Vector { shape, element }, Type::Vector { shape: other_shape, element: other }) => {
                shape == other_shape && self.can_agree(*element, *other)
            }
            (Type::Function { inputs, results }, Type::Function { inputs: other_inputs, results: other_results }) => {
                all(inputs, other_inputs) && all(results, other_results)
            }
            (Type::Tuple(a), Type::Tuple(b)) => all(a, b),
            _ => false,
        }
    }

    /// Shape of a tensor, memref or vector; `None` for others and where the rank is unknown.
    #[must_use]
    pub fn shape(&self, id: TypeId) -> Option<&[Dimension]> {
        match self.get(id) {
            Type::Tensor { shape, .. } | Type::MemRef { shape, .. } => shape.as_deref(),
            Type::Vector { shape, .. } => Some(shape),
            _ => None,
        }
    }

    /// Element of a tensor, memref, vector or complex; the type itself for others.
    #[must_use]
    pub fn element(&self, id: TypeId) -> TypeId {
        match self.get(id) {
            Type::Tensor { element, .. }
            | Type::MemRef { element, .. }
            | Type::Vector { element, .. }
            | Type::Complex(element) => *element,
            _ => id,
        }
    }
}
