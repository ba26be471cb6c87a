//! A hardwired-weight machine as the simulator sees it: plain numbers in SI units.
//!
//! A [`Design`] is a TOML file merged with its base and the overrides, and validated. [`Design::provenance`] states the
//! source of each value by its dotted path in the schema (`chip.clock`).

use std::collections::BTreeMap;

use names::named;
use serde::Serialize;

use crate::block::PerBlock;
use crate::provenance::Provenance;
use crate::quantity::{Bytes, BytesPerSecond, Cycles, Hertz, Joules, Seconds, SquareMm, Volts, Watts};

/// Rows and columns of chips; a chip has a link to every other chip of its row and of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// Rows, R.
    pub rows: u32,
    /// Columns, C.
    pub columns: u32,
}

impl Grid {
    /// Number of chips, R x C.
    #[must_use]
    pub fn chips(self) -> u32 {
        self.rows * self.columns
    }
}

/// The array of hardwired neurons of one chip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HnArray {
    /// Bits of an activation, fed serially, least significant first.
    pub activation_bits: u32,
    /// Inputs that share one accumulator port by time multiplexing; 1 wires every input to its own port.
    pub inputs_per_port: u32,
    /// Weights one chip can hold.
    pub weight_capacity: u64,
}

/// The vector unit: lane groups that the layers of a chip share in turn. Rates are those of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vex {
    /// Lane groups of a chip; layer `l` uses group `l` modulo their number. `None`: one for each layer and the head.
    pub lane_groups: Option<u32>,
    /// Cached key or value vectors of one head consumed per cycle and group.
    pub kv_vectors_per_cycle: u32,
    /// Elements per cycle of the non-linear functions, per group.
    pub nonlinear_lanes: u32,
    /// Latency of one dependent non-linear operation in addition to elements / lanes.
    pub nonlinear_latency: Cycles,
}

impl Vex {
    /// Lane groups of a chip whose model has `layers` layers without the head.
    #[must_use]
    pub fn groups(&self, layers: usize) -> u64 {
        self.lane_groups.map_or(layers as u64 + 1, u64::from)
    }
}

/// The on-chip SRAM that holds the KV cache.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttentionBuffer {
    /// Capacity per chip.
    pub capacity: Bytes,
    /// Banks per chip, each with one read and one write port.
    pub banks: u32,
    /// Width of a bank's port in bits.
    pub port_bits: u32,
    /// Read latency.
    pub latency: Cycles,
    /// Share of the peak bandwidth (banks x port x clock) that attention reaches, 0 to 1.
    pub efficiency: f64,
}

/// The off-chip stacked memory of one chip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hbm {
    /// Stacks per chip.
    pub stacks: u32,
    /// Capacity of a stack.
    pub stack_capacity: Bytes,
    /// Bandwidth of a stack, used by the `lockstep` and `dataflow` disciplines.
    pub stack_bandwidth: BytesPerSecond,
    /// Effective bandwidth per chip that the paper's accounting implies, used by `serial` only.
    pub serial_bandwidth: BytesPerSecond,
    /// Latency of a read that is not prefetched, from the end of its transfer.
    pub read_latency: Seconds,
    /// Name of the memory preset that the stacks are, for simulation by commands (fidelity `cycle`).
    pub memory: String,
}

impl Hbm {
    /// Default of `memory`. Assumed: the published machine's stacks have its bandwidth.
    pub const MEMORY: &'static str = "hbm3";
    /// Default of `read_latency`: about one activation, one column access and the controller of HBM3 (JESD238: 14 ns each for
    /// activation and access). Assumed; the published machine prefetches all its reads.
    pub const READ_LATENCY: Seconds = Seconds::from_s(100e-9);
}

named! {
    /// What a link carries besides payload.
    pub enum Framing {
        /// Nothing: the bandwidth of a link is that of payload.
        None = "none",
        /// Packets with headers, in flits of a fixed size with checksum and error correction, under credits.
        Flits = "flits",
    }
}

/// Links between chips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interconnect {
    /// Bandwidth of a link per direction: of payload without framing, of flits with it.
    pub link_bandwidth: BytesPerSecond,
    /// Latency of a hop in addition to serialization.
    pub hop_latency: Seconds,
    /// What a link carries besides payload.
    pub framing: Framing,
    /// Bytes of a flit, at least 1.
    pub flit_bytes: u32,
    /// Bytes of packets in a flit, 1 to `flit_bytes`.
    pub flit_payload: u32,
    /// Most bytes of payload in a packet, at least 1.
    pub packet_payload: u32,
    /// Bytes of a packet's header.
    pub packet_header: u32,
    /// Flits that the receiver of a link can hold, in bytes: credits of the sender.
    pub receive_buffer: Bytes,
    /// Bytes of partial sums that the adders of a receiving port add in a cycle of the chip clock.
    pub adder_bytes: u32,
}

impl Interconnect {
    /// Default of `flit_bytes`: flits of PCI Express 6.0 and CXL 3.0.
    pub const FLIT_BYTES: u32 = 256;
    /// Default of `flit_payload`: 15 slots of 16 bytes; the rest of a CXL 3.0 flit is a header of 2 bytes, a checksum of 8 and
    /// error correction of 6 (CXL specification 3.0, section 4.3; Das Sharma, Blankenship and Berger, arXiv:2306.11227).
    pub const FLIT_PAYLOAD: u32 = 240;
    /// Default of `packet_payload`: one cache line.
    pub const PACKET_PAYLOAD: u32 = 64;
    /// Default of `packet_header`: one slot.
    pub const PACKET_HEADER: u32 = 16;
    /// Default of `receive_buffer`. Assumed: more than a round trip of the published machine takes, 25.6 KB.
    pub const RECEIVE_BUFFER: Bytes = Bytes::new(64_000);
    /// Default of `adder_bytes`. Assumed: 64 adders of FP16 a port, which keep up with 128 GB/s at 1 GHz.
    pub const ADDER_BYTES: u32 = 128;
    /// Bytes that one adder takes in a cycle: partial sums are FP16.
    pub const ADDED_BYTES: f64 = 2.0;
}

named! {
    /// How one group of chips combines a vector.
    pub enum Algorithm {
        /// Every member sends its whole vector to every other member.
        Direct = "direct",
        /// Reduce-scatter, then all-gather, each by direct messages to all peers.
        TwoPhase = "two-phase",
        /// Ring reduce-scatter and all-gather.
        Ring = "ring",
        /// Recursive halving, then recursive doubling; groups of a power of two.
        HalvingDoubling = "halving-doubling",
    }
}

named! {
    /// How an all-reduce over all chips crosses rows and columns.
    pub enum AllChip {
        /// All-reduce of the whole vector in rows, then of the whole vector in columns.
        RowThenColumn = "row-then-column",
        /// Reduce-scatter in rows, all-reduce of the shard in columns, all-gather in rows.
        Hierarchical = "hierarchical",
    }
}

named! {
    /// Where the table of the input embedding lies.
    pub enum EmbeddingPlacement {
        /// Not simulated: reads take no time. The paper does not mention them.
        None = "none",
        /// In HBM, divided over the chips by columns of the table; every token reads its row.
        Hbm = "hbm",
    }
}

named! {
    /// Whether routed experts lie on one chip each.
    pub enum ExpertPlacement {
        /// What takes fewer chips; whole where both take as many.
        Auto = "auto",
        /// Each on one chip.
        Whole = "whole",
        /// Each over several chips, as few as make the weights fit.
        Cut = "cut",
    }
}

crate::slot::choice_slots!(Algorithm, AllChip, EmbeddingPlacement, ExpertPlacement, Framing);

/// Choices of the mapping that are not fixed by the machine or the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MappingOptions {
    /// Bytes of an element on a link (partial sums).
    pub link_element_bytes: u32,
    /// Bytes of an element of the KV cache.
    pub kv_element_bytes: u32,
    /// Algorithm of collectives within a row or column.
    pub collective: Algorithm,
    /// Whether partners rotate from layer to layer.
    pub rotate_partners: bool,
    /// Scheme of the all-reduce over all chips.
    pub all_chip: AllChip,
    /// Whether sliding windows of the model limit attention and the KV cache.
    pub sliding_windows: bool,
    /// Where the table of the input embedding lies.
    pub embedding: EmbeddingPlacement,
    /// Bits of an element of that table, 1 to 64.
    pub embedding_bits: u32,
    /// Whether routed experts lie on one chip each.
    pub experts: ExpertPlacement,
    /// Candidates each chip contributes to sampling (local top-k before the exchange).
    pub sampling_candidates: u32,
}

impl MappingOptions {
    /// Default of `embedding_bits`: BF16, the format of embedding tables in released models.
    pub const EMBEDDING_BITS: u32 = 16;
}

/// Area of the blocks of one chip.
pub type BlockAreas = PerBlock<SquareMm>;

/// Static power of one block and its energy per event.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct BlockEnergy {
    /// Power drawn whether or not anything happens (leakage, clock tree, line terminations).
    pub static_power: Watts,
    /// Energy of one event of the block.
    pub per_event: Joules,
}

/// Energy model of one chip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Energy {
    /// Static power and energy per event of every block; [`Block::event`](crate::Block::event) names the event.
    #[serde(flatten)]
    pub blocks: PerBlock<BlockEnergy>,
    /// System power over the sum of the chips' power.
    pub system_factor: f64,
}

impl Design {
    /// Default of `voltage`: the nominal supply of FinFET nodes. Assumed.
    pub const VOLTAGE: Volts = Volts::from_v(0.75);
    /// Default of `temperature_c`. Assumed: dies in operation under liquid or forced air.
    pub const TEMPERATURE_C: f64 = 85.0;
    /// Default of `issue_cycles`. Assumed: a scalar pipeline.
    pub const ISSUE_CYCLES: u32 = 1;
}

/// A complete machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Design {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One-line description.
    pub summary: String,
    /// Name of the model preset whose weights are hardwired by default.
    pub model: String,
    /// Name of the process-node preset.
    pub node: String,
    /// Rows and columns of chips.
    pub grid: Grid,
    /// Clock of the chips.
    pub clock: Hertz,
    /// Supply voltage of logic and SRAM, at which the design reaches its clock.
    pub voltage: Volts,
    /// Temperature of the dies in operation, degrees Celsius.
    pub temperature_c: f64,
    /// Cycles in which the control unit of a chip issues one instruction of a token, at least 1.
    pub issue_cycles: u32,
    /// Hardwired-neuron array.
    pub hn_array: HnArray,
    /// Vector unit.
    pub vex: Vex,
    /// On-chip KV memory.
    pub attention_buffer: AttentionBuffer,
    /// Off-chip memory.
    pub hbm: Hbm,
    /// Links.
    pub interconnect: Interconnect,
    /// Choices of the mapping.
    pub mapping: MappingOptions,
    /// Areas of the blocks.
    pub area: BlockAreas,
    /// Energy model.
    pub energy: Energy,
    /// Provenance of every value, by dotted path.
    pub provenance: BTreeMap<String, Provenance>,
}
