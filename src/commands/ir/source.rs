//! MLIR text of a file or of standard input, its tree, its lines and functions.

use std::io::Read;

use ir::span::Span;
use ir::tree::{OpId, Tree};

use crate::diagnostics::{self, Failure, TextProblems};

/// A text with its name.
pub struct Source {
    pub name: String,
    pub text: String,
    /// First byte of each line.
    lines: Vec<usize>,
}

impl Source {
    /// Reads a file, or standard input for `-`; at most [`ir::text::MAX_TEXT_BYTES`].
    pub fn read(file: &str) -> Result<Self, Failure> {
        let limit = ir::text::MAX_TEXT_BYTES;
        let name = if file == "-" { "<stdin>" } else { file };
        let refuse = |why: String| Failure::Request(format!("{name}: {why}"));
        let mut bytes = Vec::new();
        // Read one byte more than allowed to detect longer input.
        let wanted = limit as u64 + 1;
        if file == "-" {
            std::io::stdin().lock().take(wanted).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
        } else {
            let opened = crate::input::open(file).map_err(|e| refuse(e.to_string()))?;
            opened.take(wanted).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
        }
        if bytes.len() > limit {
            return Err(refuse(format!("the text has more than {} MiB, the most that is read", limit >> 20)));
        }
        let text = ir::text::decode(&bytes, limit).map_err(|e| refuse(e.to_string()))?.to_owned();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { name: name.to_owned(), text, lines })
    }

    /// The tree of a text without mistakes; what could not be read is named on standard error.
    pub fn tree(&self) -> Result<Tree, Failure> {
        let parsed = self.parsed()?;
        diagnostics::warn(&self.name, &self.text, &parsed.warnings);
        Ok(parsed.tree)
    }

    /// The tree of a text without mistakes, and warnings.
    pub fn parsed(&self) -> Result<ir::Parsed, Failure> {
        let parsed = ir::parse(&self.text, &ir::Limits::default());
        if parsed.diagnostics.is_empty() {
            return Ok(parsed);
        }
        Err(Failure::Text(Box::new(TextProblems {
            name: self.name.clone(),
            text: self.text.clone(),
            diagnostics: parsed.diagnostics,
        })))
    }

    /// The rest of the word at a line and a column, both from 1; columns count bytes, as upstream's do.
    pub fn span_at(&self, (line, column): (usize, usize)) -> Span {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let mut at = (start + column.saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let is_word = |c: char| c.is_alphanumeric() || "_.%@^$-".contains(c);
        let rest = &self.text[at..];
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        Span::new(at, at + word.max(rest.chars().next().map_or(0, char::len_utf8)))
    }

    /// Line of a span's start, from 1.
    pub fn line(&self, span: Span) -> usize {
        self.lines.partition_point(|&start| start <= span.start as usize)
    }

    /// Number of lines.
    pub fn line_count(&self) -> usize {
        self.lines.len() - usize::from(self.text.ends_with('\n'))
    }

    /// The functions with a body, or the one of that name.
    pub fn functions(&self, tree: &Tree, wanted: Option<&str>) -> Result<Vec<OpId>, Failure> {
        let all: Vec<OpId> = tree.functions().collect();
        let Some(wanted) = wanted else { return Ok(all) };
        let found: Vec<OpId> = all.iter().copied().filter(|&f| function_name(tree, f) == wanted).collect();
        if found.is_empty() {
            return Err(self.no_function(wanted, all.iter().map(|&f| function_name(tree, f))));
        }
        Ok(found)
    }

    /// The message for a function that does not exist.
    pub fn no_function<'a>(&self, wanted: &str, names: impl Iterator<Item = &'a str>) -> Failure {
        Failure::Request(format!("{}: no function `{wanted}` with a body; there {}", self.name, listed(names)))
    }
}

/// `are a, b and c` or `is none`.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => "is none".to_owned(),
        [one] => format!("is `{one}`"),
        many => {
            let shown: Vec<String> = many.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
            let more = many.len().saturating_sub(SHOWN);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("are {}{rest}", shown.join(", "))
        }
    }
}

/// The functions, declarations included, in the order of the text: those that a predictor has replies for.
pub fn functions(tree: &Tree) -> impl Iterator<Item = OpId> + '_ {
    tree.all_functions().map(|function| function.operation)
}

/// The symbol of a function; empty if it has none.
pub fn function_name(tree: &Tree, function: OpId) -> &str {
    tree.symbol(function).unwrap_or_default()
}
