//! What has been computed, on disk as soon as it is: an append-only file that survives being killed.
//!
//! ```text
//! header  magic (8), identity of the sweep (16), columns (u32), shard (u32 of u32), XXH64 of these (8)
//! record  length of the payload (u32), XXH64 of it (8), payload
//! payload stage (u8), points (u32), each: index (u64), kind (u8): 1 and its numbers (f64), 2, or 3 and a text (u32, UTF-8)
//! ```
//!
//! Little-endian. A record is written in one call; on opening, the first one that is cut short or does not match its checksum
//! ends the file, and what follows is dropped. The file is locked while it is open for writing.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sweep::Outcome;
use twox_hash::XxHash64;

const MAGIC: &[u8; 8] = b"HWSWEEP1";
const HEADER: usize = 8 + 16 + 4 + 8 + 8;
/// Largest payload that is believed.
const MAX_PAYLOAD: u32 = 64 << 20;

/// Which sweep a journal belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Hash of everything that decides the results.
    pub sweep: u128,
    /// Columns of a row.
    pub columns: u32,
    /// Which shard of how many.
    pub shard: (u32, u32),
}

/// Points of one stage: position and outcome.
pub type Batch = Vec<(u64, Outcome)>;

/// Why a journal could not be opened.
#[derive(Debug)]
pub enum JournalError {
    /// The file system says so.
    Io(io::Error),
    /// It is no journal.
    Foreign,
    /// It belongs to another sweep, shard or version.
    Other(Identity),
    /// Another process writes it.
    Locked,
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    XxHash64::oneshot(0, bytes).to_le_bytes()
}

impl Identity {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.sweep.to_le_bytes());
        bytes.extend(self.columns.to_le_bytes());
        bytes.extend(self.shard.0.to_le_bytes());
        bytes.extend(self.shard.1.to_le_bytes());
        let sum = checksum(&bytes);
        bytes.extend(sum);
        bytes
    }

    /// The identity in a header; `None` where it was cut short or damaged.
    fn read(bytes: &[u8]) -> Result<Option<Self>, JournalError> {
        if bytes.len() >= 8 && &bytes[..8] != MAGIC || !MAGIC.starts_with(&bytes[..bytes.len().min(8)]) {
            return Err(JournalError::Foreign);
        }
        if bytes.len() < HEADER || checksum(&bytes[..HEADER - 8]) != bytes[HEADER - 8..HEADER] {
            return Ok(None);
        }
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let sweep = u128::from_le_bytes(bytes[8..24].try_into().expect("sixteen bytes"));
        Ok(Some(Self { sweep, columns: word(24), shard: (word(28), word(32)) }))
    }
}

/// A journal open for appending.
pub struct Journal {
    file: File,
}

/// What was found on opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Points read.
    pub points: u64,
    /// Bytes dropped from a damaged end.
    pub dropped: u64,
}

impl Journal {
    /// Opens or creates the journal of `identity`, hands what it holds to `sink` by stage, and drops a damaged end.
    pub fn open(
        path: &Path,
        identity: Identity,
        sink: &mut dyn FnMut(u8, u64, Outcome),
    ) -> Result<(Self, Found), JournalError> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::Locked),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let length = file.metadata()?.len();
        let (found, good) = match read(&file, sink)? {
            Some((other, _, _)) if other != identity => return Err(JournalError::Other(other)),
            Some((_, points, good)) => (Found { points, dropped: length - good }, good),
            None => (Found { points: 0, dropped: length }, 0),
        };
        file.set_len(good)?;
        file.seek(SeekFrom::End(0))?;
        if good == 0 {
            file.write_all(&identity.bytes())?;
        }
        Ok((Self { file }, found))
    }

    /// Appends a batch of a stage; once this returns it outlives the process.
    pub fn append(&mut self, stage: u8, batch: &[(u64, Outcome)]) -> io::Result<()> {
        let mut payload = vec![stage];
        payload.extend((batch.len() as u32).to_le_bytes());
        for (index, outcome) in batch {
            payload.extend(index.to_le_bytes());
            match outcome {
                Outcome::Row(row) => {
                    payload.push(1);
                    row.iter().for_each(|number| payload.extend(number.to_le_bytes()));
                }
                Outcome::Excluded => payload.push(2),
                Outcome::Failed(reason) => {
                    payload.push(3);
                    payload.extend((reason.len() as u32).to_le_bytes());
                    payload.extend(reason.as_bytes());
                }
            }
        }
        let mut record = (payload.len() as u32).to_le_bytes().to_vec();
        record.extend(checksum(&payload));
        record.extend(payload);
        self.file.write_all(&record)
    }

    /// Waits until everything is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Reads a journal without changing it; its identity, the points in it, and how many bytes of it are good.
pub fn read(file: &File, sink: &mut dyn FnMut(u8, u64, Outcome)) -> Result<Option<(Identity, u64, u64)>, JournalError> {
    let mut input = BufReader::with_capacity(1 << 20, file);
    input.rewind()?;
    let mut header = Vec::new();
    input.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(None);
    }
    let Some(identity) = Identity::read(&header)? else { return Ok(None) };
    let (mut good, mut points) = (HEADER as u64, 0);
    let mut payload = Vec::new();
    loop {
        let mut head = [0; 12];
        if !fill(&mut input, &mut head)? {
            break;
        }
        let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
        if length > MAX_PAYLOAD {
            break;
        }
        payload.resize(length as usize, 0);
        if !fill(&mut input, &mut payload)? || checksum(&payload) != head[4..] {
            break;
        }
        let Some((stage, batch)) = decode(&payload, identity.columns as usize) else { break };
        points += batch.len() as u64;
        batch.into_iter().for_each(|(index, outcome)| sink(stage, index, outcome));
        good += 12 + u64::from(length);
    }
    Ok(Some((identity, points, good)))
}

/// Reads exactly, or says that the file ends before.
fn fill(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn decode(payload: &[u8], columns: usize) -> Option<(u8, Batch)> {
    fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
        let (head, tail) = rest.split_at_checked(n)?;
        *rest = tail;
        Some(head)
    }
    fn word(rest: &mut &[u8]) -> Option<u32> {
        Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
    }
    let mut rest = payload;
    let stage = take(&mut rest, 1)?[0];
    let count = word(&mut rest)?;
    let mut batch = Vec::new();
    for _ in 0..count {
        let index = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let outcome = match take(&mut rest, 1)?[0] {
            1 => {
                let bytes = take(&mut rest, columns * 8)?.chunks_exact(8);
                Outcome::Row(bytes.map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes"))).collect())
            }
            2 => Outcome::Excluded,
            3 => {
                let length = word(&mut rest)? as usize;
                Outcome::Failed(String::from_utf8(take(&mut rest, length)?.to_vec()).ok()?)
            }
            _ => return None,
        };
        batch.push((index, outcome));
    }
    rest.is_empty().then_some((stage, batch))
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

    fn open(path: &Path) -> (Journal, Found, Vec<(u8, u64, Outcome)>) {
        let mut points = Vec::new();
        let (journal, found) =
            Journal::open(path, IDENTITY, &mut |stage, index, outcome| points.push((stage, index, outcome))).unwrap();
        (journal, found, points)
    }

    #[test]
    fn whatever_the_file_is_cut_to_a_prefix_of_its_records_is_read() {
        let folder = folder("cut");
        let path = folder.join("journal");
        let (mut journal, ..) = open(&path);
        for batch in batches() {
            journal.append(0, &batch).unwrap();
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let (_, found, all) = open(&path);
        assert_eq!((found, all.len()), (Found { points: 4, dropped: 0 }, 4));
        assert!(matches!(&all[0].2, Outcome::Row(row) if row[0] == 1.0 && row[1].is_nan()));
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, found, points) = open(&path);
            assert_eq!(format!("{points:?}"), format!("{:?}", &all[..points.len()]), "cut to {length}");
            assert!(found.dropped <= length as u64);
            journal.append(1, &batches()[2]).unwrap();
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
        let (mut journal, ..) = open(&path);
        for batch in batches() {
            journal.append(0, &batch).unwrap();
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
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
        drop(journal);
        assert!(matches!(again(other), Some(JournalError::Other(IDENTITY))));
        std::fs::write(&path, "something else entirely").unwrap();
        assert!(matches!(again(IDENTITY), Some(JournalError::Foreign)));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
