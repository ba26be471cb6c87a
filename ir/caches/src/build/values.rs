//! Integers that follow from loop variables and constants.

use ir::registry::facts::Evaluation;
use ir::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Type, ValueId};

use super::source::{Source, constant, source};
use super::{Builder, Meaning};
use crate::expression::{Binary, Comparison, Expression, Linear};
use crate::program::Node;
use crate::reason::{Reason, Unknown};

impl Builder<'_> {
    /// The number of a value.
    pub(super) fn number(&self, value: ValueId) -> Option<Linear> {
        match self.meanings.get(&value) {
            Some(Meaning::Number(number)) => Some(number.clone()),
            _ => None,
        }
    }

    /// Why a subscript has no number.
    pub(super) fn no_number(&self, operation: OpId, value: ValueId) -> Unknown {
        let (reason, cause) = match source(self.tree, value) {
            Some(Source::RunTime(cause)) => (Reason::RunTimeSubscript, Some(cause)),
            Some(Source::Data) => (Reason::DataSubscript, None),
            None => (Reason::Subscript, None),
        };
        Unknown { reason, operation, cause }
    }

    /// An expression of a map over operands, dimensions first. `None` where an operand has no number.
    pub(super) fn affine(&self, e: &AffineExpr, map: &AffineMap, operands: &[ValueId]) -> Option<Expression> {
        let both = |operation, a: &AffineExpr, b: &AffineExpr| {
            Expression::of(operation, self.affine(a, map, operands)?, self.affine(b, map, operands)?)
        };
        match e {
            AffineExpr::Dimension(d) => self.number(*operands.get(*d as usize)?).map(Expression::Linear),
            AffineExpr::Symbol(s) => self.number(*operands.get((map.dimensions + s) as usize)?).map(Expression::Linear),
            AffineExpr::Constant(c) => Some(Expression::Linear(Linear::constant(*c))),
            AffineExpr::Add(a, b) => both(Binary::Add, a, b),
            AffineExpr::Mul(a, b) => both(Binary::Mul, a, b),
            AffineExpr::Mod(a, b) => both(Binary::Mod, a, b),
            AffineExpr::FloorDiv(a, b) => both(Binary::FloorDiv, a, b),
            AffineExpr::CeilDiv(a, b) => both(Binary::CeilDiv, a, b),
        }
    }

    /// An expression as a sum, with a slot for what is not linear.
    pub(super) fn linear(&mut self, expression: Expression, nodes: &mut Vec<Node>) -> Linear {
        match expression {
            Expression::Linear(linear) => linear,
            other @ Expression::Binary(..) => {
                let slot = self.slot();
                nodes.push(Node::Let(slot, other));
                Linear::slot(slot)
            }
        }
    }

    /// The results of a map as sums; `None` where an operand has no number.
    pub(super) fn sums(&mut self, map: &AffineMap, operands: &[ValueId], nodes: &mut Vec<Node>) -> Option<Vec<Linear>> {
        let all: Option<Vec<Expression>> = map.results.iter().map(|e| self.affine(e, map, operands)).collect();
        Some(all?.into_iter().map(|e| self.linear(e, nodes)).collect())
    }

    /// Notes what the results of an operation mean.
    pub(super) fn value(&mut self, operation: OpId, nodes: &mut Vec<Node>) -> Result<(), Unknown> {
        let tree = self.tree;
        let &[result] = tree.operation(operation).results.as_slice() else { return Ok(()) };
        if self.meanings.contains_key(&result) || !matches!(tree.value_type(result), Type::Index | Type::Integer(..)) {
            return Ok(());
        }
        if let Some(comparison) = self.comparison(operation) {
            self.meanings.insert(result, Meaning::Truth(vec![comparison]));
            return Ok(());
        }
        if let Some(expression) = self.evaluated(operation) {
            let linear = self.linear(expression, nodes);
            self.meanings.insert(result, Meaning::Number(linear));
        }
        Ok(())
    }

    fn comparison(&self, operation: OpId) -> Option<Comparison> {
        let tree = self.tree;
        if tree.record(operation).evaluation != Evaluation::Compare {
            return None;
        }
        let Some(AttributeValue::Integer(predicate, _)) = tree.attribute(operation, "predicate") else { return None };
        let &[a, b] = tree.operation(operation).operands.as_slice() else { return None };
        Some(Comparison { predicate: *predicate, left: self.number(a)?, right: self.number(b)? })
    }

    fn evaluated(&self, operation: OpId) -> Option<Expression> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        let number = |index: usize| self.number(*operands.get(index)?).map(Expression::Linear);
        let binary = |operation| Expression::of(operation, number(0)?, number(1)?);
        match tree.record(operation).evaluation {
            Evaluation::Constant => constant(tree, operation).map(|c| Expression::Linear(Linear::constant(c))),
            Evaluation::Dimension => self.extent(operands),
            Evaluation::AffineApply => self.mapped(operation, Binary::Min),
            Evaluation::AffineMin => self.mapped(operation, Binary::Min),
            Evaluation::AffineMax => self.mapped(operation, Binary::Max),
            Evaluation::IndexCast | Evaluation::Extend => number(0),
            Evaluation::Add => binary(Binary::Add),
            Evaluation::Sub => {
                let negated = Expression::of(Binary::Mul, number(1)?, Expression::Linear(Linear::constant(-1)))?;
                Expression::of(Binary::Add, number(0)?, negated)
            }
            Evaluation::Mul => binary(Binary::Mul),
            Evaluation::DivSigned => binary(Binary::Div),
            Evaluation::FloorDiv => binary(Binary::FloorDiv),
            Evaluation::CeilDiv => binary(Binary::CeilDiv),
            Evaluation::MinSigned => binary(Binary::Min),
            Evaluation::MaxSigned => binary(Binary::Max),
            // Signed and unsigned differ below 0 only, where a subscript lies outside its memory.
            Evaluation::DivUnsigned => binary(Binary::Div),
            Evaluation::CeilDivUnsigned => binary(Binary::CeilDiv),
            Evaluation::Remainder | Evaluation::RemainderUnsigned => binary(Binary::Remainder),
            Evaluation::MinUnsigned => binary(Binary::Min),
            Evaluation::MaxUnsigned => binary(Binary::Max),
            Evaluation::None | Evaluation::LoopIndex | Evaluation::Truncate | Evaluation::Compare => None,
        }
    }

    fn mapped(&self, operation: OpId, join: Binary) -> Option<Expression> {
        let Some(AttributeValue::AffineMap(map)) = self.tree.attribute(operation, "map") else { return None };
        let operands = &self.tree.operation(operation).operands;
        let mut all = map.results.iter().map(|e| self.affine(e, map, operands));
        let first = all.next()??;
        all.try_fold(first, |a, b| Expression::of(join, a, b?))
    }

    fn extent(&self, operands: &[ValueId]) -> Option<Expression> {
        let index = usize::try_from(self.number(*operands.get(1)?)?.value()?).ok()?;
        match self.tree.types().shape(self.tree.value(*operands.first()?).ty)?.get(index)? {
            Dimension::Static(extent) => i64::try_from(*extent).ok().map(|e| Expression::Linear(Linear::constant(e))),
            _ => None,
        }
    }
}
