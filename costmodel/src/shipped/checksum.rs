//! Checksum of a model file.
//!
//! The last vector of the file, [`NAME`], holds the XXH3 hash (128 bits, little endian) of all bytes before it, header included. It
//! finds damage, not forgery.

use twox_hash::XxHash3_128;

/// Name of the vector. Vectors are stored by descending alignment, then by name: this name comes last among bytes.
pub(super) const NAME: &str = "xxh3";

/// Bytes of the checksum.
pub(super) const BYTES: usize = 16;

fn of(contents: &[u8]) -> [u8; BYTES] {
    XxHash3_128::oneshot(contents).to_le_bytes()
}

/// Writes the checksum of a model file into its last bytes. Too short a file is left as it is.
pub fn seal(file: &mut [u8]) {
    if let Some((contents, checksum)) = file.split_last_chunk_mut::<BYTES>() {
        *checksum = of(contents);
    }
}

/// The checksum that a model file states, in hexadecimal; empty for too short a file.
#[must_use]
pub fn checksum(file: &[u8]) -> String {
    let stated = file.last_chunk::<BYTES>().map(|bytes| u128::from_le_bytes(*bytes));
    stated.map_or(String::new(), |hash| format!("{hash:032x}"))
}

/// Whether the last bytes of a file are the checksum of the others.
pub(super) fn matches(file: &[u8]) -> bool {
    file.split_last_chunk::<BYTES>().is_some_and(|(contents, checksum)| of(contents) == *checksum)
}
