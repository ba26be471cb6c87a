//! A whole file from values.

use super::Entry;
use crate::form::quoted;
use crate::provenance::{Grade, Provenance};

/// Entries by section, those without a section first and every section before its own sections.
pub(super) fn sections(entries: &[Entry]) -> Vec<(&str, Vec<&Entry>)> {
    let mut sections: Vec<(&str, Vec<&Entry>)> = vec![("", Vec::new())];
    for entry in entries {
        let (section, _) = entry.split();
        if let Some((_, known)) = sections.iter_mut().find(|(name, _)| *name == section) {
            known.push(entry);
            continue;
        }
        let inside = |name: &str| name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        let at = sections.iter().position(|(name, _)| inside(name)).unwrap_or(sections.len());
        sections.insert(at, (section, vec![entry]));
    }
    sections
}

/// A key or the name of a section as TOML.
pub(super) fn dotted(path: &str) -> String {
    let bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let keys = path.split('.').map(|key| if bare(key) { key.to_owned() } else { quoted(key) });
    keys.collect::<Vec<_>>().join(".")
}

/// A value with its origin.
fn annotated(value: &str, provenance: &Provenance) -> String {
    let Provenance { source, grade, year } = provenance;
    let year = year.map_or(String::new(), |year| format!(", year = {year}"));
    // An empty origin cannot be stated, and `user` is what a value without a grade has.
    let source = if source.is_empty() { String::new() } else { format!(", source = {}", quoted(source)) };
    let grade = if *grade == Grade::User { String::new() } else { format!(", grade = {}", quoted(grade.name())) };
    format!("{{ value = {value}{source}{grade}{year} }}")
}

/// The file that states all entries.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (section, entries) in sections(entries) {
        let mut lines = String::new();
        for entry in entries.into_iter().filter(|entry| entry.stated()) {
            let Some(value) = &entry.value else { continue };
            let value = entry.provenance.as_ref().map_or_else(|| value.clone(), |known| annotated(value, known));
            lines += &format!("{} = {value}\n", dotted(entry.split().1));
        }
        if lines.is_empty() {
            continue;
        }
        if !section.is_empty() {
            text += &format!("{}[{}]\n", if text.is_empty() { "" } else { "\n" }, dotted(section));
        }
        text += &lines;
    }
    text
}
