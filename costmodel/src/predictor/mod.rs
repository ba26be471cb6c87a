//! Answers a compiler can act on: from what was answered before, else by the learned model, else, for functions too
//! unlike its training, by analysis; who answered is said.
//!
//! A [`Predictor`] is shared by threads. An answer does not depend on what was asked before (save that it says so when
//! it comes from the cache), nor on whether texts come alone or together.

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

/// Most texts of a batch that are computed together: the trees are read once for all of them, and their rows stay near.
const TOGETHER: usize = 128;

/// What is computed of a text.
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

/// What is predicted of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One a function with a body, in the order of the text.
    pub replies: Arc<[Reply]>,
    /// Whether it was kept from before.
    pub cached: bool,
}

/// How a [`Predictor`] works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Who is asked.
    pub choice: Choice,
    /// Functions whose answers are kept; 0 keeps none.
    pub kept: usize,
    /// Longest text read, in bytes.
    pub text_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { choice: Choice::Cascade, kept: 4096, text_bytes: text::MAX_TEXT_BYTES }
    }
}

/// A model that answers.
#[derive(Debug)]
pub struct Predictor {
    model: CostModel,
    outputs: Vec<Output>,
    settings: Settings,
    cache: Mutex<Cache>,
    /// Readers that no thread is using.
    readers: Mutex<Vec<QueryReader>>,
}

/// Memory behind a lock is whole even if a thread panicked while it held the lock: entries are written at once.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Predictor {
    /// A predictor by a model.
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

    /// What is predicted, in the order of a reply's estimates.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Predicts the functions of a text.
    ///
    /// # Errors
    /// If the text is too long, wrong, or has no function with a body.
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

    /// Predicts many texts on up to `threads` threads: each answer is the one that the text would get alone. A text
    /// that stands there again is computed once.
    #[must_use]
    pub fn predict_batch(&self, texts: &[&str], threads: usize) -> Vec<Result<Answer, Arc<Refusal>>> {
        let keys = if locked(&self.cache).keeps_nothing() {
            vec![None; texts.len()]
        } else {
            crate::parallel::map(threads, texts.len(), |i| self.bound(texts[i]).ok().and_then(|()| self.key(texts[i])))
        };
        // What is known and what stands there first is settled in the order of the texts, whatever the threads do.
        let mut first: std::collections::BTreeMap<ContentKey, usize> = std::collections::BTreeMap::new();
        let known: Vec<_> = (0..texts.len()).map(|i| keys[i].and_then(|key| self.known(key, texts[i]))).collect();
        let computed = {
            let mut due = Vec::new();
            for (i, key) in keys.iter().enumerate().filter(|(i, _)| known[*i].is_none()) {
                if key.is_none_or(|key| *first.entry(key).or_insert(i) == i) {
                    due.push(i);
                }
            }
            // Parts alike, some for each thread.
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

    /// One a text: all that are not too long are read, then the model answers for them together.
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

    /// Lends a reader out; one whose thread panics does not come back.
    fn with_reader<R>(&self, read: impl FnOnce(&mut QueryReader) -> R) -> R {
        let idle = locked(&self.readers).pop();
        let mut reader = idle.unwrap_or_else(|| QueryReader::new(Limits::default(), &[Scheme::Shaped]));
        let result = read(&mut reader);
        locked(&self.readers).push(reader);
        result
    }

    /// One a function.
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
