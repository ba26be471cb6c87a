//! Why a value of the comparison is missing.

/// Why a value is missing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Gap {
    /// A figure of a machine is not public.
    #[error("no public {what}: {key} is not given")]
    NotPublic {
        /// What is missing.
        what: &'static str,
        /// Key of the machine's file.
        key: &'static str,
    },
    /// The machine is hardwired with another model.
    #[error("it is hardwired with {0}")]
    OtherModel(String),
    /// The weights are hardwired.
    #[error("weights in wires are not read from memory: a roofline bounds nothing")]
    HardwiredWeights,
    /// A published figure states fewer units than hold the model.
    #[error("{0} does not fit on the units that the figure states")]
    DoesNotFit(String),
    /// The model of a published figure is not known.
    #[error("the model {0} is no preset")]
    UnknownModel(String),
    /// One user alone is slower than the published figure asks.
    #[error("the roofline stays below that speed per user")]
    BelowFigure,
    /// One user alone is slower than the terms ask.
    #[error("the roofline of one user stays below the speed asked for")]
    BelowTerms,
    /// No published throughput scales the roofline.
    #[error("no public throughput with {0} to scale the roofline by; the bound stands above")]
    NoThroughput(String),
    /// Users of a hardwired design get less than the terms ask.
    #[error("a user gets fewer tokens/s than asked for")]
    TooSlow,
    /// There is no hardwired design in the comparison.
    #[error("no hardwired design to be equal to")]
    NoReference,
    /// The throughput at equal interactivity is not known.
    #[error("no output tokens/s")]
    NoRate,
    /// Simulator or price model refuse the design.
    #[error("{0}")]
    Refused(String),
}

impl From<&Gap> for reports::Cell {
    fn from(gap: &Gap) -> Self {
        Self::missing(gap.to_string())
    }
}
