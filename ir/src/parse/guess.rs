//! Operations whose form is not known: operands are the `%` names in order of appearance, types those behind the
//! last colon, regions those in braces.
//!
//! The language does not mark the end of such an operation. It ends before an unmatched `}`, before what looks like an
//! operation on a new line or after a type, and before a label on a new line.

use super::Parser;
use super::draft::{Argument, Draft};
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{Type, TypeId, Types};

/// State of a guess.
#[derive(Debug, Default)]
struct Seen {
    /// Brackets that are open.
    open: Vec<(TokenKind, Span)>,
    /// Names that a region may define as arguments.
    arguments: Vec<Argument>,
    /// Types behind the last colon, and how many of them stand before an arrow, `to` or `into`.
    types: Vec<TypeId>,
    split: Option<usize>,
    /// The last token closed a type or a region.
    complete: bool,
    previous: Option<TokenKind>,
}

impl<'a> Parser<'a> {
    /// Parse the rest of the operation.
    pub(super) fn guess(&mut self, draft: &mut Draft) {
        let mut seen = Seen::default();
        while let Some(kind) = self.ahead.kind {
            if seen.open.is_empty() && self.guess_ends(&seen) {
                break;
            }
            let before = self.start();
            if !self.guess_step(kind, draft, &mut seen) {
                break;
            }
            seen.previous = Some(kind);
            debug_assert!(self.at_end() || self.start() > before, "guessing goes on");
        }
        for &(_, span) in seen.open.iter().take(1) {
            self.report(span, "this bracket is never closed".to_owned(), None);
        }
        self.use_arguments(draft, &mut seen);
        draft.result_types = self.guessed_results(draft.named, &seen);
    }

    fn guess_ends(&self, seen: &Seen) -> bool {
        use TokenKind::*;
        let new_line = self.at_new_line();
        match self.ahead.kind {
            Some(RightBrace | MetadataBegin) => true,
            Some(ValueId) if self.second().kind == Some(Equal) => new_line || seen.complete,
            Some(BareId) if seen.complete && self.spelling().contains('.') => true,
            _ => new_line && self.at_operation_start(),
        }
    }

    /// Parse one item; false at the end of the operation.
    fn guess_step(&mut self, kind: TokenKind, draft: &mut Draft, seen: &mut Seen) -> bool {
        use TokenKind::*;
        seen.complete = false;
        match kind {
            ValueId => self.guess_value(draft, seen),
            BlockId => {
                if let Ok(block) = self.block_use() {
                    draft.successors.push((block, Vec::new()));
                }
            }
            Colon if seen.open.is_empty() => {
                self.take();
                seen.types.clear();
                seen.split = None;
            }
            Arrow if seen.open.is_empty() => {
                self.take();
                seen.split = Some(seen.types.len());
            }
            LeftParen if matches!(seen.previous, Some(Colon | Arrow)) && self.second().kind != Some(ValueId) => {
                self.guess_types(seen);
            }
            LeftBrace if self.at_dictionary() => {
                if let Err(failure) = self.dictionary(&mut draft.attributes) {
                    self.report_failure(failure);
                    self.recover();
                    return false;
                }
            }
            LeftBrace => {
                let arguments = std::mem::take(&mut seen.arguments);
                match self.region(&arguments, false) {
                    Ok(region) => draft.regions.push(region),
                    Err(_) => return false,
                }
                seen.complete = true;
            }
            LeftParen | LeftBracket => seen.open.push((kind, self.take())),
            RightParen | RightBracket => {
                let span = self.take();
                let pairs = |open| (open == LeftParen) == (kind == RightParen);
                match seen.open.last() {
                    Some(&(open, _)) if pairs(open) => _ = seen.open.pop(),
                    _ => self.report(span, format!("`{}` closes nothing here", span.text(self.text)), None),
                }
            }
            RightBrace => return false,
            Less => {
                if self.dialect_body().is_err() {
                    self.take();
                }
            }
            HashId | ExclaimId => self.guess_attribute_or_type(kind, seen),
            BareId if self.at_word("loc") && self.second().kind == Some(LeftParen) => {
                if let Err(failure) = self.skip_location() {
                    self.report_failure(failure);
                }
                return !seen.open.is_empty();
            }
            BareId if seen.open.is_empty() && matches!(self.spelling(), "to" | "into") && !seen.types.is_empty() => {
                self.take();
                seen.split = Some(seen.types.len());
            }
            BareId if self.at_type() => self.guess_types(seen),
            BareId if matches!(self.spelling(), "affine_map" | "affine_set" | "dense" | "array") => {
                if self.attribute(Types::UNKNOWN).is_err() && !self.at_end() {
                    self.take();
                }
            }
            _ => _ = self.take(),
        }
        true
    }

    fn guess_value(&mut self, draft: &mut Draft, seen: &mut Seen) {
        let next = self.second().kind;
        let defines = next == Some(TokenKind::Equal) || (next == Some(TokenKind::Colon) && !seen.open.is_empty());
        if defines && !self.is_defined() {
            let name = self.take();
            let mut ty = Types::UNKNOWN;
            if self.take_if(TokenKind::Colon)
                && self.at_type()
                && let Ok(parsed) = self.parse_type()
            {
                ty = parsed;
            }
            seen.arguments.push(Argument { name, ty });
        } else if let Ok(used) = self.value_use() {
            draft.operands.push(used);
        }
    }

    fn guess_types(&mut self, seen: &mut Seen) {
        let before = self.start();
        match self.parse_type() {
            Ok(ty) if seen.open.is_empty() => {
                match self.tree.types.get(ty).clone() {
                    Type::Function { inputs, results } => {
                        seen.types = inputs;
                        seen.split = Some(seen.types.len());
                        seen.types.extend(results);
                    }
                    _ => seen.types.push(ty),
                }
                seen.complete = true;
            }
            Ok(_) => {}
            // Parentheses that hold no types: `-> (f32, f32)` does.
            Err(_) if !self.at_end() && self.start() == before => _ = self.take(),
            Err(_) => {}
        }
    }

    fn guess_attribute_or_type(&mut self, kind: TokenKind, seen: &mut Seen) {
        let before = self.start();
        if kind == TokenKind::ExclaimId {
            return self.guess_types(seen);
        }
        if self.attribute(Types::UNKNOWN).is_err() && self.start() == before && !self.at_end() {
            self.take();
        }
    }

    /// Names that no region defines are uses.
    fn use_arguments(&mut self, draft: &mut Draft, seen: &mut Seen) {
        let at = (self.ahead, self.taken);
        for argument in std::mem::take(&mut seen.arguments) {
            self.go_to(argument.name.start as usize);
            if let Ok(used) = self.value_use() {
                self.expect_type(used, argument.ty);
                draft.operands.push(used);
            }
        }
        if !self.stopped {
            (self.ahead, self.taken) = at;
        }
    }

    fn guessed_results(&self, named: usize, seen: &Seen) -> Vec<TypeId> {
        let behind = &seen.types[seen.split.unwrap_or(0)..];
        if behind.len() == named || seen.split.is_some() {
            return behind.to_vec();
        }
        match behind.last() {
            // One type for all, or a list of which the last is the result's.
            Some(&ty) if named == 1 || behind.len() == 1 => vec![ty; named],
            _ => Vec::new(),
        }
    }
}
