//! Parser and printer on whole texts.

#[path = "text/fixtures.rs"]
mod fixtures;
