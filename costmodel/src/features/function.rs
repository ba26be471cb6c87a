//! Features of a function as a whole, and quotients of others.

use ir::analysis::liveness::liveness;
use ir::analysis::{Analysis, size};
use ir::tree::OpId;

use super::counts::midpoint;
use super::table::{Collector, Feature};
use super::vector::FeatureVector;
use super::walk::lanes::LONG_REGISTER_BITS;

/// Fills the features of [`Collector::Function`]; those of [`Collector::Text`] have to be filled. `words` is the number
/// of the function's words.
pub(super) fn fill(analysis: &Analysis<'_>, function: OpId, words: usize, features: &mut FeatureVector) {
    let tree = analysis.tree();
    let features = features.filled_by(Collector::Function);
    features.set(Feature::Length, words as f64);
    if let Some(analysis) = analysis.function(function) {
        let cost = analysis.cost;
        features.set(Feature::Work, midpoint(cost.work.total()));
        features.set(Feature::BytesLoaded, midpoint(cost.traffic.read_bytes));
        features.set(Feature::BytesStored, midpoint(cost.traffic.written_bytes));
    }
    let live = liveness(tree, function);
    features.set(Feature::MaxLiveData, (live.floats + live.vectors + live.tensors) as f64);
    features.set(Feature::MaxLiveIndices, live.integers as f64);
    let vector_bits = 8.0 * live.vector_bytes as f64;
    features.set(Feature::LiveBits, vector_bits + live.floats as f64 * features.get(Feature::ElementBits));
    let registers = (vector_bits / LONG_REGISTER_BITS).ceil().max(live.vectors as f64);
    features.set(Feature::LiveRegisters, (live.floats + live.tensors) as f64 + registers);
    let arguments = tree.entry(function, 0).map_or(&[][..], |block| &tree.block(block).arguments);
    features.set(Feature::Arguments, arguments.len() as f64);
    let bytes: f64 = arguments.iter().map(|&v| midpoint(size::bytes(tree, tree.value(v).ty))).sum();
    features.set(Feature::ArgumentBytes, bytes);
    let elements = || arguments.iter().map(|&v| midpoint(size::elements(tree, tree.value(v).ty)));
    features.set(Feature::ArgumentElements, elements().sum());
    features.set(Feature::LargestArgument, elements().fold(0.0, f64::max));
}

/// Fills the features of [`Collector::Ratio`]: regression trees compare numbers, they do not divide.
pub(super) fn fill_ratios(features: &mut FeatureVector) {
    let features = features.filled_by(Collector::Ratio);
    let iterations = features.get(Feature::InnermostTrips).max(1.0);
    for (ratio, total) in [
        (Feature::WorkPerIteration, Feature::Work),
        (Feature::LoadsPerIteration, Feature::LoadsExecuted),
        (Feature::StoresPerIteration, Feature::StoresExecuted),
        (Feature::FloatsPerIteration, Feature::FloatsExecuted),
        (Feature::DivisionsPerIteration, Feature::DivisionsExecuted),
        (Feature::TranscendentalsPerIteration, Feature::TranscendentalsExecuted),
        (Feature::IntegersPerIteration, Feature::IntegersExecuted),
        (Feature::CastsPerIteration, Feature::CastsExecuted),
        (Feature::BranchesPerIteration, Feature::BranchesExecuted),
        (Feature::VectorsPerIteration, Feature::VectorsExecuted),
    ] {
        features.set(ratio, features.get(total) / iterations);
    }
    for (share, part, all) in [
        (Feature::CarriedShare, Feature::ReductionTrips, Feature::InnermostTrips),
        (Feature::ContiguousLoadShare, Feature::ContiguousLoads, Feature::LoadsExecuted),
        (Feature::ContiguousStoreShare, Feature::ContiguousStores, Feature::StoresExecuted),
    ] {
        features.set(share, 100.0 * features.get(part) / features.get(all).max(1.0));
    }
    let entries = features.get(Feature::InnermostEntries).max(1.0);
    features.set(Feature::TripsPerEntry, features.get(Feature::InnermostTrips) / entries);
}
