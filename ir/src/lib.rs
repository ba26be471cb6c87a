//! MLIR text for the learned cost model: lexer, parser, graph and tokenizer.
//!
//! Nothing is built here yet; the crate reserves the place so that no other part grows MLIR knowledge.

#[cfg(feature = "mlir")]
compile_error!("the LLVM bridge is not built yet: build without the feature `mlir`");
