//! Counts that an analysis may leave open, as single numbers.

use ir::analysis::{FunctionAnalysis, Range};
use ir::tree::BlockId;

/// Trip count of a loop that the text does not bound: LLVM's own default for block frequencies.
pub(super) const UNKNOWN_TRIPS: f64 = 32.0;

/// The middle of a range; its lower end if it has no upper one.
pub(crate) fn midpoint(range: Range) -> f64 {
    match range.high {
        Some(high) => (range.low as f64 + high as f64) / 2.0,
        None => range.low as f64,
    }
}

/// Executions of a block per call of the function; `guess` if the text leaves them open.
pub(crate) fn executions(function: Option<&FunctionAnalysis>, block: BlockId, guess: f64) -> f64 {
    let range = function.map(|f| f.trip_counts.block(block));
    range.filter(|range| range.high.is_some()).map_or(guess, midpoint)
}
