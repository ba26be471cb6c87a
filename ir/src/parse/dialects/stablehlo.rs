//! `stablehlo` and `chlo`, in the form that frameworks print them.
//!
//! Most operations share one form: values and named attributes with commas between them, a dictionary, and types
//! behind a colon. Reductions, loops, convolutions and a few others have forms of their own.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::{Parse, Parser};
use crate::registry::syntax::{HloNames, HloTypes};
use crate::tree::{AttributeValue, Type, TypeId, Types};

/// Abbreviated attributes of any operation.
const COMMON_NAMES: [(&str, &str); 1] = [("precision", "precision_config")];

impl<'a> Parser<'a> {
    /// `%a, %b, dims = [0, 1] {...} : types`.
    pub(super) fn stablehlo_common(&mut self, names: HloNames, types: HloTypes, draft: &mut Draft) -> Parse<()> {
        let paren = self.take_if(TokenKind::LeftParen);
        while !(self.at(TokenKind::Colon) || self.at(TokenKind::LeftBrace)) {
            if self.at(TokenKind::ValueId) {
                draft.operands.push(self.value_use()?);
            } else {
                self.named_argument(names, draft)?;
            }
            if paren && self.take_if(TokenKind::RightParen) {
                break;
            }
            if !self.take_if(TokenKind::Comma) {
                break;
            }
        }
        if types == HloTypes::Result {
            return self.type_of_result(draft);
        }
        self.types_of_all(draft)
    }

    /// `{...} : type` of the result, which says nothing about the operands, or a function type.
    fn type_of_result(&mut self, draft: &mut Draft) -> Parse<()> {
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the result's type")?;
        if self.at(TokenKind::LeftParen) {
            return self.function_of(draft);
        }
        draft.result_types = self.types()?;
        Ok(())
    }

    /// `dims = [0, 1]`, `contracting_dims = [1] x [0]`, `distribution = NORMAL`.
    fn named_argument(&mut self, names: HloNames, draft: &mut Draft) -> Parse<()> {
        let word = self.expect(TokenKind::BareId, "a value or a named attribute")?.text(self.text);
        self.expect(TokenKind::Equal, "`=`")?;
        let name = names.iter().chain(&COMMON_NAMES).find(|(short, _)| *short == word).map_or(word, |(_, name)| name);
        if matches!(word, "batching_dims" | "contracting_dims") {
            return self.dot_dimensions(word, draft);
        }
        let value = match self.ahead.kind {
            Some(TokenKind::LeftBracket) if word == "precision" => self.words("precision")?,
            Some(TokenKind::LeftBracket) => {
                let (_, numbers) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
                self.array_attribute(&numbers, 64)
            }
            // Numbers have no type here: a colon after one belongs to the operation.
            Some(TokenKind::Integer | TokenKind::Minus) => {
                let number = self.number()?.integer();
                self.integer_attribute(number, 64)
            }
            Some(TokenKind::Less) => {
                let (start, mark) = (self.start(), self.marks.len());
                self.skip_balanced()?;
                AttributeValue::Other(self.canonical(self.since(start), mark))
            }
            Some(TokenKind::BareId) if !matches!(self.spelling(), "true" | "false" | "dense" | "array") => {
                AttributeValue::Other(format!("#stablehlo<{name} {}>", self.take().text(self.text)))
            }
            _ => self.attribute(Types::UNKNOWN)?,
        };
        self.set(draft, name, value);
        Ok(())
    }

    /// `[DEFAULT, HIGH]`.
    fn words(&mut self, kind: &str) -> Parse<AttributeValue> {
        let mut values = Vec::new();
        self.take();
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            let word = p.expect(TokenKind::BareId, "a word")?.text(p.text);
            values.push(AttributeValue::Other(format!("#stablehlo<{kind} {word}>")));
            Ok(())
        })?;
        Ok(AttributeValue::Array(values))
    }

    /// `[0] x [0]`: both lists go into one attribute, batching before contracting.
    fn dot_dimensions(&mut self, word: &str, draft: &mut Draft) -> Parse<()> {
        let kind = if word == "batching_dims" { "batching" } else { "contracting" };
        let mut parts = Vec::new();
        for side in ["lhs", "rhs"] {
            if side == "rhs" {
                self.expect_word("x")?;
            }
            let (start, mark) = (self.start(), self.marks.len());
            self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
            let list = self.canonical(self.since(start), mark);
            if list != "[]" {
                parts.push(format!("{side}_{kind}_dimensions = {list}"));
            }
        }
        let given = self.name("dot_dimension_numbers");
        let before = draft.attributes.iter().position(|a| a.name == given).map(|at| draft.attributes.remove(at).value);
        if let Some(AttributeValue::Other(text)) = before {
            parts.insert(0, text.trim_start_matches("#stablehlo.dot<").trim_end_matches('>').to_owned());
        }
        let value = AttributeValue::Other(format!("#stablehlo.dot<{}>", parts.join(", ")));
        self.set(draft, "dot_dimension_numbers", value);
        Ok(())
    }

    /// `{...} : types`: a function type, one type for all, one type a value, or `type -> type`.
    fn types_of_all(&mut self, draft: &mut Draft) -> Parse<()> {
        self.optional_dictionary(&mut draft.attributes)?;
        if !self.take_if(TokenKind::Colon) {
            return if draft.named == 0 { Ok(()) } else { Err(self.expected("`:` and types")) };
        }
        if self.at(TokenKind::LeftParen) {
            return self.function_of(draft);
        }
        let types = self.types()?;
        if self.take_if(TokenKind::Arrow) {
            for (i, &ty) in types.iter().enumerate().take(draft.operands.len()) {
                self.expect_type(draft.operands[i], ty);
            }
            draft.result_types = self.result_types()?;
            return Ok(());
        }
        let operands = draft.operands.len();
        match types[..] {
            [predicate, ty] if operands == 3 => {
                for (i, ty) in [predicate, ty, ty].into_iter().enumerate() {
                    self.expect_type(draft.operands[i], ty);
                }
                draft.result_types = vec![ty];
            }
            [ty] => {
                for i in 0..operands {
                    self.expect_type(draft.operands[i], ty);
                }
                draft.result_types = vec![ty; draft.named.max(1)];
            }
            _ => {
                for (i, &ty) in types.iter().enumerate().take(operands) {
                    self.expect_type(draft.operands[i], ty);
                }
                draft.result_types = types;
            }
        }
        Ok(())
    }

    /// `stablehlo.constant {...} dense<...> : type`.
    pub(super) fn stablehlo_constant(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at_dictionary() {
            self.dictionary(&mut draft.attributes)?;
        }
        let span = self.ahead.span;
        let value = self.attribute(Types::UNKNOWN)?;
        let AttributeValue::Dense { ty, .. } = value else {
            return Err(self.failure(span, "expected `dense<...>` and its type".to_owned()));
        };
        self.set(draft, "value", value);
        draft.result_types.push(ty);
        Ok(())
    }

    /// `stablehlo.compare LT, %a, %b, FLOAT : (types) -> type`.
    pub(super) fn stablehlo_compare(&mut self, draft: &mut Draft) -> Parse<()> {
        let word = self.expect(TokenKind::BareId, "a direction (EQ, NE, LT, LE, GT, GE)")?.text(self.text);
        let direction = AttributeValue::Other(format!("#stablehlo<comparison_direction {word}>"));
        self.set(draft, "comparison_direction", direction);
        for _ in 0..2 {
            self.expect(TokenKind::Comma, "`,`")?;
            draft.operands.push(self.value_use()?);
        }
        if self.take_if(TokenKind::Comma) {
            let word = self.expect(TokenKind::BareId, "a kind of comparison")?.text(self.text);
            let kind = AttributeValue::Other(format!("#stablehlo<comparison_type {word}>"));
            self.set(draft, "compare_type", kind);
        }
        self.types_of_all(draft)?;
        // With one type for both sides the result is its boolean counterpart.
        if draft.result_types.len() == 1 && draft.result_types[0] == self.type_of(draft.operands[0]) {
            draft.result_types[0] = self.bool_like(draft.result_types[0]);
        }
        Ok(())
    }

    /// `stablehlo.reduce(%a init: %b), (%c init: %d) applies op across dimensions = [1] : type`, or with `reducer(...)`.
    pub(super) fn stablehlo_reduce(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut starts = Vec::new();
        loop {
            self.expect(TokenKind::LeftParen, "`(`")?;
            draft.operands.push(self.value_use()?);
            self.expect_word("init")?;
            self.expect(TokenKind::Colon, "`:`")?;
            starts.push(self.value_use()?);
            self.expect(TokenKind::RightParen, "`)`")?;
            if !self.take_if(TokenKind::Comma) {
                break;
            }
        }
        draft.operands.append(&mut starts);
        let applied = match self.take_word("applies") {
            true => Some(self.expect(TokenKind::BareId, "an operation's name")?.text(self.text)),
            false => None,
        };
        self.expect_word("across")?;
        self.expect_word("dimensions")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let (_, dimensions) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
        let dimensions = self.array_attribute(&dimensions, 64);
        self.set(draft, "dimensions", dimensions);
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the operation's type")?;
        self.function_of(draft)?;
        match applied {
            Some(name) => self.applied_region(name, draft),
            None => self.reducer(draft)?,
        }
        Ok(())
    }

    /// The region of `applies`: the operation over two scalars, and a return.
    fn applied_region(&mut self, name: &str, draft: &mut Draft) {
        let start = draft.operands[draft.operands.len() - 1];
        let ty = self.type_of(start);
        let region = self.new_region();
        let block = self.new_block(region);
        self.tree.regions[region.index()].blocks.push(block);
        for _ in 0..2 {
            self.new_argument(block, Self::nameless(ty));
        }
        let arguments = self.tree.blocks[block.index()].arguments.clone();
        let results = self.imply(block, name, &arguments, &[ty], Vec::new());
        self.imply(block, "stablehlo.return", &results, &[], Vec::new());
        draft.regions.push(region);
    }

    /// `reducer(%a: type, %b: type) (%c: type, %d: type) {...}`: the firsts of all pairs come before the seconds.
    fn reducer(&mut self, draft: &mut Draft) -> Parse<()> {
        self.expect_word("reducer")?;
        let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
        while self.at(TokenKind::LeftParen) {
            let pair: Vec<Argument> = self.arguments()?;
            let [first, second] = pair[..] else { return Err(self.expected("two arguments")) };
            firsts.push(first);
            seconds.push(second);
        }
        firsts.extend(seconds);
        let region = self.region(&firsts, false)?;
        draft.regions.push(region);
        Ok(())
    }

    /// `stablehlo.while(%x = %a) : types attributes {...} cond {...} do {...}`.
    pub(super) fn stablehlo_while(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut arguments = Vec::new();
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.assignments(draft, &mut arguments)?;
        let mut types: Vec<TypeId> = Vec::new();
        if self.take_if(TokenKind::Colon) {
            types = self.types()?;
        }
        self.type_assignments(draft, &mut arguments, (0, 0), &types);
        if self.take_word("attributes") {
            self.dictionary(&mut draft.attributes)?;
        }
        draft.result_types = types;
        for word in ["cond", "do"] {
            self.expect_word(word)?;
            let region = self.region(&arguments, false)?;
            draft.regions.push(region);
        }
        Ok(())
    }

    /// `stablehlo.convolution(%a, %b) dim_numbers = [...]x[...]->[...], window = {...} {...} : type`.
    pub(super) fn stablehlo_convolution(&mut self, draft: &mut Draft) -> Parse<()> {
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.values(draft)?;
        self.expect(TokenKind::RightParen, "`)`")?;
        self.expect_word("dim_numbers")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let (start, mark) = (self.start(), self.marks.len());
        self.skip_list()?;
        self.expect_word("x")?;
        self.skip_list()?;
        self.expect(TokenKind::Arrow, "`->`")?;
        self.skip_list()?;
        let numbers = self.canonical(self.since(start), mark);
        self.set(draft, "dimension_numbers", AttributeValue::Other(format!("#stablehlo.conv<{numbers}>")));
        self.expect(TokenKind::Comma, "`,` and the window")?;
        self.expect_word("window")?;
        self.expect(TokenKind::Equal, "`=`")?;
        self.expect(TokenKind::LeftBrace, "`{`")?;
        self.list(TokenKind::RightBrace, "`,` or `}`", |p| p.window_entry(draft))?;
        self.types_of_all(draft)
    }

    fn skip_list(&mut self) -> Parse<()> {
        if !self.at(TokenKind::LeftBracket) {
            return Err(self.expected("`[`"));
        }
        self.skip_balanced()
    }

    /// `stride = [1, 1]`, `pad = [[1, 1], [1, 1]]`, `reverse = [true, false]`.
    fn window_entry(&mut self, draft: &mut Draft) -> Parse<()> {
        let word = self.expect(TokenKind::BareId, "a window's attribute")?.text(self.text);
        self.expect(TokenKind::Equal, "`=`")?;
        let name = match word {
            "stride" => "window_strides",
            "pad" => "padding",
            "lhs_dilate" => "lhs_dilation",
            "rhs_dilate" => "rhs_dilation",
            "reverse" => "window_reversal",
            _ => return Err(self.expected("`stride`, `pad`, `lhs_dilate`, `rhs_dilate` or `reverse`")),
        };
        let value = self.attribute(Types::UNKNOWN)?;
        let value = match &value {
            AttributeValue::Array(values) if word == "pad" => self.padding(values),
            AttributeValue::Array(values) => {
                let bits = if word == "reverse" { 1 } else { 64 };
                AttributeValue::DenseArray(self.integer_type(bits), values.iter().map(scalar).collect())
            }
            _ => value,
        };
        self.set(draft, name, value);
        Ok(())
    }

    /// Pairs of paddings as a dense constant.
    fn padding(&mut self, pairs: &[AttributeValue]) -> AttributeValue {
        let element = self.integer_type(64);
        let elements: Vec<f64> = pairs
            .iter()
            .flat_map(|pair| match pair {
                AttributeValue::Array(values) => values.iter().map(scalar).collect(),
                other => vec![scalar(other)],
            })
            .collect();
        use crate::tree::Dimension::Static;
        let shape = Some(vec![Static(pairs.len() as u64), Static(2)]);
        let ty = self.tree.types.intern(Type::Tensor { shape, element, encoding: None });
        AttributeValue::Dense { ty, splat: None, elements: Some(elements) }
    }

    /// `stablehlo.slice %a [0:2, 1:8:3] : (type) -> type`.
    pub(super) fn stablehlo_slice(&mut self, draft: &mut Draft) -> Parse<()> {
        draft.operands.push(self.value_use()?);
        let mut bounds = [Vec::new(), Vec::new(), Vec::new()];
        self.expect(TokenKind::LeftBracket, "`[`")?;
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            bounds[0].push(p.number()?.integer() as i64);
            p.expect(TokenKind::Colon, "`:` and the limit")?;
            bounds[1].push(p.number()?.integer() as i64);
            bounds[2].push(if p.take_if(TokenKind::Colon) { p.number()?.integer() as i64 } else { 1 });
            Ok(())
        })?;
        for (name, values) in ["start_indices", "limit_indices", "strides"].into_iter().zip(bounds) {
            let values = self.array_attribute(&values, 64);
            self.set(draft, name, values);
        }
        self.types_of_all(draft)
    }

    /// `stablehlo.custom_call @name(%a) {...} : (types) -> types`.
    pub(super) fn stablehlo_call(&mut self, draft: &mut Draft) -> Parse<()> {
        let name = self.symbol_name()?;
        self.set(draft, "call_target_name", AttributeValue::String(name));
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        self.types_of_all(draft)
    }

    /// `stablehlo.composite "name" %a, %b {...} : (types) -> types`.
    pub(super) fn stablehlo_composite(&mut self, draft: &mut Draft) -> Parse<()> {
        let name = self.attribute(Types::UNKNOWN)?;
        self.set(draft, "name", name);
        if self.at(TokenKind::ValueId) {
            self.values(draft)?;
        }
        self.types_of_all(draft)
    }

    /// `stablehlo.get_tuple_element %a[0] : (type) -> type`.
    pub(super) fn stablehlo_element(&mut self, draft: &mut Draft) -> Parse<()> {
        draft.operands.push(self.value_use()?);
        self.expect(TokenKind::LeftBracket, "`[`")?;
        let number = self.number()?.integer();
        let number = self.integer_attribute(number, 32);
        self.set(draft, "index", number);
        self.expect(TokenKind::RightBracket, "`]`")?;
        self.types_of_all(draft)
    }
}

/// A number of an attribute.
fn scalar(value: &AttributeValue) -> f64 {
    match value {
        AttributeValue::Integer(value, _) => *value as f64,
        AttributeValue::Bool(value) => f64::from(u8::from(*value)),
        _ => f64::NAN,
    }
}
