//! The corpus that the learned cost model is trained on.

pub mod kernels;
