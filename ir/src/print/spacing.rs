//! Blanks between tokens. They depend on the tokens alone, so that texts that differ in blanks print alike.

use crate::lexer::TokenKind;

/// The last token printed, as far as spacing depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last<'a> {
    pub kind: TokenKind,
    pub text: &'a str,
    /// A sign, or a name at its definition: no blank follows.
    pub tight: bool,
}

/// Words separated from a parenthesis by a blank.
const APART: [&str; 8] = ["to", "into", "step", "do", "else", "x", "retain", "in"];

/// Whether a blank goes between two tokens; `touching` says whether they touch in the text (which means something
/// only in shapes inside a dialect's own syntax), `angles` how many `<` are open.
pub(super) fn blank(last: Last<'_>, kind: TokenKind, text: &str, touching: bool, angles: usize) -> bool {
    use TokenKind::*;
    match (last.kind, kind) {
        (LeftParen | LeftBracket | LeftBrace | Less | ColonColon, _) => false,
        (_, RightParen | RightBracket | Comma | Greater | RightBrace | ColonColon) => false,
        (BareId | HashId | ExclaimId, Less) => false,
        (Minus | Plus, _) if last.tight => false,
        (ValueId, Colon) => !last.tight,
        (Question | Star, BareId) => !text.starts_with('x'),
        (Integer, BareId) if touching && text.starts_with('x') => false,
        (BareId, Question) if touching && last.text.ends_with('x') => false,
        (BareId, Colon) => angles == 0 && !matches!(last.text, "init" | "offset"),
        (BareId, LeftParen | LeftBracket) => APART.contains(&last.text),
        (SymbolId | HashId | ValueId, LeftParen | LeftBracket) => false,
        // Symbols behind dimensions.
        (RightParen, LeftBracket) => false,
        (String | Greater | RightBracket, LeftParen) => false,
        _ => true,
    }
}

/// Whether `-` or `+` behind this token is a sign, not an operator.
pub(super) fn is_sign(last: Option<TokenKind>) -> bool {
    use TokenKind::*;
    !matches!(last, Some(BareId | ValueId | Integer | RightParen | RightBracket))
}
