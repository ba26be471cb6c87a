//! Words of a text, before a vocabulary maps them to ids.
//!
//! Nearly all words of [`super::Scheme::Shaped`] are *closed*: they come from a list fixed here, so that no number,
//! shape or name of a program can be a word never seen. *Open* words are the names that dialects bring: operations,
//! element types, attribute names, keywords.
//!
//! A number `n` is written as the power of two at or below it, followed by its odd part in digits of base 64 if
//! that is not one: 64 is `2^6`, 96 is `2^6 *3` (96 = 2^5 x 3), 1000 is `2^9 *1 .61` (1000 = 2^3 x 125). Size and
//! divisibility are each one word, and the spelling is exact.

use std::fmt;

/// A word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// One of a fixed list.
    Closed(ClosedWord),
    /// A name.
    Open(&'a str),
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(word) => word.fmt(f),
            Self::Open(name) => f.write_str(name),
        }
    }
}

/// A word of the fixed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedWord(u16);

/// Largest rank with a word of its own; higher ones share one.
const MAX_RANK: u16 = 8;
/// Function arguments with a word of their own.
const MAX_FUNCTION_ARGUMENTS: u16 = 32;
/// Enclosing regions, and arguments of each, with a word of their own.
const MAX_REGIONS: u16 = 8;
const MAX_REGION_ARGUMENTS: u16 = 8;
/// Distances with a word of their own; further ones share one word per power of two.
const NEAR: u16 = 8;
const DISTANCES: u16 = NEAR + 14;
/// Dimensions of affine maps with a word of their own; symbols likewise.
const MAX_DIMENSIONS: u16 = 16;
const MAX_SYMBOLS: u16 = 4;
/// Numbered values of [`super::Scheme::OpsOperands`] with a word of their own.
const MAX_NUMBERED: u16 = 1024;

// Where each family of words starts.
const SINGLE: u16 = 0;
const POWER: u16 = SINGLE + NAMES.len() as u16;
const ODD_FIRST: u16 = POWER + 64;
const ODD_NEXT: u16 = ODD_FIRST + 64;
const TENSOR: u16 = ODD_NEXT + 64;
const RANKS: u16 = MAX_RANK + 3;
const MEMREF: u16 = TENSOR + RANKS;
const VECTOR: u16 = MEMREF + RANKS;
const ARGUMENT: u16 = VECTOR + RANKS;
const REGION_ARGUMENT: u16 = ARGUMENT + MAX_FUNCTION_ARGUMENTS + 1;
const NEARBY: u16 = REGION_ARGUMENT + MAX_REGIONS * MAX_REGION_ARGUMENTS + 1;
const OUTER: u16 = NEARBY + DISTANCES;
const DIMENSION: u16 = OUTER + DISTANCES;
const SYMBOL: u16 = DIMENSION + MAX_DIMENSIONS + 1;
const NUMBERED: u16 = SYMBOL + MAX_SYMBOLS + 1;
const END: u16 = NUMBERED + MAX_NUMBERED + 1;

macro_rules! singles {
    ($($(#[$doc:meta])* $name:ident = $index:literal, $text:literal;)*) => {
        const NAMES: &[&str] = &[$($text),*];
        impl ClosedWord {
            $($(#[$doc])* pub const $name: Self = Self($index);)*
        }
    };
}

singles! {
    /// The number 0.
    ZERO = 0, "0";
    /// The number behind is negative.
    MINUS = 1, "-";
    /// A dynamic extent.
    DYNAMIC = 2, "?";
    /// The extent behind is a multiple of what follows.
    SCALABLE = 3, "scalable";
    /// The shaped type is the one written last in this operation.
    SAME = 4, "same";
    /// Results' types follow.
    ARROW = 5, "->";
    /// A region begins.
    OPEN = 6, "{";
    /// A region ends.
    CLOSE = 7, "}";
    /// A block other than a region's first begins.
    BLOCK = 8, "^";
    /// Control may go to a block further down.
    FORWARD = 9, "^>";
    /// Control may go to a block further up, or to this one.
    BACK = 10, "^<";
    /// A symbol.
    SYMBOL = 11, "@";
    /// A value whose definition has not been seen.
    UNDEFINED = 12, "%?";
    /// `true`.
    TRUE = 13, "true";
    /// `false`.
    FALSE = 14, "false";
    /// Floating point zero.
    FLOAT_ZERO = 15, "float.0";
    /// Floating point one.
    FLOAT_ONE = 16, "float.1";
    /// A power of two other than one: multiplication is exact.
    FLOAT_POWER = 17, "float.2^k";
    /// Infinity or NaN, from a hexadecimal spelling.
    FLOAT_SPECIAL = 18, "float.special";
    /// Any other floating point value.
    FLOAT = 19, "float";
    /// All elements equal; the value follows.
    SPLAT = 20, "dense.splat";
    /// Elements that differ; they are left out.
    DENSE = 21, "dense";
    /// `affine_map` whose results are its dimensions in order.
    MAP_IDENTITY = 22, "map.identity";
    /// ... all its dimensions in another order, which follows.
    MAP_PERMUTATION = 23, "map.permutation";
    /// ... some of its dimensions (broadcast or reduction), or the constant 0; they follow.
    MAP_PROJECTION = 24, "map.projection";
    /// ... expressions, which follow in prefix form.
    MAP_AFFINE = 25, "map.affine";
    /// `affine_set`; its constraints follow in the order of the text.
    SET = 26, "set";
    /// Sum.
    ADD = 27, "+";
    /// Product.
    MUL = 28, "*";
    /// Remainder.
    MOD = 29, "mod";
    /// Quotient rounded down.
    FLOOR_DIV = 30, "floordiv";
    /// Quotient rounded up.
    CEIL_DIV = 31, "ceildiv";
    /// A text, e.g. of an attribute, too long to be a word.
    STRING = 32, "string";
    /// What follows is nested too deep or too long to be written out.
    ELLIPSIS = 33, "...";
}

/// Kinds of shaped types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shaped {
    Tensor,
    MemRef,
    Vector,
}

impl ClosedWord {
    /// Number of closed words.
    pub const COUNT: usize = END as usize;

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..END).map(Self)
    }

    /// Place in [`Self::all`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }

    pub(super) fn power(exponent: u32) -> Self {
        debug_assert!(exponent < 64);
        Self(POWER + exponent as u16)
    }

    pub(super) fn odd_first(digit: u64) -> Self {
        debug_assert!(digit < 64);
        Self(ODD_FIRST + digit as u16)
    }

    pub(super) fn odd_next(digit: u64) -> Self {
        debug_assert!(digit < 64);
        Self(ODD_NEXT + digit as u16)
    }

    /// Head of a shaped type; `None` for an unranked one.
    pub(super) fn shaped(kind: Shaped, rank: Option<usize>) -> Self {
        let base = match kind {
            Shaped::Tensor => TENSOR,
            Shaped::MemRef => MEMREF,
            Shaped::Vector => VECTOR,
        };
        Self(base + rank.map_or(MAX_RANK + 2, |r| r.min(MAX_RANK as usize + 1) as u16))
    }

    pub(super) fn function_argument(position: u32) -> Self {
        Self(ARGUMENT + position.min(MAX_FUNCTION_ARGUMENTS.into()) as u16)
    }

    /// Argument `position` of the region that is the `depth`-th around the use, 0 the innermost.
    pub(super) fn region_argument(depth: u32, position: u32) -> Self {
        if depth >= MAX_REGIONS.into() || position >= MAX_REGION_ARGUMENTS.into() {
            return Self(NEARBY - 1);
        }
        Self(REGION_ARGUMENT + depth as u16 * MAX_REGION_ARGUMENTS + position as u16)
    }

    /// Result of the `distance`-th last operation with results of the same region (or of one around it), from 1.
    pub(super) fn result(distance: u32, outer: bool) -> Self {
        let class = if distance <= NEAR.into() {
            distance.max(1) as u16 - 1
        } else {
            (NEAR + (distance - 1).ilog2() as u16 - NEAR.ilog2() as u16).min(DISTANCES - 1)
        };
        Self(if outer { OUTER } else { NEARBY } + class)
    }

    pub(super) fn dimension(index: u32) -> Self {
        Self(DIMENSION + index.min(MAX_DIMENSIONS.into()) as u16)
    }

    pub(super) fn is_dimension(self) -> bool {
        (DIMENSION..SYMBOL).contains(&self.0)
    }

    pub(super) fn symbol_dimension(index: u32) -> Self {
        Self(SYMBOL + index.min(MAX_SYMBOLS.into()) as u16)
    }

    pub(super) fn numbered(index: u32) -> Self {
        Self(NUMBERED + index.min(MAX_NUMBERED.into()) as u16)
    }
}

impl fmt::Display for ClosedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capped = |f: &mut fmt::Formatter<'_>, prefix: &str, offset: u16, limit: u16| {
            if offset == limit { write!(f, "{prefix}+") } else { write!(f, "{prefix}{offset}") }
        };
        let distance = |f: &mut fmt::Formatter<'_>, prefix: &str, class: u16| {
            if class < NEAR {
                write!(f, "{prefix}{}", class + 1)
            } else {
                write!(f, "{prefix}{}..", (u32::from(NEAR) << (class - NEAR)) + 1)
            }
        };
        match self.0 {
            i @ ..POWER => f.write_str(NAMES[i as usize]),
            i @ ..ODD_FIRST => write!(f, "2^{}", i - POWER),
            i @ ..ODD_NEXT => write!(f, "*{}", i - ODD_FIRST),
            i @ ..TENSOR => write!(f, ".{}", i - ODD_NEXT),
            i @ ..ARGUMENT => {
                let kind = (i - TENSOR) / RANKS;
                let (name, rank) = (["tensor", "memref", "vector"][kind as usize], (i - TENSOR) % RANKS);
                if rank == MAX_RANK + 2 {
                    write!(f, "{name}.*")
                } else {
                    capped(f, &format!("{name}."), rank, MAX_RANK + 1)
                }
            }
            i @ ..REGION_ARGUMENT => capped(f, "%arg", i - ARGUMENT, MAX_FUNCTION_ARGUMENTS),
            i if i == NEARBY - 1 => f.write_str("%in+"),
            i @ ..NEARBY => {
                let offset = i - REGION_ARGUMENT;
                write!(f, "%in{}.{}", offset / MAX_REGION_ARGUMENTS, offset % MAX_REGION_ARGUMENTS)
            }
            i @ ..OUTER => distance(f, "%-", i - NEARBY),
            i @ ..DIMENSION => distance(f, "%^-", i - OUTER),
            i @ ..SYMBOL => capped(f, "d", i - DIMENSION, MAX_DIMENSIONS),
            i @ ..NUMBERED => capped(f, "s", i - SYMBOL, MAX_SYMBOLS),
            i => capped(f, "%", i - NUMBERED, MAX_NUMBERED),
        }
    }
}

/// A word before its text is looked up: 12 bytes, no borrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    Closed(ClosedWord),
    /// Bytes `.0 .. .0 + .1` of the text.
    Text(u32, u32),
    /// Likewise of the tokenizer's own buffer.
    Own(u32, u32),
}

/// Writes a number.
#[inline]
pub(super) fn number(words: &mut Vec<Raw>, value: u64) {
    if value == 0 {
        return words.push(Raw::Closed(ClosedWord::ZERO));
    }
    words.push(Raw::Closed(ClosedWord::power(value.ilog2())));
    let odd = value >> value.trailing_zeros();
    if odd > 1 {
        let digits = odd.ilog2() / 6;
        words.push(Raw::Closed(ClosedWord::odd_first(odd >> (6 * digits))));
        for digit in (0..digits).rev() {
            words.push(Raw::Closed(ClosedWord::odd_next(odd >> (6 * digit) & 63)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn spelled(value: u64) -> Vec<String> {
        let mut words = Vec::new();
        number(&mut words, value);
        words.iter().map(|w| if let Raw::Closed(w) = w { w.to_string() } else { unreachable!() }).collect()
    }

    #[test]
    fn every_closed_word_has_its_own_spelling() {
        let spellings: BTreeSet<String> = ClosedWord::all().map(|w| w.to_string()).collect();
        assert_eq!(spellings.len(), ClosedWord::COUNT);
        assert_eq!(NAMES.len(), ClosedWord::ELLIPSIS.index() + 1);
    }

    #[test]
    fn numbers_show_size_and_divisibility() {
        assert_eq!(spelled(64), ["2^6"]);
        assert_eq!(spelled(96), ["2^6", "*3"]);
        assert_eq!(spelled(1000), ["2^9", "*1", ".61"]);
        assert_eq!(spelled(1), ["2^0"]);
        assert_eq!(spelled(0), ["0"]);
    }

    #[test]
    fn distances_share_words_by_powers_of_two() {
        let class = |d| ClosedWord::result(d, false).to_string();
        assert_eq!([class(1), class(8), class(9), class(16)], ["%-1", "%-8", "%-9..", "%-9.."]);
        assert_eq!(class(17), "%-17..");
        assert_eq!(class(u32::MAX), class(1 << 20));
        assert_eq!(ClosedWord::region_argument(8, 0), ClosedWord::region_argument(0, 8));
    }

    proptest! {
        #[test]
        fn different_numbers_are_spelled_differently(value: u64) {
            let words = spelled(value);
            let power: u32 = words[0].trim_start_matches("2^").parse().unwrap();
            let odd = words[1..].iter().fold(0u64, |sum, w| sum << 6 | w[1..].parse::<u64>().unwrap()).max(1);
            prop_assert_eq!(odd << (power - odd.ilog2()), value);
        }
    }
}
