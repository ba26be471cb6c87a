//! Plain values that cross the boundary.

use std::ffi::c_char;

/// Version of this interface. New functions do not change it; changes of existing functions and types do.
pub const HARDWIRE_ABI_VERSION: u32 = 1;

/// Result of a call.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Success.
    Ok = 0,
    /// A required pointer is null.
    NullArgument = 1,
    /// A text is not UTF-8.
    NotUtf8 = 2,
    /// A text or file exceeds the largest accepted size.
    TooLarge = 3,
    /// An MLIR text is invalid; the message has line, column and reason.
    Text = 4,
    /// The text has no function.
    NoFunction = 5,
    /// The bytes are not a model that this version reads; the message has the reason.
    ModelFile = 6,
    /// The model has no such processor or design.
    UnknownTarget = 7,
    /// An index is out of range, or a number is not a value of its enumeration.
    OutOfRange = 8,
    /// The quantity is unknown: the text leaves open a count that it needs, or the provider does not predict it. The request itself
    /// is valid.
    Unknown = 9,
    /// A bug in this library.
    Internal = 10,
    /// An assumption is malformed, or the text has no value of its name.
    Assumption = 11,
}

/// A predicted quantity.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Most vector registers live at once, before register allocation.
    VectorRegisterPressure = 0,
    /// Most general-purpose registers live at once, before register allocation.
    GeneralRegisterPressure = 1,
    /// Spill instructions in the code.
    Spills = 2,
    /// Reload instructions in the code.
    Reloads = 3,
    /// Instructions executed per call.
    Instructions = 4,
    /// Cycles per call.
    Cycles = 5,
    /// Instructions per cycle.
    Ipc = 6,
    /// Utilization of the busiest port, 0 to 1.
    PortUtilization = 7,
    /// Utilization of a design's compute units, 0 to 1.
    XpuUtilization = 8,
    /// Latency on a design in cycles.
    XpuLatencyCycles = 9,
    /// Vector registers of a thread of the kernel that uses most.
    GpuVectorRegisters = 10,
    /// Scalar registers of a wave of the kernel that uses most (AMD).
    GpuScalarRegisters = 11,
    /// Registers that the kernels spill.
    GpuSpills = 12,
    /// Resident waves of a SIMD, of the kernel with fewest.
    GpuWavesPerSimd = 13,
    /// Instructions in the code of all kernels.
    GpuCodeInstructions = 14,
    /// Instructions that all threads execute per call (AMD).
    GpuInstructions = 15,
    /// Bound of the time of a call by a roofline with occupancy, in microseconds.
    GpuRooflineUs = 16,
    /// Time of the operations at the GPU's peak over that bound, 0 to 1.
    GpuArithmeticUtilization = 17,
    /// Time of the bytes at the GPU's peak over that bound, 0 to 1.
    GpuBandwidthUtilization = 18,
}

/// Which provider predicts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The best model for the function: the learned one.
    Cascade = 0,
    /// The learned model for every function.
    Learned = 1,
    /// The analytical model. To compare two functions, use one provider for both.
    Analytical = 2,
}

/// The provider of a prediction.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The learned model.
    Learned = 0,
    /// The analytical model.
    Analytical = 1,
}

/// A prediction with the ends of its 90 % interval, in the quantity's unit.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Predicted value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// What the ratio of two functions says about the second.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It needs less: the interval lies below 1.
    Faster = 0,
    /// It needs more: the interval lies above 1.
    Slower = 1,
    /// The interval holds 1: the model cannot tell.
    WithinInterval = 2,
}

/// A quantity of the second function over that of the first, with the ends of its 90 % interval.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Predicted ratio.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// What the interval says.
    pub verdict: Verdict,
}

/// Why quantities of a function are unknown. Strings are zero-terminated; those that do not apply are null.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Reason {
    /// Kind, e.g. "operation", "trip_count", "shape", "callee", "declaration".
    pub kind: *const c_char,
    /// Message with the place.
    pub message: *const c_char,
    /// Name of the first operation.
    pub operation: *const c_char,
    /// The value that decides it, e.g. "%n".
    pub value: *const c_char,
    /// The assumption that would state it, with `_` for the number, e.g. "trip=%n:_".
    pub assumption: *const c_char,
    /// Line of the first operation, from 1; 0 if there is none.
    pub line: usize,
    /// Its column in characters, from 1; 0 if there is none.
    pub column: usize,
    /// The unknown quantities: bit `q` is set for the `hardwire_quantity` `q`.
    pub quantities: u32,
}

/// An MLIR text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The text in UTF-8.
    pub data: *const c_char,
    /// Its length in bytes.
    pub length: usize,
}
