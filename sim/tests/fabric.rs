//! The fabric against closed forms, against its own invariants, and against the BookSim2 reference curve.

use sim::fabric::{
    ChannelLatency, Checkpoint, Counters, Fabric, FabricError, Ratio, Routing, Spec, Window, calibrate_extra_hop, knee,
    measure,
};

const REFERENCE: &str = include_str!("../../tests/validation/booksim2/flatfly4x4_uniform.csv");
const SEED: u64 = 0x4857;
const WINDOW: Window = Window { warmup_cycles: 5_000, measured_cycles: 40_000, seed: SEED };

/// (load, mean packet latency, mean network latency) of every row of the reference.
fn reference() -> Vec<(f64, f64, f64)> {
    let rows = REFERENCE.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|line| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        (cells[0], cells[1], cells[2])
    })
    .collect()
}

fn fabric(spec: &Spec, load: f64, seed: u64) -> Fabric {
    let mut fabric = Fabric::new(spec.clone(), seed).unwrap();
    fabric.set_load(load).unwrap();
    fabric
}

/// Runs with the invariants checked after every cycle.
fn run_checked(fabric: &mut Fabric, cycles: u64) {
    for _ in 0..cycles {
        fabric.run(1).unwrap();
        if let Err(broken) = fabric.check_invariants() {
            panic!("cycle {}: {broken}", fabric.cycle());
        }
    }
}

/// Stops the load and runs until everything has arrived.
fn drain(fabric: &mut Fabric) -> Counters {
    fabric.set_load(0.0).unwrap();
    for _ in 0..100_000 {
        let counters = fabric.counters();
        if counters.packets_delivered == counters.packets_created {
            return counters;
        }
        run_checked(fabric, 1);
    }
    panic!("the fabric does not drain");
}

#[test]
fn latency_follows_the_reference_up_to_load_0_7() {
    let rows = reference();
    assert_eq!(rows.len(), 10);
    for (load, packet, network) in rows {
        let point = measure(&Spec::default(), load, WINDOW.warmup_cycles, WINDOW.measured_cycles, SEED).unwrap();
        println!("{point:?} against {packet}, {network}");
        assert!(!point.saturated, "{point:?}");
        assert!((point.accepted_flits_per_node_cycle / load - 1.0).abs() < 0.02, "{point:?}");
        assert!((point.mean_routers_visited - 2.5).abs() < 0.02, "{point:?}");
        if load <= 0.7 {
            let off = point.mean_packet_latency_cycles / packet - 1.0;
            assert!(off.abs() < 0.1, "load {load}: {} against {packet}", point.mean_packet_latency_cycles);
            let off = point.mean_network_latency_cycles / network - 1.0;
            assert!(off.abs() < 0.1, "load {load}: {} against {network}", point.mean_network_latency_cycles);
        }
    }
}

#[test]
fn the_knee_lies_between_0_8_and_0_95() {
    let knee = knee(&Spec::default(), 40, Window { measured_cycles: 20_000, ..WINDOW }).unwrap();
    let load = knee.load.expect("the curve has a knee");
    println!("knee at {load}, {:?}", knee.points.last());
    assert!((0.8..=0.95).contains(&load), "{load}");
    assert_eq!(knee.points[0].mean_packet_latency_cycles, knee.base_latency_cycles);
    let below = &knee.points[..knee.points.len() - 1];
    assert!(below.iter().all(|p| p.mean_packet_latency_cycles < 3.0 * knee.base_latency_cycles));
    assert!(below.iter().all(|p| !p.saturated));
}

#[test]
fn the_committed_hop_constant_is_the_derived_one() {
    let (load, packet, _) = reference()[0];
    assert_eq!(load, 0.05);
    let window = Window { measured_cycles: 100_000, ..WINDOW };
    assert_eq!(calibrate_extra_hop(&Spec::default(), packet, window).unwrap(), Spec::default().extra_hop);
    // A reference that is slower by one cycle on each of 1.5 links yields one extra cycle per link.
    let slower = packet + 1.5;
    assert_eq!(calibrate_extra_hop(&Spec::default(), slower, window).unwrap(), Ratio { num: 4, den: 4 });
}

#[test]
fn a_lone_packet_takes_the_sum_of_its_stages() {
    // (routing .. traversal = 4 cycles + channel) per link, 2 into the first router, 5 out of the last, then the body.
    let zero_load = |links: &[u64], flits: u64| 2 + links.iter().map(|link| 4 + link).sum::<u64>() + 5 + flits - 1;
    let cases: [(u32, u32, &[u64]); 5] = [(5, 5, &[]), (0, 3, &[3]), (0, 8, &[2]), (0, 15, &[3, 3]), (6, 9, &[1, 1])];
    for packet_flits in [1, 5, 20] {
        let spec = Spec { packet_flits, ..Spec::default() };
        for (source, destination, links) in cases {
            let mut fabric = Fabric::new(spec.clone(), 0).unwrap();
            fabric.run(3).unwrap();
            fabric.open_window(1);
            fabric.create_packet(source, destination).unwrap();
            run_checked(&mut fabric, 100);
            let counters = fabric.counters();
            assert_eq!(counters.measured_delivered, 1);
            assert_eq!(counters.packet_latency, zero_load(links, u64::from(packet_flits)), "{source} to {destination}");
            assert_eq!(counters.network_latency, counters.packet_latency);
            assert_eq!(counters.routers_visited, links.len() as u64 + 1);
        }
    }
}

#[test]
fn extra_and_uniform_channel_latency_count_per_link() {
    let spec = Spec { channel: ChannelLatency::Uniform(7), extra_hop: Ratio { num: 6, den: 2 }, ..Spec::default() };
    let mut fabric = Fabric::new(spec, 0).unwrap();
    fabric.open_window(1);
    fabric.create_packet(0, 15).unwrap();
    run_checked(&mut fabric, 100);
    assert_eq!(fabric.counters().packet_latency, 2 + 2 * (4 + 7 + 3) + 5 + 4);
}

#[test]
fn a_second_packet_of_the_source_waits_for_the_first() {
    let mut fabric = Fabric::new(Spec::default(), 0).unwrap();
    fabric.open_window(1);
    fabric.create_packet(0, 3).unwrap();
    fabric.create_packet(0, 3).unwrap();
    let counters = drain(&mut fabric);
    // 18 cycles alone; the second is sent 5 cycles later, on the other VC, and keeps that distance.
    assert_eq!((counters.packet_latency, counters.network_latency), (18 + 23, 18 + 18));
}

#[test]
fn every_shape_conserves_its_flits_and_drains() {
    for (rows, columns, cycles) in [(2, 3, 4000), (1, 4, 4000), (1, 1, 1000), (4, 4, 4000), (8, 8, 600)] {
        for routing in [Routing::RowFirst, Routing::RandomOrder] {
            for load in [0.1, 1.0] {
                let spec = Spec { rows, columns, routing, ..Spec::default() };
                let mut fabric = fabric(&spec, load, SEED);
                run_checked(&mut fabric, cycles);
                assert!(fabric.flits_in_flight() > 0 || load < 1.0);
                let counters = drain(&mut fabric);
                assert!(counters.packets_created > 0);
                assert_eq!(counters.flits_delivered, counters.packets_created * u64::from(spec.packet_flits));
                assert_eq!(counters.flits_injected, counters.flits_delivered);
            }
        }
    }
}

#[test]
fn tight_buffers_and_long_channels_keep_the_invariants() {
    let base = Spec { rows: 3, columns: 3, ..Spec::default() };
    let specs = [
        Spec { buffer_flits: 1, ..base.clone() },
        Spec { buffer_flits: 1, packet_flits: 1, ..base.clone() },
        Spec { buffer_flits: 3, packet_flits: 7, virtual_channels: 1, ..base.clone() },
        Spec { buffer_flits: 7, packet_flits: 2, virtual_channels: 3, routing: Routing::RandomOrder, ..base.clone() },
        Spec { channel: ChannelLatency::Uniform(40), extra_hop: Ratio { num: 5, den: 3 }, ..base.clone() },
    ];
    for spec in specs {
        let mut fabric = fabric(&spec, 0.8, SEED);
        run_checked(&mut fabric, 3000);
        drain(&mut fabric);
    }
}

#[test]
fn the_largest_grid_runs() {
    let spec = Spec { rows: 16, columns: 16, ..Spec::default() };
    let mut fabric = fabric(&spec, 0.5, SEED);
    fabric.run(500).unwrap();
    fabric.check_invariants().unwrap();
    assert!(fabric.counters().packets_delivered > 5_000);
}

#[test]
fn the_same_seed_gives_the_same_cycle_by_cycle_state() {
    let state = |seed| {
        let mut fabric = fabric(&Spec::default(), 0.6, seed);
        fabric.run(3000).unwrap();
        serde_json::to_string(&fabric.checkpoint()).unwrap()
    };
    assert_eq!(state(1), state(1));
    assert_ne!(state(1), state(2));
}

#[test]
fn a_restored_checkpoint_continues_as_if_nothing_had_happened() {
    let spec = Spec { rows: 2, columns: 3, routing: Routing::RandomOrder, ..Spec::default() };
    let mut straight = fabric(&spec, 0.7, SEED);
    straight.run(1234).unwrap();
    straight.open_window(500);
    straight.run(77).unwrap();
    let saved = serde_json::to_string(&straight.checkpoint()).unwrap();
    let mut restored = Fabric::restore(serde_json::from_str::<Checkpoint>(&saved).unwrap()).unwrap();
    straight.run(2000).unwrap();
    restored.run(2000).unwrap();
    assert_eq!(
        serde_json::to_string(&straight.checkpoint()).unwrap(),
        serde_json::to_string(&restored.checkpoint()).unwrap()
    );
    assert!(restored.counters().measured_delivered > 0);
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let mut fabric = fabric(&Spec::default(), 0.5, SEED);
    fabric.run(500).unwrap();
    let text = serde_json::to_string(&fabric.checkpoint()).unwrap();
    let damage = [
        ("\"rows\":4", "\"rows\":3"),
        ("\"rows\":4", "\"rows\":0"),
        ("\"buffer_flits\":20", "\"buffer_flits\":19"),
        ("\"flits_injected\":", "\"flits_injected\":9"),
        ("\"vc_grant\":[", "\"vc_grant\":[0,"),
        ("\"active\":[", "\"active\":[99999"),
        ("\"target\":", "\"target\":9999"),
    ];
    for (from, to) in damage {
        assert!(text.contains(from));
        let damaged: Checkpoint = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
        let refused = Fabric::restore(damaged);
        assert!(refused.is_err(), "{from} -> {to} went through");
    }
}

#[test]
fn a_deadlock_is_found_and_named() {
    let shared = Spec {
        rows: 2,
        columns: 2,
        virtual_channels: 1,
        buffer_flits: 2,
        routing: Routing::RandomOrderSharedVcs,
        stall_cycles: 1000,
        ..Spec::default()
    };
    let mut stuck = fabric(&shared, 1.0, SEED);
    let error = stuck.run(1_000_000).expect_err("row-first and column-first packets on one VC deadlock");
    let FabricError::Deadlock { cycle, flits, stuck: vcs } = &error else { panic!("{error}") };
    assert_eq!((*cycle, *flits), (stuck.cycle(), stuck.flits_in_flight()));
    assert_eq!(vcs.iter().map(|vc| u64::from(vc.flits)).sum::<u64>(), *flits);
    assert!(vcs.iter().any(|vc| vc.output_vc.is_none()), "someone waits for an output VC that another holds");
    let text = error.to_string();
    assert!(text.contains("deadlock") && text.contains("waits for a free VC of output port"), "{text}");
    stuck.check_invariants().unwrap();

    // The same traffic with two VC classes, or with one order, does not deadlock.
    for routing in [Routing::RandomOrder, Routing::RowFirst] {
        fabric(&Spec { virtual_channels: 2, routing, ..shared.clone() }, 1.0, SEED).run(30_000).unwrap();
    }
}

#[test]
fn an_idle_fabric_is_no_deadlock() {
    let mut fabric = Fabric::new(Spec { stall_cycles: 100, ..Spec::default() }, 0).unwrap();
    fabric.run(1000).unwrap();
    fabric.create_packet(0, 15).unwrap();
    fabric.run(1000).unwrap();
    assert_eq!(fabric.counters().packets_delivered, 1);
}

#[test]
fn overload_is_reported_as_saturated() {
    let point = measure(&Spec::default(), 1.0, 2_000, 10_000, SEED).unwrap();
    assert!(point.saturated, "{point:?}");
    assert!(point.accepted_flits_per_node_cycle > 0.8 && point.accepted_flits_per_node_cycle < 1.0, "{point:?}");
}

#[test]
fn wrong_parameters_are_refused_in_words() {
    let base = Spec::default();
    let wrong = [
        (Spec { rows: 0, ..base.clone() }, "rows is 0; it must be from 1 to 16"),
        (Spec { columns: 17, ..base.clone() }, "columns is 17"),
        (Spec { virtual_channels: 0, ..base.clone() }, "virtual_channels is 0"),
        (Spec { buffer_flits: 1025, ..base.clone() }, "buffer_flits is 1025"),
        (Spec { packet_flits: 0, ..base.clone() }, "packet_flits is 0"),
        (Spec { extra_hop: Ratio { num: 1, den: 0 }, ..base.clone() }, "extra_hop.den is 0"),
        (Spec { extra_hop: Ratio { num: u32::MAX, den: 1 }, ..base.clone() }, "with extra_hop; at most 1024"),
        (Spec { channel: ChannelLatency::Uniform(0), ..base.clone() }, "channel latency is 0"),
        (Spec { rows: 16, columns: 16, virtual_channels: 3, ..base.clone() }, "at most 64 input VCs"),
        (Spec { virtual_channels: 1, routing: Routing::RandomOrder, ..base.clone() }, "at least 2 virtual channels"),
        (Spec { stall_cycles: 3, ..base.clone() }, "stall_cycles is 3; it must be from 16"),
    ];
    for (spec, words) in wrong {
        let text = Fabric::new(spec, 0).expect_err(words).to_string();
        assert!(text.contains(words), "{text}");
    }
    for load in [-0.1, 1.01, f64::NAN] {
        assert!(matches!(measure(&base, load, 10, 10, 0), Err(FabricError::Load(_))));
    }
    assert!(matches!(measure(&base, 0.0, 10, 10, 0), Err(FabricError::NoPackets { .. })));
    assert!(matches!(knee(&base, 30, WINDOW), Err(FabricError::Argument { .. })));
    let mut fabric = Fabric::new(base, 0).unwrap();
    assert_eq!(fabric.create_packet(0, 16), Err(FabricError::Node { node: 16, nodes: 16 }));
}
