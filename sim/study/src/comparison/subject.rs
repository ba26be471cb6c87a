//! The designs that a comparison names: hardwired ones, which are simulated and priced, and other machines.

use designs::load::{self, Loader};
use designs::problem::did_you_mean;
use designs::{Comparison, Design, Economics, MaskStack, Model, ProcessNode, presets};
use sim::economics::{Estimate, Request};
use sim::settle::{Build, Machine, Reticle, Settled};
use sim::{Discipline, Fidelity, Phase, Prepared, Simulation};

use super::terms::Terms;
use crate::StudyError;

/// Prefix of the path of a file that describes another machine.
const PREFIX: &str = "against:";

/// A design that is compared.
#[derive(Debug)]
pub enum Subject {
    /// Simulated and priced.
    Hardwired(Box<Hardwired>),
    /// Described by public figures.
    Other(Box<Comparison>),
}

/// A hardwired design with everything its price needs.
#[derive(Debug)]
pub struct Hardwired {
    machine: Machine,
    /// The machine with its own model.
    pub design: Design,
    /// Model its areas belong to.
    pub home: Model,
    /// Node its areas belong to.
    pub node: ProcessNode,
    /// Masks of that node.
    pub stack: MaskStack,
    /// Prices and rules.
    pub economics: Economics,
}

impl Subject {
    /// Reads a design by name or path.
    ///
    /// # Errors
    /// If there is no such design (the message suggests a name), or its file has problems.
    pub fn read(name: &str, loader: &Loader<'_>) -> Result<Self, StudyError> {
        if let Some(path) = name.strip_prefix(PREFIX) {
            return Ok(Self::Other(Box::new(load::comparison(path, loader)?)));
        }
        if presets::comparisons().iter().any(|p| p.name == name) {
            return Ok(Self::Other(Box::new(load::comparison(name, loader)?)));
        }
        let preset = presets::designs().iter().any(|p| p.name == name);
        if !preset && !name.contains(['/', '.']) {
            let names: Vec<&str> = presets::designs().iter().chain(presets::comparisons()).map(|p| p.name).collect();
            return Err(StudyError::UnknownDesign {
                name: name.to_owned(),
                help: did_you_mean(name, &names),
                prefix: PREFIX,
            });
        }
        Ok(Self::Hardwired(Box::new(Hardwired::read(name, loader)?)))
    }

    /// Its name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Hardwired(hardwired) => &hardwired.design.name,
            Self::Other(other) => &other.name,
        }
    }
}

impl Hardwired {
    fn read(name: &str, loader: &Loader<'_>) -> Result<Self, StudyError> {
        let machine = Machine::load(name, &[], None, None, loader)?;
        let economics = load::economics("hnlpu", &[], loader)?;
        let base = machine.base(Reticle::from(&economics))?;
        let stack = load::mask_stack(&base.node.name, loader)?;
        Ok(Self { machine, design: base.design, home: base.model, node: base.node, stack, economics })
    }

    /// The machine that carries `model`, with the reticle of `economics`.
    ///
    /// # Errors
    /// See [`sim::economics::EconomicsError`].
    pub fn settle(&self, economics: &Economics, model: &Model) -> Result<Settled, StudyError> {
        let build = Build::published(Reticle::from(economics));
        let settled = if *model == self.home {
            self.machine.settle(&build)?.0
        } else {
            self.machine.carrying(model).settle(&build)?.0
        };
        settled.check_reticle()?;
        Ok(settled)
    }

    /// Prices `systems` systems that carry `model`.
    ///
    /// # Errors
    /// See [`sim::economics::EconomicsError`].
    pub fn price(&self, model: &Model, systems: u64, terms: &Terms) -> Result<Estimate, StudyError> {
        self.price_with(&self.economics, model, systems, terms)
    }

    /// The same with other prices and rules.
    ///
    /// # Errors
    /// See [`sim::economics::EconomicsError`].
    pub fn price_with(
        &self,
        economics: &Economics,
        model: &Model,
        systems: u64,
        terms: &Terms,
    ) -> Result<Estimate, StudyError> {
        let machine = self.settle(economics, model)?;
        let question =
            Question { phase: Phase::Decode, context: terms.context(), discipline: terms.discipline, beyond: false };
        let simulation = Self::run(&machine.design, model, question)?;
        self.priced(&machine, &simulation, economics, systems, terms)
    }

    /// Prices `systems` systems of a settled machine that do what `simulation` says.
    ///
    /// # Errors
    /// See [`sim::economics::EconomicsError`].
    pub fn priced(
        &self,
        machine: &Settled,
        simulation: &Simulation,
        economics: &Economics,
        systems: u64,
        terms: &Terms,
    ) -> Result<Estimate, StudyError> {
        let request = Request {
            machine,
            node: &self.node,
            stack: &self.stack,
            embedding: "published",
            simulation: Some(simulation),
            economics,
            yield_model: None,
            systems,
            years: terms.years,
            respins_per_year: terms.respins_per_year,
            allow_unconfirmed: false,
        };
        Ok(Estimate::new(&request)?)
    }

    /// Simulates `model` on `design`, which is this one laid out for the model, with the pipeline full.
    ///
    /// # Errors
    /// See [`sim::SimulateError`].
    pub fn run(design: &Design, model: &Model, question: Question) -> Result<Simulation, StudyError> {
        let request = sim::Request {
            grid: Some(design.grid),
            context: question.context,
            phase: question.phase,
            discipline: question.discipline,
            fidelity: Fidelity::Analytic,
            allow_beyond_model_context: question.beyond,
            ..sim::Request::of(design, model)
        };
        Ok(Prepared::new(request)?.run())
    }
}

/// Operating point of a simulation.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Decode or prefill.
    pub phase: Phase,
    /// Context of every sequence, or length of the prompt.
    pub context: u64,
    /// Accounting of time.
    pub discipline: Discipline,
    /// Whether the context may exceed the model's.
    pub beyond: bool,
}
