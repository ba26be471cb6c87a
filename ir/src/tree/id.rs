//! Numbers of the parts of a tree.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Place in its arena.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// An operation of a [`Tree`](super::Tree).
    OpId
);
id!(
    /// A region of a [`Tree`](super::Tree).
    RegionId
);
id!(
    /// A block of a [`Tree`](super::Tree).
    BlockId
);
id!(
    /// An SSA value of a [`Tree`](super::Tree).
    ValueId
);
id!(
    /// An interned type of a [`Tree`](super::Tree).
    TypeId
);
id!(
    /// An interned name (of an operation or attribute) of a [`Tree`](super::Tree).
    NameId
);
