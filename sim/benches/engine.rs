//! Speed of the event engine: the queue alone under the hold model, and one decode step of a full pipeline.
//!
//! Hold model: with a constant number of events pending, take one and schedule another after a random delay. The
//! delays are those of the machine: mostly within its wheel, some beyond. Targets on one core: 10 million events a
//! second, and a steady-state decode step of 216 sequences on 16 chips within a second.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64;
use sim::engine::Queue;
use sim::mapping::Mapping;
use sim::schedule::cost;
use sim::schedule::machine::{Load, Machine, Start};
use sim::schedule::program::Compiled;
use sim::units::Specs;

/// Events of one measurement of the hold model.
const HOLDS: u64 = 1 << 16;

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue_hold");
    group.throughput(Throughput::Elements(HOLDS));
    for (name, longest) in [("near", 4_000u64), ("one in eight far", 9_362)] {
        for pending in [256u64, 4096] {
            let mut random = Pcg64::seed_from_u64(3);
            let delays: Vec<u64> = (0..HOLDS).map(|_| 1 + random.next_u64() % longest).collect();
            let mut queue = Queue::new();
            for event in 0..pending {
                queue.push(delays[event as usize], 0, event as u32);
            }
            group.bench_function(BenchmarkId::new(name, format!("{pending} pending")), |b| {
                b.iter(|| {
                    for delay in &delays {
                        let (key, event) = queue.pop().expect("events are pending");
                        queue.push(key.cycle + delay, 1, black_box(event));
                    }
                });
            });
        }
    }
    group.finish();
}

/// The published machine with 216 sequences at 2K, warmed up, until every sequence has made one more token.
fn decode_step(c: &mut Criterion) {
    const SEQUENCES: u64 = 216;
    let design = designs::load::design("hnlpu", &[], &designs::load::no_files).expect("a valid design");
    let model = designs::load::model("gpt-oss-120b", &designs::load::no_files).expect("a valid model");
    let mapping = Mapping::new(&design, &model, design.grid).expect("the model fits");
    let compiled = Compiled::new(&mapping, Specs::new(&design, &mapping));
    let placement = cost::placement(&compiled, &mapping, 2048, SEQUENCES);
    let load = Load { sequences: SEQUENCES as u32, context: 2048, start: Start::Spread, seed: 1, ..Load::default() };
    let mut warm = Machine::new(&compiled, load.clone(), placement);
    assert!(warm.run_until_tokens(SEQUENCES));
    let step = |mut machine: Machine| {
        assert!(machine.run_until_tokens(2 * SEQUENCES));
        machine.events()
    };
    let resume = || Machine::resume(&compiled, load.clone(), placement, warm.state().clone(), ());
    let events = step(resume()) - warm.events();
    let mut group = c.benchmark_group("machine");
    group.sample_size(10).throughput(Throughput::Elements(events));
    group.bench_function(BenchmarkId::new("decode step, 216 sequences", format!("{events} events")), |b| {
        b.iter_batched(resume, step, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, hold, decode_step);
criterion_main!(benches);
