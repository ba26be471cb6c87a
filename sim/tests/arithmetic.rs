//! The functional models compared with the integer product, and their counted cycles with the closed forms.

use proptest::prelude::*;
use sim::arithmetic::{
    ArithmeticError, BENCHMARK_MA, BLOCK_INPUTS, BlockScales, CellEmbedding, Fp4, Fp4Error, HardwiredNeurons, HnTiming,
    MAX_INPUTS, MaTiming, MacArray, ScaleFolding, ScaleTable, SlicePlan, SliceSharing, WeightMatrix, benchmark,
    benchmark_with, code_counts,
};

/// A matrix, an input vector for it, the width of its elements and how many inputs share a port.
#[derive(Debug, Clone)]
struct Case {
    weights: WeightMatrix,
    inputs: Vec<i32>,
    hn: HnTiming,
}

fn matrix(inputs: usize, outputs: usize, codes: &[u8]) -> WeightMatrix {
    WeightMatrix::new(inputs, outputs, codes.iter().map(|&code| Fp4::from_code(code).unwrap()).collect()).unwrap()
}

/// Largest and smallest integers of a width, and anything between.
fn activation(bits: u32) -> impl Strategy<Value = i32> {
    let half = 1i64 << (bits - 1);
    let (min, max) = (-half as i32, (half - 1) as i32);
    prop_oneof![6 => min..=max, 1 => Just(min), 1 => Just(max)]
}

fn case(max_bits: u32) -> impl Strategy<Value = Case> {
    (1usize..=200, 1usize..=40, 1..=max_bits, 1u32..=64, 0u8..16, any::<bool>()).prop_flat_map(
        |(inputs, outputs, activation_bits, inputs_per_port, code, uniform)| {
            // Half of the matrices use two codes only, so that most regions are empty.
            let codes = if uniform { (0u8..16).boxed() } else { prop_oneof![Just(code), Just(code ^ 9)].boxed() };
            let values = prop::collection::vec(codes, inputs * outputs);
            (values, prop::collection::vec(activation(activation_bits), inputs)).prop_map(move |(codes, vector)| Case {
                weights: matrix(inputs, outputs, &codes),
                inputs: vector,
                hn: HnTiming { activation_bits, inputs_per_port },
            })
        },
    )
}

/// Scale codes around a base, up to `spread` apart, for a matrix.
fn scales(weights: &WeightMatrix, spread: u8) -> impl Strategy<Value = ScaleTable> + use<> {
    let (inputs, outputs) = (weights.inputs(), weights.outputs());
    let count = inputs.div_ceil(BLOCK_INPUTS) * outputs;
    (0..=254 - spread).prop_flat_map(move |base| {
        prop::collection::vec(base..=base + spread, count)
            .prop_map(move |codes| ScaleTable::new(inputs, outputs, codes).unwrap())
    })
}

/// `sum_i x[i] * w[i] * 2^scale[i]` in units of `2^exponent`, term by term in 128 bits.
fn scaled_reference(case: &Case, table: &ScaleTable, output: usize, exponent: i32) -> i128 {
    let row = case.weights.row(output).iter().zip(&case.inputs).enumerate();
    row.map(|(i, (w, &x))| {
        let scale = i32::from(table.row(output)[i / BLOCK_INPUTS]) - 127 - 1;
        let term = i128::from(w.doubled()) * i128::from(x);
        if term == 0 { 0 } else { term << (scale - exponent) }
    })
    .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn all_models_equal_the_integer_product(case in case(16), macs in 1u32..=64, port in 1u32..=40, latency in 0u32..5) {
        let Case { weights, inputs, hn } = case;
        let (fan_in, outputs) = (inputs.len() as u64, weights.outputs() as u64);
        let expected = weights.product(&inputs).unwrap();

        let neurons = HardwiredNeurons::new(weights.clone(), &BlockScales::None, hn).unwrap();
        let me = neurons.run(&inputs).unwrap();
        prop_assert_eq!(&me.sums, &expected);
        prop_assert_eq!(me.events.cycles, hn.pass_cycles(fan_in));
        prop_assert_eq!(me.events.popcount_bit_ops, fan_in * outputs * u64::from(hn.activation_bits));
        prop_assert_eq!(me.events.multiplies, 16 * outputs);
        prop_assert_eq!(me.events.adder_ops, outputs * (16 * hn.serial_cycles(fan_in) + 15));

        let ce = CellEmbedding::new(weights.clone(), hn.activation_bits).unwrap();
        let pass = ce.run(&inputs).unwrap();
        prop_assert_eq!(&pass.sums, &expected);
        prop_assert_eq!(pass.events.cycles, ce.timing().pass_cycles(fan_in));
        prop_assert_eq!(pass.events.multiplies, fan_in * outputs);
        prop_assert_eq!(pass.events.adder_ops, (fan_in - 1) * outputs);

        let ma = MaTiming { macs, sram_port_bytes: port, sram_latency: latency };
        let pass = MacArray::new(weights, hn.activation_bits, ma, 64 << 10).unwrap().run(&inputs).unwrap();
        prop_assert_eq!(&pass.sums, &expected);
        prop_assert_eq!(pass.events.cycles, ma.pass_cycles(fan_in, outputs));
        prop_assert_eq!(pass.events.multiplies, fan_in * outputs);
        // Each read adds one fewer than it has weights, and the accumulator adds once per read.
        prop_assert_eq!(pass.events.adder_ops, fan_in * outputs);
        let (read, reads) = (ma.weights_per_cycle(), fan_in / ma.weights_per_cycle());
        let bytes_per_output = reads * read.div_ceil(2) + (fan_in % read).div_ceil(2);
        prop_assert_eq!(pass.events.sram_read_bytes, bytes_per_output * outputs);
    }

    #[test]
    fn vectors_fed_back_to_back_do_not_mix(
        case in case(8),
        seeds in prop::collection::vec(any::<i32>(), 1..4),
    ) {
        let Case { weights, inputs, hn } = case;
        let shift = 32 - hn.activation_bits;
        let vectors: Vec<Vec<i32>> = (seeds.iter())
            .map(|&seed| inputs.iter().map(|&x| (x ^ seed) << shift >> shift).collect())
            .collect();
        let slices: Vec<&[i32]> = vectors.iter().map(Vec::as_slice).collect();
        let neurons = HardwiredNeurons::new(weights.clone(), &BlockScales::None, hn).unwrap();
        let stream = neurons.run_back_to_back(&slices).unwrap();
        for (sums, vector) in stream.sums.iter().zip(&vectors) {
            prop_assert_eq!(sums, &weights.product(vector).unwrap());
        }
        let fan_in = inputs.len() as u64;
        let more = (vectors.len() as u64 - 1) * hn.serial_cycles(fan_in);
        prop_assert_eq!(stream.events.cycles, hn.pass_cycles(fan_in) + more);
    }

    #[test]
    fn block_scales_are_exact_both_ways(
        (case, table) in (case(16), 0u8..=30).prop_flat_map(|(case, spread)| {
            let table = scales(&case.weights, spread);
            (Just(case), table)
        }),
    ) {
        let fan_in = case.inputs.len() as u64;
        for scales in [BlockScales::PreShift(table.clone()), BlockScales::PerBlockRegions(table.clone())] {
            let neurons = HardwiredNeurons::new(case.weights.clone(), &scales, case.hn).unwrap();
            let pass = neurons.run(&case.inputs).unwrap();
            for (output, (&sum, &exponent)) in pass.sums.iter().zip(&pass.exponents).enumerate() {
                prop_assert_eq!(i128::from(sum), scaled_reference(&case, &table, output, exponent));
            }
            prop_assert_eq!(pass.events.cycles, neurons.timing().pass_cycles(fan_in));
        }
    }

    #[test]
    fn a_slice_plan_accounts_for_every_port(
        counts in prop::collection::vec(prop::array::uniform16(0u32..50), 1..5),
        slice_ports in 1u32..20,
        pooled in any::<bool>(),
    ) {
        let sharing = if pooled { SliceSharing::Pooled } else { SliceSharing::PerRegion };
        // Enough slack that anything fits: a slice more per region (pooled), or the largest count per region.
        let plan = SlicePlan { slice_ports, slack_slices: if pooled { 16 } else { 50 }, sharing };
        for (fit, counts) in plan.fit(&counts).unwrap().iter().zip(&counts) {
            let used: u32 = counts.iter().sum();
            prop_assert_eq!(fit.used_ports, u64::from(used));
            prop_assert_eq!(fit.used_ports + fit.grounded_ports, fit.built_slices * u64::from(slice_ports));
        }
    }

    #[test]
    fn rounding_to_fp4_is_nearest(value in -8.0f32..8.0) {
        let distance = |w: Fp4| (w.to_f32() - value).abs();
        let chosen = Fp4::from_f32(value).unwrap();
        prop_assert!(Fp4::all().into_iter().all(|w| distance(chosen) <= distance(w)));
        prop_assert_eq!(chosen.to_f32().is_sign_negative(), value.is_sign_negative());
    }
}

#[test]
fn fp4_codes_round_trip_and_ties_go_to_even() {
    let values = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
    for (weight, value) in Fp4::all().into_iter().zip(values.into_iter().chain(values.map(|v: f32| -v))) {
        assert_eq!(weight.to_f32().to_bits(), value.to_bits());
        assert_eq!(weight.doubled() as f32, 2.0 * value);
        assert_eq!(Fp4::from_f32(value), Ok(weight));
    }
    let ties = [(0.25, 0.0), (0.75, 1.0), (1.25, 1.0), (1.75, 2.0), (2.5, 2.0), (3.5, 4.0), (5.0, 4.0)];
    for (value, even) in ties {
        assert_eq!(Fp4::from_f32(value).unwrap().to_f32(), even);
        assert_eq!(Fp4::from_f32(-value).unwrap().to_f32(), -even);
    }
    assert_eq!(Fp4::from_f32(f32::INFINITY).unwrap().to_f32(), 6.0);
    assert_eq!(Fp4::from_f32(-1e30).unwrap().to_f32(), -6.0);
    assert_eq!(Fp4::from_f32(f32::NAN), Err(Fp4Error::Nan));
    assert_eq!(Fp4::from_code(16), Err(Fp4Error::Code { code: 16 }));
}

#[test]
fn passes_of_the_published_mapping_take_the_stated_cycles() {
    let hn = HnTiming { activation_bits: 16, inputs_per_port: 41 };
    assert_eq!((hn.serial_cycles(2880), hn.depth_cycles(2880), hn.pass_cycles(2880)), (656, 14, 670));
    assert_eq!((hn.serial_cycles(720), hn.depth_cycles(720), hn.pass_cycles(720)), (656, 12, 668));
    // Fewer inputs than a port could serve: one port, no POPCNT level.
    assert_eq!((hn.serial_cycles(10), hn.depth_cycles(10)), (160, 7));
    // 90 blocks of 32 inputs, all 32 on one port: 7 more adder levels, no POPCNT level.
    let per_block = hn.scaled(ScaleFolding::PerBlockRegions);
    assert_eq!((per_block.serial_cycles(2880), per_block.depth_cycles(2880)), (512, 14));
    let pre_shift = hn.scaled(ScaleFolding::PreShift { span_bits: 10 });
    assert_eq!((pre_shift.serial_cycles(2880), pre_shift.depth_cycles(2880)), (26 * 41, 14));
}

#[test]
fn extremes_are_exact() {
    // The largest magnitude of all three: every input -2^(bits - 1), every weight -6 or 6, in one region each.
    for (bits, inputs_per_port) in [(1, 1), (4, 3), (16, 41), (32, 1), (32, 64)] {
        let inputs = vec![(-1i64 << (bits - 1)) as i32; 2880];
        let weights = matrix(2880, 2, &[[7u8; 2880], [15u8; 2880]].concat());
        let expected = (2880i64 * 12) << (bits - 1);
        let hn = HnTiming { activation_bits: bits, inputs_per_port };
        let me = HardwiredNeurons::new(weights.clone(), &BlockScales::None, hn).unwrap().run(&inputs).unwrap();
        assert_eq!(me.sums, [-expected, expected]);
        assert_eq!(me.events.cycles, hn.pass_cycles(2880));
        assert_eq!(CellEmbedding::new(weights.clone(), bits).unwrap().run(&inputs).unwrap().sums, me.sums);
        assert_eq!(MacArray::new(weights, bits, BENCHMARK_MA, 64 << 10).unwrap().run(&inputs).unwrap().sums, me.sums);
    }
}

#[test]
fn scales_may_use_all_64_accumulator_bits_and_no_more() {
    // 64 inputs in two blocks: 16 + 4 + 6 bits and a span of 38 are exactly 64 bits.
    let weights = matrix(64, 1, &[15; 64]);
    let inputs = vec![-1 << 15; 64];
    let hn = HnTiming { activation_bits: 16, inputs_per_port: 5 };
    let table = |high| ScaleTable::new(64, 1, vec![100, high]).unwrap();
    for scales in [BlockScales::PreShift(table(138)), BlockScales::PerBlockRegions(table(138))] {
        let pass = HardwiredNeurons::new(weights.clone(), &scales, hn).unwrap().run(&inputs).unwrap();
        let block = (32i128 * 12) << 15;
        assert_eq!(i128::from(pass.sums[0]), block + (block << 38));
        assert_eq!(pass.exponents, [100 - 127 - 1]);
    }
    let error = HardwiredNeurons::new(weights, &BlockScales::PreShift(table(139)), hn).unwrap_err();
    assert_eq!(error, ArithmeticError::AccumulatorOverflow { output: 0, span: 39, needed_bits: 65 });
}

#[test]
fn the_scale_of_a_block_of_zeros_costs_nothing() {
    let codes: Vec<u8> = (0..64).map(|i| if i < 32 { 8 * (i % 2) } else { 3 }).collect();
    let scales = BlockScales::PreShift(ScaleTable::new(64, 1, vec![0, 200]).unwrap());
    let hn = HnTiming { activation_bits: 8, inputs_per_port: 1 };
    let neurons = HardwiredNeurons::new(matrix(64, 1, &codes), &scales, hn).unwrap();
    assert_eq!(neurons.timing().folding, ScaleFolding::PreShift { span_bits: 0 });
    let pass = neurons.run(&[1; 64]).unwrap();
    assert_eq!((pass.sums[0], pass.exponents[0]), (32 * 3, 200 - 127 - 1));
}

#[test]
fn the_benchmark_orders_the_methods_as_published() {
    let result = benchmark();
    assert_eq!(result.metal_embedding.cycles, 16 + 10 + 7);
    assert_eq!(result.cell_embedding.cycles, 1 + 10 + 1);
    assert_eq!(result.mac_array.cycles, 128 + 3 + 1 + 10 + 1 + 1);
    assert_eq!(result.mac_array.sram_read_bytes, 64 * 1024);
    assert_eq!(result.metal_embedding.sram_read_bytes + result.cell_embedding.sram_read_bytes, 0);
    assert_eq!(result.metal_embedding.multiplies, 16 * 128);
    // Sharing ports changes the order of the models: 8 inputs per port is the largest number that keeps it.
    let shared = |inputs_per_port| benchmark_with(HnTiming { inputs_per_port, ..result.hn }).unwrap();
    assert!(shared(8).metal_embedding.cycles < result.mac_array.cycles);
    assert!(shared(9).metal_embedding.cycles > result.mac_array.cycles);
    let json = serde_json::to_value(result).unwrap();
    assert_eq!(json["mac_array"]["cycles"], 144);
}

#[test]
fn slices_overflow_at_the_named_neuron_and_region() {
    let codes: Vec<u8> = (0..64).map(|i| i % 16).chain(std::iter::repeat_n(5, 64)).collect();
    let counts = code_counts(&matrix(64, 2, &codes));
    assert_eq!(counts[0], [4; 16]);
    assert_eq!(counts[1][5], 64);

    // Per region: 4 ports are 2 slices of 3; the second neuron needs 22 slices for weight 3.
    let plan = SlicePlan { slice_ports: 3, slack_slices: 0, sharing: SliceSharing::PerRegion };
    let fit = plan.fit(&counts[..1]).unwrap()[0];
    assert_eq!((fit.built_slices, fit.used_ports, fit.grounded_ports), (32, 64, 32));
    let error = plan.fit(&counts).unwrap_err();
    let region = Fp4::from_code(5).unwrap();
    assert_eq!(error, ArithmeticError::SliceOverflow { neuron: 1, region, needed_slices: 22, available_slices: 2 });
    assert_eq!(error.to_string(), "neuron 1: region +3 needs 22 accumulator slices, 2 are left");

    // Pooled: even counts waste two ports in each region and need 32 slices where 22 hold 64 ports.
    let plan = SlicePlan { sharing: SliceSharing::Pooled, ..plan };
    assert_eq!(plan.fit(&counts[1..]).unwrap()[0].grounded_ports, 2);
    let region = Fp4::from_code(11).unwrap();
    let error = plan.fit(&counts).unwrap_err();
    assert_eq!(error, ArithmeticError::SliceOverflow { neuron: 0, region, needed_slices: 2, available_slices: 0 });
    let roomy = SlicePlan { slack_slices: 10, ..plan };
    assert_eq!(roomy.fit(&counts).unwrap()[0].grounded_ports, 32);
}

#[test]
fn mistakes_are_errors_that_say_what_is_right() {
    let zero = |what| ArithmeticError::Zero { what };
    let shape = |what, expected, found| ArithmeticError::Shape { what, expected, found };
    let one = || vec![Fp4::from_low_bits(2)];
    assert_eq!(WeightMatrix::new(0, 1, vec![]).unwrap_err(), zero("the number of inputs"));
    assert_eq!(WeightMatrix::new(1, 0, vec![]).unwrap_err(), zero("the number of outputs"));
    assert_eq!(WeightMatrix::new(2, 3, one()).unwrap_err(), shape("the weight list", 6, 1));
    assert!(matches!(WeightMatrix::new(MAX_INPUTS + 1, 1, one()), Err(ArithmeticError::TooLarge { .. })));
    assert!(matches!(WeightMatrix::new(1, usize::MAX, one()), Err(ArithmeticError::Shape { .. })));

    let weights = matrix(2, 1, &[1, 2]);
    let hn = HnTiming { activation_bits: 4, inputs_per_port: 1 };
    let neurons = |hn| HardwiredNeurons::new(weights.clone(), &BlockScales::None, hn);
    assert_eq!(
        neurons(HnTiming { activation_bits: 33, ..hn }).unwrap_err(),
        ArithmeticError::ActivationBits { bits: 33 }
    );
    assert_eq!(
        neurons(HnTiming { activation_bits: 0, ..hn }).unwrap_err(),
        ArithmeticError::ActivationBits { bits: 0 }
    );
    assert_eq!(neurons(HnTiming { inputs_per_port: 0, ..hn }).unwrap_err(), zero("inputs_per_port"));
    assert_eq!(neurons(hn).unwrap().run(&[1]).unwrap_err(), shape("the input vector", 2, 1));
    assert_eq!(neurons(hn).unwrap().run_back_to_back(&[]).unwrap_err(), zero("the number of input vectors"));
    let error = neurons(hn).unwrap().run(&[-8, 8]).unwrap_err();
    assert_eq!(error, ArithmeticError::ActivationRange { input: 1, value: 8, bits: 4 });
    assert_eq!(error.to_string(), "input 1 is 8, outside -8..=7 of 4-bit two's complement");
    assert_eq!(
        CellEmbedding::new(weights.clone(), 4).unwrap().run(&[-9, 0]).unwrap_err().to_string(),
        "input 0 is -9, outside -8..=7 of 4-bit two's complement"
    );

    let mac = |ma, bytes| MacArray::new(weights.clone(), 4, ma, bytes).map(|_| ());
    assert_eq!(mac(MaTiming { macs: 0, ..BENCHMARK_MA }, 1), Err(zero("macs")));
    assert_eq!(mac(MaTiming { sram_port_bytes: 0, ..BENCHMARK_MA }, 1), Err(zero("sram_port_bytes")));
    assert!(matches!(mac(MaTiming { sram_latency: 1025, ..BENCHMARK_MA }, 1), Err(ArithmeticError::TooLarge { .. })));
    assert_eq!(mac(BENCHMARK_MA, 0), Err(ArithmeticError::SramCapacity { needed: 1, capacity: 0 }));
    assert_eq!(mac(BENCHMARK_MA, 1), Ok(()));

    assert_eq!(ScaleTable::new(33, 1, vec![1]).unwrap_err(), shape("the scale table", 2, 1));
    assert_eq!(
        ScaleTable::new(33, 2, vec![1, 2, 3, 255]).unwrap_err(),
        ArithmeticError::NanScale { output: 1, block: 1 }
    );
    let scales = BlockScales::PreShift(ScaleTable::new(33, 1, vec![1, 2]).unwrap());
    assert_eq!(HardwiredNeurons::new(weights.clone(), &scales, hn).unwrap_err(), shape("the scale table", 1, 2));
    let plan = SlicePlan { slice_ports: 0, slack_slices: 0, sharing: SliceSharing::Pooled };
    assert_eq!(plan.fit(&[]).unwrap_err(), zero("slice_ports"));
}

#[test]
fn timing_with_zero_fields_does_not_panic() {
    let hn = HnTiming { activation_bits: 0, inputs_per_port: 0 };
    let ma = MaTiming { macs: 0, sram_port_bytes: 0, sram_latency: 0 };
    assert_eq!(hn.pass_cycles(0), 7);
    assert_eq!(hn.scaled(ScaleFolding::PerBlockRegions).pass_cycles(0), 7);
    assert_eq!(ma.pass_cycles(3, 2), 6 + 3);
}
