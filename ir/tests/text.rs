//! Parser and printer on whole texts.

#[path = "text/custom.rs"]
mod custom;
#[path = "text/dialects.rs"]
mod dialects;
#[path = "text/errors.rs"]
mod errors;
#[path = "text/fixtures.rs"]
mod fixtures;
#[path = "text/opaque.rs"]
mod opaque;
#[path = "text/printing.rs"]
mod printing;
#[path = "text/structure.rs"]
mod structure;
