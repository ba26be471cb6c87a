//! Errors of reading a model file.

use ir::vocabulary::VocabularyError;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 256 << 20;

/// A model file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// Longer than [`MAX_BYTES`]; the length in bytes.
    #[error("the file has {0} bytes; a model has at most {MAX_BYTES}")]
    TooLarge(u64),
    /// Cut short or changed.
    #[error("not a whole model file: {0}")]
    Damaged(String),
    /// Some byte differs from the one that was written.
    #[error("the model file is damaged: its contents do not match its checksum; copy it again or train again")]
    Checksum,
    /// A safetensors file of another program.
    #[error("a safetensors file, but not a cost model: it has no card")]
    Foreign,
    /// Of another version of this program.
    #[error("the model has {what} {found}, this program {ours}: {remedy}")]
    Incompatible {
        /// What differs.
        what: &'static str,
        /// Value in the file.
        found: String,
        /// Value of this program.
        ours: String,
        /// How to resolve it.
        remedy: &'static str,
    },
    /// The vocabulary cannot be used.
    #[error("the model's vocabulary: {0}")]
    Vocabulary(#[from] VocabularyError),
    /// Vectors or header are inconsistent.
    #[error("the model is inconsistent: {0}")]
    Content(String),
}
