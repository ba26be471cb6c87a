//! The keys of a file with their values.

use std::collections::BTreeMap;

use super::kind::FileKind;
use crate::field::Visitor;
use crate::form::{Form, Limits};
use crate::provenance::Provenance;
use crate::slot::Slot;

/// One key of a file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Dotted path.
    pub(super) path: String,
    pub(super) doc: &'static str,
    pub(super) form: Form,
    pub(super) limits: Limits,
    /// Whether a file that extends none must state it.
    pub(super) required: bool,
    /// The value as TOML, also where it is a default that no file states.
    pub(super) value: Option<String>,
    /// Whether the value is not the default.
    pub(super) differs: bool,
    pub(super) provenance: Option<Provenance>,
}

impl Entry {
    /// Whether a file has to state the value: it is no default, or its origin is known.
    pub(super) fn stated(&self) -> bool {
        self.differs || self.provenance.is_some()
    }

    /// Section and key.
    pub(super) fn split(&self) -> (&str, &str) {
        self.path.rsplit_once('.').unwrap_or(("", &self.path))
    }
}

struct Entries(Vec<Entry>);

impl Visitor for Entries {
    fn field(&mut self, path: &str, slot: &mut dyn Slot, limits: Limits, doc: &'static str) {
        self.0.push(Entry {
            path: path.to_owned(),
            doc,
            form: slot.form(),
            limits,
            required: slot.required(),
            value: slot.toml(),
            differs: slot.show().is_some(),
            provenance: None,
        });
    }
}

/// Something with a walk over its fields.
pub trait Walked {
    /// The kind of file that it is read from.
    fn kind(&self) -> FileKind;

    /// Its keys, in the order of the walk.
    fn entries(&self) -> Vec<Entry>;
}

/// The entries that `walk` visits, with origins from `provenance`.
pub(super) fn collect(
    walk: impl FnOnce(&mut dyn Visitor),
    provenance: Option<&BTreeMap<String, Provenance>>,
) -> Vec<Entry> {
    let mut entries = Entries(Vec::new());
    walk(&mut entries);
    for entry in &mut entries.0 {
        entry.provenance = provenance.and_then(|known| known.get(&entry.path)).cloned();
    }
    entries.0
}
