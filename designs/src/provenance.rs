//! Where a value comes from and how far to trust it.

use serde::{Deserialize, Serialize};

/// How well a value is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Stated by a primary source: paper, vendor's config file or code, process design kit.
    Published,
    /// A vendor's claim through the press.
    VendorClaim,
    /// An analyst's or third party's figure.
    ThirdParty,
    /// Arithmetic on published figures.
    Derived,
    /// Fitted so that the model meets the published figure that the source names.
    Calibrated,
    /// Our assumption.
    Assumed,
    /// Unconfirmed; never shown without a mark.
    Unconfirmed,
    /// Given by the user, in a file or on the command line.
    User,
}

impl Grade {
    /// Every grade with the name used in files.
    pub const ALL: [(&'static str, Self); 8] = [
        ("published", Self::Published),
        ("vendor-claim", Self::VendorClaim),
        ("third-party", Self::ThirdParty),
        ("derived", Self::Derived),
        ("calibrated", Self::Calibrated),
        ("assumed", Self::Assumed),
        ("unconfirmed", Self::Unconfirmed),
        ("user", Self::User),
    ];
}

/// Origin of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Publication, file and line, or `--set`.
    pub source: String,
    /// Support.
    pub grade: Grade,
    /// Year of the source, or of the price where money is meant.
    pub year: Option<u16>,
}
