//! The fields of a design file, in the order of the file.
//!
//! Bounds are sanity bounds: far above anything buildable, low enough that no product of them
//! overflows and no allocation sized by them is unreasonable.

use std::collections::BTreeMap;

use crate::block::PerBlock;
use crate::design::{
    Algorithm, AllChip, AttentionBuffer, BlockAreas, Design, EmbeddingPlacement, Energy, ExpertPlacement, Framing,
    Grid, Hbm, HnArray, Interconnect, MappingOptions, Vex,
};
use crate::field::{Reader, Visitor};
use crate::presets;
use crate::problem::did_you_mean;
use crate::quantity::{Bytes, BytesPerSecond, Cycles, Hertz, Seconds};
use crate::slot::{Defaulted, Limits, Words};

/// Most chips of a grid.
pub const MAX_CHIPS: u32 = 1024;

const RATE: Limits = Limits::between(1.0, 1e18);
const MEMORY: Limits = Limits::between(1.0, 1e15);
const LATENCY: Limits = Limits::between(0.0, 1e6);
const AREA: Limits = Limits::between(0.0, 1e6);

/// A design with every number zero, to be filled by a walk over its fields.
pub(crate) fn blank(name: &str) -> Design {
    Design {
        name: name.to_owned(),
        summary: String::new(),
        model: String::new(),
        node: String::new(),
        grid: Grid { rows: 0, columns: 0 },
        clock: Hertz::default(),
        voltage: Design::VOLTAGE,
        temperature_c: Design::TEMPERATURE_C,
        issue_cycles: Design::ISSUE_CYCLES,
        hn_array: HnArray { activation_bits: 0, inputs_per_port: 0, weight_capacity: 0 },
        vex: Vex {
            lane_groups: None,
            kv_vectors_per_cycle: 0,
            nonlinear_lanes: 0,
            nonlinear_latency: Cycles::default(),
        },
        attention_buffer: AttentionBuffer {
            capacity: Bytes::default(),
            banks: 0,
            port_bits: 0,
            latency: Cycles::default(),
            efficiency: 0.0,
        },
        hbm: Hbm {
            stacks: 0,
            stack_capacity: Bytes::default(),
            stack_bandwidth: BytesPerSecond::default(),
            serial_bandwidth: BytesPerSecond::default(),
            read_latency: Hbm::READ_LATENCY,
            memory: Hbm::MEMORY.to_owned(),
        },
        interconnect: Interconnect {
            link_bandwidth: BytesPerSecond::default(),
            hop_latency: Seconds::default(),
            framing: Framing::None,
            flit_bytes: Interconnect::FLIT_BYTES,
            flit_payload: Interconnect::FLIT_PAYLOAD,
            packet_payload: Interconnect::PACKET_PAYLOAD,
            packet_header: Interconnect::PACKET_HEADER,
            receive_buffer: Interconnect::RECEIVE_BUFFER,
            adder_bytes: Interconnect::ADDER_BYTES,
        },
        mapping: MappingOptions {
            link_element_bytes: 0,
            kv_element_bytes: 0,
            collective: Algorithm::Direct,
            rotate_partners: false,
            all_chip: AllChip::RowThenColumn,
            sliding_windows: false,
            embedding: EmbeddingPlacement::None,
            embedding_bits: MappingOptions::EMBEDDING_BITS,
            experts: ExpertPlacement::Auto,
            sampling_candidates: 0,
        },
        area: BlockAreas::default(),
        energy: Energy { blocks: PerBlock::default(), system_factor: 0.0 },
        provenance: BTreeMap::new(),
    }
}

/// Visits every field of a design file.
pub(crate) fn walk(d: &mut Design, v: &mut dyn Visitor) {
    v.field("summary", &mut d.summary, Limits::NONE, "One line for people");
    v.field("model", &mut d.model, Limits::NONE, "Model whose weights the machine carries: a preset or a config.json");
    v.field("node", &mut d.node, Limits::NONE, "Process node: a preset or a file");
    machine(d, v);
    memory(d, v);
    mapping(&mut d.mapping, v);
    area(&mut d.area, v);
    energy(&mut d.energy, v);
}

fn machine(d: &mut Design, v: &mut dyn Visitor) {
    let side = Limits::between(1.0, 64.0);
    v.field("grid.rows", &mut d.grid.rows, side, "Rows of chips");
    v.field("grid.columns", &mut d.grid.columns, side, "Columns of chips");
    v.field("chip.clock", &mut d.clock, Limits::between(1e6, 10e9), "Clock of the chips");
    let doc = "Supply voltage of logic and SRAM; the reference of the power model unless given, what the clock needs where only the clock changes";
    let voltage = &mut Defaulted(&mut d.voltage, Design::VOLTAGE);
    v.field("chip.voltage", voltage, Limits::between(0.2, 2.0), doc);
    let doc = "Temperature of the dies in operation, degrees Celsius; 85 unless given";
    let temperature = &mut Defaulted(&mut d.temperature_c, Design::TEMPERATURE_C);
    v.field("chip.temperature_c", temperature, Limits::between(-40.0, 125.0), doc);
    let doc = "Cycles in which the control unit of a chip issues one instruction of a token; 1 unless given";
    let issue = &mut Defaulted(&mut d.issue_cycles, Design::ISSUE_CYCLES);
    v.field("chip.issue_cycles", issue, Limits::between(1.0, 1e6), doc);
    let hn = &mut d.hn_array;
    let doc = "Bits of an activation, fed serially";
    v.field("hn_array.activation_bits", &mut hn.activation_bits, Limits::between(1.0, 64.0), doc);
    let doc = "Inputs that share one accumulator port in turn";
    v.field("hn_array.inputs_per_port", &mut hn.inputs_per_port, Limits::between(1.0, 1e6), doc);
    v.field("hn_array.weight_capacity", &mut hn.weight_capacity, MEMORY, "Weights one chip can hold");
    let vex = &mut d.vex;
    let doc = "Lane groups of a chip, which layers share in turn; one for each layer and the head unless given";
    v.field("vex.lane_groups", &mut vex.lane_groups, Limits::between(1.0, 4096.0), doc);
    let doc = "Cached key or value vectors consumed per cycle and lane group";
    v.field("vex.kv_vectors_per_cycle", &mut vex.kv_vectors_per_cycle, Limits::between(1.0, 1e6), doc);
    let doc = "Elements of non-linear functions per cycle and lane group";
    v.field("vex.nonlinear_lanes", &mut vex.nonlinear_lanes, Limits::between(1.0, 1e7), doc);
    let doc = "Latency of a dependent non-linear operation beyond elements / lanes";
    v.field("vex.nonlinear_latency", &mut vex.nonlinear_latency, LATENCY, doc);
    links(&mut d.interconnect, v);
}

fn links(i: &mut Interconnect, v: &mut dyn Visitor) {
    let doc = "Bandwidth of a link per direction, framing included";
    v.field("interconnect.link_bandwidth", &mut i.link_bandwidth, RATE, doc);
    let doc = "Latency of a hop beyond serialization";
    v.field("interconnect.hop_latency", &mut i.hop_latency, Limits::between(0.0, 1.0), doc);
    let doc = "What a link carries besides payload: none (nothing, unless given) or flits";
    v.field("interconnect.framing", &mut Defaulted(&mut i.framing, Framing::None), Limits::NONE, doc);
    let bytes = Limits::between(1.0, 65_536.0);
    let doc = "Bytes of a flit; 256 unless given";
    v.field("interconnect.flit_bytes", &mut Defaulted(&mut i.flit_bytes, Interconnect::FLIT_BYTES), bytes, doc);
    let doc = "Bytes of packets in a flit; 240 unless given";
    let payload = &mut Defaulted(&mut i.flit_payload, Interconnect::FLIT_PAYLOAD);
    v.field("interconnect.flit_payload", payload, bytes, doc);
    let doc = "Most bytes of payload in a packet; 64 unless given";
    let payload = &mut Defaulted(&mut i.packet_payload, Interconnect::PACKET_PAYLOAD);
    v.field("interconnect.packet_payload", payload, bytes, doc);
    let doc = "Bytes of a packet's header; 16 unless given";
    let header = &mut Defaulted(&mut i.packet_header, Interconnect::PACKET_HEADER);
    v.field("interconnect.packet_header", header, Limits::between(0.0, 65_536.0), doc);
    let doc = "Flits that the receiver of a link can hold, in bytes: credits of the sender; 64 KB unless given";
    let buffer = &mut Defaulted(&mut i.receive_buffer, Interconnect::RECEIVE_BUFFER);
    v.field("interconnect.receive_buffer", buffer, MEMORY, doc);
    let doc = "Bytes of partial sums that the adders of a receiving port add in a cycle; 128 unless given";
    let adder = &mut Defaulted(&mut i.adder_bytes, Interconnect::ADDER_BYTES);
    v.field("interconnect.adder_bytes", adder, bytes, doc);
}

fn memory(d: &mut Design, v: &mut dyn Visitor) {
    let buffer = &mut d.attention_buffer;
    v.field("attention_buffer.capacity", &mut buffer.capacity, MEMORY, "On-chip KV capacity per chip");
    v.field(
        "attention_buffer.banks",
        &mut buffer.banks,
        Limits::between(1.0, 1e7),
        "Banks per chip, one read and one write port each",
    );
    v.field(
        "attention_buffer.port_bits",
        &mut buffer.port_bits,
        Limits::between(1.0, 65_536.0),
        "Width of a bank's port in bits",
    );
    v.field("attention_buffer.latency", &mut buffer.latency, LATENCY, "Read latency");
    let doc = "Share of the peak bandwidth that attention reaches";
    v.field("attention_buffer.efficiency", &mut buffer.efficiency, Limits::positive(1.0), doc);
    let hbm = &mut d.hbm;
    v.field("hbm.stacks", &mut hbm.stacks, Limits::between(1.0, 1024.0), "Stacks per chip");
    v.field("hbm.stack_capacity", &mut hbm.stack_capacity, MEMORY, "Capacity of a stack");
    v.field("hbm.stack_bandwidth", &mut hbm.stack_bandwidth, RATE, "Bandwidth of a stack (lockstep and dataflow)");
    v.field("hbm.serial_bandwidth", &mut hbm.serial_bandwidth, RATE, "Effective bandwidth of a chip (serial only)");
    let doc = "Latency of a read of the embedding table; 100 ns unless given";
    let limits = Limits::between(0.0, 1.0);
    v.field("hbm.read_latency", &mut Defaulted(&mut hbm.read_latency, Hbm::READ_LATENCY), limits, doc);
    let doc = "Kind of the stacks for fidelity cycle, a memory preset; hbm3 unless given";
    v.field("hbm.memory", &mut Defaulted(&mut hbm.memory, Hbm::MEMORY.to_owned()), Limits::NONE, doc);
}

fn mapping(m: &mut MappingOptions, v: &mut dyn Visitor) {
    let bytes = Limits::between(1.0, 16.0);
    v.field("mapping.link_element_bytes", &mut m.link_element_bytes, bytes, "Bytes of an element on a link");
    v.field("mapping.kv_element_bytes", &mut m.kv_element_bytes, bytes, "Bytes of an element of the KV cache");
    v.field("mapping.collective", &mut m.collective, Limits::NONE, "Algorithm of collectives in a row or column");
    v.field("mapping.rotate_partners", &mut m.rotate_partners, Limits::NONE, "Whether partners rotate over layers");
    v.field("mapping.all_chip", &mut m.all_chip, Limits::NONE, "Scheme of the all-reduce over all chips");
    let words = [("honoured", true), ("ignored", false)];
    let doc = "Whether sliding windows limit attention and cache";
    v.field("mapping.sliding_windows", &mut Words(&mut m.sliding_windows, words), Limits::NONE, doc);
    let doc = "Where the table of the input embedding lies: none (not simulated, unless given) or hbm";
    v.field("mapping.embedding", &mut Defaulted(&mut m.embedding, EmbeddingPlacement::None), Limits::NONE, doc);
    let doc = "Bits of an element of the embedding table; 16 unless given";
    let bits = &mut Defaulted(&mut m.embedding_bits, MappingOptions::EMBEDDING_BITS);
    v.field("mapping.embedding_bits", bits, Limits::between(1.0, 64.0), doc);
    let doc = "Routed experts: whole on a chip, cut over several, or auto (unless given): what takes fewer chips";
    v.field("mapping.experts", &mut Defaulted(&mut m.experts, ExpertPlacement::Auto), Limits::NONE, doc);
    let doc = "Candidates a chip contributes to sampling";
    v.field("mapping.sampling_candidates", &mut m.sampling_candidates, Limits::between(1.0, 67_108_864.0), doc);
}

fn area(areas: &mut BlockAreas, v: &mut dyn Visitor) {
    for (block, area) in areas.iter_mut() {
        v.field(&format!("area.{}", block.name()), area, AREA, block.area_doc());
    }
}

fn energy(e: &mut Energy, v: &mut dyn Visitor) {
    for (block, energy) in e.blocks.iter_mut() {
        let path = |key: &str| format!("energy.{}.{key}", block.name());
        let doc = "Power drawn whether or not anything happens";
        v.field(&path("static_power"), &mut energy.static_power, Limits::between(0.0, 1e6), doc);
        v.field(&path("per_event"), &mut energy.per_event, Limits::between(0.0, 1.0), block.energy_doc());
    }
    let doc = "System power over the sum of the chips' power";
    v.field("energy.system_factor", &mut e.system_factor, Limits::between(1.0, 10.0), doc);
}

/// Rules that concern several fields.
pub(crate) fn check(d: &Design, r: &mut Reader<'_>) {
    if !r.clean() {
        return;
    }
    if d.grid.chips() > MAX_CHIPS {
        let message = format!("`grid` has {} x {} chips; at most {MAX_CHIPS}", d.grid.rows, d.grid.columns);
        r.problem("grid.rows", message, None);
    }
    let power_of_two = d.grid.rows.is_power_of_two() && d.grid.columns.is_power_of_two();
    if d.mapping.collective == Algorithm::HalvingDoubling && !power_of_two {
        let message = format!(
            "`mapping.collective` is halving-doubling, which needs rows and columns that are powers of two, not {} x {}",
            d.grid.rows, d.grid.columns
        );
        r.problem("mapping.collective", message, None);
    }
    flits(&d.interconnect, r);
    if !presets::memories().iter().any(|preset| preset.name == d.hbm.memory) {
        let known: Vec<&str> = presets::memories().iter().map(|preset| preset.name).collect();
        let help = did_you_mean(&d.hbm.memory, &known);
        r.problem("hbm.memory", format!("`hbm.memory` names no memory preset: `{}`", d.hbm.memory), Some(help));
    }
}

fn flits(i: &Interconnect, r: &mut Reader<'_>) {
    if i.flit_payload > i.flit_bytes {
        let message = format!(
            "`interconnect.flit_payload` is {} bytes, more than a flit of {} bytes (`interconnect.flit_bytes`)",
            i.flit_payload, i.flit_bytes
        );
        r.problem("interconnect.flit_payload", message, None);
    }
    if i.receive_buffer.get() < u64::from(i.flit_bytes) {
        let message = format!(
            "`interconnect.receive_buffer` of {} bytes cannot hold a flit of {} bytes (`interconnect.flit_bytes`): no credit is \
             ever given",
            i.receive_buffer.get(),
            i.flit_bytes
        );
        r.problem("interconnect.receive_buffer", message, None);
    }
}
