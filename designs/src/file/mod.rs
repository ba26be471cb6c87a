//! Files that users write: whole values as TOML, commented templates, and JSON Schemas for editors.
//!
//! All three are printed from the walk that reads the file, so keys, bounds, defaults and documentation are those of the reader.

mod entry;
mod json_schema;
mod kind;
mod template;
mod written;

use crate::comparison::{self, Comparison};
use crate::design::Design;
use crate::dram::{self, Dram};
use crate::economics::{self, Economics};
use crate::masks::{self, MaskStack};
use crate::process::{self, ProcessNode};
use crate::schema;

use entry::{Entry, Walked, collect};

pub use json_schema::json_schema;
pub use kind::FileKind;

/// Stands for every name in the paths of a schema.
const ANY: &str = "*";

/// Something that is read from a TOML file.
pub trait Written: Walked {
    /// The whole value as a file that extends none; reading it gives the same value with the same origins.
    #[must_use]
    fn toml(&self) -> String {
        written::text(&self.entries())
    }

    /// A file that extends this one, `base`, with every key as a comment: its meaning, what it accepts, its value here.
    #[must_use]
    fn template(&self, base: &str) -> String {
        template::text(self.kind(), &self.entries(), base)
    }
}

impl<T: Walked> Written for T {}

impl Walked for Design {
    fn kind(&self) -> FileKind {
        FileKind::Design
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| schema::walk(&mut self.clone(), v), Some(&self.provenance))
    }
}

impl Walked for ProcessNode {
    fn kind(&self) -> FileKind {
        FileKind::Node
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| process::walk(&mut self.clone(), v), Some(&self.provenance))
    }
}

impl Walked for Economics {
    fn kind(&self) -> FileKind {
        FileKind::Economics
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| economics::walk(&mut self.clone(), v), Some(&self.provenance))
    }
}

impl Walked for MaskStack {
    fn kind(&self) -> FileKind {
        FileKind::Masks
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| masks::walk(&mut self.clone(), v), None)
    }
}

impl Walked for Comparison {
    fn kind(&self) -> FileKind {
        FileKind::Against
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| comparison::walk(&mut self.clone(), v), Some(&self.provenance))
    }
}

impl Walked for Dram {
    fn kind(&self) -> FileKind {
        FileKind::Memory
    }

    fn entries(&self) -> Vec<Entry> {
        collect(|v| dram::walk(&mut self.clone(), v), Some(&self.provenance))
    }
}

/// The entries of a file of a kind; [`ANY`] stands for names that the user chooses.
fn blank(kind: FileKind) -> Vec<Entry> {
    let any = || vec![ANY.to_owned()];
    let walked: &dyn Walked = match kind {
        FileKind::Design => &schema::blank(""),
        FileKind::Node => &ProcessNode::default(),
        FileKind::Economics => &Economics::blank(""),
        FileKind::Masks => &MaskStack::blank("", any()),
        FileKind::Against => &Comparison::blank("", any()),
        FileKind::Memory => &Dram::blank(""),
    };
    walked.entries()
}
