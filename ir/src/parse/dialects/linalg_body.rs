//! Bodies of the named `linalg` operations, which their custom forms leave out; as upstream's generic form shows
//! them. `fill_rng_2d` keeps an empty region.

use crate::parse::Parser;
use crate::parse::draft::Draft;
use crate::tree::{AttributeValue, BlockId, Type, TypeId, ValueId};

/// What a named operation computes per element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// The first input.
    First,
    /// The first input, cast to the output.
    Copy,
    Unary(&'static str),
    Binary(&'static str),
    Select,
    /// Product of two inputs, added to the output.
    Contraction,
    /// The same of inputs less their zero points.
    Quantized,
    /// The first input combined with the output.
    Pooling(&'static str),
}

fn body_of(name: &str) -> Option<Body> {
    Some(match name {
        "fill" | "transpose" | "broadcast" => Body::First,
        "copy" => Body::Copy,
        "exp" | "log" | "abs" | "ceil" | "floor" | "negf" | "reciprocal" | "round" | "sqrt" | "rsqrt" | "square"
        | "tanh" | "erf" => Body::Unary(UNARY.iter().find(|u| u.0 == name)?.0),
        "add" | "sub" | "mul" | "div" | "powf" => Body::Binary(BINARY.iter().find(|b| b.0 == name)?.0),
        "div_unsigned" => Body::Binary("div_unsigned"),
        "max" => Body::Binary("max"),
        "min" => Body::Binary("min"),
        "select" => Body::Select,
        "contract" | "dot" | "mmt4d" | "batch_mmt4d" => Body::Contraction,
        _ if name.starts_with("quantized_") || (name.contains("conv") && name.ends_with("_q")) => Body::Quantized,
        _ if name.contains("matmul") || name.contains("matvec") || name.contains("vecmat") || name.contains("conv") => {
            Body::Contraction
        }
        _ if name.starts_with("pooling_") => Body::Pooling(if name.ends_with("_sum") {
            "add"
        } else if name.ends_with("_max") {
            "max"
        } else if name.ends_with("_min") {
            "min"
        } else if name.ends_with("_max_unsigned") {
            "max_unsigned"
        } else if name.ends_with("_min_unsigned") {
            "min_unsigned"
        } else {
            return None;
        }),
        _ => return None,
    })
}

/// Functions of one number, and their operations; the last two are made of others.
const UNARY: [(&str, &str); 13] = [
    ("exp", "math.exp"),
    ("log", "math.log"),
    ("abs", "math.absf"),
    ("ceil", "math.ceil"),
    ("floor", "math.floor"),
    ("negf", "arith.negf"),
    ("round", "math.round"),
    ("sqrt", "math.sqrt"),
    ("rsqrt", "math.rsqrt"),
    ("tanh", "math.tanh"),
    ("erf", "math.erf"),
    ("reciprocal", ""),
    ("square", ""),
];

/// Functions of two numbers: operation on floats, on integers, on `i1`.
const BINARY: [(&str, &str, &str, &str); 10] = [
    ("add", "arith.addf", "arith.addi", "arith.ori"),
    ("sub", "arith.subf", "arith.subi", "arith.subi"),
    ("mul", "arith.mulf", "arith.muli", "arith.andi"),
    ("div", "arith.divf", "arith.divsi", "arith.divsi"),
    ("div_unsigned", "arith.divf", "arith.divui", "arith.divui"),
    ("max", "arith.maximumf", "arith.maxsi", "arith.maxsi"),
    ("min", "arith.minimumf", "arith.minsi", "arith.minsi"),
    ("max_unsigned", "arith.maximumf", "arith.maxui", "arith.maxui"),
    ("min_unsigned", "arith.minimumf", "arith.minui", "arith.minui"),
    ("powf", "math.powf", "math.powf", "math.powf"),
];

impl Parser<'_> {
    /// Add the region of a named operation over operands of these types.
    pub(super) fn imply_named_body(&mut self, name: &str, types: &[TypeId], draft: &mut Draft) {
        let elementwise = self.elementwise_body(name, draft);
        let body = elementwise.or_else(|| body_of(name));
        let Some(body) = body.filter(|b| types.len() >= least_operands(*b)) else {
            let region = self.new_region();
            draft.regions.push(region);
            return;
        };
        let unsigned = self.casts_unsigned(draft) || name.ends_with("_unsigned");
        let (region, block, arguments) = self.scalar_block(types);
        draft.regions.push(region);
        let output = arguments[arguments.len() - 1];
        let to = self.tree.values[output.index()].ty;
        let value = match body {
            Body::First => arguments[0],
            Body::Copy => self.imply_cast(block, arguments[0], to, unsigned),
            Body::Unary(function) => self.imply_unary(block, function, arguments[0]),
            Body::Binary(function) => self.imply_binary(block, function, arguments[0], arguments[1]),
            Body::Select => {
                let ty = self.tree.values[arguments[1].index()].ty;
                self.imply(block, "arith.select", &arguments[..3], &[ty], Vec::new())[0]
            }
            Body::Contraction => {
                let left = self.imply_cast(block, arguments[0], to, unsigned);
                let right = self.imply_cast(block, arguments[1], to, unsigned);
                let product = self.imply_binary(block, "mul", left, right);
                self.imply_binary(block, "add", output, product)
            }
            Body::Quantized => {
                let mut factors = [output; 2];
                for (i, factor) in factors.iter_mut().enumerate() {
                    let value = self.imply_cast(block, arguments[i], to, unsigned);
                    let zero = self.imply_cast(block, arguments[i + 2], to, unsigned);
                    *factor = self.imply_binary(block, "sub", value, zero);
                }
                let product = self.imply_binary(block, "mul", factors[0], factors[1]);
                self.imply_binary(block, "add", output, product)
            }
            Body::Pooling(function) => {
                let value = self.imply_cast(block, arguments[0], to, unsigned);
                self.imply_binary(block, function, output, value)
            }
        };
        self.imply(block, "linalg.yield", &[value], &[], Vec::new());
    }

    /// `linalg.elementwise kind = #linalg.elementwise_kind<exp>`.
    fn elementwise_body(&mut self, name: &str, draft: &Draft) -> Option<Body> {
        if name != "elementwise" {
            return None;
        }
        let kind = self.names.get_index_of("kind")?;
        let AttributeValue::Other(text) = &draft.attributes.iter().find(|a| a.name.index() == kind)?.value else {
            return None;
        };
        let function = text.strip_prefix("#linalg.elementwise_kind<")?.strip_suffix('>')?;
        let function = match function {
            "max_signed" => "max",
            "min_signed" => "min",
            other => other,
        };
        if function == "select" {
            return Some(Body::Select);
        }
        UNARY
            .iter()
            .find(|u| u.0 == function)
            .map(|u| Body::Unary(u.0))
            .or_else(|| BINARY.iter().find(|b| b.0 == function).map(|b| Body::Binary(b.0)))
    }

    fn casts_unsigned(&self, draft: &Draft) -> bool {
        let Some(cast) = self.names.get_index_of("cast") else { return false };
        draft.attributes.iter().any(|a| {
            a.name.index() == cast && matches!(&a.value, AttributeValue::Other(text) if text.contains("cast_unsigned"))
        })
    }

    fn imply_cast(&mut self, block: BlockId, value: ValueId, to: TypeId, unsigned: bool) -> ValueId {
        let from = self.tree.values[value.index()].ty;
        if from == to {
            return value;
        }
        let name = match (self.tree.types.get(from), self.tree.types.get(to)) {
            (Type::Float(a), Type::Float(b)) if a.bits() < b.bits() => "arith.extf",
            (Type::Float(_), Type::Float(_)) => "arith.truncf",
            (Type::Float(_), _) if unsigned => "arith.fptoui",
            (Type::Float(_), _) => "arith.fptosi",
            (_, Type::Float(_)) if unsigned => "arith.uitofp",
            (_, Type::Float(_)) => "arith.sitofp",
            (Type::Integer(a, _), Type::Integer(b, _)) if a > b => "arith.trunci",
            (Type::Integer(..), Type::Integer(..)) if unsigned => "arith.extui",
            (Type::Integer(..), Type::Integer(..)) => "arith.extsi",
            _ => "arith.index_cast",
        };
        self.imply(block, name, &[value], &[to], Vec::new())[0]
    }

    fn imply_unary(&mut self, block: BlockId, function: &str, value: ValueId) -> ValueId {
        let ty = self.tree.values[value.index()].ty;
        match function {
            "square" => self.imply_binary(block, "mul", value, value),
            "reciprocal" => {
                let one = vec![("value", AttributeValue::Float(1.0, ty))];
                let one = self.imply(block, "arith.constant", &[], &[ty], one)[0];
                self.imply_binary(block, "div", one, value)
            }
            _ => {
                let name = UNARY.iter().find(|u| u.0 == function).map_or("", |u| u.1);
                self.imply(block, name, &[value], &[ty], Vec::new())[0]
            }
        }
    }

    fn imply_binary(&mut self, block: BlockId, function: &str, left: ValueId, right: ValueId) -> ValueId {
        let ty = self.tree.values[left.index()].ty;
        let row = BINARY.iter().find(|b| b.0 == function).unwrap_or(&BINARY[0]);
        let complex;
        let name = match self.tree.types.get(ty) {
            Type::Integer(1, _) => row.3,
            Type::Integer(..) | Type::Index => row.2,
            Type::Complex(_) => {
                complex = format!("complex.{function}");
                &complex
            }
            _ => row.1,
        };
        self.imply(block, name, &[left, right], &[ty], Vec::new())[0]
    }
}

/// Operands that a body reads.
fn least_operands(body: Body) -> usize {
    match body {
        Body::Unary(_) => 1,
        Body::First | Body::Copy | Body::Pooling(_) => 2,
        Body::Binary(_) | Body::Contraction => 3,
        Body::Select => 4,
        Body::Quantized => 5,
    }
}
