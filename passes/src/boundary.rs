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

#[repr(C)]
struct RawScore<'a> {
    known: bool,
    cost: f64,
    low: f64,
    high: f64,
    novelty: f64,
    spills: f64,
    why: Text<'a>,
}

#[repr(C)]
struct RawOptions<'a> {
    decisions: Text<'a>,
    steps: Text<'a>,
    margin: f64,
    unroll_margin: f64,
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
    pub cost: Result<[f64; 3], String>,
    /// Novelty score.
    pub novelty: f64,
    /// Spills, if they are known.
    pub spills: Option<f64>,
}

/// Returns one score for each text.
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
        let [cost, low, high] = from.cost.clone().unwrap_or_default();
        let why = Text { data: why.as_ptr(), length: why.len(), text: PhantomData };
        let spills = from.spills.unwrap_or(-1.0);
        *to = RawScore { known: from.cost.is_ok(), cost, low, high, novelty: from.novelty, spills, why };
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
        margin: options.margin,
        unroll_margin: options.unroll_margin,
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
