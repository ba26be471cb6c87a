//! Labels of the simulated machine as columns.

use storage::columnar::Column;

/// The design that rows are labelled on.
pub const DESIGN: &str = "hnlpu";

/// Labels of a function on one chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignLabel {
    /// Share of the latency in which a compute unit is busy, 0 to 1.
    pub utilization: f64,
    /// Cycles of the chip's clock.
    pub latency_cycles: u64,
    /// Operations that the machine cannot place; they take no time.
    pub unplaced_operations: usize,
}

/// Why a row has no label of the design.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The parser refuses the text.
    #[error("{0}")]
    Text(String),
    /// There is no public function.
    #[error("the module has no public function")]
    NoFunction,
    /// The simulated latency is too long.
    #[error("the latency is out of range: more than {most} cycles")]
    OutOfRange {
        /// Longest latency that is a label, in cycles.
        most: u64,
    },
}

/// The columns of labels, one label per row.
#[must_use]
pub fn columns(labels: &[Result<DesignLabel, LabelError>]) -> Vec<(String, Column)> {
    let of =
        |number: fn(&DesignLabel) -> i64| Column::Int(labels.iter().map(|l| l.as_ref().ok().map(number)).collect());
    let utilization = labels.iter().map(|l| l.as_ref().ok().map(|l| l.utilization)).collect();
    let failures = labels.iter().map(|l| l.as_ref().err().map(ToString::to_string)).collect();
    vec![
        (format!("{DESIGN}_xpu_utilization"), Column::Float(utilization)),
        (format!("{DESIGN}_xpu_latency_cycles"), of(|l| i64::try_from(l.latency_cycles).unwrap_or(i64::MAX))),
        (format!("{DESIGN}_unplaced_operations"), of(|l| l.unplaced_operations as i64)),
        (format!("{DESIGN}_failure"), Column::Text(failures)),
    ]
}
