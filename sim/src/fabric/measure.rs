//! Latency against load: one point, the knee of the curve, and the constant derived from a reference.
//!
//! A point runs the warm-up, marks the packets created in the measured window, and runs on under the same load until
//! they have all arrived. Latencies are means over those packets: from creation (packet) or from the head's leaving the
//! source (network) to the tail's arrival. Above saturation the packets of the window may not all arrive within the
//! drain limit; the means then cover those that did, and the point is marked as saturated.

use super::network::Fabric;
use super::spec::{FabricError, Ratio, Spec};
use serde::Serialize;

/// Load at which the zero of a curve is taken, in flits per node and cycle.
pub const BASE_LOAD: f64 = 0.05;
/// The knee is where the latency reaches this many times that at `BASE_LOAD`.
pub const KNEE_FACTOR: f64 = 3.0;
/// Fraction of a cycle to which `calibrate_extra_hop` rounds: the noise of a reference run is of that order.
const CALIBRATION_DEN: u32 = 4;
/// Shortest drain limit, in cycles.
const LEAST_DRAIN: u64 = 10_000;
/// A window is saturated if it delivers fewer flits than it creates by more than this share ...
const SHORTFALL: f64 = 0.01;
/// ... and by more than this many packets per node, the scatter of what is in flight when a short window ends.
const SHORTFALL_PACKETS_PER_NODE: f64 = 2.0;

/// How long to warm up and to measure, and the random seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Cycles before the measured window.
    pub warmup_cycles: u64,
    /// Cycles of the measured window.
    pub measured_cycles: u64,
    /// Seed of the packets' times and destinations.
    pub seed: u64,
}

/// One point of a latency-against-load curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadPoint {
    /// Offered load, in flits per node and cycle.
    pub offered_flits_per_node_cycle: f64,
    /// Mean cycles from a packet's creation to its tail's arrival.
    pub mean_packet_latency_cycles: f64,
    /// Mean cycles from a head's leaving its source to the tail's arrival.
    pub mean_network_latency_cycles: f64,
    /// Mean routers a packet visited: its links plus one.
    pub mean_routers_visited: f64,
    /// Flits that reached their node in the measured window, per node and cycle.
    pub accepted_flits_per_node_cycle: f64,
    /// Cycles simulated in all: warm-up, window and drain.
    pub cycles: u64,
    /// Packets that the means are taken over.
    pub packets: u64,
    /// The fabric did not keep up: deliveries fell 1 % short of creations within the window, or the window's packets
    /// had not all arrived when the drain limit was reached.
    pub saturated: bool,
}

/// The knee of a latency-against-load curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Knee {
    /// Mean packet latency at load 0.05, in cycles.
    pub base_latency_cycles: f64,
    /// First load of the sweep with three times that latency; `None` if there is none up to load 1.
    pub load: Option<f64>,
    /// The points of the sweep, up to the knee.
    pub points: Vec<LoadPoint>,
}

/// Simulates one load.
pub fn measure(
    spec: &Spec,
    load: f64,
    warmup_cycles: u64,
    measured_cycles: u64,
    seed: u64,
) -> Result<LoadPoint, FabricError> {
    let mut fabric = Fabric::new(spec.clone(), seed)?;
    fabric.set_load(load)?;
    fabric.run(warmup_cycles)?;
    let before = fabric.counters();
    fabric.open_window(measured_cycles);
    fabric.run(measured_cycles)?;
    let window = fabric.counters();
    let created = window.measured_created;
    if created == 0 {
        return Err(FabricError::NoPackets { cycles: measured_cycles, load });
    }
    let drain_end = fabric.cycle().saturating_add(measured_cycles.max(LEAST_DRAIN));
    while fabric.counters().measured_delivered < created && fabric.cycle() < drain_end {
        fabric.run(1)?;
    }
    let counters = fabric.counters();
    let packets = counters.measured_delivered;
    if packets == 0 {
        return Err(FabricError::NoPackets { cycles: measured_cycles, load });
    }
    let delivered_flits = window.flits_delivered - before.flits_delivered;
    let created_flits = created * u64::from(spec.packet_flits);
    let scatter = SHORTFALL_PACKETS_PER_NODE * f64::from(spec.nodes() * spec.packet_flits);
    let kept_up = created_flits as f64 - delivered_flits as f64 <= scatter.max(SHORTFALL * created_flits as f64);
    let mean = |sum: u64| sum as f64 / packets as f64;
    Ok(LoadPoint {
        offered_flits_per_node_cycle: load,
        mean_packet_latency_cycles: mean(counters.packet_latency),
        mean_network_latency_cycles: mean(counters.network_latency),
        mean_routers_visited: mean(counters.routers_visited),
        accepted_flits_per_node_cycle: delivered_flits as f64 / (f64::from(spec.nodes()) * measured_cycles as f64),
        cycles: fabric.cycle(),
        packets,
        saturated: packets < created || !kept_up,
    })
}

/// Sweeps the load from 0.05 in steps of 1 / `steps_per_unit` until the mean packet latency is three times the first.
///
/// `steps_per_unit` is a multiple of 20 up to 1000, so that 0.05 is on the sweep and a step is 0.05 or finer.
pub fn knee(spec: &Spec, steps_per_unit: u32, window: Window) -> Result<Knee, FabricError> {
    if steps_per_unit == 0 || !steps_per_unit.is_multiple_of(20) || steps_per_unit > 1000 {
        let value = f64::from(steps_per_unit);
        return Err(FabricError::Argument { what: "steps_per_unit", value, right: "20, 40, ... or 1000" });
    }
    let mut points: Vec<LoadPoint> = Vec::new();
    for step in steps_per_unit / 20..=steps_per_unit {
        let load = f64::from(step) / f64::from(steps_per_unit);
        points.push(measure(spec, load, window.warmup_cycles, window.measured_cycles, window.seed)?);
        let (base, last) = (&points[0], &points[points.len() - 1]);
        if last.mean_packet_latency_cycles >= KNEE_FACTOR * base.mean_packet_latency_cycles {
            return Ok(Knee { base_latency_cycles: base.mean_packet_latency_cycles, load: Some(load), points });
        }
    }
    Ok(Knee { base_latency_cycles: points[0].mean_packet_latency_cycles, load: None, points })
}

/// Derives `extra_hop` from a reference's mean packet latency at load 0.05: the difference to the same spec without
/// extra cycles, shared by the links that a packet crosses, to the nearest quarter cycle, and never below 0.
pub fn calibrate_extra_hop(spec: &Spec, reference_cycles: f64, window: Window) -> Result<Ratio, FabricError> {
    if !(0.0..=1e6).contains(&reference_cycles) {
        let right = "a mean latency from 0 to 1e6 cycles";
        return Err(FabricError::Argument { what: "reference latency", value: reference_cycles, right });
    }
    let plain = Spec { extra_hop: Ratio { num: 0, den: CALIBRATION_DEN }, ..spec.clone() };
    let point = measure(&plain, BASE_LOAD, window.warmup_cycles, window.measured_cycles, window.seed)?;
    let links = point.mean_routers_visited - 1.0;
    if links <= 0.0 {
        let right = "above 0, with at least two routers";
        return Err(FabricError::Argument { what: "mean links per packet", value: links, right });
    }
    let extra = (reference_cycles - point.mean_packet_latency_cycles) / links;
    Ok(Ratio { num: libm::round((extra * f64::from(CALIBRATION_DEN)).max(0.0)) as u32, den: CALIBRATION_DEN })
}
