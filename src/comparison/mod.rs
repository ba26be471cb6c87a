//! Designs side by side: what one unit is, what one user gets alone, what all users get at equal interactivity, and what it
//! takes to equal the systems of the first hardwired design.
//!
//! Hardwired designs are simulated in closed form and priced; other machines get a roofline bound, scaled by the share of it
//! that their published serving figures attain. Every value has an origin, every gap a reason.

mod hardwired;
mod machine;
mod metric;
mod serving;
mod subject;

use std::collections::BTreeMap;

use designs::{Grade, Model, Provenance};
use reports::{Cell, Origin, Support};
use serde::Serialize;
use sim::Discipline;
use sim::economics::Estimate;
use sim::roofline::Traffic;

use crate::diagnostics::Failure;
use crate::input;

pub use metric::{METRICS, Metric, chosen};
pub use serving::{Check, attained, bounds};
pub use subject::{Hardwired, Question, Subject};

/// Machines that a report compares with unless others are named.
pub const DEFAULT_OTHERS: [&str; 8] = ["h100", "b200", "mi325x", "wse-3", "sn40l", "lpu-v1", "sohu", "taalas-hc1"];

/// On what terms designs are compared.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Terms {
    /// Tokens of a prompt.
    pub input_tokens: u32,
    /// Tokens generated for it.
    pub output_tokens: u32,
    /// Output tokens per second that every user gets at least.
    pub per_user_tokens_per_s: f64,
    /// Systems of a hardwired design.
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Updates of the weights of a hardwired design per year.
    pub respins_per_year: f64,
    /// Accounting of time.
    pub discipline: Discipline,
}

impl Terms {
    /// The traffic.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic { input: f64::from(self.input_tokens), output: f64::from(self.output_tokens) }
    }

    /// Mean context of a generated token.
    #[must_use]
    pub fn context(&self) -> u64 {
        u64::from(self.input_tokens) + u64::from(self.output_tokens) / 2
    }
}

/// How much of a column is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Simulated and priced.
    Simulated,
    /// Bounded by a roofline.
    Roofline,
    /// Public figures alone.
    Figures,
}

/// A design in the comparison.
#[derive(Debug, Serialize)]
pub struct Column {
    /// Name it was asked by.
    pub design: String,
    /// One line for people.
    pub summary: String,
    /// How its speeds are known.
    pub class: Class,
    /// Whether nothing about it has better support than a vendor's claim.
    pub vendor_claims_only: bool,
    /// Values by metric.
    pub values: BTreeMap<&'static str, Cell>,
    /// Published serving figures beside the roofline.
    pub serving: Vec<Check>,
}

/// The whole comparison.
#[derive(Debug, Serialize)]
pub struct Table {
    /// Model.
    pub model: String,
    /// Terms.
    #[serde(flatten)]
    pub terms: Terms,
    /// The hardwired design that the others are made equal to.
    pub reference: Option<String>,
    /// Designs in the order asked.
    pub designs: Vec<Column>,
}

/// The design that the others are made equal to.
struct Reference<'a> {
    name: &'a str,
    estimate: &'a Estimate,
    /// Output tokens per second of one system at equal interactivity.
    output_tokens_per_s: f64,
}

/// Names in the order asked, each read once.
///
/// # Errors
/// Those of [`Subject::read`], and designs named twice.
pub fn read(names: &[String]) -> Result<Vec<Subject>, Failure> {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(Failure::Request(format!("`{name}` is named twice")));
        }
    }
    names.iter().map(|name| Subject::read(name)).collect()
}

/// The model that all designs carry: the one named, or that of the hardwired designs.
///
/// # Errors
/// When hardwired designs are made for different models and none is named.
pub fn model(subjects: &[Subject], named: Option<&str>) -> Result<Model, Failure> {
    let own: Vec<(&str, &Hardwired)> = subjects
        .iter()
        .filter_map(|s| match s {
            Subject::Hardwired(hardwired) => Some((s.name(), hardwired.as_ref())),
            Subject::Other(_) => None,
        })
        .collect();
    if let Some(name) = named {
        return match own.iter().find(|(_, h)| h.design.model == name) {
            Some((_, hardwired)) => Ok(hardwired.home.clone()),
            None => input::model(name),
        };
    }
    let Some((first, hardwired)) = own.first() else {
        return input::model(DEFAULT_MODEL);
    };
    match own.iter().find(|(_, other)| other.home != hardwired.home) {
        Some((name, other)) => Err(Failure::Request(format!(
            "{first} is made for {} and {name} for {}, and speeds of different models say nothing about each other; \
             name one model for all with --model",
            hardwired.home.name, other.home.name
        ))),
        None => Ok(hardwired.home.clone()),
    }
}

/// Model of a comparison without hardwired designs: the one that most public figures are for.
const DEFAULT_MODEL: &str = "gpt-oss-120b";

/// Compares.
///
/// # Errors
/// When the terms make no sense.
pub fn compare(subjects: &[Subject], model: &Model, terms: &Terms) -> Result<Table, Failure> {
    check(terms)?;
    let hardwired: Vec<Option<hardwired::Known>> = subjects
        .iter()
        .map(|subject| match subject {
            Subject::Hardwired(hardwired) => Some(hardwired::Known::new(hardwired, model, terms)),
            Subject::Other(_) => None,
        })
        .collect();
    let reference = subjects.iter().zip(&hardwired).find_map(|(subject, known)| {
        let known = known.as_ref()?;
        let estimate = known.estimate.as_ref().ok()?;
        Some(Reference { name: subject.name(), estimate, output_tokens_per_s: known.output_tokens_per_s()? })
    });
    let designs = subjects
        .iter()
        .zip(&hardwired)
        .map(|(subject, known)| match (subject, known) {
            (Subject::Hardwired(h), Some(known)) => hardwired::column(h, known, reference.as_ref(), model, terms),
            (Subject::Other(other), _) => machine::column(other, reference.as_ref(), model, terms),
            (Subject::Hardwired(_), None) => unreachable!("hardwired designs are known"),
        })
        .collect();
    Ok(Table { model: model.name.clone(), terms: *terms, reference: reference.map(|r| r.name.to_owned()), designs })
}

fn check(terms: &Terms) -> Result<(), Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    for (what, tokens) in [("--input", terms.input_tokens), ("--output", terms.output_tokens)] {
        if !(1..=10_000_000).contains(&tokens) {
            return refuse(format!("{what} is {tokens}; it must be at least 1 and at most 10000000"));
        }
    }
    let speed = terms.per_user_tokens_per_s;
    if !(speed > 0.0 && speed <= 1e9) {
        return refuse(format!("--per-user is {speed}; it must be above 0 and at most 1e9"));
    }
    if !(1..=sim::economics::MAX_SYSTEMS).contains(&terms.systems) {
        let most = sim::economics::MAX_SYSTEMS;
        return refuse(format!("--systems is {}; it must be at least 1 and at most {most}", terms.systems));
    }
    Ok(())
}

/// The origin of a value that a file gives.
#[must_use]
pub fn origin(provenance: &Provenance) -> Origin {
    let kind = match provenance.grade {
        Grade::VendorClaim => Support::VendorClaim,
        Grade::Calibrated => Support::Calibrated,
        _ => Support::Input,
    };
    let grade = provenance.grade.name();
    Origin { kind, grade: grade.to_owned(), source: provenance.source.clone(), year: provenance.year }
}
