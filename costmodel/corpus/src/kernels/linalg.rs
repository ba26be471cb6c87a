//! Linalg operations on tensors: generic ones from accesses, and named ones.

use super::types::{Buffer, Scalar, Subscript, Type, Value};
use super::writer::{Form, Writer};

/// How an operand is indexed: per dimension, a sum of loop dimensions times factors, and a constant.
#[derive(Debug, Clone, Default)]
pub struct Access(pub Vec<Sum>);

/// Loop dimensions with their factors, and a constant.
pub type Sum = (Vec<(usize, i64)>, i64);

impl Access {
    /// Plain dimensions.
    pub fn dims(dims: &[usize]) -> Self {
        Self(dims.iter().map(|&d| (vec![(d, 1)], 0)).collect())
    }

    /// The subscripts at given loop counters.
    pub fn subscripts(&self, counters: &[Subscript]) -> Vec<Subscript> {
        let sum = |terms: &[(usize, i64)], constant| {
            terms.iter().fold(Subscript::from(constant), |sum, &(d, factor)| sum + counters[d].clone() * factor)
        };
        self.0.iter().map(|(terms, constant)| sum(terms, *constant)).collect()
    }

    /// Extents that the access reaches over loops of given extents.
    pub fn extents(&self, loops: &[u64]) -> Vec<u64> {
        let reach = |terms: &[(usize, i64)]| terms.iter().map(|&(d, f)| (loops[d] - 1) * f as u64).sum::<u64>();
        self.0.iter().map(|(terms, constant)| reach(terms) + *constant as u64 + 1).collect()
    }

    /// As an affine map over `loops` dimensions.
    pub(super) fn map(&self, loops: usize) -> String {
        let dims: Vec<String> = (0..loops).map(|d| format!("d{d}")).collect();
        let terms = |terms: &[(usize, i64)], constant: i64| {
            let mut parts: Vec<String> = terms
                .iter()
                .map(|(d, factor)| if *factor == 1 { format!("d{d}") } else { format!("d{d} * {factor}") })
                .collect();
            if constant != 0 || parts.is_empty() {
                parts.push(constant.to_string());
            }
            parts.join(" + ")
        };
        let results: Vec<String> = self.0.iter().map(|(t, c)| terms(t, *c)).collect();
        format!("affine_map<({}) -> ({})>", dims.join(", "), results.join(", "))
    }
}

/// ` -> type` of an operation whose result is a tensor.
fn arrow(onto: &Buffer) -> String {
    if onto.tensor { format!(" -> {onto}") } else { String::new() }
}

/// `ins(%a, %b : type, type)`.
fn ins(inputs: &[&Buffer], numbers: &[Value]) -> String {
    let names = inputs.iter().map(|b| b.value.to_string()).chain(numbers.iter().map(Value::to_string));
    let types = inputs.iter().map(|b| b.to_string()).chain(numbers.iter().map(|n| n.ty.to_string()));
    format!("ins({} : {})", names.collect::<Vec<_>>().join(", "), types.collect::<Vec<_>>().join(", "))
}

impl Writer {
    /// A value that is a tensor; the text after `=` is made from its type.
    pub(super) fn tensor(&mut self, scalar: Scalar, shape: &[u64], text: impl FnOnce(&Buffer) -> String) -> Buffer {
        let value = self.define(scalar);
        let buffer = Buffer { value, scalar, shape: shape.to_vec(), tensor: true };
        let text = text(&buffer);
        self.line(&format!("{value} = {text}"));
        buffer
    }

    /// An operation that writes `onto`: the result is a new tensor, or the memref itself.
    pub(super) fn write_onto(&mut self, onto: &Buffer, text: &str) -> Buffer {
        if !onto.tensor {
            self.line(text);
            return onto.clone();
        }
        let text = text.to_string();
        self.tensor(onto.scalar, &onto.shape, |_| text)
    }

    /// A tensor without contents, or a new buffer.
    pub fn empty(&mut self, scalar: Scalar, shape: &[u64]) -> Buffer {
        if self.form == Form::Memory {
            return self.allocation(scalar, shape);
        }
        self.tensor(scalar, shape, |b| format!("tensor.empty() : {b}"))
    }

    /// A tensor of one number.
    pub fn filled(&mut self, scalar: Scalar, shape: &[u64], number: Value) -> Buffer {
        let empty = self.empty(scalar, shape);
        let (name, arrow) = (Type::from(scalar), arrow(&empty));
        let text = format!("linalg.fill ins({number} : {name}) outs({} : {empty}){arrow}", empty.value);
        self.write_onto(&empty, &text)
    }

    /// A named operation, its attributes in braces or empty, accumulating onto `onto`.
    pub fn named(&mut self, operation: &str, attributes: &str, inputs: &[&Buffer], onto: &Buffer) -> Buffer {
        self.named_with(operation, attributes, inputs, &[], onto)
    }

    /// A named operation that takes numbers after its arrays, such as zero points.
    pub fn named_with(
        &mut self,
        operation: &str,
        attributes: &str,
        inputs: &[&Buffer],
        numbers: &[Value],
        onto: &Buffer,
    ) -> Buffer {
        let attributes = if attributes.is_empty() { String::new() } else { format!(" {{{attributes}}}") };
        let inputs = ins(inputs, numbers);
        let arrow = arrow(onto);
        self.write_onto(onto, &format!("{operation}{attributes} {inputs} outs({} : {onto}){arrow}", onto.value))
    }

    /// `linalg.generic`: one letter per loop (`p`arallel or `r`eduction), operands with their accesses.
    /// The body gets the elements of the inputs and of the output and gives the new element.
    pub fn generic(
        &mut self,
        iterators: &str,
        inputs: &[(&Buffer, Access)],
        onto: (&Buffer, Access),
        body: impl FnOnce(&mut Self, &[Value]) -> Value,
    ) -> Buffer {
        let (onto, onto_access) = onto;
        let loops = iterators.len();
        let list = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().join(", ");
        let accesses = inputs.iter().map(|(_, access)| access).chain([&onto_access]);
        let maps = list(&mut accesses.map(|a| a.map(loops)));
        let kinds =
            list(&mut iterators.chars().map(|c| (if c == 'r' { "\"reduction\"" } else { "\"parallel\"" }).into()));
        let elements: Vec<Value> =
            inputs.iter().map(|(b, _)| b.scalar).chain([onto.scalar]).map(|s| self.define(s)).collect();
        let ins = match inputs.len() {
            0 => String::new(),
            _ => format!(
                " ins({} : {})",
                list(&mut inputs.iter().map(|(b, _)| b.value.to_string())),
                list(&mut inputs.iter().map(|(b, _)| b.to_string()))
            ),
        };
        let result = if onto.tensor { self.define(onto.scalar) } else { onto.value };
        let equals = if onto.tensor { format!("{result} = ") } else { String::new() };
        self.line(&format!(
            "{equals}linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}{ins} outs({} : {onto}) {{",
            onto.value
        ));
        let arguments = list(&mut elements.iter().map(|e| format!("{e}: {}", e.ty)));
        self.line(&format!("^bb0({arguments}):"));
        self.indent();
        let value = body(self, &elements);
        self.line(&format!("linalg.yield {value} : {}", value.ty));
        self.dedent();
        self.line(&format!("}}{}", arrow(onto)));
        Buffer { value: result, ..onto.clone() }
    }

    /// An element-wise `linalg.generic` over tensors of one shape into a new tensor.
    pub fn elementwise(
        &mut self,
        inputs: &[&Buffer],
        scalar: Scalar,
        body: impl FnOnce(&mut Self, &[Value]) -> Value,
    ) -> Buffer {
        let shape = inputs[0].shape.clone();
        let dims: Vec<usize> = (0..shape.len()).collect();
        let empty = self.empty(scalar, &shape);
        let operands: Vec<(&Buffer, Access)> = inputs.iter().map(|b| (*b, Access::dims(&dims))).collect();
        self.generic(&"p".repeat(shape.len()), &operands, (&empty, Access::dims(&dims)), body)
    }

    /// A part of a tensor: `sizes` elements from `offsets` on.
    pub fn part(&mut self, a: &Buffer, offsets: &[i64], sizes: &[u64]) -> Buffer {
        let list = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(", ");
        let offsets = list(&mut offsets.iter().map(i64::to_string));
        let extents = list(&mut sizes.iter().map(u64::to_string));
        let strides = list(&mut sizes.iter().map(|_| "1".into()));
        self.tensor(a.scalar, sizes, |b| {
            format!("tensor.extract_slice {}[{offsets}] [{extents}] [{strides}] : {a} to {b}", a.value)
        })
    }

    /// A tensor with its dimensions permuted by `linalg.transpose`.
    pub fn transposed(&mut self, a: &Buffer, order: &[usize]) -> Buffer {
        let shape: Vec<u64> = order.iter().map(|&d| a.shape[d]).collect();
        let empty = self.empty(a.scalar, &shape);
        let order: Vec<String> = order.iter().map(usize::to_string).collect();
        let (from, to, order) = (a.value, empty.value, order.join(", "));
        self.write_onto(
            &empty,
            &format!("linalg.transpose ins({from} : {a}) outs({to} : {empty}) permutation = [{order}]"),
        )
    }

    /// An array with its dimensions split or merged in groups, such as `[[0, 1], [2]]`.
    pub fn reshaped(&mut self, a: &Buffer, shape: &[u64], groups: &str) -> Buffer {
        let dialect = if a.tensor { "tensor" } else { "memref" };
        let result = Buffer { value: self.define(a.scalar), shape: shape.to_vec(), ..a.clone() };
        let (name, from) = (result.value, a.value);
        if shape.len() > a.shape.len() {
            let extents: Vec<String> = shape.iter().map(u64::to_string).collect();
            let extents = extents.join(", ");
            self.line(&format!(
                "{name} = {dialect}.expand_shape {from} {groups} output_shape [{extents}] : {a} into {result}"
            ));
        } else {
            self.line(&format!("{name} = {dialect}.collapse_shape {from} {groups} : {a} into {result}"));
        }
        result
    }
}
