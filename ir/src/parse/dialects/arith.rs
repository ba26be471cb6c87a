//! `arith`, `math`, `index`, `complex` and `ub`.

use crate::lexer::TokenKind;
use crate::parse::draft::Draft;
use crate::parse::format::{Row, row};
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, Types};

const CAST: &str = "%in {} : !in to !out";

pub(super) const ROWS: &[Row] = &[
    row("arith.addi subi muli shli", "", "%lhs , %rhs overflow {} : !lhs=rhs=r", "r"),
    row("arith.divsi divui shrsi shrui", "", "%lhs , %rhs 'exact=isExact {} : !lhs=rhs=r", "r"),
    row(
        "arith.ceildivsi ceildivui floordivsi remsi remui andi ori xori maxsi maxui minsi minui",
        "",
        "%lhs , %rhs {} : !lhs=rhs=r",
        "r",
    ),
    row(
        "arith.addf subf mulf divf remf maximumf minimumf maxnumf minnumf",
        "",
        "%lhs , %rhs rounding fastmath {} : !lhs=rhs=r",
        "r",
    ),
    row("arith.negf", "", "%a fastmath {} : !a=r", "r"),
    row("arith.extsi index_cast index_castui bitcast fptosi fptoui sitofp", "", CAST, "out"),
    row("arith.extui uitofp", "", "%in 'nneg=nonNeg {} : !in to !out", "out"),
    row("arith.trunci", "", "%in overflow {} : !in to !out", "out"),
    row("arith.extf truncf", "", "%in rounding fastmath {} : !in to !out", "out"),
    row("arith.scaling_extf scaling_truncf", "", "%in , %scale rounding fastmath {} : !in , !scale to !out", "out"),
    row("arith.cmpi", "", "@predicate:cmpi , %lhs , %rhs {} : !lhs=rhs", "r=i1(lhs)"),
    row("arith.cmpf", "", "@predicate:cmpf , %lhs , %rhs fastmath {} : !lhs=rhs", "r=i1(lhs)"),
    row("arith.addui_extended", "", "%lhs , %rhs {} : !lhs=rhs=sum , !overflow", "sum overflow"),
    row("arith.mulsi_extended mului_extended", "", "%lhs , %rhs {} : !lhs=rhs=low=high", "low high"),
    row(
        "math.absf acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor log log10 log1p log2 \
         round roundeven rsqrt sin sinh sqrt tan tanh trunc",
        "",
        "%a fastmath {} : !a=r",
        "r",
    ),
    row("math.absi ctlz cttz ctpop", "", "%a {} : !a=r", "r"),
    row("math.isfinite isinf isnan isnormal", "", "%a fastmath {} : !a", "r=i1(a)"),
    row("math.atan2 copysign powf", "", "%lhs , %rhs fastmath {} : !lhs=rhs=r", "r"),
    row("math.ipowi", "", "%lhs , %rhs {} : !lhs=rhs=r", "r"),
    row("math.fpowi", "", "%lhs , %rhs fastmath {} : !lhs=r , !rhs", "r"),
    row("math.fma", "", "%a , %b , %c fastmath {} : !a=b=c=r", "r"),
    row("math.clampf", "", "%value to [ %min , %max ] fastmath {} : !value=min=max=r", "r"),
    row("math.sincos", "", "%a fastmath {} : !a=sin=cos", "sin cos"),
    row(
        "index.add sub mul divs divu ceildivs ceildivu floordivs rems remu maxs maxu mins minu shl shrs shru and or xor",
        "",
        "%lhs:index , %rhs:index {}",
        "r=index",
    ),
    row("index.cmp", "", "@pred:indexcmp ( %lhs:index , %rhs:index ) {}", "r=i1"),
    row("index.casts castu", "", "%in {} : !in to !out", "out"),
    row("index.sizeof", "", "{}", "r=index"),
    row("index.constant", "", "{} @value:index", "r=index"),
    row("index.bool.constant", "", "{} @value", "r=i1"),
    row("complex.create", "", "%re , %im {} : !r", "r"),
    row("complex.constant", "", "{} @value : !r", "r"),
    row("complex.re im", "", "%a fastmath {} : !a", "r=elem(a)"),
    row("complex.abs", "", "%a fastmath {} : !a", "r=elem(a)"),
    row("complex.add sub mul div pow", "", "%lhs , %rhs fastmath {} : !lhs=rhs=r", "r"),
    row("complex.eq neq", "", "%lhs , %rhs {} : !lhs=rhs", "r=i1"),
    row("complex.neg exp log sin cos tanh sqrt rsqrt conj", "", "%a fastmath {} : !a=r", "r"),
    row("ub.poison", "", "{} [? < @value > ?] : !r", "r"),
    row("ub.unreachable", "", "{}", ""),
];

impl<'a> Parser<'a> {
    pub(super) fn arith_form(&mut self, short: &str, draft: &mut Draft) -> Option<Parse<()>> {
        match short {
            "constant" => Some(self.arith_constant(draft)),
            "select" => Some(self.arith_select(draft)),
            _ => None,
        }
    }

    /// `arith.constant 1.0 : f32`; a value without a type says its own (`true`, `1 : index` always has one).
    fn arith_constant(&mut self, draft: &mut Draft) -> Parse<()> {
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
    fn arith_select(&mut self, draft: &mut Draft) -> Parse<()> {
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
