//! Speed of the closed forms for one design point of a sweep: mapping, compilation and result.

use criterion::{Criterion, criterion_group, criterion_main};
use sim::{Discipline, Fidelity, Request, simulate};

fn analytic(c: &mut Criterion) {
    let design = designs::load::design("hnlpu", &[], &designs::load::no_files).expect("the preset loads");
    let model = designs::load::model("gpt-oss-120b", &designs::load::no_files).expect("the preset loads");
    for (name, discipline) in
        [("serial", Discipline::Serial), ("lockstep", Discipline::Lockstep), ("dataflow", Discipline::Dataflow)]
    {
        c.bench_function(&format!("analytic design point, {name}"), |b| {
            b.iter(|| {
                simulate(Request {
                    grid: Some(design.grid),
                    discipline,
                    fidelity: Fidelity::Analytic,
                    ..Request::of(&design, &model)
                })
            });
        });
    }
}

criterion_group!(benches, analytic);
criterion_main!(benches);
