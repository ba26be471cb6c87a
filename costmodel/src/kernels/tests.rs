use ir::analysis::Analysis;
use ir::labels::gpu::GpuTarget;
use ir::{Limits, parse};

use super::*;

fn of(text: &str) -> (KernelNumbers, Option<String>) {
    let parsed = parse(text, &Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let analysis = Analysis::of(&parsed.tree);
    let tree = analysis.tree();
    let function = tree.functions().next().unwrap();
    let (numbers, refused) = numbers(&analysis, function);
    let named = refused.map(|why| match why {
        Unmapped::NoKernel => "no kernel".to_owned(),
        Unmapped::Outside(operation) => format!("outside: {}", tree.name(operation)),
        Unmapped::Written(operation) => format!("written: {}", tree.name(operation)),
    });
    (numbers, named)
}

fn feature(numbers: &KernelNumbers, feature: KernelFeature) -> f32 {
    numbers.features[feature as usize]
}

/// A loop nest over two buffers `%a` and `%b` of 64 x 64 elements.
fn nest(loops: &str, body: &str, ends: usize) -> String {
    format!(
        "func.func @f(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %c: f32) {{ {loops} {body} {} return }}",
        "}".repeat(ends)
    )
}

/// Threads of the only kernel, or why there is none.
fn threads(loops: &str, body: &str, ends: usize) -> Result<f32, String> {
    let (numbers, refused) = of(&nest(loops, body, ends));
    refused.map_or_else(|| Ok(feature(&numbers, KernelFeature::MostThreads)), Err)
}

const FOR_I: &str = "affine.for %i = 0 to 64 {";
const FOR_J: &str = "affine.for %j = 0 to 64 {";

#[test]
fn loops_are_parallel_unless_iterations_meet() {
    let both = format!("{FOR_I} {FOR_J}");
    let load = |at: &str| format!("%x = affine.load %a[{at}] : memref<64x64xf32> ");
    let store = |to: &str, at: &str| format!("affine.store %x, %{to}[{at}] : memref<64x64xf32>");
    for (body, expected) in [
        // Each iteration has its own element.
        (load("%i, %j") + &store("b", "%i, %j"), Ok(4096.0)),
        (load("%j, %i") + &store("b", "%i, %j"), Ok(4096.0)),
        (load("%i, %j") + &store("a", "%i, %j"), Ok(4096.0)),
        // The column is carried along the rows, so only the other loop is parallel; it stands inside.
        (load("%i, 0") + &store("b", "0, %j"), Ok(64.0)),
        // Every iteration writes one element.
        (load("%i, %j") + &store("b", "0, 0"), Err("no kernel".to_owned())),
        // A row depends on the row before.
        (load("%i, %j") + &store("a", "%i + 1, %j"), Ok(64.0)),
        // The transposed element belongs to another row, and in a row only the diagonal meets itself.
        (load("%j, %i") + &store("a", "%i, %j"), Ok(64.0)),
    ] {
        assert_eq!(threads(&both, &body, 2), expected, "{body}");
    }
}

#[test]
fn tiles_are_parallel_as_their_loops_are() {
    let tiled = "affine.for %t = 0 to 64 step 8 { affine.for %i = affine_map<(d0) -> (d0)>(%t) to affine_map<(d0) -> (d0 + 8)>(%t) {";
    let body = "%x = affine.load %a[%i, 0] : memref<64x64xf32> affine.store %x, %b[%i, 0] : memref<64x64xf32>";
    // The bounds of the inner loop depend on the outer one, so that its iterations run in order in a thread.
    assert_eq!(threads(tiled, body, 2), Ok(8.0));
    let next = "%x = affine.load %a[%i, 0] : memref<64x64xf32> affine.store %x, %a[%i + 1, 0] : memref<64x64xf32>";
    assert_eq!(threads(tiled, next, 2), Err("no kernel".to_owned()));
}

#[test]
fn linear_subscripts_do_not_meet_if_the_multiples_are_large_enough() {
    let text = |multiple: u32| {
        format!(
            "func.func @f(%a: memref<8192xf32>, %c: f32) {{ {FOR_I} {FOR_J}
               affine.store %c, %a[%i * {multiple} + %j] : memref<8192xf32> }} }} return }}"
        )
    };
    let both = of(&text(64));
    assert_eq!((feature(&both.0, KernelFeature::MostThreads), both.1), (4096.0, None));
    // Of 63 the last element of a row is the first of the next: the outer loop is sequential.
    let inner = of(&text(63));
    assert_eq!(
        (feature(&inner.0, KernelFeature::MostThreads), feature(&inner.0, KernelFeature::Launches)),
        (64.0, 64.0)
    );
}

#[test]
fn what_stands_outside_of_kernels_refuses_the_function() {
    let store = "affine.store %c, %a[%i, %j] : memref<64x64xf32>";
    let text = nest(&format!("{FOR_I} {FOR_J}"), store, 2);
    let outside = text.replacen(
        "return",
        "%z = arith.constant 0 : index memref.store %c, %b[%z, %z] : memref<64x64xf32> return",
        1,
    );
    assert_eq!(of(&outside).1.as_deref(), Some("outside: memref.store"));
    assert_eq!(of("func.func @f() { return }").1.as_deref(), Some("no kernel"));
    let written = "func.func @f(%n: index) { gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in \
                   (%k = %n, %l = %n, %m = %n) { gpu.terminator } return }";
    assert_eq!(of(written).1.as_deref(), Some("written: gpu.launch"));
}

#[test]
fn a_contraction_has_the_numbers_of_its_definition() {
    let (numbers, refused) = of("func.func @f(%a: memref<32x16xf32>, %b: memref<16x64xf32>, %c: memref<32x64xf32>) {
       linalg.matmul ins(%a, %b : memref<32x16xf32>, memref<16x64xf32>) outs(%c : memref<32x64xf32>) return }");
    assert_eq!(refused, None);
    let is = |wanted, expected: f32| assert_eq!(feature(&numbers, wanted), expected, "{wanted:?}");
    is(KernelFeature::Kernels, 1.0);
    is(KernelFeature::MostThreads, 32.0 * 64.0);
    is(KernelFeature::BlockThreads, 256.0);
    is(KernelFeature::KernelBuffers, 3.0);
    // Both factors once, the result read and written.
    is(KernelFeature::CompulsoryBytes, 4.0 * (32.0 * 16.0 + 16.0 * 64.0 + 2.0 * 32.0 * 64.0));
    // Two operations for each of 16 products of a thread.
    is(KernelFeature::Intensity, 2.0 * 32.0 * 64.0 * 16.0 / (4.0 * (512.0 + 1024.0 + 4096.0)));
}

#[test]
fn more_loads_in_a_block_need_more_registers() {
    let body = |loads: u32| {
        let load = |at: u32| format!("%x{at} = affine.load %a[%i, %j + {at}] : memref<64x64xf32> ");
        let add = |at: u32| format!("%s{at} = arith.addf %s{}, %x{at} : f32 ", at - 1);
        let all: String = (0..loads)
            .map(load)
            .chain(["%s0 = arith.addf %c, %x0 : f32 ".to_owned()])
            .chain((1..loads).map(add))
            .collect();
        all + &format!("affine.store %s{}, %b[%i, %j] : memref<64x64xf32>", loads - 1)
    };
    let loops = format!("{FOR_I} affine.for %j = 0 to 32 {{");
    let live = |loads: u32, which| feature(&of(&nest(&loops, &body(loads), 2)).0, which);
    for which in [KernelFeature::VectorLive, KernelFeature::EagerLive] {
        assert_eq!(live(24, which) - live(8, which), 16.0, "{which:?}");
    }
    // A load directly before its use holds one register at a time.
    assert_eq!(live(24, KernelFeature::LazyLive), live(8, KernelFeature::LazyLive));
    // A repeated load is the same value.
    let twice = body(2).replace("%j + 1", "%j + 0");
    let once = feature(&of(&nest(&loops, &twice, 2)).0, KernelFeature::CodeLoads);
    assert_eq!(once, 1.0);
}

#[test]
fn sums_of_sums_are_followed_to_a_limit() {
    let doubled: String = (1..60).map(|at| format!("%v{at} = arith.addi %v{0}, %v{0} : index ", at - 1)).collect();
    let body = format!(
        "{doubled} affine.store %c, %b[%i, %j] : memref<64x64xf32> memref.store %c, %a[%v59, %j] : memref<64x64xf32>"
    );
    let text = nest(&format!("%v0 = arith.constant 1 : index {FOR_I} {FOR_J}"), &body, 2);
    let (numbers, _) = of(&text);
    assert!(numbers.features.iter().chain(&numbers.work).all(|number| number.is_finite()));
}

#[test]
fn names_are_unique_and_indices_follow_the_order() {
    let names: BTreeSet<_> = KernelCount::all().map(KernelCount::name).collect();
    assert_eq!((names.len(), KernelCount::all().count()), (KERNEL_WORK, KERNEL_WORK));
    assert!(KernelCount::all().enumerate().all(|(at, count)| count.index() == at));
}

#[test]
fn waves_are_those_that_whole_blocks_leave() {
    let mut numbers = KernelNumbers { features: vec![0.0; KernelFeature::COUNT], work: vec![0.0; KERNEL_WORK] };
    numbers.features[KernelFeature::BlockThreads as usize] = 256.0;
    // Eight warps a block, so a multiple of two on each of four SIMDs.
    let possible = numbers.possible_waves(GpuTarget::Sm90);
    assert!(
        possible.iter().all(|waves| waves % 2 == 0) && possible.contains(&16) && possible.contains(&12),
        "{possible:?}"
    );
}
