//! Vocabularies: words to ids for a learned model.
//!
//! Ids 0 and 1 are reserved (padding, unknown); the others go to words by falling count, equal counts by spelling, so
//! that the same corpus gives the same vocabulary. Stored as JSON with a content hash over scheme, tokenizer version
//! and words; a file whose hash does not fit its words is refused.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::tokenizer::{self, ClosedWord, Scheme, Word};

/// Padding.
pub const PAD: u16 = 0;
/// A word that is not in the vocabulary.
pub const UNKNOWN: u16 = 1;
/// The first id of a word.
const FIRST: u16 = 2;

/// Largest number of words, so that ids fit 16 bits.
pub const MAX_WORDS: usize = u16::MAX as usize + 1 - FIRST as usize;

/// Longest word read from a file, in bytes.
const MAX_WORD_BYTES: usize = 4096;

/// How often each word was seen.
#[derive(Debug, Clone)]
pub struct Counts {
    scheme: Scheme,
    closed: Vec<u64>,
    open: BTreeMap<Box<str>, u64>,
    texts: u64,
}

impl Counts {
    /// No words of a scheme yet.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self { scheme, closed: vec![0; ClosedWord::COUNT], open: BTreeMap::new(), texts: 0 }
    }

    /// Counts the words of one more text.
    pub fn add<'a>(&mut self, words: impl Iterator<Item = Word<'a>>) {
        self.texts += 1;
        for word in words {
            match word {
                Word::Closed(word) => self.closed[word.index()] += 1,
                Word::Open(word) => match self.open.get_mut(word) {
                    Some(count) => *count += 1,
                    None => {
                        self.open.insert(word.into(), 1);
                    }
                },
            }
        }
    }

    /// Adds the counts of another part of the same corpus.
    ///
    /// # Panics
    /// If the schemes differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.scheme, other.scheme, "counts of one scheme are merged");
        self.texts += other.texts;
        for (a, b) in self.closed.iter_mut().zip(&other.closed) {
            *a += b;
        }
        for (word, count) in &other.open {
            *self.open.entry(word.clone()).or_default() += count;
        }
    }

    /// The vocabulary of words seen at least `minimum_count` times, the most frequent ones if there are too many.
    #[must_use]
    pub fn vocabulary(&self, minimum_count: u64) -> Vocabulary {
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        let closed = ClosedWord::all().map(|w| (w.to_string(), self.closed[w.index()]));
        // A name may be spelled like a word of the fixed list; the two are one word.
        for (word, count) in closed.chain(self.open.iter().map(|(w, &c)| (w.to_string(), c))) {
            *all.entry(word).or_default() += count;
        }
        let mut kept: Vec<(String, u64)> = all.into_iter().filter(|(_, c)| *c >= minimum_count.max(1)).collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(MAX_WORDS);
        let file = File {
            scheme: self.scheme,
            tokenizer_version: tokenizer::VERSION,
            minimum_count: minimum_count.max(1),
            texts: self.texts,
            hash: String::new(),
            words: kept,
        };
        Vocabulary::of(file)
    }
}

/// Words with their ids.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    file: File,
    closed: Vec<u16>,
    open: IndexMap<Box<str>, u16, FxBuildHasher>,
}

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scheme: Scheme,
    tokenizer_version: u32,
    minimum_count: u64,
    texts: u64,
    hash: String,
    /// Words with their counts in the order of their ids.
    words: Vec<(String, u64)>,
}

/// A vocabulary that cannot be used.
#[derive(Debug, Error)]
pub enum VocabularyError {
    /// Not JSON, or not of this shape.
    #[error("not a vocabulary: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Too many words, or a word too long.
    #[error("{0}")]
    TooLarge(String),
    /// A word occurs twice.
    #[error("the word `{0}` stands twice")]
    Repeated(String),
    /// The stated hash differs from the computed one.
    #[error("the hash of the words is {actual}, the file says {stated}: it was changed or cut")]
    Hash {
        /// As stated.
        stated: String,
        /// As computed.
        actual: String,
    },
    /// Made for another tokenizer.
    #[error("made by version {found} of the tokenizer, this is version {expected}: build the vocabulary again")]
    Version {
        /// Of the file.
        found: u32,
        /// Of this program.
        expected: u32,
    },
}

/// Counts of an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Encoded {
    /// Words read, those that did not fit the buffer included.
    pub words: usize,
    /// Words without an id, likewise.
    pub unknown: usize,
    /// Ids written.
    pub written: usize,
}

impl Encoded {
    /// Share of words without an id; 0 for no words.
    #[must_use]
    pub fn unknown_rate(&self) -> f64 {
        if self.words == 0 { 0.0 } else { self.unknown as f64 / self.words as f64 }
    }
}

impl Vocabulary {
    fn of(mut file: File) -> Self {
        file.hash = hash(&file);
        let mut open = IndexMap::with_capacity_and_hasher(file.words.len(), FxBuildHasher);
        for (index, (word, _)) in file.words.iter().enumerate() {
            open.insert(word.as_str().into(), index as u16 + FIRST);
        }
        let closed = ClosedWord::all().map(|w| open.get(w.to_string().as_str()).copied().unwrap_or(UNKNOWN)).collect();
        Self { file, closed, open }
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// Anything else, words that do not fit the stated hash, and vocabularies of another version of the tokenizer.
    pub fn from_json(text: &str) -> Result<Self, VocabularyError> {
        let file: File = serde_json::from_str(text)?;
        if !(tokenizer::OLDEST..=tokenizer::VERSION).contains(&file.tokenizer_version) {
            return Err(VocabularyError::Version { found: file.tokenizer_version, expected: tokenizer::VERSION });
        }
        if file.words.len() > MAX_WORDS {
            let count = file.words.len();
            return Err(VocabularyError::TooLarge(format!("{count} words; at most {MAX_WORDS} are taken")));
        }
        if let Some((word, _)) = file.words.iter().find(|w| w.0.len() > MAX_WORD_BYTES) {
            let bytes = word.len();
            return Err(VocabularyError::TooLarge(format!(
                "a word of {bytes} bytes; at most {MAX_WORD_BYTES} are taken"
            )));
        }
        let stated = file.hash.clone();
        let vocabulary = Self::of(file);
        if vocabulary.open.len() < vocabulary.file.words.len() {
            let twice = vocabulary
                .file
                .words
                .iter()
                .enumerate()
                .find(|(i, w)| vocabulary.word(*i as u16 + FIRST) != Some(&w.0));
            return Err(VocabularyError::Repeated(twice.map_or(String::new(), |t| t.1.0.clone())));
        }
        if vocabulary.file.hash != stated {
            return Err(VocabularyError::Hash { stated, actual: vocabulary.file.hash });
        }
        Ok(vocabulary)
    }

    /// One word and its count per line, in the order of ids.
    #[must_use]
    pub fn to_json(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(text).expect("strings serialize");
        let file = &self.file;
        let mut out = format!(
            "{{\n\"scheme\": {},\n\"tokenizer_version\": {},\n\"minimum_count\": {},\n\"texts\": {},\n\"hash\": {},\n\"words\": [",
            quoted(&file.scheme.to_string()),
            file.tokenizer_version,
            file.minimum_count,
            file.texts,
            quoted(&file.hash)
        );
        for (index, (word, count)) in file.words.iter().enumerate() {
            out += if index == 0 { "\n" } else { ",\n" };
            out += &format!("[{}, {count}]", quoted(word));
        }
        out + "\n]\n}\n"
    }

    /// Scheme of its words.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.file.scheme
    }

    /// Ids in use, the reserved ones included: one more than the largest id.
    #[must_use]
    pub fn size(&self) -> usize {
        self.file.words.len() + usize::from(FIRST)
    }

    /// Content hash, 16 hexadecimal digits: equal for equal words of equal scheme in equal order.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.file.hash
    }

    /// The word of an id; `None` for reserved and unused ones.
    #[must_use]
    pub fn word(&self, id: u16) -> Option<&str> {
        let entry = self.open.get_index(usize::from(id.checked_sub(FIRST)?))?;
        Some(entry.0)
    }

    /// The id of a word, [`UNKNOWN`] for one that has none.
    #[inline]
    #[must_use]
    pub fn id(&self, word: Word<'_>) -> u16 {
        match word {
            Word::Closed(word) => self.closed[word.index()],
            Word::Open(word) => self.open.get(word).copied().unwrap_or(UNKNOWN),
        }
    }

    /// Writes ids into a buffer as far as it reaches; what is left of it is padded. Allocates nothing.
    pub fn encode<'a>(&self, words: impl Iterator<Item = Word<'a>>, ids: &mut [u16]) -> Encoded {
        let mut encoded = Encoded::default();
        for word in words {
            let id = self.id(word);
            encoded.words += 1;
            encoded.unknown += usize::from(id == UNKNOWN);
            if let Some(place) = ids.get_mut(encoded.written) {
                *place = id;
                encoded.written += 1;
            }
        }
        ids[encoded.written..].fill(PAD);
        encoded
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv), over everything that decides ids.
fn hash(file: &File) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for &byte in bytes {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(file.scheme.to_string().as_bytes());
    take(&file.tokenizer_version.to_le_bytes());
    for (word, _) in &file.words {
        take(&(word.len() as u64).to_le_bytes());
        take(word.as_bytes());
    }
    format!("{state:016x}")
}

/// How long texts are, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lengths {
    /// Texts.
    pub texts: usize,
    /// Shortest.
    pub minimum: usize,
    /// Half are at most this long.
    pub median: usize,
    /// Nine of ten are.
    pub p90: usize,
    /// 99 of a hundred are.
    pub p99: usize,
    /// Longest.
    pub maximum: usize,
}

impl Lengths {
    /// Statistics of lengths in any order; `None` for none.
    #[must_use]
    pub fn of(mut lengths: Vec<usize>) -> Option<Self> {
        lengths.sort_unstable();
        // The smallest length that at least this percentage of the texts does not exceed.
        let at = |hundredths: usize| lengths[(lengths.len() * hundredths).div_ceil(100).max(1) - 1];
        Some(Self {
            texts: lengths.len(),
            minimum: *lengths.first()?,
            median: at(50),
            p90: at(90),
            p99: at(99),
            maximum: *lengths.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Tokenizer;

    const TEXT: &str = "func.func @f(%a: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %0 = math.exp %a : tensor<8x96xf32>
  %1 = math.exp %0 : tensor<8x96xf32>
  %2 = my.rare %1 : tensor<8x96xf32>
  return %2 : tensor<8x96xf32>
}";

    fn vocabulary(minimum_count: u64) -> Vocabulary {
        let mut counts = Counts::new(Scheme::Shaped);
        counts.add(Tokenizer::new(Scheme::Shaped).read(TEXT).words());
        counts.vocabulary(minimum_count)
    }

    #[test]
    fn frequent_words_come_first_and_rare_ones_are_unknown() {
        let vocabulary = vocabulary(2);
        let mut tokenizer = Tokenizer::new(Scheme::Shaped);
        let tokens = tokenizer.read(TEXT);
        let mut ids = [7; 64];
        let encoded = vocabulary.encode(tokens.words(), &mut ids);
        assert_eq!(encoded.words, tokens.words().len());
        let spelled: Vec<&str> =
            ids[..encoded.written].iter().map(|&i| vocabulary.word(i).unwrap_or("<unknown>")).collect();
        assert!(spelled.contains(&"math.exp") && !spelled.contains(&"my.rare"), "{spelled:?}");
        assert_eq!(encoded.unknown, spelled.iter().filter(|w| **w == "<unknown>").count());
        assert!(ids[encoded.written..].iter().all(|&i| i == PAD));
        let mut short = [7; 3];
        assert_eq!(vocabulary.encode(tokens.words(), &mut short), Encoded { written: 3, ..encoded });
    }

    #[test]
    fn storage_gives_the_same_vocabulary_and_refuses_another() {
        let built = vocabulary(1);
        let json = built.to_json();
        let read = Vocabulary::from_json(&json).unwrap();
        assert_eq!((read.hash(), read.to_json()), (built.hash(), json.clone()));
        assert_ne!(vocabulary(2).hash(), built.hash());
        let refused = |text: &str| Vocabulary::from_json(text).unwrap_err().to_string();
        assert!(refused(&json.replace("math.exp", "math.exp2")).contains("the file says"), "changed");
        assert!(refused(&json[..json.len() / 2]).starts_with("not a vocabulary"), "cut");
        assert!(refused(&json.replace("\"tokenizer_version\": 2", "\"tokenizer_version\": 0")).contains("version 0"));
        let doubled = json.replace("[\"my.rare\", 1]", "[\"math.exp\", 1]");
        assert_eq!(refused(&doubled), "the word `math.exp` stands twice");
    }

    #[test]
    fn lengths_are_nearest_ranks() {
        let lengths = Lengths::of((1..=200).rev().collect()).unwrap();
        assert_eq!(
            (lengths.minimum, lengths.median, lengths.p90, lengths.p99, lengths.maximum),
            (1, 100, 180, 198, 200)
        );
        assert_eq!(Lengths::of(vec![5]).unwrap().p99, 5);
        assert_eq!(Lengths::of(Vec::new()), None);
    }
}
