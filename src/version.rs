//! What `hardwire --version` says: version, commit, and the built-in cost model.

use crate::cost_model;

/// Version, commit, name and checksum of the built-in model, each on a line.
pub fn long() -> &'static str {
    let version = env!("CARGO_PKG_VERSION");
    let model = match cost_model::load_with_checksum(None) {
        Ok((model, checksum)) => format!("{}, checksum {checksum}", model.card.version()),
        Err(_) => "none".to_owned(),
    };
    // The parser keeps it for the life of the process.
    format!("{version}\ncommit: {}\ncost model: {model}", env!("HARDWIRE_COMMIT")).leak()
}
