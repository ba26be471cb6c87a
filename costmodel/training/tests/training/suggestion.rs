//! Functions of the corpus measured on a machine that no model was trained for: suggested ones against random ones.

use corpus::table::{Reader, entries, read};
use costmodel::input::Scheme;
use costmodel::quantity::Quantity;
use costmodel::query::QueryReader;
use costmodel::shipped::CostModel;
use ir::Limits;
use training::adaptation::{self, Pair};
use training::random::Random;
use training::suggestion::{Predictions, suggest};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/hardwire-corpus-v2.parquet");

/// Every so many rows of the corpus are taken.
const STRIDE: usize = 60;
/// Functions that can be measured, of one draw; the error is that on all others.
const POOL: usize = 60;
const DRAWS: u64 = 60;

/// Predictions of the cycles on a known processor, and what the made-up machine takes, both as logarithms.
///
/// The machine takes a power of the cycles of another processor's labels, more with vectors and less with mathematical functions: no
/// line through the predictions meets it.
fn functions() -> Vec<Pair> {
    let frame = read(std::fs::read(CORPUS).unwrap()).unwrap();
    let rows = entries(&frame).unwrap();
    let cycles = Reader { frame: &frame }.numbers_or_none("znver4_cycles").unwrap();
    let model = CostModel::shipped().unwrap();
    let is_base = |(target, quantity): (&str, Quantity)| (target, quantity) == ("skylake-avx512", Quantity::Cycles);
    let base = model.trees.outputs().iter().position(|o| is_base((&o.target, o.quantity))).unwrap();
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let mut functions = Vec::new();
    for (index, (row, cycles)) in rows.iter().zip(cycles).enumerate().step_by(STRIDE) {
        let Some(cycles) = cycles else { continue };
        let queries = reader.read(&row.row.text, |_| &model.vocabulary).unwrap();
        let [query] = &queries[..] else { continue };
        let predicted = libm::log1p(model.learned(&query.input)[base].unwrap().value);
        let vectors = if row.row.text.contains("vector.") { 1.5 } else { 1.0 };
        let mathematics = if row.row.text.contains("math.") { 0.6 } else { 1.0 };
        let truth = libm::log1p(3.0 * vectors * mathematics * libm::pow(cycles, 1.1));
        functions.push(Pair { predicted, truth, kernel: index as u32 });
    }
    functions
}

/// Mean error of the line through the measured functions, on others.
fn error(measured: &[Pair], others: &[Pair]) -> f64 {
    let line = adaptation::fit(measured).unwrap();
    let errors = others.iter().map(|pair| (pair.truth - f64::from(line.at(pair.predicted as f32))).abs());
    errors.sum::<f64>() / others.len() as f64
}

/// Mean errors over the draws with `count` more measurements than the first `known` of the pool: suggested ones and the next of the pool.
fn errors(functions: &[Pair], known: usize, count: usize) -> (f64, f64) {
    let (mut suggested, mut drawn) = (0.0, 0.0);
    for seed in 0..DRAWS {
        let mut order = functions.to_vec();
        Random::new(seed).shuffle(&mut order);
        let (pool, others) = order.split_at(POOL);
        let (measured, left) = pool.split_at(known);
        let predicted = |pairs: &[Pair]| pairs.iter().map(|pair| pair.predicted).collect();
        let predictions = Predictions { measured: predicted(measured), candidates: predicted(left) };
        let chosen = suggest(&[predictions], count).into_iter().map(|one| left[one.candidate]);
        suggested += error(&measured.iter().copied().chain(chosen).collect::<Vec<_>>(), others) / DRAWS as f64;
        drawn += error(&pool[..known + count], others) / DRAWS as f64;
    }
    (suggested, drawn)
}

#[test]
fn what_is_suggested_teaches_more_than_what_is_drawn() {
    let functions = functions();
    assert!(functions.len() > 500, "{}", functions.len());
    let least = error(&functions, &functions);
    println!("{} functions, {least:.3} with all measured", functions.len());
    for (known, count) in [(0, 8), (0, 12), (0, 16), (8, 4), (8, 8)] {
        let (suggested, drawn) = errors(&functions, known, count);
        println!("{known} drawn and {count} more: {suggested:.3} suggested, {drawn:.3} drawn");
        assert!(suggested < drawn, "{known} and {count}: {suggested} suggested, {drawn} drawn");
    }
}
