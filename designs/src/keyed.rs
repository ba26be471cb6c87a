//! Enumerations with one value for each member: [`keyed!`](crate::keyed) declares both.

/// Declares an enumeration and a struct that holds one value for each of its members.
///
/// Each line declares a variant, the field that holds its value, and a display name. The name of the field is also the key
/// of the variant in files and results. A struct literal of the container and a `match` on the enumeration must list every
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
/// assert_eq!(Season::ALL.map(Season::key), ["summer", "winter"]);
/// ```
#[macro_export]
macro_rules! keyed {
    (
        $(#[$enum_attribute:meta])* enum $Enum:ident;
        $(#[$per_attribute:meta])* struct $Per:ident;
        $($(#[$attribute:meta])* $variant:ident => $field:ident, $name:literal;)+
    ) => {
        $(#[$enum_attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Enum {
            $($(#[$attribute])* $variant,)+
        }

        impl $Enum {
            /// Number of members.
            pub const COUNT: usize = [$(stringify!($field)),+].len();
            /// Every member, in order.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$variant),+];

            /// Key in files and results.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($field),)+
                }
            }

            /// The member with this key.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|member| member.key() == key)
            }

            /// Display name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl ::serde::Serialize for $Enum {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.key())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $Enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                let key = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::from_key(&key)
                    .ok_or_else(|| ::serde::de::Error::unknown_variant(&key, &[$(stringify!($field)),+]))
            }
        }

        $(#[$per_attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ::serde::Serialize, ::serde::Deserialize)]
        pub struct $Per<T> {
            $($(#[$attribute])* pub $field: T,)+
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
