//! Which points a sweep computes: every point at the plan's fidelity, then the best ones again from events.
//!
//! Threads, a journal and progress are the caller's, behind an [`Executor`].

use std::collections::BTreeMap;

use sim::Fidelity;

use crate::nsga2::{Merit, Nsga2, population};
use crate::pareto;
use crate::plan::Plan;
use crate::point::{Outcome, Worker};
use crate::rows::{Row, Rows};
use crate::sampler::Method;
use crate::value::Value;

/// Stage of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Every point, at the fidelity of the plan.
    Screen,
    /// The best points, from events.
    Confirm,
}

/// Points to be computed.
pub struct Job<'a> {
    /// The sweep.
    pub plan: &'a Plan,
    /// Stage that needs them.
    pub stage: Stage,
    /// Indices of the points.
    pub indices: &'a [u64],
    /// Values of the axes at a point.
    pub values: &'a (dyn Fn(u64) -> Vec<Value> + Sync),
    /// Closed form or events.
    pub fidelity: Fidelity,
}

/// Computes points and keeps their outcomes.
pub trait Executor {
    /// Error of storing outcomes.
    type Error;

    /// Announces a stage of `total` points, of which `done` are known already.
    fn begin(&mut self, stage: Stage, fidelity: Fidelity, total: u64, done: u64);

    /// Computes the points of a job, stores their outcomes, and passes each to `sink`, in any order.
    ///
    /// # Errors
    /// If outcomes cannot be stored.
    fn execute(&mut self, job: Job<'_>, sink: &mut dyn FnMut(u64, &Outcome)) -> Result<(), Self::Error>;

    /// Stores outcomes that were computed elsewhere.
    ///
    /// # Errors
    /// If they cannot be stored.
    fn store(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> Result<(), Self::Error>;
}

/// A sweep and the outcomes of its points so far.
pub struct Exploration<'a> {
    /// The sweep.
    pub plan: &'a Plan,
    /// Every point.
    pub rows: Rows,
    /// Points from events, of those computed in closed form before.
    pub confirmed: BTreeMap<u64, Outcome>,
    /// Shares of the axes of every point that the optimiser has chosen.
    genes: Vec<Vec<f64>>,
}

impl<'a> Exploration<'a> {
    /// Continues from `rows` and `confirmed`.
    #[must_use]
    pub fn new(plan: &'a Plan, rows: Rows, confirmed: BTreeMap<u64, Outcome>) -> Self {
        Self { plan, rows, confirmed, genes: Vec::new() }
    }

    /// Values of the axes at a point.
    #[must_use]
    pub fn values(&self, index: u64) -> Vec<Value> {
        values(self.plan, &self.genes, index)
    }

    /// Computes the points that are missing, or those of one shard.
    ///
    /// # Errors
    /// Those of the executor.
    pub fn screen<E: Executor>(&mut self, (shard, shards): (u32, u32), executor: &mut E) -> Result<(), E::Error> {
        if self.plan.method == Method::Nsga2 {
            return self.optimise(executor);
        }
        let mine = |index: &u64| index % u64::from(shards) == u64::from(shard);
        let all = (0..self.plan.points).filter(mine);
        let missing: Vec<u64> = all.clone().filter(|&i| !self.rows.has(i as usize)).collect();
        let total = all.count() as u64;
        executor.begin(Stage::Screen, self.plan.fidelity, total, total - missing.len() as u64);
        self.compute(&missing, self.plan.fidelity, Stage::Screen, executor)
    }

    fn compute<E: Executor>(
        &mut self,
        indices: &[u64],
        fidelity: Fidelity,
        stage: Stage,
        executor: &mut E,
    ) -> Result<(), E::Error> {
        let (plan, genes) = (self.plan, &self.genes);
        let (rows, confirmed) = (&mut self.rows, &mut self.confirmed);
        let job = Job { plan, stage, indices, values: &|index| values(plan, genes, index), fidelity };
        executor.execute(job, &mut |index, outcome| match stage {
            Stage::Screen => rows.set(index as usize, outcome),
            Stage::Confirm => drop(confirmed.insert(index, outcome.clone())),
        })
    }

    /// Generations of the optimiser; those that are known already are replayed.
    fn optimise<E: Executor>(&mut self, executor: &mut E) -> Result<(), E::Error> {
        let plan = self.plan;
        let size = population(plan.points);
        let mut optimiser = Nsga2::new(plan.seed, size, plan.axes.len());
        let there = (0..plan.points as usize).filter(|&i| self.rows.has(i)).count() as u64;
        executor.begin(Stage::Screen, plan.fidelity, plan.points, there);
        // Axes with few values make equal points frequent; each is computed once.
        let mut first: BTreeMap<String, u64> = BTreeMap::new();
        while (self.genes.len() as u64) < plan.points {
            let from = self.genes.len() as u64;
            let left = (plan.points - from) as usize;
            let asked: Vec<Vec<f64>> = optimiser.ask().iter().take(left).cloned().collect();
            let whole = asked.len() == optimiser.ask().len();
            self.genes.extend(asked);
            let to = self.genes.len() as u64;
            let (mut missing, mut repeated) = (Vec::new(), Vec::new());
            for index in from..to {
                let shown: Vec<String> = self.values(index).iter().map(Value::show).collect();
                match first.entry(shown.join("\n")).or_insert(index) {
                    known if *known != index => repeated.push((index, *known)),
                    _ if self.rows.has(index as usize) => {}
                    _ => missing.push(index),
                }
            }
            self.compute(&missing, plan.fidelity, Stage::Screen, executor)?;
            for (index, known) in repeated {
                let outcome = self.rows.outcome(known as usize).expect("computed before");
                self.rows.set(index as usize, &outcome);
            }
            if !whole {
                break;
            }
            let mut worker = Worker::new(plan);
            let merits = (from..to).map(|index| self.merit(&mut worker, index)).collect();
            optimiser.tell(merits);
        }
        Ok(())
    }

    fn merit(&self, worker: &mut Worker<'_>, index: u64) -> Merit {
        match self.rows.get(index as usize) {
            Row::Numbers(row) if worker.feasible(&self.values(index), row) => Merit::Feasible(self.plan.costs(row)),
            Row::Numbers(_) | Row::Excluded => Merit::Infeasible,
            Row::Failed(_) | Row::Missing => Merit::Failed,
        }
    }

    /// Whether each point meets every constraint, by its outcome of the first stage.
    #[must_use]
    pub fn feasible(&self) -> Vec<bool> {
        let mut worker = Worker::new(self.plan);
        let free = self.plan.constraints.is_empty();
        (0..self.rows.len())
            .map(|index| match self.rows.get(index) {
                Row::Numbers(row) => free || worker.feasible(&self.values(index as u64), row),
                _ => false,
            })
            .collect()
    }

    /// Computes the best points again from events.
    ///
    /// # Errors
    /// Those of the executor.
    pub fn confirm<E: Executor>(&mut self, feasible: &[bool], executor: &mut E) -> Result<(), E::Error> {
        if self.plan.confirm == 0 {
            return Ok(());
        }
        let wanted = self.best(feasible);
        // A journal may hold more: points that an interrupted run of an optimiser confirmed.
        self.confirmed.retain(|index, _| wanted.contains(index));
        let missing: Vec<u64> = wanted.iter().copied().filter(|index| !self.confirmed.contains_key(index)).collect();
        let done = (wanted.len() - missing.len()) as u64;
        executor.begin(Stage::Confirm, Fidelity::Event, wanted.len() as u64, done);
        self.compute(&missing, Fidelity::Event, Stage::Confirm, executor)
    }

    /// The points to be confirmed, ascending: the best of each branch of the frontier in equal numbers, or the best branch
    /// would take all of them.
    fn best(&self, feasible: &[bool]) -> Vec<u64> {
        let candidates: Vec<usize> = (0..feasible.len()).filter(|&i| feasible[i]).collect();
        let mut branches: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for i in candidates {
            let branch = self.plan.frontier_by.map(|axis| self.values(i as u64)[axis].show());
            branches.entry(branch.unwrap_or_default()).or_default().push(i);
        }
        let each = self.plan.confirm.div_ceil(branches.len().max(1));
        let mut wanted: Vec<u64> = Vec::new();
        for candidates in branches.values() {
            let costs: Vec<Vec<f64>> = candidates
                .iter()
                .map(|&i| match self.rows.get(i) {
                    Row::Numbers(row) => self.plan.costs(row),
                    _ => unreachable!("feasible points have numbers"),
                })
                .collect();
            wanted.extend(pareto::best(&costs, each).into_iter().map(|i| candidates[i] as u64));
        }
        wanted.sort_unstable();
        wanted
    }

    /// Takes outcomes of the first stage that were computed elsewhere, of points that are missing.
    ///
    /// # Errors
    /// Those of the executor.
    pub fn adopt<E: Executor>(&mut self, batch: Vec<(u64, Outcome)>, executor: &mut E) -> Result<(), E::Error> {
        for (index, outcome) in batch {
            if index < self.plan.points && !self.rows.has(index as usize) {
                self.rows.set(index as usize, &outcome);
                executor.store(Stage::Screen, &[(index, outcome)])?;
            }
        }
        Ok(())
    }
}

fn values(plan: &Plan, genes: &[Vec<f64>], index: u64) -> Vec<Value> {
    if plan.method == Method::Nsga2 { plan.at(&genes[index as usize]) } else { plan.values(index) }
}
