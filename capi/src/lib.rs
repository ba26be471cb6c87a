//! C interface of the cost model: `libhardwire`, declared in `include/hardwire.h`.
//!
//! - Functions return a [`Status`] and write results through pointers. [`hardwire_last_error`] returns the message of
//!   the last failure on the calling thread.
//! - A model may be used by any number of threads at once. An answer belongs to the caller, who frees it; it may be
//!   read by several threads, and outlives the model.
//! - No panic crosses the boundary: a panic is a bug and is returned as [`Status::Internal`].
//! - Texts are MLIR in UTF-8 with a length in bytes, without a terminating zero. Returned strings are zero-terminated.
//! - No function opens a file or prints.
//!
//! Rust callers use the crate `costmodel` instead.

#![allow(unsafe_code)]

mod answer;
mod boundary;
mod compare;
mod model;
mod types;

pub use answer::*;
pub use boundary::*;
pub use compare::*;
pub use model::*;
pub use types::*;
