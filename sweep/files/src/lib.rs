//! What the command and the Python package share of the file system: files that are written whole or not at all
//! ([`replace()`]), and record logs that one process at a time appends to ([`record_file`]).

pub mod record_file;
mod replace;

pub use replace::replace;
