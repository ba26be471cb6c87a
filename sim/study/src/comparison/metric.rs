//! Metrics of the comparison: keys, labels and units of the rows.

use designs::problem::did_you_mean;

use crate::StudyError;

/// A row of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Stable key, with its unit.
    pub key: &'static str,
    /// Words for people.
    pub label: &'static str,
    /// Heading above it.
    pub group: &'static str,
}

const fn metric(group: &'static str, key: &'static str, label: &'static str) -> Metric {
    Metric { key, label, group }
}

const MACHINE: &str = "one unit";
const ALONE: &str = "one user alone";
const TOGETHER: &str = "at equal interactivity";
const EQUAL: &str = "units that equal the systems of the first design";

/// Every row in the order of the table.
pub const METRICS: [Metric; 25] = [
    metric(MACHINE, "unit", "a unit is"),
    metric(MACHINE, "node", "process"),
    metric(MACHINE, "silicon_mm2", "silicon, mm2"),
    metric(MACHINE, "memory_gb", "memory, GB"),
    metric(MACHINE, "memory_tb_per_s", "memory bandwidth, TB/s"),
    metric(MACHINE, "peak_tflops", "peak arithmetic, Tflop/s"),
    metric(MACHINE, "power_kw", "power, kW"),
    metric(MACHINE, "price_usd", "price, USD"),
    metric(ALONE, "user_tokens_per_s", "speed, tokens/s"),
    metric(ALONE, "published_user_tokens_per_s", "published, tokens/s"),
    metric(TOGETHER, "bound_output_tokens_per_s", "roofline, output tokens/s"),
    metric(TOGETHER, "bound_total_tokens_per_s", "roofline, input and output tokens/s"),
    metric(TOGETHER, "bound_spread", "roofline, a copy on"),
    metric(TOGETHER, "output_tokens_per_s", "output tokens/s"),
    metric(TOGETHER, "total_tokens_per_s", "input and output tokens/s"),
    metric(TOGETHER, "published_total_tokens_per_s", "published, input and output tokens/s"),
    metric(TOGETHER, "energy_per_output_token_j", "energy of an output token, J"),
    metric(TOGETHER, "output_tokens_per_s_mm2", "output tokens/s per mm2"),
    metric(EQUAL, "equal_units", "units"),
    metric(EQUAL, "equal_silicon_mm2", "silicon, mm2"),
    metric(EQUAL, "equal_power_kw", "power, kW"),
    metric(EQUAL, "equal_hardware_usd", "hardware, USD"),
    metric(EQUAL, "equal_tco_usd", "total cost, USD"),
    metric(EQUAL, "equal_carbon_t", "carbon, t"),
    metric(EQUAL, "usd_per_million_output_tokens", "USD per million output tokens"),
];

/// The metrics of these keys, or all if there are none.
///
/// # Errors
/// When a name is unknown; the message suggests one.
pub fn chosen(names: &[String]) -> Result<Vec<Metric>, StudyError> {
    if names.is_empty() {
        return Ok(METRICS.to_vec());
    }
    let keys: Vec<&str> = METRICS.iter().map(|m| m.key).collect();
    let find = |name: &String| {
        METRICS
            .into_iter()
            .find(|m| m.key == *name)
            .ok_or_else(|| StudyError::UnknownMetric { name: name.clone(), help: did_you_mean(name, &keys) })
    };
    names.iter().map(find).collect()
}
