//! Texts to label as tasks for other machines: bounded in number and bytes, with their texts.
//!
//! Tasks and outcomes are JSON. A task does not depend on what a worker has; its outcomes say with which tools the labels were
//! made, since other tools make other labels.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use corpus::labels::Outcome;
use corpus::table::Entry;
use ir::labels::{Batch, BatchReply, Job, Settings, Toolchain};
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::jobs::{self, Labelling, batches, grouped};
use crate::pool;

/// Most texts of a task.
pub const MAX_TEXTS: usize = 256;
/// Fewest texts of a task, unless there are no more or they are long: a task starts a process.
const FEW_TEXTS: usize = 16;
/// Most bytes of the texts of a task that has more than one.
const MAX_BYTES: usize = 1 << 20;
/// Tasks of a folder, if each has fewer than [`MAX_TEXTS`] texts.
const TASKS: usize = 64;
/// Longest time for one text, in seconds.
pub const LONGEST_S: u64 = 86_400;
/// Longest time to start a labeller.
const START: Duration = Duration::from_secs(60);

/// Why a task has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It is no task of this version.
    #[error("the task cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It has more texts than a task may have.
    #[error("the task has {0} texts; at most {MAX_TEXTS} are taken")]
    TooLong(usize),
    /// The command is missing, or cannot label.
    #[error("`{labeller}` cannot label: {reason}")]
    Labeller {
        /// The command.
        labeller: String,
        /// Why not.
        reason: String,
    },
}

/// Outcomes that do not belong to the folder.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignOutcomes {
    /// Not the outcomes of a task, or of another folder's.
    #[error("the engine returned outcomes of other rows or of another version")]
    Other,
    /// Two workers have different tools.
    #[error("workers label with different tools: LLVM {first} and {other}, or another build of hardwire")]
    Tools {
        /// LLVM's version of the first worker.
        first: String,
        /// That of the other.
        other: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    rows: String,
    timeout_s: u64,
    settings: Settings,
    jobs: Vec<Job>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcomes {
    rows: String,
    toolchain: Toolchain,
    outcomes: Vec<(u64, Outcome)>,
}

/// The tasks of a folder, each made when it is asked for.
pub struct Tasks {
    rows: String,
    entries: Arc<[Entry]>,
    settings: Settings,
    timeout_s: u64,
    groups: VecDeque<Vec<usize>>,
}

impl Tasks {
    /// What is left to label in a folder, with `timeout_s` seconds for one text.
    #[must_use]
    pub fn new(folder: &Folder, timeout_s: u64) -> Self {
        let text = |index: usize| folder.entries[index].row.text.as_str();
        let texts = (folder.todo().len() / TASKS).clamp(FEW_TEXTS, MAX_TEXTS);
        let groups = grouped(&text, folder.todo(), texts, MAX_BYTES).into();
        let (rows, settings) = (folder.identity.clone(), folder.settings.clone());
        Self { rows, entries: Arc::clone(&folder.entries), settings, timeout_s, groups }
    }
}

impl Iterator for Tasks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let group = self.groups.pop_front()?;
        let job = |index: usize| Job { id: index as u64, text: self.entries[index].row.text.clone() };
        let task = Task {
            rows: self.rows.clone(),
            timeout_s: self.timeout_s,
            settings: self.settings.clone(),
            jobs: group.into_iter().map(job).collect(),
        };
        Some(serde_json::to_vec(&task).expect("tasks serialize"))
    }
}

/// Labels the texts of a task in a process of `labeller`, the command `hardwire` of a build with LLVM. A text that ends the
/// process or takes too long is lost alone.
///
/// # Errors
/// If it is no task, or the labeller cannot label.
pub fn evaluate(labeller: &Path, task: &[u8]) -> Result<Vec<u8>, TaskError> {
    let Task { rows, timeout_s, settings, jobs } = serde_json::from_slice(task)?;
    if jobs.len() > MAX_TEXTS {
        return Err(TaskError::TooLong(jobs.len()));
    }
    let toolchain = toolchain(labeller, &settings)?;
    let text = |position: usize| jobs[position].text.as_str();
    let all: Vec<usize> = (0..jobs.len()).collect();
    let pool = jobs::pool(labeller.to_owned(), 1, Duration::from_secs(timeout_s.min(LONGEST_S)));
    let mut outcomes = Vec::with_capacity(jobs.len());
    pool.run(&Labelling { text: &text, settings: &settings }, batches(&text, &all), |position, outcome| {
        outcomes.push((jobs[position].id, outcome));
        Ok(true)
    })
    .map_err(|error| unusable(labeller, error))?;
    Ok(serde_json::to_vec(&Outcomes { rows, toolchain, outcomes }).expect("outcomes serialize"))
}

/// Checks that a command can label.
///
/// # Errors
/// If it is missing, or of a build without LLVM.
pub fn check(labeller: &Path) -> Result<(), TaskError> {
    toolchain(labeller, &Settings::default()).map(|_| ())
}

/// The tools of a labeller: its answer to a batch without texts.
fn toolchain(labeller: &Path, settings: &Settings) -> Result<Toolchain, TaskError> {
    let batch = Batch { jobs: Vec::new(), targets: Vec::new(), settings: settings.clone() };
    let request = serde_json::to_string(&batch).expect("settings serialize");
    let line = pool::once(labeller, jobs::ACTION, &request, START).map_err(|reason| unusable(labeller, reason))?;
    let reply: Option<BatchReply> = serde_json::from_str(&line).ok();
    let named = reply.and_then(|reply| reply.toolchain);
    named.ok_or_else(|| unusable(labeller, "it is no labeller of this version, since it does not name its tools"))
}

fn unusable(labeller: &Path, reason: impl ToString) -> TaskError {
    TaskError::Labeller { labeller: labeller.display().to_string(), reason: reason.to_string() }
}

/// The texts of a folder that workers have not answered yet.
pub struct Open {
    rows: String,
    left: BTreeSet<usize>,
    toolchain: Option<Toolchain>,
}

impl Open {
    /// All texts that are left to label.
    #[must_use]
    pub fn new(folder: &Folder) -> Self {
        Self { rows: folder.identity.clone(), left: folder.todo().iter().copied().collect(), toolchain: None }
    }

    /// Takes what [`evaluate`] returned: the outcomes of texts that were open. A task may be answered twice.
    ///
    /// # Errors
    /// If they are of other rows, or of a worker with other tools.
    pub fn take(&mut self, payload: &[u8]) -> Result<Vec<(usize, Outcome)>, ForeignOutcomes> {
        let found: Outcomes = serde_json::from_slice(payload).map_err(|_| ForeignOutcomes::Other)?;
        if found.rows != self.rows {
            return Err(ForeignOutcomes::Other);
        }
        let first = self.toolchain.get_or_insert_with(|| found.toolchain.clone());
        if *first != found.toolchain {
            let (first, other) = (first.llvm_version.clone(), found.toolchain.llvm_version);
            return Err(ForeignOutcomes::Tools { first, other });
        }
        let outcomes = found.outcomes.into_iter().map(|(id, outcome)| (id as usize, outcome));
        Ok(outcomes.filter(|(index, _)| self.left.remove(index)).collect())
    }

    /// How many texts are open.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.len()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use corpus::row::Row;
    use corpus::splits::{Part, Splits};
    use corpus::{Source, table};
    use ir::labels::{Failure, Phase};
    use storage::columnar::{Frame, write_parquet};

    use super::*;

    fn entry(number: usize, bytes: usize) -> Entry {
        let name = number.to_string();
        let text = " ".repeat(bytes.saturating_sub(name.len())) + &name;
        let hash = corpus::normal::digest(&text);
        let part = Part::Train;
        Entry {
            row: Row {
                hash: hash.clone(),
                source: Source::Generated,
                family: "f".into(),
                kernel: number.to_string(),
                variant: String::new(),
                dialect: "scf".into(),
                whole_block: false,
                pipeline: String::new(),
                text,
                lowered: hash,
                largest_elements: 0,
            },
            group: number,
            splits: Splits {
                random: part,
                kernel: part,
                family_fold: 0,
                shape: part,
                operation: part,
                left_out_target: 0,
            },
        }
    }

    /// A folder of texts of these sizes, removed by the caller.
    fn folder(name: &str, sizes: &[usize]) -> (std::path::PathBuf, Folder) {
        let path = std::env::temp_dir().join(format!("hardwire-labelling-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let entries: Vec<Entry> = sizes.iter().enumerate().map(|(number, &bytes)| entry(number, bytes)).collect();
        let frame = Frame { columns: table::columns(&entries), metadata: table::metadata(1) };
        let file = std::fs::File::create(path.join("rows.parquet")).unwrap();
        write_parquet(&frame, &mut io::BufWriter::new(file)).unwrap();
        let folder = Folder::open(&path, None).unwrap().0;
        (path, folder)
    }

    fn toolchain(version: &str) -> Toolchain {
        Toolchain {
            llvm_version: version.into(),
            mlir_pipelines: Vec::new(),
            llvm_pipeline: String::new(),
            codegen_options: Vec::new(),
            targets: Vec::new(),
            simulator: String::new(),
            settings: Settings::default(),
        }
    }

    /// What a worker would return for a task, with failures as outcomes.
    fn answer(task: &[u8], version: &str) -> Vec<u8> {
        let task: Task = serde_json::from_slice(task).unwrap();
        let failure = |job: &Job| Outcome::Failure(Failure { phase: Phase::Lower, reason: job.text.trim().into() });
        let outcomes = task.jobs.iter().map(|job| (job.id, failure(job))).collect();
        serde_json::to_vec(&Outcomes { rows: task.rows, toolchain: toolchain(version), outcomes }).unwrap()
    }

    #[test]
    fn tasks_have_every_text_once_and_a_bounded_size() {
        for (name, count, bytes, most) in [("few", 20, 9, 16), ("many", 2000, 40, 31), ("long", 30, 400_000, 2)] {
            let (path, folder) = folder(name, &vec![bytes; count]);
            let tasks: Vec<Task> = Tasks::new(&folder, 60).map(|task| serde_json::from_slice(&task).unwrap()).collect();
            assert_eq!(tasks.iter().map(|task| task.jobs.len()).max(), Some(most), "{name}");
            let numbers: Vec<usize> = tasks.iter().flat_map(|task| &task.jobs).map(|job| job.id as usize).collect();
            assert_eq!(numbers, folder.todo(), "{name}");
            std::fs::remove_dir_all(path).unwrap();
        }
    }

    #[test]
    fn outcomes_are_taken_once_and_only_of_these_rows_and_tools() {
        let (path, one) = folder("one", &[9; 40]);
        let (other_path, other) = folder("other", &[10; 40]);
        let tasks: Vec<Vec<u8>> = Tasks::new(&one, 60).collect();
        let mut open = Open::new(&one);
        assert_eq!(open.take(b"nonsense"), Err(ForeignOutcomes::Other));
        let foreign = answer(&Tasks::new(&other, 60).next().unwrap(), "22.1.0");
        assert_eq!(open.take(&foreign), Err(ForeignOutcomes::Other));
        assert_eq!(open.take(&answer(&tasks[0], "22.1.0")).unwrap().len(), 16);
        assert_eq!(open.take(&answer(&tasks[0], "22.1.0")).unwrap().len(), 0, "answered twice");
        let tools = ForeignOutcomes::Tools { first: "22.1.0".into(), other: "22.1.8".into() };
        assert_eq!(open.take(&answer(&tasks[1], "22.1.8")), Err(tools));
        assert_eq!(open.left(), 24);
        for task in &tasks[1..] {
            open.take(&answer(task, "22.1.0")).unwrap();
        }
        assert_eq!(open.left(), 0);
        std::fs::remove_dir_all(path).unwrap();
        std::fs::remove_dir_all(other_path).unwrap();
    }
}
