//! Cache traffic of a function: methods with bounded cost, results, cycles.

use ir::analysis::{Analysis, Stated};
use ir::labels::Processor;
use ir::tree::{OpId, ValueId};
use serde::Serialize;

use crate::build;
use crate::hierarchy::{Hierarchy, LINE_BYTES, SET_CLASSES};
use crate::program::{Program, Site};
use crate::reason::{Reason, Unknown};
use crate::registers;
use crate::simulator::{ALL_SETS, Counters, Counts, SAMPLED, Simulator};
use crate::walk::{Stop, Walk};
use crate::window::window;

/// How traffic was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every access, in all sets.
    Exact,
    /// Every access, in one eighth of the sets; counts are multiplied by 8.
    Sets,
    /// The first iterations of the outermost loop; the others have their rate.
    Window,
}

impl Method {
    /// Its name in columns and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Sets => "sets",
            Self::Window => "window",
        }
    }
}

/// Most touches of lines for each method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of [`Method::Exact`].
    pub exact: u64,
    /// Of [`Method::Sets`].
    pub sets: u64,
    /// Of [`Method::Window`].
    pub window: u64,
}

impl Default for Limits {
    /// A few seconds of one core in all.
    fn default() -> Self {
        Self { exact: 20_000_000, sets: 200_000_000, window: 100_000_000 }
    }
}

/// Traffic of one level. Lines and bytes of one call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelTraffic {
    /// Name of the level.
    pub level: String,
    /// Lines that loads missed.
    pub load_misses: u64,
    /// Lines that stores missed.
    pub store_misses: u64,
    /// Written lines that the level gave to the next one, or to memory.
    pub write_backs: u64,
    /// Bytes that cross the boundary to the next level, or to memory: of misses and write-backs.
    pub bytes: u64,
    /// Share of the misses next to the line that the same access missed before, 0 to 1; `None` without misses, and where only
    /// some sets are simulated.
    pub streamed_share: Option<f64>,
}

/// Traffic of one load or store of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessTraffic {
    /// The operation.
    pub operation: OpId,
    /// Outermost loop or structured operation around it.
    pub nest: Option<OpId>,
    /// The memory that it names.
    pub memory: ValueId,
    /// Whether it writes.
    pub store: bool,
    /// Executions of one call; an access that is kept in a register counts when the loop is entered or left.
    pub executions: u64,
    /// Bytes of one execution.
    pub bytes: u64,
    /// Bytes that one iteration of the innermost loop moves it by.
    pub stride_bytes: Option<i64>,
    /// Lines missed in each level.
    pub misses: Vec<u64>,
}

/// Cycles of the data transfers in the execution-cache-memory model.
///
/// G. Hager, J. Treibig, J. Habich, G. Wellein: Exploring performance and power properties of modern multi-core chips via simple
/// machine models (2016): transfers between levels do not overlap with one another nor with loads and stores; arithmetic overlaps
/// with all of them. So a function takes the greater of its core cycles and of `memory`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cycles {
    /// Loads and stores at the first cache: the longer of both, neighbours in whole vectors, others one at a time.
    pub ports: f64,
    /// Bytes over bandwidth, for each level's boundary to the next one.
    pub transfers: Vec<f64>,
    /// Sum of the above.
    pub memory: f64,
}

/// Cache traffic of one call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// How it was counted.
    pub method: Method,
    /// Line touches that were followed.
    pub touches: u64,
    /// Bytes of all lines touched; `None` where only a window is executed.
    pub footprint_bytes: Option<u64>,
    /// The levels, nearest first.
    pub levels: Vec<LevelTraffic>,
    /// The accesses in the order of the text.
    pub accesses: Vec<AccessTraffic>,
    /// Cycles; `None` if the hierarchy names no processor.
    pub cycles: Option<Cycles>,
}

/// Share of all sets in [`SAMPLED`], inverted.
const SAMPLING: u64 = SET_CLASSES / SAMPLED.count_ones() as u64;

/// Twice one half of a sample differs from the whole by at most this share of it, inverted.
const HALVES_AGREE: u64 = 20;
/// Differences of this many lines do not matter.
const HALVES_FLOOR: u64 = 64;

impl Traffic {
    /// Traffic of one call of a function. `stated` has the numbers that were assumed, by values of the analysis' tree.
    ///
    /// # Errors
    ///
    /// Says why the traffic is not known, and where.
    pub fn of(
        analysis: &Analysis<'_>,
        function: OpId,
        stated: &Stated,
        hierarchy: &Hierarchy,
        limits: Limits,
    ) -> Result<Self, Unknown> {
        let unknown = |reason| Unknown { reason, operation: function, cause: None };
        let counts = analysis.function(function).ok_or(unknown(Reason::Count(ir::analysis::Reason::Callee)))?;
        let mut program = build::program(analysis.tree(), function, counts, stated)?;
        registers::keep(&mut program.body);
        Run { program: &program, hierarchy, limits, function }.traffic()
    }
}

/// What one method found.
struct Found {
    method: Method,
    touches: u64,
    footprint_bytes: Option<u64>,
    /// By site and level.
    sites: Vec<Vec<Counts>>,
    executions: Vec<u64>,
    write_backs: Vec<u64>,
    has_streams: bool,
}

struct Run<'a> {
    program: &'a Program,
    hierarchy: &'a Hierarchy,
    limits: Limits,
    function: OpId,
}

impl Run<'_> {
    fn traffic(&self) -> Result<Traffic, Unknown> {
        let found = match self.walk(ALL_SETS, self.limits.exact)? {
            Some(walk) => self.found(Method::Exact, &walk, 1),
            None => match self.sets()? {
                Some(found) => found,
                None => self.window().ok_or(self.unknown(Reason::Touches))?,
            },
        };
        Ok(self.settle(found))
    }

    fn unknown(&self, reason: Reason) -> Unknown {
        Unknown { reason, operation: self.function, cause: None }
    }

    fn simulator(&self, sampled: u64) -> Simulator {
        Simulator::new(self.hierarchy, self.program.sites.len(), self.program.lines(), sampled)
    }

    /// Executes everything; `None` if that takes more than `limit` touches.
    fn walk(&self, sampled: u64, limit: u64) -> Result<Option<Walk<'_>>, Unknown> {
        let mut walk = Walk::new(self.program, self.simulator(sampled), self.hierarchy.levels[0].ways, limit);
        match walk.run() {
            Ok(()) => Ok(Some(walk)),
            Err(Stop::Limit) => Ok(None),
            Err(Stop::Overflow) => Err(self.unknown(Reason::Overflow)),
            Err(Stop::Outside { site }) => {
                let operation = self.program.sites[site as usize].operation;
                Err(Unknown { reason: Reason::Outside, operation, cause: None })
            }
        }
    }

    fn found(&self, method: Method, walk: &Walk<'_>, factor: u64) -> Found {
        let counters = walk.simulator.counters();
        let times = |counts: &Counts| Counts {
            load_misses: counts.load_misses * factor,
            store_misses: counts.store_misses * factor,
            streamed: counts.streamed * factor,
        };
        Found {
            method,
            touches: walk.touches,
            footprint_bytes: Some(counters.footprint() * factor * LINE_BYTES),
            sites: (0..self.program.sites.len()).map(|s| counters.site(s).iter().map(times).collect()).collect(),
            executions: walk.executions.clone(),
            write_backs: counters.write_backs().iter().map(|n| n * factor).collect(),
            has_streams: method == Method::Exact,
        }
    }

    /// One eighth of the sets, if its halves agree.
    fn sets(&self) -> Result<Option<Found>, Unknown> {
        let Some(walk) = self.walk(SAMPLED, self.limits.sets)? else { return Ok(None) };
        let agree = |whole: u64, half: u64| whole.abs_diff(2 * half) <= HALVES_FLOOR.max(whole / HALVES_AGREE);
        let counters = walk.simulator.counters();
        let steady = (0..self.hierarchy.levels.len()).all(|level| {
            let [misses, write_backs] = counters.half(level);
            agree(counters.misses(level), misses) && agree(counters.write_backs()[level], write_backs)
        });
        Ok(steady.then(|| self.found(Method::Sets, &walk, SAMPLING)))
    }

    fn window(&self) -> Option<Found> {
        let window = window(self.program, self.hierarchy, self.simulator(ALL_SETS), self.limits.window)?;
        let extend = |from: u64, to: u64| to.saturating_add(((to - from) as f64 * window.factor).round() as u64);
        let (start, end): (&Counters, &Counters) = (&window.start, &window.counters);
        let site = |site: usize| {
            let levels = start.site(site).iter().zip(end.site(site));
            levels
                .map(|(a, b)| Counts {
                    load_misses: extend(a.load_misses, b.load_misses),
                    store_misses: extend(a.store_misses, b.store_misses),
                    streamed: extend(a.streamed, b.streamed),
                })
                .collect()
        };
        Some(Found {
            method: Method::Window,
            touches: window.touches,
            footprint_bytes: None,
            sites: (0..self.program.sites.len()).map(site).collect(),
            executions: window.start_executions.iter().zip(&window.executions).map(|(&a, &b)| extend(a, b)).collect(),
            write_backs: start.write_backs().iter().zip(end.write_backs()).map(|(&a, &b)| extend(a, b)).collect(),
            has_streams: true,
        })
    }

    fn settle(&self, found: Found) -> Traffic {
        let level = |at: usize| {
            let sum =
                |f: fn(&Counts) -> u64| found.sites.iter().fold(0u64, |all, levels| all.saturating_add(f(&levels[at])));
            let (load_misses, store_misses) = (sum(|c| c.load_misses), sum(|c| c.store_misses));
            let (misses, write_backs) = (load_misses.saturating_add(store_misses), found.write_backs[at]);
            LevelTraffic {
                level: self.hierarchy.levels[at].name.clone(),
                load_misses,
                store_misses,
                write_backs,
                bytes: misses.saturating_add(write_backs).saturating_mul(LINE_BYTES),
                streamed_share: (found.has_streams && misses > 0).then(|| sum(|c| c.streamed) as f64 / misses as f64),
            }
        };
        let levels: Vec<LevelTraffic> = (0..self.hierarchy.levels.len()).map(level).collect();
        let accesses = self.program.sites.iter().zip(&found.sites).zip(&found.executions);
        let cycles = self.hierarchy.processor.map(|target| {
            let ports = ports(target.processor(), &self.program.sites, &found.executions);
            let transfers: Vec<f64> =
                levels.iter().zip(&self.hierarchy.levels).map(|(t, l)| t.bytes as f64 / l.bytes_per_cycle).collect();
            let memory = ports + transfers.iter().sum::<f64>();
            Cycles { ports, transfers, memory }
        });
        Traffic {
            method: found.method,
            touches: found.touches,
            footprint_bytes: found.footprint_bytes,
            accesses: accesses
                .map(|((site, levels), &executions)| AccessTraffic {
                    operation: site.operation,
                    nest: site.nest,
                    memory: site.memory,
                    store: site.store,
                    executions,
                    bytes: site.bytes,
                    stride_bytes: site.stride,
                    misses: levels.iter().map(|c| c.load_misses.saturating_add(c.store_misses)).collect(),
                })
                .collect(),
            levels,
            cycles,
        }
    }
}

/// Cycles of loads and stores at the first cache.
fn ports(processor: &Processor, sites: &[Site], executions: &[u64]) -> f64 {
    let vector_bytes = f64::from(processor.vector_bits) / 8.0;
    let mut cycles = [0.0; 2];
    for (site, &count) in sites.iter().zip(executions) {
        let bandwidth = if site.store { processor.limits.store_bytes } else { processor.limits.load_bytes };
        let bytes = if site.packed { site.bytes as f64 } else { (site.bytes as f64).max(vector_bytes) };
        cycles[usize::from(site.store)] += count as f64 * bytes / bandwidth;
    }
    cycles[0].max(cycles[1])
}
