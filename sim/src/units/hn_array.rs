//! Hardwired-neuron array: every matrix of every layer has its own hardware.
//!
//! A pass feeds activations bit-serially, so it occupies its neurons for the serial cycles and delivers its
//! result after the pipeline depth; see [`crate::arithmetic::HnTiming`], whose cycle counts the bit-exact
//! model confirms. Matrices that start together and share inputs are one instance.

use designs::Design;

use crate::arithmetic::HnTiming;

/// Timing of the array.
#[derive(Debug, Clone)]
pub struct Spec {
    timing: HnTiming,
}

/// Cost of one pass in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Cycles the neurons are occupied.
    pub serial: u64,
    /// Cycles from the last input bit to the result.
    pub depth: u64,
}

impl Pass {
    /// Cycles from first input to result.
    #[must_use]
    pub fn latency(self) -> u64 {
        self.serial + self.depth
    }

    /// The slower of two passes that start together.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { serial: self.serial.max(other.serial), depth: self.depth.max(other.depth) }
    }
}

impl Spec {
    /// The array of `design`.
    #[must_use]
    pub fn new(design: &Design) -> Self {
        Self {
            timing: HnTiming {
                activation_bits: design.hn_array.activation_bits,
                inputs_per_port: design.hn_array.inputs_per_port,
            },
        }
    }

    /// Cost of a pass through neurons of `fan_in` inputs.
    #[must_use]
    pub fn pass(&self, fan_in: u64) -> Pass {
        Pass { serial: self.timing.serial_cycles(fan_in), depth: self.timing.depth_cycles(fan_in) }
    }
}
