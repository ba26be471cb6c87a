//! Occupancy: how many waves are resident on a SIMD, from registers, shared memory and slots.
//!
//! A *wave* is a wavefront (AMD) or warp (NVIDIA); a *block* is a work-group or thread block; a *unit* has the SIMDs that share the
//! block's memory: a compute unit, a work-group processor (RDNA), or a multiprocessor. The rule of a GPU is data
//! ([`OccupancyRule`]) with its source.
//!
//! On AMD the result is LLVM's: the least of what each resource alone allows, without rounding registers to whole blocks. On NVIDIA
//! it is the occupancy calculator's: whole blocks.

use serde::{Deserialize, Serialize};

/// Registers of every lane of a SIMD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VectorRegisters {
    /// Registers of 32 bits that the waves of a SIMD share.
    pub per_simd: u32,
    /// Registers are allocated in multiples of this.
    pub granule: u32,
    /// Most registers of one wave.
    pub addressable: u32,
}

/// Waves that scalar registers allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalarRule {
    /// Most scalar registers with which `waves` fit.
    pub most: u32,
    /// Waves of a SIMD with up to `most` registers.
    pub waves: u32,
    /// Waves of a SIMD with more.
    pub waves_beyond: u32,
}

/// Memory that the threads of a block share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedMemory {
    /// Bytes of a unit.
    pub bytes: u32,
    /// Most bytes of one block.
    pub most_of_block: u32,
    /// Bytes are allocated in multiples of this.
    pub granule: u32,
    /// Bytes that the system takes of each block.
    pub reserved: u32,
}

/// What limits the resident waves of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccupancyRule {
    /// Threads of a wave.
    pub wave_threads: u32,
    /// SIMDs of a unit.
    pub simds: u32,
    /// Slots for waves of a SIMD.
    pub waves_per_simd: u32,
    /// Most resident blocks of a unit; on AMD of blocks with more than one wave, which need a barrier.
    pub blocks_per_unit: u32,
    /// Registers of each lane.
    pub vector_registers: VectorRegisters,
    /// Registers of each wave, where they limit occupancy.
    pub scalar_registers: Option<ScalarRule>,
    /// Shared memory.
    pub shared: SharedMemory,
    /// Whether only whole blocks count.
    pub whole_blocks: bool,
    /// The public documents.
    pub source: &'static str,
}

/// What a kernel needs of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Vector registers of a thread.
    pub vector_registers: u32,
    /// Scalar registers of a wave; 0 if the GPU has none.
    pub scalar_registers: u32,
    /// Bytes of shared memory of a block.
    pub shared_bytes: u32,
    /// Threads of a block, at least 1.
    pub block_threads: u32,
}

/// What limits occupancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Slots for waves.
    WaveSlots,
    /// Slots for blocks.
    BlockSlots,
    /// Shared memory.
    SharedMemory,
    /// Vector registers.
    VectorRegisters,
    /// Scalar registers.
    ScalarRegisters,
}

impl Limit {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WaveSlots => "wave slots",
            Self::BlockSlots => "block slots",
            Self::SharedMemory => "shared memory",
            Self::VectorRegisters => "vector registers",
            Self::ScalarRegisters => "scalar registers",
        }
    }
}

/// Resident waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Waves of the fullest SIMD.
    pub waves_per_simd: u32,
    /// Waves of a unit.
    pub waves_per_unit: u32,
    /// Slots for waves of a unit.
    pub slots_per_unit: u32,
    /// The first resource that allows no more.
    pub limited_by: Limit,
}

impl OccupancyRule {
    /// Resident waves of a kernel; `None` if it does not fit: too many registers, threads or bytes for one block.
    #[must_use]
    pub fn occupancy(&self, demand: Demand) -> Option<Occupancy> {
        let waves_per_block = demand.block_threads.div_ceil(self.wave_threads).max(1);
        let slots = self.simds * self.waves_per_simd;
        let file = self.vector_registers;
        if demand.vector_registers > file.addressable || waves_per_block > slots {
            return None;
        }
        let shared = u64::from(demand.shared_bytes) + u64::from(self.shared.reserved);
        let shared = shared.next_multiple_of(u64::from(self.shared.granule));
        let by_shared = u64::from(self.shared.bytes).checked_div(shared).map_or(u32::MAX, |blocks| blocks as u32);
        if by_shared == 0 || demand.shared_bytes > self.shared.most_of_block {
            return None;
        }
        let allocated = demand.vector_registers.max(1).next_multiple_of(file.granule);
        let by_vector = (file.per_simd / allocated).clamp(1, self.waves_per_simd);
        let by_scalar = self.scalar_registers.map_or(self.waves_per_simd, |rule| {
            if demand.scalar_registers <= rule.most { rule.waves } else { rule.waves_beyond }
        });
        let block_slots = if self.whole_blocks || waves_per_block > 1 { self.blocks_per_unit } else { slots };
        // Resident waves of a unit if only one resource were limited, in the order in which limits are named.
        let blocks = |count: u32| count.min(slots / waves_per_block) * waves_per_block;
        let by_registers = |waves: u32| {
            let waves = waves * self.simds;
            if self.whole_blocks { waves / waves_per_block * waves_per_block } else { waves }
        };
        let limits = [
            (Limit::WaveSlots, blocks(u32::MAX)),
            (Limit::BlockSlots, blocks(block_slots)),
            (Limit::SharedMemory, blocks(by_shared)),
            (Limit::VectorRegisters, by_registers(by_vector)),
            (Limit::ScalarRegisters, by_registers(by_scalar)),
        ];
        let (mut limited_by, mut waves) = limits[0];
        for (limit, allowed) in limits {
            if allowed < waves {
                (limited_by, waves) = (limit, allowed);
            }
        }
        (waves > 0).then(|| Occupancy {
            waves_per_simd: waves.div_ceil(self.simds).clamp(1, self.waves_per_simd),
            waves_per_unit: waves,
            slots_per_unit: slots,
            limited_by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::target::GpuTarget;
    use super::*;

    fn occupancy(target: GpuTarget, vector_registers: u32, shared_bytes: u32, block_threads: u32) -> Option<Occupancy> {
        let demand = Demand { vector_registers, scalar_registers: 32, shared_bytes, block_threads };
        target.gpu().occupancy.occupancy(demand)
    }

    /// Points of the CUDA Occupancy Calculator for compute capability 9.0: registers a thread, bytes of shared memory a block,
    /// threads a block, and active warps of a multiprocessor.
    #[test]
    fn warps_of_sm_90_are_those_of_the_occupancy_calculator() {
        let points = [
            (32, 0, 256, 64),
            (33, 0, 256, 48),
            (40, 0, 256, 48),
            (41, 0, 256, 40),
            (48, 0, 256, 40),
            (64, 0, 256, 32),
            (65, 0, 256, 24),
            (96, 0, 256, 16),
            (128, 0, 256, 16),
            (168, 0, 128, 12),
            (255, 0, 256, 8),
            (255, 0, 32, 8),
            (64, 0, 1024, 32),
            (65, 0, 512, 16),
            (32, 0, 32, 32),
            (32, 0, 64, 64),
            (32, 49_152, 256, 32),
            (32, 102_400, 256, 16),
            (32, 232_448, 1024, 32),
            (16, 0, 1024, 64),
        ];
        for (registers, shared, threads, warps) in points {
            let found = occupancy(GpuTarget::Sm90, registers, shared, threads).unwrap();
            assert_eq!(found.waves_per_unit, warps, "{registers} registers, {shared} bytes, {threads} threads");
        }
        // 1024 threads of 65 registers and more do not fit, and 227 KiB are the most of a block.
        assert_eq!(occupancy(GpuTarget::Sm90, 65, 0, 1024), None);
        assert_eq!(occupancy(GpuTarget::Sm90, 32, 232_449, 256), None);
        assert_eq!(occupancy(GpuTarget::Sm90, 256, 0, 256), None);
    }

    #[test]
    fn the_limit_that_binds_is_named() {
        let limit =
            |target, registers, shared, threads| occupancy(target, registers, shared, threads).unwrap().limited_by;
        assert_eq!(limit(GpuTarget::Sm90, 16, 0, 256), Limit::WaveSlots);
        assert_eq!(limit(GpuTarget::Sm90, 16, 0, 32), Limit::BlockSlots);
        assert_eq!(limit(GpuTarget::Sm90, 64, 0, 256), Limit::VectorRegisters);
        assert_eq!(limit(GpuTarget::Sm90, 16, 100_000, 256), Limit::SharedMemory);
        let scalar = Demand { vector_registers: 8, scalar_registers: 101, shared_bytes: 0, block_threads: 256 };
        let found = GpuTarget::Gfx942.gpu().occupancy.occupancy(scalar).unwrap();
        assert_eq!((found.waves_per_simd, found.limited_by), (7, Limit::ScalarRegisters));
    }

    /// More of a resource never allows more waves.
    #[test]
    fn occupancy_falls_with_registers_and_shared_memory() {
        for target in GpuTarget::ALL {
            for threads in [32, 64, 256, 1024] {
                let waves = |registers, shared| {
                    occupancy(target, registers, shared, threads).map_or(0, |found| found.waves_per_unit)
                };
                for registers in 1..target.gpu().occupancy.vector_registers.addressable {
                    assert!(waves(registers + 1, 0) <= waves(registers, 0), "{target}: {registers} of {threads}");
                }
                for shared in (0..300_000).step_by(997) {
                    assert!(waves(16, shared + 997) <= waves(16, shared), "{target}: {shared} of {threads}");
                }
            }
        }
    }
}
