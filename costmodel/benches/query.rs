//! Time of a query by the shipped model, and of its parts: from the text of a generated kernel of about 300 words to
//! predictions for all processors and the design.

use std::hint::black_box;

use corpus::kernels::{FamilySet, Form, kernels};
use costmodel::input::Scheme;
use costmodel::model::Predict;
use costmodel::predictor::{ContentKey, Predictor, Settings};
use costmodel::query::QueryReader;
use costmodel::shipped::CostModel;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ir::Limits;
use ir::analysis::Analysis;
use ir::tokenizer::Tokenizer;

/// The allocator that the command uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn texts() -> Vec<String> {
    kernels(FamilySet::Core, 1, 400).iter().map(|kernel| kernel.source(Form::Affine, 0)).collect()
}

fn words(text: &str) -> usize {
    Tokenizer::new(Scheme::Shaped).read(text).functions().map(|function| function.words().len()).sum()
}

fn query(c: &mut Criterion) {
    let texts = texts();
    let text = texts.iter().min_by_key(|text| words(text).abs_diff(300)).expect("there are kernels");
    let model = CostModel::shipped().expect("the shipped model");
    eprintln!("a function of {} words, {} bytes of text", words(text), text.len());
    c.bench_function("open the model", |b| b.iter(CostModel::shipped));
    c.bench_function("content key", |b| b.iter(|| ContentKey::of(black_box(text))));
    let mut tokenizer = Tokenizer::new(Scheme::Shaped);
    c.bench_function("tokenize", |b| b.iter(|| tokenizer.read(black_box(text)).words().len()));
    c.bench_function("parse", |b| b.iter(|| ir::parse(black_box(text), &Limits::default())));
    let parsed = ir::parse(text, &Limits::default());
    c.bench_function("analyse", |b| b.iter(|| Analysis::of(black_box(&parsed.tree))));
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    c.bench_function("text to input", |b| b.iter(|| reader.read(black_box(text), |_| &model.vocabulary)));
    let input = reader.read(text, |_| &model.vocabulary).expect("a good text").remove(0).input;
    c.bench_function("input to predictions", |b| b.iter(|| model.trees.predict(black_box(&input))));
    let cold = Predictor::new(model.clone(), Settings { kept: 0, ..Settings::default() });
    c.bench_function("text to answer", |b| b.iter(|| cold.predict(black_box(text))));
    let kept = Predictor::new(model.clone(), Settings::default());
    c.bench_function("text to answer, kept", |b| b.iter(|| kept.predict(black_box(text))));
    let all: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut batch = c.benchmark_group("batch");
    batch.throughput(Throughput::Elements(all.len() as u64));
    for threads in [1, 2] {
        batch.bench_function(format!("{threads} threads"), |b| b.iter(|| cold.predict_batch(black_box(&all), threads)));
    }
    batch.finish();
}

criterion_group!(benches, query);
criterion_main!(benches);
