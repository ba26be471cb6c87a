//! Errors of area requests; each message states the accepted values.

/// A rejected request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AreaError {
    /// A quantity that must be a positive number is zero, negative, infinite or not a number.
    #[error("{what} is {value}; it must be a finite number above 0")]
    NotPositive {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A quantity that may be zero is negative, infinite or not a number.
    #[error("{what} is {value}; it must be a finite number, 0 or more")]
    Negative {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A quantity is outside its range.
    #[error("{what} is {value}; it must be between {low} and {high}")]
    OutOfRange {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Least value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A process node lacks a figure that areas need.
    #[error("the node `{node}` has no {what}; give one, or choose a node that has it")]
    NodeLacks {
        /// Name of the node.
        node: String,
        /// Which figure.
        what: &'static str,
    },
    /// The die does not fit the exposure field.
    #[error(
        "the die needs {die_mm2:.1} mm2, above the limit of {limit_mm2:.1} mm2 of one reticle; spread the weights over more chips"
    )]
    LargerThanReticle {
        /// Area of the die.
        die_mm2: f64,
        /// Limit.
        limit_mm2: f64,
    },
    /// The blocks that every chip has leave no room for weights.
    #[error(
        "the blocks that every chip needs take {fixed_mm2:.1} mm2 of the usable {usable_mm2:.1} mm2: no room for weights"
    )]
    NoRoom {
        /// Area of all blocks but the HN Array, with the weights that every chip repeats.
        fixed_mm2: f64,
        /// Reticle limit times utilization.
        usable_mm2: f64,
    },
}

/// `value`, if it is finite and above zero.
pub(super) fn positive(what: &'static str, value: f64) -> Result<f64, AreaError> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(AreaError::NotPositive { what, value }) }
}

/// `value`, if it is finite and not below zero.
pub(super) fn not_negative(what: &'static str, value: f64) -> Result<f64, AreaError> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(AreaError::Negative { what, value }) }
}

/// `value`, if it lies between `low` and `high`.
pub(super) fn between(what: &'static str, value: f64, low: f64, high: f64) -> Result<f64, AreaError> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(AreaError::OutOfRange { what, value, low, high }) }
}
