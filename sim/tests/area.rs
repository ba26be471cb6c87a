//! The area model against published figures, its invariants, and its errors.
//!
//! Published figures are those of "Hardwired-Neuron Language Processing Units as General-Purpose Cognitive Substrates",
//! ASPLOS '26. Where the model disagrees, the test pins the disagreement, which docs/area.md reports.

use designs::ProcessNode;
use proptest::prelude::*;
use sim::arithmetic::{HnTiming, ScaleFolding};
use sim::economics::area::checks::{self, inputs_per_port_for_area, inputs_per_port_for_cycles, operator_ratios};
use sim::economics::area::neuron::{neuron_transistors, neuron_um2};
use sim::economics::area::published::{OPERATOR, ReadingsFit, operator_um2};
use sim::economics::area::*;

const N5: NodeDensities = NodeDensities::N5;
const HNLPU: ChipAreaRequest = ChipAreaRequest::HNLPU;

fn inputs() -> AreaInputs {
    AreaInputs::default()
}

fn deviation(ours: f64, published: f64) -> f64 {
    ours / published - 1.0
}

fn per_weight(design: &NeuronDesign, shape: ArrayShape) -> f64 {
    neuron_um2(design, shape.fan_in(), &N5, &inputs()) / shape.fan_in()
}

#[test]
fn hnlpu_array_holds_the_weights_of_its_preset() {
    assert_eq!(ArrayShape::HNLPU.weights, 7_275_548_160.0);
    assert_eq!(ArrayShape::HNLPU.neurons, 2_577_496.0);
}

#[test]
fn attention_buffer_is_within_5_percent_from_bits() {
    let buffer = |inputs: &AreaInputs| SramShape::ATTENTION_BUFFER.area_mm2(&N5, inputs);
    assert!((-0.05..0.0).contains(&deviation(buffer(&inputs()), 136.11)));
    // The published area is inside what the two-port cells of the literature spread over, far from its ends.
    let low = AreaInputs { two_port_cell_ratio: 1.30, ..inputs() };
    let high = AreaInputs { two_port_cell_ratio: 1.83, ..inputs() };
    assert!(buffer(&low) < 125.0 && buffer(&high) > 145.0);
}

#[test]
fn chip_is_within_5_percent() {
    let area = chip_area(&HNLPU, &N5, &inputs()).unwrap();
    assert!(deviation(area.total_mm2, 827.08).abs() < 0.05, "{}", area.total_mm2);
    let of_blocks: f64 = area.blocks.values().map(|block| block.mm2).sum();
    assert!((of_blocks - area.total_mm2).abs() < 1e-9);
    assert!(area.check_reticle(RETICLE_MM2).is_ok());
    // Scaled references miss single blocks by far more than the chip: published 27.87, 37.92 and 52 mm2.
    assert!((-0.25..-0.15).contains(&deviation(area.blocks.vex.mm2, 27.87)));
    assert!((0.05..0.12).contains(&deviation(area.blocks.interconnect_engine.mm2, 37.92)));
    assert!((0.5..0.7).contains(&deviation(area.blocks.hbm_phy.mm2, 52.0)));
    assert!(area.blocks.control_unit.mm2 < 0.02);
}

#[test]
fn controllers_of_published_size_would_not_fit_the_reticle() {
    let area = chip_area(&ChipAreaRequest { hbm_controllers: true, ..HNLPU }, &N5, &inputs()).unwrap();
    assert_eq!(
        area.check_reticle(RETICLE_MM2).unwrap_err().to_string(),
        "the die needs 897.1 mm2, above the limit of 858.0 mm2 of one reticle; spread the weights over more chips"
    );
}

#[test]
fn two_readings_give_a_part_per_neuron_and_a_part_per_weight() {
    let fit = ReadingsFit::solve(&inputs());
    assert!((fit.area_um2(&ArrayShape::HNLPU) * 1e-6 - 573.16).abs() < 1e-6);
    assert!((fit.area_um2(&OPERATOR) - operator_um2(&inputs())).abs() < 1e-6);
    assert!((fit.per_neuron_um2 - 56.6).abs() < 0.1, "{fit:?}");
    assert!((fit.per_weight_um2 - 0.0587).abs() < 1e-4, "{fit:?}");
}

#[test]
fn counted_cells_agree_with_a_synthesised_neuron() {
    // A generic-gate synthesis of 2,880 one-bit ports in 16 regions gave 27 transistors per weight with mirror adders,
    // most of them POPCNT adders, registers for state only, no slack.
    let inputs = AreaInputs { slice_slack: 0.0, ..inputs() };
    let design = NeuronDesign { inputs_per_port: 1, registers: Registers::StateOnly, ..NeuronDesign::HNLPU };
    let popcount = neuron_transistors(&design, 2880.0, &inputs).popcount / 2880.0;
    assert!(deviation(popcount, 27.0).abs() < 0.05, "{popcount}");
    // And Cell-Embedding, 64 inputs of 8 bits: 720 with generic gates, which take 35.5 / 27 of mirror adders.
    let cells = NeuronDesign { embedding: Embedding::CellEmbedding, activation_bits: 8, ..design };
    let per_weight = neuron_transistors(&cells, 64.0, &inputs).total() / 64.0;
    assert!(deviation(per_weight, 720.0 * 27.0 / 35.5).abs() < 0.2, "{per_weight}");
}

#[test]
fn only_accumulation_after_the_tree_reaches_the_published_density() {
    let fan_in = ArrayShape::HNLPU.fan_in();
    let published = 573.16e6 / ArrayShape::HNLPU.neurons;
    let ports = |design: &NeuronDesign| inputs_per_port_for_area(design, fan_in, published, &N5, &inputs());
    let state_only = |design| NeuronDesign { registers: Registers::StateOnly, ..design };
    assert_eq!(ports(&NeuronDesign::PER_REGION), None);
    assert_eq!(ports(&state_only(NeuronDesign::PER_REGION)), None);
    assert_eq!(ports(&NeuronDesign::HNLPU), Some(85));
    assert_eq!(ports(&state_only(NeuronDesign::HNLPU)), Some(17));
    // ~660 cycles per pass lie between the two; the benchmark operator's 150 cycles do not.
    assert_eq!(inputs_per_port_for_cycles(16, 2880, 660), 40);
    let pass = |inputs_per_port| HnTiming { activation_bits: 16, inputs_per_port }.pass_cycles(1024);
    assert!(pass(8) < 144 && pass(9) > 144 && pass(17) > 150);
}

#[test]
fn at_41_inputs_per_port_both_readings_lie_between_the_register_plans() {
    for (shape, published) in [(ArrayShape::HNLPU, 0.07878), (OPERATOR, operator_um2(&inputs()) / OPERATOR.weights)] {
        let most = per_weight(&NeuronDesign::HNLPU, shape);
        let least = per_weight(&NeuronDesign { registers: Registers::StateOnly, ..NeuronDesign::HNLPU }, shape);
        assert!(least < published && published < most, "{least} {published} {most}");
    }
}

#[test]
fn benchmark_ratios_from_structure() {
    let ratios = operator_ratios(&NeuronDesign::HNLPU, &N5, &inputs());
    // Published 1.0: the multipliers weigh more than the SRAM that they are compared with.
    assert!((2.4..2.8).contains(&ratios.mac_array), "{ratios:?}");
    // Published 14.3: no room for a word-parallel adder tree.
    assert!(ratios.cell_embedding > 5.0 * 14.3, "{ratios:?}");
    assert!((0.9..1.1).contains(&ratios.metal_embedding), "{ratios:?}");
}

#[test]
fn hc1_is_within_25_percent() {
    let node = load_node("n6");
    for six_bit_share in [0.0, 0.1, 0.25, 0.5] {
        let array = checks::hc1_array_mm2(six_bit_share, &node, &inputs()).unwrap();
        assert!(deviation(array, checks::HC1_MM2).abs() < 0.25, "{six_bit_share}: {array}");
    }
    assert!((checks::LLAMA_3_1_8B.weights / 8.03e9 - 1.0).abs() < 1e-3);
}

fn preset(name: &str) -> ProcessNode {
    designs::load::node(name, &designs::load::no_files).unwrap()
}

fn load_node(name: &str) -> NodeDensities {
    NodeDensities::from_node(&preset(name)).unwrap()
}

#[test]
fn densities_come_from_node_presets() {
    assert_eq!(load_node("n5"), N5);
    let message = NodeDensities::from_node(&preset("n28")).unwrap_err().to_string();
    assert_eq!(message, "the node `n28` has no transistor_density_mtr_per_mm2; give one, or choose a node that has it");
}

#[test]
fn nodes_scale_logic_by_density_sram_by_cell_and_physical_layers_not_at_all() {
    let (n7, at5) = (load_node("n7"), chip_area(&HNLPU, &N5, &inputs()).unwrap());
    let at7 = chip_area(&HNLPU, &n7, &inputs()).unwrap();
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    close(at7.blocks.hn_array.mm2 / at5.blocks.hn_array.mm2, 137.6 / 91.0);
    close(at7.blocks.vex.mm2 / at5.blocks.vex.mm2, 137.6 / 91.0);
    close(at7.blocks.attention_buffer.mm2 / at5.blocks.attention_buffer.mm2, 0.027 / 0.021);
    assert_eq!(at7.blocks.hbm_phy.mm2, at5.blocks.hbm_phy.mm2);
}

fn whole_model() -> ChipsRequest {
    let weights = 16.0 * 7_262_277_120.0;
    ChipsRequest {
        divided: ArrayShape { weights, neurons: weights / ArrayShape::HNLPU.fan_in() },
        repeated_weights: 13_271_040.0,
        chip: HNLPU,
        reticle_mm2: RETICLE_MM2,
        utilization: 1.0,
    }
}

#[test]
fn gpt_oss_needs_16_chips() {
    let needed = chips_needed(&whole_model(), &N5, &inputs()).unwrap();
    assert_eq!(needed.chips, 16);
    assert!(needed.area.total_mm2 < RETICLE_MM2);
    let cells = NeuronDesign { embedding: Embedding::CellEmbedding, ..NeuronDesign::HNLPU };
    let chip = ChipAreaRequest { neuron: cells, reading: HnReading::Structural, ..HNLPU };
    let naive = chips_needed(&ChipsRequest { chip, ..whole_model() }, &N5, &inputs()).unwrap();
    assert!(naive.chips > 1_000, "{}", naive.chips);
}

#[test]
fn mistakes_are_named() {
    let area = |request| chip_area(&request, &N5, &inputs()).unwrap_err().to_string();
    let array = |weights, neurons| area(ChipAreaRequest { array: ArrayShape { weights, neurons }, ..HNLPU });
    assert_eq!(array(-1.0, 1.0), "weights is -1; it must be a finite number above 0");
    assert_eq!(array(f64::NAN, 1.0), "weights is NaN; it must be a finite number above 0");
    assert_eq!(array(1.0, 2.0), "fan-in is 0.5; it must be between 1 and 1048576");
    let neuron = NeuronDesign { inputs_per_port: 0, ..NeuronDesign::HNLPU };
    assert_eq!(area(ChipAreaRequest { neuron, ..HNLPU }), "inputs_per_port is 0; it must be between 1 and 1048576");
    let buffer = Some(SramShape { ports: 3, ..SramShape::ATTENTION_BUFFER });
    assert_eq!(area(ChipAreaRequest { buffer, ..HNLPU }), "SRAM ports is 3; it must be between 1 and 2");
    let full = AreaInputs { sram_macro_efficiency: 1.2, ..inputs() };
    let message = chip_area(&HNLPU, &N5, &full).unwrap_err().to_string();
    assert_eq!(message, "sram_macro_efficiency is 1.2; it must be between 0 and 1");
    let crowded = ChipsRequest { reticle_mm2: 200.0, ..whole_model() };
    let message = chips_needed(&crowded, &N5, &inputs()).unwrap_err().to_string();
    assert!(
        message.starts_with("the blocks that every chip needs take 280.0 mm2 of the usable 200.0 mm2"),
        "{message}"
    );
}

#[test]
fn references_are_complete() {
    let mut changed = inputs();
    for (reference, value) in AreaInputs::REFERENCES.iter().zip(changed.values_mut()) {
        assert_eq!(reference.value, *value, "{}", reference.key);
        assert!(reference.low <= reference.value && reference.value <= reference.high, "{}", reference.key);
        assert!(reference.source.len() > 10 && (2000..2100).contains(&reference.year), "{}", reference.key);
        *value = reference.high;
    }
    assert_eq!(changed.full_adder, 28.0);
    assert_eq!(changed.two_port_cell_ratio, 1.83);
    changed.check().unwrap();
}

#[test]
fn areas_serialise() {
    let json = serde_json::to_value(chip_area(&HNLPU, &N5, &inputs()).unwrap()).unwrap();
    assert_eq!(json["hn_array"]["basis"], "calibrated_readings");
    let request: ChipAreaRequest = serde_json::from_str(&serde_json::to_string(&HNLPU).unwrap()).unwrap();
    assert_eq!(request, HNLPU);
}

fn designs() -> impl Strategy<Value = NeuronDesign> {
    (0..3usize, 0..WeightFormat::ALL.len(), 0..3u32, 1..33u32, 1..64u32, any::<bool>(), any::<bool>()).prop_map(
        |(embedding, format, folding, activation_bits, inputs_per_port, after, every)| NeuronDesign {
            embedding: [Embedding::MacArray, Embedding::CellEmbedding, Embedding::MetalEmbedding][embedding],
            format: WeightFormat::ALL[format],
            folding: [ScaleFolding::None, ScaleFolding::PreShift { span_bits: 8 }, ScaleFolding::PerBlockRegions]
                [folding as usize],
            activation_bits,
            inputs_per_port,
            accumulation: if after { Accumulation::AfterTree } else { Accumulation::PerRegion },
            registers: if every { Registers::EveryLevel } else { Registers::StateOnly },
        },
    )
}

proptest! {
    #[test]
    fn more_weights_take_more_area(design in designs(), fan_in in 1.0..20_000.0_f64, more in 1.0..1000.0_f64) {
        let area = |fan_in| neuron_um2(&design, fan_in, &N5, &inputs());
        prop_assert!(area(fan_in) > 0.0);
        // Blocks of scaled weights are built whole, hence at least one block more.
        prop_assert!(area(fan_in + 32.0 + more) > area(fan_in), "{design:?}");
        let chip = |neurons: f64, reading| {
            let array = ArrayShape { weights: neurons * fan_in, neurons };
            chip_area(&ChipAreaRequest { array, neuron: design, reading, ..HNLPU }, &N5, &inputs()).unwrap().total_mm2
        };
        for reading in [HnReading::Published, HnReading::Structural] {
            prop_assert!(chip(1000.0 + more, reading) > chip(1000.0, reading));
        }
    }

    #[test]
    fn sharing_ports_saves_adders(design in designs(), fan_in in 16.0..20_000.0_f64) {
        let popcount = |inputs_per_port| {
            neuron_transistors(&NeuronDesign { inputs_per_port, ..design }, fan_in, &inputs()).popcount
        };
        let m = design.inputs_per_port;
        prop_assert!(popcount(m + 1) <= popcount(m));
        // Selection comes with the second input of a port; from there on, sharing never adds area.
        let area = |m: u32| neuron_um2(&NeuronDesign { inputs_per_port: m, ..design }, fan_in, &N5, &inputs());
        prop_assert!(area(m + 2) <= area(m + 1));
    }

    #[test]
    fn wider_activations_and_slack_cost_area(design in designs(), fan_in in 1.0..20_000.0_f64, slack in 0.0..1.0_f64) {
        prop_assume!(design.activation_bits < 32);
        let wider = NeuronDesign { activation_bits: design.activation_bits + 1, ..design };
        let area = |design: &NeuronDesign, inputs: &AreaInputs| neuron_um2(design, fan_in, &N5, inputs);
        prop_assert!(area(&wider, &inputs()) > area(&design, &inputs()));
        let with = |slice_slack| area(&design, &AreaInputs { slice_slack, ..inputs() });
        prop_assert!(with(slack + 0.5) >= with(slack));
    }

    #[test]
    fn chips_are_the_fewest_that_fit(share in 0.01..30.0_f64, utilization in 0.5..1.0_f64) {
        let mut request = ChipsRequest { utilization, ..whole_model() };
        request.divided.weights *= share;
        request.divided.neurons *= share;
        let needed = chips_needed(&request, &N5, &inputs()).unwrap();
        let usable = RETICLE_MM2 * utilization;
        prop_assert!(needed.area.total_mm2 <= usable * (1.0 + 1e-9));
        if needed.chips > 1 {
            let repeated = request.repeated_weights;
            let weights = request.divided.weights / (needed.chips - 1) as f64 + repeated;
            let array = ArrayShape { weights, neurons: weights / ArrayShape::HNLPU.fan_in() };
            let larger = chip_area(&ChipAreaRequest { array, ..HNLPU }, &N5, &inputs()).unwrap();
            prop_assert!(larger.total_mm2 > usable * (1.0 - 1e-9));
        }
    }
}
