//! Trees, optionally blended with a network: for each quantity the mixture with the least error on the validation rows.

use costmodel::input::Input;
use costmodel::model::Predict;
use costmodel::quantity::{Output, groups};
use costmodel::trees::TreesModel;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, ParameterError, Rows, Run};
use crate::network::{NetworkModel, NetworkParameters, Networks};
use crate::trees::{Trees, TreesParameters};

/// Hyper-parameters, unchecked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlendParameters {
    /// The trees.
    pub trees: TreesParameters,
    /// The network; none: trees alone.
    pub network: Option<NetworkParameters>,
}

impl Default for BlendParameters {
    fn default() -> Self {
        Self {
            trees: TreesParameters {
                trees: 160,
                leaves: 128,
                rows_per_leaf: 5,
                column_share: 0.4,
                pair_weight: 2.0,
                sum_pair_weight: 0.3,
                doubt_trees: 60,
                features: true,
                ..TreesParameters::default()
            },
            network: None,
        }
    }
}

impl BlendParameters {
    /// Validates them.
    ///
    /// # Errors
    /// If one is out of range.
    pub fn check(self) -> Result<Blends, ParameterError> {
        Ok(Blends { trees: self.trees.check()?, network: self.network.map(NetworkParameters::check).transpose()? })
    }
}

/// Fits by checked hyper-parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Blends {
    trees: Trees,
    network: Option<Networks>,
}

/// A fitted blend.
#[derive(Debug, Clone, PartialEq)]
pub struct Blend {
    pub(super) outputs: Vec<Output>,
    pub(super) trees: TreesModel,
    pub(super) network: Option<NetworkModel>,
    /// Share of the network's answer, by output.
    pub(super) shares: Vec<f32>,
}

/// Shares tried.
const STEPS: usize = 10;

impl Fit for Blends {
    type Model = Blend;

    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<Blend, FitError> {
        let trees = self.trees.fit(data, rows, run)?;
        let network = self.network.as_ref().map(|networks| networks.fit(data, rows, run)).transpose()?;
        Ok(Blend::mix(data, rows, trees, network))
    }
}

impl Blend {
    /// Puts fitted models together.
    #[must_use]
    pub fn mix(data: &Dataset, rows: &Rows, trees: TreesModel, network: Option<NetworkModel>) -> Self {
        let mut shares = vec![0.0; data.outputs().len()];
        if let Some(network) = &network {
            let answers: Vec<(Vec<f32>, Vec<f32>)> = rows
                .validation
                .iter()
                .map(|&row| {
                    let input = &data.samples()[row].input;
                    (trees.scaled(input), network.scaled(input))
                })
                .collect();
            for group in groups(data.outputs()) {
                let share = best_share(data, &rows.validation, &answers, group.clone());
                shares[group].fill(share);
            }
        }
        Self { outputs: data.outputs().to_vec(), trees, network, shares }
    }

    /// Predictions on the scale of the labels, and how far the two models are apart.
    #[must_use]
    pub fn scaled(&self, input: &Input) -> Vec<(f32, f32)> {
        self.scaled_all(&[input]).remove(0)
    }

    /// The same for many functions: the answers that each has alone, in less time.
    #[must_use]
    pub fn scaled_all(&self, inputs: &[&Input]) -> Vec<Vec<(f32, f32)>> {
        let trees = self.trees.doubted_all(inputs);
        let mixed = trees.into_iter().zip(inputs).map(|(trees, input)| {
            let Some(network) = &self.network else { return trees };
            let network = network.scaled(input);
            let mix = |(((t, _), n), share): ((&(f32, f32), &f32), &f32)| (t + share * (n - t), (n - t).abs());
            trees.iter().zip(&network).zip(&self.shares).map(mix).collect()
        });
        mixed.collect()
    }

    /// Trees of all quantities.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.trees.trees()
    }

    /// What is predicted.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }
}

fn best_share(data: &Dataset, rows: &[usize], answers: &[(Vec<f32>, Vec<f32>)], group: std::ops::Range<usize>) -> f32 {
    let mut best = (f64::INFINITY, 0.0);
    for step in 0..=STEPS {
        let share = step as f32 / STEPS as f32;
        let mut error = 0.0;
        for (&row, (trees, network)) in rows.iter().zip(answers) {
            for output in group.clone() {
                if let Some(label) = data.scaled_label(row, output) {
                    let answer = trees[output] + share * (network[output] - trees[output]);
                    error += (f64::from(answer) - label) * (f64::from(answer) - label);
                }
            }
        }
        if error < best.0 {
            best = (error, share);
        }
    }
    best.1
}

impl Predict for Blend {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let scaled = self.scaled(input);
        let natural = |((value, _), output): (&(f32, f32), &Output)| output.quantity.scale().from(f64::from(*value));
        scaled.iter().zip(&self.outputs).map(|pair| Some(natural(pair))).collect()
    }
}
