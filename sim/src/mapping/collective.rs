//! Collective operations as explicit messages between the members of one group.
//!
//! A schedule is a list of phases. In a phase every member sends the listed messages and continues when all messages
//! to it have arrived. Sizes are in elements. Members are numbered 0..n; the caller assigns chips to members and may
//! rotate the assignment from layer to layer.

use designs::Algorithm;
use rand_core::{RngCore, SeedableRng};

/// A collective operation on one vector per member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collective {
    /// Every member ends with the sum of all vectors.
    AllReduce,
    /// Member `i` ends with the sum of shard `i` over all members.
    ReduceScatter,
    /// Member `i` starts with shard `i`; every member ends with all shards.
    AllGather,
}

/// One message within a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Send {
    /// Sending member.
    pub from: u32,
    /// Receiving member.
    pub to: u32,
    /// Elements.
    pub elements: u64,
}

/// Messages that may travel at the same time.
pub type GroupPhase = Vec<Send>;

/// The phases of `collective` on a vector of `elements` in a group of `n` members.
///
/// # Panics
/// For halving-doubling when `n` is not a power of two; see [`supports`].
#[must_use]
pub fn schedule(collective: Collective, algorithm: Algorithm, n: u32, elements: u64) -> Vec<GroupPhase> {
    assert!(supports(algorithm, n), "halving-doubling needs a group of a power of two, got {n}");
    if n == 1 {
        return Vec::new();
    }
    let scatter = || match algorithm {
        Algorithm::Direct | Algorithm::TwoPhase => vec![to_all_peers(n, |_, to| shard(elements, n, to))],
        Algorithm::Ring => ring(n, elements, n - 1),
        Algorithm::HalvingDoubling => {
            (1..=n.ilog2()).map(|k| exchange(n, n >> k, |_| elements.div_ceil(1 << k))).collect()
        }
    };
    let gather = || match algorithm {
        Algorithm::Direct | Algorithm::TwoPhase => vec![to_all_peers(n, |from, _| shard(elements, n, from))],
        Algorithm::Ring => ring(n, elements, 0),
        Algorithm::HalvingDoubling => {
            (1..=n.ilog2()).rev().map(|k| exchange(n, n >> k, |_| elements.div_ceil(1 << k))).collect()
        }
    };
    match collective {
        Collective::AllReduce if algorithm == Algorithm::Direct => vec![to_all_peers(n, |_, _| elements)],
        Collective::AllReduce => scatter().into_iter().chain(gather()).collect(),
        Collective::ReduceScatter => scatter(),
        Collective::AllGather => gather(),
    }
}

/// Phases of a collective, from the first on, whose messages are partial sums that the receiver adds; of the others it keeps
/// what it receives.
#[must_use]
pub fn adding_phases(collective: Collective, algorithm: Algorithm, n: u32) -> usize {
    let scatter = match algorithm {
        _ if n == 1 => 0,
        Algorithm::Direct | Algorithm::TwoPhase => 1,
        Algorithm::Ring => n as usize - 1,
        Algorithm::HalvingDoubling => n.ilog2() as usize,
    };
    if collective == Collective::AllGather { 0 } else { scatter }
}

/// Whether a group of `n` members can run `algorithm`.
#[must_use]
pub fn supports(algorithm: Algorithm, n: u32) -> bool {
    algorithm != Algorithm::HalvingDoubling || n.is_power_of_two()
}

/// Elements of shard `i` of `n`; shards differ by one element at most.
#[must_use]
pub fn shard(elements: u64, n: u32, i: u32) -> u64 {
    let bound = |j: u32| elements * u64::from(j) / u64::from(n);
    bound(i + 1) - bound(i)
}

fn to_all_peers(n: u32, size: impl Fn(u32, u32) -> u64) -> GroupPhase {
    let mut phase = Vec::with_capacity((n * (n - 1)) as usize);
    for from in 0..n {
        for step in 1..n {
            let to = (from + step) % n;
            phase.push(Send { from, to, elements: size(from, to) });
        }
    }
    phase
}

/// `n - 1` steps around the ring; in step `s` member `i` sends shard `i + first - s`.
fn ring(n: u32, elements: u64, first: u32) -> Vec<GroupPhase> {
    let send = |from: u32, step: u32| Send {
        from,
        to: (from + 1) % n,
        elements: shard(elements, n, (from + first + 2 * n - step) % n),
    };
    (0..n - 1).map(|step| (0..n).map(|from| send(from, step)).collect()).collect()
}

fn exchange(n: u32, distance: u32, size: impl Fn(u32) -> u64) -> GroupPhase {
    (0..n).map(|from| Send { from, to: from ^ distance, elements: size(from) }).collect()
}

/// Number of member orders that rotation cycles through.
pub const ROTATIONS: usize = 24;

/// Chip of the group that is member `i` in rotation `turn`.
///
/// Groups of up to five go through all orders that keep member 0 (at most 24), so every pair of chips
/// meets equally often; larger groups take [`ROTATIONS`] shuffles drawn from a fixed seed.
#[must_use]
pub fn rotation(n: u32, turn: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    if n <= 5 {
        let mut index = turn;
        for i in 1..n as usize {
            let choices = n as usize - i;
            let pick = i + index % choices;
            index /= choices;
            order.swap(i, pick);
        }
    } else if turn > 0 {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(turn as u64);
        for i in (1..n as usize).rev() {
            order.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const ALL: [Algorithm; 4] = [Algorithm::Direct, Algorithm::TwoPhase, Algorithm::Ring, Algorithm::HalvingDoubling];

    /// Runs a collective on sets of contributions; returns the set of every member and shard.
    fn contributions_after(collective: Collective, algorithm: Algorithm, n: u32) -> Vec<Vec<BTreeSet<u32>>> {
        // state[member][shard] = members whose contribution to that shard is included
        let own = |m: u32, s: u32| match collective {
            Collective::AllGather => (m == s).then_some(m).into_iter().collect(),
            _ => BTreeSet::from([m]),
        };
        let mut state: Vec<Vec<BTreeSet<u32>>> = (0..n).map(|m| (0..n).map(|s| own(m, s)).collect()).collect();
        // One element per shard makes every size name the number of shards that move; follow the protocol.
        let phases = schedule(collective, algorithm, n, u64::from(n));
        let half = phases.len() / 2;
        for (index, phase) in phases.iter().enumerate() {
            let before = state.clone();
            for send in phase {
                let shards: Vec<u32> = match (algorithm, collective) {
                    (Algorithm::Direct, Collective::AllReduce) => (0..n).collect(),
                    (Algorithm::Direct | Algorithm::TwoPhase, Collective::ReduceScatter) => vec![send.to],
                    (Algorithm::Direct | Algorithm::TwoPhase, Collective::AllGather) => vec![send.from],
                    (Algorithm::TwoPhase, Collective::AllReduce) => {
                        vec![if index < half { send.to } else { send.from }]
                    }
                    _ => return state,
                };
                assert_eq!(shards.len() as u64, send.elements);
                for s in shards {
                    let add = before[send.from as usize][s as usize].clone();
                    state[send.to as usize][s as usize].extend(add);
                }
            }
        }
        state
    }

    #[test]
    fn direct_and_two_phase_leave_the_sum_everywhere() {
        for n in 2..7 {
            for algorithm in [Algorithm::Direct, Algorithm::TwoPhase] {
                let all: BTreeSet<u32> = (0..n).collect();
                for member in contributions_after(Collective::AllReduce, algorithm, n) {
                    assert!(member.iter().all(|shard| *shard == all), "{algorithm:?} over {n}");
                }
                let scattered = contributions_after(Collective::ReduceScatter, algorithm, n);
                assert!((0..n as usize).all(|i| scattered[i][i] == all));
                for member in contributions_after(Collective::AllGather, algorithm, n) {
                    assert!((0..n).all(|s| member[s as usize].contains(&s)));
                }
            }
        }
    }

    /// A reduction adds every vector but one of every element.
    #[test]
    fn phases_that_add_move_each_contribution_once() {
        for (n, algorithm) in ALL.into_iter().flat_map(|algorithm| [(2, algorithm), (4, algorithm), (8, algorithm)]) {
            let elements = 64 * u64::from(n);
            let moved = |collective| {
                let phases = schedule(collective, algorithm, n, elements);
                let adding = adding_phases(collective, algorithm, n);
                phases[..adding].iter().flatten().map(|send| send.elements).sum::<u64>()
            };
            let sums = elements * u64::from(n - 1);
            assert_eq!(moved(Collective::ReduceScatter), sums, "{algorithm} over {n}");
            // Direct exchange adds the whole vector on every member.
            let copies = if algorithm == Algorithm::Direct { u64::from(n) } else { 1 };
            assert_eq!(moved(Collective::AllReduce), copies * sums, "{algorithm} over {n}");
            assert_eq!(moved(Collective::AllGather), 0);
        }
    }

    #[test]
    fn busiest_link_of_an_all_reduce_by_algorithm() {
        let busiest = |algorithm| {
            let mut load = std::collections::BTreeMap::new();
            for send in schedule(Collective::AllReduce, algorithm, 4, 1024).into_iter().flatten() {
                *load.entry((send.from, send.to)).or_insert(0) += send.elements;
            }
            load.into_values().max().unwrap()
        };
        assert_eq!(ALL.map(busiest), [1024, 512, 1536, 1024]);
    }

    #[test]
    fn rotation_lets_every_pair_meet_equally_often() {
        for n in 2..=5u32 {
            let mut meetings = std::collections::BTreeMap::new();
            for turn in 0..ROTATIONS {
                let order = rotation(n, turn);
                for i in 0..n as usize {
                    *meetings.entry((order[i], order[(i + 1) % n as usize])).or_insert(0) += 1;
                }
            }
            assert_eq!(meetings.len() as u32, n * (n - 1));
            assert_eq!(BTreeSet::from_iter(meetings.values()).len(), 1, "group of {n}: {meetings:?}");
        }
    }

    proptest! {
        #[test]
        fn a_rotation_is_a_permutation(n in 1u32..20, turn in 0usize..100) {
            let mut order = rotation(n, turn);
            order.sort_unstable();
            prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn reducing_moves_each_contribution_once(n in 2u32..17, elements in 1u64..5000) {
            for algorithm in [Algorithm::TwoPhase, Algorithm::Ring] {
                let sent: u64 = schedule(Collective::ReduceScatter, algorithm, n, elements).iter().flatten().map(|s| s.elements).sum();
                prop_assert_eq!(sent, elements * u64::from(n - 1));
                let sent: u64 = schedule(Collective::AllGather, algorithm, n, elements).iter().flatten().map(|s| s.elements).sum();
                prop_assert_eq!(sent, elements * u64::from(n - 1));
            }
        }
    }
}
