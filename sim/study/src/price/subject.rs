//! What a question is about: machine, masks and prices, read.

use designs::load::Loader;
use designs::{Economics, MaskStack, Override, presets};
use sim::Discipline;
use sim::economics::wiring;
use sim::settle::{Build, FormatRule, Machine, Reticle};

use super::question::Question;
use crate::StudyError;

/// Prices of the publication's own tables.
const PUBLISHED: &str = "published";

/// Inputs of an estimate.
pub(super) struct Subject {
    /// Machine as asked for.
    pub machine: Machine,
    /// How it is built.
    pub build: Build,
    /// Mask stack of its node.
    pub stack: MaskStack,
    /// Prices and rules.
    pub economics: Economics,
    /// Overrides of design and prices.
    pub overrides: Vec<Override>,
    /// Whether the model is the design's own.
    pub own_model: bool,
}

impl Subject {
    /// Reads everything that a question names, with `overrides` in place of its own.
    pub fn read(question: &Question, overrides: Vec<Override>, loader: &Loader<'_>) -> Result<Self, StudyError> {
        let (prices, machine): (Vec<Override>, Vec<Override>) =
            overrides.iter().cloned().partition(|o| designs::economics::owns(o.section()));
        let (model, node) = (question.model.as_deref(), question.node.as_deref());
        let machine = Machine::load(&question.design, &machine, model, node, loader)?;
        let own_rules = if question.discipline == Discipline::Serial { PUBLISHED } else { "hnlpu" };
        let economics = question.economics.as_deref().unwrap_or(own_rules);
        let economics = designs::load::economics(economics, &prices, loader)?;
        let node = &machine.node().name;
        let stack = match &question.mask_stack {
            Some(name) => designs::load::mask_stack(name, loader)?,
            None if presets::mask_stacks().iter().any(|p| p.name == node) => designs::load::mask_stack(node, loader)?,
            None => return Err(StudyError::NoMaskStack(node.clone())),
        };
        let build = Build {
            format: question.weights,
            rule: FormatRule::Structure,
            wiring: wiring(&stack, &question.embedding, &economics)?,
            areas: question.area,
            reticle: Reticle::from(&economics),
        };
        let own_model = *machine.model() == machine.base(build.reticle)?.model;
        Ok(Self { machine, build, stack, economics, overrides, own_model })
    }
}

/// Throughput of one system.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Throughput {
    /// Tokens per second, all sequences.
    pub tokens_per_s: f64,
    /// Tokens per second of one sequence.
    pub tokens_per_s_per_user: f64,
    /// Context in tokens.
    pub context_tokens: u64,
    /// Share of time at this throughput, for the cost of a token.
    pub utilization: f64,
}
