//! The grid and options that every rule needs, and short forms for the work that rules place.

use designs::{AllChip, Grid, MappingOptions};

use crate::mapping::collective::Collective;
use crate::mapping::embedding_table::EmbeddingTable;
use crate::mapping::plan::{Elements, Leg, Matrix, Scope, Work};

/// Elements of a cached vector and queries on it that one vector operation covers: a gpt-oss-120B head of
/// 64 elements shared by 8 query heads, the case for which the paper states 32 cached heads per cycle.
const VECTOR_ELEMENTS: u64 = 64;
const VECTOR_QUERIES: u64 = 8;

/// Vector operations in which `vectors` cached vectors of `elements` each meet `queries` queries.
#[must_use]
pub fn vector_operations(vectors: u64, elements: u64, queries: u64) -> u64 {
    let each = elements.div_ceil(VECTOR_ELEMENTS).saturating_mul(queries.div_ceil(VECTOR_QUERIES));
    vectors.saturating_mul(each)
}

/// What the rules of all layers share.
pub struct MappingContext<'a> {
    /// Grid of chips.
    pub grid: Grid,
    /// Width of the residual stream, elements.
    pub hidden: u64,
    /// Choices of the design.
    pub options: &'a MappingOptions,
    /// Chips over which every routed expert is cut; 1 where experts are whole. Divides the chips.
    pub expert_chips: u32,
    /// Table whose row the layer reads first; `None` for all layers but the first.
    pub embedding: Option<EmbeddingTable>,
}

/// A matrix that every token uses.
pub(super) fn hn(fan_in: u64, fan_out: u64) -> Work {
    Work::Hn(Matrix { fan_in, fan_out, experts: 0 })
}

/// A collective within every row or column.
pub(super) fn group(collective: Collective, scope: Scope, elements: u64) -> Leg {
    Leg::Group { collective, scope, elements }
}

/// A non-linear function of as many elements on every chip.
pub(super) fn nonlinear(elements: u64) -> Work {
    Work::Nonlinear(Elements::Fixed(elements))
}

/// Messages, one leg after the other.
pub(super) fn transfer<const N: usize>(legs: [Leg; N]) -> Work {
    Work::Transfer(legs.into())
}

impl MappingContext<'_> {
    pub(super) fn rows(&self) -> u64 {
        u64::from(self.grid.rows)
    }

    pub(super) fn columns(&self) -> u64 {
        u64::from(self.grid.columns)
    }

    pub(super) fn chips(&self) -> u64 {
        self.rows() * self.columns()
    }

    pub(super) fn hidden_slice(&self) -> u64 {
        self.hidden.div_ceil(self.rows())
    }

    /// All-reduce over all chips, in the scheme of the options.
    pub(super) fn all_reduce(&self, elements: u64) -> Vec<Leg> {
        match self.options.all_chip {
            AllChip::RowThenColumn => vec![
                group(Collective::AllReduce, Scope::Row, elements),
                group(Collective::AllReduce, Scope::Column, elements),
            ],
            AllChip::Hierarchical => vec![
                group(Collective::ReduceScatter, Scope::Row, elements),
                group(Collective::AllReduce, Scope::Column, elements.div_ceil(self.columns())),
                group(Collective::AllGather, Scope::Row, elements),
            ],
        }
    }
}
