//! Throughput of the tokenizer by scheme, in bytes of text a second on one core, and of encoding.

#![allow(missing_docs, reason = "criterion's macros generate public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ir::tokenizer::{Scheme, Tokenizer};
use ir::vocabulary::Counts;

const TEXTS: [(&str, &str); 4] = [
    ("linalg", include_str!("../../tests/fixtures/mlir/transformer.linalg.mlir")),
    ("scf", include_str!("../../tests/fixtures/mlir/resnet.scf.mlir")),
    ("affine", include_str!("../../tests/fixtures/mlir/mlp.affine.mlir")),
    ("stablehlo", include_str!("../../tests/fixtures/mlir/transformer.stablehlo.mlir")),
];

fn tokenizer(c: &mut Criterion) {
    let mut group = c.benchmark_group("tokenizer");
    for scheme in Scheme::ALL {
        for (name, text) in TEXTS {
            group.throughput(Throughput::Bytes(text.len() as u64));
            let mut tokenizer = Tokenizer::new(scheme);
            group.bench_function(BenchmarkId::new(scheme.to_string(), name), |b| {
                b.iter(|| tokenizer.read(text).words().len())
            });
        }
    }
    let text = TEXTS[0].1;
    let mut tokenizer = Tokenizer::new(Scheme::Shaped);
    let mut counts = Counts::new(Scheme::Shaped);
    counts.add(tokenizer.read(text).words());
    let vocabulary = counts.vocabulary(1);
    let mut ids = vec![0; 1 << 13];
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("shaped with ids/linalg", |b| {
        b.iter(|| vocabulary.encode(tokenizer.read(text).words(), &mut ids))
    });
    group.finish();
}

criterion_group!(benches, tokenizer);
criterion_main!(benches);
