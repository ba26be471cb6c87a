//! Measures the decisions on a file of loop nests against exhaustive search: `make measure-passes`.
//!
//! Every legal candidate is compiled and measured as labels are made. The regret of a choice is its measured cost over that of
//! the best candidate. Measured costs are kept in a journal by the text of the candidate, so an interrupted run goes on where it
//! ended. Prints tables as Markdown; `--document` writes them between the marks of a document.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measurement of time, printed with few digits"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::CostModel;
use ir::mlir::bridge::Bridge;
use passes::{Candidate, Cost, Decision, Kind, Measure, Measurer, Options, PassError, Question, Verdict, optimize};
use serde::{Deserialize, Serialize};

type Failure = Box<dyn Error>;

const USAGE: &str = "usage: regret TARGET JOURNAL FILE... [--document FILE] [--nests FILE]";

/// What is compared. The random choice counts each candidate once.
const STRATEGIES: [&str; 7] =
    ["model", "model, verify 3", "analytical model", "keep", "LLVM unrolls", "MLIR's pass", "random"];

/// Values of `--caution` and `--verify` that are tried on all decisions.
const CAUTIONS: [f64; 6] = [0.0, 0.2, 0.4, 0.7, Options::CAUTION, 1.3];
const VERIFIED: [u32; 5] = [1, 2, 3, 5, 8];

/// A line of the journal.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    target: String,
    /// Whether LLVM unrolled loops itself.
    unrolled: bool,
    text: String,
    cycles: Option<f64>,
    spills: u32,
    /// Seconds that compiling and measuring took.
    seconds: f64,
    why: Option<String>,
}

/// Measures texts that the journal does not have.
struct Journal<'a> {
    output: &'a Output,
    unrolled: bool,
    known: &'a mut BTreeMap<(bool, String), Entry>,
    file: &'a File,
    measurer: Option<Measurer>,
}

impl Journal<'_> {
    fn entry(&mut self, text: &str) -> Result<&Entry, Failure> {
        let key = (self.unrolled, text.to_owned());
        if !self.known.contains_key(&key) {
            if self.measurer.is_none() {
                let measurer = Measurer::new(self.output)?;
                self.measurer = Some(if self.unrolled { measurer.unrolling() } else { measurer });
            }
            let measurer = self.measurer.as_mut().ok_or("no measurer")?;
            let start = Instant::now();
            let found = measurer.measure(&[text.to_owned()]).remove(0);
            let seconds = start.elapsed().as_secs_f64();
            let (cost, why) = match found {
                Ok(cost) => (Some(cost), None),
                Err(why) => (None, Some(why)),
            };
            let entry = Entry {
                target: self.output.target.clone(),
                unrolled: self.unrolled,
                text: text.to_owned(),
                cycles: cost.map(|cost| cost.cost),
                spills: cost.map_or(0, |cost| cost.spills),
                seconds,
                why,
            };
            let mut line = serde_json::to_string(&entry)?;
            line.push('\n');
            self.file.write_all(line.as_bytes())?;
            self.known.insert(key.clone(), entry);
        }
        Ok(&self.known[&key])
    }

    fn cost(&mut self, text: &str) -> Result<Option<Cost>, Failure> {
        let entry = self.entry(text)?;
        Ok(entry.cycles.map(|cost| Cost { cost, spills: entry.spills }))
    }
}

impl Measure for Journal<'_> {
    fn measure(&mut self, texts: &[String]) -> Vec<Result<Cost, String>> {
        let one = |text: &String| match self.entry(text) {
            Ok(Entry { cycles: Some(cost), spills, .. }) => Ok(Cost { cost: *cost, spills: *spills }),
            Ok(entry) => Err(entry.why.clone().unwrap_or_default()),
            Err(failure) => Err(failure.to_string()),
        };
        texts.iter().map(one).collect()
    }
}

/// A question about a group of decisions.
struct Group {
    name: &'static str,
    options: Options,
    /// Upstream's pass for the same decision with its default options.
    upstream: Option<&'static str>,
    /// Whether it is about all kinds.
    all: bool,
}

fn groups() -> Vec<Group> {
    // Fusions are decided before the nests, so they are a group of their own.
    let of_nests = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Fuse).collect::<Vec<_>>();
    let two = Options { texts: true, kinds: of_nests.clone(), ..Options::default() };
    let one = Options { depth: 1, max_candidates: 4096, ..two.clone() };
    let kinds = Kind::ALL.into_iter().map(|kind| Group {
        name: kind.name(),
        options: Options { kinds: vec![kind], ..one.clone() },
        upstream: match kind {
            Kind::Fuse => Some("affine-loop-fusion"),
            Kind::Hoist => Some("affine-loop-invariant-code-motion"),
            Kind::Interchange => None,
            Kind::Tile => Some("affine-loop-tile"),
            Kind::Jam => Some("affine-loop-unroll-jam"),
            Kind::Vectorize => Some("affine-super-vectorize{virtual-vector-size=8}"),
            Kind::Unroll => Some("affine-loop-unroll"),
        },
        all: false,
    });
    let whole = |name, options: &Options| Group { name, options: options.clone(), upstream: None, all: true };
    [whole("all, one step", &one), whole("all, two steps", &two)].into_iter().chain(kinds).collect()
}

/// The measured candidates of a nest.
struct Nest {
    function: String,
    /// As the model sees them, the original first.
    candidates: Vec<Candidate>,
    costs: BTreeMap<String, Cost>,
    keep: Cost,
    /// Seconds that compiling and measuring its candidates took.
    seconds: f64,
    /// Chosen steps by strategy, the first three.
    chosen: [String; 3],
    /// The same by [`CAUTIONS`], then by [`VERIFIED`]; empty for single decisions.
    curves: Vec<String>,
    unrolled: Option<f64>,
    upstream: Option<f64>,
}

impl Nest {
    fn best(&self) -> (&str, f64) {
        let best = self.costs.iter().min_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
        best.map_or(("keep", self.keep.cost), |(steps, cost)| (steps, cost.cost))
    }

    fn cost_of(&self, steps: &str) -> Cost {
        self.costs.get(steps).copied().unwrap_or(self.keep)
    }

    /// Whether steps give more spills than the original although a candidate has none.
    fn spills(&self, steps: &str) -> bool {
        self.cost_of(steps).spills > self.keep.spills && self.costs.values().any(|cost| cost.spills == 0)
    }
}

/// What runs through all measurements.
struct Bench<'a> {
    text: &'a str,
    output: &'a Output,
    learned: Predictor,
    analytical: Predictor,
    known: BTreeMap<(bool, String), Entry>,
    file: File,
    bridge: Bridge,
}

impl Bench<'_> {
    fn decide(&mut self, analytical: bool, options: &Options) -> Result<Vec<Decision>, PassError> {
        let predictor = if analytical { &self.analytical } else { &self.learned };
        let output = self.output;
        let mut journal = Journal { output, unrolled: false, known: &mut self.known, file: &self.file, measurer: None };
        let question = Question { predictor, output, expired: None, measurer: Some(&mut journal) };
        let mut decisions = optimize(self.text, options, question)?.decisions;
        if options.kinds == [Kind::Fuse] {
            // A fusion changes which pairs there are after it.
            decisions.dedup_by(|second, first| second.function == first.function);
        }
        Ok(decisions)
    }

    fn measure(&mut self, group: &Group, decisions: Vec<Decision>) -> Result<Vec<Option<Nest>>, Failure> {
        let output = self.output;
        let count = decisions.len();
        let mut nests = Vec::new();
        for (place, decision) in decisions.into_iter().enumerate() {
            let legal: Vec<&Candidate> = decision.candidates.iter().filter(|one| is_legal(one)).collect();
            if std::io::IsTerminal::is_terminal(&std::io::stderr()) || place % 11 == 0 {
                eprintln!(
                    "{}: nest {} of {count}: @{}, {} candidates",
                    group.name,
                    place + 1,
                    decision.function,
                    legal.len()
                );
            }
            let mut journal =
                Journal { output, unrolled: false, known: &mut self.known, file: &self.file, measurer: None };
            let (mut costs, mut seconds) = (BTreeMap::new(), 0.0);
            for candidate in &legal {
                let Some(text) = &candidate.text else { continue };
                if let Some(cost) = journal.cost(text)? {
                    costs.insert(candidate.steps.clone(), cost);
                }
                seconds += journal.entry(text)?.seconds;
            }
            let original = decision.candidates[0].text.clone().unwrap_or_default();
            let Some(&keep) = costs.get("keep").filter(|_| costs.len() > 1) else {
                // A decision needs an alternative.
                nests.push(None);
                continue;
            };
            let upstream = match group.upstream {
                Some(pass) => self.bridge.run_pipeline(&original, &format!("builtin.module(func.func({pass}))")).ok(),
                None => None,
            };
            let upstream = match upstream {
                Some(text) => journal.cost(&text)?.map(|cost| cost.cost),
                None => None,
            };
            let unrolled = if group.all || group.options.kinds == [Kind::Unroll] {
                let known = &mut self.known;
                let mut journal = Journal { output, unrolled: true, known, file: &self.file, measurer: None };
                journal.cost(&original)?.map(|cost| cost.cost)
            } else {
                None
            };
            let chosen = [decision.steps, String::new(), String::new()];
            let legal = decision.candidates.into_iter().filter(is_legal);
            let candidates = legal.map(|one| Candidate { text: None, ..one }).collect();
            let (function, curves) = (decision.function, Vec::new());
            nests.push(Some(Nest { function, candidates, costs, keep, seconds, chosen, curves, unrolled, upstream }));
        }
        Ok(nests)
    }
}

fn is_legal(candidate: &Candidate) -> bool {
    !matches!(candidate.verdict, Verdict::Illegal | Verdict::Unsupported)
}

/// The arguments.
struct Arguments {
    target: String,
    journal: String,
    files: Vec<String>,
    document: Option<String>,
    nests: Option<String>,
}

fn arguments() -> Result<Arguments, Failure> {
    let mut given = std::env::args().skip(1);
    let mut next = || given.next().ok_or(USAGE);
    let (target, journal) = (next()?, next()?);
    let mut arguments = Arguments { target, journal, files: Vec::new(), document: None, nests: None };
    while let Some(option) = given.next() {
        match option.as_str() {
            "--document" => arguments.document = Some(given.next().ok_or(USAGE)?),
            "--nests" => arguments.nests = Some(given.next().ok_or(USAGE)?),
            file if !file.starts_with('-') => arguments.files.push(option),
            _ => return Err(USAGE.into()),
        }
    }
    if arguments.files.is_empty() { Err(USAGE.into()) } else { Ok(arguments) }
}

fn read_journal(path: &str, target: &str) -> Result<BTreeMap<(bool, String), Entry>, Failure> {
    let mut known = BTreeMap::new();
    if !Path::new(path).exists() {
        return Ok(known);
    }
    for line in std::fs::read_to_string(path)?.lines() {
        // The last line may be cut off.
        let Ok(entry) = serde_json::from_str::<Entry>(line) else { continue };
        if entry.target == target {
            known.insert((entry.unrolled, entry.text.clone()), entry);
        }
    }
    Ok(known)
}

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    let texts: Result<Vec<String>, _> = arguments.files.iter().map(std::fs::read_to_string).collect();
    let text = texts?.join("\n");
    let output = Output { target: arguments.target.clone(), quantity: Quantity::Cycles };
    let predictor = |choice| {
        let settings = Settings { choice, kept: 0, ..Settings::default() };
        Ok::<_, Failure>(Predictor::new(CostModel::shipped()?, settings))
    };
    let mut bench = Bench {
        text: &text,
        output: &output,
        learned: predictor(Choice::Learned)?,
        analytical: predictor(Choice::Analytical)?,
        known: read_journal(&arguments.journal, &arguments.target)?,
        file: File::options().create(true).append(true).open(&arguments.journal)?,
        bridge: Bridge::new(),
    };
    let mut report = head(&arguments);
    let mut rest = String::new();
    let mut lines = String::new();
    for group in groups() {
        let start = Instant::now();
        let decisions = bench.decide(false, &group.options)?;
        let deciding = start.elapsed();
        let verified = bench.decide(false, &Options { verify: 3, texts: false, ..group.options.clone() })?;
        let analytical = Options { max_novelty: f64::MAX, texts: false, ..group.options.clone() };
        let analytical = bench.decide(true, &analytical)?;
        let mut nests = bench.measure(&group, decisions)?;
        for (nest, (verified, analytical)) in nests.iter_mut().zip(verified.into_iter().zip(analytical)) {
            if let Some(nest) = nest {
                nest.chosen[1] = verified.steps;
                nest.chosen[2] = analytical.steps;
            }
        }
        if group.all {
            let of = |caution, verify| Options { caution, verify, texts: false, ..group.options.clone() };
            let cautions = CAUTIONS.map(|caution| of(caution, 0)).into_iter();
            for options in cautions.chain(VERIFIED.map(|verify| of(group.options.caution, verify))) {
                for (nest, decision) in nests.iter_mut().zip(bench.decide(false, &options)?) {
                    nest.iter_mut().for_each(|nest| nest.curves.push(decision.steps.clone()));
                }
            }
        }
        let nests: Vec<Nest> = nests.into_iter().flatten().collect();
        report += &rows(group.name, &nests);
        if group.all {
            rest += &summary_of(group.name, &nests, deciding);
            rest += &curves(group.name, &nests);
            rest += &largest(group.name, &nests);
        }
        for nest in &nests {
            let line = serde_json::json!({
                "group": group.name, "function": nest.function, "chosen": nest.chosen, "best": nest.best(),
                "candidates": nest.candidates,
                "measured": nest.costs.iter().map(|(steps, cost)| (steps, (cost.cost, cost.spills))).collect::<BTreeMap<_, _>>(),
            });
            writeln!(lines, "{line}")?;
        }
    }
    report += &rest;
    print!("{report}");
    if let Some(path) = &arguments.nests {
        std::fs::write(path, lines)?;
    }
    match &arguments.document {
        Some(path) => into_document(path, &report),
        None => Ok(()),
    }
}

fn head(arguments: &Arguments) -> String {
    format!(
        "Target {}, {}. Regret is the measured cost of the choice over that of the best candidate.\n\n\
         | decision | nests | choice by | median | P90 | geometric mean | worst | worst against keeping | mean speed-up |\n\
         | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        arguments.target,
        arguments.files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(" and ")
    )
}

/// A line for each strategy.
fn rows(name: &str, nests: &[Nest]) -> String {
    let mut regrets: [Vec<(f64, f64)>; STRATEGIES.len()] = Default::default();
    for nest in nests {
        let (_, best) = nest.best();
        let mut add = |strategy: usize, cycles: f64| regrets[strategy].push((cycles / best, cycles / nest.keep.cost));
        for strategy in 0..3 {
            add(strategy, nest.cost_of(&nest.chosen[strategy]).cost);
        }
        add(3, nest.keep.cost);
        nest.unrolled.into_iter().for_each(|cycles| add(4, cycles));
        nest.upstream.into_iter().for_each(|cycles| add(5, cycles));
        nest.costs.values().for_each(|cost| add(6, cost.cost));
    }
    let rows = STRATEGIES.iter().zip(&regrets).filter(|(_, values)| !values.is_empty());
    rows.map(|(strategy, values)| format!("| {name} | {} | {strategy} | {} |\n", nests.len(), summary(values)))
        .collect()
}

/// Spills and times of a group.
fn summary_of(name: &str, nests: &[Nest], deciding: Duration) -> String {
    let spilling = |strategy: usize| nests.iter().filter(|nest| nest.spills(&nest.chosen[strategy])).count();
    let candidates: usize = nests.iter().map(|nest| nest.costs.len()).sum();
    let compiling: f64 = nests.iter().map(|nest| nest.seconds).sum();
    let deciding = deciding.as_secs_f64().max(1e-9);
    format!(
        "\nDecision \"{name}\": {candidates} candidates of {} nests. Nests with more spills than the original although a candidate has none: \
         {} by the model, {} with `--verify 3`. Deciding took {deciding:.2} s ({:.2} ms a candidate), compiling and measuring \
         every candidate {compiling:.1} s: {:.0} times as long.\n",
        nests.len(),
        spilling(0),
        spilling(1),
        deciding * 1e3 / candidates.max(1) as f64,
        compiling / deciding
    )
}

/// Regret by caution, and by the number of measured candidates.
fn curves(name: &str, nests: &[Nest]) -> String {
    let mut text = format!(
        "\n\"{name}\" by options:\n\n| option | geometric mean | P90 | worst | nests slower by over 2 % | worst against keeping | \
         nests with new spills |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    let cautions = CAUTIONS.iter().map(|caution| format!("`--caution {caution}`"));
    for (at, option) in cautions.chain(VERIFIED.iter().map(|count| format!("`--verify {count}`"))).enumerate() {
        let costs = nests.iter().map(|nest| nest.cost_of(&nest.curves[at]).cost);
        let mut regrets: Vec<f64> = costs.clone().zip(nests).map(|(cost, nest)| cost / nest.best().1).collect();
        regrets.sort_by(f64::total_cmp);
        let against: Vec<f64> = costs.zip(nests).map(|(cost, nest)| cost / nest.keep.cost).collect();
        let _ = writeln!(
            text,
            "| {option} | {:.3} | {:.3} | {:.2} | {} | {:.3} | {} |",
            geometric_mean(regrets.iter().copied()),
            quantile(&regrets, 0.9),
            quantile(&regrets, 1.0),
            against.iter().filter(|ratio| **ratio > 1.02).count(),
            against.iter().copied().fold(0.0, f64::max),
            nests.iter().filter(|nest| nest.spills(&nest.curves[at])).count(),
        );
    }
    text
}

/// The nests with the largest regrets.
fn largest(name: &str, nests: &[Nest]) -> String {
    let mut order: Vec<(f64, &Nest)> =
        nests.iter().map(|nest| (nest.cost_of(&nest.chosen[0]).cost / nest.best().1, nest)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut text =
        format!("\nLargest regrets of \"{name}\":\n\n| nest | chosen | best | regret |\n| --- | --- | --- | ---: |\n");
    for (regret, nest) in order.iter().take(8) {
        let _ = writeln!(text, "| {} | `{}` | `{}` | {regret:.2} |", nest.function, nest.chosen[0], nest.best().0);
    }
    text
}

/// Median, 90th percentile, geometric mean and worst of the regrets, then the worst cost against keeping and the mean speed-up.
fn summary(values: &[(f64, f64)]) -> String {
    let mut regrets: Vec<f64> = values.iter().map(|value| value.0).collect();
    regrets.sort_by(f64::total_cmp);
    let at = |share: f64| quantile(&regrets, share);
    let geometric = geometric_mean(regrets.iter().copied());
    let against = values.iter().map(|value| value.1).fold(0.0, f64::max);
    let speed = geometric_mean(values.iter().map(|value| 1.0 / value.1));
    format!("{:.3} | {:.3} | {geometric:.3} | {:.2} | {against:.3} | {speed:.2}", at(0.5), at(0.9), at(1.0))
}

fn geometric_mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = numbers.map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Replaces what stands between the marks of a document.
fn into_document(path: &str, report: &str) -> Result<(), Failure> {
    const MARKS: [&str; 2] = ["<!-- regret: written by make measure-passes -->\n", "<!-- end of regret -->"];
    let text = std::fs::read_to_string(path)?;
    let places = MARKS.map(|mark| text.find(mark));
    let [Some(from), Some(to)] = places else { return Err(format!("{path} lacks the marks {MARKS:?}").into()) };
    std::fs::write(path, format!("{}\n{report}\n{}", &text[..from + MARKS[0].len()], &text[to..]))?;
    Ok(())
}
