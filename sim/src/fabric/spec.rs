//! The fabric's parameters, their bounds, and the errors of the fabric model.
//!
//! Units: cycles, flits. The default values are the settings of the BookSim2 reference run (see the module header);
//! nothing in them is fitted to its curve except `extra_hop`, which `calibrate_extra_hop` derives from the row at load
//! 0.05 alone.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::corrupt::CorruptState;

/// Largest number of rows and of columns.
pub const MAX_SIDE: u32 = 16;
/// Largest number of virtual channels per port.
pub const MAX_VIRTUAL_CHANNELS: u32 = 8;
/// Input VCs of one router are kept in one 64-bit mask.
pub const MAX_INPUT_VCS: u32 = 64;
/// Largest buffer of one VC, in flits.
pub const MAX_BUFFER_FLITS: u32 = 1024;
/// Largest packet, in flits.
pub const MAX_PACKET_FLITS: u32 = 1024;
/// Largest latency of one channel, in cycles, `extra_hop` included.
pub const MAX_CHANNEL_CYCLES: u32 = 1024;
/// Largest stall limit, in cycles.
pub const MAX_STALL_CYCLES: u64 = 1_000_000_000;
/// Latency of the channels between a node and its router, in cycles.
pub const LOCAL_CHANNEL_CYCLES: u32 = 1;

/// A non-negative rational number of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// Numerator.
    pub num: u32,
    /// Denominator, at least 1.
    pub den: u32,
}

/// How a packet picks its path of at most two hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Along the row, then along the column, on any VC: what BookSim2's `ran_min` does on this topology, whatever its
    /// name says. Free of deadlock, because no packet turns from a column channel into a row channel.
    RowFirst,
    /// Row first or column first, drawn per packet. The lower half of the VCs carries the row-first packets, the upper
    /// half the others: each half is dimension-ordered, hence free of deadlock.
    RandomOrder,
    /// Row first or column first, drawn per packet, on any VC. Can deadlock; exists to exercise the detector.
    RandomOrderSharedVcs,
}

/// Latency of the channels between routers, before `extra_hop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelLatency {
    /// One cycle per grid step between the two routers: BookSim2's `use_noc_latency`.
    GridDistance,
    /// The same number of cycles on every channel.
    Uniform(u32),
}

/// Parameters of a fabric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Rows of routers.
    pub rows: u32,
    /// Columns of routers.
    pub columns: u32,
    /// Virtual channels per port.
    pub virtual_channels: u32,
    /// Flits one VC's buffer holds.
    pub buffer_flits: u32,
    /// Flits per packet.
    pub packet_flits: u32,
    /// Path selection.
    pub routing: Routing,
    /// Latency of the channels between routers.
    pub channel: ChannelLatency,
    /// Cycles added per channel between routers, on average: whole cycles are spread evenly over the channels, so that
    /// each channel keeps one latency and never reorders its flits.
    pub extra_hop: Ratio,
    /// Cycles without any movement, with flits in flight, after which the fabric counts as deadlocked.
    pub stall_cycles: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            rows: 4,
            columns: 4,
            virtual_channels: 2,
            buffer_flits: 20,
            packet_flits: 5,
            routing: Routing::RowFirst,
            channel: ChannelLatency::GridDistance,
            // (reference latency - ours with 0) / links per packet at load 0.05, to the nearest quarter cycle: with the
            // channel latencies of the topology nothing is left to explain. See `calibrate_extra_hop`.
            extra_hop: Ratio { num: 0, den: 4 },
            stall_cycles: 10_000,
        }
    }
}

impl Spec {
    /// Number of routers, and of nodes.
    pub fn nodes(&self) -> u32 {
        self.rows * self.columns
    }

    /// Ports per router: one to the node, one to every other router of the row and of the column.
    pub fn ports(&self) -> u32 {
        self.rows + self.columns - 1
    }

    /// Checks every bound; `Ok` means that a fabric can be built.
    pub fn validate(&self) -> Result<(), FabricError> {
        in_range("rows", self.rows, 1, MAX_SIDE)?;
        in_range("columns", self.columns, 1, MAX_SIDE)?;
        in_range("virtual_channels", self.virtual_channels, 1, MAX_VIRTUAL_CHANNELS)?;
        in_range("buffer_flits", self.buffer_flits, 1, MAX_BUFFER_FLITS)?;
        in_range("packet_flits", self.packet_flits, 1, MAX_PACKET_FLITS)?;
        in_range("extra_hop.den", self.extra_hop.den, 1, u32::MAX)?;
        if let ChannelLatency::Uniform(cycles) = self.channel {
            in_range("channel latency", cycles, 1, MAX_CHANNEL_CYCLES)?;
        }
        let longest = self.longest_channel();
        if longest > u64::from(MAX_CHANNEL_CYCLES) {
            return Err(FabricError::ChannelTooLong { cycles: longest, most: MAX_CHANNEL_CYCLES });
        }
        let input_vcs = self.ports() * self.virtual_channels;
        if input_vcs > MAX_INPUT_VCS {
            return Err(FabricError::TooManyInputVcs {
                ports: self.ports(),
                virtual_channels: self.virtual_channels,
                most: MAX_INPUT_VCS,
            });
        }
        if self.routing == Routing::RandomOrder && self.virtual_channels < 2 {
            return Err(FabricError::NoVcClasses);
        }
        // A flit or a credit on the longest channel is movement still to come, not a deadlock.
        let least = 2 * longest + 8;
        if !(least..=MAX_STALL_CYCLES).contains(&self.stall_cycles) {
            return Err(FabricError::StallLimit { value: self.stall_cycles, least, most: MAX_STALL_CYCLES });
        }
        Ok(())
    }

    fn longest_channel(&self) -> u64 {
        let base = match self.channel {
            ChannelLatency::GridDistance => self.rows.max(self.columns),
            ChannelLatency::Uniform(cycles) => cycles,
        };
        u64::from(base) + u64::from(self.extra_hop.num.div_ceil(self.extra_hop.den))
    }
}

fn in_range(field: &'static str, value: u32, least: u32, most: u32) -> Result<(), FabricError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(FabricError::OutOfRange { field, value, least, most }) }
}

/// An input VC that held flits when the fabric stopped moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StuckVc {
    /// Router index, row by row.
    pub router: u32,
    /// Input port: 0 from the node, then the row, then the column.
    pub port: u32,
    /// Virtual channel of that port.
    pub virtual_channel: u32,
    /// Flits waiting in it.
    pub flits: u32,
    /// Output port that the first packet needs.
    pub output_port: u32,
    /// The output VC it holds, waiting for a credit; `None` if it still waits for an output VC.
    pub output_vc: Option<u32>,
}

impl std::fmt::Display for StuckVc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let StuckVc { router, port, virtual_channel, flits, output_port, output_vc } = self;
        write!(f, "router {router} input port {port} VC {virtual_channel} ({flits} flits) waits for ")?;
        match output_vc {
            Some(vc) => write!(f, "a credit of output port {output_port} VC {vc}"),
            None => write!(f, "a free VC of output port {output_port}"),
        }
    }
}

/// What can go wrong with a fabric.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FabricError {
    /// A parameter is outside its bounds.
    #[error("fabric: {field} is {value}; it must be from {least} to {most}")]
    OutOfRange {
        /// Name of the parameter.
        field: &'static str,
        /// Its value.
        value: u32,
        /// Least value allowed.
        least: u32,
        /// Largest value allowed.
        most: u32,
    },
    /// A channel would be longer than the model keeps time for.
    #[error("fabric: the longest channel would take {cycles} cycles with extra_hop; at most {most} are modelled")]
    ChannelTooLong {
        /// Latency given, cycles.
        cycles: u64,
        /// Largest latency allowed.
        most: u32,
    },
    /// Ports times virtual channels is above what one router can have.
    #[error("fabric: {ports} ports with {virtual_channels} virtual channels each; at most {most} input VCs per router")]
    TooManyInputVcs {
        /// Ports per router.
        ports: u32,
        /// Virtual channels per port.
        virtual_channels: u32,
        /// Largest product allowed.
        most: u32,
    },
    /// Random-order routing needs one VC class per order.
    #[error("fabric: random-order routing needs at least 2 virtual channels, one class per order, to avoid deadlock")]
    NoVcClasses,
    /// The stall limit is outside its bounds.
    #[error("fabric: stall_cycles is {value}; it must be from {least} (two channel crossings) to {most}")]
    StallLimit {
        /// Its value.
        value: u64,
        /// Least value allowed.
        least: u64,
        /// Largest value allowed.
        most: u64,
    },
    /// The offered load is not a number of flits that a node can send.
    #[error("fabric: load is {0} flits per node and cycle; it must be from 0 to 1")]
    Load(f64),
    /// A node index is outside the fabric.
    #[error("fabric: node {node} does not exist; the fabric has {nodes} nodes")]
    Node {
        /// Index given.
        node: u32,
        /// Number of nodes.
        nodes: u32,
    },
    /// The measured window saw no packet.
    #[error("fabric: no packet was created in {cycles} measured cycles at load {load}; measure longer or offer more")]
    NoPackets {
        /// Length of the window.
        cycles: u64,
        /// Offered load.
        load: f64,
    },
    /// A sweep's step or a reference value makes no sense.
    #[error("fabric: {what} is {value}; it must be {right}")]
    Argument {
        /// Name of the argument.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        right: &'static str,
    },
    /// The source queues outgrew the memory set aside for them.
    #[error("fabric: {packets} packets wait or travel in cycle {cycle}, the most this model keeps; offer less load")]
    TooManyPackets {
        /// Cycle in which the bound was met.
        cycle: u64,
        /// Packets alive.
        packets: usize,
    },
    /// Nothing moved for `stall_cycles` cycles while flits were in flight.
    #[error("fabric: deadlock in cycle {cycle}, {flits} flits in flight: {}", list(.stuck))]
    Deadlock {
        /// Cycle of the report.
        cycle: u64,
        /// Flits in flight.
        flits: u64,
        /// The input VCs that hold flits.
        stuck: Vec<StuckVc>,
    },
    /// A checkpoint contradicts itself.
    #[error("fabric: the checkpoint is damaged: {0}")]
    Checkpoint(#[from] CorruptState),
}

/// The first few stuck VCs in words; the rest is in the error's field.
fn list(stuck: &[StuckVc]) -> String {
    const SHOWN: usize = 8;
    let mut text: Vec<String> = stuck.iter().take(SHOWN).map(StuckVc::to_string).collect();
    if stuck.len() > SHOWN {
        text.push(format!("and {} more", stuck.len() - SHOWN));
    }
    text.join("; ")
}
