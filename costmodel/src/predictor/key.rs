//! Content hash of a text that ignores names of values and blocks, layout, comments and locations.
//!
//! Works on the lexer's tokens, so that any text has a key, also one that does not parse. Values and blocks are numbered in
//! the order of first appearance; everything else is hashed as spelled.

use indexmap::IndexSet;
use ir::analysis::Assumptions;
use ir::lexer::{TokenKind, lex};
use rustc_hash::FxBuildHasher;
use sha2::{Digest, Sha256};

/// Identity of a text: 128 bits of SHA-256, so that collisions cannot be constructed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentKey(u128);

impl ContentKey {
    /// The key of a text.
    ///
    /// # Panics
    /// On a text of 4 GiB or more; see [`ir::text::decode`].
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(digest(&normal(text)))
    }

    /// The key of a text whose layout and names matter, under assumptions.
    ///
    /// # Panics
    /// As [`Self::of`].
    #[must_use]
    pub fn assuming(text: &str, assumptions: &Assumptions) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 64);
        for assumption in assumptions.iter() {
            bytes.extend(assumption.to_string().into_bytes());
            bytes.push(END);
        }
        // Not a token of any text: keys of the two kinds differ.
        bytes.extend([END, END]);
        bytes.extend(text.as_bytes());
        Self(digest(&bytes))
    }
}

/// Hash of the text itself.
pub(super) fn exact(text: &str) -> u128 {
    digest(text.as_bytes())
}

fn digest(bytes: &[u8]) -> u128 {
    let hash = Sha256::digest(bytes);
    u128::from_le_bytes(hash[..16].try_into().expect("a hash has 32 bytes"))
}

/// Ends a token, so that `a b` is not `ab`.
const END: u8 = 0;

fn normal(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut names: IndexSet<&str, FxBuildHasher> = IndexSet::default();
    let mut tokens = lex(text).filter(|token| !token.kind.is_trivia()).peekable();
    // Start and kind of the last two tokens in `out`: `#loc1 =` before a location is dropped with it.
    let (mut before, mut last) = ((0, None), (0, None));
    while let Some(token) = tokens.next() {
        let spelled = token.span.text(text);
        let opens = tokens.peek().is_some_and(|next| next.kind == TokenKind::LeftParen);
        if token.kind == TokenKind::BareId && spelled == "loc" && opens {
            if let ((start, Some(TokenKind::HashId)), (_, Some(TokenKind::Equal))) = (before, last) {
                out.truncate(start);
            }
            let mut depth = 0usize;
            for inner in tokens.by_ref() {
                match inner.kind {
                    TokenKind::LeftParen => depth += 1,
                    TokenKind::RightParen => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            (before, last) = ((0, None), (0, None));
            continue;
        }
        (before, last) = (last, (out.len(), Some(token.kind)));
        match token.kind {
            TokenKind::ValueId | TokenKind::BlockId => {
                let (number, _) = names.insert_full(spelled);
                out.push(spelled.as_bytes()[0]);
                out.extend((number as u32).to_le_bytes());
            }
            _ => out.extend(spelled.as_bytes()),
        }
        out.push(END);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#map = affine_map<(d0) -> (d0)>
func.func @f(%a: memref<8xf32>) {
  affine.for %i = 0 to 8 {
    %0 = affine.load %a[%i] : memref<8xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<8xf32>
  }
  cf.br ^bb1
^bb1:
  return
}";

    #[test]
    fn names_layout_comments_and_locations_do_not_matter() {
        let renamed = TEXT.replace("%0", "%sum").replace("%i", "%row").replace("^bb1", "^exit");
        let spread = renamed.replace('\n', "\n\n  // a remark\n");
        let located = spread.replace(": f32\n", ": f32 loc(fused[\"a\", #loc2])\n") + "\n#loc2 = loc(\"f.py\":1:2)";
        assert_eq!(ContentKey::of(TEXT), ContentKey::of(&spread));
        assert_eq!(ContentKey::of(TEXT), ContentKey::of(&located));
    }

    #[test]
    fn all_else_matters() {
        let swapped = TEXT.replace("store %1", "store %0");
        for other in [
            swapped.as_str(),
            &TEXT.replace("addf", "mulf"),
            &TEXT.replace("to 8", "to 9"),
            &TEXT.replace("f32", "f64"),
            &TEXT.replace("@f", "@g"),
            &TEXT[..TEXT.len() - 1],
        ] {
            assert_ne!(ContentKey::of(TEXT), ContentKey::of(other), "{other}");
        }
        assert_ne!(ContentKey::of("a b"), ContentKey::of("ab"));
    }

    #[test]
    fn any_text_has_a_key() {
        for text in ["", "loc(", "#a = loc(((", "loc()))", "%", "\"unterminated", "é%é"] {
            let _ = ContentKey::of(text);
        }
    }
}
