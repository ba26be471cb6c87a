//! All that changes during a run, as it is stored in checkpoints.

use std::collections::BTreeMap;

use designs::Events;
use serde::{Deserialize, Serialize};

use super::super::ids::{ChipId, LayerId, OnChip, PerChip, SequenceId, Table};
use crate::cycle;
use crate::engine::{Queue, Server, Usage};
use crate::units::{PerSpent, PerUnit, Spent, control};

/// Messages of one phase to one chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Arrivals {
    /// Messages sent so far.
    pub(super) count: u32,
    /// Messages for which the chip waits; 0 while it does not wait.
    pub(super) awaited: u32,
    /// Sender of the message that arrives last.
    pub(super) from: u32,
    /// Cycle at which that message arrives.
    pub(super) last: u64,
}

/// What a chip had done when it sent a phase: the path of its messages up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) at: u64,
    pub(super) spent: PerSpent<u64>,
}

// Whole cache lines: a large machine has tens of thousands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[repr(align(64))]
pub(super) struct AtChip {
    pub(super) layer: u32,
    pub(super) instr: u32,
    /// Cycle from which on the chip does what `doing` says.
    pub(super) since: u64,
    pub(super) doing: Spent,
    /// Cycle at which the chip's part of the token's embedding row has arrived; where memory is simulated by commands, the
    /// ticket of the read. The same for the cache of this layer and of the next.
    pub(super) embedding_ready: u64,
    pub(super) kv_ready: u64,
    pub(super) kv_next: u64,
    /// The chip has reached its instruction and asks again whether its data have arrived.
    pub(super) asks: bool,
    /// The chip has reached its instruction, which waits for its turn at the control unit.
    pub(super) issued: bool,
    /// The token's time up to `since`, along the path that led here.
    pub(super) spent: PerSpent<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) position: u64,
    pub(super) done: u64,
    pub(super) started: u64,
    pub(super) counted: bool,
    pub(super) chips_done: u32,
    pub(super) experts_layer: u32,
    pub(super) experts: Vec<u32>,
}

/// Counters for statistics and energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Tokens finished.
    pub tokens: u64,
    /// Events of all blocks, over all chips.
    #[serde(flatten)]
    pub events: Events<u64>,
    /// Sum of finished tokens' latencies, cycles.
    pub latency_cycles: u64,
    /// Where that time went, along each token's critical path; adds up to `latency_cycles`.
    pub spent: PerSpent<u64>,
    /// Where the time of finished tokens went that began in a later layer.
    pub spent_later: PerSpent<u64>,
}

impl Activity {
    /// What happened since `before`, an earlier activity of the same run.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            tokens: self.tokens - before.tokens,
            events: self.events.zip(before.events).map(|(after, before)| after - before),
            latency_cycles: self.latency_cycles - before.latency_cycles,
            spent: self.spent.zip(before.spent).map(|(after, before)| after - before),
            spent_later: self.spent_later.zip(before.spent_later).map(|(after, before)| after - before),
        }
    }
}

/// All that changes during a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Each event resumes a token on a chip.
    pub(super) queue: Queue<OnChip>,
    /// Servers of each unit: by instance, by layer and chip, by chip, or by link.
    pub(super) servers: PerUnit<Vec<Server>>,
    pub(super) control: control::State,
    pub(super) tokens: Vec<Token>,
    pub(super) at: PerChip<AtChip>,
    /// By sequence, phase of a ring of two layers, and slot of the receiving chip.
    pub(super) arrivals: Vec<Arrivals>,
    /// By sequence, phase of the ring, and sending chip.
    pub(super) sent: Vec<Sent>,
    pub(super) gates: Table<LayerId, ChipId, u64>,
    /// Sequences whose token waits for the one before it, by layer, chip and position.
    #[serde(with = "pairs")]
    pub(super) gated: BTreeMap<(LayerId, ChipId, u64), SequenceId>,
    pub(super) activity: Activity,
    /// Models of links, memory and buffer in their own cycles.
    pub(super) cycle: Option<Box<cycle::State>>,
}

/// A map as a list of its pairs: JSON takes no tuples as keys.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Accounts of the servers since the last settlement, in cycles of the units' own clock domains.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// Sums over the servers of each unit.
    pub units: PerUnit<Usage>,
    /// Links one by one.
    pub links: Vec<Usage>,
    /// Counts of the models in their own cycles; zero without them.
    pub cycle: cycle::Totals,
}
