//! Speed of the functional hardwired-neuron model: outputs per second on two matrix shapes, with and without shared
//! ports (weights per second = outputs per second times inputs).

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64;
use sim::arithmetic::{BlockScales, Fp4, HardwiredNeurons, HnTiming, WeightMatrix};

const OUTPUTS: usize = 128;

fn hardwired_neurons(c: &mut Criterion) {
    let mut group = c.benchmark_group("hardwired_neurons");
    for inputs in [1024, 2880] {
        for inputs_per_port in [1, 41] {
            let mut random = Pcg64::seed_from_u64(7);
            let weights = (0..inputs * OUTPUTS).map(|_| Fp4::from_low_bits(random.next_u32() as u8)).collect();
            let weights = WeightMatrix::new(inputs, OUTPUTS, weights).expect("sizes match");
            let timing = HnTiming { activation_bits: 16, inputs_per_port };
            let neurons = HardwiredNeurons::new(weights, &BlockScales::None, timing).expect("valid timing");
            let vector: Vec<i32> = (0..inputs).map(|_| i32::from(random.next_u32() as i16)).collect();
            group.throughput(Throughput::Elements(OUTPUTS as u64));
            let id = BenchmarkId::new(format!("{inputs}x{OUTPUTS}"), format!("{inputs_per_port} per port"));
            group.bench_function(id, |b| b.iter(|| neurons.run(black_box(&vector)).expect("inputs in range")));
        }
    }
    group.finish();
}

criterion_group!(benches, hardwired_neurons);
criterion_main!(benches);
