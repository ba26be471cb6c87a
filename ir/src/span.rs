//! Spans of a text, and diagnostics.

use serde::Serialize;

/// Bytes `start..end` of the text that was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Bytes `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= u32::MAX as usize, "texts are bounded before they are parsed");
        Self { start: start as u32, end: end as u32 }
    }

    /// The text below this span.
    #[must_use]
    pub fn text(self, source: &str) -> &str {
        &source[self.start as usize..self.end as usize]
    }

    /// Line and column of the start, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(self, source: &str) -> (usize, usize) {
        let before = &source[..self.start as usize];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// A mistake in a text, with its span. The text has a tree all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Message.
    pub message: String,
    /// Correction, if one is known.
    pub help: Option<String>,
    /// Span of the mistake.
    pub span: Span,
}
