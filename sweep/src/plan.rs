//! A validated sweep: base state, axes with their values, columns, constraints and objectives.

use std::sync::Arc;

use designs::{Grade, Provenance};
use sim::Fidelity;
use sim::settle::Base;
use workload::Program;

use crate::expression::{Comparison, Expression};
use crate::library::Library;
use crate::metric::Metric;
use crate::sampler::{self, Method};
use crate::state::{Name, State};
use crate::value::Value;

/// Maximum number of points.
pub const MAX_POINTS: u64 = 20_000_000;

/// Domain of an axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// A list, in order.
    Listed(Vec<Value>),
    /// An interval, sampled linearly or logarithmically.
    Between {
        /// Lower end, in the base unit of the field.
        from: f64,
        /// Upper end.
        to: f64,
        /// Whether sampling is logarithmic.
        log: bool,
    },
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its field.
    pub name: Name,
    /// Its values.
    pub domain: Domain,
}

impl Axis {
    /// Number of values; `None` for an interval.
    #[must_use]
    pub fn levels(&self) -> Option<u64> {
        match &self.domain {
            Domain::Listed(values) => Some(values.len() as u64),
            Domain::Between { .. } => None,
        }
    }

    /// The value at `share` of the axis, from 0 to 1 exclusively.
    #[must_use]
    pub fn at(&self, share: f64) -> Value {
        match &self.domain {
            Domain::Listed(values) => {
                let index = (share * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].clone()
            }
            Domain::Between { from, to, log } => {
                let number = if *log {
                    libm::exp(libm::log(*from) + share * (libm::log(*to) - libm::log(*from)))
                } else {
                    from + share * (to - from)
                };
                let number = if self.name.whole() { number.round() } else { number };
                Value::Number(number.clamp(*from, *to))
            }
        }
    }
}

/// A field that follows from the axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependent {
    /// Its field.
    pub name: Name,
    /// Formula over axes and fields.
    pub expression: Expression,
}

/// What a name in a formula stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variable {
    /// Value of an axis.
    Axis(usize),
    /// Value of a dependent axis.
    Dependent(usize),
    /// A column of the results.
    Column(usize),
    /// A field that no axis changes.
    Constant(f64),
}

/// A column of the results.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// A result of the simulation or of the prices.
    Metric(Metric),
    /// A formula of the file over other columns and axes.
    Own {
        /// Name.
        name: String,
        /// Formula.
        expression: Expression,
    },
}

impl Column {
    /// Name with the unit.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Metric(metric) => &metric.name,
            Self::Own { name, .. } => name,
        }
    }

    /// The words that its numbers index, if it is a column of words.
    #[must_use]
    pub fn words(&self) -> Option<&'static [&'static str]> {
        if let Self::Metric(metric) = self { metric.words() } else { None }
    }
}

/// A constraint on points.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// Text in the file.
    pub text: String,
    /// The comparison.
    pub comparison: Comparison,
    /// Whether it involves axes only, so that it can be checked before a point is computed.
    pub on_axes: bool,
}

/// An objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objective {
    /// Index of the column.
    pub column: usize,
    /// Whether more is better.
    pub maximise: bool,
}

/// A validated sweep.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the file.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// One line for people.
    pub summary: String,
    /// The state from which points differ.
    pub state: State,
    /// Reference that areas and powers are scaled from.
    pub base: Base,
    /// Models, nodes, mask stacks.
    pub library: Library,
    /// An MLIR function that every point runs on one of its chips as well.
    pub program: Option<Arc<Program>>,
    /// Axes, the first varies slowest on a grid.
    pub axes: Vec<Axis>,
    /// Fields that follow from the axes.
    pub dependents: Vec<Dependent>,
    /// Names of formulas.
    pub variables: Vec<Variable>,
    /// Columns of results.
    pub columns: Vec<Column>,
    /// Constraints.
    pub constraints: Vec<Constraint>,
    /// Objectives.
    pub objectives: Vec<Objective>,
    /// Whether points are priced.
    pub prices: bool,
    /// How points are chosen.
    pub method: Method,
    /// Number of points.
    pub points: u64,
    /// Seed of the choice.
    pub seed: u64,
    /// Fidelity at which every point is computed.
    pub fidelity: Fidelity,
    /// Points that are computed again from events; 0 for none.
    pub confirm: usize,
    /// Axes of the heat map, horizontal and vertical.
    pub heat_map: Option<(usize, usize)>,
    /// Axis whose every value has a frontier of its own.
    pub frontier_by: Option<usize>,
    /// Points drawn by Latin hypercube: order of the strata per axis, kept so that a point costs no more than others.
    pub(crate) strata: Vec<Vec<u32>>,
}

impl Plan {
    /// Values of the axes at the point `index` of a sampler that needs no results (all but NSGA-II).
    #[must_use]
    pub fn values(&self, index: u64) -> Vec<Value> {
        match self.method {
            Method::Grid => {
                let mut rest = index;
                let mut values: Vec<Value> = self
                    .axes
                    .iter()
                    .rev()
                    .map(|axis| {
                        let Domain::Listed(values) = &axis.domain else {
                            unreachable!("a grid has listed values only")
                        };
                        let level = rest % values.len() as u64;
                        rest /= values.len() as u64;
                        values[level as usize].clone()
                    })
                    .collect();
                values.reverse();
                values
            }
            _ => {
                let shares = sampler::shares(self.method, self.seed, index, self.points, &self.strata, self.axes.len());
                self.at(&shares)
            }
        }
    }

    /// Values of the axes at shares from 0 to 1.
    #[must_use]
    pub fn at(&self, shares: &[f64]) -> Vec<Value> {
        self.axes.iter().zip(shares).map(|(axis, share)| axis.at(*share)).collect()
    }

    /// The columns that are objectives as a row has them, each so that less is better; NaN stays.
    #[must_use]
    pub fn costs(&self, row: &[f64]) -> Vec<f64> {
        let sign = |maximise| if maximise { -1.0 } else { 1.0 };
        self.objectives.iter().map(|o| row[o.column] * sign(o.maximise)).collect()
    }

    /// Everything that decides the results, as one text: two sweeps with equal identities have equal results.
    #[must_use]
    pub fn identity(&self) -> String {
        let library = &self.library;
        format!(
            "{}\n{}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}\n",
            env!("CARGO_PKG_VERSION"),
            self.text,
            self.state,
            self.base,
            library.models,
            library.nodes,
            library.stacks,
            self.program.as_ref().map_or("", |program| program.text())
        )
    }

    /// The base design as lines `path = value`, in the order of the file.
    #[must_use]
    pub fn design_text(&self) -> String {
        let fields = designs::edit::design_fields(&self.state.design);
        fields.iter().map(|f| format!("{} = {}\n", f.path, f.shown.as_deref().unwrap_or("-"))).collect()
    }

    /// Path, value and origin of every field of the base design, and of the prices where points are priced.
    #[must_use]
    pub fn origins(&self) -> Vec<(String, String, Provenance)> {
        let user = || Provenance { source: self.name.clone(), grade: Grade::User, year: None };
        let (design, economics) = (&self.state.design, &self.state.economics);
        let mut fields = designs::edit::design_fields(design);
        fields.retain(|f| f.path != "summary");
        let mut all: Vec<(String, String, Provenance)> = fields
            .into_iter()
            .filter_map(|f| {
                Some((f.path.clone(), f.shown?, design.provenance.get(&f.path).cloned().unwrap_or_else(user)))
            })
            .collect();
        if self.prices {
            let fields = designs::edit::economics_fields(economics).into_iter().filter(|f| f.path != "summary");
            all.extend(fields.filter_map(|f| {
                Some((f.path.clone(), f.shown?, economics.provenance.get(&f.path).cloned().unwrap_or_else(user)))
            }));
        }
        all
    }
}
