//! Custom forms as data: format strings of the registry, read by one engine.
//!
//! A format is a list of items with blanks between them:
//!
//! | item | means |
//! | --- | --- |
//! | `%a`, `%a?`, `%a*` | operand group `a`: one value, at most one, any number with commas |
//! | `%i*:index` | the same, of that type |
//! | `!a`, `!a=b`, `!a*` | type of group or result `a`; one type for `a` and `b`; a list with commas |
//! | `(...)` written as `[? ... ?]` | taken if its first item is ahead |
//! | `{}` | attribute dictionary, if one is ahead |
//! | `fn` | function type of all operands and results |
//! | `@a` | any attribute, named `a` |
//! | `@a:word` | a bare word, kept as `a` |
//! | `@a:int`, `@a:index` | an integer without its type: `i32`, `index` |
//! | `@a:ints` | integers between brackets, kept as an array of `i64` |
//! | `@a:symbol`, `@a:string`, `@a:number` | a symbol's name, a string, a number, none with a type behind |
//! | `@a:words`, `@a:angles` | words with `\|` between them, a text in `<>`, kept as written |
//! | `@a:array`, `@a:hash` | any attribute; in an optional group it is ahead if `[` or `#` is |
//! | `@a:angle` | a `vector` combining kind in `<>` |
//! | `@a:cmpi` | a word kept as its number: predicates (`cmpi`, `cmpf`), combining kinds (`rmw`) |
//! | `'word`, `'word=a` | unit attribute `word` (or `a`), if the word is ahead |
//! | `fastmath`, `overflow`, `rounding` | flags of `arith`, if ahead |
//! | `&a/b` | list between brackets of values (group `a`) and integers (attribute `b`, dynamic ones as `i64::MIN`) |
//! | `(&a/b)` | the same between parentheses |
//! | `async:a` | `async` and a list between brackets of operands `a`, each if ahead; a token among the results |
//! | `bundles` | operand bundles of `llvm`, if ahead |
//! | `region`, `region:end` | a region; ended by `end` where it is not ended |
//! | anything else | itself |
//!
//! Operands come in the order of [`Format::operands`], or of the items where that is empty. [`Format::results`]
//! names the results; `r=a` says that `r` has the type of group `a`, `r=i1(a)` its boolean counterpart, `r=elem(a)`
//! its element, `r=each(a)` one `i1` for each of group `a`, `r=index` and `r=i1` a fixed type, `r=?` a type that the form
//! does not tell.

use std::sync::OnceLock;

use smallvec::{SmallVec, smallvec};

use super::draft::Draft;
use super::names::Use;
use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::registry::syntax::{Format, Syntax};
use crate::registry::{self, Record};
use crate::tree::{AttributeValue, Type, TypeId, Types};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    Optional,
    Many,
}

/// An item of a format; see the module's documentation.
#[derive(Debug)]
pub(crate) enum Item {
    Token(TokenKind, &'static str),
    Word(&'static str),
    Operand { group: usize, count: Count, index: bool },
    Types { slots: Vec<Slot>, many: bool },
    Optional(Vec<Item>),
    Dictionary,
    Function,
    Attribute { name: &'static str, kind: &'static str },
    Unit { word: &'static str, name: &'static str },
    Flags(&'static str),
    Indices { group: usize, attribute: &'static str, open: TokenKind, close: TokenKind },
    Region { end: Option<&'static str> },
    Async { group: usize },
    Bundles,
}

/// What a type belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slot {
    Operand(usize),
    Result(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The format gives it.
    Given,
    Same(usize),
    Bool(usize),
    Element(usize),
    Index,
    I1,
    Unknown,
    /// `i1` for each operand of the group.
    BoolEach(usize),
}

#[derive(Debug)]
pub(crate) struct CompiledFormat {
    pub items: Vec<Item>,
    /// Operand groups in the order of the generic form.
    pub groups: Vec<(&'static str, Count)>,
    pub results: Vec<(&'static str, Rule)>,
    segments: bool,
    isolated: bool,
}

/// The compiled formats by operation; each is compiled when it is first used.
static COMPILED: [OnceLock<CompiledFormat>; registry::COUNT] = [const { OnceLock::new() }; registry::COUNT];

/// The compiled format of an operation; `None` where it has none.
pub(crate) fn compiled(record: &'static Record) -> Option<&'static CompiledFormat> {
    let Syntax::Format(format) = &record.syntax else { return None };
    Some(
        COMPILED[record.kind.index()]
            .get_or_init(|| Compiler::new(record.name, format).compile(format, record.is_isolated)),
    )
}

fn counted(name: &'static str) -> (&'static str, Count) {
    if let Some(name) = name.strip_suffix('*') {
        (name, Count::Many)
    } else if let Some(name) = name.strip_suffix('?') {
        (name, Count::Optional)
    } else {
        (name, Count::One)
    }
}

/// Compiles the format of one operation. Formats are constants of the registry, so a mistake in one panics; a test
/// compiles all.
struct Compiler {
    name: &'static str,
    groups: Vec<(&'static str, Count)>,
    results: Vec<(&'static str, Rule)>,
}

impl Compiler {
    fn new(name: &'static str, format: &Format) -> Self {
        let mut compiler = Self { name, groups: operand_groups(format), results: Vec::new() };
        compiler.results = format.results.split_whitespace().map(|result| compiler.result(result)).collect();
        compiler
    }

    fn group(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|g| g.0 == name)
    }

    fn operand(&self, name: &str) -> usize {
        self.group(name).unwrap_or_else(|| panic!("{}: no operand {name}", self.name))
    }

    /// `r`, `r=a`, `r=i1(a)`, ...
    fn result(&self, result: &'static str) -> (&'static str, Rule) {
        let Some((name, rule)) = result.split_once('=') else { return (result, Rule::Given) };
        let inside = |prefix: &str| rule.strip_prefix(prefix).and_then(|r| r.strip_suffix(')'));
        let rule = match rule {
            "index" => Rule::Index,
            "i1" => Rule::I1,
            "?" => Rule::Unknown,
            _ => match (inside("i1("), inside("elem("), inside("each(")) {
                (Some(name), _, _) => Rule::Bool(self.operand(name)),
                (_, Some(name), _) => Rule::Element(self.operand(name)),
                (_, _, Some(name)) => Rule::BoolEach(self.operand(name)),
                _ => Rule::Same(self.operand(rule)),
            },
        };
        (name, rule)
    }

    fn slot(&self, name: &str) -> Slot {
        match self.group(name) {
            Some(i) => Slot::Operand(i),
            None => Slot::Result(
                self.results
                    .iter()
                    .position(|r| r.0.trim_end_matches('*') == name)
                    .unwrap_or_else(|| panic!("{}: nothing is called {name}", self.name)),
            ),
        }
    }

    fn compile(self, format: &Format, isolated: bool) -> CompiledFormat {
        let mut open: Vec<Vec<Item>> = vec![Vec::new()];
        for word in format.items.split_whitespace() {
            let item = match word {
                "[?" => {
                    open.push(Vec::new());
                    continue;
                }
                "?]" => Item::Optional(open.pop().expect("groups open before they close")),
                _ => self.item(word),
            };
            open.last_mut().expect("the outermost stays").push(item);
        }
        assert_eq!(open.len(), 1, "{}: groups close", self.name);
        let segments = self.groups.iter().filter(|g| g.1 != Count::One).count() > 1;
        CompiledFormat { items: open.remove(0), groups: self.groups, results: self.results, segments, isolated }
    }

    fn item(&self, word: &'static str) -> Item {
        match word {
            "{}" => return Item::Dictionary,
            "fn" => return Item::Function,
            "fastmath" | "overflow" | "rounding" => return Item::Flags(word),
            "region" => return Item::Region { end: None },
            "bundles" => return Item::Bundles,
            _ => {}
        }
        match word.split_at(1) {
            ("%", rest) => {
                let (name, index) = match rest.split_once(':') {
                    Some((name, ty)) => {
                        assert_eq!(ty, "index", "{}: {word}", self.name);
                        (name, true)
                    }
                    None => (rest, false),
                };
                let (name, count) = counted(name);
                Item::Operand { group: self.operand(name), count, index }
            }
            ("!", rest) => {
                let (names, count) = counted(rest);
                let slots = names.split('=').map(|name| self.slot(name)).collect();
                Item::Types { slots, many: count == Count::Many }
            }
            ("@", rest) => {
                let (name, kind) = rest.split_once(':').unwrap_or((rest, ""));
                Item::Attribute { name, kind }
            }
            ("'", rest) => {
                let (word, name) = rest.split_once('=').unwrap_or((rest, rest));
                Item::Unit { word, name }
            }
            _ if word.contains('&') => self.indices(word),
            _ if word.starts_with("async:") => Item::Async { group: self.operand(&word["async:".len()..]) },
            _ if word.starts_with("region:") => Item::Region { end: Some(&word["region:".len()..]) },
            _ => match crate::lexer::lex(word).next().map(|t| t.kind) {
                Some(TokenKind::BareId) | None => Item::Word(word),
                Some(kind) => Item::Token(kind, word),
            },
        }
    }

    /// `&values/integers`, `(&values/integers)`.
    fn indices(&self, word: &'static str) -> Item {
        let pair = word.trim_matches(['(', ')']).trim_start_matches('&');
        let (name, attribute) = pair.split_once('/').expect("values/integers");
        let (open, close) = match word.starts_with('(') {
            true => (TokenKind::LeftParen, TokenKind::RightParen),
            false => (TokenKind::LeftBracket, TokenKind::RightBracket),
        };
        Item::Indices { group: self.operand(name), attribute, open, close }
    }
}

/// Operand groups in the order of the generic form.
fn operand_groups(format: &Format) -> Vec<(&'static str, Count)> {
    let mut groups: Vec<(&'static str, Count)> = format.operands.split_whitespace().map(counted).collect();
    if groups.is_empty() {
        for word in format.items.split_whitespace() {
            if let Some(name) = word.strip_prefix("async:") {
                groups.push((name, Count::Many));
            } else if let Some(name) = word.strip_prefix('%') {
                groups.push(counted(name.split(':').next().unwrap_or(name)));
            } else if let Some(pair) = word.trim_matches(['(', ')']).strip_prefix('&') {
                groups.push((pair.split('/').next().unwrap_or(pair), Count::Many));
            }
        }
    }
    groups
}

/// Kinds of `memref.atomic_rmw` and of `affine.parallel`'s reductions, in the order of their numbers.
pub(crate) const REDUCTIONS: [&str; 16] = [
    "addf", "addi", "andi", "assign", "maximumf", "maxnumf", "maxs", "maxu", "minimumf", "minnumf", "mins", "minu",
    "mulf", "muli", "ori", "xori",
];

/// The words of an attribute that is kept as a number, in the order of their numbers; none for other kinds of attributes.
pub(crate) fn numbered_words(kind: &str) -> &'static [&'static str] {
    match kind {
        "cmpi" => &["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"],
        "cmpf" => &[
            "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno",
            "true",
        ],
        "fcmp" => &[
            "_false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno",
            "_true",
        ],
        "rmw" => &REDUCTIONS,
        _ => &[],
    }
}

/// Rounding modes in the order of their numbers.
pub(crate) const ROUNDING: [&str; 5] = ["to_nearest_even", "downward", "upward", "toward_zero", "to_nearest_away"];

/// Operands and types that a form has given so far.
struct Given {
    operands: SmallVec<[SmallVec<[Use; 2]>; 4]>,
    results: SmallVec<[Option<SmallVec<[TypeId; 2]>>; 2]>,
    /// Whether a token follows the results.
    token: bool,
}

impl<'a> Parser<'a> {
    /// Parse by the format of an operation.
    pub(super) fn formatted(&mut self, record: &'static Record, draft: &mut Draft) -> Parse<()> {
        let Some(format) = compiled(record) else { return Ok(()) };
        let mut state = Given {
            operands: smallvec![SmallVec::new(); format.groups.len()],
            results: smallvec![None; format.results.len()],
            token: false,
        };
        self.items(format, &format.items, &mut state, draft)?;
        if format.segments {
            let sizes: Vec<usize> = state.operands.iter().map(SmallVec::len).collect();
            self.set_segments(draft, &sizes);
        }
        for ((_, rule), given) in format.results.iter().zip(state.results) {
            let of = |p: &Self, group: usize| state.operands[group].first().map_or(Types::UNKNOWN, |&u| p.type_of(u));
            match (given, rule) {
                (Some(types), _) => draft.result_types.extend(types),
                (None, Rule::Given) => {}
                (None, Rule::Same(group)) => draft.result_types.push(of(self, *group)),
                (None, Rule::Bool(group)) => {
                    let ty = of(self, *group);
                    let ty = self.bool_like(ty);
                    draft.result_types.push(ty);
                }
                (None, Rule::Element(group)) => {
                    let ty = of(self, *group);
                    // The element of a dialect's type is not known.
                    let known = !matches!(self.tree.types.get(ty), Type::Dialect(_));
                    draft.result_types.push(if known { self.tree.types.element(ty) } else { Types::UNKNOWN });
                }
                (None, Rule::Unknown) => draft.result_types.push(Types::UNKNOWN),
                (None, Rule::BoolEach(group)) => {
                    let ty = self.integer_type(1);
                    draft.result_types.extend(state.operands[*group].iter().map(|_| ty));
                }
                (None, Rule::Index) => draft.result_types.push(self.index),
                (None, Rule::I1) => {
                    let ty = self.integer_type(1);
                    draft.result_types.push(ty);
                }
            }
        }
        if state.token {
            draft.result_types.push(self.async_token());
        }
        draft.operands.reserve_exact(state.operands.iter().map(SmallVec::len).sum());
        draft.operands.extend(state.operands.into_iter().flatten());
        Ok(())
    }

    fn items(
        &mut self,
        format: &CompiledFormat,
        items: &'static [Item],
        state: &mut Given,
        draft: &mut Draft,
    ) -> Parse<()> {
        for item in items {
            self.item(format, item, state, draft)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        format: &CompiledFormat,
        item: &'static Item,
        state: &mut Given,
        draft: &mut Draft,
    ) -> Parse<()> {
        match item {
            Item::Token(kind, text) => {
                // Build the message only on failure.
                if !self.take_if(*kind) {
                    return Err(self.expected(&format!("`{text}`")));
                }
            }
            Item::Word(word) => self.expect_word(word)?,
            Item::Operand { group, count, index } => {
                let mut any = self.at(TokenKind::ValueId) || *count == Count::One;
                while any {
                    let used = self.value_use()?;
                    if *index {
                        let index = self.index;
                        self.expect_type(used, index);
                    }
                    state.operands[*group].push(used);
                    any = *count == Count::Many && self.take_if(TokenKind::Comma);
                }
            }
            Item::Types { slots, many } => {
                if *many {
                    let types = self.types()?;
                    slots.iter().for_each(|&slot| self.give_types(slot, &types, state));
                } else {
                    let ty = self.parse_type()?;
                    slots.iter().for_each(|&slot| self.give_types(slot, &[ty], state));
                }
            }
            Item::Optional(items) => {
                if self.at_item(&items[0]) {
                    self.items(format, items, state, draft)?;
                }
            }
            Item::Dictionary => {
                if self.at_dictionary() {
                    self.dictionary(&mut draft.attributes)?;
                }
            }
            Item::Function => self.function_item(format, state)?,
            Item::Attribute { name, kind } => {
                let value = self.attribute_item(kind)?;
                self.set(draft, name, value);
            }
            Item::Unit { word, name } => {
                if self.take_word(word) {
                    self.set(draft, name, AttributeValue::Unit);
                }
            }
            Item::Flags(flags) => self.flags(flags, draft)?,
            Item::Indices { group, attribute, open, close } => {
                let (values, integers) = self.index_list(*open, *close)?;
                state.operands[*group].extend(values);
                let value = self.array_attribute(&integers, 64);
                self.set(draft, attribute, value);
            }
            Item::Async { group } => {
                state.token = self.take_word("async");
                if self.take_if(TokenKind::LeftBracket) {
                    self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                        state.operands[*group].push(p.value_use()?);
                        Ok(())
                    })?;
                }
            }
            Item::Bundles => self.operand_bundles(draft)?,
            Item::Region { end } => {
                let region = self.region(&[], format.isolated)?;
                if let Some(end) = end {
                    self.imply_end(region, end);
                }
                draft.regions.push(region);
            }
        }
        Ok(())
    }

    fn give_types(&mut self, slot: Slot, types: &[TypeId], state: &mut Given) {
        match slot {
            Slot::Result(i) => state.results[i] = Some(SmallVec::from_slice(types)),
            Slot::Operand(i) => {
                for (k, &used) in state.operands[i].iter().enumerate() {
                    // One type stands for the whole group.
                    if let Some(&ty) = types.get(k).or(if types.len() == 1 { types.first() } else { None }) {
                        self.expect_type(used, ty);
                    }
                }
            }
        }
    }

    fn function_item(&mut self, format: &CompiledFormat, state: &mut Given) -> Parse<()> {
        let span = self.ahead.span;
        let (inputs, results) = self.function_type()?;
        let uses: Vec<Use> = state.operands.iter().flatten().copied().collect();
        if inputs.len() != uses.len() {
            let message =
                format!("the operation has {} operand(s), but {} type(s) are given for them", uses.len(), inputs.len());
            self.report(span, message, None);
        }
        for (used, ty) in uses.into_iter().zip(inputs) {
            self.expect_type(used, ty);
        }
        match format.results.len() {
            0 => {}
            1 => state.results[0] = Some(results.into()),
            _ => {
                for (slot, ty) in state.results.iter_mut().zip(results) {
                    *slot = Some(smallvec![ty]);
                }
            }
        }
        Ok(())
    }

    fn at_item(&self, item: &Item) -> bool {
        match item {
            Item::Token(kind, _) => self.at(*kind),
            Item::Word(word) | Item::Unit { word, .. } => self.at_word(word),
            Item::Operand { .. } => self.at(TokenKind::ValueId),
            Item::Types { .. } => self.at_type(),
            Item::Indices { open, .. } => self.at(*open),
            Item::Region { .. } => self.at(TokenKind::LeftBrace) && !self.at_dictionary(),
            Item::Dictionary => self.at_dictionary(),
            Item::Function => self.at(TokenKind::LeftParen),
            Item::Attribute { kind: "word" | "words", .. } => self.at(TokenKind::BareId),
            Item::Attribute { kind: "array", .. } => self.at(TokenKind::LeftBracket),
            Item::Attribute { kind: "hash", .. } => self.at(TokenKind::HashId),
            Item::Attribute { .. } => !self.at_end(),
            Item::Flags(_) | Item::Optional(_) | Item::Async { .. } | Item::Bundles => false,
        }
    }

    fn attribute_item(&mut self, kind: &str) -> Parse<AttributeValue> {
        if matches!(kind, "" | "array" | "hash") {
            return self.attribute(Types::UNKNOWN);
        }
        if let Some(bits) = kind.strip_prefix("ints") {
            let (_, numbers) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
            return Ok(self.array_attribute(&numbers, bits.parse().unwrap_or(64)));
        }
        if kind == "index" {
            let number = self.number()?.integer();
            return Ok(AttributeValue::Integer(number, self.index));
        }
        if kind == "int" {
            let number = self.number()?.integer();
            return Ok(self.integer_attribute(number, 32));
        }
        if let Some(value) = self.plain_attribute(kind) {
            return value;
        }
        // `#vector.kind<add>` is the older spelling.
        if kind == "angle" && self.at(TokenKind::HashId) {
            return self.attribute(Types::UNKNOWN);
        }
        if kind == "angle" {
            self.expect(TokenKind::Less, "`<`")?;
            let word = self.expect(TokenKind::BareId, "a word")?.text(self.text);
            self.expect(TokenKind::Greater, "`>`")?;
            return Ok(AttributeValue::Other(format!("#vector.kind<{word}>")));
        }
        let predicates = numbered_words(kind);
        // Older texts write predicates as strings.
        let quoted = !predicates.is_empty() && self.at(TokenKind::String);
        if !self.at(TokenKind::BareId) && !quoted {
            return Err(self.expected("a word"));
        }
        let word = self.spelling().trim_matches('"');
        if predicates.is_empty() {
            self.take();
            return Ok(AttributeValue::Other(match kind {
                "indexcmp" => format!("#index<cmp_predicate {word}>"),
                _ => word.to_owned(),
            }));
        }
        match predicates.iter().position(|&p| p == word) {
            Some(i) => {
                self.take();
                Ok(self.integer_attribute(i as i128, 64))
            }
            None => Err(self.expected(&format!("one of {}", predicates.join(", ")))),
        }
    }

    /// Attributes that are kept as they are written, without a type behind.
    fn plain_attribute(&mut self, kind: &str) -> Option<Parse<AttributeValue>> {
        let start = self.start();
        Some(match kind {
            "symbol" => self.symbol_name().map(AttributeValue::String),
            "string" => self
                .expect(TokenKind::String, "a string")
                .map(|span| AttributeValue::String(super::attributes::unescape(span.text(self.text)))),
            "number" => self.number().map(|number| {
                let ty = self.tree.types.intern(Type::Float(crate::tree::FloatKind::F64));
                AttributeValue::Float(number.value(&Type::Unknown), ty)
            }),
            "words" => {
                while self.at(TokenKind::BareId) || self.at(TokenKind::Pipe) {
                    self.take();
                }
                Ok(AttributeValue::Other(self.since(start).text(self.text).to_owned()))
            }
            "angles" if !self.at(TokenKind::Less) => Err(self.expected("`<`")),
            "angles" => {
                let mark = self.marks.len();
                self.skip_balanced().map(|()| AttributeValue::Other(self.canonical(self.since(start), mark)))
            }
            _ => return None,
        })
    }

    /// `fastmath<...>`, `overflow<...>`, or a rounding mode.
    pub(super) fn flags(&mut self, flags: &str, draft: &mut Draft) -> Parse<()> {
        if flags == "rounding" {
            if self.at(TokenKind::BareId)
                && let Some(mode) = ROUNDING.iter().position(|&m| m == self.spelling())
            {
                self.take();
                let value = self.integer_attribute(mode as i128, 32);
                self.set(draft, "roundingmode", value);
            }
            return Ok(());
        }
        if !self.at_word(flags) {
            return Ok(());
        }
        let start = self.start();
        let mark = self.marks.len();
        self.take();
        if !self.at(TokenKind::Less) {
            return Err(self.expected("`<` and flags"));
        }
        self.skip_balanced()?;
        let text = self.canonical(self.since(start), mark);
        let name = if flags == "overflow" { "overflowFlags" } else { flags };
        self.set(draft, name, AttributeValue::Other(format!("#arith.{text}")));
        Ok(())
    }

    /// Values and integers between brackets; `i64::MIN` marks a value among the integers.
    pub(super) fn index_list(&mut self, open: TokenKind, close: TokenKind) -> Parse<(Vec<Use>, Vec<i64>)> {
        let (mut values, mut integers) = (Vec::new(), Vec::new());
        self.expect(open, "an opening bracket and indices")?;
        self.list(close, "`,` or the closing bracket", |p| {
            // Scalable sizes have brackets of their own.
            let scalable = p.take_if(TokenKind::LeftBracket);
            if p.at(TokenKind::ValueId) {
                values.push(p.value_use()?);
                integers.push(i64::MIN);
                if p.take_if(TokenKind::Colon) {
                    let ty = p.parse_type()?;
                    p.expect_type(values[values.len() - 1], ty);
                }
            } else {
                let span = p.ahead.span;
                let number = p.number()?.integer();
                match i64::try_from(number) {
                    Ok(value) => integers.push(value),
                    Err(_) => return Err(p.failure(span, "expected an integer of 64 bits".to_owned())),
                }
            }
            if scalable {
                p.expect(TokenKind::RightBracket, "`]`")?;
            }
            Ok(())
        })?;
        Ok((values, integers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_compiles() {
        let count = registry::all().iter().filter(|record| compiled(record).is_some()).count();
        assert!(count > 150, "{count}");
    }
}
