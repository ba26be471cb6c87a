//! How machines are built unless a question says otherwise.

use designs::load::Loader;
use sim::settle::{Build, Reticle};

use crate::StudyError;

/// Prices whose reticle bounds a chip.
const PRICES: &str = "hnlpu";

/// The build of the published machine, with the reticle of its prices.
///
/// # Errors
/// If the prices cannot be read.
pub(crate) fn published(loader: &Loader<'_>) -> Result<Build, StudyError> {
    let prices = designs::load::economics(PRICES, &[], loader)?;
    Ok(Build::published(Reticle::from(&prices)))
}
