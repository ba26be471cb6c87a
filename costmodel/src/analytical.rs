//! Analytical models: a roofline for time, liveness for registers.
//!
//! The roofline is the longer of computing and moving (Williams, Waterman and Patterson, 2009), at two rates per target
//! that were fitted to the training rows: vendors' peak rates are not reached by compiled loops. Register pressure is a
//! linear function of the maximum number of live values. Each model answers only its own quantities.

use serde::{Deserialize, Serialize};

use crate::features::Feature;
use crate::input::Input;
use crate::model::Predict;
use crate::quantity::Quantity;

/// Cycles per operation and per byte, by output; `None` for outputs that are not a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RooflineModel(pub Vec<Option<(f64, f64)>>);

impl RooflineModel {
    /// Operations executed and bytes moved by a function.
    #[must_use]
    pub fn work_and_bytes(input: &Input) -> (f64, f64) {
        (input.feature(Feature::Work), input.feature(Feature::BytesLoaded) + input.feature(Feature::BytesStored))
    }
}

impl Predict for RooflineModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let (work, bytes) = Self::work_and_bytes(input);
        self.0.iter().map(|rates| rates.map(|(a, b)| (a * work).max(b * bytes))).collect()
    }
}

/// Quantity, intercept and slope, by output; `None` for outputs that are not a register pressure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LivenessModel(pub Vec<Option<(Quantity, f64, f64)>>);

impl LivenessModel {
    /// The feature that counts live values of a quantity's register class; `None` for quantities that are not a pressure.
    #[must_use]
    pub fn live_values(quantity: Quantity) -> Option<Feature> {
        match quantity {
            Quantity::VectorRegisterPressure => Some(Feature::MaxLiveData),
            Quantity::GeneralRegisterPressure => Some(Feature::MaxLiveIndices),
            _ => None,
        }
    }
}

impl Predict for LivenessModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let value = |&(quantity, intercept, slope): &(Quantity, f64, f64)| {
            Some((intercept + slope * input.feature(Self::live_values(quantity)?)).max(0.0))
        };
        self.0.iter().map(|line| line.as_ref().and_then(value)).collect()
    }
}
