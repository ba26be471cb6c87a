//! MLIR text for the learned cost model: lexer, parser, graph and tokenizer.

pub mod lexer;
pub mod span;
pub mod text;
pub mod tree;

#[cfg(feature = "mlir")]
compile_error!("the LLVM bridge is not built yet: build without the feature `mlir`");
