//! Tables of model constants: each with value, range, unit, source, grade and year.

use designs::Grade;
use serde::Serialize;

/// Range and origin of one constant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Constant {
    /// Name of its field.
    pub key: &'static str,
    /// Value in use unless the caller changes it.
    pub value: f64,
    /// Low end of the range.
    pub low: f64,
    /// High end of the range.
    pub high: f64,
    /// Unit.
    pub unit: &'static str,
    /// Where the value and its range come from.
    pub source: &'static str,
    /// Support of the value.
    pub grade: Grade,
    /// Year of the source.
    pub year: u16,
}

/// Declares a struct with one field per constant, and the table of their ranges and origins.
macro_rules! constants {
    (
        $(#[$struct_doc:meta])* $name:ident, $table:ident;
        $($(#[$doc:meta])* $key:ident = $value:expr, $low:expr, $high:expr, $unit:literal, $grade:ident, $year:literal, $source:literal;)*
    ) => {
        $(#[$struct_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$doc])* pub $key: f64,)*
        }

        impl $name {
            /// Value, range, source, grade and year of every field, in their order.
            pub const $table: [$crate::constants::Constant; [$(stringify!($key)),*].len()] =
                [$($crate::constants::Constant {
                    key: stringify!($key),
                    value: $value,
                    low: $low,
                    high: $high,
                    unit: $unit,
                    source: $source,
                    grade: designs::Grade::$grade,
                    year: $year,
                }),*];

            /// The fields, to set samples or alternatives, in the order of the table.
            pub fn values_mut(&mut self) -> [&mut f64; Self::$table.len()] {
                [$(&mut self.$key),*]
            }

            /// The fields in the order of the table.
            #[must_use]
            pub fn values(&self) -> [f64; Self::$table.len()] {
                [$(self.$key),*]
            }

            /// All constants at the low ends of their ranges.
            #[must_use]
            pub fn low() -> Self {
                Self { $($key: $low),* }
            }

            /// All constants at the high ends of their ranges.
            #[must_use]
            pub fn high() -> Self {
                Self { $($key: $high),* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $value),* }
            }
        }
    };
}

pub(crate) use constants;
