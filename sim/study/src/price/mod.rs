//! The price of a settled machine: what `hardwire estimate` and the Python package answer.

mod answer;
mod power;
mod question;
mod structure;
mod subject;

use designs::comparison::FIGURES_MODEL;
use designs::load::Loader;
use designs::{Comparison, Override};
use sim::economics::compare::Basis;
use sim::economics::monte_carlo::{MonteCarlo, tornado};
use sim::economics::{EconomicsError, Estimate, Request, compare};
use sim::settle::{Settled, idle};
use sim::{Discipline, Fidelity, Prepared, Simulation};

pub use answer::{Against, Answer, Figure, Origin};
pub use power::{BlockPower, Power};
pub use question::Question;
pub use structure::Structure;
pub use subject::Throughput;

use crate::StudyError;
use answer::Parts;
use subject::Subject;

/// Context at which throughput is simulated, as in the publication's table of systems.
const CONTEXT: u64 = 2048;

/// Answers a question.
///
/// # Errors
/// Every problem of the texts and overrides, terms out of range, and a machine that cannot be built, simulated or priced.
pub fn answer(question: &Question, loader: &Loader<'_>) -> Result<Answer, StudyError> {
    let others: Vec<Comparison> =
        question.against.iter().map(|name| designs::load::comparison(name, loader)).collect::<Result<_, _>>()?;
    question.check()?;
    let subject = Subject::read(question, question.overrides.clone(), loader)?;
    let (machine, mut notes) = subject.machine.settle(&subject.build)?;
    machine.check_reticle()?;
    let run = simulate(&subject, &machine, question.discipline, &mut notes)?;
    let estimate = Estimate::new(&request(question, &subject, &machine, run.as_ref()))?;
    refuse_unconfirmed(question, &others)?;
    let throughput = run.as_ref().map(|run| throughput(&subject, run));
    let comparisons = comparisons(&subject, &estimate, throughput, &others)?;
    if let Some(run) = &run {
        let densities = sim::energy::densities(&machine.design, &run.chip_power);
        notes.extend(densities.iter().filter_map(crate::energy::remark));
    }
    notes.extend(idle_overrides(question, &subject.overrides, !others.is_empty(), loader));
    let samples = question.monte_carlo;
    let monte_carlo = samples.map(|n| MonteCarlo::run(&estimate.plan, &estimate.inputs, n, question.seed));
    let tornado = if monte_carlo.is_some() { tornado(&estimate.plan, &estimate.inputs) } else { Vec::new() };
    Ok(Answer::new(Parts {
        question,
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
    }))
}

/// A machine to compare with, and its bases; `None` where its figures are for another model.
type Compared<'a> = (&'a Comparison, Option<Vec<Basis>>);

/// Each other machine with its bases of comparison.
fn comparisons<'a>(
    subject: &Subject,
    estimate: &Estimate,
    throughput: Option<Throughput>,
    others: &'a [Comparison],
) -> Result<Vec<Compared<'a>>, StudyError> {
    let tco = tco_throughput(subject, estimate);
    let model = &subject.machine.model().name;
    let against = |other: &'a Comparison| {
        let Some(t) = throughput else {
            return Err(StudyError::NotSimulated { machine: other.name.clone(), model: model.clone() });
        };
        // Throughputs of other machines are those of one model.
        let of_model = model == FIGURES_MODEL;
        let bases = of_model.then(|| compare::against(estimate, other, t.tokens_per_s, t.tokens_per_s_per_user, tco));
        Ok((other, bases.transpose()?))
    };
    others.iter().map(against).collect()
}

/// Overrides that change nothing that is printed.
fn idle_overrides(question: &Question, overrides: &[Override], compared: bool, loader: &Loader<'_>) -> Vec<String> {
    idle(overrides, &|overrides| {
        let subject = Subject::read(question, overrides.to_vec(), loader).ok()?;
        let (machine, _) = subject.machine.settle(&subject.build).ok()?;
        let run = simulate(&subject, &machine, question.discipline, &mut Vec::new()).ok()?;
        let estimate = Estimate::new(&request(question, &subject, &machine, run.as_ref())).ok()?;
        let middle = estimate.plan.evaluate(&estimate.inputs.at(0.5));
        let ends = [estimate.low, middle, estimate.high];
        let (layout, masks, act) = (&estimate.layout, &estimate.masks, answer::embodied(&subject, &estimate));
        let tco = compared.then(|| tco_throughput(&subject, &estimate));
        let blocks = run.as_ref().map(|run| run.chip_power.blocks);
        Some(format!("{ends:?}{layout:?}{masks:?}{act:?}{tco:?}{blocks:?}"))
    })
}

/// Simulates the settled system with a full pipeline; `None` if the model cannot be simulated and the power is stated.
fn simulate(
    subject: &Subject,
    machine: &Settled,
    discipline: Discipline,
    notes: &mut Vec<String>,
) -> Result<Option<Simulation>, StudyError> {
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
        Err(error) => Err(StudyError::UnknownPower(error)),
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

fn request<'a>(
    question: &'a Question,
    subject: &'a Subject,
    machine: &'a Settled,
    simulation: Option<&'a Simulation>,
) -> Request<'a> {
    Request {
        machine,
        node: subject.machine.node(),
        stack: &subject.stack,
        embedding: &question.embedding,
        simulation,
        economics: &subject.economics,
        yield_model: question.yield_model,
        systems: question.systems,
        years: question.years,
        respins_per_year: question.respins_per_year,
        allow_unconfirmed: question.allow_unconfirmed,
    }
}

/// Rejects machines to compare with that have unconfirmed values.
fn refuse_unconfirmed(question: &Question, others: &[Comparison]) -> Result<(), EconomicsError> {
    let keys: Vec<String> = others
        .iter()
        .flat_map(|c| {
            c.provenance
                .iter()
                .filter(|(_, p)| p.grade == designs::Grade::Unconfirmed)
                .map(move |(key, _)| format!("{}: {key}", c.name))
        })
        .collect();
    if keys.is_empty() || question.allow_unconfirmed {
        return Ok(());
    }
    Err(EconomicsError::Unconfirmed { keys: keys.join(", ") })
}
