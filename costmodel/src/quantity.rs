//! What is predicted: quantities, their units, and the scale on which models fit them.
//!
//! A quantity belongs to a processor (registers, spills, instructions, cycles, ports), to a design (utilization and latency on the
//! simulated machine), or to a GPU: registers, waves, instructions and a bound of the time of the kernels that a function's parallel
//! loops become. Pressures are live values before register allocation; `spills` and
//! `reloads` are instructions in the code; `instructions` and `cycles` are executed per call of the function, the
//! cycles by a static model of the processor. The labels' own documentation is in `ir::labels`.

use names::named;
use serde::{Deserialize, Serialize};

named! {
    /// One predicted quantity.
    pub enum Quantity {
        /// Most vector registers' worth of values live at once.
        VectorRegisterPressure = "vector_register_pressure",
        /// Most general registers' worth of values live at once.
        GeneralRegisterPressure = "general_register_pressure",
        /// Instructions that spill a register.
        Spills = "spills",
        /// Instructions that reload a spilled register.
        Reloads = "reloads",
        /// Instructions executed per call.
        Instructions = "instructions",
        /// Cycles per call.
        Cycles = "cycles",
        /// Instructions per cycle.
        Ipc = "ipc",
        /// Busy cycles of the busiest port over all cycles, 0 to 1.
        PortUtilization = "port_utilization",
        /// Share of the design's compute units that is busy, 0 to 1.
        XpuUtilization = "xpu_utilization",
        /// Cycles on the design.
        XpuLatencyCycles = "xpu_latency_cycles",
        /// Vector registers of a thread of the kernel that uses most; on NVIDIA its registers.
        GpuVectorRegisters = "gpu_vector_registers",
        /// Scalar registers of a wave of the kernel that uses most (AMD).
        GpuScalarRegisters = "gpu_scalar_registers",
        /// Registers that the kernels spill.
        GpuSpills = "gpu_spills",
        /// Resident waves of a SIMD, of the kernel with fewest.
        GpuWavesPerSimd = "gpu_waves_per_simd",
        /// Machine instructions in the code of all kernels.
        GpuCodeInstructions = "gpu_code_instructions",
        /// Machine instructions that all threads execute per call (AMD).
        GpuInstructions = "gpu_instructions",
        /// Bound of the time of a call by a roofline with occupancy, in microseconds.
        GpuRooflineUs = "gpu_roofline_us",
        /// Time of the operations at the GPU's peak over that bound, 0 to 1.
        GpuArithmeticUtilization = "gpu_arithmetic_utilization",
        /// Time of the bytes at the GPU's peak over that bound, 0 to 1.
        GpuBandwidthUtilization = "gpu_bandwidth_utilization",
    }
}

/// What a quantity is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A processor that functions are compiled for.
    Processor,
    /// A design that is simulated.
    Design,
    /// A GPU that kernels are compiled for.
    Gpu,
}

/// The scale on which models are fitted: errors on it are comparable for small and large values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Unchanged.
    Linear,
    /// Unchanged, 0 to 1.
    Share,
    /// `ln(1 + x)`: counts from zero over many magnitudes.
    Logarithmic,
}

impl Quantity {
    /// Its unit, as printed.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::VectorRegisterPressure | Self::GeneralRegisterPressure => "registers",
            Self::Spills | Self::Reloads | Self::Instructions => "instructions",
            Self::Cycles | Self::XpuLatencyCycles => "cycles",
            Self::Ipc => "instructions/cycle",
            Self::PortUtilization
            | Self::XpuUtilization
            | Self::GpuArithmeticUtilization
            | Self::GpuBandwidthUtilization => "share",
            Self::GpuVectorRegisters | Self::GpuScalarRegisters | Self::GpuSpills => "registers",
            Self::GpuWavesPerSimd => "waves",
            Self::GpuCodeInstructions | Self::GpuInstructions => "instructions",
            Self::GpuRooflineUs => "us",
        }
    }

    /// What it is of.
    #[must_use]
    pub fn target_kind(self) -> TargetKind {
        match self {
            Self::VectorRegisterPressure
            | Self::GeneralRegisterPressure
            | Self::Spills
            | Self::Reloads
            | Self::Instructions
            | Self::Cycles
            | Self::Ipc
            | Self::PortUtilization => TargetKind::Processor,
            Self::XpuUtilization | Self::XpuLatencyCycles => TargetKind::Design,
            Self::GpuVectorRegisters
            | Self::GpuScalarRegisters
            | Self::GpuSpills
            | Self::GpuWavesPerSimd
            | Self::GpuCodeInstructions
            | Self::GpuInstructions
            | Self::GpuRooflineUs
            | Self::GpuArithmeticUtilization
            | Self::GpuBandwidthUtilization => TargetKind::Gpu,
        }
    }

    /// Whether it belongs to a design.
    #[must_use]
    pub fn is_of_design(self) -> bool {
        self.target_kind() == TargetKind::Design
    }

    /// Whether it grows with the work that a function does.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(
            self,
            Self::Instructions | Self::Cycles | Self::XpuLatencyCycles | Self::GpuInstructions | Self::GpuRooflineUs
        )
    }

    /// Whether models fit its median rather than its mean: of quantities that grow with the work, whose outliers are far off, and of
    /// registers and waves of GPUs, most of which have few values.
    #[must_use]
    pub fn is_robust(self) -> bool {
        self.grows()
            || self == Self::VectorRegisterPressure
            || matches!(
                self,
                Self::GpuVectorRegisters | Self::GpuScalarRegisters | Self::GpuWavesPerSimd | Self::GpuCodeInstructions
            )
    }

    /// Whether it is a count, hence a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(
            self,
            Self::VectorRegisterPressure
                | Self::GeneralRegisterPressure
                | Self::Spills
                | Self::Reloads
                | Self::GpuVectorRegisters
                | Self::GpuScalarRegisters
                | Self::GpuSpills
                | Self::GpuWavesPerSimd
        )
    }

    /// A prediction rounded as the quantity counts: pressures to the nearest whole number, spills and reloads down. On families
    /// left out, rounding spills down makes as many false positives as false negatives; rounding to the nearest predicts too many
    /// spilling functions. Other quantities are not rounded.
    #[must_use]
    pub fn counted(self, value: f64) -> f64 {
        match self {
            Self::Spills | Self::Reloads | Self::GpuSpills => value.floor(),
            _ if self.is_whole() => value.round(),
            _ => value,
        }
    }

    /// The ends of an interval rounded as the quantity counts: labels are whole numbers, so the upper end is rounded to the
    /// nearest.
    #[must_use]
    pub fn counted_interval(self, low: f64, high: f64) -> (f64, f64) {
        (self.counted(low), if self.is_whole() { high.round() } else { high })
    }

    /// The scale that models are fitted on.
    #[must_use]
    pub fn scale(self) -> Scale {
        match self {
            Self::Ipc => Scale::Linear,
            Self::PortUtilization
            | Self::XpuUtilization
            | Self::GpuArithmeticUtilization
            | Self::GpuBandwidthUtilization => Scale::Share,
            _ => Scale::Logarithmic,
        }
    }
}

/// Largest logarithm that is turned back into a quantity (1e18 cycles are decades).
const LOGARITHM_LIMIT: f64 = 41.5;

impl Scale {
    /// From the quantity to the scale. Negative values become 0 on a logarithmic scale.
    #[must_use]
    pub fn to(self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Share => value,
            Self::Logarithmic => libm::log1p(value.max(0.0)),
        }
    }

    /// From the scale back to the quantity, clamped to its range: not negative, shares at most 1.
    #[must_use]
    pub fn from(self, value: f64) -> f64 {
        match self {
            Self::Linear => value.max(0.0),
            Self::Share => value.clamp(0.0, 1.0),
            Self::Logarithmic => libm::expm1(value.clamp(0.0, LOGARITHM_LIMIT)),
        }
    }
}

/// One number that a model predicts: a quantity on a processor or design.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Output {
    /// Name of the processor or design.
    pub target: String,
    /// The quantity.
    pub quantity: Quantity,
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.quantity, self.target)
    }
}

/// The outputs for processors, designs and GPUs: quantity by quantity, so that one quantity's outputs are neighbours.
#[must_use]
pub fn outputs(processors: &[&str], designs: &[&str], gpus: &[&str]) -> Vec<Output> {
    Quantity::ALL
        .into_iter()
        .flat_map(|quantity| {
            let targets = match quantity.target_kind() {
                TargetKind::Processor => processors,
                TargetKind::Design => designs,
                TargetKind::Gpu => gpus,
            };
            targets.iter().map(move |&target| Output { target: target.to_owned(), quantity })
        })
        .collect()
}

/// Ranges of neighbouring outputs with one quantity.
#[must_use]
pub fn groups(outputs: &[Output]) -> Vec<std::ops::Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    for group in outputs.chunk_by(|a, b| a.quantity == b.quantity) {
        groups.push(start..start + group.len());
        start += group.len();
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::from_name(quantity.name()), Some(quantity));
            assert_eq!(quantity.name(), serde_plain(quantity));
        }
        assert_eq!(Quantity::from_name("latency"), None);
    }

    fn serde_plain(quantity: Quantity) -> String {
        format!("{:?}", quantity).chars().fold(String::new(), |mut name, c| {
            if c.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
            name
        })
    }

    #[test]
    fn scales_lead_back_and_stay_possible() {
        for value in [0.0, 1.0, 17.0, 1e9] {
            let log = Scale::Logarithmic;
            assert!((log.from(log.to(value)) - value).abs() <= 1e-12 * value);
        }
        assert_eq!(Scale::Share.from(1.2), 1.0);
        assert_eq!(Scale::Linear.from(-0.5), 0.0);
        assert!(Scale::Logarithmic.from(1e9).is_finite());
    }

    #[test]
    fn outputs_of_one_quantity_are_neighbours() {
        let outputs = outputs(&["a", "b"], &["d"], &["g"]);
        assert_eq!(outputs.len(), 8 * 2 + 2 + 9);
        let groups = groups(&outputs);
        assert_eq!(groups.len(), 19);
        assert_eq!(groups[1], 2..4);
        assert_eq!(groups[9], 17..18);
        assert_eq!(outputs[17].to_string(), "xpu_latency_cycles on d");
        assert_eq!(outputs[18].to_string(), "gpu_vector_registers on g");
    }
}
