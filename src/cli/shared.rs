//! Arguments and value parsers that several commands share.

use std::ffi::OsStr;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Command};
use names::Named;

names::named! {
    /// Output format of a command.
    pub enum Format {
        /// Aligned text.
        Table = "table",
        /// JSON with stable keys; units are part of the keys.
        Json = "json",
    }
}

names::named! {
    /// When messages are coloured.
    pub enum Colour (default: Auto) {
        /// On a terminal, unless the environment sets NO_COLOR.
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

/// Parses a number of tokens: digits, or with a suffix, K for 1,024 and M for 1,048,576.
pub fn tokens(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'K' | 'k')) => (&text[..at], 1u64 << 10),
        Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().map_err(|error| format!("{error}; write e.g. 8192 or 8K"))?;
    number.checked_mul(unit).ok_or_else(|| "number too large to fit in target type".to_owned())
}

/// Parses the name of a variant of `T`.
pub fn named<T: Named>() -> NamedParser<T> {
    NamedParser(PhantomData)
}

/// The parser that [`named`] returns.
#[derive(Debug, Clone)]
pub struct NamedParser<T>(PhantomData<T>);

fn possible_values<T: Named>() -> impl Iterator<Item = PossibleValue> {
    T::VARIANTS.iter().map(|variant| {
        let value = PossibleValue::new(variant.name());
        if variant.about().is_empty() { value } else { value.help(variant.about()) }
    })
}

impl<T: Named> TypedValueParser for NamedParser<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let name = PossibleValuesParser::new(possible_values::<T>()).parse_ref(command, argument, value)?;
        // The parser above has accepted the name, so one variant has it.
        names::from_name(&name).ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidValue).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(possible_values::<T>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_binary_suffixes() {
        assert_eq!(tokens("2048"), Ok(2048));
        assert_eq!((tokens("8K"), tokens("128k"), tokens("1M")), (Ok(8192), Ok(131_072), Ok(1 << 20)));
        for wrong in ["", "K", "-5", "8KB", "1.5K", "0x10", "99999999999999999999", "18446744073709551615K", "8\u{e9}"]
        {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }
}
