use sim::*;
fn main() {
    let loader = |_: &str| Err("no".to_string());
    let design = designs::load::design("hnlpu", &[], &loader).unwrap();
    let model = designs::load::model("gpt-oss-120b", &loader).unwrap();
    let p = sim::calibration::Published { shares: [sim::calibration::Shares{context:2048,comm:82.9,projection:13.8,attention:None}, sim::calibration::Shares{context:65536,comm:70.8,projection:11.8,attention:Some(15.1)}], stall: (524288, 10.7), power_w: [76.92,33.09,85.73,49.65,63.0], power_context: 2048};
    println!("{:#?}", sim::calibration::fit(&design,&model,&p));
    for (discipline, fidelity, context, seqs) in [
        (Discipline::Serial, Fidelity::Event, 2048, None), (Discipline::Serial, Fidelity::Analytic, 2048, None),
        (Discipline::Serial, Fidelity::Event, 8192, None),
        (Discipline::Serial, Fidelity::Event, 65536, None), (Discipline::Serial, Fidelity::Event, 131072, None),(Discipline::Serial, Fidelity::Event, 262144, None),(Discipline::Serial, Fidelity::Event, 524288, None),
        (Discipline::Serial, Fidelity::Analytic, 524288, None),
        (Discipline::Lockstep, Fidelity::Event, 2048, None), (Discipline::Lockstep, Fidelity::Analytic, 2048, None),
        (Discipline::Dataflow, Fidelity::Event, 2048, None), (Discipline::Dataflow, Fidelity::Analytic, 2048, None),
        (Discipline::Dataflow, Fidelity::Event, 2048, Some(1)), (Discipline::Dataflow, Fidelity::Analytic, 2048, Some(1)),
        (Discipline::Dataflow, Fidelity::Event, 65536, Some(216)),
    ] {
        let t = std::time::Instant::now();
        let r = simulate(Request { design: &design, model: &model, grid: Some(design.grid), context, sequences: seqs, phase: Phase::Decode, discipline, fidelity, allow_beyond_model_context: true, seed: 1 });
        match r { Ok(r) => {
            println!("{discipline:?} {fidelity:?} {context} {seqs:?}: {:.0} tok/s latency {:.2} us {:.1?} stall {:?} ev {} P {:.2} kW {:?}", r.throughput_tokens_per_s, r.token_latency_us, r.breakdown_pct, r.stall_pct, r.events, r.system_power_kw, t.elapsed());
            if discipline == Discipline::Dataflow { println!("   {:.3?} {:?}", r.utilization, r.bound); }
        }
        Err(e) => println!("{e}") }
    }
}
