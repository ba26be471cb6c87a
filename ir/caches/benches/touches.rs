//! Line touches a second of the exact walk.

use std::hint::black_box;

use caches::{Hierarchy, Limits, Traffic};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ir::analysis::{Analysis, Assumptions, Stated};
use ir::labels::Target;

const STREAM: &str = "func.func @stream(%a: memref<1048576xf32>, %b: memref<1048576xf32>) {
  affine.for %i = 0 to 1048576 {
    %x = affine.load %a[%i] : memref<1048576xf32>
    affine.store %x, %b[%i] : memref<1048576xf32>
  }
  return
}";

fn matmul(order: [&str; 3]) -> String {
    let loops: String = order.iter().map(|v| format!("affine.for %{v} = 0 to 160 {{\n")).collect();
    format!(
        "func.func @f(%a: memref<160x160xf32>, %b: memref<160x160xf32>, %c: memref<160x160xf32>) {{
          {loops}
          %x = affine.load %a[%i, %k] : memref<160x160xf32>
          %y = affine.load %b[%k, %j] : memref<160x160xf32>
          %z = affine.load %c[%i, %j] : memref<160x160xf32>
          %p = arith.mulf %x, %y : f32
          %s = arith.addf %z, %p : f32
          affine.store %s, %c[%i, %j] : memref<160x160xf32>
          }} }} }}
          return
        }}"
    )
}

const COLUMNS: &str = "func.func @columns(%a: memref<2048x1040xf32>, %b: memref<1040xf32>) {
  affine.for %j = 0 to 1040 {
    affine.for %i = 0 to 2048 {
      %x = affine.load %a[%i, %j] : memref<2048x1040xf32>
      %y = affine.load %b[%j] : memref<1040xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %b[%j] : memref<1040xf32>
    }
  }
  return
}";

fn touches(c: &mut Criterion) {
    let hierarchy = Hierarchy::of(Target::SkylakeAvx512);
    let mut group = c.benchmark_group("touches");
    let kernels = [
        ("stream", STREAM.to_owned()),
        ("matmul_ikj", matmul(["i", "k", "j"])),
        ("matmul_ijk", matmul(["i", "j", "k"])),
        ("matmul_jki", matmul(["j", "k", "i"])),
        ("columns", COLUMNS.to_owned()),
    ];
    for (name, text) in kernels {
        let tree = ir::parse(&text, &ir::Limits::default()).tree;
        let analysis = Analysis::of(&tree);
        let stated = Stated::of(analysis.tree(), &text, &Assumptions::NONE);
        let function = tree.functions().next().expect("the text has a function");
        let run = || Traffic::of(&analysis, function, &stated, &hierarchy, Limits::default()).expect("it is known");
        group.throughput(Throughput::Elements(run().touches));
        group.bench_function(name, |b| b.iter(|| black_box(run())));
    }
    group.finish();
}

criterion_group!(benches, touches);
criterion_main!(benches);
