//! Arithmetic expressions over names: dependent axes, defined results and constraints.
//!
//! ```text
//! comparison = sum ("<=" | "<" | ">=" | ">" | "==") sum
//! sum        = product (("+" | "-") product)*
//! product    = unary (("*" | "/") unary)*
//! unary      = "-" unary | power
//! power      = atom ("^" unary)?
//! atom       = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```
//!
//! Names are dotted paths; numbers are plain and count base units. Functions: `min`, `max` (two or more), `round`, `floor`,
//! `ceil`, `sqrt`, `log2`, `abs`. Errors carry byte ranges, names are resolved once, and `^` and
//! `log2` come from `libm`. Existing crates do not fit: the best known is under the AGPL, others lack dotted names or are
//! unmaintained.

use std::ops::Range;

/// Limit of the nesting depth and of the number of terms.
const MAX_NODES: usize = 256;

/// A mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Message.
    pub message: String,
    /// Help.
    pub help: Option<String>,
    /// Byte range in the text.
    pub at: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Variable(usize),
    Negative(Box<Node>),
    Binary(u8, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Min,
    Max,
    Round,
    Floor,
    Ceil,
    Sqrt,
    Log2,
    Abs,
}

const FUNCTIONS: [(&str, Function); 8] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("round", Function::Round),
    ("floor", Function::Floor),
    ("ceil", Function::Ceil),
    ("sqrt", Function::Sqrt),
    ("log2", Function::Log2),
    ("abs", Function::Abs),
];

/// A formula whose names are resolved to positions of a slice of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(Node);

/// Comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// At most.
    AtMost,
    /// Below.
    Below,
    /// At least.
    AtLeast,
    /// Above.
    Above,
    /// Equal.
    Equal,
}

const RELATIONS: [(&str, Relation); 5] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("<", Relation::Below),
    (">", Relation::Above),
];

/// Two formulas and the operator between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    left: Expression,
    relation: Relation,
    right: Expression,
}

/// Finds the position of a name; the error is the message and the advice.
pub type Resolve<'a> = dyn FnMut(&str) -> Result<usize, (String, Option<String>)> + 'a;

struct Parser<'a, 'r> {
    text: &'a str,
    at: usize,
    nodes: usize,
    resolve: &'a mut Resolve<'r>,
}

impl Parser<'_, '_> {
    fn mistake<T>(&self, at: Range<usize>, message: impl Into<String>, help: Option<&str>) -> Result<T, Mistake> {
        Err(Mistake { message: message.into(), help: help.map(str::to_owned), at })
    }

    fn rest(&mut self) -> &str {
        self.at += self.text[self.at..].len() - self.text[self.at..].trim_start().len();
        &self.text[self.at..]
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn unexpected<T>(&mut self) -> Result<T, Mistake> {
        let Some(next) = self.rest().chars().next() else {
            let end = self.text.len();
            return self.mistake(end..end, "the formula ends where a number, a name or `(` should follow", None);
        };
        let at = self.at..self.at + next.len_utf8();
        self.mistake(
            at,
            format!("`{}` is out of place here", next.escape_debug()),
            Some("write e.g. `2 * grid.rows + 1`"),
        )
    }

    fn grow(&mut self) -> Result<(), Mistake> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.mistake(0..self.text.len(), format!("the formula has more than {MAX_NODES} terms"), None);
        }
        Ok(())
    }

    fn sum(&mut self) -> Result<Node, Mistake> {
        let mut left = self.product()?;
        loop {
            let operator = if self.take("+") {
                b'+'
            } else if self.take("-") {
                b'-'
            } else {
                return Ok(left);
            };
            left = Node::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Node, Mistake> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.take("*") {
                b'*'
            } else if self.take("/") {
                b'/'
            } else {
                return Ok(left);
            };
            let start = self.at;
            let right = self.unary()?;
            if operator == b'/' && fixed(&right) == Some(0.0) {
                let start = start + (self.text[start..].len() - self.text[start..].trim_start().len());
                return self.mistake(start..self.at, "this divides by zero", None);
            }
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Result<Node, Mistake> {
        self.grow()?;
        if self.take("-") {
            return Ok(Node::Negative(Box::new(self.unary()?)));
        }
        let base = self.atom()?;
        if self.take("^") {
            return Ok(Node::Binary(b'^', Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Node, Mistake> {
        if self.take("(") {
            let inner = self.sum()?;
            return if self.take(")") { Ok(inner) } else { self.unexpected() };
        }
        let rest = self.rest();
        match rest.chars().next() {
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.name(),
            _ => self.unexpected(),
        }
    }

    fn number(&mut self) -> Result<Node, Mistake> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start;
        while end < bytes.len() {
            let exponent_sign = matches!(bytes[end], b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E');
            if !(bytes[end].is_ascii_alphanumeric()
                || matches!(bytes[end], b'.' | b'_')
                || exponent_sign && end > start)
            {
                break;
            }
            end += 1;
        }
        let written = &self.text[start..end];
        match written.replace('_', "").parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at = end;
                Ok(Node::Number(value))
            }
            _ => {
                let help = "numbers count base units: write 128e9 for 128 GB/s";
                self.mistake(start..end, format!("`{written}` is not a number"), Some(help))
            }
        }
    }

    fn name(&mut self) -> Result<Node, Mistake> {
        let start = self.at;
        let length = self.text[start..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(self.text.len() - start);
        let (name, at) = (self.text[start..start + length].to_owned(), start..start + length);
        self.at += length;
        if self.take("(") {
            return self.call(&name, at);
        }
        (self.resolve)(&name).map(Node::Variable).map_err(|(message, help)| Mistake { message, help, at })
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Node, Mistake> {
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
            let help = designs::problem::did_you_mean(name, &names);
            return self.mistake(at, format!("there is no function `{name}`"), Some(&help));
        };
        let mut arguments = vec![self.sum()?];
        while self.take(",") {
            arguments.push(self.sum()?);
        }
        if !self.take(")") {
            return self.unexpected();
        }
        let many = matches!(function, Function::Min | Function::Max);
        if many != (arguments.len() > 1) {
            let wanted = if many { "at least two arguments" } else { "one argument" };
            return self.mistake(at, format!("`{name}` takes {wanted}, not {}", arguments.len()), None);
        }
        Ok(Node::Call(*function, arguments))
    }
}

impl Expression {
    /// Reads a formula.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(text: &str, resolve: &mut Resolve<'_>) -> Result<Self, Mistake> {
        let mut parser = Parser { text, at: 0, nodes: 0, resolve };
        let node = parser.sum()?;
        if parser.rest().is_empty() { Ok(Self(node)) } else { parser.unexpected() }
    }

    /// The value where the names have the values `variables`.
    #[must_use]
    pub fn value(&self, variables: &[f64]) -> f64 {
        value(&self.0, variables)
    }

    /// The number, if it is one.
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        match &self.0 {
            Node::Number(number) => Some(*number),
            Node::Negative(inner) => match **inner {
                Node::Number(number) => Some(-number),
                _ => None,
            },
            _ => None,
        }
    }

    /// The position of the name, if it is one.
    #[must_use]
    pub fn variable(&self) -> Option<usize> {
        if let Node::Variable(position) = self.0 { Some(position) } else { None }
    }

    fn visit(&self, seen: &mut impl FnMut(usize)) {
        fn walk(node: &Node, seen: &mut impl FnMut(usize)) {
            match node {
                Node::Number(_) => {}
                Node::Variable(position) => seen(*position),
                Node::Negative(inner) => walk(inner, seen),
                Node::Binary(_, left, right) => {
                    walk(left, seen);
                    walk(right, seen);
                }
                Node::Call(_, arguments) => arguments.iter().for_each(|a| walk(a, seen)),
            }
        }
        walk(&self.0, seen);
    }
}

/// The value of a formula without names.
fn fixed(node: &Node) -> Option<f64> {
    let mut names = false;
    Expression(node.clone()).visit(&mut |_| names = true);
    (!names).then(|| value(node, &[]))
}

fn value(node: &Node, variables: &[f64]) -> f64 {
    match node {
        Node::Number(number) => *number,
        Node::Variable(position) => variables[*position],
        Node::Negative(inner) => -value(inner, variables),
        Node::Binary(operator, left, right) => {
            let (left, right) = (value(left, variables), value(right, variables));
            match operator {
                b'+' => left + right,
                b'-' => left - right,
                b'*' => left * right,
                b'/' => left / right,
                _ => libm::pow(left, right),
            }
        }
        Node::Call(function, arguments) => {
            let mut values = arguments.iter().map(|a| value(a, variables));
            let first = values.next().unwrap_or(f64::NAN);
            match function {
                Function::Min => values.fold(first, f64::min),
                Function::Max => values.fold(first, f64::max),
                Function::Round => first.round(),
                Function::Floor => first.floor(),
                Function::Ceil => first.ceil(),
                Function::Sqrt => first.sqrt(),
                Function::Log2 => libm::log2(first),
                Function::Abs => first.abs(),
            }
        }
    }
}

impl Comparison {
    /// Reads a comparison.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(text: &str, resolve: &mut Resolve<'_>) -> Result<Self, Mistake> {
        let mut parser = Parser { text, at: 0, nodes: 0, resolve };
        let left = Expression(parser.sum()?);
        let Some(relation) = RELATIONS.iter().find_map(|(token, relation)| parser.take(token).then_some(*relation))
        else {
            let (at, end) = (parser.at, text.len());
            let help = "write e.g. `token_latency_us <= 500`";
            return parser.mistake(at..end, "a constraint compares two formulas with <=, <, >=, > or ==", Some(help));
        };
        let right = Expression(parser.sum()?);
        if parser.rest().is_empty() { Ok(Self { left, relation, right }) } else { parser.unexpected() }
    }

    /// Whether it holds for these values of the names; false if one of them is NaN.
    #[must_use]
    pub fn holds(&self, variables: &[f64]) -> bool {
        let (left, right) = (self.left.value(variables), self.right.value(variables));
        match self.relation {
            Relation::AtMost => left <= right,
            Relation::Below => left < right,
            Relation::AtLeast => left >= right,
            Relation::Above => left > right,
            Relation::Equal => left == right,
        }
    }

    /// Positions of all names in it.
    #[must_use]
    pub fn variables(&self) -> Vec<usize> {
        let mut all = Vec::new();
        self.left.visit(&mut |position| all.push(position));
        self.right.visit(&mut |position| all.push(position));
        all
    }

    /// Where one side is a name and the other a number: the name's position and the least and largest value allowed, and
    /// whether the bound itself is excluded.
    #[must_use]
    pub fn bounds(&self) -> Option<(usize, f64, f64, bool)> {
        let (name, number, name_left) = match (self.left.variable(), self.right.constant()) {
            (Some(name), Some(number)) => (name, number, true),
            _ => (self.right.variable()?, self.left.constant()?, false),
        };
        let below = matches!(self.relation, Relation::AtMost | Relation::Below);
        let strict = matches!(self.relation, Relation::Below | Relation::Above);
        Some(match self.relation {
            Relation::Equal => (name, number, number, false),
            _ if below == name_left => (name, f64::NEG_INFINITY, number, strict),
            _ => (name, number, f64::INFINITY, strict),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(name: &str) -> Result<usize, (String, Option<String>)> {
        match name {
            "a" => Ok(0),
            "grid.rows" => Ok(1),
            _ => Err((format!("no `{name}`"), None)),
        }
    }

    fn value(text: &str) -> Result<f64, String> {
        let parsed = Expression::parse(text, &mut resolve);
        parsed.map(|e| e.value(&[3.0, 4.0])).map_err(|m| format!("{} at {:?}", m.message, m.at))
    }

    #[test]
    fn arithmetic_has_the_usual_precedence() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-a ^ 2", -9.0),
            ("16 / grid.rows / 2", 2.0),
            ("10 - 4 - 3", 3.0),
            ("max(a, grid.rows, 2) + min(1, a)", 5.0),
            ("round(2.5) + floor(2.5) + ceil(2.1) + sqrt(16) + log2(8) + abs(-1)", 16.0),
            ("1.5e3 + 1e-3*0 + 1_000", 2500.0),
            (".5", 0.5),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_are_placed() {
        for (text, expected) in [
            ("", "the formula ends where a number, a name or `(` should follow at 0..0"),
            ("1 +", "the formula ends where a number, a name or `(` should follow at 3..3"),
            ("1 + )", "`)` is out of place here at 4..5"),
            ("1 2", "`2` is out of place here at 2..3"),
            ("128GB * 2", "`128GB` is not a number at 0..5"),
            ("b + 1", "no `b` at 0..1"),
            ("roud(a)", "there is no function `roud` at 0..4"),
            ("min(a)", "`min` takes at least two arguments, not 1 at 0..3"),
            ("sqrt(1, 2)", "`sqrt` takes one argument, not 2 at 0..4"),
            ("(a", "the formula ends where a number, a name or `(` should follow at 2..2"),
            ("a / (1 - 1)", "this divides by zero at 4..11"),
            ("1e999", "`1e999` is not a number at 0..5"),
        ] {
            assert_eq!(value(text).unwrap_err(), expected, "{text}");
        }
        assert!(value(&"(".repeat(100_000)).is_err());
        assert!(value(&"-".repeat(100_000)).unwrap_err().starts_with("the formula has more than 256 terms"));
        assert!(value(&vec!["1"; 300].join("+")).is_err());
    }

    #[test]
    fn comparisons_hold_or_not_and_know_their_bounds() {
        let parse = |text: &str| Comparison::parse(text, &mut resolve).unwrap();
        for (text, expected) in [
            ("a <= 3", true),
            ("a < 3", false),
            ("a >= 3", true),
            ("a > 3", false),
            ("a == 3", true),
            ("a + 1 == grid.rows", true),
        ] {
            assert_eq!(parse(text).holds(&[3.0, 4.0]), expected, "{text}");
            assert!(!parse(text).holds(&[f64::NAN, 4.0]), "an unknown value meets nothing");
        }
        assert_eq!(parse("a <= 3").bounds(), Some((0, f64::NEG_INFINITY, 3.0, false)));
        assert_eq!(parse("3 < a").bounds(), Some((0, 3.0, f64::INFINITY, true)));
        assert_eq!(parse("a == -3").bounds(), Some((0, -3.0, -3.0, false)));
        assert_eq!(parse("a + 1 <= 3").bounds(), None);
        assert!(Comparison::parse("a + 1", &mut resolve).unwrap_err().message.contains("compares"));
    }
}
