//! Chains of element-wise steps, as compilers fuse them before and after a kernel.

use super::draw::Draw;
use super::types::{Scalar, Value};
use super::writer::Writer;

/// One element-wise step.
#[derive(Debug, Clone, Copy)]
enum Step {
    Scale(f64),
    Shift(f64),
    Relu,
    LeakyRelu(f64),
    Clamp(f64),
    Abs,
    Square,
    Negate,
    Tanh,
    Sigmoid,
    Exp,
    Root,
    Reciprocal,
    Silu,
    Gelu,
    HardSwish,
    Softplus,
    Xor(i64),
    ShiftLeft(i64),
    ShiftRight(i64),
    And(i64),
}

/// Steps applied one after the other.
#[derive(Debug, Clone, Default)]
pub struct Chain(Vec<Step>);

impl Chain {
    /// At most `longest` steps that suit the element type; often none.
    pub fn draw(d: &mut Draw, scalar: Scalar, longest: usize) -> Self {
        let steps = d.below(longest + 1);
        Self((0..steps).map(|_| Self::step(d, scalar)).collect())
    }

    /// Exactly `steps` steps.
    pub fn exactly(d: &mut Draw, scalar: Scalar, steps: usize) -> Self {
        Self((0..steps).map(|_| Self::step(d, scalar)).collect())
    }

    fn step(d: &mut Draw, scalar: Scalar) -> Step {
        let coefficient = d.coefficient();
        let bits = d.within(1, 7) as i64;
        let mask = d.within(1, 126) as i64;
        let float = [
            Step::Scale(coefficient),
            Step::Shift(coefficient),
            Step::Scale(coefficient),
            Step::Shift(coefficient),
            Step::Relu,
            Step::Relu,
            Step::LeakyRelu(0.125),
            Step::Clamp(coefficient.abs() + 1.0),
            Step::Abs,
            Step::Square,
            Step::Negate,
            Step::Root,
            Step::Reciprocal,
            Step::HardSwish,
            Step::Tanh,
            Step::Sigmoid,
            Step::Exp,
            Step::Silu,
            Step::Gelu,
            Step::Softplus,
        ];
        let integer = [
            Step::Scale((coefficient * 16.0).abs().min(99.0) + 2.0),
            Step::Shift(mask as f64),
            Step::Relu,
            Step::Clamp(mask as f64),
            Step::Square,
            Step::Negate,
            Step::Xor(mask),
            Step::ShiftLeft(bits),
            Step::ShiftRight(bits),
            Step::And(mask),
        ];
        if scalar.is_float() { d.pick(&float) } else { d.pick(&integer) }
    }

    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value after all steps.
    pub fn apply(&self, w: &mut Writer, value: Value) -> Value {
        self.0.iter().fold(value, |value, step| step.apply(w, value))
    }
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(w: &mut Writer, x: Value) -> Value {
    let one = w.float(x.ty, 1.0);
    let negative = w.unary("arith.negf", x);
    let power = w.unary("math.exp", negative);
    let sum = w.add(power, one);
    w.div(one, sum)
}

/// The Gaussian error linear unit by its tanh approximation (Hendrycks and Gimpel, 2016).
pub fn gelu(w: &mut Writer, x: Value) -> Value {
    let (half, one) = (w.float(x.ty, 0.5), w.float(x.ty, 1.0));
    let (cubic, scale) = (w.float(x.ty, 0.044_715), w.float(x.ty, 0.797_885));
    let square = w.mul(x, x);
    let cube = w.mul(square, x);
    let scaled = w.mul(cube, cubic);
    let inner = w.add(x, scaled);
    let inner = w.mul(inner, scale);
    let tanh = w.unary("math.tanh", inner);
    let gate = w.add(tanh, one);
    let halved = w.mul(x, half);
    w.mul(halved, gate)
}

impl Step {
    fn apply(self, w: &mut Writer, x: Value) -> Value {
        let ty = x.ty;
        match self {
            Self::Scale(factor) => {
                let factor = w.number(ty, factor);
                w.mul(x, factor)
            }
            Self::Shift(offset) => {
                let offset = w.number(ty, offset);
                w.add(x, offset)
            }
            Self::Relu => {
                let zero = w.number(ty, 0.0);
                w.max(x, zero)
            }
            Self::LeakyRelu(slope) => {
                let (zero, slope) = (w.float(ty, 0.0), w.float(ty, slope));
                let positive = w.compare("gt", x, zero);
                let leaked = w.mul(x, slope);
                w.select(positive, x, leaked)
            }
            Self::Clamp(limit) => {
                let (low, high) = (w.number(ty, -limit), w.number(ty, limit));
                let below = w.min(x, high);
                w.max(below, low)
            }
            Self::Abs => w.unary("math.absf", x),
            Self::Square => w.mul(x, x),
            Self::Negate => {
                let zero = w.number(ty, 0.0);
                w.sub(zero, x)
            }
            Self::Tanh => w.unary("math.tanh", x),
            Self::Sigmoid => sigmoid(w, x),
            Self::Exp => w.unary("math.exp", x),
            Self::Root => {
                let magnitude = w.unary("math.absf", x);
                w.unary("math.sqrt", magnitude)
            }
            Self::Reciprocal => {
                let one = w.float(ty, 1.0);
                let below = w.fma(x, x, one);
                w.div(one, below)
            }
            Self::Silu => {
                let gate = sigmoid(w, x);
                w.mul(x, gate)
            }
            Self::Gelu => gelu(w, x),
            Self::HardSwish => {
                let (zero, three, six) = (w.float(ty, 0.0), w.float(ty, 3.0), w.float(ty, 6.0));
                let shifted = w.add(x, three);
                let below = w.min(shifted, six);
                let clamped = w.max(below, zero);
                let product = w.mul(x, clamped);
                w.div(product, six)
            }
            Self::Softplus => {
                let one = w.float(ty, 1.0);
                let power = w.unary("math.exp", x);
                let sum = w.add(power, one);
                w.unary("math.log", sum)
            }
            Self::Xor(mask) => {
                let mask = w.integer(ty, mask);
                w.binary("arith.xori", x, mask)
            }
            Self::ShiftLeft(bits) => {
                let bits = w.integer(ty, bits);
                w.binary("arith.shli", x, bits)
            }
            Self::ShiftRight(bits) => {
                let bits = w.integer(ty, bits);
                w.binary("arith.shrsi", x, bits)
            }
            Self::And(mask) => {
                let mask = w.integer(ty, mask);
                w.binary("arith.andi", x, mask)
            }
        }
    }
}
