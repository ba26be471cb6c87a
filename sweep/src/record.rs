//! Points of a sweep as records of a log, and the identity of the sweep that a log belongs to. Little-endian.
//!
//! ```text
//! identity  hash of the sweep (16), columns (u32), shard (u32 of u32)
//! record    stage (u8), points (u32), each: index (u64), kind (u8): 1 and its numbers (f64), 2, or 3 and a text (u32, UTF-8)
//! ```

use crate::exploration::Stage;
use crate::point::Outcome;

/// Which sweep a log belongs to.
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

impl Identity {
    /// As stored.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.sweep.to_le_bytes().to_vec();
        bytes.extend(self.columns.to_le_bytes());
        bytes.extend(self.shard.0.to_le_bytes());
        bytes.extend(self.shard.1.to_le_bytes());
        bytes
    }

    /// The identity of these bytes; `None` if they are not one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sweep, rest) = bytes.split_first_chunk::<16>()?;
        let (words, []) = rest.as_chunks::<4>() else { return None };
        let [columns, shard, shards] = words else { return None };
        let word = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        let sweep = u128::from_le_bytes(*sweep);
        Some(Self { sweep, columns: word(columns), shard: (word(shard), word(shards)) })
    }
}

/// A batch of a stage as the payload of a record.
#[must_use]
pub fn encode(stage: Stage, batch: &[(u64, Outcome)]) -> Vec<u8> {
    let mut payload = vec![stage as u8];
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
    payload
}

/// The stage and batch of a payload whose rows have so many columns; `None` if it is not one.
#[must_use]
pub fn decode(payload: &[u8], columns: usize) -> Option<(Stage, Batch)> {
    fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
        let (head, tail) = rest.split_at_checked(n)?;
        *rest = tail;
        Some(head)
    }
    fn word(rest: &mut &[u8]) -> Option<u32> {
        Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
    }
    let mut rest = payload;
    let stage = match take(&mut rest, 1)?[0] {
        0 => Stage::Screen,
        1 => Stage::Confirm,
        _ => return None,
    };
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
