//! The shipped model: fitted, written, read back; and files that are wrong.

use crate::support::{card, dataset, error, rows};
use costmodel::input::{Input, Scheme, Tokens};
use costmodel::model::Predict;
use costmodel::quantity::Quantity;
use costmodel::shipped::{Card, CostModel, SCHEMA, embedded, embedded_for_gpus, seal};
use ir::tokenizer::Word;
use ir::vocabulary::{Counts, Vocabulary};
use training::baselines::{Liveness, Roofline};
use training::blend::BlendParameters;
use training::dataset::Dataset;
use training::fit::{Fit, Run};
use training::intervals::HeldOut;
use training::metrics::auroc;
use training::network::{ConvolutionLayer, Encoder, NetworkParameters};
use training::trees::TreesParameters;
use training::{intervals, novelty, ratios};

fn vocabulary() -> Vocabulary {
    let mut counts = Counts::new(Scheme::Shaped);
    counts.add(["a.a", "b.b", "c.c", "d.d"].into_iter().map(Word::Open));
    counts.vocabulary(1)
}

fn data() -> Dataset {
    dataset(400, |f| vec![("vector_register_pressure", 4.0 + f.live), ("cycles", f.trips * (1.0 + f.live))])
}

fn parameters() -> BlendParameters {
    let encoder = Encoder::Convolution(vec![ConvolutionLayer { kernel: 2, channels: 6, pool: 2 }]);
    let network = NetworkParameters { width: 4, hidden: 12, epochs: 4, encoder, ..NetworkParameters::default() };
    BlendParameters { trees: TreesParameters { trees: 30, ..BlendParameters::default().trees }, network: Some(network) }
}

fn model() -> CostModel {
    let (data, vocabulary) = (data(), vocabulary());
    let (rows, test) = rows(400);
    let trees = parameters().trees.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let answers = |model: &dyn Predict| -> Vec<Vec<Option<(f32, f32)>>> {
        let scaled = |row: &usize| {
            let natural = model.predict(&data.samples()[*row].input);
            let outputs = natural.into_iter().zip(data.outputs());
            outputs.map(|(v, output)| v.map(|v| (output.quantity.scale().to(v) as f32, 0.0))).collect()
        };
        test.iter().map(scaled).collect()
    };
    let roofline = Roofline.fit(&data, &rows, &Run::QUIET).unwrap();
    let liveness = Liveness.fit(&data, &rows, &Run::QUIET).unwrap();
    CostModel {
        card: card(&data, &vocabulary),
        widths: intervals::fit(&data, &HeldOut { rows: test.clone(), answers: answers(&trees) }),
        analytical_widths: intervals::fit(&data, &HeldOut { rows: test.clone(), answers: answers(&roofline) }),
        novelty: novelty::fit(&data, &rows.training),
        ratios: ratios::fit(&data, &HeldOut { rows: test.clone(), answers: answers(&trees) }),
        adaptations: vec![],
        vocabulary,
        trees,
        roofline,
        liveness,
    }
}

#[test]
fn a_file_gives_the_same_model_to_the_bit() {
    let model = model();
    let bytes = model.to_bytes();
    let read = CostModel::from_bytes(&bytes).unwrap();
    for sample in data().samples() {
        assert_eq!(read.trees.predict(&sample.input), model.trees.predict(&sample.input));
        assert_eq!(read.novelty.score(&sample.input), model.novelty.score(&sample.input));
        assert_eq!(read.roofline.predict(&sample.input), model.roofline.predict(&sample.input));
        assert_eq!(read.liveness.predict(&sample.input), model.liveness.predict(&sample.input));
    }
    assert_eq!((read.widths, &read.card, read.ratios), (model.widths, &model.card, model.ratios));
    assert_eq!(CostModel::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

#[test]
fn the_shipped_file_passes_the_checks_of_a_foreign_one_and_gives_the_same_model() {
    let checked = CostModel::from_bytes(embedded()).unwrap();
    assert_eq!(CostModel::shipped().unwrap().to_bytes(), embedded());
    assert_eq!(checked.to_bytes(), embedded());
    let of_gpus = CostModel::from_bytes(embedded_for_gpus()).unwrap();
    assert_eq!(CostModel::shipped_for_gpus().unwrap().to_bytes(), embedded_for_gpus());
    assert!(of_gpus.is_of_gpus() && !checked.is_of_gpus());
}

#[test]
fn a_blend_is_no_worse_than_its_trees() {
    let (data, (rows, test)) = (data(), rows(400));
    let fit = |parameters: BlendParameters| parameters.check().unwrap().fit(&data, &rows, &Run::QUIET).unwrap();
    let (blend, trees) = (fit(parameters()), fit(BlendParameters { network: None, ..parameters() }));
    for output in 0..2 {
        assert!(error(&blend, &data, &rows.validation, output) <= error(&trees, &data, &rows.validation, output));
        assert!(error(&blend, &data, &test, output) < 1.2 * error(&trees, &data, &test, output));
    }
}

fn refusal(bytes: &[u8]) -> String {
    match CostModel::from_bytes(bytes) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn incompatible_files_say_what_differs() {
    let model = model();
    let refuse = |change: &dyn Fn(&mut CostModel)| {
        let mut other = model.clone();
        change(&mut other);
        refusal(&other.to_bytes())
    };
    let remedy = "train again or take a model of this version";
    assert_eq!(refuse(&|m| m.card.schema = 9), format!("the model has layout 9, this program {SCHEMA}: {remedy}"));
    assert_eq!(
        refuse(&|m| m.card.tokenizer_version = 99),
        format!("the model has tokenizer 99, this program {}: {remedy}", ir::tokenizer::VERSION)
    );
    let features = model.card.features.len();
    assert_eq!(
        refuse(&|m| m.card.features[0] = "steps".into()),
        format!("the model has features `steps` of {features}, this program `operations` of {features}: {remedy}")
    );
    assert!(
        refuse(&|m| m.card.vocabulary_hash = "0".repeat(16)).contains("the card names vocabulary 0000000000000000")
    );
    assert!(refuse(&|m| m.card.outputs[1] = m.card.outputs[0].clone()).contains("repeated"));
    assert!(refuse(&|m| drop(m.card.outputs.pop())).contains("another number of outputs"));
    let mixed = refuse(&|m| {
        m.card.outputs[1].quantity = Quantity::GpuRooflineUs;
        m.card.features = Card::current_features(&m.card.outputs);
    });
    assert!(mixed.contains("it mixes quantities of GPUs and others"), "{mixed}");
}

/// The bytes of a model file with another header of the same length: `from` is replaced by `to`, padded with blanks.
fn patched(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + from.len()].copy_from_slice(format!("{to:<0$}", from.len()).as_bytes());
    seal(&mut bytes);
    bytes
}

#[test]
fn a_file_with_a_network_is_refused() {
    let bytes = model().to_bytes();
    let network = patched(&bytes, r#"\"network\":null"#, r#"\"network\":1"#);
    assert_eq!(
        refusal(&network),
        "the model is inconsistent: it blends a network into its answers, which this program cannot compute"
    );
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let bytes = model().to_bytes();
    for length in (0..bytes.len()).step_by(bytes.len() / 200) {
        assert!(CostModel::from_bytes(&bytes[..length]).is_err());
    }
    // A file with a right checksum is still checked number by number.
    let input = &data().samples()[0].input.clone();
    let mut random = training::random::Random::new(1);
    for _ in 0..400 {
        let mut bytes = bytes.clone();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        assert!(CostModel::from_bytes(&bytes).is_err(), "byte {at}");
        seal(&mut bytes);
        if let Ok(model) = CostModel::from_bytes(&bytes) {
            let _ = (model.trees.predict(input), model.novelty.score(input));
        }
    }
    // An answer that is not a number.
    let mut poisoned = bytes;
    let weight = first_weight(&poisoned);
    poisoned[weight..weight + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    seal(&mut poisoned);
    assert!(refusal(&poisoned).contains("not finite"));
    // A word of the vocabulary replaced by another of the same length.
    let mut renamed = model().to_bytes();
    let word = renamed.windows(3).rposition(|window| window == b"c.c").unwrap();
    renamed[word] = b'x';
    seal(&mut renamed);
    assert!(refusal(&renamed).contains("vocabulary"), "{}", refusal(&renamed));
}

#[test]
fn no_flipped_bit_of_the_shipped_file_goes_unnoticed() {
    let mut bytes = embedded().to_vec();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut random = training::random::Random::new(7);
    // Half of the flips in the header, which is small.
    let places: Vec<(usize, usize)> = (0..2000)
        .map(|i| (random.below(if i % 2 == 0 { header } else { bytes.len() }), random.below(8)))
        .chain([(0, 0), (2_644_736, 0), (9_976, 0), (bytes.len() - 1, 7)])
        .collect();
    for (at, bit) in places {
        bytes[at] ^= 1 << bit;
        assert_ne!(refusal(&bytes), "accepted", "bit {bit} of byte {at}");
        bytes[at] ^= 1 << bit;
    }
    assert_eq!(refusal(&bytes), "accepted");
}

/// Where the first number of the trees' answers stands.
fn first_weight(bytes: &[u8]) -> usize {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize + 8;
    let value: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    header + value["trees.0.values"]["data_offsets"][0].as_u64().unwrap() as usize
}

#[test]
fn strange_words_and_sizes_are_novel() {
    let data = data();
    let novelty = novelty::fit(&data, &(0..300).collect::<Vec<usize>>());
    // Words 0 and 1 stand for padding and the unknown; the made-up functions have them, too.
    let without = |input: &Input| {
        let words = input.tokens.of(Scheme::Shaped).iter().copied().filter(|&word| word > ir::vocabulary::UNKNOWN);
        Input { tokens: Tokens::new(vec![], vec![], words.collect()), ..input.clone() }
    };
    let familiar: Vec<Input> = data.samples()[300..].iter().map(|s| without(&s.input)).collect();
    let scores = |inputs: &[Input]| inputs.iter().map(|input| novelty.score(input)).collect::<Vec<f64>>();
    let strange_words = familiar.iter().map(|input| {
        let mut words = input.tokens.of(Scheme::Shaped).to_vec();
        words.extend([ir::vocabulary::UNKNOWN; 4]);
        Input { tokens: Tokens::new(vec![], vec![], words), ..input.clone() }
    });
    let strange_sizes = familiar.iter().map(|input| {
        let mut other = input.clone();
        other.features.iter_mut().for_each(|x| *x *= 1e9);
        other
    });
    for strange in [strange_words.collect::<Vec<_>>(), strange_sizes.collect()] {
        assert!(auroc(&scores(&strange), &scores(&familiar)).unwrap() > 0.9);
    }
}
