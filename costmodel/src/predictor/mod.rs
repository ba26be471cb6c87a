//! Predictions for texts: from a cache, by the learned model, or by the analytical models if they are asked for. Each reply
//! names its provider.
//!
//! A quantity that needs a count which the text leaves open is unknown, with the reasons. An assumption states such a count; under
//! one with a range the estimate spans the predictions for both ends, and its value is their mean. Predictions beyond what the
//! processor can do are moved to the bound.
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

use crate::bounds;
use crate::input::Input;
use crate::quantity::{Output, Quantity};
use crate::query::{Contents, Query, QueryReader, ReadError};
use crate::reason::{Declared, Reason};
use crate::shipped::CostModel;
use crate::warning::warnings;
use cache::{Cache, Entry};

pub use crate::shipped::Estimate;
pub use explain::{Effect, Explanation, MOST};
pub use ir::analysis::{Assumption, AssumptionError, Assumptions};
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
        /// The best one for the function: the learned model.
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
    /// One per function, declarations included, in the order of the text.
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
    /// If the text is too long, does not parse, or has no function.
    pub fn predict(&self, text: &str) -> Result<Answer, Arc<Refusal>> {
        self.predict_assuming(text, &Assumptions::NONE)
    }

    /// Predicts the functions of a text under assumptions.
    ///
    /// # Errors
    /// Those of [`Self::predict`]; also if an assumption names a value that the text does not have.
    pub fn predict_assuming(&self, text: &str, assumptions: &Assumptions) -> Result<Answer, Arc<Refusal>> {
        self.bound(text)?;
        let Some(key) = self.key(text, assumptions) else { return fresh(self.compute(text, assumptions)) };
        if let Some(known) = self.known(key, text) {
            return known;
        }
        let computed = self.compute(text, assumptions);
        self.keep(key, text, &computed);
        fresh(computed)
    }

    /// Predicts many texts on up to `threads` threads, with the same replies as [`Self::predict`]. Equal texts are computed once.
    #[must_use]
    pub fn predict_batch(&self, texts: &[&str], threads: usize) -> Vec<Result<Answer, Arc<Refusal>>> {
        self.predict_batch_assuming(texts, threads, &Assumptions::NONE)
    }

    /// The same under assumptions about each text.
    #[must_use]
    pub fn predict_batch_assuming(
        &self,
        texts: &[&str],
        threads: usize,
        assumptions: &Assumptions,
    ) -> Vec<Result<Answer, Arc<Refusal>>> {
        let keys = if locked(&self.cache).keeps_nothing() {
            vec![None; texts.len()]
        } else {
            crate::parallel::map(threads, texts.len(), |i| {
                self.bound(texts[i]).ok().and_then(|()| self.key(texts[i], assumptions))
            })
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
                self.compute_all(&parts[part].iter().map(|&i| texts[i]).collect::<Vec<&str>>(), assumptions)
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
                    Ok(replies) if !has_places(replies) => Ok(Answer { replies: Arc::clone(replies), cached: true }),
                    // Places belong to the text that they were found in.
                    _ => self.predict_assuming(texts[i], assumptions),
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

    fn key(&self, text: &str, assumptions: &Assumptions) -> Option<ContentKey> {
        // Assumptions are about names, which the other key ignores.
        let of = || if assumptions.is_empty() { ContentKey::of(text) } else { ContentKey::assuming(text, assumptions) };
        (!locked(&self.cache).keeps_nothing()).then(of)
    }

    fn known(&self, key: ContentKey, text: &str) -> Option<Result<Answer, Arc<Refusal>>> {
        let found = locked(&self.cache).get(key)?;
        match found {
            Entry::Replies(spelled, replies) => {
                let same = spelled.is_none_or(|spelled| spelled == key::exact(text));
                same.then_some(Ok(Answer { replies, cached: true }))
            }
            Entry::Refusal(spelled, refusal) => (spelled == key::exact(text)).then_some(Err(refusal)),
        }
    }

    fn keep(&self, key: ContentKey, text: &str, computed: &Computed) {
        let entry = match computed {
            Ok(replies) => Entry::Replies(has_places(replies).then(|| key::exact(text)), Arc::clone(replies)),
            Err(refusal) => Entry::Refusal(key::exact(text), Arc::clone(refusal)),
        };
        locked(&self.cache).insert(key, entry);
    }

    fn compute(&self, text: &str, assumptions: &Assumptions) -> Computed {
        self.compute_all(&[text], assumptions).remove(0)
    }

    /// One result per text.
    fn compute_all(&self, texts: &[&str], assumptions: &Assumptions) -> Vec<Computed> {
        let ends = assumptions.ends();
        if ends[0] == ends[1] {
            return self.compute_exactly(texts, assumptions);
        }
        let [low, high] = ends.map(|end| self.compute_exactly(texts, &end));
        let both = low.into_iter().zip(high).map(|(low, high)| {
            let pairs = low?.iter().cloned().zip(high?.iter()).map(|(low, high)| low.spanning(high)).collect();
            Ok(pairs)
        });
        both.collect()
    }

    /// One result per text: all texts are read first, then the model predicts for all of them together.
    fn compute_exactly(&self, texts: &[&str], assumptions: &Assumptions) -> Vec<Computed> {
        let mut queries = Vec::new();
        let mut read = |text: &&str| {
            self.bound(text)?;
            let Contents { queries: own, declared } = self.read(text, assumptions)?;
            let starts: Vec<u32> = own.iter().map(|(start, _)| *start).collect();
            queries.extend(own.into_iter().map(|(_, query)| query));
            Ok((starts, declared))
        };
        let read: Vec<Result<_, Arc<Refusal>>> = texts.iter().map(&mut read).collect();
        let mut replies = self.replies(queries).into_iter();
        let mut merged = |(starts, declared): (Vec<u32>, Vec<Declared>)| {
            let mut all: Vec<(u32, Reply)> = starts.into_iter().zip(replies.by_ref()).collect();
            all.extend(declared.into_iter().map(|declared| (declared.start, self.unknown(declared))));
            all.sort_by_key(|(start, _)| *start);
            all.into_iter().map(|(_, reply)| reply).collect()
        };
        read.into_iter().map(|text| text.map(&mut merged)).collect()
    }

    /// Reasons with the quantities that the model predicts; those that concern none are left out.
    fn own(&self, reasons: Vec<Reason>) -> Vec<Reason> {
        let mut own = reasons;
        for reason in &mut own {
            reason.quantities.retain(|&quantity| self.outputs.iter().any(|output| output.quantity == quantity));
        }
        own.retain(|reason| !reason.quantities.is_empty());
        own
    }

    /// The reply for a function without a body.
    fn unknown(&self, declared: Declared) -> Reply {
        Reply {
            function: declared.function,
            ood_score: 0.0,
            provider: self.provider(),
            estimates: vec![None; self.outputs.len()],
            bounded: vec![None; self.outputs.len()],
            reasons: self.own(vec![declared.reason]),
            warnings: vec![],
        }
    }

    /// The functions of a text.
    fn read(&self, text: &str, assumptions: &Assumptions) -> Result<Contents, Arc<Refusal>> {
        let contents = self.with_reader(|reader| reader.contents(text, assumptions, |_| &self.model.vocabulary));
        let contents = contents.map_err(|error| {
            Arc::new(match error {
                ReadError::Text(diagnostics) => Refusal::Text(diagnostics),
                ReadError::Assumption(assumption) => Refusal::Assumption(assumption),
            })
        })?;
        let is_empty = contents.queries.is_empty() && contents.declared.is_empty();
        if is_empty { Err(Arc::new(Refusal::NoFunction)) } else { Ok(contents) }
    }

    /// Runs `read` with an idle reader, or a new one.
    fn with_reader<R>(&self, read: impl FnOnce(&mut QueryReader) -> R) -> R {
        let idle = locked(&self.readers).pop();
        let mut reader = idle.unwrap_or_else(|| {
            let reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
            if self.model.is_of_gpus() { reader.with_kernels() } else { reader }
        });
        let result = read(&mut reader);
        locked(&self.readers).push(reader);
        result
    }

    /// The model that answers.
    fn provider(&self) -> Provider {
        match self.settings.choice {
            Choice::Learned | Choice::Cascade => Provider::Learned,
            Choice::Analytical => Provider::Analytical,
        }
    }

    /// One reply per query.
    fn replies(&self, queries: Vec<Query>) -> Vec<Reply> {
        let provider = self.provider();
        let inputs: Vec<&Input> = queries.iter().map(|query| &query.input).collect();
        let estimates = match provider {
            Provider::Learned => self.model.learned_all(&inputs),
            Provider::Analytical => inputs.iter().map(|input| self.model.analytical(input)).collect(),
        };
        queries.into_iter().zip(estimates).map(|(query, estimates)| self.reply(query, estimates)).collect()
    }

    /// The reply for a function from the model's estimates.
    fn reply(&self, query: Query, mut estimates: Vec<Option<Estimate>>) -> Reply {
        let Query { function, input, exact, narrow_floats, reasons } = query;
        let mut reasons = self.own(reasons);
        let mut bounded = bounds::apply(&self.outputs, &input, exact, &mut estimates);
        let mut without: Vec<Quantity> = Vec::new();
        for (index, output) in self.outputs.iter().enumerate() {
            if reasons.iter().any(|reason| reason.concerns(output.quantity)) {
                estimates[index] = None;
                bounded[index] = None;
            } else if estimates[index].is_none() && !without.contains(&output.quantity) {
                without.push(output.quantity);
            }
        }
        if !without.is_empty() {
            reasons.push(Reason::provider(without));
        }
        let novelty = &self.model.novelty;
        let (ood_score, warnings) = (novelty.score(&input), warnings(novelty, &input, narrow_floats));
        Reply { function, ood_score, provider: self.provider(), estimates, bounded, reasons, warnings }
    }
}

/// Whether replies refer to places in the text.
fn has_places(replies: &[Reply]) -> bool {
    replies.iter().any(|reply| reply.reasons.iter().any(|reason| reason.place.is_some()))
}

fn fresh(computed: Computed) -> Result<Answer, Arc<Refusal>> {
    computed.map(|replies| Answer { replies, cached: false })
}
