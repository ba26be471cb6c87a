//! Loops of the functions that the generator writes: plain, carrying values, nested in a chosen order.

use std::fmt;

use super::types::{Buffer, Scalar, Subscript, Value};
use super::writer::{Form, Writer};

/// Values as a list, separated by commas.
pub(super) fn list<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|v| v.to_string()).collect::<Vec<_>>().join(", ")
}

impl Writer {
    /// The dialect of loops and conditions.
    pub(super) fn loop_dialect(&self) -> &'static str {
        if self.form == Form::Affine { "affine" } else { "scf" }
    }

    fn bound(&mut self, bound: &Subscript) -> String {
        if self.form != Form::Affine {
            return self.index(bound).to_string();
        }
        if bound.terms.is_empty() {
            return bound.constant.to_string();
        }
        let mut dims = 0;
        let sum = bound.spell(&mut |_| {
            dims += 1;
            format!("d{}", dims - 1)
        });
        let parameters: Vec<String> = (0..dims).map(|d| format!("d{d}")).collect();
        let operands: Vec<String> = bound.terms.iter().map(|(value, _)| value.to_string()).collect();
        format!("affine_map<({}) -> ({sum})>({})", parameters.join(", "), operands.join(", "))
    }

    fn header(&mut self, low: &Subscript, high: &Subscript, step: u64) -> (Value, String) {
        let (low, high) = (self.bound(low), self.bound(high));
        let step = match self.form {
            Form::Affine if step == 1 => String::new(),
            Form::Affine => format!(" step {step}"),
            _ => format!(" step {}", self.integer(Scalar::Index, step as i64)),
        };
        let mut counter = self.define(Scalar::Index);
        counter.affine = true;
        let dialect = self.loop_dialect();
        (counter, format!("{dialect}.for {counter} = {low} to {high}{step}"))
    }

    /// A loop from `low` below `high` by `step`.
    pub fn strided(
        &mut self,
        low: impl Into<Subscript>,
        high: impl Into<Subscript>,
        step: u64,
        body: impl FnOnce(&mut Self, Value),
    ) {
        let (counter, header) = self.header(&low.into(), &high.into(), step);
        self.line(&format!("{header} {{"));
        self.indent();
        body(self, counter);
        self.dedent();
        self.line("}");
    }

    /// A loop from `low` below `high`.
    pub fn each(&mut self, low: impl Into<Subscript>, high: impl Into<Subscript>, body: impl FnOnce(&mut Self, Value)) {
        self.strided(low, high, 1, body);
    }

    /// A loop that carries values; gives their last.
    pub fn carry(
        &mut self,
        low: impl Into<Subscript>,
        high: impl Into<Subscript>,
        start: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let types: Vec<String> = start.iter().map(|v| v.ty.to_string()).collect();
        self.carry_typed((low.into(), high.into(), 1), start, &types, body)
    }

    /// Writes a loop from `low` up to but not including `high` with a step and loop-carried values of these types. Returns their
    /// values after the loop.
    pub(super) fn carry_typed(
        &mut self,
        (low, high, step): (Subscript, Subscript, u64),
        start: &[Value],
        types: &[String],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (counter, header) = self.header(&low, &high, step);
        let carried: Vec<Value> = start.iter().map(|v| self.define(v.ty)).collect();
        let pairs = list(carried.iter().zip(start).map(|(c, s)| format!("{c} = {s}")));
        let types = list(types);
        let results = self.define(start[0].ty);
        let name = if start.len() > 1 { format!("{results}:{}", start.len()) } else { results.to_string() };
        self.line(&format!("{name} = {header} iter_args({pairs}) -> ({types}) {{"));
        self.indent();
        let next = body(self, counter, &carried);
        let dialect = self.loop_dialect();
        self.line(&format!("{dialect}.yield {} : {types}", list(next)));
        self.dedent();
        self.line("}");
        let part = |i| (start.len() > 1).then_some(i as u8);
        start.iter().enumerate().map(|(i, v)| Value { part: part(i), ty: v.ty, ..results }).collect()
    }

    /// A loop that carries one value.
    pub fn fold(
        &mut self,
        low: impl Into<Subscript>,
        high: impl Into<Subscript>,
        start: Value,
        body: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) -> Value {
        self.carry(low, high, &[start], |w, i, carried| vec![body(w, i, carried[0])])[0]
    }

    /// Nested loops over `0..extents[d]`, outermost `order[0]`; the body gets the counters by dimension.
    pub fn nest(&mut self, extents: &[u64], order: &[usize], body: &mut dyn FnMut(&mut Self, &[Value])) {
        let ranges: Vec<(i64, i64)> = extents.iter().map(|&e| (0, e as i64)).collect();
        self.nest_between(&ranges, order, body);
    }

    /// Nested loops over ranges, outermost `order[0]`; the body gets the counters by dimension.
    pub fn nest_between(&mut self, ranges: &[(i64, i64)], order: &[usize], body: &mut dyn FnMut(&mut Self, &[Value])) {
        fn level(
            w: &mut Writer,
            ranges: &[(i64, i64)],
            order: &[usize],
            counters: &mut Vec<Option<Value>>,
            body: &mut dyn FnMut(&mut Writer, &[Value]),
        ) {
            let Some((&dimension, inner)) = order.split_first() else {
                let counters: Vec<Value> = counters.iter().flatten().copied().collect();
                return body(w, &counters);
            };
            let (low, high) = ranges[dimension];
            w.each(low, high, |w, counter| {
                counters[dimension] = Some(counter);
                level(w, ranges, inner, counters, body);
            });
        }
        level(self, ranges, order, &mut vec![None; ranges.len()], body);
    }

    /// `buffer[subscripts] = combine(buffer[subscripts], value)` through a closure.
    pub fn update(
        &mut self,
        buffer: &Buffer,
        subscripts: &[Subscript],
        combine: impl FnOnce(&mut Self, Value) -> Value,
    ) {
        let old = self.load(buffer, subscripts);
        let new = combine(self, old);
        self.store(new, buffer, subscripts);
    }
}
