//! Texts as requests to labelling workers, and what the workers reply.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use corpus::labels::Outcome;
use corpus::normal::digest;
use corpus::table::Entry;
use ir::labels::{Batch, BatchReply, Failure as LabelFailure, Phase, Reply, Settings, Target};

use crate::pool::{Loss, Pool, Protocol, same_jobs, texts};

/// The hidden action of `hardwire dataset` that labels.
pub const ACTION: &str = "worker";
/// Texts of a batch at most.
const BATCH_JOBS: usize = 32;
/// Bytes of a batch's texts at most, if it has more than one.
const BATCH_BYTES: usize = 96 << 10;
/// Workers that label.
///
/// `command` is the `hardwire` of a build with LLVM, `timeout` the longest time for one text.
#[must_use]
pub fn pool(command: PathBuf, workers: usize, timeout: Duration) -> Pool {
    Pool::labelling(command, ACTION, workers, timeout)
}

/// Texts by number.
pub struct Labelling<'a> {
    /// The text of a number.
    pub text: &'a (dyn Fn(usize) -> &'a str + Sync),
    /// Settings of the labels.
    pub settings: &'a Settings,
}

impl Protocol for Labelling<'_> {
    type Answer = Outcome;

    fn request(&self, jobs: &[usize]) -> String {
        let jobs = texts(self.text, jobs);
        let batch = Batch { jobs, targets: Target::ALL.to_vec(), settings: self.settings.clone() };
        serde_json::to_string(&batch).expect("text serializes")
    }

    fn answers(&self, jobs: &[usize], line: &str) -> Result<Vec<Outcome>, String> {
        let reply: BatchReply = serde_json::from_str(line).map_err(|e| e.to_string())?;
        same_jobs(reply.replies.iter().map(|reply| reply.id), jobs)?;
        Ok(reply.replies.into_iter().map(outcome).collect())
    }

    fn lost(&self, _job: usize, loss: Loss) -> Outcome {
        Outcome::Failure(loss.failure())
    }
}

/// A row is one function: a module with several public ones has no single label.
pub(crate) fn several(count: usize) -> LabelFailure {
    LabelFailure { phase: Phase::Parse, reason: format!("the module has {count} public functions, a row is one") }
}

fn outcome(reply: Reply) -> Outcome {
    match (reply.failure, reply.functions.len()) {
        (Some(failure), _) => Outcome::Failure(failure),
        (None, 1) => Outcome::Function(reply.functions.into_iter().next().expect("there is one")),
        (None, count) => Outcome::Failure(several(count)),
    }
}

/// The texts to lower, kernel by kernel in an order shuffled by the seed, so that every prefix is a representative sample.
pub(crate) fn choose(entries: &[Entry], seed: u64, rows: Option<usize>) -> Vec<usize> {
    let index: BTreeMap<&str, usize> = entries.iter().enumerate().map(|(i, e)| (e.row.hash.as_str(), i)).collect();
    let mut order: Vec<(String, usize)> = (0..entries.len())
        .map(|i| (digest(&format!("{seed}/order/{}/{}", entries[i].row.family, entries[i].row.kernel)), i))
        .collect();
    order.sort_unstable();
    let mut taken = BTreeSet::new();
    let chosen = order.into_iter().take(rows.unwrap_or(usize::MAX));
    let lowered = chosen.filter_map(|(_, i)| index.get(entries[i].row.lowered.as_str()).copied());
    lowered.filter(|i| taken.insert(*i)).collect()
}

/// Consecutive texts in batches that are bounded in number and bytes.
pub fn batches<'a>(text: &dyn Fn(usize) -> &'a str, todo: &[usize]) -> Vec<Vec<usize>> {
    grouped(text, todo, BATCH_JOBS, BATCH_BYTES)
}

/// Consecutive texts in groups of at most `jobs`, and of at most `bytes` if a group has more than one.
pub(crate) fn grouped<'a>(
    text: &dyn Fn(usize) -> &'a str,
    todo: &[usize],
    jobs: usize,
    bytes: usize,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut used = 0;
    for &index in todo {
        let length = text(index).len();
        match groups.last_mut() {
            Some(group) if group.len() < jobs && used + length <= bytes => {
                group.push(index);
                used += length;
            }
            _ => {
                groups.push(vec![index]);
                used = length;
            }
        }
    }
    groups
}
