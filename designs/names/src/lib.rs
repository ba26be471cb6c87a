//! Texts that every crate needs: names of enum variants, suggestions, numbers.
//!
//! [`named!`] declares an enum together with the name of each variant. Files, the command line, JSON and messages all
//! use that name. [`suggest`] holds the texts of messages about an unknown name, [`number`] the formats of numbers.

mod named;
pub mod number;
pub mod suggest;

pub use named::{Named, UnknownName, choices, from_name};

#[doc(hidden)]
pub use named::{NameVisitor, serialize, words};
#[doc(hidden)]
pub use serde;
