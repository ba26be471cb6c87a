//! Labels from the simulated machine: every row's function on one chip of a design.

use corpus::design_labels::{DesignLabel, LabelError};
use designs::Design;
use ir::tree::{AttributeValue, OpId, Tree};
use ir::{Limits, parse};
use workload::{Options, lower};

/// Longest latency that is a label; beyond it counters of the machine saturate.
const MAX_CYCLES: u64 = 1 << 53;

/// The public function of a module: the first that is not private.
pub fn public(tree: &Tree) -> Option<OpId> {
    let private =
        |op: &OpId| matches!(tree.attribute(*op, "sym_visibility"), Some(AttributeValue::String(s)) if s == "private");
    tree.functions().find(|op| !private(op))
}

/// The label of a text, or why it has none.
pub fn label(text: &str, design: &Design) -> Result<DesignLabel, LabelError> {
    let parsed = parse(text, &Limits::default());
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(LabelError::Text(diagnostic.message.clone()));
    }
    let function = public(&parsed.tree).ok_or(LabelError::NoFunction)?;
    let lowered = lower(&parsed.tree, function, design, &Options::default());
    if lowered.latency_cycles > MAX_CYCLES || !(0.0..=1.0).contains(&lowered.xpu_utilization) {
        return Err(LabelError::OutOfRange { most: MAX_CYCLES });
    }
    Ok(DesignLabel {
        utilization: lowered.xpu_utilization,
        latency_cycles: lowered.latency_cycles,
        unplaced_operations: lowered.unplaced.len(),
    })
}
