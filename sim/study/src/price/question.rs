//! What is to be priced, with the limits of its terms.

use designs::{Override, YieldModel};
use sim::Discipline;
use sim::economics::MAX_SYSTEMS;
use sim::economics::area::WeightFormat;
use sim::economics::monte_carlo::MAX_SAMPLES;
use sim::settle::AreaSource;

use crate::StudyError;

/// What is to be priced.
#[derive(Debug, Clone)]
pub struct Question {
    /// Preset name or path of a design file.
    pub design: String,
    /// Changes of design and prices.
    pub overrides: Vec<Override>,
    /// Preset name or path of a model; the design's own if absent.
    pub model: Option<String>,
    /// Preset name or path of a process node; the design's own if absent.
    pub node: Option<String>,
    /// Preset name or path of a mask stack; the one with the name of the node if absent.
    pub mask_stack: Option<String>,
    /// Metal and via layers that encode the weights.
    pub embedding: String,
    /// Source of the block areas.
    pub area: AreaSource,
    /// Number format of the hardwired weights.
    pub weights: WeightFormat,
    /// Number of systems built.
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Re-spins of the weight masks per year.
    pub respins_per_year: f64,
    /// Yield model; that of the economics file if absent.
    pub yield_model: Option<YieldModel>,
    /// Accounting of time for throughput and power.
    pub discipline: Discipline,
    /// Prices and cost rules: preset name or path.
    pub economics: Option<String>,
    /// Number of Monte Carlo samples; both ends of each range if absent.
    pub monte_carlo: Option<usize>,
    /// Seed of the samples.
    pub seed: u64,
    /// Machines to compare with: preset names or paths.
    pub against: Vec<String>,
    /// Use unconfirmed values and mark them.
    pub allow_unconfirmed: bool,
}

impl Question {
    /// One system with the design's own model and node for 3 years with a re-spin each year, under `dataflow`.
    #[must_use]
    pub fn new(design: impl Into<String>) -> Self {
        Self {
            design: design.into(),
            overrides: Vec::new(),
            model: None,
            node: None,
            mask_stack: None,
            embedding: "published".to_owned(),
            area: AreaSource::Design,
            weights: WeightFormat::Fp4,
            systems: 1,
            years: 3.0,
            respins_per_year: 1.0,
            yield_model: None,
            discipline: Discipline::Dataflow,
            economics: None,
            monte_carlo: None,
            seed: 1,
            against: Vec::new(),
            allow_unconfirmed: false,
        }
    }

    /// Rejects terms out of range.
    ///
    /// # Errors
    /// At the first.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let refuse = |term, value: String, range: String| Err(StudyError::Term { term, value, range });
        if !(self.years > 0.0 && self.years <= 100.0) {
            return refuse("years", self.years.to_string(), "above 0 and at most 100".to_owned());
        }
        if !(0.0..=52.0).contains(&self.respins_per_year) {
            let value = self.respins_per_year.to_string();
            return refuse("respins-per-year", value, "at least 0 and at most 52".to_owned());
        }
        if !(1..=MAX_SYSTEMS).contains(&self.systems) {
            let range = format!("at least 1 and at most {MAX_SYSTEMS}");
            return refuse("systems", self.systems.to_string(), range);
        }
        match self.monte_carlo {
            Some(n) if !(1..=MAX_SAMPLES).contains(&n) => {
                refuse("monte-carlo", n.to_string(), format!("at least 1 and at most {MAX_SAMPLES}"))
            }
            _ => Ok(()),
        }
    }
}
