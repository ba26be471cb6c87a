//! The journal of labelling: the outcome of every row so far. A killed process loses only the batches in flight.
//!
//! A record log whose identity is what the labels depend on as JSON and whose records are hash and outcome as JSON. A journal
//! with another identity is refused; rows of a damaged end are labelled again.

use std::collections::BTreeMap;
use std::fs::File;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::record_log::Magic;

use crate::error::FolderError;
use files::record_file::RecordFile;

/// A kind of journal.
pub trait Kind {
    /// Kind and version of the log.
    const MAGIC: &'static Magic;
    /// What the labels depend on.
    type Header: Serialize;
    /// The result of labelling one text.
    type Outcome: Serialize + DeserializeOwned;
}

#[derive(Debug, Serialize, Deserialize)]
struct Record<O> {
    hash: String,
    outcome: O,
}

/// A journal that was opened, what it holds, and how many damaged bytes were dropped.
pub type Opened<K> = (Journal<K>, BTreeMap<String, <K as Kind>::Outcome>, u64);

/// An open journal.
pub struct Journal<K> {
    log: RecordFile,
    path: std::path::PathBuf,
    kind: PhantomData<K>,
}

impl<K: Kind> Journal<K> {
    /// Opens the journal at `path`, or starts it.
    pub fn open(path: &Path, header: &K::Header) -> Result<Opened<K>, FolderError> {
        let identity = serde_json::to_vec(header).expect("settings serialize");
        let mut outcomes = BTreeMap::new();
        let mut keep = |payload: &[u8]| match serde_json::from_slice::<Record<K::Outcome>>(payload) {
            Ok(record) => {
                outcomes.insert(record.hash, record.outcome);
                true
            }
            Err(_) => false,
        };
        let opened = RecordFile::open(path, K::MAGIC, &identity, &mut keep);
        let (log, dropped) = opened.map_err(|error| FolderError::at(path, error))?;
        Ok((Self { log, path: path.to_owned(), kind: PhantomData }, outcomes, dropped))
    }

    /// The file.
    pub fn file(&self) -> &File {
        self.log.file()
    }

    /// Appends an outcome.
    pub fn append(&mut self, hash: &str, outcome: &K::Outcome) -> Result<(), FolderError> {
        let record = Record { hash: hash.to_owned(), outcome };
        let payload = serde_json::to_vec(&record).expect("labels serialize");
        self.log.append(&payload).map_err(|error| FolderError::at(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reasons;

    impl Kind for Reasons {
        const MAGIC: &'static Magic = b"HWTESTED";
        type Header = String;
        type Outcome = String;
    }

    type Journal = super::Journal<Reasons>;

    fn header(rows: &str) -> String {
        rows.to_owned()
    }

    fn failure(reason: &str) -> String {
        reason.to_owned()
    }

    #[test]
    fn a_cut_or_damaged_tail_is_dropped_and_written_again() {
        let path = std::env::temp_dir().join(format!("hardwire-journal-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let (mut journal, known, _) = Journal::open(&path, &header("a")).unwrap();
        assert!(known.is_empty());
        journal.append("one", &failure("no")).unwrap();
        journal.append("two", &failure("ä")).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let first = 8 + 4 + serde_json::to_vec(&header("a")).unwrap().len() + 8;
        let second = first + (whole.len() - first) / 2;
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, known, dropped) = Journal::open(&path, &header("a")).unwrap();
            assert!(known.len() < 2);
            assert_eq!(dropped, (length - if known.is_empty() { first } else { second }) as u64);
            journal.append("two", &failure("ä")).unwrap();
            drop(journal);
            let (_, known, dropped) = Journal::open(&path, &header("a")).unwrap();
            assert_eq!((known.get("two"), dropped), (Some(&failure("ä")), 0));
        }
        let mut flipped = whole.clone();
        flipped[first + 20] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let (_, known, dropped) = Journal::open(&path, &header("a")).unwrap();
        assert_eq!((known.len(), dropped), (0, (whole.len() - first) as u64));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_journal_of_other_rows_is_refused() {
        let path = std::env::temp_dir().join(format!("hardwire-journal-other-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Journal::open(&path, &header("a")).unwrap();
        assert!(Journal::open(&path, &header("b")).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
