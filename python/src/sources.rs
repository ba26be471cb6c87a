//! Texts that a request names: files, and texts that Python holds under a name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use designs::{Override, Unreadable};

use crate::faults::Fault;

/// Texts by name, and the files that were read.
pub struct Sources {
    held: BTreeMap<String, String>,
    /// Folder that relative paths start from.
    folder: Option<String>,
    read: RefCell<BTreeMap<String, String>>,
}

impl Sources {
    /// Texts that Python holds; other names are files.
    pub fn new(held: BTreeMap<String, String>) -> Self {
        Self { held, folder: None, read: RefCell::default() }
    }

    /// The same with relative paths that start from the folder of `file`.
    pub fn beside(self, file: &str) -> Self {
        let folder = Path::new(file).parent().map(|folder| folder.to_string_lossy().into_owned());
        Self { folder, ..self }
    }

    /// The text called `name`.
    pub fn text(&self, name: &str) -> Result<String, Unreadable> {
        if let Some(text) = self.held.get(name) {
            return Ok(text.clone());
        }
        let path = self.folder.as_ref().map_or_else(|| name.into(), |folder| Path::new(folder).join(name));
        let text = file(&path)?;
        self.read.borrow_mut().insert(name.to_owned(), text.clone());
        Ok(text)
    }

    /// Files that were read, by the names that were asked for.
    pub fn into_read(self) -> BTreeMap<String, String> {
        let mut all = self.held;
        all.extend(self.read.into_inner());
        all
    }
}

/// The text of a regular file.
fn file(path: &Path) -> Result<String, Unreadable> {
    let file = files::regular(path).map_err(|reason| Unreadable(reason.to_string()))?;
    designs::load::text(file)
}

/// Parses `PATH=VALUE` changes.
pub fn overrides(changes: &[String]) -> Result<Vec<Override>, Fault> {
    Ok(study::changes(changes)?)
}
