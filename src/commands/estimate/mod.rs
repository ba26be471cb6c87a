//! `hardwire estimate`: what a design costs, by the prices of an economics file.

mod answer;
mod structure;
mod subject;
mod table;

use std::process::ExitCode;

use designs::comparison::FIGURES_MODEL;
use designs::{Comparison, Override, presets};
use sim::economics::monte_carlo::{MAX_SAMPLES, MonteCarlo, tornado};
use sim::economics::{Estimate, MAX_SYSTEMS, Request, compare};
use sim::{Discipline, Fidelity, Phase, Prepared, Simulation};

use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::{input, output};
use subject::{Subject, Throughput};

/// Context at which throughput is simulated, as in the publication's table of systems.
const CONTEXT: u64 = 2048;

/// Runs the command.
pub fn run(arguments: &cli::Estimate) -> Result<ExitCode, Failure> {
    let others: Vec<Comparison> =
        arguments.against.iter().map(|name| designs::load::comparison(name, &input::read)).collect::<Result<_, _>>()?;
    check(arguments)?;
    let mut subject = read(arguments)?;
    let published = subject.design.area;
    let mut weight_growth = arguments.weights.traits().stored_bits / 4.0;
    if arguments.area == cli::AreaSource::Structure {
        weight_growth = structure::apply(&mut subject, arguments.weights)?;
    }
    let mut estimate = Estimate::new(&request(arguments, &subject, weight_growth))?;
    refuse_unconfirmed(arguments, &others)?;
    let run = simulate(&subject, &mut estimate);
    let throughput = run.as_ref().map(|run| throughput(&subject, &mut estimate, run));
    let power = run.as_ref().map(|run| structure::power(&subject, &published, &estimate, run));
    if let Some(power) = power.as_ref().filter(|_| arguments.area == cli::AreaSource::Structure) {
        estimate.set_power(power.system_kw / f64::from(estimate.layout.grid.chips()));
    }
    let tco = tco_throughput(&subject, &estimate);
    let mut comparisons = Vec::new();
    for other in &others {
        let Some(t) = throughput else {
            let message = format!("no comparison with {}: {} cannot be simulated here", other.name, subject.model.name);
            return Err(Failure::Request(message));
        };
        // Throughputs of other machines are those of one model.
        let bases = if subject.model.name == FIGURES_MODEL {
            compare::against(&estimate, other, t.tokens_per_s, t.tokens_per_s_per_user, tco)
                .map_err(|e| Failure::Request(e.to_string()))?
        } else {
            Vec::new()
        };
        comparisons.push((other, bases));
    }
    let samples = arguments.monte_carlo;
    let monte_carlo = samples.map(|n| MonteCarlo::run(&estimate.plan, &estimate.inputs, n, arguments.seed));
    let bars = if monte_carlo.is_some() { tornado(&estimate.plan, &estimate.inputs) } else { Vec::new() };
    let structure = structure::estimate(&subject, &estimate, arguments.weights);
    let answer = answer::Answer::new(
        arguments,
        &subject,
        &estimate,
        throughput,
        monte_carlo,
        bars,
        structure,
        power,
        comparisons,
    );
    match arguments.format {
        Format::Json => output::json(&answer)?,
        Format::Table => output::text(&table::render(&answer))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Rejects options out of range.
fn check(arguments: &cli::Estimate) -> Result<(), Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    if !(arguments.years > 0.0 && arguments.years <= 100.0) {
        return refuse(format!("--years is {}; it must be above 0 and at most 100", arguments.years));
    }
    if !(0.0..=52.0).contains(&arguments.respins_per_year) {
        return refuse(format!(
            "--respins-per-year is {}; it must be at least 0 and at most 52",
            arguments.respins_per_year
        ));
    }
    if !(1..=MAX_SYSTEMS).contains(&arguments.systems) {
        return refuse(format!("--systems is {}; it must be at least 1 and at most {MAX_SYSTEMS}", arguments.systems));
    }
    match arguments.monte_carlo {
        Some(n) if !(1..=MAX_SAMPLES).contains(&n) => {
            refuse(format!("--monte-carlo is {n}; it must be at least 1 and at most {MAX_SAMPLES}"))
        }
        _ => Ok(()),
    }
}

fn read(arguments: &cli::Estimate) -> Result<Subject, Failure> {
    let overrides = input::overrides(&arguments.set)?;
    let (prices, machine): (Vec<Override>, Vec<Override>) =
        overrides.into_iter().partition(|o| designs::economics::owns(o.section()));
    let design = input::design(&arguments.design, &machine)?;
    let economics = designs::load::economics(&arguments.economics, &prices, &input::read)?;
    let home = input::model(&design.model)?;
    let home_node = designs::load::node(&design.node, &input::read)?;
    let model = match &arguments.model {
        Some(name) if *name != design.model => input::model(name)?,
        _ => home.clone(),
    };
    let node = match &arguments.node {
        Some(name) if *name != design.node => designs::load::node(name, &input::read)?,
        _ => home_node.clone(),
    };
    let stack = match &arguments.mask_stack {
        Some(name) => designs::load::mask_stack(name, &input::read)?,
        None if presets::mask_stacks().iter().any(|p| p.name == node.name) => {
            designs::load::mask_stack(&node.name, &input::read)?
        }
        None => {
            let message = format!("there is no mask stack for node {}; name one with --mask-stack", node.name);
            return Err(Failure::Request(message));
        }
    };
    Ok(Subject { design, home, home_node, model, node, stack, economics })
}

fn request<'a>(arguments: &'a cli::Estimate, subject: &'a Subject, weight_growth: f64) -> Request<'a> {
    Request {
        design: &subject.design,
        home: (&subject.home, &subject.home_node),
        model: &subject.model,
        node: &subject.node,
        stack: &subject.stack,
        embedding: &arguments.embedding,
        weight_growth,
        economics: &subject.economics,
        yield_model: arguments.yield_model,
        systems: arguments.systems,
        years: arguments.years,
        respins_per_year: arguments.respins_per_year,
        allow_unconfirmed: arguments.allow_unconfirmed,
    }
}

/// Rejects machines to compare with that have unconfirmed values.
fn refuse_unconfirmed(arguments: &cli::Estimate, others: &[Comparison]) -> Result<(), Failure> {
    let keys: Vec<String> = others
        .iter()
        .flat_map(|c| {
            c.provenance
                .iter()
                .filter(|(_, p)| p.grade == designs::Grade::Unconfirmed)
                .map(move |(key, _)| format!("{}: {key}", c.name))
        })
        .collect();
    if keys.is_empty() || arguments.allow_unconfirmed {
        return Ok(());
    }
    Err(sim::economics::EconomicsError::Unconfirmed { keys: keys.join(", ") }.into())
}

/// Simulates the laid-out system under the publication's accounting; `None` if the model cannot be simulated.
fn simulate(subject: &Subject, estimate: &mut Estimate) -> Option<Simulation> {
    let design = estimate.layout.apply(&subject.design);
    let request = sim::Request {
        design: &design,
        model: &subject.model,
        grid: Some(design.grid),
        context: CONTEXT,
        sequences: None,
        phase: Phase::Decode,
        discipline: Discipline::Serial,
        fidelity: Fidelity::Analytic,
        allow_beyond_model_context: false,
        seed: 1,
    };
    match Prepared::new(request) {
        Ok(prepared) => Some(prepared.run()),
        Err(error) => {
            estimate.notes.push(format!("no throughput, so no power and no cost per token: {error}"));
            None
        }
    }
}

fn throughput(subject: &Subject, estimate: &mut Estimate, run: &Simulation) -> Throughput {
    let utilization = subject.economics.utilization;
    estimate.set_throughput(run.throughput_tokens_per_s, utilization);
    Throughput {
        tokens_per_s: run.throughput_tokens_per_s,
        tokens_per_s_per_user: run.tokens_per_s_per_sequence,
        context_tokens: CONTEXT,
        utilization,
    }
}

/// Throughput of the publication's total-cost table, if it applies to this machine.
fn tco_throughput(subject: &Subject, estimate: &Estimate) -> Option<f64> {
    let own = subject.model == subject.home && subject.economics.equal_chips == Some(estimate.plan.chips);
    subject.economics.tco_tokens_per_s.filter(|_| own)
}
