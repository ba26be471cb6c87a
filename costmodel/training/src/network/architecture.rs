//! Architecture of a network: encoder of the words, pooling, one hidden layer, linear outputs on standardised scales.

use costmodel::features::Feature;
use costmodel::input::{Input, Scheme, logarithm};
use costmodel::model::Predict;
use costmodel::quantity::Output;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::layers::{Attention, Convolution, Embedding, Linear, Lstm, LstmTrace, max_pool, max_pool_backward};
use super::parameters::Layout;
use super::real::Real;
use crate::dataset::Dataset;
use crate::fit::{ParameterError, require};

/// One convolution: kernel, rectifier, maximum over `pool` positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvolutionLayer {
    /// Kernel size in positions.
    pub kernel: usize,
    /// Output channels.
    pub channels: usize,
    /// Pooling width in positions.
    pub pool: usize,
}

/// Encoder of a sequence of words as one vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoder {
    /// Sum of the words' vectors, each weighted with the logarithm of 1 + its count.
    Bag,
    /// Convolutions, then the maximum over all positions.
    Convolution(Vec<ConvolutionLayer>),
    /// The last state of an LSTM of this size.
    Lstm(usize),
}

/// Hyper-parameters, unchecked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkParameters {
    /// Tokenizer scheme of the words.
    pub scheme: Scheme,
    /// Maximum number of words; the rest is cut off.
    pub length: usize,
    /// Size of a word's embedding.
    pub width: usize,
    /// The encoder.
    pub encoder: Encoder,
    /// Whether attention pooling is added to max pooling (convolutions only).
    pub attention: bool,
    /// Whether the analysis features join the pooled words.
    pub features: bool,
    /// Size of the hidden layer.
    pub hidden: usize,
    /// Maximum number of epochs.
    pub epochs: usize,
    /// Epochs without a better validation loss before training stops.
    pub patience: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Step size of Adam at the start; it falls to zero along a cosine.
    pub learning_rate: f64,
    /// Decay of the weights per unit of step size.
    pub weight_decay: f64,
    /// Seed of the weights and of the order of rows.
    pub seed: u64,
}

impl Default for NetworkParameters {
    fn default() -> Self {
        let layer = |kernel, channels, pool| ConvolutionLayer { kernel, channels, pool };
        Self {
            scheme: Scheme::Shaped,
            length: 512,
            width: 32,
            encoder: Encoder::Convolution(vec![layer(4, 48, 2), layer(4, 64, 2)]),
            attention: true,
            features: true,
            hidden: 96,
            epochs: 20,
            patience: 5,
            batch: 64,
            learning_rate: 2e-3,
            weight_decay: 1e-4,
            seed: 1,
        }
    }
}

impl NetworkParameters {
    /// Validates them.
    ///
    /// # Errors
    /// If one is out of range.
    pub fn check(self) -> Result<Networks, ParameterError> {
        let size = |name, value: usize, most: usize, required| {
            require((1..=most).contains(&value), name, value as f64, required)
        };
        size("length", self.length, 4096, "1 to 4096")?;
        size("width", self.width, 512, "1 to 512")?;
        size("hidden", self.hidden, 4096, "1 to 4096")?;
        size("epochs", self.epochs, 10_000, "1 to 10000")?;
        size("patience", self.patience, 10_000, "1 to 10000")?;
        size("batch", self.batch, 4096, "1 to 4096")?;
        let good = self.learning_rate > 0.0 && self.learning_rate <= 1.0;
        require(good, "learning_rate", self.learning_rate, "more than 0, at most 1")?;
        let good = (0.0..=1.0).contains(&self.weight_decay);
        require(good, "weight_decay", self.weight_decay, "0 to 1")?;
        match &self.encoder {
            Encoder::Bag => {}
            Encoder::Lstm(state) => size("state", *state, 1024, "1 to 1024")?,
            Encoder::Convolution(layers) => {
                size("layers", layers.len(), 16, "1 to 16")?;
                for layer in layers {
                    size("kernel", layer.kernel, 64, "1 to 64")?;
                    size("channels", layer.channels, 1024, "1 to 1024")?;
                    size("pool", layer.pool, 64, "1 to 64")?;
                }
            }
        }
        let sequence = matches!(self.encoder, Encoder::Convolution(_));
        require(sequence || !self.attention, "attention", 1.0, "off without convolutions")?;
        Ok(Networks(self))
    }
}

/// Fits by checked hyper-parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Networks(pub(super) NetworkParameters);

/// A network without its weights.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Network {
    embedding: Embedding,
    layers: Layers,
    attention: Option<Attention>,
    hidden: Linear,
    output: Linear,
    pub layout: Layout,
}

#[derive(Debug, Clone, PartialEq)]
enum Layers {
    Bag,
    Convolution(Vec<(Convolution, usize)>),
    Lstm(Lstm),
}

/// Input of a network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Example<T> {
    words: Vec<u16>,
    bag: Vec<(u16, T)>,
    features: Vec<T>,
}

/// Intermediate results of the forward pass.
pub(super) struct Trace<T: Real> {
    sequence: Option<DMatrix<T>>,
    convolutions: Vec<(DMatrix<T>, DMatrix<T>, Vec<usize>)>,
    lstm: Option<LstmTrace<T>>,
    largest: Vec<usize>,
    shares: Option<DVector<T>>,
    joined: DVector<T>,
    hidden: DVector<T>,
    pub answer: DVector<T>,
}

impl Network {
    pub fn new(parameters: &NetworkParameters, vocabulary: usize, outputs: usize) -> Self {
        let mut layout = Layout::default();
        let embedding = Embedding::new(&mut layout, vocabulary, parameters.width);
        let mut pooled = parameters.width;
        let layers = match &parameters.encoder {
            Encoder::Bag => Layers::Bag,
            Encoder::Convolution(layers) => {
                let mut made = Vec::new();
                for layer in layers {
                    made.push((Convolution::new(&mut layout, pooled, layer.channels, layer.kernel), layer.pool));
                    pooled = layer.channels;
                }
                Layers::Convolution(made)
            }
            Encoder::Lstm(state) => {
                let layer = Lstm::new(&mut layout, pooled, *state);
                pooled = *state;
                Layers::Lstm(layer)
            }
        };
        let attention = parameters.attention.then(|| Attention::new(&mut layout, pooled));
        let joined =
            pooled * if attention.is_some() { 2 } else { 1 } + if parameters.features { Feature::COUNT } else { 0 };
        let hidden = Linear::new(&mut layout, joined, parameters.hidden, true);
        let output = Linear::new(&mut layout, parameters.hidden, outputs, false);
        Self { embedding, layers, attention, hidden, output, layout }
    }

    pub fn forward<T: Real>(&self, weights: &[T], example: &Example<T>) -> Trace<T> {
        let (mut sequence, mut lstm, mut convolutions) = (None, None, Vec::new());
        let (mut largest, mut shares) = (Vec::new(), None);
        let mut joined: Vec<T> = Vec::new();
        match &self.layers {
            Layers::Bag => joined.extend(self.embedding.bag(weights, &example.bag).iter()),
            Layers::Lstm(layer) => {
                let words = sequence.insert(self.embedding.forward(weights, &example.words));
                let trace = lstm.insert(layer.forward(weights, words));
                joined.extend(trace.answer().iter());
            }
            Layers::Convolution(layers) => {
                let mut x = self.embedding.forward(weights, &example.words);
                for (layer, pool) in layers {
                    let y = layer.forward(weights, &x);
                    let (pooled, places) = max_pool(&y, *pool);
                    convolutions.push((x, y, places));
                    x = pooled;
                }
                let (most, places) = max_pool(&x, x.ncols());
                largest = places;
                joined.extend(most.iter());
                if let Some(attention) = &self.attention {
                    let (mean, by_position) = attention.forward(weights, &x);
                    joined.extend(mean.iter());
                    shares = Some(by_position);
                }
                sequence = Some(x);
            }
        }
        joined.extend(&example.features);
        let joined = DVector::from_vec(joined);
        let hidden = self.hidden.forward(weights, &joined);
        let answer = self.output.forward(weights, &hidden);
        Trace { sequence, convolutions, lstm, largest, shares, joined, hidden, answer }
    }

    /// Adds the gradient of a loss to `gradient`, given its gradient with respect to the output.
    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        example: &Example<T>,
        trace: &Trace<T>,
        by_answer: DVector<T>,
        gradient: &mut [T],
    ) {
        let by_hidden = self.output.backward(weights, &trace.hidden, &trace.answer, by_answer, gradient);
        let by_joined = self.hidden.backward(weights, &trace.joined, &trace.hidden, by_hidden, gradient);
        match (&self.layers, &trace.sequence) {
            (Layers::Lstm(layer), Some(words)) => {
                let by_state = by_joined.rows(0, layer.recurrent.columns).into_owned();
                let lstm = trace.lstm.as_ref().expect("an LSTM leaves a trace");
                let by_words = layer.backward(weights, words, lstm, by_state, gradient);
                self.embedding.backward(&example.words, &by_words, gradient);
            }
            (Layers::Convolution(layers), Some(x)) => {
                let width = x.nrows();
                let by_most = by_joined.rows(0, width).into_owned();
                let by_most = DMatrix::from_column_slice(width, 1, by_most.as_slice());
                let mut by_x = max_pool_backward(&trace.largest, &by_most, x.ncols());
                if let (Some(attention), Some(shares)) = (&self.attention, &trace.shares) {
                    let by_mean = by_joined.rows(width, width).into_owned();
                    by_x += attention.backward(weights, x, shares, &by_mean, gradient);
                }
                for ((layer, _), (x, y, places)) in layers.iter().zip(&trace.convolutions).rev() {
                    let by_y = max_pool_backward(places, &by_x, y.ncols());
                    by_x = layer.backward(weights, x, y, by_y, gradient);
                }
                self.embedding.backward(&example.words, &by_x, gradient);
            }
            _ => {
                let by_bag = by_joined.rows(0, self.embedding.0.rows).into_owned();
                self.embedding.bag_backward(&example.bag, &by_bag, gradient);
            }
        }
    }

    /// The input of a function.
    pub fn example<T: Real>(&self, parameters: &NetworkParameters, standard: &Standard, input: &Input) -> Example<T> {
        let vocabulary = self.embedding.0.columns;
        let known = |&word: &u16| if usize::from(word) < vocabulary { word } else { ir::vocabulary::UNKNOWN };
        let words = input.tokens.of(parameters.scheme).iter().map(known);
        let mut words: Vec<u16> = words.take(parameters.length).collect();
        if words.is_empty() {
            words.push(ir::vocabulary::PAD);
        }
        let mut bag = Vec::new();
        if matches!(self.layers, Layers::Bag) {
            words.sort_unstable();
            let counts = words.chunk_by(|a, b| a == b);
            bag = counts.map(|same| (same[0], T::of(libm::log1p(same.len() as f64)))).collect();
        }
        let features = if parameters.features { standard.features(input) } else { Vec::new() };
        Example { words, bag, features: features.into_iter().map(|x| T::of(f64::from(x))).collect() }
    }
}

/// Means and deviations over the training rows: of the logarithm of 1 + each feature, and of each output's scale.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Standard {
    pub feature_means: Vec<f32>,
    pub feature_deviations: Vec<f32>,
    pub output_means: Vec<f32>,
    pub output_deviations: Vec<f32>,
}

/// Limit of standardised features.
const FEATURE_LIMIT: f32 = 6.0;

impl Standard {
    pub fn fit(data: &Dataset, training: &[usize]) -> Self {
        let mut standard = Self::default();
        for feature in 0..Feature::COUNT {
            let values = training.iter().map(|&row| logarithm(data.samples()[row].input.features[feature]));
            let (mean, deviation) = moments(values.map(f64::from));
            standard.feature_means.push(mean);
            standard.feature_deviations.push(deviation);
        }
        for output in 0..data.outputs().len() {
            let (mean, deviation) = moments(training.iter().filter_map(|&row| data.scaled_label(row, output)));
            standard.output_means.push(mean);
            standard.output_deviations.push(deviation);
        }
        standard
    }

    fn features(&self, input: &Input) -> Vec<f32> {
        let means = self.feature_means.iter().zip(&self.feature_deviations);
        let standardise = |(&x, (mean, deviation)): (&f32, (&f32, &f32))| (logarithm(x) - mean) / deviation;
        input.features.iter().zip(means).map(standardise).map(|x| x.clamp(-FEATURE_LIMIT, FEATURE_LIMIT)).collect()
    }
}

/// Mean and standard deviation; 0 and 1 of no values, deviation 1 if all are equal.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f32, f32) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    (mean as f32, if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 })
}

/// A fitted network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkModel {
    pub(super) parameters: NetworkParameters,
    pub(super) network: Network,
    pub(super) standard: Standard,
    pub(super) outputs: Vec<Output>,
    pub(super) weights: Vec<f32>,
}

impl NetworkModel {
    /// Predictions on the scale of the fit.
    pub(crate) fn scaled(&self, input: &Input) -> Vec<f32> {
        let example = self.network.example(&self.parameters, &self.standard, input);
        let answer = self.network.forward(&self.weights, &example).answer;
        let standard = self.standard.output_means.iter().zip(&self.standard.output_deviations);
        answer.iter().zip(standard).map(|(y, (mean, deviation))| mean + y * deviation).collect()
    }

    /// Number of weights.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.weights.len()
    }
}

impl Predict for NetworkModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let scaled = self.scaled(input);
        scaled.iter().zip(&self.outputs).map(|(v, output)| Some(output.quantity.scale().from(f64::from(*v)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use costmodel::input::Tokens;

    /// The whole network against central differences, for every encoder.
    #[test]
    fn gradients_match_differences() {
        let layer = |kernel, channels, pool| ConvolutionLayer { kernel, channels, pool };
        let convolutions = Encoder::Convolution(vec![layer(3, 4, 2), layer(2, 3, 2)]);
        for (encoder, attention) in
            [(Encoder::Bag, false), (convolutions.clone(), true), (convolutions, false), (Encoder::Lstm(3), false)]
        {
            let parameters =
                NetworkParameters { width: 3, hidden: 12, encoder, attention, ..NetworkParameters::default() };
            let network = Network::new(&parameters, 6, 2);
            let mut random = Random::new(1);
            let mut weights: Vec<f64> = network.layout.start(&mut random);
            weights.iter_mut().for_each(|w| *w += 0.1 * random.normal());
            let standard = Standard {
                feature_means: vec![0.3; Feature::COUNT],
                feature_deviations: vec![1.0; Feature::COUNT],
                ..Standard::default()
            };
            let words = vec![2, 3, 2, 5, 1, 1, 9, 4, 0, 2, 3];
            let features = (0..Feature::COUNT).map(|i| (i % 3) as f32).collect();
            let input = Input { tokens: Tokens::new(vec![], vec![], words), features, ..Input::default() };
            let example: Example<f64> = network.example(&parameters, &standard, &input);
            let slope = DVector::from_vec(vec![0.7, -1.3]);
            let trace = network.forward(&weights, &example);
            let mut gradient = vec![0.0; weights.len()];
            network.backward(&weights, &example, &trace, slope.clone(), &mut gradient);
            for slot in network.layout.slots() {
                assert!(slot.slice(&gradient).iter().any(|g| *g != 0.0), "{slot:?} has no gradient to check");
            }
            for i in 0..weights.len() {
                let here = weights[i];
                let mut at = |w: f64| {
                    weights[i] = w;
                    network.forward(&weights, &example).answer.dot(&slope)
                };
                let difference = (at(here + 1e-6) - at(here - 1e-6)) / 2e-6;
                weights[i] = here;
                assert!((difference - gradient[i]).abs() < 1e-6 * (1.0 + difference.abs()), "weight {i}");
            }
        }
    }
}
