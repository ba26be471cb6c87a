//! What `hardwire estimate` is asked about, as settled from its arguments.

use designs::{Design, Economics, MaskStack, Model, ProcessNode};

/// Inputs of the command.
pub struct Subject {
    /// Design of the machine.
    pub design: Design,
    /// Model the design's areas belong to.
    pub home: Model,
    /// Node the design's areas belong to.
    pub home_node: ProcessNode,
    /// Model to hardwire.
    pub model: Model,
    /// Node to build on.
    pub node: ProcessNode,
    /// Mask stack of that node.
    pub stack: MaskStack,
    /// Prices and rules.
    pub economics: Economics,
}

/// Throughput of one system.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Throughput {
    /// Tokens per second, all sequences.
    pub tokens_per_s: f64,
    /// Tokens per second of one sequence.
    pub tokens_per_s_per_user: f64,
    /// Context in tokens.
    pub context_tokens: u64,
    /// Share of time at this throughput, for the cost of a token.
    pub utilization: f64,
}
