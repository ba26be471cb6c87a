//! Small sets of ids: sorted, without heap memory while they are small.

use smallvec::SmallVec;

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set<T>(SmallVec<[T; 8]>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<T: Copy + Ord> Set<T> {
    /// Adds an item.
    pub(super) fn insert(&mut self, item: T) {
        if let Err(place) = self.0.binary_search(&item) {
            self.0.insert(place, item);
        }
    }

    pub(super) fn contains(&self, item: T) -> bool {
        self.0.binary_search(&item).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The items, least first.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|item| other.contains(item))
    }
}

impl<T: Copy + Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all: SmallVec<[T; 8]> = items.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}
