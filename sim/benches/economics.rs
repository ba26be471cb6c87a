//! Speed of the estimate: one sample, and 100,000 samples with percentiles on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use designs::load;
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;
use sim::economics::monte_carlo::{MonteCarlo, draw};
use sim::economics::{Estimate, Request};
use sim::settle::{Build, Machine, Reticle};
use sim::{Fidelity, simulate};

/// HNLPU with every input uncertain.
fn estimate() -> Estimate {
    let design = load::design("hnlpu", &[], &load::no_files).expect("the preset loads");
    let model = load::model(&design.model, &load::no_files).expect("the preset loads");
    let node = load::node(&design.node, &load::no_files).expect("the preset loads");
    let stack = load::mask_stack(&design.node, &load::no_files).expect("the preset loads");
    let economics = load::economics("wide", &[], &load::no_files).expect("the preset loads");
    let (machine, _) = Machine::load("hnlpu", &[], None, None, &load::no_files)
        .expect("the preset loads")
        .settle(&Build::published(Reticle::from(&economics)))
        .expect("the published machine is settled");
    let simulation = simulate(sim::Request {
        grid: Some(machine.design.grid),
        fidelity: Fidelity::Analytic,
        ..sim::Request::of(&machine.design, &model)
    })
    .expect("the published machine runs");
    let request = Request {
        machine: &machine,
        node: &node,
        stack: &stack,
        embedding: "published",
        simulation: Some(&simulation),
        economics: &economics,
        yield_model: None,
        systems: 50,
        years: 3.0,
        respins_per_year: 1.0,
        allow_unconfirmed: false,
    };
    Estimate::new(&request).expect("the published machine is priced")
}

fn monte_carlo(c: &mut Criterion) {
    let e = estimate();
    let mut group = c.benchmark_group("estimate");
    group.bench_function("one sample", |b| {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let mut sample = e.inputs.at(0.5);
        b.iter(|| {
            draw(&e.inputs, &mut random, &mut sample);
            black_box(e.plan.evaluate(&sample))
        });
    });
    const SAMPLES: usize = 100_000;
    group.throughput(Throughput::Elements(SAMPLES as u64)).sample_size(20);
    group.bench_function("100,000 samples with percentiles", |b| {
        b.iter(|| MonteCarlo::run(black_box(&e.plan), &e.inputs, SAMPLES, 1));
    });
    group.finish();
}

criterion_group!(benches, monte_carlo);
criterion_main!(benches);
