//! Fields that act in one mode only, for remarks on overrides that change nothing.

/// The mode in which the field at `path` acts, to be read after "it acts"; `None` for fields that act in all modes.
#[must_use]
pub fn acts(path: &str) -> Option<&'static str> {
    Some(match path {
        "summary" => "on no figure",
        "yield.alpha" => "with yield.model=negative-binomial",
        "yield.layers" => "with yield.model=bose-einstein",
        "yield.model" | "yield.defects_per_cm2" | "yield.tolerant_share" => "without yield.fixed",
        "dies.scribe_mm" | "dies.edge_mm" => "with dies.formula=actuary",
        "banking.share" | "banking.rate_per_year" => "with banking.enabled=true",
        "masks.via_only_fill" => "where vias alone carry the weights, as with --embedding one-via",
        "masks.cell_embedding_transistors" => "in hardwire reproduce, on the cost of weights in cells",
        "system.tco_tokens_per_s" | "system.tco_chips" => {
            "with --against, on the design's own model and number of chips"
        }
        "system.utilization" => "on the cost of a token",
        "system.power_ratio" => "where system.kw_per_chip is not stated",
        "reticle.mm2" | "reticle.utilization" => {
            "where the grid is chosen for the model, or the chip exceeds the reticle"
        }
        "carbon.act_node_nm" => "on whether ACT has parameters for the node",
        "hbm.serial_bandwidth" => "under --discipline serial",
        "hbm.stack_bandwidth" => "under the disciplines lockstep and dataflow, where HBM is read",
        "hbm.stack_capacity" => "on the price of memory, and on what the KV cache may take",
        "hbm.memory" | "chip.issue_cycles" => "with --fidelity cycle",
        "hbm.read_latency" | "mapping.embedding_bits" => "with mapping.embedding=hbm",
        "interconnect.flit_bytes"
        | "interconnect.flit_payload"
        | "interconnect.packet_payload"
        | "interconnect.packet_header" => "with interconnect.framing=flits, or --fidelity cycle",
        "interconnect.receive_buffer" => {
            "with interconnect.framing=flits, where it holds less than a round trip of a link or more than the default"
        }
        "interconnect.adder_bytes" => "with --fidelity cycle, and on the area of more than the default",
        "mapping.rotate_partners" => "with mapping.collective=ring or halving-doubling",
        "mapping.all_chip" => "on grids of several rows and columns",
        "mapping.sliding_windows" => "on models with sliding windows, beyond their length",
        "mapping.sampling_candidates" => "in decode under the disciplines lockstep and dataflow",
        "energy.hbm_phy.per_event" => "where HBM is read",
        "attention_buffer.efficiency" | "attention_buffer.latency" => "where attention or the buffer bounds time",
        "vex.kv_vectors_per_cycle" => "where attention bounds time, and on areas of the design",
        "facility.processors_per_network" => "where the number of network nodes changes",
        "maintenance.systems_per_spare" => "where the number of spare systems changes",
        "carbon.fab_kg_per_kwh"
        | "carbon.fab_kwh_per_cm2"
        | "carbon.gas_kg_per_cm2"
        | "carbon.material_kg_per_cm2"
        | "carbon.memory_kg_per_gb" => "on the embodied carbon by ACT that hardwire estimate prints",
        "vex.nonlinear_latency" | "vex.nonlinear_lanes" | "interconnect.hop_latency" | "hn_array.inputs_per_port" => {
            "on latency, where no server bounds throughput"
        }
        _ => return None,
    })
}
