//! The journal of labelling: what became of every row so far, so that a kill costs nothing but the batches in flight.
//!
//! One record a line: eight hexadecimal digits of a checksum, a space, JSON. The first record names the rows and the
//! settings; a journal of other rows or settings is refused. A line that was cut off or damaged ends what is read:
//! it and all after it are dropped, and those rows are labelled again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use corpus::normal::digest;
use ir::labels::{Failure as LabelFailure, FunctionLabels, Settings};
use serde::{Deserialize, Serialize};

use crate::diagnostics::Failure;

/// What the labels of a journal depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the records.
    pub version: u32,
    /// Digest of the hashes of all rows.
    pub rows: String,
    /// Settings of the labels.
    pub settings: Settings,
}

/// What became of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Labels on every target, or why a target has none.
    Function(FunctionLabels),
    /// Why there are no labels at all.
    Failure(LabelFailure),
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    hash: String,
    outcome: Outcome,
}

/// An open journal.
pub struct Journal {
    file: File,
    path: String,
}

fn line(json: &str) -> String {
    format!("{} {json}\n", &digest(json)[..8])
}

fn content(line: &str) -> Option<&str> {
    let (sum, json) = line.strip_suffix('\n')?.split_once(' ')?;
    (sum == &digest(json)[..8]).then_some(json)
}

impl Journal {
    /// Opens the journal at `path`, or starts it; gives what it holds and how many damaged bytes were dropped.
    pub fn open(path: &Path, header: &Header) -> Result<(Self, BTreeMap<String, Outcome>, u64), Failure> {
        let name = path.display().to_string();
        let refuse = |reason: String| Failure::Request(format!("{name}: {reason}"));
        let io = |e: std::io::Error| refuse(e.to_string());
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut outcomes = BTreeMap::new();
        let mut good = 0;
        let mut reader = BufReader::new(&mut file);
        let mut text = String::new();
        for number in 0.. {
            text.clear();
            // A line that is no UTF-8 is a damaged line.
            if reader.read_line(&mut text).unwrap_or(0) == 0 {
                break;
            }
            let Some(json) = content(&text) else { break };
            if number == 0 {
                let found: Header = serde_json::from_str(json).map_err(|e| refuse(e.to_string()))?;
                if found != *header {
                    return Err(refuse(
                        "it was kept for other rows or settings\n  help: remove it to label from the start".into(),
                    ));
                }
            } else {
                let record: Record = serde_json::from_str(json).map_err(|e| refuse(e.to_string()))?;
                outcomes.insert(record.hash, record.outcome);
            }
            good += text.len() as u64;
        }
        drop(reader);
        file.set_len(good).map_err(io)?;
        file.seek(SeekFrom::Start(good)).map_err(io)?;
        let mut journal = Self { file, path: name };
        if good == 0 {
            journal.write(&serde_json::to_string(header).expect("settings serialize"))?;
        }
        Ok((journal, outcomes, length - good))
    }

    fn write(&mut self, json: &str) -> Result<(), Failure> {
        let written = self.file.write_all(line(json).as_bytes());
        written.map_err(|e| Failure::Request(format!("{}: {e}", self.path)))
    }

    /// Appends an outcome.
    pub fn append(&mut self, hash: &str, outcome: &Outcome) -> Result<(), Failure> {
        let record = Record { hash: hash.to_owned(), outcome: outcome.clone() };
        self.write(&serde_json::to_string(&record).expect("labels serialize"))
    }
}

#[cfg(test)]
mod tests {
    use ir::labels::Phase;

    use super::*;

    fn header(rows: &str) -> Header {
        Header { version: 1, rows: rows.into(), settings: Settings::default() }
    }

    fn failure(reason: &str) -> Outcome {
        Outcome::Failure(LabelFailure { phase: Phase::Lower, reason: reason.into() })
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
        let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, known, dropped) = Journal::open(&path, &header("a")).unwrap();
            assert!(known.len() < 2);
            assert_eq!(dropped == 0, whole[length - 1] == b'\n');
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
