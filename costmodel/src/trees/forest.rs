//! Fitted trees, laid out to be walked fast.
//!
//! A query walks more than a thousand trees, so the walk is most of a prediction. Trees are walked side by side: the
//! processor then waits for many nodes at once. A leaf leads to itself, so that a step is the same for all and nothing
//! is hard to foresee but when the last tree arrives. Answers are added in the order of the trees, which makes sums the
//! same to the bit however trees are walked.

use super::grow::{LEAF, Node};

/// Trees walked side by side.
const TOGETHER: usize = 16;

/// Steps between looks at whether all have arrived.
const STEPS: usize = 4;

/// Marks a leaf: not a number, above which no column's value is.
const NOWHERE: u32 = 0x7fc0_0000;

/// A node to be walked: `step` nodes further on, and one more if the column's value is above the threshold. A leaf has
/// step 0 and its number in the lower bits of a threshold that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stop {
    column: u16,
    step: u16,
    /// Bits of an `f32`: leaves, which are no numbers, have to equal themselves.
    threshold: u32,
}

impl Stop {
    fn of(place: usize, node: Node) -> Self {
        if node.column == LEAF {
            return Self { column: 0, step: 0, threshold: NOWHERE | u32::from(node.next) };
        }
        Self { column: node.column, step: node.next.wrapping_sub(place as u16), threshold: node.threshold.to_bits() }
    }

    fn node(self, place: usize) -> Node {
        if self.step == 0 {
            return Node { column: LEAF, next: self.leaf() as u16, threshold: 0.0 };
        }
        Node { column: self.column, next: place as u16 + self.step, threshold: f32::from_bits(self.threshold) }
    }

    fn leaf(self) -> usize {
        (self.threshold & u32::from(u16::MAX)) as usize
    }
}

/// Trees of one quantity.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Forest {
    stops: Vec<Stop>,
    /// First node of each tree.
    roots: Vec<u32>,
    /// First leaf of each tree, in leaves.
    leaves: Vec<u32>,
    /// Answers, one an output, leaf by leaf.
    values: Vec<f32>,
    /// What is answered without trees.
    base: Vec<f32>,
}

/// A forest's numbers, as they are stored: nodes of all trees one behind the other, children by their place in the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub nodes: Vec<Node>,
    pub roots: Vec<u32>,
    pub leaves: Vec<u32>,
    pub values: Vec<f32>,
    pub base: Vec<f32>,
}

impl Forest {
    /// No trees yet.
    pub fn new(base: Vec<f32>) -> Self {
        Self { base, ..Self::default() }
    }

    /// Adds a tree; `values` are its leaves' answers.
    pub fn push(&mut self, nodes: &[Node], values: &[f32]) {
        self.roots.push(self.stops.len() as u32);
        self.leaves.push((self.values.len() / self.base.len()) as u32);
        self.stops.extend(nodes.iter().enumerate().map(|(place, &node)| Stop::of(place, node)));
        self.values.extend_from_slice(values);
    }

    /// Drops all trees behind the first so many.
    pub fn truncate(&mut self, trees: usize) {
        if trees < self.roots.len() {
            self.stops.truncate(self.roots[trees] as usize);
            self.values.truncate(self.leaves[trees] as usize * self.base.len());
            self.roots.truncate(trees);
            self.leaves.truncate(trees);
        }
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        self.roots.len()
    }

    /// Number of outputs.
    pub fn width(&self) -> usize {
        self.base.len()
    }

    /// As stored.
    pub fn stored(&self) -> Stored {
        let ends = self.roots.iter().skip(1).map(|&root| root as usize).chain([self.stops.len()]);
        let trees = self.roots.iter().zip(ends).map(|(&root, end)| &self.stops[root as usize..end]);
        let nodes = trees.flat_map(|tree| tree.iter().enumerate().map(|(place, stop)| stop.node(place))).collect();
        let (roots, leaves) = (self.roots.clone(), self.leaves.clone());
        Stored { nodes, roots, leaves, values: self.values.clone(), base: self.base.clone() }
    }

    /// From what was stored, by anybody, for rows of so many columns; `None` if that is no forest. Nodes come one by one,
    /// so that megabytes of them are not copied from list to list.
    pub fn of(
        nodes: impl ExactSizeIterator<Item = Node>,
        (roots, leaves): (Vec<u32>, Vec<u32>),
        values: Vec<f32>,
        base: Vec<f32>,
        columns: usize,
    ) -> Option<Self> {
        if base.is_empty() || !values.len().is_multiple_of(base.len()) || leaves.len() != roots.len() {
            return None;
        }
        let all_leaves = values.len() / base.len();
        let all_nodes = nodes.len();
        let mut nodes = nodes;
        let mut stops = Vec::with_capacity(all_nodes);
        // Each tree's nodes and leaves lie between its own start and that of the next.
        for (tree, (&root, &leaf)) in roots.iter().zip(&leaves).enumerate() {
            let node_end = roots.get(tree + 1).map_or(all_nodes, |&next| next as usize);
            let leaf_end = leaves.get(tree + 1).map_or(all_leaves, |&next| next as usize);
            let own = node_end.checked_sub(root as usize).filter(|&own| own > 0 && node_end <= all_nodes)?;
            let own_leaves = leaf_end.checked_sub(leaf as usize).filter(|_| leaf_end <= all_leaves)?;
            if root as usize != stops.len() {
                return None;
            }
            let mut good = true;
            stops.extend(nodes.by_ref().take(own).enumerate().map(|(place, node)| {
                let next = usize::from(node.next);
                good &= if node.column == LEAF {
                    next < own_leaves
                } else {
                    // Only forward, so that every walk ends.
                    usize::from(node.column) < columns && next > place && next + 1 < own && node.threshold.is_finite()
                };
                Stop::of(place, node)
            }));
            if !good {
                return None;
            }
        }
        (stops.len() == all_nodes).then_some(Self { stops, roots, leaves, values, base })
    }

    /// Adds the trees' answers to `out`, one an output.
    pub fn add(&self, row: &[f32], out: &mut [f32]) {
        let width = self.base.len();
        out.iter_mut().zip(&self.base).for_each(|(out, base)| *out += base);
        for (roots, leaves) in self.roots.chunks(TOGETHER).zip(self.leaves.chunks(TOGETHER)) {
            for (stop, first) in self.walk(roots, row).into_iter().zip(leaves) {
                let leaf = *first as usize + stop.leaf();
                out.iter_mut().zip(&self.values[leaf * width..][..width]).for_each(|(out, value)| *out += value);
            }
        }
    }

    /// The leaves of up to [`TOGETHER`] trees.
    fn walk(&self, roots: &[u32], row: &[f32]) -> [Stop; TOGETHER] {
        let stops = &self.stops[..];
        let mut places = [roots[0]; TOGETHER];
        places[..roots.len()].copy_from_slice(roots);
        loop {
            let mut moved = 0;
            for _ in 0..STEPS {
                moved = 0;
                for place in &mut places {
                    let stop = stops[*place as usize];
                    let above = row[usize::from(stop.column)] > f32::from_bits(stop.threshold);
                    *place += u32::from(stop.step) + u32::from(above);
                    moved |= stop.step;
                }
            }
            if moved == 0 {
                return places.map(|place| stops[place as usize]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// A tree of so many leaves, grown at random places, over columns 0 to 4.
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

    fn read(stored: Stored) -> Option<Forest> {
        let Stored { nodes, roots, leaves, values, base } = stored;
        Forest::of(nodes.into_iter(), (roots, leaves), values, base, 5)
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
                let values: Vec<f32> = (0..2 * leaves).map(|_| random.normal() as f32).collect();
                let nodes = tree(&mut random, leaves);
                forest.push(&nodes, &values);
                grown.push((nodes, values));
            }
            assert_eq!(read(forest.stored()).as_ref(), Some(&forest));
            for _ in 0..20 {
                let row: Vec<f32> = (0..5).map(|_| random.unit() as f32).collect();
                let mut expected = [0.5, -1.0];
                for (nodes, values) in &grown {
                    let leaf = leaf(nodes, &row);
                    expected.iter_mut().zip(&values[2 * leaf..]).for_each(|(sum, value)| *sum += value);
                }
                let mut out = [0.0; 2];
                forest.add(&row, &mut out);
                assert_eq!(out, expected);
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
        let refused = |change: &dyn Fn(&mut Stored)| {
            let mut stored = forest.stored();
            change(&mut stored);
            read(stored).is_none()
        };
        assert!(!refused(&|_| {}));
        assert!(refused(&|s| s.nodes[0].column = 5));
        assert!(refused(&|s| s.nodes[0].next = 0));
        assert!(refused(&|s| s.nodes[0].threshold = f32::NAN));
        assert!(refused(&|s| s.nodes[0].next = 6));
        assert!(refused(&|s| s.nodes[7].next = u16::MAX));
        assert!(refused(&|s| s.nodes.iter_mut().for_each(|n| n.next = if n.column == LEAF { 4 } else { n.next })));
        assert!(refused(&|s| s.roots[1] += 1));
        assert!(refused(&|s| s.roots[0] = 1));
        assert!(refused(&|s| s.roots[2] = 1000));
        assert!(refused(&|s| s.leaves[2] = 1000));
        assert!(refused(&|s| _ = s.leaves.pop()));
        assert!(refused(&|s| _ = s.values.pop()));
        assert!(refused(&|s| _ = s.nodes.pop()));
        assert!(refused(&|s| s.base.clear()));
    }
}
