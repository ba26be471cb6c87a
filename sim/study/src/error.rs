//! Errors of studies.

use designs::Problems;
use sim::SimulateError;
use sim::economics::EconomicsError;
use sim::economics::area::AreaError;
use sim::economics::compare::CompareError;
use sim::mapping::MappingError;

/// A study that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A design, model or price file has problems.
    #[error("{}", first(.0))]
    Problems(Problems),
    /// The simulator refuses the request.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The price model refuses the request.
    #[error(transparent)]
    Economics(#[from] EconomicsError),
    /// The area model refuses the request.
    #[error(transparent)]
    Area(#[from] AreaError),
    /// The machine of the calibration cannot be laid out.
    #[error(transparent)]
    Calibration(#[from] MappingError),
    /// Another machine cannot be priced.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The power that is to be priced is not known.
    #[error(
        "the power that is to be priced is not known, because the machine cannot be simulated: {0}; or state \
         system.kw_per_chip"
    )]
    UnknownPower(SimulateError),
    /// Another machine is to be compared with a machine without a throughput.
    #[error("no comparison with {machine}: {model} cannot be simulated here")]
    NotSimulated {
        /// Name of the other machine.
        machine: String,
        /// Name of the model.
        model: String,
    },
    /// No mask stack has the name of the node.
    #[error("there is no mask stack for node {0}")]
    NoMaskStack(String),
    /// A preset lacks what the study needs.
    #[error("{0}")]
    Preset(&'static str),
    /// No design of that name.
    #[error("there is no design `{name}`; {help}; a file is named by its path, another machine's by {prefix}PATH")]
    UnknownDesign {
        /// Name asked for.
        name: String,
        /// The closest known names.
        help: String,
        /// Prefix of another machine's path.
        prefix: &'static str,
    },
    /// No metric of that name.
    #[error("there is no metric `{name}`; {help}")]
    UnknownMetric {
        /// Name asked for.
        name: String,
        /// The closest known names.
        help: String,
    },
    /// A design is named twice.
    #[error("`{0}` is named twice")]
    NamedTwice(String),
    /// Hardwired designs are made for different models, and none was named.
    #[error(
        "{} is made for {} and {} for {}, and speeds of different models say nothing about each other; name one model for all",
        .designs[0], .models[0], .designs[1], .models[1]
    )]
    DifferentModels {
        /// The first two designs that differ.
        designs: [String; 2],
        /// Their models.
        models: [String; 2],
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// Path of the file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file of numbers has something else.
    #[error("{path}:{line}:{column}: {wrong}")]
    Numbers {
        /// Path of the file.
        path: String,
        /// Line from 1.
        line: usize,
        /// Column from 1, in characters.
        column: usize,
        /// What is wrong there.
        wrong: String,
    },
    /// A term of the question is out of range.
    #[error("{term} is {value}; it must be {range}")]
    Term {
        /// Name of the term as the command spells it, e.g. `per-user`.
        term: &'static str,
        /// Value given.
        value: String,
        /// Values allowed.
        range: String,
    },
}

impl From<Problems> for StudyError {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

fn first(problems: &Problems) -> &str {
    problems.problems.first().map_or("", |problem| &problem.message)
}
