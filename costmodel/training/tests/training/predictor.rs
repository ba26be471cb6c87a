//! The cascade: who answers, that answers do not depend on company, bad input.

use std::sync::Arc;

use corpus::kernels::{FamilySet, Form, kernels};
use costmodel::bounds::Bound;
use costmodel::input::Scheme;
use costmodel::predictor::{Assumption, Assumptions, Choice, Predictor, Provider, Refusal, Reply, Settings};
use costmodel::quantity::{Output, Quantity, outputs};
use costmodel::query::QueryReader;
use costmodel::reason::{Reason, ReasonKind};
use costmodel::shipped::{Adaptation, CostModel, Line, RatioTable, Widths};
use costmodel::warning::{Warning, WarningKind};
use ir::Limits;
use ir::tokenizer::Tokenizer;
use ir::vocabulary::Counts;
use training::blend::BlendParameters;
use training::dataset::{Dataset, Sample};
use training::fit::{Fit, Rows, Run};
use training::intervals::HeldOut;
use training::trees::TreesParameters;
use training::{intervals, novelty, ratios};

use crate::support::card;

fn texts() -> Vec<String> {
    kernels(FamilySet::Core, 1, 120).iter().map(|kernel| kernel.source(Form::Affine, 0)).collect()
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
    let outputs = outputs(&["cpu-a", "cpu-b"], &["design"], &[]);
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
    let trees = TreesParameters { trees: 20, rows_per_leaf: 2, doubt_trees: 0, ..BlendParameters::default().trees };
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
        ratios: RatioTable::default(),
        adaptations: vec![],
    };
    let answers = |of: &dyn Fn(usize) -> Vec<Option<(f32, f32)>>| all.iter().map(|&row| of(row)).collect();
    let inputs: Vec<_> = data.samples().iter().map(|s| s.input.clone()).collect();
    let learned =
        answers(&|row| model.trees.scaled(&inputs[row]).into_iter().map(|answer| Some((answer, 0.0))).collect());
    let analytical = answers(&|row| model.analytical_scaled(&inputs[row]));
    let learned = HeldOut { rows: all.clone(), answers: learned };
    (model.widths, model.ratios) = (intervals::fit(&data, &learned), ratios::fit(&data, &learned));
    model.analytical_widths = intervals::fit(&data, &HeldOut { rows: all.clone(), answers: analytical });
    model
}

const STRANGE: &str = "func.func @odd(%q: !quantum.bit) {
  quantum.gate %q {angle = 3 : i32} : !quantum.bit
  quantum.measure %q : !quantum.bit
  return
}";

#[test]
fn the_familiar_is_predicted_and_the_strange_is_unknown_with_reasons() {
    let predictor = Predictor::new(model(), Settings::default());
    let text = &texts()[3];
    let answer = predictor.predict(text).expect("a good text");
    let reply = &answer.replies[0];
    assert_eq!((reply.provider, reply.in_distribution(), answer.cached), (Provider::Learned, true, false));
    for estimate in reply.estimates.iter() {
        let estimate = estimate.expect("the model answers all");
        assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{estimate:?}");
    }
    assert_eq!(reply.reasons, []);
    let strange = predictor.predict(STRANGE).expect("any dialect is read");
    let reply = &strange.replies[0];
    assert_eq!((reply.function.as_str(), reply.provider), ("odd", Provider::Learned));
    assert!(reply.ood_score > 1.0);
    assert!(reply.estimates.iter().all(Option::is_none), "nothing is known: {:?}", reply.estimates);
    let names: Vec<_> = reply.reasons.iter().map(|r| (r.kind, r.place.as_ref().unwrap())).collect();
    let short: Vec<_> = names.iter().map(|(kind, p)| (*kind, p.operation.as_str(), p.line, p.column)).collect();
    assert_eq!(
        short,
        [(ReasonKind::Operation, "quantum.gate", 2, 3), (ReasonKind::Operation, "quantum.measure", 3, 3)]
    );
    // Reasons name what the model predicts, so nothing of GPUs.
    let own = |q: Quantity| predictor.outputs().iter().any(|output| output.quantity == q);
    assert!(reply.reasons.iter().all(|reason| Quantity::ALL.into_iter().all(|q| reason.concerns(q) == own(q))));
}

#[test]
fn ratios_have_intervals_around_the_learned_model_only() {
    use costmodel::compare::{NoRatio, Verdict};
    let reply = |predictor: &Predictor, text: &str| predictor.predict(text).expect("a good text").replies[0].clone();
    let mut model = model();
    let count = model.outputs().len();
    let (one, other) = (&texts()[3], &texts()[4]);
    let widths = Widths { floors: vec![0.1; count], factors: vec![0.5; count] };
    model.ratios = RatioTable { widths, pairs: 9 };
    let with = Predictor::new(model.clone(), Settings::default());
    let [first, second] = [one, other].map(|text| reply(&with, text));
    // Instructions and cycles on two processors, latency on a design.
    assert_eq!(with.ratios(&first, &second).len(), 5);
    for compared in with.ratios(&first, &second) {
        let ratio = compared.ratio.expect("both are known");
        let (low, high) = ratio.interval.expect("there is a table");
        assert!(low <= ratio.value && ratio.value <= high && compared.missing.is_none());
        assert_eq!(ratio.verdict() == Some(Verdict::Faster), high < 1.0);
    }
    for compared in with.ratios(&first, &first) {
        let ratio = compared.ratio.expect("both are known");
        assert_eq!((ratio.value, ratio.verdict()), (1.0, Some(Verdict::Within)));
    }
    let unknown = with.ratios(&first, &reply(&with, STRANGE));
    assert!(unknown.iter().all(|c| c.ratio.is_none() && matches!(c.missing, Some(NoRatio::Unknown(1, _)))));
    let analytical = Predictor::new(model, Settings { choice: Choice::Analytical, ..Settings::default() });
    let [first, second] = [one, other].map(|text| reply(&analytical, text));
    let cycles = |c: &costmodel::compare::Compared| analytical.outputs()[c.output].quantity == Quantity::Cycles;
    for compared in analytical.ratios(&first, &second).iter().filter(|c| cycles(c)) {
        assert!(compared.ratio.is_some_and(|ratio| ratio.interval.is_none()));
        assert_eq!(compared.missing, Some(NoRatio::Provider));
    }
}

const OPEN: &str = "func.func private @outside(f32) -> f32
func.func @open(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %0 = memref.load %a[%i] : memref<?xf32>
    %1 = arith.mulf %0, %0 : f32
    memref.store %1, %a[%i] : memref<?xf32>
  }
  return
}
func.func @calls(%x: f32) -> f32 {
  %0 = func.call @outside(%x) : (f32) -> f32
  return %0 : f32
}";

#[test]
fn what_the_text_leaves_open_is_unknown_until_it_is_assumed() {
    let predictor = Predictor::new(model(), Settings::default());
    let at = |quantity| predictor.outputs().iter().position(|o| o.quantity == quantity).unwrap();
    let (cycles, spills) = (at(Quantity::Cycles), at(Quantity::Spills));
    let replies = predictor.predict(OPEN).unwrap().replies;
    let names: Vec<&str> = replies.iter().map(|reply| reply.function.as_str()).collect();
    assert_eq!(names, ["outside", "open", "calls"]);
    let [outside, open, calls] = &replies[..] else { panic!("three functions") };
    assert!(outside.estimates.iter().chain(&calls.estimates).all(Option::is_none));
    let kinds = |reply: &Reply| reply.reasons.iter().map(|reason| reason.kind).collect::<Vec<_>>();
    assert_eq!(outside.reasons[0].to_string(), "line 1, column 1: func.func: declaration without a body");
    assert_eq!(
        (kinds(outside), kinds(open), kinds(calls)),
        (vec![ReasonKind::Declaration], vec![ReasonKind::TripCount], vec![ReasonKind::Callee])
    );
    // The code is known, how often it runs is not.
    assert_eq!((open.estimates[cycles], open.estimates[spills].is_some()), (None, true));
    let why: Vec<&Reason> = open.why(Quantity::Cycles).collect();
    assert_eq!((why.len(), why[0].value.as_deref()), (1, Some("%n")));
    assert_eq!(why[0].assumption.as_deref(), Some("trip=%n:_"));
    assert_eq!(open.why(Quantity::Spills).count(), 0);
    let assuming = |text: &str, assumption: &str| {
        let assumptions: Assumptions = [assumption.parse::<Assumption>().unwrap()].into_iter().collect();
        predictor.predict_assuming(text, &assumptions).map(|answer| answer.replies[1].estimates[cycles].unwrap())
    };
    let [few, many, range] = ["trip=%n:64", "trip=%n:4096", "trip=%n:64..4096"].map(|a| assuming(OPEN, a).unwrap());
    assert!(few.value < many.value);
    assert_eq!((range.low, range.high), (few.low.min(many.low), few.high.max(many.high)));
    assert_eq!(range.value, (few.value + many.value) / 2.0);
    // The same loop with a constant bound.
    let constant = OPEN
        .replace("%c1 = arith.constant 1 : index", "%c1 = arith.constant 1 : index\n  %m = arith.constant 64 : index");
    let constant = constant.replace("to %n step", "to %m step");
    let known = predictor.predict(&constant).unwrap().replies[1].estimates[cycles].unwrap();
    assert!((few.value / known.value - 1.0).abs() < 0.05, "{few:?} {known:?}");
    let refusal = assuming(OPEN, "trip=%m:3").unwrap_err();
    assert_eq!(refusal.to_string(), "the text has no value of the name in the assumption `trip=%m:3`");
    // Assumptions are about names: a renamed text is another question.
    let renamed = OPEN.replace("%n", "%m");
    assert!(assuming(&renamed, "trip=%n:64").is_err());
}

#[test]
fn narrow_floating_point_numbers_are_warned_of() {
    let predictor = Predictor::new(model(), Settings::default());
    let text = "func.func @f(%a: memref<8xbf16>, %x: bf16) {
  affine.for %i = 0 to 8 {
    affine.store %x, %a[%i] : memref<8xbf16>
  }
  return
}";
    let kinds = |text: &str| {
        let replies = predictor.predict(text).unwrap().replies;
        replies[0].warnings.iter().map(Warning::kind).collect::<Vec<_>>()
    };
    assert!(kinds(text).contains(&WarningKind::NarrowFloats));
    assert!(!kinds(&text.replace("bf16", "f32")).contains(&WarningKind::NarrowFloats));
}

#[test]
fn reasons_have_the_places_of_the_text_that_was_asked_about() {
    let predictor = Predictor::new(model(), Settings::default());
    let line = |text: &str| predictor.predict(text).unwrap().replies[0].reasons[0].place.as_ref().unwrap().line;
    let moved = format!("// a remark\n\n{STRANGE}");
    assert_eq!((line(STRANGE), line(&moved), line(STRANGE)), (2, 4, 2));
    let batch = predictor.predict_batch(&[STRANGE, &moved], 2);
    let lines = batch.iter().map(|a| a.as_ref().unwrap().replies[0].reasons[0].place.as_ref().unwrap().line);
    assert_eq!(lines.collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn predictions_beyond_what_a_processor_can_do_are_moved_to_the_bound() {
    let mut model = model();
    // A target with known limits and without work: the trees alone answer next to nothing.
    for output in &mut model.trees.outputs {
        if output.target == "cpu-a" {
            output.target = "znver4".into();
        }
    }
    model.trees.work_sums.0.iter_mut().flatten().for_each(|coefficient| *coefficient = 0.0);
    let predictor = Predictor::new(model, Settings { choice: Choice::Learned, ..Settings::default() });
    let text = "func.func @f(%a: memref<4096xf32>, %b: memref<4096xf32>) {
  affine.for %i = 0 to 4096 {
    %0 = affine.load %a[%i] : memref<4096xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %b[%i] : memref<4096xf32>
  }
  return
}";
    let reply = predictor.predict(text).unwrap().replies[0].clone();
    let of = |target: &str, quantity| {
        let at = predictor.outputs().iter().position(|o| o.target == target && o.quantity == quantity).unwrap();
        (reply.estimates[at].unwrap(), reply.bounded[at])
    };
    let (cycles, bound) = of("znver4", Quantity::Cycles);
    // 4,096 writes of 4 bytes at 64 bytes a cycle.
    assert_eq!((cycles.value, bound), (256.0, Some(Bound::CacheBandwidth)));
    assert!(cycles.low <= cycles.value && cycles.value <= cycles.high);
    let (instructions, bound) = of("znver4", Quantity::Instructions);
    // 4,096 multiplications, 16 of which are one instruction and count twice as a multiply-add.
    assert_eq!((instructions.value, bound), (1.0 + 4096.0 / 32.0, Some(Bound::ExecutedWork)));
    assert_eq!(of("cpu-b", Quantity::Cycles).1, None, "a processor without known limits");
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
    assert_eq!(refusal("module {}"), "the text has no function");
    assert_eq!(refusal(""), "the text has no function");
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
