//! Bodies of the named `linalg` operations, which their custom forms leave out; as upstream's generic form shows
//! them. `fill_rng_2d` keeps an empty region.

use crate::parse::Parser;
use crate::parse::draft::Draft;
use crate::registry::syntax::{BinaryFunction, Body, UnaryFunction};
use crate::tree::{AttributeValue, BlockId, Type, TypeId, ValueId};

/// The operation on floating-point numbers that computes a function; two are made of others.
fn unary_operation(function: UnaryFunction) -> &'static str {
    match function {
        UnaryFunction::Exp => "math.exp",
        UnaryFunction::Log => "math.log",
        UnaryFunction::Abs => "math.absf",
        UnaryFunction::Ceil => "math.ceil",
        UnaryFunction::Floor => "math.floor",
        UnaryFunction::Negf => "arith.negf",
        UnaryFunction::Round => "math.round",
        UnaryFunction::Sqrt => "math.sqrt",
        UnaryFunction::Rsqrt => "math.rsqrt",
        UnaryFunction::Tanh => "math.tanh",
        UnaryFunction::Erf => "math.erf",
        UnaryFunction::Reciprocal | UnaryFunction::Square => "",
    }
}

/// The operations that compute a function: on floating-point numbers, on integers, on `i1`, on complex numbers.
fn binary_operations(function: BinaryFunction) -> [&'static str; 4] {
    match function {
        BinaryFunction::Add => ["arith.addf", "arith.addi", "arith.ori", "complex.add"],
        BinaryFunction::Sub => ["arith.subf", "arith.subi", "arith.subi", "complex.sub"],
        BinaryFunction::Mul => ["arith.mulf", "arith.muli", "arith.andi", "complex.mul"],
        BinaryFunction::Div => ["arith.divf", "arith.divsi", "arith.divsi", "complex.div"],
        BinaryFunction::DivUnsigned => ["arith.divf", "arith.divui", "arith.divui", "complex.div_unsigned"],
        BinaryFunction::Max => ["arith.maximumf", "arith.maxsi", "arith.maxsi", "complex.max"],
        BinaryFunction::Min => ["arith.minimumf", "arith.minsi", "arith.minsi", "complex.min"],
        BinaryFunction::MaxUnsigned => ["arith.maximumf", "arith.maxui", "arith.maxui", "complex.max_unsigned"],
        BinaryFunction::MinUnsigned => ["arith.minimumf", "arith.minui", "arith.minui", "complex.min_unsigned"],
        BinaryFunction::Powf => ["math.powf", "math.powf", "math.powf", "complex.powf"],
    }
}

/// The function that the attribute `kind` of `linalg.elementwise` names.
fn elementwise_function(kind: &str) -> Option<Body> {
    Some(match kind {
        "exp" => Body::Unary(UnaryFunction::Exp),
        "log" => Body::Unary(UnaryFunction::Log),
        "abs" => Body::Unary(UnaryFunction::Abs),
        "ceil" => Body::Unary(UnaryFunction::Ceil),
        "floor" => Body::Unary(UnaryFunction::Floor),
        "negf" => Body::Unary(UnaryFunction::Negf),
        "round" => Body::Unary(UnaryFunction::Round),
        "sqrt" => Body::Unary(UnaryFunction::Sqrt),
        "rsqrt" => Body::Unary(UnaryFunction::Rsqrt),
        "tanh" => Body::Unary(UnaryFunction::Tanh),
        "erf" => Body::Unary(UnaryFunction::Erf),
        "reciprocal" => Body::Unary(UnaryFunction::Reciprocal),
        "square" => Body::Unary(UnaryFunction::Square),
        "add" => Body::Binary(BinaryFunction::Add),
        "sub" => Body::Binary(BinaryFunction::Sub),
        "mul" => Body::Binary(BinaryFunction::Mul),
        "div" => Body::Binary(BinaryFunction::Div),
        "div_unsigned" => Body::Binary(BinaryFunction::DivUnsigned),
        "max" | "max_signed" => Body::Binary(BinaryFunction::Max),
        "min" | "min_signed" => Body::Binary(BinaryFunction::Min),
        "max_unsigned" => Body::Binary(BinaryFunction::MaxUnsigned),
        "min_unsigned" => Body::Binary(BinaryFunction::MinUnsigned),
        "powf" => Body::Binary(BinaryFunction::Powf),
        "select" => Body::Select,
        _ => return None,
    })
}

impl Parser<'_> {
    /// Add the region of a named operation over operands of these types.
    pub(super) fn imply_named_body(&mut self, body: Body, types: &[TypeId], draft: &mut Draft) {
        let body = match body {
            Body::Elementwise => self.elementwise_body(draft).unwrap_or(Body::Empty),
            body => body,
        };
        if least_operands(body).is_none_or(|least| types.len() < least) {
            let region = self.new_region();
            draft.regions.push(region);
            return;
        }
        let unsigned = match body {
            Body::Binary(function) | Body::Pooling(function) => function.is_unsigned(),
            _ => false,
        };
        let unsigned = unsigned || self.casts_unsigned(draft);
        let (region, block, arguments) = self.scalar_block(types);
        draft.regions.push(region);
        let output = arguments[arguments.len() - 1];
        let to = self.tree.values[output.index()].ty;
        let value = match body {
            Body::Empty | Body::Elementwise => return,
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
                let product = self.imply_binary(block, BinaryFunction::Mul, left, right);
                self.imply_binary(block, BinaryFunction::Add, output, product)
            }
            Body::Quantized => {
                let mut factors = [output; 2];
                for (i, factor) in factors.iter_mut().enumerate() {
                    let value = self.imply_cast(block, arguments[i], to, unsigned);
                    let zero = self.imply_cast(block, arguments[i + 2], to, unsigned);
                    *factor = self.imply_binary(block, BinaryFunction::Sub, value, zero);
                }
                let product = self.imply_binary(block, BinaryFunction::Mul, factors[0], factors[1]);
                self.imply_binary(block, BinaryFunction::Add, output, product)
            }
            Body::Pooling(function) => {
                let value = self.imply_cast(block, arguments[0], to, unsigned);
                self.imply_binary(block, function, output, value)
            }
        };
        self.imply(block, "linalg.yield", &[value], &[], Vec::new());
    }

    /// `linalg.elementwise kind = #linalg.elementwise_kind<exp>`.
    fn elementwise_body(&mut self, draft: &Draft) -> Option<Body> {
        let kind = self.names.get_index_of("kind")?;
        let AttributeValue::Other(text) = &draft.attributes.iter().find(|a| a.name.index() == kind)?.value else {
            return None;
        };
        elementwise_function(text.strip_prefix("#linalg.elementwise_kind<")?.strip_suffix('>')?)
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

    fn imply_unary(&mut self, block: BlockId, function: UnaryFunction, value: ValueId) -> ValueId {
        let ty = self.tree.values[value.index()].ty;
        match function {
            UnaryFunction::Square => self.imply_binary(block, BinaryFunction::Mul, value, value),
            UnaryFunction::Reciprocal => {
                let one = vec![("value", AttributeValue::Float(1.0, ty))];
                let one = self.imply(block, "arith.constant", &[], &[ty], one)[0];
                self.imply_binary(block, BinaryFunction::Div, one, value)
            }
            _ => self.imply(block, unary_operation(function), &[value], &[ty], Vec::new())[0],
        }
    }

    fn imply_binary(&mut self, block: BlockId, function: BinaryFunction, left: ValueId, right: ValueId) -> ValueId {
        let ty = self.tree.values[left.index()].ty;
        let [float, integer, boolean, complex] = binary_operations(function);
        let name = match self.tree.types.get(ty) {
            Type::Integer(1, _) => boolean,
            Type::Integer(..) | Type::Index => integer,
            Type::Complex(_) => complex,
            _ => float,
        };
        self.imply(block, name, &[left, right], &[ty], Vec::new())[0]
    }
}

/// Operands that a body reads; `None` for an empty one.
fn least_operands(body: Body) -> Option<usize> {
    Some(match body {
        Body::Empty | Body::Elementwise => return None,
        Body::Unary(_) => 1,
        Body::First | Body::Copy | Body::Pooling(_) => 2,
        Body::Binary(_) | Body::Contraction => 3,
        Body::Select => 4,
        Body::Quantized => 5,
    })
}
