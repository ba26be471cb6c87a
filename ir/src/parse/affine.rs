//! Affine maps, sets and expressions, and the operands that custom forms write inside expressions.

use super::names::Use;
use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::tree::{AffineExpr, AffineMap, AffineSet, AttributeValue, TypeId};

/// Dimensions or symbols of a map at most.
const MOST_NAMES: usize = 1024;

/// What names mean inside an expression.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    dimensions: Vec<&'a str>,
    symbols: Vec<&'a str>,
    /// Values used in place of names, in order, without repeats; `None` where values are not allowed.
    operands: Option<(Vec<Use>, Vec<Use>)>,
}

impl<'a> Parser<'a> {
    /// `affine_map<...>` or `affine_set<...>`.
    pub(super) fn affine_attribute(&mut self) -> Parse<AttributeValue> {
        let start = self.start();
        let mark = self.marks.len();
        let set = self.take().text(self.text) == "affine_set";
        self.expect(TokenKind::Less, "`<`")?;
        let mut names = self.affine_names()?;
        let mut value = if set {
            self.expect(TokenKind::Colon, "`:`")?;
            let (constraints, is_equal) = self.affine_constraints(&mut names)?;
            AttributeValue::AffineSet(Box::new(AffineSet { spelling: String::new(), constraints, is_equal }))
        } else {
            self.expect(TokenKind::Arrow, "`->`")?;
            AttributeValue::AffineMap(self.affine_map(&mut names)?)
        };
        self.expect(TokenKind::Greater, "`>`")?;
        if let AttributeValue::AffineSet(set) = &mut value {
            set.spelling = self.canonical(self.since(start), mark);
        }
        Ok(value)
    }

    /// `(d0, d1) -> (d1, d0)` without the word in front.
    pub(super) fn bare_affine_map(&mut self) -> Parse<AffineMap> {
        let mut names = self.affine_names()?;
        self.expect(TokenKind::Arrow, "`->`")?;
        self.affine_map(&mut names)
    }

    /// `(d0, d1)[s0]`.
    fn affine_names(&mut self) -> Parse<Names<'a>> {
        let mut names = Names::default();
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            p.bound_list(names.dimensions.len())?;
            let name = p.expect(TokenKind::BareId, "a dimension's name")?;
            p.marks.dimension(name, names.dimensions.len());
            names.dimensions.push(name.text(p.text));
            Ok(())
        })?;
        if self.take_if(TokenKind::LeftBracket) {
            self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                p.bound_list(names.symbols.len())?;
                let name = p.expect(TokenKind::BareId, "a symbol's name")?;
                p.marks.symbol(name, names.symbols.len());
                names.symbols.push(name.text(p.text));
                Ok(())
            })?;
        }
        Ok(names)
    }

    /// `(expressions)`.
    fn affine_map(&mut self, names: &mut Names<'a>) -> Parse<AffineMap> {
        let mut results = Vec::new();
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            results.push(p.affine_expression(names)?);
            Ok(())
        })?;
        let (dimensions, symbols) = (names.dimensions.len() as u32, names.symbols.len() as u32);
        Ok(AffineMap { dimensions, symbols, results })
    }

    /// `(d0 - 1 >= 0, d0 == s0)`: the differences that are at least 0, or 0, and which are 0.
    fn affine_constraints(&mut self, names: &mut Names<'a>) -> Parse<(AffineMap, Vec<bool>)> {
        let (mut results, mut is_equal) = (Vec::new(), Vec::new());
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            let left = p.affine_expression(names)?;
            let is_less = p.take_if(TokenKind::Less);
            let is_more = !is_less && p.take_if(TokenKind::Greater);
            if !is_less && !is_more && !p.take_if(TokenKind::Equal) {
                return Err(p.expected("`>=`, `<=` or `==`"));
            }
            p.expect(TokenKind::Equal, "`=`")?;
            let right = p.affine_expression(names)?;
            let (more, less) = if is_less { (right, left) } else { (left, right) };
            let opposite = AffineExpr::Mul(Box::new(less), Box::new(AffineExpr::Constant(-1)));
            results.push(AffineExpr::Add(Box::new(more), Box::new(opposite)));
            is_equal.push(!is_less && !is_more);
            Ok(())
        })?;
        let (dimensions, symbols) = (names.dimensions.len() as u32, names.symbols.len() as u32);
        Ok((AffineMap { dimensions, symbols, results }, is_equal))
    }

    /// Expressions over values between brackets: `[%i + 1, symbol(%n)]`. The map and its operands, dimensions first.
    pub(super) fn affine_map_of_values(&mut self, open: TokenKind, close: TokenKind) -> Parse<(AffineMap, Vec<Use>)> {
        let mut names = Names { operands: Some(Default::default()), ..Names::default() };
        let mut results = Vec::new();
        self.expect(open, "an opening bracket and subscripts")?;
        self.list(close, "`,` or the closing bracket", |p| {
            results.push(p.affine_expression(&mut names)?);
            Ok(())
        })?;
        let (mut operands, symbols) = names.operands.unwrap_or_default();
        let map = AffineMap { dimensions: operands.len() as u32, symbols: symbols.len() as u32, results };
        operands.extend(symbols);
        Ok((map, operands))
    }

    /// `(0, %n, max(%i, %j + 1))`: expressions over values, some of them in groups behind a word.
    ///
    /// The map, its operands, and the sizes of the groups.
    pub(super) fn affine_map_of_groups(&mut self, word: &str) -> Parse<(AffineMap, Vec<Use>, Vec<f64>)> {
        let mut groups = Vec::new();
        let mut names = Names { operands: Some(Default::default()), ..Names::default() };
        let mut results = Vec::new();
        self.expect(TokenKind::LeftParen, "`(` and bounds")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            let from = results.len();
            if p.take_word(word) {
                p.expect(TokenKind::LeftParen, "`(`")?;
                p.list(TokenKind::RightParen, "`,` or `)`", |p| {
                    results.push(p.affine_expression(&mut names)?);
                    Ok(())
                })?;
            } else {
                results.push(p.affine_expression(&mut names)?);
            }
            groups.push((results.len() - from) as f64);
            Ok(())
        })?;
        let (mut operands, symbols) = names.operands.unwrap_or_default();
        let map = AffineMap { dimensions: operands.len() as u32, symbols: symbols.len() as u32, results };
        operands.extend(symbols);
        Ok((map, operands, groups))
    }

    /// `(%a, %b)[%c]`: operands of a map, dimensions first; with the number of dimensions.
    pub(super) fn affine_operands(&mut self, index: TypeId) -> Parse<(Vec<Use>, usize)> {
        let mut operands = Vec::new();
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            operands.push(p.value_use()?);
            Ok(())
        })?;
        let dimensions = operands.len();
        if self.take_if(TokenKind::LeftBracket) {
            self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                operands.push(p.value_use()?);
                Ok(())
            })?;
        }
        for &operand in &operands {
            self.expect_type(operand, index);
        }
        Ok((operands, dimensions))
    }

    fn affine_expression(&mut self, names: &mut Names<'a>) -> Parse<AffineExpr> {
        self.nested(|p| {
            let mut left = p.affine_product(names)?;
            loop {
                if p.take_if(TokenKind::Plus) {
                    left = sum(left, p.affine_product(names)?);
                } else if p.take_if(TokenKind::Minus) {
                    let right = negated(p.affine_product(names)?);
                    left = sum(left, right);
                } else {
                    return Ok(left);
                }
                p.bound_affine(&left)?;
            }
        })
    }

    fn affine_product(&mut self, names: &mut Names<'a>) -> Parse<AffineExpr> {
        let mut left = self.affine_factor(names)?;
        loop {
            let make: fn(Box<AffineExpr>, Box<AffineExpr>) -> AffineExpr = if self.take_if(TokenKind::Star) {
                |a, b| product(*a, *b)
            } else if self.take_word("mod") {
                AffineExpr::Mod
            } else if self.take_word("floordiv") {
                AffineExpr::FloorDiv
            } else if self.take_word("ceildiv") {
                AffineExpr::CeilDiv
            } else {
                return Ok(left);
            };
            left = make(Box::new(left), Box::new(self.affine_factor(names)?));
            self.bound_affine(&left)?;
        }
    }

    /// Linear search: real maps have few dimensions.
    fn bound_list(&self, length: usize) -> Parse<()> {
        if length < MOST_NAMES {
            return Ok(());
        }
        Err(self.failure(self.ahead.span, format!("an affine map of more than {MOST_NAMES} dimensions or symbols")))
    }

    /// A chain of operators gives a tree as deep as it is long; bound it as nesting is bounded.
    fn bound_affine(&mut self, expression: &AffineExpr) -> Parse<()> {
        let (mut deep, mut at) = (0, expression);
        while let AffineExpr::Add(left, _)
        | AffineExpr::Mul(left, _)
        | AffineExpr::Mod(left, _)
        | AffineExpr::FloorDiv(left, _)
        | AffineExpr::CeilDiv(left, _) = at
        {
            deep += 1;
            at = left;
        }
        if deep > self.limits.nesting {
            let message = format!("an affine expression of more than {} operators", self.limits.nesting);
            return Err(self.wrong(self.ahead.span, message));
        }
        Ok(())
    }

    fn affine_factor(&mut self, names: &mut Names<'a>) -> Parse<AffineExpr> {
        match self.ahead.kind {
            Some(TokenKind::Integer) => {
                let value = self.spelling().parse().map_err(|_| self.expected("an integer below 2^63"))?;
                self.take();
                Ok(AffineExpr::Constant(value))
            }
            Some(TokenKind::Minus) => {
                self.take();
                let factor = self.nested(|p| p.affine_factor(names))?;
                Ok(negated(factor))
            }
            Some(TokenKind::LeftParen) => {
                self.take();
                let inner = self.affine_expression(names)?;
                self.expect(TokenKind::RightParen, "`)`")?;
                Ok(inner)
            }
            Some(TokenKind::ValueId) => self.affine_value(names, false),
            Some(TokenKind::BareId) if names.operands.is_some() && self.at_word("symbol") => {
                self.take();
                self.expect(TokenKind::LeftParen, "`(`")?;
                let symbol = self.affine_value(names, true)?;
                self.expect(TokenKind::RightParen, "`)`")?;
                Ok(symbol)
            }
            Some(TokenKind::BareId) => {
                let word = self.spelling();
                let place = |names: &[&str]| names.iter().position(|&n| n == word);
                if let Some(i) = place(&names.dimensions) {
                    let name = self.take();
                    self.marks.dimension(name, i);
                    Ok(AffineExpr::Dimension(i as u32))
                } else if let Some(i) = place(&names.symbols) {
                    let name = self.take();
                    self.marks.symbol(name, i);
                    Ok(AffineExpr::Symbol(i as u32))
                } else {
                    Err(self.expected("a dimension or symbol of this map"))
                }
            }
            _ => Err(self.expected("an affine expression")),
        }
    }

    fn affine_value(&mut self, names: &mut Names<'a>, symbol: bool) -> Parse<AffineExpr> {
        let used = self.value_use()?;
        let Some((dimensions, symbols)) = &mut names.operands else {
            return Err(self.failure(used.span, "a value cannot stand in this affine expression".to_owned()));
        };
        // Upstream numbers a value once, whichever way it first appears.
        if let Some(i) = dimensions.iter().position(|u| u.value == used.value) {
            return Ok(AffineExpr::Dimension(i as u32));
        }
        if let Some(i) = symbols.iter().position(|u| u.value == used.value) {
            return Ok(AffineExpr::Symbol(i as u32));
        }
        let (list, make): (_, fn(u32) -> AffineExpr) =
            if symbol { (symbols, AffineExpr::Symbol) } else { (dimensions, AffineExpr::Dimension) };
        let place = list.len();
        list.push(used);
        self.bound_list(place)?;
        let index = self.index;
        self.expect_type(used, index);
        Ok(make(place as u32))
    }
}

/// Constants are folded and stand on the right, as upstream keeps them.
fn sum(left: AffineExpr, right: AffineExpr) -> AffineExpr {
    use AffineExpr::{Add, Constant};
    match (left, right) {
        (Constant(a), Constant(b)) => Constant(a.wrapping_add(b)),
        (Constant(0), other) | (other, Constant(0)) => other,
        (Add(inner, constant), Constant(b)) if matches!(*constant, Constant(_)) => {
            let Constant(a) = *constant else { unreachable!("the guard says so") };
            sum(*inner, Constant(a.wrapping_add(b)))
        }
        (constant @ Constant(_), other) => Add(Box::new(other), Box::new(constant)),
        (left, right) => Add(Box::new(left), Box::new(right)),
    }
}

fn product(left: AffineExpr, right: AffineExpr) -> AffineExpr {
    use AffineExpr::{Constant, Mul};
    match (left, right) {
        (Constant(a), Constant(b)) => Constant(a.wrapping_mul(b)),
        (Constant(1), other) | (other, Constant(1)) => other,
        (constant @ Constant(_), other) => Mul(Box::new(other), Box::new(constant)),
        (left, right) => Mul(Box::new(left), Box::new(right)),
    }
}

fn negated(expression: AffineExpr) -> AffineExpr {
    product(expression, AffineExpr::Constant(-1))
}
