//! The GPUs that kernels are compiled for, one record each: names, occupancy rule, and machine constants of the roofline.
//!
//! To add a GPU of a known vendor, add its record to [`gpus!`] and its row in `docs/gpu.md` (a test compares).

use serde::{Deserialize, Serialize};

use super::occupancy::{OccupancyRule, ScalarRule, SharedMemory, VectorRegisters};

/// Maker of a GPU: which code generator and which tools label for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// LLVM's AMDGPU back end to machine code.
    Amd,
    /// LLVM's NVPTX back end to PTX, and NVIDIA's ptxas to machine code.
    Nvidia,
}

/// The record of a GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gpu {
    /// LLVM's name of it (`-mcpu`), which is also its name in files and on the command line.
    pub cpu: &'static str,
    /// The device whose constants the roofline uses.
    pub device: &'static str,
    /// Its maker.
    pub vendor: Vendor,
    /// What limits the waves that are resident.
    pub occupancy: OccupancyRule,
    /// Constants of the roofline.
    pub machine: MachineConstants,
}

/// A constant with the public document that states it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sourced {
    /// The value; `None` if no public document states it.
    pub value: Option<f64>,
    /// The document, or why there is no value.
    pub source: &'static str,
}

/// What the roofline needs of a device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MachineConstants {
    /// Compute units, work-group processors or streaming multiprocessors: the units of the occupancy rule.
    pub units: Sourced,
    /// Clock at which the peaks hold, in hertz.
    pub clock_hz: Sourced,
    /// Peak of 16-bit floating-point operations on vector units, a second.
    pub f16_flops_per_s: Sourced,
    /// Peak of 32-bit floating-point operations on vector units, a second.
    pub f32_flops_per_s: Sourced,
    /// Peak of 64-bit floating-point operations on vector units, a second.
    pub f64_flops_per_s: Sourced,
    /// Peak bandwidth of device memory, in bytes a second.
    pub memory_bytes_per_s: Sourced,
    /// Latency of a load from device memory, in cycles of `clock_hz`.
    pub memory_latency_cycles: Sourced,
    /// Waves of one SIMD that cover the latency of dependent arithmetic instructions.
    pub waves_to_cover_arithmetic: Sourced,
}

/// Defines [`GpuTarget`] and its records, in the order of the columns of a data set.
macro_rules! gpus {
    ($($variant:ident { cpu: $cpu:literal, device: $device:literal, $($rest:tt)* })*) => {
        /// A GPU that kernels are compiled for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum GpuTarget {
            $(
                #[doc = concat!($device, ".")]
                #[serde(rename = $cpu)]
                $variant,
            )*
        }

        impl GpuTarget {
            /// All targets, in the order of the columns of a data set.
            pub const ALL: [Self; [$($cpu),*].len()] = [$(Self::$variant),*];

            /// The record of the GPU.
            #[must_use]
            pub fn gpu(self) -> &'static Gpu {
                match self {
                    $(Self::$variant => {
                        const GPU: Gpu = Gpu { cpu: $cpu, device: $device, $($rest)* };
                        &GPU
                    })*
                }
            }
        }
    };
}

const MI300X: &str = "AMD Instinct MI300X data sheet (2023)";
const XTX: &str = "AMD Radeon RX 7900 XTX product specifications (2022)";
const H100: &str = "NVIDIA H100 Tensor Core GPU Architecture white paper, SXM5 (2022)";
const SI_SCHEDULE: &str = "LLVM 22, llvm/lib/Target/AMDGPU/SISchedule.td";

/// A constant that a document states.
const fn stated(value: f64, source: &'static str) -> Sourced {
    Sourced { value: Some(value), source }
}

gpus! {
    Gfx942 {
        cpu: "gfx942",
        device: "AMD Instinct MI300X",
        vendor: Vendor::Amd,
        occupancy: OccupancyRule {
            wave_threads: 64,
            simds: 4,
            waves_per_simd: 8,
            blocks_per_unit: 16,
            vector_registers: VectorRegisters { per_simd: 512, granule: 8, addressable: 512 },
            scalar_registers: Some(ScalarRule { most: 100, waves: 8, waves_beyond: 7 }),
            shared: SharedMemory { bytes: 65_536, most_of_block: 65_536, granule: 1, reserved: 0 },
            whole_blocks: false,
            source: "AMD Instinct MI300 Instruction Set Architecture (2024): 512 vector registers a lane in blocks of 8, 64 KiB of \
                     local data share; LLVM 22, AMDGPUBaseInfo.cpp, IsaInfo: waves, barriers, scalar registers",
        },
        machine: MachineConstants {
            units: stated(304.0, MI300X),
            clock_hz: stated(2.1e9, MI300X),
            f16_flops_per_s: Sourced { value: None, source: "the data sheet states no vector peak of 16-bit operations" },
            f32_flops_per_s: stated(163.4e12, MI300X),
            f64_flops_per_s: stated(81.7e12, MI300X),
            memory_bytes_per_s: stated(5.3e12, MI300X),
            // `WriteVMEM` has 80 units of 4 cycles; `WriteFloatFMA` has 1, the time in which a wave of 64 issues.
            memory_latency_cycles: stated(320.0, SI_SCHEDULE),
            waves_to_cover_arithmetic: stated(1.0, SI_SCHEDULE),
        },
    }
    Gfx1100 {
        cpu: "gfx1100",
        device: "AMD Radeon RX 7900 XTX",
        vendor: Vendor::Amd,
        occupancy: OccupancyRule {
            wave_threads: 32,
            simds: 4,
            waves_per_simd: 16,
            blocks_per_unit: 32,
            vector_registers: VectorRegisters { per_simd: 1536, granule: 24, addressable: 256 },
            scalar_registers: None,
            shared: SharedMemory { bytes: 131_072, most_of_block: 65_536, granule: 1, reserved: 0 },
            whole_blocks: false,
            source: "AMD RDNA3 Instruction Set Architecture (2023): waves of 32, 1536 vector registers a lane in blocks of 24, 16 \
                     waves a SIMD, 128 KiB of local data share of a work-group processor, 64 KiB of a block; LLVM 22, \
                     AMDGPUBaseInfo.cpp, IsaInfo: four SIMDs and 32 barriers of a work-group processor",
        },
        machine: MachineConstants {
            units: stated(48.0, XTX),
            clock_hz: stated(2.5e9, XTX),
            f16_flops_per_s: stated(122.8e12, XTX),
            f32_flops_per_s: stated(61.4e12, XTX),
            f64_flops_per_s: Sourced { value: None, source: "the specifications state no peak of 64-bit operations" },
            memory_bytes_per_s: stated(960.0e9, XTX),
            // `WriteVMEM` has 320 cycles and `WriteFloat` 5; a wave of 32 issues in one.
            memory_latency_cycles: stated(320.0, SI_SCHEDULE),
            waves_to_cover_arithmetic: stated(5.0, SI_SCHEDULE),
        },
    }
    Sm90 {
        cpu: "sm_90",
        device: "NVIDIA H100 SXM5",
        vendor: Vendor::Nvidia,
        occupancy: OccupancyRule {
            wave_threads: 32,
            simds: 4,
            waves_per_simd: 16,
            blocks_per_unit: 32,
            vector_registers: VectorRegisters { per_simd: 512, granule: 8, addressable: 255 },
            scalar_registers: None,
            shared: SharedMemory { bytes: 233_472, most_of_block: 232_448, granule: 128, reserved: 1024 },
            whole_blocks: true,
            source: "CUDA C++ Programming Guide, technical specifications of compute capability 9.0; CUDA Occupancy Calculator: \
                     registers are allocated in units of 256 a warp, shared memory in units of 128 bytes with 1 KiB reserved a block",
        },
        machine: MachineConstants {
            units: stated(132.0, H100),
            // 66.9e12 operations of 132 multiprocessors with 128 fused multiply-adds a cycle.
            clock_hz: stated(1.98e9, H100),
            f16_flops_per_s: stated(133.8e12, H100),
            f32_flops_per_s: stated(66.9e12, H100),
            f64_flops_per_s: stated(33.5e12, H100),
            memory_bytes_per_s: stated(3.352e12, H100),
            memory_latency_cycles: stated(478.8, "Luo et al., arXiv:2402.13499, latency of global memory on H100"),
            waves_to_cover_arithmetic: stated(
                4.0,
                "CUDA C++ Programming Guide, multiprocessor level: 4 cycles of dependent arithmetic, one warp a cycle and scheduler",
            ),
        },
    }
}

impl GpuTarget {
    /// The GPU's name, as LLVM's `-mcpu` takes it.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        self.gpu().cpu
    }

    /// The target of that name.
    #[must_use]
    pub fn from_cpu(cpu: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.cpu() == cpu)
    }

    /// LLVM's target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self.gpu().vendor {
            Vendor::Amd => "amdgcn-amd-amdhsa",
            Vendor::Nvidia => "nvptx64-nvidia-cuda",
        }
    }
}

impl std::fmt::Display for GpuTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cpu())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_complete() {
        for target in GpuTarget::ALL {
            let Gpu { cpu, device, occupancy, machine, .. } = *target.gpu();
            assert_eq!(GpuTarget::from_cpu(cpu), Some(target), "two GPUs are called {cpu}");
            assert_eq!(serde_json::to_value(target).unwrap(), cpu);
            assert_eq!(serde_json::from_value::<GpuTarget>(cpu.into()).unwrap(), target);
            assert!(!device.is_empty() && !occupancy.source.is_empty(), "{cpu}");
            let MachineConstants { units, clock_hz, f16_flops_per_s, f32_flops_per_s, f64_flops_per_s, .. } = machine;
            let MachineConstants { memory_bytes_per_s, memory_latency_cycles, waves_to_cover_arithmetic, .. } = machine;
            for constant in [units, clock_hz, f32_flops_per_s, memory_bytes_per_s, memory_latency_cycles] {
                assert!(constant.value.is_some_and(|value| value > 0.0), "{cpu}: {}", constant.source);
            }
            for constant in [f16_flops_per_s, f64_flops_per_s, waves_to_cover_arithmetic] {
                assert!(!constant.source.is_empty(), "{cpu}");
            }
        }
    }

    /// A peak is units times a multiple of 64 operations a cycle times the clock, within the rounding of data sheets.
    #[test]
    fn peaks_follow_from_units_and_clock() {
        for target in GpuTarget::ALL {
            let machine = target.gpu().machine;
            let (Some(units), Some(clock)) = (machine.units.value, machine.clock_hz.value) else { panic!("{target}") };
            for peak in [machine.f16_flops_per_s, machine.f32_flops_per_s, machine.f64_flops_per_s] {
                let Some(peak) = peak.value else { continue };
                let per_cycle = peak / (units * clock);
                let whole = 64.0 * (per_cycle / 64.0).round();
                assert!((per_cycle / whole - 1.0).abs() < 2e-3, "{target}: {per_cycle} operations a cycle of a unit");
            }
        }
    }

    #[test]
    fn the_documentation_lists_every_record() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gpu.md");
        let document = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> =
            document.lines().filter(|line| line.starts_with("| `")).take(GpuTarget::ALL.len()).collect();
        let expected = GpuTarget::ALL.map(|target| {
            let rule = target.gpu().occupancy;
            format!(
                "| `{target}` | {} | {} | {} | {} | {} |",
                target.gpu().device,
                rule.wave_threads,
                rule.simds,
                rule.waves_per_simd,
                rule.vector_registers.per_simd
            )
        });
        assert_eq!(rows, expected, "the table of {path} differs from the records");
    }
}
