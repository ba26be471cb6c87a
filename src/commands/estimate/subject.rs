//! What `hardwire estimate` is asked about, as read from its arguments.

use designs::{Economics, MaskStack, Override, presets};
use sim::Discipline;
use sim::economics::wiring;
use sim::settle::{Build, FormatRule, Machine, Reticle};

use crate::cli;
use crate::diagnostics::Failure;
use crate::input;

/// Prices of the publication's own tables.
const PUBLISHED: &str = "published";

/// Inputs of the command.
pub struct Subject {
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
    /// Reads everything that the arguments name.
    pub fn read(arguments: &cli::Estimate) -> Result<Self, Failure> {
        Self::with(arguments, input::overrides(&arguments.set)?)
    }

    /// Reads everything that the arguments name, with other overrides.
    pub fn with(arguments: &cli::Estimate, overrides: Vec<Override>) -> Result<Self, Failure> {
        let (prices, machine): (Vec<Override>, Vec<Override>) =
            overrides.iter().cloned().partition(|o| designs::economics::owns(o.section()));
        let (model, node) = (arguments.model.as_deref(), arguments.node.as_deref());
        let machine = Machine::load(&arguments.design, &machine, model, node, &input::read)?;
        let own_rules = if arguments.discipline == Discipline::Serial { PUBLISHED } else { "hnlpu" };
        let economics = arguments.economics.as_deref().unwrap_or(own_rules);
        let economics = designs::load::economics(economics, &prices, &input::read)?;
        let node = &machine.node().name;
        let stack = match &arguments.mask_stack {
            Some(name) => designs::load::mask_stack(name, &input::read)?,
            None if presets::mask_stacks().iter().any(|p| p.name == node) => {
                designs::load::mask_stack(node, &input::read)?
            }
            None => {
                let message = format!("there is no mask stack for node {node}; name one with --mask-stack");
                return Err(Failure::Request(message));
            }
        };
        let build = Build {
            format: arguments.weights,
            rule: FormatRule::Structure,
            wiring: wiring(&stack, &arguments.embedding, &economics)?,
            areas: arguments.area,
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
