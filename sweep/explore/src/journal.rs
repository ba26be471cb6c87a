//! The journal of a sweep: the outcome of every point so far, in a record log that survives being killed.

use std::fs::File;
use std::io;
use std::path::Path;

use files::record_file::{self, OpenError, RecordFile};
use storage::record_log::Magic;
use sweep::Outcome;
use sweep::exploration::Stage;
use sweep::record::{Batch, Identity, decode, encode};

/// Kind and version of the log.
const MAGIC: &Magic = b"HWSWEEP2";

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no journal.
    #[error("no journal of a sweep")]
    Foreign,
    /// It belongs to another sweep, shard or version.
    #[error("the journal of another sweep")]
    Other(Identity),
    /// Another process writes it.
    #[error("another sweep is writing it")]
    Locked,
}

impl From<OpenError> for JournalError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            OpenError::Foreign => Self::Foreign,
            OpenError::Other(identity) => Identity::from_bytes(&identity).map_or(Self::Foreign, Self::Other),
            OpenError::Locked => Self::Locked,
        }
    }
}

/// A journal open for appending.
pub struct Journal(RecordFile);

/// What was found on opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Points read.
    pub points: u64,
    /// Bytes dropped from a damaged end.
    pub dropped: u64,
}

impl Journal {
    /// Opens or creates the journal of `identity`, passes what it holds to `sink` by stage, and drops a damaged end.
    ///
    /// # Errors
    /// I/O errors; if the file is not a journal, belongs to another sweep, or is in use.
    pub fn open(
        path: &Path,
        identity: Identity,
        sink: &mut dyn FnMut(Stage, u64, Outcome),
    ) -> Result<(Self, Found), JournalError> {
        let mut points = 0;
        let mut take = |payload: &[u8]| {
            let Some((stage, batch)) = decode(payload, identity.columns as usize) else { return false };
            points += batch.len() as u64;
            batch.into_iter().for_each(|(index, outcome)| sink(stage, index, outcome));
            true
        };
        let (log, dropped) = RecordFile::open(path, MAGIC, &identity.to_bytes(), &mut take)?;
        Ok((Self(log), Found { points, dropped }))
    }

    /// Refuses the journal at `path` if a sweep is writing it.
    ///
    /// # Errors
    /// If a sweep is writing it, or the file system refuses.
    pub fn unused(path: &Path) -> Result<(), JournalError> {
        match File::open(path)?.try_lock() {
            Ok(()) => Ok(()),
            Err(std::fs::TryLockError::WouldBlock) => Err(JournalError::Locked),
            Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Appends a batch of a stage; once this returns it outlives the process.
    ///
    /// # Errors
    /// I/O errors.
    pub fn append(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> io::Result<()> {
        self.0.append(&encode(stage, batch))
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        self.0.file()
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// I/O errors.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// The identity of a journal and its batches in the order they were appended.
pub type Contents = (Identity, Vec<(Stage, Batch)>);

/// Reads a journal without changing it: its identity and points; `None` if it has no whole header.
///
/// # Errors
/// If the file cannot be read, or is not a journal.
pub fn read(file: &File) -> Result<Option<Contents>, JournalError> {
    let reader = record_file::reader(file, MAGIC).map_err(OpenError::from)?;
    let Some(reader) = reader else { return Ok(None) };
    let identity = Identity::from_bytes(reader.identity()).ok_or(JournalError::Foreign)?;
    let mut batches = Vec::new();
    let mut take = |payload: &[u8]| match decode(payload, identity.columns as usize) {
        Some(batch) => {
            batches.push(batch);
            true
        }
        None => false,
    };
    reader.records(&mut take).map_err(JournalError::Io)?;
    Ok(Some((identity, batches)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity { sweep: 7, columns: 2, shard: (0, 1) };

    fn batches() -> Vec<Batch> {
        vec![
            vec![(0, Outcome::Row(vec![1.0, f64::NAN])), (1, Outcome::Excluded)],
            vec![(2, Outcome::Failed("because ü".into()))],
            vec![(3, Outcome::Row(vec![-0.0, 2.5]))],
        ]
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("hardwire-journal-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn open(path: &Path) -> (Journal, Found, Vec<(Stage, u64, Outcome)>) {
        let mut points = Vec::new();
        let (journal, found) =
            Journal::open(path, IDENTITY, &mut |stage, index, outcome| points.push((stage, index, outcome))).unwrap();
        (journal, found, points)
    }

    /// Writes all batches; the bytes of the file.
    fn written(path: &Path) -> Vec<u8> {
        let (mut journal, ..) = open(path);
        for batch in batches() {
            journal.append(Stage::Screen, &batch).unwrap();
        }
        drop(journal);
        std::fs::read(path).unwrap()
    }

    #[test]
    fn whatever_the_file_is_cut_to_a_prefix_of_its_records_is_read() {
        let folder = folder("cut");
        let path = folder.join("journal");
        let whole = written(&path);
        let (_, found, all) = open(&path);
        assert_eq!((found, all.len()), (Found { points: 4, dropped: 0 }, 4));
        assert!(matches!(&all[0].2, Outcome::Row(row) if row[0] == 1.0 && row[1].is_nan()));
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, found, points) = open(&path);
            assert_eq!(format!("{points:?}"), format!("{:?}", &all[..points.len()]), "cut to {length}");
            assert!(found.dropped <= length as u64);
            journal.append(Stage::Confirm, &batches()[2]).unwrap();
            drop(journal);
            let (_, found, again) = open(&path);
            assert_eq!((again.len(), found.dropped), (points.len() + 1, 0), "cut to {length}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_flipped_byte_ends_the_journal_or_refuses_it_but_never_lies() {
        let folder = folder("flip");
        let path = folder.join("journal");
        let whole = written(&path);
        let (_, _, all) = open(&path);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&path, bytes).unwrap();
            let mut points = Vec::new();
            let result =
                Journal::open(&path, IDENTITY, &mut |stage, index, outcome| points.push((stage, index, outcome)));
            match result {
                Ok(_) => assert_eq!(format!("{points:?}"), format!("{:?}", &all[..points.len()]), "byte {at}"),
                Err(error) => assert!(matches!(error, JournalError::Foreign), "byte {at}: {error:?}"),
            }
            assert!(points.len() < all.len());
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_sweep_and_another_process_are_noticed() {
        let folder = folder("other");
        let path = folder.join("journal");
        let (journal, ..) = open(&path);
        let other = Identity { sweep: 8, ..IDENTITY };
        let again = |identity| Journal::open(&path, identity, &mut |_, _, _| {}).err();
        assert!(matches!(again(IDENTITY), Some(JournalError::Locked)));
        assert!(matches!(Journal::unused(&path), Err(JournalError::Locked)));
        drop(journal);
        assert!(Journal::unused(&path).is_ok());
        let wider = Identity { columns: 3, ..IDENTITY };
        assert!(matches!(again(wider), Some(JournalError::Other(IDENTITY))), "other columns are another sweep");
        assert!(matches!(again(other), Some(JournalError::Other(IDENTITY))));
        std::fs::write(&path, "something else entirely").unwrap();
        assert!(matches!(again(IDENTITY), Some(JournalError::Foreign)));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
