//! Gradients against central differences, in `f64`.

use super::*;
use crate::random::Random;

/// Largest difference between the gradient of `loss` that `backward` gives and central differences, by weights and
/// input together.
fn check(mut at: Vec<f64>, loss: impl Fn(&[f64]) -> f64, gradient: &[f64]) {
    assert_eq!(at.len(), gradient.len());
    assert!(gradient.iter().any(|g| g.abs() > 1e-3), "nothing to check");
    for i in 0..at.len() {
        let step = 1e-6;
        let here = at[i];
        at[i] = here + step;
        let above = loss(&at);
        at[i] = here - step;
        let below = loss(&at);
        at[i] = here;
        let slope = (above - below) / (2.0 * step);
        assert!((slope - gradient[i]).abs() < 1e-6 * (1.0 + slope.abs()), "at {i}: {slope} against {}", gradient[i]);
    }
}

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.normal()).collect()
}

/// Checks a layer on sequences: `pass` gives the answer and, from the gradient by it, adds to the weights' gradient
/// and returns the input's.
fn check_sequence(
    weights: usize,
    (rows, columns): (usize, usize),
    forward: impl Fn(&[f64], &DMatrix<f64>) -> DMatrix<f64>,
    backward: impl Fn(&[f64], &DMatrix<f64>, &DMatrix<f64>, DMatrix<f64>, &mut [f64]) -> DMatrix<f64>,
) {
    let at = normals(weights + rows * columns, 5);
    let split = |at: &[f64]| (at[..weights].to_vec(), DMatrix::from_column_slice(rows, columns, &at[weights..]));
    let (w, x) = split(&at);
    let y = forward(&w, &x);
    let slope = DMatrix::from_column_slice(y.nrows(), y.ncols(), &normals(y.len(), 6));
    let mut gradient = vec![0.0; weights];
    let by_input = backward(&w, &x, &y, slope.clone(), &mut gradient);
    gradient.extend(by_input.iter());
    let loss = |at: &[f64]| {
        let (w, x) = split(at);
        forward(&w, &x).dot(&slope)
    };
    check(at, loss, &gradient);
}

#[test]
fn convolution() {
    for (kernel, length) in [(3, 7), (1, 4), (4, 4), (5, 3)] {
        let mut layout = Layout::default();
        let layer = Convolution::new(&mut layout, 2, 3, kernel);
        check_sequence(
            layout.len(),
            (2, length),
            |w, x| layer.forward(w, x),
            |w, x, y, d, g| layer.backward(w, x, y, d, g),
        );
    }
}

#[test]
fn a_convolution_is_the_sum_it_says() {
    let mut layout = Layout::default();
    let layer = Convolution::new(&mut layout, 1, 1, 2);
    // Taps 2 and 3, bias -10: 2 x_t + 3 x_(t+1) - 10.
    let y = layer.forward(&[2.0, 3.0, -10.0], &DMatrix::from_row_slice(1, 3, &[1.0, 2.0, 3.0]));
    assert_eq!(y.as_slice(), [0.0, 3.0]);
}

#[test]
fn pooling() {
    for width in [1, 2, 3, 9] {
        check_sequence(
            0,
            (2, 7),
            |_, x| max_pool(x, width).0,
            |_, x, _, d, _| max_pool_backward(&max_pool(x, width).1, &d, x.ncols()),
        );
    }
}

#[test]
fn attention() {
    let mut layout = Layout::default();
    let layer = Attention::new(&mut layout, 3);
    let column = |v: DVector<f64>| DMatrix::from_column_slice(v.len(), 1, v.as_slice());
    check_sequence(
        layout.len(),
        (3, 5),
        |w, x| column(layer.forward(w, x).0),
        |w, x, _, d, g| layer.backward(w, x, &layer.forward(w, x).1, &d.column(0).into_owned(), g),
    );
}

#[test]
fn lstm() {
    let mut layout = Layout::default();
    let layer = Lstm::new(&mut layout, 2, 3);
    let column = |v: DVector<f64>| DMatrix::from_column_slice(v.len(), 1, v.as_slice());
    for length in [1, 4] {
        check_sequence(
            layout.len(),
            (2, length),
            |w, x| column(layer.forward(w, x).answer()),
            |w, x, _, d, g| layer.backward(w, x, &layer.forward(w, x), d.column(0).into_owned(), g),
        );
    }
}

#[test]
fn linear() {
    for rectified in [false, true] {
        let mut layout = Layout::default();
        let layer = Linear::new(&mut layout, 3, 4, rectified);
        let vector = |m: &DMatrix<f64>| m.column(0).into_owned();
        let column = |v: DVector<f64>| DMatrix::from_column_slice(v.len(), 1, v.as_slice());
        check_sequence(
            layout.len(),
            (3, 1),
            |w, x| column(layer.forward(w, &vector(x))),
            |w, x, y, d, g| column(layer.backward(w, &vector(x), &vector(y), vector(&d), g)),
        );
    }
}

#[test]
fn embedding() {
    let mut layout = Layout::default();
    let layer = Embedding::new(&mut layout, 4, 2);
    let words = [3, 0, 3];
    let bag = [(3, 0.5), (1, 2.0)];
    let at = normals(layout.len(), 7);
    let slope = DMatrix::from_column_slice(2, 3, &normals(6, 8));
    let bag_slope = DVector::from_vec(normals(2, 9));
    let mut gradient = vec![0.0; layout.len()];
    layer.backward(&words, &slope, &mut gradient);
    layer.bag_backward(&bag, &bag_slope, &mut gradient);
    check(at, |w| layer.forward(w, &words).dot(&slope) + layer.bag(w, &bag).dot(&bag_slope), &gradient);
}
