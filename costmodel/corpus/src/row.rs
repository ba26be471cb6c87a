//! One row of the corpus before labelling: a function in one variant.

use names::named;
use serde::{Deserialize, Serialize};

named! {
    /// Where a row comes from.
    pub enum Source {
        /// Kernels of [`super::kernels`].
        Generated = "generated",
        /// Graphs that a machine-learning framework lowered.
        Framework = "framework",
        /// Layers of the models that the simulator knows.
        Emitted = "emitted",
    }
}

/// A function in one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Content hash of the text ([`super::normal::content_hash`]).
    pub hash: String,
    /// Where it comes from.
    pub source: Source,
    /// Family, the unit that is left out in the headline evaluation.
    pub family: String,
    /// Kernel: all variants of one computation.
    pub kernel: String,
    /// Variant within the kernel: form, schedule and passes.
    pub variant: String,
    /// Main dialect of the text.
    pub dialect: String,
    /// Whether it is a whole block of a model rather than a kernel or a dispatch.
    pub whole_block: bool,
    /// Pass pipeline that was run on the source text; empty if none.
    pub pipeline: String,
    /// The module, one public function.
    pub text: String,
    /// Hash of the row whose text is lowered for the labels: the row itself, or the linalg twin of a StableHLO row.
    pub lowered: String,
    /// Elements of the largest array in the text.
    pub largest_elements: u64,
}

/// A line of the file of framework graphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkLine {
    /// Model family.
    pub family: String,
    /// All forms and pieces of one graph.
    pub kernel: String,
    /// Form or piece.
    pub variant: String,
    /// Whether it is a whole block of a model.
    pub whole_block: bool,
    /// `linalg`, `stablehlo` or `stablehlo-generic`.
    pub dialect: String,
    /// The module.
    pub text: String,
    /// Name of this line.
    pub id: String,
    /// Name of the linalg line that is the same function, for StableHLO lines.
    pub twin: Option<String>,
}

/// Elements of the largest statically shaped array type in a text.
pub fn largest_elements(text: &str) -> u64 {
    let elements = |shape: &str| -> Option<u64> {
        let mut product = Some(1u64);
        for extent in shape.split('x').take_while(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty()) {
            product = product.and_then(|p| p.checked_mul(extent.parse().ok()?));
        }
        product
    };
    let starts = text.match_indices("tensor<").chain(text.match_indices("memref<"));
    starts.filter_map(|(at, opening)| elements(&text[at + opening.len()..])).max().unwrap_or(0)
}

/// The dialect of the highest level in a text.
pub fn main_dialect(text: &str) -> &'static str {
    let order = ["stablehlo.", "tosa.", "linalg.", "affine.", "scf.", "cf."];
    let found = order.into_iter().find(|prefix| text.contains(&format!(" {prefix}")));
    found.map_or("arith", |prefix| prefix.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_array_counts() {
        assert_eq!(largest_elements("memref<4x8xf32> tensor<2x3x7xi8> tensor<f32>"), 42);
        assert_eq!(largest_elements("vector<64xf32>"), 0);
        assert_eq!(largest_elements("tensor<99999999999x99999999999xf32>"), 0);
        assert_eq!(largest_elements("memref<?x8xf32> memref<5xf32, strided<[1], offset: ?>>"), 5);
    }

    #[test]
    fn the_highest_dialect_names_the_text() {
        assert_eq!(main_dialect("%0 = linalg.fill ins()\n affine.for"), "linalg");
        assert_eq!(main_dialect("  cf.br ^bb1"), "cf");
        assert_eq!(main_dialect("%0 = arith.addf"), "arith");
    }
}
