//! Meanings of names while a text is read.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::span::Span;

/// A map from names to meanings, without an allocation for each name; cleared in constant time.
#[derive(Debug)]
pub(super) struct Names<M> {
    table: HashTable<Entry<M>>,
    generation: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry<M> {
    hash: u64,
    name: Span,
    generation: u32,
    meaning: M,
}

/// Above this many names the table is freed instead of kept for the next text.
const KEPT: usize = 1 << 16;

#[inline]
fn hash(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}

impl<M> Default for Names<M> {
    fn default() -> Self {
        Self { table: HashTable::new(), generation: 0 }
    }
}

impl<M: Copy> Names<M> {
    /// Starts on another text.
    pub fn clear(&mut self) {
        if self.table.capacity() > KEPT {
            self.table = HashTable::new();
        } else {
            self.table.clear();
        }
        self.generation = 0;
    }

    /// Forgets all names; the text stays the same.
    pub fn forget(&mut self) {
        self.generation += 1;
    }

    #[inline]
    pub fn get(&self, name: &str, text: &str) -> Option<M> {
        let entry = self.table.find(hash(name), |e| e.name.text(text) == name)?;
        (entry.generation == self.generation).then_some(entry.meaning)
    }

    /// Gives a name, by its place in the text, a meaning; the one before is lost.
    #[inline]
    pub fn define(&mut self, name: Span, text: &str, meaning: M) {
        let key = name.text(text);
        let hash = hash(key);
        let new = Entry { hash, name, generation: self.generation, meaning };
        self.table.entry(hash, |e| e.name.text(text) == key, |e| e.hash).and_modify(|e| *e = new).or_insert(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_until_forgotten() {
        let text = "%a %b %a";
        let mut names = Names::default();
        names.define(Span::new(0, 2), text, 1);
        names.define(Span::new(3, 5), text, 2);
        names.define(Span::new(6, 8), text, 3);
        assert_eq!((names.get("%a", text), names.get("%b", text), names.get("%c", text)), (Some(3), Some(2), None));
        names.forget();
        assert_eq!(names.get("%a", text), None);
        names.define(Span::new(0, 2), text, 4);
        assert_eq!(names.get("%a", text), Some(4));
    }
}
