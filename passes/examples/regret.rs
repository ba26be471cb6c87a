//! Measures the decisions on a file of loop nests against exhaustive search: `make measure-passes`.
//!
//! Every legal candidate of one step is compiled and measured as labels are made. The regret of a choice is its measured cost
//! over that of the best candidate. Prints tables as Markdown and one JSON object a nest to the file of `--json`.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measurement of time, printed with few digits"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::CostModel;
use ir::labels::{Batch, Job, Labels, Outcome, Target};
use ir::mlir::codegen::Labeller;
use passes::{Decision, Kind, Options, Question, Verdict, optimize};
use serde_json::json;

/// What is compared: its name, and the choice for a nest as steps.
const STRATEGIES: [&str; 7] =
    ["model", "model, verify 3", "analytical", "keep", "LLVM unrolls", "MLIR default", "random"];

/// A measured candidate.
#[derive(Clone, Copy)]
struct Cost {
    cycles: f64,
    spills: u32,
}

/// A nest with its measured candidates.
struct Measured {
    decision: Decision,
    costs: BTreeMap<String, Cost>,
    /// The original with LLVM's own unrolling.
    unrolled: Option<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: regret FILE TARGET [--json FILE]")?;
    let target = arguments.next().ok_or("usage: regret FILE TARGET [--json FILE]")?;
    let lines = if arguments.next().as_deref() == Some("--json") { arguments.next() } else { None };
    let text = std::fs::read_to_string(&file)?;
    let target = Target::ALL.into_iter().find(|known| known.to_string() == target).ok_or("no such target")?;
    let output = Output { target: target.to_string(), quantity: Quantity::Cycles };
    let predictor = |choice| {
        Ok::<_, Box<dyn Error>>(Predictor::new(
            CostModel::shipped()?,
            Settings { choice, kept: 0, ..Settings::default() },
        ))
    };
    let (learned, analytical) = (predictor(Choice::Learned)?, predictor(Choice::Analytical)?);
    let decide = |predictor: &Predictor, options: &Options| -> Result<Vec<Decision>, Box<dyn Error>> {
        Ok(optimize(&text, options, Question { predictor, output: &output, expired: None })?.decisions)
    };

    let one = Options { depth: 1, max_candidates: 4096, texts: true, ..Options::default() };
    let start = Instant::now();
    let all = decide(&learned, &one)?;
    let deciding = start.elapsed();
    let start = Instant::now();
    let nests = measure(all, target)?;
    let compiling = start.elapsed();

    let groups: Vec<(String, Vec<Kind>)> = std::iter::once(("all".to_owned(), Vec::new()))
        .chain(Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), vec![kind])))
        .collect();
    println!(
        "| decision | nests | strategy | median | P90 | geometric mean | worst | worst against keeping | geometric mean of speed-ups |"
    );
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut spilled = Vec::new();
    for (name, kinds) in groups {
        let options = Options { kinds, texts: false, ..one.clone() };
        let chosen = [
            decide(&learned, &options)?,
            decide(&learned, &Options { verify: 3, ..options.clone() })?,
            decide(&analytical, &Options { max_novelty: f64::MAX, ..options.clone() })?,
        ];
        let mut regrets: [Vec<(f64, f64)>; STRATEGIES.len()] = Default::default();
        let mut counted = 0;
        for (place, nest) in nests.iter().enumerate() {
            let of_kind = |steps: &str| name == "all" || steps == "keep" || steps.starts_with(&name);
            let costs: Vec<(&String, Cost)> =
                nest.costs.iter().filter(|(steps, _)| of_kind(steps)).map(|(s, &c)| (s, c)).collect();
            let Some(&keep) = nest.costs.get("keep") else { continue };
            // A decision needs an alternative.
            if costs.len() < 2 {
                continue;
            }
            counted += 1;
            let best = costs.iter().map(|(_, cost)| cost.cycles).fold(f64::INFINITY, f64::min);
            let mut add = |strategy: usize, cycles: f64| regrets[strategy].push((cycles / best, cycles / keep.cycles));
            for (strategy, decisions) in chosen.iter().enumerate() {
                let steps = &decisions[place].steps;
                let cost = nest.costs.get(steps).copied().unwrap_or(keep);
                add(strategy, cost.cycles);
                if strategy < 2 && name == "all" {
                    let spills = cost.spills > keep.spills;
                    let free = costs.iter().any(|(_, other)| other.spills == 0);
                    spilled.push((strategy, spills && free));
                }
            }
            add(3, keep.cycles);
            if let Some(unrolled) = nest.unrolled {
                add(4, unrolled);
            }
            if let Some(cycles) = default_of(&name, &costs) {
                add(5, cycles);
            }
            for (_, cost) in &costs {
                add(6, cost.cycles);
            }
        }
        for (strategy, values) in STRATEGIES.iter().zip(&mut regrets) {
            if !values.is_empty() {
                println!("| {name} | {counted} | {strategy} | {} |", summary(values));
            }
        }
    }
    let candidates: usize = nests.iter().map(|nest| nest.costs.len()).sum();
    let share = |which: usize| {
        let of: Vec<bool> =
            spilled.iter().filter(|(strategy, _)| *strategy == which).map(|&(_, spills)| spills).collect();
        format!("{} of {}", of.iter().filter(|&&spills| spills).count(), of.len())
    };
    println!("\nSpills introduced where a candidate has none: model {}, verified {}.", share(0), share(1));
    println!(
        "{} nests, {candidates} candidates: deciding {:.2} s, compiling and measuring all {:.2} s, {:.0} times as long.",
        nests.len(),
        deciding.as_secs_f64(),
        compiling.as_secs_f64(),
        seconds(compiling) / seconds(deciding)
    );
    if let Some(path) = lines {
        let mut out = std::fs::File::create(path)?;
        for nest in &nests {
            let costs: BTreeMap<_, _> = nest
                .costs
                .iter()
                .map(|(steps, cost)| (steps, json!({"cycles": cost.cycles, "spills": cost.spills})))
                .collect();
            let predicted: BTreeMap<_, _> = nest.decision.candidates.iter().map(|c| (&c.steps, c.predicted)).collect();
            writeln!(
                out,
                "{}",
                json!({"function": nest.decision.function, "steps": nest.decision.steps, "measured": costs, "predicted": predicted})
            )?;
        }
    }
    Ok(())
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64().max(1e-9)
}

/// What upstream's pass of that name does with its default options, as far as it is among the candidates.
fn default_of(kind: &str, costs: &[(&String, Cost)]) -> Option<f64> {
    // affine-loop-unroll unrolls innermost loops by 4; affine-loop-unroll-jam jams by 4.
    let wanted = match kind {
        "unroll" | "jam" => ":4",
        _ => return None,
    };
    costs.iter().rev().find(|(steps, _)| steps.ends_with(wanted)).map(|(_, cost)| cost.cycles)
}

/// Compiles and measures the candidates of all nests.
fn measure(decisions: Vec<Decision>, target: Target) -> Result<Vec<Measured>, Box<dyn Error>> {
    let mut labeller = Labeller::new()?;
    let mut label = |texts: Vec<String>, loop_unrolling: bool| -> Vec<Option<Labels>> {
        let jobs = texts.into_iter().enumerate().map(|(id, text)| Job { id: id as u64, text }).collect();
        let settings = ir::labels::Settings { loop_unrolling, ..Default::default() };
        let replies = labeller.label(&Batch { jobs, targets: vec![target], settings }).replies;
        let labels = replies.into_iter().map(|reply| match &reply.functions.first()?.targets.first()?.outcome {
            Outcome::Labels(labels) => Some((**labels).clone()),
            Outcome::Failure(_) => None,
        });
        labels.collect()
    };
    let mut measured = Vec::new();
    for decision in decisions {
        let legal: Vec<_> = decision
            .candidates
            .iter()
            .filter(|c| !matches!(c.verdict, Verdict::Illegal | Verdict::Unsupported))
            .collect();
        let texts: Vec<String> = legal.iter().filter_map(|c| c.text.clone()).collect();
        let labels = label(texts.clone(), false);
        let costs = legal.iter().zip(labels).filter_map(|(candidate, labels)| {
            let labels = labels?;
            Some((candidate.steps.clone(), Cost { cycles: labels.cycles, spills: labels.spills }))
        });
        let costs = costs.collect();
        let unrolled = label(texts[..1].to_vec(), true).remove(0).map(|labels| labels.cycles);
        measured.push(Measured { decision, costs, unrolled });
    }
    Ok(measured)
}

/// Median, 90th percentile, geometric mean and worst of the regrets, then the worst cost against keeping and the mean speed-up.
fn summary(values: &mut [(f64, f64)]) -> String {
    let mut regrets: Vec<f64> = values.iter().map(|value| value.0).collect();
    regrets.sort_by(f64::total_cmp);
    let at = |share: f64| regrets[((regrets.len() - 1) as f64 * share).round() as usize];
    let mean = |numbers: &mut dyn Iterator<Item = f64>| {
        let logs: Vec<f64> = numbers.map(f64::ln).collect();
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    };
    let geometric = mean(&mut regrets.iter().copied());
    let against = values.iter().map(|value| value.1).fold(0.0, f64::max);
    let speed = mean(&mut values.iter().map(|value| 1.0 / value.1));
    format!("{:.3} | {:.3} | {geometric:.3} | {:.2} | {against:.3} | {speed:.2}", at(0.5), at(0.9), at(1.0))
}
