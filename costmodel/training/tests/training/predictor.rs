//! The cascade: who answers, that answers do not depend on company, bad input.

use std::sync::Arc;

use corpus::kernels::{Form, kernels};
use costmodel::input::Scheme;
use costmodel::predictor::{Choice, Predictor, Provider, Refusal, Settings};
use costmodel::quantity::{Output, Quantity, outputs};
use costmodel::query::QueryReader;
use costmodel::shipped::{Adaptation, CostModel, Line, Widths};
use ir::Limits;
use ir::tokenizer::Tokenizer;
use ir::vocabulary::Counts;
use training::blend::BlendParameters;
use training::dataset::{Dataset, Sample};
use training::fit::{Fit, Rows, Run};
use training::intervals::HeldOut;
use training::trees::TreesParameters;
use training::{intervals, novelty};

use crate::support::card;

fn texts() -> Vec<String> {
    kernels(1, 120).iter().map(|kernel| kernel.source(Form::Affine, 0)).collect()
}

/// A model of generated kernels whose labels are their features.
fn model() -> CostModel {
    use costmodel::features::Feature;
    let texts = texts();
    let mut tokenizer = Tokenizer::new(Scheme::Shaped);
    let mut counts = Counts::new(Scheme::Shaped);
    texts.iter().for_each(|text| counts.add(tokenizer.read(text).words()));
    let vocabulary = counts.vocabulary(1);
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let outputs = outputs(&["cpu-a", "cpu-b"], &["design"]);
    let mut samples = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        for query in reader.read(text, |_| &vocabulary).expect("generated texts are right") {
            let of = |output: &Output| match output.quantity {
                Quantity::VectorRegisterPressure | Quantity::GeneralRegisterPressure => {
                    query.input.feature(Feature::MaxLiveData)
                }
                Quantity::Ipc | Quantity::PortUtilization | Quantity::XpuUtilization => 0.5,
                Quantity::Spills | Quantity::Reloads => query.input.feature(Feature::Calls),
                _ => query.input.feature(Feature::Work) + query.input.feature(Feature::BytesLoaded),
            };
            let labels = outputs.iter().map(|output| Some(of(output))).collect();
            samples.push(Sample { input: query.input, labels, family: index as u32 % 4, kernel: index as u32 });
        }
    }
    let families = (0..4).map(|f| format!("family {f}")).collect();
    let data = Dataset::new(outputs, [0, 0, vocabulary.size()], families, samples).expect("they fit");
    let all: Vec<usize> = (0..data.samples().len()).collect();
    let rows = Rows { training: all.clone(), validation: vec![] };
    let trees = TreesParameters { trees: 20, rows_per_leaf: 2, ..BlendParameters::default().trees };
    let trees = trees.check().expect("parameters").fit(&data, &rows, &Run::QUIET);
    let mut model = CostModel {
        card: card(&data, &vocabulary),
        vocabulary,
        trees: trees.expect("fits"),
        widths: Widths::default(),
        analytical_widths: Widths::default(),
        novelty: novelty::fit(&data, &all),
        roofline: training::baselines::Roofline.fit(&data, &rows, &Run::QUIET).expect("fits"),
        liveness: training::baselines::Liveness.fit(&data, &rows, &Run::QUIET).expect("fits"),
        adaptations: vec![],
    };
    let answers = |of: &dyn Fn(usize) -> Vec<Option<(f32, f32)>>| all.iter().map(|&row| of(row)).collect();
    let inputs: Vec<_> = data.samples().iter().map(|s| s.input.clone()).collect();
    let learned =
        answers(&|row| model.trees.scaled(&inputs[row]).into_iter().map(|answer| Some((answer, 0.0))).collect());
    let analytical = answers(&|row| model.analytical_scaled(&inputs[row]));
    model.widths = intervals::fit(&data, &HeldOut { rows: all.clone(), answers: learned });
    model.analytical_widths = intervals::fit(&data, &HeldOut { rows: all.clone(), answers: analytical });
    model
}

const STRANGE: &str = "func.func @odd(%q: !quantum.bit) {
  quantum.gate %q {angle = 3 : i32} : !quantum.bit
  quantum.measure %q : !quantum.bit
  return
}";

#[test]
fn the_familiar_is_learned_and_the_strange_is_analysed() {
    let predictor = Predictor::new(model(), Settings::default());
    let text = &texts()[3];
    let answer = predictor.predict(text).expect("a good text");
    let reply = &answer.replies[0];
    assert_eq!((reply.provider, reply.in_distribution(), answer.cached), (Provider::Learned, true, false));
    for estimate in reply.estimates.iter() {
        let estimate = estimate.expect("the model answers all");
        assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{estimate:?}");
    }
    let strange = predictor.predict(STRANGE).expect("any dialect is read");
    let reply = &strange.replies[0];
    assert_eq!((reply.function.as_str(), reply.provider), ("odd", Provider::Analytical));
    assert!(reply.ood_score > 1.0);
    for (output, estimate) in predictor.outputs().iter().zip(&reply.estimates) {
        let analysed = matches!(
            output.quantity,
            Quantity::Cycles
                | Quantity::XpuLatencyCycles
                | Quantity::VectorRegisterPressure
                | Quantity::GeneralRegisterPressure
        );
        assert_eq!(estimate.is_some(), analysed, "{output}");
    }
}

#[test]
fn a_cached_answer_is_the_same_answer() {
    let predictor = Predictor::new(model(), Settings::default());
    let text = &texts()[5];
    let first = predictor.predict(text).unwrap();
    let renamed = text.replace("%arg", "%other") + "\n// a remark\n";
    let second = predictor.predict(&renamed).unwrap();
    assert!(second.cached && Arc::ptr_eq(&first.replies, &second.replies));
    let wrong = "func.func @f() {\n  %0 = arith.addf %x, %x : f32\n  return\n}";
    let refused = predictor.predict(wrong).unwrap_err();
    assert!(Arc::ptr_eq(&predictor.predict(wrong).unwrap_err(), &refused), "failures are kept, too");
    let (Refusal::Text(here), Refusal::Text(below)) =
        (&*refused, &*predictor.predict(&format!("\n\n{wrong}")).unwrap_err())
    else {
        panic!("both are wrong texts");
    };
    assert_eq!(here[0].span.start + 2, below[0].span.start, "places belong to the text as it is spelled");
}

#[test]
fn a_batch_answers_like_single_texts_whatever_the_threads() {
    let mut texts = texts();
    texts.truncate(40);
    texts.insert(7, "module {}".into());
    texts.insert(9, STRANGE.into());
    texts.insert(11, "func.func @f() {".into());
    texts.push(texts[2].clone());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let model = model();
    let predictor = |kept| Predictor::new(model.clone(), Settings { kept, ..Settings::default() });
    let single: Vec<_> = texts.iter().map(|text| predictor(0).predict(text)).collect();
    for kept in [0, 4096] {
        let batches: Vec<_> = [1, 3].map(|threads| predictor(kept).predict_batch(&texts, threads)).into();
        assert_eq!(batches[0], batches[1]);
        for (alone, together) in single.iter().zip(&batches[0]) {
            match (alone, together) {
                (Ok(alone), Ok(together)) => assert_eq!(alone.replies, together.replies),
                _ => assert_eq!(alone, together),
            }
        }
        assert_eq!(batches[0].last().unwrap().as_ref().unwrap().cached, kept > 0);
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let predictor = Predictor::new(model(), Settings { text_bytes: 1000, ..Settings::default() });
    let refusal = |text: &str| predictor.predict(text).unwrap_err().to_string();
    assert_eq!(refusal("module {}"), "the text has no function with a body");
    assert_eq!(refusal(""), "the text has no function with a body");
    assert_eq!(refusal(&" ".repeat(1001)), "the text has 1001 bytes; at most 1000 are read");
}

#[test]
fn both_sides_of_a_comparison_can_be_asked_of_one_provider() {
    let model = model();
    for (choice, provider) in [(Choice::Analytical, Provider::Analytical), (Choice::Learned, Provider::Learned)] {
        let predictor = Predictor::new(model.clone(), Settings { choice, ..Settings::default() });
        for text in [STRANGE, &texts()[0]] {
            assert_eq!(predictor.predict(text).unwrap().replies[0].provider, provider);
        }
    }
}

#[test]
fn expensive_operations_explain_the_cycles() {
    let predictor = Predictor::new(model(), Settings { choice: Choice::Analytical, ..Settings::default() });
    let text = "func.func @f(%a: memref<4096xf32>, %b: memref<8xf32>) {
  affine.for %i = 0 to 4096 {
    %0 = affine.load %a[%i] : memref<4096xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %a[%i] : memref<4096xf32>
  }
  affine.for %i = 0 to 8 {
    %0 = affine.load %b[%i] : memref<8xf32>
    affine.store %0, %b[%i] : memref<8xf32>
  }
  return
}";
    let explanation = predictor.explain(text, 0).unwrap();
    let cycles = predictor.outputs().iter().position(|o| o.quantity == Quantity::Cycles).unwrap();
    let names: Vec<&str> = explanation.effects.iter().map(|e| e.operation.as_str()).collect();
    let expected =
        ["affine.for", "affine.load", "arith.mulf", "affine.store", "affine.for", "affine.load", "affine.store"];
    assert_eq!((names.as_slice(), explanation.left_out), (expected.as_slice(), 0));
    let whole = explanation.reply.estimates[cycles].unwrap().value;
    let without = |at: usize| explanation.effects[at].without[cycles].unwrap();
    assert!(without(0) < 0.01 * whole, "nearly all is in the large loop: {} of {whole}", without(0));
    assert!(without(4) > 0.9 * whole, "the small one hardly matters");
}

#[test]
fn an_adapted_target_answers_along_its_line_and_survives_the_file() {
    let mut model = model();
    let output = Output { target: "cpu-new".into(), quantity: Quantity::Cycles };
    let learned = Line { intercept: 0.5, slope: 1.0, half: 0.1 };
    let adaptation = Adaptation { output, base: "cpu-a".into(), rows: 30, learned, analytical: None };
    model.adaptations = vec![adaptation];
    let read = CostModel::from_bytes(&model.to_bytes()).unwrap();
    assert_eq!(read.adaptations, model.adaptations);
    assert_eq!(read.targets(), ["cpu-a", "cpu-b", "design", "cpu-new"]);
    let predictor = Predictor::new(read, Settings::default());
    let reply = predictor.predict(&texts()[3]).unwrap().replies[0].clone();
    let of = |target: &str| {
        let at = predictor.outputs().iter().position(|o| o.target == target && o.quantity == Quantity::Cycles);
        reply.estimates[at.unwrap()].unwrap()
    };
    let (known, new) = (of("cpu-a"), of("cpu-new"));
    let ratio = (1.0 + new.value) / (1.0 + known.value);
    assert!((ratio / libm::exp(0.5) - 1.0).abs() < 1e-4, "{ratio}");
    assert!(new.low < new.value && new.value < new.high);
    let refused = |change: &dyn Fn(&mut Adaptation)| {
        let mut other = model.clone();
        change(&mut other.adaptations[0]);
        CostModel::from_bytes(&other.to_bytes()).unwrap_err().to_string()
    };
    let message = "the model is inconsistent: the adaptation for cycles on";
    assert!(refused(&|a| a.base = "cpu-z".into()).starts_with(message));
    assert!(refused(&|a| a.output.target = "cpu-a".into()).starts_with(message));
    assert!(refused(&|a| a.learned.half = -1.0).starts_with(message));
}
