//! Boosting: each tree is fitted to the residuals of the trees before it.

use costmodel::columns::MAX_WORDS;
use costmodel::input::Scheme;
use costmodel::quantity::groups;
use costmodel::trees::{Forest, Node, TreesModel, WorkSums};
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::grow::{Limits, UNIT, grow, leaf_of_bins};
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
    /// Limit of the residual that a tree is fitted to, in standard deviations, for quantities that grow with the work (Huber's
    /// loss), so that outliers do not dominate.
    pub most_error: f64,
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
        require((2..=256).contains(&self.leaves), "leaves", self.leaves as f64, "2 to 256")?;
        require((1..=64).contains(&self.depth), "depth", self.depth as f64, "1 to 64")?;
        require(self.rows_per_leaf >= 1, "rows_per_leaf", 0.0, "at least 1")?;
        share("learning_rate", self.learning_rate)?;
        require(self.most_error > 0.0, "most_error", self.most_error, "more than 0")?;
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
        let bins = Bins::new(data, &columns, &all, rows.training.len());
        let work_sums = if p.features { work::fit(data, rows, run) } else { WorkSums::none(data.outputs()) };
        let groups = groups(data.outputs());
        let fitted = costmodel::parallel::map(run.threads, groups.len(), |g| {
            let outputs = groups[g].clone();
            let task = Task {
                parameters: p,
                data,
                bins: &bins,
                work_sums: &work_sums,
                rows: &all,
                training: rows.training.len(),
                outputs: outputs.clone(),
            };
            task.fit(run, p.seed.wrapping_add(g as u64)).ok_or_else(|| FitError::unlabelled(&data.outputs()[outputs]))
        });
        let mut gains = vec![0.0; columns.len()];
        let mut forests = Vec::with_capacity(fitted.len());
        for fitted in fitted {
            let (forest, forest_gains) = fitted?;
            let total = forest_gains.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            gains.iter_mut().zip(&forest_gains).for_each(|(sum, gain)| *sum += gain / total);
            forests.push(forest);
        }
        Ok(TreesModel { columns, work_sums, outputs: data.outputs().to_vec(), forests, gains })
    }
}

/// The fit of one quantity.
struct Task<'a> {
    parameters: &'a TreesParameters,
    data: &'a Dataset,
    bins: &'a Bins,
    work_sums: &'a WorkSums,
    rows: &'a [usize],
    training: usize,
    outputs: std::ops::Range<usize>,
}

impl Task<'_> {
    /// Trees and the gain by column; `None` if some output has no training label.
    fn fit(&self, run: &Run<'_>, seed: u64) -> Option<(Forest, Vec<f64>)> {
        let p = self.parameters;
        let width = self.outputs.len();
        let mut labels = self.labels();
        let (base, deviation) = self.standardise(&mut labels)?;
        let mut answers = vec![0f64; labels.len()];
        let mut forest = Forest::new(base);
        let mut gains = vec![0.0; self.bins.columns()];
        let mut random = Random::new(seed);
        let trainable: Vec<u32> = (0..self.training as u32).filter(|&r| self.labelled(&labels, r)).collect();
        let limits = Limits { leaves: p.leaves, depth: p.depth, rows_per_leaf: p.rows_per_leaf, penalty: p.penalty };
        let mut gradients = vec![0i32; self.training * width];
        let (mut best_loss, mut best_trees) = (self.loss(&labels, &answers), 0);
        let most = self.most_error();
        for tree in 0..p.trees {
            for ((gradient, label), answer) in gradients.iter_mut().zip(&labels).zip(&answers) {
                *gradient = label.map_or(0, |label| ((label - answer).clamp(-most, most) * UNIT).round() as i32);
            }
            let rows = sample(&mut random, &trainable, p.row_share);
            let columns: Vec<usize> = (0..self.bins.columns()).collect();
            let columns = sample(&mut random, &columns, p.column_share);
            let grown = grow(self.bins, rows, &gradients, width, &columns, limits);
            if grown.leaves < 2 {
                break;
            }
            for (column, gain) in grown.gains {
                gains[usize::from(column)] += gain;
            }
            self.take(&mut forest, &grown.nodes, grown.leaves, &labels, &mut answers, &deviation);
            let loss = self.loss(&labels, &answers);
            if loss < best_loss {
                (best_loss, best_trees) = (loss, tree + 1);
            } else if tree + 1 >= best_trees + p.patience {
                break;
            }
            if (tree + 1) % 25 == 0 {
                let stage = format!("trees for {}", self.data.outputs()[self.outputs.start].quantity);
                (run.progress)(&Progress { stage, done: tree + 1, total: p.trees, loss: Some(best_loss) });
            }
        }
        if self.rows.len() > self.training {
            forest.truncate(best_trees);
        }
        Some((forest, gains))
    }

    /// Labels on their scale less the starting point of the trees, by row and output.
    fn labels(&self) -> Vec<Option<f64>> {
        let of_row = |&row: &usize| {
            let starts = self.work_sums.scaled(self.data.outputs(), &self.data.samples()[row].input);
            self.outputs
                .clone()
                .map(move |output| Some(self.data.scaled_label(row, output)? - f64::from(starts[output])))
        };
        self.rows.iter().flat_map(of_row).collect()
    }

    /// Standardises labels over the training rows; returns mean and deviation by output.
    fn standardise(&self, labels: &mut [Option<f64>]) -> Option<(Vec<f32>, Vec<f64>)> {
        let width = self.outputs.len();
        let mut base = Vec::with_capacity(width);
        let mut deviations = Vec::with_capacity(width);
        for output in 0..width {
            let column = || labels[..self.training * width].iter().skip(output).step_by(width).flatten();
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
        let quantity = self.data.outputs()[self.outputs.start].quantity;
        if quantity.grows() { self.parameters.most_error } else { f64::INFINITY }
    }

    fn labelled(&self, labels: &[Option<f64>], row: u32) -> bool {
        let width = self.outputs.len();
        labels[row as usize * width..][..width].iter().any(Option::is_some)
    }

    /// Huber's loss of the validation rows, or of the training rows if there are none.
    fn loss(&self, labels: &[Option<f64>], answers: &[f64]) -> f64 {
        let from = if self.rows.len() > self.training { self.training * self.outputs.len() } else { 0 };
        let most = self.most_error();
        // Twice Huber's loss.
        let loss = |e: f64| if e.abs() <= most { e * e } else { most * (2.0 * e.abs() - most) };
        let errors = || labels[from..].iter().zip(&answers[from..]).filter_map(|(l, a)| l.map(|l| loss(l - a)));
        errors().sum::<f64>() / errors().count().max(1) as f64
    }

    /// Adds a tree whose leaves hold the mean residual of the training rows in each leaf.
    fn take(
        &self,
        forest: &mut Forest,
        nodes: &[Node],
        leaves: usize,
        labels: &[Option<f64>],
        answers: &mut [f64],
        deviation: &[f64],
    ) {
        let width = self.outputs.len();
        let places: Vec<usize> = (0..self.rows.len() as u32).map(|row| leaf_of_bins(nodes, self.bins, row)).collect();
        let most = self.most_error();
        let mut sums = vec![(0f64, 0u32); leaves * width];
        for (row, &leaf) in places[..self.training].iter().enumerate() {
            for output in 0..width {
                if let Some(label) = labels[row * width + output] {
                    let (sum, count) = &mut sums[leaf * width + output];
                    *sum += (label - answers[row * width + output]).clamp(-most, most);
                    *count += 1;
                }
            }
        }
        let p = self.parameters;
        let values: Vec<f32> = sums
            .iter()
            .enumerate()
            .map(|(at, (sum, count))| {
                let answer = p.learning_rate * sum / (f64::from(*count) + p.penalty).max(1.0);
                (answer * deviation[at % width]) as f32
            })
            .collect();
        for (row, &leaf) in places.iter().enumerate() {
            for output in 0..width {
                answers[row * width + output] += f64::from(values[leaf * width + output]) / deviation[output];
            }
        }
        forest.push(nodes, &values);
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
