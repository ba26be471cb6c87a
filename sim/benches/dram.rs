//! Speed of the memory model: requests per second of one HBM3 channel, on one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use designs::{Override, load};
use sim::dram::{Device, Pattern, Stream, measure};
use std::hint::black_box;

const REQUESTS: u64 = 20_000;

fn dram(criterion: &mut Criterion) {
    let one = Override::parse("organization.channels=1").expect("an override");
    let memory = load::memory("hbm3", &[one], &load::no_files).expect("a preset");
    let device = Device::new(&memory, 1).expect("one stack");
    let mut group = criterion.benchmark_group("dram");
    group.throughput(Throughput::Elements(REQUESTS));
    for (name, pattern, reads) in
        [("sequential reads", Pattern::Sequential, 1.0), ("random, 67 % reads", Pattern::Random, 0.67)]
    {
        for load in [0.1, 1.0] {
            let stream = Stream { pattern, reads, requests: REQUESTS, seed: 1 };
            group.bench_function(format!("{name}, load {load}"), |bencher| {
                bencher.iter(|| measure(&device, black_box(&stream), load).expect("a valid stream"))
            });
        }
    }
    group.finish();
}

criterion_group!(benches, dram);
criterion_main!(benches);
