//! FP4 (E2M1) weight codes: one sign bit, two exponent bits, one mantissa bit; no infinity, no NaN.
//!
//! Code `s eem`: magnitudes 0, 0.5, 1, 1.5, 2, 3, 4, 6 (OCP Microscaling Formats v1.0). All arithmetic uses
//! twice the value, which is an integer from -12 to 12. Left out: the block scale, see `block_scales`.

use std::fmt;

/// Inputs that share one block scale (OCP Microscaling Formats v1.0).
pub const BLOCK_INPUTS: usize = 32;

/// A weight that FP4 does not encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fp4Error {
    /// A weight code above 15.
    #[error("{code} is no FP4 code; codes are 0 to 15")]
    Code {
        /// The code given.
        code: u8,
    },
    /// FP4 has no encoding for not-a-number.
    #[error("NaN has no FP4 (E2M1) encoding")]
    Nan,
}

/// One E2M1 weight, stored as its 4-bit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fp4(u8);

/// Twice the magnitude of codes 0 to 7.
const DOUBLED_MAGNITUDES: [i64; 8] = [0, 1, 2, 3, 4, 6, 8, 12];

impl Fp4 {
    /// Number of codes, and of POPCNT regions of a hardwired neuron.
    pub const CODES: usize = 16;

    /// The weight of a 4-bit code (bit 3 sign, bits 2..1 exponent, bit 0 mantissa).
    pub fn from_code(code: u8) -> Result<Self, Fp4Error> {
        if code < 16 { Ok(Self(code)) } else { Err(Fp4Error::Code { code }) }
    }

    /// All 16 weights in code order.
    pub fn all() -> [Self; Self::CODES] {
        std::array::from_fn(|code| Self(code as u8))
    }

    /// The weight of the low four bits of `bits`, as packed tensors store it.
    pub fn from_low_bits(bits: u8) -> Self {
        Self(bits & 15)
    }

    /// The nearest weight; a tie goes to the even code, magnitudes above 6 (and infinities) saturate at 6, the sign
    /// of a value that rounds to zero is kept. NaN is an error.
    pub fn from_f32(value: f32) -> Result<Self, Fp4Error> {
        if value.is_nan() {
            return Err(Fp4Error::Nan);
        }
        // Midpoints of neighbouring magnitudes are quarters: exact in f32, as is doubling.
        let doubled = value.abs() * 2.0;
        let mut code = 0u8;
        while code < 7 {
            let midpoint = (DOUBLED_MAGNITUDES[code as usize] + DOUBLED_MAGNITUDES[code as usize + 1]) as f32 / 2.0;
            let stays = doubled < midpoint || (doubled == midpoint && code.is_multiple_of(2));
            if stays {
                break;
            }
            code += 1;
        }
        Ok(Self(code | if value.is_sign_negative() { 8 } else { 0 }))
    }

    /// The 4-bit code.
    pub fn code(self) -> u8 {
        self.0
    }

    /// Twice the value: an integer from -12 to 12; both zeros give 0.
    pub fn doubled(self) -> i64 {
        let magnitude = DOUBLED_MAGNITUDES[(self.0 & 7) as usize];
        if self.0 & 8 == 0 { magnitude } else { -magnitude }
    }

    /// The value, with the sign of zero.
    pub fn to_f32(self) -> f32 {
        let magnitude = DOUBLED_MAGNITUDES[(self.0 & 7) as usize] as f32 / 2.0;
        if self.0 & 8 == 0 { magnitude } else { -magnitude }
    }
}

impl fmt::Display for Fp4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}", self.to_f32())
    }
}
