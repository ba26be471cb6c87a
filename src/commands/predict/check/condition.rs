//! Conditions in the comments of a text: `// hardwire-check(znver4) @f: cycles < 1e6`.

use costmodel::quantity::Quantity;
use ir::lexer::{TokenKind, lex};
use ir::span::{Diagnostic, Span};
use names::named;
use names::suggest::{did_you_mean, shorten};

/// First word of a comment with a condition.
const WORD: &str = "hardwire-check";

const EXAMPLE: &str = "write `// hardwire-check: cycles < 1e6` or `// hardwire-check(znver4) @f: spills == 0`";

named! {
    /// A comparison.
    pub enum Comparison {
        /// At most.
        AtMost = "<=",
        /// At least.
        AtLeast = ">=",
        /// Equal.
        Equal = "==",
        /// Different.
        Different = "!=",
        /// Below.
        Below = "<",
        /// Above.
        Above = ">",
    }
}

impl Comparison {
    /// Whether it holds.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Different => left != right,
            Self::Below => left < right,
            Self::Above => left > right,
        }
    }
}

named! {
    /// The part of a prediction that is compared.
    pub enum Part {
        /// The prediction.
        Value = "value",
        /// The lower end of its interval.
        Low = "low",
        /// The upper end of its interval.
        High = "high",
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition<'a> {
    /// The comment.
    pub span: Span,
    /// Name of the processor or design, and where it stands; all that were asked for if there is none.
    pub target: Option<(&'a str, Span)>,
    /// Name of the function, and where it stands; else the one around the comment or the next one.
    pub function: Option<(&'a str, Span)>,
    pub quantity: Quantity,
    /// Where the quantity stands.
    pub quantity_span: Span,
    pub part: Part,
    pub comparison: Comparison,
    pub bound: f64,
    /// `cycles < 1e6`, as written.
    pub text: &'a str,
}

/// The conditions of a text, in its order.
///
/// # Errors
/// All comments that start as one and are none.
pub fn conditions(text: &str) -> Result<Vec<Condition<'_>>, Vec<Diagnostic>> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for comment in lex(text).filter(|token| token.kind == TokenKind::Comment) {
        let body = comment.span.text(text).trim_start_matches('/').trim_start();
        let Some(rest) = body.strip_prefix(WORD) else { continue };
        match (Reader { text, rest, comment: comment.span }).condition() {
            Ok(condition) => found.push(condition),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

struct Reader<'a> {
    text: &'a str,
    /// What is not read yet; a part of `text`.
    rest: &'a str,
    comment: Span,
}

impl<'a> Reader<'a> {
    fn condition(mut self) -> Result<Condition<'a>, Diagnostic> {
        let target = self.target()?;
        let function = self.function();
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(':') else {
            return Err(self.wrong(self.here(), "expected `:` before the condition", EXAMPLE));
        };
        self.rest = rest;
        self.skip_blanks();
        let text = self.rest.trim_end();
        let (quantity, quantity_span, part) = self.quantity()?;
        self.skip_blanks();
        let comparison = Comparison::ALL.into_iter().find(|c| self.rest.starts_with(c.name()));
        let Some(comparison) = comparison else {
            return Err(self.wrong(self.here(), "expected one of `<`, `<=`, `>`, `>=`, `==`, `!=`", EXAMPLE));
        };
        self.rest = &self.rest[comparison.name().len()..];
        self.skip_blanks();
        let bound: Result<f64, _> = self.rest.trim_end().parse();
        let Some(bound) = bound.ok().filter(|bound| bound.is_finite()) else {
            return Err(self.wrong(self.here(), "expected a number, e.g. `1e6`, and nothing after it", EXAMPLE));
        };
        Ok(Condition { span: self.comment, target, function, quantity, quantity_span, part, comparison, bound, text })
    }

    fn target(&mut self) -> Result<Option<(&'a str, Span)>, Diagnostic> {
        let Some(rest) = self.rest.strip_prefix('(') else { return Ok(None) };
        let Some((name, after)) = rest.split_once(')') else {
            return Err(self.wrong(self.here(), "expected `)` after the name of a target", EXAMPLE));
        };
        let name = name.trim();
        let span = self.span_of(name);
        self.rest = after;
        Ok(Some((name, span)))
    }

    fn function(&mut self) -> Option<(&'a str, Span)> {
        self.skip_blanks();
        let rest = self.rest.strip_prefix('@')?;
        // A name in quotes may hold anything.
        let (name, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some(parts) => parts,
            None => rest.split_at(rest.find([' ', '\t', ':']).unwrap_or(rest.len())),
        };
        let span = self.span_of(name);
        self.rest = after;
        Some((name, span))
    }

    fn quantity(&mut self) -> Result<(Quantity, Span, Part), Diagnostic> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let (word, after) = self.rest.split_at(self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len()));
        let (name, part) = word.split_once('.').unwrap_or((word, Part::Value.name()));
        let span = self.span_of(word);
        let known = Quantity::ALL.map(Quantity::name);
        let Some(quantity) = Quantity::from_name(name) else {
            let message = format!("no quantity `{}`", shorten(name));
            return Err(self.wrong(span, &message, &did_you_mean(name, &known)));
        };
        let Some(part) = Part::from_name(part) else {
            let message = format!("a prediction has no `{}`", shorten(part));
            return Err(self.wrong(span, &message, &format!("write `{name}`, `{name}.low` or `{name}.high`")));
        };
        self.rest = after;
        Ok((quantity, span, part))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// From what is not read yet to the end of the comment.
    fn here(&self) -> Span {
        let rest = self.rest.trim_end();
        if rest.is_empty() { self.comment } else { self.span_of(rest) }
    }

    /// The span of a part of the text.
    fn span_of(&self, part: &str) -> Span {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        Span::new(start, start + part.len())
    }

    fn wrong(&self, span: Span, message: &str, help: &str) -> Diagnostic {
        Diagnostic { message: message.to_owned(), help: Some(help.to_owned()), span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_from_comments_only() {
        let text = "// hardwire-check: cycles < 1e6\nx \"// hardwire-check: spills\" //   hardwire-check(znver4) @\"a b\": spills.high==0  \n//hardwire-check @f : ipc >= 0.5";
        let all = conditions(text).unwrap();
        let short: Vec<_> = all
            .iter()
            .map(|c| {
                (c.target.map(|t| t.0), c.function.map(|f| f.0), c.quantity, c.part, c.comparison, c.bound, c.text)
            })
            .collect();
        let expected = [
            (None, None, Quantity::Cycles, Part::Value, Comparison::Below, 1e6, "cycles < 1e6"),
            (Some("znver4"), Some("a b"), Quantity::Spills, Part::High, Comparison::Equal, 0.0, "spills.high==0"),
            (None, Some("f"), Quantity::Ipc, Part::Value, Comparison::AtLeast, 0.5, "ipc >= 0.5"),
        ];
        assert_eq!(short, expected);
        assert_eq!(all[1].target.unwrap().1.text(text), "znver4");
    }

    #[test]
    fn what_is_no_condition_is_located() {
        for (line, place, message) in [
            ("// hardwire-check cycles < 1", "cycles < 1", "expected `:`"),
            ("// hardwire-check: cycle < 1", "cycle", "no quantity `cycle`"),
            ("// hardwire-check: cycles.mid < 1", "cycles.mid", "has no `mid`"),
            ("// hardwire-check: cycles = 1", "= 1", "expected one of"),
            ("// hardwire-check: cycles < many", "many", "expected a number"),
            ("// hardwire-check: cycles < 1 or so", "1 or so", "expected a number"),
            ("// hardwire-check: cycles < nan", "nan", "expected a number"),
            ("// hardwire-check(znver4: cycles < 1", "(znver4: cycles < 1", "expected `)`"),
            ("// hardwire-check: cycles", "// hardwire-check: cycles", "expected one of"),
        ] {
            let wrong = conditions(line).unwrap_err();
            assert_eq!(wrong[0].span.text(line), place);
            assert!(wrong[0].message.contains(message), "{}", wrong[0].message);
        }
    }
}
