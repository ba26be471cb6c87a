//! Boosting: each tree is fitted to the residuals of the trees before it.

use std::collections::BTreeMap;

use costmodel::columns::MAX_WORDS;
use costmodel::input::Scheme;
use costmodel::quantity::groups;
use costmodel::trees::{Forest, TreesModel, WorkSums};
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::grow::{Grown, Limits, UNIT, grow, leaf_of_bins};
use super::work;
use crate::columns::choose;
use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, ParameterError, Progress, Rows, Run, require};
use crate::random::Random;

/// Hyper-parameters, unchecked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TreesParameters {
    /// Maximum number of trees of a quantity.
    pub trees: usize,
    /// Maximum number of leaves of a tree.
    pub leaves: usize,
    /// Maximum depth of a leaf. A query takes as many steps as the deepest of several trees needs.
    pub depth: usize,
    /// Minimum number of rows of a leaf.
    pub rows_per_leaf: usize,
    /// Factor on each tree's values.
    pub learning_rate: f64,
    /// L2 penalty on a leaf's values, in rows.
    pub penalty: f64,
    /// Share of the rows that a tree is grown on.
    pub row_share: f64,
    /// Share of the columns that a tree may use.
    pub column_share: f64,
    /// Trees without a better validation loss before the fit stops.
    pub patience: usize,
    /// Tokenizer scheme of the words.
    pub scheme: Scheme,
    /// Maximum number of words counted.
    pub words: usize,
    /// Limit of the residual that a tree is fitted to, in standard deviations, for robust quantities (Huber's loss), so that outliers
    /// do not dominate.
    pub most_error: f64,
    /// Weight of the error of the difference between a row and the mean of its kernel's rows; the error of the row itself has weight
    /// 1. For quantities that grow with the work: a pass acts on the order of variants, whose differences are small.
    pub pair_weight: f64,
    /// The same weight in the fit of the sums of work.
    pub sum_pair_weight: f64,
    /// Trees of a quantity that predict how wrong the others are; 0: the model does not know. They learn from errors of fits on half
    /// of the families, on the other half.
    pub doubt_trees: usize,
    /// Whether features are columns as well, and trees start from sums of work where a quantity has one.
    pub features: bool,
    /// Seed of the draws of rows and columns.
    pub seed: u64,
}

impl Default for TreesParameters {
    fn default() -> Self {
        Self {
            trees: 300,
            leaves: 32,
            depth: 12,
            rows_per_leaf: 10,
            learning_rate: 0.1,
            penalty: 1.0,
            row_share: 0.7,
            column_share: 0.5,
            patience: 30,
            scheme: Scheme::Shaped,
            words: 256,
            most_error: 0.2,
            pair_weight: 0.0,
            sum_pair_weight: 0.0,
            doubt_trees: 0,
            features: false,
            seed: 1,
        }
    }
}

impl TreesParameters {
    /// Validates them.
    ///
    /// # Errors
    /// If one is out of range.
    pub fn check(self) -> Result<Trees, ParameterError> {
        let share = |name, value| require(value > 0.0 && value <= 1.0, name, value, "more than 0, at most 1");
        require((1..=5000).contains(&self.trees), "trees", self.trees as f64, "1 to 5000")?;
        require(self.doubt_trees <= 5000, "doubt_trees", self.doubt_trees as f64, "at most 5000")?;
        require((2..=256).contains(&self.leaves), "leaves", self.leaves as f64, "2 to 256")?;
        require((1..=64).contains(&self.depth), "depth", self.depth as f64, "1 to 64")?;
        require(self.rows_per_leaf >= 1, "rows_per_leaf", 0.0, "at least 1")?;
        share("learning_rate", self.learning_rate)?;
        require(self.most_error > 0.0, "most_error", self.most_error, "more than 0")?;
        for (name, weight) in [("pair_weight", self.pair_weight), ("sum_pair_weight", self.sum_pair_weight)] {
            require((0.0..=1000.0).contains(&weight), name, weight, "0 to 1000")?;
        }
        share("row_share", self.row_share)?;
        share("column_share", self.column_share)?;
        require(self.penalty >= 0.0 && self.penalty.is_finite(), "penalty", self.penalty, "0 or more")?;
        require(self.patience >= 1, "patience", 0.0, "at least 1")?;
        require(self.words <= MAX_WORDS, "words", self.words as f64, "at most 4096")?;
        require(self.words > 0 || self.features, "words", 0.0, "at least 1 without features")?;
        Ok(Trees(self))
    }
}

/// Fits by checked hyper-parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Trees(TreesParameters);

impl Fit for Trees {
    type Model = TreesModel;

    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<TreesModel, FitError> {
        let p = &self.0;
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        let least = (rows.training.len() / 500).max(1);
        let columns = choose(data, &rows.training, p.scheme, p.features, p.words, least);
        let all: Vec<usize> = rows.training.iter().chain(&rows.validation).copied().collect();
        let kernels = Kernels::of(data, &rows.training);
        let bins = Bins::new(data, &columns, &all, rows.training.len());
        let work_sums =
            if p.features { work::fit(data, rows, p.sum_pair_weight, run) } else { WorkSums::none(data.outputs()) };
        let start = |&row: &usize| work_sums.scaled(data.outputs(), &data.samples()[row].input);
        let starts: Vec<Vec<f32>> = all.iter().map(start).collect();
        let label = |place: usize, output: usize| {
            Some(data.scaled_label(all[place], output)? - f64::from(starts[place][output]))
        };
        let (places, training) = (all.len(), rows.training.len());
        let common = Common { data, bins: &bins, kernels: &kernels, places, training, run };
        let (forests, gains) = common.forests(p, &label)?;
        let doubts = if p.doubt_trees > 0 { self.doubts(&common, rows)? } else { vec![] };
        Ok(TreesModel { columns, work_sums, outputs: data.outputs().to_vec(), forests, doubts, gains })
    }
}

impl Trees {
    /// Forests that predict the logarithm of the absolute error. The errors of each half of the families are those of a fit on the
    /// other half.
    fn doubts(&self, common: &Common<'_>, rows: &Rows) -> Result<Vec<Forest>, FitError> {
        let (p, data) = (&self.0, common.data);
        let mut families: Vec<u32> = rows.training.iter().map(|&row| data.samples()[row].family).collect();
        families.sort_unstable();
        families.dedup();
        let half = |row: usize| {
            let place = families.binary_search(&data.samples()[row].family).expect("a family of the training rows");
            place % 2
        };
        let inner = Self(TreesParameters { doubt_trees: 0, ..p.clone() });
        let mut errors: Vec<Vec<Option<f64>>> = vec![vec![]; rows.training.len()];
        for tested in 0..2 {
            let training = rows.training.iter().copied().filter(|&row| half(row) != tested).collect();
            let model = match inner.fit(data, &Rows { training, validation: vec![] }, common.run) {
                Ok(model) => model,
                // One family only, or labels in one half only: nothing tells how wrong the model is elsewhere.
                Err(FitError::NoRows | FitError::Unlabelled(_)) => return Ok(vec![]),
                Err(error) => return Err(error),
            };
            for (place, &row) in rows.training.iter().enumerate().filter(|(_, row)| half(**row) == tested) {
                let answers = model.scaled(&data.samples()[row].input);
                let error = |(output, answer): (usize, f32)| {
                    Some(libm::log((data.scaled_label(row, output)? - f64::from(answer)).abs().max(LEAST_ERROR)))
                };
                errors[place] = answers.into_iter().enumerate().map(error).collect();
            }
        }
        let parameters = TreesParameters {
            trees: p.doubt_trees,
            leaves: DOUBT_LEAVES,
            rows_per_leaf: DOUBT_ROWS_PER_LEAF,
            pair_weight: 0.0,
            most_error: f64::INFINITY,
            ..p.clone()
        };
        let error = |place: usize, output: usize| errors[place][output];
        let common = Common { places: common.training, ..*common };
        Ok(common.forests(&parameters, &error)?.0)
    }
}

/// Least error whose logarithm is learned, on the scale of a label.
const LEAST_ERROR: f64 = 0.01;
/// Leaves of the trees that predict errors, which are noisier than what they are errors of.
const DOUBT_LEAVES: usize = 16;
/// Rows of such a leaf at least.
const DOUBT_ROWS_PER_LEAF: usize = 40;

/// A label of a place among the rows and an output, on the scale that trees are fitted to.
type Label<'a> = dyn Fn(usize, usize) -> Option<f64> + Sync + 'a;

/// What the fits of all quantities share. Training rows come first, then validation rows.
#[derive(Clone, Copy)]
struct Common<'a> {
    data: &'a Dataset,
    bins: &'a Bins,
    kernels: &'a Kernels,
    /// Rows in all.
    places: usize,
    training: usize,
    run: &'a Run<'a>,
}

impl Common<'_> {
    /// A forest per quantity, and the gain by column as shares, added over the quantities.
    fn forests(&self, p: &TreesParameters, label: &Label<'_>) -> Result<(Vec<Forest>, Vec<f64>), FitError> {
        let groups = groups(self.data.outputs());
        let fitted = costmodel::parallel::map(self.run.threads, groups.len(), |g| {
            let outputs = groups[g].clone();
            let task = Task { parameters: p, common: self, label, outputs: outputs.clone() };
            task.fit(p.seed.wrapping_add(g as u64)).ok_or_else(|| FitError::unlabelled(&self.data.outputs()[outputs]))
        });
        let mut gains = vec![0.0; self.bins.columns()];
        let mut forests = Vec::with_capacity(fitted.len());
        for fitted in fitted {
            let (forest, own) = fitted?;
            let total = own.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            gains.iter_mut().zip(&own).for_each(|(sum, gain)| *sum += gain / total);
            forests.push(forest);
        }
        Ok((forests, gains))
    }
}

/// The fit of one quantity.
struct Task<'a> {
    parameters: &'a TreesParameters,
    common: &'a Common<'a>,
    label: &'a Label<'a>,
    outputs: std::ops::Range<usize>,
}

impl Task<'_> {
    /// Trees and the gain by column; `None` if some output has no training label.
    fn fit(&self, seed: u64) -> Option<(Forest, Vec<f64>)> {
        let p = self.parameters;
        let width = self.outputs.len();
        let mut labels = self.labels();
        let (base, deviation) = self.standardise(&mut labels)?;
        let mut answers = vec![0f64; labels.len()];
        let mut forest = Forest::new(base);
        let mut gains = vec![0.0; self.common.bins.columns()];
        let mut random = Random::new(seed);
        let trainable: Vec<u32> = (0..self.common.training as u32).filter(|&r| self.labelled(&labels, r)).collect();
        let limits = Limits { leaves: p.leaves, depth: p.depth, rows_per_leaf: p.rows_per_leaf, penalty: p.penalty };
        let mut gradients = vec![0i32; self.common.training * width];
        let (mut best_loss, mut best_trees) = (self.loss(&labels, &answers), 0);
        let most = self.most_error();
        for tree in 0..p.trees {
            let errors = self.errors(&labels, &answers, most);
            for (gradient, error) in gradients.iter_mut().zip(&errors) {
                *gradient = (error.gradient * UNIT).round() as i32;
            }
            let rows = sample(&mut random, &trainable, p.row_share);
            let columns: Vec<usize> = (0..self.common.bins.columns()).collect();
            let columns = sample(&mut random, &columns, p.column_share);
            let grown = grow(self.common.bins, rows, &gradients, width, &columns, limits);
            if grown.leaves < 2 {
                break;
            }
            for &(column, gain) in &grown.gains {
                gains[usize::from(column)] += gain;
            }
            self.take(&mut forest, &grown, &errors, &mut answers, &deviation);
            let loss = self.loss(&labels, &answers);
            if loss < best_loss {
                (best_loss, best_trees) = (loss, tree + 1);
            } else if tree + 1 >= best_trees + p.patience {
                break;
            }
            if (tree + 1) % 25 == 0 {
                let stage = format!("trees for {}", self.common.data.outputs()[self.outputs.start].quantity);
                (self.common.run.progress)(&Progress { stage, done: tree + 1, total: p.trees, loss: Some(best_loss) });
            }
        }
        if self.common.places > self.common.training {
            forest.truncate(best_trees);
        }
        Some((forest, gains))
    }

    /// Labels by place and output.
    fn labels(&self) -> Vec<Option<f64>> {
        let of_place = |place: usize| self.outputs.clone().map(move |output| (self.label)(place, output));
        (0..self.common.places).flat_map(of_place).collect()
    }

    /// Standardises labels over the training rows; returns mean and deviation by output.
    fn standardise(&self, labels: &mut [Option<f64>]) -> Option<(Vec<f32>, Vec<f64>)> {
        let width = self.outputs.len();
        let mut base = Vec::with_capacity(width);
        let mut deviations = Vec::with_capacity(width);
        for output in 0..width {
            let column = || labels[..self.common.training * width].iter().skip(output).step_by(width).flatten();
            let count = column().count();
            if count == 0 {
                return None;
            }
            // Rounded to f32 like the base of the forest.
            let mean = (column().sum::<f64>() / count as f64) as f32;
            let variance = column().map(|x| (x - f64::from(mean)).powi(2)).sum::<f64>() / count as f64;
            let deviation = if variance > 1e-12 { variance.sqrt() } else { 1.0 };
            for label in labels.iter_mut().skip(output).step_by(width).flatten() {
                // Limit of the fixed-point gradients; no label of a real corpus reaches it.
                *label = ((*label - f64::from(mean)) / deviation).clamp(-1000.0, 1000.0);
            }
            base.push(mean);
            deviations.push(deviation);
        }
        Some((base, deviations))
    }

    /// Limit of the residual.
    fn most_error(&self) -> f64 {
        let quantity = self.common.data.outputs()[self.outputs.start].quantity;
        if quantity.is_robust() { self.parameters.most_error } else { f64::INFINITY }
    }

    fn labelled(&self, labels: &[Option<f64>], row: u32) -> bool {
        let width = self.outputs.len();
        labels[row as usize * width..][..width].iter().any(Option::is_some)
    }

    /// Huber's loss of the validation rows, or of the training rows if there are none.
    fn loss(&self, labels: &[Option<f64>], answers: &[f64]) -> f64 {
        let from =
            if self.common.places > self.common.training { self.common.training * self.outputs.len() } else { 0 };
        let most = self.most_error();
        // Twice Huber's loss.
        let loss = |e: f64| if e.abs() <= most { e * e } else { most * (2.0 * e.abs() - most) };
        let errors = || labels[from..].iter().zip(&answers[from..]).filter_map(|(l, a)| l.map(|l| loss(l - a)));
        errors().sum::<f64>() / errors().count().max(1) as f64
    }

    /// Errors of the training rows by output: of the row, and of its difference to its kernel's mean.
    fn errors(&self, labels: &[Option<f64>], answers: &[f64], most: f64) -> Vec<RowError> {
        let width = self.outputs.len();
        let error = |at: usize| labels[at].map(|label| label - answers[at]);
        let own = |error: f64| RowError { gradient: error.clamp(-most, most), weight: 1.0 };
        let mut errors: Vec<RowError> =
            (0..self.common.training * width).map(|at| error(at).map_or_else(RowError::default, own)).collect();
        let weight = self.pair_weight();
        if weight > 0.0 {
            for rows in &self.common.kernels.0 {
                for output in 0..width {
                    let places = || rows.iter().map(|&row| row as usize * width + output);
                    let (sum, count) = places().filter_map(error).fold((0.0, 0.0), |(s, n), e| (s + e, n + 1.0));
                    if count < 2.0 {
                        continue;
                    }
                    for at in places() {
                        if let Some(error) = error(at) {
                            errors[at].gradient += weight * (error - sum / count).clamp(-most, most);
                            errors[at].weight += weight * (1.0 - 1.0 / count);
                        }
                    }
                }
            }
        }
        errors
    }

    /// Weight of differences within a kernel.
    fn pair_weight(&self) -> f64 {
        let quantity = self.common.data.outputs()[self.outputs.start].quantity;
        if quantity.grows() { self.parameters.pair_weight } else { 0.0 }
    }

    /// Adds a tree whose leaves hold the mean error of the training rows in each leaf.
    fn take(&self, forest: &mut Forest, grown: &Grown, errors: &[RowError], answers: &mut [f64], deviation: &[f64]) {
        let (nodes, width) = (&grown.nodes[..], self.outputs.len());
        let places: Vec<usize> =
            (0..self.common.places as u32).map(|row| leaf_of_bins(nodes, self.common.bins, row)).collect();
        let mut sums = vec![RowError::default(); grown.leaves * width];
        for (row, &leaf) in places[..self.common.training].iter().enumerate() {
            for output in 0..width {
                let (sum, error) = (&mut sums[leaf * width + output], errors[row * width + output]);
                sum.gradient += error.gradient;
                sum.weight += error.weight;
            }
        }
        let p = self.parameters;
        let value = |(at, sum): (usize, &RowError)| {
            let answer = p.learning_rate * sum.gradient / (sum.weight + p.penalty).max(1.0);
            (answer * deviation[at % width]) as f32
        };
        let values: Vec<f32> = sums.iter().enumerate().map(value).collect();
        for (row, &leaf) in places.iter().enumerate() {
            for output in 0..width {
                answers[row * width + output] += f64::from(values[leaf * width + output]) / deviation[output];
            }
        }
        forest.push(nodes, &values);
    }
}

/// Bounded error of a row, or the sum of several, and what a step of 1 takes off it.
#[derive(Debug, Clone, Copy, Default)]
struct RowError {
    gradient: f64,
    weight: f64,
}

/// Places among the training rows of each kernel that has several.
struct Kernels(Vec<Vec<u32>>);

impl Kernels {
    fn of(data: &Dataset, rows: &[usize]) -> Self {
        let mut kernels: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, &row) in rows.iter().enumerate() {
            kernels.entry(data.samples()[row].kernel).or_default().push(place as u32);
        }
        Self(kernels.into_values().filter(|rows| rows.len() > 1).collect())
    }
}

/// A share of the items, at least one, in their order.
fn sample<T: Copy>(random: &mut Random, items: &[T], share: f64) -> Vec<T> {
    let mut left = ((items.len() as f64 * share).ceil() as usize).min(items.len());
    let mut chosen = Vec::with_capacity(left);
    for (index, &item) in items.iter().enumerate() {
        if random.below(items.len() - index) < left {
            chosen.push(item);
            left -= 1;
        }
    }
    chosen
}
