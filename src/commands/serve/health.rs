//! The state of the server: what it answers with, and counts since its start.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// State of a server. It depends on the requests so far, not on time.
#[derive(Serialize)]
pub struct Health<'a> {
    /// Version of the program.
    pub version: &'static str,
    /// Name of the model and hash of its training set.
    pub model: &'a str,
    /// Checksum of the model file.
    pub model_checksum: &'a str,
    /// Whether the server ends after the requests that it has.
    pub stopping: bool,
    /// Connected clients, the one that asks included; 0 on standard input.
    pub clients: u64,
    #[serde(flatten)]
    pub counts: Counts,
}

/// Counts since the start of the server.
#[derive(Serialize)]
pub struct Counts {
    /// Replies other than to `health`; the one to this request is not counted yet.
    pub replies: u64,
    /// Replies with an error, those of cancelled requests included.
    pub errors: u64,
    /// Requests dropped by `cancel`.
    pub cancelled: u64,
    /// Texts predicted or refused.
    pub texts: u64,
    /// Texts that could not be appended to the log.
    pub log_failures: u64,
}

/// [`Counts`] shared by threads.
#[derive(Debug, Default)]
pub struct Counters {
    pub replies: Counter,
    pub errors: Counter,
    pub cancelled: Counter,
    pub texts: Counter,
    pub log_failures: Counter,
}

/// A count.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to the count, and returns what it was.
    pub fn add(&self, more: usize) -> u64 {
        self.0.fetch_add(more as u64, Ordering::Relaxed)
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub fn counts(&self) -> Counts {
        Counts {
            replies: self.replies.get(),
            errors: self.errors.get(),
            cancelled: self.cancelled.get(),
            texts: self.texts.get(),
            log_failures: self.log_failures.get(),
        }
    }
}
