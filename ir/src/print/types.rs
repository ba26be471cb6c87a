//! Types, affine maps and float formats as text.

use std::fmt::Write;

use crate::tree::{AffineExpr, AffineMap, Dimension, FloatKind, Signedness, Type, TypeId, Types};

impl Types {
    /// A type in canonical spelling, as `mlir-opt` prints it; `?unknown` for [`Type::Unknown`].
    #[must_use]
    pub fn to_text(&self, id: TypeId) -> String {
        let mut out = String::new();
        self.write(id, &mut out);
        out
    }

    /// Append a type in canonical spelling.
    pub(crate) fn write(&self, id: TypeId, out: &mut String) {
        match self.get(id) {
            Type::Unknown => out.push_str("?unknown"),
            Type::Integer(bits, signedness) => {
                out.push_str(match signedness {
                    Signedness::Signless => "i",
                    Signedness::Signed => "si",
                    Signedness::Unsigned => "ui",
                });
                let _ = write!(out, "{bits}");
            }
            Type::Float(kind) => out.push_str(kind.name()),
            Type::Index => out.push_str("index"),
            Type::None => out.push_str("none"),
            Type::Complex(element) => {
                out.push_str("complex<");
                self.write(*element, out);
                out.push('>');
            }
            Type::Tensor { shape, element, encoding } => {
                self.write_shaped("tensor<", shape.as_deref(), *element, [encoding, &None], out);
            }
            Type::MemRef { shape, element, layout, space } => {
                self.write_shaped("memref<", shape.as_deref(), *element, [layout, space], out);
            }
            Type::Vector { shape, element } => {
                self.write_shaped("vector<", Some(shape), *element, [&None, &None], out);
            }
            Type::Function { inputs, results } => {
                self.write_list(inputs, out);
                out.push_str(" -> ");
                match results[..] {
                    [one] if !matches!(self.get(one), Type::Function { .. }) => self.write(one, out),
                    _ => self.write_list(results, out),
                }
            }
            Type::Tuple(types) => {
                out.push_str("tuple<");
                self.write_separated(types, out);
                out.push('>');
            }
            Type::Dialect(text) => out.push_str(text),
        }
    }

    fn write_list(&self, types: &[TypeId], out: &mut String) {
        out.push('(');
        self.write_separated(types, out);
        out.push(')');
    }

    fn write_separated(&self, types: &[TypeId], out: &mut String) {
        for (i, &ty) in types.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.write(ty, out);
        }
    }

    fn write_shaped(
        &self,
        open: &str,
        shape: Option<&[Dimension]>,
        element: TypeId,
        more: [&Option<String>; 2],
        out: &mut String,
    ) {
        out.push_str(open);
        match shape {
            None => out.push_str("*x"),
            Some(shape) => {
                for dimension in shape {
                    let _ = match dimension {
                        Dimension::Static(extent) => write!(out, "{extent}x"),
                        Dimension::Dynamic => write!(out, "?x"),
                        Dimension::Scalable(extent) => write!(out, "[{extent}]x"),
                    };
                }
            }
        }
        self.write(element, out);
        for text in more.into_iter().flatten() {
            out.push_str(", ");
            out.push_str(text);
        }
        out.push('>');
    }
}

impl AffineMap {
    /// Whether each result is the dimension of its place.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.symbols == 0
            && self.results.len() == self.dimensions as usize
            && self.results.iter().enumerate().all(|(i, r)| *r == AffineExpr::Dimension(i as u32))
    }
}

/// Names and layouts (bits of exponent, bits of mantissa, bias) of the float formats, as in the builtin dialect.
const FLOATS: [(FloatKind, &str, u32, u32, i32); 18] = [
    (FloatKind::F4E2M1FN, "f4E2M1FN", 2, 1, 1),
    (FloatKind::F6E2M3FN, "f6E2M3FN", 2, 3, 1),
    (FloatKind::F6E3M2FN, "f6E3M2FN", 3, 2, 3),
    (FloatKind::F8E5M2, "f8E5M2", 5, 2, 15),
    (FloatKind::F8E4M3, "f8E4M3", 4, 3, 7),
    (FloatKind::F8E4M3FN, "f8E4M3FN", 4, 3, 7),
    (FloatKind::F8E5M2FNUZ, "f8E5M2FNUZ", 5, 2, 16),
    (FloatKind::F8E4M3FNUZ, "f8E4M3FNUZ", 4, 3, 8),
    (FloatKind::F8E4M3B11FNUZ, "f8E4M3B11FNUZ", 4, 3, 11),
    (FloatKind::F8E3M4, "f8E3M4", 3, 4, 3),
    (FloatKind::F8E8M0FNU, "f8E8M0FNU", 8, 0, 127),
    (FloatKind::BF16, "bf16", 8, 7, 127),
    (FloatKind::F16, "f16", 5, 10, 15),
    (FloatKind::TF32, "tf32", 8, 10, 127),
    (FloatKind::F32, "f32", 8, 23, 127),
    (FloatKind::F64, "f64", 11, 52, 1023),
    (FloatKind::F80, "f80", 15, 63, 16383),
    (FloatKind::F128, "f128", 15, 112, 16383),
];

impl FloatKind {
    /// The format of that name, e.g. `bf16`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FLOATS.iter().find(|f| f.1 == name).map(|f| f.0)
    }

    /// Its name, e.g. `bf16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        FLOATS[self as usize].1
    }

    /// Bits of a value.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            // The scale format has no sign; the leading bit of an 80-bit mantissa is written out.
            Self::F8E8M0FNU => 8,
            Self::F80 => 80,
            _ => 1 + FLOATS[self as usize].2 + FLOATS[self as usize].3,
        }
    }

    /// The value of a bit pattern; wider patterns are rounded to `f64`. Infinities and NaN follow IEEE 754 where the
    /// format has them; in formats without infinities (`FN`, `FNUZ`, `FNU`) only the NaN patterns are NaN.
    #[must_use]
    pub fn from_bits(self, bits: u128) -> f64 {
        let (_, name, exponent_bits, mantissa_bits, bias) = FLOATS[self as usize];
        match self {
            Self::F64 => return f64::from_bits(bits as u64),
            Self::F32 => return f64::from(f32::from_bits(bits as u32)),
            Self::F8E8M0FNU if bits == 0xFF => return f64::NAN,
            Self::F8E8M0FNU => return libm::ldexp(1.0, bits as i32 - bias),
            _ => {}
        }
        let mantissa = bits & ((1 << mantissa_bits) - 1);
        // The 80-bit format writes its leading bit out.
        let above = mantissa_bits + u32::from(self == Self::F80);
        let top = (1u128 << exponent_bits) - 1;
        let exponent = (bits >> above) & top;
        let negative = bits >> (above + exponent_bits) & 1 == 1;
        let sign = if negative { -1.0 } else { 1.0 };
        let nan = if name.ends_with("UZ") {
            negative && exponent == 0 && mantissa == 0
        } else if matches!(self, Self::F8E4M3FN) {
            exponent == top && mantissa == (1 << mantissa_bits) - 1
        } else if name.ends_with("FN") {
            false
        } else if exponent == top {
            if mantissa == 0 {
                return sign * f64::INFINITY;
            }
            true
        } else {
            false
        };
        if nan {
            return f64::NAN;
        }
        let fraction = mantissa as f64 * libm::ldexp(1.0, -(mantissa_bits as i32));
        let magnitude = if exponent == 0 {
            libm::ldexp(fraction, 1 - bias)
        } else {
            libm::ldexp(1.0 + fraction, exponent as i32 - bias)
        };
        sign * magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_patterns_have_their_values() {
        for (kind, bits, value) in [
            (FloatKind::BF16, 0x3F80, 1.0),
            (FloatKind::F16, 0x7C00, f64::INFINITY),
            (FloatKind::F16, 0x0001, libm::ldexp(1.0, -24)),
            (FloatKind::F32, 0xFF80_0000, f64::NEG_INFINITY),
            (FloatKind::F8E4M3FN, 0x7E, 448.0),
            (FloatKind::F8E5M2, 0x7B, 57344.0),
            (FloatKind::F8E8M0FNU, 0x80, 2.0),
            (FloatKind::F8E4M3FNUZ, 0x7F, 240.0),
            (FloatKind::F4E2M1FN, 0x7, 6.0),
            (FloatKind::F80, 0x3FFF_8000_0000_0000_0000, 1.0),
        ] {
            assert_eq!(kind.from_bits(bits), value, "{}", kind.name());
        }
        assert!(FloatKind::F8E4M3FN.from_bits(0x7F).is_nan());
        assert!(FloatKind::F8E4M3FNUZ.from_bits(0x80).is_nan());
        assert!(FLOATS.iter().enumerate().all(|(i, f)| f.0 as usize == i));
    }
}
