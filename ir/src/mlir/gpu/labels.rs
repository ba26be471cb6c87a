//! Labels of one kernel from its code and its launch.

use super::device::{Compiled, MachineCode};
use super::kernels::{KernelFunction, KernelLaunch};
use super::work::Work;
use crate::labels::gpu::{Demand, Geometry, GpuTarget, KernelLabels, Launch, Vendor, roofline};

/// Fields that are counted in the code of the threads.
const WORK: [&str; 6] =
    ["flops", "loaded_bytes", "stored_bytes", "compulsory_bytes", "counts_exact", "instructions_dynamic"];

/// Fields of the machine code that NVIDIA's tool states.
const PTXAS: [&str; 6] = [
    "vector_registers",
    "spill_store_bytes",
    "spill_load_bytes",
    "scratch_bytes",
    "shared_bytes",
    "instructions_static",
];

/// The labels.
pub(super) fn labels(
    target: GpuTarget,
    function: &KernelFunction,
    launch: &KernelLaunch,
    compiled: &Compiled,
) -> KernelLabels {
    let mut labels = KernelLabels::default();
    machine_code(&mut labels, &compiled.machine);
    occupancy(&mut labels, target, &launch.geometry);
    match (&compiled.work, launch.geometry.active_threads) {
        (None, _) => labels.explain(&WORK, "the control flow of a thread does not end within a million blocks"),
        (Some(_), None) => labels.explain(&WORK[..4], "the number of iterations is not constant in the text"),
        (Some(work), Some(threads)) => count(&mut labels, function, work, threads as f64),
    }
    if compiled.work.is_some() {
        let dynamic = match &compiled.machine {
            MachineCode::Amd { exact, instructions_dynamic: Some(_), .. } => *exact,
            _ => true,
        };
        labels.counts_exact = Some(compiled.exact && dynamic);
    }
    bound(&mut labels, target, launch, compiled.work.as_ref());
    labels
}

fn machine_code(labels: &mut KernelLabels, machine: &MachineCode) {
    match machine {
        MachineCode::Amd { resources, instructions_static, instructions_dynamic, .. } => {
            labels.vector_registers = Some(resources.vector_registers);
            labels.accumulation_registers = Some(resources.accumulation_registers);
            labels.scalar_registers = Some(resources.scalar_registers);
            labels.vector_spills = Some(resources.vector_spills);
            labels.scalar_spills = Some(resources.scalar_spills);
            labels.scratch_bytes = Some(resources.scratch_bytes);
            labels.shared_bytes = Some(resources.shared_bytes);
            labels.instructions_static = Some(*instructions_static);
            labels.instructions_dynamic = *instructions_dynamic;
            if instructions_dynamic.is_none() {
                labels
                    .explain(&["instructions_dynamic"], "the executions of a block of the machine code are not known");
            }
            labels.explain(
                &["spill_store_bytes", "spill_load_bytes"],
                "LLVM states spilled registers and scratch bytes on AMD, not bytes of spills",
            );
        }
        MachineCode::Nvidia { resources, instructions_static } => {
            labels.vector_registers = Some(resources.registers);
            labels.spill_store_bytes = Some(resources.spill_store_bytes);
            labels.spill_load_bytes = Some(resources.spill_load_bytes);
            labels.scratch_bytes = Some(resources.stack_bytes);
            labels.shared_bytes = Some(resources.shared_bytes);
            labels.instructions_static = Some(*instructions_static);
            not_on_nvidia(labels);
        }
        MachineCode::Unknown(reason) => {
            labels.explain(&PTXAS, reason);
            not_on_nvidia(labels);
        }
    }
}

fn not_on_nvidia(labels: &mut KernelLabels) {
    labels.explain(&["accumulation_registers"], "NVIDIA's GPUs have no accumulation registers of their own");
    labels.explain(&["scalar_registers"], "ptxas states no uniform registers");
    labels.explain(
        &["vector_spills", "scalar_spills"],
        "ptxas states bytes of spills (spill_store_bytes, spill_load_bytes), not spilled registers",
    );
    labels.explain(
        &["instructions_dynamic"],
        "ptxas states no executions of the blocks of its machine code, which it unrolls by itself",
    );
}

fn occupancy(labels: &mut KernelLabels, target: GpuTarget, geometry: &Geometry) {
    let (Some(registers), Some(shared)) = (labels.vector_registers, labels.shared_bytes) else {
        let reason = labels.unknown.get("vector_registers").cloned().unwrap_or_default();
        return labels.explain(&["occupancy"], &reason);
    };
    let threads = geometry.block_threads.and_then(|[x, y, z]| u32::try_from(x.checked_mul(y)?.checked_mul(z)?).ok());
    let Some(block_threads) = threads else {
        return labels.explain(&["occupancy"], "the size of a block is not constant in the text");
    };
    let scalar_registers = labels.scalar_registers.unwrap_or(0);
    let demand = Demand { vector_registers: registers, scalar_registers, shared_bytes: shared, block_threads };
    labels.occupancy = target.gpu().occupancy.occupancy(demand);
    if labels.occupancy.is_none() {
        labels.explain(&["occupancy"], "a block does not fit: too many threads, registers or bytes of shared memory");
    }
}

/// Work of a launch.
fn count(labels: &mut KernelLabels, function: &KernelFunction, work: &Work, threads: f64) {
    labels.flops = Some(work.flops.times(threads));
    labels.loaded_bytes = Some(work.loaded_bytes * threads);
    labels.stored_bytes = Some(work.stored_bytes * threads);
    if !work.traced {
        return labels.explain(&["compulsory_bytes"], "an access is not traced to the buffer of an argument");
    }
    let mut bytes = 0.0;
    for (&argument, moved) in &work.arguments {
        let Some(size) = function.buffers.get(argument).copied().flatten() else {
            return labels.explain(&["compulsory_bytes"], "the size of a buffer is not constant in the text");
        };
        // A launch that touches a part of a buffer moves at most what its threads access.
        bytes += moved.iter().map(|moved| (moved * threads).min(size as f64)).sum::<f64>();
    }
    labels.compulsory_bytes = Some(bytes);
}

/// The roofline of a launch.
fn bound(labels: &mut KernelLabels, target: GpuTarget, launch: &KernelLaunch, work: Option<&Work>) {
    let needs = ["occupancy", "flops", "compulsory_bytes"];
    let (Some(occupancy), Some(flops), Some(compulsory_bytes), Some(work)) =
        (labels.occupancy, labels.flops, labels.compulsory_bytes, work)
    else {
        let missing = needs.iter().find(|need| labels.unknown.contains_key(**need)).copied().unwrap_or("flops");
        return labels.explain(&["roofline"], &format!("{missing} is not known"));
    };
    let geometry = &launch.geometry;
    let (Some([x, y, z]), Some([a, b, c])) = (geometry.grid_blocks, geometry.block_threads) else {
        return labels.explain(&["roofline"], "the size of the grid is not constant in the text");
    };
    let wave = u64::from(target.gpu().occupancy.wave_threads);
    let waves = (x as f64 * y as f64 * z as f64) * a.saturating_mul(b).saturating_mul(c).div_ceil(wave) as f64;
    let access_bytes = if work.accesses > 0.0 { (work.loaded_bytes + work.stored_bytes) / work.accesses } else { 0.0 };
    let threads_per_wave = geometry.active_threads.map_or(0.0, |threads| threads as f64 / waves);
    let launch = Launch { flops, compulsory_bytes, access_bytes, waves, threads_per_wave, occupancy };
    match roofline(target.gpu(), &launch) {
        Ok(roofline) => labels.roofline = Some(roofline),
        Err(reason) => labels.explain(&["roofline"], &reason),
    }
}

/// Why machine code of a target without its tool is unknown.
pub(super) fn without_tool(target: GpuTarget) -> String {
    match target.gpu().vendor {
        Vendor::Amd => String::new(),
        Vendor::Nvidia => "needs NVIDIA's ptxas: `make deps-ptxas` installs it, --ptxas names it".to_owned(),
    }
}
