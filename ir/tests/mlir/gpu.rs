//! Labels of GPU kernels compared with LLVM's own figures, with its tools, and with facts known of the programs.

use std::fmt::Write;

use ir::labels::gpu::{
    Bound, Demand, FunctionKernels, GpuBatch, GpuOutcome, GpuReply, GpuSettings, GpuTarget, Kernel, KernelLabels,
    amdgpu,
};
use ir::labels::{Job, Phase};
use ir::mlir::gpu::GpuLabeller;

use super::labels::tool;

const AMD: [GpuTarget; 2] = [GpuTarget::Gfx942, GpuTarget::Gfx1100];

fn reply(text: &str, targets: &[GpuTarget], ptxas: Option<String>) -> GpuReply {
    let jobs = vec![Job { id: 3, text: text.into() }];
    let settings = GpuSettings::default();
    let batch = GpuBatch { jobs, targets: targets.to_vec(), settings, ptxas, kernels: false };
    GpuLabeller::new().label(&batch).replies.remove(0)
}

fn functions(text: &str, targets: &[GpuTarget]) -> Vec<FunctionKernels> {
    let reply = reply(text, targets, None);
    assert_eq!(reply.failure, None);
    reply.functions
}

fn labels(kernel: &Kernel, target: usize) -> &KernelLabels {
    match &kernel.targets[target] {
        GpuOutcome::Labels(labels) => labels,
        GpuOutcome::Failure(failure) => panic!("{}: {failure}", kernel.kernel),
    }
}

/// The kernels of the documentation.
fn example() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gpu-example.mlir")).unwrap()
}

fn function<'a>(all: &'a [FunctionKernels], name: &str) -> &'a FunctionKernels {
    all.iter().find(|function| function.function == name).unwrap_or_else(|| panic!("no function {name}"))
}

#[test]
fn loops_become_blocks_and_threads() {
    let all = functions(&example(), &AMD);
    let matmul = function(&all, "matmul");
    let names: Vec<&str> = matmul.kernels.iter().map(|kernel| kernel.kernel.as_str()).collect();
    assert_eq!(names, ["matmul_kernel", "matmul_kernel_0"]);
    for kernel in &matmul.kernels {
        assert_eq!(kernel.geometry.grid_blocks, Some([4, 64, 1]));
        assert_eq!(kernel.geometry.block_threads, Some([64, 4, 1]));
        assert_eq!((kernel.geometry.active_threads, kernel.geometry.launches), (Some(65_536), Some(1)));
    }
    let softmax = function(&all, "softmax");
    assert_eq!(softmax.kernels.len(), 1);
    assert_eq!(softmax.kernels[0].geometry.active_threads, Some(1024));
    let scale = function(&all, "scale");
    assert_eq!(scale.kernels[0].geometry.grid_blocks, Some([4, 1, 1]));
    assert_eq!(scale.kernels[0].geometry.active_threads, Some(1000));
    let prefix = function(&all, "prefix").refusal.as_ref().unwrap();
    assert_eq!(prefix.place.unwrap().0, example().lines().position(|line| line.contains("@prefix")).unwrap() + 1);
}

/// Operations, bytes and executions of programs whose work is known.
#[test]
fn work_is_that_of_the_program() {
    let all = functions(&example(), &AMD);
    for target in 0..AMD.len() {
        let [fill, matmul] = [0, 1].map(|at| labels(&function(&all, "matmul").kernels[at], target));
        assert_eq!(fill.flops.unwrap().total(), 0.0);
        assert_eq!(fill.compulsory_bytes, Some(4.0 * 65_536.0));
        let n = 256.0_f64;
        assert_eq!(matmul.flops.unwrap().f32, 2.0 * n.powi(3));
        // Each thread loads a row and a column and its own result once.
        assert_eq!(matmul.loaded_bytes, Some(4.0 * (2.0 * n.powi(3) + n * n)));
        assert_eq!(matmul.stored_bytes, Some(4.0 * n * n));
        assert_eq!(matmul.compulsory_bytes, Some(4.0 * 4.0 * n * n));
        assert_eq!(matmul.counts_exact, Some(true));
        // Each iteration has at least its two loads, multiplication, addition and branch.
        assert!(matmul.instructions_dynamic.unwrap() >= 5.0 * n, "{:?}", matmul.instructions_dynamic);
        assert_eq!((matmul.vector_spills, matmul.scratch_bytes, matmul.shared_bytes), (Some(0), Some(0), Some(0)));
        let scale = labels(&function(&all, "scale").kernels[0], target);
        assert_eq!(scale.flops.unwrap().f32, 1000.0);
        assert_eq!(scale.compulsory_bytes, Some(8000.0));
        // A subtraction, a function, an addition and a division of each element.
        let softmax = labels(&function(&all, "softmax").kernels[0], target);
        assert_eq!(softmax.flops.unwrap().f32, 4.0 * 1024.0 * 512.0);
        assert_eq!(softmax.compulsory_bytes, Some(3.0 * 4.0 * 1024.0 * 512.0));
        assert!(softmax.roofline.unwrap().bound != Bound::Arithmetic);
    }
}

#[test]
fn inner_loops_that_depend_on_the_thread_are_averaged() {
    let text = "func.func @rows(%x: memref<64x64xf32>, %y: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  affine.for %i = 0 to 64 {
    %s = affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) iter_args(%a = %zero) -> f32 {
      %v = affine.load %x[%i, %j] : memref<64x64xf32>
      %n = arith.addf %a, %v : f32
      affine.yield %n : f32
    }
    affine.store %s, %y[%i] : memref<64xf32>
  }
  return
}";
    let all = functions(text, &AMD);
    let found = labels(&all[0].kernels[0], 0);
    assert_eq!(found.counts_exact, Some(false));
    let (flops, true_flops) = (found.flops.unwrap().f32, 63.0 * 64.0 / 2.0);
    assert!((flops / true_flops - 1.0).abs() < 0.05, "{flops} of {true_flops}");
}

/// The same registers as LLVM's own tools, run by hand on the same kernel.
#[test]
fn registers_are_those_of_the_tools() {
    let kernels = "module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%a: memref<256x256xf32> {llvm.noalias}, %b: memref<256x256xf32> {llvm.noalias}) kernel attributes {known_block_size = array<i32: 64, 4, 1>, known_grid_size = array<i32: 4, 64, 1>} {
      %c64 = arith.constant 64 : index
      %c4 = arith.constant 4 : index
      %bx = gpu.block_id x
      %by = gpu.block_id y
      %tx = gpu.thread_id x
      %ty = gpu.thread_id y
      %0 = arith.muli %bx, %c64 : index
      %j = arith.addi %0, %tx : index
      %1 = arith.muli %by, %c4 : index
      %i = arith.addi %1, %ty : index
      %v = memref.load %a[%i, %j] : memref<256x256xf32>
      %w = arith.mulf %v, %v : f32
      memref.store %w, %b[%i, %j] : memref<256x256xf32>
      gpu.return
    }
  }
}";
    for target in AMD {
        let all = functions(kernels, &[target]);
        assert_eq!(all[0].function, "k");
        let found = labels(&all[0].kernels[0], 0);
        let pipeline = format!(
            "--pass-pipeline=builtin.module(gpu.module(convert-gpu-to-rocdl{{chipset={target} use-bare-ptr-memref-call-conv=1}},\
             reconcile-unrealized-casts))"
        );
        let (lowered, _) = tool("mlir-opt-22", &[&pipeline], kernels);
        // The functions of the module of the GPU, as a module of their own.
        let start = lowered.find("llvm.func @k").unwrap();
        let end = lowered.rfind("llvm.return").unwrap();
        let alone = format!("module {{\n{}llvm.return\n}}\n}}", &lowered[start..end]);
        let (code, _) = tool("mlir-translate-22", &["--mlir-to-llvmir"], &alone);
        let cpu = format!("-mcpu={target}");
        let machine = ["-mtriple=amdgcn-amd-amdhsa", cpu.as_str()];
        let (optimised, _) = tool("opt-22", &[machine[0], machine[1], "-O3", "-disable-loop-unrolling", "-S"], &code);
        let (assembly, _) = tool("llc-22", &[machine[0], machine[1], "-O3"], &optimised);
        let theirs = amdgpu::resources(&assembly).unwrap()["k"];
        assert_eq!(found.vector_registers, Some(theirs.vector_registers), "{target}");
        assert_eq!(found.scalar_registers, Some(theirs.scalar_registers), "{target}");
        assert_eq!(found.occupancy.map(|occupancy| occupancy.waves_per_simd), theirs.occupancy, "{target}");
        assert_eq!((found.loaded_bytes, found.stored_bytes), (Some(262_144.0), Some(262_144.0)), "{target}");
    }
}

/// A kernel in LLVM IR that keeps `live` values of 32 bits, with shared memory and threads of a block.
fn crowded(live: usize, shared: usize, threads: u32) -> String {
    let mut text = String::from("target triple = \"amdgcn-amd-amdhsa\"\n");
    if shared > 0 {
        writeln!(text, "@shared = internal addrspace(3) global [{shared} x i8] poison").unwrap();
    }
    text.push_str("define amdgpu_kernel void @k(ptr addrspace(1) noalias %x, ptr addrspace(1) noalias %y) #0 {\n");
    text.push_str("%t = call i32 @llvm.amdgcn.workitem.id.x()\n");
    for at in 0..live {
        writeln!(text, "%p{at} = getelementptr [{live} x i32], ptr addrspace(1) %x, i32 %t, i32 {at}").unwrap();
        writeln!(text, "%v{at} = load volatile i32, ptr addrspace(1) %p{at}").unwrap();
    }
    if shared > 0 {
        text.push_str(
            "%s = getelementptr i8, ptr addrspace(3) @shared, i32 %t\nstore volatile i8 1, ptr addrspace(3) %s\n",
        );
    }
    for at in (0..live).rev() {
        writeln!(text, "%q{at} = getelementptr [{live} x i32], ptr addrspace(1) %y, i32 %t, i32 {at}").unwrap();
        writeln!(text, "store volatile i32 %v{at}, ptr addrspace(1) %q{at}").unwrap();
    }
    writeln!(text, "ret void\n}}\nattributes #0 = {{ \"amdgpu-flat-work-group-size\"=\"{threads},{threads}\" }}")
        .unwrap();
    text
}

/// The occupancy rule against LLVM's, over register counts, shared memory and block sizes.
#[test]
fn occupancy_is_that_of_llvm() {
    for target in AMD {
        let rule = target.gpu().occupancy;
        let cpu = format!("-mcpu={target}");
        let mut seen = std::collections::BTreeSet::new();
        let registers = (1..=16).map(|step| (step * 12, 0, 64));
        let shared = [1, 1000, 4096, 8192, 10_000, 16_384, 20_000, 32_768, 40_000, 65_536];
        let shared = shared.into_iter().flat_map(|bytes| [64, 256, 1024].map(|threads| (2, bytes, threads)));
        for (live, bytes, threads) in registers.chain(shared) {
            let (text, _) =
                tool("llc-22", &["-mtriple=amdgcn-amd-amdhsa", &cpu, "-O3"], &crowded(live, bytes, threads));
            let theirs = amdgpu::resources(&text).unwrap()["k"];
            let demand = Demand {
                vector_registers: theirs.vector_registers,
                scalar_registers: theirs.scalar_registers,
                shared_bytes: theirs.shared_bytes,
                block_threads: threads,
            };
            let ours = rule.occupancy(demand).map(|occupancy| occupancy.waves_per_simd);
            assert_eq!(ours, theirs.occupancy, "{target}: {demand:?}");
            seen.insert((theirs.vector_registers, theirs.occupancy));
        }
        // The sweep passes several limits.
        let waves: std::collections::BTreeSet<_> = seen.iter().map(|point| point.1).collect();
        assert!(waves.len() >= 4, "{target}: {seen:?}");
    }
}

#[test]
fn kernels_of_the_text_are_taken_as_they_are() {
    let text = "func.func @host(%x: memref<1024xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c256 = arith.constant 256 : index
  scf.for %t = %c0 to %c3 step %c1 {
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %c4, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c256, %sy = %c1, %sz = %c1) {
      %0 = arith.muli %bx, %c256 : index
      %i = arith.addi %0, %tx : index
      %a = memref.load %x[%i] : memref<1024xf32>
      %b = arith.addf %a, %a : f32
      memref.store %b, %x[%i] : memref<1024xf32>
      gpu.terminator
    }
  }
  return
}";
    let all = functions(text, &AMD);
    let kernel = &all[0].kernels[0];
    assert_eq!(all[0].function, "host");
    assert_eq!(kernel.geometry.grid_blocks, Some([4, 1, 1]));
    assert_eq!((kernel.geometry.active_threads, kernel.geometry.launches), (Some(1024), Some(3)));
    assert_eq!(kernel.place, Some((8, 5)));
    assert_eq!(labels(kernel, 0).flops.unwrap().f32, 1024.0);
    assert_eq!(all[0].totals(0).flops, Some(3072.0));
}

/// Constants that a launch passes decide the control flow of a kernel as those in it do.
#[test]
fn constant_arguments_are_known() {
    let text = "module attributes {gpu.container_module} {
  func.func @host(%x: memref<64xf32>) {
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c10 = arith.constant 10 : index
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%c0 : index, %c10 : index, %x : memref<64xf32>)
    return
  }
  gpu.module @m {
    gpu.func @k(%from: index, %to: index, %x: memref<64xf32>) kernel {
      %c1 = arith.constant 1 : index
      %zero = arith.constant 0.0 : f32
      %t = gpu.thread_id x
      %s = scf.for %i = %from to %to step %c1 iter_args(%a = %zero) -> f32 {
        %v = memref.load %x[%i] : memref<64xf32>
        %n = arith.addf %a, %v : f32
        scf.yield %n : f32
      }
      memref.store %s, %x[%t] : memref<64xf32>
      gpu.return
    }
  }
}";
    let all = functions(text, &AMD);
    for target in 0..AMD.len() {
        let found = labels(&all[0].kernels[0], target);
        assert_eq!(found.flops.unwrap().f32, 640.0);
        assert_eq!(found.counts_exact, Some(true));
    }
}

/// Without ptxas, labels that need it are unknown with a reason that names it; the others are there.
#[test]
fn without_ptxas_amd_still_works() {
    let reply = reply(&example(), &GpuTarget::ALL, None);
    let matmul = &function(&reply.functions, "matmul").kernels[1];
    let nvidia = GpuTarget::ALL.iter().position(|&target| target == GpuTarget::Sm90).unwrap();
    let found = labels(matmul, nvidia);
    assert_eq!(found.vector_registers, None);
    assert!(found.unknown["vector_registers"].contains("ptxas"), "{:?}", found.unknown);
    assert!(found.unknown["occupancy"].contains("ptxas"));
    assert_eq!(found.flops.unwrap().f32, 33_554_432.0);
    assert!(labels(matmul, 0).vector_registers.is_some());
}

/// What is null has a reason, and what has a reason is null.
#[test]
fn every_null_has_a_reason() {
    let reply = reply(&example(), &GpuTarget::ALL, None);
    let mut nulls = 0;
    for kernel in reply.functions.iter().flat_map(|function| &function.kernels) {
        for target in 0..GpuTarget::ALL.len() {
            let found = labels(kernel, target);
            let serde_json::Value::Object(fields) = serde_json::to_value(found).unwrap() else { panic!() };
            for (field, value) in fields {
                nulls += usize::from(value.is_null());
                assert_eq!(value.is_null(), found.unknown.contains_key(&field), "{field}: {value}");
            }
        }
    }
    assert!(nulls > 0);
}

/// A copy of a buffer on the host is a kernel of its own, in the order of the text; inside a loop it is launched each time.
#[test]
fn copies_of_buffers_are_kernels() {
    let text = "func.func @f(%x: memref<6x100xf32>, %y: memref<6x100xf32>, %z: memref<6x100xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  scf.for %t = %c0 to %c3 step %c1 {
    memref.copy %x, %y : memref<6x100xf32> to memref<6x100xf32>
    affine.for %i = 0 to 6 {
      affine.for %j = 0 to 100 {
        %v = affine.load %y[%i, %j] : memref<6x100xf32>
        %w = arith.addf %v, %v : f32
        affine.store %w, %z[%i, %j] : memref<6x100xf32>
      }
    }
  }
  return
}";
    let all = functions(text, &AMD);
    assert_eq!(all[0].refusal, None);
    let [copy, sum] = &all[0].kernels[..] else { panic!("{:?}", all[0].kernels) };
    assert_eq!((copy.place.map(|place| place.0), copy.geometry.launches), (Some(6), Some(3)));
    assert_eq!((copy.geometry.grid_blocks, copy.geometry.active_threads), (Some([2, 2, 1]), Some(600)));
    assert_eq!((&copy.geometry, sum.place.map(|place| place.0)), (&sum.geometry, Some(7)));
    for target in 0..AMD.len() {
        let found = labels(copy, target);
        assert_eq!((found.loaded_bytes, found.stored_bytes), (Some(2400.0), Some(2400.0)));
        assert_eq!((found.compulsory_bytes, found.flops.unwrap().total()), (Some(4800.0), 0.0));
        assert_eq!(all[0].totals(target).compulsory_bytes, Some(3.0 * 2.0 * 4800.0));
    }
    // One element, and sizes that are not constant, stay on the host.
    for kind in ["memref<f32>", "memref<?xf32>"] {
        let text = format!(
            "func.func @f(%a: {kind}, %b: {kind}, %x: memref<8xf32>, %v: f32) {{
  affine.for %i = 0 to 8 {{
    affine.store %v, %x[%i] : memref<8xf32>
  }}
  memref.copy %a, %b : {kind} to {kind}
  return
}}"
        );
        let refusal = functions(&text, &AMD)[0].refusal.clone().unwrap();
        assert!(refusal.reason.contains("memref.copy is outside"), "{kind}: {}", refusal.reason);
        assert_eq!(refusal.place.map(|place| place.0), Some(5), "{kind}");
    }
}

#[test]
fn what_is_not_mapped_is_refused_with_a_place() {
    let outside = "func.func @f(%x: memref<8xf32>, %v: f32) {
  %c0 = arith.constant 0 : index
  memref.store %v, %x[%c0] : memref<8xf32>
  affine.for %i = 0 to 8 {
    affine.store %v, %x[%i] : memref<8xf32>
  }
  return
}";
    let refusal = functions(outside, &AMD)[0].refusal.clone().unwrap();
    assert_eq!(refusal.place.map(|place| place.0), Some(3));
    assert!(refusal.reason.contains("memref.store is outside"), "{}", refusal.reason);
    let broken = reply("func.func @f() {\n  %0 = arith.addf %a, %a : f32\n  return\n}", &AMD, None);
    assert_eq!(broken.failure.unwrap().phase, Phase::Parse);
    assert_eq!(broken.place.map(|place| place.0), Some(2));
    // AMD's device library is not linked, so a kernel that needs it has a reason.
    let library = "func.func @f(%x: memref<64xf32>) {
  affine.for %i = 0 to 64 {
    %v = affine.load %x[%i] : memref<64xf32>
    %w = math.erf %v : f32
    affine.store %w, %x[%i] : memref<64xf32>
  }
  return
}";
    let all = functions(library, &AMD);
    let GpuOutcome::Failure(failure) = &all[0].kernels[0].targets[0] else { panic!("it is labelled") };
    assert!(failure.reason.contains("__ocml_erf_f32"), "{failure}");
}

/// Labels do not depend on the other texts and targets of a batch.
#[test]
fn labels_are_repeatable() {
    let once = reply(&example(), &AMD, None);
    let mut labeller = GpuLabeller::new();
    let job = |id| Job { id, text: example() };
    let targets = vec![GpuTarget::Gfx1100, GpuTarget::Gfx942];
    let batch =
        GpuBatch { jobs: vec![job(1), job(2)], targets, settings: GpuSettings::default(), ptxas: None, kernels: false };
    for reply in labeller.label(&batch).replies {
        for (one, other) in once.functions.iter().zip(&reply.functions) {
            for (one, other) in one.kernels.iter().zip(&other.kernels) {
                assert_eq!((&one.targets[0], &one.targets[1]), (&other.targets[1], &other.targets[0]));
            }
        }
    }
}

/// The same registers and spills as ptxas states; skipped where it is not installed.
#[test]
fn labels_with_ptxas() {
    let Some(ptxas) = std::env::var("HARDWIRE_PTXAS").ok().filter(|path| !path.is_empty()) else {
        eprintln!("labels_with_ptxas: not tested: HARDWIRE_PTXAS names no ptxas (`make deps-ptxas`)");
        return;
    };
    let reply = reply(&example(), &[GpuTarget::Sm90], Some(ptxas));
    for name in ["matmul", "softmax", "scale"] {
        for kernel in &function(&reply.functions, name).kernels {
            let found = labels(kernel, 0);
            assert!(found.vector_registers.is_some_and(|registers| (4..=255).contains(&registers)), "{found:?}");
            assert_eq!((found.spill_store_bytes, found.spill_load_bytes), (Some(0), Some(0)));
            assert!(found.instructions_static.is_some_and(|count| count > 4), "{found:?}");
            assert!(found.occupancy.is_some() && found.roofline.is_some(), "{found:?}");
        }
    }
}

/// The table of `docs/gpu.md`; `HARDWIRE_BLESS=1` writes it.
#[test]
fn the_documentation_has_these_labels() {
    const START: &str = "<!-- labels of docs/gpu-example.mlir -->\n";
    const END: &str = "<!-- end of labels -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gpu.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once(START).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let ptxas = std::env::var("HARDWIRE_PTXAS").ok().filter(|path| !path.is_empty());
    let without = ptxas.is_none();
    let reply = reply(&example(), &GpuTarget::ALL, ptxas);
    let mut found = String::from(
        "| kernel | target | vector, scalar registers | waves of a SIMD | instructions | of a thread | operations | compulsory bytes | roofline |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for kernel in reply.functions.iter().flat_map(|function| &function.kernels) {
        for (at, target) in GpuTarget::ALL.into_iter().enumerate() {
            let one = labels(kernel, at);
            let whole = |value: Option<f64>| value.map_or("null".to_owned(), |value| format!("{value:.0}"));
            let number = |value: Option<u32>| whole(value.map(f64::from));
            let roofline = one.roofline.map_or("null".to_owned(), |roofline| {
                format!("{:.3} us, {}", 1e6 * roofline.seconds, roofline.bound.name())
            });
            writeln!(
                found,
                "| `{}` | {target} | {}, {} | {} | {} | {} | {} | {} | {roofline} |",
                kernel.kernel,
                number(one.vector_registers),
                number(one.scalar_registers),
                number(one.occupancy.map(|occupancy| occupancy.waves_per_simd)),
                whole(one.instructions_static.map(|count| count as f64)),
                whole(one.instructions_dynamic),
                whole(one.flops.map(|flops| flops.total())),
                whole(one.compulsory_bytes),
            )
            .unwrap();
        }
    }
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        assert!(!without, "the table has labels of sm_90: HARDWIRE_PTXAS names ptxas (`make deps-ptxas`)");
        std::fs::write(path, format!("{before}{START}{found}{END}{after}")).unwrap();
        return;
    }
    for (there, here) in table.lines().zip(found.lines()) {
        if without && there.contains("| sm_90 |") {
            continue;
        }
        assert_eq!(there, here, "the table of {path} is not what is labelled");
    }
    assert_eq!(table.lines().count(), found.lines().count());
}
