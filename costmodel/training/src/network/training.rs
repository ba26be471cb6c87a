//! Training: Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019), epoch by epoch.
//!
//! A batch is cut into a fixed number of parts whose gradients are added in their order, so that the weights are the
//! same to the bit for any number of threads. After each epoch the state can be saved and resumed.

use costmodel::parallel;
use nalgebra::DVector;
use serde::{Deserialize, Serialize};

use super::architecture::{Example, Network, NetworkModel, NetworkParameters, Networks, Standard};
use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, Progress, Rows, Run};
use crate::random::Random;

/// Parts of a batch.
const PARTS: usize = 8;
/// Limit of the norm of a batch's gradient (gradient clipping).
const LONGEST_GRADIENT: f32 = 1.0;
const DECAY_1: f32 = 0.9;
const DECAY_2: f32 = 0.999;

/// Result of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub number: usize,
    /// Mean loss on the training rows.
    pub training_loss: f64,
    /// Mean loss on the validation rows, or the training loss if there are none.
    pub loss: f64,
    /// Whether `loss` is the best so far.
    pub best: bool,
}

/// A fit in progress.
pub struct Training {
    model: NetworkModel,
    examples: Vec<Example<f32>>,
    /// Labels on standardised scales by row and output; NaN without a label.
    labels: Vec<f32>,
    training: usize,
    state: CheckpointState,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
    best: Vec<f32>,
}

/// State in a checkpoint besides the vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointState {
    parameters: NetworkParameters,
    rows: usize,
    weights: usize,
    epoch: usize,
    step: u64,
    best_loss: Option<f64>,
    best_epoch: usize,
    random: Random,
}

/// A checkpoint that cannot be resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Cut short, or not a checkpoint.
    #[error("not a whole checkpoint")]
    Damaged,
    /// The checkpoint of another fit.
    #[error("the checkpoint belongs to a fit with other {0}")]
    Other(&'static str),
}

impl Fit for Networks {
    type Model = NetworkModel;

    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<NetworkModel, FitError> {
        let mut training = Training::new(self, data, rows)?;
        while !training.finished() {
            training.epoch(run)?;
        }
        Ok(training.model())
    }
}

impl Training {
    /// Starts a fit.
    ///
    /// # Errors
    /// If there are no rows, or an output has no labels.
    pub fn new(networks: &Networks, data: &Dataset, rows: &Rows) -> Result<Self, FitError> {
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        let parameters = networks.0.clone();
        for (output, name) in data.outputs().iter().enumerate() {
            if rows.training.iter().all(|&row| data.samples()[row].labels[output].is_none()) {
                return Err(FitError::unlabelled(std::slice::from_ref(name)));
            }
        }
        let network = Network::new(&parameters, data.vocabulary(parameters.scheme), data.outputs().len());
        let standard = Standard::fit(data, &rows.training);
        let all = rows.training.iter().chain(&rows.validation);
        let example = |&row: &usize| network.example(&parameters, &standard, &data.samples()[row].input);
        let examples: Vec<Example<f32>> = all.clone().map(example).collect();
        let label = |row: usize, output: usize| {
            let (mean, deviation) = (standard.output_means[output], standard.output_deviations[output]);
            data.scaled_label(row, output).map_or(f32::NAN, |label| (label as f32 - mean) / deviation)
        };
        let labels = all.flat_map(|&row| (0..data.outputs().len()).map(move |o| (row, o)));
        let labels = labels.map(|(row, output)| label(row, output)).collect();
        let mut random = Random::new(parameters.seed);
        let weights: Vec<f32> = network.layout.start(&mut random);
        let state = CheckpointState {
            parameters: parameters.clone(),
            rows: examples.len(),
            weights: weights.len(),
            epoch: 0,
            step: 0,
            best_loss: None,
            best_epoch: 0,
            random,
        };
        Ok(Self {
            moment_1: vec![0.0; weights.len()],
            moment_2: vec![0.0; weights.len()],
            best: weights.clone(),
            model: NetworkModel { parameters, network, standard, outputs: data.outputs().to_vec(), weights },
            examples,
            labels,
            training: rows.training.len(),
            state,
        })
    }

    /// Whether the maximum number of epochs or the patience is reached.
    #[must_use]
    pub fn finished(&self) -> bool {
        let p = &self.model.parameters;
        self.state.epoch >= p.epochs || self.state.epoch >= self.state.best_epoch + p.patience
    }

    /// One pass over the training rows in random order.
    ///
    /// # Errors
    /// If the loss is not finite.
    pub fn epoch(&mut self, run: &Run<'_>) -> Result<Epoch, FitError> {
        let mut order: Vec<usize> = (0..self.training).collect();
        self.state.random.shuffle(&mut order);
        let batch = self.model.parameters.batch;
        let steps = self.training.div_ceil(batch) * self.model.parameters.epochs;
        let mut sum = 0.0;
        for rows in order.chunks(batch) {
            let (loss, gradient) = self.gradient(rows, run.threads);
            sum += loss * rows.len() as f64;
            let done = self.state.step as f64 / steps as f64;
            let rate = 0.5 * self.model.parameters.learning_rate * (1.0 + libm::cos(std::f64::consts::PI * done));
            self.step(gradient, rate as f32);
        }
        self.state.epoch += 1;
        let training_loss = sum / self.training as f64;
        let loss = self.validation_loss(run.threads).unwrap_or(training_loss);
        if !loss.is_finite() {
            return Err(FitError::Diverged("the network"));
        }
        let best = self.state.best_loss.is_none_or(|before| loss < before);
        if best {
            (self.state.best_loss, self.state.best_epoch) = (Some(loss), self.state.epoch);
            self.best.copy_from_slice(&self.model.weights);
        }
        let stage = "network".to_owned();
        let (done, total) = (self.state.epoch, self.model.parameters.epochs);
        (run.progress)(&Progress { stage, done, total, loss: Some(loss) });
        Ok(Epoch { number: done, training_loss, loss, best })
    }

    /// The model of the best epoch.
    #[must_use]
    pub fn model(self) -> NetworkModel {
        NetworkModel { weights: self.best, ..self.model }
    }

    /// Mean loss over rows and its gradient.
    fn gradient(&self, rows: &[usize], threads: usize) -> (f64, Vec<f32>) {
        let per_part = rows.len().div_ceil(PARTS);
        let parts: Vec<&[usize]> = rows.chunks(per_part).collect();
        let weights = &self.model.weights;
        let done = parallel::map(threads, parts.len(), |part| {
            let mut gradient = vec![0f32; weights.len()];
            let mut sum = 0.0;
            for &row in parts[part] {
                let trace = self.model.network.forward(weights, &self.examples[row]);
                let (loss, by_answer) = self.loss(row, &trace.answer);
                sum += loss;
                let by_answer = by_answer / rows.len() as f32;
                self.model.network.backward(weights, &self.examples[row], &trace, by_answer, &mut gradient);
            }
            (sum, gradient)
        });
        let mut total = (0.0, vec![0f32; weights.len()]);
        for (sum, gradient) in done {
            total.0 += sum;
            total.1.iter_mut().zip(&gradient).for_each(|(total, g)| *total += g);
        }
        (total.0 / rows.len() as f64, total.1)
    }

    /// Huber's loss (half the square up to 1, then linear), mean over the labelled outputs, and its gradient.
    fn loss(&self, row: usize, answer: &DVector<f32>) -> (f64, DVector<f32>) {
        let labels = &self.labels[row * answer.len()..][..answer.len()];
        let count = labels.iter().filter(|l| !l.is_nan()).count().max(1) as f32;
        let mut sum = 0.0;
        let by_answer = answer.iter().zip(labels).map(|(y, label)| {
            if label.is_nan() {
                return 0.0;
            }
            let error = y - label;
            sum += f64::from(if error.abs() <= 1.0 { 0.5 * error * error } else { error.abs() - 0.5 } / count);
            error.clamp(-1.0, 1.0) / count
        });
        let by_answer = DVector::from_iterator(answer.len(), by_answer);
        (sum, by_answer)
    }

    fn step(&mut self, mut gradient: Vec<f32>, rate: f32) {
        self.state.step += 1;
        let length = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
        if length > LONGEST_GRADIENT {
            gradient.iter_mut().for_each(|g| *g *= LONGEST_GRADIENT / length);
        }
        let steps = self.state.step as f64;
        let start_1 = 1.0 - libm::pow(f64::from(DECAY_1), steps) as f32;
        let start_2 = 1.0 - libm::pow(f64::from(DECAY_2), steps) as f32;
        let keep = 1.0 - rate * self.model.parameters.weight_decay as f32;
        let moments = self.moment_1.iter_mut().zip(&mut self.moment_2);
        for ((weight, g), (first, second)) in self.model.weights.iter_mut().zip(&gradient).zip(moments) {
            *first = DECAY_1 * *first + (1.0 - DECAY_1) * g;
            *second = DECAY_2 * *second + (1.0 - DECAY_2) * g * g;
            *weight = keep * *weight - rate * (*first / start_1) / ((*second / start_2).sqrt() + 1e-8);
        }
    }

    fn validation_loss(&self, threads: usize) -> Option<f64> {
        let rows: Vec<usize> = (self.training..self.examples.len()).collect();
        let parts: Vec<&[usize]> = rows.chunks(256).collect();
        let sums = parallel::map(threads, parts.len(), |part| {
            let answer = |row: usize| self.model.network.forward(&self.model.weights, &self.examples[row]).answer;
            parts[part].iter().map(|&row| self.loss(row, &answer(row)).0).sum::<f64>()
        });
        (!rows.is_empty()).then(|| sums.iter().sum::<f64>() / rows.len() as f64)
    }

    /// The state after the last epoch, for [`Self::resume`]: a line of JSON, then weights, both
    /// moments and the best weights as little-endian `f32`.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.state).expect("plain values serialize");
        bytes.push(b'\n');
        for vector in [&self.model.weights, &self.moment_1, &self.moment_2, &self.best] {
            bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
        }
        bytes
    }

    /// Continues the same fit from a checkpoint.
    ///
    /// # Errors
    /// If the checkpoint is damaged or of another fit; the training is unchanged.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError> {
        let end = checkpoint.iter().position(|&b| b == b'\n').ok_or(CheckpointError::Damaged)?;
        let state: CheckpointState =
            serde_json::from_slice(&checkpoint[..end]).map_err(|_| CheckpointError::Damaged)?;
        if state.parameters != self.state.parameters {
            return Err(CheckpointError::Other("hyper-parameters"));
        }
        if (state.rows, state.weights) != (self.state.rows, self.state.weights) {
            return Err(CheckpointError::Other("rows or words"));
        }
        let (numbers, rest) = checkpoint[end + 1..].as_chunks::<4>();
        let length = state.weights;
        if numbers.len() != 4 * length || !rest.is_empty() {
            return Err(CheckpointError::Damaged);
        }
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(CheckpointError::Damaged);
        }
        let vectors = [&mut self.model.weights, &mut self.moment_1, &mut self.moment_2, &mut self.best];
        for (vector, part) in vectors.into_iter().zip(numbers.chunks_exact(length)) {
            vector.copy_from_slice(part);
        }
        self.state = state;
        Ok(())
    }
}
