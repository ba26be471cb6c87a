//! Growth of one tree: the leaf whose split reduces the squared error most is split next.

use costmodel::trees::{LEAF, Node};

use super::bins::Bins;

/// Gradients are integers in units of 2^-20 of a label's deviation.
pub(super) const UNIT: f64 = (1u64 << 20) as f64;

/// Limits of a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub leaves: usize,
    /// Maximum depth of a leaf.
    pub depth: usize,
    pub rows_per_leaf: usize,
    pub penalty: f64,
}

/// A grown tree: its nodes, root first, and the gains of its splits.
pub(super) struct Grown {
    pub nodes: Vec<Node>,
    pub leaves: usize,
    /// Gain of the split on each column.
    pub gains: Vec<(u16, f64)>,
}

struct Split {
    gain: f64,
    /// Index among all columns.
    column: usize,
    bin: u8,
}

struct Leaf {
    node: usize,
    depth: usize,
    /// Indices of its rows in the [`View`].
    rows: Vec<u32>,
    /// For each bin: number of rows, then the sum of each output's gradients.
    histogram: Vec<i64>,
    total: Vec<i64>,
    best: Option<Split>,
}

/// The rows and columns drawn for a tree, packed so that a histogram reads memory in order: gradients, and the sparse bins in
/// the drawn columns.
struct View<'a> {
    bins: &'a Bins,
    /// Row numbers by index.
    rows: Vec<u32>,
    /// Gradients by index and output.
    gradients: Vec<i32>,
    width: usize,
    columns: &'a [usize],
    /// First bin of each drawn column among the bins of drawn columns, and their number at the end.
    offsets: Vec<u32>,
    starts: Vec<u32>,
    entries: Vec<u32>,
}

/// Marks bins of columns that are not drawn.
const NOT_DRAWN: u32 = u32::MAX;

impl<'a> View<'a> {
    fn new(bins: &'a Bins, rows: Vec<u32>, all_gradients: &[i32], width: usize, columns: &'a [usize]) -> Self {
        let mut packed = vec![NOT_DRAWN; bins.total()];
        let mut offsets = vec![0u32];
        for &column in columns {
            let from = offsets[offsets.len() - 1];
            let range = bins.offsets[column] as usize..bins.offsets[column + 1] as usize;
            offsets.push(from + range.len() as u32);
            packed[range].iter_mut().zip(from..).for_each(|(packed, bin)| *packed = bin);
        }
        let (mut starts, mut entries) = (vec![0u32], Vec::new());
        let mut gradients = Vec::with_capacity(rows.len() * width);
        for &row in &rows {
            let own = bins.uncommon(row).iter().map(|&bin| packed[bin as usize]);
            entries.extend(own.filter(|&bin| bin != NOT_DRAWN));
            starts.push(entries.len() as u32);
            gradients.extend_from_slice(&all_gradients[row as usize * width..][..width]);
        }
        Self { bins, rows, gradients, width, columns, offsets, starts, entries }
    }

    /// Bins of all drawn columns.
    fn total(&self) -> usize {
        self.offsets[self.columns.len()] as usize
    }

    fn entries(&self, place: u32) -> &[u32] {
        &self.entries[self.starts[place as usize] as usize..self.starts[place as usize + 1] as usize]
    }

    fn gradient(&self, place: u32) -> &[i32] {
        &self.gradients[place as usize * self.width..][..self.width]
    }
}

/// Grows a tree on `rows` with `width` gradients each; splits use the columns in `allowed`.
pub(super) fn grow(
    bins: &Bins,
    rows: Vec<u32>,
    gradients: &[i32],
    width: usize,
    allowed: &[usize],
    limits: Limits,
) -> Grown {
    let view = View::new(bins, rows, gradients, width, allowed);
    let mut nodes = vec![Node { column: LEAF, next: 0, threshold: 0.0 }];
    let mut gains = Vec::new();
    let mut leaves = vec![Leaf::new(0, 0, (0..view.rows.len() as u32).collect(), &view)];
    leaves[0].choose(&view, limits);
    while leaves.len() < limits.leaves {
        let gain = |leaf: &Leaf| leaf.best.as_ref().map_or(0.0, |split| split.gain);
        let mut chosen = 0;
        for i in 1..leaves.len() {
            if gain(&leaves[i]) > gain(&leaves[chosen]) {
                chosen = i;
            }
        }
        let Some(split) = leaves[chosen].best.take() else { break };
        gains.push((split.column as u16, split.gain));
        let next = nodes.len();
        let parent = std::mem::replace(&mut leaves[chosen], Leaf::empty(next));
        nodes[parent.node] = Node {
            column: split.column as u16,
            next: next as u16,
            threshold: bins.edges[split.column][usize::from(split.bin)],
        };
        nodes.extend([Node { column: LEAF, next: 0, threshold: 0.0 }; 2]);
        let goes_left = |&&place: &&u32| bins.bin(split.column, view.rows[place as usize]) <= split.bin;
        let (left, right): (Vec<u32>, Vec<u32>) = parent.rows.iter().partition(goes_left);
        // Only the smaller side is added up; the larger is the parent less the smaller.
        let left_is_small = left.len() <= right.len();
        let (small_rows, large_rows) = if left_is_small { (left, right) } else { (right, left) };
        let depth = parent.depth + 1;
        let mut small = Leaf::new(next + usize::from(!left_is_small), depth, small_rows, &view);
        let mut large = parent.without(&small, next + usize::from(left_is_small), large_rows);
        small.choose(&view, limits);
        large.choose(&view, limits);
        leaves[chosen] = small;
        leaves.push(large);
    }
    leaves.iter().enumerate().for_each(|(number, leaf)| nodes[leaf.node].next = number as u16);
    Grown { nodes, leaves: leaves.len(), gains }
}

impl Leaf {
    fn empty(node: usize) -> Self {
        Self { node, depth: 0, rows: Vec::new(), histogram: Vec::new(), total: Vec::new(), best: None }
    }

    fn new(node: usize, depth: usize, rows: Vec<u32>, view: &View<'_>) -> Self {
        // Constant loop lengths for the usual numbers of targets.
        let (histogram, total) = match view.width {
            1 => add_up::<1>(&rows, view),
            2 => add_up::<2>(&rows, view),
            4 => add_up::<4>(&rows, view),
            _ => add_up_any(&rows, view),
        };
        Self { node, depth, rows, histogram, total, best: None }
    }

    /// This leaf less another: the sums of `rows`.
    fn without(mut self, other: &Self, node: usize, rows: Vec<u32>) -> Self {
        self.histogram.iter_mut().zip(&other.histogram).for_each(|(a, b)| *a -= b);
        self.total.iter_mut().zip(&other.total).for_each(|(a, b)| *a -= b);
        self.node = node;
        self.depth += 1;
        self.rows = rows;
        self
    }

    /// Finds the best split; ties go to the earlier column and bin.
    fn choose(&mut self, view: &View<'_>, limits: Limits) {
        if self.rows.len() < 2 * limits.rows_per_leaf || self.depth >= limits.depth {
            return;
        }
        let stride = view.width + 1;
        let score = |sums: &[i64]| {
            let squares = sums[1..].iter().map(|&g| (g as f64 / UNIT) * (g as f64 / UNIT)).sum::<f64>();
            squares / (sums[0] as f64 + limits.penalty)
        };
        let whole = score(&self.total);
        let least = limits.rows_per_leaf as i64;
        let mut best: Option<Split> = None;
        let (mut common, mut left, mut right) = (vec![0i64; stride], vec![0i64; stride], vec![0i64; stride]);
        for (index, &column) in view.columns.iter().enumerate() {
            let range = view.offsets[index] as usize..view.offsets[index + 1] as usize;
            common.copy_from_slice(&self.total);
            for cell in self.histogram[range.start * stride..range.end * stride].chunks_exact(stride) {
                common.iter_mut().zip(cell).for_each(|(c, x)| *c -= x);
            }
            if common[0] == self.total[0] {
                continue;
            }
            left.fill(0);
            for bin in 0..range.len() - 1 {
                let cell = if bin == usize::from(view.bins.common[column]) {
                    &common[..]
                } else {
                    &self.histogram[(range.start + bin) * stride..][..stride]
                };
                if cell[0] == 0 {
                    continue;
                }
                left.iter_mut().zip(cell).for_each(|(l, x)| *l += x);
                right.iter_mut().zip(self.total.iter().zip(&left)).for_each(|(r, (t, l))| *r = t - l);
                if left[0] < least || right[0] < least {
                    continue;
                }
                let gain = score(&left) + score(&right) - whole;
                if gain > best.as_ref().map_or(1e-9, |split| split.gain) {
                    best = Some(Split { gain, column, bin: bin as u8 });
                }
            }
        }
        self.best = best;
    }
}

/// Histogram and total of rows with `N` gradients each.
fn add_up<const N: usize>(rows: &[u32], view: &View<'_>) -> (Vec<i64>, Vec<i64>) {
    let mut histogram = vec![0i64; view.total() * (N + 1)];
    let mut total = vec![0i64; N + 1];
    for &place in rows {
        let gradient: [i32; N] = view.gradient(place).try_into().expect("one gradient an output");
        total[0] += 1;
        total[1..].iter_mut().zip(gradient).for_each(|(sum, g)| *sum += i64::from(g));
        for &bin in view.entries(place) {
            let cell = &mut histogram[bin as usize * (N + 1)..][..N + 1];
            cell[0] += 1;
            for output in 0..N {
                cell[output + 1] += i64::from(gradient[output]);
            }
        }
    }
    (histogram, total)
}

/// The same for any number of gradients.
fn add_up_any(rows: &[u32], view: &View<'_>) -> (Vec<i64>, Vec<i64>) {
    let stride = view.width + 1;
    let mut histogram = vec![0i64; view.total() * stride];
    let mut total = vec![0i64; stride];
    for &place in rows {
        let gradient = view.gradient(place);
        let add = |cell: &mut [i64]| {
            cell[0] += 1;
            cell[1..].iter_mut().zip(gradient).for_each(|(sum, g)| *sum += i64::from(*g));
        };
        add(&mut total);
        view.entries(place).iter().for_each(|&bin| add(&mut histogram[bin as usize * stride..][..stride]));
    }
    (histogram, total)
}

/// The leaf of a row of bins.
pub(super) fn leaf_of_bins(nodes: &[Node], bins: &Bins, row: u32) -> usize {
    let mut at = 0;
    loop {
        let node = &nodes[at];
        if node.column == LEAF {
            return usize::from(node.next);
        }
        let column = usize::from(node.column);
        let bin = usize::from(bins.bin(column, row));
        let right = bins.edges[column].get(bin).is_none_or(|edge| *edge > node.threshold);
        at = usize::from(node.next) + usize::from(right);
    }
}
