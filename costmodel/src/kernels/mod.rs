//! What the mapping of parallel loops to GPU kernels makes of a function: the inputs of a model of GPUs.
//!
//! The mapping is that of the labels ([`ir::labels::gpu`], `docs/gpu.md`), followed on the normal form of the text without LLVM.
//! `nest` finds the kernels, `dependence` the loops that may run in parallel, `body` counts what their threads execute and hold in
//! registers. Registers and scratch memory are those of the largest kernel of a function, so each [`KernelFeature`] is the most of any
//! kernel; [`KernelCount`]s add up.

mod body;
mod dependence;
mod nest;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use ir::analysis::Analysis;
use ir::labels::gpu::{Demand, GpuSettings, GpuTarget, Launch, block_shape, roofline};
use ir::tree::OpId;
use names::{Named, named};

use self::body::Body;
use self::nest::{Nest, map};
use crate::features::{LARGEST, Unit, WorkKind};

/// Iterations of a parallel loop that the text does not bound.
const UNKNOWN_ITERATIONS: u64 = 32;

/// Registers that the bound of a kernel's time is computed with: few enough for the most resident waves.
const FEW_REGISTERS: u32 = 16;

macro_rules! kernel_features {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $unit:ident;)*) => {
        named! {
            /// A number about the kernels of a function: the most of any kernel, unless it says otherwise.
            pub enum KernelFeature {
                $($(#[doc = $doc])+ $name = $text,)*
            }
        }

        impl KernelFeature {
            /// Its unit.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self {
                    $(Self::$name => Unit::$unit,)*
                }
            }
        }
    };
}

kernel_features! {
    /// Kernels of the function.
    Kernels = "kernels", Loops;
    /// Launches of a call of the function, of all kernels.
    Launches = "launches", Entries;
    /// Most threads of a launch.
    MostThreads = "most_threads", Iterations;
    /// Fewest threads of a launch.
    FewestThreads = "fewest_threads", Iterations;
    /// Threads of a block.
    BlockThreads = "block_threads", Iterations;
    /// Parallel loops of a kernel.
    ParallelLoops = "parallel_loops", Loops;
    /// Whether the blocks do not divide the loops, so that threads check whether they have work.
    Guarded = "guarded", Flag;
    /// Registers of 32 bits with values that differ between threads, where most are live.
    VectorLive = "vector_live", Values;
    /// Registers of 32 bits with floating-point values that differ between threads, where most are live.
    FloatLive = "float_live", Values;
    /// Registers of 32 bits with values that are the same for all threads, where most are live.
    ScalarLive = "scalar_live", Values;
    /// As `vector_live`, with the loads of a block at its start.
    EagerLive = "eager_live", Values;
    /// As `vector_live`, with each load directly before its first use.
    LazyLive = "lazy_live", Values;
    /// Addresses that differ between threads; those that differ from each other by a constant count once.
    Addresses = "addresses", Values;
    /// As `addresses`, where only constants below 4 KiB count as the same address.
    AddressGroups = "address_groups", Values;
    /// Buffers that a kernel accesses.
    KernelBuffers = "kernel_buffers", Buffers;
    /// Operations in the code.
    CodeOperations = "code_operations", Operations;
    /// Loads in the code.
    CodeLoads = "code_loads", Operations;
    /// Stores in the code.
    CodeStores = "code_stores", Operations;
    /// Floating-point operations in the code.
    CodeFloats = "code_floats", Operations;
    /// Divisions and square roots in the code.
    CodeDivides = "code_divides", Operations;
    /// Calls of mathematical functions in the code.
    CodeCalls = "code_calls", Operations;
    /// Integer operations in the code.
    CodeIntegers = "code_integers", Operations;
    /// Integer divisions in the code.
    CodeIntegerDivides = "code_integer_divides", Operations;
    /// Address computations in the code.
    CodeAddresses = "code_addresses", Operations;
    /// Conversions in the code.
    CodeCasts = "code_casts", Operations;
    /// Minima, maxima, comparisons and selections in the code.
    CodeSelects = "code_selects", Operations;
    /// Operations on floating-point values of 64 bits in the code.
    CodeDoubles = "code_doubles", Operations;
    /// Operations on floating-point values of 16 bits in the code.
    CodeHalves = "code_halves", Operations;
    /// Conditions in the code.
    CodeBranches = "code_branches", Operations;
    /// Loops that a thread runs in order.
    SerialLoops = "serial_loops", Loops;
    /// Nesting of these loops.
    SerialDepth = "serial_depth", Loops;
    /// Iterations of one entry of an innermost loop.
    SerialTrips = "serial_trips", Iterations;
    /// Operations of the longest block.
    LongestBlock = "longest_block", Operations;
    /// Loads of the block that has most.
    LoadsTogether = "loads_together", Operations;
    /// Registers of 32 bits that these loads fill.
    LoadedRegisters = "loaded_registers", Values;
    /// Loads of an innermost loop.
    InnermostLoads = "innermost_loads", Operations;
    /// Operations of an innermost loop.
    InnermostOperations = "innermost_operations", Operations;
    /// Registers of 32 bits that a loop passes from iteration to iteration.
    CarriedRegisters = "carried_registers", Values;
    /// Loads from addresses that are the same for all threads.
    UniformLoads = "uniform_loads", Operations;
    /// Longest chain of dependent operations.
    KernelChain = "kernel_chain", Operations;
    /// Widest element accessed.
    WidestElement = "widest_element", Bits;
    /// Operations that a thread executes.
    ThreadOperations = "thread_operations", Operations;
    /// Loads and stores that a thread executes.
    ThreadAccesses = "thread_accesses", Operations;
    /// Floating-point operations a byte that memory has to move.
    Intensity = "intensity", Operations;
    /// Bytes that memory has to move, of all launches.
    CompulsoryBytes = "compulsory_bytes", Bytes;
    /// Bytes of an access of a thread.
    AccessBytes = "access_bytes", Bytes;
}

/// Counts of no kind of work and no GPU.
const PLAIN: usize = 3;

/// Number of counts of work of kernels.
pub const KERNEL_WORK: usize = WorkKind::COUNT + PLAIN + GpuTarget::ALL.len();

/// An additive count of the work of kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelCount {
    /// Operations of a kind executed by all threads.
    Executed(WorkKind),
    /// Threads of all launches.
    Threads,
    /// Iterations of loops that threads run in order.
    Iterations,
    /// Launches.
    Launches,
    /// The bound of the time of all launches on a GPU with the most resident waves, in microseconds.
    Bound(GpuTarget),
}

impl KernelCount {
    /// Number of counts by kind of work, which come first.
    pub(crate) const OF_KINDS: usize = WorkKind::COUNT;

    /// All counts in their order.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = WorkKind::ALL.into_iter().map(Self::Executed);
        let plain = [Self::Threads, Self::Iterations, Self::Launches];
        kinds.chain(plain).chain(GpuTarget::ALL.into_iter().map(Self::Bound))
    }

    fn index(self) -> usize {
        match self {
            Self::Executed(kind) => kind as usize,
            Self::Threads => WorkKind::COUNT,
            Self::Iterations => WorkKind::COUNT + 1,
            Self::Launches => WorkKind::COUNT + 2,
            Self::Bound(target) => WorkKind::COUNT + PLAIN + target as usize,
        }
    }

    /// Name in files and explanations.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Executed(kind) => format!("threads_{}", kind.name()).into(),
            Self::Threads => "threads".into(),
            Self::Iterations => "threads_iterations".into(),
            Self::Launches => "threads_launches".into(),
            Self::Bound(target) => format!("bound_{}_us", target.cpu()).into(),
        }
    }

    fn about(self) -> String {
        match self {
            Self::Executed(kind) => format!("Executed by all threads: {}", kind.about()),
            Self::Threads => "Threads of all launches".to_owned(),
            Self::Iterations => "Iterations of loops that threads run in order, of all threads".to_owned(),
            Self::Launches => "Launches of all kernels".to_owned(),
            Self::Bound(target) => {
                format!("Roofline of all launches on {} with the most resident waves", target.gpu().device)
            }
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Executed(_) => Unit::Operations.name(),
            Self::Threads | Self::Iterations => Unit::Iterations.name(),
            Self::Launches => Unit::Entries.name(),
            Self::Bound(_) => "us",
        }
    }
}

/// A Markdown section of all numbers of kernels: the end of `docs/features.md`.
#[must_use]
pub fn markdown() -> String {
    let mut section = String::from(
        "\n## Kernels\n\nNumbers of the kernels that a function's parallel loops become; models of GPUs see them besides all others. \
         A feature is the most\nof any kernel, unless it says otherwise; counts add up.\n\n| name | what | unit |\n| --- | --- | --- |\n",
    );
    for feature in KernelFeature::ALL {
        let _ = writeln!(section, "| `{}` | {} | {} |", feature.name(), feature.about(), feature.unit().name());
    }
    for count in KernelCount::all() {
        let _ = writeln!(section, "| `{}` | {} | {} |", count.name(), count.about(), count.unit());
    }
    section
}

/// The numbers of the kernels of a function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KernelNumbers {
    /// One number for each [`KernelFeature`], in that order.
    pub features: Vec<f32>,
    /// One number for each [`KernelCount`], in that order.
    pub work: Vec<f32>,
}

impl KernelNumbers {
    /// The waves of a SIMD that the blocks of the function's kernels can have on a GPU without shared memory, by registers.
    #[must_use]
    pub fn possible_waves(&self, target: GpuTarget) -> BTreeSet<u32> {
        let threads = self.features.get(KernelFeature::BlockThreads as usize).copied().unwrap_or(0.0);
        let rule = target.gpu().occupancy;
        let of = |vector_registers: u32| {
            let block_threads = (threads as u32).max(1);
            rule.occupancy(Demand { vector_registers, scalar_registers: 0, shared_bytes: 0, block_threads })
        };
        // Registers are allocated in granules, so one count of each granule stands for all.
        let counts = (1..=rule.vector_registers.addressable).step_by(rule.vector_registers.granule as usize);
        counts.filter_map(|count| Some(of(count)?.waves_per_simd)).collect()
    }
}

/// Why a function has no labels of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// No loop is found to be parallel.
    NoKernel,
    /// An operation on memory stands outside every kernel.
    Outside(OpId),
    /// The text has kernels or launches of its own.
    Written(OpId),
}

/// The numbers of a function's kernels, and why the mapping refuses the function, if it does.
#[must_use]
pub fn numbers(analysis: &Analysis<'_>, function: OpId) -> (KernelNumbers, Option<Unmapped>) {
    let mapped = map(analysis, function);
    let refused = match (mapped.written, mapped.nests.is_empty(), mapped.outside) {
        (Some(operation), ..) => Some(Unmapped::Written(operation)),
        (_, true, _) => Some(Unmapped::NoKernel),
        (.., Some(operation)) => Some(Unmapped::Outside(operation)),
        _ => None,
    };
    let mut numbers = Sums { features: vec![0.0; KernelFeature::COUNT], work: vec![0.0; KERNEL_WORK] };
    if let Some(counts) = analysis.function(function) {
        for nest in &mapped.nests {
            let threads: f64 = nest.iterations.iter().map(|n| n.unwrap_or(UNKNOWN_ITERATIONS) as f64).product();
            let body = body::read(analysis.tree(), counts, nest, threads * nest.launches);
            numbers.add(nest, threads, &body);
        }
    }
    let bounded = |numbers: &[f64]| numbers.iter().map(|&x| x.clamp(0.0, LARGEST) as f32).collect();
    (KernelNumbers { features: bounded(&numbers.features), work: bounded(&numbers.work) }, refused)
}

struct Sums {
    features: Vec<f64>,
    work: Vec<f64>,
}

impl Sums {
    fn add(&mut self, nest: &Nest, threads: f64, body: &Body) {
        use KernelFeature as F;
        let all = (threads * nest.launches).max(1.0);
        let block = block_shape(&nest.iterations, &GpuSettings::default());
        let block_threads = block.iter().product::<u64>() as f64;
        let inner = nest.iterations.iter().rev().zip(block);
        let guarded = inner.filter(|(count, threads)| count.is_none_or(|count| count % threads != 0)).count();
        let compulsory = bytes(body, nest.launches);
        let moved: f64 = body.buffers.values().map(|moved| moved.loaded + moved.stored).sum();
        let flops = body.flops.total();
        let code = |kinds: &[WorkKind]| kinds.iter().map(|&kind| body.code[kind as usize]).sum::<f64>();
        let add = |sum: &mut f64, amount: f64| *sum += amount;
        add(&mut self.features[F::Kernels as usize], 1.0);
        add(&mut self.features[F::Launches as usize], nest.launches);
        add(&mut self.features[F::CompulsoryBytes as usize], compulsory);
        let fewest = &mut self.features[F::FewestThreads as usize];
        *fewest = if *fewest == 0.0 { threads } else { fewest.min(threads) };
        for (feature, number) in [
            (F::MostThreads, threads),
            (F::BlockThreads, block_threads),
            (F::ParallelLoops, nest.iterations.len() as f64),
            (F::Guarded, f64::from(u8::from(guarded > 0))),
            (F::VectorLive, body.vector_live),
            (F::FloatLive, body.float_live),
            (F::ScalarLive, body.scalar_live),
            (F::EagerLive, body.eager_live),
            (F::LazyLive, body.lazy_live),
            (F::Addresses, body.addresses),
            (F::AddressGroups, body.address_groups),
            (F::LoadedRegisters, body.loaded_registers),
            (F::InnermostLoads, body.innermost_loads),
            (F::InnermostOperations, body.innermost_operations),
            (F::CarriedRegisters, body.carried),
            (F::UniformLoads, body.uniform_loads),
            (F::KernelBuffers, body.buffers.len() as f64),
            (F::CodeOperations, body.code.iter().sum()),
            (F::CodeLoads, code(&[WorkKind::Load])),
            (F::CodeStores, code(&[WorkKind::Store])),
            (F::CodeFloats, code(&[WorkKind::Float, WorkKind::F16, WorkKind::Bf16])),
            (F::CodeDivides, code(&[WorkKind::Divide])),
            (F::CodeCalls, code(&[WorkKind::Call, WorkKind::MathCall, WorkKind::Runtime])),
            (F::CodeIntegers, code(&[WorkKind::Integer])),
            (F::CodeIntegerDivides, code(&[WorkKind::IntegerDivide, WorkKind::ConstantDivide])),
            (F::CodeAddresses, code(&[WorkKind::Address])),
            (F::CodeCasts, code(&[WorkKind::Cast])),
            (F::CodeSelects, code(&[WorkKind::MinMax, WorkKind::Select])),
            (F::CodeDoubles, body.doubles),
            (F::CodeHalves, body.halves),
            (F::CodeBranches, body.branches),
            (F::SerialLoops, body.loops),
            (F::SerialDepth, body.depth),
            (F::SerialTrips, body.innermost_trips),
            (F::LongestBlock, body.longest_block),
            (F::LoadsTogether, body.loads_together),
            (F::KernelChain, body.chain),
            (F::WidestElement, body.widest),
            (F::ThreadOperations, body.executed.iter().sum::<f64>() / all),
            (F::ThreadAccesses, body.accesses / all),
            (F::Intensity, flops / compulsory.max(1.0)),
            (F::AccessBytes, moved / body.accesses.max(1.0)),
        ] {
            let most = &mut self.features[feature as usize];
            *most = most.max(number);
        }
        for kind in WorkKind::ALL {
            self.work[KernelCount::Executed(kind).index()] += body.executed[kind as usize];
        }
        self.work[KernelCount::Threads.index()] += all;
        self.work[KernelCount::Iterations.index()] += body.iterations;
        self.work[KernelCount::Launches.index()] += nest.launches;
        for target in GpuTarget::ALL {
            self.work[KernelCount::Bound(target).index()] += bound_us(target, nest, threads, body, compulsory);
        }
    }
}

/// Bytes that memory has to move: of each launch each buffer once as read and once as written, at most what is accessed.
fn bytes(body: &Body, launches: f64) -> f64 {
    let each = |moved: &body::Moved| {
        let most = moved.size.map_or(f64::INFINITY, |size| size * launches);
        moved.loaded.min(most) + moved.stored.min(most)
    };
    body.buffers.values().map(each).sum()
}

/// The roofline of all launches of a kernel with the most resident waves that its blocks allow, in microseconds; 0 where a constant of
/// the GPU is not known.
fn bound_us(target: GpuTarget, nest: &Nest, threads: f64, body: &Body, compulsory: f64) -> f64 {
    let gpu = target.gpu();
    let block = block_shape(&nest.iterations, &GpuSettings::default());
    let block_threads = block.iter().product::<u64>() as u32;
    let demand =
        Demand { vector_registers: FEW_REGISTERS, scalar_registers: FEW_REGISTERS, shared_bytes: 0, block_threads };
    let Some(occupancy) = gpu.occupancy.occupancy(demand) else { return 0.0 };
    let launches = nest.launches.max(1.0);
    let mut counts = nest.iterations.iter().rev().map(|n| n.unwrap_or(UNKNOWN_ITERATIONS));
    let along = |count: Option<u64>, threads: u64| count.unwrap_or(1).div_ceil(threads) as f64;
    let blocks =
        along(counts.next(), block[0]) * along(counts.next(), block[1]) * counts.map(|n| n as f64).product::<f64>();
    let waves = blocks * f64::from(block_threads.div_ceil(gpu.occupancy.wave_threads));
    let moved: f64 = body.buffers.values().map(|moved| moved.loaded + moved.stored).sum();
    let launch = Launch {
        flops: body.flops.times(1.0 / launches),
        compulsory_bytes: compulsory / launches,
        access_bytes: if body.accesses > 0.0 { moved / body.accesses } else { 0.0 },
        waves: waves.max(1.0),
        threads_per_wave: threads / waves.max(1.0),
        occupancy,
    };
    roofline(gpu, &launch).map_or(0.0, |roofline| 1e6 * roofline.seconds * launches)
}

#[cfg(test)]
mod tests;
