//! The trait and the macro.

use std::fmt;
use std::marker::PhantomData;

use serde::{Serializer, de};

use crate::suggest::{did_you_mean, shorten};

/// An enum whose variants have one name each. Implemented by [`named!`](crate::named).
pub trait Named: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// All variants, in the order of their declaration.
    const VARIANTS: &'static [Self];

    /// What a value is, for messages: the words of the type's name, e.g. "weight format".
    fn kind() -> String;

    /// Its name in files, on the command line and in output.
    fn name(self) -> &'static str;

    /// The documentation of the variant, without the final full stop.
    fn about(self) -> &'static str;
}

/// The variant of that name.
#[must_use]
pub fn from_name<T: Named>(name: &str) -> Option<T> {
    T::VARIANTS.iter().copied().find(|variant| variant.name() == name)
}

/// Every variant of `T` with its name, in the order of declaration.
#[must_use]
pub fn choices<T: Named>() -> Vec<(&'static str, T)> {
    T::VARIANTS.iter().map(|variant| (variant.name(), *variant)).collect()
}

/// No variant has the given name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} `{}`; {help}", shorten(name))]
pub struct UnknownName {
    /// What was expected, e.g. "weight format".
    pub kind: String,
    /// The name that was given.
    pub name: String,
    /// The nearest name, or all names.
    pub help: String,
}

impl UnknownName {
    /// For a name that no variant of `T` has.
    #[must_use]
    pub fn new<T: Named>(name: &str) -> Self {
        let known: Vec<&str> = T::VARIANTS.iter().map(|variant| variant.name()).collect();
        Self { kind: T::kind(), name: name.to_owned(), help: did_you_mean(name, &known) }
    }
}

/// Writes the name of a value.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Named, S: Serializer>(value: T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.name())
}

/// Reads a value from its name.
#[derive(Debug)]
pub struct NameVisitor<T>(PhantomData<T>);

impl<T> Default for NameVisitor<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Named> de::Visitor<'_> for NameVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a {}", T::kind())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        from_name(name).ok_or_else(|| E::custom(UnknownName::new::<T>(name)))
    }
}

/// The words of a type's name: `WeightFormat` gives "weight format".
#[doc(hidden)]
#[must_use]
pub fn words(type_name: &str) -> String {
    let mut words = String::new();
    for letter in type_name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Declares an enum together with the name of each variant.
///
/// The type gets `ALL` (an array in the order of declaration), `COUNT`, `name`, [`Named`], `Display`, `FromStr`,
/// `Serialize` and `Deserialize`, all of which use these names, and `Debug`, `Clone`, `Copy`, `PartialEq`, `Eq`,
/// `PartialOrd`, `Ord` and `Hash`. `enum Name (default: Variant)` adds `Default`. Only doc comments may stand before a variant.
///
/// ```
/// names::named! {
///     /// Direction of a transfer.
///     pub enum Direction {
///         /// From memory.
///         Read = "read",
///         /// To memory.
///         WriteBack = "write-back",
///     }
/// }
/// assert_eq!(Direction::WriteBack.to_string(), "write-back");
/// assert_eq!("read".parse(), Ok(Direction::Read));
/// let error = "raed".parse::<Direction>().unwrap_err();
/// assert_eq!(error.to_string(), "no direction `raed`; did you mean `read`?");
/// ```
#[macro_export]
macro_rules! named {
    (
        $(#[$meta:meta])*
        $visible:vis enum $type:ident $((default: $default:ident))? {
            $($(#[doc = $about:expr])* $name:ident = $text:expr),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        $visible enum $type {
            $($(#[doc = $about])* $name,)+
        }

        #[allow(dead_code)]
        impl $type {
            /// The number of variants.
            $visible const COUNT: usize = [$($text),+].len();
            /// All variants, in the order of their declaration.
            $visible const ALL: [Self; Self::COUNT] = [$(Self::$name),+];

            /// Its name in files, on the command line and in output.
            #[must_use]
            $visible const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The variant of that name.
            #[must_use]
            $visible fn from_name(name: &str) -> Option<Self> {
                $crate::from_name(name)
            }
        }

        $(impl Default for $type {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl $crate::Named for $type {
            const VARIANTS: &'static [Self] = &Self::ALL;

            fn kind() -> String {
                $crate::words(stringify!($type))
            }

            fn name(self) -> &'static str {
                Self::name(self)
            }

            fn about(self) -> &'static str {
                let about = match self {
                    $(Self::$name => concat!("", $($about),*),)+
                };
                let about = about.trim();
                about.strip_suffix('.').unwrap_or(about)
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(Self::name(*self))
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                $crate::from_name(name).ok_or_else(|| $crate::UnknownName::new::<Self>(name))
            }
        }

        impl $crate::serde::Serialize for $type {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::serialize(*self, serializer)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::NameVisitor::<Self>::default())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    named! {
        /// Number format of a weight.
        enum WeightFormat (default: Fp4) {
            /// E2M1.
            Fp4 = "fp4",
            /// Brain floating point,
            /// 16 bits.
            Bf16 = "bf16",
        }
    }

    #[test]
    fn every_variant_is_read_from_its_name() {
        assert_eq!((WeightFormat::COUNT, WeightFormat::default()), (2, WeightFormat::Fp4));
        for format in WeightFormat::ALL {
            assert_eq!(from_name(format.name()), Some(format));
            let json = serde_json::to_string(&format).unwrap();
            assert_eq!(json, format!("\"{format}\""));
            assert_eq!(serde_json::from_str::<WeightFormat>(&json).unwrap(), format);
        }
        assert_eq!(format!("{:>5}|", WeightFormat::Fp4), "  fp4|");
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_suggestion() {
        let error = "fp5".parse::<WeightFormat>().unwrap_err();
        assert_eq!(error.to_string(), "no weight format `fp5`; did you mean `fp4`?");
        let error = serde_json::from_str::<WeightFormat>("\"zebra\"").unwrap_err().to_string();
        assert!(error.starts_with("no weight format `zebra`; known here: fp4, bf16"), "{error}");
    }

    #[test]
    fn documentation_is_one_line_without_the_full_stop() {
        assert_eq!(Named::about(WeightFormat::Fp4), "E2M1");
        assert_eq!(Named::about(WeightFormat::Bf16), "Brain floating point, 16 bits");
    }
}
