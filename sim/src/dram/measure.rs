//! Bandwidth and latency of a stream at one load.

use serde::Serialize;

use super::device::Device;
use super::spec::DramError;
use super::stall::PerStall;
use super::state::PerCommand;
use super::stream::Stream;

/// A run that ends later than its last offer by more than this share did not keep up.
const SATURATED: f64 = 0.01;

/// One point of a curve of bandwidth and latency against load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadPoint {
    /// Load asked for, as a share of the peak bandwidth.
    pub load_share: f64,
    /// The same in gigabytes per second.
    pub offered_gb_per_s: f64,
    /// Bytes moved over the time from the first offer to the end of the last data, gigabytes per second.
    pub bandwidth_gb_per_s: f64,
    /// Share of that time in which the data buses move data.
    pub utilization_share: f64,
    /// Mean from the offer of a read to the end of its data; absent without reads.
    pub read_latency_mean_ns: Option<f64>,
    /// Half of the reads take no longer.
    pub read_latency_p50_ns: Option<f64>,
    /// 95 of 100 reads take no longer.
    pub read_latency_p95_ns: Option<f64>,
    /// 99 of 100 reads take no longer.
    pub read_latency_p99_ns: Option<f64>,
    /// The slowest read.
    pub read_latency_max_ns: Option<f64>,
    /// Mean from the entry of a read into its queue to the end of its data.
    pub read_controller_latency_mean_ns: Option<f64>,
    /// The device did not keep up with the offers.
    pub saturated: bool,
    /// Reads served.
    pub reads: u64,
    /// Writes served.
    pub writes: u64,
    /// Reads answered from the queue of writes.
    pub forwarded_reads: u64,
    /// Writes merged with a waiting write of the same burst.
    pub merged_writes: u64,
    /// Requests that found their row open.
    pub row_hits: u64,
    /// Requests that found their bank closed.
    pub row_misses: u64,
    /// Requests that found another row open.
    pub row_conflicts: u64,
    /// Commands issued.
    pub commands: PerCommand<u64>,
    /// Length of the run in ticks.
    pub ticks: u64,
    /// Ticks of all data buses by use; they add up to `ticks` x data buses.
    pub bus_ticks: PerStall<u64>,
}

/// Runs a stream on a device at a load, a share of its peak bandwidth.
///
/// # Errors
/// When a parameter of the stream is outside its bounds.
pub fn measure(device: &Device, stream: &Stream, load: f64) -> Result<LoadPoint, DramError> {
    let run = device.run(stream, load)?;
    let (spec, total) = (device.spec(), run.total);
    let ns = |ticks: f64| ticks * spec.tick_fs as f64 / 1e6;
    let peak = f64::from(device.buses()) * f64::from(spec.burst_bytes) / ns(spec.burst as f64);
    let mut latencies = total.latencies;
    latencies.sort_unstable();
    // Nearest rank.
    let rank = |per_mille: usize| {
        let index = (latencies.len() * per_mille).div_ceil(1000).max(1) - 1;
        latencies.get(index).map(|ticks| ns(*ticks as f64))
    };
    let mean = |sum: u64| (!latencies.is_empty()).then(|| ns(sum as f64 / latencies.len() as f64));
    let moved = total.bus.data / spec.burst * u64::from(spec.burst_bytes);
    let late = total.ticks - run.last_offer.min(total.ticks);
    Ok(LoadPoint {
        load_share: load,
        offered_gb_per_s: load * peak,
        bandwidth_gb_per_s: moved as f64 / ns(total.ticks as f64),
        utilization_share: total.bus.data as f64 / (total.ticks as f64 * f64::from(device.buses())),
        read_latency_mean_ns: mean(latencies.iter().sum()),
        read_latency_p50_ns: rank(500),
        read_latency_p95_ns: rank(950),
        read_latency_p99_ns: rank(990),
        read_latency_max_ns: rank(1000),
        read_controller_latency_mean_ns: mean(total.queue_latency),
        saturated: late as f64 > SATURATED * total.ticks as f64 + spec.saturation_slack() as f64,
        reads: total.reads,
        writes: total.writes,
        forwarded_reads: total.forwarded,
        merged_writes: total.merged,
        row_hits: total.hits,
        row_misses: total.misses,
        row_conflicts: total.conflicts,
        commands: total.commands,
        ticks: total.ticks,
        bus_ticks: total.bus,
    })
}
