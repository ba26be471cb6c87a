//! Steps of a graph: element-wise operations in several spellings, broadcasts, reductions, and what follows a product.

use crate::kernels::chain::Chain;
use crate::kernels::draw::Draw;
use crate::kernels::linalg::Access;
use crate::kernels::types::{Buffer, Scalar, Value};
use crate::kernels::writer::{Form, Writer};

/// How element-wise steps of a graph are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `linalg.add`.
    Named,
    /// `linalg.elementwise` with a kind.
    Elementwise,
    /// `linalg.map` of a scalar operation.
    Map,
    /// `linalg.generic`.
    Generic,
    /// `arith.addf` on whole tensors.
    Tensor,
}

impl Style {
    /// A style that the writer's form has.
    pub fn draw(w: &Writer, s: &mut Draw) -> Self {
        let all = [Self::Named, Self::Named, Self::Elementwise, Self::Map, Self::Generic, Self::Tensor];
        s.pick(if w.form == Form::Memory { &all[..5] } else { &all })
    }
}

/// The operation on scalars or tensors that a function of `linalg` applies.
fn scalar_operation(function: &str, float: bool) -> Option<&'static str> {
    Some(match (function, float) {
        ("add", true) => "arith.addf",
        ("add", false) => "arith.addi",
        ("sub", true) => "arith.subf",
        ("sub", false) => "arith.subi",
        ("mul", true) => "arith.mulf",
        ("mul", false) => "arith.muli",
        ("div", true) => "arith.divf",
        ("div", false) => "arith.divsi",
        ("div_unsigned", false) => "arith.divui",
        ("max", true) => "arith.maximumf",
        ("max", false) => "arith.maxsi",
        ("min", true) => "arith.minimumf",
        ("min", false) => "arith.minsi",
        ("powf", true) => "math.powf",
        ("exp", true) => "math.exp",
        ("log", true) => "math.log",
        ("abs", true) => "math.absf",
        ("ceil", true) => "math.ceil",
        ("floor", true) => "math.floor",
        ("negf", true) => "arith.negf",
        ("round", true) => "math.round",
        ("sqrt", true) => "math.sqrt",
        ("rsqrt", true) => "math.rsqrt",
        ("tanh", true) => "math.tanh",
        ("erf", true) => "math.erf",
        _ => return None,
    })
}

/// `linalg.elementwise` of a function, as its attribute names it.
fn elementwise_name(function: &str) -> String {
    let signed = if matches!(function, "max" | "min") { "_signed" } else { "" };
    format!("linalg.elementwise kind=#linalg.elementwise_kind<{function}{signed}>")
}

pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

impl Writer {
    /// A function of `linalg` on arrays of one shape, in a style. Functions that no scalar operation computes are named.
    pub fn step(&mut self, style: Style, function: &str, inputs: &[&Buffer]) -> Buffer {
        let first = inputs[0];
        let Some(operation) = scalar_operation(function, first.scalar.is_float()) else {
            let empty = self.empty(first.scalar, &first.shape);
            return self.named(&format!("linalg.{function}"), "", inputs, &empty);
        };
        match style {
            Style::Named | Style::Elementwise => {
                let empty = self.empty(first.scalar, &first.shape);
                let name = match style {
                    Style::Named => format!("linalg.{function}"),
                    _ => elementwise_name(function),
                };
                self.named(&name, "", inputs, &empty)
            }
            Style::Map => {
                let empty = self.empty(first.scalar, &first.shape);
                self.short(&format!("linalg.map {{ {operation} }}"), inputs, &empty, "")
            }
            Style::Generic => self.elementwise(inputs, first.scalar, |w, e| match e[..] {
                [a, _] => w.unary(operation, a),
                [a, b, _] => w.binary(operation, a, b),
                _ => e[0],
            }),
            Style::Tensor => {
                let names: Vec<Value> = inputs.iter().map(|b| b.value).collect();
                self.whole(operation, &names, first)
            }
        }
    }

    /// An operation of `arith` or `math` on whole tensors, with a result like a tensor.
    pub fn whole(&mut self, operation: &str, operands: &[Value], like: &Buffer) -> Buffer {
        let flags = self.flags(operation, like.scalar.into());
        self.tensor(like.scalar, &like.shape, |b| format!("{operation} {}{flags} : {b}", list(operands)))
    }

    /// `linalg.map`, `reduce` or `broadcast` with its ending.
    pub fn short(&mut self, operation: &str, inputs: &[&Buffer], onto: &Buffer, ending: &str) -> Buffer {
        let names: Vec<Value> = inputs.iter().map(|b| b.value).collect();
        let text = format!("{operation} ins({} : {}) outs({} : {onto})", list(&names), list(inputs), onto.value);
        self.write_onto(onto, &format!("{text}{ending}"))
    }

    /// An array repeated along new dimensions `along` of `shape`.
    pub fn broadcast(&mut self, a: &Buffer, shape: &[u64], along: &[usize]) -> Buffer {
        let empty = self.empty(a.scalar, shape);
        self.short("linalg.broadcast", &[a], &empty, &format!(" dimensions = [{}]", list(along)))
    }

    /// A reduction over dimensions by `add`, `mul`, `max` or `min`.
    pub fn reduced(&mut self, function: &str, a: &Buffer, along: &[usize]) -> Buffer {
        let kept: Vec<u64> = (0..a.shape.len()).filter(|d| !along.contains(d)).map(|d| a.shape[d]).collect();
        let start = match function {
            "max" => self.extreme(a.scalar, true),
            "min" => self.extreme(a.scalar, false),
            "mul" => self.number(a.scalar, 1.0),
            _ => self.number(a.scalar, 0.0),
        };
        let onto = self.filled(a.scalar, &kept, start);
        let operation = scalar_operation(function, a.scalar.is_float()).expect("functions of reductions");
        let ending = format!(" dimensions = [{}]", list(along));
        self.short(&format!("linalg.reduce {{ {operation} }}"), &[a], &onto, &ending)
    }

    /// An array of one number with a shape, as an operand of a step.
    pub fn constant_like(&mut self, like: &Buffer, number: f64) -> Buffer {
        let value = self.number(like.scalar, number);
        self.filled(like.scalar, &like.shape, value)
    }

    /// `1 / (1 + exp(-x))` in a style.
    pub fn sigmoid_step(&mut self, style: Style, x: &Buffer) -> Buffer {
        let negative = self.step(style, "negf", &[x]);
        let power = self.step(style, "exp", &[&negative]);
        let one = self.constant_like(x, 1.0);
        let sum = self.step(style, "add", &[&power, &one]);
        if style == Style::Named {
            return self.step(style, "reciprocal", &[&sum]);
        }
        self.step(style, "div", &[&one, &sum])
    }

    /// The values converted to another element type.
    pub fn converted(&mut self, a: &Buffer, scalar: Scalar) -> Buffer {
        if a.scalar == scalar {
            return a.clone();
        }
        self.elementwise(&[a], scalar, |w, e| w.cast(e[0], scalar))
    }
}

/// What follows a product or a convolution: bias, residual, activation, a fused chain.
#[derive(Debug, Clone)]
pub struct Tail {
    bias: bool,
    residual: bool,
    activation: Option<&'static str>,
    chain: Chain,
}

impl Tail {
    /// A tail for an element type; empty in a third of the draws.
    pub fn draw(d: &mut Draw, scalar: Scalar) -> Self {
        let plain = d.chance(33);
        let float = ["relu", "relu", "relu6", "sigmoid", "silu", "tanh", "abs", "square", "none"];
        // Sums below 6 would all become the same 8-bit number.
        let integer = ["relu", "none"];
        let activation = d.pick(if scalar.is_float() { &float[..] } else { &integer[..] });
        let (bias, residual, chained) = (d.chance(50), d.chance(25), d.chance(30));
        let chain = Chain::exactly(d, scalar, 2);
        Self {
            bias: bias && !plain,
            residual: residual && !plain,
            activation: (!plain && !chained).then_some(activation),
            chain: if chained && !plain { chain } else { Chain::default() },
        }
    }

    /// Applies it; a bias has one element per index of dimension `features`.
    pub fn apply(&self, w: &mut Writer, s: &mut Draw, result: Buffer, features: Option<usize>) -> Buffer {
        let style = Style::draw(w, s);
        let mut result = result;
        if let (true, Some(features)) = (self.bias, features) {
            let bias = w.array(result.scalar, &[result.shape[features]]);
            result = add_along(w, style, &result, &bias, features);
        }
        if self.residual {
            let other = w.array(result.scalar, &result.shape);
            result = w.step(style, "add", &[&result, &other]);
        }
        if let Some(activation) = self.activation {
            result = activate(w, style, activation, &result);
        }
        if !self.chain.is_empty() {
            result = w.elementwise(&[&result], result.scalar, |w, e| self.chain.apply(w, e[0]));
        }
        result
    }
}

/// `a + b` where `b` has only dimension `along` of `a`.
pub fn add_along(w: &mut Writer, style: Style, a: &Buffer, b: &Buffer, along: usize) -> Buffer {
    combine_along(w, style, "add", a, b, &[along])
}

/// A function of `a` and `b` where `b` has only dimensions `along` of `a`: one generic operation, one `elementwise` with maps, or a
/// broadcast and a step.
pub fn combine_along(w: &mut Writer, style: Style, function: &str, a: &Buffer, b: &Buffer, along: &[usize]) -> Buffer {
    let rank = a.shape.len();
    let all: Vec<usize> = (0..rank).collect();
    let operation = scalar_operation(function, a.scalar.is_float()).expect("functions of two operands");
    match style {
        Style::Generic => {
            let empty = w.empty(a.scalar, &a.shape);
            let operands = [(a, Access::dims(&all)), (b, Access::dims(along))];
            w.generic(&"p".repeat(rank), &operands, (&empty, Access::dims(&all)), |w, e| {
                w.binary(operation, e[0], e[1])
            })
        }
        Style::Elementwise => {
            let empty = w.empty(a.scalar, &a.shape);
            let maps: Vec<String> = [&all[..], along, &all[..]].map(|dims| Access::dims(dims).map(rank)).into();
            let name = format!("{} indexing_maps = [{}]", elementwise_name(function), maps.join(", "));
            w.named(&name, "", &[a, b], &empty)
        }
        _ => {
            let others: Vec<usize> = all.into_iter().filter(|d| !along.contains(d)).collect();
            let wide = w.broadcast(b, &a.shape, &others);
            w.step(style, function, &[a, &wide])
        }
    }
}

/// An activation function by name.
pub fn activate(w: &mut Writer, style: Style, name: &str, x: &Buffer) -> Buffer {
    match name {
        "relu" => {
            let zero = w.constant_like(x, 0.0);
            w.step(style, "max", &[x, &zero])
        }
        "relu6" => {
            let (zero, six) = (w.constant_like(x, 0.0), w.constant_like(x, 6.0));
            let below = w.step(style, "min", &[x, &six]);
            w.step(style, "max", &[&below, &zero])
        }
        "sigmoid" => w.sigmoid_step(style, x),
        "silu" => {
            let gate = w.sigmoid_step(style, x);
            w.step(style, "mul", &[x, &gate])
        }
        "none" => x.clone(),
        other => w.step(style, other, &[x]),
    }
}

/// 32-bit sums scaled to 8 bits: multiplier and shift in fixed point, a zero point, and saturation.
pub fn requantise(w: &mut Writer, d: &mut Draw, sums: &Buffer) -> Buffer {
    let (multiplier, shift, zero_point) = (d.within(1 << 12, 1 << 15), d.within(16, 24), d.within(0, 20));
    let relu = d.chance(50);
    w.elementwise(&[sums], Scalar::I8, |w, e| {
        let wide = w.cast(e[0], Scalar::I64);
        let multiplier = w.integer(Scalar::I64, multiplier as i64);
        let half = w.integer(Scalar::I64, 1 << (shift - 1));
        let bits = w.integer(Scalar::I64, shift as i64);
        let product = w.mul(wide, multiplier);
        let rounded = w.add(product, half);
        let scaled = w.binary("arith.shrsi", rounded, bits);
        let zero_point = w.integer(Scalar::I64, zero_point as i64);
        let shifted = w.add(scaled, zero_point);
        let (low, high) = (w.integer(Scalar::I64, if relu { 0 } else { -128 }), w.integer(Scalar::I64, 127));
        let above = w.max(shifted, low);
        let clamped = w.min(above, high);
        w.cast(clamped, Scalar::I8)
    })
}
