//! What the values of a plan name.

use std::collections::BTreeMap;

use designs::{MaskStack, Model, ProcessNode};

/// Models, nodes and mask stacks that the values of a plan name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Models by name.
    pub models: BTreeMap<String, Model>,
    /// Process nodes by name.
    pub nodes: BTreeMap<String, ProcessNode>,
    /// Mask stacks by name.
    pub stacks: BTreeMap<String, MaskStack>,
}
