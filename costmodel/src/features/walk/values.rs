//! Facts about the values of one function, by value.

use ir::tree::ValueId;

use super::evolution::Evolution;

/// Facts about a value.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueFacts {
    /// How it changes with the loops of the optimised function.
    pub evolution: Evolution,
    /// Its uses as operand of operations that are live.
    pub uses: u32,
    /// 1 + index of the innermost loop of the text with whose induction variable it varies; 0 if none.
    pub text_loop: u32,
    /// Longest chain of dependent operations that ends with it.
    pub chain: u32,
}

/// A table by value. The ids of one function lie close together; ids before the first share its entry.
#[derive(Debug)]
pub struct Values {
    first: usize,
    facts: Vec<ValueFacts>,
}

impl Values {
    /// An empty table; `first` is the index of the function's first value.
    pub fn new(first: usize) -> Self {
        Self { first, facts: Vec::new() }
    }

    fn place(&self, value: ValueId) -> usize {
        value.index().saturating_sub(self.first)
    }

    /// The facts of a value.
    pub fn get(&self, value: ValueId) -> ValueFacts {
        self.facts.get(self.place(value)).copied().unwrap_or_default()
    }

    /// The facts of a value, to be changed.
    pub fn entry(&mut self, value: ValueId) -> &mut ValueFacts {
        let place = self.place(value);
        if place >= self.facts.len() {
            self.facts.resize(place + 1, ValueFacts::default());
        }
        &mut self.facts[place]
    }

    /// How a value changes.
    pub fn evolution(&self, value: ValueId) -> Evolution {
        self.get(value).evolution
    }

    /// Sets how a value changes.
    pub fn evolves(&mut self, value: ValueId, evolution: Evolution) {
        self.entry(value).evolution = evolution;
    }

    /// Whether a live operation uses a value.
    pub fn is_used(&self, value: ValueId) -> bool {
        self.get(value).uses > 0
    }
}
