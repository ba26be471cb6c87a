//! One function of an MLIR text, parsed once and scheduled on any number of designs.

use designs::Design;
use ir::tree::{OpId, Tree};

use super::{Lowered, Options, lower};

/// A parsed text and the function in it that designs are to run.
#[derive(Debug, Clone)]
pub struct Program {
    text: String,
    tree: Tree,
    function: OpId,
}

/// Why a text is not a [`Program`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// The text does not parse.
    #[error("{line}:{column}: {message}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column, from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The text has no function with a body.
    #[error("no function with a body (func.func)")]
    NoFunction,
    /// The text has several functions, and none was named.
    #[error("{} functions: {}", functions.len(), functions.join(", "))]
    Several {
        /// Names of the functions.
        functions: Vec<String>,
    },
    /// The text has no function of that name.
    #[error("no function `{wanted}`; there are {}", functions.join(", "))]
    Unknown {
        /// Name given.
        wanted: String,
        /// Names of the functions.
        functions: Vec<String>,
    },
}

/// Symbol of a function; `?` if it has none.
fn name(tree: &Tree, function: OpId) -> &str {
    tree.symbol(function).unwrap_or("?")
}

impl Program {
    /// The function called `wanted`, or the only one.
    ///
    /// # Errors
    /// When the text does not parse, or does not have that one function.
    pub fn new(text: &str, wanted: Option<&str>) -> Result<Self, ProgramError> {
        let parsed = ir::parse(text, &ir::Limits::default());
        if let Some(first) = parsed.diagnostics.first() {
            let (line, column) = first.span.line_column(text);
            return Err(ProgramError::Text { line, column, message: first.message.clone() });
        }
        let tree = parsed.tree;
        let all: Vec<OpId> = tree.functions().collect();
        let functions = || all.iter().map(|&f| name(&tree, f).to_owned()).collect();
        let function = match (wanted, &all[..]) {
            (_, []) => return Err(ProgramError::NoFunction),
            (None, [one]) => *one,
            (None, _) => return Err(ProgramError::Several { functions: functions() }),
            (Some(wanted), _) => all
                .iter()
                .copied()
                .find(|&f| name(&tree, f) == wanted)
                .ok_or_else(|| ProgramError::Unknown { wanted: wanted.to_owned(), functions: functions() })?,
        };
        Ok(Self { text: text.to_owned(), tree, function })
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Schedules the function on one chip of `design`.
    #[must_use]
    pub fn on(&self, design: &Design) -> Lowered {
        lower(&self.tree, self.function, design, &Options::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "func.func @one(%x: f32) -> f32 {\n  return %x : f32\n}\n";

    #[test]
    fn one_function_is_taken_or_has_to_be_named() {
        let two = format!("{ONE}{}", ONE.replace("@one", "@two"));
        assert!(Program::new(ONE, None).is_ok());
        assert!(Program::new(&two, Some("two")).is_ok());
        let error = |text: &str, wanted| Program::new(text, wanted).unwrap_err().to_string();
        assert_eq!(error(&two, None), "2 functions: one, two");
        assert_eq!(error(&two, Some("three")), "no function `three`; there are one, two");
        assert_eq!(error("", None), "no function with a body (func.func)");
        assert!(error("func.func @one(%x: f32) {\n  oops\n", None).starts_with("2:3: "));
    }
}
