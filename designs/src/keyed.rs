//! Enumerations with one value for each member: [`keyed!`](crate::keyed) declares both.

/// Declares an enumeration and a struct that holds one value for each of its members.
///
/// Each line declares a variant, the field that holds its value, and a title for people. The enumeration is one of
/// [`named!`](names::named); the name of a variant is that of its field. A struct literal of the container and a `match` on the enumeration must list every
/// member, so the compiler finds the places that a new member affects.
///
/// ```
/// designs::keyed! {
///     /// A season.
///     enum Season;
///     /// One value for each season.
///     struct PerSeason;
///     /// From June to August in the north.
///     Summer => summer, "summer";
///     /// From December to February in the north.
///     Winter => winter, "winter";
/// }
///
/// let days = PerSeason { summer: 92, winter: 90 };
/// assert_eq!(days[Season::Winter], 90);
/// assert_eq!(days.map(|d| d + 1).values().sum::<i32>(), 184);
/// assert_eq!(Season::ALL.map(Season::name), ["summer", "winter"]);
/// ```
#[macro_export]
macro_rules! keyed {
    (
        $(#[doc = $enum_doc:expr])* enum $Enum:ident;
        $(#[doc = $per_doc:expr])* struct $Per:ident;
        $($(#[doc = $doc:expr])* $variant:ident => $field:ident, $title:literal;)+
    ) => {
        $crate::names::named! {
            $(#[doc = $enum_doc])*
            pub enum $Enum {
                $($(#[doc = $doc])* $variant = stringify!($field),)+
            }
        }

        impl $Enum {
            /// Name for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }
        }

        $(#[doc = $per_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ::serde::Serialize, ::serde::Deserialize)]
        pub struct $Per<T> {
            $($(#[doc = $doc])* pub $field: T,)+
        }

        impl<T> $Per<T> {
            /// The value that `of` gives each member.
            pub fn from_fn(mut of: impl FnMut($Enum) -> T) -> Self {
                Self { $($field: of($Enum::$variant),)+ }
            }

            /// Each value passed through `f`.
            pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> $Per<U> {
                $Per { $($field: f(self.$field),)+ }
            }

            /// Pairs of the values of the same member.
            pub fn zip<U>(self, other: $Per<U>) -> $Per<(T, U)> {
                $Per { $($field: (self.$field, other.$field),)+ }
            }

            /// Members with their values, in order.
            pub fn iter(&self) -> ::std::array::IntoIter<($Enum, &T), { $Enum::COUNT }> {
                [$(($Enum::$variant, &self.$field)),+].into_iter()
            }

            /// Members with their values to change, in order.
            pub fn iter_mut(&mut self) -> ::std::array::IntoIter<($Enum, &mut T), { $Enum::COUNT }> {
                [$(($Enum::$variant, &mut self.$field)),+].into_iter()
            }

            /// Values in order.
            pub fn values(&self) -> ::std::array::IntoIter<&T, { $Enum::COUNT }> {
                [$(&self.$field),+].into_iter()
            }
        }

        impl<T> ::core::iter::IntoIterator for $Per<T> {
            type Item = ($Enum, T);
            type IntoIter = ::std::array::IntoIter<($Enum, T), { $Enum::COUNT }>;

            fn into_iter(self) -> Self::IntoIter {
                [$(($Enum::$variant, self.$field)),+].into_iter()
            }
        }

        impl<T> ::core::ops::Index<$Enum> for $Per<T> {
            type Output = T;

            #[inline]
            fn index(&self, member: $Enum) -> &T {
                match member {
                    $($Enum::$variant => &self.$field,)+
                }
            }
        }

        impl<T> ::core::ops::IndexMut<$Enum> for $Per<T> {
            #[inline]
            fn index_mut(&mut self, member: $Enum) -> &mut T {
                match member {
                    $($Enum::$variant => &mut self.$field,)+
                }
            }
        }
    };
}
