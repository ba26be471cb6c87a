//! The functions of `cpp/Boundary.h`: the same declarations, and calls of them with closures.

use std::ffi::c_void;
use std::marker::PhantomData;

use melior::ir::Module;

/// A text for the length of a call.
#[repr(C)]
#[derive(Clone, Copy)]
struct Text<'a> {
    data: *const u8,
    length: usize,
    text: PhantomData<&'a str>,
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        Self { data: text.as_ptr(), length: text.len(), text: PhantomData }
    }

    /// The text; what is not UTF-8 is replaced.
    fn read(&self) -> String {
        if self.length == 0 {
            return String::new();
        }
        // SAFETY: the core passes pointers to texts of that length, which live until the callback returns.
        let bytes = unsafe { std::slice::from_raw_parts(self.data, self.length) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Value and ends of an interval.
type Interval = [f64; 3];

#[repr(C)]
struct RawScore<'a> {
    known: bool,
    cost: Interval,
    ratio: Interval,
    novelty: f64,
    spills: f64,
    why: Text<'a>,
}

#[repr(C)]
struct RawOptions<'a> {
    decisions: Text<'a>,
    steps: Text<'a>,
    caution: f64,
    max_novelty: f64,
    verify_margin: f64,
    depth: u32,
    beam: u32,
    max_candidates: u32,
    verify: u32,
    allow_spills: bool,
    reassociate: bool,
    assume_no_alias: bool,
    texts: bool,
    schedule: bool,
    of_design: bool,
}

type RawScorer = extern "C" fn(*mut c_void, *const Text<'static>, usize, *mut RawScore<'static>);
type RawExpired = extern "C" fn(*mut c_void) -> bool;
type RawWrite = extern "C" fn(*mut c_void, Text<'_>);

unsafe extern "C" {
    fn hardwire_passes_prepare(module: *mut c_void);
    fn hardwire_passes_optimize(
        module: *mut c_void,
        options: *const RawOptions<'_>,
        scorer: Option<RawScorer>,
        measurer: Option<RawScorer>,
        expired: Option<RawExpired>,
        user: *mut c_void,
        write: RawWrite,
    ) -> bool;
    fn hardwire_passes_target(module: *mut c_void, user: *mut c_void, write: RawWrite);
    fn hardwire_passes_others(module: *mut c_void, user: *mut c_void, write: RawWrite);
    fn hardwire_passes_compare(
        original: *mut c_void,
        result: *mut c_void,
        seed: u64,
        alias: bool,
        tolerance: f64,
        user: *mut c_void,
        names: RawWrite,
        program: RawWrite,
    );
}

/// What is known of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Cost with its interval, or why there is none.
    pub cost: Result<Interval, String>,
    /// Cost of the original over this one, if the model has an interval of it.
    pub ratio: Option<Interval>,
    /// Novelty score.
    pub novelty: f64,
    /// Spills, if they are known.
    pub spills: Option<f64>,
}

/// Returns one score for each text; the first text is the original.
pub type Scorer<'a> = dyn FnMut(&[String]) -> Vec<Score> + 'a;

/// The callbacks of a search.
pub struct Callbacks<'a> {
    /// Predicts.
    pub scorer: &'a mut Scorer<'a>,
    /// Measures.
    pub measurer: Option<&'a mut Scorer<'a>>,
    /// Whether the time is over.
    pub expired: Option<&'a dyn Fn() -> bool>,
}

/// State of a call, behind its `user` pointer.
struct User<'a, 'b> {
    callbacks: &'b mut Callbacks<'a>,
    /// Reasons of the last scores: the core reads them after the callback.
    reasons: Vec<String>,
    written: String,
}

fn raw(module: &Module<'_>) -> *mut c_void {
    module.as_operation().to_raw().ptr
}

fn texts_of(texts: *const Text<'static>, count: usize) -> Vec<String> {
    // SAFETY: the core passes `count` texts, at least one.
    unsafe { std::slice::from_raw_parts(texts, count) }.iter().map(Text::read).collect()
}

fn answer(user: &mut User<'_, '_>, found: Vec<Score>, out: *mut RawScore<'static>, count: usize) {
    user.reasons = found.iter().map(|score| score.cost.clone().err().unwrap_or_default()).collect();
    // SAFETY: the core passes room for `count` scores.
    let out = unsafe { std::slice::from_raw_parts_mut(out, count) };
    for ((to, from), why) in out.iter_mut().zip(&found).zip(&user.reasons) {
        let cost = from.cost.clone().unwrap_or_default();
        let why = Text { data: why.as_ptr(), length: why.len(), text: PhantomData };
        let spills = from.spills.unwrap_or(-1.0);
        let ratio = from.ratio.unwrap_or_default();
        *to = RawScore { known: from.cost.is_ok(), cost, ratio, novelty: from.novelty, spills, why };
    }
}

extern "C" fn score(user: *mut c_void, texts: *const Text<'static>, count: usize, out: *mut RawScore<'static>) {
    // SAFETY: `user` is the one of `search`, and calls are on its thread.
    let user = unsafe { &mut *user.cast::<User<'_, '_>>() };
    let found = (user.callbacks.scorer)(&texts_of(texts, count));
    answer(user, found, out, count);
}

extern "C" fn measure(user: *mut c_void, texts: *const Text<'static>, count: usize, out: *mut RawScore<'static>) {
    // SAFETY: as in `score`.
    let user = unsafe { &mut *user.cast::<User<'_, '_>>() };
    let Some(measurer) = &mut user.callbacks.measurer else { return };
    let found = measurer(&texts_of(texts, count));
    answer(user, found, out, count);
}

extern "C" fn expired(user: *mut c_void) -> bool {
    // SAFETY: as in `score`.
    let user = unsafe { &*user.cast::<User<'_, '_>>() };
    user.callbacks.expired.is_some_and(|expired| expired())
}

extern "C" fn write_result(user: *mut c_void, text: Text<'_>) {
    // SAFETY: as in `score`.
    unsafe { &mut *user.cast::<User<'_, '_>>() }.written = text.read();
}

extern "C" fn append(lines: *mut c_void, text: Text<'_>) {
    // SAFETY: `lines` is a vector of the caller in this file.
    unsafe { &mut *lines.cast::<Vec<String>>() }.push(text.read());
}

/// Decides about the functions of a module and changes it; `of_design` says that scores are those of a simulated design.
/// Returns the decisions and the script as JSON.
///
/// # Errors
/// An option is malformed.
pub fn search(
    module: &mut Module<'_>,
    options: &crate::terms::Options,
    of_design: bool,
    callbacks: &mut Callbacks<'_>,
) -> Result<String, String> {
    let decisions: Vec<&str> = options.kinds.iter().map(|kind| kind.name()).collect();
    let decisions = decisions.join(",");
    let options = RawOptions {
        decisions: Text::of(&decisions),
        steps: Text::of(options.steps.as_deref().unwrap_or_default()),
        caution: options.caution,
        max_novelty: options.max_novelty,
        verify_margin: options.verify_margin,
        depth: options.depth,
        beam: options.beam,
        max_candidates: options.max_candidates,
        verify: options.verify,
        allow_spills: options.allow_spills,
        reassociate: options.reassociate,
        assume_no_alias: options.assume_no_alias,
        texts: options.texts,
        schedule: options.schedule,
        of_design,
    };
    let measurer = callbacks.measurer.is_some().then_some(measure as RawScorer);
    let mut user = User { callbacks, reasons: Vec::new(), written: String::new() };
    let state: *mut c_void = (&raw mut user).cast();
    // SAFETY: the module is a valid operation, and all pointers live until the call returns.
    let is_valid = unsafe {
        hardwire_passes_prepare(raw(module));
        hardwire_passes_optimize(
            raw(module),
            &raw const options,
            Some(score),
            measurer,
            Some(expired),
            state,
            write_result,
        )
    };
    if is_valid { Ok(user.written) } else { Err(user.written) }
}

/// The processor that a module names.
pub fn target(module: &Module<'_>) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    // SAFETY: the module is a valid operation; `append` gets the vector.
    unsafe { hardwire_passes_target(raw(module), (&raw mut lines).cast(), append) };
    lines.pop()
}

/// The operations of a module that no decision is about.
pub fn passed_over(module: &Module<'_>) -> Vec<crate::terms::PassedOver> {
    let mut lines: Vec<String> = Vec::new();
    // SAFETY: the module is a valid operation; `append` gets the vector.
    unsafe { hardwire_passes_others(raw(module), (&raw mut lines).cast(), append) };
    serde_json::from_str(&lines.pop().unwrap_or_default()).expect("the core writes a list")
}

/// The functions that two modules share, each with the reason why it is not run, and the program that compares them.
pub fn comparison(
    original: &Module<'_>,
    result: &Module<'_>,
    seed: u64,
    alias: bool,
    tolerance: f64,
) -> (Vec<(String, Option<String>)>, String) {
    let mut lines: Vec<String> = Vec::new();
    // SAFETY: both are valid modules; `append` gets the vector.
    unsafe {
        let user: *mut c_void = (&raw mut lines).cast();
        hardwire_passes_compare(raw(original), raw(result), seed, alias, tolerance, user, append, append);
    }
    let program = lines.pop().unwrap_or_default();
    let read = |line: String| {
        let (name, why) = line.split_once('\t').unwrap_or((&line, ""));
        (name.to_owned(), (!why.is_empty()).then(|| why.to_owned()))
    };
    (lines.into_iter().map(read).collect(), program)
}

/// The rules of the choice, with scores that are made up.
#[cfg(test)]
mod tests {
    use ir::mlir::bridge::Bridge;

    use super::*;
    use crate::decision::{Decision, Verdict};
    use crate::optimize::READ;
    use crate::terms::{Kind, Options};

    /// Candidates of unrolling: by 2, 4 and 8.
    const LOOP: &str = "func.func @f(%a: memref<640xf32>) {
  affine.for %i = 0 to 640 {
    %0 = affine.load %a[%i] : memref<640xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i] : memref<640xf32>
  }
  return
}";

    fn options() -> Options {
        Options { kinds: vec![Kind::Unroll], depth: 1, ..Options::default() }
    }

    /// A score with this ratio of the original to it.
    fn ratio(value: f64, low: f64, high: f64) -> Score {
        let cost = Ok([1000.0 / value, 1.0, 1e6]);
        Score { cost, ratio: Some([value, low, high]), novelty: 0.0, spills: Some(0.0) }
    }

    fn spilling(score: Score) -> Score {
        Score { spills: Some(2.0), ..score }
    }

    fn cost(cost: f64, spills: f64) -> Score {
        Score { cost: Ok([cost; 3]), ratio: None, novelty: 0.0, spills: Some(spills) }
    }

    /// Measures so many texts.
    type Measured<'a> = &'a dyn Fn(usize) -> Vec<Score>;

    /// The decision with scores of the candidates in their order.
    fn decide(options: &Options, scores: &[Score], measured: Option<Measured<'_>>) -> Decision {
        let bridge = Bridge::new();
        let mut module = bridge.parse(LOOP, READ).unwrap();
        let mut scorer = |texts: &[String]| {
            assert!(!texts[0].contains("step"), "the first text is the original");
            assert_eq!(texts.len(), scores.len() + 1);
            let original = ratio(1.0, 1.0, 1.0);
            [original].into_iter().chain(scores.iter().cloned()).collect()
        };
        let mut measured = measured.map(|of| move |texts: &[String]| of(texts.len()));
        let measurer = measured.as_mut().map(|measured| measured as &mut Scorer<'_>);
        let mut callbacks = Callbacks { scorer: &mut scorer, measurer, expired: None };
        let report = search(&mut module, options, false, &mut callbacks).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        serde_json::from_value(report["decisions"][0].clone()).unwrap()
    }

    #[test]
    fn a_gain_must_be_certain_enough() {
        // The largest ratio is the least certain one.
        let scores = [ratio(2.0, 1.3, 3.0), ratio(3.0, 0.4, 9.0), ratio(1.1, 1.05, 1.2)];
        for (caution, steps) in [(0.0, "unroll:0:4"), (0.5, "unroll:0:4"), (0.6, "unroll:0:2"), (1.0, "unroll:0:2")] {
            let decision = decide(&Options { caution, ..options() }, &scores, None);
            assert_eq!(decision.steps, steps, "caution {caution}");
        }
        let decision = decide(&options(), &scores, None);
        assert_eq!(decision.predicted_ratio, Some(2.0));
        assert_eq!(decision.chosen().ratio_high, Some(3.0));
        let unsure = [ratio(2.0, 0.5, 8.0), ratio(0.5, 0.4, 0.6), ratio(1.0, 1.0, 1.0)];
        let kept = decide(&options(), &unsure, None);
        let why = "the best candidate, unroll:0:2, is predicted at 2.00x, between 0.50x and 8.00x: no certain gain";
        assert_eq!((kept.steps.as_str(), kept.kept.as_deref()), ("keep", Some(why)));
    }

    #[test]
    fn spills_must_pay_beyond_doubt() {
        let free = ratio(1.5, 1.3, 1.8);
        let scores = |low| [free.clone(), spilling(ratio(2.0, low, 3.0)), ratio(0.5, 0.4, 0.6)];
        assert_eq!(decide(&options(), &scores(1.6), None).steps, "unroll:0:4");
        let decision = decide(&options(), &scores(1.4), None);
        assert_eq!(decision.steps, "unroll:0:2", "the low end is below what is possible without spills");
        assert_eq!(decision.candidates[2].verdict, Verdict::Spills);
        let allowed = Options { allow_spills: true, ..options() };
        assert_eq!(decide(&allowed, &scores(1.4), None).steps, "unroll:0:4");
        let all = [0.9, 0.8, 0.7].map(|low| spilling(ratio(2.0, low, 3.0)));
        let kept = decide(&options(), &all, None).kept.unwrap();
        assert!(kept.ends_with("between 0.90x and 3.00x, and spills"), "{kept}");
    }

    #[test]
    fn novel_candidates_are_dropped() {
        let scores = [ratio(1.5, 1.3, 1.8), Score { novelty: 1.2, ..ratio(4.0, 3.0, 5.0) }, ratio(0.5, 0.4, 0.6)];
        let decision = decide(&options(), &scores, None);
        assert_eq!(decision.steps, "unroll:0:2");
        assert_eq!(decision.candidates[2].verdict, Verdict::Unfamiliar);
        assert_eq!(decide(&Options { max_novelty: 2.0, ..options() }, &scores, None).steps, "unroll:0:4");
    }

    /// Without an interval of the ratio those of both costs decide: that of the original is 1 to 1,000,000 here.
    #[test]
    fn without_an_interval_of_the_ratio_both_intervals_count() {
        let scores = [500.0, 250.0, 125.0].map(|value| Score { ratio: None, ..cost(value, 0.0) });
        let decision = decide(&options(), &scores, None);
        assert_eq!(decision.steps, "keep");
        let candidate = &decision.candidates[3];
        assert!((candidate.ratio.unwrap() - 1001.0 / 126.0).abs() < 1e-9, "{candidate:?}");
        assert!((candidate.ratio_low.unwrap() - 2.0 / 126.0).abs() < 1e-9, "{candidate:?}");
        assert_eq!(decide(&Options { caution: 0.0, ..options() }, &scores, None).steps, "unroll:0:8");
    }

    /// What is measured: the steps of the candidates that have measured costs.
    fn tried(decision: &Decision) -> Vec<&str> {
        let measured = decision.candidates.iter().filter(|one| one.measured.is_some());
        measured.map(|one| one.steps.as_str()).collect()
    }

    #[test]
    fn what_could_be_best_is_measured() {
        let scores =
            [ratio(1.5, 1.3, 1.8), spilling(ratio(1.4, 0.5, 4.0)), Score { novelty: 9.0, ..ratio(1.2, 0.2, 7.0) }];
        let same = |texts| vec![cost(100.0, 0.0); texts];
        let decide = |verify, scores: &[Score]| decide(&Options { verify, ..options() }, scores, Some(&same));
        assert_eq!(tried(&decide(1, &scores)), ["keep", "unroll:0:8"], "novelty is settled by measuring");
        let decision = decide(2, &scores);
        assert_eq!(tried(&decision), ["keep", "unroll:0:4", "unroll:0:8"], "and so are spills");
        assert_eq!(decision.kept.as_deref(), Some("no candidate measures better by 1.02"));
    }

    #[test]
    fn measured_spills_must_be_faster_than_what_has_none() {
        let scores = [ratio(1.0, 0.9, 1.1), ratio(1.0, 0.9, 1.1), ratio(1.0, 0.9, 1.1)];
        let decide = |costs: [Score; 3], allow_spills| {
            let measured = |texts| {
                assert_eq!(texts, 4);
                [cost(100.0, 1.0)].into_iter().chain(costs.iter().cloned()).collect()
            };
            decide(&Options { verify: 3, allow_spills, ..options() }, &scores, Some(&measured)).steps
        };
        assert_eq!(decide([cost(90.0, 1.0), cost(60.0, 2.0), cost(99.0, 0.0)], false), "unroll:0:4");
        assert_eq!(decide([cost(61.0, 1.0), cost(60.0, 2.0), cost(99.0, 0.0)], false), "unroll:0:2");
        assert_eq!(decide([cost(61.0, 1.0), cost(60.0, 2.0), cost(99.0, 0.0)], true), "unroll:0:4");
        assert_eq!(decide([cost(110.0, 0.0), cost(99.0, 2.0), cost(99.0, 0.0)], false), "keep");
    }

    /// Orders of three loops are predicted best, but one of them is continued, and one unrolled and jammed loop.
    #[test]
    fn sequences_of_different_kinds_are_continued() {
        let bridge = Bridge::new();
        let body = "%0 = affine.load %a[%i, %j, %k] : memref<8x8x8xf32>
          affine.store %0, %b[%i, %j, %k] : memref<8x8x8xf32>";
        let text = format!(
            "func.func @f(%a: memref<8x8x8xf32>, %b: memref<8x8x8xf32>) {{
  affine.for %i = 0 to 8 {{ affine.for %j = 0 to 8 {{ affine.for %k = 0 to 8 {{ {body} }} }} }}
  return
}}"
        );
        let mut module = bridge.parse(&text, READ).unwrap();
        let is_copied = |text: &String| text.contains("step") || text.matches("affine.for").count() < 3;
        let better = |text: &String| if is_copied(text) { ratio(2.0, 1.9, 2.1) } else { ratio(3.0, 2.9, 3.1) };
        let mut scorer = |texts: &[String]| texts.iter().map(better).collect();
        let mut callbacks = Callbacks { scorer: &mut scorer, measurer: None, expired: None };
        let kinds = vec![Kind::Interchange, Kind::Jam, Kind::Unroll];
        let report =
            search(&mut module, &Options { kinds, beam: 2, ..Options::default() }, false, &mut callbacks).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let decision: Decision = serde_json::from_value(report["decisions"][0].clone()).unwrap();
        let pairs = decision.candidates.iter().filter_map(|one| one.steps.split_once('+'));
        let mut continued: Vec<&str> = pairs.map(|(first, _)| first).collect();
        continued.dedup();
        assert_eq!(continued, ["interchange:0:0x2x1", "jam:0:2"]);
    }

    /// Every level of a sequence is compared with the original.
    #[test]
    fn each_query_starts_with_the_original() {
        let bridge = Bridge::new();
        let text = LOOP.replace("affine.for %i = 0 to 640 {", "affine.for %j = 0 to 64 {\naffine.for %i = 0 to 640 {");
        let text = text.replace("  return", "  }\n  return");
        let mut module = bridge.parse(&text, READ).unwrap();
        let mut queries: Vec<Vec<String>> = Vec::new();
        let mut scorer = |texts: &[String]| {
            queries.push(texts.to_vec());
            let better = |at: usize| if at == 0 { ratio(1.0, 1.0, 1.0) } else { ratio(2.0, 1.9, 2.1) };
            (0..texts.len()).map(better).collect::<Vec<_>>()
        };
        let mut callbacks = Callbacks { scorer: &mut scorer, measurer: None, expired: None };
        let options = Options { kinds: vec![Kind::Interchange, Kind::Unroll], ..Options::default() };
        search(&mut module, &options, false, &mut callbacks).unwrap();
        assert_eq!(queries.len(), 2);
        assert_eq!(queries[0][0], queries[1][0]);
        assert!(queries.iter().all(|texts| texts.len() > 1));
    }
}
