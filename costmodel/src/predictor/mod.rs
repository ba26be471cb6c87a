//! Answers a compiler can act on: from what was answered before, else by the learned model, else, for functions too
//! unlike its training, by analysis; who answered is said.
//!
//! A [`Predictor`] is shared by threads. An answer does not depend on what was asked before (save that it says so when
//! it comes from the cache), nor on whether texts come alone or together.

mod cache;
mod explain;
mod key;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ir::span::Diagnostic;
use ir::tokenizer::Scheme;
use ir::{Limits, text};

use crate::quantity::Output;
use crate::query::QueryReader;
use crate::sample::Input;
use crate::shipped::CostModel;
use cache::{Cache, Entry};

pub use explain::{Effect, Explanation, MOST};
pub use key::ContentKey;

/// Longest text read, in bytes.
pub const MAX_TEXT_BYTES: usize = text::MAX_TEXT_BYTES;

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The learned model.
    Learned,
    /// Analysis of the text: a roofline for cycles, liveness for registers, nothing for the rest.
    Analytical,
}

impl Provider {
    /// Its name in replies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Analytical => "analytical",
        }
    }
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The learned model where the function is familiar, else analysis.
    #[default]
    Cascade,
    /// The learned model, also where the function is unlike all it has learned from.
    Learned,
    /// Analysis, so that two functions are compared by the same means.
    Analytical,
}

/// A predicted number and its interval, in the quantity's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number; whole for quantities that count.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What is predicted of one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its symbol, without `@`.
    pub function: String,
    /// Up to 1 the function is like those of the training.
    pub ood_score: f64,
    /// Who answered.
    pub provider: Provider,
    /// One an output of [`Predictor::outputs`]; `None` where the provider has no answer.
    pub estimates: Vec<Option<Estimate>>,
}

impl Reply {
    /// Whether the function is like those of the training.
    #[must_use]
    pub fn in_distribution(&self) -> bool {
        self.ood_score <= 1.0
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

/// Why a text has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than what is read.
    #[error("the text has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Something is wrong with the text.
    #[error("{}", first(.0))]
    Text(Vec<Diagnostic>),
    /// There is nothing to predict.
    #[error("the text has no function with a body")]
    NoFunction,
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("the text is wrong", |d| &d.message)
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
        let keys =
            crate::parallel::map(threads, texts.len(), |i| self.bound(texts[i]).ok().and_then(|()| self.key(texts[i])));
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
            let results = crate::parallel::map(threads, due.len(), |d| {
                self.bound(texts[due[d]]).and_then(|()| self.compute(texts[due[d]]))
            });
            due.into_iter().zip(results).collect::<std::collections::BTreeMap<usize, _>>()
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
                    // Places of problems belong to the text as it is spelled.
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

    fn keep(&self, key: ContentKey, text: &str, computed: &Result<Arc<[Reply]>, Arc<Refusal>>) {
        let entry = match computed {
            Ok(replies) => Entry::Replies(Arc::clone(replies)),
            Err(refusal) => Entry::Refusal(key::exact(text), Arc::clone(refusal)),
        };
        locked(&self.cache).insert(key, entry);
    }

    fn compute(&self, text: &str) -> Result<Arc<[Reply]>, Arc<Refusal>> {
        let queries = self.with_reader(|reader| reader.read(text, |_| &self.model.vocabulary));
        let queries = queries.map_err(|diagnostics| Arc::new(Refusal::Text(diagnostics)))?;
        if queries.is_empty() {
            return Err(Arc::new(Refusal::NoFunction));
        }
        Ok(queries.into_iter().map(|query| self.reply(query.function, &query.input)).collect())
    }

    /// Lends a reader out; one whose thread panics does not come back.
    fn with_reader<R>(&self, read: impl FnOnce(&mut QueryReader) -> R) -> R {
        let idle = locked(&self.readers).pop();
        let mut reader = idle.unwrap_or_else(|| QueryReader::new(Limits::default(), &[Scheme::Shaped]));
        let result = read(&mut reader);
        locked(&self.readers).push(reader);
        result
    }

    fn reply(&self, function: String, input: &Input) -> Reply {
        let ood_score = self.model.novelty.score(input);
        let provider = match self.settings.choice {
            Choice::Learned => Provider::Learned,
            Choice::Analytical => Provider::Analytical,
            Choice::Cascade if ood_score <= 1.0 => Provider::Learned,
            Choice::Cascade => Provider::Analytical,
        };
        let estimates = match provider {
            Provider::Learned => self.model.learned(input),
            Provider::Analytical => self.model.analytical(input),
        };
        Reply { function, ood_score, provider, estimates }
    }
}

fn fresh(computed: Result<Arc<[Reply]>, Arc<Refusal>>) -> Result<Answer, Arc<Refusal>> {
    computed.map(|replies| Answer { replies, cached: false })
}
