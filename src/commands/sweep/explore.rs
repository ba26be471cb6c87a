//! Computes what a sweep asks for: every point at its fidelity, then the best again from events; journalled, on all cores.

use std::collections::BTreeMap;

use sim::Fidelity;
use sweep::nsga2::{Merit, Nsga2, population};
use sweep::{Method, Outcome, Plan, Value, Worker, pareto};

use super::journal::{Batch, Journal};
use super::pool;
use super::rows::{Row, Rows};
use crate::diagnostics::Failure;
use crate::progress::Progress;

/// Stage of the journal: every point, at the fidelity of the plan.
pub const SCREEN: u8 = 0;
/// Stage of the journal: the best points, from events.
pub const CONFIRM: u8 = 1;

/// Batches between two waits for the disk.
const SYNC_EVERY: u64 = 512;

/// A sweep on its way.
pub struct Exploration<'a> {
    /// What is asked.
    pub plan: &'a Plan,
    /// Every point.
    pub rows: Rows,
    /// Points from events, of those computed in closed form before.
    pub confirmed: BTreeMap<u64, Outcome>,
    /// Shares of the axes of every point that the optimiser asked for.
    genes: Vec<Vec<f64>>,
    journal: Journal,
    folder: String,
    threads: usize,
}

impl<'a> Exploration<'a> {
    /// Goes on from `rows` and `confirmed`.
    pub fn new(
        plan: &'a Plan,
        rows: Rows,
        confirmed: BTreeMap<u64, Outcome>,
        journal: Journal,
        folder: &str,
        threads: usize,
    ) -> Self {
        Self { plan, rows, confirmed, genes: Vec::new(), journal, folder: folder.to_owned(), threads }
    }

    /// Values of the axes at a point.
    pub fn values(&self, index: u64) -> Vec<Value> {
        values(self.plan, &self.genes, index)
    }

    /// Computes the points that are missing, or those of one shard.
    pub fn screen(&mut self, (shard, shards): (u32, u32)) -> Result<(), Failure> {
        let what = if self.plan.fidelity == Fidelity::Event { "events" } else { "closed forms" };
        if self.plan.method == Method::Nsga2 {
            return self.optimise(what);
        }
        let mine = |index: &u64| index % u64::from(shards) == u64::from(shard);
        let all = (0..self.plan.points).filter(mine);
        let missing: Vec<u64> = all.clone().filter(|&i| !self.rows.has(i as usize)).collect();
        let total = all.count() as u64;
        let mut progress = Progress::new(what, "points", total, total - missing.len() as u64);
        self.compute(&missing, self.plan.fidelity, SCREEN, &mut progress)
    }

    fn compute(
        &mut self,
        indices: &[u64],
        fidelity: Fidelity,
        stage: u8,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let (plan, genes) = (self.plan, &self.genes);
        let (rows, confirmed) = (&mut self.rows, &mut self.confirmed);
        let (journal, folder) = (&mut self.journal, &self.folder);
        let mut batches = 0u64;
        let mut sink = |batch: Batch| {
            let written = journal.append(stage, &batch).and_then(|()| {
                batches += 1;
                if batches.is_multiple_of(SYNC_EVERY) { journal.sync() } else { Ok(()) }
            });
            written.map_err(|error| Failure::File { path: format!("{folder}/journal"), error })?;
            for (index, outcome) in &batch {
                if stage == SCREEN {
                    rows.set(*index as usize, outcome);
                } else {
                    confirmed.insert(*index, outcome.clone());
                }
            }
            progress.add(batch.len() as u64);
            Ok(())
        };
        pool::evaluate(plan, indices, &|index| values(plan, genes, index), fidelity, self.threads, &mut sink)?;
        progress.finish();
        Ok(())
    }

    /// Generations of the optimiser; those in the journal are replayed.
    fn optimise(&mut self, what: &'static str) -> Result<(), Failure> {
        let plan = self.plan;
        let size = population(plan.points);
        let mut optimiser = Nsga2::new(plan.seed, size, plan.axes.len());
        let there = (0..plan.points as usize).filter(|&i| self.rows.has(i)).count() as u64;
        let mut progress = Progress::new(what, "points", plan.points, there);
        // Lists make equal points frequent: what was computed once is not computed again.
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
            self.compute(&missing, plan.fidelity, SCREEN, &mut progress)?;
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

    /// Which points meet every constraint by what was computed for all of them.
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
    pub fn confirm(&mut self, feasible: &[bool]) -> Result<(), Failure> {
        if self.plan.confirm == 0 {
            return Ok(());
        }
        let candidates: Vec<usize> = (0..feasible.len()).filter(|&i| feasible[i]).collect();
        // Every branch of the frontier has its share, or the best branch would take all of them.
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
        // A journal may hold more, from before a crash of an optimiser whose points are the same all the same.
        self.confirmed.retain(|index, _| wanted.contains(index));
        let missing: Vec<u64> = wanted.iter().copied().filter(|index| !self.confirmed.contains_key(index)).collect();
        let mut progress = Progress::new(
            "confirming from events",
            "points",
            wanted.len() as u64,
            (wanted.len() - missing.len()) as u64,
        );
        self.compute(&missing, Fidelity::Event, CONFIRM, &mut progress)
    }

    /// Appends what was computed elsewhere.
    pub fn adopt(&mut self, stage: u8, batch: &[(u64, Outcome)]) -> Result<(), Failure> {
        let path = format!("{}/journal", self.folder);
        self.journal.append(stage, batch).map_err(|error| Failure::File { path, error })
    }
}

fn values(plan: &Plan, genes: &[Vec<f64>], index: u64) -> Vec<Value> {
    if plan.method == Method::Nsga2 { plan.at(&genes[index as usize]) } else { plan.values(index) }
}
