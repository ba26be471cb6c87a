//! One point of a sweep: in closed form, priced as well, and from events on 16 chips; and the frontier of many rows.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sim::Fidelity;
use sweep::{Plan, Worker, pareto};

const AXES: &str = "[axes]\ninterconnect.link_bandwidth = { from = \"64 GB/s\", to = \"1 TB/s\", points = 16, scale = \"log\" }\n\
                    workload.sequences = [1, 8, 64]\n";

fn plan(objectives: &str) -> Plan {
    let text = format!("{AXES}[objectives]\n{objectives}\n");
    sweep::read::plan("bench.toml", &text, &designs::load::no_files).expect("the sweep is sound")
}

fn points(c: &mut Criterion) {
    let free = plan("maximise = [\"throughput_tokens_per_s\"]");
    let priced = plan("maximise = [\"throughput_tokens_per_s\"]\nminimise = [\"estimate.tco_dynamic_usd.mid\"]");
    for (name, plan, fidelity) in [
        ("closed form", &free, Fidelity::Analytic),
        ("closed form and prices", &priced, Fidelity::Analytic),
        ("events, 16 chips", &free, Fidelity::Event),
    ] {
        let mut worker = Worker::new(plan);
        let mut index = 0;
        c.bench_function(&format!("point of a sweep, {name}"), |b| {
            b.iter(|| {
                index = (index + 1) % plan.points;
                worker.evaluate(&plan.values(black_box(index)), fidelity)
            });
        });
    }
}

fn frontier(c: &mut Criterion) {
    // A rough bowl: some hundreds of 100,000 rows are on the frontier.
    let share = |i: u64, step: u64| ((i * step) % 100_003) as f64 / 100_003.0;
    let rows: Vec<[f64; 3]> =
        (0..100_000).map(|i| [share(i, 7919), share(i, 104_729), 2.0 - share(i, 7919) - share(i, 104_729)]).collect();
    let rows: Vec<[f64; 3]> =
        rows.into_iter().enumerate().map(|(i, r)| [r[0], r[1], r[2] + share(i as u64, 31)]).collect();
    c.bench_function("frontier of 100,000 rows of three objectives", |b| b.iter(|| pareto::frontier(black_box(&rows))));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = points, frontier
}
criterion_main!(benches);
