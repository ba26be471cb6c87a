//! The compared models and their hyper-parameters.

use costmodel::input::Scheme;
use costmodel::model::Predict;
use names::named;
use serde::Serialize;

use super::answers::Answers;
use super::splits::{Cell, Split};
use crate::baselines::{Liveness, Mean, Nearest, RidgeParameters, Roofline};
use crate::blend::BlendParameters;
use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, Rows, Run};
use crate::network::{ConvolutionLayer, Encoder, NetworkParameters};
use crate::random::Random;
use crate::trees::TreesParameters;

named! {
    /// A model of the comparison.
    pub enum Model {
        /// The model that is shipped
        Shipped = "shipped",
        /// The shipped model blended with a network
        Blend = "blend",
        /// Mean of the training rows
        Mean = "mean",
        /// Labels of the nearest training row by counts of words
        Nearest = "nearest",
        /// Ridge regression on counts of operations
        Ridge = "ridge",
        /// Roofline with fitted rates
        Roofline = "roofline",
        /// Linear in the maximum number of live values
        Liveness = "liveness",
        /// Gradient-boosted trees on the bag of words
        Trees = "trees",
        /// The paper's bag of words and fully connected layers, operations only
        BagOps = "bag-ops",
        /// The same, operations and operands
        BagOpsOperands = "bag-ops-operands",
        /// The paper's Conv1D, max-pool, fully connected, operations only
        Conv1dOps = "conv1d-ops",
        /// The same, operations and operands
        Conv1dOpsOperands = "conv1d-ops-operands",
        /// The paper's LSTM, operations only
        LstmOps = "lstm-ops",
        /// The same, operations and operands
        LstmOpsOperands = "lstm-ops-operands",
    }
}

/// Hyper-parameters of a fit; part of its fingerprint.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Parameters {
    None,
    Ridge(RidgeParameters),
    Trees(TreesParameters),
    Blend(BlendParameters),
    Network { network: NetworkParameters, most_rows: usize },
}

impl Model {
    /// Whether it is one of the paper's families.
    #[must_use]
    pub fn is_network(self) -> bool {
        matches!(
            self,
            Self::BagOps
                | Self::BagOpsOperands
                | Self::Conv1dOps
                | Self::Conv1dOpsOperands
                | Self::LstmOps
                | Self::LstmOpsOperands
        )
    }

    /// Whether it reads features besides words.
    #[must_use]
    pub fn sees_features(self) -> bool {
        !self.is_network() && !matches!(self, Self::Mean | Self::Nearest | Self::Trees)
    }

    /// Whether it is compared on a split by default. Networks take hours and are fitted on two splits only: that of the paper
    /// and families. The split by target needs a model that is fitted output by output.
    #[must_use]
    pub fn belongs_to(self, split: Split) -> bool {
        match split {
            Split::Random | Split::Families => self != Self::Blend,
            Split::Target => matches!(self, Self::Shipped | Self::Mean | Self::Ridge | Self::Trees),
            _ => !self.is_network() && self != Self::Blend,
        }
    }

    /// A rough rank of its cost, so that the longest fits start first.
    #[must_use]
    pub fn cost(self) -> u32 {
        match self {
            Self::LstmOps | Self::LstmOpsOperands => 5,
            Self::Blend | Self::Conv1dOps | Self::Conv1dOpsOperands => 4,
            Self::Shipped => 3,
            Self::Trees | Self::Nearest => 2,
            _ => 1,
        }
    }

    fn parameters(self, seed: u64) -> Parameters {
        let layer = |kernel, channels, pool| ConvolutionLayer { kernel, channels, pool };
        let network = |scheme, encoder: Encoder, length, epochs, most_rows| {
            let network = NetworkParameters {
                scheme,
                length,
                width: 32,
                encoder,
                attention: false,
                features: false,
                hidden: 64,
                epochs,
                patience: 3,
                seed,
                ..NetworkParameters::default()
            };
            Parameters::Network { network, most_rows }
        };
        let convolutions = || Encoder::Convolution(vec![layer(4, 32, 4), layer(4, 32, 2)]);
        match self {
            Self::Shipped => Parameters::Blend(shipped(seed)),
            Self::Blend => {
                let network = NetworkParameters { length: 256, epochs: 8, patience: 3, seed, ..Default::default() };
                Parameters::Blend(BlendParameters { network: Some(network), ..shipped(seed) })
            }
            Self::Mean | Self::Nearest | Self::Roofline | Self::Liveness => Parameters::None,
            Self::Ridge => Parameters::Ridge(RidgeParameters::default()),
            Self::Trees => Parameters::Trees(TreesParameters { features: false, seed, ..shipped(seed).trees }),
            Self::BagOps => network(Scheme::Ops, Encoder::Bag, 512, 8, 12_000),
            Self::BagOpsOperands => network(Scheme::OpsOperands, Encoder::Bag, 1024, 8, 12_000),
            Self::Conv1dOps => network(Scheme::Ops, convolutions(), 256, 6, 6_000),
            Self::Conv1dOpsOperands => network(Scheme::OpsOperands, convolutions(), 512, 6, 6_000),
            Self::LstmOps => network(Scheme::Ops, Encoder::Lstm(32), 128, 5, 3_000),
            Self::LstmOpsOperands => network(Scheme::OpsOperands, Encoder::Lstm(32), 256, 5, 3_000),
        }
    }

    /// Its hyper-parameters as text.
    #[must_use]
    pub fn describe(self, seed: u64) -> String {
        serde_json::to_string(&self.parameters(seed)).expect("plain values serialize")
    }

    /// Fits it to the cell's rows and answers the cell's tests.
    ///
    /// # Errors
    /// If the rows do not carry a fit.
    pub fn answer(self, data: &Dataset, cell: &Cell, seed: u64, run: &Run<'_>) -> Result<Answers, FitError> {
        // Models without early stopping train on the validation rows as well.
        let all = || {
            let mut training = [&cell.rows.training[..], &cell.rows.validation].concat();
            training.sort_unstable();
            Rows { training, validation: vec![] }
        };
        let checked = "parameters of this list are valid";
        match self.parameters(seed) {
            Parameters::None => {
                let rows = all();
                let model: Box<dyn Predict> = match self {
                    Self::Mean => Box::new(Mean.fit(data, &rows, run)?),
                    Self::Nearest => Box::new(Nearest.fit(data, &rows, run)?),
                    Self::Roofline => Box::new(Roofline.fit(data, &rows, run)?),
                    _ => Box::new(Liveness.fit(data, &rows, run)?),
                };
                Ok(Answers::of(data, cell, rows.training.len(), &*model))
            }
            Parameters::Ridge(parameters) => {
                let rows = all();
                let model = parameters.check().expect(checked).fit(data, &rows, run)?;
                Ok(Answers::of(data, cell, rows.training.len(), &model))
            }
            Parameters::Trees(parameters) => {
                let rows = all();
                let model = parameters.check().expect(checked).fit(data, &rows, run)?;
                Ok(Answers::of(data, cell, rows.training.len(), &model))
            }
            Parameters::Blend(mut parameters) => {
                // Intervals are measured on families left out only, and expected errors take most of a fit.
                if cell.split != Split::Families {
                    parameters.trees.doubt_trees = 0;
                }
                let rows = if parameters.network.is_some() { cell.rows.clone() } else { all() };
                let model = parameters.check().expect(checked).fit(data, &rows, run)?;
                Ok(Answers::scaled(data, cell, rows.training.len(), |input| model.scaled(input)))
            }
            Parameters::Network { network, most_rows } => {
                let rows = Rows {
                    training: subset(&cell.rows.training, most_rows, seed),
                    validation: subset(&cell.rows.validation, most_rows / 8, seed),
                };
                let model = network.check().expect(checked).fit(data, &rows, run)?;
                Ok(Answers::of(data, cell, rows.training.len(), &model))
            }
        }
    }
}

/// Hyper-parameters of the shipped model.
#[must_use]
pub fn shipped(seed: u64) -> BlendParameters {
    let default = BlendParameters::default();
    BlendParameters { trees: TreesParameters { seed, ..default.trees }, ..default }
}

/// At most `most` of the rows, drawn by the seed, in their order.
fn subset(rows: &[usize], most: usize, seed: u64) -> Vec<usize> {
    let mut rows = rows.to_vec();
    Random::new(seed).shuffle(&mut rows);
    rows.truncate(most.max(1));
    rows.sort_unstable();
    rows
}
