//! A sweep from its points to its files: the same steps for threads, workers, and a run that goes on.

use sim::Fidelity;
use sweep::Outcome;
use sweep::exploration::{Executor, Exploration, Job, Stage};
use sweep::record::Batch;
use sweep::verdict::Verdict;

use crate::folder::{Folder, FolderError, SUMMARY};
use crate::plots::{Drawn, drawn};
use crate::summary::{Hashes, Summary, metadata};
use crate::tables::Tables;

/// Where points are computed, and who is told of progress.
pub trait Engine {
    /// Error of the engine, or of keeping outcomes.
    type Error: From<FolderError>;

    /// Announces a stage of `total` points, of which `done` are known already.
    fn begin(&mut self, stage: Stage, fidelity: Fidelity, total: u64, done: u64);

    /// Computes the points of a job and passes them to `sink`, in batches and in any order.
    ///
    /// # Errors
    /// Errors of the engine, and the first error of `sink`, which ends the run.
    fn compute(
        &mut self,
        job: &Job<'_>,
        sink: &mut dyn FnMut(Batch) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;
}

/// An engine whose outcomes are kept in a folder, if there is one.
pub struct Kept<E> {
    /// Computes the points.
    pub engine: E,
    /// Keeps their outcomes.
    pub folder: Option<Folder>,
}

impl<E: Engine> Executor for Kept<E> {
    type Error = E::Error;

    fn begin(&mut self, stage: Stage, fidelity: Fidelity, total: u64, done: u64) {
        self.engine.begin(stage, fidelity, total, done);
    }

    fn execute(&mut self, job: Job<'_>, sink: &mut dyn FnMut(u64, &Outcome)) -> Result<(), E::Error> {
        let Self { engine, folder } = self;
        engine.compute(&job, &mut |batch| {
            if let Some(folder) = folder.as_mut().filter(|_| !batch.is_empty()) {
                folder.keep(job.stage, &batch)?;
            }
            batch.iter().for_each(|(index, outcome)| sink(*index, outcome));
            Ok(())
        })
    }

    fn store(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> Result<(), E::Error> {
        self.folder.as_mut().map_or(Ok(()), |folder| Ok(folder.keep(stage, batch)?))
    }
}

/// What a finished sweep has.
pub struct Finished<'a> {
    /// Every point.
    pub exploration: Exploration<'a>,
    /// Frontier and sensitivities.
    pub verdict: Verdict,
    /// `summary.json`.
    pub summary: String,
    /// Names of the files in the folder.
    pub files: Vec<String>,
    /// The plots.
    pub plots: Vec<Drawn>,
}

/// Confirms the best points of a screened sweep; then draws verdict, tables and plots, and writes them to the folder.
///
/// # Errors
/// Errors of the engine, and I/O errors of the folder.
pub fn finish<'a, E: Engine>(
    mut exploration: Exploration<'a>,
    kept: &mut Kept<E>,
    plots: bool,
) -> Result<Finished<'a>, E::Error> {
    let plan = exploration.plan;
    let feasible = exploration.feasible();
    exploration.confirm(&feasible, kept)?;
    let verdict = Verdict::new(&exploration, feasible);
    let hashes = Hashes::of(plan);
    let mut files = Vec::new();
    if let Some(folder) = &kept.folder {
        files.extend(folder.write_tables(&Tables::new(&exploration, &verdict), &metadata(plan, &hashes))?);
    }
    let plots = if plots { drawn(&exploration, &verdict).map_err(FolderError::from)? } else { Vec::new() };
    if let Some(folder) = &kept.folder {
        for plot in &plots {
            files.extend(folder.write_plot(plot)?);
        }
        files.push(SUMMARY.to_owned());
    }
    let summary = Summary::new(plan, &verdict, &hashes, files.clone());
    let summary = serde_json::to_string_pretty(&summary).expect("results serialize") + "\n";
    if let Some(folder) = &kept.folder {
        folder.write_summary(&summary)?;
    }
    Ok(Finished { exploration, verdict, summary, files, plots })
}
