//! Compares designs: one unit, the speed of one user alone, the throughput at equal interactivity, and the number of units that
//! equal the systems of the first hardwired design.
//!
//! Hardwired designs are simulated in closed form and priced; other machines get a roofline bound, scaled by the share of it
//! that their published serving figures attain. Every value has an origin, every missing value a reason.

mod answer;
mod column;
mod gap;
mod hardwired;
mod machine;
mod metric;
mod origin;
mod serving;
mod subject;
mod terms;

use designs::Model;
use designs::load::Loader;

use crate::StudyError;

pub use answer::Answer;
pub use column::{Class, Column, Table};
pub use gap::Gap;
pub use metric::{METRICS, Metric, chosen};
pub use origin::origin;
pub use serving::{Check, attained, bounds};
pub use subject::{Hardwired, Question, Subject};
pub use terms::Terms;

use column::Reference;

/// Machines that a report compares with unless others are named.
pub const DEFAULT_OTHERS: [&str; 8] = ["h100", "b200", "mi325x", "wse-3", "sn40l", "lpu-v1", "sohu", "taalas-hc1"];

/// Reads designs in the order of their names.
///
/// # Errors
/// Those of [`Subject::read`], and designs named twice.
pub fn read(names: &[String], loader: &Loader<'_>) -> Result<Vec<Subject>, StudyError> {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(StudyError::NamedTwice(name.clone()));
        }
    }
    names.iter().map(|name| Subject::read(name, loader)).collect()
}

/// The model that all designs carry: the one named, or that of the hardwired designs.
///
/// # Errors
/// When hardwired designs are made for different models and none is named.
pub fn model(subjects: &[Subject], named: Option<&str>, loader: &Loader<'_>) -> Result<Model, StudyError> {
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
            None => Ok(designs::load::model(name, loader)?),
        };
    }
    let Some((first, hardwired)) = own.first() else {
        return Ok(designs::load::model(DEFAULT_MODEL, loader)?);
    };
    match own.iter().find(|(_, other)| other.home != hardwired.home) {
        Some((name, other)) => Err(StudyError::DifferentModels {
            designs: [(*first).to_owned(), (*name).to_owned()],
            models: [hardwired.home.name.clone(), other.home.name.clone()],
        }),
        None => Ok(hardwired.home.clone()),
    }
}

/// Model of a comparison without hardwired designs: the one that most public figures are for.
const DEFAULT_MODEL: &str = "gpt-oss-120b";

/// Compares designs that carry `model`.
///
/// # Errors
/// If a term is out of range.
pub fn compare(subjects: &[Subject], model: &Model, terms: &Terms, loader: &Loader<'_>) -> Result<Table, StudyError> {
    terms.check()?;
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
            (Subject::Other(other), _) => machine::column(other, reference.as_ref(), model, terms, loader),
            (Subject::Hardwired(_), None) => unreachable!("hardwired designs are known"),
        })
        .collect();
    Ok(Table {
        model: model.name.clone(),
        released_weights: model.release.describe(),
        released_bits: model.release.bits,
        terms: *terms,
        reference: reference.map(|r| r.name.to_owned()),
        designs,
    })
}
