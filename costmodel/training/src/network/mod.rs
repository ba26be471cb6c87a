//! Neural networks on words: bag, convolution and LSTM, trained here, without a library of machine learning.
//!
//! The three families are those of the paper that began this line of work (Das and Mannarswamy, "ML-driven Hardware
//! Cost Model for MLIR", arXiv 2302.11405), as far as it gives them away; pooling by attention and analysis features
//! beside the words are ours. The layers are few, so gradients are written out (and checked against differences)
//! rather than taken from a library: training takes a third of the time that burn 0.22 took on the same convolution,
//! is the same to the bit for any number of threads, and needs no dependency beyond matrix products.

mod architecture;
mod layers;
mod parameters;
mod real;
mod training;

pub use architecture::{ConvolutionLayer, Encoder, NetworkModel, NetworkParameters, Networks};
pub use training::{CheckpointError, Epoch, Training};
