//! An append-only log of records, each with a checksum. A log whose end was cut short or damaged is read up to the last
//! whole record.
//!
//! ```text
//! header  magic (8), length of the identity (u32), identity, XXH64 of all before (8)
//! record  length of the payload (u32), XXH64 of the payload (8), payload
//! ```
//!
//! Little-endian. The magic names the kind of log, the identity what it belongs to; both are the caller's. A record is written
//! in one call.

use std::io::{self, Read, Write};

use crate::hash::checksum;

/// Names the kind of a log.
pub type Magic = [u8; 8];

/// Largest identity or payload that is read, in bytes.
pub const MAX_BYTES: u32 = 64 << 20;

/// Bytes of a record before its payload.
const HEAD: usize = 4 + 8;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It begins with another magic.
    #[error("not a log of this kind")]
    Foreign,
}

/// Writes the header of a log.
///
/// # Errors
/// Those of the writer.
///
/// # Panics
/// If the identity is longer than [`MAX_BYTES`].
pub fn write_header(out: &mut impl Write, magic: &Magic, identity: &[u8]) -> io::Result<()> {
    let mut header = magic.to_vec();
    header.extend(length(identity).to_le_bytes());
    header.extend(identity);
    let sum = checksum(&header);
    header.extend(sum);
    out.write_all(&header)
}

/// Appends a record.
///
/// # Errors
/// Those of the writer.
///
/// # Panics
/// If the payload is longer than [`MAX_BYTES`].
pub fn append(out: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let mut record = length(payload).to_le_bytes().to_vec();
    record.extend(checksum(payload));
    record.extend(payload);
    out.write_all(&record)
}

fn length(bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    assert!(length <= MAX_BYTES, "a record of {} bytes; at most {MAX_BYTES} are read", bytes.len());
    length
}

/// A log that is being read.
pub struct Reader<R> {
    input: R,
    identity: Vec<u8>,
    good: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header; `None` if the log is empty or its header is cut short or damaged.
    ///
    /// # Errors
    /// If reading fails, or the log is of another kind.
    pub fn open(mut input: R, magic: &Magic) -> Result<Option<Self>, LogError> {
        let mut header = Vec::new();
        input.by_ref().take(8).read_to_end(&mut header)?;
        if !magic.starts_with(&header) {
            return Err(LogError::Foreign);
        }
        let mut word = [0; 4];
        if header.len() < 8 || !fill(&mut input, &mut word)? {
            return Ok(None);
        }
        let length = u32::from_le_bytes(word);
        if length > MAX_BYTES {
            return Ok(None);
        }
        header.extend(word);
        input.by_ref().take(u64::from(length)).read_to_end(&mut header)?;
        let mut sum = [0; 8];
        let whole = header.len() == 12 + length as usize && fill(&mut input, &mut sum)? && checksum(&header) == sum;
        let good = (header.len() + sum.len()) as u64;
        Ok(whole.then(|| Self { input, identity: header.split_off(12), good }))
    }

    /// What the log belongs to.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// Passes the payload of each whole record to `sink`, which returns whether it can use it; ends at the first record that
    /// is cut short, damaged or unusable. Returns the length of the log up to there, in bytes.
    ///
    /// # Errors
    /// If reading fails.
    pub fn records(mut self, sink: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<u64> {
        let mut payload = Vec::new();
        loop {
            let mut head = [0; HEAD];
            if !fill(&mut self.input, &mut head)? {
                break;
            }
            let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
            if length > MAX_BYTES {
                break;
            }
            payload.clear();
            self.input.by_ref().take(u64::from(length)).read_to_end(&mut payload)?;
            if payload.len() != length as usize || checksum(&payload) != head[4..] || !sink(&payload) {
                break;
            }
            self.good += HEAD as u64 + u64::from(length);
        }
        Ok(self.good)
    }
}

/// Reads exactly as many bytes, or returns false if the log ends before.
fn fill(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &Magic = b"LOGTEST1";

    fn log() -> Vec<u8> {
        let mut log = Vec::new();
        write_header(&mut log, MAGIC, b"mine").unwrap();
        for payload in [&b"one"[..], b"", b"three three"] {
            append(&mut log, payload).unwrap();
        }
        log
    }

    /// Payloads of a log and the length of its undamaged part in bytes.
    type Contents = (Vec<Vec<u8>>, u64);

    /// The contents of a log; `None` without a header.
    fn read(log: &[u8]) -> Result<Option<Contents>, LogError> {
        let Some(reader) = Reader::open(log, MAGIC)? else { return Ok(None) };
        assert_eq!(reader.identity(), b"mine");
        let mut payloads = Vec::new();
        let good = reader.records(&mut |payload| {
            payloads.push(payload.to_vec());
            true
        })?;
        Ok(Some((payloads, good)))
    }

    #[test]
    fn whatever_a_log_is_cut_to_a_prefix_of_its_records_is_read() {
        let whole = log();
        let (all, good) = read(&whole).unwrap().unwrap();
        assert_eq!((all.len(), good), (3, whole.len() as u64));
        let mut read_at_most = 0;
        for length in 0..whole.len() {
            let Some((payloads, good)) = read(&whole[..length]).unwrap() else {
                assert!(length < 8 + 4 + 4 + 8, "a header of {length} bytes is whole");
                continue;
            };
            assert_eq!(payloads, all[..payloads.len()], "cut to {length}");
            assert!(payloads.len() < all.len() && good <= length as u64);
            // What is dropped can be written again.
            let mut again = whole[..good as usize].to_vec();
            append(&mut again, b"new").unwrap();
            assert_eq!(read(&again).unwrap().unwrap().0.len(), payloads.len() + 1);
            read_at_most = payloads.len();
        }
        assert_eq!(read_at_most, 2);
    }

    #[test]
    fn a_flipped_byte_ends_the_log_or_refuses_it_and_is_never_read() {
        let whole = log();
        let (all, _) = read(&whole).unwrap().unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            match read(&bytes) {
                Ok(None) => assert!((8..24).contains(&at), "byte {at}"),
                Ok(Some((payloads, _))) => {
                    assert!(payloads.len() < all.len() && payloads == all[..payloads.len()], "byte {at}");
                }
                Err(error) => assert!(matches!(error, LogError::Foreign) && at < 8, "byte {at}: {error}"),
            }
        }
    }

    #[test]
    fn an_unusable_record_ends_the_log() {
        let log = log();
        let reader = Reader::open(&log[..], MAGIC).unwrap().unwrap();
        let good = reader.records(&mut |payload| !payload.is_empty()).unwrap();
        assert_eq!(good, 24 + 12 + 3);
    }
}
