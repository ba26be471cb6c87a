//! A commented template.

use names::Named;

use super::written::{dotted, sections};
use super::{Entry, FileKind};
use crate::form::quoted;
use crate::provenance::Provenance;

/// How to check a file of a kind.
fn check(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Design => "`hardwire designs check FILE.toml` checks the file.",
        FileKind::Node => "A design names the file as its `node`; hardwire checks it then.",
        FileKind::Economics => "`hardwire designs check economics:FILE.toml` checks the file.",
        FileKind::Masks => "`hardwire designs check masks:FILE.toml` checks the file.",
        FileKind::Against => "`hardwire designs check against:FILE.toml` checks the file.",
        FileKind::Memory => "`hardwire designs check memory:FILE.toml` checks the file.",
    }
}

/// Grade, year and source in one line.
fn origin(provenance: &Provenance) -> String {
    let year = provenance.year.map_or(String::new(), |year| format!(", {year}"));
    // A line of a comment ends with the line.
    let source: String = provenance.source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{}{year}: {source}", provenance.grade)
}

/// The lines of one key.
fn key(entry: &Entry, base: &str) -> String {
    let (_, name) = entry.split();
    let value = entry.value.clone().unwrap_or_else(|| entry.form.example(entry.limits));
    let known = match (&entry.value, &entry.provenance) {
        (Some(_), Some(known)) => format!("{base}: {}", origin(known)),
        (Some(_), None) if entry.differs => format!("as in {base}"),
        (Some(_), None) => "default".to_owned(),
        (None, _) => format!("not stated in {base}; for example"),
    };
    let accepts = entry.form.describe(entry.limits);
    format!("# {}; {accepts}.\n#   {known}\n# {} = {value}\n", entry.doc, dotted(name))
}

/// The template of a file that extends `base`.
pub(super) fn text(kind: FileKind, entries: &[Entry], base: &str) -> String {
    let shown: String = base.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut text = format!(
        "# {}, like {shown} but for what is changed here. Every key is listed with its meaning, what it accepts, and its\n\
         # value in {shown} with grade, year and source. Remove the `# ` before a key to change it. A value may state its own origin:\n\
         #   key = {{ value = 4, source = \"...\", grade = \"assumed\", year = 2026 }}\n\
         # {}\n\n",
        kind.about(),
        check(kind)
    );
    text += &format!("extends = {}\nsummary = {}\n", quoted(base), quoted(&format!("Like {shown}, but ...")));
    for (section, entries) in sections(entries) {
        if !section.is_empty() {
            text += &format!("\n[{}]\n", dotted(section));
        }
        for entry in entries.into_iter().filter(|entry| entry.path != "summary") {
            text += &format!("\n{}", key(entry, &shown));
        }
    }
    text
}
