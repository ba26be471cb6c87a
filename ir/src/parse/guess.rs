//! Opaque operations, whose form is not known: operands are the `%` names in order of appearance, types those behind
//! the last colon, regions what reads like one in braces. None of this is certain, so none of it is an error: types are
//! assumed, results are as many as there are names for them, and a name that nothing defines is taken as defined by the
//! operation, in its regions or around them.
//!
//! The language does not mark the end of such an operation. It ends before an unmatched `}`, before what looks like an
//! operation on a new line or after a type, and before a label on a new line.

use super::ahead::Ahead;
use super::draft::{Argument, Draft};
use super::names::Use;
use super::{Parser, operation};
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{AttributeValue, Type, TypeId, Types};

/// A name that was not defined where the operation's text holds it.
#[derive(Debug)]
struct Mention {
    used: Use,
    /// Its index among the uses before definitions.
    forward: u32,
    ty: TypeId,
}

/// State of a guess.
#[derive(Debug, Default)]
struct Seen {
    /// Brackets that are open.
    open: Vec<(TokenKind, Span)>,
    /// Names that the regions may define as arguments.
    mentions: Vec<Mention>,
    /// Types behind the last colon, and how many of them stand before an arrow, `to` or `into`.
    types: Vec<TypeId>,
    split: Option<usize>,
    /// The last token closed a type or a region.
    complete: bool,
    previous: Option<TokenKind>,
    /// `<` before this byte are not brackets.
    plain_less: usize,
}

impl<'a> Parser<'a> {
    /// Parse the rest of the operation; `reported` says that an error in it is known.
    pub(super) fn guess(&mut self, draft: &mut Draft, reported: bool) {
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
        if !reported && (self.at_end() || self.at(TokenKind::RightBrace)) {
            for &(_, span) in seen.open.iter().take(1) {
                self.report(span, "this bracket is never closed".to_owned(), None);
            }
        }
        if draft.result_types.is_empty() {
            draft.result_types = guessed_results(draft.named, &seen);
        }
    }

    fn guess_ends(&self, seen: &Seen) -> bool {
        use TokenKind::*;
        let new_line = self.at_new_line();
        match self.ahead.kind {
            Some(RightBrace | MetadataBegin) => true,
            Some(ValueId) if new_line => self.at_operation_start(),
            Some(ValueId) if seen.complete => {
                let name = self.ahead.behind_results(self.text, &self.unclosed);
                name.is_some_and(|name| self.names_operation(name))
            }
            // The list or type continues.
            _ if matches!(seen.previous, Some(Comma | Colon | Arrow | Equal)) => false,
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
            LeftBrace => return self.guess_brace(draft, seen),
            LeftParen | LeftBracket => seen.open.push((kind, self.take())),
            RightParen | RightBracket | RightBrace => {
                let pairs = |open| match open {
                    LeftParen => kind == RightParen,
                    LeftBracket => kind == RightBracket,
                    _ => kind == RightBrace,
                };
                match seen.open.last() {
                    Some(&(open, _)) if pairs(open) => {
                        self.take();
                        seen.open.pop();
                    }
                    // The brace of the region around.
                    _ if kind == RightBrace => return false,
                    _ => {
                        let span = self.take();
                        self.report(span, format!("`{}` closes nothing here", span.text(self.text)), None);
                    }
                }
            }
            Less => self.guess_angle(seen),
            HashId | ExclaimId => self.guess_attribute_or_type(kind, seen),
            SymbolId if draft.attributes.is_empty() && seen.previous.is_none() => {
                if let Ok(name) = self.symbol_name() {
                    self.set(draft, "sym_name", AttributeValue::String(name));
                }
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

    /// `{`: attributes, a region, or other text.
    fn guess_brace(&mut self, draft: &mut Draft, seen: &mut Seen) -> bool {
        // `{ a.b }` on lines of its own is a region, `{a.b}` is an attribute.
        let lone = matches!(self.second().kind, Some(TokenKind::BareId)) && self.second_is_on_new_line();
        if self.at_dictionary() && !(lone && self.at_region()) {
            let at = (self.ahead, self.taken);
            let (values, marks, scopes) = (self.tree.values.len(), self.marks.len(), self.scopes.mark());
            let (attributes, diagnostics) = (draft.attributes.len(), self.diagnostics.len());
            match self.dictionary(&mut draft.attributes) {
                Ok(()) => return true,
                Err(_) if self.stopped => return false,
                Err(_) => {
                    (self.ahead, self.taken) = at;
                    draft.attributes.truncate(attributes);
                    self.scopes.rewind(scopes);
                    self.tree.values.truncate(values);
                    self.marks.drop_since(marks);
                    self.diagnostics.truncate(diagnostics);
                }
            }
        } else if self.at_region() {
            let arguments = self.mentioned_arguments(seen);
            match self.opaque_region(&arguments) {
                Ok(region) => {
                    draft.regions.push(region);
                    self.give_arguments(draft, seen);
                }
                Err(_) => return false,
            }
            seen.complete = true;
            return true;
        }
        seen.open.push((TokenKind::LeftBrace, self.take()));
        true
    }

    fn second_is_on_new_line(&self) -> bool {
        let (open, second) = (self.ahead.span.end as usize, self.second().span);
        let next = self.second().next(self.text, &self.unclosed);
        next.kind == Some(TokenKind::RightBrace) && self.text[open..second.start as usize].contains('\n')
    }

    /// Whether `{` ahead opens a region: what follows looks like an operation or a label.
    fn at_region(&self) -> bool {
        use TokenKind::*;
        let after = |token: Ahead| token.next(self.text, &self.unclosed);
        let token = self.second();
        match token.kind {
            Some(BlockId | RightBrace) => true,
            Some(String) => after(token).kind == Some(LeftParen),
            Some(BareId) => {
                let word = token.span.text(self.text);
                word.contains('.')
                    || operation::full_name(word) != word
                    || !matches!(after(token).kind, Some(Equal | Comma | Colon | RightBrace | Less))
            }
            Some(ValueId) => token.behind_results(self.text, &self.unclosed).is_some(),
            _ => false,
        }
    }

    /// The names seen so far as arguments of a region.
    fn mentioned_arguments(&self, seen: &Seen) -> Vec<Argument> {
        if self.second().kind == Some(TokenKind::BlockId) {
            // A label lists them.
            return Vec::new();
        }
        let mut arguments: Vec<(u32, Argument)> = Vec::new();
        for mention in &seen.mentions {
            let forward = &self.scopes.forwards[mention.forward as usize];
            match arguments.iter().position(|(symbol, _)| *symbol == forward.symbol) {
                Some(i) if arguments[i].1.ty == Types::UNKNOWN => arguments[i].1.ty = mention.ty,
                Some(_) => {}
                None if arguments.len() >= MOST_ARGUMENTS => break,
                None => {
                    let Span { start, end } = mention.used.span;
                    // Without the number of a result.
                    let length = self.text[start as usize..end as usize].find('#').map_or(end - start, |i| i as u32);
                    let name = Span { start, end: start + length };
                    arguments.push((forward.symbol, Argument { name, ty: mention.ty }));
                }
            }
        }
        arguments.into_iter().map(|(_, argument)| argument).collect()
    }

    /// Let the names in the text stand for the arguments of the operation's first region.
    fn give_arguments(&mut self, draft: &mut Draft, seen: &Seen) {
        let [region] = draft.regions.as_slice() else { return };
        let Some(&entry) = self.tree.regions[region.index()].blocks.first() else { return };
        let arguments = self.tree.blocks[entry.index()].arguments.clone();
        for mention in &seen.mentions {
            let name = mention.used.span.text(self.text);
            let same = |&&value: &&crate::tree::ValueId| {
                let place = self.tree.values[value.index()].name;
                place.start > 0 && name[1..].split('#').next() == Some(place.text(self.text))
            };
            if let Some(&value) = arguments.iter().find(same) {
                self.scopes.forwards[mention.forward as usize].argument = Some(value);
                draft.operands.retain(|operand| operand.value != mention.used.value);
            }
        }
    }

    fn guess_value(&mut self, draft: &mut Draft, seen: &mut Seen) {
        let Ok((used, unbound)) = self.value_or_name(true) else { return };
        draft.operands.push(used);
        let Some(forward) = unbound else { return };
        let mut ty = Types::UNKNOWN;
        if !seen.open.is_empty() && self.at(TokenKind::Colon) {
            self.take();
            if self.at_type()
                && let Ok(parsed) = self.parse_type()
            {
                ty = parsed;
            }
        }
        if seen.mentions.len() < MOST_MENTIONS {
            seen.mentions.push(Mention { used, forward, ty });
        }
    }

    fn guess_angle(&mut self, seen: &mut Seen) {
        let before = self.start();
        if before >= seen.plain_less && self.dialect_body().is_ok() {
            return;
        }
        if !self.stopped && self.start() > before {
            // Nothing closes it up to here.
            seen.plain_less = self.start();
            self.go_to(before);
        }
        self.take();
    }

    fn guess_types(&mut self, seen: &mut Seen) {
        let (before, mark) = (self.start(), self.marks.len());
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
            Err(_) if self.stopped => {}
            // Read again as text, so that its brackets are seen.
            Err(_) => {
                self.marks.drop_since(mark);
                self.go_to(before);
                match self.ahead.kind {
                    Some(kind @ TokenKind::LeftParen) => seen.open.push((kind, self.take())),
                    _ => _ = self.take(),
                }
            }
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
}

/// Most uses of names that an opaque operation may define.
const MOST_MENTIONS: usize = 4096;
/// Most names that an opaque operation's text can define.
const MOST_ARGUMENTS: usize = 1024;

fn guessed_results(named: usize, seen: &Seen) -> Vec<TypeId> {
    let behind = &seen.types[seen.split.unwrap_or(0)..];
    if behind.len() == named || (seen.split.is_some() && named == 0) {
        return behind.to_vec();
    }
    match behind.last() {
        // One type for all, or a list of which the last is the result's.
        Some(&ty) if named == 1 || behind.len() == 1 => vec![ty; named],
        _ => Vec::new(),
    }
}
