//! Arithmetic of `arith` and `math` on whole tensors.

use super::pointwise::shape;
use super::sizes::limit;
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar};
use crate::kernels::writer::Writer;

impl Writer {
    /// A constant tensor of one number.
    pub fn whole_constant(&mut self, like: &Buffer, number: f64) -> Buffer {
        let literal = if like.scalar.is_float() { format!("{number:.6}") } else { (number as i64).to_string() };
        self.tensor(like.scalar, &like.shape, |b| format!("arith.constant dense<{literal}> : {b}"))
    }

    /// An operation on whole tensors of one type.
    pub fn on_tensors(&mut self, operation: &str, operands: &[&Buffer]) -> Buffer {
        let names: Vec<_> = operands.iter().map(|b| b.value).collect();
        self.whole(operation, &names, operands[0])
    }

    /// A choice by a comparison, element by element: `a predicate b ? c : d`.
    fn whole_choice(&mut self, predicate: &str, [a, b, c, d]: [&Buffer; 4]) -> Buffer {
        let operation = if a.scalar.is_float() { "arith.cmpf" } else { "arith.cmpi" };
        let mask =
            self.tensor(Scalar::I1, &a.shape, |_| format!("{operation} {predicate}, {}, {} : {a}", a.value, b.value));
        self.tensor(c.scalar, &c.shape, |_| {
            format!("arith.select {}, {}, {} : {mask}, {c}", mask.value, c.value, d.value)
        })
    }

    /// The tensor converted to another element type.
    fn whole_cast(&mut self, operation: &str, a: &Buffer, scalar: Scalar) -> Buffer {
        self.tensor(scalar, &a.shape, |b| format!("{operation} {} : {a} to {b}", a.value))
    }
}

/// A random graph over earlier values: `node` writes one operation.
fn graph(
    w: &mut Writer,
    d: &mut Draw,
    inputs: Vec<Buffer>,
    steps: usize,
    node: impl Fn(&mut Writer, &mut Draw, [&Buffer; 3]) -> Buffer,
) -> Buffer {
    let mut values = inputs;
    for _ in 0..steps {
        // Not the last value, which is the first operand already: a choice between equals is no choice.
        let near = |d: &mut Draw| values.len() - 2 - d.below((values.len() - 1).min(5));
        let (b, c) = (near(d), near(d));
        let last = &values[values.len() - 1];
        let value = node(w, d, [last, &values[b], &values[c]]);
        values.push(value);
    }
    values.pop().expect("a graph has inputs")
}

/// Random graphs of floating-point arithmetic on whole tensors, with comparisons and narrower types between.
pub fn floats(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16]);
    let shape = shape(d);
    let inputs: Vec<Buffer> = (0..d.within(2, 4)).map(|_| w.array(scalar, &shape)).collect();
    let steps = d.pick(&[2, 4, 6, 8, 12, 20]);
    let narrow = d.chance(25) && scalar != Scalar::F16;
    let mut result = graph(w, d, inputs, steps, |w, d, [a, b, c]| match d.below(14) {
        0 | 1 => w.on_tensors("arith.addf", &[a, b]),
        2 => w.on_tensors("arith.subf", &[a, b]),
        3..=5 => w.on_tensors("arith.mulf", &[a, b]),
        6 => w.on_tensors("math.fma", &[a, b, c]),
        7 => w.on_tensors("arith.maximumf", &[a, b]),
        8 => w.on_tensors("arith.minnumf", &[a, b]),
        9 => w.whole_choice(d.pick(&["olt", "ogt", "une", "uge"]), [a, b, c, a]),
        10 => w.on_tensors("arith.negf", &[a]),
        11 => {
            let one = w.whole_constant(a, 1.0);
            let square = w.on_tensors("math.fma", &[b, b, &one]);
            w.on_tensors("arith.divf", &[a, &square])
        }
        12 => w.on_tensors("math.absf", &[a]),
        _ => {
            let by = w.whole_constant(a, d.coefficient());
            w.on_tensors(d.pick(&["arith.mulf", "arith.addf"]), &[a, &by])
        }
    });
    if narrow {
        let to = d.pick(&[Scalar::F16, Scalar::Bf16]);
        result = w.whole_cast("arith.truncf", &result, to);
    }
    w.returns(result);
}

/// Random graphs of integer arithmetic on whole tensors: shifts, bits, signed and unsigned comparisons, wider and narrower types.
pub fn integers(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I32, Scalar::I64, Scalar::I16, Scalar::I8]);
    let shape = shape(d);
    let inputs: Vec<Buffer> = (0..d.within(2, 4)).map(|_| w.array(scalar, &shape)).collect();
    let steps = d.pick(&[2, 4, 6, 8, 12, 20]);
    let (end, bits) = (d.below(4), scalar.bits() as u64);
    let result = graph(w, d, inputs, steps, |w, d, [a, b, c]| match d.below(14) {
        0 | 1 => w.on_tensors("arith.addi", &[a, b]),
        2 => w.on_tensors("arith.subi", &[a, b]),
        3 => w.on_tensors("arith.muli", &[a, b]),
        4 => w.on_tensors(d.pick(&["arith.xori", "arith.andi", "arith.ori"]), &[a, b]),
        5 => w.on_tensors(d.pick(&["arith.maxsi", "arith.minui", "arith.maxui", "arith.minsi"]), &[a, b]),
        6 | 7 => w.whole_choice(d.pick(&["slt", "ult", "ne", "sge"]), [a, b, c, a]),
        8 => w.on_tensors("math.absi", &[a]),
        9 => w.on_tensors(d.pick(&["math.ctpop", "math.ctlz"]), &[a]),
        10 => {
            let by = w.whole_constant(a, d.within(17, 101) as f64);
            w.on_tensors(d.pick(&["arith.divsi", "arith.divui", "arith.remui", "arith.remsi"]), &[a, &by])
        }
        _ => {
            // Small shifts, so that not all bits are lost in a sequence of them.
            let by = w.whole_constant(a, d.within(1, 3) as f64);
            w.on_tensors(d.pick(&["arith.shli", "arith.shrsi", "arith.shrui", "arith.xori"]), &[a, &by])
        }
    });
    let result = match end {
        0 if bits < 64 => w.whole_cast(d.pick(&["arith.extsi", "arith.extui"]), &result, Scalar::I64),
        1 if bits > 8 => w.whole_cast("arith.trunci", &result, Scalar::I8),
        2 => w.whole_cast(d.pick(&["arith.sitofp", "arith.uitofp"]), &result, Scalar::F32),
        _ => result,
    };
    w.returns(result);
}

/// Sequences of mathematical functions on whole tensors.
pub fn functions(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    const ONE: &[&str] = &[
        "math.exp",
        "math.exp2",
        "math.expm1",
        "math.log1p",
        "math.sin",
        "math.cos",
        "math.tanh",
        "math.erf",
        "math.atan",
        "math.sqrt",
        "math.rsqrt",
        "math.floor",
        "math.ceil",
        "math.trunc",
        "math.roundeven",
        "math.log",
        "math.log2",
        "math.cbrt",
    ];
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64]);
    let mut shape = shape(d);
    limit(&mut shape, 1 << 16);
    let inputs: Vec<Buffer> = (0..d.within(2, 3)).map(|_| w.array(scalar, &shape)).collect();
    let steps = d.pick(&[1, 2, 3, 4]);
    let result = graph(w, d, inputs, steps, |w, d, [a, b, _]| match d.below(10) {
        0 => w.on_tensors("math.atan2", &[a, b]),
        1 => w.on_tensors("math.copysign", &[a, b]),
        2 => {
            let magnitude = w.on_tensors("math.absf", &[a]);
            let power = w.whole_constant(a, d.pick(&[0.25, 0.75, 1.5, 2.5]));
            w.on_tensors("math.powf", &[&magnitude, &power])
        }
        3 => {
            let by = w.whole_constant(a, d.coefficient());
            let scaled = w.on_tensors("arith.mulf", &[a, &by]);
            w.on_tensors("arith.addf", &[&scaled, b])
        }
        _ => w.on_tensors(d.pick(ONE), &[a]),
    });
    w.returns(result);
}
