//! Directions: as a field grows, a figure must not fall, or must not rise, on several machines.

use sim::economics::Outcome;

use crate::commands::{Answer, Question, answer};

/// What must not fall (or must not rise) as a field grows.
#[derive(Clone, Copy)]
enum Never {
    Less,
    More,
}

type Figure = fn(&Answer) -> f64;

const RATE: Figure = |a| a.simulation.throughput_tokens_per_s;
const EACH: Figure = |a| a.simulation.tokens_per_s_per_sequence;
const LATENCY: Figure = |a| a.simulation.token_latency_us;
const CHIP: Figure = |a| a.machine.layout.chip_mm2;
const POWER: Figure = |a| a.simulation.system_power_kw;
const BUILD: Figure = |a| outcome(a, |o| o.build_usd);
const DIE: Figure = |a| outcome(a, |o| o.die_usd);
const TOTAL: Figure = |a| outcome(a, |o| o.tco_dynamic_usd);
const ELECTRICITY: Figure = |a| outcome(a, |o| o.electricity_usd);
const CARBON: Figure = |a| outcome(a, |o| o.carbon_dynamic_t);

fn outcome(a: &Answer, of: fn(&Outcome) -> f64) -> f64 {
    a.estimate.as_ref().map_or(f64::NAN, |e| of(&e.low) + of(&e.high))
}

/// Field, values from little to much, figure, what it never does.
const DIRECTIONS: &[(&str, &[&str], Figure, Never)] = &[
    ("interconnect.link_bandwidth", &["32 GB/s", "64 GB/s", "128 GB/s", "140 GB/s"], RATE, Never::Less),
    ("interconnect.link_bandwidth", &["32 GB/s", "64 GB/s", "128 GB/s", "140 GB/s"], CHIP, Never::Less),
    ("interconnect.link_bandwidth", &["32 GB/s", "64 GB/s", "128 GB/s", "140 GB/s"], POWER, Never::Less),
    ("interconnect.hop_latency", &["0 ns", "50 ns", "100 ns", "1 us"], LATENCY, Never::Less),
    ("interconnect.hop_latency", &["0 ns", "50 ns", "100 ns", "1 us"], RATE, Never::More),
    ("interconnect.packet_header", &["0", "16", "32", "64"], RATE, Never::More),
    ("interconnect.packet_payload", &["16", "64", "512"], RATE, Never::Less),
    ("interconnect.flit_payload", &["64", "236", "240", "256"], RATE, Never::Less),
    ("interconnect.receive_buffer", &["256 B", "2 KB", "20 KB", "2 MB"], RATE, Never::Less),
    ("interconnect.receive_buffer", &["256 B", "20 KB", "64 KB", "2 MB"], CHIP, Never::Less),
    ("hbm.stack_bandwidth", &["100 GB/s", "400 GB/s", "819 GB/s", "2 TB/s"], RATE, Never::Less),
    ("hbm.stacks", &["2", "4", "8", "10"], RATE, Never::Less),
    ("hbm.stacks", &["2", "4", "8", "10"], CHIP, Never::Less),
    ("hbm.stacks", &["2", "4", "8", "10"], BUILD, Never::Less),
    ("hbm.stacks", &["2", "4", "8", "10"], POWER, Never::Less),
    ("attention_buffer.capacity", &["160 MB", "320 MB", "330 MB", "350 MB"], RATE, Never::Less),
    ("attention_buffer.capacity", &["160 MB", "320 MB", "330 MB", "350 MB"], CHIP, Never::Less),
    ("attention_buffer.banks", &["10000", "20000", "22000"], RATE, Never::Less),
    ("attention_buffer.banks", &["10000", "20000", "22000"], CHIP, Never::Less),
    ("attention_buffer.latency", &["1 cycles", "3 cycles", "300 cycles"], RATE, Never::More),
    ("chip.clock", &["0.5 GHz", "1 GHz", "2 GHz"], RATE, Never::Less),
    ("chip.clock", &["0.5 GHz", "1 GHz", "2 GHz"], POWER, Never::Less),
    ("chip.clock", &["0.5 GHz", "1 GHz", "2 GHz"], ELECTRICITY, Never::Less),
    ("chip.voltage", &["0.675 V", "0.75 V", "1 V", "1.2 V"], POWER, Never::Less),
    ("chip.voltage", &["0.675 V", "0.75 V", "1 V", "1.2 V"], TOTAL, Never::Less),
    ("chip.temperature_c", &["-40", "25", "85", "125"], POWER, Never::Less),
    ("vex.lane_groups", &["1", "4", "16", "37", "40"], RATE, Never::Less),
    ("vex.lane_groups", &["1", "4", "16", "37", "40"], CHIP, Never::Less),
    ("vex.kv_vectors_per_cycle", &["4", "16", "32", "48"], RATE, Never::Less),
    ("vex.kv_vectors_per_cycle", &["4", "16", "32", "48"], CHIP, Never::Less),
    ("vex.nonlinear_lanes", &["256", "1024", "2048", "3000"], CHIP, Never::Less),
    ("vex.nonlinear_lanes", &["256", "1024", "2048", "3000"], RATE, Never::Less),
    ("vex.nonlinear_latency", &["0 cycles", "81 cycles", "500 cycles"], LATENCY, Never::Less),
    ("hn_array.activation_bits", &["4", "8", "16"], LATENCY, Never::Less),
    ("hn_array.inputs_per_port", &["41", "64", "128"], LATENCY, Never::Less),
    ("mapping.kv_element_bytes", &["1", "2", "4"], RATE, Never::More),
    ("mapping.link_element_bytes", &["1", "2", "4"], RATE, Never::More),
    ("mapping.sampling_candidates", &["1", "32", "1024"], RATE, Never::More),
    ("area.hn_array", &["300 mm2", "500 mm2", "590 mm2"], DIE, Never::Less),
    ("area.vex", &["10 mm2", "27.87 mm2", "50 mm2"], BUILD, Never::Less),
    ("energy.system_factor", &["1", "1.4", "2.8"], ELECTRICITY, Never::Less),
    ("energy.hn_array.static_power", &["10 W", "73.21 W", "732 W"], TOTAL, Never::Less),
    ("energy.hn_array.static_power", &["10 W", "73.21 W", "732 W"], CARBON, Never::Less),
    ("energy.interconnect_engine.per_event", &["1 pJ", "40 pJ", "80 pJ"], POWER, Never::Less),
    ("yield.defects_per_cm2", &["0.05", "0.11", "0.3"], DIE, Never::Less),
    ("yield.defects_per_cm2", &["0.05", "0.11", "0.3"], TOTAL, Never::Less),
    ("yield.tolerant_share", &["0", "0.5", "1"], DIE, Never::More),
    ("wafer.usd", &["10000", "17000", "30000"], TOTAL, Never::Less),
    ("masks.set_usd", &["15e6", "30e6", "60e6"], BUILD, Never::Less),
    ("memory.usd_per_gb", &["5", "10", "20"], BUILD, Never::Less),
    ("facility.pue", &["1", "1.4", "2"], ELECTRICITY, Never::Less),
    ("facility.electricity_usd_per_kwh", &["0.05", "0.1", "0.2"], TOTAL, Never::Less),
    ("carbon.grid_kg_per_kwh", &["0", "0.38", "0.8"], CARBON, Never::Less),
    ("carbon.kg_per_module", &["0", "124.9", "500"], CARBON, Never::Less),
    ("design_effort.verification_usd", &["1e6", "10e6", "60e6"], BUILD, Never::Less),
    ("system.power_ratio", &["0.7", "1", "1.4"], ELECTRICITY, Never::Less),
];

/// Machines, all with a grid of their own.
const MACHINES: &[&[&str]] = &[
    &[],
    &["mapping.collective=two-phase", "mapping.embedding=hbm"],
    &["interconnect.framing=flits"],
    &["mapping.sliding_windows=honoured", "mapping.collective=ring", "mapping.rotate_partners=true"],
    &["model=llama-3-1-8b", "grid.rows=2", "grid.columns=2"],
    &["model=qwq-32b", "grid.rows=4", "grid.columns=4"],
];

fn check(what: &str, values: &[f64], never: Never) {
    for pair in values.windows(2) {
        let (before, after) = match never {
            Never::Less => (pair[0], pair[1]),
            Never::More => (pair[1], pair[0]),
        };
        assert!(after >= before * (1.0 - 1e-9), "{what}: {values:?}");
    }
}

#[test]
fn more_never_goes_the_wrong_way() {
    let (mut checked, mut refused) = (0, 0);
    for (path, values, figure, never) in DIRECTIONS {
        for machine in MACHINES {
            let figures: Vec<f64> = values
                .iter()
                .filter_map(|value| {
                    let mut set: Vec<String> = machine.iter().map(|change| (*change).to_owned()).collect();
                    set.push(format!("{path}={value}"));
                    answer(&set, Question::DEFAULT, true).ok().map(|a| figure(&a))
                })
                .collect();
            refused += values.len() - figures.len();
            assert!(figures.len() > 1, "{path} on {machine:?} is refused");
            assert!(figures.iter().all(|figure| figure.is_finite()), "{path} on {machine:?}: {figures:?}");
            check(&format!("{path} on {machine:?}"), &figures, *never);
            checked += 1;
        }
    }
    println!(
        "{} directions on {} machines: {checked} checked, {refused} values refused",
        DIRECTIONS.len(),
        MACHINES.len()
    );
    assert!(DIRECTIONS.len() >= 25);
}

#[test]
fn longer_contexts_and_more_systems_go_the_right_way() {
    for machine in MACHINES {
        let set: Vec<String> = machine.iter().map(|change| (*change).to_owned()).collect();
        let at = |question, figure: Figure| figure(&answer(&set, question, true).unwrap());
        let contexts = [256, 1024, 2048, 4096].map(|context| at(Question { context, ..Question::DEFAULT }, RATE));
        check(&format!("context on {machine:?}"), &contexts, Never::More);
        // More sequences may spill more of the cache, so only the speed of each has a direction.
        let sequences = [1, 8, 64, 128].map(|n| at(Question { sequences: Some(n), ..Question::DEFAULT }, EACH));
        check(&format!("sequences on {machine:?}"), &sequences, Never::More);
        let systems = [1, 10, 100].map(|systems| at(Question { systems, ..Question::DEFAULT }, BUILD));
        check(&format!("systems on {machine:?}"), &systems, Never::Less);
    }
}
