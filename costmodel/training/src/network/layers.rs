//! Layers with their gradients. A sequence is a matrix with a column for each position.
//!
//! `forward` computes the output from weights and input. `backward` takes the input and output of `forward` and the gradient of
//! the loss with respect to the output; it adds to the gradient of the weights and returns that of the input. Tests compare
//! every gradient with finite differences.

use nalgebra::{DMatrix, DVector};

use super::parameters::{Layout, Slot};
use super::real::Real;

/// Embedding of words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Embedding(pub Slot);

impl Embedding {
    pub fn new(layout: &mut Layout, words: usize, width: usize) -> Self {
        Self(layout.slot(width, words, 1.0 / (width as f64).sqrt()))
    }

    pub fn forward<T: Real>(&self, weights: &[T], words: &[u16]) -> DMatrix<T> {
        let table = self.0.view(weights);
        DMatrix::from_fn(self.0.rows, words.len(), |i, t| table[(i, usize::from(words[t]))])
    }

    pub fn backward<T: Real>(&self, words: &[u16], by_answer: &DMatrix<T>, gradient: &mut [T]) {
        let mut table = self.0.view_mut(gradient);
        for (t, &word) in words.iter().enumerate() {
            let mut column = table.column_mut(usize::from(word));
            column += by_answer.column(t);
        }
    }

    /// Weighted sum of the words' embeddings.
    pub fn bag<T: Real>(&self, weights: &[T], words: &[(u16, T)]) -> DVector<T> {
        let table = self.0.view(weights);
        let mut sum = DVector::zeros(self.0.rows);
        words.iter().for_each(|&(word, weight)| sum.axpy(weight, &table.column(usize::from(word)), T::one()));
        sum
    }

    pub fn bag_backward<T: Real>(&self, words: &[(u16, T)], by_answer: &DVector<T>, gradient: &mut [T]) {
        let mut table = self.0.view_mut(gradient);
        words.iter().for_each(|&(word, weight)| table.column_mut(usize::from(word)).axpy(weight, by_answer, T::one()));
    }
}

/// Convolution over time with a rectifier: `max(0, b + sum_k W_k x_(t+k))`. Sequences shorter than the kernel are padded with
/// zeros.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convolution {
    pub taps: Vec<Slot>,
    pub bias: Slot,
}

impl Convolution {
    pub fn new(layout: &mut Layout, input: usize, output: usize, kernel: usize) -> Self {
        let deviation = (2.0 / (input * kernel) as f64).sqrt();
        let taps = (0..kernel).map(|_| layout.slot(output, input, deviation)).collect();
        Self { taps, bias: layout.slot(output, 1, 0.0) }
    }

    /// Output positions for a number of input positions.
    fn length(&self, input: usize) -> usize {
        (input + 1).saturating_sub(self.taps.len()).max(1)
    }

    pub fn forward<T: Real>(&self, weights: &[T], x: &DMatrix<T>) -> DMatrix<T> {
        let length = self.length(x.ncols());
        let bias = self.bias.slice(weights);
        let mut y = DMatrix::from_fn(self.bias.rows, length, |i, _| bias[i]);
        for (k, tap) in self.taps.iter().enumerate() {
            let overlap = length.min(x.ncols().saturating_sub(k));
            if overlap > 0 {
                y.columns_mut(0, overlap).gemm(T::one(), &tap.view(weights), &x.columns(k, overlap), T::one());
            }
        }
        y.iter_mut().for_each(|y| *y = (*y).max(T::zero()));
        y
    }

    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        x: &DMatrix<T>,
        y: &DMatrix<T>,
        mut by_answer: DMatrix<T>,
        gradient: &mut [T],
    ) -> DMatrix<T> {
        by_answer.zip_apply(y, |d, y| {
            if y <= T::zero() {
                *d = T::zero();
            }
        });
        let mut bias = self.bias.view_mut(gradient);
        by_answer.column_iter().for_each(|column| bias += column);
        let x_transposed = x.transpose();
        let mut by_input = DMatrix::zeros(x.nrows(), x.ncols());
        for (k, tap) in self.taps.iter().enumerate() {
            let overlap = y.ncols().min(x.ncols().saturating_sub(k));
            if overlap == 0 {
                continue;
            }
            let d = by_answer.columns(0, overlap);
            tap.view_mut(gradient).gemm(T::one(), &d, &x_transposed.rows(k, overlap), T::one());
            let transposed = tap.view(weights).transpose();
            by_input.columns_mut(k, overlap).gemm(T::one(), &transposed, &d, T::one());
        }
        by_input
    }
}

/// Maximum of each `width` neighbouring positions, and its position; the last group may be smaller.
pub(crate) fn max_pool<T: Real>(x: &DMatrix<T>, width: usize) -> (DMatrix<T>, Vec<usize>) {
    let length = x.ncols().div_ceil(width);
    let mut places = Vec::with_capacity(length * x.nrows());
    let y = DMatrix::from_fn(x.nrows(), length, |i, t| {
        let mut best = t * width;
        for at in best + 1..((t + 1) * width).min(x.ncols()) {
            if x[(i, at)] > x[(i, best)] {
                best = at;
            }
        }
        places.push(best);
        x[(i, best)]
    });
    (y, places)
}

pub(crate) fn max_pool_backward<T: Real>(places: &[usize], by_answer: &DMatrix<T>, input: usize) -> DMatrix<T> {
    let mut by_input = DMatrix::zeros(by_answer.nrows(), input);
    for (index, (&place, d)) in places.iter().zip(by_answer.iter()).enumerate() {
        by_input[(index % by_answer.nrows(), place)] += *d;
    }
    by_input
}

/// Attention pooling: `X softmax(X'u)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Attention(pub Slot);

impl Attention {
    pub fn new(layout: &mut Layout, width: usize) -> Self {
        Self(layout.slot(width, 1, 1.0 / width as f64))
    }

    /// The weighted mean and the weights.
    pub fn forward<T: Real>(&self, weights: &[T], x: &DMatrix<T>) -> (DVector<T>, DVector<T>) {
        let mut shares = x.tr_mul(&self.0.view(weights)).column(0).into_owned();
        let largest = shares.max();
        shares.apply(|s| *s = (*s - largest).exponential());
        let sum = shares.sum();
        shares /= sum;
        (x * &shares, shares)
    }

    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        x: &DMatrix<T>,
        shares: &DVector<T>,
        by_answer: &DVector<T>,
        gradient: &mut [T],
    ) -> DMatrix<T> {
        // By the score of t: share_t (x_t - mean)'d.
        let along = x.tr_mul(by_answer);
        let mean = along.dot(shares);
        let by_scores = along.zip_map(shares, |a, s| s * (a - mean));
        self.0.view_mut(gradient).gemm(T::one(), x, &by_scores, T::one());
        let u = self.0.view(weights).column(0).into_owned();
        by_answer * shares.transpose() + u * by_scores.transpose()
    }
}

/// `W x + b`, optionally with a rectifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Linear {
    pub weight: Slot,
    pub bias: Slot,
    pub rectified: bool,
}

impl Linear {
    pub fn new(layout: &mut Layout, input: usize, output: usize, rectified: bool) -> Self {
        let deviation = (if rectified { 2.0 } else { 1.0 } / input as f64).sqrt();
        Self { weight: layout.slot(output, input, deviation), bias: layout.slot(output, 1, 0.0), rectified }
    }

    pub fn forward<T: Real>(&self, weights: &[T], x: &DVector<T>) -> DVector<T> {
        let mut y = DVector::from_column_slice(self.bias.slice(weights));
        y.gemv(T::one(), &self.weight.view(weights), x, T::one());
        if self.rectified {
            y.apply(|y| *y = (*y).max(T::zero()));
        }
        y
    }

    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        x: &DVector<T>,
        y: &DVector<T>,
        mut by_answer: DVector<T>,
        gradient: &mut [T],
    ) -> DVector<T> {
        if self.rectified {
            by_answer.zip_apply(y, |d, y| {
                if y <= T::zero() {
                    *d = T::zero();
                }
            });
        }
        let mut bias = self.bias.view_mut(gradient);
        bias += &by_answer;
        self.weight.view_mut(gradient).ger(T::one(), &by_answer, x, T::one());
        self.weight.view(weights).tr_mul(&by_answer)
    }
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; with forget gates). The output is the last state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lstm {
    pub input: Slot,
    pub recurrent: Slot,
    pub bias: Slot,
}

/// Intermediate results of an [`Lstm`], by position.
pub(crate) struct LstmTrace<T> {
    /// Activations of the input, forget, candidate and output gates, stacked.
    gates: DMatrix<T>,
    cells: DMatrix<T>,
    states: DMatrix<T>,
}

impl<T: Real> LstmTrace<T> {
    /// The last state.
    pub fn answer(&self) -> DVector<T> {
        self.states.column(self.states.ncols() - 1).into_owned()
    }
}

impl Lstm {
    pub fn new(layout: &mut Layout, input: usize, state: usize) -> Self {
        let slot = |layout: &mut Layout, from: usize| layout.slot(4 * state, from, 1.0 / (from as f64).sqrt());
        Self { input: slot(layout, input), recurrent: slot(layout, state), bias: layout.slot(4 * state, 1, 0.0) }
    }

    /// Sequences are not empty.
    pub fn forward<T: Real>(&self, weights: &[T], x: &DMatrix<T>) -> LstmTrace<T> {
        let (n, length) = (self.recurrent.columns, x.ncols());
        let mut gates = self.input.view(weights) * x;
        let mut cells = DMatrix::zeros(n, length);
        let mut states = DMatrix::zeros(n, length);
        let (recurrent, bias) = (self.recurrent.view(weights), self.bias.view(weights));
        let mut state = DVector::zeros(n);
        let mut cell = DVector::zeros(n);
        for t in 0..length {
            let mut gate = gates.column_mut(t);
            gate += &bias;
            gate.gemv(T::one(), &recurrent, &state, T::one());
            for i in 0..n {
                let (input, forget) = (gate[i].sigmoid(), gate[n + i].sigmoid());
                let (candidate, output) = (gate[2 * n + i].hyperbolic_tangent(), gate[3 * n + i].sigmoid());
                (gate[i], gate[n + i], gate[2 * n + i], gate[3 * n + i]) = (input, forget, candidate, output);
                cell[i] = forget * cell[i] + input * candidate;
                state[i] = output * cell[i].hyperbolic_tangent();
            }
            cells.set_column(t, &cell);
            states.set_column(t, &state);
        }
        LstmTrace { gates, cells, states }
    }

    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        x: &DMatrix<T>,
        trace: &LstmTrace<T>,
        by_answer: DVector<T>,
        gradient: &mut [T],
    ) -> DMatrix<T> {
        let (n, length) = (self.recurrent.columns, x.ncols());
        let one = T::one();
        let mut by_gates = DMatrix::zeros(4 * n, length);
        let mut by_state = by_answer;
        let mut by_cell: DVector<T> = DVector::zeros(n);
        for t in (0..length).rev() {
            let gate = trace.gates.column(t);
            for i in 0..n {
                let (input, forget, candidate, output) = (gate[i], gate[n + i], gate[2 * n + i], gate[3 * n + i]);
                let cell = trace.cells[(i, t)].hyperbolic_tangent();
                let before = if t > 0 { trace.cells[(i, t - 1)] } else { T::zero() };
                let d = by_cell[i] + by_state[i] * output * (one - cell * cell);
                by_gates[(i, t)] = d * candidate * input * (one - input);
                by_gates[(n + i, t)] = d * before * forget * (one - forget);
                by_gates[(2 * n + i, t)] = d * input * (one - candidate * candidate);
                by_gates[(3 * n + i, t)] = by_state[i] * cell * output * (one - output);
                by_cell[i] = d * forget;
            }
            by_state = self.recurrent.view(weights).tr_mul(&by_gates.column(t));
        }
        let mut bias = self.bias.view_mut(gradient);
        by_gates.column_iter().for_each(|column| bias += column);
        self.input.view_mut(gradient).gemm(one, &by_gates, &x.transpose(), one);
        if length > 1 {
            let states = trace.states.columns(0, length - 1).transpose();
            self.recurrent.view_mut(gradient).gemm(one, &by_gates.columns(1, length - 1), &states, one);
        }
        self.input.view(weights).transpose() * by_gates
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
