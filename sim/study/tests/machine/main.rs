//! The machine side as its commands see it: every field acts, and in the right direction.

mod audit;
mod commands;
mod directions;
mod part;
