//! Names of enum variants, each written once.
//!
//! [`named!`] declares an enum together with the name of each variant. Files, the command line, JSON and messages all
//! use that name. [`suggest`] holds the texts of messages about an unknown name.

mod named;
pub mod suggest;

pub use named::{Named, UnknownName, choices, from_name};

#[doc(hidden)]
pub use named::{NameVisitor, serialize, words};
#[doc(hidden)]
pub use serde;
