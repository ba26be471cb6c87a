//! `stablehlo`.

use super::generic::{Generic, Tokens};
use super::writer::{Writer, is_written};
use crate::lexer::TokenKind;
use crate::registry::syntax::{HloNames, HloTypes};

/// The attribute of all products.
const PRECISION: &str = "precision_config";

impl<'a> Writer<'a> {
    /// The common form: values and named attributes with commas between them, and types.
    pub(super) fn hlo(&mut self, op: &Generic<'a>, names: HloNames, types: HloTypes) -> Option<()> {
        if !op.regions.is_empty() {
            return None;
        }
        let mut written: Vec<&str> = names.iter().map(|name| name.1).collect();
        self.list(&op.operands);
        let mut comma = !op.operands.is_empty();
        for (short, name) in names {
            let value = op.attribute(name)?;
            self.out.push_str(if comma { "," } else { "" });
            comma = true;
            self.word(short);
            self.word("=");
            match self.array(value) {
                Some(_) => self.integer_list(value)?,
                None if self.source.kind(value.0) == TokenKind::HashId => self.word(self.last_word(value)?),
                None => self.tokens(self.without_type(value)),
            }
        }
        if let Some(numbers) = op.attribute("dot_dimension_numbers") {
            written.push("dot_dimension_numbers");
            self.dot_dimensions(numbers)?;
        }
        if let Some(precision) = op.attribute(PRECISION) {
            written.push(PRECISION);
            self.precision(precision)?;
        }
        // Attributes without a place in the form: the operation has only its generic form.
        let is_discardable = |name: &str| name.contains('.');
        let others = |name: &str, value| {
            !written.contains(&name) && !is_discardable(name) && is_written(self.source, name, value)
        };
        if op.attributes.iter().any(|attribute| others(attribute.name, attribute.value)) {
            return None;
        }
        self.rest(op, &written);
        self.hlo_types(op, types);
        Some(())
    }

    fn hlo_types(&mut self, op: &Generic<'a>, types: HloTypes) {
        let mut texts = op.inputs.iter().chain(&op.results).map(|&ty| self.source.text(ty));
        let first = texts.next();
        let is_same = texts.all(|text| Some(text) == first);
        let rest_is_same = match (types, &op.inputs[..], &op.results[..]) {
            (HloTypes::Selection, &[_, a, b], &[result]) => {
                let result = self.source.text(result);
                self.source.text(a) == result && self.source.text(b) == result
            }
            _ => false,
        };
        match types {
            HloTypes::Shared | HloTypes::Selection if is_same => {
                self.typed(&[], &op.results[..op.results.len().min(1)])
            }
            HloTypes::Selection if rest_is_same => self.typed(&[], &op.inputs[..2]),
            HloTypes::Result => self.typed(&[], &op.results),
            HloTypes::Each => self.typed(&[], &op.inputs),
            HloTypes::Arrow if op.inputs.len() == 1 => {
                self.typed(&[], &op.inputs);
                self.results(&op.results);
            }
            _ => self.function_type(op),
        }
    }

    /// `, batching_dims = [0] x [0], contracting_dims = [1] x [0]`.
    fn dot_dimensions(&mut self, value: Tokens) -> Option<()> {
        let source = self.source;
        if source.kind(value.0 + 1) != TokenKind::Less {
            return None;
        }
        let entries = source.items(value.0 + 2, source.scan.closing(value.0 + 1));
        let list = |name: &str| {
            let entry = entries.iter().find(|entry| source.token(entry.0) == name);
            entry.map_or("[]", |&(start, end)| source.text((start + 2, end)))
        };
        for kind in ["batching", "contracting"] {
            let sides = ["lhs", "rhs"].map(|side| list(&format!("{side}_{kind}_dimensions")));
            if kind == "contracting" || sides[0] != "[]" {
                self.out.push_str(&format!(", {kind}_dims = {} x {}", sides[0], sides[1]));
            }
        }
        Some(())
    }

    /// `, precision = [DEFAULT, DEFAULT]`.
    fn precision(&mut self, value: Tokens) -> Option<()> {
        let items = self.source.list(value.0)?;
        if items.is_empty() {
            return Some(());
        }
        let words: Vec<&str> = items.into_iter().map(|item| self.last_word(item)).collect::<Option<_>>()?;
        self.out.push_str(&format!(", precision = [{}]", words.join(", ")));
        Some(())
    }

    pub(super) fn hlo_compare(&mut self, op: &Generic<'a>) -> Option<()> {
        self.word(self.last_word(op.attribute("comparison_direction")?)?);
        self.out.push(',');
        self.list(&op.operands);
        if let Some(kind) = op.attribute("compare_type") {
            let kind = self.last_word(kind)?;
            if kind != "NOTYPE" {
                self.out.push(',');
                self.word(kind);
            }
        }
        self.rest(op, &["comparison_direction", "compare_type"]);
        self.function_type(op);
        Some(())
    }

    pub(super) fn hlo_reduce(&mut self, op: &Generic<'a>) -> Option<()> {
        let pairs = op.operands.len() / 2;
        let region = *op.regions.first()?;
        for i in 0..pairs {
            self.out.push_str(if i == 0 { "(" } else { ", (" });
            self.tokens(op.operands[i]);
            self.word("init:");
            self.tokens(op.operands[pairs + i]);
            self.out.push(')');
        }
        let applied = if pairs == 1 { self.applied_operation(region) } else { None };
        if let Some(name) = applied {
            self.word("applies");
            self.word(name);
        }
        self.word("across dimensions =");
        self.integer_list(op.attribute("dimensions")?)?;
        self.rest(op, &["dimensions"]);
        self.function_type(op);
        if applied.is_none() {
            let entry = self.source.entry(region)?;
            let (firsts, seconds) = entry.arguments.split_at_checked(pairs)?;
            self.out.push_str("\n reducer");
            for (first, second) in firsts.iter().zip(seconds) {
                self.out.push('(');
                self.typed(&[first.0], &[first.1]);
                self.out.push(',');
                self.typed(&[second.0], &[second.1]);
                self.out.push(')');
            }
            self.body(&entry, false);
        }
        Some(())
    }

    /// The operation of a reducer that is one operation over its two arguments.
    fn applied_operation(&self, region: usize) -> Option<&'a str> {
        let (name, attributes) = self.short_body(region, 2, false)?;
        attributes.is_none().then_some(name)
    }

    pub(super) fn hlo_while(&mut self, op: &Generic<'a>) -> Option<()> {
        let [condition, body] = op.regions[..] else { return None };
        let entries = [self.source.entry(condition)?, self.source.entry(body)?];
        self.assignments(&entries[0].names(), &op.operands)?;
        self.word(":");
        self.list(&op.results);
        self.rest_behind("attributes", op, &[]);
        self.word("cond");
        self.body(&entries[0], false);
        self.word("do");
        // `while (%a = %init)` names the arguments once: the second region is renamed to the names of the first.
        let renamed = entries[1].names().into_iter().zip(entries[0].names());
        let outer = self.renamed.clone();
        for (from, to) in renamed {
            self.renamed.insert(self.source.text(from), self.source.text(to));
        }
        self.body(&entries[1], false);
        self.renamed = outer;
        Some(())
    }

    pub(super) fn hlo_custom_call(&mut self, op: &Generic<'a>) -> Option<()> {
        self.symbol(op.attribute("call_target_name")?)?;
        self.parenthesised(&op.operands);
        self.rest(op, &["call_target_name"]);
        self.function_type(op);
        Some(())
    }

    pub(super) fn hlo_convolution(&mut self, op: &Generic<'a>) -> Option<()> {
        let source = self.source;
        let numbers = op.attribute("dimension_numbers")?;
        if source.kind(numbers.0 + 1) != TokenKind::Less {
            return None;
        }
        self.parenthesised(&op.operands);
        self.word("dim_numbers =");
        self.tokens((numbers.0 + 2, source.scan.closing(numbers.0 + 1)));
        self.out.push_str(", window = {");
        let parts = [
            ("stride", "window_strides"),
            ("pad", "padding"),
            ("lhs_dilate", "lhs_dilation"),
            ("rhs_dilate", "rhs_dilation"),
            ("reverse", "window_reversal"),
        ];
        let mut comma = "";
        for (short, name) in parts {
            let Some(value) = op.attribute(name) else { continue };
            self.out.push_str(comma);
            comma = ", ";
            self.word(short);
            self.word("=");
            match name {
                "padding" => self.padding(value)?,
                _ => self.integer_list(value)?,
            }
        }
        self.out.push('}');
        let mut written: Vec<&str> = parts.iter().map(|part| part.1).collect();
        written.push("dimension_numbers");
        self.rest(op, &written);
        self.function_type(op);
        Some(())
    }

    /// `[[1, 1], [1, 1]]` of `dense<1> : tensor<2x2xi64>`.
    fn padding(&mut self, value: Tokens) -> Option<()> {
        let source = self.source;
        let (open, close) = (value.0 + 1, source.scan.closing(value.0 + 1));
        if source.kind(open + 1) == TokenKind::LeftBracket {
            self.tokens((open + 1, close));
            return Some(());
        }
        // A splat: the type says how many dimensions it has.
        let ty = source.text((source.find(TokenKind::Colon, close, value.1) + 1, value.1));
        let rows: usize = ty.strip_prefix("tensor<")?.split('x').next()?.parse().ok().filter(|&rows| rows <= 64)?;
        let element = source.text((open + 1, close));
        let row = format!("[{element}, {element}]");
        self.word(&format!("[{}]", vec![row; rows].join(", ")));
        Some(())
    }

    pub(super) fn hlo_slice(&mut self, op: &Generic<'a>) -> Option<()> {
        let [starts, limits, strides] = ["start_indices", "limit_indices", "strides"].map(|name| op.attribute(name));
        let [starts, limits, strides] = [self.integers(starts?)?, self.integers(limits?)?, self.integers(strides?)?];
        self.tokens(*op.operands.first()?);
        let ranges: Vec<String> = (starts.iter().zip(&limits).zip(&strides))
            .map(|((start, limit), &stride)| match stride {
                1 => format!("{start}:{limit}"),
                _ => format!("{start}:{limit}:{stride}"),
            })
            .collect();
        self.word(&format!("[{}]", ranges.join(", ")));
        self.rest(op, &["start_indices", "limit_indices", "strides"]);
        self.function_type(op);
        Some(())
    }
}
