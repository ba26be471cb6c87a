//! Forms that the registry has as format strings, written by the engine that the parser reads them with.

use super::generic::{Generic, Source, Tokens};
use super::writer::{Writer, is_written};
use crate::lexer::TokenKind;
use crate::parse::format::{CompiledFormat, Count, Item, ROUNDING, Slot, compiled, numbered_words};

/// An operation with its operands in groups.
struct Grouped<'g, 'a> {
    op: &'g Generic<'a>,
    format: &'static CompiledFormat,
    /// Operands and their types.
    groups: Vec<(&'g [Tokens], &'g [Tokens])>,
    /// Attributes that items write.
    written: Vec<&'static str>,
}

pub(super) fn write<'a>(writer: &mut Writer<'a>, op: &Generic<'a>) -> Option<()> {
    let format = compiled(op.record)?;
    let sizes = group_sizes(writer, format, op)?;
    let mut from = 0;
    let mut groups = Vec::with_capacity(sizes.len());
    for size in sizes {
        groups.push((&op.operands[from..from + size], &op.inputs[from..from + size]));
        from += size;
    }
    let mut written = Vec::new();
    collect_attributes(&format.items, &mut written);
    let grouped = Grouped { op, format, groups, written };
    let regions = format.items.iter().filter(|item| matches!(item, Item::Region { .. })).count();
    if regions != op.regions.len() || !op.successors.is_empty() {
        return None;
    }
    items(writer, &grouped, &format.items)
}

fn group_sizes(writer: &Writer<'_>, format: &CompiledFormat, op: &Generic<'_>) -> Option<Vec<usize>> {
    if let Some(sizes) = writer.segments(op) {
        return (sizes.len() == format.groups.len()).then_some(sizes);
    }
    let ones = format.groups.iter().filter(|group| group.1 == Count::One).count();
    let others = format.groups.len() - ones;
    let rest = op.operands.len().checked_sub(ones)?;
    // Several groups without sizes: each of them is empty.
    if (others == 0 || others > 1) && rest > 0 {
        return None;
    }
    Some(format.groups.iter().map(|group| if group.1 == Count::One { 1 } else { rest }).collect())
}

fn collect_attributes(items: &[Item], names: &mut Vec<&'static str>) {
    for item in items {
        match item {
            Item::Attribute { name, .. } | Item::Unit { name, .. } => names.push(name),
            Item::Flags(flags) => names.push(flag_attribute(flags)),
            Item::Indices { attribute, .. } => names.push(attribute),
            Item::Optional(items) => collect_attributes(items, names),
            _ => {}
        }
    }
}

fn flag_attribute(flags: &'static str) -> &'static str {
    match flags {
        "overflow" => "overflowFlags",
        "rounding" => "roundingmode",
        other => other,
    }
}

impl Grouped<'_, '_> {
    /// Whether an item that need not be there is.
    fn has(&self, source: Source<'_>, item: &Item) -> bool {
        match item {
            Item::Operand { group, .. } | Item::Async { group } => !self.groups[*group].0.is_empty(),
            Item::Types { slots, .. } => slots.iter().any(|slot| !self.types(*slot).is_empty()),
            Item::Attribute { name, .. } | Item::Unit { name, .. } => {
                self.op.attribute(name).is_some_and(|value| is_written(source, name, value))
            }
            Item::Indices { attribute, .. } => self.op.has(attribute),
            Item::Optional(items) => items.iter().any(|item| self.has(source, item)),
            _ => false,
        }
    }

    fn types(&self, slot: Slot) -> &[Tokens] {
        match slot {
            Slot::Operand(group) => self.groups[group].1,
            Slot::Result(_) if self.format.results.len() == 1 => &self.op.results,
            Slot::Result(index) => self.op.results.get(index..=index).unwrap_or(&[]),
        }
    }
}

fn items<'a>(writer: &mut Writer<'a>, op: &Grouped<'_, 'a>, all: &[Item]) -> Option<()> {
    all.iter().try_for_each(|item| write_item(writer, op, item))
}

fn write_item<'a>(writer: &mut Writer<'a>, op: &Grouped<'_, 'a>, item: &Item) -> Option<()> {
    match item {
        Item::Token(_, text) | Item::Word(text) => writer.word(text),
        Item::Operand { group, .. } => writer.list(op.groups[*group].0),
        Item::Types { slots, many } => {
            let types = op.types(*slots.first()?);
            writer.list(if *many { types } else { types.get(..1)? });
        }
        Item::Optional(inner) => {
            if op.has(writer.source, item) {
                return items(writer, op, inner);
            }
        }
        Item::Dictionary => writer.rest(op.op, &op.written),
        Item::Function => {
            writer.word("");
            writer.out.push(' ');
            writer.parenthesised(&op.op.inputs);
            if op.op.results.is_empty() {
                writer.word("-> ()");
            }
            writer.results(&op.op.results);
        }
        Item::Attribute { name, kind } => return attribute(writer, op.op.attribute(name)?, kind),
        Item::Unit { word, name } => {
            if op.op.attribute(name).is_some_and(|value| is_written(writer.source, name, value)) {
                writer.word(word);
            }
        }
        Item::Flags(flags) => return write_flags(writer, op.op, flags),
        Item::Indices { group, attribute, open, .. } => {
            let brackets = if *open == TokenKind::LeftParen { ['(', ')'] } else { ['[', ']'] };
            if matches!(brackets[0], '(') {
                writer.out.push(' ');
            }
            return writer.mixed(op.op.attribute(attribute)?, op.groups[*group].0, brackets);
        }
        Item::Region { end } => return writer.plain_body(*op.op.regions.first()?, end.is_some()),
        Item::Async { .. } | Item::Bundles => {
            if op.has(writer.source, item) || (matches!(item, Item::Bundles) && op.op.has("op_bundle_sizes")) {
                return None;
            }
        }
    }
    Some(())
}

fn attribute(writer: &mut Writer<'_>, value: Tokens, kind: &str) -> Option<()> {
    if kind.starts_with("ints") {
        return writer.integer_list(value);
    }
    let words = numbered_words(kind);
    if !words.is_empty() {
        let number: usize = writer.source.text(writer.without_type(value)).parse().ok()?;
        writer.word(words.get(number)?);
        return Some(());
    }
    match kind {
        // The type of an integer is that of the attribute.
        "" if writer.source.kind(value.0) == TokenKind::Integer => writer.tokens(writer.without_type(value)),
        "" | "array" | "hash" | "string" => writer.tokens(value),
        "int" | "index" | "number" => writer.tokens(writer.without_type(value)),
        "symbol" => return writer.symbol(value),
        "word" | "indexcmp" => writer.word(writer.last_word(value)?),
        "angle" => {
            let word = writer.last_word(value)?;
            writer.word(&format!("<{word}>"));
        }
        _ => return None,
    }
    Some(())
}

fn write_flags<'a>(writer: &mut Writer<'a>, op: &Generic<'a>, flags: &'static str) -> Option<()> {
    let name = flag_attribute(flags);
    let Some(value) = op.attribute(name).filter(|&value| is_written(writer.source, name, value)) else {
        return Some(());
    };
    if flags == "rounding" {
        let number: usize = writer.source.text(writer.without_type(value)).parse().ok()?;
        writer.word(ROUNDING.get(number)?);
        return Some(());
    }
    // `#arith.fastmath<contract>`.
    let source = writer.source;
    if source.kind(value.0 + 1) != TokenKind::Less {
        return None;
    }
    writer.word(flags);
    writer.out.push_str(source.text((value.0 + 1, value.1)));
    Some(())
}
