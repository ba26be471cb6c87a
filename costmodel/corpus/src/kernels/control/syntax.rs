//! Operations with regions and vectors of several dimensions, as lines of a function.

use std::fmt;

use crate::kernels::loops::list;
use crate::kernels::types::{Buffer, Scalar, Subscript, Type, Value};
use crate::kernels::writer::{Form, Writer};

/// A condition on loop counters: the sum is at least zero, or, if `equal`, zero.
#[derive(Clone)]
pub struct Condition {
    sum: Subscript,
    equal: bool,
}

/// `sum >= 0`.
pub fn not_negative(sum: Subscript) -> Condition {
    Condition { sum, equal: false }
}

/// `sum == 0`.
pub fn zero(sum: Subscript) -> Condition {
    Condition { sum, equal: true }
}

/// How parallel loops are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallel {
    /// `affine.parallel` in affine form, else `scf.parallel`.
    Parallel,
    /// `affine.parallel` in affine form, else `scf.forall`.
    Forall,
}

/// A vector of several dimensions.
#[derive(Debug, Clone)]
pub struct Tile {
    /// The value that holds it.
    pub value: Value,
    /// Element type.
    pub scalar: Scalar,
    /// Extents.
    pub shape: Vec<u64>,
}

/// The type of a vector.
pub fn vector_type(scalar: Scalar, shape: &[u64]) -> String {
    let extents: String = shape.iter().map(|e| format!("{e}x")).collect();
    format!("vector<{extents}{}>", scalar.name())
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&vector_type(self.scalar, &self.shape))
    }
}

impl Writer {
    /// The head of a condition: an integer set in affine form, else comparisons of subscripts.
    fn condition(&mut self, conditions: &[Condition]) -> String {
        if self.form == Form::Affine {
            return affine_set(conditions);
        }
        let zero = self.integer(Scalar::Index, 0);
        let mut all = None;
        for condition in conditions {
            let sum = self.index(&condition.sum);
            let holds = self.compare(if condition.equal { "eq" } else { "ge" }, sum, zero);
            all = Some(all.map_or(holds, |all| self.binary("arith.andi", all, holds)));
        }
        format!("scf.if {}", all.expect("a condition at least"))
    }

    /// A condition on loop counters without a value: `then` writes the branch for places where all conditions hold, `otherwise` the
    /// branch for all other places.
    pub fn when(
        &mut self,
        conditions: &[Condition],
        then: impl FnOnce(&mut Self),
        otherwise: Option<&mut dyn FnMut(&mut Self)>,
    ) {
        let head = self.condition(conditions);
        self.line(&format!("{head} {{"));
        self.indent();
        then(self);
        self.dedent();
        if let Some(otherwise) = otherwise {
            self.line("} else {");
            self.indent();
            otherwise(self);
            self.dedent();
        }
        self.line("}");
    }

    /// A condition on loop counters with a value: that of `then` where all conditions hold, else that of `otherwise`.
    pub fn choose(
        &mut self,
        conditions: &[Condition],
        ty: impl Into<Type>,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let head = self.condition(conditions);
        let dialect = self.loop_dialect();
        self.choose_headed(&head, dialect, ty.into(), then, otherwise)
    }

    /// A condition of type `i1` with a value: that of `then` where it is true, else that of `otherwise`.
    pub fn choose_by(
        &mut self,
        condition: Value,
        ty: impl Into<Type>,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        self.choose_headed(&format!("scf.if {condition}"), "scf", ty.into(), then, otherwise)
    }

    fn choose_headed(
        &mut self,
        head: &str,
        dialect: &str,
        ty: Type,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let result = self.define(ty);
        self.line(&format!("{result} = {head} -> ({ty}) {{"));
        self.yielding(dialect, ty, then);
        self.line("} else {");
        self.yielding(dialect, ty, otherwise);
        self.line("}");
        result
    }

    /// An indented region that ends with a yield of one value.
    pub fn yielding(&mut self, dialect: &str, ty: Type, body: impl FnOnce(&mut Self) -> Value) {
        self.indent();
        let value = body(self);
        self.line(&format!("{dialect}.yield {value} : {ty}"));
        self.dedent();
    }

    /// The cases of a switch on an index; the last is the default.
    pub fn switch(
        &mut self,
        on: Value,
        cases: usize,
        ty: impl Into<Type>,
        body: &mut dyn FnMut(&mut Self, usize) -> Value,
    ) -> Value {
        let ty = ty.into();
        let result = self.define(ty);
        self.line(&format!("{result} = scf.index_switch {on} -> {ty}"));
        for case in 0..cases {
            let label = if case + 1 < cases { format!("case {case}") } else { "default".to_owned() };
            self.line(&format!("{label} {{"));
            self.yielding("scf", ty, |w| body(w, case));
            self.line("}");
        }
        result
    }

    /// Parallel loops over ranges with steps; the body gets the counters.
    pub fn parallel(&mut self, kind: Parallel, ranges: &[(i64, i64, i64)], body: impl FnOnce(&mut Self, &[Value])) {
        let counters = self.parallel_counters(ranges.len());
        let head = self.parallel_head(kind, ranges, &counters);
        self.line(&format!("{head} {{"));
        self.indent();
        body(self, &counters);
        if kind == Parallel::Parallel && self.form != Form::Affine {
            self.line("scf.reduce");
        }
        self.dedent();
        self.line("}");
    }

    fn parallel_counters(&mut self, count: usize) -> Vec<Value> {
        let mut counter = |_| Value { affine: true, ..self.define(Scalar::Index) };
        (0..count).map(&mut counter).collect()
    }

    fn parallel_head(&mut self, kind: Parallel, ranges: &[(i64, i64, i64)], counters: &[Value]) -> String {
        let literal = kind == Parallel::Forall || self.form == Form::Affine;
        let mut part = |which: fn(&(i64, i64, i64)) -> i64| match literal {
            true => list(ranges.iter().map(which)),
            false => list(ranges.iter().map(|range| self.integer(Scalar::Index, which(range)))),
        };
        let (low, high, step) = (part(|r| r.0), part(|r| r.1), part(|r| r.2));
        let counters = list(counters);
        match (kind, self.form) {
            (_, Form::Affine) => format!("affine.parallel ({counters}) = ({low}) to ({high}) step ({step})"),
            (Parallel::Forall, _) => format!("scf.forall ({counters}) = ({low}) to ({high}) step ({step})"),
            _ => format!("scf.parallel ({counters}) = ({low}) to ({high}) step ({step})"),
        }
    }

    /// Parallel loops that reduce one value by an operation such as `addf`.
    pub fn parallel_reduce(
        &mut self,
        ranges: &[(i64, i64, i64)],
        operation: &str,
        start: Value,
        body: impl FnOnce(&mut Self, &[Value]) -> Value,
    ) -> Value {
        let (ty, counters) = (start.ty, self.parallel_counters(ranges.len()));
        let head = self.parallel_head(Parallel::Parallel, ranges, &counters);
        if self.form == Form::Affine {
            let result = self.define(ty);
            self.line(&format!("{result} = {head} reduce (\"{operation}\") -> ({ty}) {{"));
            self.yielding("affine", ty, |w| body(w, &counters));
            self.line("}");
            let whole = format!("arith.{operation}");
            return self.binary(&whole, result, start);
        }
        let result = self.define(ty);
        self.line(&format!("{result} = {head} init ({start}) -> {ty} {{"));
        self.indent();
        let value = body(self, &counters);
        let (left, right) = (self.define(ty), self.define(ty));
        self.line(&format!("scf.reduce({value} : {ty}) {{"));
        self.line(&format!("^bb0({left}: {ty}, {right}: {ty}):"));
        self.indent();
        let combined = self.binary(&format!("arith.{operation}"), left, right);
        self.line(&format!("scf.reduce.return {combined} : {ty}"));
        self.dedent();
        self.line("}");
        self.dedent();
        self.line("}");
        result
    }

    /// An operation whose result is a vector of several dimensions.
    pub fn tile_result(&mut self, scalar: Scalar, shape: &[u64], text: &str) -> Tile {
        let value = self.result(scalar, text);
        Tile { value, scalar, shape: shape.to_vec() }
    }

    /// A vector with one number everywhere.
    pub fn filled_tile(&mut self, scalar: Scalar, shape: &[u64], number: f64) -> Tile {
        let ty = vector_type(scalar, shape);
        let number = if scalar.is_float() { format!("{number:.6}") } else { format!("{}", number as i64) };
        self.tile_result(scalar, shape, &format!("arith.constant dense<{number}> : {ty}"))
    }

    /// Subscripts as values, for operations that take no sums.
    pub fn places(&mut self, subscripts: &[Subscript]) -> String {
        let values: Vec<Value> = subscripts.iter().map(|s| self.index(s)).collect();
        list(values)
    }

    fn bounds(scalar_shape: &[u64]) -> String {
        list(scalar_shape.iter().map(|_| "true"))
    }

    /// Reads a tile of the last dimensions of an array.
    pub fn read_tile(&mut self, buffer: &Buffer, subscripts: &[Subscript], shape: &[u64]) -> Tile {
        self.read_mapped(buffer, subscripts, shape, "")
    }

    /// Reads a tile by a permutation map, given as text with a comma before it.
    pub fn read_mapped(&mut self, buffer: &Buffer, subscripts: &[Subscript], shape: &[u64], map: &str) -> Tile {
        let (padding, place) = (self.number(buffer.scalar, 0.0), self.places(subscripts));
        let (inside, ty) = (Self::bounds(shape), vector_type(buffer.scalar, shape));
        let text = format!(
            "vector.transfer_read {}[{place}], {padding} {{in_bounds = [{inside}]{map}}} : {buffer}, {ty}",
            buffer.value
        );
        self.tile_result(buffer.scalar, shape, &text)
    }

    /// Writes a tile.
    pub fn write_tile(&mut self, tile: &Tile, buffer: &Buffer, subscripts: &[Subscript]) {
        let (place, inside) = (self.places(subscripts), Self::bounds(&tile.shape));
        self.line(&format!(
            "vector.transfer_write {}, {}[{place}] {{in_bounds = [{inside}]}} : {tile}, {buffer}",
            tile.value, buffer.value
        ));
    }

    /// An element-wise operation on tiles.
    pub fn tile_binary(&mut self, float: &str, integer: &str, a: &Tile, b: &Tile) -> Tile {
        let operation = if a.scalar.is_float() { float } else { integer };
        let flags = match self.fast_math {
            Some(flags) if a.scalar.is_float() => format!(" fastmath<{flags}>"),
            _ => String::new(),
        };
        self.tile_result(a.scalar, &a.shape, &format!("arith.{operation} {}, {}{flags} : {a}", a.value, b.value))
    }

    /// A scalar or vector in every leading place of a tile.
    pub fn broadcast_tile(&mut self, value: Value, from: &str, scalar: Scalar, shape: &[u64]) -> Tile {
        let ty = vector_type(scalar, shape);
        self.tile_result(scalar, shape, &format!("vector.broadcast {value} : {from} to {ty}"))
    }

    /// A loop that carries tiles; gives their last.
    pub fn carry_tiles(
        &mut self,
        range: (u64, u64, u64),
        start: &[Tile],
        body: impl FnOnce(&mut Self, Value, &[Tile]) -> Vec<Tile>,
    ) -> Vec<Tile> {
        let (low, high, step) = range;
        let types: Vec<String> = start.iter().map(Tile::to_string).collect();
        let values: Vec<Value> = start.iter().map(|t| t.value).collect();
        let tiles = |values: &[Value]| -> Vec<Tile> {
            values.iter().zip(start).map(|(&value, t)| Tile { value, ..t.clone() }).collect()
        };
        let last = self.carry_typed((low.into(), high.into(), step), &values, &types, |w, counter, carried| {
            body(w, counter, &tiles(carried)).iter().map(|t| t.value).collect()
        });
        tiles(&last)
    }
}

/// The head of an `affine.if`: every sum in its own dimensions.
fn affine_set(conditions: &[Condition]) -> String {
    let mut operands: Vec<String> = Vec::new();
    let mut constraints = Vec::new();
    for condition in conditions {
        let sum = condition.sum.spell(&mut |value| {
            let name = value.to_string();
            let known = operands.iter().position(|o| *o == name);
            let place = known.unwrap_or_else(|| {
                operands.push(name);
                operands.len() - 1
            });
            format!("d{place}")
        });
        constraints.push(format!("{sum} {} 0", if condition.equal { "==" } else { ">=" }));
    }
    let dims = list((0..operands.len()).map(|d| format!("d{d}")));
    format!("affine.if affine_set<({dims}) : ({})>({})", constraints.join(", "), operands.join(", "))
}
