//! Labels from the simulated machine: every row's function on one chip of a design.

use designs::Design;
use ir::tree::{AttributeValue, OpId, Tree};
use ir::{Limits, parse};
use workload::{Options, lower};

use super::table::Entry;
use crate::columnar::Column;

/// The design that rows are labelled on.
pub const DESIGN: &str = "hnlpu";

/// Longest latency that is a label: beyond it the machine's counters saturate and shares lose their meaning.
const MAX_CYCLES: u64 = 1 << 53;

/// A function on one chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Share of the latency in which a compute unit works.
    pub utilization: f64,
    /// Cycles of the chip's clock.
    pub latency_cycles: u64,
    /// Operations that the machine has no place for, which take no time.
    pub unplaced_operations: usize,
}

/// The public function of a module: the first that is not private.
fn public(tree: &Tree) -> Option<OpId> {
    let private =
        |op: &OpId| matches!(tree.attribute(*op, "sym_visibility"), Some(AttributeValue::String(s)) if s == "private");
    tree.functions().find(|op| !private(op))
}

/// The label of a text, or why it has none.
pub fn label(text: &str, design: &Design) -> Result<Label, String> {
    let parsed = parse(text, &Limits::default());
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(diagnostic.message.clone());
    }
    let function = public(&parsed.tree).ok_or("the module has no public function")?;
    let lowered = lower(&parsed.tree, function, design, &Options::default());
    if lowered.latency_cycles > MAX_CYCLES || !(0.0..=1.0).contains(&lowered.xpu_utilization) {
        return Err(format!("the latency is out of range: more than {MAX_CYCLES} cycles"));
    }
    Ok(Label {
        utilization: lowered.xpu_utilization,
        latency_cycles: lowered.latency_cycles,
        unplaced_operations: lowered.unplaced.len(),
    })
}

/// The columns of rows.
pub fn columns(entries: &[Entry], design: &Design) -> Vec<(String, Column)> {
    let labels: Vec<Result<Label, String>> = entries.iter().map(|e| label(&e.row.text, design)).collect();
    let of = |number: fn(&Label) -> i64| Column::Int(labels.iter().map(|l| l.as_ref().ok().map(number)).collect());
    let utilization = labels.iter().map(|l| l.as_ref().ok().map(|l| l.utilization)).collect();
    vec![
        (format!("{DESIGN}_xpu_utilization"), Column::Float(utilization)),
        (format!("{DESIGN}_xpu_latency_cycles"), of(|l| i64::try_from(l.latency_cycles).unwrap_or(i64::MAX))),
        (format!("{DESIGN}_unplaced_operations"), of(|l| l.unplaced_operations as i64)),
        (format!("{DESIGN}_failure"), Column::Text(labels.iter().map(|l| l.as_ref().err().cloned()).collect())),
    ]
}
