//! Registers between stages: a delay line and an adder tree with one register per level.
//!
//! `clock` is one rising edge: it takes what the stage before held before the edge and returns what the last register
//! held before the edge, so stages that are clocked front to back pass values on at one register per edge.

use std::collections::VecDeque;

/// A chain of registers; with none, what goes in comes out at the same edge.
pub(super) struct Delay<T> {
    registers: VecDeque<Option<T>>,
}

impl<T> Delay<T> {
    /// A chain of `length` empty registers.
    pub(super) fn new(length: u32) -> Self {
        Self { registers: (0..length).map(|_| None).collect() }
    }

    /// One edge.
    pub(super) fn clock(&mut self, input: Option<T>) -> Option<T> {
        self.registers.push_back(input);
        self.registers.pop_front().expect("an element was pushed on the line above")
    }
}

/// Two-input adders in levels, a register after each: a level halves the number of terms.
pub(super) struct AdderTree {
    levels: Vec<Option<Vec<i64>>>,
    /// Additions done so far.
    pub(super) additions: u64,
}

impl AdderTree {
    /// A tree of `levels` levels.
    pub(super) fn new(levels: u32) -> Self {
        Self { levels: (0..levels).map(|_| None).collect(), additions: 0 }
    }

    /// One edge.
    pub(super) fn clock(&mut self, input: Option<Vec<i64>>) -> Option<Vec<i64>> {
        let mut before = input;
        for register in &mut self.levels {
            if let Some(terms) = &mut before {
                self.additions += add_pairs(terms);
            }
            before = std::mem::replace(register, before);
        }
        before
    }
}

/// Replaces neighbouring terms by their sum, an odd last one stays; returns the number of additions.
fn add_pairs(terms: &mut Vec<i64>) -> u64 {
    let pairs = terms.len() / 2;
    for pair in 0..pairs {
        terms[pair] = terms[2 * pair] + terms[2 * pair + 1];
    }
    if !terms.len().is_multiple_of(2) {
        terms[pairs] = terms[2 * pairs];
    }
    terms.truncate(terms.len().div_ceil(2));
    pairs as u64
}
