//! Origins of values that design files give.

use designs::{Grade, Provenance};
use reports::{Origin, Support};

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
