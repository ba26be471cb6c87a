//! Models on made-up functions whose labels follow known laws.

use crate::support::{Function, dataset, error, rows};
use costmodel::features::Feature;
use costmodel::input::{Input, Scheme};
use costmodel::model::Predict;
use costmodel::quantity::Quantity;
use training::baselines::{Liveness, Mean, Nearest, RidgeParameters, Roofline};
use training::dataset::Dataset;
use training::fit::{Fit, FitError, Rows, Run};
use training::network::{ConvolutionLayer, Encoder, NetworkParameters, Training};
use training::random::Random;
use training::trees::TreesParameters;

const TWO_THREADS: Run<'static> = Run { threads: 2, progress: &|_| {} };

fn predictions(model: &impl Predict, data: &Dataset, rows: &[usize]) -> Vec<Vec<Option<f64>>> {
    rows.iter().map(|&row| model.predict(&data.samples()[row].input)).collect()
}

#[test]
fn the_mean_is_that_of_the_scale() {
    let data = dataset(3, |f| vec![("ipc", [1.0, 2.0, 6.0][f.index]), ("cycles", [0.0, 3.0, 15.0][f.index])]);
    let model = Mean.fit(&data, &Rows { training: vec![0, 1, 2], validation: vec![] }, &Run::QUIET).unwrap();
    let mean = model.predict(&data.samples()[0].input);
    // ln 1, ln 4 and ln 16 have the mean ln 4.
    assert!((mean[0].unwrap() - 3.0).abs() < 1e-12 && (mean[1].unwrap() - 3.0).abs() < 1e-12, "{mean:?}");
}

#[test]
fn the_nearest_neighbour_of_a_training_row_is_itself() {
    let data = dataset(60, |f| vec![("ipc", f.index as f64)]);
    let all = Rows { training: (0..60).collect(), validation: vec![] };
    let model = Nearest.fit(&data, &all, &Run::QUIET).unwrap();
    for (row, predicted) in predictions(&model, &data, &all.training).into_iter().enumerate() {
        // Cosine takes functions with the same shares of words for the same: those come first.
        let (nearest, cosine) = model.nearest(&data.samples()[row].input);
        assert!(cosine > 0.9999 && predicted == data.samples()[nearest].labels);
    }
}

#[test]
fn ridge_recovers_a_power_law_and_extrapolates() {
    let law = |f: &Function| 3.0 * (1.0 + f.trips) * (1.0 + f64::from(f.counts[2])) - 1.0;
    let data = dataset(400, |f| vec![("cycles", law(f))]);
    let small = (0..400).filter(|&r| data.samples()[r].input.feature(Feature::InnermostTrips) < 1000.0);
    let large = (0..400).filter(|&r| data.samples()[r].input.feature(Feature::InnermostTrips) > 2000.0);
    let parameters = RidgeParameters { penalty: 1e-9, scheme: Scheme::Shaped, words: 16, features: true };
    let rows = Rows { training: small.collect(), validation: vec![] };
    let model = parameters.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let large: Vec<usize> = large.collect();
    assert!(large.len() > 50);
    assert!(error(&model, &data, &large, 0) < 1e-3, "{}", error(&model, &data, &large, 0));
}

#[test]
fn roofline_finds_its_rates() {
    let data = dataset(300, |f| vec![("cycles", (0.5 * f.work()).max(0.125 * f.bytes()))]);
    let (rows, test) = rows(300);
    let model = Roofline.fit(&data, &rows, &Run::QUIET).unwrap();
    assert!(error(&model, &data, &test, 0) < 1e-6);
}

#[test]
fn liveness_answers_pressure_alone() {
    let law = |f: &Function| 2.0 + 1.5 * f.live;
    let data = dataset(100, |f| vec![("vector_register_pressure", law(f)), ("ipc", 1.0)]);
    let (rows, test) = rows(100);
    let model = Liveness.fit(&data, &rows, &Run::QUIET).unwrap();
    assert!(error(&model, &data, &test, 0) < 1e-6);
    assert_eq!(model.predict(&data.samples()[0].input)[1], None);
}

#[test]
fn one_split_is_the_best_there_is() {
    let data = dataset(80, |f| vec![("ipc", libm::sin(f.index as f64) + f.counts[1] as f64)]);
    let rows = Rows { training: (0..80).collect(), validation: vec![] };
    let parameters = TreesParameters {
        trees: 1,
        leaves: 2,
        rows_per_leaf: 1,
        learning_rate: 1.0,
        penalty: 0.0,
        row_share: 1.0,
        column_share: 1.0,
        ..TreesParameters::default()
    };
    let model = parameters.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let squares = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>()
    };
    let label = |row: usize| data.samples()[row].labels[0].unwrap();
    let mut least = f64::INFINITY;
    for word in 0..crate::support::WORDS {
        for count in 0..10 {
            let below = |row: &usize| {
                data.samples()[*row].input.tokens.of(Scheme::Shaped).iter().filter(|&&w| w == word).count() <= count
            };
            let (low, high): (Vec<usize>, Vec<usize>) = (0..80).partition(below);
            let of = |side: &[usize]| squares(&side.iter().map(|&row| label(row)).collect::<Vec<_>>());
            least = least.min(of(&low) + of(&high));
        }
    }
    let found: f64 =
        (0..80).map(|row| (model.predict(&data.samples()[row].input)[0].unwrap() - label(row)).powi(2)).sum();
    assert!((found - least).abs() < 1e-3 * least, "{found} against {least}");
}

#[test]
fn trees_learn_what_lines_cannot() {
    // Spills begin where values exceed registers: a product of conditions.
    let law = |f: &Function| if f.live > 16.0 && f.counts[3] > 2 { 4.0 * f.live } else { 0.0 };
    let data = dataset(1500, |f| vec![("spills", law(f)), ("ipc", 1.0 + f64::from(f.counts[0] % 2))]);
    let (rows, test) = rows(1500);
    let ridge = RidgeParameters { features: true, ..RidgeParameters::default() };
    let ridge = ridge.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let trees = TreesParameters { features: true, ..TreesParameters::default() };
    let trees = trees.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let (trees, ridge) = (error(&trees, &data, &test, 0), error(&ridge, &data, &test, 0));
    assert!(trees < 0.3 * ridge, "{trees} against {ridge}");
}

#[test]
fn trees_expect_larger_errors_where_labels_are_noisy() {
    let mut random = Random::new(4);
    let data = dataset(2000, |f| vec![("ipc", if f.live < 16.0 { 0.1 } else { 3.0 } * random.normal())]);
    let rows = Rows { training: (0..1500).collect(), validation: vec![] };
    let trees = TreesParameters { trees: 10, doubt_trees: 60, features: true, ..TreesParameters::default() };
    let model = trees.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let inputs: Vec<&Input> = data.samples()[1500..].iter().map(|sample| &sample.input).collect();
    let doubts = model.doubted_all(&inputs);
    let mean = |noisy: bool| {
        let own =
            inputs.iter().zip(&doubts).filter(|(input, _)| (input.feature(Feature::MaxLiveData) >= 16.0) == noisy);
        let own: Vec<f64> = own.map(|(_, doubts)| f64::from(doubts[0].1)).collect();
        own.iter().sum::<f64>() / own.len() as f64
    };
    assert!(mean(true) > 5.0 * mean(false), "{} and {}", mean(true), mean(false));
    // A batch answers as single functions do, and doubts change no answer.
    let answers = model.scaled_all(&inputs);
    for ((input, doubted), answers) in inputs.iter().zip(&doubts).zip(&answers) {
        assert_eq!((&model.doubted_all(&[input])[0], doubted[0].0), (doubted, answers[0]));
    }
    let without = TreesParameters { trees: 10, features: true, ..TreesParameters::default() };
    let without = without.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    assert_eq!(without.scaled_all(&inputs), answers);
}

#[test]
fn differences_within_a_kernel_are_learned_beside_values() {
    // Kernels of eight differ by a large factor that nothing tells, their rows by a small one that a word tells.
    let mut random = Random::new(9);
    let mut factor = 0.0;
    let data = dataset(1600, |f| {
        if f.index % 8 == 0 {
            factor = 4.0 * random.normal();
        }
        vec![("cycles", libm::exp(9.0 + factor + 0.1 * f64::from(f.counts[0])))]
    });
    let rows = Rows { training: (0..1200).collect(), validation: vec![] };
    let right = |pair_weight: f64| {
        let parameters = TreesParameters { trees: 40, pair_weight, ..TreesParameters::default() };
        let model = parameters.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
        let (mut right, mut all) = (0.0, 0.0);
        for kernel in data.samples()[1200..].chunks(8) {
            for (a, b) in kernel.iter().flat_map(|a| kernel.iter().map(move |b| (a, b))) {
                let [x, y] = [a, b].map(|sample| model.scaled(&sample.input)[0]);
                if a.labels[0] < b.labels[0] {
                    all += 1.0;
                    right += f64::from(u8::from(x < y));
                }
            }
        }
        right / all
    };
    let (without, with) = (right(0.0), right(8.0));
    assert!(with > 0.9 && with > without + 0.1, "{without} and {with}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let data = dataset(300, |f| vec![("cycles", f.trips), ("spills", f.live), ("ipc", f64::from(f.counts[0]))]);
    let (rows, test) = rows(300);
    let trees = TreesParameters { trees: 40, ..TreesParameters::default() }.check().unwrap();
    let one = trees.fit(&data, &rows, &Run::QUIET).unwrap();
    let two = trees.fit(&data, &rows, &TWO_THREADS).unwrap();
    assert_eq!(one, two);
    assert_eq!(predictions(&one, &data, &test), predictions(&two, &data, &test));
    let other = TreesParameters { trees: 40, seed: 2, ..TreesParameters::default() };
    assert_ne!(other.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap(), one);
}

#[test]
fn missing_labels_are_left_out_not_taken_for_zero() {
    let mut labels = vec![("cycles", 1000.0), ("ipc", 2.0)];
    let data = dataset(200, |f| {
        labels[0].1 = if f.index % 2 == 0 { f64::NAN } else { 1000.0 };
        labels.clone()
    });
    let (rows, test) = rows(200);
    let trees = TreesParameters::default().check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let ridge = RidgeParameters::default().check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    for &row in &test {
        let input = &data.samples()[row].input;
        assert!((trees.predict(input)[0].unwrap() - 1000.0).abs() < 1.0);
        assert!((ridge.predict(input)[0].unwrap() - 1000.0).abs() < 1.0);
    }
}

#[test]
fn fits_without_rows_or_labels_say_so() {
    let data = dataset(10, |_| vec![("ipc", f64::NAN)]);
    let trees = TreesParameters::default().check().unwrap();
    assert_eq!(trees.fit(&data, &Rows::default(), &Run::QUIET).unwrap_err(), FitError::NoRows);
    let rows = Rows { training: (0..10).collect(), validation: vec![] };
    let message = trees.fit(&data, &rows, &Run::QUIET).unwrap_err().to_string();
    assert_eq!(message, "no training row is labelled with ipc on cpu");
    assert_eq!(Mean.fit(&data, &rows, &Run::QUIET).unwrap().predict(&data.samples()[0].input), [None]);
}

#[test]
fn hyper_parameters_are_checked() {
    let error = TreesParameters { learning_rate: 1.5, ..TreesParameters::default() }.check().unwrap_err();
    assert_eq!(error.to_string(), "learning_rate is 1.5; it must be more than 0, at most 1");
    assert!(TreesParameters { leaves: 1, ..TreesParameters::default() }.check().is_err());
    assert!(RidgeParameters { penalty: f64::NAN, ..RidgeParameters::default() }.check().is_err());
}

#[test]
fn a_dataset_refuses_what_does_not_fit() {
    let data = dataset(2, |_| vec![("ipc", 1.0)]);
    let refuse = |change: &dyn Fn(&mut training::dataset::Sample)| {
        let mut samples = data.samples().to_vec();
        change(&mut samples[1]);
        let vocabulary = Scheme::ALL.map(|s| data.vocabulary(s));
        Dataset::new(data.outputs().to_vec(), vocabulary, data.families().to_vec(), samples).unwrap_err().to_string()
    };
    assert_eq!(refuse(&|s| s.labels.push(None)), "sample 1: expected 1 labels, found 2");
    assert_eq!(refuse(&|s| s.input.features[0] = f32::INFINITY), "sample 1 has a feature that is not finite");
    assert_eq!(refuse(&|s| s.family = 9), "sample 1 has family 9, beyond the 4 known");
}

#[test]
fn quantities_of_a_design_are_told_apart() {
    assert!(Quantity::ALL.into_iter().filter(|q| q.is_of_design()).count() == 2);
}

fn small_network(encoder: Encoder, features: bool) -> NetworkParameters {
    let attention = matches!(encoder, Encoder::Convolution(_));
    NetworkParameters {
        width: 8,
        hidden: 24,
        encoder,
        attention,
        features,
        epochs: 12,
        batch: 16,
        learning_rate: 1e-2,
        ..NetworkParameters::default()
    }
}

fn convolutions() -> Encoder {
    Encoder::Convolution(vec![ConvolutionLayer { kernel: 2, channels: 12, pool: 2 }])
}

#[test]
fn every_encoder_learns_from_words() {
    // A count, on its logarithmic scale a linear law for the bag; the order of the words means nothing.
    let data = dataset(800, |f| vec![("spills", f64::from(f.counts[2]))]);
    let (rows, test) = rows(800);
    let mean = error(&Mean.fit(&data, &rows, &Run::QUIET).unwrap(), &data, &test, 0);
    for (encoder, most) in [(Encoder::Bag, 0.2), (convolutions(), 0.7), (Encoder::Lstm(12), 0.8)] {
        let networks = small_network(encoder.clone(), false).check().unwrap();
        let found = error(&networks.fit(&data, &rows, &TWO_THREADS).unwrap(), &data, &test, 0);
        assert!(found < most * mean, "{encoder:?}: {found} against {mean}");
    }
}

#[test]
fn networks_learn_from_features() {
    let data = dataset(800, |f| vec![("cycles", f.trips * (1.0 + f.live))]);
    let (rows, test) = rows(800);
    let networks = small_network(convolutions(), true).check().unwrap();
    let found = error(&networks.fit(&data, &rows, &TWO_THREADS).unwrap(), &data, &test, 0);
    assert!(found < 0.4, "{found}");
}

#[test]
fn training_is_the_same_for_any_threads_and_after_a_break() {
    let data =
        dataset(120, |f| vec![("cycles", f.trips), ("spills", if f.index % 3 == 0 { f64::NAN } else { f.live })]);
    let (rows, _) = rows(120);
    let networks = NetworkParameters { epochs: 4, ..small_network(convolutions(), true) }.check().unwrap();
    let whole = networks.fit(&data, &rows, &Run::QUIET).unwrap();
    assert_eq!(networks.fit(&data, &rows, &TWO_THREADS).unwrap(), whole);
    let mut first = Training::new(&networks, &data, &rows).unwrap();
    first.epoch(&Run::QUIET).unwrap();
    first.epoch(&Run::QUIET).unwrap();
    let checkpoint = first.checkpoint();
    let mut second = Training::new(&networks, &data, &rows).unwrap();
    second.resume(&checkpoint).unwrap();
    while !second.finished() {
        second.epoch(&TWO_THREADS).unwrap();
    }
    assert_eq!(second.model(), whole);
}

#[test]
fn checkpoints_of_other_fits_or_cut_short_are_refused() {
    let data = dataset(40, |f| vec![("cycles", f.trips)]);
    let (rows, _) = rows(40);
    let start = |epochs| {
        let networks = NetworkParameters { epochs, ..small_network(Encoder::Bag, true) }.check().unwrap();
        Training::new(&networks, &data, &rows).unwrap()
    };
    let checkpoint = start(3).checkpoint();
    let refuse = |mut training: Training, bytes: &[u8]| training.resume(bytes).unwrap_err().to_string();
    assert_eq!(refuse(start(4), &checkpoint), "the checkpoint belongs to a fit with other hyper-parameters");
    for length in [0, 10, checkpoint.len() / 2, checkpoint.len() - 1] {
        assert_eq!(refuse(start(3), &checkpoint[..length]), "not a whole checkpoint");
    }
    let mut poisoned = checkpoint.clone();
    let end = poisoned.len();
    poisoned[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(refuse(start(3), &poisoned), "not a whole checkpoint");
    start(3).resume(&checkpoint).unwrap();
}

#[test]
fn training_stops_early_and_keeps_the_best() {
    // Nothing to learn: labels are noise.
    let mut random = training::random::Random::new(9);
    let data = dataset(200, |_| vec![("ipc", random.unit())]);
    let (rows, _) = rows(200);
    let networks = NetworkParameters { epochs: 200, patience: 3, ..small_network(Encoder::Bag, true) }.check().unwrap();
    let mut training = Training::new(&networks, &data, &rows).unwrap();
    let mut epochs = Vec::new();
    while !training.finished() {
        epochs.push(training.epoch(&Run::QUIET).unwrap());
    }
    let best = epochs.iter().rposition(|epoch| epoch.best).unwrap();
    assert!(epochs.len() < 200 && epochs.len() == best + 1 + 3, "{} epochs, best {best}", epochs.len());
}
