//! Bounded cache of predictions in two generations: when the young one is full it becomes the old one.
//!
//! Entries used within the last `capacity / 2` insertions are kept; older ones may be. What has locations in the text, failures and
//! reasons, is cached with the hash of the exact text.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::key::ContentKey;
use super::reply::{Refusal, Reply};

/// A cached result.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// With the hash of the exact text if a reply has reasons.
    Replies(Option<u128>, Arc<[Reply]>),
    /// With the hash of the exact text.
    Refusal(u128, Arc<Refusal>),
}

#[derive(Debug)]
pub(super) struct Cache {
    /// Functions kept at most.
    capacity: usize,
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    entries: IndexMap<ContentKey, Entry, FxBuildHasher>,
    functions: usize,
}

impl Cache {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, young: Generation::default(), old: Generation::default() }
    }

    pub fn keeps_nothing(&self) -> bool {
        self.capacity == 0
    }

    pub fn get(&mut self, key: ContentKey) -> Option<Entry> {
        if let Some(found) = self.young.entries.get(&key) {
            return Some(found.clone());
        }
        // A hit in the old generation moves to the young one.
        let found = self.old.entries.swap_remove(&key)?;
        self.insert(key, found.clone());
        Some(found)
    }

    pub fn insert(&mut self, key: ContentKey, entry: Entry) {
        let functions = match &entry {
            Entry::Replies(_, replies) => replies.len().max(1),
            Entry::Refusal(..) => 1,
        };
        let half = self.capacity.div_ceil(2);
        if functions > half {
            return;
        }
        if self.young.functions + functions > half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.functions += functions;
        self.young.entries.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_bounded_and_keeps_what_is_used() {
        let mut cache = Cache::new(8);
        let key = |i: usize| ContentKey::of(&format!("text {i}"));
        let entry = || Entry::Replies(None, Arc::from([]));
        cache.insert(key(0), entry());
        for i in 1..100 {
            cache.insert(key(i), entry());
            assert!(cache.get(key(0)).is_some(), "asked for all the time");
            assert!(cache.young.entries.len() + cache.old.entries.len() <= 8);
        }
        assert!(cache.get(key(99)).is_some());
        assert!(cache.get(key(1)).is_none());
        let mut none = Cache::new(0);
        none.insert(key(0), entry());
        assert!(none.get(key(0)).is_none());
    }
}
