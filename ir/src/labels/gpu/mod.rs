//! Labels of GPU kernels, the GPUs they are for, and the protocol of their workers. Plain data without LLVM.
//!
//! A CPU label (the parent module) is of one function on one processor. A GPU label is of one *kernel* on one GPU: a function of
//! the text gives as many kernels as it has nests of parallel loops ([`FunctionKernels`]). `ir::mlir::gpu` makes them.
//!
//! Registers, spills, scratch and shared memory are the compiler's. Occupancy follows from them by the rule of the GPU
//! ([`occupancy`]). Work is counted in the optimised code of the threads. Time is a roofline with occupancy ([`mod@roofline`]): no
//! scheduling model of a GPU is used. What is not known is `None`, with a reason in [`KernelLabels::unknown`].

pub mod amdgpu;
mod geometry;
pub mod occupancy;
mod protocol;
pub mod ptxas;
pub mod roofline;
mod target;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::geometry::block_shape;
pub use self::occupancy::{Demand, Limit, Occupancy, OccupancyRule};
pub use self::protocol::{GpuBatch, GpuBatchReply, GpuReply, GpuToolchain};
pub use self::roofline::{Bound, Flops, Launch, Roofline, roofline};
pub use self::target::{Gpu, GpuTarget, MachineConstants, Sourced, Vendor};

use super::Failure;

/// Settings that GPU labels depend on besides the text and the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpuSettings {
    /// Most threads of a block that the mapping makes, a power of two from 1 to 1024.
    pub block_threads: u32,
    /// Most threads of such a block along the innermost loop if there is more than one loop, a power of two.
    pub block_width: u32,
    /// Most threads whose control flow is run to count work; they are spread evenly over the launch.
    pub sampled_threads: u32,
    /// Most bytes of a module's text.
    pub text_limit_bytes: u64,
    /// Most instructions of a module in LLVM IR, before optimisation and after it.
    pub instruction_limit: u64,
}

impl Default for GpuSettings {
    fn default() -> Self {
        Self {
            block_threads: 256,
            block_width: 64,
            sampled_threads: 16,
            text_limit_bytes: 4 << 20,
            instruction_limit: 20_000,
        }
    }
}

/// Where a kernel runs: the same for all targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Blocks in x, y and z.
    pub grid_blocks: Option<[u64; 3]>,
    /// Threads of a block in x, y and z.
    pub block_threads: Option<[u64; 3]>,
    /// Threads that pass the guard and do work, of a launch.
    pub active_threads: Option<u64>,
    /// Launches of a call of the function.
    pub launches: Option<u64>,
}

/// The labels of one kernel on one GPU. What is `None` has its reason in `unknown`, by the name of the field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KernelLabels {
    /// Vector registers of a thread; on NVIDIA its registers.
    pub vector_registers: Option<u32>,
    /// Accumulation registers among them, of AMD's matrix units.
    pub accumulation_registers: Option<u32>,
    /// Scalar registers of a wave.
    pub scalar_registers: Option<u32>,
    /// Vector registers that the allocator has spilled.
    pub vector_spills: Option<u32>,
    /// Scalar registers that the allocator has spilled.
    pub scalar_spills: Option<u32>,
    /// Bytes that the code of a thread stores to spill registers.
    pub spill_store_bytes: Option<u32>,
    /// Bytes that the code of a thread loads of spilled registers.
    pub spill_load_bytes: Option<u32>,
    /// Bytes of scratch (local) memory of a thread.
    pub scratch_bytes: Option<u32>,
    /// Bytes of shared memory of a block.
    pub shared_bytes: Option<u32>,
    /// Machine instructions in the code.
    pub instructions_static: Option<u64>,
    /// Machine instructions that an active thread executes, on average.
    pub instructions_dynamic: Option<f64>,
    /// Resident waves.
    pub occupancy: Option<Occupancy>,
    /// Floating-point operations of a launch, by type.
    pub flops: Option<Flops>,
    /// Bytes that all threads of a launch load from device memory, each load counted.
    pub loaded_bytes: Option<f64>,
    /// Bytes that all threads of a launch store to device memory, each store counted.
    pub stored_bytes: Option<f64>,
    /// Bytes that a launch must move at least: each buffer once in each direction that it is used.
    pub compulsory_bytes: Option<f64>,
    /// Whether operations, bytes and `instructions_dynamic` are exact: every thread takes the same path, independent of data.
    pub counts_exact: Option<bool>,
    /// Bound of the time of a launch.
    pub roofline: Option<Roofline>,
    /// Why a field is `None`, by its name.
    pub unknown: BTreeMap<String, String>,
}

impl KernelLabels {
    /// Registers that are spilled; NVIDIA's tool states bytes, a register has four.
    #[must_use]
    pub fn spilled_registers(&self) -> Option<u64> {
        let registers =
            self.vector_spills.zip(self.scalar_spills).map(|(vector, scalar)| u64::from(vector) + u64::from(scalar));
        registers.or(self.spill_store_bytes.map(|bytes| u64::from(bytes.div_ceil(4))))
    }

    /// Gives the reason for fields without a value.
    pub fn explain(&mut self, fields: &[&str], reason: &str) {
        for field in fields {
            self.unknown.entry((*field).to_owned()).or_insert_with(|| reason.to_owned());
        }
    }
}

/// One kernel on all targets of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// Its symbol name.
    pub kernel: String,
    /// Line and column, from 1, of the loop or launch that it was made from.
    pub place: Option<(usize, usize)>,
    /// Where it runs.
    pub geometry: Geometry,
    /// Why fields of the geometry are `None`, by their name.
    pub unknown: BTreeMap<String, String>,
    /// One outcome a target, in the order of the batch.
    pub targets: Vec<GpuOutcome>,
}

/// The labels of one kernel on one GPU, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuOutcome {
    /// The labels.
    Labels(Box<KernelLabels>),
    /// Why there are none.
    Failure(Failure),
}

/// A function of the text and its kernels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionKernels {
    /// Symbol name of the function; of a kernel without a host function in the text, the kernel's.
    pub function: String,
    /// Its kernels in the order of their launches; empty if there is a refusal.
    pub kernels: Vec<Kernel>,
    /// Why the mapping refuses the function.
    pub refusal: Option<Refusal>,
}

/// Why a function has no kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What the mapping cannot do.
    pub reason: String,
    /// Line and column, from 1, of the operation.
    pub place: Option<(usize, usize)>,
}

/// Labels of a function on one target: of its kernels together and of all launches of a call. Everything is `None` if a kernel has no
/// code on the target; one number is if a term of it is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FunctionTotals {
    /// Kernels.
    pub kernels: Option<u64>,
    /// Launches of all kernels.
    pub launches: Option<u64>,
    /// Most vector registers of a kernel.
    pub vector_registers_max: Option<u32>,
    /// Most scalar registers of a kernel; AMD only.
    pub scalar_registers_max: Option<u32>,
    /// Registers that the kernels spill: on AMD vector and scalar registers, on NVIDIA words of 4 bytes that the code stores to spill.
    pub spilled_registers: Option<u64>,
    /// Most bytes of scratch memory of a thread.
    pub scratch_bytes_max: Option<u32>,
    /// Most bytes of shared memory of a block.
    pub shared_bytes_max: Option<u32>,
    /// Fewest resident waves of a SIMD.
    pub waves_per_simd_min: Option<u32>,
    /// Machine instructions in the code of the kernels.
    pub instructions_static: Option<u64>,
    /// Machine instructions that all active threads of all launches execute; AMD only.
    pub instructions_executed: Option<f64>,
    /// Floating-point operations.
    pub flops: Option<f64>,
    /// Bytes that must move at least.
    pub compulsory_bytes: Option<f64>,
    /// Seconds by the roofline, one launch after the other.
    pub roofline_seconds: Option<f64>,
    /// Time that the operations take at the peaks over `roofline_seconds`.
    pub arithmetic_utilization: Option<f64>,
    /// Time that the compulsory bytes take at the peak over `roofline_seconds`.
    pub bandwidth_utilization: Option<f64>,
    /// Whether the counts of all kernels are exact.
    pub counts_exact: Option<bool>,
}

impl FunctionKernels {
    /// The totals for one target of the batch.
    #[must_use]
    pub fn totals(&self, target: usize) -> FunctionTotals {
        let labels = self.kernels.iter().map(|kernel| match kernel.targets.get(target) {
            Some(GpuOutcome::Labels(labels)) => Some((&kernel.geometry, &**labels)),
            _ => None,
        });
        let Some(all) = labels.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) else {
            return FunctionTotals::default();
        };
        let each = |of: fn(&KernelLabels) -> Option<u32>| -> Option<Vec<u32>> {
            all.iter().map(|(_, labels)| of(labels)).collect()
        };
        let most = |of| each(of).and_then(|all| all.into_iter().max());
        let count =
            |of: fn(&KernelLabels) -> Option<u64>| -> Option<u64> { all.iter().map(|(_, labels)| of(labels)).sum() };
        // Of a launch, over all launches.
        let sum = |of: fn(&KernelLabels) -> Option<f64>| -> Option<f64> {
            all.iter().map(|(geometry, labels)| Some(of(labels)? * geometry.launches? as f64)).sum()
        };
        let executed = |(geometry, labels): &(&Geometry, &KernelLabels)| {
            Some(labels.instructions_dynamic? * geometry.active_threads? as f64 * geometry.launches? as f64)
        };
        let roofline_seconds = sum(|labels| labels.roofline.map(|roofline| roofline.seconds));
        let share = |of| Some(sum(of)? / roofline_seconds.filter(|&seconds| seconds > 0.0)?);
        FunctionTotals {
            kernels: Some(all.len() as u64),
            launches: all.iter().map(|(geometry, _)| geometry.launches).sum(),
            vector_registers_max: most(|labels| labels.vector_registers),
            scalar_registers_max: most(|labels| labels.scalar_registers),
            spilled_registers: count(KernelLabels::spilled_registers),
            scratch_bytes_max: most(|labels| labels.scratch_bytes),
            shared_bytes_max: most(|labels| labels.shared_bytes),
            waves_per_simd_min: each(|labels| labels.occupancy.map(|occupancy| occupancy.waves_per_simd))
                .and_then(|all| all.into_iter().min()),
            instructions_static: count(|labels| labels.instructions_static),
            instructions_executed: all.iter().map(executed).sum(),
            flops: sum(|labels| labels.flops.map(Flops::total)),
            compulsory_bytes: sum(|labels| labels.compulsory_bytes),
            roofline_seconds,
            arithmetic_utilization: share(|labels| {
                labels.roofline.map(|roofline| roofline.arithmetic_utilization * roofline.seconds)
            }),
            bandwidth_utilization: share(|labels| {
                labels.roofline.map(|roofline| roofline.bandwidth_utilization * roofline.seconds)
            }),
            counts_exact: all
                .iter()
                .map(|(_, labels)| labels.counts_exact)
                .collect::<Option<Vec<_>>>()
                .map(|all| all.into_iter().all(|exact| exact)),
        }
    }

    /// Why the function has no labels on one target of the batch: the failure of its first kernel that has none.
    #[must_use]
    pub fn failure(&self, target: usize) -> Option<&Failure> {
        self.kernels.iter().find_map(|kernel| match kernel.targets.get(target) {
            Some(GpuOutcome::Failure(failure)) => Some(failure),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(launches: Option<u64>, bytes: Option<f64>, registers: u32) -> Kernel {
        let labels =
            KernelLabels { vector_registers: Some(registers), compulsory_bytes: bytes, ..KernelLabels::default() };
        with(launches, labels)
    }

    fn with(launches: Option<u64>, labels: KernelLabels) -> Kernel {
        Kernel {
            kernel: "k".into(),
            place: None,
            geometry: Geometry { launches, active_threads: Some(64), ..Geometry::default() },
            unknown: BTreeMap::new(),
            targets: vec![GpuOutcome::Labels(Box::new(labels))],
        }
    }

    fn function(kernels: Vec<Kernel>) -> FunctionKernels {
        FunctionKernels { function: "f".into(), kernels, refusal: None }
    }

    #[test]
    fn totals_are_over_launches_and_unknown_with_an_unknown_term() {
        let totals = function(vec![kernel(Some(3), Some(10.0), 8), kernel(Some(1), Some(5.0), 24)]).totals(0);
        assert_eq!((totals.kernels, totals.launches), (Some(2), Some(4)));
        assert_eq!(totals.compulsory_bytes, Some(35.0));
        assert_eq!(totals.vector_registers_max, Some(24));
        assert_eq!((totals.roofline_seconds, totals.arithmetic_utilization, totals.counts_exact), (None, None, None));
        let unknown = function(vec![kernel(None, Some(10.0), 8), kernel(Some(1), Some(5.0), 24)]).totals(0);
        assert_eq!((unknown.compulsory_bytes, unknown.launches, unknown.kernels), (None, None, Some(2)));
        assert_eq!(unknown.vector_registers_max, Some(24));
        assert_eq!(function(Vec::new()).totals(0), FunctionTotals::default());
    }

    /// Shares are weighted by the time of the launches; spills of both vendors are registers.
    #[test]
    fn totals_of_both_vendors() {
        let roofline = |seconds, share| Roofline {
            seconds,
            cycles: 0.0,
            bound: Bound::Arithmetic,
            arithmetic_utilization: share,
            bandwidth_utilization: 1.0 - share,
        };
        let amd = |spills, instructions, seconds, share, exact| KernelLabels {
            vector_spills: Some(spills),
            scalar_spills: Some(1),
            instructions_static: Some(instructions),
            instructions_dynamic: Some(instructions as f64),
            roofline: Some(roofline(seconds, share)),
            counts_exact: Some(exact),
            ..KernelLabels::default()
        };
        let totals =
            function(vec![with(Some(2), amd(5, 10, 1.0, 1.0, true)), with(Some(1), amd(0, 20, 6.0, 0.5, false))])
                .totals(0);
        assert_eq!((totals.spilled_registers, totals.instructions_static), (Some(7), Some(30)));
        assert_eq!(totals.instructions_executed, Some(64.0 * (2.0 * 10.0 + 20.0)));
        assert_eq!((totals.roofline_seconds, totals.counts_exact), (Some(8.0), Some(false)));
        assert_eq!((totals.arithmetic_utilization, totals.bandwidth_utilization), (Some(5.0 / 8.0), Some(3.0 / 8.0)));
        let nvidia = KernelLabels { spill_store_bytes: Some(10), ..KernelLabels::default() };
        assert_eq!(function(vec![with(Some(1), nvidia.clone())]).totals(0).spilled_registers, Some(3));
        // A kernel without code leaves nothing known of the function on that target.
        let failure = Failure { phase: super::super::Phase::Translate, reason: "no function".into() };
        let broken = Kernel { targets: vec![GpuOutcome::Failure(failure.clone())], ..kernel(Some(1), None, 8) };
        let function = function(vec![with(Some(1), nvidia), broken]);
        assert_eq!((function.totals(0), function.failure(0)), (FunctionTotals::default(), Some(&failure)));
    }
}
