//! Models of GPUs: their corpus, their fit, and their answers.

use costmodel::input::Scheme;
use costmodel::kernels::KernelFeature;
use costmodel::predictor::{Predictor, Settings};
use costmodel::quantity::{Output, Quantity, TargetKind};
use costmodel::reason::ReasonKind;
use costmodel::shipped::CostModel;
use ir::labels::gpu::GpuTarget;
use storage::columnar::{Column, Frame};
use training::corpus_rows::{CorpusRows, read};
use training::fit::{Fit, Rows, Run};
use training::trees::TreesParameters;

fn fixture() -> (Frame, CorpusRows) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/corpus/kernels.parquet");
    let frame = corpus::table::read(std::fs::read(path).unwrap()).unwrap();
    let rows = read(&frame, 1, &|_, _| {}).unwrap();
    (frame, rows)
}

#[test]
fn a_corpus_of_gpus_has_outputs_of_gpus_only() {
    let (_, corpus) = fixture();
    let outputs = corpus.data.outputs();
    assert!(outputs.iter().all(|output| output.quantity.target_kind() == TargetKind::Gpu));
    let has = |quantity, target: &str| outputs.contains(&Output { target: target.to_owned(), quantity });
    assert!(has(Quantity::GpuScalarRegisters, "gfx942") && has(Quantity::GpuVectorRegisters, "sm_90"));
    // ptxas states neither scalar registers nor executions.
    assert!(!has(Quantity::GpuScalarRegisters, "sm_90") && !has(Quantity::GpuInstructions, "sm_90"));
}

/// What the reader finds without LLVM is what upstream's passes make.
#[test]
fn kernels_are_those_of_the_labels() {
    let (frame, corpus) = fixture();
    let Some(Column::Int(kernels)) = frame.column("gfx942_kernels") else { panic!("a column of counts") };
    let Some(Column::Text(hashes)) = frame.column("hash") else { panic!("a column of text") };
    let (mut same, mut all) = (0, 0);
    for (entry, sample) in corpus.entries.iter().zip(corpus.data.samples()) {
        let at = hashes.iter().position(|hash| hash.as_ref() == Some(&entry.row.hash)).unwrap();
        let Some(labelled) = kernels[at] else { continue };
        let found = sample.input.kernels.features[KernelFeature::Kernels as usize];
        same += i64::from(found == labelled as f32);
        all += 1;
    }
    assert!(all > 40 && same * 20 >= all * 17, "{same} of {all} functions have the kernels of their labels");
    assert!(
        corpus.refused * 20 <= corpus.rows_in_file,
        "{} of {} rows are refused",
        corpus.refused,
        corpus.rows_in_file
    );
}

#[test]
fn trees_of_gpus_learn_from_kernels_and_answer_possible_waves() {
    let (_, corpus) = fixture();
    let data = &corpus.data;
    let rows = Rows { training: (0..data.samples().len()).collect(), validation: vec![] };
    let parameters =
        TreesParameters { trees: 60, rows_per_leaf: 1, features: true, words: 8, ..TreesParameters::default() };
    let trees = parameters.check().unwrap().fit(data, &rows, &Run::QUIET).unwrap();
    for (output, name) in data.outputs().iter().enumerate() {
        let scale = name.quantity.scale();
        let (mut own, mut base, mut count) = (0.0, 0.0, 0.0);
        let labels: Vec<f64> = (0..data.samples().len()).filter_map(|row| data.scaled_label(row, output)).collect();
        let mean = labels.iter().sum::<f64>() / labels.len() as f64;
        for (row, sample) in data.samples().iter().enumerate() {
            let Some(label) = data.scaled_label(row, output) else { continue };
            let answer = f64::from(trees.scaled(&sample.input)[output]);
            own += (answer - label).abs();
            base += (mean - label).abs();
            count += 1.0;
            if name.quantity == Quantity::GpuWavesPerSimd {
                let target = GpuTarget::from_cpu(&name.target).unwrap();
                let waves = scale.from(answer).round() as u32;
                assert!(sample.input.kernels.possible_waves(target).contains(&waves), "{waves} waves on {target}");
            }
        }
        assert!(count > 0.0 && own <= base, "{name}: error {own} against {base} of the mean");
    }
}

#[test]
fn the_shipped_model_says_why_a_function_has_no_kernel() {
    let predictor = Predictor::new(CostModel::shipped_for_gpus().unwrap(), Settings::default());
    let sum = "func.func @sum(%a: memref<64xf32>, %z: f32) -> f32 {
      %s = affine.for %i = 0 to 64 iter_args(%c = %z) -> f32 {
        %x = affine.load %a[%i] : memref<64xf32>
        %d = arith.addf %c, %x : f32
        affine.yield %d : f32
      }
      return %s : f32
    }";
    let reply = &predictor.predict(sum).unwrap().replies[0];
    assert!(reply.estimates.iter().all(Option::is_none));
    let [reason] = &reply.reasons[..] else { panic!("{:?}", reply.reasons) };
    assert_eq!((reason.kind, reason.place.as_ref().unwrap().line), (ReasonKind::NoKernel, 1));
    let copy = "func.func @copy(%a: memref<64x64xf32>, %b: memref<64x64xf32>) {
      affine.for %i = 0 to 64 { affine.for %j = 0 to 64 {
        %x = affine.load %a[%i, %j] : memref<64x64xf32>
        affine.store %x, %b[%j, %i] : memref<64x64xf32> } }
      return
    }";
    let reply = &predictor.predict(copy).unwrap().replies[0];
    assert_eq!(reply.reasons, []);
    for (output, estimate) in predictor.outputs().iter().zip(&reply.estimates) {
        let estimate = estimate.expect("the model answers all");
        assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{output}: {estimate:?}");
        let rule = GpuTarget::from_cpu(&output.target).unwrap().gpu().occupancy;
        let within = match output.quantity {
            Quantity::GpuWavesPerSimd => rule.waves_per_simd,
            Quantity::GpuVectorRegisters => rule.vector_registers.addressable,
            _ => u32::MAX,
        };
        assert!(estimate.high <= f64::from(within), "{output}: {estimate:?}");
    }
    let input = |reader: &mut costmodel::query::QueryReader| {
        reader.read(copy, |_| &predictor.model().vocabulary).unwrap().remove(0).input
    };
    let mut reader = costmodel::query::QueryReader::new(ir::Limits::default(), &[Scheme::Shaped]);
    assert!(input(&mut reader).kernels.features.is_empty(), "only a model of GPUs asks for kernels");
}
