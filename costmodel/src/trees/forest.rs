//! Fitted trees in the layout that they are evaluated in, which is also that of the file.
//!
//! A query walks more than a thousand trees, which takes most of the time of a prediction. One row walks [`TOGETHER`] trees at
//! once; several rows walk one tree at once, while it is in the cache. The loads of the walks overlap. A leaf points to itself,
//! so that a step has no branch; only the end of a group of walks is hard to predict. Values are added in the order of the
//! trees, so that sums are the same to the bit either way.

use std::borrow::Cow;

/// Marks a leaf among a tree's nodes.
pub const LEAF: u16 = u16::MAX;

/// A node of a tree: go to `next` if the column's value is at most the threshold, else to `next + 1`; or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Column compared; [`LEAF`] for a leaf.
    pub column: u16,
    /// Index of the first child within the tree; of a leaf, its number.
    pub next: u16,
    /// Largest value that goes to the first child.
    pub threshold: f32,
}

/// Walks that run at once: trees of one row, or rows of one tree.
const TOGETHER: usize = 16;

/// Steps between checks whether all walks have reached a leaf.
const STEPS: usize = 4;

/// Marks a leaf: a NaN, which no value compares greater than.
const NOWHERE: u32 = 0x7fc0_0000;

/// A node in 64 bits, from the lowest: column (16), step (16), threshold (32, `f32`). The next node is `step` further on, plus 1
/// if the column's value is above the threshold. A leaf has step 0 and its number in the low bits of a NaN threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stop(u64);

impl Stop {
    fn new(column: u16, step: u16, threshold: u32) -> Self {
        Self(u64::from(column) | u64::from(step) << 16 | u64::from(threshold) << 32)
    }

    fn of(place: usize, node: Node) -> Self {
        if node.column == LEAF {
            return Self::new(0, 0, NOWHERE | u32::from(node.next));
        }
        Self::new(node.column, node.next.wrapping_sub(place as u16), node.threshold.to_bits())
    }

    fn column(self) -> usize {
        usize::from(self.0 as u16)
    }

    fn step(self) -> u16 {
        (self.0 >> 16) as u16
    }

    fn threshold(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn leaf(self) -> usize {
        (self.threshold() & u32::from(u16::MAX)) as usize
    }

    /// The index after `place`, whose node this is, for a column value.
    fn next(self, place: u32, value: f32) -> u32 {
        place + u32::from(self.step()) + u32::from(value > f32::from_bits(self.threshold()))
    }

    /// Whether this node is valid at `place` in a tree of `nodes` nodes and `leaves` leaves over `columns` columns.
    fn fits(self, place: usize, nodes: usize, leaves: usize, columns: usize) -> bool {
        if self.step() == 0 {
            return self.threshold() & !u32::from(u16::MAX) == NOWHERE
                && self.column() < columns
                && self.leaf() < leaves;
        }
        // Steps only lead forward, so every walk ends.
        let inside = place + usize::from(self.step()) + 1 < nodes;
        inside && self.column() < columns && f32::from_bits(self.threshold()).is_finite()
    }
}

/// Trees of one quantity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forest {
    /// [`Stop`]s of all trees, concatenated.
    pub(crate) stops: Cow<'static, [u64]>,
    /// First node of each tree.
    pub(crate) roots: Cow<'static, [u32]>,
    /// First leaf of each tree, counted in leaves.
    pub(crate) leaves: Cow<'static, [u32]>,
    /// Values, one per output, leaf by leaf.
    pub(crate) values: Cow<'static, [f32]>,
    /// Prediction without trees, one per output.
    pub(crate) base: Cow<'static, [f32]>,
}

impl Forest {
    /// A forest without trees.
    #[must_use]
    pub fn new(base: Vec<f32>) -> Self {
        Self { base: base.into(), ..Self::default() }
    }

    /// Adds a tree; `values` has one value per leaf and output.
    pub fn push(&mut self, nodes: &[Node], values: &[f32]) {
        self.roots.to_mut().push(self.stops.len() as u32);
        self.leaves.to_mut().push((self.values.len() / self.base.len()) as u32);
        self.stops.to_mut().extend(nodes.iter().enumerate().map(|(place, &node)| Stop::of(place, node).0));
        self.values.to_mut().extend_from_slice(values);
    }

    /// Keeps only the first `trees` trees.
    pub fn truncate(&mut self, trees: usize) {
        if trees < self.roots.len() {
            self.stops.to_mut().truncate(self.roots[trees] as usize);
            self.values.to_mut().truncate(self.leaves[trees] as usize * self.base.len());
            self.roots.to_mut().truncate(trees);
            self.leaves.to_mut().truncate(trees);
        }
    }

    /// Number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.roots.len()
    }

    /// Number of outputs.
    #[must_use]
    pub fn width(&self) -> usize {
        self.base.len()
    }

    /// Whether the forest is valid for rows of `columns` columns; a file may hold anything.
    #[must_use]
    pub fn is_sound(&self, columns: usize) -> bool {
        let width = self.base.len();
        if width == 0 || !self.values.len().is_multiple_of(width) || self.leaves.len() != self.roots.len() {
            return false;
        }
        let (all_nodes, all_leaves) = (self.stops.len(), self.values.len() / width);
        let mut next = 0;
        // Each tree's nodes and leaves lie between its own start and that of the next.
        for (tree, (&root, &leaf)) in self.roots.iter().zip(&*self.leaves).enumerate() {
            let node_end = self.roots.get(tree + 1).map_or(all_nodes, |&next| next as usize);
            let leaf_end = self.leaves.get(tree + 1).map_or(all_leaves, |&next| next as usize);
            let Some(nodes) = self.stops.get(root as usize..node_end).filter(|nodes| !nodes.is_empty()) else {
                return false;
            };
            let leaves = if leaf_end <= all_leaves { leaf_end.saturating_sub(leaf as usize) } else { 0 };
            let fits = |(place, &stop): (usize, &u64)| Stop(stop).fits(place, nodes.len(), leaves, columns);
            if root as usize != next || !nodes.iter().enumerate().all(fits) {
                return false;
            }
            next = node_end;
        }
        next == all_nodes
    }

    /// Adds the trees' values for a row to `out`, one per output.
    pub fn add(&self, row: &[f32], out: &mut [f32]) {
        self.start(out);
        for (roots, leaves) in self.roots.chunks(TOGETHER).zip(self.leaves.chunks(TOGETHER)) {
            let mut places = [roots[0]; TOGETHER];
            places[..roots.len()].copy_from_slice(roots);
            let stops = self.walk(places, |_, column| row[column]);
            for (stop, &first) in stops.into_iter().zip(leaves) {
                self.answer(stop, first, out);
            }
        }
    }

    /// Adds the trees' values for several rows of `columns` columns, concatenated, each to its own `out`.
    pub fn add_all(&self, rows: &[f32], columns: usize, outs: &mut [&mut [f32]]) {
        outs.iter_mut().for_each(|out| self.start(out));
        for (&root, &first) in self.roots.iter().zip(&*self.leaves) {
            for (rows, outs) in rows.chunks(TOGETHER * columns).zip(outs.chunks_mut(TOGETHER)) {
                // A group with fewer rows repeats its last one.
                let starts: [usize; TOGETHER] = std::array::from_fn(|i| i.min(outs.len() - 1) * columns);
                let stops = self.walk([root; TOGETHER], |i, column| rows[starts[i] + column]);
                for (stop, out) in stops.into_iter().zip(outs) {
                    self.answer(stop, first, out);
                }
            }
        }
    }

    fn start(&self, out: &mut [f32]) {
        out.iter_mut().zip(&*self.base).for_each(|(out, base)| *out += base);
    }

    /// Adds the values of a leaf of the tree whose leaves begin at `first`.
    fn answer(&self, stop: Stop, first: u32, out: &mut [f32]) {
        let width = self.base.len();
        let leaf = first as usize + stop.leaf();
        out.iter_mut().zip(&self.values[leaf * width..][..width]).for_each(|(out, value)| *out += value);
    }

    /// The leaves reached from `places`; `value` gives the value of a walk in a column.
    #[inline(always)]
    fn walk(&self, mut places: [u32; TOGETHER], value: impl Fn(usize, usize) -> f32) -> [Stop; TOGETHER] {
        let stops = &self.stops[..];
        loop {
            let mut moved = 0;
            for _ in 0..STEPS {
                moved = 0;
                for (i, place) in places.iter_mut().enumerate() {
                    let stop = Stop(stops[*place as usize]);
                    *place = stop.next(*place, value(i, stop.column()));
                    moved |= stop.step();
                }
            }
            if moved == 0 {
                return places.map(|place| Stop(stops[place as usize]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    struct Random(u64);

    impl Random {
        fn new(seed: u64) -> Self {
            Self(seed)
        }

        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        }

        fn below(&mut self, bound: usize) -> usize {
            (self.next() % bound as u64) as usize
        }

        fn unit(&mut self) -> f64 {
            (self.next() >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// A random tree of `leaves` leaves over columns 0 to 4.
    fn tree(random: &mut Random, leaves: usize) -> Vec<Node> {
        let mut nodes = vec![Node { column: LEAF, next: 0, threshold: 0.0 }];
        for leaf in 1..leaves {
            let at: Vec<usize> = (0..nodes.len()).filter(|&i| nodes[i].column == LEAF).collect();
            let place = at[random.below(at.len())];
            let number = nodes[place].next;
            let (column, threshold) = (random.below(5) as u16, random.unit() as f32);
            nodes[place] = Node { column, next: nodes.len() as u16, threshold };
            nodes.extend([number, leaf as u16].map(|next| Node { column: LEAF, next, threshold: 0.0 }));
        }
        nodes
    }

    fn leaf(nodes: &[Node], row: &[f32]) -> usize {
        let mut node = nodes[0];
        while node.column != LEAF {
            node = nodes[usize::from(node.next) + usize::from(row[usize::from(node.column)] > node.threshold)];
        }
        usize::from(node.next)
    }

    #[test]
    fn walking_side_by_side_is_walking_one_by_one_to_the_bit() {
        let mut random = Random::new(9);
        for trees in [0, 1, 15, 16, 17, 50] {
            let mut forest = Forest::new(vec![0.5, -1.0]);
            let mut grown = Vec::new();
            for _ in 0..trees {
                let leaves = 1 + random.below(60);
                let values: Vec<f32> = (0..2 * leaves).map(|_| (random.unit() - 0.5) as f32).collect();
                let nodes = tree(&mut random, leaves);
                forest.push(&nodes, &values);
                grown.push((nodes, values));
            }
            assert!(forest.is_sound(5));
            let rows: Vec<f32> = (0..5 * 20).map(|_| random.unit() as f32).collect();
            let mut expected = [[0.5, -1.0]; 20];
            for (row, expected) in rows.chunks(5).zip(&mut expected) {
                for (nodes, values) in &grown {
                    let leaf = leaf(nodes, row);
                    expected.iter_mut().zip(&values[2 * leaf..]).for_each(|(sum, value)| *sum += value);
                }
                let mut out = [0.0; 2];
                forest.add(row, &mut out);
                assert_eq!(out, *expected);
            }
            for several in [1, 3, 16, 20] {
                let mut outs = vec![[0.0; 2]; several];
                let mut each: Vec<&mut [f32]> = outs.iter_mut().map(|out| &mut out[..]).collect();
                forest.add_all(&rows[..5 * several], 5, &mut each);
                assert_eq!(outs, expected[..several]);
            }
            forest.truncate(10);
            assert_eq!(forest.trees(), trees.min(10));
        }
    }

    #[test]
    fn what_is_no_forest_is_refused() {
        let mut forest = Forest::new(vec![0.0]);
        let mut random = Random::new(1);
        for _ in 0..3 {
            forest.push(&tree(&mut random, 4), &[1.0, 2.0, 3.0, 4.0]);
        }
        // First stops of the second tree and of a leaf.
        let (second, leaf) =
            (forest.roots[1] as usize, forest.stops.iter().position(|s| Stop(*s).step() == 0).unwrap());
        let refused = |change: &dyn Fn(&mut Forest)| {
            let mut changed = forest.clone();
            change(&mut changed);
            !changed.is_sound(5)
        };
        let put = |place: usize, column, step, threshold: u32| {
            refused(&|f: &mut Forest| f.stops.to_mut()[place] = Stop::new(column, step, threshold).0)
        };
        let half = 0.5f32.to_bits();
        assert!(!refused(&|_| {}));
        assert!(!put(0, 4, 1, half));
        assert!(put(0, 5, 1, half));
        assert!(put(0, 0, 1, f32::NAN.to_bits()));
        assert!(put(0, 0, 6, half), "into the next tree");
        assert!(put(second, 0, u16::MAX, half));
        assert!(!put(leaf, 0, 0, NOWHERE | 3));
        assert!(put(leaf, 0, 0, NOWHERE | 4), "a leaf that is not there");
        assert!(put(leaf, 0, 0, half), "a leaf that could be left");
        assert!(put(leaf, 5, 0, NOWHERE));
        assert!(refused(&|f| f.roots.to_mut()[1] += 1));
        assert!(refused(&|f| f.roots.to_mut()[0] = 1));
        assert!(refused(&|f| f.roots.to_mut()[2] = 1000));
        assert!(refused(&|f| f.leaves.to_mut()[2] = 1000));
        assert!(refused(&|f| _ = f.leaves.to_mut().pop()));
        assert!(refused(&|f| _ = f.values.to_mut().pop()));
        assert!(refused(&|f| _ = f.stops.to_mut().pop()));
        assert!(refused(&|f| f.base.to_mut().clear()));
    }
}
