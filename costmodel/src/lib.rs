//! The learned cost model for compilers: features, datasets, training and prediction.
//!
//! Nothing is built here yet; the crate reserves the place beside the simulator, which must not know it.

pub mod corpus;
