//! C interface of the cost model: `libhardwire`, declared in `include/hardwire.h`.
//!
//! - Functions return a [`Status`]; results go through pointers. [`hardwire_last_error`] has the message of the last
//!   failure on the calling thread.
//! - A model may be used by any number of threads at once. An answer belongs to the caller, who frees it; it may be
//!   read by several threads, and outlives the model.
//! - No panic crosses the boundary: one inside is a bug and is returned as [`Status::Internal`].
//! - Texts are MLIR, UTF-8, with their length; they need no terminating zero. Strings that come back end in zero.
//! - No function opens a file or prints.
//!
//! Rust callers use the crate `costmodel` instead.

#![allow(unsafe_code)]

mod answer;
mod boundary;
mod model;
mod types;

pub use answer::*;
pub use boundary::*;
pub use model::*;
pub use types::*;
