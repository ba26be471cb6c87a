//! A roofline with occupancy: a bound of a kernel's time from its operations, its bytes and its resident waves.
//!
//! No scheduling model of a GPU is used. With R resident waves of the whole device:
//!
//! - arithmetic: operations of each type over the type's peak; the peak is reached with `waves_to_cover_arithmetic` waves on every
//!   SIMD and falls in proportion below, and with the share of a wave's lanes that work;
//! - bandwidth: compulsory bytes over the bandwidth of device memory;
//! - concurrency: compulsory bytes over `R * bytes of a wave's access / latency`, by Little's law with one access of a wave under way;
//! - latency: one access of device memory, if there is any.
//!
//! The time is the greatest of them. Caches, launch overhead, divergence, bank conflicts and the last round of blocks are left out.

use serde::{Deserialize, Serialize};

use super::occupancy::Occupancy;
use super::target::{Gpu, Sourced};

/// What binds the time of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Floating-point operations.
    Arithmetic,
    /// Bandwidth of device memory.
    Bandwidth,
    /// Too few accesses under way to use the bandwidth.
    Concurrency,
    /// Latency of a single access.
    Latency,
}

impl Bound {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::Bandwidth => "bandwidth",
            Self::Concurrency => "concurrency",
            Self::Latency => "latency",
        }
    }
}

/// Floating-point operations by type; a fused multiply-add has two.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Flops {
    /// Of 16 bits.
    pub f16: f64,
    /// Of 32 bits.
    pub f32: f64,
    /// Of 64 bits.
    pub f64: f64,
}

impl Flops {
    /// Of all types.
    #[must_use]
    pub fn total(self) -> f64 {
        self.f16 + self.f32 + self.f64
    }

    /// Each multiplied.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { f16: self.f16 * factor, f32: self.f32 * factor, f64: self.f64 * factor }
    }
}

/// One launch of a kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Launch {
    /// Operations of all threads.
    pub flops: Flops,
    /// Bytes that device memory must move: each buffer once.
    pub compulsory_bytes: f64,
    /// Bytes of one access of a thread, on average; 0 if there is none.
    pub access_bytes: f64,
    /// Waves of the launch.
    pub waves: f64,
    /// Threads of a wave that work, on average: a block smaller than a wave leaves lanes idle.
    pub threads_per_wave: f64,
    /// Resident waves.
    pub occupancy: Occupancy,
}

/// The bound of one launch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Roofline {
    /// Seconds of a launch.
    pub seconds: f64,
    /// The same in cycles of the device's peak clock.
    pub cycles: f64,
    /// What binds it.
    pub bound: Bound,
    /// Time that the operations take at the peak over `seconds`, 0 to 1.
    pub arithmetic_utilization: f64,
    /// Time that the compulsory bytes take at the peak over `seconds`, 0 to 1.
    pub bandwidth_utilization: f64,
}

/// The bound of a launch on a GPU.
///
/// # Errors
/// A constant that is needed has no public source: its reason.
pub fn roofline(gpu: &Gpu, launch: &Launch) -> Result<Roofline, String> {
    let machine = &gpu.machine;
    let units = known(machine.units)?;
    let clock = known(machine.clock_hz)?;
    let bandwidth = known(machine.memory_bytes_per_s)?;
    let latency = known(machine.memory_latency_cycles)? / clock;
    let mut at_peak = 0.0;
    for (operations, peak) in [
        (launch.flops.f16, machine.f16_flops_per_s),
        (launch.flops.f32, machine.f32_flops_per_s),
        (launch.flops.f64, machine.f64_flops_per_s),
    ] {
        if operations > 0.0 {
            at_peak += operations / known(peak)?;
        }
    }
    let resident = (units * f64::from(launch.occupancy.waves_per_unit)).min(launch.waves);
    let covering = units * f64::from(gpu.occupancy.simds) * known(machine.waves_to_cover_arithmetic)?;
    let lanes = launch.threads_per_wave / f64::from(gpu.occupancy.wave_threads);
    let arithmetic = at_peak / ((resident / covering).min(1.0) * lanes);
    let streamed = launch.compulsory_bytes / bandwidth;
    let access = launch.access_bytes * launch.threads_per_wave;
    let (concurrent, least) =
        if access > 0.0 { (launch.compulsory_bytes * latency / (resident * access), latency) } else { (0.0, 0.0) };
    let times = [
        (arithmetic, Bound::Arithmetic),
        (streamed, Bound::Bandwidth),
        (concurrent, Bound::Concurrency),
        (least, Bound::Latency),
    ];
    let (mut seconds, mut bound) = times[0];
    for (time, reason) in times {
        if time > seconds {
            (seconds, bound) = (time, reason);
        }
    }
    if !(seconds > 0.0 && seconds.is_finite()) {
        return Err("the kernel has neither floating-point operations nor accesses of device memory".into());
    }
    Ok(Roofline {
        seconds,
        cycles: seconds * clock,
        bound,
        arithmetic_utilization: at_peak / seconds,
        bandwidth_utilization: streamed / seconds,
    })
}

fn known(constant: Sourced) -> Result<f64, String> {
    constant.value.ok_or_else(|| constant.source.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::occupancy::Limit;
    use super::super::target::GpuTarget;
    use super::*;

    fn full(target: GpuTarget) -> Occupancy {
        let rule = target.gpu().occupancy;
        let slots = rule.simds * rule.waves_per_simd;
        Occupancy {
            waves_per_simd: rule.waves_per_simd,
            waves_per_unit: slots,
            slots_per_unit: slots,
            limited_by: Limit::WaveSlots,
        }
    }

    fn launch(target: GpuTarget, flops: f64, bytes: f64, waves: f64) -> Launch {
        Launch {
            flops: Flops { f32: flops, ..Flops::default() },
            compulsory_bytes: bytes,
            access_bytes: 4.0,
            waves,
            threads_per_wave: f64::from(target.gpu().occupancy.wave_threads),
            occupancy: full(target),
        }
    }

    #[test]
    fn large_kernels_reach_the_roofs() {
        for target in GpuTarget::ALL {
            let gpu = target.gpu();
            let peak = gpu.machine.f32_flops_per_s.value.unwrap();
            let much = roofline(gpu, &launch(target, peak, 1e6, 1e9)).unwrap();
            assert!((much.seconds - 1.0).abs() < 1e-9 && much.bound == Bound::Arithmetic, "{target}: {much:?}");
            assert!((much.arithmetic_utilization - 1.0).abs() < 1e-9);
            // With wide accesses the bandwidth binds, whatever the latency.
            let bytes = gpu.machine.memory_bytes_per_s.value.unwrap();
            let wide = Launch { access_bytes: 64.0, ..launch(target, 1.0, bytes, 1e9) };
            let wide = roofline(gpu, &wide).unwrap();
            assert!((wide.seconds - 1.0).abs() < 1e-9 && wide.bound == Bound::Bandwidth, "{target}: {wide:?}");
        }
    }

    #[test]
    fn few_waves_use_neither_peak() {
        for target in GpuTarget::ALL {
            let gpu = target.gpu();
            let few = roofline(gpu, &launch(target, 1e9, 1.0, 1.0)).unwrap();
            let many = roofline(gpu, &launch(target, 1e9, 1.0, 1e6)).unwrap();
            let share = few.seconds / many.seconds;
            let covering = gpu.machine.units.value.unwrap()
                * f64::from(gpu.occupancy.simds)
                * gpu.machine.waves_to_cover_arithmetic.value.unwrap();
            assert!((share / covering - 1.0).abs() < 1e-9, "{target}: {share} for {covering}");
            let moved = roofline(gpu, &launch(target, 0.0, 1e9, 8.0)).unwrap();
            assert_eq!(moved.bound, Bound::Concurrency, "{target}");
            let one = roofline(gpu, &launch(target, 0.0, 4.0, 8.0)).unwrap();
            assert_eq!(one.bound, Bound::Latency, "{target}");
            assert!((one.cycles - gpu.machine.memory_latency_cycles.value.unwrap()).abs() < 1e-6, "{target}");
        }
    }

    /// Waves of which a quarter of the lanes works need four times as long, for operations and for accesses under way.
    #[test]
    fn idle_lanes_cost_their_share() {
        for target in GpuTarget::ALL {
            let lanes = f64::from(target.gpu().occupancy.wave_threads);
            for whole in [launch(target, 1e12, 0.0, 1e6), launch(target, 0.0, 1e9, 8.0)] {
                let quarter = Launch { threads_per_wave: lanes / 4.0, ..whole };
                let [whole, quarter] = [whole, quarter].map(|launch| roofline(target.gpu(), &launch).unwrap());
                assert!((quarter.seconds / whole.seconds - 4.0).abs() < 1e-9, "{target}: {whole:?} {quarter:?}");
            }
        }
    }

    #[test]
    fn a_peak_without_a_source_is_a_reason() {
        let target = GpuTarget::Gfx942;
        let half = Launch { flops: Flops { f16: 1.0, ..Flops::default() }, ..launch(target, 0.0, 4.0, 8.0) };
        assert!(roofline(target.gpu(), &half).unwrap_err().contains("16-bit"));
        let nothing = Launch { access_bytes: 0.0, ..launch(target, 0.0, 0.0, 8.0) };
        assert!(roofline(target.gpu(), &nothing).unwrap_err().contains("neither"));
    }
}
