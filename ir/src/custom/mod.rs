//! Texts in custom form: operations in generic form, rewritten as upstream prints them in their dialect's own form.
//!
//! The model reads words, and its training texts are in custom form. So a text in generic form is rewritten before it is
//! tokenized, and both forms have the same words. Names, aliases, comments and locations stay as they are written, so
//! the result is not canonical; [`crate::print`] is. Attributes that the custom form leaves out, as defaults or because they
//! follow from types, are left out.
//!
//! What is not registered, has no custom form that is known, or is not as its dialect defines it, stays in generic form.

mod affine;
mod dialects;
mod dispatch;
mod format;
mod functions;
mod generic;
mod linalg;
mod regions;
mod stablehlo;
mod writer;

use std::borrow::Cow;

use crate::scan::Scan;
use generic::Source;
use writer::Writer;

/// A text in custom form.
#[derive(Debug, Clone)]
pub struct CustomForm<'a> {
    /// The text; borrowed where the text given has no operation in generic form.
    pub text: Cow<'a, str>,
    /// Where pieces of the text begin, in it and in the text given, ascending.
    pieces: Vec<(u32, u32)>,
}

impl<'a> CustomForm<'a> {
    /// The custom form of any text, mistakes included.
    ///
    /// # Panics
    /// On texts of 4 GiB or more.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "texts are bounded before they are read");
        let borrowed = Self { text: Cow::Borrowed(text), pieces: Vec::new() };
        // A name in quotes, then operands.
        if !text.contains("\"(") {
            return borrowed;
        }
        let mut scan = Scan::default();
        scan.read(text);
        let mut writer = Writer::new(Source { text, scan: &scan });
        writer.copy((0, scan.len()));
        // Resources are behind the last token.
        let end = if scan.len() == 0 { 0 } else { scan.span(scan.len() - 1).end as usize };
        writer.out.push_str(&text[end..]);
        if !writer.rewritten || u32::try_from(writer.out.len()).is_err() {
            return borrowed;
        }
        Self { text: Cow::Owned(writer.out), pieces: writer.pieces }
    }

    /// Where in the text given stands the operation that starts at this byte of the custom form.
    #[must_use]
    pub fn origin(&self, at: u32) -> u32 {
        let next = self.pieces.partition_point(|piece| piece.0 <= at);
        match next.checked_sub(1).map(|last| self.pieces[last]) {
            Some((new, old)) => old + (at - new),
            None => at,
        }
    }
}
