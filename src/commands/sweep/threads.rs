//! Computes points on all cores and shows progress.

use explore::pool;
use explore::run::Engine;
use sim::Fidelity;
use sweep::exploration::{Job, Stage};
use sweep::record::Batch;

use crate::diagnostics::Failure;
use crate::progress::Progress;

/// Threads and progress of a sweep.
pub struct Threads {
    threads: usize,
    progress: Option<Progress>,
}

impl Threads {
    /// Computes on `threads` threads.
    pub fn new(threads: usize) -> Self {
        Self { threads, progress: None }
    }
}

impl Engine for Threads {
    type Error = Failure;

    fn begin(&mut self, stage: Stage, fidelity: Fidelity, total: u64, done: u64) {
        let what = match (stage, fidelity) {
            (Stage::Confirm, _) => "confirming from events",
            (Stage::Screen, Fidelity::Event) => "events",
            (Stage::Screen, _) => "closed forms",
        };
        self.progress = Some(Progress::new(what, "points", total, done));
    }

    fn compute(&mut self, job: &Job<'_>, sink: &mut dyn FnMut(Batch) -> Result<(), Failure>) -> Result<(), Failure> {
        let Self { threads, progress } = self;
        pool::evaluate::<Failure>(job, *threads, &mut |batch| {
            let points = batch.len() as u64;
            sink(batch)?;
            if let Some(progress) = progress {
                progress.add(points);
            }
            Ok(())
        })?;
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(())
    }
}
