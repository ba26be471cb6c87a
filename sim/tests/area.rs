//! Prints.
use sim::economics::area::checks::*;
use sim::economics::area::neuron::*;
use sim::economics::area::published::*;
use sim::economics::area::*;
#[test]
fn probe() {
    let (n, i) = (NodeDensities::N5, AreaInputs::default());
    let a = chip_area(&ChipAreaRequest::HNLPU, &n, &i).unwrap();
    for (k, b) in a.blocks() {
        println!("{k} {:.3} {:?}", b.mm2, b.basis);
    }
    println!("total {}", a.total_mm2);
    println!("{:?} fan {}", ReadingsFit::solve(&i), ArrayShape::HNLPU.fan_in());
    println!("operator/weight {}", operator_um2(&i) / 131072.0);
    let f = ArrayShape::HNLPU.fan_in();
    for acc in [Accumulation::PerRegion, Accumulation::AfterTree] {
        for reg in [Registers::EveryLevel, Registers::StateOnly] {
            for m in [1, 8, 41] {
                let d = NeuronDesign { accumulation: acc, registers: reg, inputs_per_port: m, ..NeuronDesign::HNLPU };
                let t = neuron_transistors(&d, f, &i);
                println!(
                    "{acc:?} {reg:?} m={m} T/w {:.2} um2/w {:.4} {:.2?}",
                    t.total() / f,
                    neuron_um2(&d, f, &n, &i) / f,
                    [t.selection / f, t.popcount / f, t.accumulators / f, t.constants / f, t.tree / f, t.registers / f]
                );
            }
            let d = NeuronDesign { accumulation: acc, registers: reg, ..NeuronDesign::HNLPU };
            println!(
                "  m for area {:?}",
                inputs_per_port_for_area(&d, f, 573.16e6 / ArrayShape::HNLPU.neurons, &n, &i)
            );
            let mut j = i;
            j.select_leg = 2.0;
            println!(
                "  m for area TG {:?}",
                inputs_per_port_for_area(&d, f, 573.16e6 / ArrayShape::HNLPU.neurons, &n, &j)
            );
            println!("  fig12 {:?}", operator_ratios(&d, &n, &i));
            println!("  fig12 m1 {:?}", operator_ratios(&NeuronDesign { inputs_per_port: 1, ..d }, &n, &i));
        }
    }
    let mut acc = 0.0;
    for k in 0..100_000 {
        let mut j = i;
        j.full_adder = 24.0 + k as f64 * 1e-5;
        acc += chip_area(&ChipAreaRequest::HNLPU, &n, &j).unwrap().total_mm2;
    }
    println!("{acc}");
    for (b, f) in [(8, 64.0), (8, 1024.0), (16, 1024.0), (4, 1024.0), (2, 1024.0)] {
        for r in [Registers::EveryLevel, Registers::StateOnly] {
            let d = NeuronDesign {
                embedding: Embedding::CellEmbedding,
                activation_bits: b,
                registers: r,
                ..NeuronDesign::HNLPU
            };
            let t = neuron_transistors(&d, f, &i);
            println!(
                "CE {b} {f} {r:?} {:.1} const {:.1} tree {:.1} ratio {:.2}",
                t.total() / f,
                t.constants / f,
                t.tree / f,
                operator_ratios(&d, &n, &i).cell_embedding
            );
        }
    }
    let mut c = ChipAreaRequest::HNLPU;
    c.hbm_controllers = true;
    println!("with ctrl {}", chip_area(&c, &n, &i).unwrap().total_mm2);
    for s in [HnReading::Structural] {
        c.hbm_controllers = false;
        c.reading = s;
        println!("struct {:?}", chip_area(&c, &n, &i).unwrap().hn_array);
    }
    println!("cycles m {}", inputs_per_port_for_cycles(16, 2880, 660));
    let n6 = NodeDensities { transistors_mtr_per_mm2: 107.0, sram_cell_um2: 0.027 };
    for s in [0.0, 0.1, 0.25, 0.5, 1.0] {
        println!("hc1 {s} {}", hc1_array_mm2(s, &n6, &i).unwrap());
    }
    println!("llama {:?} {}", LLAMA_3_1_8B, LLAMA_3_1_8B.fan_in());
    for fm in WeightFormat::ALL {
        let mut o = String::new();
        for e in [Embedding::MacArray, Embedding::CellEmbedding, Embedding::MetalEmbedding] {
            o += &format!(
                " {:.4}",
                neuron_um2(&NeuronDesign { embedding: e, format: fm, ..NeuronDesign::HNLPU }, f, &n, &i) / f * 137.6
            );
        }
        println!("{fm:?} {o}");
    }
    let d = NeuronDesign {
        format: WeightFormat::Mxfp4,
        folding: sim::arithmetic::ScaleFolding::PerBlockRegions,
        ..NeuronDesign::HNLPU
    };
    println!("mx block {:.3} ", neuron_transistors(&d, f, &i).total() / f);
    let c = ChipsRequest {
        divided: ArrayShape { weights: 1.163e11, neurons: 1.163e11 / f },
        repeated_weights: 13.27e6,
        chip: ChipAreaRequest::HNLPU,
        reticle_mm2: 858.0,
        utilization: 1.0,
    };
    println!("{:?}", chips_needed(&c, &n, &i));
}
