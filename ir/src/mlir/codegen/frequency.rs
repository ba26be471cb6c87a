//! Executions of machine blocks per call of the function.
//!
//! The code generator carries the branch weights on as probabilities of successors. The flow through the
//! blocks solves f = e + P^T f, with e one execution of the entry. Probabilities are rounded to 2^-31, so a
//! block that keeps the name of a block of LLVM IR whose count agrees within 0.1 % takes that count itself.
//!
//! The code generator also makes branches of its own, such as a conditional move without an instruction for it.
//! Their probabilities are guesses. The flow is solved again with other guesses: blocks whose frequency moves are
//! estimates, all others are not.

use std::collections::BTreeMap;

use super::control::Counts;
use super::machine_ir::MachineFunction;
use super::read_control::block_index;

/// Executions of one machine block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frequency {
    /// Executions per call.
    pub count: f64,
    /// Whether that is the count of every run.
    pub exact: bool,
}

/// Agreement of a flow, which is rounded, with a count.
const TOLERANCE: f64 = 1e-3;

/// Change of a flow that counts as one.
const MOVED: f64 = 1e-6;

/// Frequencies of the blocks of a function, in the order of the code; `counts` are those of its LLVM IR, if
/// its control flow could be run.
#[must_use]
pub fn frequencies(function: &MachineFunction, counts: Option<&Counts>) -> Vec<Frequency> {
    let numbers = numbers(function);
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
            // Of a block that LLVM IR did not have, nothing is known where branches depend on data.
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

fn numbers(function: &MachineFunction) -> BTreeMap<usize, usize> {
    function.blocks.iter().enumerate().map(|(index, block)| (block.number, index)).collect()
}

/// How the code generator names the blocks behind branches that it puts into LLVM IR itself: masked accesses and
/// conditional values without an instruction for them, and comparisons of memory. Other new names only split edges.
const MADE: [&str; 6] = ["cond.load", "cond.store", "else", "select.", "res_block", "loadbb"];

/// For each block, whether it ends in a branch of the code generator's own: one that stays within its block of
/// LLVM IR with even chances, or goes to a block made for it. A loop of one block that goes back to its start stays
/// within it, too, but by its weights, and its start can usually be reached from elsewhere.
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
        !to.is_empty() && (stays || MADE.iter().any(|made| to.starts_with(made)))
    };
    (0..function.blocks.len())
        .map(|index| {
            let successors = &function.blocks[index].successors;
            let mut targets = successors.iter().filter_map(|(number, _)| numbers.get(number));
            successors.len() > 1 && targets.any(|&successor| own(index, successor))
        })
        .collect()
}

/// Solves the flow by eliminating one block after the other, the last first; sparse, because blocks have few
/// neighbours.
///
/// Where `other` is set, a block's first successor gets half of its share and the others the rest.
fn solve(function: &MachineFunction, numbers: &BTreeMap<usize, usize>, other: &[bool]) -> Vec<f64> {
    let count = function.blocks.len();
    // For each block, the share of its executions that goes to each other block.
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
    // Passes through each block per arrival from one of the blocks that are left, and those arrivals.
    let mut arrivals: Vec<(f64, Vec<(usize, f64)>)> = vec![(1.0, Vec::new()); count];
    for block in (1..count).rev() {
        let again = forward[block].remove(&block).unwrap_or(0.0);
        backward[block].remove(&block);
        // A loop without a way out has no finite count: take it as passed once.
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
