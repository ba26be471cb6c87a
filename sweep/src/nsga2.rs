//! NSGA-II: Deb, Pratap, Agarwal, Meyarivan, IEEE Trans. Evol. Comput. 6, 2002.
//!
//! Genes are shares of the axes from 0 to 1, so that lists and ranges are varied alike. Simulated binary crossover (index 15,
//! probability 0.9), polynomial mutation (index 20, one gene on average), constrained domination: a feasible point beats one
//! that is not, and that one beats a failed point. The caller evaluates each generation and passes the costs back, so runs can
//! be journalled, resumed and spread over threads; the next generation depends on seed and costs only. (Existing crates
//! evaluate inside their own loop and depend on a linear-algebra stack.)

use rand_pcg::Pcg64Mcg;

use crate::pareto::dominates;
use crate::sampler::{generator, unit};

/// Index of the crossover's distribution.
const CROSSOVER: f64 = 15.0;
/// Probability of crossover.
const CROSSED: f64 = 0.9;
/// Index of the mutation's distribution.
const MUTATION: f64 = 20.0;

/// Merit of a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Merit {
    /// Costs, less is better.
    Feasible(Vec<f64>),
    /// It violates a constraint.
    Infeasible,
    /// It failed.
    Failed,
}

impl Merit {
    fn class(&self) -> u8 {
        match self {
            Self::Feasible(costs) if costs.iter().all(|c| !c.is_nan()) => 0,
            Self::Feasible(_) | Self::Failed => 2,
            Self::Infeasible => 1,
        }
    }

    fn beats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Feasible(a), Self::Feasible(b)) if self.class() == other.class() => dominates(a, b),
            _ => self.class() < other.class(),
        }
    }
}

/// An individual.
#[derive(Debug, Clone, PartialEq)]
struct Individual {
    genes: Vec<f64>,
    merit: Merit,
    rank: usize,
    crowding: f64,
}

/// A run of the optimiser.
#[derive(Debug)]
pub struct Nsga2 {
    seed: u64,
    size: usize,
    generation: u64,
    parents: Vec<Individual>,
    waiting: Vec<Vec<f64>>,
}

/// Size of the population for a budget of points: its square root, even, 16 to 200.
#[must_use]
pub fn population(points: u64) -> usize {
    let root = (points as f64).sqrt().round() as usize;
    (root.clamp(16, 200) / 2 * 2).min(points as usize)
}

impl Nsga2 {
    /// A first, random population of `size` points over `axes` axes.
    #[must_use]
    pub fn new(seed: u64, size: usize, axes: usize) -> Self {
        let individual = |i: usize| {
            let mut random = generator(seed, 5, i as u64);
            (0..axes).map(|_| unit(&mut random)).collect()
        };
        Self { seed, size, generation: 0, parents: Vec::new(), waiting: (0..size).map(individual).collect() }
    }

    /// The points to evaluate next.
    #[must_use]
    pub fn ask(&self) -> &[Vec<f64>] {
        &self.waiting
    }

    /// Takes the merits of the points of [`Self::ask`], in order, and creates the next generation.
    ///
    /// # Panics
    /// If their number differs from that of the points.
    pub fn tell(&mut self, merits: Vec<Merit>) {
        assert_eq!(merits.len(), self.waiting.len(), "one merit per point");
        let born = std::mem::take(&mut self.waiting).into_iter().zip(merits);
        let mut pool = std::mem::take(&mut self.parents);
        pool.extend(born.map(|(genes, merit)| Individual { genes, merit, rank: 0, crowding: 0.0 }));
        rank(&mut pool);
        pool.sort_by(|a, b| a.rank.cmp(&b.rank).then(b.crowding.total_cmp(&a.crowding)));
        pool.truncate(self.size);
        self.parents = pool;
        self.generation += 1;
        self.breed();
    }

    fn breed(&mut self) {
        let mut random = generator(self.seed, 6, self.generation);
        while self.waiting.len() < self.size {
            let (mother, father) = (self.tournament(&mut random), self.tournament(&mut random));
            let (mut a, mut b) = (self.parents[mother].genes.clone(), self.parents[father].genes.clone());
            if unit(&mut random) < CROSSED {
                a.iter_mut().zip(&mut b).for_each(|(a, b)| cross(a, b, &mut random));
            }
            for mut child in [a, b] {
                let chance = 1.0 / child.len() as f64;
                child.iter_mut().for_each(|gene| mutate(gene, chance, &mut random));
                self.waiting.push(child);
            }
        }
        self.waiting.truncate(self.size);
    }

    /// The better of two at random.
    fn tournament(&self, random: &mut Pcg64Mcg) -> usize {
        let mut pick = || ((unit(random) * self.parents.len() as f64) as usize).min(self.parents.len() - 1);
        let (a, b) = (pick(), pick());
        let (x, y) = (&self.parents[a], &self.parents[b]);
        if (x.rank, -x.crowding) <= (y.rank, -y.crowding) { a } else { b }
    }
}

/// Simulated binary crossover of one gene.
fn cross(a: &mut f64, b: &mut f64, random: &mut Pcg64Mcg) {
    if unit(random) < 0.5 {
        return;
    }
    let u = unit(random);
    let power = 1.0 / (CROSSOVER + 1.0);
    let beta = if u <= 0.5 { libm::pow(2.0 * u, power) } else { libm::pow(0.5 / (1.0 - u), power) };
    let (x, y) = (*a, *b);
    *a = within(0.5 * ((1.0 + beta) * x + (1.0 - beta) * y));
    *b = within(0.5 * ((1.0 - beta) * x + (1.0 + beta) * y));
}

/// Polynomial mutation of one gene.
fn mutate(gene: &mut f64, chance: f64, random: &mut Pcg64Mcg) {
    if unit(random) >= chance {
        return;
    }
    let u = unit(random);
    let power = 1.0 / (MUTATION + 1.0);
    let step = if u < 0.5 { libm::pow(2.0 * u, power) - 1.0 } else { 1.0 - libm::pow(2.0 * (1.0 - u), power) };
    *gene = within(*gene + step);
}

fn within(gene: f64) -> f64 {
    gene.clamp(0.0, 1.0 - f64::EPSILON)
}

/// Fast non-dominated sorting and crowding distances.
fn rank(pool: &mut [Individual]) {
    let n = pool.len();
    let mut beaten_by = vec![0usize; n];
    let mut beats: Vec<Vec<usize>> = vec![Vec::new(); n];
    for a in 0..n {
        for b in 0..n {
            if pool[a].merit.beats(&pool[b].merit) {
                beats[a].push(b);
                beaten_by[b] += 1;
            }
        }
    }
    let mut front: Vec<usize> = (0..n).filter(|&i| beaten_by[i] == 0).collect();
    let mut level = 0;
    while !front.is_empty() {
        crowd(pool, &front);
        let mut next = Vec::new();
        for &i in &front {
            pool[i].rank = level;
            for &loser in &beats[i] {
                beaten_by[loser] -= 1;
                if beaten_by[loser] == 0 {
                    next.push(loser);
                }
            }
        }
        next.sort_unstable();
        front = next;
        level += 1;
    }
}

fn crowd(pool: &mut [Individual], front: &[usize]) {
    front.iter().for_each(|&i| pool[i].crowding = 0.0);
    let costs = |i: usize, pool: &[Individual]| match &pool[i].merit {
        Merit::Feasible(costs) => costs.clone(),
        _ => Vec::new(),
    };
    for objective in 0..costs(front[0], pool).len() {
        let mut order: Vec<(f64, usize)> = front.iter().map(|&i| (costs(i, pool)[objective], i)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let span = order[order.len() - 1].0 - order[0].0;
        pool[order[0].1].crowding = f64::INFINITY;
        pool[order[order.len() - 1].1].crowding = f64::INFINITY;
        if span > 0.0 {
            for i in 1..order.len() - 1 {
                pool[order[i].1].crowding += (order[i + 1].0 - order[i - 1].0) / span;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ZDT1 in three genes: the front is `f2 = 1 - sqrt(f1)` where the other genes are zero.
    fn zdt1(genes: &[f64]) -> Vec<f64> {
        let g = 1.0 + 9.0 * (genes[1] + genes[2]) / 2.0;
        vec![genes[0], g * (1.0 - (genes[0] / g).sqrt())]
    }

    fn run(seed: u64) -> Vec<Individual> {
        let mut optimiser = Nsga2::new(seed, 40, 3);
        for _ in 0..60 {
            let merits = optimiser.ask().iter().map(|genes| Merit::Feasible(zdt1(genes))).collect();
            optimiser.tell(merits);
        }
        optimiser.parents
    }

    #[test]
    fn the_front_of_zdt1_is_found_and_covered() {
        let parents = run(1);
        let costs = |i: &Individual| if let Merit::Feasible(c) = &i.merit { c.clone() } else { unreachable!() };
        let worst = parents.iter().map(costs).map(|c| c[1] - (1.0 - c[0].sqrt())).fold(0.0, f64::max);
        assert!(worst < 0.05, "{worst}");
        let mut firsts: Vec<f64> = parents.iter().map(|i| costs(i)[0]).collect();
        firsts.sort_by(f64::total_cmp);
        let gap = firsts.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        assert!(firsts[0] < 0.02 && firsts[39] > 0.95 && gap < 0.15, "{firsts:?}");
        assert_eq!(parents, run(1));
        assert_ne!(parents, run(2));
    }

    #[test]
    fn feasible_points_come_before_others() {
        let mut optimiser = Nsga2::new(3, 20, 1);
        for _ in 0..10 {
            let merit = |genes: &Vec<f64>| match genes[0] {
                x if x < 0.2 => Merit::Failed,
                x if x < 0.4 => Merit::Infeasible,
                x => Merit::Feasible(vec![x]),
            };
            let merits = optimiser.ask().iter().map(merit).collect();
            optimiser.tell(merits);
        }
        assert!(optimiser.parents.iter().all(|i| matches!(i.merit, Merit::Feasible(_))));
        assert!(optimiser.parents[0].genes[0] < 0.41);
    }
}
