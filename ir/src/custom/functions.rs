//! `builtin`, `func`, `cf` and `scf`.

use super::generic::{Generic, Tokens};
use super::writer::Writer;
use crate::lexer::TokenKind;

impl<'a> Writer<'a> {
    pub(super) fn module(&mut self, op: &Generic<'a>) -> Option<()> {
        if let Some(name) = op.attribute("sym_name") {
            self.symbol(name)?;
        }
        self.rest_behind("attributes", op, &["sym_name"]);
        self.plain_body(*op.regions.first()?, false)
    }

    pub(super) fn function(&mut self, op: &Generic<'a>) -> Option<()> {
        let source = self.source;
        if let Some(visibility) = op.attribute("sym_visibility") {
            let visibility = self.string(visibility)?;
            self.word(visibility);
        }
        self.symbol(op.attribute("sym_name")?)?;
        let ty = self.resolved(op.attribute("function_type")?);
        let inputs = source.list(ty.0)?;
        let arrow = source.scan.behind(ty.0);
        let results = match source.kind(arrow + 1) {
            TokenKind::LeftParen => source.list(arrow + 1)?,
            _ => vec![(arrow + 1, ty.1)],
        };
        let entry = source.entry(*op.regions.first()?)?;
        let is_declared = source.is_empty_region(op.regions[0]);
        if !is_declared && entry.arguments.len() != inputs.len() {
            return None;
        }
        let argument_attributes = self.dictionaries(op, "arg_attrs")?;
        self.out.push('(');
        for (i, &input) in inputs.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            if !is_declared {
                self.out.push_str(source.text(entry.arguments[i].0));
                self.word(":");
            }
            self.tokens(input);
            argument_attributes.get(i).copied().flatten().into_iter().for_each(|tokens| self.tokens(tokens));
        }
        self.out.push(')');
        self.returned(op, &results)?;
        self.rest_behind("attributes", op, &["sym_name", "sym_visibility", "function_type", "arg_attrs", "res_attrs"]);
        if !is_declared {
            self.body(&entry, false);
        }
        Some(())
    }

    /// ` -> (type {...}, ...)`.
    fn returned(&mut self, op: &Generic<'a>, results: &[Tokens]) -> Option<()> {
        let attributes = self.dictionaries(op, "res_attrs")?;
        if attributes.is_empty() {
            self.results(results);
            return Some(());
        }
        self.word("-> (");
        for (i, &result) in results.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.tokens(result);
            attributes.get(i).copied().flatten().into_iter().for_each(|tokens| self.tokens(tokens));
        }
        self.out.push(')');
        Some(())
    }

    /// The dictionaries of a list, without those that are empty.
    fn dictionaries(&self, op: &Generic<'a>, name: &str) -> Option<Vec<Option<Tokens>>> {
        let Some(value) = op.attribute(name) else { return Some(Vec::new()) };
        let filled = |&tokens: &Tokens| tokens.0 + 2 < tokens.1;
        Some(self.source.list(value.0)?.into_iter().map(|tokens| Some(tokens).filter(filled)).collect())
    }

    pub(super) fn conversion_cast(&mut self, op: &Generic<'a>) -> Option<()> {
        if !op.operands.is_empty() {
            self.typed(&op.operands, &op.inputs);
        }
        self.word("to");
        self.list(&op.results);
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn call_indirect(&mut self, op: &Generic<'a>) -> Option<()> {
        let (callee, arguments) = op.operands.split_first()?;
        self.tokens(*callee);
        self.parenthesised(arguments);
        self.rest(op, &[]);
        self.word(":");
        self.tokens(op.inputs[0]);
        Some(())
    }

    /// ` ^block(%a, %b : types)`.
    fn successor(&mut self, block: Tokens, values: &[Tokens], types: &[Tokens]) {
        self.tokens(block);
        if !values.is_empty() {
            self.out.push('(');
            self.typed(values, types);
            self.out.push(')');
        }
    }

    pub(super) fn branch(&mut self, op: &Generic<'a>) -> Option<()> {
        self.successor(*op.successors.first()?, &op.operands, &op.inputs);
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn conditional_branch(&mut self, op: &Generic<'a>) -> Option<()> {
        let [condition, yes, no] = self.segments(op)?[..] else { return None };
        let [first, second] = op.successors[..] else { return None };
        if condition != 1 {
            return None;
        }
        self.tokens(op.operands[0]);
        if let Some(weights) = op.attribute("branch_weights") {
            self.word("weights(");
            self.integer_list(weights)?;
            self.out.push(')');
        }
        let end = 1 + yes + no;
        for (block, range) in [(first, 1..1 + yes), (second, 1 + yes..end)] {
            self.out.push(',');
            self.successor(block, &op.operands[range.clone()], &op.inputs[range]);
        }
        self.rest(op, &["branch_weights"]);
        Some(())
    }

    pub(super) fn switch(&mut self, op: &Generic<'a>) -> Option<()> {
        let [flag, default, _] = self.segments(op)?[..] else { return None };
        let segments = self.integers(op.attribute("case_operand_segments")?)?;
        let mut sizes = vec![default];
        sizes.extend(segments.into_iter().map(|size| usize::try_from(size).ok()).collect::<Option<Vec<_>>>()?);
        let cases = match op.attribute("case_values") {
            Some(value) => self.dense_elements(value)?,
            None => Vec::new(),
        };
        if flag != 1 || sizes.len() != op.successors.len() || cases.len() + 1 != sizes.len() {
            return None;
        }
        self.typed(&op.operands[..1], &op.inputs[..1]);
        self.out.push_str(", [");
        let mut from = 1usize;
        for (i, (&block, &size)) in op.successors.iter().zip(&sizes).enumerate() {
            let end = from.checked_add(size).filter(|&end| end <= op.operands.len())?;
            if i == 0 {
                self.word("default:");
            } else {
                self.out.push(',');
                self.case(cases[i - 1], op.inputs[0]);
                self.out.push(':');
            }
            self.successor(block, &op.operands[from..end], &op.inputs[from..end]);
            from = end;
        }
        self.out.push(']');
        self.rest(op, &["case_operand_segments", "case_values"]);
        Some(())
    }

    /// A case of a switch, which upstream prints without a sign.
    fn case(&mut self, case: Tokens, flag: Tokens) {
        let bits = self.source.text(flag).strip_prefix('i').and_then(|bits| bits.parse::<u32>().ok());
        match (self.source.text(case).parse::<i128>(), bits) {
            (Ok(number), Some(bits @ ..=64)) if number < 0 => self.word(&(number + (1 << bits)).to_string()),
            _ => self.tokens(case),
        }
    }

    /// The elements of `dense<[1, 2]> : type`, or the one of `dense<1>`.
    pub(super) fn dense_elements(&self, value: Tokens) -> Option<Vec<Tokens>> {
        let source = self.source;
        let open = value.0 + 1;
        if source.token(value.0) != "dense" || source.kind(open) != TokenKind::Less {
            return None;
        }
        match source.kind(open + 1) {
            TokenKind::LeftBracket => source.list(open + 1),
            _ => Some(vec![(open + 1, source.scan.closing(open))]),
        }
    }

    pub(super) fn scf_for(&mut self, op: &Generic<'a>) -> Option<()> {
        let entry = self.source.entry(*op.regions.first()?)?;
        let (names, carried) = (entry.names(), op.operands.get(3..)?);
        if op.has("unsignedCmp") {
            self.word("unsigned");
        }
        self.tokens(*names.first()?);
        for (word, operand) in ["=", "to", "step"].into_iter().zip(&op.operands) {
            self.word(word);
            self.tokens(*operand);
        }
        self.iteration_arguments(&names[1..], carried, &op.results)?;
        if self.source.text(op.inputs[0]) != "index" {
            self.word(":");
            self.tokens(op.inputs[0]);
        }
        self.body(&entry, carried.is_empty());
        self.rest(op, &["unsignedCmp"]);
        Some(())
    }

    pub(super) fn scf_if(&mut self, op: &Generic<'a>) -> Option<()> {
        self.tokens(*op.operands.first()?);
        self.result_list(&op.results);
        self.then_else(op)?;
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn scf_while(&mut self, op: &Generic<'a>) -> Option<()> {
        let [before, after] = op.regions[..] else { return None };
        let entry = self.source.entry(before)?;
        if !op.operands.is_empty() {
            self.out.push(' ');
            self.assignments(&entry.names(), &op.operands)?;
        }
        self.function_type(op);
        self.body(&entry, false);
        self.word("do");
        self.region(after);
        self.rest_behind("attributes", op, &[]);
        Some(())
    }

    pub(super) fn scf_parallel(&mut self, op: &Generic<'a>) -> Option<()> {
        let entry = self.source.entry(*op.regions.first()?)?;
        let sizes = self.segments(op)?;
        self.out.push(' ');
        self.parenthesised(&entry.names());
        let mut from = 0;
        for (word, &size) in ["=", "to", "step", "init"].into_iter().zip(&sizes) {
            if size > 0 || word != "init" {
                self.word(word);
                self.out.push(' ');
                self.parenthesised(&op.operands[from..from + size]);
            }
            from += size;
        }
        self.results(&op.results);
        self.body(&entry, false);
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn scf_reduce(&mut self, op: &Generic<'a>) -> Option<()> {
        if !op.operands.is_empty() {
            self.out.push('(');
            self.typed(&op.operands, &op.inputs);
            self.out.push(')');
        }
        for (i, &region) in op.regions.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.region(region);
        }
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn scf_forall(&mut self, op: &Generic<'a>) -> Option<()> {
        let entry = self.source.entry(*op.regions.first()?)?;
        let [lower, upper, step, shared] = self.segments(op)?[..] else { return None };
        let [low, high, by] =
            [op.attribute("staticLowerBound")?, op.attribute("staticUpperBound")?, op.attribute("staticStep")?];
        let names = entry.names();
        let loops = names.len().checked_sub(shared)?;
        self.out.push(' ');
        self.parenthesised(&names[..loops]);
        let (bounds, outputs) = op.operands.split_at(lower + upper + step);
        let usual = |writer: &Self, value, usual| Some(writer.integers(value)?.iter().all(|&n| n == usual));
        if lower + step == 0 && usual(self, low, 0)? && usual(self, by, 1)? {
            self.word("in ");
            self.mixed(high, bounds, ['(', ')'])?;
        } else {
            let parts = [
                ("= ", low, &bounds[..lower]),
                ("to ", high, &bounds[lower..lower + upper]),
                ("step ", by, &bounds[lower + upper..]),
            ];
            for (word, integers, values) in parts {
                self.word(word);
                self.mixed(integers, values, ['(', ')'])?;
            }
        }
        if shared > 0 {
            self.word("shared_outs");
            self.assignments(&names[loops..], outputs)?;
            self.result_list(&op.results);
        }
        self.body(&entry, op.results.is_empty());
        self.rest(op, &["staticLowerBound", "staticUpperBound", "staticStep"]);
        Some(())
    }

    /// A region and nothing else.
    pub(super) fn only_region(&mut self, op: &Generic<'a>) -> Option<()> {
        self.plain_body(*op.regions.first()?, false)?;
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn execute_region(&mut self, op: &Generic<'a>) -> Option<()> {
        self.results(&op.results);
        if op.has("no_inline") {
            self.word("no_inline");
        }
        self.region(*op.regions.first()?);
        self.rest(op, &["no_inline"]);
        Some(())
    }

    pub(super) fn index_switch(&mut self, op: &Generic<'a>) -> Option<()> {
        let (default, cases) = op.regions.split_first()?;
        let numbers = self.array(op.attribute("cases")?)?;
        if numbers.len() != cases.len() {
            return None;
        }
        self.tokens(*op.operands.first()?);
        self.rest(op, &["cases"]);
        self.results(&op.results);
        for (number, &region) in numbers.into_iter().zip(cases) {
            self.word("case");
            self.tokens(number);
            self.plain_body(region, false)?;
        }
        self.word("default");
        self.plain_body(*default, op.results.is_empty())
    }
}
