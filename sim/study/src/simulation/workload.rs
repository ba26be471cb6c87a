//! Contexts and routing as users write them.

use std::num::ParseIntError;
use std::str::FromStr;

use designs::load::Loader;
use sim::Routing;

use crate::{StudyError, numbers};

/// Why a text is neither contexts nor a routing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// No number of tokens.
    #[error("{0}; write e.g. 8192 or 8K")]
    Tokens(ParseIntError),
    /// More tokens than a number holds.
    #[error("number too large to fit in target type")]
    TooLarge,
    /// No routing.
    #[error("expected uniform, zipf:S like zipf:1.2, or @FILE")]
    Routing,
}

/// Context lengths as text: `8192`, `8K`, a list like `1024,4096`, or `@FILE`.
#[derive(Debug, Clone)]
pub enum Contexts {
    /// Lengths in tokens; at least one.
    Listed(Vec<u64>),
    /// Path of a file of lengths.
    File(String),
}

impl Contexts {
    /// The lengths, in tokens.
    ///
    /// # Errors
    /// If the file cannot be read or has something else.
    pub fn read(&self, loader: &Loader<'_>) -> Result<Vec<u64>, StudyError> {
        match self {
            Self::Listed(contexts) => Ok(contexts.clone()),
            Self::File(path) => Ok(numbers::rows(path, loader)?.concat()),
        }
    }
}

impl FromStr for Contexts {
    type Err = WorkloadError;

    fn from_str(text: &str) -> Result<Self, WorkloadError> {
        if let Some(path) = text.strip_prefix('@') {
            return Ok(Self::File(path.to_owned()));
        }
        let length = |word: &str| tokens(word.trim());
        Ok(Self::Listed(text.split(',').map(length).collect::<Result<_, _>>()?))
    }
}

/// Routing of experts as text: `uniform`, `zipf:S` or `@FILE`.
#[derive(Debug, Clone)]
pub enum RoutingSource {
    /// All experts alike.
    Uniform,
    /// Zipf with an exponent.
    Zipf(f64),
    /// Path of a file with counts.
    File(String),
}

impl RoutingSource {
    /// The routing.
    ///
    /// # Errors
    /// If the file cannot be read or has something else.
    pub fn read(&self, loader: &Loader<'_>) -> Result<Routing, StudyError> {
        Ok(match self {
            Self::Uniform => Routing::Uniform,
            Self::Zipf(exponent) => Routing::Zipf { exponent: *exponent },
            Self::File(path) => Routing::Counts { rows: numbers::rows(path, loader)? },
        })
    }
}

impl FromStr for RoutingSource {
    type Err = WorkloadError;

    fn from_str(text: &str) -> Result<Self, WorkloadError> {
        if text == "uniform" {
            return Ok(Self::Uniform);
        }
        if let Some(path) = text.strip_prefix('@') {
            return Ok(Self::File(path.to_owned()));
        }
        let exponent = text.strip_prefix("zipf:").and_then(|exponent| exponent.parse().ok());
        exponent.map(Self::Zipf).ok_or(WorkloadError::Routing)
    }
}

/// Parses a number of tokens: digits, or with a suffix, K for 1,024 and M for 1,048,576.
///
/// # Errors
/// If it is something else, or too large.
pub fn tokens(text: &str) -> Result<u64, WorkloadError> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'K' | 'k')) => (&text[..at], 1u64 << 10),
        Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().map_err(WorkloadError::Tokens)?;
    number.checked_mul(unit).ok_or(WorkloadError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_binary_suffixes() {
        assert_eq!(tokens("2048"), Ok(2048));
        assert_eq!((tokens("8K"), tokens("128k"), tokens("1M")), (Ok(8192), Ok(131_072), Ok(1 << 20)));
        for wrong in ["", "K", "-5", "8KB", "1.5K", "0x10", "99999999999999999999", "18446744073709551615K", "8\u{e9}"]
        {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }
}
