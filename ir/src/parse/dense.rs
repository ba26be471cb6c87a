//! Dense elements: `dense<...> : type` and `array<i64: 1, 2>`.

use super::attributes::{Number, unescape};
use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::tree::{AttributeValue, Dimension, TypeId, Types};

/// Most elements kept; no analysis reads the values of larger constants.
const KEPT_ELEMENTS: usize = 1024;

impl<'a> Parser<'a> {
    /// `array<i64: 1, 2>` or `array<i64>`.
    pub(super) fn dense_array(&mut self) -> Parse<AttributeValue> {
        self.take();
        self.expect(TokenKind::Less, "`<`")?;
        let ty = self.parse_type()?;
        let mut values = Vec::new();
        if self.take_if(TokenKind::Colon) {
            self.list(TokenKind::Greater, "`,` or `>`", |p| {
                let number = p.dense_element()?.unwrap_or(Number::Large);
                values.push(number.value(p.tree.types.get(ty)));
                Ok(())
            })?;
        } else {
            self.expect(TokenKind::Greater, "`:` or `>`")?;
        }
        Ok(AttributeValue::DenseArray(ty, values))
    }

    /// `dense<1.0> : tensor<4xf32>`, `dense<[[1, 2], [3, 4]]> : ...`, `dense<"0x...">` and `dense<>`.
    pub(super) fn dense(&mut self, expected: TypeId) -> Parse<AttributeValue> {
        self.take();
        self.expect(TokenKind::Less, "`<`")?;
        let mut numbers = Vec::new();
        let (mut count, mut list, mut numeric) = (0usize, false, true);
        if self.at(TokenKind::String) && self.spelling().starts_with("\"0x") {
            let digits = unescape(self.take().text(self.text));
            count = usize::from(!digits.is_empty());
            numeric = false;
        } else if !self.at(TokenKind::Greater) {
            // Brackets nest as deep as the rank: counted, not recursed into.
            let mut depth = 0usize;
            loop {
                while self.take_if(TokenKind::LeftBracket) {
                    depth += 1;
                    list = true;
                }
                if !self.at(TokenKind::RightBracket) {
                    let element = self.dense_element()?;
                    numeric &= element.is_some();
                    count += 1;
                    if numbers.len() < KEPT_ELEMENTS {
                        numbers.extend(element);
                    }
                }
                while depth > 0 && self.take_if(TokenKind::RightBracket) {
                    depth -= 1;
                }
                if depth == 0 {
                    break;
                }
                self.expect(TokenKind::Comma, "`,` or `]`")?;
            }
        }
        self.expect(TokenKind::Greater, "`>`")?;
        let ty = if expected == Types::UNKNOWN {
            self.expect(TokenKind::Colon, "`:` and the constant's type")?;
            self.parse_type()?
        } else {
            expected
        };
        let types = &self.tree.types;
        let element = types.get(types.element(ty));
        let one = types.shape(ty).is_some_and(|s| s.iter().all(|&d| d == Dimension::Static(1)));
        let splat = (numeric && count == 1 && (!list || one)).then(|| numbers[0].value(element));
        let elements =
            (numeric && list && count <= KEPT_ELEMENTS).then(|| numbers.iter().map(|n| n.value(element)).collect());
        Ok(AttributeValue::Dense { ty, splat, elements })
    }

    /// A number, `true`, `false`, or something that is no number: a string, a complex pair.
    fn dense_element(&mut self) -> Parse<Option<Number>> {
        Ok(match self.ahead.kind {
            Some(TokenKind::BareId) if matches!(self.spelling(), "true" | "false") => {
                Some(Number::Integer(i128::from(self.take().text(self.text) == "true")))
            }
            Some(TokenKind::String) => {
                self.take();
                None
            }
            Some(TokenKind::LeftParen) => {
                self.take();
                self.number()?;
                self.expect(TokenKind::Comma, "`,`")?;
                self.number()?;
                self.expect(TokenKind::RightParen, "`)`")?;
                None
            }
            _ => Some(self.number()?),
        })
    }
}
