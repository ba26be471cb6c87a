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
    /// Output format of a command whose result is a table.
    pub enum TableFormat {
        /// Aligned text.
        Table = "table",
        /// JSON with stable keys; units are part of the keys.
        Json = "json",
        /// CSV with the keys of the JSON as heads and numbers as they are.
        Csv = "csv",
    }
}

names::named! {
    /// When messages and verdicts are coloured.
    pub enum Colour (default: Auto) {
        /// On a terminal, unless the environment sets NO_COLOR.
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
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
