//! Execution counts of a function's branches, by executing its control flow.
//!
//! With static shapes, loop bounds depend on constants and other loop counters only. [`ControlFlow`] holds the
//! integer values that branches depend on; [`run`] executes them and counts every edge. Two shortcuts make the time
//! proportional to the length of the code, not to the trip counts:
//!
//! - A loop that is entered again with equal inputs takes the same path, so its counts are cached.
//! - In a loop whose counter decides only when it ends, all iterations are alike, so only the first and the last are
//!   executed.
//!
//! A branch on data (a loaded value, an argument) has no static count. The function is then executed twice, once with
//! the first successor of every such branch and once with the second. The counts are the mean of both, which assumes
//! a probability of one half, and are marked as such.

mod arithmetic;
mod execution;
mod flow;
mod loops;
#[cfg(test)]
mod tests;

pub use self::flow::{Assignment, Block, Comparison, ControlFlow, Exit, Operand, Operation, Phi};

use self::execution::{Edges, Run};
use self::loops::Loops;

/// Execution counts for one call of the function.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Executions of each block.
    pub blocks: Vec<f64>,
    /// For each block, executions of the edge to each successor.
    pub edges: Vec<Vec<f64>>,
    /// For each block, whether its count does not depend on data.
    pub exact: Vec<bool>,
    /// Whether any branch depended on data.
    pub data_dependent: bool,
}

/// Executes the control flow and counts; `None` if it does not end within `fuel` block executions.
#[must_use]
pub fn run(flow: &ControlFlow, fuel: u64) -> Option<Counts> {
    let loops = Loops::find(flow);
    let first = Run::new(flow, &loops, 0, fuel).whole();
    match first {
        Some((edges, false)) => Some(counts(flow, &edges, None, false)),
        Some((edges, true)) => {
            let other = Run::new(flow, &loops, 1, fuel).whole().map(|(edges, _)| edges);
            Some(counts(flow, &edges, other.as_ref(), true))
        }
        None => Run::new(flow, &loops, 1, fuel)
            .whole()
            .filter(|(_, data_dependent)| *data_dependent)
            .map(|(edges, _)| counts(flow, &edges, None, true)),
    }
}

fn counts(flow: &ControlFlow, one: &Edges, other: Option<&Edges>, data_dependent: bool) -> Counts {
    let of = |edges: &Edges| {
        let taken: Vec<Vec<u64>> = (0..flow.blocks.len())
            .map(|block| {
                let ways = flow.blocks[block].exit.successors().len();
                (0..ways).map(|way| edges.get(&(block, way)).copied().unwrap_or(0)).collect()
            })
            .collect();
        let mut blocks = vec![0_u64; flow.blocks.len()];
        if let Some(entry) = blocks.first_mut() {
            *entry = 1;
        }
        for (block, ways) in taken.iter().enumerate() {
            for (target, count) in flow.blocks[block].exit.successors().into_iter().zip(ways) {
                blocks[target] += count;
            }
        }
        (blocks, taken)
    };
    let (blocks, edges) = of(one);
    let (other_blocks, other_edges) = other.map_or_else(|| (blocks.clone(), edges.clone()), of);
    let mean = |a: u64, b: u64| (a as f64 + b as f64) / 2.0;
    // Without a second run to compare with, no count is known to be independent of data.
    let comparable = !data_dependent || other.is_some();
    Counts {
        exact: blocks.iter().zip(&other_blocks).map(|(a, b)| comparable && a == b).collect(),
        blocks: blocks.iter().zip(&other_blocks).map(|(&a, &b)| mean(a, b)).collect(),
        edges: edges
            .iter()
            .zip(&other_edges)
            .map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| mean(a, b)).collect())
            .collect(),
        data_dependent,
    }
}
