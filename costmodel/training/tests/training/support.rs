//! Made-up functions.

use costmodel::features::{Feature, WORK};
use costmodel::input::{Input, Tokens};
use costmodel::model::Predict;
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::{Card, SCHEMA, TrainingSet};
use ir::vocabulary::Vocabulary;
use training::dataset::{Dataset, Sample};
use training::fit::Rows;
use training::random::Random;

/// Words of the vocabulary.
pub const WORDS: u16 = 6;

/// A function by its properties.
pub struct Function {
    /// Its place.
    pub index: usize,
    /// How often each word occurs.
    pub counts: Vec<u32>,
    /// Iterations, 1 to 8192.
    pub trips: f64,
    /// Values live at once, 0 to 31.
    pub live: f64,
}

impl Function {
    /// Operations executed.
    pub fn work(&self) -> f64 {
        self.trips * f64::from(self.counts[0])
    }

    /// Bytes moved.
    pub fn bytes(&self) -> f64 {
        8.0 * self.trips * f64::from(self.counts[1])
    }
}

/// Functions with labels on the target `cpu` by a law; the names of the labels must not change, and a label that is
/// not a number is missing. Families 0 to 3 take turns, kernels hold eight.
pub fn dataset(count: usize, mut law: impl FnMut(&Function) -> Vec<(&'static str, f64)>) -> Dataset {
    let mut random = Random::new(11);
    let mut outputs = Vec::new();
    let mut samples = Vec::new();
    for index in 0..count {
        let function = Function {
            index,
            counts: (0..WORDS).map(|_| random.below(8) as u32).collect(),
            trips: libm::exp2(random.unit() * 13.0).round(),
            live: random.below(32) as f64,
        };
        let mut features = vec![0.0; Feature::COUNT];
        features[Feature::InnermostTrips as usize] = function.trips as f32;
        features[Feature::Work as usize] = function.work() as f32;
        features[Feature::BytesLoaded as usize] = function.bytes() as f32;
        features[Feature::MaxLiveData as usize] = function.live as f32;
        let mut words: Vec<u16> =
            function.counts.iter().enumerate().flat_map(|(w, &n)| std::iter::repeat_n(w as u16, n as usize)).collect();
        random.shuffle(&mut words);
        let law = law(&function);
        let quantity = |name: &str| Quantity::from_name(name).expect("a quantity");
        outputs = law.iter().map(|(name, _)| Output { target: "cpu".into(), quantity: quantity(name) }).collect();
        samples.push(Sample {
            input: Input {
                tokens: Tokens::new(words.clone(), words.clone(), words),
                features,
                work: vec![0.0; WORK],
                ..Input::default()
            },
            labels: law.iter().map(|(_, label)| label.is_finite().then_some(*label)).collect(),
            family: index as u32 % 4,
            kernel: index as u32 / 8,
        });
    }
    let families = (0..4).map(|f| format!("family {f}")).collect();
    Dataset::new(outputs, [WORDS as usize; 3], families, samples).expect("made to fit")
}

/// Six tenths to train, two to validate, two to test.
pub fn rows(count: usize) -> (Rows, Vec<usize>) {
    let tenth = |wanted: std::ops::Range<usize>| (0..count).filter(|row| wanted.contains(&(row % 10))).collect();
    (Rows { training: tenth(0..6), validation: tenth(6..8) }, tenth(8..10))
}

/// Root of the mean squared error of an output on its scale.
pub fn error(model: &impl Predict, data: &Dataset, rows: &[usize], output: usize) -> f64 {
    let scale = data.outputs()[output].quantity.scale();
    let squares = rows.iter().map(|&row| {
        let predicted = model.predict(&data.samples()[row].input)[output].expect("an answer");
        (scale.to(predicted) - data.scaled_label(row, output).expect("a label")).powi(2)
    });
    (squares.sum::<f64>() / rows.len() as f64).sqrt()
}

/// The card of a model fitted to all of a data set.
pub fn card(data: &Dataset, vocabulary: &Vocabulary) -> Card {
    Card {
        schema: SCHEMA,
        name: "test".into(),
        licence: "MIT OR Apache-2.0".into(),
        tokenizer_version: ir::tokenizer::VERSION,
        vocabulary_hash: vocabulary.hash().into(),
        features: Card::current_features(data.outputs()),
        outputs: data.outputs().to_vec(),
        toolchain: "none".into(),
        training: TrainingSet {
            hash: String::new(),
            rows: data.samples().len(),
            kernels: 1,
            families: data.families().to_vec(),
        },
        seed: 1,
        trained_with: "x86-64".into(),
        errors: vec![],
    }
}
