//! Plain values that cross the boundary.

use std::ffi::c_char;

/// Version of this interface; functions are added under the same version, changes raise it.
pub const HARDWIRE_ABI_VERSION: u32 = 1;

/// How a call ended.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Well.
    Ok = 0,
    /// A pointer that must point somewhere is null.
    NullArgument = 1,
    /// A text is not UTF-8.
    NotUtf8 = 2,
    /// A text or file is longer than what is read.
    TooLarge = 3,
    /// Something is wrong with an MLIR text; the message says what and where.
    Text = 4,
    /// The text has no function with a body.
    NoFunction = 5,
    /// The bytes are no model that this version reads; the message says what differs.
    ModelFile = 6,
    /// The model has no such processor or design.
    UnknownTarget = 7,
    /// An index beyond the last, or a number that is no value of its enumeration.
    OutOfRange = 8,
    /// The provider that answered has no such number: it is unknown, not invalid.
    Unknown = 9,
    /// A bug in this library.
    Internal = 10,
}

/// What is predicted.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Most vector registers' worth of values live at once.
    VectorRegisterPressure = 0,
    /// Most general registers' worth of values live at once.
    GeneralRegisterPressure = 1,
    /// Instructions that spill a register.
    Spills = 2,
    /// Instructions that reload a spilled register.
    Reloads = 3,
    /// Instructions executed per call.
    Instructions = 4,
    /// Cycles per call.
    Cycles = 5,
    /// Instructions per cycle.
    Ipc = 6,
    /// Busy share of the busiest port, 0 to 1.
    PortUtilization = 7,
    /// Busy share of a design's compute units, 0 to 1.
    XpuUtilization = 8,
    /// Cycles on a design.
    XpuLatencyCycles = 9,
}

/// Who is asked.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The learned model where the function is like those it has learned from, else analysis.
    Cascade = 0,
    /// The learned model, whatever the function.
    Learned = 1,
    /// Analysis. To compare two functions, ask one provider for both.
    Analytical = 2,
}

/// Who answered.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The learned model.
    Learned = 0,
    /// Analysis: the function is unlike all the model has learned from.
    Analytical = 1,
}

/// A predicted number with the ends of its 90 % interval, in the quantity's unit.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// An MLIR text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// UTF-8.
    pub data: *const c_char,
    /// Bytes.
    pub length: usize,
}
