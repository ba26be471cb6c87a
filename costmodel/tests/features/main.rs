//! Features: of small functions against counts by hand, of known texts against pinned hashes, and their page.

mod bounds;
mod page;
mod pinned;

use costmodel::features::Feature;
use costmodel::input::{Input, Scheme};
use costmodel::query::QueryReader;
use ir::Limits;
use ir::tokenizer::Tokenizer;
use ir::vocabulary::{Counts, Vocabulary};

const MATMUL: &str = "func.func @matmul(%a: memref<8x32xf32>, %b: memref<32x16xf32>, %c: memref<8x16xf32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 16 {
      affine.for %k = 0 to 32 {
        %x = affine.load %a[%i, %k] : memref<8x32xf32>
        %y = affine.load %b[%k, %j] : memref<32x16xf32>
        %z = affine.load %c[%i, %j] : memref<8x16xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<8x16xf32>
      }
    }
  }
  return
}
";

fn vocabulary(text: &str) -> Vocabulary {
    let mut counts = Counts::new(Scheme::Shaped);
    counts.add(Tokenizer::new(Scheme::Shaped).read(text).words());
    counts.vocabulary(1)
}

fn inputs(text: &str) -> Vec<(String, Input)> {
    let vocabulary = vocabulary(text);
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let queries = reader.read(text, |_| &vocabulary).unwrap();
    queries.into_iter().map(|query| (query.function, query.input)).collect()
}

fn expect(text: &str, expected: &[(Feature, f64)]) {
    let (_, input) = inputs(text).remove(0);
    for &(feature, value) in expected {
        assert_eq!(input.feature(feature), value, "{}", feature.name());
    }
}

#[test]
fn a_loop_nest_is_counted_by_iterations() {
    let iterations = 8.0 * 16.0 * 32.0;
    expect(
        MATMUL,
        &[
            (Feature::Operations, 9.0),
            (Feature::Arguments, 3.0),
            (Feature::ArgumentBytes, 4.0 * (256.0 + 512.0 + 128.0)),
            (Feature::Floats, 2.0),
            (Feature::FloatsExecuted, 2.0 * iterations),
            (Feature::LoadsExecuted, 3.0 * iterations),
            (Feature::StoresExecuted, iterations),
            (Feature::Work, 2.0 * iterations),
            (Feature::BytesLoaded, 12.0 * iterations),
            (Feature::BytesStored, 4.0 * iterations),
            (Feature::Loops, 3.0),
            (Feature::LoopDepth, 3.0),
            (Feature::InnermostLoops, 1.0),
            (Feature::InnermostTrips, iterations),
            (Feature::InnermostTripsLeast, 32.0),
            (Feature::InnermostBody, 6.0),
            (Feature::UnknownLoops, 0.0),
            // The sum is carried in memory: its element is invariant in the innermost loop.
            (Feature::ReductionTrips, iterations),
            // Only the load of %a is contiguous in the innermost loop; the store is invariant.
            (Feature::ContiguousLoads, iterations),
            (Feature::ContiguousStores, 0.0),
            (Feature::ElementBits, 32.0),
        ],
    );
}

#[test]
fn an_elementwise_loop_carries_nothing() {
    let text = "func.func @scale(%a: memref<64xf32>, %f: f32) {
      affine.for %i = 0 to 64 {
        %x = affine.load %a[%i] : memref<64xf32>
        %y = arith.mulf %x, %f : f32
        affine.store %y, %a[%i] : memref<64xf32>
      }
      return
    }";
    expect(
        text,
        &[
            (Feature::ReductionTrips, 0.0),
            (Feature::ContiguousLoads, 64.0),
            (Feature::ContiguousStores, 64.0),
            // Load, multiplication and store form a chain.
            (Feature::CriticalPath, 3.0),
        ],
    );
}

#[test]
fn loops_of_unknown_trip_count_are_guessed_and_counted() {
    let text = "func.func @f(%a: memref<?xf32>, %n: index) {
      affine.for %i = 0 to %n {
        %x = affine.load %a[%i] : memref<?xf32>
        affine.store %x, %a[%i] : memref<?xf32>
      }
      return
    }";
    expect(text, &[(Feature::UnknownLoops, 1.0), (Feature::LoadsExecuted, 32.0)]);
}

#[test]
fn structured_operations_are_loop_nests() {
    let text = "func.func @f(%a: tensor<8x32xf32>, %b: tensor<32x16xf32>, %c: tensor<8x16xf32>) -> tensor<8x16xf32> {
      %0 = linalg.matmul ins(%a, %b : tensor<8x32xf32>, tensor<32x16xf32>) outs(%c : tensor<8x16xf32>) -> tensor<8x16xf32>
      return %0 : tensor<8x16xf32>
    }";
    let iterations = 8.0 * 16.0 * 32.0;
    expect(
        text,
        &[
            (Feature::Structured, 1.0),
            (Feature::FloatsExecuted, 2.0 * iterations),
            (Feature::InnermostTrips, iterations),
            (Feature::LoadsExecuted, 2.0 * iterations),
        ],
    );
}

#[test]
fn unregistered_operations_are_unknown_not_an_error() {
    // Also in dialects whose other operations are registered.
    for name in ["quantum.measure", "arith.unregistered", "memref.unregistered", "scf.unregistered"] {
        let text = format!("func.func @f(%a: f32) -> f32 {{\n%0 = \"{name}\"(%a) : (f32) -> f32\nreturn %0 : f32\n}}");
        let counted = [Feature::Floats, Feature::Integers, Feature::Reshapes].map(|feature| (feature, 0.0));
        expect(&text, &[&[(Feature::Unknown, 1.0), (Feature::KeptRuntime, 1.0)], &counted[..]].concat());
    }
}

#[test]
fn functions_of_a_module_are_read_in_order() {
    let second = MATMUL.replace("@matmul", "@again").replace("0 to 8 ", "0 to 4 ");
    let both = inputs(&format!("module {{\n{MATMUL}{second}}}\n"));
    let names: Vec<&str> = both.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["matmul", "again"]);
    // Each text has its own vocabulary here, so only features can be compared.
    assert_eq!(both[0].1.features, inputs(MATMUL)[0].1.features);
    assert_eq!(2.0 * both[1].1.feature(Feature::Work), both[0].1.feature(Feature::Work));
}

#[test]
fn a_text_with_mistakes_is_refused_with_diagnostics() {
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let words = vocabulary(MATMUL);
    let diagnostics = reader.read("func.func @f() {\n  return %nowhere : f32\n}", |_| &words).unwrap_err();
    assert!(!diagnostics.is_empty());
    assert!(reader.read("", |_| &words).unwrap().is_empty());
}
