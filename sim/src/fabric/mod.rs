//! Flit-level model of the row/column fully connected fabric, one cycle at a time, for latency-against-load curves.
//!
//! What it models: R x C routers with one node each. Every router has a channel to every other router of its row and of
//! its column, so a minimal path crosses at most two channels. Routers are input-queued with virtual channels (VCs)
//! and credit flow control. A head flit spends one cycle each in routing, VC allocation, switch allocation and switch
//! traversal; a body flit needs the last two only. Both allocators are iSLIP with one iteration and round-robin
//! arbiters (McKeown, "The iSLIP scheduling algorithm for input-queued switches", 1999). Packets are created by a
//! Bernoulli process per node and cycle, go to a uniformly drawn node (their own included) and wait in an unbounded
//! source queue. The defaults are those of the reference run in `tests/validation/booksim2/flatfly4x4_uniform.csv`.
//!
//! Timing, in cycles. A flit that wins the switch in cycle `s` crosses it in `s + 1` and, over a channel of latency
//! `L`, is in the next buffer in `s + 2 + L`; its credit is back upstream in `s + 1 + L`. A head that enters a buffer
//! in cycle `t` wins an idle switch in `t + 2`. A flit that its source sends in cycle `t` enters the router in
//! `t + 1 + 1`. One packet of F flits over n links of latency L_i in an empty fabric therefore takes
//! `2 + sum(4 + L_i) + 5 + (F - 1)` cycles from its creation to its tail's arrival.
//!
//! Left out: speculation, bypassing and retransmission, link errors, packets of different lengths, priorities,
//! multicast and the collective operations of the machine's own schedule.

mod checkpoint;
mod corrupt;
mod invariants;
mod measure;
mod network;
mod router;
mod source;
mod spec;
mod state;
mod topology;

pub use checkpoint::Checkpoint;
pub use corrupt::CorruptState;
pub use measure::{Knee, LoadPoint, Window, calibrate_extra_hop, knee, measure};
pub use network::Fabric;
pub use spec::{ChannelLatency, FabricError, Ratio, Routing, Spec, StuckVc};
pub use state::Counters;
