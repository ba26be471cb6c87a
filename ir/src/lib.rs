//! MLIR text for the learned cost model: lexer, parser, graph, steps and tokenizer; labels by real back ends.

pub mod analysis;
mod custom;
pub mod expand;
pub mod fuzzing;
pub mod graph;
pub mod labels;
pub mod lexer;
pub mod mlir;
mod parse;
mod print;
pub mod registry;
mod scan;
pub mod span;
pub mod steps;
pub mod text;
pub mod tokenizer;
pub mod tree;
pub mod vocabulary;

pub use custom::CustomForm;
pub use parse::{Limits, Parsed, parse};
pub use print::print;
