//! `arith`.

use crate::lexer::TokenKind;
use crate::parse::draft::Draft;
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, Types};

impl<'a> Parser<'a> {
    /// `arith.constant 1.0 : f32`; a value without a type says its own (`true`, `1 : index` always has one).
    pub(super) fn arith_constant(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at_dictionary() {
            self.dictionary(&mut draft.attributes)?;
        }
        let value = self.attribute(Types::UNKNOWN)?;
        let ty = match &value {
            AttributeValue::Bool(_) => self.integer_type(1),
            AttributeValue::Integer(_, ty) | AttributeValue::Float(_, ty) => *ty,
            AttributeValue::Dense { ty, .. } => *ty,
            // A dialect's attribute may say its type behind it; what is not known stays unknown.
            _ => Types::UNKNOWN,
        };
        self.set(draft, "value", value);
        draft.result_types.push(ty);
        Ok(())
    }

    /// `arith.select %c, %a, %b : T`, or `: C, T` where the condition is shaped.
    pub(super) fn arith_select(&mut self, draft: &mut Draft) -> Parse<()> {
        let condition = self.value_use()?;
        self.expect(TokenKind::Comma, "`,`")?;
        let yes = self.value_use()?;
        self.expect(TokenKind::Comma, "`,`")?;
        let no = self.value_use()?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let types = self.types()?;
        let condition_type = if types.len() > 1 { types[0] } else { self.integer_type(1) };
        self.expect_type(condition, condition_type);
        let ty = types[types.len() - 1];
        self.expect_type(yes, ty);
        self.expect_type(no, ty);
        draft.operands = vec![condition, yes, no];
        draft.result_types.push(ty);
        Ok(())
    }
}
