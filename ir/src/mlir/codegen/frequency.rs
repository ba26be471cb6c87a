//! Executions of machine blocks per call of the function.
//!
//! The code generator carries the branch weights on as probabilities of successors. The flow through the
//! blocks solves f = e + P^T f, with e one execution of the entry. Probabilities are rounded to 2^-31, so a
//! block that keeps the name of a block of LLVM IR whose count agrees within 0.1 % takes that count itself.
//! A block that does not agree was made by the code generator around a choice of its own (a conditional move
//! turned into a branch, say): its frequency is a guess.

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

const TOLERANCE: f64 = 1e-3;

/// Frequencies of the blocks of a function, in the order of the code; `counts` are those of its LLVM IR, if
/// its control flow could be run.
#[must_use]
pub fn frequencies(function: &MachineFunction, counts: Option<&Counts>) -> Vec<Frequency> {
    let flow = solve(function);
    let origins: Vec<Option<usize>> = function.blocks.iter().map(|block| block_index(&block.origin)).collect();
    // Blocks that share an origin: copies of it, if their counts add up to its count.
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (origin, count) in origins.iter().zip(&flow) {
        if let Some(origin) = origin {
            *sums.entry(*origin).or_insert(0.0) += count;
        }
    }
    let mut result: Vec<Frequency> = origins
        .iter()
        .zip(&flow)
        .map(|(origin, &count)| {
            let Some(counts) = counts else { return Frequency { count, exact: false } };
            let Some((origin, &known)) = origin.and_then(|origin| Some((origin, counts.blocks.get(origin)?))) else {
                // Made by the code generator: decided below.
                return Frequency { count, exact: true };
            };
            if agree(count, known) {
                Frequency { count: known, exact: counts.exact[origin] }
            } else {
                Frequency { count, exact: counts.exact[origin] && agree(sums[&origin], known) }
            }
        })
        .collect();
    spread_guesses(function, &origins, &mut result);
    result
}

fn agree(one: f64, other: f64) -> bool {
    (one - other).abs() <= TOLERANCE * other.abs()
}

/// A block without origin is as certain as the blocks that lead to it.
fn spread_guesses(function: &MachineFunction, origins: &[Option<usize>], result: &mut [Frequency]) {
    let numbers = numbers(function);
    let mut changed = true;
    while changed {
        changed = false;
        for (index, block) in function.blocks.iter().enumerate() {
            if result[index].exact {
                continue;
            }
            for (successor, _) in &block.successors {
                let Some(&successor) = numbers.get(successor) else { continue };
                if origins[successor].is_none() && std::mem::replace(&mut result[successor].exact, false) {
                    changed = true;
                }
            }
        }
    }
}

fn numbers(function: &MachineFunction) -> BTreeMap<usize, usize> {
    function.blocks.iter().enumerate().map(|(index, block)| (block.number, index)).collect()
}

/// Solves the flow by eliminating one block after the other, the last first; sparse, because blocks have few
/// neighbours.
fn solve(function: &MachineFunction) -> Vec<f64> {
    let numbers = numbers(function);
    let count = function.blocks.len();
    // For each block, the share of its executions that goes to each other block.
    let mut forward: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); count];
    for (index, block) in function.blocks.iter().enumerate() {
        let whole: u64 = block.successors.iter().map(|successor| successor.1).sum();
        for (number, probability) in &block.successors {
            if let Some(&successor) = numbers.get(number) {
                let share =
                    if whole == 0 { 1.0 / block.successors.len() as f64 } else { *probability as f64 / whole as f64 };
                *forward[index].entry(successor).or_insert(0.0) += share;
            }
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
