//! Record logs ([`storage::record_log`]) as files: locked while open, truncated after the last whole record, appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use storage::record_log::{self, LogError, Magic, Reader};

/// A log that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not a log of this kind.
    #[error("not a log of this kind")]
    Foreign,
    /// Its identity differs: the identity found.
    #[error("a log of something else")]
    Other(Vec<u8>),
    /// Another process is writing it.
    #[error("another process is writing it")]
    Locked,
}

impl From<LogError> for OpenError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Io(error) => Self::Io(error),
            LogError::Foreign => Self::Foreign,
        }
    }
}

/// A log that is open for appending.
pub struct RecordFile(File);

impl RecordFile {
    /// Opens or creates the log of `identity` and passes the payload of each whole record to `sink`, which returns whether it
    /// can use it. Drops what is behind the last usable record and returns how many bytes that were.
    ///
    /// # Errors
    /// If the file system refuses, the file is no log of this kind and identity, or another process writes it.
    pub fn open(
        path: &Path,
        magic: &Magic,
        identity: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(Self, u64), OpenError> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(OpenError::Locked),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let length = file.metadata()?.len();
        let good = match reader(&file, magic)? {
            Some(reader) if reader.identity() != identity => return Err(OpenError::Other(reader.identity().to_vec())),
            Some(reader) => reader.records(sink)?,
            None => 0,
        };
        file.set_len(good)?;
        file.seek(SeekFrom::End(0))?;
        if good == 0 {
            record_log::write_header(&mut file, magic, identity)?;
        }
        Ok((Self(file), length - good))
    }

    /// Appends a record; once this returns it outlives the process.
    ///
    /// # Errors
    /// I/O errors.
    pub fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        record_log::append(&mut self.0, payload)
    }

    /// The file, which a process that was forked has open as well, and with it the lock.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// I/O errors.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Reads a log without changing it; `None` if it has no whole header.
///
/// # Errors
/// If reading fails, or the log is of another kind.
pub fn reader<'a>(file: &'a File, magic: &Magic) -> Result<Option<Reader<BufReader<&'a File>>>, LogError> {
    let mut input = BufReader::with_capacity(1 << 20, file);
    input.rewind()?;
    Reader::open(input, magic)
}
