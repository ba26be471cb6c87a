//! `hardwire estimate`: what a design costs, by the prices of an economics file.

mod answer;
mod power;
mod structure;
mod subject;
mod table;

use std::process::ExitCode;

use designs::Comparison;
use designs::comparison::FIGURES_MODEL;
use sim::economics::monte_carlo::{MAX_SAMPLES, MonteCarlo, tornado};
use sim::economics::{Estimate, MAX_SYSTEMS, Request, compare};
use sim::settle::{Settled, idle};
use sim::{Discipline, Fidelity, Prepared, Simulation};

use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::{input, output};
use power::Power;
use subject::{Subject, Throughput};

/// Context at which throughput is simulated, as in the publication's table of systems.
const CONTEXT: u64 = 2048;

/// Runs the command.
pub fn run(arguments: &cli::Estimate) -> Result<ExitCode, Failure> {
    let others: Vec<Comparison> =
        arguments.against.iter().map(|name| designs::load::comparison(name, &input::read)).collect::<Result<_, _>>()?;
    check(arguments)?;
    let subject = Subject::read(arguments)?;
    let (machine, mut notes) = subject.machine.settle(&subject.build)?;
    machine.check_reticle()?;
    let run = simulate(&subject, &machine, arguments.discipline, &mut notes)?;
    let estimate = Estimate::new(&request(arguments, &subject, &machine, run.as_ref()))?;
    refuse_unconfirmed(arguments, &others)?;
    let throughput = run.as_ref().map(|run| throughput(&subject, run));
    let tco = tco_throughput(&subject, &estimate);
    let mut comparisons = Vec::new();
    for other in &others {
        let Some(t) = throughput else {
            let model = &subject.machine.model().name;
            return Err(Failure::Request(format!(
                "no comparison with {}: {model} cannot be simulated here",
                other.name
            )));
        };
        // Throughputs of other machines are those of one model.
        let of_model = subject.machine.model().name == FIGURES_MODEL;
        let bases = of_model.then(|| compare::against(&estimate, other, t.tokens_per_s, t.tokens_per_s_per_user, tco));
        let bases = bases.transpose().map_err(|e| Failure::Request(e.to_string()))?;
        comparisons.push((other, bases));
    }
    notes.extend(idle(&subject.overrides, &|overrides| {
        let subject = Subject::with(arguments, overrides.to_vec()).ok()?;
        let (machine, _) = subject.machine.settle(&subject.build).ok()?;
        let run = simulate(&subject, &machine, arguments.discipline, &mut Vec::new()).ok()?;
        let estimate = Estimate::new(&request(arguments, &subject, &machine, run.as_ref())).ok()?;
        let middle = estimate.plan.evaluate(&estimate.inputs.at(0.5));
        let ends = [estimate.low, middle, estimate.high];
        let (layout, masks, act) = (&estimate.layout, &estimate.masks, answer::embodied(&subject, &estimate));
        let tco = (!others.is_empty()).then(|| tco_throughput(&subject, &estimate));
        let blocks = run.as_ref().map(|run| run.chip_power.blocks);
        Some(format!("{ends:?}{layout:?}{masks:?}{act:?}{tco:?}{blocks:?}"))
    }));
    let samples = arguments.monte_carlo;
    let monte_carlo = samples.map(|n| MonteCarlo::run(&estimate.plan, &estimate.inputs, n, arguments.seed));
    let tornado = if monte_carlo.is_some() { tornado(&estimate.plan, &estimate.inputs) } else { Vec::new() };
    let answer = answer::Answer::new(answer::Parts {
        arguments,
        subject: &subject,
        machine: &machine,
        estimate: &estimate,
        throughput,
        monte_carlo,
        tornado,
        structure: structure::estimate(
            &machine,
            subject.machine.model().layers.len(),
            subject.machine.node(),
            estimate.wiring_growth,
        ),
        power: run.as_ref().map(|run| Power::new(&machine, run)),
        comparisons,
        notes,
    });
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

fn request<'a>(
    arguments: &'a cli::Estimate,
    subject: &'a Subject,
    machine: &'a Settled,
    simulation: Option<&'a Simulation>,
) -> Request<'a> {
    Request {
        machine,
        node: subject.machine.node(),
        stack: &subject.stack,
        embedding: &arguments.embedding,
        simulation,
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

/// Simulates the settled system with a full pipeline; `None` if the model cannot be simulated and the power is stated.
fn simulate(
    subject: &Subject,
    machine: &Settled,
    discipline: Discipline,
    notes: &mut Vec<String>,
) -> Result<Option<Simulation>, Failure> {
    let request = sim::Request {
        grid: Some(machine.design.grid),
        context: CONTEXT,
        discipline,
        fidelity: Fidelity::Analytic,
        ..sim::Request::of(&machine.design, subject.machine.model())
    };
    match Prepared::new(request) {
        Ok(prepared) => {
            let run = prepared.run();
            notes.extend(run.notes.iter().cloned());
            Ok(Some(run))
        }
        Err(error) if subject.economics.kw_per_chip.is_some() => {
            notes.push(format!("no throughput, so no cost per token: {error}"));
            Ok(None)
        }
        Err(error) => Err(Failure::Request(format!(
            "the power that is to be priced is not known, because the machine cannot be simulated: {error}; or state \
             system.kw_per_chip"
        ))),
    }
}

fn throughput(subject: &Subject, run: &Simulation) -> Throughput {
    Throughput {
        tokens_per_s: run.throughput_tokens_per_s,
        tokens_per_s_per_user: run.tokens_per_s_per_sequence,
        context_tokens: CONTEXT,
        utilization: subject.economics.utilization,
    }
}

/// Throughput of the publication's total-cost table, if it applies to this machine.
fn tco_throughput(subject: &Subject, estimate: &Estimate) -> Option<f64> {
    let own = subject.own_model && subject.economics.equal_chips == Some(estimate.plan.chips);
    subject.economics.tco_tokens_per_s.filter(|_| own)
}
