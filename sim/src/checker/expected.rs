//! Expected work of a layer, derived from its plan and closed forms of the collectives.
//!
//! For a group of `n` members and a vector of `s` elements, all-reduce = reduce-scatter + all-gather moves
//! `2 (n-1) s` elements in all (`n (n-1) s` by direct exchange; halving-doubling rounds every half up). Which
//! partner plays which part may rotate, so loads of a sender's links are compared as a sorted profile of ranges:
//! equal ones for exchanges with all peers, one neighbour for a ring, `s/2, s/4, ...` for halving.

use designs::{Algorithm, Design, Grid};

use crate::mapping::collective::Collective;
use crate::mapping::{Elements, LayerPlan, Leg, Mapping, Scope, Work};

/// Matrices that start together on a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub serial: u64,
    pub depth: u64,
    pub weights: u64,
}

/// The work of a chip at one instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Waits for the chip's part of the token's embedding row.
    AwaitEmbedding {
        bytes: u64,
    },
    Hn {
        fixed: Option<Pass>,
        expert: Option<Pass>,
    },
    Nonlinear {
        fixed: u64,
        per_expert: u64,
    },
    AwaitKv,
    Scores,
    Values,
    /// Phase `phase` of the exchange with this index.
    Exchange {
        exchange: usize,
        phase: usize,
    },
}

impl Act {
    /// Whether it only waits for data.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::AwaitEmbedding { .. } | Self::AwaitKv)
    }
}

/// Loads of the links of every sender in one direction of the grid, and their sum over the grid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    /// Ranges of bytes per outgoing link, largest first.
    pub profile: Vec<(u64, u64)>,
    /// Bytes over all links.
    pub total: u64,
}

/// Transfers that start together.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchange {
    /// First phase within the layer.
    pub first_phase: usize,
    /// Unconditional traffic along rows and along columns.
    pub along: [Traffic; 2],
    /// Bytes each chip sends to its column's chip in the owner's row.
    pub to_owner_row: u64,
    /// Bytes each chip of the owner's row sends to the owner.
    pub to_owner_chip: u64,
    /// Messages a chip receives by phase, conditional ones not counted; `None` where empty shards are not sent.
    pub incoming: Vec<Option<u32>>,
    /// Phase in which the owner's row, and the owner, receive theirs.
    pub owner_phases: [Option<usize>; 2],
}

/// A layer.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    pub acts: Vec<Act>,
    pub exchanges: Vec<Exchange>,
}

impl Expected {
    /// The work that `plan` gives to every chip.
    pub(super) fn new(design: &Design, mapping: &Mapping, plan: &LayerPlan) -> Self {
        let mut expected = Self::default();
        let mut phases = 0;
        for step in plan.steps() {
            let (mut fixed, mut expert) = (None, None);
            let mut elements = None;
            let mut transfers: Vec<&[Leg]> = Vec::new();
            for op in plan.ops(step) {
                match &op.work {
                    Work::Hn(matrix) => {
                        let slot = if matrix.experts > 0 { &mut expert } else { &mut fixed };
                        *slot = Some(together(*slot, pass(design, matrix.fan_in, matrix.fan_out)));
                    }
                    Work::Nonlinear(kind) => {
                        let (all, each) = elements.get_or_insert((0, 0));
                        match *kind {
                            Elements::Fixed(n) => *all += n,
                            Elements::PerActiveExpert(n) => *each += n,
                        }
                    }
                    Work::EmbeddingRow { bytes } => expected.acts.push(Act::AwaitEmbedding { bytes: *bytes }),
                    Work::Scores => expected.acts.extend([Act::AwaitKv, Act::Scores]),
                    Work::Values => expected.acts.push(Act::Values),
                    Work::Transfer(legs) => transfers.push(legs),
                }
            }
            if fixed.is_some() || expert.is_some() {
                expected.acts.push(Act::Hn { fixed, expert });
            }
            if let Some((fixed, per_expert)) = elements {
                expected.acts.push(Act::Nonlinear { fixed, per_expert });
            }
            if !transfers.is_empty() {
                let exchange = exchange(&transfers, mapping, phases);
                let index = expected.exchanges.len();
                phases += exchange.incoming.len();
                let acts = (0..exchange.incoming.len()).map(|phase| Act::Exchange { exchange: index, phase });
                expected.acts.extend(acts);
                expected.exchanges.push(exchange);
            }
        }
        expected
    }
}

/// Bit-serial pass: bits times inputs that share a port; then counting tree, accumulate, multiply, four adder
/// levels and the output register.
fn pass(design: &Design, fan_in: u64, fan_out: u64) -> Pass {
    let shared = u64::from(design.hn_array.inputs_per_port).min(fan_in);
    let ports = fan_in.div_ceil(shared);
    let levels = u64::from(u64::BITS - (ports - 1).leading_zeros());
    let serial = u64::from(design.hn_array.activation_bits) * shared;
    Pass { serial, depth: levels + 1 + 1 + 4 + 1, weights: fan_in * fan_out }
}

fn together(one: Option<Pass>, other: Pass) -> Pass {
    one.map_or(other, |one| Pass {
        serial: one.serial.max(other.serial),
        depth: one.depth.max(other.depth),
        weights: one.weights + other.weights,
    })
}

fn exchange(transfers: &[&[Leg]], mapping: &Mapping, first_phase: usize) -> Exchange {
    let grid = mapping.grid;
    let options = mapping.options();
    let bytes = u64::from(options.link_element_bytes);
    let mut all = Exchange { first_phase, ..Exchange::default() };
    for legs in transfers {
        let mut phase = 0;
        for leg in *legs {
            match *leg {
                Leg::Group { collective, scope, elements } => {
                    let (n, along) = match scope {
                        Scope::Row => (grid.columns, 0),
                        Scope::Column => (grid.rows, 1),
                    };
                    let groups = u64::from(grid.chips() / n);
                    add(
                        &mut all.along[along],
                        &traffic(collective, options.collective, n.into(), elements),
                        bytes,
                        groups,
                    );
                    for incoming in incoming(collective, options.collective, n, elements) {
                        receive(&mut all.incoming, phase, incoming);
                        phase += 1;
                    }
                }
                Leg::ToOwnerRow { elements } if grid.rows > 1 => {
                    all.to_owner_row += elements * bytes;
                    all.owner_phases[0] = Some(phase);
                    receive(&mut all.incoming, phase, Some(0));
                    phase += 1;
                }
                Leg::ToOwnerChip { elements } if grid.columns > 1 => {
                    all.to_owner_chip += elements * bytes;
                    all.owner_phases[1] = Some(phase);
                    receive(&mut all.incoming, phase, Some(0));
                    phase += 1;
                }
                Leg::ToOwnerRow { .. } | Leg::ToOwnerChip { .. } => {}
            }
        }
    }
    all
}

fn receive(incoming: &mut Vec<Option<u32>>, phase: usize, more: Option<u32>) {
    if incoming.len() <= phase {
        incoming.resize(phase + 1, Some(0));
    }
    incoming[phase] = incoming[phase].zip(more).map(|(a, b)| a + b);
}

fn add(sum: &mut Traffic, one: &Traffic, bytes: u64, groups: u64) {
    sum.profile.resize(one.profile.len().max(sum.profile.len()), (0, 0));
    for (sum, one) in sum.profile.iter_mut().zip(&one.profile) {
        *sum = (sum.0 + one.0 * bytes, sum.1 + one.1 * bytes);
    }
    sum.total += one.total * bytes * groups;
}

/// Loads in elements of one group of `n` members with a vector of `s` elements.
fn traffic(collective: Collective, algorithm: Algorithm, n: u64, s: u64) -> Traffic {
    let halves = if collective == Collective::AllReduce { 2 } else { 1 };
    let (low, high) = (s / n, s.div_ceil(n));
    let peers = n as usize - 1;
    let total = halves * (n - 1) * s;
    match algorithm {
        Algorithm::Direct if halves == 2 => Traffic { profile: vec![(s, s); peers], total: n * (n - 1) * s },
        Algorithm::Direct | Algorithm::TwoPhase => {
            Traffic { profile: vec![(halves * low, halves * high); peers], total }
        }
        Algorithm::Ring => {
            let mut profile = vec![(0, 0); peers];
            if let Some(neighbour) = profile.first_mut() {
                *neighbour = (halves * (s - high), halves * (s - low));
            }
            Traffic { profile, total }
        }
        Algorithm::HalvingDoubling => {
            let mut profile: Vec<u64> = (1..=n.ilog2()).map(|k| halves * s.div_ceil(1 << k)).collect();
            let total = n * profile.iter().sum::<u64>();
            profile.resize(peers, 0);
            Traffic { profile: profile.into_iter().map(|load| (load, load)).collect(), total }
        }
    }
}

/// Messages a member receives by phase; `None` where shards may be empty and are then not sent.
fn incoming(collective: Collective, algorithm: Algorithm, n: u32, s: u64) -> Vec<Option<u32>> {
    if n == 1 {
        return Vec::new();
    }
    let (halves, whole) = if collective == Collective::AllReduce { (2, true) } else { (1, false) };
    let sharded = |count: u32| (s >= u64::from(n)).then_some(count);
    match algorithm {
        Algorithm::Direct if whole => vec![(s > 0).then_some(n - 1)],
        Algorithm::Direct | Algorithm::TwoPhase => vec![sharded(n - 1); halves],
        Algorithm::Ring => vec![sharded(1); halves * (n as usize - 1)],
        Algorithm::HalvingDoubling => vec![(s > 0).then_some(1); halves * n.ilog2() as usize],
    }
}

/// Row and chip that own the cache entry of `position`, with positions distributed round-robin over `stripes` stripes.
pub(super) fn owner(position: u64, stripes: u32, grid: Grid) -> (u32, u32) {
    let stripe = (position % u64::from(stripes)) as u32;
    if stripes == grid.rows { (stripe, stripe * grid.columns) } else { (stripe / grid.columns, stripe) }
}
