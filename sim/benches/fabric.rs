//! Speed of the fabric: cycles per second of the 4x4 grid with the reference settings, on one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim::fabric::{Fabric, Spec};
use std::hint::black_box;

const CYCLES: u64 = 10_000;

fn fabric(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fabric");
    group.throughput(Throughput::Elements(CYCLES));
    for load in [0.05, 0.3, 0.7] {
        let mut fabric = Fabric::new(Spec::default(), 1).expect("the default settings are valid");
        fabric.set_load(load).expect("a load below 1");
        fabric.run(CYCLES).expect("warm-up");
        group.bench_function(format!("4x4 load {load}"), |bencher| {
            bencher.iter(|| {
                fabric.run(black_box(CYCLES)).expect("no deadlock");
                black_box(fabric.counters())
            })
        });
    }
    group.finish();
}

criterion_group!(benches, fabric);
criterion_main!(benches);
