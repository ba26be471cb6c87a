//! Executions of machine blocks per call of the function.
//!
//! The code generator turns branch weights into probabilities of successors. The block frequencies f solve
//! f = e + P^T f, where e is one execution of the entry. Probabilities are rounded to multiples of 2^-31, so a block
//! that has the name of a block of LLVM IR takes that block's count if the two agree within 0.1 %.
//!
//! The code generator also inserts branches of its own, such as for a conditional move without an instruction for it.
//! Their probabilities are guesses. The equations are solved again with other guesses: a block whose frequency changes
//! is an estimate, all others are exact.

use std::collections::BTreeMap;

use super::control::Counts;
use super::machine_ir::MachineFunction;
use super::read_control::block_index;

/// Executions of one machine block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frequency {
    /// Executions per call.
    pub count: f64,
    /// Whether the count depends neither on data nor on a guessed probability.
    pub exact: bool,
}

/// Largest relative difference between a solved frequency and the count that replaces it.
const TOLERANCE: f64 = 1e-3;

/// Largest relative change of a frequency under other guesses that counts as no change.
const MOVED: f64 = 1e-6;

/// Frequencies of the blocks of a function, in the order of the code; `counts` are those of its LLVM IR, if its
/// control flow could be executed.
#[must_use]
pub fn frequencies(function: &MachineFunction, counts: Option<&Counts>) -> Vec<Frequency> {
    let numbers = function.positions();
    let guessed = guessed_branches(function, &numbers);
    let flow = solve(function, &numbers, &[]);
    let Some(counts) = counts else {
        return flow.into_iter().map(|count| Frequency { count, exact: false }).collect();
    };
    let other = if guessed.contains(&true) { solve(function, &numbers, &guessed) } else { flow.clone() };
    let origins: Vec<Option<usize>> = function
        .blocks
        .iter()
        .map(|block| block_index(&block.origin).filter(|&origin| origin < counts.blocks.len()))
        .collect();
    (0..flow.len())
        .map(|index| {
            let count = flow[index];
            let steady = (count - other[index]).abs() <= MOVED * count.abs();
            // A block without an origin in LLVM IR may depend on any branch of the function.
            let exact = steady && origins[index].map_or(!counts.data_dependent, |origin| counts.exact[origin]);
            let known = origins[index].map(|origin| counts.blocks[origin]);
            match known {
                Some(known) if agree(count, known) => Frequency { count: known, exact },
                _ if exact && agree(count, count.round()) => Frequency { count: count.round(), exact },
                _ => Frequency { count, exact },
            }
        })
        .collect()
}

fn agree(one: f64, other: f64) -> bool {
    (one - other).abs() <= TOLERANCE * other.abs()
}

/// Prefixes of the names of blocks behind branches that the code generator inserts into LLVM IR: expanded masked
/// accesses, expanded selects, expanded memory comparisons. Blocks with other new names only split edges.
const INSERTED: [&str; 6] = ["cond.load", "cond.store", "else", "select.", "res_block", "loadbb"];

/// For each block, whether it ends in a branch that the code generator inserted: one between machine blocks of the same
/// LLVM IR block with equal probabilities, or one to a block with a name of [`INSERTED`]. The back edge of a one-block
/// loop is also within one LLVM IR block, but its target usually has other predecessors and its weights differ.
fn guessed_branches(function: &MachineFunction, numbers: &BTreeMap<usize, usize>) -> Vec<bool> {
    let origin = |index: usize| function.blocks[index].origin.as_str();
    let mut entered = vec![false; function.blocks.len()];
    for (index, block) in function.blocks.iter().enumerate() {
        for successor in block.successors.iter().filter_map(|(number, _)| numbers.get(number)) {
            entered[*successor] |= origin(*successor) != origin(index);
        }
    }
    let even = |index: usize| {
        let chances = function.blocks[index].successors.iter().map(|successor| successor.1);
        chances.clone().max() == chances.min()
    };
    let own = |index: usize, successor: usize| {
        let to = origin(successor);
        let stays = to == origin(index) && !entered[successor] && even(index);
        !to.is_empty() && (stays || INSERTED.iter().any(|made| to.starts_with(made)))
    };
    (0..function.blocks.len())
        .map(|index| {
            let successors = &function.blocks[index].successors;
            let mut targets = successors.iter().filter_map(|(number, _)| numbers.get(number));
            successors.len() > 1 && targets.any(|&successor| own(index, successor))
        })
        .collect()
}

/// Solves for the block frequencies by Gaussian elimination on a sparse matrix, from the last block to the first.
///
/// In a block where `other` is set, the first successor gets half of its probability and the others share the rest.
fn solve(function: &MachineFunction, numbers: &BTreeMap<usize, usize>, other: &[bool]) -> Vec<f64> {
    let count = function.blocks.len();
    // For each block, the probability of each successor.
    let mut forward: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); count];
    for (index, block) in function.blocks.iter().enumerate() {
        let whole: u64 = block.successors.iter().map(|successor| successor.1).sum();
        let moved = other.get(index) == Some(&true);
        let mut rest = 0.0;
        for (position, (number, probability)) in block.successors.iter().enumerate() {
            let Some(&successor) = numbers.get(number) else { continue };
            let mut share =
                if whole == 0 { 1.0 / block.successors.len() as f64 } else { *probability as f64 / whole as f64 };
            if moved && position == 0 {
                share /= 2.0;
                rest = share / (block.successors.len() - 1) as f64;
            } else {
                share += rest;
            }
            *forward[index].entry(successor).or_insert(0.0) += share;
        }
    }
    let mut backward: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); count];
    for (from, targets) in forward.iter().enumerate() {
        for (&to, &share) in targets {
            backward[to].insert(from, share);
        }
    }
    // For each eliminated block: executions per arrival, and the probability of arriving from each remaining block.
    let mut arrivals: Vec<(f64, Vec<(usize, f64)>)> = vec![(1.0, Vec::new()); count];
    for block in (1..count).rev() {
        let again = forward[block].remove(&block).unwrap_or(0.0);
        backward[block].remove(&block);
        // An infinite loop has no finite count: take one execution.
        let passes = if again < 1.0 { 1.0 / (1.0 - again) } else { 1.0 };
        let sources: Vec<(usize, f64)> = std::mem::take(&mut backward[block]).into_iter().collect();
        let targets: Vec<(usize, f64)> = std::mem::take(&mut forward[block]).into_iter().collect();
        for &(from, share) in &sources {
            forward[from].remove(&block);
            for &(to, onward) in &targets {
                let added = share * passes * onward;
                *forward[from].entry(to).or_insert(0.0) += added;
                *backward[to].entry(from).or_insert(0.0) += added;
            }
        }
        for &(to, _) in &targets {
            backward[to].remove(&block);
        }
        arrivals[block] = (passes, sources);
    }
    let mut flow = vec![0.0; count];
    if let Some(entry) = flow.first_mut() {
        let again = forward[0].get(&0).copied().unwrap_or(0.0);
        *entry = if again < 1.0 { 1.0 / (1.0 - again) } else { 1.0 };
    }
    for block in 1..count {
        let (passes, sources) = &arrivals[block];
        flow[block] = passes * sources.iter().map(|&(from, share)| flow[from] * share).sum::<f64>();
    }
    flow
}
