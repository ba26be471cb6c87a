//! Where a value comes from and how far to trust it.

use names::named;
use serde::{Deserialize, Serialize};

named! {
    /// How well a value is supported.
    pub enum Grade {
        /// Stated by a primary source: paper, vendor's config file or code, process design kit.
        Published = "published",
        /// A vendor's claim through the press.
        VendorClaim = "vendor-claim",
        /// An analyst's or third party's figure.
        ThirdParty = "third-party",
        /// Arithmetic on published figures.
        Derived = "derived",
        /// Fitted so that the model meets the published figure that the source names.
        Calibrated = "calibrated",
        /// Our assumption.
        Assumed = "assumed",
        /// Unconfirmed; never shown without a mark.
        Unconfirmed = "unconfirmed",
        /// Given by the user, in a file or on the command line.
        User = "user",
    }
}

crate::slot::choice_slots!(Grade);

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
