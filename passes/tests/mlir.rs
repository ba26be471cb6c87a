//! The core through the crate (feature `mlir`): rules of the choice, legality, and results that are run.

use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::CostModel;
use passes::{Decision, Kind, Optimized, Options, PassError, Question, Verdict, check, optimize, target_of};

const MATMUL: &str = "func.func @matmul(%a: memref<24x24xf32>, %b: memref<24x24xf32>, %c: memref<24x24xf32>) {
  affine.for %i = 0 to 24 {
    affine.for %j = 0 to 24 {
      affine.for %k = 0 to 24 {
        %0 = affine.load %a[%i, %k] : memref<24x24xf32>
        %1 = affine.load %b[%k, %j] : memref<24x24xf32>
        %2 = affine.load %c[%i, %j] : memref<24x24xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<24x24xf32>
      }
    }
  }
  return
}";

fn run_for(text: &str, target: &str, options: &Options) -> Result<Optimized, PassError> {
    let settings = Settings { choice: Choice::Learned, ..Settings::default() };
    let predictor = Predictor::new(CostModel::shipped().unwrap(), settings);
    let output = Output { target: target.to_owned(), quantity: Quantity::Cycles };
    optimize(text, options, Question { predictor: &predictor, output: &output, expired: None, measurer: None })
}

/// A design sees the iteration space of a nest, not its loops; counts of copied bodies would be predicted as less work.
#[test]
fn a_design_keeps_every_nest() {
    let settings = Settings { choice: Choice::Learned, ..Settings::default() };
    let predictor = Predictor::new(CostModel::shipped().unwrap(), settings);
    let blocks = include_str!("../kernels/blocks.mlir");
    for text in [MATMUL, blocks] {
        for quantity in [Quantity::XpuLatencyCycles, Quantity::XpuUtilization] {
            let output = Output { target: "hnlpu".to_owned(), quantity };
            let question = Question { predictor: &predictor, output: &output, expired: None, measurer: None };
            let result = optimize(text, &Options::default(), question).unwrap();
            assert!(!result.decisions.is_empty());
            for decision in &result.decisions {
                assert_eq!(decision.steps, "keep");
                assert!(decision.kept.as_ref().unwrap().starts_with("a design runs a nest"), "{decision:?}");
            }
            assert!(!result.text.contains("step 2"), "nothing is unrolled");
        }
    }
    // Steps that are given are taken: they ask for no decision.
    let output = Output { target: "hnlpu".to_owned(), quantity: Quantity::XpuLatencyCycles };
    let question = Question { predictor: &predictor, output: &output, expired: None, measurer: None };
    let options = Options { steps: Some("unroll:2:4".to_owned()), ..Options::default() };
    assert_eq!(optimize(MATMUL, &options, question).unwrap().decisions[0].steps, "unroll:2:4");
}

fn run(text: &str, options: &Options) -> Optimized {
    run_for(text, "znver4", options).unwrap()
}

/// Whatever the model says, a choice follows the rules.
fn obeys_the_rules(decision: &Decision, options: &Options) {
    let first = &decision.candidates[0];
    let chosen = decision.chosen();
    assert_eq!(decision.steps == "keep", decision.kept.is_some(), "{decision:?}");
    if decision.kept.is_some() {
        assert_eq!(chosen.steps, "keep");
        return;
    }
    let [ratio, low] = [chosen.ratio, chosen.ratio_low].map(Option::unwrap);
    assert!((ratio - first.predicted.unwrap() / chosen.predicted.unwrap()).abs() < 1e-9 * ratio, "{decision:?}");
    let is_certain = |one: &&passes::Candidate| {
        let [ratio, low] = [one.ratio, one.ratio_low].map(Option::unwrap);
        ratio * libm::pow(low / ratio, options.caution) > 1.0
    };
    assert!(is_certain(&chosen), "{decision:?}");
    assert!(chosen.ood_score.unwrap() <= options.max_novelty);
    let open = decision.candidates.iter().filter(|c| c.verdict == Verdict::NotBetter && c.steps != "keep");
    let mut certain = open.filter(is_certain).map(|other| other.ratio.unwrap());
    if chosen.predicted_spills.unwrap() > first.predicted_spills.unwrap().max(0.0) {
        assert!(certain.all(|other| other < low), "{decision:?}");
    } else {
        assert!(certain.all(|other| other <= ratio), "{decision:?}");
    }
}

#[test]
fn choices_follow_caution_novelty_and_spills() {
    let blocks = include_str!("../kernels/blocks.mlir");
    let mut changed = Vec::new();
    for caution in [0.0, 0.3, Options::CAUTION, 10.0] {
        let options = Options { caution, depth: 1, ..Options::default() };
        let decisions = run(blocks, &options).decisions;
        decisions.iter().for_each(|decision| obeys_the_rules(decision, &options));
        changed.push(decisions.iter().filter(|decision| decision.kept.is_none()).count());
    }
    assert!(changed.is_sorted_by(|before, after| before >= after) && changed[0] > changed[3], "{changed:?}");
    let nothing_is_familiar = Options { max_novelty: -1.0, depth: 1, ..Options::default() };
    let kept = run(MATMUL, &nothing_is_familiar);
    assert!(kept.decisions[0].kept.as_ref().unwrap().contains("novelty score"), "{kept:?}");
}

/// What the shipped model decides about the kernels in one step; `HARDWIRE_BLESS=1` writes the file.
#[test]
fn decisions_about_the_kernels_are_those_of_the_file() {
    const PATH: &str = "tests/decisions.txt";
    let mut lines = String::new();
    for text in [include_str!("../kernels/nests.mlir"), include_str!("../kernels/blocks.mlir")] {
        let options = Options { depth: 1, ..Options::default() };
        for decision in run_for(text, "skylake-avx512", &options).unwrap().decisions {
            let what = if decision.nests == 2 { "pair" } else { "nest" };
            lines += &format!("{} {what} {} {}\n", decision.function, decision.nest, decision.steps);
        }
    }
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(PATH, &lines).unwrap();
    }
    let known = std::fs::read_to_string(PATH).unwrap();
    let changed: Vec<(&str, &str)> = known.lines().zip(lines.lines()).filter(|(old, new)| old != new).collect();
    assert!(known == lines, "HARDWIRE_BLESS=1 writes {PATH}; old and new: {changed:#?}");
}

#[test]
fn a_result_computes_the_same_and_a_wrong_one_is_found() {
    for steps in
        ["interchange:0:0x2x1+unroll:2:4", "tile:0:8x8x8", "jam:0:2", "jam:1:4", "interchange:0:0x2x1+vectorize:2:8"]
    {
        let options = Options { steps: Some(steps.to_owned()), ..Options::default() };
        let result = run(MATMUL, &options);
        assert_eq!(result.decisions[0].steps, steps);
        let checked = check(MATMUL, &result.text, 7, false, 0.0).unwrap();
        assert_eq!((checked.len(), checked[0].differing), (1, Some(0)), "{steps}: {checked:?}");
    }
    let wrong = MATMUL.replace("arith.addf %2, %3", "arith.subf %2, %3");
    assert!(check(MATMUL, &wrong, 7, false, 0.0).unwrap()[0].differing.unwrap() > 0);
}

#[test]
fn measured_candidates_are_never_slower_than_the_original() {
    let options = Options { verify: 2, depth: 1, kinds: vec![Kind::Interchange, Kind::Unroll], ..Options::default() };
    let result = run(MATMUL, &options);
    let decision = &result.decisions[0];
    let measured = decision.candidates.iter().filter(|candidate| candidate.measured.is_some()).count();
    assert_eq!(measured, 3, "the original and two candidates: {decision:?}");
    assert!(decision.chosen().measured.unwrap() <= decision.candidates[0].measured.unwrap());
    let ends = |is_measured: bool| {
        let own = decision.candidates[1..].iter().filter(move |one| one.measured.is_some() == is_measured);
        own.filter_map(|one| one.ratio_high)
    };
    let least = ends(true).fold(f64::INFINITY, f64::min);
    assert!(ends(false).all(|other| other <= least), "those that could be best are measured: {decision:?}");
}

#[test]
fn what_is_unknown_is_kept_with_the_reason() {
    let open = "func.func @f(%n: index, %a: memref<?xf32>) {
  affine.for %i = 0 to %n {
    %0 = affine.load %a[%i] : memref<?xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<?xf32>
  }
  return
}";
    let kept = run(open, &Options::default());
    let why = kept.decisions[0].kept.as_ref().unwrap();
    assert!(why.starts_with("its cost is not known: "), "{why}");
    let over = run(open, &Options { max_candidates: 1, ..Options::default() });
    assert_eq!(over.text, kept.text);
}

#[test]
fn bad_input_is_refused() {
    let invalid = "func.func @f() -> i32 {\n  return\n}";
    let error = run_for(invalid, "znver4", &Options::default()).unwrap_err();
    assert!(matches!(&error, PassError::Text(lines) if lines[0].place == Some((2, 3))), "{error:?}");
    let error = run_for(MATMUL, "z80", &Options::default()).unwrap_err();
    assert!(matches!(error, PassError::NotPredicted(_)), "{error:?}");
    let steps = Options { steps: Some("unroll".to_owned()), ..Options::default() };
    assert!(matches!(run_for(MATMUL, "znver4", &steps), Err(PassError::Option(_))));
}

#[test]
fn targets_are_read_from_modules_and_functions() {
    let named = format!("module attributes {{llvm.target_cpu = \"znver4\"}} {{\n{MATMUL}\n}}");
    assert_eq!(target_of(&named).unwrap().as_deref(), Some("znver4"));
    assert_eq!(target_of(MATMUL).unwrap(), None);
    let own = MATMUL.replacen(") {", ") attributes {target_cpu = \"sifive-x280\"} {", 1);
    assert_eq!(target_of(&own).unwrap().as_deref(), Some("sifive-x280"));
}

/// Two nests over the same rows; the second one reads what the first one writes.
const PAIR: &str = "func.func @pair(%a: memref<16x20xf32>, %t: memref<16x20xf32>, %c: memref<16x20xf32>) {
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 20 {
      %0 = affine.load %a[%i, %j] : memref<16x20xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %t[%i, %j] : memref<16x20xf32>
    }
  }
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 20 {
      %0 = affine.load %t[%i, %j] : memref<16x20xf32>
      affine.store %0, %c[%i, %j] : memref<16x20xf32>
    }
  }
  return
}";

#[test]
fn neighbours_are_fused_before_nests_are_decided() {
    let fused = run(PAIR, &Options { steps: Some("fuse:0:2".to_owned()), ..Options::default() });
    assert_eq!(fused.decisions.len(), 1);
    assert_eq!((fused.decisions[0].nests, fused.decisions[0].steps.as_str()), (2, "fuse:0:2"));
    assert_eq!(fused.text.matches("affine.for").count(), 2);
    assert_eq!(check(PAIR, &fused.text, 3, false, 0.0).unwrap()[0].differing, Some(0));
    let ahead = PAIR.replace("load %t[%i, %j]", "load %t[%i, -%j + 19]");
    let refused = run(&ahead, &Options { steps: Some("fuse:0:2".to_owned()), ..Options::default() });
    assert!(refused.decisions[0].kept.as_ref().unwrap().contains("before the first one"), "{refused:?}");
    let free = run(PAIR, &Options { depth: 1, ..Options::default() });
    assert_eq!(free.decisions[0].nests, 2, "fusion comes first: {:?}", free.decisions);
}

#[test]
fn what_no_decision_is_about_is_named() {
    let text = "func.func @f(%a: memref<8x8xf32>, %b: memref<8x8xf32>, %c: memref<8x8xf32>, %n: index) {
  linalg.matmul ins(%a, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>)
  %z = arith.constant 0 : index
  %s = arith.constant 1 : index
  scf.for %i = %z to %n step %s {
    \"other.op\"() : () -> ()
  }
  return
}";
    let kept = run(text, &Options::default());
    let names: Vec<(&str, usize)> = kept.passed_over.iter().map(|one| (one.operation.as_str(), one.line)).collect();
    assert_eq!(names, [("linalg.matmul", 2), ("scf.for", 5), ("other.op", 6)]);
    let lowered =
        run(text, &Options { lower_linalg: true, steps: Some("unroll:2:2".to_owned()), ..Options::default() });
    assert_eq!(lowered.decisions.len(), 1);
    assert!(!lowered.text.contains("linalg.matmul"), "{}", lowered.text);
}

#[test]
fn without_time_nothing_is_compiled() {
    let predictor = Predictor::new(CostModel::shipped().unwrap(), Settings::default());
    let output = Output { target: "znver4".to_owned(), quantity: Quantity::Cycles };
    let asked = std::cell::Cell::new(0);
    // Time for the candidates of the first step, not for compiling.
    let expired = || {
        asked.set(asked.get() + 1);
        asked.get() > 4
    };
    let question = Question { predictor: &predictor, output: &output, expired: Some(&expired), measurer: None };
    let result = optimize(MATMUL, &Options { verify: 3, ..Options::default() }, question).unwrap();
    assert!(result.decisions[0].candidates.iter().all(|one| one.measured.is_none()), "{:?}", result.decisions);
    assert!(result.decisions[0].candidates.len() > 1);
}
#[test]
fn schedules_have_what_stock_operations_do() {
    let schedule = |steps: &str| {
        let options = Options { steps: Some(steps.to_owned()), schedule: true, ..Options::default() };
        run(MATMUL, &options).schedule.unwrap()
    };
    for (steps, operation) in [
        ("jam:0:2+unroll:2:4", "transform.loop.unroll_and_jam"),
        ("unroll:2:full", "transform.loop.unroll %l"),
        ("hoist+jam:1:4", "transform.apply_licm"),
    ] {
        let found = schedule(steps);
        assert_eq!((found.taken, found.omitted.len()), (1, 0), "{steps}: {found:?}");
        assert!(found.text.contains(operation), "{steps}: {}", found.text);
    }
    let refused = schedule("interchange:0:0x2x1+unroll:2:2");
    assert_eq!((refused.taken, refused.omitted.len()), (0, 1));
    assert!(refused.omitted[0].why.contains("permutes"), "{refused:?}");
    assert!(!refused.text.contains("transform.loop"), "a decision is written whole or not at all");
}
