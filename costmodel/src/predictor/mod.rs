//! Predictions for texts: from a cache, by the learned model, or by the analytical models for functions out of
//! distribution. Each reply names its provider.
//!
//! Threads share a [`Predictor`]. Replies do not depend on earlier queries or on batching; only the `cached` flag does.

mod cache;
mod explain;
mod key;
mod reply;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ir::tokenizer::Scheme;
use ir::{Limits, text};
use names::named;

use crate::quantity::Output;
use crate::query::{Query, QueryReader};
use crate::shipped::CostModel;
use cache::{Cache, Entry};

pub use crate::shipped::Estimate;
pub use explain::{Effect, Explanation, MOST};
pub use key::ContentKey;
pub use reply::{Provider, Refusal, Reply};

/// Texts of a batch that are computed together: each tree is loaded once for all of them, and their rows stay in the cache.
const TOGETHER: usize = 128;

/// Result for one text, before caching.
type Computed = Result<Arc<[Reply]>, Arc<Refusal>>;

/// Longest text read, in bytes.
pub const MAX_TEXT_BYTES: usize = text::MAX_TEXT_BYTES;

named! {
    /// The model that answers a query.
    pub enum Choice (default: Cascade) {
        /// The learned model where the function is familiar, else analysis.
        Cascade = "auto",
        /// The learned model for every function.
        Learned = "learned",
        /// Analysis for every function, so that two texts are compared by the same means.
        Analytical = "analytical",
    }
}

/// Predictions for one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One per function with a body, in the order of the text.
    pub replies: Arc<[Reply]>,
    /// Whether it comes from the cache.
    pub cached: bool,
}

/// Settings of a [`Predictor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The model that answers.
    pub choice: Choice,
    /// Capacity of the cache in functions; 0 disables it.
    pub kept: usize,
    /// Longest text read, in bytes.
    pub text_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { choice: Choice::Cascade, kept: 4096, text_bytes: text::MAX_TEXT_BYTES }
    }
}

/// A model with a cache, shared by threads.
#[derive(Debug)]
pub struct Predictor {
    model: CostModel,
    outputs: Vec<Output>,
    settings: Settings,
    cache: Mutex<Cache>,
    /// Idle readers.
    readers: Mutex<Vec<QueryReader>>,
}

/// Locks without poisoning: no code under the lock leaves the value half-written.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Predictor {
    /// A predictor of a model.
    #[must_use]
    pub fn new(model: CostModel, settings: Settings) -> Self {
        let cache = Mutex::new(Cache::new(settings.kept));
        Self { outputs: model.outputs(), model, settings, cache, readers: Mutex::default() }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &CostModel {
        &self.model
    }

    /// Predicted outputs, in the order of a reply's estimates.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Predicts the functions of a text.
    ///
    /// # Errors
    /// If the text is too long, does not parse, or has no function with a body.
    pub fn predict(&self, text: &str) -> Result<Answer, Arc<Refusal>> {
        self.bound(text)?;
        let Some(key) = self.key(text) else { return fresh(self.compute(text)) };
        if let Some(known) = self.known(key, text) {
            return known;
        }
        let computed = self.compute(text);
        self.keep(key, text, &computed);
        fresh(computed)
    }

    /// Predicts many texts on up to `threads` threads, with the same replies as [`Self::predict`]. Equal texts are computed once.
    #[must_use]
    pub fn predict_batch(&self, texts: &[&str], threads: usize) -> Vec<Result<Answer, Arc<Refusal>>> {
        let keys = if locked(&self.cache).keeps_nothing() {
            vec![None; texts.len()]
        } else {
            crate::parallel::map(threads, texts.len(), |i| self.bound(texts[i]).ok().and_then(|()| self.key(texts[i])))
        };
        // Cache hits and first occurrences are found in the order of the texts, so that threads do not matter.
        let mut first: std::collections::BTreeMap<ContentKey, usize> = std::collections::BTreeMap::new();
        let known: Vec<_> = (0..texts.len()).map(|i| keys[i].and_then(|key| self.known(key, texts[i]))).collect();
        let computed = {
            let mut due = Vec::new();
            for (i, key) in keys.iter().enumerate().filter(|(i, _)| known[*i].is_none()) {
                if key.is_none_or(|key| *first.entry(key).or_insert(i) == i) {
                    due.push(i);
                }
            }
            // Parts of equal size, several for each thread.
            let together = due.len().div_ceil(6 * threads.max(1)).clamp(1, TOGETHER);
            let parts: Vec<&[usize]> = due.chunks(together).collect();
            let results = crate::parallel::map(threads, parts.len(), |part| {
                self.compute_all(&parts[part].iter().map(|&i| texts[i]).collect::<Vec<&str>>())
            });
            due.into_iter().zip(results.into_iter().flatten()).collect::<std::collections::BTreeMap<usize, _>>()
        };
        for (&i, result) in &computed {
            if let Some(key) = keys[i] {
                self.keep(key, texts[i], result);
            }
        }
        let mut answers = Vec::with_capacity(texts.len());
        for (i, known) in known.into_iter().enumerate() {
            answers.push(match (known, computed.get(&i), keys[i]) {
                (Some(known), ..) => known,
                (None, Some(computed), _) => fresh(computed.clone()),
                (None, None, Some(key)) => match &computed[&first[&key]] {
                    Ok(replies) => Ok(Answer { replies: Arc::clone(replies), cached: true }),
                    // Diagnostics hold byte offsets into the original text, so a cached answer's cannot be reused.
                    Err(_) => self.predict(texts[i]),
                },
                (None, None, None) => unreachable!("a text without a key is computed"),
            });
        }
        answers
    }

    fn bound(&self, text: &str) -> Result<(), Arc<Refusal>> {
        let (bytes, limit) = (text.len(), self.settings.text_bytes.min(text::MAX_TEXT_BYTES));
        if bytes > limit { Err(Arc::new(Refusal::TooLarge { bytes, limit })) } else { Ok(()) }
    }

    fn key(&self, text: &str) -> Option<ContentKey> {
        (!locked(&self.cache).keeps_nothing()).then(|| ContentKey::of(text))
    }

    fn known(&self, key: ContentKey, text: &str) -> Option<Result<Answer, Arc<Refusal>>> {
        let found = locked(&self.cache).get(key)?;
        match found {
            Entry::Replies(replies) => Some(Ok(Answer { replies, cached: true })),
            Entry::Refusal(spelled, refusal) => (spelled == key::exact(text)).then_some(Err(refusal)),
        }
    }

    fn keep(&self, key: ContentKey, text: &str, computed: &Computed) {
        let entry = match computed {
            Ok(replies) => Entry::Replies(Arc::clone(replies)),
            Err(refusal) => Entry::Refusal(key::exact(text), Arc::clone(refusal)),
        };
        locked(&self.cache).insert(key, entry);
    }

    fn compute(&self, text: &str) -> Computed {
        self.compute_all(&[text]).remove(0)
    }

    /// One result per text: all texts are read first, then the model predicts for all of them together.
    fn compute_all(&self, texts: &[&str]) -> Vec<Computed> {
        let mut queries = Vec::new();
        let mut read = |text: &&str| {
            self.bound(text)?;
            let own = self.read(text)?;
            let functions = own.len();
            queries.extend(own);
            Ok(functions)
        };
        let read: Vec<Result<usize, Arc<Refusal>>> = texts.iter().map(&mut read).collect();
        let mut replies = self.replies(queries).into_iter();
        read.into_iter().map(|functions| Ok(replies.by_ref().take(functions?).collect())).collect()
    }

    /// The functions of a text.
    fn read(&self, text: &str) -> Result<Vec<Query>, Arc<Refusal>> {
        let queries = self.with_reader(|reader| reader.read(text, |_| &self.model.vocabulary));
        let queries = queries.map_err(|diagnostics| Arc::new(Refusal::Text(diagnostics)))?;
        if queries.is_empty() { Err(Arc::new(Refusal::NoFunction)) } else { Ok(queries) }
    }

    /// Runs `read` with an idle reader, or a new one.
    fn with_reader<R>(&self, read: impl FnOnce(&mut QueryReader) -> R) -> R {
        let idle = locked(&self.readers).pop();
        let mut reader = idle.unwrap_or_else(|| QueryReader::new(Limits::default(), &[Scheme::Shaped]));
        let result = read(&mut reader);
        locked(&self.readers).push(reader);
        result
    }

    /// One reply per query.
    fn replies(&self, queries: Vec<Query>) -> Vec<Reply> {
        let scores: Vec<f64> = queries.iter().map(|query| self.model.novelty.score(&query.input)).collect();
        let provider = |score: f64| match self.settings.choice {
            Choice::Learned => Provider::Learned,
            Choice::Analytical => Provider::Analytical,
            Choice::Cascade if score <= 1.0 => Provider::Learned,
            Choice::Cascade => Provider::Analytical,
        };
        let asked = queries.iter().zip(&scores).filter(|(_, score)| provider(**score) == Provider::Learned);
        let mut learned = self.model.learned_all(&asked.map(|(query, _)| &query.input).collect::<Vec<_>>()).into_iter();
        let replies = queries.into_iter().zip(scores).map(|(query, ood_score)| {
            let provider = provider(ood_score);
            let estimates = match provider {
                Provider::Learned => learned.next().expect("as many answers as questions"),
                Provider::Analytical => self.model.analytical(&query.input),
            };
            Reply { function: query.function, ood_score, provider, estimates }
        });
        replies.collect()
    }
}

fn fresh(computed: Computed) -> Result<Answer, Arc<Refusal>> {
    computed.map(|replies| Answer { replies, cached: false })
}
