//! Files of the corpus, and failures that name them.

use std::path::{Path, PathBuf};

use labelling::folder::{self, FolderError};
use storage::columnar::Frame;

use crate::diagnostics::Failure;

/// The corpus of the repository.
const CORPUS: &str = "corpus/hardwire-corpus-v2.parquet";

/// The file that was named, or the corpus of the repository.
pub fn file_or_default(file: Option<&Path>) -> PathBuf {
    file.map_or_else(|| PathBuf::from(CORPUS), Path::to_path_buf)
}

/// Reads the table of a corpus file.
pub fn read(path: &Path) -> Result<Frame, Failure> {
    Ok(folder::read(path, crate::input::open(path))?)
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        let help = error.help().map(|help| format!("\n  help: {help}"));
        Self::Request(format!("{error}{}", help.unwrap_or_default()))
    }
}

/// This command, whose hidden actions are the workers.
pub fn this_command() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::Request(format!("the path of this command is not known: {error}")))
}

/// A failure that names the file.
pub fn refuse(path: &Path, reason: impl std::fmt::Display) -> Failure {
    Failure::Request(format!("{}: {reason}", path.display()))
}

/// Refuses what only a build with LLVM can do.
pub fn needs_llvm(what: &str) -> Result<(), Failure> {
    if cfg!(feature = "mlir") {
        return Ok(());
    }
    Err(Failure::Request(format!("{what}: {}", ir::mlir::NOT_BUILT)))
}
