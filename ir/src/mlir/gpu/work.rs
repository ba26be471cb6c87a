//! Work of a kernel's threads, counted in its optimised LLVM IR: operations and bytes of each block times its executions.
//!
//! The control flow of threads spread evenly over the launch is run with their own numbers of thread and block, and the counts
//! are averaged. Loads and stores of stack slots and of shared memory are no traffic of device memory. A fused multiply-add has
//! two operations; an addition, subtraction, multiplication, division, remainder, and a call of a mathematical function one.

use std::collections::BTreeMap;

use llvm_sys::core::*;
use llvm_sys::prelude::*;
use llvm_sys::target::{LLVMGetModuleDataLayout, LLVMStoreSizeOfType, LLVMTargetDataRef};
use llvm_sys::{LLVMOpcode, LLVMTypeKind};

use crate::labels::gpu::{Flops, GpuTarget, Vendor};
use crate::mlir::codegen::control::{self, Counts};
use crate::mlir::codegen::llvm::{Code, blocks};
use crate::mlir::codegen::read_control::{self, Known, callee};

/// Most block executions when the control flow of one thread is run.
const FUEL: u64 = 1_000_000;

/// Where threads are: iterations along x, y and z, threads of a block, blocks; and the arguments that are constants.
#[derive(Clone, Default)]
pub(super) struct Space {
    pub(super) extents: [u64; 3],
    pub(super) block: [u64; 3],
    pub(super) grid: [u64; 3],
    pub(super) arguments: BTreeMap<u32, u64>,
}

/// Executions of the blocks of a kernel, averaged over threads.
pub(super) struct Executions {
    /// Mean counts.
    pub(super) counts: Counts,
    /// Whether all threads that were run take the same path and no branch depends on data.
    pub(super) exact: bool,
}

/// Runs the control flow of sampled threads of every kernel in the code; a kernel whose control flow does not end is left out.
pub(super) fn executions(
    code: &Code,
    target: GpuTarget,
    spaces: &BTreeMap<String, Option<Space>>,
    samples: u32,
) -> BTreeMap<String, Executions> {
    let mut all = BTreeMap::new();
    for (name, space) in spaces {
        let threads = match space {
            Some(space) => sample(space, u64::from(samples.max(1))),
            None => vec![Known::default()],
        };
        let prefix = registers(target);
        let run = |thread: &Known| {
            let thread = Known {
                vscale: 1,
                intrinsics: thread.intrinsics.iter().map(|(key, &value)| (prefix(key), value)).collect(),
                arguments: space.as_ref().map_or_else(BTreeMap::new, |space| space.arguments.clone()),
            };
            let (_, flow) = read_control::read(code, &thread).into_iter().find(|(kernel, _)| kernel == name)?;
            control::run(&flow, FUEL)
        };
        let counts: Option<Vec<Counts>> = threads.iter().map(run).collect();
        if let Some(counts) = counts.filter(|counts| !counts.is_empty()) {
            let exact = space.is_some()
                && counts.iter().all(|one| !one.data_dependent && one.exact.iter().all(|&exact| exact))
                && counts.windows(2).all(|pair| pair[0].blocks == pair[1].blocks && pair[0].edges == pair[1].edges);
            all.insert(name.clone(), Executions { counts: mean(&counts), exact });
        }
    }
    all
}

/// The intrinsic that reads a number of a thread or block, such as `thread.x`.
fn registers(target: GpuTarget) -> impl Fn(&str) -> String {
    move |key: &str| {
        let (what, axis) = key.split_once('.').unwrap_or((key, ""));
        match (target.gpu().vendor, what) {
            (Vendor::Amd, "thread") => format!("llvm.amdgcn.workitem.id.{axis}"),
            (Vendor::Amd, "block") => format!("llvm.amdgcn.workgroup.id.{axis}"),
            // Sizes are read from the dispatch packet, which is memory.
            (Vendor::Amd, _) => String::new(),
            (Vendor::Nvidia, "thread") => format!("llvm.nvvm.read.ptx.sreg.tid.{axis}"),
            (Vendor::Nvidia, "block") => format!("llvm.nvvm.read.ptx.sreg.ctaid.{axis}"),
            (Vendor::Nvidia, "threads") => format!("llvm.nvvm.read.ptx.sreg.ntid.{axis}"),
            (Vendor::Nvidia, _) => format!("llvm.nvvm.read.ptx.sreg.nctaid.{axis}"),
        }
    }
}

/// Threads in the middle of equal parts of the iterations, in the order in which the innermost loop is fastest.
fn sample(space: &Space, samples: u64) -> Vec<Known> {
    let Space { extents, block, grid, .. } = space;
    let all = extents.iter().map(|&extent| u128::from(extent)).product::<u128>();
    let samples = u128::from(samples).min(all);
    (0..samples)
        .map(|part| {
            let mut rest = (2 * part + 1) * all / (2 * samples);
            let mut intrinsics = BTreeMap::new();
            for (at, axis) in ["x", "y", "z"].into_iter().enumerate() {
                let iteration = (rest % u128::from(extents[at])) as u64;
                rest /= u128::from(extents[at]);
                intrinsics.insert(format!("thread.{axis}"), iteration % block[at]);
                intrinsics.insert(format!("block.{axis}"), iteration / block[at]);
                intrinsics.insert(format!("threads.{axis}"), block[at]);
                intrinsics.insert(format!("blocks.{axis}"), grid[at]);
            }
            Known { vscale: 1, intrinsics, arguments: BTreeMap::new() }
        })
        .collect()
}

fn mean(all: &[Counts]) -> Counts {
    let share = 1.0 / all.len() as f64;
    let mut sum = all[0].clone();
    sum.exact = (0..sum.blocks.len())
        .map(|block| all.iter().all(|one| one.exact[block] && one.blocks[block] == all[0].blocks[block]))
        .collect();
    sum.data_dependent = all.iter().any(|one| one.data_dependent);
    for block in 0..sum.blocks.len() {
        sum.blocks[block] = all.iter().map(|one| one.blocks[block]).sum::<f64>() * share;
        for edge in 0..sum.edges[block].len() {
            sum.edges[block][edge] = all.iter().map(|one| one.edges[block][edge]).sum::<f64>() * share;
        }
    }
    sum
}

/// Work of one thread, on average.
#[derive(Default)]
pub(super) struct Work {
    pub(super) flops: Flops,
    pub(super) loaded_bytes: f64,
    pub(super) stored_bytes: f64,
    /// Loads and stores of device memory.
    pub(super) accesses: f64,
    /// Bytes loaded and stored of each argument.
    pub(super) arguments: BTreeMap<usize, [f64; 2]>,
    /// Whether each access is of an argument's buffer.
    pub(super) traced: bool,
}

/// The work of a thread of a kernel.
pub(super) fn work(code: &Code, kernel: &str, counts: &Counts) -> Option<Work> {
    let (_, function) = code.definitions().into_iter().find(|(name, _)| name == kernel)?;
    let mut work = Work { traced: true, ..Work::default() };
    for (block, &times) in blocks(function).into_iter().zip(&counts.blocks) {
        // SAFETY: walks the block's own list.
        unsafe {
            let mut instruction = LLVMGetFirstInstruction(block);
            while !instruction.is_null() {
                work.add(function, instruction, times);
                instruction = LLVMGetNextInstruction(instruction);
            }
        }
    }
    Some(work)
}

impl Work {
    unsafe fn add(&mut self, function: LLVMValueRef, instruction: LLVMValueRef, times: f64) {
        // SAFETY: an instruction of the function, with the operands that its opcode has.
        unsafe {
            let kind = LLVMTypeOf(instruction);
            match LLVMGetInstructionOpcode(instruction) {
                LLVMOpcode::LLVMFAdd
                | LLVMOpcode::LLVMFSub
                | LLVMOpcode::LLVMFMul
                | LLVMOpcode::LLVMFDiv
                | LLVMOpcode::LLVMFRem => self.calculate(kind, times),
                LLVMOpcode::LLVMLoad => self.access(function, LLVMGetOperand(instruction, 0), kind, [times, 0.0]),
                LLVMOpcode::LLVMStore => {
                    let kind = LLVMTypeOf(LLVMGetOperand(instruction, 0));
                    self.access(function, LLVMGetOperand(instruction, 1), kind, [0.0, times]);
                }
                LLVMOpcode::LLVMAtomicRMW => {
                    let kind = LLVMTypeOf(LLVMGetOperand(instruction, 1));
                    self.access(function, LLVMGetOperand(instruction, 0), kind, [times, times]);
                }
                LLVMOpcode::LLVMCall => self.call(instruction, kind, times),
                _ => {}
            }
        }
    }

    unsafe fn call(&mut self, call: LLVMValueRef, kind: LLVMTypeRef, times: f64) {
        let Some(name) = callee(call) else { return };
        let name = name.strip_prefix("llvm.").unwrap_or(&name);
        // SAFETY: any type has a kind.
        let operations = match name.split('.').next().unwrap_or("") {
            "fma" | "fmuladd" => 2.0,
            // Rounding, signs, comparisons and classes are no arithmetic.
            "fabs" | "copysign" | "floor" | "ceil" | "trunc" | "rint" | "nearbyint" | "round" | "roundeven"
            | "minnum" | "maxnum" | "minimum" | "maximum" | "is" | "canonicalize" => return,
            "memcpy" | "memset" | "memmove" => {
                self.traced = false;
                return;
            }
            _ => 1.0,
        };
        // SAFETY: as above.
        unsafe { self.calculate(kind, times * operations) };
    }

    unsafe fn calculate(&mut self, kind: LLVMTypeRef, operations: f64) {
        // SAFETY: a type; vectors have an element type.
        unsafe {
            let (element, lanes) = match LLVMGetTypeKind(kind) {
                LLVMTypeKind::LLVMVectorTypeKind => (LLVMGetElementType(kind), f64::from(LLVMGetVectorSize(kind))),
                _ => (kind, 1.0),
            };
            match LLVMGetTypeKind(element) {
                LLVMTypeKind::LLVMHalfTypeKind | LLVMTypeKind::LLVMBFloatTypeKind => {
                    self.flops.f16 += operations * lanes;
                }
                LLVMTypeKind::LLVMFloatTypeKind => self.flops.f32 += operations * lanes,
                LLVMTypeKind::LLVMDoubleTypeKind => self.flops.f64 += operations * lanes,
                _ => {}
            }
        }
    }

    unsafe fn access(
        &mut self,
        function: LLVMValueRef,
        pointer: LLVMValueRef,
        kind: LLVMTypeRef,
        [loads, stores]: [f64; 2],
    ) {
        // SAFETY: a pointer and a sized type of the function's module.
        unsafe {
            let layout: LLVMTargetDataRef = LLVMGetModuleDataLayout(LLVMGetGlobalParent(function));
            let bytes = LLVMStoreSizeOfType(layout, kind) as f64;
            match origin(function, pointer) {
                Origin::Private => return,
                Origin::Argument(index) => {
                    let both = self.arguments.entry(index).or_insert([0.0; 2]);
                    both[0] += loads * bytes;
                    both[1] += stores * bytes;
                }
                Origin::Unknown => self.traced = false,
            }
            self.loaded_bytes += loads * bytes;
            self.stored_bytes += stores * bytes;
            self.accesses += loads + stores;
        }
    }
}

/// Where an access goes.
enum Origin {
    /// A stack slot, or shared memory.
    Private,
    /// The buffer of an argument.
    Argument(usize),
    /// Somewhere else.
    Unknown,
}

/// The object that a pointer points into.
unsafe fn origin(function: LLVMValueRef, pointer: LLVMValueRef) -> Origin {
    /// The address space of shared memory, and those of stack slots, on both vendors.
    const SHARED: [u32; 2] = [3, 5];
    let mut pending = vec![pointer];
    let mut seen = vec![];
    let mut found: Option<usize> = None;
    // SAFETY: values of the function; operand indices below their count.
    unsafe {
        while let Some(value) = pending.pop() {
            if seen.contains(&value) {
                continue;
            }
            seen.push(value);
            if SHARED.contains(&LLVMGetPointerAddressSpace(LLVMTypeOf(value))) || !LLVMIsAAllocaInst(value).is_null() {
                return Origin::Private;
            }
            if !LLVMIsAArgument(value).is_null() {
                let index = (0..LLVMCountParams(function)).find(|&index| LLVMGetParam(function, index) == value);
                match (index, found) {
                    (Some(index), None) => found = Some(index as usize),
                    (Some(index), Some(other)) if other == index as usize => {}
                    _ => return Origin::Unknown,
                }
            } else if !LLVMIsAGetElementPtrInst(value).is_null()
                || !LLVMIsAAddrSpaceCastInst(value).is_null()
                || !LLVMIsABitCastInst(value).is_null()
            {
                pending.push(LLVMGetOperand(value, 0));
            } else if !LLVMIsAPHINode(value).is_null() {
                pending.extend((0..LLVMCountIncoming(value)).map(|index| LLVMGetIncomingValue(value, index)));
            } else if !LLVMIsASelectInst(value).is_null() {
                pending.extend([LLVMGetOperand(value, 1), LLVMGetOperand(value, 2)]);
            } else {
                return Origin::Unknown;
            }
        }
    }
    found.map_or(Origin::Unknown, Origin::Argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_threads_are_spread_over_the_iterations() {
        let space = Space { extents: [1000, 3, 1], block: [64, 4, 1], grid: [16, 1, 1], ..Space::default() };
        let all = sample(&space, 4);
        let numbers = |key: &str| all.iter().map(|one| one.intrinsics[key]).collect::<Vec<_>>();
        // 3000 iterations in four parts of 750: their middles are 375, 1125, 1875, 2625.
        assert_eq!(numbers("block.x"), [5, 1, 13, 9]);
        assert_eq!(numbers("thread.x"), [55, 61, 43, 49]);
        assert_eq!(numbers("thread.y"), [0, 1, 1, 2]);
        assert_eq!(sample(&Space { extents: [2, 1, 1], ..space }, 16).len(), 2);
    }
}
