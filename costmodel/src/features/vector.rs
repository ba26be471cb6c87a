//! The features of one function while they are filled.

use super::table::{Collector, Feature};

/// One number for each feature, 0 until it is filled. In debug builds a collector that fills a feature declared for
/// another one panics.
#[derive(Debug)]
pub(super) struct FeatureVector {
    values: Vec<f64>,
    collector: Collector,
}

impl FeatureVector {
    pub fn new(collector: Collector) -> Self {
        Self { values: vec![0.0; Feature::COUNT], collector }
    }

    /// The same vector, to be filled by another collector.
    pub fn filled_by(&mut self, collector: Collector) -> &mut Self {
        self.collector = collector;
        self
    }

    fn entry(&mut self, feature: Feature) -> &mut f64 {
        debug_assert!(feature.collector() == self.collector, "{feature:?} is not declared as {:?}'s", self.collector);
        &mut self.values[feature as usize]
    }

    pub fn add(&mut self, feature: Feature, amount: f64) {
        *self.entry(feature) += amount;
    }

    pub fn set(&mut self, feature: Feature, value: f64) {
        *self.entry(feature) = value;
    }

    /// Raises a feature to a value if it is below.
    pub fn raise(&mut self, feature: Feature, value: f64) {
        let entry = self.entry(feature);
        *entry = entry.max(value);
    }

    pub fn get(&self, feature: Feature) -> f64 {
        self.values[feature as usize]
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
