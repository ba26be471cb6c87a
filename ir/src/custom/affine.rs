//! `affine`: subscripts and bounds with the operands in the places of a map's dimensions and symbols.

use super::generic::{Generic, Tokens};
use super::writer::Writer;
use crate::lexer::TokenKind;
use crate::parse::format::REDUCTIONS;

/// A map as tokens: its names, and the expressions of its results.
struct Map<'a> {
    dimensions: Vec<&'a str>,
    symbols: Vec<&'a str>,
    results: Vec<Tokens>,
}

impl Map<'_> {
    fn operands(&self) -> usize {
        self.dimensions.len() + self.symbols.len()
    }
}

impl<'a> Writer<'a> {
    /// `affine_map<(d0)[s0] -> (d0 + s0)>`, or an alias of one.
    fn map(&self, value: Tokens) -> Option<Map<'a>> {
        let source = self.source;
        let value = self.resolved(value);
        if source.token(value.0) != "affine_map" || source.kind(value.0 + 1) != TokenKind::Less {
            return None;
        }
        let names = |open: usize| -> Option<Vec<&'a str>> {
            Some(source.list(open)?.into_iter().map(|name| source.text(name)).collect())
        };
        let mut at = value.0 + 2;
        let dimensions = names(at)?;
        at = source.scan.behind(at);
        let mut symbols = Vec::new();
        if source.kind(at) == TokenKind::LeftBracket {
            symbols = names(at)?;
            at = source.scan.behind(at);
        }
        if source.kind(at) != TokenKind::Arrow {
            return None;
        }
        Some(Map { dimensions, symbols, results: source.list(at + 1)? })
    }

    /// An expression of a map with operands for its names.
    fn expression(&mut self, map: &Map<'a>, expression: Tokens, operands: &[Tokens]) -> Option<()> {
        let source = self.source;
        for at in expression.0..expression.1 {
            if self.is_full() {
                return None;
            }
            let name = source.token(at);
            if source.kind(at) != TokenKind::BareId {
                self.word(name);
            } else if let Some(dimension) = map.dimensions.iter().position(|&d| d == name) {
                self.tokens(*operands.get(dimension)?);
            } else if let Some(symbol) = map.symbols.iter().position(|&s| s == name) {
                self.word("symbol(");
                self.tokens(*operands.get(map.dimensions.len() + symbol)?);
                self.out.push(')');
            } else {
                self.word(name);
            }
        }
        Some(())
    }

    /// `[%i + 1, %j]`.
    pub(super) fn subscripts(&mut self, op: &Generic<'a>, name: &str, operands: &[Tokens]) -> Option<()> {
        let map = self.map(op.attribute(name)?)?;
        if map.operands() != operands.len() {
            return None;
        }
        self.out.push('[');
        for (i, &result) in map.results.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.expression(&map, result, operands)?;
        }
        self.out.push(']');
        Some(())
    }

    /// ` map(%a)[%b]`.
    fn applied(&mut self, value: Tokens, operands: &[Tokens], dimensions: usize) -> Option<()> {
        self.tokens(value);
        self.parenthesised(operands.get(..dimensions)?);
        if dimensions < operands.len() {
            self.out.push('[');
            self.list(&operands[dimensions..]);
            self.out.push(']');
        }
        Some(())
    }

    pub(super) fn affine_apply(&mut self, op: &Generic<'a>) -> Option<()> {
        let value = op.attribute("map")?;
        let map = self.map(value)?;
        self.applied(value, &op.operands, map.dimensions.len())?;
        self.rest(op, &["map"]);
        Some(())
    }

    pub(super) fn affine_load(&mut self, op: &Generic<'a>, vector: bool) -> Option<()> {
        self.tokens(*op.operands.first()?);
        self.subscripts(op, "map", &op.operands[1..])?;
        self.rest(op, &["map"]);
        self.word(":");
        self.tokens(op.inputs[0]);
        if vector {
            self.out.push(',');
            self.list(&op.results);
        }
        Some(())
    }

    pub(super) fn affine_store(&mut self, op: &Generic<'a>, vector: bool) -> Option<()> {
        let [value, target, subscripts @ ..] = &op.operands[..] else { return None };
        self.list(&[*value, *target]);
        self.subscripts(op, "map", subscripts)?;
        self.rest(op, &["map"]);
        self.word(":");
        self.tokens(op.inputs[1]);
        if vector {
            self.out.push(',');
            self.tokens(op.inputs[0]);
        }
        Some(())
    }

    /// A bound: a number, a value, or a map with operands.
    fn bound(&mut self, value: Tokens, operands: &[Tokens], prefix: &str) -> Option<()> {
        let map = self.map(value)?;
        if map.operands() != operands.len() {
            return None;
        }
        let source = self.source;
        if let [result] = map.results[..] {
            let (text, symbol) = (source.text(result), map.symbols.first().copied());
            if operands.is_empty() && text.parse::<i64>().is_ok() {
                self.tokens(result);
                return Some(());
            }
            if map.dimensions.is_empty() && map.symbols.len() == 1 && symbol == Some(text) {
                self.tokens(operands[0]);
                return Some(());
            }
        } else {
            self.word(prefix);
        }
        self.applied(value, operands, map.dimensions.len())
    }

    pub(super) fn affine_for(&mut self, op: &Generic<'a>) -> Option<()> {
        let [lower, upper, carried] = self.segments(op)?[..] else { return None };
        let entry = self.source.entry(*op.regions.first()?)?;
        let names = entry.names();
        self.tokens(*names.first()?);
        self.word("=");
        self.bound(op.attribute("lowerBoundMap")?, &op.operands[..lower], "max")?;
        self.word("to");
        self.bound(op.attribute("upperBoundMap")?, &op.operands[lower..lower + upper], "min")?;
        let step = self.without_type(op.attribute("step")?);
        if self.source.text(step) != "1" {
            self.word("step");
            self.tokens(step);
        }
        self.iteration_arguments(&names[1..], &op.operands[lower + upper..], &op.results)?;
        self.body(&entry, carried == 0);
        self.rest(op, &["lowerBoundMap", "upperBoundMap", "step"]);
        Some(())
    }

    pub(super) fn affine_if(&mut self, op: &Generic<'a>) -> Option<()> {
        let value = op.attribute("condition")?;
        let (source, set) = (self.source, self.resolved(op.attribute("condition")?));
        // `affine_set<(d0)[s0] : (...)>`.
        let dimensions = source.list(set.0 + 2).filter(|_| source.token(set.0) == "affine_set")?.len();
        self.applied(value, &op.operands, dimensions)?;
        self.result_list(&op.results);
        self.then_else(op)?;
        self.rest(op, &["condition"]);
        Some(())
    }

    /// ` {...} else {...}`.
    pub(super) fn then_else(&mut self, op: &Generic<'a>) -> Option<()> {
        let [then, otherwise] = op.regions[..] else { return None };
        let implied = op.results.is_empty();
        self.plain_body(then, implied)?;
        if !self.source.is_empty_region(otherwise) {
            self.word("else");
            self.plain_body(otherwise, implied)?;
        }
        Some(())
    }

    pub(super) fn affine_parallel(&mut self, op: &Generic<'a>) -> Option<()> {
        let entry = self.source.entry(*op.regions.first()?)?;
        let maps = [self.map(op.attribute("lowerBoundsMap")?)?, self.map(op.attribute("upperBoundsMap")?)?];
        self.out.push(' ');
        self.parenthesised(&entry.names());
        let (lower, upper) = op.operands.split_at_checked(maps[0].operands())?;
        let groups =
            ["lowerBoundsGroups", "upperBoundsGroups"].map(|name| self.group_sizes(op, name, entry.arguments.len()));
        let [lower_groups, upper_groups] = groups;
        self.grouped_bounds(["=", "max("], &maps[0], lower, &lower_groups?)?;
        self.grouped_bounds(["to", "min("], &maps[1], upper, &upper_groups?)?;
        let steps: Vec<Tokens> =
            self.source.list(op.attribute("steps")?.0)?.into_iter().map(|step| self.without_type(step)).collect();
        if steps.iter().any(|&step| self.source.text(step) != "1") {
            self.word("step ");
            self.parenthesised(&steps);
        }
        self.reductions(op)?;
        self.result_list(&op.results);
        self.body(&entry, op.results.is_empty());
        let written =
            ["lowerBoundsMap", "upperBoundsMap", "lowerBoundsGroups", "upperBoundsGroups", "steps", "reductions"];
        self.rest(op, &written);
        Some(())
    }

    /// How many results of a map are bounds of each loop.
    fn group_sizes(&self, op: &Generic<'a>, name: &str, loops: usize) -> Option<Vec<usize>> {
        let sizes = self.dense_elements(op.attribute(name)?)?;
        let sizes: Vec<usize> =
            sizes.into_iter().map(|size| self.source.text(size).parse().ok()).collect::<Option<_>>()?;
        Some(if sizes.len() == 1 { vec![sizes[0]; loops] } else { sizes })
    }

    /// ` = (0, max(%a, %b))`.
    fn grouped_bounds(&mut self, words: [&str; 2], map: &Map<'a>, operands: &[Tokens], groups: &[usize]) -> Option<()> {
        self.word(words[0]);
        self.out.push_str(" (");
        let mut results = map.results.iter();
        for (i, &size) in groups.iter().enumerate() {
            self.out.push_str(if i > 0 { ", " } else { "" });
            self.out.push_str(if size > 1 { words[1] } else { "" });
            for k in 0..size {
                self.out.push_str(if k > 0 { "," } else { "" });
                self.expression(map, *results.next()?, operands)?;
            }
            self.out.push_str(if size > 1 { ")" } else { "" });
        }
        self.out.push(')');
        results.next().is_none().then_some(())
    }

    /// ` reduce ("addf")`.
    fn reductions(&mut self, op: &Generic<'a>) -> Option<()> {
        let all = self.source.list(op.attribute("reductions")?.0)?;
        if all.is_empty() {
            return Some(());
        }
        let mut words = Vec::new();
        for number in all {
            let number: usize = self.source.text(self.without_type(number)).parse().ok()?;
            words.push(format!("\"{}\"", REDUCTIONS.get(number)?));
        }
        self.word(&format!("reduce ({})", words.join(", ")));
        Some(())
    }
}
