//! Computes points on all cores and keeps them in the journal.

use explore::pool;
use sim::Fidelity;
use sweep::Outcome;
use sweep::exploration::{Executor, Job, Stage};

use super::journal::Journal;
use crate::diagnostics::Failure;
use crate::progress::Progress;

/// Batches between two syncs of the journal.
const SYNC_EVERY: u64 = 512;

/// Threads, journal and progress of a sweep.
pub struct Computer {
    journal: Journal,
    folder: String,
    threads: usize,
    progress: Option<Progress>,
}

impl Computer {
    /// Computes on `threads` threads and appends to the journal in `folder`.
    pub fn new(journal: Journal, folder: &str, threads: usize) -> Self {
        Self { journal, folder: folder.to_owned(), threads, progress: None }
    }
}

impl Executor for Computer {
    type Error = Failure;

    fn begin(&mut self, stage: Stage, fidelity: Fidelity, total: u64, done: u64) {
        let what = match (stage, fidelity) {
            (Stage::Confirm, _) => "confirming from events",
            (Stage::Screen, Fidelity::Event) => "events",
            (Stage::Screen, _) => "closed forms",
        };
        self.progress = Some(Progress::new(what, "points", total, done));
    }

    fn execute(&mut self, job: Job<'_>, sink: &mut dyn FnMut(u64, &Outcome)) -> Result<(), Failure> {
        let Self { journal, folder, threads, progress } = self;
        let mut batches = 0u64;
        let stage = job.stage;
        pool::evaluate::<Failure>(&job, *threads, &mut |batch| {
            let written = journal.append(stage, &batch).and_then(|()| {
                batches += 1;
                if batches.is_multiple_of(SYNC_EVERY) { journal.sync() } else { Ok(()) }
            });
            written.map_err(|error| Failure::File { path: format!("{folder}/journal"), error })?;
            batch.iter().for_each(|(index, outcome)| sink(*index, outcome));
            if let Some(progress) = progress {
                progress.add(batch.len() as u64);
            }
            Ok(())
        })?;
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(())
    }

    fn store(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> Result<(), Failure> {
        let path = format!("{}/journal", self.folder);
        self.journal.append(stage, batch).map_err(|error| Failure::File { path, error })
    }
}
