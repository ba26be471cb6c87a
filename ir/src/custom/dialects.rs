//! `arith`, `tensor`, `memref`, `bufferization`, `vector` and `tosa`.

use super::generic::{Generic, Tokens};
use super::writer::Writer;

impl<'a> Writer<'a> {
    pub(super) fn constant(&mut self, op: &Generic<'a>) -> Option<()> {
        self.rest(op, &["value"]);
        self.tokens(op.attribute("value")?);
        Some(())
    }

    pub(super) fn select(&mut self, op: &Generic<'a>) -> Option<()> {
        let [condition, ty, _] = op.inputs[..] else { return None };
        self.list(&op.operands);
        self.rest(op, &[]);
        self.word(":");
        if self.source.text(condition) != "i1" {
            self.tokens(condition);
            self.out.push(',');
        }
        self.tokens(ty);
        Some(())
    }

    pub(super) fn tensor_generate(&mut self, op: &Generic<'a>) -> Option<()> {
        self.list(&op.operands);
        self.region(*op.regions.first()?);
        self.rest(op, &[]);
        self.word(":");
        self.list(&op.results);
        Some(())
    }

    pub(super) fn tensor_pad(&mut self, op: &Generic<'a>) -> Option<()> {
        let [1, low, _] = self.segments(op)?[..] else { return None };
        self.tokens(op.operands[0]);
        if op.has("nofold") {
            self.word("nofold");
        }
        self.word("low");
        self.mixed(op.attribute("static_low")?, &op.operands[1..1 + low], ['[', ']'])?;
        self.word("high");
        self.mixed(op.attribute("static_high")?, &op.operands[1 + low..], ['[', ']'])?;
        self.region(*op.regions.first()?);
        self.rest(op, &["nofold", "static_low", "static_high"]);
        self.word(":");
        self.tokens(op.inputs[0]);
        self.word("to");
        self.list(&op.results);
        Some(())
    }

    pub(super) fn memref_global(&mut self, op: &Generic<'a>) -> Option<()> {
        if let Some(visibility) = op.attribute("sym_visibility") {
            self.tokens(visibility);
        }
        if op.has("constant") {
            self.word("constant");
        }
        self.symbol(op.attribute("sym_name")?)?;
        self.word(":");
        self.tokens(op.attribute("type")?);
        if let Some(value) = op.attribute("initial_value") {
            self.word("=");
            match value.0 < value.1 && self.source.token(value.0) != "unit" {
                true => self.tokens(self.without_type(value)),
                false => self.word("uninitialized"),
            }
        }
        self.rest(op, &["sym_visibility", "constant", "sym_name", "type", "initial_value"]);
        Some(())
    }

    pub(super) fn memref_transpose(&mut self, op: &Generic<'a>) -> Option<()> {
        self.tokens(*op.operands.first()?);
        // `affine_map<(d0, d1) -> (d1, d0)>` without the name and the brackets.
        let map = self.resolved(op.attribute("permutation")?);
        self.tokens((map.0 + 2, map.1.checked_sub(1)?.max(map.0 + 2)));
        self.rest(op, &["permutation"]);
        self.word(":");
        self.tokens(op.inputs[0]);
        self.word("to");
        self.list(&op.results);
        Some(())
    }

    pub(super) fn alloca_scope(&mut self, op: &Generic<'a>) -> Option<()> {
        self.result_list(&op.results);
        self.plain_body(*op.regions.first()?, op.results.is_empty())?;
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn generic_atomic(&mut self, op: &Generic<'a>) -> Option<()> {
        let (memory, indices) = op.operands.split_first()?;
        self.tokens(*memory);
        self.out.push('[');
        self.list(indices);
        self.out.push(']');
        self.word(":");
        self.tokens(op.inputs[0]);
        self.region(*op.regions.first()?);
        self.rest(op, &[]);
        Some(())
    }

    pub(super) fn alloc_tensor(&mut self, op: &Generic<'a>) -> Option<()> {
        let [sizes, copied, hint] = self.segments(op)?[..] else { return None };
        self.parenthesised(&op.operands[..sizes]);
        if copied == 1 {
            self.word("copy");
            self.parenthesised(&op.operands[sizes..=sizes]);
        }
        if hint == 1 {
            self.word("size_hint=");
            self.tokens(op.operands[sizes + copied]);
        }
        self.rest(op, &[]);
        self.word(":");
        self.list(&op.results);
        Some(())
    }

    pub(super) fn prefetch(&mut self, op: &Generic<'a>) -> Option<()> {
        let (memory, indices) = op.operands.split_first()?;
        self.tokens(*memory);
        if op.has("map") {
            self.subscripts(op, "map", indices)?;
        } else {
            self.out.push('[');
            self.list(indices);
            self.out.push(']');
        }
        let is = |writer: &Self, name| Some(writer.source.text(op.attribute(name)?) == "true");
        let write = is(self, "isWrite")?;
        let data = is(self, "isDataCache")?;
        let hint = self.without_type(op.attribute("localityHint")?);
        let hint = self.source.text(hint);
        let (access, cache) = (if write { "write" } else { "read" }, if data { "data" } else { "instr" });
        self.out.push_str(&format!(", {access}, locality<{hint}>, {cache}"));
        self.rest(op, &["map", "isWrite", "isDataCache", "localityHint"]);
        self.word(":");
        self.tokens(op.inputs[0]);
        Some(())
    }

    pub(super) fn vector_contract(&mut self, op: &Generic<'a>) -> Option<()> {
        let (last, others) = op.inputs.split_last()?;
        self.out.push_str(" {indexing_maps =");
        self.tokens(op.attribute("indexing_maps")?);
        self.out.push_str(", ");
        self.iterator_types(op.attribute("iterator_types")?)?;
        self.out.push_str(", kind =");
        self.tokens(op.attribute("kind")?);
        self.out.push('}');
        self.list(&op.operands);
        self.rest(op, &["indexing_maps", "iterator_types", "kind"]);
        self.word(":");
        self.list(others);
        self.word("into");
        self.tokens(*last);
        Some(())
    }

    pub(super) fn vector_outer_product(&mut self, op: &Generic<'a>) -> Option<()> {
        self.list(&op.operands);
        // Upstream prints attributes only behind an accumulator.
        self.rest(op, if op.operands.len() == 2 { &["kind"] } else { &[] });
        self.word(":");
        self.list(op.inputs.get(..2)?);
        Some(())
    }

    /// `%a[%i, %j]`.
    fn indexed(&mut self, values: &[Tokens]) -> Option<()> {
        let (memory, indices) = values.split_first()?;
        self.tokens(*memory);
        self.out.push('[');
        self.list(indices);
        self.out.push(']');
        Some(())
    }

    pub(super) fn transfer_read(&mut self, op: &Generic<'a>) -> Option<()> {
        let [1, indices, 1, _] = self.segments(op)?[..] else { return None };
        self.indexed(&op.operands[..=indices])?;
        self.out.push(',');
        self.list(&op.operands[1 + indices..]);
        self.transfer_attributes(op)?;
        self.word(":");
        self.list(&[op.inputs[0], *op.results.first()?]);
        Some(())
    }

    pub(super) fn transfer_write(&mut self, op: &Generic<'a>) -> Option<()> {
        let [1, 1, indices, _] = self.segments(op)?[..] else { return None };
        self.tokens(op.operands[0]);
        self.out.push(',');
        self.indexed(&op.operands[1..2 + indices])?;
        if op.operands.len() > 2 + indices {
            self.out.push(',');
            self.list(&op.operands[2 + indices..]);
        }
        self.transfer_attributes(op)?;
        self.word(":");
        self.list(&op.inputs[..2]);
        Some(())
    }

    /// Attributes of a transfer, without a map to the last dimensions and bounds that are all checked.
    fn transfer_attributes(&mut self, op: &Generic<'a>) -> Option<()> {
        let mut left_out = Vec::new();
        if self.is_minor_identity(op.attribute("permutation_map")?)? {
            left_out.push("permutation_map");
        }
        if let Some(bounds) = op.attribute("in_bounds")
            && self.source.list(bounds.0)?.iter().all(|&bound| self.source.text(bound) == "false")
        {
            left_out.push("in_bounds");
        }
        self.rest(op, &left_out);
        Some(())
    }

    pub(super) fn vector_mask(&mut self, op: &Generic<'a>) -> Option<()> {
        self.list(&op.operands);
        // The form writes the masked operation alone; its end follows.
        self.masked(*op.regions.first()?)?;
        self.rest(op, &[]);
        self.word(":");
        self.tokens(op.inputs[0]);
        self.results(&op.results);
        Some(())
    }

    pub(super) fn vector_shuffle(&mut self, op: &Generic<'a>) -> Option<()> {
        self.list(&op.operands);
        self.integer_list(op.attribute("mask")?)?;
        self.rest(op, &["mask"]);
        self.word(":");
        self.list(&op.inputs);
        Some(())
    }

    pub(super) fn vector_to_elements(&mut self, op: &Generic<'a>) -> Option<()> {
        self.list(&op.operands);
        self.rest(op, &[]);
        self.word(":");
        self.list(&op.inputs);
        Some(())
    }

    pub(super) fn values_and_function(&mut self, op: &Generic<'a>) -> Option<()> {
        if !op.regions.is_empty() {
            return None;
        }
        self.list(&op.operands);
        self.rest(op, &[]);
        self.function_type(op);
        Some(())
    }
}
