//! Writes one MLIR function: loops as affine or scf with memrefs, arithmetic on scalars and vectors.
//!
//! The text is custom-form MLIR as a person would write it; constants are gathered at the head of the function.
//! Nothing is checked here: the parser of [`ir`] and, with LLVM at hand, the verifier judge every function.

use std::fmt::Write;

use super::types::{Buffer, Scalar, Subscript, Type, Value};

/// How loops and arrays are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `affine.for`, `affine.load` and `affine.store` on memrefs.
    Affine,
    /// `scf.for`, `memref.load` and `memref.store`, subscripts computed with arith.
    Scf,
    /// `linalg` operations on tensors.
    Linalg,
    /// `linalg` operations on memrefs.
    Memory,
}

/// A function under construction.
#[derive(Debug)]
pub struct Writer {
    /// Dialect form of the text: affine, scf or linalg.
    pub form: Form,
    /// Flags on floating-point arithmetic, such as `contract`.
    pub fast_math: Option<&'static str>,
    arguments: Vec<String>,
    /// Buffers of the memory form that are not results.
    allocations: Vec<Buffer>,
    /// Private functions, finished.
    callees: Vec<String>,
    constants: Vec<(String, Value)>,
    body: String,
    depth: usize,
    next: u32,
    results: Vec<Buffer>,
}

impl Writer {
    /// An empty function.
    pub fn new(form: Form, fast_math: Option<&'static str>) -> Self {
        Self {
            form,
            fast_math,
            arguments: Vec::new(),
            allocations: Vec::new(),
            callees: Vec::new(),
            constants: Vec::new(),
            body: String::new(),
            depth: 2,
            next: 0,
            results: Vec::new(),
        }
    }

    /// A new value of a type.
    pub(super) fn define(&mut self, ty: impl Into<Type>) -> Value {
        let id = self.next;
        self.next += 1;
        Value { id, part: None, ty: ty.into(), affine: false }
    }

    /// One line of the body.
    pub(super) fn line(&mut self, text: &str) {
        let width = 2 * self.depth;
        writeln!(self.body, "{:width$}{text}", "").expect("a string takes all");
    }

    /// Lines below are one level deeper until [`Self::dedent`].
    pub(super) fn indent(&mut self) {
        self.depth += 1;
    }

    /// Ends an indented part.
    pub(super) fn dedent(&mut self) {
        self.depth -= 1;
    }

    /// An array argument: a tensor in linalg form, else a memref.
    pub fn array(&mut self, scalar: Scalar, shape: &[u64]) -> Buffer {
        let value = self.define(scalar);
        let buffer = Buffer { value, scalar, shape: shape.to_vec(), tensor: self.form == Form::Linalg };
        self.arguments.push(format!("{value}: {buffer}"));
        buffer
    }

    /// A buffer that the function allocates.
    pub(super) fn allocation(&mut self, scalar: Scalar, shape: &[u64]) -> Buffer {
        let value = self.define(scalar);
        let buffer = Buffer { value, scalar, shape: shape.to_vec(), tensor: false };
        self.allocations.push(buffer.clone());
        buffer
    }

    /// Marks a tensor as a result of the function; a buffer becomes an argument.
    pub fn returns(&mut self, buffer: Buffer) {
        if buffer.tensor {
            return self.results.push(buffer);
        }
        if let Some(index) = self.allocations.iter().position(|other| other.value.id == buffer.value.id) {
            let buffer = self.allocations.remove(index);
            return self.arguments.push(format!("{}: {buffer}", buffer.value));
        }
        let result = self.array(buffer.scalar, &buffer.shape);
        self.line(&format!("memref.copy {}, {} : {buffer} to {result}", buffer.value, result.value));
    }

    fn constant(&mut self, literal: String, ty: Type) -> Value {
        let literal = match ty.lanes {
            0 => format!("arith.constant {literal} : {ty}"),
            _ => format!("arith.constant dense<{literal}> : {ty}"),
        };
        if let Some((_, value)) = self.constants.iter().find(|(known, _)| *known == literal) {
            return *value;
        }
        let value = self.define(ty);
        self.constants.push((literal, value));
        value
    }

    /// A floating-point constant.
    pub fn float(&mut self, ty: impl Into<Type>, number: f64) -> Value {
        self.constant(format!("{number:.6}"), ty.into())
    }

    /// An integer constant.
    pub fn integer(&mut self, ty: impl Into<Type>, number: i64) -> Value {
        self.constant(number.to_string(), ty.into())
    }

    /// A constant of whichever kind the type is.
    pub fn number(&mut self, ty: impl Into<Type>, number: f64) -> Value {
        let ty = ty.into();
        if ty.scalar.is_float() { self.float(ty, number) } else { self.integer(ty, number as i64) }
    }

    /// The largest (or, if `low`, the smallest) number of a type, as the start of a minimum or maximum.
    pub fn extreme(&mut self, ty: impl Into<Type>, low: bool) -> Value {
        let ty = ty.into();
        let number = match ty.scalar {
            scalar if scalar.is_float() => return self.float(ty, if low { -30_000.0 } else { 30_000.0 }),
            Scalar::I8 => 127,
            Scalar::I16 => 32_767,
            _ => 1_000_000_000,
        };
        self.integer(ty, if low { -number } else { number })
    }

    /// An operation with one result whose text after `=` is given.
    pub(super) fn result(&mut self, ty: impl Into<Type>, text: &str) -> Value {
        let value = self.define(ty);
        self.line(&format!("{value} = {text}"));
        value
    }

    pub(super) fn flags(&self, operation: &str, ty: Type) -> String {
        let arithmetic = operation.starts_with("arith.") || operation.starts_with("math.");
        match self.fast_math {
            Some(flags) if ty.scalar.is_float() && arithmetic => format!(" fastmath<{flags}>"),
            _ => String::new(),
        }
    }

    /// `operation` on one operand, of the operand's type.
    pub fn unary(&mut self, operation: &str, a: Value) -> Value {
        let flags = self.flags(operation, a.ty);
        self.result(a.ty, &format!("{operation} {a}{flags} : {}", a.ty))
    }

    /// `operation` on two operands of one type.
    pub fn binary(&mut self, operation: &str, a: Value, b: Value) -> Value {
        let flags = self.flags(operation, a.ty);
        self.result(a.ty, &format!("{operation} {a}, {b}{flags} : {}", a.ty))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.addf" } else { "arith.addi" }, a, b)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.subf" } else { "arith.subi" }, a, b)
    }

    /// `a * b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.mulf" } else { "arith.muli" }, a, b)
    }

    /// `a / b`.
    pub fn div(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.divf" } else { "arith.divsi" }, a, b)
    }

    /// The larger of two.
    pub fn max(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.maximumf" } else { "arith.maxsi" }, a, b)
    }

    /// The smaller of two.
    pub fn min(&mut self, a: Value, b: Value) -> Value {
        self.binary(if a.ty.scalar.is_float() { "arith.minimumf" } else { "arith.minsi" }, a, b)
    }

    /// `a * b + c`, as one operation on floats.
    pub fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        if !a.ty.scalar.is_float() {
            let product = self.mul(a, b);
            return self.add(product, c);
        }
        self.result(a.ty, &format!("math.fma {a}, {b}, {c} : {}", a.ty))
    }

    /// A comparison; the predicate is `lt`, `le`, `gt`, `ge`, `eq` or `ne`, ordered or signed.
    pub fn compare(&mut self, predicate: &str, a: Value, b: Value) -> Value {
        let (operation, predicate) = match (a.ty.scalar.is_float(), predicate) {
            (true, _) => ("arith.cmpf", format!("o{predicate}")),
            (false, "eq" | "ne") => ("arith.cmpi", predicate.to_string()),
            (false, _) => ("arith.cmpi", format!("s{predicate}")),
        };
        let ty = Type { scalar: Scalar::I1, lanes: a.ty.lanes };
        self.result(ty, &format!("{operation} {predicate}, {a}, {b} : {}", a.ty))
    }

    /// `condition ? a : b`.
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let condition_type = if a.ty.lanes > 0 { format!("{}, ", condition.ty) } else { String::new() };
        self.result(a.ty, &format!("arith.select {condition}, {a}, {b} : {condition_type}{}", a.ty))
    }

    /// The operand converted to another element type, by sign and rounding of the kinds.
    pub fn cast(&mut self, a: Value, scalar: Scalar) -> Value {
        let from = a.ty.scalar;
        let operation = match (from.is_float(), scalar.is_float()) {
            _ if from == scalar => return a,
            (true, true) if from.bits() < scalar.bits() => "arith.extf",
            (true, true) => "arith.truncf",
            (true, false) => "arith.fptosi",
            (false, true) if from == Scalar::I1 => "arith.uitofp",
            (false, true) => "arith.sitofp",
            (false, false) if from == Scalar::Index || scalar == Scalar::Index => "arith.index_cast",
            (false, false) if from == Scalar::I1 => "arith.extui",
            (false, false) if from.bits() < scalar.bits() => "arith.extsi",
            (false, false) => "arith.trunci",
        };
        let ty = Type { scalar, lanes: a.ty.lanes };
        self.result(ty, &format!("{operation} {a} : {} to {ty}", a.ty))
    }

    /// A scalar in every lane of a vector.
    pub fn splat(&mut self, a: Value, lanes: u64) -> Value {
        let ty = Type { scalar: a.ty.scalar, lanes };
        self.result(ty, &format!("vector.broadcast {a} : {} to {ty}", a.ty))
    }

    /// Combines the lanes of a vector; `kind` as in `vector.reduction`.
    pub fn across(&mut self, kind: &str, a: Value) -> Value {
        self.result(a.ty.scalar, &format!("vector.reduction <{kind}>, {a} : {} into {}", a.ty, a.ty.scalar.name()))
    }

    /// A subscript as a value, computed with arith.
    pub fn index(&mut self, subscript: &Subscript) -> Value {
        let mut sum = None;
        for (value, factor) in &subscript.terms {
            let term = match factor {
                1 => *value,
                factor => {
                    let factor = self.integer(Scalar::Index, *factor);
                    self.binary("arith.muli", *value, factor)
                }
            };
            sum = Some(sum.map_or(term, |sum| self.binary("arith.addi", sum, term)));
        }
        match (sum, subscript.constant) {
            (Some(sum), 0) => sum,
            (Some(sum), constant) => {
                let constant = self.integer(Scalar::Index, constant);
                self.binary("arith.addi", sum, constant)
            }
            (None, constant) => self.integer(Scalar::Index, constant),
        }
    }

    /// Dialect prefix of an access and the spelled subscripts.
    fn place(&mut self, subscripts: &[Subscript]) -> (bool, String) {
        let affine = self.form == Form::Affine && subscripts.iter().all(Subscript::is_affine);
        let spelled: Vec<String> = subscripts
            .iter()
            .map(|s| if affine { s.spell(&mut |v| v.to_string()) } else { self.index(s).to_string() })
            .collect();
        (affine, spelled.join(", "))
    }

    /// Loads an element.
    pub fn load(&mut self, buffer: &Buffer, subscripts: &[Subscript]) -> Value {
        let (affine, place) = self.place(subscripts);
        let dialect = if affine { "affine" } else { "memref" };
        self.result(buffer.scalar, &format!("{dialect}.load {}[{place}] : {buffer}", buffer.value))
    }

    /// Stores an element.
    pub fn store(&mut self, value: Value, buffer: &Buffer, subscripts: &[Subscript]) {
        let (affine, place) = self.place(subscripts);
        let dialect = if affine { "affine" } else { "memref" };
        self.line(&format!("{dialect}.store {value}, {}[{place}] : {buffer}", buffer.value));
    }

    /// Loads neighbouring elements of the last dimension.
    pub fn load_lanes(&mut self, buffer: &Buffer, subscripts: &[Subscript], lanes: u64) -> Value {
        let (affine, place) = self.place(subscripts);
        let ty = Type { scalar: buffer.scalar, lanes };
        let operation = if affine { "affine.vector_load" } else { "vector.load" };
        self.result(ty, &format!("{operation} {}[{place}] : {buffer}, {ty}", buffer.value))
    }

    /// Stores neighbouring elements of the last dimension.
    pub fn store_lanes(&mut self, value: Value, buffer: &Buffer, subscripts: &[Subscript]) {
        let (affine, place) = self.place(subscripts);
        let operation = if affine { "affine.vector_store" } else { "vector.store" };
        self.line(&format!("{operation} {value}, {}[{place}] : {buffer}, {}", buffer.value, value.ty));
    }

    /// An argument that is no array.
    pub(super) fn argument(&mut self, ty: impl Into<Type>) -> Value {
        let value = self.define(ty);
        self.arguments.push(format!("{value}: {}", value.ty));
        value
    }

    /// Adds a private function; the body gives the values that it returns.
    pub(super) fn callee(&mut self, name: &str, body: impl FnOnce(&mut Self) -> Vec<Value>) {
        let mut callee = Self::new(self.form, self.fast_math);
        let returned: Vec<(String, String)> =
            body(&mut callee).iter().map(|v| (v.to_string(), v.ty.to_string())).collect();
        self.callees.push(callee.function(&format!("private @{name}"), returned));
    }

    /// The finished function as a module.
    pub fn finish(mut self) -> String {
        let returned = self.results.iter().map(|b| (b.value.to_string(), b.to_string())).collect();
        let callees = std::mem::take(&mut self.callees).concat();
        format!("module {{\n{callees}{}}}\n", self.function("@kernel", returned))
    }

    /// The function with its name as written and what it returns: values and types.
    fn function(self, name: &str, returned: Vec<(String, String)>) -> String {
        let (values, types): (Vec<String>, Vec<String>) = returned.into_iter().unzip();
        let arrow = match types.len() {
            0 => String::new(),
            1 => format!(" -> {}", types[0]),
            _ => format!(" -> ({})", types.join(", ")),
        };
        let mut out = format!("  func.func {name}({}){arrow} {{\n", self.arguments.join(", "));
        for (literal, value) in &self.constants {
            writeln!(out, "    {value} = {literal}").expect("a string takes all");
        }
        for buffer in &self.allocations {
            writeln!(out, "    {} = memref.alloc() : {buffer}", buffer.value).expect("a string takes all");
        }
        out += &self.body;
        let returned = if values.is_empty() { String::new() } else { format!(" {} : ", values.join(", ")) };
        writeln!(out, "    return{returned}{}\n  }}", types.join(", ")).expect("a string takes all");
        out
    }
}
