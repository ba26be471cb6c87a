//! The text of a function under construction: fresh names, types, arguments, `linalg.generic` with its maps.

use std::fmt::Write;

use ir::steps::WEIGHT_ATTRIBUTE;
use names::named;

named! {
    /// Format of weights and KV caches. Activations, accumulators and non-linear functions are f32 either way.
    pub enum Element {
        /// 32-bit floating point: what CPU back ends compute with.
        F32 = "f32",
        /// 16-bit brain floating point: the released format of most models.
        Bf16 = "bf16",
    }
}

named! {
    /// Where weights come from.
    pub enum WeightStyle {
        /// Function arguments with the unit attribute [`WEIGHT_ATTRIBUTE`].
        Arguments = "arguments",
        /// `arith.constant dense_resource<name>` without payload: marks them as constant, cannot be executed.
        Constants = "constants",
    }
}

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    F32,
    Bf16,
    Index,
}

impl Scalar {
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Index => "index",
        }
    }
}

impl From<Element> for Scalar {
    fn from(element: Element) -> Self {
        match element {
            Element::F32 => Self::F32,
            Element::Bf16 => Self::Bf16,
        }
    }
}

/// A tensor value: its name with `%`, its shape in elements, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<u64>,
    pub(super) scalar: Scalar,
}

impl Tensor {
    /// `tensor<4x64xf32>`.
    pub(super) fn ty(&self) -> String {
        let mut text = "tensor<".to_owned();
        for extent in &self.shape {
            write!(text, "{extent}x").expect("writing to a string");
        }
        text + self.scalar.name() + ">"
    }
}

/// An operand of `linalg.generic`: the tensor and the results of its map, e.g. `d0, d2`.
pub(super) type Mapped<'a> = (&'a Tensor, &'a str);

/// A function under construction.
#[derive(Debug)]
pub(super) struct Function {
    arguments: Vec<String>,
    body: String,
    next: u32,
    indent: usize,
    pub(super) element: Element,
    weights: WeightStyle,
}

impl Function {
    pub(super) fn new(element: Element, weights: WeightStyle) -> Self {
        Self { arguments: Vec::new(), body: String::new(), next: 0, indent: 1, element, weights }
    }

    /// A variable argument.
    pub(super) fn input(&mut self, name: &str, shape: &[u64], scalar: Scalar) -> Tensor {
        let tensor = Tensor { name: format!("%{name}"), shape: shape.to_vec(), scalar };
        self.arguments.push(format!("{}: {}", tensor.name, tensor.ty()));
        tensor
    }

    /// A weight: an argument or constant, by the style of the function.
    pub(super) fn weight(&mut self, name: &str, shape: &[u64]) -> Tensor {
        let tensor = Tensor { name: format!("%{name}"), shape: shape.to_vec(), scalar: self.element.into() };
        match self.weights {
            WeightStyle::Arguments => {
                self.arguments.push(format!("{}: {} {{{}}}", tensor.name, tensor.ty(), WEIGHT_ATTRIBUTE));
            }
            WeightStyle::Constants => {
                self.line(&format!("{} = arith.constant dense_resource<{name}> : {}", tensor.name, tensor.ty()));
            }
        }
        tensor
    }

    /// A line of the body at the current indentation.
    pub(super) fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.body.push_str("  ");
        }
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// Indents the following lines one level more.
    pub(super) fn enter(&mut self) {
        self.indent += 1;
    }

    /// Indents the following lines one level less.
    pub(super) fn leave(&mut self) {
        self.indent -= 1;
    }

    /// A name not used before.
    pub(super) fn fresh(&mut self) -> String {
        self.next += 1;
        format!("%{}", self.next - 1)
    }

    /// Declares a result of one line: `%n = text`.
    pub(super) fn result(&mut self, shape: &[u64], scalar: Scalar, text: impl FnOnce(&Tensor) -> String) -> Tensor {
        let tensor = Tensor { name: self.fresh(), shape: shape.to_vec(), scalar };
        let right = text(&tensor);
        self.line(&format!("{} = {right}", tensor.name));
        tensor
    }

    /// A scalar constant, e.g. `0.000000e+00 : f32`.
    pub(super) fn constant(&mut self, value: &str) -> String {
        let name = self.fresh();
        self.line(&format!("{name} = arith.constant {value}"));
        name
    }

    /// Storage without contents.
    pub(super) fn empty(&mut self, shape: &[u64], scalar: Scalar) -> Tensor {
        self.result(shape, scalar, |t| format!("tensor.empty() : {}", t.ty()))
    }

    /// A tensor of one value, e.g. `0.000000e+00`.
    pub(super) fn filled(&mut self, shape: &[u64], scalar: Scalar, value: &str) -> Tensor {
        let constant = self.constant(&format!("{value} : {}", scalar.name()));
        let empty = self.empty(shape, scalar);
        self.result(shape, scalar, |t| {
            format!("linalg.fill ins({constant} : {}) outs({} : {}) -> {}", scalar.name(), empty.name, t.ty(), t.ty())
        })
    }

    /// A tensor of f32 zeros, as the initial value of sums.
    pub(super) fn zeros(&mut self, shape: &[u64]) -> Tensor {
        self.filled(shape, Scalar::F32, "0.000000e+00")
    }

    /// `linalg.generic` over a domain of one letter per dimension, `p` parallel, `r` reduction. In `body`, element
    /// `i` of the inputs is `%x<i>` (bf16 already widened to f32), element `i` of the outputs `%o<i>`.
    pub(super) fn generic(
        &mut self,
        domain: &str,
        inputs: &[Mapped],
        outputs: &[Mapped],
        body: &[&str],
        yields: &[&str],
    ) -> Vec<Tensor> {
        let dims: Vec<String> = (0..domain.len()).map(|i| format!("d{i}")).collect();
        let dims = dims.join(", ");
        let maps: Vec<String> =
            inputs.iter().chain(outputs).map(|(_, results)| format!("affine_map<({dims}) -> ({results})>")).collect();
        let kinds: Vec<&str> =
            domain.chars().map(|c| if c == 'p' { "\"parallel\"" } else { "\"reduction\"" }).collect();
        let list = |operands: &[Mapped], text: fn(&Tensor) -> String| {
            operands.iter().map(|(t, _)| text(t)).collect::<Vec<_>>().join(", ")
        };
        let names: fn(&Tensor) -> String = |t| t.name.clone();
        let types: fn(&Tensor) -> String = Tensor::ty;
        let ins = if inputs.is_empty() {
            String::new()
        } else {
            format!("ins({} : {}) ", list(inputs, names), list(inputs, types))
        };
        let result_types = list(outputs, types);
        let prefix = self.fresh();
        let left = if outputs.len() == 1 { prefix.clone() } else { format!("{prefix}:{}", outputs.len()) };
        self.line(&format!(
            "{left} = linalg.generic {{indexing_maps = [{}], iterator_types = [{}]}} {ins}outs({} : {result_types}) {{",
            maps.join(", "),
            kinds.join(", "),
            list(outputs, names),
        ));
        let mut block: Vec<String> = Vec::new();
        for (i, (tensor, _)) in inputs.iter().enumerate() {
            let letter = if tensor.scalar == Scalar::Bf16 { 'w' } else { 'x' };
            block.push(format!("%{letter}{i}: {}", tensor.scalar.name()));
        }
        for (i, (tensor, _)) in outputs.iter().enumerate() {
            block.push(format!("%o{i}: {}", tensor.scalar.name()));
        }
        self.line(&format!("^bb0({}):", block.join(", ")));
        self.enter();
        for (i, (tensor, _)) in inputs.iter().enumerate() {
            if tensor.scalar == Scalar::Bf16 {
                self.line(&format!("%x{i} = arith.extf %w{i} : bf16 to f32"));
            }
        }
        for line in body {
            self.line(line);
        }
        let yielded: Vec<&str> = outputs.iter().map(|(t, _)| t.scalar.name()).collect();
        self.line(&format!("linalg.yield {} : {}", yields.join(", "), yielded.join(", ")));
        self.leave();
        let result = if outputs.len() == 1 { result_types } else { format!("({result_types})") };
        self.line(&format!("}} -> {result}"));
        outputs
            .iter()
            .enumerate()
            .map(|(i, (tensor, _))| {
                let name = if outputs.len() == 1 { prefix.clone() } else { format!("{prefix}#{i}") };
                Tensor { name, ..(*tensor).clone() }
            })
            .collect()
    }

    /// `generic` with one output.
    pub(super) fn generic1(
        &mut self,
        domain: &str,
        inputs: &[Mapped],
        output: Mapped,
        body: &[&str],
        yields: &str,
    ) -> Tensor {
        self.generic(domain, inputs, &[output], body, &[yields]).remove(0)
    }

    /// The complete function, which returns `results`.
    pub(super) fn finish(self, name: &str, results: &[&Tensor]) -> String {
        let types: Vec<String> = results.iter().map(|t| t.ty()).collect();
        let names: Vec<&str> = results.iter().map(|t| t.name.as_str()).collect();
        let (types, names) = (types.join(", "), names.join(", "));
        let result = if results.len() == 1 { types.clone() } else { format!("({types})") };
        format!(
            "func.func @{name}({}) -> {result} {{\n{}  return {names} : {types}\n}}\n",
            self.arguments.join(", "),
            self.body
        )
    }
}
