//! Files of the corpus, and failures that name them.

use std::io::Read;
use std::path::{Path, PathBuf};

use corpus::table::{self, MAX_FILE_BYTES};
use storage::columnar::Frame;

use crate::diagnostics::Failure;

/// Start of a Parquet file. Others are not read further, since they can have any length.
const MAGIC: &[u8] = b"PAR1";

/// The corpus of the repository.
const CORPUS: &str = "corpus/hardwire-corpus-v1.parquet";

/// The file that was named, or the corpus of the repository.
pub fn file_or_default(file: Option<&Path>) -> PathBuf {
    file.map_or_else(|| PathBuf::from(CORPUS), Path::to_path_buf)
}

/// Reads the table of a corpus file.
pub fn read(path: &Path) -> Result<Frame, Failure> {
    let file = crate::input::open(path).map_err(|error| refuse(path, error))?;
    // One byte more than allowed shows that there is more.
    let mut file = file.take(MAX_FILE_BYTES + 1);
    let mut bytes = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut bytes).map_err(|error| refuse(path, error))?;
    if bytes != MAGIC {
        return Err(refuse(path, "not a Parquet file, which would start with `PAR1`"));
    }
    file.read_to_end(&mut bytes).map_err(|error| refuse(path, error))?;
    table::read(bytes).map_err(|error| refuse(path, error))
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
