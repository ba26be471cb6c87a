//! Throughput of lexer, parser, analysis and graph on real text, in bytes of text a second on one core.

#![allow(missing_docs, reason = "criterion's macros generate public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ir::analysis::Analysis;
use ir::graph::Graph;
use ir::{Limits, parse, print};

const TEXTS: [(&str, &str); 4] = [
    ("linalg", include_str!("../../tests/fixtures/mlir/transformer.linalg.mlir")),
    ("scf", include_str!("../../tests/fixtures/mlir/resnet.scf.mlir")),
    ("affine", include_str!("../../tests/fixtures/mlir/mlp.affine.mlir")),
    ("stablehlo", include_str!("../../tests/fixtures/mlir/transformer.stablehlo.mlir")),
];

fn text(c: &mut Criterion) {
    let mut group = c.benchmark_group("text");
    for (name, text) in TEXTS {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("lexer", name), |b| {
            b.iter(|| ir::lexer::lex(text).fold(0u32, |n, t| n ^ t.span.end ^ t.kind as u32))
        });
        group.bench_function(BenchmarkId::new("parser", name), |b| b.iter(|| parse(text, &Limits::default())));
        let tree = parse(text, &Limits::default()).tree;
        group.bench_function(BenchmarkId::new("printer", name), |b| b.iter(|| print(text, &tree)));
        let function = tree.functions().next().expect("the fixtures hold functions");
        group.bench_function(BenchmarkId::new("analysis and graph", name), |b| {
            b.iter(|| Graph::of(&tree, &Analysis::of(&tree), function))
        });
    }
    // Time is linear in the text: throughput is the same as for one copy.
    let long = TEXTS[0].1.repeat(64);
    group.throughput(Throughput::Bytes(long.len() as u64));
    group.bench_function(BenchmarkId::new("parser", "64 x linalg"), |b| b.iter(|| parse(&long, &Limits::default())));
    group.finish();
}

criterion_group!(benches, text);
criterion_main!(benches);
