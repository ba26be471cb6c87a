//! Points of a sweep as tasks for workers that have the plan: other processes or machines.
//!
//! A task is JSON and names its points by ranges, so that it stays small; the values of points that an optimiser has chosen
//! are listed. Outcomes return as the payload of a record ([`sweep::record`]).

use serde::{Deserialize, Serialize};
use sim::Fidelity;
use sweep::exploration::{Job, Stage};
use sweep::record::{Batch, decode, encode};
use sweep::{Method, Plan, Value, Worker};

/// Most points of a task in closed form; a task from events has one.
pub const MAX_POINTS: usize = 2048;
/// Tasks of a job, if each has fewer than [`MAX_POINTS`] points: workers with slow points do not hold up the others.
const TASKS: usize = 64;

/// Why a task has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It is no task.
    #[error("the task cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Its points or values do not belong to the plan.
    #[error("the task is of another plan")]
    OtherPlan,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    confirm: bool,
    events: bool,
    /// Points: first, and one behind the last.
    ranges: Vec<(u64, u64)>,
    /// Values of the points that an optimiser has chosen; no values where the plan tells them.
    values: Vec<Vec<Cell>>,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Number(f64),
    Word(String),
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(*number),
            Value::Word(word) => Self::Word(word.to_string()),
        }
    }
}

impl From<&Cell> for Value {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Number(number) => Self::Number(*number),
            Cell::Word(word) => Self::Word(word.as_str().into()),
        }
    }
}

/// The tasks of a job, each made when it is asked for.
#[derive(Debug)]
pub struct Tasks {
    confirm: bool,
    events: bool,
    size: usize,
    /// Points that are left, as ranges, the last first.
    ranges: Vec<(u64, u64)>,
    /// Values of the points that are left, the last first; empty where the plan tells them.
    values: Vec<Vec<Cell>>,
}

impl Tasks {
    /// The tasks of a job.
    #[must_use]
    pub fn new(job: &Job<'_>) -> Self {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for &index in job.indices.iter().rev() {
            match ranges.last_mut() {
                Some((from, _)) if *from == index + 1 => *from = index,
                _ => ranges.push((index, index + 1)),
            }
        }
        let chosen = job.plan.method == Method::Nsga2;
        let listed = job.indices.iter().rev().filter(|_| chosen);
        let values = listed.map(|&index| (job.values)(index).iter().map(Cell::from).collect()).collect();
        let events = job.fidelity == Fidelity::Event;
        let size = if events { 1 } else { (job.indices.len() / TASKS).clamp(1, MAX_POINTS) };
        Self { confirm: job.stage == Stage::Confirm, events, size, ranges, values }
    }
}

impl Iterator for Tasks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let (mut ranges, mut left) = (Vec::new(), self.size as u64);
        while left > 0 {
            let Some((from, to)) = self.ranges.pop() else { break };
            let end = to.min(from + left);
            ranges.push((from, end));
            left -= end - from;
            if end < to {
                self.ranges.push((end, to));
            }
        }
        if ranges.is_empty() {
            return None;
        }
        let points = ranges.iter().map(|(from, to)| (to - from) as usize).sum::<usize>();
        let mut values = self.values.split_off(self.values.len().saturating_sub(points));
        values.reverse();
        let task = Task { confirm: self.confirm, events: self.events, ranges, values };
        Some(serde_json::to_vec(&task).expect("tasks serialize"))
    }
}

/// Computes the points of a task on this thread.
///
/// # Errors
/// If it is not a task of this plan.
pub fn evaluate(plan: &Plan, task: &[u8]) -> Result<Vec<u8>, TaskError> {
    let task: Task = serde_json::from_slice(task)?;
    let chosen = plan.method == Method::Nsga2;
    let points = task.points(plan).filter(|points| !chosen || task.values.len() == points.len());
    let points = points.ok_or(TaskError::OtherPlan)?;
    let mut worker = Worker::new(plan);
    let fidelity = if task.events { Fidelity::Event } else { Fidelity::Analytic };
    let mut batch: Batch = Vec::with_capacity(points.len());
    for (position, index) in points.into_iter().enumerate() {
        let values = match task.values.get(position) {
            Some(cells) if chosen => cells.iter().map(Value::from).collect(),
            _ => plan.values(index),
        };
        if values.len() != plan.axes.len() {
            return Err(TaskError::OtherPlan);
        }
        batch.push((index, crate::pool::one(plan, &mut worker, &values, fidelity)));
    }
    Ok(encode(if task.confirm { Stage::Confirm } else { Stage::Screen }, &batch))
}

impl Task {
    /// Its points; `None` if there are too many for a task, or the plan does not have them.
    fn points(&self, plan: &Plan) -> Option<Vec<u64>> {
        let inside = |&(from, to): &(u64, u64)| from < to && to <= plan.points;
        let mut count = 0u64;
        for range in &self.ranges {
            count += if inside(range) { range.1 - range.0 } else { return None };
            if count > MAX_POINTS as u64 {
                return None;
            }
        }
        Some(self.ranges.iter().flat_map(|&(from, to)| from..to).collect())
    }
}

/// The points of a job that workers have not answered yet.
pub struct Open<'a> {
    job: &'a Job<'a>,
    /// One bit for each point of the plan.
    bits: Vec<u64>,
    left: usize,
}

impl<'a> Open<'a> {
    /// All points of a job.
    #[must_use]
    pub fn new(job: &'a Job<'a>) -> Self {
        let mut bits = vec![0; (job.plan.points as usize).div_ceil(64)];
        job.indices.iter().for_each(|&index| bits[index as usize / 64] |= 1 << (index % 64));
        Self { job, bits, left: job.indices.len() }
    }

    /// Takes what [`evaluate`] returned: the outcomes of points that were open. A task may be answered twice. `None` if these are
    /// no outcomes of this job.
    pub fn take(&mut self, payload: &[u8]) -> Option<Batch> {
        let (stage, mut batch) = decode(payload, self.job.plan.columns.len())?;
        if stage != self.job.stage || batch.iter().any(|(index, _)| *index >= self.job.plan.points) {
            return None;
        }
        batch.retain(|(index, _)| {
            let (word, bit) = (&mut self.bits[*index as usize / 64], 1 << (index % 64));
            let open = *word & bit != 0;
            *word &= !bit;
            open
        });
        self.left -= batch.len();
        Some(batch)
    }

    /// How many points are open, and the first of them.
    #[must_use]
    pub fn left(&self) -> Option<(usize, u64)> {
        let is_open = |index: &&u64| self.bits[**index as usize / 64] & 1 << (*index % 64) != 0;
        self.job.indices.iter().find(is_open).map(|first| (self.left, *first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        sweep::read::plan("a.toml", text, &|path| Err(designs::Unreadable(format!("no file {path}")))).unwrap()
    }

    const GRID: &str = r#"
        [axes]
        chip.clock = { from = "0.5 GHz", to = "1.5 GHz", points = 100 }
        workload.sequences = { from = 1, to = 100, points = 100 }
        [objectives]
        maximise = ["throughput_tokens_per_s"]
    "#;

    /// The tasks of these points, as their ranges.
    fn ranges(plan: &Plan, indices: &[u64], fidelity: Fidelity) -> Vec<Vec<(u64, u64)>> {
        let job = Job { plan, stage: Stage::Screen, indices, values: &|index| plan.values(index), fidelity };
        Tasks::new(&job).map(|task| serde_json::from_slice::<Task>(&task).unwrap().ranges).collect()
    }

    #[test]
    fn tasks_have_every_point_once_and_a_bounded_size() {
        let plan = plan(GRID);
        for (indices, most) in [
            ((0..10_000).collect::<Vec<u64>>(), 156),
            ((0..10_000).filter(|index| index % 3 != 1).collect(), 104),
            (vec![7], 1),
            (vec![], 0),
        ] {
            let tasks = ranges(&plan, &indices, Fidelity::Analytic);
            let sizes = tasks.iter().map(|task| task.iter().map(|(from, to)| to - from).sum::<u64>());
            assert_eq!(sizes.max().unwrap_or(0), most);
            let points: Vec<u64> = tasks.into_iter().flatten().flat_map(|(from, to)| from..to).collect();
            assert_eq!(points, indices);
        }
        assert_eq!(ranges(&plan, &[3, 4, 9], Fidelity::Event), [[(3, 4)], [(4, 5)], [(9, 10)]]);
    }

    #[test]
    fn workers_answer_what_threads_answer_once() {
        let grid = plan(GRID);
        let chosen = plan(&(GRID.to_owned() + "[sample]\nmethod = \"nsga2\"\npoints = 64\nseed = 1\n"));
        for (plan, indices) in [(&grid, vec![5, 6, 7, 900]), (&chosen, vec![0, 1, 40])] {
            let values = |index: u64| plan.at(&[index as f64 / 64.0 % 1.0, 0.5]);
            let values: &(dyn Fn(u64) -> Vec<Value> + Sync) =
                if plan.method == Method::Nsga2 { &values } else { &|index| plan.values(index) };
            let job = Job { plan, stage: Stage::Screen, indices: &indices, values, fidelity: Fidelity::Analytic };
            let mut open = Open::new(&job);
            let mut found: Batch = Vec::new();
            for task in Tasks::new(&job) {
                let outcomes = evaluate(plan, &task).unwrap();
                found.extend(open.take(&outcomes).unwrap());
                assert_eq!(open.take(&outcomes).unwrap().len(), 0, "answered twice");
            }
            assert_eq!(open.left(), None);
            let mut direct: Batch = Vec::new();
            let mut keep = |batch| {
                direct.extend(batch);
                Ok::<(), ()>(())
            };
            crate::pool::evaluate(&job, 2, &mut keep).unwrap();
            direct.sort_by_key(|(index, _)| *index);
            assert_eq!(format!("{found:?}"), format!("{direct:?}"));
        }
    }

    #[test]
    fn tasks_and_outcomes_of_something_else_are_refused() {
        let plan = plan(GRID);
        let task = |ranges: &str| format!("{{\"confirm\":false,\"events\":false,\"ranges\":{ranges},\"values\":[]}}");
        for ranges in ["[[0,2049]]", "[[9999,10001]]", "[[5,5]]", "[[0,18446744073709551615]]", "[[9,3]]"] {
            assert!(matches!(evaluate(&plan, task(ranges).as_bytes()), Err(TaskError::OtherPlan)), "{ranges}");
        }
        assert!(matches!(evaluate(&plan, b"nonsense"), Err(TaskError::Unreadable(_))));
        let indices = [1, 2];
        let values = |index| plan.values(index);
        let job = |stage| Job { plan: &plan, stage, indices: &indices, values: &values, fidelity: Fidelity::Analytic };
        let outcomes = evaluate(&plan, task("[[1,2]]").as_bytes()).unwrap();
        assert!(Open::new(&job(Stage::Confirm)).take(&outcomes).is_none(), "of another stage");
        let screen = job(Stage::Screen);
        let mut open = Open::new(&screen);
        assert!(open.take(&outcomes[..outcomes.len() - 1]).is_none() && open.take(b"nonsense").is_none());
        assert_eq!(open.take(&outcomes).map(|batch| batch.len()), Some(1));
        assert_eq!(open.left(), Some((1, 2)));
    }
}
