//! Hardware that a weight format needs: distinct codes, constant multipliers, and growth of products in bits.
//!
//! A format of up to 4 bits is one digit: one region per nonzero code. A wider format is cut into digits of up to 4
//! bits, each with regions of its own and the digit sums added with shifts: 252 regions for FP8, or 65,000 for BF16,
//! cost more than the wires they save (see the tests). Constant multipliers are shifts and adders: a constant takes
//! one adder less than its signed-digit form has nonzero digits.

use names::named;
use serde::Serialize;

named! {
    /// Number format of the hardwired weights.
    pub enum WeightFormat {
        /// -1, 0, 1.
        Ternary = "ternary",
        /// 3-bit two's complement.
        Int3 = "int3",
        /// 4-bit two's complement.
        Int4 = "int4",
        /// E2M1.
        Fp4 = "fp4",
        /// E2M1 with an 8-bit power-of-two scale per 32 weights.
        Mxfp4 = "mxfp4",
        /// 6-bit two's complement: two digits of 3 bits.
        Int6 = "int6",
        /// E4M3, exact: 18 bits of fixed point and a sign, five digits.
        Fp8 = "fp8",
        /// BF16 kept to 16 bits of fixed point per neuron, four digits; exact BF16 spans 2^8 exponents.
        Bf16 = "bf16",
    }
}

/// Hardware of one digit, and how many digits a weight has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FormatTraits {
    /// Digits per weight.
    pub digits: f64,
    /// Codes of a digit.
    pub codes: f64,
    /// Codes whose value is not zero: accumulator regions of a digit.
    pub regions: f64,
    /// Adders of all constant multipliers of a digit together.
    pub constant_adders: f64,
    /// Bits by which a digit's largest constant widens a sum.
    pub product_bits: f64,
    /// Bits that a memory holds per weight, scales included.
    pub stored_bits: f64,
}

impl WeightFormat {
    /// Hardware that the format needs.
    pub const fn traits(self) -> FormatTraits {
        let int4 = traits(1.0, 16.0, 15.0, 8.0, 3.0, 4.0);
        let fp4 = traits(1.0, 16.0, 14.0, 6.0, 4.0, 4.0);
        match self {
            Self::Ternary => traits(1.0, 3.0, 2.0, 0.0, 1.0, 2.0),
            Self::Int3 => traits(1.0, 8.0, 7.0, 2.0, 2.0, 3.0),
            Self::Int4 => int4,
            Self::Fp4 => fp4,
            Self::Mxfp4 => FormatTraits { stored_bits: 4.25, ..fp4 },
            Self::Int6 => traits(2.0, 8.0, 7.0, 2.0, 2.0, 6.0),
            Self::Fp8 => FormatTraits { digits: 5.0, stored_bits: 8.0, ..int4 },
            Self::Bf16 => FormatTraits { digits: 4.0, stored_bits: 16.0, ..int4 },
        }
    }
}

const fn traits(
    digits: f64,
    codes: f64,
    regions: f64,
    constant_adders: f64,
    product_bits: f64,
    stored_bits: f64,
) -> FormatTraits {
    FormatTraits { digits, codes, regions, constant_adders, product_bits, stored_bits }
}

/// Adders of a multiplier by `constant`: nonzero digits of its non-adjacent form, less one.
#[cfg(test)]
fn constant_adders(constant: u32) -> u32 {
    (constant ^ (3 * constant)).count_ones().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Fp4 as Code;

    fn count(values: &[i64]) -> (f64, f64) {
        let nonzero = values.iter().filter(|&&value| value != 0).count();
        let adders: u32 = values.iter().map(|&value| constant_adders(value.unsigned_abs() as u32)).sum();
        (nonzero as f64, f64::from(adders))
    }

    #[test]
    fn regions_and_adders_are_those_of_the_codes() {
        let fp4: Vec<i64> = Code::all().into_iter().map(|code| code.doubled()).collect();
        let cases = [
            (WeightFormat::Ternary, vec![-1, 0, 1]),
            (WeightFormat::Int3, (-4..4).collect()),
            (WeightFormat::Int4, (-8..8).collect()),
            (WeightFormat::Fp4, fp4),
        ];
        for (format, values) in cases {
            let traits = format.traits();
            assert_eq!((traits.regions, traits.constant_adders), count(&values), "{format:?}");
            assert_eq!(traits.codes, values.len() as f64, "{format:?}");
        }
    }

    #[test]
    fn fp8_digits_hold_its_fixed_point_range() {
        // E4M3: smallest 2^-9, largest 448 = 1.75 * 2^8, so 18 bits and a sign in radix-16 digits.
        let bits = (448.0_f64 * 512.0).log2().ceil() + 1.0;
        assert_eq!((bits / 4.0).ceil(), WeightFormat::Fp8.traits().digits);
    }
}
