//! Hashes that tell one content from another: fast, stable between versions, not cryptographic.
//!
//! Row and text identities that must resist collisions by design use SHA-256 instead (`corpus::normal`,
//! `costmodel::predictor`).

use twox_hash::{XxHash3_128, XxHash64};

/// Hash of parts that are written one after the other (XXH3, 128 bits).
#[derive(Clone)]
pub struct ContentHash(XxHash3_128);

impl Default for ContentHash {
    fn default() -> Self {
        Self(XxHash3_128::new())
    }
}

impl ContentHash {
    /// The hash of bytes at once.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u128 {
        XxHash3_128::oneshot(bytes)
    }

    /// Adds bytes. Parts are not separated: the caller writes lengths where their borders matter.
    pub fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The hash of all bytes written.
    #[must_use]
    pub fn finish(&self) -> u128 {
        self.0.finish_128()
    }
}

/// Checksum of a record (XXH64, little-endian).
pub(crate) fn checksum(bytes: &[u8]) -> [u8; 8] {
    XxHash64::oneshot(0, bytes).to_le_bytes()
}
