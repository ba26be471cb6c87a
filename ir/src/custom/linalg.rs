//! `linalg`.

use super::generic::{Generic, Tokens};
use super::writer::{Writer, is_written};
use crate::lexer::TokenKind;
use crate::registry::structure::{self, Factor, Subscript};

impl<'a> Writer<'a> {
    /// ` ins(%a : type) outs(%b : type)`, with the operands from `inputs` on as outputs.
    fn inputs_and_outputs(&mut self, op: &Generic<'a>, inputs: usize) {
        for (word, range) in [("ins(", 0..inputs), ("outs(", inputs..op.operands.len())] {
            if !range.is_empty() {
                self.word(word);
                self.typed(&op.operands[range.clone()], &op.inputs[range]);
                self.out.push(')');
            }
        }
    }

    pub(super) fn linalg_generic(&mut self, op: &Generic<'a>) -> Option<()> {
        let [inputs, _] = self.segments(op)?[..] else { return None };
        self.out.push_str(" {");
        for name in ["doc", "library_call"] {
            if let Some(value) = op.attribute(name) {
                self.word(name);
                self.word("=");
                self.tokens(value);
                self.out.push(',');
            }
        }
        self.word("indexing_maps =");
        self.tokens(op.attribute("indexing_maps")?);
        self.out.push_str(", ");
        self.iterator_types(op.attribute("iterator_types")?)?;
        self.out.push('}');
        self.inputs_and_outputs(op, inputs);
        self.rest_behind("attrs =", op, &["doc", "library_call", "indexing_maps", "iterator_types"]);
        self.region(*op.regions.first()?);
        self.results(&op.results);
        Some(())
    }

    pub(super) fn linalg_named(&mut self, op: &Generic<'a>) -> Option<()> {
        let [inputs, _] = self.segments(op)?[..] else { return None };
        self.linalg_parts(op, inputs)
    }

    /// The outputs of these operations are the last operand.
    pub(super) fn linalg_without_body(&mut self, op: &Generic<'a>) -> Option<()> {
        if op.has("fmr") || op.has("m") {
            // Winograd's transforms, whose attributes have a form of their own.
            return None;
        }
        if let Some(dimension) = op.attribute("dimension") {
            self.word("dimension(");
            self.tokens(self.without_type(dimension));
            self.out.push(')');
        }
        self.inputs_and_outputs(op, op.operands.len().checked_sub(1)?);
        self.rest(op, &["dimension"]);
        self.results(&op.results);
        Some(())
    }

    fn linalg_parts(&mut self, op: &Generic<'a>, inputs: usize) -> Option<()> {
        let mut written = Vec::new();
        if let Some(maps) = op.attribute("indexing_maps") {
            written.push("indexing_maps");
            let left_out = match op.record.has_implied_maps {
                true => self.has_usual_maps(op, maps)?,
                // An operation whose attribute says what it computes.
                false => op.has("kind") && self.source.list(maps.0)?.iter().all(|&map| self.is_identity(map)),
            };
            if !left_out {
                self.word("indexing_maps =");
                self.tokens(maps);
            }
        }
        if let Some(kind) = op.attribute("kind") {
            written.push("kind");
            self.word("kind=");
            self.tokens(kind);
        }
        self.rest(op, &written);
        self.inputs_and_outputs(op, inputs);
        self.results(&op.results);
        Some(())
    }

    /// Whether maps are those that the operation's name implies.
    fn has_usual_maps(&self, op: &Generic<'a>, maps: Tokens) -> Option<bool> {
        let structure = structure::of(op.record)?;
        let maps = self.source.list(maps.0)?;
        let usual = |subscripts: &[Subscript], map: Tokens| -> Option<bool> {
            let (names, results) = self.names_and_results(map)?;
            let is_term = |subscript: &Subscript, result: &&str| match subscript[..] {
                [term] => term.factor == Factor::One && names.get(term.dimension as usize) == Some(result),
                _ => false,
            };
            Some(
                names.len() == structure.reductions.len()
                    && results.len() == subscripts.len()
                    && subscripts.iter().zip(&results).all(|(subscript, result)| is_term(subscript, result)),
            )
        };
        let mut all = maps.len() == structure.operands.len();
        for (map, subscripts) in maps.into_iter().zip(&structure.operands) {
            all &= usual(subscripts, map)?;
        }
        Some(all)
    }

    /// Names of the dimensions and texts of the results of a map without symbols.
    fn names_and_results(&self, map: Tokens) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
        let source = self.source;
        let map = self.resolved(map);
        let texts = |open| Some(source.list(open)?.into_iter().map(|tokens| source.text(tokens)).collect());
        if source.token(map.0) != "affine_map" || source.kind(map.0 + 1) != TokenKind::Less {
            return None;
        }
        let arrow = source.scan.behind(map.0 + 2);
        if source.kind(arrow) != TokenKind::Arrow {
            return None;
        }
        Some((texts(map.0 + 2)?, texts(arrow + 1)?))
    }

    fn is_identity(&self, map: Tokens) -> bool {
        self.names_and_results(map).is_some_and(|(names, results)| names == results)
    }

    /// Whether a map has its last dimensions as results.
    pub(super) fn is_minor_identity(&self, map: Tokens) -> Option<bool> {
        let (names, results) = self.names_and_results(map)?;
        Some(names.ends_with(&results))
    }

    /// `map`, `reduce`, `transpose`, `broadcast`.
    pub(super) fn linalg_short(&mut self, op: &Generic<'a>, attribute: &str, accumulates: bool) -> Option<()> {
        let region = *op.regions.first()?;
        let has_body = op.record.has_short_body();
        // `reduce` has as many outputs as inputs, the others one output.
        let inputs = if accumulates { op.operands.len() / 2 } else { op.operands.len().checked_sub(1)? };
        let short = if has_body { self.short_body(region, inputs, accumulates) } else { None };
        if let Some((name, attributes)) = &short {
            self.word("{");
            self.word(name);
            self.word(attributes.as_deref().unwrap_or_default());
            self.word("}");
        }
        self.inputs_and_outputs(op, inputs);
        let mut written = Vec::new();
        if !attribute.is_empty() {
            written.push(attribute);
            self.word(attribute);
            self.word("=");
            self.integer_list(op.attribute(attribute)?)?;
        }
        self.rest(op, &written);
        if has_body && short.is_none() {
            let entry = self.source.entry(region)?;
            self.out.push_str(" (");
            for (i, &(name, ty)) in entry.arguments.iter().enumerate() {
                if i > 0 {
                    self.out.push(',');
                }
                self.tokens(name);
                self.word(":");
                self.tokens(ty);
            }
            self.out.push(')');
            self.body(&entry, false);
        }
        Some(())
    }

    /// Name and attributes of the one operation of a body whose operands are the block's arguments in their order, those of the
    /// outputs first where the operation `accumulates`.
    pub(super) fn short_body(
        &self,
        region: usize,
        inputs: usize,
        accumulates: bool,
    ) -> Option<(&'a str, Option<String>)> {
        let source = self.source;
        let entry = source.entry(region)?;
        // `%r = "name"(...)`, then the end of the block.
        let name = entry.start + 2;
        if source.kind(entry.start) != TokenKind::ValueId
            || source.kind(entry.start + 1) != TokenKind::Equal
            || !source.starts_generic(name)
        {
            return None;
        }
        let inner = source.generic(name)?;
        let last = Some(inner.end).filter(|&end| source.starts_generic(end)).and_then(|end| source.generic(end))?;
        let result = source.token(entry.start);
        let yields = last.record.is_terminator && last.operands.len() == 1 && source.text(last.operands[0]) == result;
        let names: Vec<&str> = entry.names().iter().map(|&name| source.text(name)).collect();
        let (ins, outs) = names.split_at_checked(inputs)?;
        let wanted = if accumulates { [outs, ins].concat() } else { ins.to_vec() };
        let given: Vec<&str> = inner.operands.iter().map(|&operand| source.text(operand)).collect();
        if !yields || given != wanted || !inner.regions.is_empty() {
            return None;
        }
        let written: Vec<String> = inner
            .attributes
            .iter()
            .filter(|attribute| is_written(source, attribute.name, attribute.value))
            .map(|attribute| format!("{} = {}", attribute.name, source.text(attribute.value)))
            .collect();
        let attributes = (!written.is_empty()).then(|| format!("{{{}}}", written.join(", ")));
        Some((inner.record.name, attributes))
    }

    /// ` { operation }` of a masked operation, whose region ends with the operation that yields its results.
    pub(super) fn masked(&mut self, region: usize) -> Option<()> {
        let source = self.source;
        let entry = source.entry(region)?;
        let mut at = entry.start;
        while at < entry.end && !source.starts_generic(at) {
            at += 1;
        }
        let end = source.generic(at)?.end;
        self.out.push_str(" {");
        self.copy((at, end));
        self.word("}");
        Some(())
    }
}
