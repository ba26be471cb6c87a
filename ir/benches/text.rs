//! Throughput of the lexer on real text, in bytes a second on one core.

#![allow(missing_docs, reason = "criterion's macros generate public functions")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn lexer(c: &mut Criterion) {
    let text = include_str!("../../tests/fixtures/mlir/transformer.linalg.mlir").repeat(20);
    let mut group = c.benchmark_group("text");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("lexer", |b| {
        b.iter(|| ir::lexer::lex(&text).fold(0u32, |n, t| n ^ t.span.end ^ t.kind as u32))
    });
    group.finish();
}

criterion_group!(benches, lexer);
criterion_main!(benches);
