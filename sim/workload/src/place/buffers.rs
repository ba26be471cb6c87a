//! Which data of a chip are in the attention buffer and which in HBM.
//!
//! A result takes space from the step that computes it to the last step that reads it, whole or not at all. Arguments take
//! space during the whole call, in any part. Sought is the choice within a budget that moves the fewest bytes of HBM. With up
//! to [`MOST_EXACT`] results, all choices are tried. With more, results are taken by bytes moved for each byte of space, for
//! each of a fixed series of budgets up to the one given; the best is taken, so a larger budget never moves more. The bound
//! of both is what no choice can avoid: at one step, the data that are live there share the budget.

use std::collections::BTreeMap;

use crate::lower::plan::{Access, Buffer, Cut, InHbm};
use crate::lower::traffic::Planned;

/// Most results for which all choices are tried.
pub(super) const MOST_EXACT: usize = 14;

/// A buffer on a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) buffer: usize,
    pub(super) chip: usize,
    pub(super) bytes: u64,
    /// First and last step that it is live at.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Bytes of HBM that move if it is there.
    pub(super) traffic: u64,
    /// Whether a part of it can be in the attention buffer.
    pub(super) parts: bool,
}

/// How results and arguments get their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// Fewest bytes of HBM.
    FewestBytes,
    /// Arguments in equal shares, then results in the order of the text where they fit.
    FirstCome,
}

/// The choice for all chips.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Homes {
    pub(super) in_hbm: BTreeMap<(usize, usize), InHbm>,
    /// Bytes of HBM that a call moves, all chips of stages together or one of a split.
    pub(super) traffic: u64,
    /// Bytes that no choice avoids.
    pub(super) bound: u64,
    /// Whether all choices were tried, on every chip.
    pub(super) exact: bool,
}

/// Bytes of HBM moved for each byte of space, as an exact order: more first, ties by place in the text.
fn denser(a: &Instance, b: &Instance) -> std::cmp::Ordering {
    let product = |x: &Instance, y: &Instance| u128::from(x.traffic) * u128::from(y.bytes);
    product(b, a).cmp(&product(a, b)).then(a.first.cmp(&b.first)).then(a.buffer.cmp(&b.buffer))
}

/// The instances of all buffers on the chips of a plan. `starts` has the first step of each stage.
pub(super) fn instances(planned: Planned<'_>, element_bytes: u64) -> Vec<Instance> {
    let steps = planned.accesses.len();
    let whole = [0];
    let starts: &[usize] = match &planned.plan.cut {
        Cut::Stages(starts) => starts,
        Cut::Split { .. } => &whole,
    };
    let mut uses: BTreeMap<(usize, usize), Vec<(usize, Access)>> = BTreeMap::new();
    for (step, accesses) in planned.accesses.iter().enumerate() {
        for access in accesses.iter().filter(|access| planned.stores(step, access)) {
            uses.entry((planned.plan.chip(step), access.buffer)).or_default().push((step, *access));
        }
    }
    let mut all = Vec::new();
    for (&(chip, buffer), uses) in &uses {
        let range = (starts[chip], starts.get(chip + 1).map_or(steps, |&next| next) - 1);
        let known = &planned.buffers[buffer];
        if let Some(one) = instance(planned, known, chip, buffer, range, uses, element_bytes) {
            all.push(one);
        }
    }
    all
}

fn instance(
    planned: Planned<'_>,
    known: &Buffer,
    chip: usize,
    buffer: usize,
    (begin, end): (usize, usize),
    uses: &[(usize, Access)],
    element_bytes: u64,
) -> Option<Instance> {
    let part = |(step, access): &(usize, Access)| planned.part(*step, access).saturating_mul(element_bytes);
    let parts = known.argument || known.constant;
    let bytes =
        if parts { uses.iter().map(part).max().unwrap_or(0) } else { known.elements.saturating_mul(element_bytes) };
    if bytes == 0 {
        return None;
    }
    let made_here = uses.first().is_some_and(|(_, access)| access.writes);
    let first = if parts || !made_here { begin } else { uses[0].0 };
    let last = if parts || known.returned { end } else { uses.last().map_or(end, |(step, _)| *step) };
    let traffic = if known.comes_ahead() {
        bytes
    } else {
        let received = if parts || made_here { 0 } else { bytes };
        uses.iter().map(part).fold(received, u64::saturating_add)
    };
    Some(Instance { buffer, chip, bytes, first, last, traffic, parts })
}

/// Places the instances within `budget` bytes on every chip.
pub(super) fn assign(instances: &[Instance], budget: u64, policy: Policy) -> Homes {
    let mut homes = Homes { exact: true, ..Homes::default() };
    let mut chips: BTreeMap<usize, Vec<Instance>> = BTreeMap::new();
    for one in instances {
        chips.entry(one.chip).or_default().push(*one);
    }
    for all in chips.values() {
        let (results, arguments): (Vec<Instance>, Vec<Instance>) = all.iter().partition(|one| !one.parts);
        let chip = Chip { results, arguments, budget };
        let (kept, exact) = match policy {
            Policy::FewestBytes => chip.fewest(),
            Policy::FirstCome => (chip.first_come(), true),
        };
        homes.exact &= exact;
        homes.bound = homes.bound.saturating_add(chip.bound());
        for (one, kept) in chip.results.iter().chain(&chip.arguments).zip(kept) {
            let in_hbm = InHbm { bytes: one.bytes - kept, whole: one.bytes };
            if in_hbm.bytes > 0 {
                homes.traffic = homes.traffic.saturating_add(in_hbm.of(one.traffic));
                homes.in_hbm.insert((one.buffer, one.chip), in_hbm);
            }
        }
    }
    homes
}

struct Chip {
    results: Vec<Instance>,
    arguments: Vec<Instance>,
    budget: u64,
}

impl Chip {
    /// Bytes of all arguments.
    fn argument_bytes(&self) -> u64 {
        self.arguments.iter().map(|one| one.bytes).fold(0, u64::saturating_add)
    }

    /// Bytes of each result that stay in the attention buffer if these are chosen.
    fn result_bytes(&self, chosen: &[bool]) -> impl Iterator<Item = u64> {
        self.results.iter().zip(chosen).map(|(one, chosen)| if *chosen { one.bytes } else { 0 })
    }

    /// Most bytes that the chosen results take at once.
    fn peak(&self, chosen: &[bool]) -> u64 {
        let live = |at: usize| {
            let here =
                self.results.iter().zip(chosen).filter(|(one, chosen)| **chosen && one.first <= at && at <= one.last);
            here.map(|(one, _)| one.bytes).fold(0, u64::saturating_add)
        };
        self.results
            .iter()
            .zip(chosen)
            .filter(|(_, chosen)| **chosen)
            .map(|(one, _)| live(one.first))
            .max()
            .unwrap_or(0)
    }

    /// Bytes of each argument that stay in `space` bytes of the attention buffer. Arguments that save most traffic for each byte of
    /// space come first.
    fn fill(&self, space: u64) -> Vec<u64> {
        let mut order: Vec<usize> = (0..self.arguments.len()).collect();
        order.sort_by(|&a, &b| denser(&self.arguments[a], &self.arguments[b]));
        let mut kept = vec![0; self.arguments.len()];
        let mut space = space;
        for place in order {
            kept[place] = self.arguments[place].bytes.min(space);
            space -= kept[place];
        }
        kept
    }

    /// Bytes of HBM that move with the chosen results, and the bytes of each argument that stay.
    fn traffic(&self, chosen: &[bool], peak: u64) -> (u64, Vec<u64>) {
        let kept = self.fill(self.budget - peak);
        let results = self.results.iter().zip(chosen).filter(|(_, chosen)| !**chosen).map(|(one, _)| one.traffic);
        let arguments = self
            .arguments
            .iter()
            .zip(&kept)
            .map(|(one, kept)| InHbm { bytes: one.bytes - kept, whole: one.bytes }.of(one.traffic));
        (results.chain(arguments).fold(0, u64::saturating_add), kept)
    }

    /// Bytes of each result and argument that stay so that the fewest bytes move, and whether all choices were tried.
    fn fewest(&self) -> (Vec<u64>, bool) {
        let all = vec![true; self.results.len()];
        if self.peak(&all).saturating_add(self.argument_bytes()) <= self.budget {
            return (self.results.iter().chain(&self.arguments).map(|one| one.bytes).collect(), true);
        }
        let exact = self.results.len() <= MOST_EXACT;
        let choices: Vec<Vec<bool>> = if exact { self.all_choices() } else { self.greedy_choices() };
        let mut best: Option<(u64, Vec<bool>, Vec<u64>)> = None;
        for chosen in choices {
            let peak = self.peak(&chosen);
            if peak > self.budget {
                continue;
            }
            let (traffic, kept) = self.traffic(&chosen, peak);
            if best.as_ref().is_none_or(|(least, ..)| traffic < *least) {
                best = Some((traffic, chosen, kept));
            }
        }
        let (_, chosen, kept) = best.expect("nothing in the buffer fits");
        (self.result_bytes(&chosen).chain(kept).collect(), exact)
    }

    /// All subsets of the results.
    fn all_choices(&self) -> Vec<Vec<bool>> {
        let count = self.results.len();
        (0..1u32 << count).map(|set| (0..count).map(|at| set >> at & 1 == 1).collect()).collect()
    }

    /// For each of a fixed series of budgets: the results that fit one after the other, those that save most first. The
    /// series has eight budgets between each power of two and the next.
    fn greedy_choices(&self) -> Vec<Vec<bool>> {
        let mut order: Vec<usize> = (0..self.results.len()).collect();
        order.sort_by(|&a, &b| denser(&self.results[a], &self.results[b]));
        let budgets = (0..61).flat_map(|power| (8u64..16).map(move |part| part << power));
        let mut all = vec![vec![false; self.results.len()]];
        for budget in budgets.take_while(|budget| *budget <= self.budget) {
            let mut chosen = vec![false; self.results.len()];
            for &place in &order {
                chosen[place] = true;
                if self.peak(&chosen) > budget {
                    chosen[place] = false;
                }
            }
            if all.last() != Some(&chosen) {
                all.push(chosen);
            }
        }
        all
    }

    fn first_come(&self) -> Vec<u64> {
        let given = self.argument_bytes();
        let space = given.min(self.budget);
        let mut order: Vec<usize> = (0..self.results.len()).collect();
        order.sort_by_key(|&place| (self.results[place].first, self.results[place].buffer));
        let mut chosen = vec![false; self.results.len()];
        for place in order {
            chosen[place] = true;
            if self.peak(&chosen) > self.budget - space {
                chosen[place] = false;
            }
        }
        let share = |one: &Instance| {
            let kept = u128::from(one.bytes) * u128::from(space) / u128::from(given.max(1));
            u64::try_from(kept).unwrap_or(u64::MAX)
        };
        self.result_bytes(&chosen).chain(self.arguments.iter().map(share)).collect()
    }

    /// Bytes of HBM that no choice avoids: at the step where it is most, all data live there less the most that the budget
    /// can save, with results in parts too.
    fn bound(&self) -> u64 {
        let at_step = |at: usize| {
            let mut live: Vec<Instance> =
                self.results.iter().filter(|one| one.first <= at && at <= one.last).copied().collect();
            live.extend(&self.arguments);
            live.sort_by(denser);
            let mut space = self.budget;
            let mut moved = 0u64;
            for one in live {
                let kept = one.bytes.min(space);
                space -= kept;
                // Rounded down: a bound.
                let part = u128::from(one.traffic) * u128::from(one.bytes - kept) / u128::from(one.bytes);
                moved = moved.saturating_add(u64::try_from(part).unwrap_or(u64::MAX));
            }
            moved
        };
        let steps = self.results.iter().map(|one| one.first).chain([0]);
        steps.map(at_step).max().unwrap_or(0)
    }
}
