//! The power model: closed forms in voltage, clock, temperature and activity, foundries' claims, and the calibration.

use designs::{Block, Design, Hertz, Override, PerBlock, ProcessNode, Volts, load};
use sim::energy::bottom_up::{self, BlockModel};
use sim::energy::inputs::{PowerInputs, REFERENCE_DENSITY};
use sim::energy::{self, TokenActivity};
use sim::settle::{Build, Machine, Reticle, Settled};

fn hnlpu() -> Design {
    load::design("hnlpu", &[], &load::no_files).unwrap()
}

fn node(name: &str) -> ProcessNode {
    load::node(name, &load::no_files).unwrap()
}

fn model(design: &Design, node: &ProcessNode) -> PerBlock<BlockModel> {
    bottom_up::blocks(design, node, &PowerInputs::default())
}

fn settled(set: &[&str], node: Option<&str>) -> Result<Settled, String> {
    let set: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
    let machine = Machine::load("hnlpu", &set, None, node, &load::no_files).map_err(|e| e.to_string())?;
    let prices = load::economics("hnlpu", &[], &load::no_files).unwrap();
    machine.settle(&Build::published(Reticle::from(&prices))).map(|(settled, _)| settled).map_err(|e| e.to_string())
}

fn near(a: f64, b: f64) {
    assert!((a / b - 1.0).abs() < 1e-9, "{a} is not {b}");
}

/// Blocks that run at the chip's clock and voltage.
const ON_CHIP: [Block; 4] = [Block::HnArray, Block::Vex, Block::ControlUnit, Block::AttentionBuffer];

#[test]
fn events_take_the_square_of_the_voltage_and_interfaces_their_own() {
    let (n5, base) = (node("n5"), hnlpu());
    let higher = Design { voltage: Volts::from_v(base.voltage.v() * 1.2), ..base.clone() };
    let (low, high) = (model(&base, &n5), model(&higher, &n5));
    for block in ON_CHIP {
        near(high[block].event_j, low[block].event_j * 1.44);
        near(high[block].clock_w, low[block].clock_w * 1.44);
        assert!(high[block].leakage_w > low[block].leakage_w * 1.2, "{block:?}");
    }
    assert_eq!(high.hbm_phy, low.hbm_phy);
    assert_eq!(low.hbm_phy.leakage_w + low.hbm_phy.clock_w, 0.0);
    assert_eq!(high.interconnect_engine.interface_w, low.interconnect_engine.interface_w);
}

/// Six ports of 64 adders each beside links of 5 pJ a bit, half of which they take when idle.
#[test]
fn links_have_adders() {
    let (n5, base) = (node("n5"), hnlpu());
    let of = |adder_bytes| {
        let mut design = base.clone();
        design.interconnect.adder_bytes = adder_bytes;
        model(&design, &n5).interconnect_engine
    };
    let engine = of(128);
    let scale = (91.0_f64 / 137.6).sqrt() * 0.81;
    near(engine.event_j, 20e-12 + 0.5 * 0.16e-12 / 2.0 * scale);
    let transistors: f64 = 6.0 * 64.0 * 5400.0;
    near(engine.clock_w, transistors * 0.2 / 24.0 * 0.1 * 1e-15 * scale * 1e9);
    near(of(256).leakage_w, 2.0 * engine.leakage_w);
    // 64 adders more on each of six ports, over 71.4 % of 137.6 MTr/mm2.
    let area = |set: &[&str]| settled(set, None).unwrap().design.area.interconnect_engine.mm2();
    near(area(&["interconnect.adder_bytes=256"]) - area(&[]), transistors / (0.714 * 137.6e6));
    assert_eq!(area(&["interconnect.adder_bytes=64"]), area(&[]));
}

#[test]
fn leakage_doubles_with_temperature_and_the_clock_tree_follows_the_clock() {
    let (n5, base) = (node("n5"), hnlpu());
    let k = PowerInputs::default().leakage_doubling_k;
    let warmer = Design { temperature_c: base.temperature_c + k, ..base.clone() };
    let faster = Design { clock: Hertz::from_hz(base.clock.hz() * 3), ..base.clone() };
    let (own, warm, fast) = (model(&base, &n5), model(&warmer, &n5), model(&faster, &n5));
    for block in ON_CHIP {
        near(warm[block].leakage_w, own[block].leakage_w * 2.0);
        assert_eq!(warm[block].clock_w, own[block].clock_w);
        assert_eq!(warm[block].event_j, own[block].event_j);
        near(fast[block].clock_w, own[block].clock_w * 3.0);
        assert_eq!(fast[block].leakage_w, own[block].leakage_w);
        assert_eq!(fast[block].event_j, own[block].event_j);
    }
}

#[test]
fn leakage_and_clock_follow_area() {
    let (n5, base) = (node("n5"), hnlpu());
    let mut larger = base.clone();
    larger.area.vex = base.area.vex * 2.0;
    let (own, large) = (model(&base, &n5).vex, model(&larger, &n5).vex);
    near(large.leakage_w, own.leakage_w * 2.0);
    near(large.clock_w, own.clock_w * 2.0);
}

#[test]
fn figures_by_hand() {
    // 27.87 mm2 at 71.4 % of 137.6 MTr/mm2; half off, 0.2 um, 1 nA/um, 0.675 V, 10^(0.04 x -0.075 / 0.07), 2^(60 / 20).
    let vex = model(&hnlpu(), &node("n5")).vex;
    let transistors: f64 = 27.87 * 0.714 * 137.6e6;
    let leakage = transistors / 2.0 * 0.2e-9 * 0.675 * libm::pow(10.0, -0.04 * 0.075 / 0.07) * 8.0;
    near(vex.leakage_w, leakage);
    let scale = (91.0_f64 / 137.6).sqrt() * 0.81;
    near(vex.event_j, 0.5e-12 * scale);
    let pins = transistors * 0.2 / 24.0 * 0.1 * 1e-15 * scale;
    near(vex.clock_w, (12e-12 * 27.87 * 0.675 * 0.675 + pins) * 1e9);
}

#[test]
fn power_is_linear_in_activity() {
    let design = hnlpu();
    let one = TokenActivity::from_fn(|event| 1e6 * (1.0 + event as u8 as f64));
    let at = |rate| energy::chip_power(&design, &one, rate, 16);
    let (idle, some, more) = (at(0.0), at(1e5), at(3e5));
    for block in Block::ALL {
        assert_eq!(idle.blocks[block], design.energy.blocks[block].static_power.w());
        near(more.blocks[block] - idle.blocks[block], 3.0 * (some.blocks[block] - idle.blocks[block]));
        let doubled = energy::chip_power(&design, &one.map(|events| events * 2.0), 1e5, 16);
        near(doubled.blocks[block] - idle.blocks[block], 2.0 * (some.blocks[block] - idle.blocks[block]));
    }
    // 1 TB/s of whole rows: 2.7 pJ a bit, and 909 pJ for each of 1,024 bytes.
    let traffic = TokenActivity { hbm_bytes: 1e6, ..TokenActivity::default() };
    near(energy::dram_traffic_w(&traffic, 1e6), 1e12 * (2.7e-12 * 8.0 + 909e-12 / 1024.0));
}

/// Foundries state power at the same speed between nodes; nothing here was fitted to it.
#[test]
fn nodes_differ_as_foundries_state() {
    let base = hnlpu();
    // From, to, claimed saving of power at the same speed, percent: TSMC on N7, N5 and N3.
    for (home, new, low, high) in [("n16", "n7", 60.0, 65.0), ("n7", "n5", 30.0, 30.0), ("n5", "n3", 25.0, 30.0)] {
        let (home, new) = (node(home), node(new));
        let own = Design { voltage: Volts::from_v(if home.name == "n16" { 0.8 } else { 0.75 }), ..base.clone() };
        let voltage = designs::supply((&own, &home), (&own, &new), false).unwrap();
        let moved = Design { voltage, ..own.clone() };
        let power = model(&moved, &new).vex.event_j / model(&own, &home).vex.event_j;
        let saving = (1.0 - power) * 100.0;
        assert!((low - 3.0..=high + 3.0).contains(&saving), "{} to {}: {saving} %", home.name, new.name);
    }
    assert_eq!(node("n7").transistor_density_mtr_per_mm2, Some(REFERENCE_DENSITY));
}

#[test]
fn the_preset_is_the_model_times_a_factor_per_block() {
    let design = hnlpu();
    let blocks = model(&design, &node("n5"));
    for block in Block::ALL {
        let energy = design.energy.blocks[block];
        let idle = energy.static_power.w() / blocks[block].static_w();
        let event = energy.per_event.j() / blocks[block].event_j;
        match block {
            // No traffic at the published operating point, so nothing to calibrate events with.
            Block::HbmPhy => assert!((event - 1.0).abs() < 1e-3, "{event}"),
            // No power is published.
            Block::ControlUnit => assert!((idle - 1.0).abs() < 5e-3 && (event - 1.0).abs() < 5e-3, "{idle} {event}"),
            _ => assert!((idle / event - 1.0).abs() < 1e-3, "{block:?}: {idle} against {event}"),
        }
    }
}

#[test]
fn machines_follow_the_model_by_ratios() {
    let base = settled(&[], None).unwrap().design;
    assert_eq!(base, hnlpu());
    let total = |design: &Design| design.energy.blocks.values().map(|block| block.static_power.w()).sum::<f64>();
    let clocks =
        ["0.5GHz", "1GHz", "1.4GHz", "2GHz"].map(|c| settled(&[&format!("chip.clock={c}")], None).unwrap().design);
    assert!(
        clocks.windows(2).all(|pair| total(&pair[0]) < total(&pair[1]) && pair[0].voltage.v() < pair[1].voltage.v())
    );
    // Every block but the interfaces by the ratio of the model, and so by one factor at every clock.
    let (n5, own) = (node("n5"), model(&base, &node("n5")));
    for design in &clocks {
        let here = model(design, &n5);
        for block in ON_CHIP {
            let factor =
                |d: &Design, m: &PerBlock<BlockModel>| d.energy.blocks[block].static_power.w() / m[block].static_w();
            near(factor(design, &here), factor(&base, &own));
        }
        assert_eq!(design.energy.blocks.hbm_phy, base.energy.blocks.hbm_phy);
    }
    // What a change states stays.
    let stated = settled(&["energy.vex.static_power=50W", "chip.clock=1.4GHz"], None).unwrap().design;
    assert_eq!(stated.energy.blocks.vex.static_power.w(), 50.0);
    let hot = settled(&["chip.temperature_c=125"], None).unwrap().design;
    assert_eq!(hot.voltage, base.voltage);
    assert!(hot.energy.blocks.hn_array.static_power.w() > base.energy.blocks.hn_array.static_power.w() * 1.5);
    // Nodes: the array's power falls from node to node at the same clock.
    let array = |name| settled(&[], Some(name)).unwrap().design.energy.blocks.hn_array.per_event.j();
    assert!(array("n7") > array("n5") && array("n5") > array("n3"));
}

#[test]
fn what_silicon_cannot_do_is_refused_with_what_would_be_right() {
    for (set, node, message) in [
        (
            &["chip.clock=5GHz"][..],
            None,
            "`chip.clock` is 5 GHz; node n5 reaches 2.32 GHz at 1.2 V, the end of its curve",
        ),
        (&["chip.voltage=0.3V"], None, "`chip.voltage` is 300 mV, outside the curve of node n5, 500 mV to 1.2 V"),
        (&["chip.voltage=0.6V"], None, "`chip.clock` is 1 GHz, and at 600 mV node n5 reaches 784 MHz"),
        (&["chip.temperature_c=200"], None, "`chip.temperature_c` is 200; it must be at least -40 and at most 125"),
        (&["chip.clock=2.2GHz"], Some("n7"), "`chip.clock` is 2.2 GHz; node n7 reaches"),
    ] {
        let error = settled(set, node).unwrap_err();
        assert!(error.contains(message), "{error}");
        assert!(error.contains("write") || error.contains("must be"), "{error}");
    }
    assert!(settled(&["chip.voltage=0.8V", "chip.clock=1.3GHz"], None).is_ok());
}

#[test]
fn densities_are_those_of_the_paper() {
    let design = hnlpu();
    let mut power = energy::chip_power(&design, &TokenActivity::default(), 0.0, 16);
    power.blocks.interconnect_engine = 49.65;
    power.total_w = 308.39;
    let densities = energy::densities(&design, &power);
    assert_eq!(densities[0].place, "chip");
    near(densities[0].w_per_mm2, 308.39 / 827.08);
    near(densities[1].w_per_mm2, 49.65 / 37.92);
    assert!(!densities[1].above_published);
    power.blocks.interconnect_engine = 60.0;
    assert!(energy::densities(&design, &power)[1].above_published);
}
