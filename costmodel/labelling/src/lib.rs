//! Labels the rows of a corpus, for the command and for Python.
//!
//! A [`folder::Folder`] has the rows, a journal of their outcomes, and writes the corpus. Rows are labelled by worker processes
//! ([`pool`]), here ([`jobs`]) or on other machines as tasks of bounded size ([`task`]). [`kernels`] labels a part of a corpus for GPUs
//! ([`gpu`]). LLVM is in the workers only: each is the command `hardwire dataset worker`, built with the feature `mlir`.

mod error;
pub mod folder;
pub mod gpu;
pub mod jobs;
mod journal;
pub mod kernels;
pub mod pool;
pub mod task;
mod xpu;

pub use xpu::public;
