//! Operations: names of results, the generic form, and the parts common to all custom forms.

use std::borrow::Cow;

use super::ahead::Ahead;
use super::draft::Draft;
use super::names::{Isolation, Use};
use super::{Failure, Parse, Parser};
use crate::lexer::TokenKind;
use crate::registry::facts::Dialect;
use crate::registry::syntax::ShortNamePrinted;
use crate::registry::{self, Record};
use crate::span::Span;
use crate::tree::{AttributeValue, BlockId, Definition, Form, NameId, OpId, Operation, Types, ValueId};

/// Results without a type that a text can have besides one for each of its bytes.
const UNTYPED_RESULTS: usize = 256;

/// Names of results before `=`: each with how many it stands for.
type ResultNames = Vec<(Span, u32)>;

impl<'a> Parser<'a> {
    /// Parse the operation ahead into a block; if there is none, report it and recover.
    pub(super) fn operation(&mut self, block: BlockId) {
        let start = self.start();
        if self.tree.operations.len() >= self.limits.operations {
            let message = format!("more than {} operations; parsing stops here", self.limits.operations);
            return self.stop(self.ahead.span, message);
        }
        let named = self.result_names();
        let names = match named {
            Ok(names) if self.at(TokenKind::String) || self.at(TokenKind::BareId) => names,
            Ok(_) => {
                let failure = self.expected("an operation");
                self.report_failure(failure);
                return self.skip_operation(start);
            }
            Err(failure) => {
                self.report_failure(failure);
                return self.skip_operation(start);
            }
        };
        let generic = self.at(TokenKind::String);
        let spelled = self.take();
        let name: Cow<'a, str> = if generic {
            super::attributes::unescape(spelled.text(self.text)).into()
        } else if self.in_unknown_operation() {
            spelled.text(self.text).into()
        } else {
            full_name(spelled.text(self.text)).into()
        };
        if !generic && !name.contains('.') && self.in_function_or_module(block) {
            let message = format!("`{name}` is no operation: names of operations start with their dialect's");
            self.report(spelled, message, Some(format!("write `dialect.{name}`")));
        } else if !generic
            && !name.contains('.')
            && let Some(region) = self.scopes.regions.last_mut()
        {
            region.bare_names = true;
        }
        let id = self.reserve(&name, block, start);
        let record = self.tree.named_record(id);
        let canonical = if generic { None } else { self.canonical_name(record) };
        let mut draft = Draft { named: names.iter().map(|n| n.1 as usize).sum(), ..Draft::default() };
        self.around.push(self.tree.operations[id.index()].name);
        let form = if generic { self.generic(record, &mut draft) } else { self.custom(&name, record, &mut draft) };
        self.around.pop();
        self.complete(id, form, draft);
        let span = self.since(start);
        self.tree.operations[id.index()].span = span;
        let opaque = form == Form::Guessed;
        self.marks.operation(span, record.is_isolated && !opaque, opaque);
        if let Some(canonical) = canonical.filter(|&c| c != spelled.text(self.text)) {
            // After the operation's own mark, which has the same start if the operation has no named results.
            self.marks.name(spelled, canonical);
        }
        self.bind_results(id, &names, start);
    }

    /// The name as upstream prints it, for operations with a short name.
    fn canonical_name(&self, record: &'static Record) -> Option<&'static str> {
        let short = record.short_name?;
        let is_short = match short.printed {
            ShortNamePrinted::InOwnDialect => self.default_dialect() == Some(record.dialect),
            ShortNamePrinted::Never => false,
        };
        Some(if is_short { short.name } else { record.name })
    }

    /// The dialect that operations may leave out here.
    fn default_dialect(&self) -> Option<Dialect> {
        match self.around.last() {
            Some(name) => self.tree.records[name.index()].default_dialect,
            None => Some(Dialect::Builtin),
        }
    }

    /// Whether names without a dialect can be those of any dialect here.
    fn in_unknown_operation(&self) -> bool {
        self.around.last().is_some_and(|name| !self.tree.records[name.index()].is_registered())
    }

    /// Other operations may let those inside leave their dialect out.
    fn in_function_or_module(&self, block: BlockId) -> bool {
        let region = self.tree.blocks[block.index()].region;
        region.index() == 0 || self.default_dialect().is_some()
    }

    fn skip_operation(&mut self, start: usize) {
        self.recover();
        if self.start() == start && !self.at_end() && !self.at(TokenKind::RightBrace) {
            self.take();
        }
    }

    /// An empty operation at the end of a block.
    pub(super) fn reserve(&mut self, name: &str, block: BlockId, start: usize) -> OpId {
        let name: NameId = self.name(name);
        let id = OpId(self.tree.operations.len() as u32);
        self.tree.operations.push(Operation {
            name,
            span: Span::new(start, start),
            form: Form::Implied,
            block,
            operands: Vec::new(),
            results: Vec::new(),
            successors: Vec::new(),
            regions: Vec::new(),
            attributes: Vec::new(),
        });
        self.tree.blocks[block.index()].operations.push(id);
        id
    }

    /// Move a draft into its operation and make the results.
    pub(super) fn complete(&mut self, id: OpId, form: Form, draft: Draft) {
        for &region in &draft.regions {
            self.tree.regions[region.index()].operation = Some(id);
        }
        let opaque = form == Form::Guessed;
        let typed = draft.result_types.len();
        let count = match opaque && draft.named > 0 {
            // The names say how many there are.
            true => typed.min(draft.named) + self.untyped(draft.named.saturating_sub(typed)),
            false => typed + self.untyped(draft.named.saturating_sub(typed)),
        };
        let results: Vec<ValueId> = (0..count)
            .map(|i| {
                let ty = draft.result_types.get(i).copied().unwrap_or(Types::UNKNOWN);
                let value = self.new_value(ty, Definition::Result { operation: id, index: i as u32 }, Span::default());
                self.tree.values[value.index()].assumed = opaque;
                value
            })
            .collect();
        let values = |uses: Vec<Use>| uses.into_iter().map(|u| u.value).collect();
        let operation = &mut self.tree.operations[id.index()];
        operation.form = form;
        operation.operands = values(draft.operands);
        operation.results = results;
        operation.successors = draft.successors.into_iter().map(|(b, uses)| (b, values(uses))).collect();
        operation.regions = draft.regions;
        operation.attributes = draft.attributes;
        let count_of_types = draft.result_types.len();
        if draft.named > 0 && draft.named != count_of_types && !opaque {
            let span = Span::new(operation.span.start as usize, self.taken.max(operation.span.start as usize));
            let message =
                format!("the operation has {count_of_types} result(s), but {} name(s) are given to them", draft.named);
            self.report(self.first_line(span), message, None);
        }
    }

    /// How many of these results without a type there can be: a text can name more than it has bytes.
    fn untyped(&mut self, named: usize) -> usize {
        let left = (self.text.len() + UNTYPED_RESULTS).saturating_sub(self.untyped_results);
        let count = named.min(left);
        self.untyped_results += count;
        count
    }

    /// `%a, %b:2 =`, if the operation starts so.
    fn result_names(&mut self) -> Parse<ResultNames> {
        let mut names = Vec::new();
        if !self.at(TokenKind::ValueId) {
            return Ok(names);
        }
        loop {
            let name = self.expect(TokenKind::ValueId, "a result's name (`%name`)")?;
            let mut count = 1;
            if self.take_if(TokenKind::Colon) {
                count = match self.spelling().parse::<u32>() {
                    Ok(n)
                        if n > 0 && n as usize <= self.text.len() + UNTYPED_RESULTS && self.at(TokenKind::Integer) =>
                    {
                        n
                    }
                    _ => return Err(self.expected("the number of results")),
                };
                self.take();
            }
            names.push((name, count));
            if !self.take_if(TokenKind::Comma) {
                break;
            }
        }
        self.expect(TokenKind::Equal, "`=`")?;
        Ok(names)
    }

    fn bind_results(&mut self, id: OpId, names: &ResultNames, start: usize) {
        let Some(&(last, _)) = names.last() else { return };
        let results = self.tree.operations[id.index()].results.clone();
        let mut at = 0usize;
        for &(name, count) in names {
            let count = (count as usize).min(results.len() - at) as u32;
            if count == 0 {
                break;
            }
            let place = Span { start: name.start + 1, end: name.end };
            for &result in &results[at..at + count as usize] {
                self.tree.values[result.index()].name = place;
            }
            self.define(name, results[at], count);
            at += count as usize;
        }
        // The names' text reaches to the last one's count.
        let mut end = last.end as usize;
        let behind = self.text[end..].find('=').map_or(end, |i| end + i);
        end += self.text[end..behind].trim_end().len();
        self.marks.results(Span::new(start, end), results[0], results.len() as u32);
    }

    /// `(operands) [successors] <{properties}> (regions) {attributes} : type`, behind the name.
    fn generic(&mut self, record: &'static Record, draft: &mut Draft) -> Form {
        if let Err(failure) = self.generic_parts(record, draft) {
            self.report_failure(failure);
            self.recover();
        }
        Form::Generic
    }

    fn generic_parts(&mut self, record: &'static Record, draft: &mut Draft) -> Parse<()> {
        self.expect(TokenKind::LeftParen, "`(` and operands")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        if self.take_if(TokenKind::LeftBracket) {
            self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                draft.successors.push((p.block_use()?, Vec::new()));
                Ok(())
            })?;
        }
        if self.take_if(TokenKind::Less) {
            self.dictionary(&mut draft.attributes)?;
            self.expect(TokenKind::Greater, "`>`")?;
        }
        if self.take_if(TokenKind::LeftParen) {
            self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                let isolation = if record.is_registered() { record.is_isolated.into() } else { Isolation::Unknown };
                let region = p.region(&[], isolation)?;
                draft.regions.push(region);
                Ok(())
            })?;
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the operation's type")?;
        let start = self.start();
        let mark = self.marks.len();
        let (inputs, results) = self.function_type()?;
        if inputs.len() == draft.operands.len() {
            for (i, &ty) in inputs.iter().enumerate() {
                self.expect_type(draft.operands[i], ty);
            }
        } else {
            let (types, operands) = (inputs.len(), draft.operands.len());
            let message = format!("the operation has {operands} operand(s), but {types} type(s) are given for them");
            let span = self.since(start);
            self.report(span, message, None);
        }
        debug_assert!(self.marks.len() >= mark);
        draft.result_types = results;
        self.pass_operands(draft);
        Ok(())
    }

    /// In generic form the operands behind come last, in as many groups as there are blocks.
    fn pass_operands(&mut self, draft: &mut Draft) {
        let blocks = draft.successors.len();
        if blocks == 0 {
            return;
        }
        let segments = self
            .names
            .get_index_of("operandSegmentSizes")
            .and_then(|name| draft.attributes.iter().find(|a| a.name.index() == name).map(|a| a.value.clone()));
        let sizes: Vec<usize> = match segments {
            Some(AttributeValue::DenseArray(_, sizes)) => sizes.iter().map(|&n| n as usize).collect(),
            _ if blocks == 1 => vec![draft.operands.len()],
            _ => return,
        };
        if sizes.len() < blocks || sizes.iter().try_fold(0usize, |a, &n| a.checked_add(n)) != Some(draft.operands.len())
        {
            return;
        }
        let mut end = draft.operands.len();
        for (i, &size) in sizes[sizes.len() - blocks..].iter().enumerate().rev() {
            draft.successors[i].1 = draft.operands[end - size..end].to_vec();
            end -= size;
        }
    }

    /// The dialect's own form, behind the name.
    fn custom(&mut self, name: &str, record: &'static Record, draft: &mut Draft) -> Form {
        let at = (self.ahead, self.taken);
        let (values, regions, marks) = (self.tree.values.len(), self.tree.regions.len(), self.marks.len());
        let (scopes, diagnostics) = (self.scopes.mark(), self.diagnostics.len());
        self.changed_types.clear();
        let failure = match self.known_form(record, draft) {
            Some(Ok(())) => return Form::Custom,
            Some(Err(_)) if self.stopped => return Form::Guessed,
            Some(Err(failure)) => Some(failure),
            None => None,
        };
        // Regions are not parsed twice: time would double at every level of nesting.
        if self.tree.regions.len() == regions {
            (self.ahead, self.taken) = at;
            self.scopes.rewind(scopes);
            self.tree.values.truncate(values);
            self.marks.drop_since(marks);
            self.diagnostics.truncate(diagnostics);
            for (value, ty, assumed) in self.changed_types.drain(..).rev() {
                if let Some(value) = self.tree.values.get_mut(value.index()) {
                    (value.ty, value.assumed) = (ty, assumed);
                }
            }
            *draft = Draft { named: draft.named, ..Draft::default() };
        }
        self.opaque(name, record, draft, failure);
        Form::Guessed
    }

    /// An operation that is not registered, or whose text is not in the form that is registered.
    fn opaque(&mut self, name: &str, record: &'static Record, draft: &mut Draft, failure: Option<Failure>) {
        let reported = failure.as_ref().is_some_and(|failure| failure.fatal);
        match failure {
            Some(failure) if failure.fatal => self.report_failure(failure),
            Some(failure) => self.warn(name, failure),
            None if record.is_registered() => {}
            None => {
                if self.at_function() && self.function_like(draft) {
                    return;
                }
            }
        }
        self.guess(draft, reported);
    }

    /// Skip to what looks like the next operation, at most to the end of the region.
    pub(super) fn recover(&mut self) {
        use TokenKind::*;
        let mut open = 0usize;
        while let Some(kind) = self.ahead.kind {
            match kind {
                LeftParen | LeftBracket | LeftBrace => open += 1,
                RightBrace if open == 0 => return,
                RightParen | RightBracket | RightBrace => open = open.saturating_sub(1),
                _ if self.at_new_line() && self.at_operation_start() => return,
                _ => {}
            }
            self.take();
        }
    }

    /// Whether the token ahead is the first of its line.
    pub(super) fn at_new_line(&self) -> bool {
        self.text[self.taken..self.start().max(self.taken)].contains('\n')
    }

    /// Whether an operation, a label or an alias can start with the token ahead.
    pub(super) fn at_operation_start(&self) -> bool {
        use TokenKind::*;
        match self.ahead.kind {
            Some(ValueId) => self.ahead.behind_results(self.text, &self.unclosed).is_some(),
            Some(HashId | ExclaimId) => self.second().kind == Some(Equal),
            Some(BlockId) => matches!(self.second().kind, Some(Colon | LeftParen)),
            Some(MetadataBegin) => true,
            _ => self.names_operation(self.ahead),
        }
    }

    /// Whether a token reads like the name of an operation.
    pub(super) fn names_operation(&self, token: Ahead) -> bool {
        match token.kind {
            Some(TokenKind::BareId) => {
                let word = token.span.text(self.text);
                word.contains('.')
                    || full_name(word) != word
                    || self.scopes.regions.last().is_some_and(|r| r.bare_names)
            }
            Some(TokenKind::String) => token.next(self.text, &self.unclosed).kind == Some(TokenKind::LeftParen),
            _ => false,
        }
    }
}

/// The full name of an operation whose dialect may be left out.
pub(super) fn full_name(spelled: &str) -> &str {
    if spelled.contains('.') {
        return spelled;
    }
    registry::short_names().find(|(short, _)| short.name == spelled).map_or(spelled, |(_, record)| record.name)
}
