//! What can be wrong with the folder of a labelling.

use std::io;
use std::path::{Path, PathBuf};

use corpus::table::TableError;
use files::record_file::OpenError;
use storage::columnar::ColumnarError;

/// A folder that cannot be labelled.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct FolderError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a file of the folder.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The file system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// No Parquet file.
    #[error("not a Parquet file, which would start with `PAR1`")]
    NotParquet,
    /// Not the rows of a corpus.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The corpus cannot be written.
    #[error(transparent)]
    Columnar(#[from] ColumnarError),
    /// A journal of another version, or no journal.
    #[error("it is not a journal of labels of this version")]
    ForeignJournal,
    /// A journal of other rows, targets or settings.
    #[error("it was kept for other rows, targets or settings")]
    OtherJournal,
    /// Another process has the journal open.
    #[error("another process is labelling these rows")]
    Locked,
}

impl FolderError {
    pub(crate) fn at(path: &Path, cause: impl Into<Cause>) -> Self {
        Self { path: path.to_owned(), cause: cause.into() }
    }

    /// What would be right, where that is known.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        matches!(self.cause, Cause::ForeignJournal | Cause::OtherJournal).then_some("remove it to label from the start")
    }
}

impl From<OpenError> for Cause {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            OpenError::Foreign => Self::ForeignJournal,
            OpenError::Other(_) => Self::OtherJournal,
            OpenError::Locked => Self::Locked,
        }
    }
}
