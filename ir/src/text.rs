//! Bytes to text: valid UTF-8 of bounded size.

use thiserror::Error;

/// Largest text taken by default, in bytes; spans need it below 4 GiB.
pub const MAX_TEXT_BYTES: usize = 256 << 20;

/// Bytes that cannot be read as text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// Longer than allowed.
    #[error("the text has {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// Bytes.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("line {line}, column {column}: byte 0x{byte:02X} (at {offset}) is not valid UTF-8; MLIR text is UTF-8")]
    InvalidUtf8 {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Bytes before it.
        offset: usize,
        /// The byte.
        byte: u8,
    },
}

/// The text of these bytes.
///
/// # Errors
/// More than `limit` bytes (nor ever 4 GiB or more), or bytes that are not UTF-8.
pub fn decode(bytes: &[u8], limit: usize) -> Result<&str, TextError> {
    let limit = limit.min(u32::MAX as usize - 1);
    if bytes.len() > limit {
        return Err(TextError::TooLarge { bytes: bytes.len(), limit });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let before = String::from_utf8_lossy(&bytes[..offset]);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        TextError::InvalidUtf8 {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            offset,
            byte: bytes[offset],
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_byte_is_located() {
        let error = decode(b"module {\n  // \xC3\xA9\xFF\n}", 100).unwrap_err();
        assert_eq!(error, TextError::InvalidUtf8 { line: 2, column: 7, offset: 16, byte: 0xFF });
        assert_eq!(error.to_string(), "line 2, column 7: byte 0xFF (at 16) is not valid UTF-8; MLIR text is UTF-8");
    }

    #[test]
    fn size_is_bounded() {
        assert_eq!(decode(b"abc", 2), Err(TextError::TooLarge { bytes: 3, limit: 2 }));
        assert_eq!(decode("é".as_bytes(), 2), Ok("é"));
    }
}
